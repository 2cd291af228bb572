package vtl

import (
	"errors"
)

// setNode is #set. A null leaves the reference as it was: so does Velocity 1.7
// unless it is configured otherwise, and so does the engine that AWS runs for
// AppSync (aws-amplify/amplify-cli, issue 5018: a null member in a loop left the
// value of the turn before); for API Gateway nobody recorded it.
type setNode struct {
	at     position
	source string
	target *refNode
	value  expr
}

func (n *setNode) run(r *Run) error {
	before := r.steps
	if err := r.step(); err != nil {
		return placed(err, n.at)
	}
	v, err := n.value.eval(r)
	if err != nil {
		return placed(err, n.at)
	}
	if !v.IsNull() {
		if err := n.target.assign(r, v); err != nil {
			return placed(err, n.at)
		}
	}
	if r.Trace != nil {
		return r.trace(n.at, n.source, v, before)
	}
	return nil
}

// trace reports a directive and what it came to.
func (r *Run) trace(at position, source string, v Value, before int) error {
	cost := before - r.steps
	text, err := v.AppendTo(r, nil)
	if err != nil {
		return placed(err, at)
	}
	if v.IsNull() {
		text = append(text, "null"...)
	}
	r.Trace(Step{at.line, at.column, source, string(text), cost})
	return nil
}

type branch struct {
	at        position
	source    string
	condition expr
	body      []node
}

type ifNode struct {
	branches  []branch
	otherwise []node
}

func (n *ifNode) run(r *Run) error {
	for i := range n.branches {
		b := &n.branches[i]
		before := r.steps
		if err := r.step(); err != nil {
			return placed(err, b.at)
		}
		v, err := b.condition.eval(r)
		if err != nil {
			return placed(err, b.at)
		}
		if r.Trace != nil {
			r.Trace(Step{b.at.line, b.at.column, b.source, BoolValue(v.truth()).Text(), before - r.steps})
		}
		if v.truth() {
			return runNodes(r, b.body)
		}
	}
	return runNodes(r, n.otherwise)
}

// jumpNode is #break or #stop.
type jumpNode struct {
	at     position
	source string
	stop   bool
	scope  expr // #break($foreach.parent); #stop("why")
}

func (n *jumpNode) run(r *Run) error {
	if err := r.step(); err != nil {
		return placed(err, n.at)
	}
	var v Value
	if n.scope != nil {
		var err error
		if v, err = n.scope.eval(r); err != nil {
			return placed(err, n.at)
		}
	}
	if r.Trace != nil {
		r.Trace(Step{n.at.line, n.at.column, n.source, "", 1})
	}
	if n.stop {
		return errStop
	}
	if n.scope == nil {
		return errBreak
	}
	if scope, ok := v.ref.(*loop); ok && v.kind == Host {
		return &breakTo{scope}
	}
	return placed(errors.New("#break wants a loop, such as $foreach.parent"), n.at)
}

// defineNode is #define: its block is run each time the reference is rendered.
type defineNode struct {
	at     position
	source string
	slot   int
	body   []node
}

func (n *defineNode) run(r *Run) error {
	if err := r.step(); err != nil {
		return placed(err, n.at)
	}
	r.vars[n.slot] = HostValue(&block{nodes: n.body, limit: 2})
	if r.Trace != nil {
		r.Trace(Step{n.at.line, n.at.column, n.source, "", 1})
	}
	return nil
}

// block is #define's block, or the body of #@macro(). It doesn't go deeper into
// itself than limit.
type block struct {
	nodes        []node
	depth, limit int
}

func (b *block) Get(*Run, string) (Value, error) { return Value{}, nil }

func (b *block) Set(*Run, string, Value) error { return nil }

func (b *block) Call(*Run, string, []Value) (Value, bool, error) { return Value{}, false, nil }

func (b *block) Append(r *Run, dst []byte) ([]byte, bool) {
	if r == nil {
		return dst, false
	}
	out, err := b.appendTo(r, dst)
	return out, err == nil
}

func (b *block) appendTo(r *Run, dst []byte) ([]byte, error) {
	if b.depth >= b.limit {
		return dst, nil
	}
	if err := r.enter(); err != nil {
		return dst, err
	}
	b.depth++
	out, base := r.out, r.base
	r.out, r.base = dst, len(dst)
	err := runNodes(r, b.nodes)
	dst = r.out
	r.out, r.base = out, base
	b.depth--
	r.leave()
	if err == errBreak {
		err = nil
	}
	if err == nil {
		err = r.made(len(dst))
	}
	return dst, err
}

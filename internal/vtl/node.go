package vtl

import "errors"

// node is a part of a template that makes text.
type node interface {
	run(r *Run) error
}

// expr is a part of a template that gives a value.
type expr interface {
	eval(r *Run) (Value, error)
}

// What ends a block early, up to whom it concerns.
var (
	errBreak = errors.New("#break outside of a loop")
	errStop  = errors.New("#stop")
)

// breakTo ends the #foreach of a scope: #break($foreach.parent).
type breakTo struct{ scope *loop }

func (b *breakTo) Error() string { return errBreak.Error() }

func runNodes(r *Run, nodes []node) error {
	for _, n := range nodes {
		if err := n.run(r); err != nil {
			return err
		}
	}
	return nil
}

// fits holds the output to its limit.
func (r *Run) fits() error {
	if len(r.out)-r.base > r.limits.Output {
		return errTooMuch
	}
	return nil
}

type textNode struct{ text string }

func (n *textNode) run(r *Run) error {
	r.out = append(r.out, n.text...)
	r.steps -= 1 + len(n.text)>>6
	if r.steps < 0 {
		return errSteps
	}
	return r.fits()
}

// literalExpr is a constant.
type literalExpr struct{ value Value }

func (e *literalExpr) eval(*Run) (Value, error) { return e.value, nil }

// stringExpr is a string with references and directives in it.
type stringExpr struct {
	nodes []node
	at    position
}

func (e *stringExpr) eval(r *Run) (Value, error) {
	text, err := r.text(e.nodes)
	if err != nil {
		return Value{}, placed(err, e.at)
	}
	return StringValue(text), nil
}

// text is what nodes make, apart from the output.
func (r *Run) text(nodes []node) (string, error) {
	if err := r.enter(); err != nil {
		return "", err
	}
	start, base := len(r.out), r.base
	r.base = start
	err := runNodes(r, nodes)
	text := string(r.out[start:])
	r.out, r.base = r.out[:start], base
	r.leave()
	if err == nil {
		err = r.made(len(text))
	}
	return text, err
}

type listExpr struct{ items []expr }

func (e *listExpr) eval(r *Run) (Value, error) {
	if err := r.cells(len(e.items)); err != nil {
		return Value{}, err
	}
	items := make([]Value, len(e.items))
	for i, item := range e.items {
		v, err := item.eval(r)
		if err != nil {
			return Value{}, err
		}
		items[i] = v
	}
	return Value{kind: List, ref: &list{items: items}}, nil
}

type mapExpr struct{ keys, values []expr }

func (e *mapExpr) eval(r *Run) (Value, error) {
	if err := r.cells(len(e.keys)); err != nil {
		return Value{}, err
	}
	h := &hash{names: make([]string, 0, len(e.keys)), values: make([]Value, 0, len(e.keys))}
	for i := range e.keys {
		key, err := e.keys[i].eval(r)
		if err != nil {
			return Value{}, err
		}
		value, err := e.values[i].eval(r)
		if err != nil {
			return Value{}, err
		}
		if !isKey(key) {
			return Value{}, errKey
		}
		h.put(key, value)
	}
	return Value{kind: Map, ref: h}, nil
}

// rangeExpr is [1..5] or [5..1]; null when a bound is no number.
type rangeExpr struct{ from, to expr }

func (e *rangeExpr) eval(r *Run) (Value, error) {
	from, err := e.from.eval(r)
	if err != nil {
		return Value{}, err
	}
	to, err := e.to.eval(r)
	if err != nil || !from.isNumber() || !to.isNumber() {
		return Value{}, err
	}
	first, last := int64(toInt32(from)), int64(toInt32(to))
	step, n := int64(1), last-first+1
	if first > last {
		step, n = -1, first-last+1
	}
	if err := r.cells(int(n)); err != nil {
		return Value{}, err
	}
	items := make([]Value, n)
	for i := range items {
		items[i] = IntegerValue(first)
		first += step
	}
	return Value{kind: List, ref: &list{items: items}}, nil
}

type notExpr struct{ operand expr }

func (e *notExpr) eval(r *Run) (Value, error) {
	v, err := e.operand.eval(r)
	return BoolValue(!v.truth()), err
}

// escapedNode is \$a: the reference's text where $a has a value, else with the
// backslash.
type escapedNode struct {
	ref          *refNode
	before, text string
}

func (n *escapedNode) run(r *Run) error {
	v, err := n.ref.eval(r)
	if err != nil {
		return err
	}
	r.out = append(r.out, n.before...)
	if v.IsNull() {
		r.out = append(r.out, '\\')
	}
	r.out = append(r.out, n.text...)
	return r.fits()
}

// wrappedNode is a reference with text that belongs to it: \\$a, $$a.
type wrappedNode struct {
	before string
	ref    *refNode
	after  string
}

func (n *wrappedNode) run(r *Run) error {
	r.out = append(r.out, n.before...)
	if err := n.ref.run(r); err != nil {
		return err
	}
	r.out = append(r.out, n.after...)
	return nil
}

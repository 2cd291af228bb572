package vtl

import "fmt"

// macro is #macro's definition.
type macro struct {
	name   string
	params []int // slots
	body   []node
}

// maxCalls is how deep macros call each other (velocimacro.max.depth).
const maxCalls = 20

// callNode is a macro's call; text, where there is no such macro.
type callNode struct {
	at       position
	name     string
	source   string
	args     []expr
	invalid  string // a plain word among the arguments
	macro    *macro
	hasBody  bool
	body     []node
	bodySlot int
}

func (n *callNode) run(r *Run) error {
	if err := r.step(); err != nil {
		return placed(err, n.at)
	}
	if n.macro == nil {
		r.out = append(r.out, n.source...)
		return placed(r.fits(), n.at)
	}
	switch {
	case n.invalid != "":
		return placed(fmt.Errorf("%q is no argument for macro #%s", n.invalid, n.name), n.at)
	case len(r.frames) >= maxCalls:
		return placed(fmt.Errorf("macro #%s is called more than %d deep", n.name, maxCalls), n.at)
	}
	if r.Trace != nil {
		r.Trace(Step{n.at.line, n.at.column, n.source, "", 1})
	}
	if err := r.enter(); err != nil {
		return placed(err, n.at)
	}
	if err := r.charge(n.bindable() >> 2); err != nil {
		return placed(err, n.at)
	}
	n.bind(r)
	err := runNodes(r, n.macro.body)
	n.restore(r)
	r.leave()
	if err == errBreak {
		err = nil
	}
	return placed(err, n.at)
}

// frame is a macro under way: its call, and where in Run.hidden the values that
// its parameters hide stand.
type frame struct {
	call *callNode
	base int
	body Value // what $bodyContent was
}

// bind makes the arguments the parameters' values: evaluated in the caller's
// place each time they are used, as in Velocity.
func (n *callNode) bind(r *Run) {
	id := len(r.frames)
	f := frame{call: n, base: len(r.hidden)}
	for i := range n.bindable() {
		slot := n.macro.params[i]
		r.hidden = append(r.hidden, r.vars[slot])
		r.vars[slot] = n.binding(id, i)
	}
	if n.hasBody {
		f.body = r.vars[n.bodySlot]
		r.vars[n.bodySlot] = HostValue(&block{nodes: n.body, limit: maxCalls})
	}
	r.frames = append(r.frames, f)
}

// restore gives the parameters back what they hid; one that the macro set keeps
// its value, as in Velocity.
func (n *callNode) restore(r *Run) {
	id := len(r.frames) - 1
	f := &r.frames[id]
	for i := n.bindable() - 1; i >= 0; i-- {
		slot := n.macro.params[i]
		if r.isBinding(slot, id, i) {
			r.vars[slot] = r.hidden[f.base+i]
		}
	}
	if n.hasBody {
		r.vars[n.bodySlot] = f.body
	}
	r.hidden = r.hidden[:f.base]
	r.frames = r.frames[:id]
}

func (n *callNode) bindable() int { return min(len(n.args), len(n.macro.params)) }

// binding is a parameter's value: n is the frame and the argument's number.
func (n *callNode) binding(id, i int) Value {
	return Value{kind: argument, n: int64(id)<<32 | int64(i), ref: n.args[i]}
}

func (r *Run) isBinding(slot, id, i int) bool {
	v := &r.vars[slot]
	return v.kind == argument && v.n == int64(id)<<32|int64(i)
}

// swap is a slot and the binding that stood in it.
type swap struct {
	slot  int
	value Value
}

// argument evaluates a macro's argument as its caller sees the variables: with
// the parameters of that macro, and of those called within it, put aside.
func (r *Run) argument(v Value) (Value, error) {
	if err := r.enter(); err != nil {
		return Value{}, err
	}
	mark := len(r.swaps)
	for id := len(r.frames) - 1; id >= int(v.n>>32); id-- {
		f := &r.frames[id]
		for i := f.call.bindable() - 1; i >= 0; i-- {
			slot := f.call.macro.params[i]
			if r.isBinding(slot, id, i) {
				r.swaps = append(r.swaps, swap{slot, r.vars[slot]})
				r.vars[slot] = r.hidden[f.base+i]
			}
		}
	}
	err := r.charge(len(r.swaps) - mark)
	var out Value
	if err == nil {
		out, err = v.ref.(expr).eval(r)
	}
	for i := len(r.swaps) - 1; i >= mark; i-- {
		r.vars[r.swaps[i].slot] = r.swaps[i].value
	}
	r.swaps = r.swaps[:mark]
	r.leave()
	return out, err
}

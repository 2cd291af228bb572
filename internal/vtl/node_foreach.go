package vtl

import (
	"errors"
	"fmt"

	"github.com/gatehouse/gatehouse/internal/jsonpath"
)

// foreachNode is #foreach. Its slots are -1 where the template doesn't name the
// variable, so that a loop without $foreach makes no scope.
type foreachNode struct {
	at             position
	source         string
	element        int
	list           expr
	body           []node
	scope          int // $foreach
	count, hasNext int // $velocityCount, $velocityHasNext
}

func (n *foreachNode) run(r *Run) error {
	before := r.steps
	if err := r.step(); err != nil {
		return placed(err, n.at)
	}
	v, err := n.list.eval(r)
	if err != nil {
		return placed(err, n.at)
	}
	if r.Trace != nil {
		if err := r.trace(n.at, n.source, v, before); err != nil {
			return err
		}
	}
	it, ok := r.iterate(v)
	if !ok {
		return nil
	}
	if err := r.enter(); err != nil {
		return placed(err, n.at)
	}
	saved := n.save(r)
	err = n.loop(r, &it)
	n.restore(r, saved)
	r.leave()
	return placed(err, n.at)
}

// saved are the variables that a loop gives back.
type saved struct{ element, scope, count, hasNext Value }

func (n *foreachNode) save(r *Run) saved {
	return saved{r.vars[n.element], r.variable(n.scope), r.variable(n.count), r.variable(n.hasNext)}
}

func (n *foreachNode) restore(r *Run, s saved) {
	r.vars[n.element] = s.element
	r.setVariable(n.scope, s.scope)
	r.setVariable(n.count, s.count)
	r.setVariable(n.hasNext, s.hasNext)
}

func (r *Run) variable(slot int) Value {
	if slot < 0 {
		return Value{}
	}
	return r.vars[slot]
}

func (r *Run) setVariable(slot int, v Value) {
	if slot >= 0 {
		r.vars[slot] = v
	}
}

func (n *foreachNode) loop(r *Run, it *iteration) error {
	var scope *loop
	if n.scope >= 0 {
		scope = &loop{index: -1, parent: r.vars[n.scope]}
		r.vars[n.scope] = HostValue(scope)
	}
	for turn := 0; it.more(r); turn++ {
		if turn >= r.limits.Loop {
			return fmt.Errorf("#foreach takes more than %d turns", r.limits.Loop)
		}
		if err := r.step(); err != nil {
			return err
		}
		v, err := it.next(r)
		if err != nil {
			return err
		}
		r.vars[n.element] = v
		if scope != nil {
			scope.index++
			scope.hasNext = it.more(r)
		}
		if n.count >= 0 {
			r.vars[n.count] = IntegerValue(int64(turn + 1))
		}
		if n.hasNext >= 0 {
			r.vars[n.hasNext] = BoolValue(it.more(r))
		}
		if err := runNodes(r, n.body); err != nil {
			if err == errBreak {
				return nil
			}
			if to, ok := err.(*breakTo); ok && to.scope == scope {
				return nil
			}
			return err
		}
	}
	return nil
}

// iteration goes over a List, or over the values of a Map.
type iteration struct {
	over Value
	i    int
	size int
	list *list // to see changes under way
	mods int
}

// iterate begins to go over v; false: there is nothing to go over.
func (r *Run) iterate(v Value) (iteration, bool) {
	if v.kind == Host {
		switch o := v.ref.(type) {
		case *cursor:
			return o.rest(r), true
		case MapView:
			v = o.Map(r)
		}
	}
	if v.kind != List && v.kind != Map {
		return iteration{}, false
	}
	v = r.resolve(v)
	it := iteration{over: v, size: r.size(v)}
	if l, ok := v.ref.(*list); ok {
		it.list, it.mods = l, l.mods
	}
	return it, true
}

// more is Java's hasNext, which looks at the list's length of now.
func (it *iteration) more(*Run) bool {
	if it.list != nil {
		return it.i != len(it.list.items)
	}
	return it.i < it.size
}

func (it *iteration) next(r *Run) (Value, error) {
	if it.list != nil {
		if it.list.mods != it.mods || it.i >= len(it.list.items) {
			return Value{}, errors.New("a list was changed while #foreach goes over it")
		}
		v := it.list.items[it.i]
		it.i++
		return v, nil
	}
	var v Value
	switch c := it.over.ref.(type) {
	case *hash:
		if len(c.values) != it.size {
			return Value{}, errors.New("a map was changed while #foreach goes over it")
		}
		v = c.values[it.i]
	case *jsonpath.Value:
		v = JSONValue(&c.Items[it.i])
	}
	it.i++
	return v, nil
}

// loop is $foreach.
type loop struct {
	index   int
	hasNext bool
	parent  Value
	own     *hash // what the template set on it
}

func (l *loop) Get(r *Run, name string) (Value, error) {
	switch name {
	case "index":
		return IntegerValue(int64(l.index)), nil
	case "count":
		return IntegerValue(int64(l.index + 1)), nil
	case "hasNext":
		return BoolValue(l.hasNext), nil
	case "first":
		return BoolValue(l.index < 1), nil
	case "last":
		return BoolValue(!l.hasNext), nil
	case "parent":
		return l.outer(), nil
	case "topmost":
		return l.topmost(), nil
	}
	if l.own != nil {
		if i := l.own.find(name); i >= 0 {
			return l.own.values[i], nil
		}
	}
	if outer, ok := l.outer().ref.(*loop); ok {
		return outer.Get(r, name)
	}
	return Value{}, nil
}

func (l *loop) outer() Value {
	if _, ok := l.parent.ref.(*loop); ok && l.parent.kind == Host {
		return l.parent
	}
	return Value{}
}

func (l *loop) topmost() Value {
	for {
		outer, ok := l.outer().ref.(*loop)
		if !ok {
			return HostValue(l)
		}
		l = outer
	}
}

func (l *loop) Set(r *Run, name string, v Value) error {
	if l.own == nil {
		l.own = &hash{}
	}
	l.own.put(StringValue(name), v)
	return r.cells(1)
}

// loopGetters are the methods of $foreach, and what they get.
var loopGetters = map[string]string{
	"getIndex": "index", "getCount": "count", "hasNext": "hasNext", "getHasNext": "hasNext",
	"isFirst": "first", "getFirst": "first", "isLast": "last", "getLast": "last",
	"getParent": "parent", "getTopmost": "topmost",
}

func (l *loop) Call(r *Run, method string, args []Value) (Value, bool, error) {
	if len(args) > 0 {
		return Value{}, false, nil
	}
	name, ok := loopGetters[method]
	if !ok {
		return Value{}, false, nil
	}
	v, err := l.Get(r, name)
	return v, true, err
}

func (l *loop) Append(_ *Run, dst []byte) ([]byte, bool) {
	return append(dst, "{}"...), true
}

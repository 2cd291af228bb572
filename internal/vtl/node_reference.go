package vtl

import (
	"fmt"

	"github.com/gatehouse/gatehouse/internal/jsonpath"
)

type accessKind uint8

const (
	memberAccess accessKind = iota // .name
	callAccess                     // .name(args)
	indexAccess                    // [arg]
)

// access is one link of a reference's path.
type access struct {
	kind   accessKind
	name   string
	method method
	args   []expr
	bound  Func // of the host's, found while compiling
	at     position
}

// refNode is a reference: $a.b[0].c('d').
type refNode struct {
	at     position
	source string
	slot   int
	path   []access
}

// run appends the reference's value. What is null is rendered empty, with and
// without the ! (recorded on AWS).
func (n *refNode) run(r *Run) error {
	before := r.steps
	v, err := n.eval(r)
	if err != nil {
		return err
	}
	start := len(r.out)
	if r.out, err = v.AppendTo(r, r.out); err == nil {
		if err = r.charge((len(r.out) - start) >> 6); err == nil {
			err = r.fits()
		}
	}
	if err != nil {
		return placed(err, n.at)
	}
	if r.Trace != nil {
		r.Trace(Step{n.at.line, n.at.column, n.source, string(r.out[start:]), before - r.steps})
	}
	return nil
}

func (n *refNode) eval(r *Run) (Value, error) {
	if r.steps -= 1 + len(n.path)>>3; r.steps < 0 {
		return Value{}, placed(errSteps, n.at)
	}
	v := r.vars[n.slot]
	if v.kind == argument {
		var err error
		if v, err = r.argument(v); err != nil {
			return Value{}, placed(err, n.at)
		}
	}
	if len(n.path) == 0 {
		return v, nil
	}
	return n.follow(r, v, len(n.path))
}

// follow goes along the first links of the path.
func (n *refNode) follow(r *Run, v Value, links int) (Value, error) {
	for i := range links {
		if v.kind <= Null {
			return Value{}, nil
		}
		a := &n.path[i]
		var err error
		switch a.kind {
		case memberAccess:
			if doc, ok := v.ref.(*jsonpath.Value); ok && r.changed == nil && v.kind == Map && a.name != "class" {
				v = r.memberValue(doc, a.name)
				continue
			}
			v, err = r.property(v, a.name)
		case indexAccess:
			v, err = r.index(v, a.args[0])
		default:
			v, err = r.call(v, a)
		}
		if err != nil {
			return Value{}, placed(err, a.at)
		}
	}
	return v, nil
}

// memberValue is what most references look for: a member of a document.
func (r *Run) memberValue(doc *jsonpath.Value, name string) Value {
	m := r.memberIn(doc, name)
	switch {
	case m == nil:
		return Value{}
	case m.Kind == jsonpath.String:
		return Value{kind: String, s: m.Text}
	}
	return JSONValue(m)
}

// property is v.name: of a map its member, of an object what it says, of the
// rest what its getters give.
func (r *Run) property(v Value, name string) (Value, error) {
	switch v.kind {
	case Map:
		if name == "class" {
			return Value{}, nil
		}
		return r.member(v, name), nil
	case Host:
		out, err := v.ref.(Object).Get(r, name)
		return out, fromHost(err)
	case List:
		return r.listProperty(v, name), nil
	case String:
		switch name {
		case "empty":
			return BoolValue(v.s == ""), nil
		}
	}
	return Value{}, nil
}

func (r *Run) listProperty(v Value, name string) Value {
	if name == "empty" {
		return BoolValue(r.size(v) == 0)
	}
	return Value{}
}

// index is v[arg].
func (r *Run) index(v Value, arg expr) (Value, error) {
	key, err := arg.eval(r)
	if err != nil {
		return Value{}, err
	}
	switch v.kind {
	case Map:
		return r.memberOf(v, key), nil
	case List:
		return r.element(v, key)
	case Host:
		if view, ok := v.ref.(MapView); ok && key.kind != String {
			return r.memberOf(view.Map(r), key), nil
		}
		name, err := r.TextOf(key)
		if err != nil {
			return Value{}, err
		}
		out, err := v.ref.(Object).Get(r, name)
		return out, fromHost(err)
	}
	return Value{}, nil
}

// element is $list[i]; -1 is the last one.
func (r *Run) element(v, key Value) (Value, error) {
	i, ok := key.Int()
	if !ok {
		return Value{}, nil
	}
	size := int64(r.size(v))
	if i < 0 {
		i += size
	}
	if i < 0 || i >= size {
		return Value{}, outOfBounds(i, size)
	}
	return r.at(v, int(i)), nil
}

func outOfBounds(i, size int64) error {
	return fmt.Errorf("index %d out of bounds for length %d", i, size)
}

// call evaluates the arguments and calls the method.
func (r *Run) call(v Value, a *access) (Value, error) {
	if err := r.enter(); err != nil {
		return Value{}, err
	}
	defer r.leave()
	start := len(r.args)
	for _, e := range a.args {
		arg, err := e.eval(r)
		if err != nil {
			r.args = r.args[:start]
			return Value{}, err
		}
		if v.kind == Host {
			if a.method == methodPutAll {
				arg = r.mapOf(arg)
			}
			if arg, err = r.settle(arg, a.method == methodPut || a.method == methodPutAll); err != nil {
				r.args = r.args[:start]
				return Value{}, err
			}
		}
		r.args = append(r.args, arg)
	}
	args := r.args[start:len(r.args):len(r.args)]
	var out Value
	var err error
	if a.bound != nil {
		out, err = a.bound(r, args)
		err = fromHost(err)
	} else {
		out, err = r.invoke(v, a, args)
	}
	r.args = r.args[:start]
	return out, err
}

// invoke calls a method that wasn't bound.
func (r *Run) invoke(v Value, a *access, args []Value) (Value, error) {
	if v.kind == Host {
		return r.invokeHost(v.ref.(Object), a, args)
	}
	if a.method == noMethod {
		return Value{}, nil
	}
	out, err := r.invokeMethod(v, a.method, args)
	if err != nil {
		err = fmt.Errorf(".%s: %w", a.name, err)
	}
	return out, err
}

// invokeHost asks the object, then the Map that it is.
func (r *Run) invokeHost(o Object, a *access, args []Value) (Value, error) {
	out, ok, err := o.Call(r, a.name, args)
	if ok || err != nil {
		return out, fromHost(err)
	}
	get, put := a.method == methodGet && len(args) == 1, a.method == methodPut && len(args) == 2
	if get || put {
		name, err := r.TextOf(args[0])
		if err != nil {
			return Value{}, err
		}
		if put {
			return Value{}, fromHost(o.Set(r, name, args[1]))
		}
		out, err = o.Get(r, name)
		return out, fromHost(err)
	}
	if a.method == methodToString && len(args) == 0 {
		text, err := r.TextOf(HostValue(o))
		return StringValue(text), err
	}
	if view, ok := o.(MapView); ok && a.method != noMethod {
		return r.invokeMethod(view.Map(r), a.method, args)
	}
	return Value{}, nil
}

// newString is a String that was made, which is paid for.
func (r *Run) newString(s string) (Value, error) {
	if err := r.made(len(s)); err != nil {
		return Value{}, err
	}
	return StringValue(s), nil
}

// assign sets what the reference names. Without an object to set it on nothing
// happens, as in Velocity.
func (n *refNode) assign(r *Run, v Value) error {
	if len(n.path) == 0 {
		r.vars[n.slot] = v
		return nil
	}
	target := r.vars[n.slot]
	if target.kind == argument {
		var err error
		if target, err = r.argument(target); err != nil {
			return placed(err, n.at)
		}
	}
	target, err := n.follow(r, target, len(n.path)-1)
	if err != nil || target.kind <= Null {
		return err
	}
	last := &n.path[len(n.path)-1]
	key := StringValue(last.name)
	if last.kind == indexAccess {
		if key, err = last.args[0].eval(r); err != nil {
			return err
		}
	}
	if err := r.assignTo(target, key, v, last.kind); err != nil {
		return placed(err, last.at)
	}
	return nil
}

func (r *Run) assignTo(target, key, v Value, kind accessKind) error {
	switch target.kind {
	case Host:
		v, err := r.settle(v, true)
		if err != nil {
			return err
		}
		name, err := r.TextOf(key)
		if err != nil {
			return err
		}
		return fromHost(target.ref.(Object).Set(r, name, v))
	case Map:
		return r.put(target, key, v)
	case List:
		i, ok := key.Int()
		if kind != indexAccess || !ok {
			return nil
		}
		if i < 0 {
			i += int64(r.size(target))
		}
		return r.setElement(target, i, v)
	}
	return nil
}

func (r *Run) put(target, key, v Value) error {
	_, err := r.putGiving(target, key, v)
	return err
}

func (r *Run) setElement(target Value, i int64, v Value) error {
	l, err := r.ownList(target)
	if err != nil {
		return err
	}
	if i < 0 || i >= int64(len(l.items)) {
		return outOfBounds(i, int64(len(l.items)))
	}
	l.items[i] = v
	return nil
}

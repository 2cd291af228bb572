package vtl

import (
	"errors"
	"slices"
)

// listMethod is a method of java.util.List.
func (r *Run) listMethod(v Value, m method, args []Value) (Value, error) {
	switch len(args) {
	case 0:
		return r.listMethod0(v, m)
	case 1:
		return r.listMethod1(v, m, args[0])
	case 2:
		return r.listMethod2(v, m, args[0], args[1])
	}
	return Value{}, nil
}

func (r *Run) listMethod0(v Value, m method) (Value, error) {
	switch m {
	case methodSize, methodCount:
		return IntegerValue(int64(r.size(v))), nil
	case methodIsEmpty:
		return BoolValue(r.size(v) == 0), nil
	case methodIterator:
		return HostValue(&cursor{list: v}), nil
	case methodClear:
		return r.change(v, func(l *list) Value {
			l.items = nil
			return Value{}
		})
	}
	return Value{}, nil
}

var errFixed = errors.New("an array keeps its length")

// change makes a change of a list's length.
func (r *Run) change(v Value, how func(l *list) Value) (Value, error) {
	l, err := r.ownList(v)
	if err != nil {
		return Value{}, err
	}
	if l.fixed {
		return Value{}, errFixed
	}
	size := len(l.items)
	out := how(l)
	if len(l.items) != size {
		l.mods++
	}
	return out, r.charge(size >> 6)
}

func (r *Run) listMethod1(v Value, m method, a Value) (Value, error) {
	switch m {
	case methodGet:
		return r.listGet(v, a)
	case methodAdd:
		if err := r.cells(1); err != nil {
			return Value{}, err
		}
		return r.change(v, func(l *list) Value {
			l.items = append(l.items, a)
			return BoolValue(true)
		})
	case methodContains:
		i, err := r.find(v, a)
		return BoolValue(i >= 0), err
	case methodIndexOf:
		i, err := r.find(v, a)
		return IntegerValue(int64(i)), err
	case methodLastIndexOf:
		if err := r.charge(r.size(v)); err != nil {
			return Value{}, err
		}
		items := r.items(v)
		for i := len(items) - 1; i >= 0; i-- {
			if r.equal(items[i], a) {
				return IntegerValue(int64(i)), nil
			}
		}
		return IntegerValue(-1), nil
	case methodRemove:
		return r.listRemove(v, a)
	}
	if a.kind != List {
		return Value{}, nil
	}
	return r.listWithList(v, m, a)
}

func (r *Run) listGet(v, a Value) (Value, error) {
	i, ok := a.Int()
	if !ok {
		return Value{}, nil
	}
	if size := int64(r.size(v)); i < 0 || i >= size {
		return Value{}, outOfBounds(i, size)
	}
	return r.at(v, int(i)), nil
}

// find is the place of an element; -1 when there is none.
func (r *Run) find(v, a Value) (int, error) {
	if err := r.charge(r.size(v)); err != nil {
		return -1, err
	}
	for i, item := range r.items(v) {
		if r.equal(item, a) {
			return i, nil
		}
	}
	return -1, nil
}

// listRemove is remove(int), which gives the element, or remove(Object), which
// says whether there was one.
func (r *Run) listRemove(v, a Value) (Value, error) {
	i, ok := a.Int()
	if !ok {
		at, err := r.find(v, a)
		if at < 0 {
			return BoolValue(false), err
		}
		return r.change(v, func(l *list) Value {
			l.items = slices.Delete(slices.Clone(l.items), at, at+1)
			return BoolValue(true)
		})
	}
	if size := int64(r.size(v)); i < 0 || i >= size {
		return Value{}, outOfBounds(i, size)
	}
	return r.change(v, func(l *list) Value {
		out := l.items[i]
		l.items = slices.Delete(slices.Clone(l.items), int(i), int(i)+1)
		return out
	})
}

// listWithList are the methods that take another list.
func (r *Run) listWithList(v Value, m method, other Value) (Value, error) {
	items := r.items(other)
	switch m {
	case methodAddAll:
		if err := r.cells(len(items)); err != nil {
			return Value{}, err
		}
		return r.change(v, func(l *list) Value {
			l.items = append(l.items, items...)
			return BoolValue(len(items) > 0)
		})
	case methodContainsAll:
		for _, item := range items {
			if i, err := r.find(v, item); i < 0 {
				return BoolValue(false), err
			}
		}
		return BoolValue(true), nil
	case methodRemoveAll, methodRetainAll:
		if err := r.charge(r.size(v) * (1 + len(items))); err != nil {
			return Value{}, err
		}
		return r.change(v, func(l *list) Value {
			var kept []Value
			for _, item := range l.items {
				in := slices.ContainsFunc(items, func(o Value) bool { return r.equal(o, item) })
				if in == (m == methodRetainAll) {
					kept = append(kept, item)
				}
			}
			changed := len(kept) != len(l.items)
			l.items = kept
			return BoolValue(changed)
		})
	}
	return Value{}, nil
}

func (r *Run) listMethod2(v Value, m method, a, b Value) (Value, error) {
	i, ok := a.Int()
	if !ok {
		return Value{}, nil
	}
	size := int64(r.size(v))
	switch m {
	case methodAddAll:
		return r.insertAll(v, i, b)
	case methodSet:
		if i < 0 || i >= size {
			return Value{}, outOfBounds(i, size)
		}
		old := r.at(v, int(i))
		return old, r.setElement(v, i, b)
	case methodAdd:
		if i < 0 || i > size {
			return Value{}, outOfBounds(i, size)
		}
		if err := r.charge(int(size) + 4); err != nil {
			return Value{}, err
		}
		return r.change(v, func(l *list) Value {
			l.items = slices.Insert(slices.Clone(l.items), int(i), b)
			return Value{}
		})
	case methodSubList:
		end, ok := b.Int()
		if !ok {
			return Value{}, nil
		}
		if i < 0 || end > size || i > end {
			return Value{}, outOfBounds(end, size)
		}
		if err := r.cells(int(end - i)); err != nil {
			return Value{}, err
		}
		return r.subList(v, int(i), int(end)), nil
	}
	return Value{}, nil
}

// insertAll is addAll(int, Collection).
func (r *Run) insertAll(v Value, i int64, from Value) (Value, error) {
	if from.kind != List {
		return Value{}, nil
	}
	items, size := r.items(from), int64(r.size(v))
	if i < 0 || i > size {
		return Value{}, outOfBounds(i, size)
	}
	if err := r.charge(int(size) + 4*len(items)); err != nil {
		return Value{}, err
	}
	return r.change(v, func(l *list) Value {
		l.items = slices.Insert(slices.Clone(l.items), int(i), items...)
		return BoolValue(len(items) > 0)
	})
}

// subList is a copy; Java's would be a view. A part of a JSON array is an
// ordinary list, as ArrayList.subList's is.
func (r *Run) subList(v Value, from, to int) Value {
	return ListValue(slices.Clone(r.items(v)[from:to])...)
}

// cursor is an Iterator.
type cursor struct {
	list Value
	next int
}

func (c *cursor) Get(*Run, string) (Value, error) { return Value{}, nil }

func (c *cursor) Set(*Run, string, Value) error { return nil }

func (c *cursor) Call(r *Run, name string, args []Value) (Value, bool, error) {
	if len(args) > 0 {
		return Value{}, false, nil
	}
	switch methodNamed(name) {
	case methodHasNext:
		return BoolValue(c.next < r.size(c.list)), true, nil
	case methodNext:
		if c.next >= r.size(c.list) {
			return Value{}, true, errors.New("there is no next element")
		}
		c.next++
		return r.at(c.list, c.next-1), true, nil
	}
	return Value{}, false, nil
}

func (c *cursor) Append(_ *Run, dst []byte) ([]byte, bool) { return dst, false }

// rest goes over what the cursor hasn't given yet.
func (c *cursor) rest(r *Run) iteration {
	it, _ := r.iterate(c.list)
	it.i = min(c.next, it.size)
	c.next = it.size
	return it
}

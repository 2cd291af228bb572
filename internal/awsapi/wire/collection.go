package wire

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// items are the elements of a member that is a list.
func (o *Object) items(name string) (items []value, ok bool) {
	v := o.member(name)
	return o.r.items(v)
}

func (r *Request) items(v value) ([]value, bool) {
	switch v = r.fromForm(v, listValue); v.kind {
	case listValue:
		return v.list, true
	case nullValue:
	case objectValue:
		r.fail(apigw.Serialization, unexpectedObject)
	default:
		r.fail(apigw.Serialization, "Expected list or null")
	}
	return nil, false
}

// entries are the members of a member that is a map.
func (o *Object) entries(name string) ([]field, bool) {
	v := o.member(name)
	switch v.kind {
	case objectValue:
		return v.fields, true
	case nullValue:
	case listValue:
		o.r.fail(apigw.Serialization, unexpectedList)
	default:
		o.r.fail(apigw.Serialization, "Expected map or null")
	}
	return nil, false
}

// Strings is a list of texts; nil when it is absent, empty when it is [].
func (o *Object) Strings(name string) []string {
	items, ok := o.items(name)
	if !ok {
		return nil
	}
	return o.r.strings(items, o.path+"."+name)
}

func (r *Request) strings(items []value, path string) []string {
	list := make([]string, 0, len(items))
	for _, v := range items {
		if s := r.text(v); s != nil {
			list = append(list, *s)
		} else if v.kind == nullValue {
			r.violations.add(renderList(items), path, "Member must satisfy constraint: [Member must not be null]")
		}
	}
	return list
}

// mapOf is a map of values that read makes of JSON's, nil of what isn't one; nil
// when it is absent, empty when it is {}.
func mapOf[T any](o *Object, name string, read func(value) *T) map[string]T {
	entries, ok := o.entries(name)
	if !ok {
		return nil
	}
	m := make(map[string]T, len(entries))
	for _, e := range entries {
		if v := read(e.value); v != nil {
			m[e.name] = *v
		} else {
			o.nullValue(name, e)
		}
	}
	return m
}

// StringMap is a map of texts.
func (o *Object) StringMap(name string) map[string]string { return mapOf(o, name, o.r.text) }

// BoolMap is a map of true and false.
func (o *Object) BoolMap(name string) map[string]bool { return mapOf(o, name, o.r.boolean) }

// FloatMap is a map of numbers.
func (o *Object) FloatMap(name string) map[string]float64 { return mapOf(o, name, o.r.float) }

// StringsMap is a map of lists of texts.
func (o *Object) StringsMap(name string) map[string][]string {
	return mapOf(o, name, func(v value) *[]string {
		items, ok := o.r.items(v)
		if !ok {
			return nil
		}
		return new(o.r.strings(items, o.path+"."+name))
	})
}

// SparseMap is a map of texts whose values may be null, and its keys in the
// order they were sent.
func (o *Object) SparseMap(name string) (m map[string]*string, order []string) {
	entries, ok := o.entries(name)
	if !ok {
		return nil, nil
	}
	m = make(map[string]*string, len(entries))
	for _, e := range entries {
		m[e.name] = o.r.text(e.value)
		order = append(order, e.name)
	}
	return m, order
}

// StringMapMap is a map of maps of texts.
func (o *Object) StringMapMap(name string) map[string]map[string]string {
	entries, ok := o.entries(name)
	if !ok {
		return nil
	}
	m := make(map[string]map[string]string, len(entries))
	for _, e := range entries {
		inner := o.r.object(e.value, o.path+"."+name)
		if inner == nil {
			o.nullValue(name, e)
			continue
		}
		m[e.name] = map[string]string{}
		for _, f := range e.value.fields {
			if s := o.r.text(f.value); s != nil {
				m[e.name][f.name] = *s
			} else {
				inner.nullValue(e.name, f)
			}
		}
	}
	return m
}

// Names are the keys of a map, sorted.
func Names[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// nullValue refuses a null in a map that can't keep it, rather than drop it.
func (o *Object) nullValue(name string, e field) {
	if e.value.kind == nullValue {
		o.r.violations.add("{"+e.name+"=null}", o.path+"."+name, "Map value must satisfy constraint: [Member must not be null]")
	}
}

// List is a list of structures.
func List[T any](o *Object, name string, read func(*Object) *T) []*T {
	items, ok := o.items(name)
	if !ok {
		return nil
	}
	list := make([]*T, 0, len(items))
	for i, v := range items {
		path := fmt.Sprintf("%s.%s.%d.member", o.path, name, i+1)
		if sub := o.r.object(v, path); sub != nil {
			list = append(list, read(sub))
		} else if v.kind == nullValue {
			o.r.violations.add("null", path, "Member must not be null")
		}
	}
	return list
}

// Map is a map of structures.
func Map[T any](o *Object, name string, read func(*Object) *T) map[string]*T {
	entries, ok := o.entries(name)
	if !ok {
		return nil
	}
	m := make(map[string]*T, len(entries))
	for _, e := range entries {
		if sub := o.r.object(e.value, o.path+"."+name+"."+e.name+".member"); sub != nil {
			m[e.name] = read(sub)
		} else {
			o.nullValue(name, e)
		}
	}
	return m
}

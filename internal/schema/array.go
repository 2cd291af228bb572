package schema

import (
	"strconv"

	"github.com/gatehouse/gatehouse/internal/jsonpath"
)

// elements are the schemas of an array's elements.
type elements struct {
	all   *node   // of every element
	first []*node // of the first ones
	rest  *node   // of those behind them
}

// items compiles items and additionalItems.
func (c *compiler) items(n *node, at place, name string, schema, v *jsonpath.Value) (err error) {
	switch {
	case v.Kind == jsonpath.Object && name == "items":
		n.array.all, err = c.schema(at, v)
	case v.Kind == jsonpath.Object:
		n.array.rest, err = c.schema(at, v)
	case v.Kind == jsonpath.Array && name == "items":
		n.array.first, err = c.subs(at, v)
	case v.Kind == jsonpath.Bool && name == "additionalItems":
		if items := schema.Member("items"); !v.Bool && items != nil && items.Kind == jsonpath.Array {
			return add(n, name, kindsOf(jsonpath.Array))(noMoreItems(len(items.Items)), nil)
		}
	default:
		return at.fail("must be a schema")
	}
	return err
}

func (e *elements) checkItems(r *run, v *jsonpath.Value) bool {
	if e.all == nil && e.first == nil && e.rest == nil {
		return true
	}
	valid := true
	for i := range v.Items {
		n := e.all
		switch {
		case n != nil:
		case i < len(e.first):
			n = e.first[i]
		default:
			n = e.rest
		}
		if n == nil || r.check(n, &v.Items[i]) {
			continue
		}
		if r.quick {
			return false
		}
		valid = false
	}
	return valid
}

// noMoreItems is additionalItems: false behind so many items.
type noMoreItems int

func (n noMoreItems) check(r *run, v *jsonpath.Value) bool {
	return len(v.Items) <= int(n) || r.fail("schema only allows %d elements in array but instance has %d elements", int(n), len(v.Items))
}

type uniqueItems bool

func (u uniqueItems) check(r *run, v *jsonpath.Value) bool {
	if !bool(u) || !r.repeats(v.Items) {
		return true
	}
	return r.fail("array must not contain duplicate elements")
}

func (r *run) repeats(items []jsonpath.Value) bool {
	seen := make(map[string]bool, len(items))
	var key []byte
	for i := range items {
		key = appendKey(key[:0], &items[i])
		r.steps -= len(key) / 32
		if seen[string(key)] {
			return true
		}
		seen[string(key)] = true
	}
	return false
}

// size is a bound of a length or a count.
type size struct {
	bound  int
	max    bool
	of     func(v *jsonpath.Value) int
	format string // of the message: the size, then the bound
}

func addSize(n *node, at place, name string, v *jsonpath.Value) error {
	bound, err := strconv.ParseInt(v.Text, 10, 32)
	if v.Kind != jsonpath.Number || err != nil || bound < 0 {
		return at.fail("must be an integer from 0 to 2147483647")
	}
	s := size{bound: int(bound), max: name[:3] == "max"}
	switch name[3:] {
	case "Length":
		return add(n, name, kindsOf(jsonpath.String))(lengthRule(s), nil)
	case "Items":
		s.of, s.format = countItems, "array is too short: must have at least %[2]d elements but instance has %[1]d elements"
		if s.max {
			s.format = "array is too long: must have at most %[2]d elements but instance has %[1]d elements"
		}
		return add(n, name, kindsOf(jsonpath.Array))(s, nil)
	}
	s.of, s.format = countItems, "object has too few properties (found %d but schema requires at least %d)"
	if s.max {
		s.format = "object has too many properties (found %d but schema requires at most %d)"
	}
	return add(n, name, kindsOf(jsonpath.Object))(s, nil)
}

func countItems(v *jsonpath.Value) int { return len(v.Items) }

func (s size) breaks(n int) bool { return s.max && n > s.bound || !s.max && n < s.bound }

func (s size) check(r *run, v *jsonpath.Value) bool {
	n := s.of(v)
	return !s.breaks(n) || r.fail(s.format, n, s.bound)
}

package schema

import (
	"github.com/gatehouse/gatehouse/internal/jsonpath"
)

// combination is allOf, anyOf, oneOf or not. Why the schemas within failed
// isn't told.
type combination struct {
	keyword string
	nodes   []*node
}

func (c combination) check(r *run, v *jsonpath.Value) bool {
	if r.quick {
		return c.holds(r, v)
	}
	matched := 0
	for _, n := range c.nodes {
		if r.matches(n, v) {
			matched++
		}
	}
	all := len(c.nodes)
	switch c.keyword {
	case "allOf":
		return matched == all || r.fail("instance failed to match all required schemas (matched only %d out of %d)", matched, all)
	case "anyOf":
		return matched > 0 || r.fail("instance failed to match at least one required schema among %d", all)
	case "oneOf":
		return matched == 1 || r.fail("instance failed to match exactly one schema (matched %d out of %d)", matched, all)
	}
	return matched == 0 || r.fail("instance matched a schema which it should not have")
}

// holds looks no further than it must.
func (c combination) holds(r *run, v *jsonpath.Value) bool {
	matched := 0
	for _, n := range c.nodes {
		switch ok := r.check(n, v); {
		case c.keyword == "anyOf" && ok:
			return true
		case c.keyword == "allOf" && !ok, c.keyword == "not" && ok:
			return false
		case ok:
			matched++
		}
	}
	switch c.keyword {
	case "anyOf":
		return false
	case "oneOf":
		return matched == 1
	}
	return r.steps >= 0
}

// enum is a list of values.
type enum struct {
	keys   map[string]bool
	values string // as the message has them
}

func newEnum(at place, v *jsonpath.Value) (checker, error) {
	if v.Kind != jsonpath.Array || len(v.Items) == 0 {
		return nil, at.fail("must be an array of at least one value")
	}
	e := &enum{keys: map[string]bool{}, values: string(v.AppendJSON(nil))}
	for i := range v.Items {
		key := string(appendKey(nil, &v.Items[i]))
		if e.keys[key] {
			return nil, at.fail("has the value %s twice", shown(&v.Items[i]))
		}
		e.keys[key] = true
	}
	return e, nil
}

func (e *enum) check(r *run, v *jsonpath.Value) bool {
	var buffer [64]byte
	key := appendKey(buffer[:0], v)
	r.steps -= len(key) / 32
	if e.keys[string(key)] {
		return true
	}
	if r.quick {
		return false
	}
	return r.fail("instance value (%s) not found in enum (possible values: %s)", shown(v), e.values)
}

package jsonpath

import "errors"

// ErrLimit is why a search was given up: it visited more values than allowed.
var ErrLimit = errors.New("the path visits more values than are allowed")

// How a search fails. In a filter the first two mean that an element doesn't
// pass; the third, an exception of other kinds in Jayway, ends the whole
// search.
var (
	errNotFound = errors.New("path not found")
	errInvalid  = errors.New("invalid path")
	errFailed   = errors.New("failed")
)

// evaluator is one search.
type evaluator struct {
	root  *Value
	left  int              // values that may yet be visited
	cache map[*Path]*Value // what $ paths within filters found
}

// visit counts a value; the members of a large object that are compared count
// too.
func (e *evaluator) visit(v *Value) error {
	if e.left -= 1 + len(v.Names)/32; e.left < 0 {
		return ErrLimit
	}
	return nil
}

// find is what p names in v. With strict, a missing member at the end of any
// branch is an error too: Jayway's REQUIRE_PROPERTIES, by which filters test
// whether something exists.
func (e *evaluator) find(p *Path, v *Value, strict bool) (*Value, error) {
	if p.plain {
		for i := range p.tokens {
			if err := e.visit(v); err != nil {
				return nil, err
			}
			if v = p.tokens[i].follow(v); v == nil {
				return nil, errNotFound
			}
		}
		return v, nil
	}
	w := walk{evaluator: e, tokens: p.tokens, strict: strict, definite: p.definite}
	if err := w.at(0, v); err != nil {
		return nil, err
	}
	if !p.definite {
		return &Value{Kind: Array, Items: w.results}, nil
	}
	if w.last == nil {
		return nil, errNotFound
	}
	return w.last, nil
}

// walk is one path on its way through a document.
type walk struct {
	*evaluator
	tokens   []token
	strict   bool
	definite bool
	last     *Value  // of a definite path
	results  []Value // of an indefinite one
	likely   int     // results that there may be
}

func (w *walk) add(v *Value) {
	if w.definite {
		w.last = v
		return
	}
	if w.results == nil {
		w.results = make([]Value, 0, max(min(w.likely, 64), 4))
	}
	w.results = append(w.results, *v)
}

// at takes token i from v on.
func (w *walk) at(i int, v *Value) error {
	if err := w.visit(v); err != nil {
		return err
	}
	if i == len(w.tokens) {
		w.add(v)
		return nil
	}
	t := &w.tokens[i]
	switch t.kind {
	case property:
		return w.property(i, v, t.name)
	case properties:
		return w.properties(i, v)
	case index, indexes, slice:
		return w.elements(i, v)
	case wildcard:
		return w.each(i, v)
	case scan:
		return w.scan(i+1, v)
	case filtered:
		return w.filter(i, v)
	}
	result, err := w.call(t.call, v)
	if err != nil || i == len(w.tokens)-1 {
		if err == nil {
			w.add(result)
		}
		return err
	}
	w.add(result)
	return w.at(i+1, result)
}

// unfit is what a value of the wrong kind means: an error where the path was
// definite up to here, else a branch that leads nowhere.
func unfit(t *token) error {
	if t.upstream {
		return errNotFound
	}
	return nil
}

func (w *walk) property(i int, v *Value, name string) error {
	t := &w.tokens[i]
	if v.Kind != Object {
		return unfit(t)
	}
	if m := v.Member(name); m != nil {
		return w.at(i+1, m)
	}
	leaf := i == len(w.tokens)-1
	if w.strict || !leaf && t.upstream && t.kind == property {
		return errNotFound
	}
	return nil
}

// namesCost is the price of looking for a token's names in v.
func namesCost(t *token, v *Value) int { return len(t.names) * (8 + len(v.Names)) / 64 }

// properties takes several names: at the end of a path they make one object,
// before they are branches.
func (w *walk) properties(i int, v *Value) error {
	t := &w.tokens[i]
	if v.Kind != Object {
		return unfit(t)
	}
	if i < len(w.tokens)-1 {
		for _, name := range t.names {
			if err := w.property(i, v, name); err != nil {
				return err
			}
		}
		return nil
	}
	if w.left -= namesCost(t, v); w.left < 0 {
		return ErrLimit
	}
	merged := &Value{Kind: Object}
	for _, name := range t.names {
		m := v.Member(name)
		if m == nil && w.strict {
			return errNotFound
		}
		if m != nil && merged.Member(name) == nil {
			merged.Names, merged.Items = append(merged.Names, name), append(merged.Items, *m)
		}
	}
	w.add(merged)
	return nil
}

func (w *walk) elements(i int, v *Value) error {
	t := &w.tokens[i]
	if v.Kind != Array {
		return unfit(t)
	}
	switch t.kind {
	case index:
		return w.element(i, v, t.index)
	case indexes:
		for _, n := range t.indexes {
			if err := w.element(i, v, n); err != nil {
				return err
			}
		}
		return nil
	}
	for n, to := t.bounds(len(v.Items)); n < to; n++ {
		if err := w.element(i, v, n); err != nil {
			return err
		}
	}
	return nil
}

// element goes on from one element. One that isn't there is passed over.
func (w *walk) element(i int, v *Value, n int) error {
	if found := v.element(n); found != nil {
		return w.at(i+1, found)
	}
	return nil
}

// bounds are a slice's first index and the one behind its last, in an array
// of a length. A slice with two ends counts as written, so that both may be
// negative: [-3:-1]. As in Jayway, a negative first and a positive second
// index run through zero.
func (t *token) bounds(length int) (from, to int) {
	switch {
	case t.to == nil:
		if from = *t.from; from < 0 {
			from += length
		}
		return max(from, 0), length
	case t.from == nil:
		if to = *t.to; to < 0 {
			to += length
		}
		return 0, min(to, length)
	}
	return max(*t.from, -length), min(*t.to, length)
}

// each takes every member or element. A scalar has none.
func (w *walk) each(i int, v *Value) error {
	w.likely = max(w.likely, len(v.Items))
	for n := range v.Items {
		if err := w.at(i+1, &v.Items[n]); err != nil {
			return err
		}
	}
	return nil
}

// scan takes token i from v and from everything within v on, v first.
func (w *walk) scan(i int, v *Value) error {
	if v.Kind != Array && v.Kind != Object {
		return nil
	}
	if err := w.visit(v); err != nil {
		return err
	}
	fits, err := w.fits(&w.tokens[i], v)
	if err != nil {
		return err
	}
	if fits {
		if err := w.found(i, v); err != nil {
			return err
		}
	}
	for n := range v.Items {
		if err := w.scan(i, &v.Items[n]); err != nil {
			return err
		}
	}
	return nil
}

// found takes token i from v, which a scan found. In Jayway's releases what
// follows is then read of every element of an array, whatever the token: $..[0].*
// is $..[*].*. Only $..[0].a, with nothing behind, is a of the first in newer
// releases, and so it is here.
func (w *walk) found(i int, v *Value) error {
	next := i + 1
	if v.Kind != Array || next == len(w.tokens) || w.tokens[next].kind == property && next == len(w.tokens)-1 {
		return w.at(i, v)
	}
	return w.each(i, v)
}

// fits says whether a deep scan tries a token on an array or object.
func (w *walk) fits(t *token, v *Value) (bool, error) {
	switch t.kind {
	case property:
		return v.Member(t.name) != nil, nil
	case properties:
		if v.Kind != Object {
			return false, nil
		}
		if w.left -= namesCost(t, v); w.left < 0 {
			return false, ErrLimit
		}
		for _, name := range t.names {
			if t.definite(t == &w.tokens[len(w.tokens)-1]) && v.Member(name) == nil {
				return false, nil
			}
		}
		return true, nil
	case index, indexes, slice:
		return v.Kind == Array, nil
	case filtered:
		return w.passes(t.filter, v)
	}
	return t.kind == wildcard, nil
}

// filter takes the elements of an array that pass, or an object that does.
func (w *walk) filter(i int, v *Value) error {
	t := &w.tokens[i]
	switch v.Kind {
	case Array:
		for n := range v.Items {
			pass, err := w.passes(t.filter, &v.Items[n])
			if err == nil && pass {
				err = w.at(i+1, &v.Items[n])
			}
			if err != nil {
				return err
			}
		}
		return nil
	case Object:
		pass, err := w.passes(t.filter, v)
		if err == nil && pass {
			err = w.at(i+1, v)
		}
		return err
	}
	if t.upstream {
		return errInvalid
	}
	return nil
}

// passes applies a filter to an element.
func (e *evaluator) passes(c *condition, v *Value) (bool, error) {
	if err := e.visit(v); err != nil {
		return false, err
	}
	pass, err := e.holds(c, v)
	if errors.Is(err, errNotFound) || errors.Is(err, errInvalid) {
		return false, nil
	}
	return pass, err
}

package jsonpath

import "errors"

// Path is a compiled path, for any number of goroutines.
type Path struct {
	tokens   []token
	definite bool
	plain    bool // only single members and elements: found without a walk
	root     bool // begins with $, not @
}

type tokenKind uint8

const (
	property   tokenKind = iota // ['a']
	properties                  // ['a','b']
	index                       // [0]
	indexes                     // [0,1]
	slice                       // [1:2]
	wildcard                    // [*]
	scan                        // ..
	filtered                    // [?(...)]
	called                      // length()
)

// token is one step of a path.
type token struct {
	kind     tokenKind
	upstream bool // all tokens before are definite
	name     string
	names    []string
	index    int
	indexes  []int
	from, to *int
	filter   *condition
	call     *call
}

// definite says whether the token leads to at most one value; leaf is whether
// it is the last one. Several names make one object there.
func (t *token) definite(leaf bool) bool {
	switch t.kind {
	case property, index, called:
		return true
	case properties:
		return leaf
	}
	return false
}

// newPath finishes a path of tokens.
func newPath(tokens []token, root bool) *Path {
	p := &Path{tokens: tokens, root: root, definite: true, plain: true}
	for i := range tokens {
		t := &tokens[i]
		t.upstream = p.definite
		p.definite = p.definite && t.definite(i == len(tokens)-1)
		p.plain = p.plain && (t.kind == property || t.kind == index)
	}
	return p
}

// Definite says whether the path names at most one value: an indefinite one
// gives an array.
func (p *Path) Definite() bool { return p.definite }

// Find is what p names in doc: false when a definite path names nothing, or
// when Jayway would fail on it (the average of no numbers). An indefinite path
// gives an array, of nothing where nothing was found; its Value is new, those
// in it are doc's. The error is that of a limit.
func (p *Path) Find(doc *Value, limits Limits) (*Value, bool, error) {
	if p.plain {
		v := p.follow(doc)
		return v, v != nil, nil
	}
	e := evaluator{root: doc, left: limits.nodes()}
	v, err := e.find(p, doc, false)
	switch {
	case err == nil:
		return v, true, nil
	case errors.Is(err, ErrLimit):
		return nil, false, err
	case p.definite:
		return nil, false, nil
	}
	return &Value{Kind: Array}, true, nil
}

// FindNested is Find, but where a path of single members and elements comes to
// a string that holds an array or object as JSON, it goes on in there.
func (p *Path) FindNested(doc *Value, limits Limits) (*Value, bool, error) {
	if !p.plain {
		return p.Find(doc, limits)
	}
	v := doc
	for i := range p.tokens {
		if v.Kind == String && len(v.Text) > 0 && (v.Text[0] == '{' || v.Text[0] == '[') {
			inner, err := Parse([]byte(v.Text), limits)
			if err != nil {
				return nil, false, nil
			}
			v = inner
		}
		if v = p.tokens[i].follow(v); v == nil {
			return nil, false, nil
		}
	}
	return v, true, nil
}

// follow is what a plain path names from v on, nil when that is nothing.
func (p *Path) follow(v *Value) *Value {
	for i := range p.tokens {
		if v = p.tokens[i].follow(v); v == nil {
			return nil
		}
	}
	return v
}

// follow is the member or element that a step of a plain path leads to.
func (t *token) follow(v *Value) *Value {
	if t.kind == property {
		return v.Member(t.name)
	}
	return v.element(t.index)
}

// element is element i of an array, from its end on when i is negative; nil
// when there is none.
func (v *Value) element(i int) *Value {
	if v.Kind != Array {
		return nil
	}
	if i < 0 {
		i += len(v.Items)
	}
	if i < 0 || i >= len(v.Items) {
		return nil
	}
	return &v.Items[i]
}

package jsonpath

import (
	"strings"
	"unicode/utf16"

	"github.com/gatehouse/gatehouse/internal/javaregex"
)

// match is =~, true when the pattern matches the whole of the text, or of one
// of several. What is neither a string, number nor truth value is "".
func (e *evaluator) match(left, right *operand) (bool, error) {
	if left.kind == ofPattern {
		left, right = right, left
	}
	if left.kind == ofPattern || right.kind != ofPattern {
		return false, nil
	}
	texts := []Value{{}}
	if left.kind == ofValue {
		texts[0] = *left.value
	}
	if left.is(Array) {
		var err error
		if texts, err = e.list(left); err != nil {
			return false, err
		}
	}
	for i := range texts {
		var text string
		switch v := &texts[i]; v.Kind {
		case String, Number:
			text = v.Text
		case Bool:
			text = string(v.AppendJSON(nil))
		}
		if matched, err := e.matches(right.pattern, text); err != nil || matched {
			return matched, err
		}
	}
	return false, nil
}

// stepsPerNode is how many steps of a pattern count as one visited value.
const stepsPerNode = 16

func (e *evaluator) matches(p *javaregex.Pattern, text string) (bool, error) {
	b := javaregex.Budget{Steps: e.left * stepsPerNode}
	matched, err := p.MatchString(text, &b)
	if e.left = b.Steps/stepsPerNode - 1; err != nil || e.left < 0 {
		return false, ErrLimit
	}
	return matched, nil
}

// hasSize compares the length of a string or array; an object has none.
func hasSize(left, right *operand) bool {
	if !right.is(Number) {
		return false
	}
	want := int(float(right.value.Text))
	switch {
	case left.is(String):
		return length(left.value.Text) == want
	case left.is(Array):
		return len(left.value.Items) == want
	case left.is(Object):
		return want == -1
	}
	return false
}

func isEmpty(left, right *operand) (bool, error) {
	empty := false
	switch {
	case left.is(String):
		empty = left.value.Text == ""
	case left.is(Array):
		empty = len(left.value.Items) == 0
	case left.is(Object):
		return false, errFailed // Jayway casts it to a collection
	default:
		return false, nil
	}
	if !right.is(Bool) {
		return false, errInvalid
	}
	return empty == right.value.Bool, nil
}

// contains says that a string has a part, or an array an element.
func (e *evaluator) contains(left, right *operand) (bool, error) {
	if left.is(String) && right.is(String) {
		return strings.Contains(left.value.Text, right.value.Text), nil
	}
	if !left.is(Array) {
		return false, nil
	}
	items, err := e.list(left)
	if err != nil {
		return false, err
	}
	return e.among(right, items)
}

// list is the elements of an operand that must be an array; of an object there
// are none. Jayway fails on lists of arrays or objects.
func (e *evaluator) list(o *operand) ([]Value, error) {
	if !o.composite() {
		return nil, errInvalid
	}
	if o.is(Object) {
		return nil, nil
	}
	items := o.value.Items
	if e.left -= 1 + len(items)/8; e.left < 0 {
		return nil, ErrLimit
	}
	for i := range items {
		if items[i].Kind >= Array {
			return nil, errFailed
		}
	}
	return items, nil
}

// among says whether o is one of items.
func (e *evaluator) among(o *operand, items []Value) (bool, error) {
	if o.kind != ofValue || o.composite() {
		return false, nil
	}
	if e.left -= 1 + len(items)/4; e.left < 0 {
		return false, ErrLimit
	}
	for i := range items {
		if same, err := e.same(o.value, &items[i]); err != nil || same {
			return same, err
		}
	}
	return false, nil
}

func (e *evaluator) in(left, right *operand, want bool) (bool, error) {
	items, err := e.list(right)
	if err != nil {
		return false, err
	}
	found, err := e.among(left, items)
	return found == want, err
}

// lists is subsetof, anyof and noneof, for two arrays.
func (e *evaluator) lists(op string, left, right *operand) (bool, error) {
	choice, err := e.list(right)
	if err != nil || right.is(Object) {
		return false, err
	}
	items, err := e.list(left)
	if err != nil || left.is(Object) {
		return false, err
	}
	for i := range items {
		found, err := e.among(&operand{kind: ofValue, value: &items[i]}, choice)
		switch {
		case err != nil:
			return false, err
		case found && op != "subsetof":
			return op == "anyof", nil
		case !found && op == "subsetof":
			return false, nil
		}
	}
	return op != "anyof", nil
}

// length is the length of s in Java.
func length(s string) int {
	n := 0
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}

package jsonpath

import (
	"errors"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/gatehouse/gatehouse/internal/javaregex"
)

type operandKind uint8

const (
	undefined operandKind = iota // a path that names nothing: equal to nothing
	ofValue
	ofPattern
)

// operand is one side of a comparison at run time.
type operand struct {
	kind    operandKind
	literal bool // a value written in the path
	value   *Value
	pattern *javaregex.Pattern
}

// is says that o is a value of a kind.
func (o *operand) is(k Kind) bool { return o.kind == ofValue && o.value.Kind == k }

func (o *operand) composite() bool { return o.is(Array) || o.is(Object) }

// holds says whether a condition is true of element v.
func (e *evaluator) holds(c *condition, v *Value) (bool, error) {
	switch c.logic {
	case not:
		held, err := e.holds(c.parts[0], v)
		return !held, err
	case all, any1:
		for _, part := range c.parts {
			held, err := e.holds(part, v)
			if err != nil || held == (c.logic == any1) {
				return held, err
			}
		}
		return c.logic == all, nil
	}
	if c.op == "exists" {
		found, err := e.exists(c.left.path, v)
		return found != c.left.negated, err
	}
	left, err := e.operand(&c.left, v)
	if err != nil {
		return false, err
	}
	right, err := e.operand(&c.right, v)
	if err != nil {
		return false, err
	}
	return e.compare(c.op, &left, &right)
}

// exists says whether a path in a filter names something. As in Jayway, one
// that isn't definite does where no branch ends early, even when it finds
// nothing, and one that begins with $ is looked for in the element.
func (e *evaluator) exists(p *Path, v *Value) (bool, error) {
	_, err := e.find(p, v, true)
	if errors.Is(err, errNotFound) {
		return false, nil
	}
	return err == nil, err
}

// operand is what a term comes to for element v.
func (e *evaluator) operand(t *term, v *Value) (operand, error) {
	if t.path == nil {
		return *t.literal, nil
	}
	if t.path.root {
		if found, ok := e.cache[t.path]; ok {
			return operand{kind: ofValue, value: found}, nil
		}
		v = e.root
	}
	found, err := e.find(t.path, v, false)
	if errors.Is(err, errNotFound) {
		return operand{}, nil
	}
	if err != nil {
		return operand{}, err
	}
	if t.path.root && !t.path.plain {
		if e.cache == nil {
			e.cache = map[*Path]*Value{}
		}
		e.cache[t.path] = found
	}
	return operand{kind: ofValue, value: found}, nil
}

func (e *evaluator) compare(op string, left, right *operand) (bool, error) {
	switch op {
	case "==":
		return e.equal(left, right)
	case "!=":
		same, err := e.equal(left, right)
		return !same, err
	case "===", "!==":
		same := left.kind == right.kind && (left.kind != ofValue || sameClass(left.value.Kind, right.value.Kind))
		if same {
			var err error
			if same, err = e.equal(left, right); err != nil {
				return false, err
			}
		}
		return same == (op == "==="), nil
	case "<", "<=", ">", ">=":
		return ordered(op, left, right), nil
	case "=~":
		return e.match(left, right)
	case "size":
		return hasSize(left, right), nil
	case "empty":
		return isEmpty(left, right)
	case "contains":
		return e.contains(left, right)
	case "in", "nin":
		return e.in(left, right, op == "in")
	case "all":
		return false, errInvalid // Jayway refuses every literal list there
	}
	return e.lists(op, left, right)
}

// sameClass says whether values of two kinds are one class to Jayway: arrays
// and objects are.
func sameClass(a, b Kind) bool { return a == b || a >= Array && b >= Array }

// equal is Jayway's ==: a number and a string that reads as the same number
// are equal; what isn't there equals nothing.
func (e *evaluator) equal(left, right *operand) (bool, error) {
	if left.kind != ofValue || right.kind != ofValue {
		return left.kind == ofPattern && left.pattern == right.pattern, nil
	}
	if left.literal && left.value.Kind >= Array {
		return false, nil // Jayway compares its text
	}
	return e.same(left.value, right.value)
}

func (e *evaluator) same(a, b *Value) (bool, error) {
	if e.left--; e.left < 0 {
		return false, ErrLimit
	}
	switch {
	case a.Kind == String && (b.Kind == String || b.Kind == Number):
		return a.Text == b.Text, nil
	case a.Kind == Number && (b.Kind == Number || b.Kind == String):
		x, ok := parseDecimal(a.Text)
		y, ok2 := parseDecimal(b.Text)
		return ok && ok2 && compareDecimals(x, y) == 0, nil
	case a.Kind != b.Kind:
		return false, nil
	case a.Kind == Bool:
		return a.Bool == b.Bool, nil
	}
	return e.deepEqual(a, b)
}

// deepEqual compares as Java's collections do: within them a number equals
// none of another class, 1 not 1.0, and no string; members have no order.
func (e *evaluator) deepEqual(a, b *Value) (bool, error) {
	if e.left--; e.left < 0 {
		return false, ErrLimit
	}
	if a.Kind != b.Kind || len(a.Items) != len(b.Items) {
		return false, nil
	}
	switch a.Kind {
	case Bool:
		return a.Bool == b.Bool, nil
	case String:
		return a.Text == b.Text, nil
	case Number:
		return sameNumber(a.Text, b.Text), nil
	}
	for i := range a.Items {
		other := &b.Items[i]
		if a.Kind == Object {
			if other = b.Member(a.Names[i]); other == nil {
				return false, nil
			}
			e.left -= len(b.Names) / 32
		}
		if same, err := e.deepEqual(&a.Items[i], other); err != nil || !same {
			return false, err
		}
	}
	return true, nil
}

func sameNumber(a, b string) bool {
	if strings.ContainsAny(a, ".eE") != strings.ContainsAny(b, ".eE") {
		return false
	}
	x, _ := parseDecimal(a)
	y, _ := parseDecimal(b)
	return compareDecimals(x, y) == 0
}

// ordered compares two numbers or two strings; anything else is in no order.
func ordered(op string, left, right *operand) bool {
	var n int
	switch {
	case left.is(Number) && right.is(Number):
		x, _ := parseDecimal(left.value.Text)
		y, _ := parseDecimal(right.value.Text)
		n = compareDecimals(x, y)
	case left.is(String) && right.is(String):
		n = compareText(left.value.Text, right.value.Text)
	default:
		return false
	}
	switch op {
	case "<":
		return n < 0
	case "<=":
		return n <= 0
	case ">":
		return n > 0
	}
	return n >= 0
}

// compareText is the order of Java's strings, by UTF-16 units.
func compareText(a, b string) int {
	for a != "" && b != "" {
		x, n := utf8.DecodeRuneInString(a)
		y, m := utf8.DecodeRuneInString(b)
		if x != y {
			x1, x2 := units(x)
			y1, y2 := units(y)
			return sign(x1 < y1 || x1 == y1 && x2 < y2)
		}
		a, b = a[n:], b[m:]
	}
	return len(a) - len(b)
}

func units(r rune) (rune, rune) {
	if r > 0xffff {
		return utf16.EncodeRune(r)
	}
	return r, 0
}

// length is the length of s in Java.
func length(s string) int {
	n := 0
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}

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
	if e.left -= len(items); e.left < 0 {
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

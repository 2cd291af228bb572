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

// fewParts is how many parts of a condition are free.
const fewParts = 8

// holds says whether a condition is true of element v.
func (e *evaluator) holds(c *condition, v *Value) (bool, error) {
	switch c.logic {
	case not:
		held, err := e.holds(c.parts[0], v)
		return !held, err
	case every, either:
		if len(c.parts) > fewParts {
			if e.left -= len(c.parts); e.left < 0 {
				return false, ErrLimit
			}
		}
		for _, part := range c.parts {
			held, err := e.holds(part, v)
			if err != nil || held == (c.logic == either) {
				return held, err
			}
		}
		return c.logic == every, nil
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

// operand is what a term comes to for element v. What a path finds from the
// root on is looked for once.
func (e *evaluator) operand(t *term, v *Value) (operand, error) {
	if t.path == nil {
		return *t.literal, nil
	}
	found, known := (*Value)(nil), false
	if t.path.root {
		v = e.root
		found, known = e.cache[t.path]
	}
	if !known {
		var err error
		if found, err = e.find(t.path, v, false); err != nil && !errors.Is(err, errNotFound) {
			return operand{}, err
		}
		if t.path.root {
			e.remember(t.path, found)
		}
	}
	if found == nil {
		return operand{}, nil
	}
	return operand{kind: ofValue, value: found}, nil
}

func (e *evaluator) remember(p *Path, found *Value) {
	if e.cache == nil {
		e.cache = map[*Path]*Value{}
	}
	e.cache[p] = found
}

// bytesPerNode is how much text counts as one visited value.
const bytesPerNode = 256

// read pays for a text that is made or gone through.
func (e *evaluator) read(text string) error {
	if e.left -= len(text) / bytesPerNode; e.left < 0 {
		return ErrLimit
	}
	return nil
}

func (e *evaluator) compare(op string, left, right *operand) (bool, error) {
	for _, o := range []*operand{left, right} {
		if o.kind == ofValue {
			if err := e.read(o.value.Text); err != nil {
				return false, err
			}
		}
	}
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

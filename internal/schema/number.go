package schema

import (
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/gatehouse/gatehouse/internal/jsonpath"
)

// decimal is a number: 0.d1d2… times ten to the power of exponent, without
// zeros at either end of the digits. Zero has no digits.
type decimal struct {
	negative bool
	digits   string
	exponent int64
}

// newDecimal takes a JSON number apart. An exponent that no number needs is
// cut to one that is as good.
func newDecimal(s string) decimal {
	var d decimal
	s, d.negative = strings.CutPrefix(s, "-")
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		d.exponent = clampExponent(s[i+1:])
		s = s[:i]
	}
	whole, fraction, _ := strings.Cut(s, ".")
	d.digits = whole + fraction
	d.exponent += int64(len(whole))
	leading := len(d.digits) - len(strings.TrimLeft(d.digits, "0"))
	d.exponent -= int64(leading)
	d.digits = strings.TrimRight(d.digits[leading:], "0")
	if d.digits == "" {
		return decimal{}
	}
	return d
}

const hugeExponent = 1 << 40

func clampExponent(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	switch {
	case err == nil:
		return max(min(n, hugeExponent), -hugeExponent)
	case s[0] == '-':
		return -hugeExponent
	}
	return hugeExponent
}

// compare is negative where d is less than e, zero where they are equal.
func (d decimal) compare(e decimal) int {
	switch {
	case d.negative != e.negative:
		if d.negative {
			return -1
		}
		return 1
	case d.negative:
		return e.compareSize(d)
	}
	return d.compareSize(e)
}

func (d decimal) compareSize(e decimal) int {
	switch {
	case d.digits == "" || e.digits == "":
		return len(d.digits) - len(e.digits)
	case d.exponent != e.exponent:
		if d.exponent < e.exponent {
			return -1
		}
		return 1
	}
	return strings.Compare(d.digits, e.digits)
}

// numeric is minimum, maximum or multipleOf.
type numeric struct {
	keyword   string
	exclusive bool
	bound     decimal
	text      string // as messages have it
	integer   int64  // the bound, if fits
	fits      bool
}

func newNumeric(at place, name string, schema, v *jsonpath.Value) (checker, error) {
	if v.Kind != jsonpath.Number {
		return nil, at.fail("must be a number")
	}
	n := &numeric{keyword: name, bound: newDecimal(v.Text), text: v.Text}
	n.integer, n.fits = n.bound.integer()
	if n.fits {
		n.text = strconv.FormatInt(n.integer, 10)
	}
	if name == "multipleOf" && (n.bound.digits == "" || n.bound.negative) {
		return nil, at.fail("must be greater than 0")
	}
	if e := schema.Member("exclusive" + strings.ToUpper(name[:1]) + name[1:]); e != nil {
		n.exclusive = e.Bool
	}
	return n, nil
}

// exclusive checks exclusiveMinimum and exclusiveMaximum.
func exclusive(at place, name string, schema, v *jsonpath.Value) error {
	bound := strings.ToLower(strings.TrimPrefix(name, "exclusive"))
	if schema.Member(bound) == nil {
		return at.fail("stands without %s", bound)
	}
	_, err := boolean(at, v)
	return err
}

// integer is d as an integer, if it is one that fits.
func (d decimal) integer() (int64, bool) {
	if d.exponent < int64(len(d.digits)) || d.exponent > 19 {
		return 0, d.digits == ""
	}
	text := d.digits + strings.Repeat("0", int(d.exponent)-len(d.digits))
	if d.negative {
		text = "-" + text
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

func (n *numeric) check(r *run, v *jsonpath.Value) bool {
	if n.keyword == "multipleOf" {
		return n.divides(v.Text) || r.fail("remainder of division is not zero (%s / %s)", cut(v.Text), n.text)
	}
	compared := n.compare(v.Text)
	if n.keyword == "maximum" {
		compared = -compared
	}
	if compared > 0 || compared == 0 && !n.exclusive {
		return true
	}
	return r.fail(n.message(compared), n.text, cut(v.Text))
}

func (n *numeric) message(compared int) string {
	switch {
	case compared == 0 && n.keyword == "minimum":
		return "numeric instance is not strictly greater than the required minimum %[1]s"
	case compared == 0:
		return "numeric instance is not strictly lower than the required maximum %[1]s"
	case n.keyword == "minimum":
		return "numeric instance is lower than the required minimum (minimum: %s, found: %s)"
	}
	return "numeric instance is greater than the required maximum (maximum: %s, found: %s)"
}

// compare compares a number with the bound.
func (n *numeric) compare(text string) int {
	if n.fits {
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			switch {
			case i < n.integer:
				return -1
			case i > n.integer:
				return 1
			}
			return 0
		}
	}
	return newDecimal(text).compare(n.bound)
}

// maxDigits bounds the digits, and the zeros between, of a division.
const maxDigits = 2000

// divides says whether the number is a multiple of the bound. One whose
// division would take for ever isn't.
func (n *numeric) divides(text string) bool {
	if n.fits {
		if i, err := strconv.ParseInt(text, 10, 64); err == nil {
			return i%n.integer == 0
		}
	}
	d := newDecimal(text)
	if d.digits == "" {
		return true
	}
	// Both as integers, in units of the smaller one's last digit.
	unit := min(d.exponent-int64(len(d.digits)), n.bound.exponent-int64(len(n.bound.digits)))
	if d.exponent-unit > maxDigits || n.bound.exponent-unit > maxDigits {
		return false
	}
	value, divisor := d.inUnits(unit), n.bound.inUnits(unit)
	return new(big.Int).Rem(value, divisor).Sign() == 0
}

func (d decimal) inUnits(unit int64) *big.Int {
	n, _ := new(big.Int).SetString(d.digits+strings.Repeat("0", int(d.exponent-int64(len(d.digits))-unit)), 10)
	return n
}

// appendKey appends a text that equal values share: numbers by their value,
// objects whatever the order of their members.
func appendKey(dst []byte, v *jsonpath.Value) []byte {
	switch v.Kind {
	case jsonpath.Number:
		d := newDecimal(v.Text)
		if d.negative {
			dst = append(dst, '-')
		}
		dst = append(append(dst, d.digits...), 'e')
		return strconv.AppendInt(dst, d.exponent, 10)
	case jsonpath.Array:
		dst = append(dst, '[')
		for i := range v.Items {
			dst = append(appendKey(dst, &v.Items[i]), ',')
		}
		return append(dst, ']')
	case jsonpath.Object:
		dst = append(dst, '{')
		for _, i := range byName(v.Names) {
			dst = append(jsonpath.AppendQuoted(dst, v.Names[i]), ':')
			dst = append(appendKey(dst, &v.Items[i]), ',')
		}
		return append(dst, '}')
	}
	return v.AppendJSON(dst)
}

// compareNames is Java's order of strings: by UTF-16.
func compareNames(a, b string) int {
	if isASCII(a) || isASCII(b) {
		return strings.Compare(a, b)
	}
	return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

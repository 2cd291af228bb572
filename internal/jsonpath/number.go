package jsonpath

import (
	"math"
	"strconv"
	"strings"
)

// appendDouble appends f as Java's Double.toString: 10.0, 0.001, 1.0E10.
func appendDouble(dst []byte, f float64) []byte {
	if f == math.SmallestNonzeroFloat64 {
		return append(dst, "4.9E-324"...) // Java writes two digits at least
	}
	if f == 0 || math.Abs(f) >= 1e-3 && math.Abs(f) < 1e7 {
		from := len(dst)
		dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
		if !strings.Contains(string(dst[from:]), ".") {
			dst = append(dst, ".0"...)
		}
		return dst
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	dst = append(dst, mantissa...)
	if !strings.Contains(mantissa, ".") {
		dst = append(dst, ".0"...)
	}
	n, _ := strconv.Atoi(exponent)
	return strconv.AppendInt(append(dst, 'E'), int64(n), 10)
}

// decimal is a number as written, taken apart: 0.d1d2d3 … times ten to the
// power of exponent, where d1 isn't zero. A decimal without digits is zero.
type decimal struct {
	negative bool
	digits   string // may hold a point, which doesn't count
	exponent int64
}

// parseDecimal reads what Java's BigDecimal does: 1, -1.5, +.5, 2.E3.
func parseDecimal(s string) (decimal, bool) {
	var d decimal
	if s != "" && (s[0] == '-' || s[0] == '+') {
		d.negative = s[0] == '-'
		s = s[1:]
	}
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		exponent, err := strconv.ParseInt(s[i+1:], 10, 32)
		if err != nil {
			return d, false
		}
		d.exponent, s = exponent, s[:i]
	}
	whole, fraction, _ := strings.Cut(s, ".")
	if whole+fraction == "" || !allDigits(whole) || !allDigits(fraction) {
		return d, false
	}
	d.exponent += int64(len(whole))
	d.digits = strings.TrimRight(s, "0")
	if fraction == "" {
		d.digits = whole
	}
	for d.digits != "" && (d.digits[0] == '0' || d.digits[0] == '.') {
		if d.digits[0] == '0' {
			d.exponent--
		}
		d.digits = d.digits[1:]
	}
	return d, true
}

func allDigits(s string) bool { return digitsEnd(s, 0) == len(s) }

// compareDecimals is negative, zero or positive as a is less than, equal to or
// greater than b.
func compareDecimals(a, b decimal) int {
	switch {
	case a.digits == "" && b.digits == "":
		return 0
	case a.digits == "":
		return sign(!b.negative)
	case b.digits == "" || a.negative != b.negative:
		return sign(a.negative)
	case a.negative:
		a, b = b, a
	}
	if a.exponent != b.exponent {
		return sign(a.exponent < b.exponent)
	}
	return compareDigits(a.digits, b.digits)
}

// sign is -1 when less, else 1.
func sign(less bool) int {
	if less {
		return -1
	}
	return 1
}

// compareDigits compares two fractions, of which zeros behind the end count.
func compareDigits(a, b string) int {
	for a != "" || b != "" {
		var x, y byte
		x, a = nextDigit(a)
		y, b = nextDigit(b)
		if x != y {
			return sign(x < y)
		}
	}
	return 0
}

func nextDigit(s string) (byte, string) {
	if s != "" && s[0] == '.' {
		s = s[1:]
	}
	if s == "" {
		return '0', s
	}
	return s[0], s[1:]
}

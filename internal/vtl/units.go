package vtl

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// units is the length of s in UTF-16 units, as String.length counts.
func units(s string) int {
	n := len(s)
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			n = 0
			for _, c := range s {
				n += utf16.RuneLen(c)
			}
			return n
		}
	}
	return n
}

// unitOffset is the byte at which unit n begins; inside of a surrogate pair the
// byte after it.
func unitOffset(s string, n int64) int {
	if n <= 0 {
		return 0
	}
	if ascii(s) {
		return int(min(n, int64(len(s))))
	}
	for i, c := range s {
		if n <= 0 {
			return i
		}
		n -= int64(utf16.RuneLen(c))
	}
	return len(s)
}

// unitIndex turns a byte offset into one in units; -1 stays.
func unitIndex(s string, offset int) Value {
	if offset < 0 {
		return IntegerValue(-1)
	}
	return IntegerValue(int64(units(s[:offset])))
}

func substring(s string, from, to int64) (Value, error) {
	length := int64(units(s))
	if from < 0 || to > length || from > to {
		return Value{}, fmt.Errorf("begin %d, end %d, length %d", from, to, length)
	}
	if length == int64(len(s)) {
		return StringValue(s[from:to]), nil
	}
	return StringValue(string(utf16.Decode(utf16.Encode([]rune(s))[from:to]))), nil
}

// compareStrings is Java's compareTo: the difference of the first units that
// differ, else of the lengths.
func compareStrings(a, b string) int {
	if ascii(a) && ascii(b) {
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				return int(a[i]) - int(b[i])
			}
		}
		return len(a) - len(b)
	}
	x, y := utf16.Encode([]rune(a)), utf16.Encode([]rune(b))
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return int(x[i]) - int(y[i])
		}
	}
	return len(x) - len(y)
}

func foldCase(s string) string { return strings.ToLower(strings.ToUpper(s)) }

// hashString is String.hashCode.
func hashString(s string) int32 {
	h := int32(0)
	if ascii(s) {
		for i := range len(s) {
			h = 31*h + int32(s[i])
		}
		return h
	}
	for _, u := range utf16.Encode([]rune(s)) {
		h = 31*h + int32(u)
	}
	return h
}

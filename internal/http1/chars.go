package http1

import "encoding/binary"

// class holds, per byte, what the grammars of RFC 9110 and RFC 3986 let it be.
type class uint8

const (
	inToken   class = 1 << iota // tchar: field names, methods
	inValue                     // field values: visible, obs-text, blank, tab
	inTarget                    // request targets: visible US-ASCII without '#'
	inRegName                   // host names: unreserved, sub-delims
	isDigit
	isHex
)

// classes is a table and never changes.
var classes = func() (t [256]class) {
	mark := func(c class, bytes string) {
		for i := range len(bytes) {
			t[bytes[i]] |= c
		}
	}
	const (
		digits = "0123456789"
		alpha  = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	)
	mark(inToken, "!#$%&'*+-.^_`|~"+digits+alpha)
	mark(inRegName, "-._~!$&'()*+,;="+digits+alpha)
	mark(isDigit, digits)
	mark(isHex, digits+"abcdefABCDEF")
	for b := 0x20; b < 0x100; b++ {
		if b != 0x7f {
			t[b] |= inValue
		}
		if b > 0x20 && b < 0x7f && b != '#' {
			t[b] |= inTarget
		}
	}
	t['\t'] |= inValue
	return t
}()

// lower maps A-Z to a-z and every other byte to itself.
var lower = func() (t [256]byte) {
	for i := range t {
		t[i] = byte(i)
		if 'A' <= i && i <= 'Z' {
			t[i] = byte(i) + 'a' - 'A'
		}
	}
	return t
}()

// equalFold says whether a and b are the same but for the case of A-Z. Field
// names compare like this; Unicode folding would let others in.
func equalFold[A, B string | []byte](a A, b B) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower[a[i]] != lower[b[i]] {
			return false
		}
	}
	return true
}

// ValidName says whether name can be the name of a field: a token.
func ValidName[T string | []byte](name T) bool {
	for i := range len(name) {
		if classes[name[i]]&inToken == 0 {
			return false
		}
	}
	return len(name) > 0
}

// ValidValue says whether value can be the value of a field: no control
// character but tab, so neither CR nor LF nor NUL.
func ValidValue[T string | []byte](value T) bool {
	for i := range len(value) {
		if classes[value[i]]&inValue == 0 {
			return false
		}
	}
	return true
}

// validValue is ValidValue eight bytes at a time: header values are most of
// what a parser reads.
func validValue(v []byte) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for len(v) >= 8 {
		x := binary.LittleEndian.Uint64(v)
		// A byte below 0x20 borrows into its high bit; one that had it is
		// obs-text. DEL is found as a zero byte of x^0x7f7f….
		control := (x - ones*0x20) & ^x & highs
		y := x ^ ones*0x7f
		del := (y - ones) & ^y & highs
		if control|del != 0 && !ValidValue(v[:8]) {
			return false
		}
		v = v[8:]
	}
	return ValidValue(v)
}

// all says whether every byte of s is of class c.
func all(s []byte, c class) bool {
	for _, b := range s {
		if classes[b]&c == 0 {
			return false
		}
	}
	return true
}

// trimBlanks takes optional whitespace (blank, tab) off both ends.
func trimBlanks(v []byte) []byte {
	for len(v) > 0 && (v[0] == ' ' || v[0] == '\t') {
		v = v[1:]
	}
	for len(v) > 0 && (v[len(v)-1] == ' ' || v[len(v)-1] == '\t') {
		v = v[:len(v)-1]
	}
	return v
}

// HasToken says whether the comma-separated list value holds token, in any
// case: HasToken("keep-alive, Upgrade", "upgrade").
func HasToken[T string | []byte](value T, token string) bool {
	for len(value) > 0 {
		end := 0
		for end < len(value) && value[end] != ',' {
			end++
		}
		if equalFold(trimBlanks([]byte(value[:end])), token) {
			return true
		}
		value = value[min(end+1, len(value)):]
	}
	return false
}

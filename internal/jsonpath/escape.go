package jsonpath

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// escaped reads the string that began at from and has its first escape at i.
func (p *parser) escaped(from, i int) (string, bool) {
	end := stringEnd(p.text, i)
	if end < 0 {
		p.pos = len(p.text)
		return "", p.fail("the text ends within a string")
	}
	if p.plain.Cap()-p.plain.Len() < end-from {
		p.plain = strings.Builder{}
		p.plain.Grow(max(end-from, min(len(p.text)-from, 1024)))
	}
	start, ascii := p.plain.Len(), true
	p.plain.WriteString(p.text[from:i])
	for i < end {
		c := p.text[i]
		if c < ' ' {
			p.pos = i
			return "", p.fail("a control character within a string")
		}
		if c != '\\' {
			p.plain.WriteByte(c)
			i++
			continue
		}
		size := p.escape(p.text[i:end])
		if size == 0 {
			p.pos = i
			return "", p.fail("an escape that is none")
		}
		i += size
	}
	p.pos = end + 1
	s := p.plain.String()[start:]
	for i := 0; i < len(s) && ascii; i++ {
		ascii = s[i] < utf8.RuneSelf
	}
	return clean(s, ascii), true
}

// stringEnd is where the string around i ends, -1 when it doesn't.
func stringEnd(text string, i int) int {
	for ; i < len(text); i++ {
		switch text[i] {
		case '"':
			return i
		case '\\':
			i++
		}
	}
	return -1
}

// escape writes what the escape at the front of s means and returns its
// length, 0 when it is none.
func (p *parser) escape(s string) int {
	var buf [utf8.UTFMax]byte
	char, size := AppendEscape(buf[:0], s)
	p.plain.Write(char)
	return size
}

// AppendEscape appends what the escape of a JSON string at the front of s
// stands for, and says how long it is: 0 when it is none. Half a surrogate pair
// is U+FFFD.
func AppendEscape[T string | []byte](dst []byte, s T) ([]byte, int) {
	if len(s) < 2 {
		return dst, 0
	}
	switch c := s[1]; c {
	case '"', '\\', '/':
		return append(dst, c), 2
	case 'b':
		return append(dst, '\b'), 2
	case 'f':
		return append(dst, '\f'), 2
	case 'n':
		return append(dst, '\n'), 2
	case 'r':
		return append(dst, '\r'), 2
	case 't':
		return append(dst, '\t'), 2
	case 'u':
		return appendUnit(dst, s)
	}
	return dst, 0
}

func appendUnit[T string | []byte](dst []byte, s T) ([]byte, int) {
	r, ok := codeUnit(s)
	if !ok {
		return dst, 0
	}
	size := 6
	if utf16.IsSurrogate(r) {
		low, ok := codeUnit(s[size:])
		if r = utf16.DecodeRune(r, low); ok && r != utf8.RuneError {
			size += 6
		}
	}
	return utf8.AppendRune(dst, r), size
}

// codeUnit is that of the \uXXXX at the front of s.
func codeUnit[T string | []byte](s T) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	var r rune
	for i := 2; i < 6; i++ {
		c := s[i]
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

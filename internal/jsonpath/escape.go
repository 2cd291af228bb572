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
	if len(s) < 2 {
		return 0
	}
	c := s[1]
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		return p.unicode(s)
	default:
		return 0
	}
	p.plain.WriteByte(c)
	return 2
}

func (p *parser) unicode(s string) int {
	r, ok := hexRune(s)
	if !ok {
		return 0
	}
	size := 6
	if utf16.IsSurrogate(r) {
		low, ok := hexRune(s[size:])
		if r = utf16.DecodeRune(r, low); ok && r != utf8.RuneError {
			size += 6
		}
	}
	p.plain.WriteRune(r)
	return size
}

// hexRune is the code unit of the \uXXXX at the front of s.
func hexRune(s string) (rune, bool) {
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

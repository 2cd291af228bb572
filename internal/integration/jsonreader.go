package integration

import (
	"bytes"
	"errors"

	"github.com/gatehouse/gatehouse/internal/jsonpath"
)

// jsonReader reads a JSON text member by member. What it returns are slices
// of the text, or (of strings with escapes) of its own.
type jsonReader struct{ rest []byte }

var (
	errJSON  = errors.New("malformed JSON")
	errShape = errors.New("a value of another shape than the format's")
)

func (p *jsonReader) space() { p.rest = bytes.TrimLeft(p.rest, " \t\r\n") }

// take passes over c, if it comes next.
func (p *jsonReader) take(c byte) bool {
	p.space()
	if len(p.rest) == 0 || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

// done says that nothing but blanks is left.
func (p *jsonReader) done() bool {
	p.space()
	return len(p.rest) == 0
}

// object reads an object; member reads the value of each key.
func (p *jsonReader) object(member func(key []byte) error) error {
	if !p.take('{') {
		return p.mismatch()
	}
	if p.take('}') {
		return nil
	}
	for {
		p.space()
		key, err := p.string()
		if err != nil {
			return err
		}
		if !p.take(':') {
			return errJSON
		}
		if err := member(key); err != nil {
			return err
		}
		if p.take('}') {
			return nil
		}
		if !p.take(',') {
			return errJSON
		}
	}
}

// array reads an array; element reads each element.
func (p *jsonReader) array(element func() error) error {
	if !p.take('[') {
		return p.mismatch()
	}
	if p.take(']') {
		return nil
	}
	for {
		if err := element(); err != nil {
			return err
		}
		if p.take(']') {
			return nil
		}
		if !p.take(',') {
			return errJSON
		}
	}
}

// mismatch is the error for a value that is none of the wanted shape.
func (p *jsonReader) mismatch() error {
	if p.done() {
		return errJSON
	}
	return errShape
}

// nullable reads null, or what read reads.
func (p *jsonReader) nullable(read func() error) error {
	if p.word("null") {
		return nil
	}
	return read()
}

func (p *jsonReader) word(w string) bool {
	p.space()
	rest, ok := bytes.CutPrefix(p.rest, []byte(w))
	if ok {
		p.rest = rest
	}
	return ok
}

// scalar reads a string, number or truth value as text, or null.
func (p *jsonReader) scalar() (text []byte, null bool, err error) {
	p.space()
	if len(p.rest) == 0 {
		return nil, false, errJSON
	}
	switch c := p.rest[0]; {
	case c == '"':
		text, err = p.string()
		return text, false, err
	case c == '{' || c == '[':
		return nil, false, errShape
	case c == '-' || '0' <= c && c <= '9':
		text, err = p.number()
		return text, false, err
	case p.word("null"):
		return nil, true, nil
	case p.word("true"):
		return []byte("true"), false, nil
	case p.word("false"):
		return []byte("false"), false, nil
	}
	return nil, false, errJSON
}

// number reads a number of RFC 8259's grammar.
func (p *jsonReader) number() ([]byte, error) {
	b, i := p.rest, 0
	digits := func() bool {
		from := i
		for i < len(b) && '0' <= b[i] && b[i] <= '9' {
			i++
		}
		return i > from
	}
	if b[0] == '-' {
		i++
	}
	first := i
	ok := digits() && (b[first] != '0' || i == first+1)
	if ok && i < len(b) && b[i] == '.' {
		i++
		ok = digits()
	}
	if ok && i < len(b) && b[i]|0x20 == 'e' {
		if i++; i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		ok = digits()
	}
	if !ok {
		return nil, errJSON
	}
	p.rest = b[i:]
	return b[:i:i], nil
}

// string reads a string and returns it without quotes and escapes.
func (p *jsonReader) string() ([]byte, error) {
	if len(p.rest) == 0 || p.rest[0] != '"' {
		return nil, errJSON
	}
	b := p.rest[1:]
	for i, c := range b {
		switch {
		case c == '"':
			p.rest = b[i+1:]
			return b[:i:i], nil
		case c == '\\':
			return p.escaped(b, i)
		case c < ' ':
			return nil, errJSON
		}
	}
	return nil, errJSON
}

// escaped reads the string b, whose first escape is at i.
func (p *jsonReader) escaped(b []byte, i int) ([]byte, error) {
	out := append(make([]byte, 0, len(b)), b[:i]...)
	for i < len(b) {
		switch c := b[i]; {
		case c == '"':
			p.rest = b[i+1:]
			return out, nil
		case c < ' ':
			return nil, errJSON
		case c != '\\':
			out = append(out, c)
			i++
		default:
			var n int
			if out, n = jsonpath.AppendEscape(out, b[i:]); n == 0 {
				return nil, errJSON
			}
			i += n
		}
	}
	return nil, errJSON
}

// skip passes over a value of a text that is known to be JSON.
func (p *jsonReader) skip() error {
	depth, quoted := 0, false
	p.space()
	for i := 0; i < len(p.rest); i++ {
		switch c := p.rest[i]; {
		case quoted && c == '\\':
			i++
			continue
		case c == '"':
			quoted = !quoted
		case quoted:
			continue
		case c == '{' || c == '[':
			depth++
			continue
		case c == '}' || c == ']':
			if depth == 0 { // the end of what holds the value
				p.rest = p.rest[i:]
				return nil
			}
			depth--
		case c == ',' && depth == 0:
			p.rest = p.rest[i:]
			return nil
		}
	}
	return errJSON
}

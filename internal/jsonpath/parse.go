package jsonpath

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// SyntaxError is why a text is no JSON document, or a larger one than was
// allowed.
type SyntaxError struct {
	Offset int // in bytes, from 0
	Reason string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("at byte %d: %s", e.Offset, e.Reason) }

// Parse reads one JSON document of RFC 8259, with blanks around it. The error
// is a *SyntaxError. Bytes that are no UTF-8 become U+FFFD, one for each, as
// do halves of surrogate pairs.
//
// The parser that Jayway uses by default, json-smart in its permissive mode,
// also takes single quotes, bare words, needless commas and text after the
// document. Whether API Gateway's does is open: it is recorded for the
// {statusCode: 200} of mock integrations, which they read themselves, and the
// guide maps a body with a comma before its last brace. What works here works
// with either.
func Parse(data []byte, limits Limits) (*Value, error) {
	var values [32]Value
	var names [32]string
	p := parser{text: string(data), nodes: limits.nodes(), depth: limits.depth(), stack: values[:0], names: names[:0]}
	p.arena.values = make([]Value, min(mostValues(p.text), chunk))
	p.arena.names = make([]string, min(strings.Count(p.text, ":"), chunk))
	return p.parse()
}

// parser reads a text. Values stand on a stack until the array or object
// around them ends; then they move together into the arena.
type parser struct {
	text   string
	pos    int
	depth  int // levels that are left
	nodes  int // values that are left
	stack  []Value
	names  []string
	arena  arena
	plain  strings.Builder // strings that had escapes
	reason string
}

func (p *parser) parse() (*Value, error) {
	root := &p.arena.items(1)[0]
	if !p.document() {
		return nil, &SyntaxError{p.pos, p.reason}
	}
	*root = p.stack[0]
	return root, nil
}

func (p *parser) fail(reason string) bool {
	p.reason = reason
	return false
}

func (p *parser) document() bool {
	p.space()
	if !p.value() {
		return false
	}
	if p.space(); p.pos < len(p.text) {
		return p.fail("more than one value")
	}
	return true
}

func (p *parser) space() {
	for p.pos < len(p.text) {
		switch p.text[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// value pushes the value that begins here.
func (p *parser) value() bool {
	if p.nodes--; p.nodes < 0 {
		return p.fail("the document has more values than are allowed")
	}
	if p.pos >= len(p.text) {
		return p.fail("the text ends where a value should be")
	}
	switch c := p.text[p.pos]; c {
	case '"':
		s, ok := p.string()
		p.stack = append(p.stack, Value{Kind: String, Text: s})
		return ok
	case '{':
		return p.object()
	case '[':
		return p.array()
	case 't':
		return p.word("true", Value{Kind: Bool, Bool: true})
	case 'f':
		return p.word("false", Value{Kind: Bool})
	case 'n':
		return p.word("null", Value{})
	default:
		return p.number(c)
	}
}

func (p *parser) word(word string, v Value) bool {
	if !strings.HasPrefix(p.text[p.pos:], word) {
		return p.fail("no value begins like this")
	}
	p.pos += len(word)
	p.stack = append(p.stack, v)
	return true
}

// MaxNumber is the most characters of a number, which costs more than its
// length to calculate with. It is what Java's most used parser, Jackson, takes.
const MaxNumber = 1000

func (p *parser) number(c byte) bool {
	end := numberEnd(p.text[p.pos:])
	if end == 0 {
		if c == '-' || '0' <= c && c <= '9' {
			return p.fail("not a number")
		}
		return p.fail("no value begins like this")
	}
	if end > MaxNumber {
		return p.fail("a number has more digits than are allowed")
	}
	p.stack = append(p.stack, Value{Kind: Number, Text: p.text[p.pos : p.pos+end]})
	p.pos += end
	return true
}

// numberEnd is the length of the JSON number at the front of s, 0 when there
// is none.
func numberEnd(s string) int {
	i := 0
	if s[i] == '-' {
		i++
	}
	first := i
	if i = digitsEnd(s, i); i == first || s[first] == '0' && i > first+1 {
		return 0
	}
	if i < len(s) && s[i] == '.' {
		from := i + 1
		if i = digitsEnd(s, from); i == from {
			return 0
		}
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		from := i + 1
		if from < len(s) && (s[from] == '+' || s[from] == '-') {
			from++
		}
		if i = digitsEnd(s, from); i == from {
			return 0
		}
	}
	return i
}

func digitsEnd(s string, i int) int {
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	return i
}

// open passes over a bracket, one level deeper.
func (p *parser) open() bool {
	if p.depth--; p.depth < 0 {
		return p.fail("the document is nested deeper than is allowed")
	}
	p.pos++
	p.space()
	return true
}

// next passes over a comma or the closing bracket: more says which.
func (p *parser) next(closing byte) (more, ok bool) {
	p.space()
	if p.pos >= len(p.text) {
		return false, p.fail("the text ends within an array or object")
	}
	switch p.text[p.pos] {
	case ',':
		p.pos++
		p.space()
		return true, true
	case closing:
		p.pos++
		p.depth++
		return false, true
	}
	return false, p.fail("neither a comma nor the end of the array or object")
}

func (p *parser) array() bool {
	if !p.open() {
		return false
	}
	from := len(p.stack)
	more, ok := true, true
	if p.pos < len(p.text) && p.text[p.pos] == ']' {
		more, ok = p.next(']')
	}
	for more && ok {
		if ok = p.value(); ok {
			more, ok = p.next(']')
		}
	}
	p.close(Value{Kind: Array}, from)
	return ok
}

func (p *parser) object() bool {
	if !p.open() {
		return false
	}
	from, firstName := len(p.stack), len(p.names)
	more, ok := true, true
	if p.pos < len(p.text) && p.text[p.pos] == '}' {
		more, ok = p.next('}')
	}
	var seen map[string]int
	for more && ok {
		if seen, ok = p.member(from, firstName, seen); ok {
			more, ok = p.next('}')
		}
	}
	p.close(Value{Kind: Object, Names: p.arena.copyNames(p.names[firstName:])}, from)
	p.names = p.names[:firstName]
	return ok
}

// close replaces the values from from on by the array or object that they are
// in.
func (p *parser) close(v Value, from int) {
	v.Items = p.arena.copyItems(p.stack[from:])
	p.stack = append(p.stack[:from], v)
}

// manyMembers is from when on an object's names are looked up in a map.
const manyMembers = 16

// member pushes one member of the object whose values and names begin at from
// and firstName.
func (p *parser) member(from, firstName int, seen map[string]int) (map[string]int, bool) {
	if p.pos >= len(p.text) || p.text[p.pos] != '"' {
		return seen, p.fail("no member name where one should be")
	}
	name, ok := p.string()
	if !ok {
		return seen, false
	}
	if p.space(); p.pos >= len(p.text) || p.text[p.pos] != ':' {
		return seen, p.fail("no colon after a member name")
	}
	p.pos++
	p.space()
	if !p.value() {
		return seen, false
	}
	at, seen := find(p.names[firstName:], name, seen)
	if at >= 0 {
		last := len(p.stack) - 1
		p.stack[from+at] = p.stack[last]
		p.stack = p.stack[:last]
		return seen, true
	}
	p.names = append(p.names, name)
	return seen, true
}

// find is where name is among names, or -1, after which it is taken for
// appended. seen is the map of many names, made when there are.
func find(names []string, name string, seen map[string]int) (int, map[string]int) {
	if len(names) < manyMembers {
		for i := range names {
			if names[i] == name {
				return i, nil
			}
		}
		return -1, nil
	}
	if seen == nil {
		seen = make(map[string]int, 4*manyMembers)
		for i, n := range names {
			seen[n] = i
		}
	}
	if i, ok := seen[name]; ok {
		return i, seen
	}
	seen[name] = len(names)
	return -1, seen
}

// string reads the string that begins here.
func (p *parser) string() (string, bool) {
	p.pos++
	from, ascii := p.pos, true
	for i := from; i < len(p.text); i++ {
		if plain[p.text[i]] {
			continue
		}
		switch c := p.text[i]; {
		case c == '"':
			p.pos = i + 1
			return clean(p.text[from:i], ascii), true
		case c == '\\':
			return p.escaped(from, i)
		case c < ' ':
			p.pos = i
			return "", p.fail("a control character within a string")
		default:
			ascii = false
		}
	}
	p.pos = len(p.text)
	return "", p.fail("the text ends within a string")
}

// plain are the bytes of a string that nothing needs to be done about.
var plain = func() (t [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// clean is s with U+FFFD for each byte that is no UTF-8.
func clean(s string, ascii bool) string {
	if ascii || utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

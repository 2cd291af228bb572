package jsonpath

import (
	"fmt"
	"strconv"
	"strings"
)

// Bounds of a path's text: longer or more deeply nested ones are refused.
const (
	maxPathBytes = 16 << 10
	maxPathDepth = 32
)

// PathError is why a path can't be compiled.
type PathError struct {
	Path   string
	Offset int // in bytes, from 0
	Reason string
}

func (e *PathError) Error() string {
	return fmt.Sprintf("JSONPath %q: at character %d: %s", e.Path, e.Offset+1, e.Reason)
}

// Compile reads a path as Jayway does: $.store.book[0]['title'], and "$."
// goes before one that begins with neither $ nor @. The error is a
// *PathError.
//
// What Jayway compiles and then can never run is refused: functions that don't
// exist, steps behind a function without arguments. So are arguments that are
// neither JSON nor a path, which it drops. Its other oddities are kept: a name
// may follow a bracket without a dot, and a single character there counts for
// nothing, as does the step of a slice.
func Compile(path string) (*Path, error) {
	return compile(path, 0)
}

// compile compiles a path that stands so many levels deep in others.
func compile(path string, depth int) (*Path, error) {
	c := compiler{source: path, text: strings.TrimRight(path, " "), depth: depth}
	if c.text == "" {
		return nil, c.fail("the path is empty")
	}
	if len(path) > maxPathBytes || depth > maxPathDepth {
		return nil, &PathError{path[:min(len(path), 64)], 0, "the path is too long or nested too deeply"}
	}
	if c.text[0] != '$' && c.text[0] != '@' {
		c.text, c.shift = "$."+c.text, 2
	}
	if err := c.compile(); err != nil {
		return nil, err
	}
	if len(c.tokens) == 2 && c.tokens[0].kind == scan && c.tokens[1].kind == called {
		return nil, c.fail("a function behind '..' has nothing that was found to work on") // Jayway fails when it looks
	}
	return newPath(invertScan(c.tokens), c.text[0] == '$'), nil
}

// invertScan makes $..a.sum() a call on the whole document with $..a as its
// argument, as Jayway does: a function at the end of a deep scan sees all that
// was found at once.
func invertScan(tokens []token) []token {
	last := len(tokens) - 1
	if last < 1 || tokens[0].kind != scan || tokens[last].kind != called {
		return tokens
	}
	name := tokens[last].call.name
	return []token{{kind: called, call: newCall(name, []argument{{path: newPath(tokens[:last:last], true)}})}}
}

// compiler reads the text of one path.
type compiler struct {
	source string
	text   string
	shift  int // bytes of text that are not in source
	pos    int
	depth  int
	tokens []token
}

func (c *compiler) fail(format string, args ...any) error {
	return &PathError{c.source, max(c.pos-c.shift, 0), fmt.Sprintf(format, args...)}
}

// peek is the character at the position, 0 at the end.
func (c *compiler) peek() byte { return c.peekAt(c.pos) }

func (c *compiler) peekAt(i int) byte {
	if i < len(c.text) {
		return c.text[i]
	}
	return 0
}

// blanks passes over blanks, which are spaces only.
func (c *compiler) blanks() {
	for c.peek() == ' ' {
		c.pos++
	}
}

// take passes over b and the blanks before it, if it comes next.
func (c *compiler) take(b byte) bool {
	was := c.pos
	c.blanks()
	if c.peek() == b {
		c.pos++
		return true
	}
	c.pos = was
	return false
}

func (c *compiler) compile() error {
	c.pos = 1
	for c.pos < len(c.text) {
		var err error
		switch c.peek() {
		case '.':
			err = c.dot()
		case '[':
			err = c.bracket()
		default:
			err = c.stray()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// stray reads what follows a bracket, a wildcard or a function without a dot.
func (c *compiler) stray() error {
	switch {
	case len(c.tokens) == 0 || c.peek() == ' ':
		return c.fail("expected '.' or '[' instead of %q", c.text[c.pos])
	case c.pos == len(c.text)-1:
		c.pos++
		return nil
	case c.peek() == '*':
		c.pos++
		c.tokens = append(c.tokens, token{kind: wildcard})
		return nil
	}
	return c.word()
}

// dot reads what stands after one or two dots.
func (c *compiler) dot() error {
	c.pos++
	if c.peek() == '.' {
		c.pos++
		c.tokens = append(c.tokens, token{kind: scan})
	}
	switch c.peek() {
	case 0:
		return c.fail("the path ends with a dot")
	case '.':
		return c.fail("too many dots")
	case ' ':
		return c.fail("a name with blanks is written ['a name']")
	case '[':
		return c.bracket()
	case '*':
		c.pos++
		c.tokens = append(c.tokens, token{kind: wildcard})
		return nil
	}
	return c.word()
}

// word reads a name or a function call.
func (c *compiler) word() error {
	from := c.pos
	for c.pos < len(c.text) {
		switch c.text[c.pos] {
		case ' ':
			return c.fail("a name with blanks is written ['a name']")
		case '(':
			return c.function(c.text[from:c.pos])
		case '.', '[':
			c.tokens = append(c.tokens, token{kind: property, name: c.text[from:c.pos]})
			return nil
		}
		c.pos++
	}
	c.tokens = append(c.tokens, token{kind: property, name: c.text[from:]})
	return nil
}

// bracket reads [...].
func (c *compiler) bracket() error {
	start := c.pos
	c.pos++
	c.blanks()
	var err error
	switch b := c.peek(); {
	case b == '\'' || b == '"':
		err = c.quoted(b)
	case b == '*':
		c.pos++
		c.tokens = append(c.tokens, token{kind: wildcard})
	case b == '?':
		c.pos++
		err = c.filter()
	case '0' <= b && b <= '9' || b == '-' || b == ':':
		err = c.numbers()
	default:
		err = c.fail("expected ?, a quote, a number or * after '['")
	}
	if err == nil && !c.take(']') {
		err = c.fail("no ']' for the '[' at character %d", start-c.shift+1)
	}
	return err
}

// quoted reads the names of ['a','b'].
func (c *compiler) quoted(quote byte) error {
	t := token{kind: property}
	for {
		name, err := c.string(quote)
		if err != nil {
			return err
		}
		t.names = append(t.names, name)
		if !c.take(',') {
			break
		}
		if c.blanks(); c.peek() != quote {
			return c.fail("expected %c", quote)
		}
	}
	if t.name = t.names[0]; len(t.names) > 1 {
		t.kind = properties
	}
	c.tokens = append(c.tokens, t)
	return nil
}

// string reads a string in quotes.
func (c *compiler) string(quote byte) (string, error) {
	from := c.pos + 1
	for i := from; i < len(c.text); i++ {
		switch c.text[i] {
		case '\\':
			i++
		case quote:
			c.pos = i + 1
			return c.unescape(c.text[from:i])
		}
	}
	return "", c.fail("no %c at the end of a string", quote)
}

// unescape reads Java's escapes: \n, \t, \u00e4 …; of any other the character
// after the backslash stays.
func (c *compiler) unescape(s string) (string, error) {
	if strings.IndexByte(s, '\\') < 0 {
		return s, nil
	}
	var p parser
	for i := 0; i < len(s); {
		if s[i] != '\\' || i+1 == len(s) {
			p.plain.WriteByte(s[i])
			i++
			continue
		}
		size := p.escape(s[i:])
		if size == 0 && s[i+1] == 'u' {
			return "", c.fail("%q holds a \\u without four hexadecimal digits", s)
		}
		if size == 0 {
			p.plain.WriteByte(s[i+1])
			size = 2
		}
		i += size
	}
	return p.plain.String(), nil
}

// numbers reads [1], [1,2], [1:2].
func (c *compiler) numbers() error {
	end := strings.IndexByte(c.text[c.pos:], ']')
	if end < 0 {
		return c.fail("no ']' after a number")
	}
	text := strings.TrimRight(c.text[c.pos:c.pos+end], " ")
	var t token
	var err error
	if strings.Contains(text, ":") {
		t, err = c.slice(text)
	} else {
		t, err = c.indexes(text)
	}
	if err != nil {
		return err
	}
	c.tokens = append(c.tokens, t)
	c.pos += end
	return nil
}

func (c *compiler) indexes(text string) (token, error) {
	t := token{kind: index}
	for piece := range strings.SplitSeq(text, ",") {
		n, err := strconv.ParseInt(strings.Trim(piece, " "), 10, 32)
		if err != nil {
			return t, c.fail("%q is no index", piece)
		}
		t.indexes = append(t.indexes, int(n))
	}
	if t.index = t.indexes[0]; len(t.indexes) > 1 {
		t.kind = indexes
	}
	return t, nil
}

// slice reads from:to, of which one may be left out. A third number, a step,
// has no effect.
func (c *compiler) slice(text string) (token, error) {
	t := token{kind: slice}
	ends := strings.Split(text, ":")
	if ends[0] == "" && ends[1] == "" {
		return t, c.fail("[%s] is no slice: it needs a number", text)
	}
	for i, at := range []**int{&t.from, &t.to} {
		if ends[i] == "" {
			continue
		}
		n, err := strconv.ParseInt(ends[i], 10, 32)
		if err != nil {
			return t, c.fail("%q is no index", ends[i])
		}
		v := int(n)
		*at = &v
	}
	return t, nil
}

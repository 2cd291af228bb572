package vtl

import (
	"errors"
	"sort"
	"strings"
)

// parser reads one text: the template, or a string with references in it.
type parser struct {
	*compiler
	src   string
	pos   int
	base  position // where src begins in the template
	lines []int    // where the lines after the first begin
	inner bool     // a string's text
	open  bool     // the text ends in a $ or # that stands alone
	named int      // where the last reference that ends in a name ends: $a.b
	lone  int      // up to there no $ begins a reference
}

// at is the place of byte i.
func (p *parser) at(i int) position {
	n := sort.SearchInts(p.lines, i+1)
	if n == 0 {
		return position{p.base.line, p.base.column + i}
	}
	return position{p.base.line + n, i - p.lines[n-1] + 1}
}

func (p *parser) fail(i int, err error) error { return placed(err, p.at(i)) }

func (p *parser) rest() string { return p.src[p.pos:] }

// ending says what closed a block.
type ending uint8

const (
	endOfText ending = iota
	endDirective
	elseDirective
	elseifDirective
)

// template reads all of the text.
func (p *parser) template() ([]node, error) {
	start := p.pos
	nodes, end, err := p.block()
	switch {
	case err != nil:
	case end != endOfText:
		err = p.fail(p.last(start), unexpected(p.src[p.last(start):p.pos]))
	case p.open && !p.inner:
		err = p.fail(len(p.src)-1, errors.New("Velocity can't read a template that ends in $ or #"))
	}
	return nodes, err
}

// last is where the directive that was just read begins.
func (p *parser) last(start int) int {
	return max(start, strings.LastIndexByte(p.src[:p.pos], '#'))
}

// block reads statements up to the directive that closes them, and over it;
// after #elseif the parser stands at its parenthesis.
func (p *parser) block() ([]node, ending, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxNesting {
		return nil, 0, p.fail(p.pos, errDepth)
	}
	var b blockBuilder
	for p.pos < len(p.src) {
		n, end, err := p.statement()
		if err != nil || end != endOfText {
			return b.done(), end, err
		}
		b.add(n)
	}
	return b.done(), endOfText, nil
}

// blockBuilder collects the nodes of a block, of texts that follow each other
// one.
type blockBuilder struct {
	nodes []node
	text  strings.Builder // what stands after nodes
}

func (b *blockBuilder) add(n node) {
	text, ok := n.(*textNode)
	switch {
	case ok:
		b.text.WriteString(text.text)
	case n != nil:
		b.nodes = append(b.done(), n)
	}
}

func (b *blockBuilder) done() []node {
	if b.text.Len() > 0 {
		b.nodes = append(b.nodes, &textNode{text: b.text.String()})
		b.text.Reset()
	}
	return b.nodes
}

func (p *parser) statement() (node, ending, error) {
	if n := setLength(p.rest()); n > 0 {
		s, err := p.set(n)
		return s, endOfText, err
	}
	switch p.src[p.pos] {
	case '$':
		n, err := p.dollar()
		return n, endOfText, err
	case '\\':
		n, err := p.backslash()
		return n, endOfText, err
	case '#':
		return p.hash()
	}
	end := strings.IndexAny(p.rest(), "$#\\")
	if end < 0 {
		end = len(p.src) - p.pos
	}
	return p.literal(end), endOfText, nil
}

// literal takes n bytes as text.
func (p *parser) literal(n int) node {
	p.pos += n
	return &textNode{text: p.src[p.pos-n : p.pos]}
}

// setLength is the length of `#set(` with the blanks before it, which #set
// takes away with it when nothing but a directive or reference precedes them; 0
// when s doesn't begin so.
func setLength(s string) int {
	i := blanks(s, 0)
	switch {
	case strings.HasPrefix(s[i:], "#set"):
		i += len("#set")
	case strings.HasPrefix(s[i:], "#{set}"):
		i += len("#{set}")
	default:
		return 0
	}
	for i < len(s) && s[i] == ' ' {
		i++
	}
	if i < len(s) && s[i] == '(' {
		return i + 1
	}
	return 0
}

// blanks is the first byte from i on that is no blank or tab.
func blanks(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\t') {
		i++
	}
	return i
}

// newline is the length of a line break at the beginning of s.
func newline(s string) int {
	switch {
	case strings.HasPrefix(s, "\r\n"):
		return 2
	case strings.HasPrefix(s, "\n"), strings.HasPrefix(s, "\r"):
		return 1
	}
	return 0
}

// gobble goes over blanks and one line break after a directive, if there is one.
func (p *parser) gobble() {
	i := blanks(p.src, p.pos)
	if n := newline(p.src[i:]); n > 0 {
		p.pos = i + n
	}
}

// hash reads what begins with #.
func (p *parser) hash() (node, ending, error) {
	rest := p.rest()
	switch {
	case strings.HasPrefix(rest, "##") && p.named == p.pos:
		return p.hashes()
	case strings.HasPrefix(rest, "##"):
		p.comment()
		return nil, endOfText, nil
	case strings.HasPrefix(rest, "#*"):
		if p.over("#*", "*#") != nil {
			p.pos = len(p.src) // an open comment takes the rest, as in Velocity
		}
		return nil, endOfText, nil
	case strings.HasPrefix(rest, "#[["):
		start := p.pos
		err := p.over("#[[", "]]#")
		if err != nil {
			return nil, endOfText, err
		}
		return &textNode{text: p.src[start+3 : p.pos-3]}, endOfText, nil
	}
	name, n := word(rest[1:])
	if n == 0 {
		p.open = len(rest) == 1
		return p.literal(1), endOfText, nil
	}
	return p.directive(name, 1+n)
}

// hashes reads the ## that follows a reference that ends in a name, which
// begins no comment: $a.b## is text, $a.b##if(true) is $a.b#if(true).
func (p *parser) hashes() (node, ending, error) {
	name, n := word(p.rest()[2:])
	if isStatement(name) || strings.HasPrefix(p.rest(), "###") {
		p.pos++
		return nil, endOfText, nil
	}
	start := p.pos
	p.pos += 2 + n
	if n > 0 {
		if _, _, err := p.arguments(); err != nil {
			return nil, endOfText, err
		}
	}
	return &textNode{text: p.src[start:p.pos]}, endOfText, nil
}

// comment goes over a comment to the end of its line, the line break included.
func (p *parser) comment() {
	end := strings.IndexAny(p.rest(), "\r\n")
	if end < 0 {
		p.pos = len(p.src)
		return
	}
	p.pos += end
	p.pos += newline(p.rest())
}

// over goes over a comment or block of text.
func (p *parser) over(opening, closing string) error {
	end := strings.Index(p.src[p.pos+len(opening):], closing)
	if end < 0 {
		return p.fail(p.pos, errors.New(opening+" isn't closed by "+closing))
	}
	p.pos += len(opening) + end + len(closing)
	return nil
}

// word reads the name of a directive, `if` or `{if}`, and says how long it is
// as written; 0 when there is none.
func word(s string) (string, int) {
	braced := strings.HasPrefix(s, "{")
	start := 0
	if braced {
		start = 1
	}
	i := start
	for i < len(s) && (isLetter(s[i]) || s[i] == '_' || s[i] == '@' || (i > start && isDigit(s[i]))) {
		i++
	}
	if i == start {
		return "", 0
	}
	if !braced {
		return s[:i], i
	}
	if i == len(s) || s[i] != '}' || s[start] == '@' {
		return "", 0
	}
	return s[start:i], i + 1
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// backslash reads backslashes and what they escape, if they do: \$a, \#if.
func (p *parser) backslash() (node, error) {
	n := 1
	for p.pos+n < len(p.src) && p.src[p.pos+n] == '\\' {
		n++
	}
	after := p.src[p.pos+n:]
	if strings.HasPrefix(after, "$") {
		return p.dollar()
	}
	name, length := "", 0
	if strings.HasPrefix(after, "#") {
		name, length = word(after[1:])
	}
	switch {
	case length == 0:
		return p.literal(n), nil
	case n%2 == 1:
		text := p.src[p.pos : p.pos+n+1+length]
		p.pos += len(text)
		if p.isDirective(name) || isStatement(name) || name == "set" {
			text = text[:n/2] + after[:1+length]
		}
		return &textNode{text: text}, nil
	}
	kept := n
	if isStatement(name) || (p.isDirective(name) && after[1] != '{') {
		kept = n / 2
	}
	p.pos += n
	return &textNode{text: strings.Repeat(`\`, kept)}, nil
}

// isStatement says whether name is part of the grammar.
func isStatement(name string) bool {
	return name == "if" || name == "else" || name == "elseif" || name == "end"
}

// isDirective says whether name is one of Velocity's directives, or a macro
// that was defined before.
func (p *parser) isDirective(name string) bool {
	switch name {
	case "foreach", "include", "parse", "macro", "literal", "evaluate", "break", "define", "stop":
		return true
	}
	return p.known[name]
}

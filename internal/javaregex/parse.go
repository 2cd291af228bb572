package javaregex

import (
	"fmt"
	"unicode/utf8"
)

// dialect is whose patterns are read.
type dialect struct{ script bool }

// flags are what (?idmsuxU) turns on.
type flags uint8

const (
	ignoreCase flags = 1 << iota
	unixLines
	multiline
	dotAll
	unicodeCase
	comments
	unicodeClass
)

// symbol is one character of a pattern.
type symbol struct {
	char   rune
	at     int  // bytes from the beginning
	quoted bool // within \Q and \E: it stands for itself
}

const eof rune = -1

type parser struct {
	text    string
	dialect dialect
	in      []symbol
	pos     int
	flags   flags
	groups  int
	names   map[string]int
	depth   int
	ranges  int
	tables  map[string]*set // properties that were looked up
	folds   folds           // nil: not asked for yet
}

// parse reads a pattern. The error is an *Error.
func parse(text string, d dialect) (root *node, p *parser, err error) {
	p = &parser{text: text, dialect: d, names: map[string]int{}, tables: map[string]*set{}}
	p.unquote()
	defer func() {
		if e, ok := recover().(*Error); ok {
			root, err = nil, e
		} else if e != nil {
			panic(e)
		}
	}()
	root = p.alternatives()
	if p.pos < len(p.in) {
		p.fail("Unmatched closing ')'")
	}
	return root, p, nil
}

// fail ends the parsing with an error at the next character.
func (p *parser) fail(format string, args ...any) {
	panic(&Error{p.text, p.offset(), fmt.Sprintf(format, args...)})
}

func (p *parser) offset() int {
	if p.pos < len(p.in) {
		return p.in[p.pos].at
	}
	return len(p.text)
}

// unquote takes the text apart, \Q and \E out.
func (p *parser) unquote() {
	quoted := false
	for at := 0; at < len(p.text); {
		c, size := utf8.DecodeRuneInString(p.text[at:])
		next := rune(0)
		if at+1 < len(p.text) {
			next = rune(p.text[at+1])
		}
		switch {
		case !p.dialect.script && c == '\\' && (!quoted && next == 'Q' || quoted && next == 'E'):
			quoted = !quoted
			at += 2
			continue
		case c == '\\' && !quoted && next == '\\':
			p.in = append(p.in, symbol{c, at, false}, symbol{next, at + 1, false})
			at += 2
			continue
		}
		p.in = append(p.in, symbol{c, at, quoted})
		at += size
	}
}

// nest counts one level more, for the caller to count back.
func (p *parser) nest() {
	if p.depth++; p.depth > maxNesting {
		p.fail("Groups and classes are nested more than %d deep", maxNesting)
	}
}

// at is the character at position pos, if it may mean something.
func (p *parser) at(pos int) rune {
	if pos >= len(p.in) || p.in[pos].quoted {
		return eof
	}
	return p.in[pos].char
}

// peek is the next character that may mean something; eof at the end and
// before a quoted one.
func (p *parser) peek() rune {
	p.skipComments()
	return p.at(p.pos)
}

// done says whether the pattern is over.
func (p *parser) done() bool {
	p.skipComments()
	return p.pos >= len(p.in)
}

func (p *parser) take(c rune) bool {
	if p.peek() != c {
		return false
	}
	p.pos++
	return true
}

// skipComments passes over blanks and comments in (?x).
func (p *parser) skipComments() {
	if p.flags&comments == 0 {
		return
	}
	for {
		c := p.at(p.pos)
		switch {
		case c == ' ' || '\t' <= c && c <= '\r':
			p.pos++
		case c == '#':
			for p.pos < len(p.in) && !p.endsLine(p.in[p.pos].char) {
				p.pos++
			}
		default:
			return
		}
	}
}

func (p *parser) endsLine(c rune) bool {
	if p.flags&unixLines != 0 {
		return c == '\n'
	}
	return isLineBreak(c)
}

func isLineBreak(c rune) bool {
	return c == '\n' || c == '\r' || c == '\u0085' || c == '\u2028' || c == '\u2029'
}

// alternatives reads X|Y up to a closing parenthesis or the end.
func (p *parser) alternatives() *node {
	p.nest()
	defer func() { p.depth-- }()
	subs := []*node{p.sequence()}
	for p.take('|') {
		subs = append(subs, p.sequence())
	}
	if len(subs) == 1 {
		return subs[0]
	}
	return &node{kind: alternate, subs: subs}
}

func (p *parser) sequence() *node {
	var subs []*node
	for !p.done() {
		c := p.peek()
		if c == '|' || c == ')' {
			break
		}
		n := p.atom(c)
		if n == nil {
			continue // flags
		}
		subs = append(subs, p.quantified(n))
	}
	switch len(subs) {
	case 0:
		return &node{}
	case 1:
		return subs[0]
	}
	return &node{kind: concat, subs: subs}
}

// atom reads what a quantifier may follow; nil for flags alone.
func (p *parser) atom(c rune) *node {
	switch c {
	case '(':
		return p.group()
	case '[':
		return p.classNode()
	case '\\':
		return p.escape()
	case '^':
		p.pos++
		return &node{kind: assertion, place: p.lineStart()}
	case '$':
		p.pos++
		return &node{kind: assertion, place: p.lineStop()}
	case '.':
		p.pos++
		return &node{kind: class, set: p.dot()}
	case '*', '+', '?':
		p.fail("Dangling meta character '%c'", c)
	case '{':
		if p.dialect.script {
			break
		}
		return &node{} // Java repeats nothing
	}
	char := p.in[p.pos].char
	p.pos++
	return p.charNode(char)
}

func (p *parser) lineStart() place {
	switch {
	case p.flags&multiline == 0:
		return textBegin
	case p.flags&unixLines != 0:
		return lineBeginUnix
	}
	return lineBegin
}

func (p *parser) lineStop() place {
	switch p.flags & (multiline | unixLines) {
	case multiline | unixLines:
		return lineEndUnix
	case multiline:
		return lineEnd
	case unixLines:
		return lastLineUnix
	}
	if p.dialect.script {
		return textEnd
	}
	return lastLine
}

func (p *parser) dot() *set {
	switch {
	case p.flags&dotAll != 0:
		return newSet().not()
	case p.flags&unixLines != 0:
		return newSet('\n', '\n').not()
	case p.dialect.script:
		return newSet('\n', '\n', '\r', '\r', '\u2028', '\u2029').not()
	}
	return newSet('\n', '\n', '\r', '\r', '\u0085', '\u0085', '\u2028', '\u2029').not()
}

// charNode is a character that stands for itself, whatever its case in (?i).
func (p *parser) charNode(c rune) *node {
	if s := p.charSet(c); len(s.ranges) > 2 || s.ranges[0] != s.ranges[1] {
		return p.setNode(s)
	}
	return &node{kind: literal, char: c}
}

func (p *parser) charSet(c rune) *set {
	switch {
	case p.flags&ignoreCase == 0:
		return newSet(c, c)
	case p.flags&unicodeCase != 0:
		return p.allFolds().ofChar(c)
	}
	return foldedASCII(c, c)
}

func (p *parser) rangeSet(lo, hi rune) *set {
	switch {
	case p.flags&ignoreCase == 0:
		return newSet(lo, hi)
	case p.flags&unicodeCase != 0:
		return p.allFolds().ofRange(lo, hi)
	}
	return foldedASCII(lo, hi)
}

func (p *parser) allFolds() folds {
	if p.folds == nil {
		p.folds = newFolds()
	}
	return p.folds
}

func (p *parser) setNode(s *set) *node {
	p.account(s)
	return &node{kind: class, set: s}
}

// account counts the ranges of a set that is used.
func (p *parser) account(s *set) {
	if p.ranges += len(s.ranges) / 2; p.ranges > maxRanges {
		p.fail("The classes have more than %d ranges", maxRanges)
	}
}

// quantified reads the quantifier behind n, if there is one.
func (p *parser) quantified(n *node) *node {
	each := n
	if n.lineBreak {
		each = &node{kind: atomic, subs: []*node{n}} // repeated, \R takes \r\n for good
	}
	r := &node{kind: repeat, subs: []*node{each}}
	switch p.peek() {
	case '?':
		r.min, r.max = 0, 1
	case '*':
		r.min, r.max = 0, unbounded
	case '+':
		r.min, r.max = 1, unbounded
	case '{':
		if !p.counts(r) {
			return n
		}
		return p.quantifierMode(r)
	default:
		return n
	}
	p.pos++
	return p.quantifierMode(r)
}

func (p *parser) quantifierMode(r *node) *node {
	switch {
	case p.take('?'):
		r.mode = lazy
	case !p.dialect.script && p.take('+'):
		r.mode = possessive
	}
	return r
}

// counts reads {n}, {n,} or {n,m}. It is false, with nothing read, where a
// script's pattern has a brace that stands for itself.
func (p *parser) counts(r *node) bool {
	from := p.pos
	p.pos++
	if c := p.at(p.pos); c < '0' || c > '9' {
		if p.dialect.script {
			p.pos = from
			return false
		}
		p.fail("Illegal repetition")
	}
	r.min = p.count()
	r.max = r.min
	if p.take(',') {
		r.max = unbounded
		if c := p.peek(); '0' <= c && c <= '9' {
			r.max = p.count()
		}
	}
	if !p.take('}') {
		if p.dialect.script {
			p.pos = from
			return false
		}
		p.fail("Unclosed counted closure")
	}
	if r.max < r.min {
		p.fail("Illegal repetition range")
	}
	return true
}

func (p *parser) count() int {
	n := 0
	for {
		c := p.peek()
		if c < '0' || c > '9' {
			return n
		}
		if n = n*10 + int(c-'0'); n >= unbounded {
			p.fail("Illegal repetition range")
		}
		p.pos++
	}
}

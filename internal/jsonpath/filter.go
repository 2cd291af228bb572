package jsonpath

import (
	"strings"

	"github.com/gatehouse/gatehouse/internal/javaregex"
)

type logic uint8

const (
	compares logic = iota
	every
	either
	not
)

// condition is a filter's expression: a comparison, or others joined.
type condition struct {
	logic logic
	parts []*condition
	left  term
	op    string
	right term
}

// term is one side of a comparison: a path, or a literal.
type term struct {
	path    *Path
	negated bool // !@.a
	literal *operand
}

// filter reads the (...) of [?(...)], of Jayway's grammar:
//
//	or       = and { "||" and }
//	and      = operand { "&&" operand }
//	operand  = relation | "(" or ")" | "!" operand
//	relation = value [ operator value ]
func (c *compiler) filter() error {
	if !c.take('(') {
		return c.fail("expected '(' after '?': predicates without an expression are for Java programs")
	}
	cond, err := c.or(c.depth)
	if err != nil {
		return err
	}
	if !c.take(')') {
		return c.fail("expected an operator or ')'")
	}
	c.tokens = append(c.tokens, token{kind: filtered, filter: cond})
	return nil
}

// word2 passes over an operator of two characters, if it comes next.
func (c *compiler) word2(op string) bool {
	was := c.pos
	c.blanks()
	if strings.HasPrefix(c.text[c.pos:], op) {
		c.pos += len(op)
		return true
	}
	c.pos = was
	return false
}

func (c *compiler) or(depth int) (*condition, error) { return c.chain(either, "||", c.and, depth) }

func (c *compiler) and(depth int) (*condition, error) { return c.chain(every, "&&", c.operand, depth) }

// chain reads parts joined by op.
func (c *compiler) chain(l logic, op string, part func(int) (*condition, error), depth int) (*condition, error) {
	first, err := part(depth)
	if err != nil {
		return nil, err
	}
	joined := &condition{logic: l, parts: []*condition{first}}
	for c.word2(op) {
		next, err := part(depth)
		if err != nil {
			return nil, err
		}
		joined.parts = append(joined.parts, next)
	}
	if len(joined.parts) == 1 {
		return first, nil
	}
	return joined, nil
}

func (c *compiler) operand(depth int) (*condition, error) {
	if depth++; depth > maxPathDepth {
		return nil, c.fail("the filter is nested too deeply")
	}
	c.blanks()
	was := c.pos
	if c.take('!') {
		if c.blanks(); c.peek() != '$' && c.peek() != '@' {
			inner, err := c.operand(depth)
			return &condition{logic: not, parts: []*condition{inner}}, err
		}
		c.pos = was
	}
	if !c.take('(') {
		return c.relation()
	}
	inner, err := c.or(depth)
	if err == nil && !c.take(')') {
		err = c.fail("expected an operator or ')'")
	}
	return inner, err
}

// operators in the order in which they are tried: longer ones first.
var operators = []string{"===", "!==", "==", "!=", "<=", ">=", "=~", "<", ">"}

// wordOperators take part in filters as words, in any case.
var wordOperators = []string{"in", "nin", "subsetof", "anyof", "noneof", "size", "empty", "contains", "all"}

// relation reads a comparison; a path alone asks whether it exists. As in
// Jayway the '!' before a path that is compared has no effect: only !(@.a == 1)
// is the opposite of @.a == 1.
func (c *compiler) relation() (*condition, error) {
	left, err := c.term()
	if err != nil {
		return nil, err
	}
	op := c.operator()
	if op == "" {
		if left.path == nil {
			return nil, c.fail("expected an operator after a literal")
		}
		return &condition{left: left, op: "exists"}, nil
	}
	right, err := c.term()
	return &condition{left: left, op: op, right: right}, err
}

// operator reads an operator, "" when none comes next.
func (c *compiler) operator() string {
	c.blanks()
	rest := c.text[c.pos:]
	if word := rest[:strings.IndexFunc(rest+" ", isOperatorEnd)]; word != "" {
		for _, op := range wordOperators {
			if strings.EqualFold(op, word) {
				c.pos += len(op)
				return op
			}
		}
		return ""
	}
	symbols := rest[:len(rest)-len(strings.TrimLeft(rest, "<>=~!"))]
	for _, op := range operators {
		if symbols == op {
			c.pos += len(op)
			return op
		}
	}
	return ""
}

// isOperatorEnd says that r can't be within an operator that is a word.
func isOperatorEnd(r rune) bool { return !letter(r) }

func letter(r rune) bool { return 'a' <= r|0x20 && r|0x20 <= 'z' }

// term reads a path or a literal.
func (c *compiler) term() (term, error) {
	c.blanks()
	var t term
	if t.negated = c.take('!'); t.negated {
		c.blanks()
	}
	var err error
	switch b := c.peek(); {
	case b == '$' || b == '@':
		t.path, err = c.innerPath()
	case t.negated:
		err = c.fail("expected a path after '!'")
	case b == '/':
		t.literal, err = c.pattern()
	default:
		var v *Value
		if v, err = c.literal(c.depth); err == nil {
			t.literal = &operand{kind: ofValue, literal: true, value: v}
		}
	}
	return t, err
}

// innerPath reads a path within a filter. It ends before a blank, an operator,
// or a parenthesis that isn't the empty one of a function.
func (c *compiler) innerPath() (*Path, error) {
	from := c.pos
	for c.pos++; c.pos < len(c.text); c.pos++ {
		b := c.text[c.pos]
		if b == '[' {
			if err := c.skipBrackets(); err != nil {
				return nil, err
			}
			continue
		}
		if b == ')' && c.text[c.pos-1] == '(' {
			continue
		}
		if b == ' ' || b == ')' || strings.IndexByte("<>=~!", b) >= 0 {
			break
		}
	}
	p, err := compile(c.text[from:c.pos], c.depth+1)
	if inner, ok := err.(*PathError); ok {
		return nil, c.fail("in the path %s: %s", c.text[from:c.pos], inner.Reason)
	}
	return p, err
}

// skipBrackets passes to the ']' of the '[' here, over strings.
func (c *compiler) skipBrackets() error {
	depth := 0
	for ; c.pos < len(c.text); c.pos++ {
		switch b := c.text[c.pos]; b {
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				return nil
			}
		case '\'', '"':
			if _, err := c.string(b); err != nil {
				return err
			}
			c.pos--
		}
	}
	return c.fail("no ']' for a '['")
}

// pattern reads /.../flags.
func (c *compiler) pattern() (*operand, error) {
	from := c.pos + 1
	end := from
	for ; end < len(c.text) && c.text[end] != '/'; end++ {
		if c.text[end] == '\\' {
			end++
		}
	}
	if end >= len(c.text) {
		return nil, c.fail("no / at the end of a pattern")
	}
	text := c.text[from:end]
	c.pos = end + 1
	flags := c.pos
	for strings.IndexByte("dixmsuU", c.peek()) >= 0 && c.peek() != 0 {
		c.pos++
	}
	if c.pos > flags {
		text = "(?" + c.text[flags:c.pos] + ")" + text
	}
	p, err := javaregex.Compile(text)
	if err != nil {
		return nil, c.fail("the pattern: %v", err)
	}
	return &operand{kind: ofPattern, pattern: p}, nil
}

package vtl

import (
	"fmt"
	"strconv"
	"strings"
)

// spaces is the first byte from i on that is no white space.
func spaces(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r') {
		i++
	}
	return i
}

func (p *parser) skip() { p.pos = spaces(p.src, p.pos) }

func (p *parser) take(token string) bool {
	if strings.HasPrefix(p.rest(), token) {
		p.pos += len(token)
		return true
	}
	return false
}

// wants is the error that something else was expected here.
func (p *parser) wants(what string) error {
	found := "the end of the template"
	if p.pos < len(p.src) {
		found = strconv.Quote(p.src[p.pos:min(p.pos+12, len(p.src))])
	}
	return p.fail(p.pos, fmt.Errorf("expected %s, found %s", what, found))
}

// operator is a binary operator of a level of precedence.
type operator struct {
	symbol, word string
	op           op
}

// levels are the operators from the weakest; of two that begin alike the
// longer one stands first.
var levels = [...][]operator{
	{{"||", "or", opOr}},
	{{"&&", "and", opAnd}},
	{{"==", "eq", opEqual}, {"!=", "ne", opUnequal}},
	{{"<=", "le", opLessEqual}, {">=", "ge", opGreaterEqual}, {"<", "lt", opLess}, {">", "gt", opGreater}},
	{{"+", "", opAdd}, {"-", "", opSubtract}},
	{{"*", "", opMultiply}, {"/", "", opDivide}, {"%", "", opModulo}},
}

func isOperator(name string) bool {
	if name == "not" {
		return true
	}
	for _, level := range levels {
		for _, o := range level {
			if o.word == name {
				return true
			}
		}
	}
	return false
}

// expression reads an expression and the white space around it.
func (p *parser) expression() (expr, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxNesting {
		return nil, p.fail(p.pos, errDepth)
	}
	return p.binary(0)
}

func (p *parser) binary(level int) (expr, error) {
	if level == len(levels) {
		return p.unary()
	}
	left, err := p.binary(level + 1)
	for n := 0; err == nil; n++ {
		start := p.pos
		o, ok := p.operator(levels[level])
		if !ok {
			return left, nil
		}
		if n > maxChain {
			return nil, p.fail(start, errDepth)
		}
		var right expr
		if right, err = p.binary(level + 1); err == nil {
			if o == opOr || o == opAnd {
				left, right = condition(left), condition(right)
			}
			left = &binaryExpr{op: o, left: left, right: right, at: p.at(start)}
		}
	}
	return nil, err
}

// maxChain bounds a + b + c + …, which nests to the left.
const maxChain = 1000

func (p *parser) operator(level []operator) (op, bool) {
	name, n := word(p.rest())
	if n > 0 && p.src[p.pos] == '{' {
		n = 0
	}
	for _, o := range level {
		if n > 0 && name == o.word {
			p.pos += n
			return o.op, true
		}
		if n == 0 && (o.op != opSubtract || !p.negative()) && p.take(o.symbol) {
			return o.op, true
		}
	}
	return 0, false
}

// negative says whether a negative number stands here: Velocity reads 2 -1 as
// two numbers, and refuses it.
func (p *parser) negative() bool {
	s := p.rest()
	return len(s) > 1 && s[0] == '-' && (isDigit(s[1]) || (len(s) > 2 && s[1] == '.' && isDigit(s[2])))
}

func (p *parser) unary() (expr, error) {
	p.skip()
	name, n := word(p.rest())
	switch {
	case n > 0 && name == "not":
		p.pos += n
	case strings.HasPrefix(p.rest(), "!") && !strings.HasPrefix(p.rest(), "!="):
		p.pos++
	default:
		return p.primary()
	}
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxNesting {
		return nil, p.fail(p.pos, errDepth)
	}
	operand, err := p.unary()
	return &notExpr{condition(operand)}, err
}

func (p *parser) primary() (expr, error) {
	p.skip()
	var e expr
	var err error
	if p.take("(") {
		if e, err = p.expression(); err == nil && !p.take(")") {
			err = p.wants(")")
		}
	} else {
		e, err = p.parameter()
	}
	p.skip()
	return e, err
}

// parameter reads what a call, list or map may hold: no operators.
func (p *parser) parameter() (expr, error) {
	p.skip()
	start := p.pos
	if start == len(p.src) {
		return nil, p.wants("a value")
	}
	switch c := p.src[start]; {
	case c == '"', c == '\'':
		return p.stringLiteral()
	case c == '[':
		return p.listOrRange()
	case c == '{':
		return p.mapLiteral()
	case c == '$', c == '\\':
		ref, err := p.reference()
		if err == nil && ref == nil {
			err = p.wants("a value")
		}
		return ref, err
	case c == '-', c == '.', isDigit(c):
		return p.number()
	}
	name, n := word(p.rest())
	if n > 0 && (name == "true" || name == "false") {
		p.pos += n
		return &literalExpr{BoolValue(name == "true")}, nil
	}
	return nil, p.wants("a value")
}

// condition is e where a truth is wanted: in Velocity only references, true,
// false, comparisons and what they are joined to can be true; #if(1) is false.
func condition(e expr) expr {
	switch e := e.(type) {
	case *refNode, *notExpr:
		return e
	case *binaryExpr:
		if e.op <= opGreaterEqual {
			return e
		}
	case *literalExpr:
		if e.value.kind == Bool {
			return e
		}
	}
	return &literalExpr{BoolValue(false)}
}

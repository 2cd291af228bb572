package vtl

import (
	"errors"
	"math/big"
	"strconv"
	"strings"

	"github.com/gatehouse/gatehouse/internal/jsonpath"
)

// number reads -1, 1.5, .5, 1e3; the dots of 1..3 are left.
func (p *parser) number() (expr, error) {
	start, i := p.pos, p.pos
	if p.src[i] == '-' {
		i++
	}
	digits := i
	for i < len(p.src) && isDigit(p.src[i]) {
		i++
	}
	whole := i > digits
	end, float := i, false
	if i < len(p.src) && p.src[i] == '.' && !strings.HasPrefix(p.src[i:], "..") {
		fraction := i + 1
		for fraction < len(p.src) && isDigit(p.src[fraction]) {
			fraction++
		}
		if whole || fraction > i+1 {
			end, float = fraction, true
		}
	}
	if e := exponent(p.src[end:]); e > 0 && (whole || float) {
		end, float = end+e, true
	}
	if end == digits {
		return nil, p.wants("a value")
	}
	if end-start > jsonpath.MaxNumber {
		return nil, p.fail(start, errors.New("the number has more digits than are allowed"))
	}
	p.pos = end
	return numberLiteral(p.src[start:end], float), nil
}

// exponent is the length of e10, E-3 at the beginning of s.
func exponent(s string) int {
	if s == "" || s[0]|0x20 != 'e' {
		return 0
	}
	i := 1
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	digits := i
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	if i == digits {
		return 0
	}
	return i
}

func numberLiteral(text string, float bool) expr {
	if float {
		f, _ := strconv.ParseFloat(text, 64)
		return &literalExpr{decimalValue(f)}
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return &literalExpr{IntegerValue(n)}
	}
	n, _ := new(big.Int).SetString(text, 10)
	return &literalExpr{bigValue(n)}
}

// listOrRange reads [a, b] or [1..5].
func (p *parser) listOrRange() (expr, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxNesting {
		return nil, p.fail(p.pos, errDepth)
	}
	start := p.pos
	p.pos++
	list := &listExpr{}
	if p.take("]") {
		return list, nil
	}
	for {
		item, err := p.parameter()
		if err != nil {
			return nil, err
		}
		p.skip()
		if len(list.items) == 0 && p.take("..") {
			return p.rangeEnd(start, item)
		}
		list.items = append(list.items, item)
		if p.take("]") {
			return list, nil
		}
		if !p.take(",") {
			return nil, p.wants("] or ,")
		}
	}
}

func (p *parser) rangeEnd(start int, from expr) (expr, error) {
	to, err := p.parameter()
	if err != nil {
		return nil, err
	}
	p.skip()
	if !p.take("]") {
		return nil, p.wants("]")
	}
	if !isBound(from) || !isBound(to) {
		return nil, p.fail(start, errors.New("a range has integers or references: [1..$n]"))
	}
	return &rangeExpr{from: from, to: to}, nil
}

func isBound(e expr) bool {
	switch e := e.(type) {
	case *refNode:
		return true
	case *literalExpr:
		return e.value.kind == Integer
	}
	return false
}

func (p *parser) mapLiteral() (expr, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxNesting {
		return nil, p.fail(p.pos, errDepth)
	}
	p.pos++
	p.skip()
	m := &mapExpr{}
	if p.take("}") {
		return m, nil
	}
	for {
		key, err := p.parameter()
		if err != nil {
			return nil, err
		}
		p.skip()
		if !p.take(":") {
			return nil, p.wants(":")
		}
		value, err := p.parameter()
		if err != nil {
			return nil, err
		}
		m.keys, m.values = append(m.keys, key), append(m.values, value)
		p.skip()
		if p.take("}") {
			return m, nil
		}
		if !p.take(",") {
			return nil, p.wants("} or ,")
		}
	}
}

// stringLiteral reads "with $references" or 'without'. Two quotes stand for
// one; a backslash escapes nothing but in \u0041.
func (p *parser) stringLiteral() (expr, error) {
	start, quote := p.pos, p.src[p.pos]
	end := stringEnd(p.rest())
	if end < 0 {
		return nil, p.fail(start, errors.New("a string isn't closed"))
	}
	p.pos += end
	text := p.src[start+1 : p.pos-1]
	doubled := string([]byte{quote, quote})
	raw := text
	if quote == '"' {
		var err error
		if text, err = unescape(text); err != nil {
			return nil, p.fail(start, err)
		}
	}
	text = strings.ReplaceAll(text, doubled, doubled[:1])
	if quote == '\'' || !strings.ContainsAny(raw, "$#") {
		return &literalExpr{StringValue(text)}, nil
	}
	at := p.at(start)
	at.column++
	inner := p.compiler.parser(text, at)
	inner.inner = true
	nodes, err := inner.template()
	if err != nil {
		return nil, err
	}
	if constant := constantText(nodes); constant != nil {
		return &literalExpr{StringValue(string(constant))}, nil
	}
	return &stringExpr{nodes: nodes, at: p.at(start)}, nil
}

// stringEnd is the length of the string that s begins with, the longest that
// is possible; -1 when it isn't closed.
func stringEnd(s string) int {
	quote, end := s[0], -1
	for i := 1; i < len(s); i++ {
		if s[i] != quote {
			continue
		}
		end = i + 1
		if i+1 == len(s) || s[i+1] != quote {
			break
		}
		i++
	}
	return end
}

// unescape replaces \u0041.
func unescape(text string) (string, error) {
	if !strings.Contains(text, `\u`) {
		return text, nil
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, `\u`)
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		if len(after) < 4 {
			return "", errors.New(`\u in a string wants four hexadecimal digits`)
		}
		n, err := strconv.ParseUint(after[:4], 16, 16)
		if err != nil {
			return "", errors.New(`\u in a string wants four hexadecimal digits`)
		}
		b.WriteRune(rune(n))
		text = after[4:]
	}
}

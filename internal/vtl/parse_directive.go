package vtl

import (
	"errors"
	"fmt"
	"strings"
)

// directive reads the directive name, n bytes as written.
func (p *parser) directive(name string, n int) (node, ending, error) {
	start := p.pos
	switch name {
	case "end", "else":
		p.pos += n
		p.gobble()
		if name == "end" {
			return nil, endDirective, nil
		}
		return nil, elseDirective, nil
	case "elseif":
		p.pos += n
		return nil, elseifDirective, nil
	case "if":
		p.pos += n
		s, err := p.ifElse(start)
		return s, endOfText, err
	}
	s, err := p.pluggable(name, start, n)
	return s, endOfText, err
}

// pluggable reads all directives that aren't part of Velocity's grammar.
func (p *parser) pluggable(name string, start, n int) (node, error) {
	if refused(name) {
		return nil, p.fail(start, fmt.Errorf("#%s isn't available in API Gateway's templates", name))
	}
	p.pos += n
	args, given, err := p.arguments()
	if err != nil {
		return nil, err
	}
	d := directive{name: name, start: start, at: p.at(start), args: args, given: given}
	switch name {
	case "foreach":
		return p.foreach(d)
	case "macro":
		return nil, p.macro(d)
	case "define":
		return p.define(d)
	case "literal":
		return p.literalBlock(d)
	case "break", "stop":
		return p.jump(d)
	}
	if strings.HasPrefix(name, "@") {
		return p.blockCall(d)
	}
	return p.call(d), nil
}

// directive is a directive's head.
type directive struct {
	name  string
	start int
	at    position
	args  []directiveArg
	given bool // there are parentheses
}

// directiveArg is an argument: a value, or a plain word.
type directiveArg struct {
	value expr
	word  string
	at    int
}

// arguments reads `( a, b c )`, if it is there, blanks and line breaks before
// it included.
func (p *parser) arguments() (args []directiveArg, given bool, err error) {
	i := spaces(p.src, p.pos)
	if i == len(p.src) || p.src[i] != '(' {
		return nil, false, nil
	}
	p.pos = i + 1
	for {
		p.skip()
		if p.take(")") {
			p.gobble()
			return args, true, nil
		}
		if len(args) > 0 && p.take(",") {
			p.skip()
		}
		arg, err := p.directiveArg()
		if err != nil {
			return nil, true, err
		}
		args = append(args, arg)
	}
}

func (p *parser) directiveArg() (directiveArg, error) {
	arg := directiveArg{at: p.pos}
	if name, n := word(p.rest()); n > 0 && p.src[p.pos] != '{' && name != "true" && name != "false" {
		if isOperator(name) {
			return arg, p.fail(p.pos, unexpected(name))
		}
		p.pos += n
		arg.word = name
		return arg, nil
	}
	var err error
	arg.value, err = p.parameter()
	return arg, err
}

// body reads a directive's block up to its #end.
func (p *parser) body(d directive) ([]node, error) {
	nodes, end, err := p.block()
	if err != nil {
		return nil, err
	}
	if end != endDirective {
		return nil, p.fail(d.start, unclosed(d.name))
	}
	return nodes, nil
}

// source is the text from start to where the parser stands, without the line
// break that a directive takes with it.
func (p *parser) source(start int) string {
	return strings.TrimRight(p.src[start:p.pos], " \t\r\n")
}

func (p *parser) ifElse(start int) (node, error) {
	n := &ifNode{}
	for {
		branch, err := p.condition(start)
		if err != nil {
			return nil, err
		}
		var end ending
		branch.body, end, err = p.block()
		if err != nil {
			return nil, err
		}
		n.branches = append(n.branches, branch)
		switch end {
		case elseDirective:
			n.otherwise, end, err = p.block()
			if err == nil && end != endDirective {
				err = p.fail(start, unclosed("if"))
			}
			return n, err
		case elseifDirective:
			start = p.last(start)
		case endDirective:
			return n, nil
		default:
			return nil, p.fail(start, unclosed("if"))
		}
	}
}

// condition reads `( expression )` of an #if or #elseif that begins at start.
func (p *parser) condition(start int) (branch, error) {
	b := branch{at: p.at(start)}
	p.skip()
	if !p.take("(") {
		return b, p.fail(start, errors.New("#if and #elseif want a condition in parentheses"))
	}
	var err error
	if b.condition, err = p.expression(); err != nil {
		return b, err
	}
	if !p.take(")") {
		return b, p.wants(")")
	}
	b.condition = condition(b.condition)
	b.source = p.src[start:p.pos]
	p.gobble()
	return b, nil
}

// set reads `#set( $a = expression )`; n bytes lead up to its inside.
func (p *parser) set(n int) (node, error) {
	start := p.pos + blanks(p.rest(), 0)
	p.pos += n
	p.skip()
	s := &setNode{at: p.at(start)}
	target, err := p.reference()
	if err != nil {
		return nil, err
	}
	if target == nil {
		return nil, p.wants("a reference to set")
	}
	s.target = target
	if len(target.path) == 0 {
		p.assign(target.slot)
	}
	p.skip()
	if !p.take("=") || strings.HasPrefix(p.rest(), "=") {
		return nil, p.wants("=")
	}
	if s.value, err = p.expression(); err != nil {
		return nil, err
	}
	if !p.take(")") {
		return nil, p.wants(")")
	}
	s.source = p.src[start:p.pos]
	p.gobble()
	return s, nil
}

func (p *parser) foreach(d directive) (node, error) {
	usage := errors.New("#foreach wants ($element in $list)")
	if len(d.args) != 3 || d.args[1].word == "" {
		return nil, p.fail(d.start, usage)
	}
	element, ok := d.args[0].value.(*refNode)
	if !ok || d.args[2].value == nil {
		return nil, p.fail(d.start, usage)
	}
	n := &foreachNode{at: d.at, source: p.source(d.start), element: element.slot, list: d.args[2].value}
	p.assign(element.slot)
	p.loops = append(p.loops, n)
	var err error
	n.body, err = p.body(d)
	return n, err
}

func (p *parser) macro(d directive) error {
	if len(d.args) == 0 || d.args[0].word == "" {
		return p.fail(d.start, errors.New("#macro wants (name $argument ...)"))
	}
	m := &macro{name: d.args[0].word}
	for _, arg := range d.args[1:] {
		ref, ok := arg.value.(*refNode)
		if !ok {
			return p.fail(arg.at, errors.New("an argument of #macro is a reference"))
		}
		p.assign(ref.slot)
		m.params = append(m.params, ref.slot)
	}
	var err error
	if m.body, err = p.body(d); err != nil {
		return err
	}
	if p.known == nil {
		p.known = make(map[string]bool)
	}
	p.known[m.name] = true
	if p.macros[m.name] == nil { // the first one counts, as in Velocity
		p.macros[m.name] = m
	}
	return nil
}

func (p *parser) define(d directive) (node, error) {
	if len(d.args) != 1 {
		return nil, p.fail(d.start, errors.New("#define wants ($name)"))
	}
	ref, ok := d.args[0].value.(*refNode)
	if !ok {
		return nil, p.fail(d.start, errors.New("#define wants ($name)"))
	}
	p.assign(ref.slot)
	n := &defineNode{at: d.at, source: p.source(d.start), slot: ref.slot}
	var err error
	n.body, err = p.body(d)
	return n, err
}

// literalBlock is `#literal() ... #end`, the old form of #[[ ... ]]#.
func (p *parser) literalBlock(d directive) (node, error) {
	if !d.given {
		return nil, p.fail(d.start, errors.New("#literal wants ()"))
	}
	start := p.pos
	if _, err := p.body(d); err != nil {
		return nil, err
	}
	return &textNode{text: p.src[start:p.last(start)]}, nil
}

func (p *parser) jump(d directive) (node, error) {
	n := &jumpNode{at: d.at, source: p.source(d.start), stop: d.name == "stop"}
	if len(d.args) > 1 || (len(d.args) == 1 && d.args[0].value == nil) {
		return nil, p.fail(d.start, fmt.Errorf("#%s takes one value at most", d.name))
	}
	if len(d.args) == 1 {
		n.scope = d.args[0].value
	}
	return n, nil
}

// call is a macro's call, or text that looks like one.
func (p *parser) call(d directive) *callNode {
	n := &callNode{at: d.at, name: d.name, source: p.src[d.start:p.pos]}
	for _, arg := range d.args {
		if arg.value == nil && n.invalid == "" {
			n.invalid = arg.word
		}
		n.args = append(n.args, arg.value)
	}
	p.calls = append(p.calls, n)
	return n
}

// blockCall is `#@name(...) body #end`: a macro that gets the body as
// $bodyContent.
func (p *parser) blockCall(d directive) (node, error) {
	if !d.given {
		return p.textOf(d), nil
	}
	n := p.call(d)
	n.name = d.name[1:]
	n.hasBody = true
	n.bodySlot = p.slot("bodyContent")
	p.assign(n.bodySlot)
	var err error
	n.body, err = p.body(d)
	n.source = p.src[d.start:p.pos]
	return n, err
}

func (p *parser) textOf(d directive) node {
	return &textNode{text: p.src[d.start:p.pos]}
}

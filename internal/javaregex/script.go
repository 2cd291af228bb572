package javaregex

import "unicode"

// CompileScript reads a pattern of ECMA-262 (3rd edition, no flags), as the
// JSON Schema validators of Java do, which hand their patterns to a script
// engine: $ is the end of the text, \b and \w are ASCII, \s isn't, there are
// neither flags nor look-behind, and a brace or escape that means nothing
// stands for itself. The error is an *Error.
func CompileScript(pattern string) (*Pattern, error) {
	return compile(pattern, dialect{script: true})
}

// scriptClass reads a class from behind its bracket: [] matches nothing, [^]
// everything, and classes don't nest.
func (p *parser) scriptClass() *set {
	negated := p.at(p.pos) == '^'
	if negated {
		p.pos++
	}
	all := union{p: p}
	for p.at(p.pos) != ']' {
		if p.done() {
			p.fail("Unclosed character class")
		}
		all.add(p.scriptMember())
	}
	p.pos++
	if negated {
		return all.set().not()
	}
	return all.set()
}

// scriptSpaces is \s: WhiteSpace and LineTerminator.
func scriptSpaces() *set {
	return newSet('\t', '\r', ' ', ' ', 0xA0, 0xA0, 0xFEFF, 0xFEFF, 0x2028, 0x2029).or(tableSet(unicode.Zs))
}

// scriptMember reads a character, a range or an escape. A dash beside an
// escape of many characters stands for itself.
func (p *parser) scriptMember() *set {
	lo, s := p.scriptClassAtom()
	if s != nil || p.at(p.pos) != '-' || p.at(p.pos+1) == ']' || p.pos+1 >= len(p.in) {
		if s != nil {
			return s
		}
		return newSet(lo, lo)
	}
	p.pos++
	hi, s := p.scriptClassAtom()
	switch {
	case s != nil:
		return s.or(newSet(lo, lo, '-', '-'))
	case hi < lo:
		p.fail("Illegal character range")
	}
	return newSet(lo, hi)
}

func (p *parser) scriptClassAtom() (rune, *set) {
	c := p.in[p.pos].char
	p.pos++
	if c != '\\' {
		return c, nil
	}
	if p.pos >= len(p.in) {
		p.fail("Unclosed character class")
	}
	if s := p.predefined(p.in[p.pos].char); s != nil {
		return 0, s
	}
	if p.in[p.pos].char == 'b' {
		p.pos++
		return '\b', nil
	}
	return p.escapedChar(), nil
}

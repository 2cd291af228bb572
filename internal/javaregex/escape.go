package javaregex

import "unicode/utf16"

// escape reads what begins with a backslash, outside of classes.
func (p *parser) escape() *node {
	p.pos++
	if p.pos >= len(p.in) {
		p.fail("Unexpected internal error")
	}
	c := p.in[p.pos].char
	if where, ok := p.boundary(c); ok {
		p.pos++
		if c == 'b' && !p.dialect.script && p.at(p.pos) == '{' && p.at(p.pos+1) == 'g' {
			p.fail("\\b{g} is not supported")
		}
		return &node{kind: assertion, place: where}
	}
	if s := p.predefined(c); s != nil {
		return p.setNode(s)
	}
	switch {
	case c == 'R' && !p.dialect.script:
		p.pos++
		return lineBreak()
	case c == 'k' && !p.dialect.script:
		p.pos++
		return p.namedReference()
	case '1' <= c && c <= '9':
		return p.reference()
	case (c == 'X' || c == 'N') && !p.dialect.script:
		p.fail("\\%c is not supported", c)
	}
	return p.charNode(p.escapedChar())
}

func (p *parser) boundary(c rune) (place, bool) {
	if p.dialect.script {
		switch c {
		case 'b':
			return wordEdgeASCII, true
		case 'B':
			return noWordEdgeASCII, true
		}
		return 0, false
	}
	wide := p.flags&unicodeClass != 0
	switch {
	case c == 'A':
		return textBegin, true
	case c == 'z':
		return textEnd, true
	case c == 'Z' && p.flags&unixLines != 0:
		return lastLineUnix, true
	case c == 'Z':
		return lastLine, true
	case c == 'G':
		return lastMatch, true
	case c == 'b' && wide:
		return wordEdgeU, true
	case c == 'b':
		return wordEdge, true
	case c == 'B' && wide:
		return noWordEdgeU, true
	case c == 'B':
		return noWordEdge, true
	}
	return 0, false
}

// lineBreak is \R.
func lineBreak() *node {
	crlf := &node{kind: concat, subs: []*node{{kind: literal, char: '\r'}, {kind: literal, char: '\n'}}}
	one := &node{kind: class, set: verticalSpace()}
	return &node{kind: group, lineBreak: true, subs: []*node{{kind: alternate, subs: []*node{crlf, one}}}}
}

// reference reads a back-reference: as many digits as there are groups for.
func (p *parser) reference() *node {
	number := int(p.in[p.pos].char - '0')
	p.pos++
	for {
		c := p.at(p.pos)
		if c < '0' || c > '9' || number*10+int(c-'0') > p.groups {
			break
		}
		number = number*10 + int(c-'0')
		p.pos++
	}
	return p.backref(number)
}

func (p *parser) namedReference() *node {
	if p.at(p.pos) != '<' {
		p.fail("\\k is not followed by '<' for named capturing group")
	}
	p.pos++
	name := p.groupName()
	number, ok := p.names[name]
	if !ok {
		p.fail("named capturing group <%s> does not exist", name)
	}
	return p.backref(number)
}

func (p *parser) backref(number int) *node {
	n := &node{kind: backref, group: number, loose: p.dialect.script}
	if p.flags&ignoreCase != 0 {
		n.fold = foldASCII
		if p.flags&unicodeCase != 0 {
			n.fold = foldUnicode
		}
	}
	return n
}

// escapedChar reads an escape that stands for one character, from behind its
// backslash.
func (p *parser) escapedChar() rune {
	if p.pos >= len(p.in) {
		p.fail("Unexpected internal error")
	}
	c := p.in[p.pos].char
	p.pos++
	switch c {
	case 't':
		return '\t'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 'f':
		return '\f'
	case 'v':
		return '\v' // a script's: Java's is a class
	case 'x':
		return p.hexChar()
	case 'u':
		return p.utf16Char()
	case 'c':
		return p.controlChar()
	case '0':
		return p.octalChar()
	}
	if p.dialect.script {
		return c
	}
	switch c {
	case 'a':
		return '\a'
	case 'e':
		return 0x1B
	}
	if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' {
		p.pos--
		p.fail("Illegal/unsupported escape sequence")
	}
	return c
}

func (p *parser) controlChar() rune {
	if p.pos >= len(p.in) {
		p.fail("Illegal control escape sequence")
	}
	c := p.in[p.pos].char
	p.pos++
	if p.dialect.script {
		return c % 32
	}
	return c ^ 64
}

// octalChar reads up to three octal digits: at most 0377.
func (p *parser) octalChar() rune {
	if p.dialect.script {
		return 0
	}
	n, digits := rune(0), 0
	for digits < 3 {
		c := p.at(p.pos)
		if c < '0' || c > '7' || n*8+c-'0' > 0o377 {
			break
		}
		n = n*8 + c - '0'
		p.pos++
		digits++
	}
	if digits == 0 {
		p.fail("Illegal octal escape sequence")
	}
	return n
}

func (p *parser) hexChar() rune {
	if p.at(p.pos) == '{' && !p.dialect.script {
		return p.hexBraces()
	}
	n, ok := p.hexDigits(2)
	if !ok {
		if p.dialect.script {
			return 'x'
		}
		p.fail("Illegal hexadecimal escape sequence")
	}
	return n
}

func (p *parser) hexBraces() rune {
	p.pos++
	n, digits := rune(0), 0
	for {
		d := hexDigit(p.at(p.pos))
		if d < 0 {
			break
		}
		if n = n*16 + d; n > 0x10FFFF {
			p.fail("Hexadecimal codepoint is too big")
		}
		p.pos++
		digits++
	}
	if digits == 0 {
		p.fail("Illegal hexadecimal escape sequence")
	}
	if p.at(p.pos) != '}' {
		p.fail("Unclosed hexadecimal escape sequence")
	}
	p.pos++
	return n
}

// utf16Char reads four hexadecimal digits, and those of the surrogate that
// belongs to it.
func (p *parser) utf16Char() rune {
	n, ok := p.hexDigits(4)
	if !ok {
		if p.dialect.script {
			return 'u'
		}
		p.fail("Illegal Unicode escape sequence")
	}
	if n < 0xD800 || n > 0xDBFF || p.at(p.pos) != '\\' || p.at(p.pos+1) != 'u' {
		return n
	}
	before := p.pos
	p.pos += 2
	if low, ok := p.hexDigits(4); ok && 0xDC00 <= low && low <= 0xDFFF {
		return utf16.DecodeRune(n, low)
	}
	p.pos = before
	return n
}

// hexDigits reads count digits, or none.
func (p *parser) hexDigits(count int) (rune, bool) {
	n := rune(0)
	for i := range count {
		d := hexDigit(p.at(p.pos + i))
		if d < 0 {
			return 0, false
		}
		n = n*16 + d
	}
	p.pos += count
	return n, true
}

func hexDigit(c rune) rune {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return -1
}

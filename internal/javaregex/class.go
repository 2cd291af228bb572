package javaregex

// classNode reads a class: [a-z&&[^b]].
func (p *parser) classNode() *node {
	p.pos++
	if p.dialect.script {
		return p.setNode(p.scriptClass())
	}
	return p.setNode(p.class())
}

// class reads a class from behind its bracket. A ^ negates all of it, its
// intersections too.
func (p *parser) class() *set {
	p.nest()
	defer func() { p.depth-- }()
	negated := p.at(p.pos) == '^'
	if negated {
		p.pos++
	}
	s := p.members()
	p.pos++ // the ]
	if negated {
		return s.not()
	}
	return s
}

// members reads what stands in a class, up to its bracket. && takes what is
// left of it together with the union of what is right of it.
func (p *parser) members() *set {
	p.nest()
	defer func() { p.depth-- }()
	var all *set
	add := func(s *set) {
		if all == nil {
			all = s
			return
		}
		all = all.or(s)
	}
	for {
		switch c := p.peek(); {
		case p.pos >= len(p.in):
			p.fail("Unclosed character class")
		case c == ']' && all != nil:
			return all
		case c == '[':
			p.pos++
			add(p.class())
		case c == '&' && p.at(p.pos+1) == '&':
			p.pos += 2
			all = p.intersect(all)
		default:
			add(p.member())
		}
	}
}

// intersect reads the right side of &&: up to the bracket or the next &.
func (p *parser) intersect(left *set) *set {
	var right *set
	for {
		var s *set
		switch c := p.peek(); {
		case p.pos >= len(p.in):
			p.fail("Unclosed character class")
		case c == ']' || c == '&':
			return p.both(left, right)
		case c == '[':
			p.pos++
			s = p.class()
		default:
			s = p.members()
		}
		if right != nil {
			s = right.or(s)
		}
		right = s
	}
}

func (p *parser) both(left, right *set) *set {
	switch {
	case right == nil && left == nil:
		p.fail("Bad class syntax")
	case right == nil:
		return left
	case left == nil:
		return right
	}
	return left.and(right)
}

// member reads one character, range or escape of a class.
func (p *parser) member() *set {
	if p.peek() == '\\' {
		p.pos++
		if p.pos < len(p.in) {
			if s := p.predefined(p.in[p.pos].char); s != nil {
				return s
			}
		}
		p.pos--
	}
	lo := p.classChar()
	if p.peek() != '-' {
		return p.charSet(lo)
	}
	if after := p.afterDash(); after == ']' || after == '[' {
		return p.charSet(lo)
	}
	p.pos++
	if p.done() {
		p.fail("Illegal character range")
	}
	hi := p.classChar()
	if hi < lo {
		p.fail("Illegal character range")
	}
	return p.rangeSet(lo, hi)
}

// afterDash is what follows the dash that is next.
func (p *parser) afterDash() rune {
	before := p.pos
	p.pos++
	c := p.peek()
	p.pos = before
	return c
}

// classChar reads a character of a class, escaped or not.
func (p *parser) classChar() rune {
	if p.peek() != '\\' {
		c := p.in[p.pos].char
		p.pos++
		return c
	}
	p.pos++
	switch c := p.at(p.pos); {
	case '1' <= c && c <= '9' || c == 'b' || c == 'B' || c == 'R' || c == 'v':
		p.fail("Illegal/unsupported escape sequence")
	case c == 'X' || c == 'N':
		p.fail("\\%c is not supported", c)
	case classEscape(c):
		p.fail("Illegal character range")
	}
	return p.escapedChar()
}

// classEscape says whether \c is a set of characters.
func classEscape(c rune) bool {
	switch c {
	case 'd', 'D', 'w', 'W', 's', 'S', 'h', 'H', 'V', 'p', 'P':
		return true
	}
	return false
}

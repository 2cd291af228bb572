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
	all := union{p: p}
	for {
		switch c := p.peek(); {
		case p.pos >= len(p.in):
			p.fail("Unclosed character class")
		case c == ']' && all.some:
			return all.set()
		case c == '[':
			p.pos++
			all.add(p.class())
		case c == '&' && p.at(p.pos+1) == '&':
			p.pos += 2
			p.intersect(&all)
		default:
			all.add(p.member())
		}
	}
}

// union is a set in the making.
type union struct {
	p     *parser
	some  bool
	pairs []rune
}

func (u *union) add(s *set) {
	u.p.account(s)
	u.some = true
	u.pairs = append(u.pairs, s.ranges...)
}

func (u *union) set() *set { return newSet(u.pairs...) }

// intersect reads the right side of &&, up to the bracket or the next &, and
// leaves of left what is in both.
func (p *parser) intersect(left *union) {
	right := union{p: p}
	for {
		switch c := p.peek(); {
		case p.pos >= len(p.in):
			p.fail("Unclosed character class")
		case c == ']' || c == '&':
			p.both(left, &right)
			return
		case c == '[':
			p.pos++
			right.add(p.class())
		default:
			right.add(p.members())
		}
	}
}

func (p *parser) both(left, right *union) {
	switch {
	case !right.some && !left.some:
		p.fail("Bad class syntax")
	case !right.some:
	case !left.some:
		*left = *right
	default:
		s := left.set().and(right.set())
		p.account(s)
		left.pairs = s.ranges
	}
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

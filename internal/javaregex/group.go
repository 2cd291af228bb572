package javaregex

// group reads what begins with a parenthesis; nil for flags alone.
func (p *parser) group() *node {
	p.pos++
	before := p.flags
	if p.peek() != '?' {
		return p.capture("", before)
	}
	p.pos++
	c := p.at(p.pos)
	p.pos++
	switch c {
	case ':':
		return p.rest(&node{kind: group}, before)
	case '=':
		return p.rest(&node{kind: look}, before)
	case '!':
		return p.rest(&node{kind: look, negative: true}, before)
	}
	if p.dialect.script {
		p.fail("Unknown group")
	}
	switch c {
	case '>':
		return p.rest(&node{kind: atomic}, before)
	case '<':
		return p.behindOrName(before)
	}
	p.pos--
	return p.inlineFlags(before)
}

func (p *parser) behindOrName(before flags) *node {
	switch p.at(p.pos) {
	case '=', '!':
		n := &node{kind: look, behind: true, negative: p.at(p.pos) == '!'}
		p.pos++
		p.rest(n, before)
		if !hasEnd(n.subs[0]) {
			p.fail("Look-behind group does not have an obvious maximum length")
		}
		n.min, n.max = n.subs[0].width()
		return n
	}
	name := p.groupName()
	if _, ok := p.names[name]; ok {
		p.fail("Named capturing group <%s> is already defined", name)
	}
	return p.capture(name, before)
}

// capture reads the rest of a capturing group.
func (p *parser) capture(name string, before flags) *node {
	p.groups++
	n := &node{kind: group, group: p.groups}
	if name != "" {
		p.names[name] = n.group
	}
	return p.rest(n, before)
}

// rest reads a group's alternatives and its end. The flags that it set end
// with it.
func (p *parser) rest(n *node, before flags) *node {
	n.subs = []*node{p.alternatives()}
	if !p.take(')') {
		p.fail("Unclosed group")
	}
	p.flags = before
	return n
}

func (p *parser) groupName() string {
	from := p.pos
	for isNameChar(p.at(p.pos)) {
		p.pos++
	}
	if from == p.pos || '0' <= p.at(from) && p.at(from) <= '9' {
		p.pos = from
		p.fail("capturing group name does not start with a Latin letter")
	}
	if p.at(p.pos) != '>' {
		p.fail("named capturing group is missing trailing '>'")
	}
	name := make([]rune, 0, p.pos-from)
	for _, s := range p.in[from:p.pos] {
		name = append(name, s.char)
	}
	p.pos++
	return string(name)
}

func isNameChar(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// inlineFlags reads (?i-s) or (?i-s:X).
func (p *parser) inlineFlags(before flags) *node {
	on := true
	for {
		c := p.at(p.pos)
		switch f, ok := flagOf(c); {
		case ok && on:
			p.flags |= f
		case ok:
			p.flags &^= f
		case c == '-' && on:
			on = false
		case c == ')':
			p.pos++
			return nil
		case c == ':':
			p.pos++
			return p.rest(&node{kind: group}, before)
		default:
			p.fail("Unknown inline modifier")
		}
		p.pos++
	}
}

func flagOf(c rune) (flags, bool) {
	switch c {
	case 'i':
		return ignoreCase, true
	case 'd':
		return unixLines, true
	case 'm':
		return multiline, true
	case 's':
		return dotAll, true
	case 'u':
		return unicodeCase, true
	case 'x':
		return comments, true
	case 'U':
		return unicodeClass | unicodeCase, true
	}
	return 0, false
}

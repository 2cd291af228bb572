package vtl

import (
	"errors"
	"strings"
)

// prefix is what stands before a reference's name: backslashes, dollars, ! and {.
type prefix struct {
	escapes int    // backslashes before it
	more    string // text before the last $: the first dollars of $$a
	bang    string // backslashes of $\!a, which make it text
	quiet   bool
	formal  bool
	length  int
}

// readPrefix reads the beginning of a reference; ok false: it is text.
func readPrefix(s string) (f prefix, ok bool) {
	i := 0
	for i < len(s) && s[i] == '\\' {
		i++
	}
	f.escapes = i
	dollar := -1
	for j := i; j < len(s); j++ {
		if s[j] == '$' {
			dollar = j
			continue
		}
		if s[j] != '\\' {
			break
		}
	}
	if dollar < 0 {
		return f, false
	}
	f.more = s[i:dollar]
	i = dollar + 1
	slashes := i
	for i < len(s) && s[i] == '\\' {
		i++
	}
	if i < len(s) && s[i] == '!' {
		f.bang, f.quiet = s[slashes:i], true
		i++
	} else if i > slashes {
		return f, false
	}
	if i < len(s) && s[i] == '{' {
		f.formal = true
		i++
	}
	name := identifier(s[i:])
	f.length = i
	return f, name != ""
}

// identifier is the name that s begins with: letters, digits, - and _.
func identifier(s string) string {
	if s == "" || (!isLetter(s[0]) && s[0] != '_') {
		return ""
	}
	i := 1
	for i < len(s) && (isLetter(s[i]) || isDigit(s[i]) || s[i] == '-' || s[i] == '_') {
		i++
	}
	return s[:i]
}

var errReserved = errors.New("true and false are no names")

func isReserved(name string) bool { return name == "true" || name == "false" }

// dollar reads a reference in text; what only looks like one is text.
func (p *parser) dollar() (node, error) {
	f, ok := readPrefix(p.rest())
	if !ok {
		return p.loneDollar(), nil
	}
	start := p.pos
	ref, err := p.reference()
	if err != nil {
		return nil, err
	}
	if f.bang != "" {
		text := p.src[start:p.pos]
		return &textNode{text: strings.Replace(text, f.bang, f.bang[1:], 1)}, nil
	}
	if f.escapes%2 == 1 {
		return &escapedNode{ref: ref, before: strings.Repeat(`\`, f.escapes/2), text: ref.source}, nil
	}
	if before := strings.Repeat(`\`, f.escapes/2) + f.more; before != "" {
		return &prefixedNode{before: before, ref: ref}, nil
	}
	return ref, nil
}

// loneDollar takes a $ that begins no reference as text. The ! of $! goes with
// it, as in Velocity, unless a bracket follows.
func (p *parser) loneDollar() node {
	n := p.literal(strings.IndexByte(p.rest(), '$') + 1)
	rest := p.rest()
	p.open = rest == "" || rest == "!"
	if strings.HasPrefix(rest, "!") && (len(rest) == 1 || strings.IndexByte("[{}#$", rest[1]) < 0) {
		p.pos++
	}
	return n
}

// reference reads a reference; nil: there is none.
func (p *parser) reference() (*refNode, error) {
	f, ok := readPrefix(p.rest())
	if !ok {
		return nil, nil
	}
	start := p.pos + f.escapes + len(f.more)
	p.pos += f.length
	name := identifier(p.rest())
	if isReserved(name) {
		return nil, p.fail(p.pos, errReserved)
	}
	p.pos += len(name)
	ref := &refNode{at: p.at(start), slot: p.slot(name)}
	if err := p.path(ref); err != nil {
		return nil, err
	}
	if f.formal && !p.take("}") {
		return nil, p.wants("}")
	}
	ref.source = p.src[start:p.pos]
	p.refs = append(p.refs, ref)
	return ref, nil
}

// path reads .name, .call(a, b) and [index].
func (p *parser) path(ref *refNode) error {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxNesting {
		return p.fail(p.pos, errDepth)
	}
	for p.pos < len(p.src) {
		var a access
		var err error
		switch {
		case p.src[p.pos] == '[':
			a, err = p.index()
		case p.src[p.pos] == '.' && p.pos+1 < len(p.src) && isLetter(p.src[p.pos+1]):
			a, err = p.member()
		default:
			return nil
		}
		if err != nil {
			return err
		}
		ref.path = append(ref.path, a)
	}
	return nil
}

func (p *parser) index() (access, error) {
	at := p.at(p.pos)
	p.pos++
	arg, err := p.parameter()
	if err != nil {
		return access{}, err
	}
	p.skip()
	if !p.take("]") {
		return access{}, p.wants("]")
	}
	return access{kind: indexAccess, at: at, args: []expr{arg}}, nil
}

func (p *parser) member() (access, error) {
	p.pos++
	a := access{kind: memberAccess, at: p.at(p.pos), name: identifier(p.rest())}
	if isReserved(a.name) {
		return a, p.fail(p.pos, errReserved)
	}
	p.pos += len(a.name)
	if !p.take("(") {
		return a, nil
	}
	a.kind, a.method = callAccess, methodNamed(a.name)
	p.skip()
	if p.take(")") {
		return a, nil
	}
	for {
		arg, err := p.parameter()
		if err != nil {
			return a, err
		}
		a.args = append(a.args, arg)
		p.skip()
		if p.take(")") {
			return a, nil
		}
		if !p.take(",") {
			return a, p.wants(") or ,")
		}
	}
}

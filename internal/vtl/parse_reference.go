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
	if p.pos < p.lone {
		return p.loneDollar()
	}
	f, ok := readPrefix(p.rest())
	if !ok {
		// What follows in a row of $ and \ ends in the same last dollar.
		p.lone = p.pos + f.escapes + len(f.more) + 1
		return p.loneDollar()
	}
	start := p.pos
	ref, err := p.reference()
	if err != nil {
		return nil, err
	}
	if ref.endsInName() && !f.formal {
		p.named = p.pos
	}
	if f.bang != "" {
		text := p.src[start:p.pos]
		return &textNode{text: strings.Replace(text, f.bang, f.bang[1:], 1)}, nil
	}
	if f.escapes%2 == 1 {
		return &escapedNode{ref: ref, before: strings.Repeat(`\`, f.escapes/2), text: ref.source}, nil
	}
	after := ""
	if !f.formal {
		if after, err = p.runt(ref); err != nil {
			return nil, err
		}
	}
	if before := strings.Repeat(`\`, f.escapes/2) + f.more; before != "" || after != "" {
		return &wrappedNode{before: before, ref: ref, after: after}, nil
	}
	return ref, nil
}

// runt reads the name that follows a call or index at once: $a.trim()b.c. It is
// text, but Velocity takes it for a reference without its $, and what would be
// its path is lost.
func (p *parser) runt(ref *refNode) (string, error) {
	if len(ref.path) == 0 || ref.path[len(ref.path)-1].kind == memberAccess {
		return "", nil
	}
	name := identifier(p.rest())
	if name == "" || isReserved(name) {
		return "", nil
	}
	p.pos += len(name)
	return name, p.path(&refNode{})
}

// loneDollar takes a $ that begins no reference as text. The ! of $! goes with
// it, as in Velocity, unless a bracket follows.
func (p *parser) loneDollar() (node, error) {
	start := p.pos
	p.pos += strings.IndexByte(p.rest(), '$') + 1
	for strings.HasPrefix(p.rest(), "$") {
		p.pos++
	}
	rest := p.rest()
	p.open = rest == "" || rest == "!"
	bang := strings.HasPrefix(rest, "!")
	if gone, literal := p.swallows(strings.TrimPrefix(rest, "!")); gone {
		if bang {
			p.pos++
		}
		return nil, nil
	} else if literal > 0 && !bang {
		p.pos += literal
		_, _, err := p.arguments()
		return &textNode{text: p.src[start:p.pos]}, err
	}
	text := p.src[start:p.pos]
	if bang && (len(rest) == 1 || strings.IndexByte("[{}#$", rest[1]) < 0) {
		p.pos++
	}
	return &textNode{text: text}, nil
}

// swallows says what a lone $ does to what follows it, as in Velocity: it is
// gone before #if, #else, #end, #set, a comment and escapes; before #name it
// makes a text of the call, literal bytes of which are the name.
func (p *parser) swallows(rest string) (gone bool, literal int) {
	slashes := 0
	for slashes < len(rest) && rest[slashes] == '\\' {
		slashes++
	}
	switch {
	case slashes > 1:
		return true, 0
	case setLength(rest) > 0, strings.HasPrefix(rest, "#*"):
		return true, 0
	case !strings.HasPrefix(rest[slashes:], "#"):
		return false, 0
	}
	name, n := word(rest[slashes+1:])
	if n == 0 {
		return false, 0
	}
	if slashes == 1 || isStatement(name) {
		return true, 0
	}
	return false, 1 + n
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

// endsInName says whether the path's last link that is no index is a name.
func (n *refNode) endsInName() bool {
	for i := len(n.path) - 1; i >= 0; i-- {
		if n.path[i].kind != indexAccess {
			return n.path[i].kind == memberAccess
		}
	}
	return false
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
	if rest := p.rest(); len(rest) < 2 || rest[1] == '#' || !p.take("(") {
		return a, nil
	}
	a.kind, a.method = callAccess, methodNamed(a.name)
	p.skip()
	if p.take(")") {
		return a, nil
	}
	for {
		arg, err := p.argument()
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

// argument reads an argument of a call. A bare name is one, too: null.
func (p *parser) argument() (expr, error) {
	p.skip()
	if name := identifier(p.rest()); name != "" && !isReserved(name) {
		p.pos += len(name)
		return &literalExpr{NullValue()}, nil
	}
	return p.parameter()
}

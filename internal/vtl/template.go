package vtl

import (
	"errors"
	"fmt"
	"strings"
)

// Template is a compiled template, for any number of goroutines.
type Template struct {
	nodes []node
	text  []byte // of a constant template
	slots int    // variables
	roots []int  // slot of each root; -1: the template doesn't name it
}

// Constant says whether the template always gives the same text, and which.
func (t *Template) Constant() ([]byte, bool) {
	return t.text, t.text != nil || len(t.nodes) == 0
}

// Compile compiles text. The error is an *Error.
func Compile(text string, roots []Root) (*Template, error) {
	c := &compiler{slots: make(map[string]int), macros: make(map[string]*macro), roots: roots}
	p := c.parser(text, position{1, 1})
	nodes, err := p.template()
	if err != nil {
		return nil, placed(err, position{1, 1})
	}
	if err := c.link(); err != nil {
		return nil, placed(err, position{1, 1})
	}
	t := &Template{nodes: nodes, slots: len(c.names), roots: make([]int, len(roots))}
	for i, root := range roots {
		t.roots[i] = c.used(root.Name)
	}
	t.text = constantText(nodes)
	return t, nil
}

// constantText is the text of nodes that are nothing but text; else nil.
func constantText(nodes []node) []byte {
	text := []byte{}
	for _, n := range nodes {
		part, ok := n.(*textNode)
		if !ok {
			return nil
		}
		text = append(text, part.text...)
	}
	return text
}

// position is a place in a template, from 1.
type position struct{ line, column int }

// placed gives err a place, unless it has one or isn't a failure.
func placed(err error, at position) error {
	if err == nil || err == errBreak || err == errStop {
		return err
	}
	return place(err, at)
}

func place(err error, at position) error {
	var known *Error
	var host *hostError
	var to *breakTo
	switch {
	case errors.As(err, &to):
		return err
	case errors.As(err, &host):
		return &Error{Line: at.line, Column: at.column, Text: host.err.Error(), Err: host.err}
	case errors.As(err, &known):
		return err
	}
	return &Error{Line: at.line, Column: at.column, Text: err.Error()}
}

// hostError is what a function of the host's said.
type hostError struct{ err error }

func (e *hostError) Error() string { return e.err.Error() }

func fromHost(err error) error {
	if err == nil {
		return nil
	}
	return &hostError{err}
}

// maxNesting bounds directives in directives and strings in strings while
// compiling, so that a hostile template can't exhaust the stack.
const maxNesting = 100

// compiler holds what all parts of one template share.
type compiler struct {
	slots  map[string]int // variable name → slot
	names  []string
	macros map[string]*macro
	known  map[string]bool // macros whose definition was read so far
	calls  []*callNode     // to be linked with their macros
	refs   []*refNode      // to be bound to the host's functions
	loops  []*foreachNode  // to learn which of their variables are used
	set    map[int]bool    // slots that the template sets
	roots  []Root
	depth  int
}

// slot is the slot of a variable.
func (c *compiler) slot(name string) int {
	if i, ok := c.slots[name]; ok {
		return i
	}
	i := len(c.names)
	c.names = append(c.names, name)
	c.slots[name] = i
	return i
}

// used is the slot of a variable that the template names, else -1.
func (c *compiler) used(name string) int {
	if i, ok := c.slots[name]; ok {
		return i
	}
	return -1
}

func (c *compiler) assign(slot int) {
	if c.set == nil {
		c.set = make(map[int]bool)
	}
	c.set[slot] = true
}

func (c *compiler) parser(text string, base position) *parser {
	p := &parser{compiler: c, src: text, base: base, named: -1}
	for i := range len(text) {
		if text[i] == '\n' {
			p.lines = append(p.lines, i+1)
		}
	}
	return p
}

// link resolves what is known only once all of the template is read: macros may
// be called before they are defined, and a root may be assigned to later on.
func (c *compiler) link() error {
	for _, call := range c.calls {
		call.macro = c.macros[call.name]
	}
	for _, l := range c.loops {
		l.scope = c.used("foreach")
		l.count = c.used("velocityCount")
		l.hasNext = c.used("velocityHasNext")
	}
	for _, ref := range c.refs {
		if err := c.bind(ref); err != nil {
			return placed(err, ref.at)
		}
	}
	return nil
}

// bind binds the first call of a reference to a root that stays what it is.
func (c *compiler) bind(ref *refNode) error {
	if c.set[ref.slot] || len(ref.path) == 0 || ref.path[0].kind != callAccess {
		return nil
	}
	for _, root := range c.roots {
		if root.Name != c.names[ref.slot] || root.Bind == nil {
			continue
		}
		call := &ref.path[0]
		args := make([]Value, len(call.args))
		for i, arg := range call.args {
			if constant, ok := arg.(*literalExpr); ok {
				args[i] = constant.value
			}
		}
		bound, err := root.Bind(call.name, args)
		if err != nil {
			return fromHost(fmt.Errorf("$%s.%s: %w", root.Name, call.name, err))
		}
		call.bound = bound
	}
	return nil
}

// refused are Velocity's directives that API Gateway doesn't have: there are no
// files to load, and a template that makes templates can't be checked.
func refused(name string) bool {
	return name == "include" || name == "parse" || name == "evaluate"
}

func unclosed(name string) error {
	return fmt.Errorf("#%s isn't closed by #end", name)
}

func unexpected(what string) error {
	return errors.New("unexpected " + strings.TrimSpace(what))
}

package openapi

import (
	"bytes"
	"fmt"
	"strings"
)

// Bounds of a document. AWS's limit is on the bytes; the others keep what a
// document may cost in memory and time in proportion to them: only the aliases
// of YAML can make more values than there are bytes.
const (
	maxBytes = 6 << 20
	maxNodes = 1_000_000
	maxDepth = 200

	freeNodes    = 10_000
	nodesPerByte = 10
)

// reader builds the tree of a document.
type reader struct {
	nodes    int // made
	maxNodes int
	problems []problem
	vars     *strings.Replacer
}

// problem is a Problem whose pointer isn't spelled out yet.
type problem struct {
	at      *node // nil: the document
	line    int   // 0: at's
	message string
}

// fatal is why a document can't be read at all.
type fatal struct {
	line    int
	message string
}

func (f *fatal) Error() string { return f.message }

func fatalf(line int, format string, args ...any) *fatal {
	return &fatal{max(line, 1), fmt.Sprintf(format, args...)}
}

// read parses a document and substitutes the AWS variables in its text.
func read(doc []byte, o Options) (*node, []problem, error) {
	limit := o.MaxBytes
	if limit == 0 {
		limit = maxBytes
	}
	if len(doc) > limit {
		return nil, nil, fatalf(1, "the document has %d bytes, more than the limit of %d", len(doc), limit)
	}
	r := &reader{vars: variables(o), maxNodes: min(maxNodes, freeNodes+nodesPerByte*len(doc))}
	doc = bytes.TrimPrefix(doc, []byte("\xef\xbb\xbf"))
	start := bytes.TrimLeft(doc, " \t\r\n")
	if len(start) == 0 {
		return nil, nil, fatalf(1, "the document is empty")
	}
	build := r.yaml
	if start[0] == '{' {
		build = r.json
	}
	root, err := build(doc)
	if err != nil {
		return nil, nil, err
	}
	return root, r.problems, nil
}

// variables replaces those of AWS's variables that have a value.
func variables(o Options) *strings.Replacer {
	var pairs []string
	for _, v := range [][2]string{
		{"${AWS::AccountId}", o.Scope.Account},
		{"${AWS::Region}", o.Scope.Region},
		{"${AWS::Partition}", o.Scope.Partition},
	} {
		if v[1] != "" {
			pairs = append(pairs, v[0], v[1])
		}
	}
	return strings.NewReplacer(pairs...)
}

// node counts and makes a node.
func (r *reader) node(k kind, line, depth int) (*node, error) {
	if r.nodes++; r.nodes > r.maxNodes {
		return nil, fatalf(line, "the document has more than %d values, aliases expanded", r.maxNodes)
	}
	if depth > maxDepth {
		return nil, fatalf(line, "the document is nested deeper than %d levels", maxDepth)
	}
	return &node{kind: k, line: line}, nil
}

// text is a scalar's text with the AWS variables replaced.
func (r *reader) text(s string) string {
	if strings.Contains(s, "${AWS::") {
		return r.vars.Replace(s)
	}
	return s
}

func (r *reader) problem(at *node, line int, format string, args ...any) {
	if len(r.problems) < maxProblems {
		r.problems = append(r.problems, problem{at, line, fmt.Sprintf(format, args...)})
	}
}

// member adds m to an object and reports a key that is there twice: parsers
// disagree on which one counts.
func (r *reader) member(n, m *node) {
	if n.add(m) {
		return
	}
	first := n.peek(m.name)
	r.problem(first, m.line, "key %q is there twice, the first time on line %d", m.name, first.line)
}

// object ends an object: a CloudFormation function in it is reported, since
// only CloudFormation could tell its value.
func (r *reader) object(n *node) {
	for _, m := range n.items {
		if strings.HasPrefix(m.name, "Fn::") {
			r.function(n, m.name)
			return
		}
	}
}

func (r *reader) function(n *node, name string) {
	n.refused = true
	r.problem(n, 0, "%s is a CloudFormation function, which an import doesn't resolve: write its value", name)
}

// Package schema validates JSON documents against the models of an API: JSON
// Schema draft 4 as API Gateway takes it. It knows schemas and documents, and
// no gateway.
//
// What it says is in the words, and in the order, of the Java validator that
// API Gateway's messages are those of (github.com/java-json-tools/
// json-schema-validator, 2.2): patterns are ECMA-262's, the keywords of a
// schema are looked at in the order of their names, members in the order of
// theirs, and nothing within a value that failed itself.
package schema

import (
	"fmt"
	"strings"

	"github.com/gatehouse/gatehouse/internal/javaregex"
	"github.com/gatehouse/gatehouse/internal/jsonpath"
)

// The bounds of a model with what it refers to.
const (
	maxText      = 400 << 10 // bytes of one model (Amazon API Gateway quotas)
	maxDocuments = 1000
	maxNodes     = 50_000 // schemas within schemas
	maxDepth     = 200
	maxPatterns  = 200_000 // sum of the sizes of its patterns
	maxPointers  = 64 << 20
)

// The bounds of a validation.
const (
	maxSteps      = 2_000_000 // schemas that are held against values
	patternSteps  = 5_000_000
	maxMessages   = 100
	maxReport     = 32 << 10 // bytes of messages
	maxReportPart = 1024     // bytes of a value in a message
)

// Error is a model that can't be compiled.
type Error struct {
	Ref     string // the model, by its reference; "" for the one that was asked for
	Pointer string // where in it: "/properties/a"
	Text    string
}

func (e *Error) Error() string {
	where := "at " + e.Pointer
	if e.Pointer == "" {
		where = "at its root"
	}
	if e.Ref != "" {
		where = "in " + e.Ref + ", " + where
	}
	return where + ": " + e.Text
}

// Schema is a compiled model with what it refers to, for any number of
// goroutines.
type Schema struct {
	root *node
	// Ignored are the places of keywords that change what is valid in later
	// drafts or in OpenAPI, and mean nothing in draft 4: "/properties/a/const";
	// of a $schema, too, that names another draft.
	Ignored []string
}

// Compile compiles model text. load gives the text of another model by its
// reference (https://apigateway.amazonaws.com/restapis/{api}/models/{Name}).
// The error is an *Error, or load's.
func Compile(text []byte, load func(ref string) ([]byte, error)) (*Schema, error) {
	c := &compiler{load: load, documents: map[string]*document{}, nodes: map[string]*node{}}
	root, err := c.compile(text)
	if err != nil {
		return nil, err
	}
	return &Schema{root: root, Ignored: c.ignored}, nil
}

// Valid says whether a document is valid.
func (s *Schema) Valid(doc *jsonpath.Value) bool {
	r := newRun()
	r.quick = true
	return r.check(s.root, doc)
}

// Validate checks a document. Its errors are in AWS's words, as
// $context.error.validationErrorString lists them; none: it is valid. A
// document that takes too much work isn't.
func (s *Schema) Validate(doc *jsonpath.Value) []string {
	if s.Valid(doc) {
		return nil
	}
	r := newRun()
	r.check(s.root, doc)
	if len(r.messages) == 0 {
		r.fail("validation takes more steps than it may")
	}
	return r.messages
}

// node is a schema, or a reference to one.
type node struct {
	ref   *node
	rules []rule
	array elements
	object
}

// rule is a keyword: check says whether a value of one of its kinds keeps it,
// and if not notes why.
type rule struct {
	keyword string
	kinds   kinds
	checker
}

type checker interface {
	check(r *run, v *jsonpath.Value) bool
}

// kinds is a set of jsonpath's kinds.
type kinds uint8

const anyKind kinds = 0xFF

func kindsOf(list ...jsonpath.Kind) (k kinds) {
	for _, kind := range list {
		k |= 1 << kind
	}
	return k
}

func (k kinds) has(kind jsonpath.Kind) bool { return k>>kind&1 != 0 }

// run is one validation.
type run struct {
	quick    bool // only whether, not why
	failed   bool // something was noted
	steps    int
	patterns javaregex.Budget
	messages []string
	size     int
}

func newRun() *run {
	return &run{steps: maxSteps, patterns: javaregex.Budget{Steps: patternSteps}}
}

// fail notes why a value isn't valid. It is always false.
func (r *run) fail(format string, args ...any) bool {
	r.failed = true
	if r.quick || len(r.messages) >= maxMessages || r.size >= maxReport {
		return false
	}
	message := fmt.Sprintf(format, args...)
	r.size += len(message)
	r.messages = append(r.messages, message)
	return false
}

// check holds n against v. Values within v are looked at only while nothing
// failed.
func (r *run) check(n *node, v *jsonpath.Value) bool {
	for n.ref != nil {
		n = n.ref
	}
	if r.steps -= 1 + (len(v.Text)+len(v.Names))/64; r.steps < 0 {
		return false
	}
	valid := true
	for i := range n.rules {
		if !n.rules[i].kinds.has(v.Kind) || n.rules[i].check(r, v) {
			continue
		}
		if r.quick {
			return false
		}
		valid = false
	}
	if !r.quick && r.failed {
		return valid
	}
	switch v.Kind {
	case jsonpath.Array:
		return n.array.checkItems(r, v) && valid
	case jsonpath.Object:
		return n.object.checkMembers(r, v) && valid
	}
	return valid
}

// matches holds n against v without noting anything.
func (r *run) matches(n *node, v *jsonpath.Value) bool {
	quick, failed := r.quick, r.failed
	r.quick = true
	ok := r.check(n, v)
	r.quick, r.failed = quick, failed
	return ok
}

// shown is a value as messages have it, cut where it is long.
func shown(v *jsonpath.Value) string { return cut(string(v.AppendJSON(nil))) }

func cut(s string) string {
	if len(s) <= maxReportPart {
		return s
	}
	return strings.ToValidUTF8(s[:maxReportPart], "") + "..."
}

// list is names as messages have them: ["a","b"].
func list(names []string) string {
	out := []byte{'['}
	for i, name := range names {
		if i > 0 {
			out = append(out, ',')
		}
		out = jsonpath.AppendQuoted(out, name)
		if len(out) > maxReportPart {
			return string(append(out, ",...]"...))
		}
	}
	return string(append(out, ']'))
}

package mapping

import (
	"errors"

	"github.com/gatehouse/gatehouse/internal/jsonpath"
)

// BodyLimits bound the JSON of a body (a million values take about 100 MB), and
// what one path visits of it.
var BodyLimits = jsonpath.Limits{Depth: jsonpath.DefaultDepth, Nodes: jsonpath.DefaultNodes}

// Body is the body of a message as mappings read it: a text, and JSON once
// something asks for it. It is read as JSON at most once. The zero Body is
// empty; Set makes it ready for another.
type Body struct {
	// Nested says that a path also leads into strings that hold JSON, as in
	// mappings from a Lambda function's answer (developer guide, "Handle custom
	// Lambda errors in API Gateway": errorMessage.httpStatus).
	Nested bool
	// Limit is how many bytes of the text are read as JSON; 0: all are.
	Limit int

	text   []byte
	doc    *jsonpath.Value
	err    error
	parsed bool
	memory jsonpath.Memory
}

// Set makes b the body text, which stays the caller's and must not change
// while b is used. What was read of another text is no longer valid.
func (b *Body) Set(text []byte) {
	if b.doc != nil {
		b.memory.Reset()
	}
	*b = Body{text: text, memory: b.memory, Limit: b.Limit}
}

// Holds says that b is text, in the same memory: what was read of it is still
// valid.
func (b *Body) Holds(text []byte) bool {
	return len(b.text) == len(text) && (len(text) == 0 || &b.text[0] == &text[0])
}

// Text is the body as it is; "{}" when it is empty, as every mapping sees an
// empty body (recorded on AWS).
func (b *Body) Text() []byte {
	if len(b.text) == 0 {
		return emptyObject
	}
	return b.text
}

var emptyObject = []byte("{}")

// ErrInvalidJSON is why a mapping from a body fails that begins as a JSON
// object does and is none (recorded on AWS). Any other text that is no JSON is
// a body without members.
var ErrInvalidJSON = errors.New("Invalid JSON in request body")

// JSON is the body as JSON; nil and no error when it is some other text. The
// error is ErrInvalidJSON.
func (b *Body) JSON() (*jsonpath.Value, error) {
	if b.parsed {
		return b.doc, b.err
	}
	b.parsed = true
	text := b.Text()
	if b.Limit > 0 && len(text) > b.Limit {
		text = text[:b.Limit]
	}
	doc, err := b.memory.Parse(text, BodyLimits)
	switch {
	case err == nil:
		b.doc = doc
	case startsObject(text):
		b.err = ErrInvalidJSON
	}
	return b.doc, b.err
}

func startsObject(text []byte) bool {
	for _, c := range text {
		switch c {
		case ' ', '\t', '\r', '\n':
		default:
			return c == '{'
		}
	}
	return false
}

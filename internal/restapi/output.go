package restapi

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/mapping"
)

// output is what a Lambda proxy function returned (developer guide, "Output
// format of a Lambda function for proxy integration").
type output struct {
	status  int
	headers []outputField // single values
	multi   []outputField
	body    []byte
	base64  bool
}

type outputField struct{ name, value []byte }

var errOutput = errors.New("not an object of isBase64Encoded, statusCode, headers, multiValueHeaders and body")

// parseOutput reads a function's output. Scalars are taken for one another as
// text ("201", true), null for absent, {} for an empty 200; any other key, or
// a shape that is none of the format's, is an error (recorded on AWS).
func parseOutput(doc []byte) (*output, error) {
	o := &output{status: 200}
	p := jsonReader{rest: doc}
	err := p.object(func(key []byte) error {
		switch string(key) {
		case "isBase64Encoded":
			text, null, err := p.scalar()
			o.base64 = !null && string(text) == "true"
			return err
		case "body":
			text, null, err := p.scalar()
			if o.body = text; null {
				o.body = nil
			}
			return err
		}
		return o.readHead(&p, key)
	})
	if err == nil && !p.done() {
		err = errJSON
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errOutput, err)
	}
	return o, nil
}

// readHead reads a member of which the answer's status and fields are made.
func (o *output) readHead(p *jsonReader, key []byte) error {
	switch string(key) {
	case "statusCode":
		return o.readStatus(p)
	case "headers":
		o.headers = o.headers[:0]
		return p.nullable(func() error { return o.readHeaders(p) })
	case "multiValueHeaders":
		o.multi = o.multi[:0]
		return p.nullable(func() error { return o.readMulti(p) })
	}
	return fmt.Errorf("unknown key %q", key)
}

func (o *output) readStatus(p *jsonReader) error {
	text, null, err := p.scalar()
	if err != nil || null {
		return err
	}
	n, err := strconv.ParseFloat(string(text), 64)
	if err != nil || math.IsNaN(n) || n < 200 || n >= 600 {
		return fmt.Errorf("statusCode %q", text)
	}
	o.status = int(n)
	return nil
}

func (o *output) readHeaders(p *jsonReader) error {
	return p.object(func(name []byte) error {
		value, null, err := p.scalar()
		if err != nil || null {
			return err
		}
		return add(&o.headers, name, value)
	})
}

func (o *output) readMulti(p *jsonReader) error {
	return p.object(func(name []byte) error {
		return p.nullable(func() error {
			return p.array(func() error {
				value, null, err := p.scalar()
				if err != nil || null {
					return err
				}
				return add(&o.multi, name, value)
			})
		})
	})
}

func add(list *[]outputField, name, value []byte) error {
	if !mapping.SendableName(name) || !http1.ValidValue(value) {
		return fmt.Errorf("header %q", name)
	}
	*list = append(*list, outputField{name, value})
	return nil
}

// answer makes the client's answer of the output. Values of both header maps
// are merged by name in any case, multiValueHeaders first and in its spelling
// (recorded on AWS).
func (o *output) answer(r *request) *exchange.Fault {
	resp := &r.x.Response
	var f *exchange.Fault
	if resp.Body, f = o.appendBody(resp.Body[:0], r); f != nil {
		return f
	}
	o.open(r)
	return nil
}

// open makes the head of the client's answer.
func (o *output) open(r *request) {
	h := open(r.x, o.status)
	for _, field := range o.multi {
		addProxied(h, field.name, field.value)
	}
	for _, field := range o.headers {
		addProxied(h, o.spelling(field.name), field.value)
	}
}

// spelling is name as multiValueHeaders spells it, if it does.
func (o *output) spelling(name []byte) []byte {
	for i := range o.multi {
		if equalFoldBytes(o.multi[i].name, name) {
			return o.multi[i].name
		}
	}
	return name
}

func equalFoldBytes(a, b []byte) bool { return len(a) == len(b) && bytes.EqualFold(a, b) }

// addProxied adds a field of a function's under the name that reaches the
// client. The gateway's own fields can't be set.
func addProxied(h *http1.Header, name, value []byte) {
	k := http1.Lookup(string(name))
	if k == http1.NameXAmznTraceID || equalFoldBytes(name, fieldExtendedID) {
		return
	}
	if shown := integration.ResponseField(name, k); shown != nil {
		h.AddBytes(shown, value)
	}
}

// appendBody appends the body: decoded only when the function says it is
// base64 and the first type of the client's Accept is a binary one (recorded
// on AWS).
func (o *output) appendBody(dst []byte, r *request) ([]byte, *exchange.Fault) {
	if !o.base64 || !r.binaryWanted() {
		return append(dst, o.body...), nil
	}
	dst, err := integration.AppendBase64Decoded(dst, o.body)
	if err != nil {
		return dst, integration.Misconfigured(err)
	}
	return dst, nil
}

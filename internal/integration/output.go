package integration

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/mapping"
)

// Output is what a Lambda proxy function returned (developer guide, "Output
// format of a Lambda function for proxy integration"). Its slices may be those
// of the document that was read.
type Output struct {
	Status  int
	Headers []OutputField // single values
	Multi   []OutputField
	Body    []byte
	Base64  bool // the body is base64 text
}

// OutputField is a field of an answer.
type OutputField struct{ Name, Value []byte }

var errOutput = errors.New("not an object of isBase64Encoded, statusCode, headers, multiValueHeaders and body")

// ParseOutput reads the output of a function of a REST API. Scalars are taken for one another as
// text ("201", true), null for absent, {} for an empty 200; any other key, or
// a shape that is none of the format's, is an error (recorded on AWS).
func ParseOutput(doc []byte) (*Output, error) {
	o := &Output{Status: 200}
	p := jsonReader{rest: doc}
	err := p.object(func(key []byte) error {
		switch string(key) {
		case "isBase64Encoded":
			text, null, err := p.scalar()
			o.Base64 = !null && string(text) == "true"
			return err
		case "body":
			text, null, err := p.scalar()
			if o.Body = text; null {
				o.Body = nil
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
func (o *Output) readHead(p *jsonReader, key []byte) error {
	switch string(key) {
	case "statusCode":
		return o.readStatus(p)
	case "headers":
		o.Headers = o.Headers[:0]
		return p.nullable(func() error { return o.readHeaders(p) })
	case "multiValueHeaders":
		o.Multi = o.Multi[:0]
		return p.nullable(func() error { return o.readMulti(p) })
	}
	return fmt.Errorf("unknown key %q", key)
}

func (o *Output) readStatus(p *jsonReader) error {
	text, null, err := p.scalar()
	if err != nil || null {
		return err
	}
	n, err := strconv.ParseFloat(string(text), 64)
	if err != nil || math.IsNaN(n) || n < 200 || n >= 600 {
		return fmt.Errorf("statusCode %q", text)
	}
	o.Status = int(n)
	return nil
}

func (o *Output) readHeaders(p *jsonReader) error {
	return p.object(func(name []byte) error {
		value, null, err := p.scalar()
		if err != nil || null {
			return err
		}
		return add(&o.Headers, name, value)
	})
}

func (o *Output) readMulti(p *jsonReader) error {
	return p.object(func(name []byte) error {
		return p.nullable(func() error {
			return p.array(func() error {
				value, null, err := p.scalar()
				if err != nil || null {
					return err
				}
				return add(&o.Multi, name, value)
			})
		})
	})
}

func add(list *[]OutputField, name, value []byte) error {
	if !mapping.SendableName(name) || !http1.ValidValue(value) {
		return fmt.Errorf("header %q", name)
	}
	*list = append(*list, OutputField{name, value})
	return nil
}

// Spelling is name as multiValueHeaders spells it, if it does.
func (o *Output) Spelling(name []byte) []byte {
	for i := range o.Multi {
		if equalFold(o.Multi[i].Name, name) {
			return o.Multi[i].Name
		}
	}
	return name
}

// Repeats says whether multiValueHeaders has a field called name, in any case.
// Cookies don't count: they have a member of their own.
func (o *Output) Repeats(name []byte) bool {
	for i := range o.Multi {
		if &o.Multi[i].Name[0] != &setCookie[0] && equalFold(o.Multi[i].Name, name) {
			return true
		}
	}
	return false
}

func equalFold(a, b []byte) bool { return len(a) == len(b) && bytes.EqualFold(a, b) }

// FunctionError is a function that failed by its own fault.
type FunctionError struct {
	Status             int
	Message, RequestID string
}

// NewFunctionError is the error for a call of a function that answered with an
// error document.
func NewFunctionError(status int, document []byte, requestID string) *FunctionError {
	return &FunctionError{status, functionMessage(document), requestID}
}

func (e *FunctionError) Error() string {
	return fmt.Sprintf("Lambda execution failed with status %d due to customer function error: %s. Lambda request id: %s", e.Status, e.Message, e.RequestID)
}

// maxErrorText bounds what of a function's error message is logged.
const maxErrorText = 512

// functionMessage is the message in a function's error document.
func functionMessage(payload []byte) string {
	var doc struct {
		ErrorMessage string `json:"errorMessage"`
	}
	if json.Unmarshal(payload, &doc) != nil {
		return "no error document"
	}
	return doc.ErrorMessage[:min(len(doc.ErrorMessage), maxErrorText)]
}

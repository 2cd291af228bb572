package integration

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

var errRouteOutput = errors.New("not an answer of a function of an HTTP API")

// ParseRouteOutput reads the output of a function of an HTTP API (developer
// guide, "AWS Lambda integrations for HTTP APIs"). In format 2.0 anything that
// is JSON and has no statusCode is the body of a 200, a string without its
// quotes: then inferred is true. In format 1.0 that is an error, and in either
// a statusCode that is no integer. Members that the format doesn't have are
// passed over (seen on AWS). Cookies become Set-Cookie fields in Multi.
func ParseRouteOutput(doc []byte, format2 bool) (o *Output, inferred bool, err error) {
	if !json.Valid(doc) {
		return nil, false, fmt.Errorf("%w: %w", errRouteOutput, errJSON)
	}
	doc = bytes.TrimSpace(doc)
	switch {
	case doc[0] == '{' && hasStatus(doc):
		o, err = parseRouteObject(doc, format2)
	case format2 && doc[0] == '"':
		p := jsonReader{rest: doc}
		o, inferred = &Output{Status: 200}, true
		o.Body, err = p.string()
	case format2:
		o, inferred = &Output{Status: 200, Body: doc}, true
	default:
		err = errors.New("it has no statusCode")
	}
	if err != nil {
		return nil, false, fmt.Errorf("%w: %w", errRouteOutput, err)
	}
	return o, inferred, nil
}

// hasStatus says whether an object, which is valid, has a statusCode.
func hasStatus(doc []byte) bool {
	found := false
	p := jsonReader{rest: doc}
	_ = p.object(func(key []byte) error {
		found = found || string(key) == "statusCode"
		return p.skip()
	})
	return found
}

func parseRouteObject(doc []byte, format2 bool) (*Output, error) {
	o := new(Output)
	p := jsonReader{rest: doc}
	err := p.object(func(key []byte) error { return o.readRoute(&p, string(key), format2) })
	if err == nil && o.Status == 0 {
		err = errShape // a status that a later one, without value, replaced
	}
	return o, err
}

func (o *Output) readRoute(p *jsonReader, key string, format2 bool) error {
	switch {
	case key == "statusCode":
		return o.readRouteStatus(p)
	case key == "isBase64Encoded":
		text, _, err := p.scalar()
		o.Base64 = string(text) == "true"
		return err
	case key == "body":
		text, null, err := p.scalar()
		if o.Body = text; null {
			o.Body = nil
		}
		return err
	case key == "headers":
		o.Headers = o.Headers[:0]
		return p.nullable(func() error { return o.readHeaders(p) })
	case key == "multiValueHeaders" && !format2:
		o.Multi = o.Multi[:0]
		return p.nullable(func() error { return o.readMulti(p) })
	case key == "cookies" && format2:
		o.Multi = o.Multi[:0]
		return p.nullable(func() error { return readCookies(p, &o.Multi) })
	}
	return p.skip()
}

// readRouteStatus takes an integer, also as text (seen on AWS).
func (o *Output) readRouteStatus(p *jsonReader) error {
	text, _, err := p.scalar()
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 200 || n >= 600 {
		return fmt.Errorf("statusCode %.64q", text)
	}
	o.Status = n
	return nil
}

var setCookie = []byte("Set-Cookie")

// readCookies adds a Set-Cookie for each cookie.
func readCookies(p *jsonReader, to *[]OutputField) error {
	return p.array(func() error {
		value, null, err := p.scalar()
		if err != nil || null {
			return err
		}
		return add(to, setCookie, value)
	})
}

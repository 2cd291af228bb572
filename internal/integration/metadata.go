package integration

import (
	"errors"
	"fmt"
	"strconv"
)

// ErrMetadata is a streamed answer without its head.
var ErrMetadata = errors.New("a streamed answer begins with the JSON of its status and headers and 8 zero bytes, within 16 KB")

// ParseMetadata reads the head of a streamed answer: statusCode, headers, multiValueHeaders and cookies; any
// other key is an error. A Content-Length among the headers is the body's
// length, else that is unknown: -1.
func ParseMetadata(doc []byte) (o *Output, length int64, err error) {
	o = &Output{Status: 200}
	var cookies []OutputField
	p := jsonReader{rest: doc}
	err = p.object(func(key []byte) error {
		if string(key) != "cookies" {
			return o.readHead(&p, key)
		}
		cookies = cookies[:0]
		return p.nullable(func() error { return readCookies(&p, &cookies) })
	})
	if err == nil && !p.done() {
		err = errJSON
	}
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", ErrMetadata, err)
	}
	o.Multi = append(o.Multi, cookies...)
	length, err = o.takeLength()
	return o, length, err
}

// takeLength takes the fields that frame a body off the output.
var contentLength, transferEncoding = []byte("Content-Length"), []byte("Transfer-Encoding")

func (o *Output) takeLength() (length int64, err error) {
	length = -1
	for _, list := range []*[]OutputField{&o.Multi, &o.Headers} {
		kept := (*list)[:0]
		for _, f := range *list {
			if equalFold(f.Name, contentLength) {
				if length, err = strconv.ParseInt(string(f.Value), 10, 63); err != nil || length < 0 {
					return 0, fmt.Errorf("%w: Content-Length %q", ErrMetadata, f.Value)
				}
				continue
			}
			if !equalFold(f.Name, transferEncoding) {
				kept = append(kept, f)
			}
		}
		*list = kept
	}
	return length, nil
}

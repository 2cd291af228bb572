package restapi

import (
	"bytes"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// answerOutput makes the client's answer of the output. Values of both header maps
// are merged by name in any case, multiValueHeaders first and in its spelling
// (recorded on AWS).
func answerOutput(o *integration.Output, r *request) *exchange.Fault {
	resp := &r.x.Response
	var f *exchange.Fault
	if resp.Body, f = appendOutputBody(o, resp.Body[:0], r); f != nil {
		return f
	}
	openOutput(o, r)
	return nil
}

// openOutput makes the head of the client's answer.
func openOutput(o *integration.Output, r *request) {
	h := open(r.x, o.Status)
	for _, field := range o.Multi {
		addProxied(h, field.Name, field.Value)
	}
	for _, field := range o.Headers {
		addProxied(h, o.Spelling(field.Name), field.Value)
	}
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

// appendOutputBody appends the body: decoded only when the function says it is
// base64 and the first type of the client's Accept is a binary one (recorded
// on AWS).
func appendOutputBody(o *integration.Output, dst []byte, r *request) ([]byte, *exchange.Fault) {
	if !o.Base64 || !r.binaryWanted() {
		return append(dst, o.Body...), nil
	}
	dst, err := integration.AppendBase64Decoded(dst, o.Body)
	if err != nil {
		return dst, integration.Misconfigured(err)
	}
	return dst, nil
}

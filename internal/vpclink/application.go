package vpclink

import (
	"bytes"
	"errors"

	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// What an Application Load Balancer takes (7.5 of the sheet).
const (
	maxRequestLine   = 16 << 10
	maxRequestField  = 16 << 10
	maxRequestHeader = 64 << 10
	maxForwardedFor  = 30 // addresses
)

// serve answers a call as an Application Load Balancer does: by the first rule
// that takes it.
func (l *listener) serve(v *visit) (integration.Visit, error) {
	served, err := l.answer(v)
	if err != nil {
		return nil, err
	}
	l.finish(&v.resp.Header)
	return served, nil
}

func (l *listener) answer(v *visit) (integration.Visit, error) {
	if l.secure && !v.place.secure() {
		return invented(400).do(v) // "The plain HTTP request was sent to HTTPS port"
	}
	if status := unacceptable(v.req); status != 0 {
		return invented(status).do(v)
	}
	r := l.match(v)
	if r == nil {
		// A rule that keeps requests out must not be passed by one that it fails on.
		v.decide("load balancer", "500", v.seen.lost.Error())
		return invented(500).do(v)
	}
	if v.rule = r; v.explains() {
		v.x.Decide("load balancer", r.name(), "of listener "+string(l.spec.ARN))
	}
	for _, t := range r.transforms {
		if err := t.apply(v); err != nil {
			v.decide("load balancer", "500", "a transform failed: "+err.Error())
			return invented(500).do(v)
		}
	}
	return r.action.do(v)
}

// unacceptable is the status that answers a request that no rule is asked about;
// 0: it is fine.
func unacceptable(req *http1.ClientRequest) int {
	if req.Method == "TRACE" {
		return 405
	}
	if len(req.Method)+len(req.Target)+len(" HTTP/1.1 \r\n") > maxRequestLine {
		return 414
	}
	h, size, addresses := &req.Header, 0, 0
	for i := range h.Len() {
		name, value := h.At(i)
		field := len(name) + len(value) + len(": \r\n")
		if size += field; field > maxRequestField || size > maxRequestHeader {
			return 400
		}
		if h.KnownAt(i) == http1.NameXForwardedFor {
			addresses += 1 + bytes.Count(value, []byte(","))
		}
	}
	if addresses > maxForwardedFor {
		return 463
	}
	return 0
}

// failed is what an Application Load Balancer answers for a call that no target
// has answered (7.6 of the sheet). An error that isn't the target's goes on.
func (v *visit) failed(err error) (integration.Visit, error) {
	if shut, ok := errors.AsType[*confined](err); ok {
		// On AWS the connection isn't made in time.
		v.decide("load balancer", "504", shut.Error())
		return invented(504).do(v)
	}
	e, ok := errors.AsType[*http1.CallError](err)
	if _, refused := errors.AsType[*integration.EgressError](err); refused || !ok || e.Timeout || e.Cancelled {
		return nil, err
	}
	if _, theirs := errors.AsType[*http1.StreamError](err); theirs {
		return nil, err
	}
	status := 502
	if e.Idle || e.Phase == http1.PhaseConnect && isTimeout(e.Err) {
		status = 504
	}
	v.decide("load balancer", http1.Reason(status), err.Error())
	return invented(status).do(v)
}

func isTimeout(err error) bool {
	t, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return ok && t.Timeout()
}

package restapi

import (
	"errors"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// httpCall serves integrations of type HTTP: request and response are mapped.
type httpCall struct {
	*shape
	target httpTarget
}

// forbiddenField is the fault of a mapping to a field that API Gateway can't
// send (recorded on AWS).
var forbiddenField = integration.Misconfigured(errors.New("requestParameters map a header that can't be mapped"))

func (c *compiler) http(place string, m *apigw.Method) backend {
	i := m.Integration
	target, err := c.httpTarget(place, i)
	h := &httpCall{target: target, shape: c.shape(place, m)}
	if err != nil {
		return c.broken(place, err)
	}
	return h
}

func (h *httpCall) serve(r *request) *exchange.Fault {
	body, _, f := h.request.render(r)
	if f != nil {
		return f
	}
	if f := h.target.begin(r, false); f != nil {
		return f
	}
	r.call.Request.Body = body
	if f := h.addHeaders(r); f != nil {
		return f
	}
	r.called = true
	r.payload, f = h.target.do(r, apigw.IntegrationHTTP, 0, r.payloadFor(body))
	if f != nil {
		return f
	}
	from := &r.call.Response
	r.scratch = appendStatus(r.scratch[:0], from.Status)
	return h.answers.answer(r, r.scratch, backendAnswer{header: &from.Header, body: r.payload})
}

// payloadFor is memory for the backend's answer: r.payload, unless the
// request's body lives there.
func (r *request) payloadFor(body []byte) []byte {
	if len(body) > 0 && cap(r.payload) > 0 && &body[0] == &r.payload[:1][0] {
		return nil
	}
	return r.payload[:0]
}

// addHeaders sends what API Gateway sends of its own, unless mapped: nothing
// of the client's (recorded on AWS).
func (h *httpCall) addHeaders(r *request) *exchange.Fault {
	req := &r.call.Request
	if !h.target.maps(nil, http1.NameAccept) && !r.overrides(http1.NameAccept) {
		req.Header.Add("Accept", "application/json")
	}
	if !h.target.maps(nil, http1.NameUserAgent) && !r.overrides(http1.NameUserAgent) {
		req.Header.Add("User-Agent", r.stage.userAgent)
	}
	if len(req.Body) > 0 && !h.target.maps(nil, http1.NameContentType) && !r.overrides(http1.NameContentType) {
		req.Header.Add("Content-Type", "application/json")
	}
	r.addOwn(&req.Header)
	if f := h.target.addMapped(r); f != nil {
		return f
	}
	return r.addOverridden(&req.Header, integration.HTTP)
}

func appendStatus(dst []byte, status int) []byte {
	return append(dst, byte('0'+status/100%10), byte('0'+status/10%10), byte('0'+status%10))
}

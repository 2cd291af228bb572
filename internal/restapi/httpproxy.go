package restapi

import (
	"bytes"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/mapping"
)

// httpProxy passes requests to an HTTP backend and its answers back.
type httpProxy struct {
	target httpTarget
	idle   time.Duration // of an answer that is streamed; 0: it is collected
}

func (c *compiler) httpProxy(place string, i *apigw.Integration) backend {
	target, err := c.httpTarget(place, i)
	if err != nil {
		return c.broken(place, err)
	}
	return &httpProxy{target, c.streamIdle(i)}
}

func (p *httpProxy) serve(r *request) *exchange.Fault {
	if f := p.target.begin(r, true); f != nil {
		return f
	}
	if f := p.setBody(r); f != nil {
		return f
	}
	if f := p.addHeaders(r); f != nil {
		return f
	}
	if p.idle > 0 {
		return p.stream(r)
	}
	resp := &r.x.Response
	body, f := p.target.do(r, apigw.IntegrationHTTPProxy, 0, resp.Body[:0])
	resp.Body = body
	if f != nil {
		return f
	}
	p.answer(r, false)
	return nil
}

func (p *httpProxy) setBody(r *request) *exchange.Fault {
	req := &r.call.Request
	body := r.x.Body
	if body == nil {
		return nil
	}
	if n := body.Length(); n > integration.StreamFrom && !r.bodyRead && r.exec == nil && p.target.convert == integration.NoConversion {
		req.Stream, req.Length = body, n
		return nil
	}
	if f := r.readBody(); f != nil {
		return f
	}
	req.Body = r.body
	if p.target.convert != integration.NoConversion && len(r.body) > 0 {
		var f *exchange.Fault
		r.payload, _, f = integration.ConvertRequest(r.payload[:0], r.body, r.binaryRequest(), p.target.convert)
		req.Body = r.payload
		return f
	}
	return nil
}

// addHeaders passes the client's fields on, in the client's spelling, but for
// those a mapping replaces and those that don't pass.
func (p *httpProxy) addHeaders(r *request) *exchange.Fault {
	client, out := r.x.Header, &r.call.Request.Header
	signed := r.identity.caller != nil
	integration.PassFields(out, client, func(name []byte, k http1.Known) bool {
		if k == http1.NameAuthorization && signed {
			return true // a signature is for the gateway (recorded on AWS)
		}
		return integration.DropRequestField(k) || p.target.maps(name, k)
	})
	if out.IndexKnown(http1.NameUserAgent, 0) < 0 && !p.target.maps(nil, http1.NameUserAgent) {
		out.Add("User-Agent", r.stage.userAgent)
	}
	r.addForwarded(out)
	r.addOwn(out)
	return p.target.addMapped(r)
}

// addForwarded adds what tells a backend about the client.
func (r *request) addForwarded(out *http1.Header) {
	if r.stage.trial != nil {
		return // there is no client
	}
	r.scratch = mapping.AppendForwardedFor(r.scratch[:0], r.x)
	out.AddBytes(fieldForwardedFor, r.scratch)
	r.scratch = mapping.AppendForwardedPort(r.scratch[:0], r.x)
	out.AddBytes(fieldForwardedPort, r.scratch)
	out.Add("X-Forwarded-Proto", mapping.ForwardedProto(r.x))
}

// addOwn adds the gateway's own fields, which every HTTP backend gets
// (recorded on AWS).
func (r *request) addOwn(out *http1.Header) {
	out.Add("x-amzn-apigateway-api-id", string(r.stage.apiID))
	out.AddBytes(fieldTrace, r.trace.Seen)
}

var (
	fieldHost          = []byte("Host")
	fieldForwardedFor  = []byte("X-Forwarded-For")
	fieldForwardedPort = []byte("X-Forwarded-Port")
)

// answer passes the backend's status and fields to the client. A streamed
// answer keeps the length that the backend announced.
func (p *httpProxy) answer(r *request, streamed bool) {
	from := &r.call.Response
	out := open(r.x, from.Status)
	for i := range from.Header.Len() {
		k := from.Header.KnownAt(i)
		name, value := from.Header.At(i)
		if k == http1.Other && len(name) == len(fieldExtendedID) && bytes.EqualFold(name, fieldExtendedID) {
			continue // another gateway's ID of its own request
		}
		if streamed && k == http1.NameContentLength {
			continue
		}
		switch shown := integration.ResponseField(name, k); {
		case shown == nil:
		case &shown[0] == &name[0]:
			out.AddField(&from.Header, i)
		default:
			out.AddBytes(shown, value)
		}
	}
}

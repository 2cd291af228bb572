package restapi

import (
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// Streamed answers (developer guide, "Stream the integration response for your
// proxy integrations in API Gateway"): status and fields go out as soon as
// they are known, the body as it comes. Nothing of it is converted,
// compressed or held, and what goes wrong after the head only cuts it short.

const (
	modeStream   = "STREAM"
	modeBuffered = "BUFFERED"
)

// checkStream refuses what can't be streamed. The path of a function's URI
// says how it is called, and so has to fit the mode.
func (c *compiler) checkStream(place string, i *apigw.Integration) {
	streamed := i.ResponseMode == modeStream
	switch {
	case i.ResponseMode != "" && i.ResponseMode != modeBuffered && !streamed:
		c.refuse(place, "responseTransferMode "+i.ResponseMode+" is neither BUFFERED nor STREAM")
	case streamed && i.Type != apigw.IntegrationHTTPProxy && i.Type != apigw.IntegrationAWSProxy:
		c.refuse(place, "responseTransferMode STREAM is for HTTP_PROXY and AWS_PROXY integrations")
	case streamed && i.Type == apigw.IntegrationAWSProxy && !strings.Contains(i.URI, "/response-streaming-invocations"):
		c.refuse(place, "responseTransferMode STREAM needs a URI that ends with /response-streaming-invocations (lambda:path/2021-11-15/functions/…)")
	case !streamed && i.Type == apigw.IntegrationAWSProxy && strings.Contains(i.URI, "/response-streaming-invocations"):
		c.refuse(place, "a URI that ends with /response-streaming-invocations needs responseTransferMode STREAM")
	}
}

// streamIdle is how long a streamed answer may pause; 0: it isn't streamed.
func (c *compiler) streamIdle(i *apigw.Integration) time.Duration {
	switch {
	case i.ResponseMode != modeStream:
		return 0
	case c.def.API.Endpoint.Type == "EDGE":
		return integration.StreamIdleEdge
	}
	return integration.StreamIdle
}

// stream calls the backend and has its answer passed on.
func (p *httpProxy) stream(r *request) *exchange.Fault {
	t := &p.target
	if r.exec != nil {
		r.exec.callsHTTP(r, t)
	}
	r.callBegins(apigw.IntegrationHTTPProxy, t.uri.Address)
	called := &r.x.Outcome.Integration
	if f := r.call.Open(r.x, t.backend, called.Began.Add(t.timeout)); f != nil {
		r.callEnded(0, "")
		return f
	}
	from := &r.call.Response
	integration.StreamBegins(r.x, from.Status)
	if r.exec != nil {
		r.exec.streams(r, &from.Header)
	}
	p.answer(r, true)
	integration.StreamBody(r.x, from.Length, integration.StreamSource{
		From: from, Idle: p.idle, Cancel: r.call.CancelStream,
		Closed: func(first time.Time, err error) {
			r.call.CloseStream(r.x, t.backend)
			integration.StreamEnded(r.x, first, err)
		},
	})
	return nil
}

package restapi

import (
	"time"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/mapping"
	"github.com/gatehouse/gatehouse/internal/serving"
)

// request is one exchange on its way through a stage, with the memory that
// the next request uses again.
type request struct {
	x     *exchange.Exchange
	stage *Stage
	start time.Time

	httpMethod string // the client's, or what X-HTTP-Method-Override says
	route      *method
	search     serving.Search
	query      mapping.Query
	input      mapping.Input
	trace      serving.Trace

	body     []byte // the client's, decoded, once it was read
	bodyRead bool
	payload  []byte // what goes to the integration, when it is not body itself

	bodies *mappedBodies // nil until mappings read one

	invalid   string // what is wrong with the body, as a list in brackets
	errorType string // x-amzn-ErrorType when it is not the fault's kind's own
	called    bool   // an integration whose answers carry a trace was called

	templates templating

	call    *integration.Call
	scratch []byte
	signing *integration.Signing // memory of calls to AWS services; nil until there is one
	traceID []byte               // the memory of trace
	event   eventFields
	end     func(*exchange.Exchange) // r.release, made once

	signer     signer
	identity   clientIdentity
	key        keyUse
	ask        iam.Request
	keys       serving.PolicyKeys // what ask.Keys is
	sentBody   []byte             // the body as it came, when body is what it was decompressed to
	exec       *execution         // nil: the method has no execution log
	codeStatus int                // what a function's output says; 0: there is none

	warned bool          // the client's Cache-Control was ignored, and it is told so
	waited time.Duration // of the integration's time, what went by waiting for another's call
}

// keepMemory is the most bytes of one buffer that stay with a request for the
// next one.
const keepMemory = 64 << 10

func newRequest() *request {
	r := &request{call: integration.NewCall()}
	r.end = r.release
	return r
}

// begin readies a request for x.
func (s *Stage) begin(x *exchange.Exchange) *request {
	r, ok := s.env.requests.Get().(*request)
	if !ok {
		r = newRequest()
	}
	if x.RequestID[0] == 0 {
		serving.NewIDs(x)
	}
	r.x, r.stage, r.start = x, s, s.env.Time()
	r.httpMethod = x.Method
	if v := x.Header.GetKnown(http1.NameXHTTPMethodOverride); len(v) > 0 {
		r.httpMethod = overrideMethod(v)
	}
	r.query.Parse(x.Query)
	r.trace, r.traceID = serving.AppendTrace(r.traceID[:0], x.Header.GetKnown(http1.NameXAmznTraceID), r.start)
	r.input = mapping.Input{X: x, Query: &r.query, Trace: r.trace.Seen, Canonical: s.edge}
	x.Vars = r
	x.OnEnd(r.end)
	return r
}

// overrideMethod is the method that X-HTTP-Method-Override names. One that no
// route can have matches none.
func overrideMethod(v []byte) string {
	for _, name := range serving.VerbNames[:serving.AnyVerb] {
		if string(name) == string(v) {
			return string(name)
		}
	}
	return string(v)
}

// release writes down how the request went and gives r's memory to the next request.
func (r *request) release(x *exchange.Exchange) {
	r.record(x)
	r.templates.end(r)
	if cap(x.Response.Body) > keepMemory {
		x.Response.Body = nil
	}
	for _, b := range []*[]byte{&r.body, &r.payload, &r.scratch} {
		if cap(*b) > keepMemory {
			*b = nil
		}
	}
	if r.bodies != nil {
		r.bodies.client.Set(nil)
		r.bodies.backend.Set(nil)
	}
	stage := r.stage
	spans := r.search.Spans[:0]
	*r = request{
		query: r.query, bodies: r.bodies, search: serving.Search{Spans: spans}, body: r.body[:0], payload: r.payload[:0], templates: r.templates,
		call: r.call, scratch: r.scratch[:0], signing: r.signing, traceID: r.traceID[:0], event: r.event, end: r.end, ask: r.ask,
	}
	x.Vars = nil
	stage.env.requests.Put(r)
}

// received is when the request came, in UTC.
func (r *request) received() time.Time {
	if r.x.Received.IsZero() {
		return r.start.UTC()
	}
	return r.x.Received.UTC()
}

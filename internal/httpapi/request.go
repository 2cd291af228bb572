package httpapi

import (
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/authorizer"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/identity"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/mapping"
	"github.com/gatehouse/gatehouse/internal/serving"
	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// Request is one exchange on its way through a stage, with the memory that the
// next request uses again.
type Request struct {
	X      *exchange.Exchange // its Vars are the Request
	Stage  *Stage
	Route  *Route // nil: none was found yet
	Params mapping.Params
	Query  mapping.Query // of X, decoded
	Trace  []byte        // X-Amzn-Trace-Id as backends see it

	// What Authorize found out.
	Answer    *authorizer.Answer // nil: nobody was asked, or nobody is let in
	Latency   time.Duration      // of the function; 0: its answer was kept
	Problem   string             // $context.authorizer.error
	Challenge string             // www-authenticate of the answer; empty: none
	caller    *identity.Caller   // who signed the request and is let in; nil: nobody
	keys      *sigv4.Credentials // what caller signed with

	out   outgoing
	input mapping.Input
	ask   iam.Request
	room  []byte

	start    time.Time
	search   serving.Search
	traceID  []byte // the memory of Trace
	body     []byte // the client's, once it was read
	bodyRead bool
	call     *integration.Call
	scratch  []byte
	end      func(*exchange.Exchange) // r.done, made once

	preflighted    bool               // the answer is that of a preflight
	functionStatus int                // what a function's output says, $context.integration.status; 0: the service's own
	conditions     serving.PolicyKeys // what ask.Keys is
	mapped         *mappedBodies      // nil until mappings read one
	event          eventMemory
	signing        *integration.Signing // memory of calls to AWS services; nil until there is one
}

// outgoing is the request as an integration is to get it: the client's, until
// parameter mapping changes it.
type outgoing struct {
	Header *http1.Header // the client's own, never to be changed, or &changed
	Query  []byte        // escaped, without '?'
	Path   []byte        // escaped; nil: not overwritten
	Host   []byte        // nil: not overwritten

	changed http1.Header // memory for another Header
	memory  []byte       // for the rest
}

// keepMemory is the most bytes of one buffer that stay with a request for the
// next one.
const keepMemory = 64 << 10

// begin readies a request for x.
func (s *Stage) begin(x *exchange.Exchange) *Request {
	r, ok := s.env.requests.Get().(*Request)
	if !ok {
		r = &Request{call: integration.NewCall()}
		r.end = r.done
	}
	if x.RequestID[0] == 0 {
		serving.NewIDs(x)
	}
	r.X, r.Stage, r.start = x, s, s.env.Time()
	r.Query.Parse(x.Query)
	r.traceID = serving.AppendRouteTrace(r.traceID[:0], x.Header.GetKnown(http1.NameXAmznTraceID), r.start)
	r.Trace = r.traceID
	r.out.Header, r.out.Query, r.out.Path, r.out.Host = x.Header, x.Query, nil, nil
	x.Vars = r
	x.OnEnd(r.end)
	return r
}

// done writes down how the request went and gives r's memory to the next one.
func (r *Request) done(x *exchange.Exchange) {
	r.record(x)
	stage := r.Stage
	if cap(x.Response.Body) > keepMemory {
		x.Response.Body = nil
	}
	for _, b := range []*[]byte{&r.body, &r.scratch, &r.room, &r.out.memory} {
		if cap(*b) > keepMemory {
			*b = nil
		}
	}
	r.event.trim()
	if r.mapped != nil {
		r.mapped.client.Set(nil)
		r.mapped.backend.Set(nil)
	}
	*r = Request{
		Query: r.Query, search: serving.Search{Spans: r.search.Spans[:0]}, traceID: r.traceID[:0], body: r.body[:0], call: r.call, scratch: r.scratch[:0],
		room: r.room[:0], out: outgoing{changed: r.out.changed, memory: r.out.memory[:0]}, end: r.end, ask: r.ask,
		mapped: r.mapped, event: r.event, signing: r.signing,
	}
	x.Vars = nil
	stage.env.requests.Put(r)
}

// readBody makes r.body the client's body, once.
func (r *Request) readBody() *exchange.Fault {
	if r.bodyRead {
		return nil
	}
	r.bodyRead = true
	var f *exchange.Fault
	r.body, f = serving.ReadBody(r.X, r.body[:0])
	return f
}

// callBegins notes that an integration is being called.
func (r *Request) callBegins(kind apigw.IntegrationType, target string) {
	r.X.Outcome.Integration.Begin(r.X, string(kind), target)
}

// callEnded notes the service's status and its name for the call; 0 and empty
// when it gave none.
func (r *Request) callEnded(status int, requestID string) {
	r.X.Outcome.Integration.End(r.X, status, requestID)
}

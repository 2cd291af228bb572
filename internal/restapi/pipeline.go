package restapi

import (
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/mapping"
	"github.com/gatehouse/gatehouse/internal/serving"
)

// Serve answers x: it fills x.Response and never writes to a connection. What
// it takes for x is given back when x ends.
func (s *Stage) Serve(x *exchange.Exchange) {
	r := s.begin(x)
	if f := r.run(); f != nil {
		x.Failed(f)
		r.fail(f)
	}
	r.finish()
}

// run is a request's way through its stage.
func (r *request) run() *exchange.Fault {
	if f := r.checkSize(); f != nil {
		return f
	}
	if f := r.decodeBody(); f != nil {
		return f
	}
	if f := r.enter(); f != nil {
		return f
	}
	if f := r.findRoute(); f != nil {
		return f
	}
	if f := r.authorize(); f != nil {
		return f
	}
	if f := r.admit(); f != nil {
		return f
	}
	if f := r.validate(); f != nil {
		return f
	}
	if rule := r.cacheRule(); rule != nil {
		return r.serveCached(rule)
	}
	if f := r.route.backend.serve(r); f != nil {
		return f
	}
	return r.compressBody()
}

var (
	tooLarge = serving.TooLarge
	tooLong  = &exchange.Fault{Kind: exchange.Default4XX, Status: 414, Message: "Request URI too long"}
	noRoute  = &exchange.Fault{Kind: exchange.MissingAuthenticationToken}
)

// The limits of a request (Amazon API Gateway quotas for REST APIs), in bytes.
const (
	maxHeaders        = 10240
	maxPrivateHeaders = 8000
	maxURL            = 10240
	maxEdgeURL        = 8192 // and private
	maxMethodARN      = 1600
)

// checkSize enforces what can be told before a route is known.
func (r *request) checkSize() *exchange.Fault {
	x := r.x
	if len("https://")+len(x.Host)+len(x.Path)+len("?")+len(x.Query) > r.stage.maxURL {
		return tooLong
	}
	if x.Header.Size() > r.stage.maxHeaders || x.Body != nil && x.Body.Length() > integration.MaxBody {
		return tooLarge
	}
	return nil
}

// findRoute finds the method that serves the request.
func (r *request) findRoute() *exchange.Fault {
	if r.stage.trial != nil {
		r.trialRoute()
		r.logged()
		return nil
	}
	s := &r.search
	s.Path, s.Verb, s.Spans = trimPath(r.x.Address.StagePath), serving.ParseVerb(r.httpMethod), s.Spans[:0]
	r.route = match(&r.stage.root, s)
	if r.route == nil {
		r.x.Decide("route", "none", "no resource has this path and method")
		return r.unmatched()
	}
	r.x.Outcome.Resource = r.route.resource.path
	if r.x.Explaining() {
		r.x.Decide("route", r.route.place(), "the first resource, static before {name} before {name+}, that has the method")
	}
	r.input.Params = mapping.Params{Path: s.Path, Names: r.route.resource.names, Spans: s.Spans}
	r.logged()
	if r.stage.arnLength+len(r.httpMethod)+len("/")+len(s.Path) > maxMethodARN {
		return tooLong
	}
	return nil
}

// unmatched is the fault for a request that no route fits. An Authorization
// field that is no signature shows as one that could not be read (seen on
// AWS by many); otherwise the token is missing (recorded on AWS).
func (r *request) unmatched() *exchange.Fault {
	if v := r.x.Header.GetKnown(http1.NameAuthorization); len(v) > 0 && !isSignature(v) {
		r.errorType = "IncompleteSignatureException"
		return &exchange.Fault{Kind: exchange.MissingAuthenticationToken, Message: incompleteSignature(v)}
	}
	return noRoute
}

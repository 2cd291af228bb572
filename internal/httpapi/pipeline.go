package httpapi

import (
	"github.com/gatehouse/gatehouse/internal/exchange"
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
		r.log(f)
		r.Refuse(f)
	}
	r.finish()
}

// run is a request's way through its stage.
func (r *Request) run() *exchange.Fault {
	if f := r.checkSize(); f != nil {
		return f
	}
	if r.preflight() {
		return nil
	}
	if f := r.findRoute(); f != nil {
		return f
	}
	if f := r.throttle(); f != nil {
		return f
	}
	if f := r.Authorize(); f != nil {
		return f
	}
	params := r.Route.params
	if params != nil {
		if f := params.request(r); f != nil {
			return f
		}
	}
	if f := r.Route.backend.serve(r); f != nil {
		return f
	}
	if params != nil {
		return params.response(r)
	}
	return nil
}

// maxHeaders is the most bytes of a request's line and its fields together
// (Amazon API Gateway quotas for HTTP APIs).
const maxHeaders = 10240

var (
	tooManyFields = &exchange.Fault{Kind: exchange.Default4XX, Status: 431, Message: "Request Header Fields Too Large"}
	noRoute       = &exchange.Fault{Kind: exchange.ResourceNotFound}
)

// checkSize enforces what can be told before a route is known.
func (r *Request) checkSize() *exchange.Fault {
	x := r.X
	if len(x.Method)+len(x.Path)+len(x.Query)+x.Header.Size() > maxHeaders {
		return tooManyFields
	}
	if x.Body != nil && x.Body.Length() > integration.MaxBody {
		return serving.TooLarge
	}
	return nil
}

// findRoute finds the route that serves the request: one whose path fits whole,
// a literal before a variable, else one whose {name+} takes the rest, else
// $default (developer guide, "Create routes for HTTP APIs"). A slash at the end
// counts, and what a {name+} takes may be nothing but for the root (seen on AWS).
// A method that no route can have finds none, not $default either: what a backend
// would make of TRACE isn't known to be safe.
func (r *Request) findRoute() *exchange.Fault {
	s := &r.search
	s.Path, s.Verb, s.Spans = r.X.Address.StagePath, serving.ParseVerb(r.X.Method), s.Spans[:0]
	if len(s.Path) > 0 && s.Path[0] == '/' {
		s.Path = s.Path[1:]
	}
	route := r.Stage.root.Match(s, serving.NotGreedy)
	if route == nil {
		route = r.Stage.root.Match(s, serving.Anything)
	}
	if route == nil && s.Verb != serving.OtherVerb {
		route = r.Stage.fallback
	}
	if route == nil {
		r.X.Decide("route", "none", "no route has this method and path, and there is no $default")
		return noRoute
	}
	r.Route, r.X.Outcome.Resource = route, route.path()
	r.X.Decide("route", route.Key, "the whole path before {name+}, a literal before {name}, $default last")
	r.Params = mapping.Params{Path: s.Path, Names: route.names, Spans: s.Spans}
	r.input = mapping.Input{X: r.X, Params: r.Params, Query: &r.Query, Trace: r.Trace}
	return nil
}

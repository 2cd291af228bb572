// Package httpapi serves HTTP APIs (Amazon API Gateway V2): it compiles a
// deployment on a stage once, then routes, authorizes, calls the integration and
// answers as AWS does. It must not know another API kind, listeners, stores or
// the management wire.
//
// pipeline.go is the story of a request; compile.go says what a definition
// becomes, and refuses what nothing here would enforce; routekey.go is how routes
// are named. What routes call is a backend each: httpproxy.go.
package httpapi

import (
	"sync"

	"github.com/gatehouse/gatehouse/internal/admission"
	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/mapping"
	"github.com/gatehouse/gatehouse/internal/serving"
	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// Env is what stages share with the process around them: what those of all API
// kinds do, and what HTTP APIs alone need. Don't copy one that is in use.
type Env struct {
	*serving.Env
	NewGate func() *admission.Gate // bounds an authorizer's calls in flight; nil: nothing does

	requests sync.Pool // of *Request
	signer   sigv4.Signer
}

// Stage is a deployment compiled for one stage. It never changes; many
// requests use it at once.
type Stage struct {
	API       apigw.APIID
	Name      apigw.StageName
	Variables map[string]string
	Flushed   int64 // how often what authorizers answered was forgotten (ResetAuthorizersCache)

	env       *Env
	scope     apigw.Scope // the API's: its account isn't always that of the process
	root      serving.Node[Route]
	fallback  *Route // $default; nil: there is none
	variables *mapping.StageVariables
	backends  []*integration.Backend
	cors      *cors // nil: the API has no CORS configuration
	observe   serving.Observation
	busyTold  *serving.BusyTold
}

// NewStage is the stage of an API under env, without routes.
func NewStage(env *Env, s Stage) *Stage {
	s.env, s.scope, s.busyTold = env, env.Scope, new(serving.BusyTold)
	return &s
}

// Close gives back what the stage shares with others. Requests in flight
// still end well.
func (s *Stage) Close() {
	for _, b := range s.backends {
		b.Release()
	}
	s.backends = nil
	s.observe.Close()
}

// backend is what serves a route: it calls the integration and makes the
// answer of what that said.
type backend interface {
	serve(r *Request) *exchange.Fault
}

// mapper is an integration's parameter mapping (developer guide, "Transform API
// requests and responses for HTTP APIs").
type mapper interface {
	// request changes r.out, which is the client's request before.
	request(r *Request) *exchange.Fault
	// response changes the answer that the integration gave, in r.X.Response. The
	// status of the integration selects what is done.
	response(r *Request) *exchange.Fault
	// readsAnswer says that response reads an answer's body, which then is
	// collected, not streamed.
	readsAnswer() bool
}

// Problem is what can't be served, or not as asked.
type Problem = serving.Problem

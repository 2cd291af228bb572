// Package restapi serves REST APIs (Amazon API Gateway v1): it compiles a
// deployment on a stage once, then routes, maps, integrates and answers as
// AWS does. It must not know listeners, stores or the management wire.
//
// pipeline.go is the story of a request; compile.go says what a definition
// becomes; check.go lists what is refused because nothing here would enforce
// it.
package restapi

import (
	"sync"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/lambda"
	"github.com/gatehouse/gatehouse/internal/mapping"
	"github.com/gatehouse/gatehouse/internal/responsecache"
	"github.com/gatehouse/gatehouse/internal/schema"
	"github.com/gatehouse/gatehouse/internal/serving"
	"github.com/gatehouse/gatehouse/internal/sigv4"
	"github.com/gatehouse/gatehouse/internal/usageplan"
)

// Env is what stages share with the process around them: what those of all API
// kinds do, and what REST APIs alone need. Don't copy one that is in use.
type Env struct {
	*serving.Env
	Streams lambda.Streamer // of functions whose answers are streamed; nil: every one fails as unreachable
	Random  func() float64  // in [0, 1); nil: math/rand/v2's

	// Plans are the API keys and their usage plans; nil: every key is unknown.
	Plans *usageplan.Book
	// Responses are the response caches of stages; nil: made when one is needed.
	Responses *responsecache.Pool

	signer      sigv4.Signer
	requests    sync.Pool // of *request
	shapes      interner[shape]
	programs    interner[mapping.Program]
	schemas     interner[schema.Schema]
	compressors sync.Pool // of *compressor
	caching     sync.Once
}

func (e *Env) responses() *responsecache.Pool {
	e.caching.Do(func() {
		if e.Responses == nil {
			e.Responses = responsecache.NewPool(responsecache.Config{Memory: responsecache.DefaultMemory})
		}
	})
	return e.Responses
}

// Stage is a deployment compiled for one stage. It never changes; many
// requests use it at once.
type Stage struct {
	env        *Env
	scope      apigw.Scope // the API's: its account isn't always that of the process
	apiID      apigw.APIID
	name       apigw.StageName
	deployment apigw.DeploymentID
	edge       bool // edge-optimized: well-known header names in their usual spelling

	root      serving.Node[method]
	responses map[exchange.FaultKind]*gatewayResponse
	binary    integration.BinaryTypes
	compress  int // minimumCompressionSize; -1: no compression
	backends  []*integration.Backend
	keyFrom   keySource
	policy    []*iam.Policy // the API's; nil: it has none
	signed    *sigv4.Verifier

	maxURL, maxHeaders int
	arnLength          int    // of the method ARN up to the method
	userAgent          string // AmazonAPIGateway_{api}
	variables          *mapping.StageVariables
	variablesJSON      string // event.stageVariables
	contextJSON        string // the constant end of event.requestContext
	observe            observation
	cache              *responsecache.Cache // nil: the stage has none

	busyTold serving.BusyTold
	canary   canaryState
	trial    *trial // nil: the stage of a deployment
}

// method is a compiled method of a resource.
type method struct {
	verb     apigw.Verb
	code     serving.Verb
	resource *resource
	backend  backend
	observe  methodObservation
	limiter  serving.Limiter
	cache    *cacheRules // nil: no answer is kept
	needsKey bool        // apiKeyRequired
	asCaller bool        // the backend is called with the caller's own credentials

	authorization *authorization // nil: anyone may call
	validation    *validation    // nil: nothing is checked
}

type resource struct {
	id    apigw.ResourceID
	path  string
	names []string // of path parameters, from the left
}

// place names a method in messages: "GET /pets".
func (m *method) place() string { return string(m.verb) + " " + m.resource.path }

// backend is what serves a method once its route is found: it calls the
// integration and makes the answer.
type backend interface {
	serve(r *request) *exchange.Fault
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

// Problem is what can't be served, or not as asked.
type Problem = serving.Problem

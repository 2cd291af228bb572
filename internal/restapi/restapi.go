// Package restapi serves REST APIs (Amazon API Gateway v1): it compiles a
// deployment on a stage once, then routes, maps, integrates and answers as
// AWS does. It must not know listeners, stores or the management wire.
//
// pipeline.go is the story of a request; compile.go says what a definition
// becomes; check.go lists what is refused because nothing here would enforce
// it.
package restapi

import (
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/authorizer"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/lambda"
	"github.com/gatehouse/gatehouse/internal/mapping"
	"github.com/gatehouse/gatehouse/internal/metering"
	"github.com/gatehouse/gatehouse/internal/responsecache"
	"github.com/gatehouse/gatehouse/internal/schema"
	"github.com/gatehouse/gatehouse/internal/sigv4"
	"github.com/gatehouse/gatehouse/internal/tally"
	"github.com/gatehouse/gatehouse/internal/telemetry"
	"github.com/gatehouse/gatehouse/internal/throttle"
	"github.com/gatehouse/gatehouse/internal/usageplan"
)

// Env is what stages share with the process around them. Don't copy one that
// is in use.
type Env struct {
	Scope     apigw.Scope // of definitions that don't say whose they are
	Pools     *integration.Pools
	Functions lambda.Invoker        // nil: every function fails as unreachable
	Streams   lambda.Streamer       // of functions whose answers are streamed; nil as Functions
	Services  *integration.Services // nil: every AWS service fails as misconfigured
	Logger    *slog.Logger          // nil: nothing is logged
	Now       func() time.Time      // nil: time.Now
	Random    func() float64        // in [0, 1); nil: math/rand/v2's
	Logs      *telemetry.Logs       // nil: no access and execution logs are written
	Metrics   *telemetry.Metrics    // nil: nothing is counted
	Meters    *metering.Book        // nil: nothing is metered

	// OpenKey opens what was sealed for a record; nil: nothing can be opened.
	OpenKey func(record string, sealed []byte) ([]byte, error)
	// Identities are who may sign requests; nil: nobody.
	Identities Identities
	// Plans are the API keys and their usage plans; nil: every key is unknown.
	Plans *usageplan.Book
	// Throttles divides stages' limits among nodes; nil: there is one.
	Throttles *throttle.Group
	// Responses are the response caches of stages; nil: made when one is needed.
	Responses *responsecache.Pool
	// Ledger is asked for the limits that all nodes share; nil: there is none.
	Ledger *tally.Ledger
	// Issuers are where tokens come from; nil: AWS's user pools, reached
	// without a rule of egress.
	Issuers *authorizer.Issuers

	signer      sigv4.Signer
	requests    sync.Pool // of *request
	authorizing sync.Once
	signatures  map[string]*sigv4.Verifier // by region; guarded by signing
	signing     sync.Mutex
	kept        *authorizer.Cache
	shapes      interner[shape]
	programs    interner[mapping.Program]
	schemas     interner[schema.Schema]
	compressors sync.Pool // of *compressor
	throttles   throttle.Pool
	caching     sync.Once
}

func (e *Env) now() time.Time {
	if e.Now != nil {
		return e.Now()
	}
	return time.Now()
}

// authorizers makes, once, what authorizers share.
func (e *Env) authorizers() {
	e.authorizing.Do(func() {
		e.kept = authorizer.NewCache()
		if e.Issuers == nil {
			e.Issuers = &authorizer.Issuers{Client: http.DefaultClient}
		}
	})
}

// verifier checks the signatures of requests to the APIs of a region.
func (e *Env) verifier(region string) *sigv4.Verifier {
	e.signing.Lock()
	defer e.signing.Unlock()
	v := e.signatures[region]
	if v == nil {
		if e.signatures == nil {
			e.signatures = map[string]*sigv4.Verifier{}
		}
		v = &sigv4.Verifier{Service: "execute-api", Region: region, Now: e.now}
		e.signatures[region] = v
	}
	return v
}

func (e *Env) answers() *authorizer.Cache { e.authorizers(); return e.kept }

func (e *Env) issuers() *authorizer.Issuers { e.authorizers(); return e.Issuers }

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

	root      node
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

	busyTold busyTold
	canary   canaryState
	trial    *trial // nil: the stage of a deployment
}

// method is a compiled method of a resource.
type method struct {
	verb     apigw.Verb
	code     verb
	resource *resource
	backend  backend
	observe  methodObservation
	limiter  limiter
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
	for _, release := range s.observe.close {
		release()
	}
	s.observe.close = nil
}

// Problem is one thing of a definition or stage that can't be served, or (a
// Warning) that is served but will fail as it does on AWS.
type Problem struct {
	Place   string // "GET /pets", "stage prod"
	Text    string // names the setting and why
	Warning bool
}

func (p Problem) String() string { return p.Place + ": " + p.Text }

// Package serving is what the pipelines of all API kinds stand on: the parts of
// the process around them, the names and the trace of a request, the limit of a
// route, and what is written down of a request once it is answered. It must not
// know an API kind, nor in which order a pipeline takes its steps.
package serving

import (
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/authorizer"
	"github.com/gatehouse/gatehouse/internal/identity"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/lambda"
	"github.com/gatehouse/gatehouse/internal/metering"
	"github.com/gatehouse/gatehouse/internal/sigv4"
	"github.com/gatehouse/gatehouse/internal/tally"
	"github.com/gatehouse/gatehouse/internal/telemetry"
	"github.com/gatehouse/gatehouse/internal/throttle"
	"github.com/gatehouse/gatehouse/internal/vpclink"
)

// Env is what the stages of all API kinds share with the process around them.
// Don't copy one that is in use.
type Env struct {
	Scope     apigw.Scope // of definitions that don't say whose they are
	Pools     *integration.Pools
	Links     *vpclink.Book         // where private integrations lead; nil: nowhere
	Functions lambda.Invoker        // nil: every function fails as unreachable
	Services  *integration.Services // nil: every AWS service fails as misconfigured
	Logger    *slog.Logger          // nil: nothing is logged
	Now       func() time.Time      // nil: time.Now
	Logs      *telemetry.Logs       // nil: no access and execution logs are written
	Metrics   *telemetry.Metrics    // nil: nothing is counted
	Meters    *metering.Book        // nil: nothing is metered

	// OpenKey opens what was sealed for a record; nil: nothing can be opened.
	OpenKey func(record string, sealed []byte) ([]byte, error)
	// Identities are who may sign requests; nil: nobody.
	Identities Identities
	// Throttles divides stages' limits among nodes; nil: there is one.
	Throttles *throttle.Group
	// Ledger is asked for the limits that all nodes share; nil: there is none.
	Ledger *tally.Ledger
	// Issuers are where tokens come from; nil: AWS's user pools, reached
	// without a rule of egress.
	Issuers *authorizer.Issuers

	authorizing sync.Once
	kept        *authorizer.Cache
	signatures  map[string]*sigv4.Verifier // by region; guarded by signing
	signing     sync.Mutex
	throttles   throttle.Pool
}

// Identities find who signs with an access key.
type Identities interface {
	// Find is the secret of an access key and whose it is; token is the session
	// token that came with it. The error is a *sigv4.Error, or says why
	// that isn't known now.
	Find(accessKeyID, token string) (secret string, who *identity.Caller, err error)
	// Open says that nobody may sign yet.
	Open() bool
}

// Time is what time it is.
func (e *Env) Time() time.Time {
	if e.Now != nil {
		return e.Now()
	}
	return time.Now()
}

// ScopeOf is whose a definition is.
func (e *Env) ScopeOf(def *apigw.Definition) apigw.Scope {
	if def.Scope == (apigw.Scope{}) {
		return e.Scope
	}
	return def.Scope
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

// Answers are what authorizers said, kept for a while.
func (e *Env) Answers() *authorizer.Cache { e.authorizers(); return e.kept }

// TokenIssuers are where tokens come from.
func (e *Env) TokenIssuers() *authorizer.Issuers { e.authorizers(); return e.Issuers }

// Verifier checks the signatures of requests to the APIs of a region.
func (e *Env) Verifier(region string) *sigv4.Verifier {
	e.signing.Lock()
	defer e.signing.Unlock()
	v := e.signatures[region]
	if v == nil {
		if e.signatures == nil {
			e.signatures = map[string]*sigv4.Verifier{}
		}
		v = &sigv4.Verifier{Service: "execute-api", Region: region, Now: e.Time}
		e.signatures[region] = v
	}
	return v
}

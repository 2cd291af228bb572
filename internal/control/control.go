// Package control holds the rules of Amazon API Gateway's management plane:
// what refers to what, what a deletion takes along, what a deployment needs,
// how an import merges. It takes and returns domain values and answers with
// AWS's own texts; it must not know how calls arrive (awsapi) or how requests
// are served (restapi).
//
// Values it returns are shared and must not be changed by the caller.
package control

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// Problem is one thing of a definition or a stage that can't be served.
type Problem struct {
	Place string // "GET /pets", "stage prod"; empty: the API as a whole
	Text  string // names the setting and says what is wrong with it
	// Warning: AWS is recorded to accept it and to fail when it is used, so
	// the deployment is made and the problem only logged.
	Warning bool
}

func (p Problem) String() string {
	if p.Place == "" {
		return p.Text
	}
	return p.Place + ": " + p.Text
}

// Check says what of a definition, under a stage's settings, can't be served.
// The stage is nil for a deployment that no stage uses yet. Both are
// read-only. It must be cheap: it runs at every deployment and stage change.
type Check func(def *apigw.Definition, stage *apigw.Stage) []Problem

// Limits bound what one API may hold. AWS's own quotas are adjustable on
// request; ours are set where the store and the memory of a node stay
// comfortable, not where AWS starts to ask.
type Limits struct {
	Resources            int // per API; AWS: 300
	Models               int // per API
	Authorizers          int // per API; AWS: 10
	Validators           int // per API
	DocumentationParts   int // per API; AWS: 2000
	DocumentationSaved   int // versions per API
	APIKeys              int // per account and region; AWS: 10000
	UsagePlans           int // per account and region; AWS: 300
	PlansOfKey           int // usage plans that one key is in; AWS: 10
	VPCLinks             int // of version 1, per account and region; AWS: 20
	PrivateLinks         int // VPC links of version 2, per account and region; AWS: 10
	Stages               int // per API; AWS: 10
	StageVariables       int // per stage; AWS: 100
	IntegrationTimeoutMS int // AWS: 29000, raisable for regional and private APIs
	Routes               int // per API of routes; AWS: 300
	RouteIntegrations    int // per API of routes; AWS: 300
	RouteAuthorizers     int // per API of routes; AWS: 10
	RouteModels          int // per API of routes
	RouteStages          int // per API of routes; AWS: 10
	PolicyBytes          int // AWS: 8192
	EntryBytes           int // of one resource with all its methods, as stored
	Namespaces           int // per account and region; AWS: 50
	RegistryServices     int // per account and region
	Instances            int // per service, registered by calls; AWS: 1000
}

// DefaultLimits are used for every limit that Options leaves zero.
func DefaultLimits() Limits {
	return Limits{
		Resources:            5000,
		Models:               5000,
		Authorizers:          500,
		Validators:           500,
		DocumentationParts:   20000,
		DocumentationSaved:   200,
		APIKeys:              10000,
		UsagePlans:           300,
		PlansOfKey:           10,
		VPCLinks:             200,
		PrivateLinks:         200,
		Stages:               200,
		StageVariables:       100,
		IntegrationTimeoutMS: 29000,
		Routes:               300,
		RouteIntegrations:    300,
		RouteAuthorizers:     10,
		RouteModels:          300,
		RouteStages:          10,
		PolicyBytes:          8192,
		EntryBytes:           900 << 10,
		Namespaces:           500,
		RegistryServices:     5000,
		Instances:            1000,
	}
}

// Options say what a Control works with. Only Store is required.
type Options struct {
	Store *store.Store
	Now   func() time.Time // default time.Now
	Rand  io.Reader        // of identifiers; default crypto/rand
	Check Check            // default: everything can be served
	// CheckPart refuses an integration of an API of routes that no stage could
	// serve; default: every one can be.
	CheckPart CheckRouteIntegration
	Logger    *slog.Logger // default: slog.Default()
	Limits    Limits
	// Sealer seals private keys and the values of API keys; it is asked for when
	// one is made or read. Default: none can be.
	Sealer func() (*store.Sealer, error)
	// Visible is called after a change of stages was stored, with its
	// revision, before the call that made it returns: it may wait until the
	// change is served. Default: nothing is waited for.
	Visible func(ctx context.Context, revision int64)
	// Declared says that the configuration gives files for a certificate's ARN,
	// so that domain names may name it without ACM having it. Default: none.
	Declared func(certificate apigw.ARN) bool
	// Truststore reads the trust stores of domain names. Default: none can be.
	Truststore ReadTruststore
	// Network is the private network that the configuration declares; nil: every
	// well-formed ID of a thing in it is taken.
	Network *apigw.Network
	// StatusDelay is how long a status that is told of an instance of the registry
	// takes to show; default apigw.StatusDelay.
	StatusDelay time.Duration
	// CachedAPIs and CachedBytes bound the definitions kept in memory;
	// defaults 256 and 64 MiB (of stored text).
	CachedAPIs  int
	CachedBytes int
}

// Control applies the rules to what is stored. Safe for concurrent use.
type Control struct {
	store  *store.Store
	now    func() time.Time
	rand   io.Reader
	check  Check
	part   CheckRouteIntegration
	shown  func(ctx context.Context, revision int64)
	log    *slog.Logger
	limits Limits
	sealer func() (*store.Sealer, error)
	cache  *cache

	usageMu sync.Mutex // one change of a scope's records at a time
	metered *Metered   // what counts here; nil: nothing does
	domains *Domains   // who serves domain names here; nil: nobody does

	vpcLinks     *Links // who calls through those of version 1 here; nil: nobody does
	privateLinks *Links // and of version 2

	groups         *TargetGroups  // who forwards to target groups here; nil: nobody does
	balancers      *LoadBalancers // who serves load balancers here; nil: nobody does
	certificates   *Certificates  // who shows server certificates here; nil: nobody does
	readTruststore ReadTruststore
	declared       func(apigw.ARN) bool // see Options.Declared
	network        *apigw.Network

	statusDelay time.Duration
	registry    *Registry      // who shows the service registry here; nil: nobody does
	instancesMu [64]sync.Mutex // one change of a service's instances at a time, by the service's ID
	operations  atomic.Uint64  // how many were noted, see noteOperation

	garbage garbage
	scopes  sync.Map // apigw.Scope → struct{}: those known to be noted

	writersMu sync.Mutex // guards writers and every writer's queue
	writers   map[apiRef]*writer
	running   sync.WaitGroup // one per writer goroutine
}

// New returns a Control over o.Store.
func New(o Options) *Control {
	c := &Control{
		store: o.Store, now: o.Now, rand: o.Rand, check: o.Check, part: o.CheckPart, shown: o.Visible, log: o.Logger,
		limits:  o.Limits.orDefault(),
		network: o.Network, statusDelay: cmp.Or(o.StatusDelay, apigw.StatusDelay),
		sealer:  o.Sealer,
		cache:   newCache(orDefault(o.CachedAPIs, 256), orDefault(o.CachedBytes, 64<<20)),
		writers: map[apiRef]*writer{},
	}
	if c.declared = o.Declared; c.declared == nil {
		c.declared = func(apigw.ARN) bool { return false }
	}
	if c.readTruststore = o.Truststore; c.readTruststore == nil {
		c.readTruststore = noTruststores
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.rand == nil {
		c.rand = rand.Reader
	}
	if c.check == nil {
		c.check = func(*apigw.Definition, *apigw.Stage) []Problem { return nil }
	}
	if c.shown == nil {
		c.shown = func(context.Context, int64) {}
	}
	if c.log == nil {
		c.log = slog.Default()
	}
	if c.sealer == nil {
		c.sealer = func() (*store.Sealer, error) { return nil, errors.New("there is no master key") }
	}
	return c
}

// Close waits until every change that was accepted is stored or refused.
// Call it before closing the store.
func (c *Control) Close() { c.running.Wait() }

func orDefault(v, def int) int {
	if v == 0 {
		return def
	}
	return v
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	return Limits{
		Resources:            orDefault(l.Resources, d.Resources),
		Models:               orDefault(l.Models, d.Models),
		Authorizers:          orDefault(l.Authorizers, d.Authorizers),
		Validators:           orDefault(l.Validators, d.Validators),
		DocumentationParts:   orDefault(l.DocumentationParts, d.DocumentationParts),
		DocumentationSaved:   orDefault(l.DocumentationSaved, d.DocumentationSaved),
		APIKeys:              orDefault(l.APIKeys, d.APIKeys),
		UsagePlans:           orDefault(l.UsagePlans, d.UsagePlans),
		PlansOfKey:           orDefault(l.PlansOfKey, d.PlansOfKey),
		VPCLinks:             orDefault(l.VPCLinks, d.VPCLinks),
		PrivateLinks:         orDefault(l.PrivateLinks, d.PrivateLinks),
		Stages:               orDefault(l.Stages, d.Stages),
		StageVariables:       orDefault(l.StageVariables, d.StageVariables),
		IntegrationTimeoutMS: orDefault(l.IntegrationTimeoutMS, d.IntegrationTimeoutMS),
		Routes:               orDefault(l.Routes, d.Routes),
		RouteIntegrations:    orDefault(l.RouteIntegrations, d.RouteIntegrations),
		RouteAuthorizers:     orDefault(l.RouteAuthorizers, d.RouteAuthorizers),
		RouteModels:          orDefault(l.RouteModels, d.RouteModels),
		RouteStages:          orDefault(l.RouteStages, d.RouteStages),
		PolicyBytes:          orDefault(l.PolicyBytes, d.PolicyBytes),
		EntryBytes:           orDefault(l.EntryBytes, d.EntryBytes),
		Namespaces:           orDefault(l.Namespaces, d.Namespaces),
		RegistryServices:     orDefault(l.RegistryServices, d.RegistryServices),
		Instances:            orDefault(l.Instances, d.Instances),
	}
}

// seconds is the time AWS would note: whole seconds, UTC.
func (c *Control) seconds() time.Time { return c.now().UTC().Truncate(time.Second) }

// storeError turns an error of the store into one for a caller. Errors that
// are for a caller already pass through.
func storeError(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*apigw.Error](err); ok {
		return e
	}
	kind, text := apigw.Internal, "Internal server error"
	switch {
	case errors.Is(err, store.ErrDead):
		kind, text = apigw.Unavailable, "Gatehouse can't reach its store: "+err.Error()
	case errors.Is(err, store.ErrTooLarge):
		kind, text = apigw.LimitExceeded, "Gatehouse can't store the change: "+err.Error()
	case errors.Is(err, store.ErrConflict):
		kind, text = apigw.Unavailable, "Gatehouse couldn't store the change: too many writers at once"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		kind, text = apigw.Unavailable, "Gatehouse was interrupted; whether the change was stored is unknown"
	}
	return &apigw.Error{Kind: kind, Message: text, Cause: err}
}

// Package gateway is the edge that clients of APIs see: listeners, TLS,
// HTTP/1.1 and HTTP/2 into one exchange, from an address to a stage, and how a
// change becomes visible without dropping a request. It must not know what a
// stage does with a request, nor how the management API is spoken.
//
// A connection goes from accept (listener.go) through the PROXY header, TLS
// and the choice of protocol (connection.go) to a session (http1.go, http2.go).
// A request goes from its address (address.go, route.go) through the table of
// hosts (hosts.go), or of custom domain names (domains.go), to a stage (stage.go). A change goes from the store
// (source.go) through the applier (apply.go) into the stage's pointer, and to
// the last good state on disk (lastgood.go).
package gateway

import (
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse/gatehouse/internal/admission"
	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/http2"
	"github.com/gatehouse/gatehouse/internal/workers"
)

// Stage answers the requests of one stage. It never changes; many requests
// use it at once. Close gives back what it shares with others, once no
// request can reach it any more.
type Stage interface {
	Serve(x *exchange.Exchange)
	Close()
}

// Config is what a Gateway needs. Zero fields take the defaults named.
type Config struct {
	Listeners    []ListenerConfig
	Inherited    *Sockets            // sockets of a predecessor or of systemd; nil: none
	Scope        apigw.Scope         // its region is in the domain name of requests addressed by path
	DataDir      string              // holds the development certificate
	Certificates []CertificateConfig // shown for the names that they cover
	REST         Kind                // required
	HTTP         Kind                // of stages of routes; without Compile their stages can't be served
	WebSocket    Kind                // of those of WebSocket APIs, likewise
	// Everything answers every request, whatever it names, and gives it its IDs;
	// nil: APIs do. With it, no kind is required.
	Everything func(*exchange.Exchange)
	LastGood   LastGood // nil: nothing is kept, and nothing is served without the store
	Logger     *slog.Logger

	// Done is called for every request once its answer is out, on the
	// request's goroutine; nil: nothing is spent on it.
	Done func(*exchange.Exchange)
	// Explain says of which requests the decisions are kept.
	Explain Explained

	Limits           http1.Limits     // zero fields: see completeLimits
	MaxConnections   int              // default 65536, over all listeners; more wait to be accepted
	Requests         admission.Config // in work at once, default 16384, and waiting for it; more are answered 503
	HandshakeTimeout time.Duration    // for a PROXY header and TLS; default 10 s
	StartTimeout     time.Duration    // how long Follow waits for the store before it serves the last good state; default 2 s
	MaxRoutes        int              // methods of all stages held ready at once; what is beyond is compiled when it is used; default 300,000
}

// Gateway accepts requests and hands each to its stage.
type Gateway struct {
	cfg    Config
	log    *slog.Logger
	source atomic.Pointer[Source] // of the latest Follow; set before a stage can be reached

	listeners []*listener
	slots     chan struct{} // one per connection
	arrivals  *workers.Pool[arrival]
	requests  *admission.Gate
	shedding  shedding
	conns     connTable
	accepting sync.WaitGroup // accept loops
	sessions  sync.Pool      // of *session
	h1        http1.Server
	h2        http2.Server
	listening atomic.Bool
	draining  atomic.Bool
	stopped   chan struct{} // closed when Shutdown begins
	drained   chan struct{} // closed when it has ended

	hosts   hostTable
	domains atomic.Pointer[domainTable]

	certificates certificateTable // that handshakes may choose beside the listeners' own
	domainTrust  domainTrusts     // of domain names that want certificates of clients
	handed       handedTable
	stages       map[string]*stage // by key of their record; the applier's own
	warmth       warmth
	keeper       *keeper // nil: no last good state
	applied      applied
}

// New checks cfg and makes a Gateway that serves nothing yet.
func New(cfg Config) (*Gateway, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	g := &Gateway{
		cfg: cfg, log: cfg.Logger,
		slots: make(chan struct{}, cfg.MaxConnections), requests: admission.New(cfg.Requests), stopped: make(chan struct{}), drained: make(chan struct{}),
		stages: map[string]*stage{},
	}
	g.arrivals = workers.New(g.connect)
	g.sessions.New = g.newSession
	g.hosts.init(cfg.Scope)
	g.domains.Store(&domainTable{})
	if err := g.certificates.open(cfg.Certificates, g.log); err != nil {
		return nil, err
	}
	g.domainTrust.init(g.log)
	g.warmth.init(cfg.MaxRoutes)
	g.applied.init()
	if cfg.LastGood != nil {
		g.keeper = newKeeper(cfg.LastGood)
	}
	g.h1.Handler, g.h1.Limits, g.h1.Refused = g.handleHTTP1, cfg.Limits, g.refusedHTTP1
	g.h2.Handler, g.h2.Limits, g.h2.Refused, g.h2.Broken = g.handleHTTP2, cfg.Limits, g.refusedHTTP2, g.brokenHTTP2
	return g, nil
}

func (c *Config) complete() error {
	if c.Everything != nil {
		c.REST = Kind{NewIDs: func(*exchange.Exchange) {}}
	} else if c.REST.Compile == nil || c.REST.NoStage == nil || c.REST.NewIDs == nil {
		return errors.New("gateway: no API kind is configured")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	orDefault(&c.MaxConnections, 65536)
	orDefault(&c.Requests.Work, 16384)
	orDefault(&c.HandshakeTimeout, 10*time.Second)
	orDefault(&c.StartTimeout, 2*time.Second)
	orDefault(&c.MaxRoutes, 300_000)
	completeLimits(&c.Limits)
	for i := range c.Listeners {
		if err := c.Listeners[i].check(); err != nil {
			return err
		}
	}
	return nil
}

// completeLimits sets what AWS documents (Amazon API Gateway developer guide,
// "Quotas for configuring and running a REST API"): 10,240 bytes of URL and of
// header fields, 310 s for an idle connection.
func completeLimits(l *http1.Limits) {
	orDefault(&l.RequestLine, 10240+32) // with method and version
	orDefault(&l.HeaderBytes, 10240)
	orDefault(&l.HeaderFields, 256)
	orDefault(&l.HeaderTimeout, 30*time.Second)
	orDefault(&l.IdleTimeout, 310*time.Second)
	orDefault(&l.BodyTimeout, 30*time.Second)
	orDefault(&l.WriteTimeout, 30*time.Second)
}

func orDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// Ready is nil while requests are accepted and the APIs to serve are known;
// else it says what is missing.
func (g *Gateway) Ready() error {
	switch {
	case g.draining.Load():
		return errors.New("shutting down")
	case !g.listening.Load():
		return errors.New("not listening yet")
	case !g.applied.isKnown():
		return errors.New("the APIs to serve aren't known yet")
	}
	return nil
}

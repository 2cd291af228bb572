// Package gateway is the edge that clients of APIs see: listeners, TLS,
// HTTP/1.1 and HTTP/2 into one exchange, from an address to a stage, and how a
// change becomes visible without dropping a request. It must not know what a
// stage does with a request, nor how the management API is spoken.
package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/store"
)

// Stage answers the requests of one stage. It never changes; many requests
// use it at once. Close gives back what it shares with others, once no
// request can reach it any more.
type Stage interface {
	Serve(x *exchange.Exchange)
	Close()
}

// Kind is what an API kind gives the edge.
type Kind struct {
	// Compile makes the Stage that serves def, the frozen content of
	// deployment dep, with the settings of st.
	Compile func(def *apigw.Definition, st *apigw.Stage, dep apigw.DeploymentID) (Stage, error)
	// Forbidden answers x as AWS does for an unknown stage or a disabled
	// endpoint.
	Forbidden func(x *exchange.Exchange)
	// NewIDs gives x its request IDs.
	NewIDs func(x *exchange.Exchange)
}

// LastGood keeps what is served on the node's own disk; *store.LastGood is
// one. Put and Delete return at once.
type LastGood interface {
	Put(key string, value []byte)
	Delete(key string)
	Get(key string) []byte
	All() func(yield func(key string, value []byte) bool)
	SetRevision(rev int64)
	Revision() int64
}

// Config is what a Gateway needs. Zero fields take defaults where one is
// named.
type Config struct {
	Listeners []ListenerConfig
	Scope     apigw.Scope // the region names the domain of requests addressed by path
	DataDir   string      // holds the development certificate
	REST      Kind
	LastGood  LastGood // nil: nothing is kept
	Logger    *slog.Logger

	Limits         http1.Limits  // zero: AWS's limits (Amazon API Gateway developer guide, quotas)
	MaxConnections int           // default 65536, over all listeners; more wait to be accepted
	TLSTimeout     time.Duration // for a handshake or PROXY header; default 10 s
	StartTimeout   time.Duration // how long Follow waits for the store before it serves the last good state; default 2 s
	Inherited      *Sockets      // sockets of a predecessor or of systemd; nil: none
}

// Gateway accepts requests and hands each to its stage.
type Gateway struct {
	cfg       Config
	log       *slog.Logger
	hosts     hostTable
	listeners []*listener
	slots     chan struct{}
	h1        h1Server
	h2        *h2Edge
	conns     sync.WaitGroup // accepted and not yet handed to h1 or h2
	state     applied
	draining  atomic.Bool
	serving   atomic.Bool
}

// New checks cfg and makes a Gateway that serves nothing yet.
func New(cfg Config) (*Gateway, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	g := &Gateway{cfg: cfg, log: cfg.Logger, slots: make(chan struct{}, cfg.MaxConnections)}
	g.hosts.init(cfg.Scope)
	g.state.init()
	g.h1 = newH1Server(g)
	g.h2 = newH2Edge(g)
	return g, nil
}

func (c *Config) complete() error {
	if c.REST.Compile == nil || c.REST.Forbidden == nil || c.REST.NewIDs == nil {
		return errors.New("gateway: no API kind is configured")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.MaxConnections == 0 {
		c.MaxConnections = 65536
	}
	if c.TLSTimeout == 0 {
		c.TLSTimeout = 10 * time.Second
	}
	if c.StartTimeout == 0 {
		c.StartTimeout = 2 * time.Second
	}
	completeLimits(&c.Limits)
	for i := range c.Listeners {
		if err := c.Listeners[i].check(); err != nil {
			return err
		}
	}
	return nil
}

// Ready is nil while requests are accepted and the state to serve is known;
// else it says what is missing.
func (g *Gateway) Ready() error {
	switch {
	case g.draining.Load():
		return errors.New("draining")
	case !g.serving.Load():
		return errors.New("not listening yet")
	case !g.state.known():
		return errors.New("the APIs to serve aren't known yet")
	}
	return nil
}

// ListenerConfig is one address that accepts requests.
type ListenerConfig struct {
	Network        string         // "tcp" (default), "unix", or "inherited"
	Address        string         // host:port, the path of a socket, or the name of an inherited socket
	TLS            *TLSConfig     // nil: plain, HTTP/1.1 and HTTP/2 with prior knowledge
	ProxyProtocol  bool           // every connection begins with a PROXY header; TrustedProxies alone may connect
	TrustedProxies []netip.Prefix // whose X-Forwarded-For, -Proto and -Port are believed
	Identity       string         // the endpoint it stands for: a vpce-… ID makes it private
	SocketMode     os.FileMode    // of a unix socket; default 0660
}

// TLSConfig says which certificate a listener shows: files, reread when they
// change, or a development certificate that the gateway makes itself.
type TLSConfig struct {
	CertFile, KeyFile string
	SelfSigned        bool
}

// Source is the store, as the gateway needs it; *store.Store is one with its
// key layout.
type Source interface {
	// Watch delivers the stage records, first all of them in a Reset batch.
	Watch(ctx context.Context) <-chan store.Batch
	// Stage decodes a stage record.
	Stage(value []byte) (*apigw.Stage, error)
	// Definition is the frozen content of a deployment.
	Definition(ctx context.Context, stageKey string, api apigw.APIID, dep apigw.DeploymentID) (*apigw.Definition, error)
	// Encode and Decode turn a Definition into bytes for the last good state.
	Encode(*apigw.Definition) ([]byte, error)
	Decode([]byte) (*apigw.Definition, error)
}

// Addrs are the addresses that Listen opened, in the order of the
// configuration.
func (g *Gateway) Addrs() []net.Addr {
	addrs := make([]net.Addr, len(g.listeners))
	for i, l := range g.listeners {
		addrs[i] = l.socket.Addr()
	}
	return addrs
}

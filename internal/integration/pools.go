package integration

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"github.com/gatehouse/gatehouse/internal/admission"
	"github.com/gatehouse/gatehouse/internal/http1"
)

// PoolConfig is what all backends of a process share. Zero fields take
// defaults.
type PoolConfig struct {
	Egress  Egress         // nil: everything is allowed
	RootCAs *x509.CertPool // nil: the system's
	// Linger is how long the connections of a backend that no stage names any
	// more are kept: a deployment that names it again finds them warm. Default
	// one minute.
	Linger time.Duration
	// Calls bounds what is in flight to one backend at once, and what waits
	// for its turn: one that hangs takes no room from the others. Each call
	// has a connection of its own.
	Calls admission.Config
	// CallsTo are backends, by "host:port", with a bound of their own.
	CallsTo map[string]int
}

// Pools holds the backends of a process with their idle connections, shared
// by every stage that names the same backend with the same TLS settings.
type Pools struct {
	config   PoolConfig
	mu       sync.Mutex // guards backends and their refs
	backends map[poolKey]*Backend
}

type poolKey struct {
	address  string
	tls      bool
	insecure bool
	shows    string // ClientCertificate.ID
}

// ClientCertificate is what a stage shows to backends that ask who calls.
type ClientCertificate struct {
	ID          string // differs when anything of it does
	Certificate tls.Certificate
}

// Backend is one HTTP backend: an address and how it is spoken to, or what a
// Router chooses among.
type Backend struct {
	*http1.Endpoint
	router Router // nil: the Endpoint is all there is
	gate   *admission.Gate
	pools  *Pools
	key    poolKey
	refs   int
	since  time.Time // when refs came to zero
}

// NewPools returns empty Pools.
func NewPools(c PoolConfig) *Pools {
	if c.Linger == 0 {
		c.Linger = time.Minute
	}
	return &Pools{config: c, backends: map[poolKey]*Backend{}}
}

// Acquire is the backend that u leads to. insecure skips the check that its
// certificate leads to a trusted authority, and nothing else (Amazon API
// Gateway API reference, TlsConfig). shown, when it isn't nil, is the client
// certificate for one that asks. Release it when its stage is replaced.
func (p *Pools) Acquire(u *URI, insecure bool, shown *ClientCertificate) *Backend {
	key := poolKey{address: u.Address, tls: u.TLS, insecure: insecure && u.TLS}
	if shown != nil && u.TLS {
		key.shows = shown.ID
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sweep(time.Now())
	b := p.backends[key]
	if b == nil {
		calls := p.calls(key.address)
		b = &Backend{Endpoint: http1.NewEndpoint(p.endpointConfig(key, u.Name, shown)), gate: admission.New(calls), pools: p, key: key}
		p.backends[key] = b
	}
	b.refs++
	return b
}

// calls is the bound of the backend at address.
func (p *Pools) calls(address string) admission.Config {
	c := p.config.Calls
	if n := p.config.CallsTo[address]; n > 0 {
		c.Work = n
	}
	return c
}

// NewGate bounds the calls of an integration that has no Backend.
func (p *Pools) NewGate() *admission.Gate { return admission.New(p.config.Calls) }

// Release gives b back. Calls in flight still end well.
func (b *Backend) Release() {
	if b.router != nil {
		b.router.Release()
		return
	}
	b.pools.mu.Lock()
	defer b.pools.mu.Unlock()
	if b.refs--; b.refs == 0 {
		b.since = time.Now()
	}
}

// sweep closes backends that nobody wanted for Linger. It runs whenever a
// stage is compiled, the only time when backends go out of use.
func (p *Pools) sweep(now time.Time) {
	for key, b := range p.backends {
		if b.refs == 0 && now.Sub(b.since) > p.config.Linger {
			delete(p.backends, key)
			b.Endpoint.Close()
		}
	}
}

// Close ends all idle connections.
func (p *Pools) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, b := range p.backends {
		delete(p.backends, key)
		b.Endpoint.Close()
	}
}

func (p *Pools) endpointConfig(key poolKey, name string, shown *ClientCertificate) http1.EndpointConfig {
	c := http1.EndpointConfig{Address: key.address, Dial: p.Dialer(key.address, nil), MaxIdle: p.calls(key.address).Work}
	if key.tls {
		c.TLS = p.TLS(name, key.insecure, shown)
	}
	return c
}

// Dialer connects to backend, "host:port". It asks Egress, and also unless it is
// nil, about each address that is about to be connected to.
func (p *Pools) Dialer(backend string, also Egress) func(context.Context, string, string) (net.Conn, error) {
	d := &net.Dialer{KeepAlive: 30 * time.Second}
	d.Control = func(_, address string, _ syscall.RawConn) error {
		addr, err := netip.ParseAddrPort(address)
		for _, ask := range []Egress{p.config.Egress, also} {
			if err == nil && ask != nil {
				err = ask(backend, addr)
			}
		}
		if err != nil {
			return &EgressError{err}
		}
		return nil
	}
	return d.DialContext
}

// MostCalls is how many calls are in flight at once to the backend at address,
// "host:port".
func (p *Pools) MostCalls(address string) int {
	if n := p.calls(address).Work; n > 0 {
		return n
	}
	return admission.DefaultWork
}

// TLS is how a backend is spoken to whose certificate must be for name; insecure
// and shown are as Acquire has them.
func (p *Pools) TLS(name string, insecure bool, shown *ClientCertificate) *tls.Config {
	c := &tls.Config{
		ServerName:         name,
		RootCAs:            p.config.RootCAs,
		MinVersion:         tls.VersionTLS12,
		NextProtos:         []string{"http/1.1"},
		ClientSessionCache: tls.NewLRUClientSessionCache(8),
	}
	if insecure {
		c.InsecureSkipVerify = true
		c.VerifyConnection = func(s tls.ConnectionState) error {
			if err := verifyUntrusted(s, name, p.config.RootCAs); err != nil {
				return &certificateError{err}
			}
			return nil
		}
	}
	if shown != nil {
		// Whatever authorities the backend names: there is but this one.
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &shown.Certificate, nil }
	}
	return c
}

// verifyUntrusted checks host name, dates and that the certificates lead to
// one that signed itself, whoever that is, or to a trusted one (nil: the
// system's).
func verifyUntrusted(s tls.ConnectionState, name string, trusted *x509.CertPool) error {
	if len(s.PeerCertificates) == 0 {
		return errors.New("the backend sent no certificate")
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	for _, c := range s.PeerCertificates {
		if c.CheckSignatureFrom(c) == nil || string(c.RawIssuer) == string(c.RawSubject) {
			roots.AddCert(c)
		} else {
			between.AddCert(c)
		}
	}
	leaf := s.PeerCertificates[0]
	_, err := leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots, Intermediates: between})
	if _, unknown := errors.AsType[x509.UnknownAuthorityError](err); unknown {
		_, err = leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: trusted, Intermediates: between})
	}
	return err
}

// isCertificateError says that verifyUntrusted refused a certificate.
func isCertificateError(err error) bool {
	_, ok := errors.AsType[*certificateError](err)
	return ok
}

type certificateError struct{ err error }

func (e *certificateError) Error() string { return e.err.Error() }
func (e *certificateError) Unwrap() error { return e.err }

package http1

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"time"
)

// EndpointConfig is one backend address and how to reach it.
type EndpointConfig struct {
	Address        string      // "host:port"
	TLS            *tls.Config // nil: plain
	Dial           func(ctx context.Context, network, address string) (net.Conn, error)
	MaxIdle        int           // kept idle connections; default 1024
	IdleTimeout    time.Duration // default 55 s
	ConnectTimeout time.Duration // default 5 s, TLS included
	Limits         Limits        // of response heads; the timeouts are the Call's
}

// calling is the memory of calls to all endpoints: of a hundred that are called in
// turn, each with memory of its own, every one would find it gone, or cold.
var calling buffers

// Endpoint is one backend address with its idle connections, the last used
// first. Make it with NewEndpoint; Close ends its idle connections.
type Endpoint struct {
	config EndpointConfig

	mu     sync.Mutex // guards what follows
	idle   []*clientConn
	conns  map[*clientConn]struct{} // all of them
	reaper *time.Timer              // runs while idle isn't empty
	breaks uint64                   // calls of Break
	closed bool
}

// NewEndpoint returns an Endpoint without connections.
func NewEndpoint(c EndpointConfig) *Endpoint {
	c.MaxIdle = positive(c.MaxIdle, 1024)
	c.IdleTimeout = positive(c.IdleTimeout, 55*time.Second)
	c.ConnectTimeout = positive(c.ConnectTimeout, 5*time.Second)
	c.Limits = c.Limits.withDefaults()
	if c.Dial == nil {
		c.Dial = new(net.Dialer).DialContext
	}
	if c.TLS != nil && c.TLS.ServerName == "" {
		c.TLS = c.TLS.Clone()
		c.TLS.ServerName, _, _ = net.SplitHostPort(c.Address)
	}
	return &Endpoint{config: c, conns: map[*clientConn]struct{}{}}
}

// Close closes the idle connections; those in use when their call ends.
func (e *Endpoint) Close() {
	e.mu.Lock()
	idle := e.idle
	e.idle, e.closed = nil, true
	e.mu.Unlock()
	for _, cc := range idle {
		e.drop(cc)
	}
}

// Break closes all connections, under calls too, which fail, as do those that are
// being made. New calls make new ones.
func (e *Endpoint) Break() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.breaks++
	for cc := range e.conns {
		cc.broken = true
		cc.in.nc.Close()
	}
	clear(e.conns)
	clear(e.idle)
	e.idle = e.idle[:0]
}

// drop closes cc.
func (e *Endpoint) drop(cc *clientConn) {
	e.mu.Lock()
	delete(e.conns, cc)
	e.mu.Unlock()
	cc.in.nc.Close()
}

// acquire is an idle connection or a new one. An idle one was checked, unless
// it will be by swapping.
func (e *Endpoint) acquire(call *Call, swapping bool) (cc *clientConn, reused bool, err error) {
	for {
		if cc := e.pop(); cc == nil {
			break
		} else if swapping && cc.in.sock.isDirect() || cc.fresh() {
			return cc, true, nil
		} else {
			e.drop(cc)
		}
	}
	cc, err = e.dial(call)
	return cc, false, err
}

func (e *Endpoint) pop() *clientConn {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := len(e.idle) - 1
	if n < 0 {
		return nil
	}
	cc := e.idle[n]
	e.idle[n] = nil
	e.idle = e.idle[:n]
	return cc
}

// put keeps cc for the next call.
func (e *Endpoint) put(cc *clientConn) {
	cc.idleSince = now()
	e.mu.Lock()
	if cc.broken || e.closed || len(e.idle) >= e.config.MaxIdle {
		e.mu.Unlock()
		e.drop(cc)
		return
	}
	e.idle = append(e.idle, cc)
	if e.reaper == nil {
		e.reaper = time.AfterFunc(e.reapEvery(), e.reap)
	}
	e.mu.Unlock()
}

func (e *Endpoint) reapEvery() time.Duration { return e.config.IdleTimeout / 8 }

// reap closes connections that will have been idle too long before the next
// reap, and those that their backend closed.
func (e *Endpoint) reap() {
	oldest := now().add(e.reapEvery() - e.config.IdleTimeout)
	var gone []*clientConn
	e.mu.Lock()
	kept := e.idle[:0]
	for _, cc := range e.idle {
		if cc.idleSince <= oldest || !cc.quiet() {
			gone = append(gone, cc)
		} else {
			kept = append(kept, cc)
		}
	}
	clear(e.idle[len(kept):])
	e.idle = kept
	if len(kept) > 0 {
		e.reaper.Reset(e.reapEvery())
	} else {
		e.reaper = nil
	}
	e.mu.Unlock()
	for _, cc := range gone {
		e.drop(cc)
	}
}

// dial makes a connection, with TLS when configured.
func (e *Endpoint) dial(call *Call) (*clientConn, error) {
	ctx, done := call.dialing(e.config.ConnectTimeout)
	defer done()
	e.mu.Lock()
	breaks := e.breaks
	e.mu.Unlock()
	nc, err := e.config.Dial(ctx, "tcp", e.config.Address)
	if err != nil {
		phase := PhaseConnect
		if _, ok := errors.AsType[*net.DNSError](err); ok {
			phase = PhaseResolve
		}
		return nil, call.failure(phase, err)
	}
	if e.config.TLS != nil {
		tc := tls.Client(nc, e.config.TLS)
		if err := tc.HandshakeContext(ctx); err != nil {
			nc.Close()
			return nil, call.failure(PhaseTLS, err)
		}
		nc = tc
	}
	cc := newClientConn(nc)
	e.mu.Lock()
	broken := e.breaks != breaks
	if !broken {
		e.conns[cc] = struct{}{}
	}
	e.mu.Unlock()
	if broken {
		nc.Close()
		return nil, call.failure(PhaseConnect, net.ErrClosed)
	}
	return cc, nil
}

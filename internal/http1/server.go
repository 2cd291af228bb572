package http1

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Handler answers one request on c: it calls c.Respond, or c.Start then
// c.Write and c.Finish, or c.Hijack. Returning without a complete answer
// closes the connection, so that the client can tell.
type Handler func(c *ServerConn, r *Request)

// Server serves connections. Configure it before the first ServeConn and
// don't copy it.
type Server struct {
	Handler Handler
	Limits  Limits
	// Refused is told of each request that was answered here instead of by the
	// handler, and the status it got; may be nil.
	Refused func(c *ServerConn, status int, err error)
	serverState
}

// ConnInfo is what is known of a connection before its first byte.
type ConnInfo struct {
	Remote net.Addr // the client, after PROXY protocol
	Local  net.Addr
	TLS    *tls.ConnectionState // nil on a plain connection
	Tag    any                  // the listener's own
}

// serverState is the connections of a Server.
type serverState struct {
	once    sync.Once
	limits  Limits // with defaults
	date    dateCache
	buffers buffers
	closing atomic.Int32 // a closingLevel

	mu       sync.Mutex // guards what follows
	conns    map[*ServerConn]struct{}
	sweeping bool
	empty    chan struct{} // closed when the last connection is gone after Shutdown
}

// closingLevel is how far a Shutdown came.
const (
	serving      = iota
	closingIdle  // connections between requests close
	closingFresh // so do those that never sent a byte
)

// freshGrace is how long after Shutdown a new connection may still bring its
// first request: its client saw it accepted.
const freshGrace = 500 * time.Millisecond

func (s *Server) setUp() {
	s.limits = s.Limits.withDefaults()
	s.conns = map[*ServerConn]struct{}{}
	s.empty = make(chan struct{})
}

// ServeConn serves nc until it ends, and closes it unless a handler hijacked
// it. A panic of a handler goes on to the caller after that.
func (s *Server) ServeConn(nc net.Conn, info ConnInfo) {
	s.once.Do(s.setUp)
	c := newServerConn(s, nc, info)
	s.add(c)
	defer s.remove(c)
	defer c.release()
	c.serve()
}

func (s *Server) add(c *ServerConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = struct{}{}
	if !s.sweeping {
		s.sweeping = true
		go s.sweep()
	}
}

func (s *Server) remove(c *ServerConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	if len(s.conns) == 0 && s.closing.Load() != serving {
		s.closeEmpty()
	}
}

// closeEmpty tells Shutdown; s.mu is held.
func (s *Server) closeEmpty() {
	select {
	case <-s.empty:
	default:
		close(s.empty)
	}
}

// Shutdown closes idle connections now, lets the busy ones answer the request
// they are at with "Connection: close", and returns when all are gone. When
// ctx ends first, what is left is closed and ctx's error returned. Close the
// listeners before; hijacked connections are their owners'.
func (s *Server) Shutdown(ctx context.Context) error {
	s.once.Do(s.setUp)
	s.wake(closingIdle, stateIdle)
	fresh := time.AfterFunc(freshGrace, func() { s.wake(closingFresh, stateFresh) })
	defer fresh.Stop()
	s.mu.Lock()
	if len(s.conns) == 0 {
		s.closeEmpty()
	}
	s.mu.Unlock()
	select {
	case <-s.empty:
		return nil
	case <-ctx.Done():
		s.mu.Lock()
		defer s.mu.Unlock()
		for c := range s.conns {
			c.in.nc.Close()
		}
		return ctx.Err()
	}
}

// wake raises the closing level and wakes the connections in state, which
// then see it.
func (s *Server) wake(level, state int32) {
	s.closing.Store(level)
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if c.state.Load() == state {
			c.in.nc.SetReadDeadline(past)
		}
	}
}

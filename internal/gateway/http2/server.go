package http2

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse/gatehouse/internal/http1"
)

// Handler answers one request: it calls s.Respond, or s.Start then s.Write
// and s.Finish. Returning without a complete answer resets the stream, so
// that the client can tell. It must not panic, nor keep s.
type Handler func(s *Stream)

// Server serves connections. Configure it before the first ServeConn and
// don't copy it.
type Server struct {
	Handler    Handler
	Limits     http1.Limits // zero fields: http1.DefaultLimits
	MaxStreams int          // open at once on a connection; default 128
	// Refused is told of each connection that ended because of what its client
	// sent; may be nil.
	Refused func(info *http1.ConnInfo, err error)
	serverState
}

// serverState is the connections and workers of a Server.
type serverState struct {
	once    sync.Once
	limits  http1.Limits // with defaults
	date    dateCache
	streams sync.Pool // of *Stream
	work    chan *Stream
	idle    atomic.Int32  // workers that wait for work
	stop    chan struct{} // closed by Shutdown

	mu       sync.Mutex // guards what follows
	conns    map[*conn]struct{}
	draining bool
	empty    chan struct{} // closed when the last connection is gone after Shutdown
}

// maxIdleWorkers is how many goroutines are kept for later requests: a new
// one would have to grow its stack first.
const maxIdleWorkers = 64

func (s *Server) setUp() {
	s.limits = s.Limits
	d := http1.DefaultLimits()
	orDefault(&s.limits.RequestLine, d.RequestLine)
	orDefault(&s.limits.HeaderBytes, d.HeaderBytes)
	orDefault(&s.limits.HeaderFields, d.HeaderFields)
	orDefault(&s.limits.HeaderTimeout, d.HeaderTimeout)
	orDefault(&s.limits.IdleTimeout, d.IdleTimeout)
	orDefault(&s.limits.BodyTimeout, d.BodyTimeout)
	orDefault(&s.limits.WriteTimeout, d.WriteTimeout)
	orDefault(&s.MaxStreams, 128)
	s.streams.New = func() any { return new(Stream) }
	s.work, s.stop = make(chan *Stream), make(chan struct{})
	s.conns, s.empty = map[*conn]struct{}{}, make(chan struct{})
}

func orDefault[T int | time.Duration](v *T, def T) {
	if *v <= 0 {
		*v = def
	}
}

// ServeConn serves nc, whose first bytes are the preface, until it ends and
// its handlers have returned, and closes it.
func (s *Server) ServeConn(nc net.Conn, info http1.ConnInfo) {
	s.once.Do(s.setUp)
	c := newConn(s, nc, info)
	s.mu.Lock()
	s.conns[c] = struct{}{}
	draining := s.draining
	s.mu.Unlock()
	if draining {
		c.mu.Lock()
		c.drain()
		c.mu.Unlock()
	}
	err := c.run()
	c.finish(err)
	if ce, ok := err.(*connError); ok && s.Refused != nil {
		s.Refused(&c.info, ce)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	if s.draining {
		s.closeWhenEmpty()
	}
}

// closeWhenEmpty tells Shutdown; s.mu is held.
func (s *Server) closeWhenEmpty() {
	if len(s.conns) > 0 {
		return
	}
	select {
	case <-s.empty:
	default:
		close(s.empty)
	}
}

// Shutdown tells every client to open no more streams here, lets those that
// are open be answered, and returns when all connections are gone. When ctx
// ends first, what is left is closed and ctx's error returned.
func (s *Server) Shutdown(ctx context.Context) error {
	s.once.Do(s.setUp)
	s.mu.Lock()
	if !s.draining {
		s.draining = true
		close(s.stop)
		s.closeWhenEmpty()
	}
	for c := range s.conns {
		go c.beginDrain()
	}
	s.mu.Unlock()
	select {
	case <-s.empty:
		return nil
	case <-ctx.Done():
		s.mu.Lock()
		defer s.mu.Unlock()
		for c := range s.conns {
			c.nc.Close()
		}
		return ctx.Err()
	}
}

// dispatch has a worker serve st.
func (s *Server) dispatch(st *Stream) {
	select {
	case s.work <- st:
	default:
		go s.worker(st)
	}
}

func (s *Server) worker(st *Stream) {
	for {
		st.serve()
		if s.idle.Add(1) > maxIdleWorkers {
			s.idle.Add(-1)
			return
		}
		select {
		case st = <-s.work:
			s.idle.Add(-1)
		case <-s.stop:
			s.idle.Add(-1)
			return
		}
	}
}

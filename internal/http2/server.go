package http2

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	h2 "golang.org/x/net/http2"

	"github.com/gatehouse/gatehouse/internal/http1"
)

// Handler answers one request: it calls st.Respond, or st.Start then st.Write
// and st.Finish. Returning without a complete answer resets the stream, so
// that the client can tell. It runs on a goroutine that serves other requests
// afterwards, and must not panic.
type Handler func(st *Stream, r *http1.Request)

// Server serves connections. Configure it before the first ServeConn and
// don't copy it.
type Server struct {
	Handler Handler
	// Limits mean what they mean for HTTP/1.1; HeaderTimeout also is how long
	// a frame may take that isn't DATA, and WriteTimeout how long a client may
	// leave a window closed.
	Limits http1.Limits
	// MaxStreams is how many requests of one connection may be in flight,
	// those that the client has reset included until their handler returns.
	// Default 128.
	MaxStreams int
	// Refused is told of each request that was answered here instead of by the
	// handler, and the status it got; may be nil.
	Refused func(st *Stream, status int, err error)
	// Broken is told of each connection that ended because of what its client
	// sent, or didn't; may be nil.
	Broken func(info *http1.ConnInfo, err error)
	serverState
}

// serverState is the connections of a Server and the memory they share.
type serverState struct {
	once    sync.Once
	limits  http1.Limits // with defaults
	streams sync.Pool    // of *Stream
	chunks  chunkPool
	inputs  sync.Pool // of *[inputSize]byte
	workers workers
	date    dateCache
	closing atomic.Bool

	mu    sync.Mutex // guards what follows
	conns map[*conn]struct{}
	empty chan struct{} // closed when the last connection is gone after Shutdown
}

// announceGrace is how long after the announcement of a shutdown a client may
// still send requests that it sent before it knew. A client that answers the
// ping behind the announcement knows.
const announceGrace = time.Second

func (s *Server) setUp() {
	s.limits = s.Limits.WithDefaults()
	if s.MaxStreams <= 0 {
		s.MaxStreams = 128
	}
	s.conns = map[*conn]struct{}{}
	s.empty = make(chan struct{})
}

// ServeConn serves nc, whose next bytes are the client's preface, until it
// ends and its handlers have returned, and closes it.
func (s *Server) ServeConn(nc net.Conn, info http1.ConnInfo) {
	s.once.Do(s.setUp)
	c := newConn(s, nc, info)
	s.add(c)
	defer s.remove(c)
	err := c.serve()
	if code, told := goAwayCode(err); told && code != h2.ErrCodeNo && s.Broken != nil {
		s.Broken(&c.info, err)
	}
}

func (s *Server) add(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = struct{}{}
	s.workers.engage()
	if s.closing.Load() {
		c.announce()
	}
}

func (s *Server) remove(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	if len(s.conns) > 0 {
		return
	}
	s.workers.dismiss()
	if s.closing.Load() {
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

// Shutdown tells every client to send no more requests on its connection
// (GOAWAY), answers those that are under way, and returns when all
// connections are gone. When ctx ends first, what is left is closed and ctx's
// error returned. Close the listeners before.
func (s *Server) Shutdown(ctx context.Context) error {
	s.once.Do(s.setUp)
	s.closing.Store(true)
	s.mu.Lock()
	if len(s.conns) == 0 {
		s.closeEmpty()
	}
	for c := range s.conns {
		c.announce()
	}
	s.mu.Unlock()
	select {
	case <-s.empty:
		return nil
	case <-ctx.Done():
		s.mu.Lock()
		defer s.mu.Unlock()
		for c := range s.conns {
			c.in.raw.Close()
		}
		return ctx.Err()
	}
}

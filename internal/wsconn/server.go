package wsconn

import (
	"bytes"
	"context"
	"net"
	"sync"
	"time"

	"github.com/gatehouse/gatehouse/internal/workers"
)

// Server holds connections that share limits, timers and memory.
type Server struct {
	limits Limits
	memory memory
	wheel  wheel
	began  time.Time // what instants count from
	work   *workers.Pool[*Conn]
	jobs   *workers.Pool[Job]

	mu    sync.Mutex // guards what follows
	open  int
	empty chan struct{} // closed when the last connection is gone; nil: nobody waits
}

// Handler is told what happens on one connection, by one goroutine.
type Handler interface {
	// Message is a message of the client: text, or binary when Limits.Binary
	// takes it. The bytes are valid until it returns. While it runs, the
	// connection is not read: what takes longer is the Job that it returns; nil:
	// there is none.
	Message(c *Conn, payload []byte, binary bool) Job
	// Closed is the last call: the connection is gone. The code and reason are
	// the first that either side gave, CodeNoStatus or CodeAbnormal.
	Closed(c *Conn, code int, reason string)
}

// Job is what a message asks for. It is done once, beside others and the reading
// of more messages, and must not panic.
type Job interface{ Do() }

// NewServer returns a Server without connections.
func NewServer(limits Limits) *Server {
	s := &Server{limits: limits.withDefaults(), began: time.Now()}
	s.work, s.jobs = workers.New((*Conn).work), workers.New(Job.Do)
	s.memory.most = s.limits.Unfinished
	s.wheel.init(s.limits)
	return s
}

// Open serves nc until it ends, and closes it. first is sent before anything
// else (the answer to the handshake) and becomes the connection's; early was
// already read from nc behind the request. h hears nothing, and nothing is sent,
// before Start, so that what h needs can be made from the Conn, and the Conn be
// known to who sends when the client learns that it is connected.
func (s *Server) Open(nc net.Conn, first, early []byte, h Handler) *Conn {
	c := &Conn{server: s, nc: nc, handler: h, early: early}
	c.socket.set(nc)
	c.out = outbox{queue: [][]byte{first}, size: len(first), flushing: true}
	c.opened = s.now()
	c.active.Store(int64(c.opened))
	s.mu.Lock()
	s.open++
	s.mu.Unlock()
	s.wheel.add(c, c.due())
	return c
}

// Start begins to send and to read c.
func (c *Conn) Start() {
	c.mu.Lock()
	waiting := bytes.Join(c.out.queue, nil)
	c.out = outbox{}
	c.sendLocked(waiting, true)
	c.mu.Unlock()
	if len(c.early) == 0 && c.socket.direct() {
		go c.wait()
		return
	}
	c.server.work.Run(c)
}

// instant is nanoseconds since the Server began, monotonic.
type instant int64

func (s *Server) now() instant { return instant(time.Since(s.began)) }

func (s *Server) time(i instant) time.Time { return s.began.Add(time.Duration(i)) }

// Len is how many connections there are.
func (s *Server) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}

// left notes that a connection is gone and its handler was told.
func (s *Server) left() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
	if s.open == 0 && s.empty != nil {
		close(s.empty)
		s.empty = nil
	}
}

// Shutdown closes every connection with code and reason and returns when all
// are gone and their handlers told. When ctx ends first, what is left is cut
// and ctx's error returned. What is opened meanwhile is the caller's to
// prevent.
func (s *Server) Shutdown(ctx context.Context, code int, reason string) error {
	for _, c := range s.wheel.all() {
		c.Close(code, reason)
	}
	gone := s.gone()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
		for _, c := range s.wheel.all() {
			c.cut()
		}
		return ctx.Err()
	}
}

// gone is closed when there is no connection.
func (s *Server) gone() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == 0 {
		done := make(chan struct{})
		close(done)
		return done
	}
	if s.empty == nil {
		s.empty = make(chan struct{})
	}
	return s.empty
}

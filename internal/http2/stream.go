package http2

import (
	"sync"
	"time"

	h2 "golang.org/x/net/http2"

	"github.com/gatehouse/gatehouse/internal/http1"
)

// Stream is one request and its answer. Its methods are for the handler, from
// one goroutine at a time; it serves another request when that returns.
type Stream struct {
	// Tag is the handler's own, to keep memory in: it stays when the Stream
	// serves another request, of whatever connection.
	Tag any

	conn    *conn
	id      uint32
	request http1.Request
	target  []byte // what request's parts point into
	scratch []byte
	refusal *http1.ProtocolError // why the handler doesn't see it; nil: it does
	abandon abandon
	wake    chan struct{}
	timer   *time.Timer
	answer  answer

	// Guarded by conn.mu.
	body     body
	sendable int64 // the client's window for this stream
	over     error // why nothing more can be sent or received; nil while it can
	counted  bool  // it counts as open
}

func (s *Server) newStream(c *conn, id uint32) *Stream {
	st, ok := s.streams.Get().(*Stream)
	if !ok {
		st = &Stream{wake: make(chan struct{}, 1)}
	}
	st.conn, st.id = c, id
	return st
}

// recycle forgets the request and keeps the memory, unless it grew large.
func (st *Stream) recycle() {
	s := st.conn.server
	st.abandon.reset()
	select {
	case <-st.wake:
	default:
	}
	st.conn, st.refusal, st.over = nil, nil, nil
	st.answer = answer{}
	st.body = body{buf: st.body.buf[:0]}
	if cap(st.body.buf) > 2*streamWindow {
		st.body.buf = nil
	}
	st.request.Method = ""
	s.streams.Put(st)
}

// Info is what was known of the connection when it was accepted.
func (st *Stream) Info() *http1.ConnInfo { return &st.conn.info }

// serve has the request answered.
func (st *Stream) serve() {
	c := st.conn
	if st.refusal != nil {
		st.refuse()
	} else {
		c.server.Handler(st, &st.request)
	}
	st.OnAbandon(nil)
	c.finish(st)
	st.recycle()
}

// finish takes leave of a stream whose handler has returned.
func (c *conn) finish(st *Stream) {
	c.mu.Lock()
	switch {
	case st.over != nil || c.streams[st.id] != st: // it has ended
	case st.answer.ended:
		c.leave(st)
	default:
		c.reset(st.id, h2.ErrCodeInternal)
	}
	if st.counted {
		c.open--
	}
	if st.over == nil {
		c.consumed(nil, len(st.body.buf)-st.body.r)
		c.calm.earn(earnedByAnswer)
	}
	c.running--
	if c.running == 0 {
		c.idleSince = now()
		c.quiet.Broadcast()
		if c.goAway == goAwayFinal {
			c.wakeReader()
		}
	}
	c.flushLocked()
	c.mu.Unlock()
}

// OnAbandon arranges that cancel runs once, on any goroutine, when the client
// resets the stream or the connection ends before the handler returns; at once
// when that has happened already. nil disarms, and so does the handler's
// return. After disarming, cancel is not running any more. cancel must neither
// block nor call OnAbandon.
func (st *Stream) OnAbandon(cancel func()) {
	a := &st.abandon
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cancel = cancel
	if a.gone && cancel != nil {
		a.cancel = nil
		cancel()
	}
}

// abandon is who wants to know that the client left.
type abandon struct {
	mu     sync.Mutex // guards what follows
	cancel func()
	gone   bool
}

// lost runs cancel.
func (a *abandon) lost() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.gone = true
	if cancel := a.cancel; cancel != nil {
		a.cancel = nil
		cancel()
	}
}

func (a *abandon) reset() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cancel, a.gone = nil, false
}

// wakeUp ends a wait.
func (st *Stream) wakeUp() {
	select {
	case st.wake <- struct{}{}:
	default:
	}
}

// wait lets go of conn.mu until something changed, at most until end. False:
// end came.
func (st *Stream) wait(end instant) bool {
	left := time.Duration(end - now())
	if left <= 0 {
		return false
	}
	if st.timer == nil {
		st.timer = time.NewTimer(left)
	} else {
		st.timer.Reset(left)
	}
	st.conn.mu.Unlock()
	defer st.conn.mu.Lock()
	defer st.timer.Stop()
	select {
	case <-st.wake:
		return true
	case <-st.timer.C:
		return false
	}
}

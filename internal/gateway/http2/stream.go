package http2

import (
	"io"
	"os"
	"sync"
	"time"

	"github.com/gatehouse/gatehouse/internal/http1"
)

// keptBody is how much memory for bodies is kept with a Stream.
const keptBody = 64 << 10

// Stream is one request and its answer. Its slices are valid until the
// handler returns; its methods are for the handler, from one goroutine at a
// time.
type Stream struct {
	Method        string
	Path          []byte       // escaped, as sent, before '?'
	Query         []byte       // after '?', nil without one
	Host          []byte       // the authority, or the host field
	Header        http1.Header // Host, then every field in order, in lower case
	ContentLength int64        // bytes of body; -1: not announced
	Received      time.Time
	// Local is the handler's: what it puts there, it finds again when the
	// memory serves another request.
	Local any

	conn    *conn
	id      uint32
	arena   []byte // of Path, Query and Host
	refusal int    // answered by us with this status; 0: not
	expect  bool   // the client waits for 100 Continue

	// The answer.
	begun    bool
	complete bool
	bodyless bool
	left     int64 // announced bytes to come; -1: nobody knows
	sent     int64
	scratch  []byte

	// What follows is guarded by conn.mu.
	cond          sync.Cond
	waits         bool
	remoteClosed  bool // the request has ended
	localClosed   bool // the answer has
	resetByClient bool
	resetByUs     bool
	gone          bool // not counted as open any more
	body          []byte
	bodyAt        int   // what of body was read
	taken         int64 // body bytes that came
	recvWindow    int64
	recvDue       int64
	sendWindow    int64
	cancel        func()
	cancelRan     chan struct{} // of a cancel under way
}

// begin readies s for a request.
func (s *Stream) begin(c *conn, id uint32) {
	*s = Stream{Header: s.Header, Local: s.Local, arena: s.arena, scratch: s.scratch[:0], body: s.body[:0], conn: c, id: id, Received: c.block.received}
	s.cond.L = &c.mu
}

// Info is what was known of the connection when it was accepted.
func (s *Stream) Info() *http1.ConnInfo { return &s.conn.info }

// serve runs the handler, on a worker.
func (s *Stream) serve() {
	if s.refusal != 0 {
		s.refuse()
	} else {
		s.conn.server.Handler(s)
	}
	s.OnAbandon(nil)
	s.end()
}

// refuse answers a request that is too large for a handler.
func (s *Stream) refuse() {
	text := "Request Header Fields Too Large"
	if s.refusal == 414 {
		text = "URI Too Long"
	}
	var h http1.Header
	h.Add("Content-Type", "application/json")
	_ = s.Respond(s.refusal, &h, []byte(`{"message":"`+text+`"}`)) // there is nobody else to tell
}

// end ends what the handler and the client left open.
func (s *Stream) end() {
	c := s.conn
	c.mu.Lock()
	switch {
	case s.broken():
	case !s.complete:
		c.abort(s, internalError)
	case !s.remoteClosed:
		c.abort(s, noError) // the answer is complete: the rest of the request isn't needed
		c.completed++
	default:
		c.completed++
	}
	c.closeStream(s)
	delete(c.streams, s.id)
	c.giveBack(int64(len(s.body) - s.bodyAt))
	c.running--
	if c.running == 0 {
		c.active = time.Now()
		c.idle.Broadcast()
		c.nudge()
	}
	c.flush()
	c.mu.Unlock()
	if cap(s.body) > keptBody || cap(s.scratch) > maxFrame {
		s.body, s.scratch = nil, nil
	}
	s.conn = nil
	c.server.streams.Put(s)
}

// closeStream counts s as closed, as the client does. c.mu is held.
func (c *conn) closeStream(s *Stream) {
	if !s.gone {
		s.gone = true
		c.open--
	}
}

// abort resets s. c.mu is held.
func (c *conn) abort(s *Stream, code errorCode) {
	if s.resetByUs || s.resetByClient {
		return
	}
	s.resetByUs = true
	if !s.remoteClosed {
		c.early[c.earlyAt%len(c.early)] = s.id
		c.earlyAt++
	}
	c.out = appendRST(c.out, s.id, code)
	c.closeStream(s)
}

// resetStream does what a *streamError asks for.
func (c *conn) resetStream(e *streamError) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.resets++
	if c.resets > freeResets+c.completed {
		return &connError{enhanceYourCalm, "too many streams end in errors"}
	}
	if s := c.streams[e.id]; s != nil && !s.resetByClient {
		c.abort(s, e.code)
		s.abandoned()
		return nil
	}
	c.out = appendRST(c.out, e.id, e.code)
	return nil
}

// broken says that nothing more can be sent or received. conn.mu is held.
func (s *Stream) broken() bool { return s.resetByClient || s.resetByUs || s.conn.err != nil }

// abandoned tells whoever waits that the client left. conn.mu is held.
func (s *Stream) abandoned() {
	s.cond.Broadcast()
	if s.cancel == nil {
		return
	}
	cancel, ran := s.cancel, make(chan struct{})
	s.cancel, s.cancelRan = nil, ran
	go func() {
		defer close(ran)
		cancel()
	}()
}

// OnAbandon arranges that cancel runs once, on another goroutine, when the
// client resets the stream or leaves before the handler returns; nil disarms,
// and so does the end of the request. After disarming, cancel is not running
// any more.
func (s *Stream) OnAbandon(cancel func()) {
	s.conn.mu.Lock()
	s.cancel = cancel
	ran := s.cancelRan
	if cancel != nil && s.broken() {
		s.abandoned()
	}
	s.conn.mu.Unlock()
	if cancel == nil && ran != nil {
		<-ran
	}
}

// wait waits until something about the stream or the connection changes.
// False: it is later than until. conn.mu is held; it is let go meanwhile.
func (s *Stream) wait(until time.Time) bool {
	c := s.conn
	left := time.Until(until)
	if left <= 0 {
		return false
	}
	over := false
	timer := time.AfterFunc(left, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if !over { // else s may serve another request
			s.cond.Broadcast()
		}
	})
	s.waits = true
	c.waiting++
	s.cond.Wait()
	c.waiting--
	s.waits = false
	over = true
	timer.Stop()
	return true
}

// data takes a piece of a request's body.
func (c *conn) data(h header, p []byte) error {
	if h.stream == 0 || !c.opened(h.stream) {
		return &connError{protocolError, "DATA on a stream that isn't open"}
	}
	content, ok := unpad(h.flags, p)
	if !ok {
		return &connError{protocolError, "the padding is longer than the frame"}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	size := int64(len(p))
	if c.recvWindow -= size; c.recvWindow < 0 {
		return &connError{flowControlError, "more was sent than the connection's window allowed"}
	}
	s := c.streams[h.stream]
	if s == nil || s.remoteClosed || s.resetByClient || s.resetByUs {
		c.giveBack(size)
		if s != nil && s.resetByUs || s == nil && c.wasEarly(h.stream) {
			return nil
		}
		return &streamError{h.stream, streamClosed, "DATA on a stream that is closed"}
	}
	if s.recvWindow -= size; s.recvWindow < 0 {
		c.giveBack(size)
		return &streamError{h.stream, flowControlError, "more was sent than the stream's window allowed"}
	}
	c.giveBack(size - int64(len(content))) // padding is consumed at once
	s.recvDue += size - int64(len(content))
	s.taken += int64(len(content))
	if s.ContentLength >= 0 && s.taken > s.ContentLength {
		c.giveBack(int64(len(content)))
		return &streamError{h.stream, protocolError, "more content than was announced"}
	}
	if len(s.body)+len(content) > cap(s.body) {
		s.body, s.bodyAt = s.body[:copy(s.body, s.body[s.bodyAt:])], 0
	}
	s.body = append(s.body, content...)
	if s.waits {
		s.cond.Broadcast()
	}
	if h.flags&flagEndStream != 0 {
		return s.remoteEnd()
	}
	return nil
}

// wasEarly says whether we ended a stream before the client did, so that what
// it sends may have been under way. c.mu is held.
func (c *conn) wasEarly(id uint32) bool {
	for _, early := range c.early {
		if early == id {
			return true
		}
	}
	return false
}

// remoteEnd notes that the request has ended. conn.mu is held.
func (s *Stream) remoteEnd() error {
	if s.ContentLength >= 0 && s.taken != s.ContentLength {
		return &streamError{s.id, protocolError, "less content than was announced"}
	}
	s.remoteClosed = true
	if s.localClosed {
		s.conn.closeStream(s)
	}
	s.cond.Broadcast()
	return nil
}

// giveBack lets the client send n more bytes on the connection, once enough
// came together to be worth a frame. c.mu is held.
func (c *conn) giveBack(n int64) {
	c.recvDue += n
	if c.recvDue >= connWindow/4 && c.err == nil {
		c.out = appendWindowUpdate(c.out, 0, c.recvDue)
		c.recvWindow += c.recvDue
		c.recvDue = 0
	}
}

// Read reads the request's body; io.EOF at its end, io.ErrUnexpectedEOF when
// the client left in the middle. The first read tells a client that waits for
// it to go on, unless an answer has begun.
func (s *Stream) Read(p []byte) (int, error) {
	c := s.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	var until time.Time
	for s.bodyAt == len(s.body) {
		switch {
		case s.broken():
			return 0, io.ErrUnexpectedEOF
		case s.remoteClosed:
			return 0, io.EOF
		}
		s.goOn()
		if until.IsZero() {
			until = time.Now().Add(c.limits.BodyTimeout)
		}
		if !s.wait(until) {
			return 0, os.ErrDeadlineExceeded
		}
	}
	n := copy(p, s.body[s.bodyAt:])
	s.bodyAt += n
	s.consumed(int64(n))
	return n, nil
}

// goOn sends the interim answer that the client waits for. conn.mu is held.
func (s *Stream) goOn() {
	if !s.expect || s.begun {
		return
	}
	s.expect = false
	s.conn.out = appendHeaders(s.conn.out, []byte{indexStatus, 3, '1', '0', '0'}, s.id, false, maxFrame)
	s.conn.flush()
}

// consumed lets the client send as much again. conn.mu is held.
func (s *Stream) consumed(n int64) {
	c := s.conn
	before := len(c.out)
	c.giveBack(n)
	s.recvDue += n
	if s.recvDue >= streamWindow/4 && !s.remoteClosed && !s.broken() {
		c.out = appendWindowUpdate(c.out, s.id, s.recvDue)
		s.recvWindow += s.recvDue
		s.recvDue = 0
	}
	if len(c.out) > before {
		c.flush()
	}
}

// Length is the announced length of the body in bytes; -1 unknown, 0 none.
func (s *Stream) Length() int64 { return s.ContentLength }

// ReadAll appends the whole body to dst. A body larger than limit is
// http1.ErrBodyTooLarge, before anything is read when its length is known.
// Other errors are Read's.
func (s *Stream) ReadAll(dst []byte, limit int64) ([]byte, error) {
	if s.ContentLength > limit {
		return dst, http1.ErrBodyTooLarge
	}
	begun := len(dst)
	for {
		if len(dst) == cap(dst) {
			dst = append(dst, make([]byte, max(512, len(dst)/4))...)[:len(dst)]
		}
		n, err := s.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		switch {
		case int64(len(dst)-begun) > limit:
			return dst, http1.ErrBodyTooLarge
		case err == io.EOF:
			return dst, nil
		case err != nil:
			return dst, err
		}
	}
}

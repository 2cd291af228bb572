package integration

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
)

// How long an integration whose answers are streamed may send nothing, in the
// middle of one (developer guide, "Stream the integration response for your
// proxy integrations in API Gateway").
const (
	StreamIdle     = 5 * time.Minute
	StreamIdleEdge = 30 * time.Second
)

// StreamFrom is the least bytes of a body that are passed on as they come,
// rather than read first and sent with the head.
const StreamFrom = 16 << 10

// What of a streamed answer passes at any speed, in bytes, and how many bytes
// a second of the rest (developer guide, the same page).
const (
	streamFree = 10 << 20
	streamRate = 2 << 20
	onePiece   = 64 << 10 // what passes at once of the rest
)

// StreamSource is where a streamed answer comes from.
type StreamSource struct {
	From   io.Reader
	Idle   time.Duration // longest wait for one Read of From
	Cancel func()        // makes a Read of From end; from any goroutine
	// Closed runs once, at the end. err is what ended the answer early: nil
	// when From came to its end. first is when its first byte came, zero when
	// none did.
	Closed func(first time.Time, err error)
}

// Stream is an answer's body on its way to the client: as slow as its reader,
// as its source, and as AWS is with large ones. It holds no bytes.
type Stream struct {
	source StreamSource
	timer  *time.Timer // of Idle
	idle   atomic.Bool // it fired
	first  time.Time
	whole  bool
	err    error
	closed bool
	pace   pacer
	sleep  func(time.Duration)
}

// NewStream returns a Stream that has read nothing yet.
func NewStream(s StreamSource) *Stream {
	st := &Stream{source: s, sleep: time.Sleep}
	st.timer = time.AfterFunc(time.Hour, func() {
		st.idle.Store(true)
		s.Cancel()
	})
	st.timer.Stop()
	return st
}

var errIdle = errors.New("the integration sent nothing")

// Read implements io.Reader.
func (s *Stream) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	if wait := s.pace.delay(time.Now()); wait > 0 {
		s.sleep(wait)
	}
	if s.pace.passed >= streamFree {
		p = p[:min(len(p), onePiece)]
	}
	s.timer.Reset(s.source.Idle)
	n, err := s.source.From.Read(p)
	s.timer.Stop()
	s.pace.passed += int64(n)
	if n > 0 && s.first.IsZero() {
		s.first = time.Now()
	}
	switch {
	case err == io.EOF:
		s.whole = true
	case err != nil && s.idle.Load():
		s.err = fmt.Errorf("%w for %v: %w", errIdle, s.source.Idle, err)
		return n, s.err
	case err != nil:
		s.err = err
	}
	return n, err
}

// Close implements io.Closer.
func (s *Stream) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	s.timer.Stop()
	if !s.whole && s.err == nil {
		s.err = errUnread
	}
	s.source.Closed(s.first, s.err)
	return nil
}

// errUnread: nobody reads the rest, the client having left, or been refused.
var errUnread = errors.New("the answer wasn't passed on to its end: the client left, or what followed failed")

// pacer holds the rest of a large answer to a rate.
type pacer struct {
	passed int64
	began  time.Time // of the rest, moved on where its source was slower
}

// mostAhead is how far a source that was slow may catch up.
const mostAhead = time.Second

// delay is how long to wait before more passes.
func (p *pacer) delay(now time.Time) time.Duration {
	rest := p.passed - streamFree
	if rest <= 0 {
		return 0
	}
	if p.began.IsZero() {
		p.began = now
	}
	due := p.began.Add(time.Duration(rest) * time.Second / streamRate)
	early := due.Sub(now)
	if early < -mostAhead {
		p.began = p.began.Add(-early - mostAhead)
	}
	return max(early, 0)
}

// StreamBody makes what comes from a source the body of x's answer, length bytes
// of it (-1: unknown).
func StreamBody(x *exchange.Exchange, length int64, from StreamSource) {
	s := NewStream(from)
	if length == 0 {
		_, _ = io.Copy(io.Discard, s) // at its end already
		s.Close()
		return
	}
	x.Response.Stream, x.Response.Length = s, length
}

// StreamBegins notes that the head of an answer came whose body is passed on.
func StreamBegins(x *exchange.Exchange, status int) {
	i := &x.Outcome.Integration
	i.Streamed, i.Headers, i.Status = true, time.Now(), status
}

// StreamEnded notes how the rest of a streamed answer went.
func StreamEnded(x *exchange.Exchange, first time.Time, err error) {
	i := &x.Outcome.Integration
	if i.Content.IsZero() {
		i.Content = first
	}
	if err != nil {
		i.Error = err.Error()
	}
	i.End(x, i.Status, i.RequestID)
}

// Pass makes what is left of an answer that is open the body of x's answer. The
// backend may take until deadline; what the client takes isn't counted.
func (c *Call) Pass(x *exchange.Exchange, b *Backend, deadline time.Time) {
	StreamBegins(x, c.Response.Status)
	left := time.Until(deadline)
	StreamBody(x, c.Response.Length, StreamSource{
		From: &patient{&c.Response, left}, Idle: left, Cancel: c.cancel,
		Closed: func(first time.Time, err error) {
			c.CloseStream(x, b)
			StreamEnded(x, first, err)
		},
	})
}

// patient reads an answer for as long as a backend has, not counting the time
// between the reads.
type patient struct {
	from *http1.ClientResponse
	left time.Duration
}

// Read implements io.Reader.
func (p *patient) Read(b []byte) (int, error) {
	began := time.Now()
	p.from.Extend(began.Add(p.left))
	n, err := p.from.Read(b)
	p.left -= time.Since(began)
	return n, err
}

package http2

import (
	"errors"
	"io"
	"os"
	"time"

	"github.com/gatehouse/gatehouse/internal/http1"
)

var (
	errAnswered  = errors.New("http2: the answer has begun already")
	errNotBegun  = errors.New("http2: the answer has not begun")
	errTooMuch   = errors.New("http2: more body than was announced")
	errTooLittle = errors.New("http2: less body than was announced")
	// ErrGone is returned when the client reset the stream or left.
	ErrGone = errors.New("http2: the client is gone")
)

// Answered says whether an answer has begun.
func (s *Stream) Answered() bool { return s.begun }

// Sent is how many body bytes of the answer were given to the connection.
func (s *Stream) Sent() int64 { return s.sent }

// Respond answers with status, the fields of h (nil: none) and body. Names are
// sent in lower case; content-length and date are added, and h must hold
// neither them nor what belongs to a connection. Answers to HEAD get body's
// length and no body, 204 and 304 neither. An error while Answered is false
// means that nothing was sent: the handler may answer again.
func (s *Stream) Respond(status int, h *http1.Header, body []byte) error {
	if err := s.head(status, h, int64(len(body))); err != nil {
		return err
	}
	c := s.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.bodyless {
		body = nil
	}
	err := s.sendHead(len(body) == 0)
	if err == nil && len(body) > 0 {
		err = s.send(body, true)
	}
	c.flush()
	if err == nil {
		s.complete = true
	}
	return err
}

// head makes the header block of the answer in s.scratch.
func (s *Stream) head(status int, h *http1.Header, length int64) (err error) {
	if s.begun {
		return errAnswered
	}
	s.scratch, err = s.conn.server.appendBlock(s.scratch[:0], time.Now(), status, h, length)
	if err != nil {
		return err
	}
	s.begun, s.left = true, length
	s.bodyless = s.Method == "HEAD" || status == 204 || status == 304
	return nil
}

// sendHead puts the head out. conn.mu is held.
func (s *Stream) sendHead(end bool) error {
	c := s.conn
	if s.broken() {
		return ErrGone
	}
	c.out = appendHeaders(c.out, s.scratch, s.id, end, maxFrame)
	if end {
		s.localEnd()
	}
	return nil
}

// localEnd notes that the answer has ended. conn.mu is held.
func (s *Stream) localEnd() {
	s.localClosed = true
	if s.remoteClosed {
		s.conn.closeStream(s)
	}
}

// send puts body bytes out as the windows allow. conn.mu is held.
func (s *Stream) send(p []byte, end bool) error {
	c := s.conn
	for len(p) > 0 {
		n, err := s.room(len(p))
		if err != nil {
			return err
		}
		last := end && n == len(p)
		flags := byte(0)
		if last {
			flags = flagEndStream
		}
		c.out = append(appendFrame(c.out, n, frameData, flags, s.id), p[:n]...)
		p = p[n:]
		s.sendWindow -= int64(n)
		c.sendWindow -= int64(n)
		s.sent += int64(n)
		if last {
			s.localEnd()
		}
	}
	return nil
}

// room waits until some of n bytes may be sent, and says how many. A client
// that takes nothing for too long loses the stream. conn.mu is held.
func (s *Stream) room(n int) (int, error) {
	c := s.conn
	var until time.Time
	for {
		if s.broken() {
			return 0, ErrGone
		}
		allowed := min(int64(n), maxFrame, s.sendWindow, c.sendWindow)
		if allowed > 0 && len(c.out) <= outMost {
			return int(allowed), nil
		}
		if len(c.out) > 0 && !c.writing {
			c.flush()
			continue
		}
		if until.IsZero() {
			until = time.Now().Add(c.limits.WriteTimeout)
		}
		if !s.wait(until) {
			c.abort(s, cancelled)
			return 0, os.ErrDeadlineExceeded
		}
	}
}

// Start begins a streamed answer of length body bytes; -1: unknown. h is as
// for Respond. Nothing may be sent before enough is there, or Flush.
func (s *Stream) Start(status int, h *http1.Header, length int64) error {
	if err := s.head(status, h, length); err != nil {
		return err
	}
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	return s.sendHead(s.bodyless)
}

// Write sends body bytes of a streamed answer.
func (s *Stream) Write(p []byte) (int, error) {
	switch {
	case !s.begun || s.complete:
		return 0, errNotBegun
	case s.bodyless || len(p) == 0:
		return len(p), nil
	case s.left >= 0 && int64(len(p)) > s.left-s.sent:
		return 0, errTooMuch
	}
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	before := s.sent
	err := s.send(p, s.left >= 0 && s.sent+int64(len(p)) == s.left)
	if s.localClosed || len(s.conn.out) > outMost/2 {
		s.conn.flush()
	}
	return int(s.sent - before), err
}

// Flush sends what Write keeps together.
func (s *Stream) Flush() error {
	if !s.begun || s.complete {
		return errNotBegun
	}
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	s.conn.flush()
	if s.broken() {
		return ErrGone
	}
	return nil
}

// Finish completes a streamed answer. With fewer bytes than announced, or
// without Finish, the stream is reset so that the client can tell.
func (s *Stream) Finish() error {
	if !s.begun || s.complete {
		return errNotBegun
	}
	if !s.bodyless && s.left >= 0 && s.sent < s.left {
		return errTooLittle
	}
	c := s.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if !s.localClosed {
		if s.broken() {
			return ErrGone
		}
		c.out = appendFrame(c.out, 0, frameData, flagEndStream, s.id)
		s.localEnd()
	}
	c.flush()
	s.complete = true
	return nil
}

var _ io.ReadWriter = (*Stream)(nil)

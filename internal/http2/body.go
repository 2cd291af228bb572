package http2

import (
	"io"
	"slices"

	"github.com/gatehouse/gatehouse/internal/http1"
)

// body is what came of a request's body and wasn't read.
type body struct {
	buf    []byte
	r      int   // unread is buf[r:]
	came   int64 // bytes so far
	window int64 // what the client may send
	unsaid int   // read bytes that window doesn't tell the client yet
	ended  bool
	expect bool // the client waits for 100 Continue
	wanted bool // the handler reads
}

// Length is the announced length in bytes; -1 unknown, 0 none.
func (st *Stream) Length() int64 { return st.request.ContentLength }

// Read reads the request's body; io.EOF at its end. The first read tells a
// client that waits for it to go on ("100 Continue"), unless an answer has
// begun. A *http1.ProtocolError says with which status to refuse the rest;
// io.ErrUnexpectedEOF that the client left in the middle.
func (st *Stream) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	c := st.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := st.await(); err != nil {
		return 0, err
	}
	b := &st.body
	n := copy(p, b.buf[b.r:])
	st.took(n)
	return n, nil
}

// ReadAll appends the whole body to dst. A body larger than limit is
// http1.ErrBodyTooLarge, before anything is read (or a client told to go on)
// when its length is known. dst grows with what arrives, not with what is
// announced. Other errors are Read's.
func (st *Stream) ReadAll(dst []byte, limit int64) ([]byte, error) {
	if st.request.ContentLength > limit {
		return dst, http1.ErrBodyTooLarge
	}
	c := st.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		if err := st.await(); err == io.EOF {
			return dst, nil
		} else if err != nil {
			return dst, err
		}
		b := &st.body
		n := len(b.buf) - b.r
		if limit -= int64(n); limit < 0 {
			return dst, http1.ErrBodyTooLarge
		}
		if !b.ended && cap(dst)-len(dst) < n {
			dst = slices.Grow(dst, max(n, frameSize))
		}
		dst = append(dst, b.buf[b.r:]...)
		st.took(n)
	}
}

// await waits until there is something to read; else it says why there will
// be nothing.
func (st *Stream) await() error {
	b := &st.body
	end := instant(0)
	for b.r == len(b.buf) {
		switch {
		case st.over != nil:
			return io.ErrUnexpectedEOF
		case b.ended:
			return io.EOF
		}
		if end == 0 {
			end = now().add(st.conn.server.limits.BodyTimeout)
			st.invite()
			continue // letting go of the lock, it may have changed all
		}
		if !st.wait(end) {
			return errBodyTimeout
		}
	}
	return nil
}

// invite tells the client to send: that it may send at all, and more of it
// than it may to a handler that doesn't read.
func (st *Stream) invite() {
	b, c := &st.body, st.conn
	if b.expect && !st.answer.begun {
		c.enc.begin(100)
		c.out.headers(st.id, c.enc.block.bytes, false)
	}
	b.expect = false
	if !b.wanted {
		b.wanted = true
		b.unsaid += readWindow - streamWindow
	}
	c.consumed(st, 0)
	c.flushLocked()
}

// took accounts for n bytes that the handler has read.
func (st *Stream) took(n int) {
	b := &st.body
	if b.r += n; b.r == len(b.buf) {
		b.buf, b.r = b.buf[:0], 0
	}
	st.conn.consumed(st, n)
	if !b.ended {
		st.conn.flushLocked()
	}
}

// consumed accounts for n bytes of bodies that aren't held any more; st is
// the stream they were read from, nil when nobody reads it. The client learns
// of it in large steps, and for a stream only when it has more to send than it
// may.
func (c *conn) consumed(st *Stream, n int) {
	if c.err != nil {
		return
	}
	if c.unsaid += n; c.unsaid >= connWindow/2 {
		c.framer.WriteWindowUpdate(0, uint32(c.unsaid))
		c.window += int64(c.unsaid)
		c.unsaid = 0
	}
	if st == nil || st.body.ended || st.over != nil {
		return
	}
	b, length := &st.body, st.request.ContentLength
	b.unsaid += n
	if b.unsaid >= streamWindow/2 && (length < 0 || length-b.came > b.window) {
		c.framer.WriteWindowUpdate(st.id, uint32(b.unsaid))
		b.window += int64(b.unsaid)
		b.unsaid = 0
	}
}

// deliver gives st bytes of its body. False: there is more than was announced.
func (st *Stream) deliver(p []byte) bool {
	b := &st.body
	if b.came += int64(len(p)); st.request.ContentLength >= 0 && b.came > st.request.ContentLength {
		return false
	}
	if b.r > 0 && len(b.buf)+len(p) > cap(b.buf) {
		b.buf, b.r = b.buf[:copy(b.buf, b.buf[b.r:])], 0
	}
	b.buf = append(b.buf, p...)
	st.wakeUp()
	return true
}

// complete marks the end of st's body. False: it is shorter than announced.
func (st *Stream) complete() bool {
	b := &st.body
	b.ended = true
	st.wakeUp()
	return st.request.ContentLength < 0 || b.came == st.request.ContentLength
}

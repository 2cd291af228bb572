package http2

import (
	"slices"
	"strconv"
	"time"

	h2 "golang.org/x/net/http2"

	"github.com/gatehouse/gatehouse/internal/http1"
)

// answer is how far the answer to a request is. Only the handler changes it,
// with conn.mu held.
type answer struct {
	begun    bool // its head is made
	streamed bool // by Start
	bodyless bool // HEAD, 204, 304
	ended    bool // END_STREAM is in the output
	complete bool // the handler has said all
	left     int64
	sent     int64
}

// Answered says whether an answer has begun.
func (st *Stream) Answered() bool { return st.answer.begun }

// Sent is how many body bytes of the answer were given to the connection.
func (st *Stream) Sent() int64 { return st.answer.sent }

// Respond answers with status, the fields of h (nil: none) and body.
// Content-Length and Date are added; h must not hold them, nor Connection nor
// Transfer-Encoding; Keep-Alive, Proxy-Connection and Upgrade mean nothing in
// HTTP/2 and are left out. Answers to HEAD get body's length and no body, 204
// and 304 neither. An error other than of the connection or the stream means
// that nothing was sent: the handler may answer again.
func (st *Stream) Respond(status int, h *http1.Header, body []byte) error {
	if err := st.check(status, h); err != nil {
		return err
	}
	c := st.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := st.head(status, h, int64(len(body)), len(body) == 0); err != nil {
		return err
	}
	if !st.answer.ended {
		if err := st.send(body, true); err != nil {
			return err
		}
	}
	st.answer.complete = true
	c.flushLocked()
	return nil
}

// Start begins a streamed answer of length body bytes; -1: nobody knows. h is
// as for Respond. Nothing may be written before enough is there, or Flush.
func (st *Stream) Start(status int, h *http1.Header, length int64) error {
	if err := st.check(status, h); err != nil {
		return err
	}
	c := st.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := st.head(status, h, length, length == 0); err != nil {
		return err
	}
	st.answer.streamed, st.answer.left = true, length
	return nil
}

// check says whether an answer can begin like this.
func (st *Stream) check(status int, h *http1.Header) error {
	switch {
	case st.answer.begun:
		return errAnswered
	case status < 200 || status > 999:
		return errStatus
	}
	return checkFields(h)
}

// head collects the head of the answer; empty: no body follows.
func (st *Stream) head(status int, h *http1.Header, length int64, empty bool) error {
	c, a := st.conn, &st.answer
	a.begun = true
	if err := st.awaitRoom(); err != nil {
		return err
	}
	a.bodyless = st.request.Method == "HEAD" || status == 204 || status == 304
	e := &c.enc
	e.begin(status)
	e.fields(h)
	e.field("date", c.server.date.at(time.Now()))
	if length >= 0 && status != 204 && status != 304 {
		st.scratch = strconv.AppendInt(st.scratch[:0], length, 10)
		e.field("content-length", st.scratch)
	}
	end := empty || a.bodyless
	c.out.headers(st.id, e.block.bytes, end)
	if end {
		st.endAnswer()
	}
	return nil
}

// endAnswer notes that END_STREAM is in the output.
func (st *Stream) endAnswer() {
	st.answer.ended = true
	if st.over == nil && st.body.ended {
		st.conn.closed(st)
	}
}

// awaitRoom waits while the output is full and somebody writes it.
func (st *Stream) awaitRoom() error {
	c := st.conn
	end := instant(0)
	for {
		if st.over != nil {
			return st.over
		}
		if c.out.len() < outputMost {
			return nil
		}
		if err := st.stall(&end); err != nil {
			return err
		}
	}
}

// stall has what was collected written, or waits for somebody who does, or
// for a window. end is when waiting without progress ends, set at first.
func (st *Stream) stall(end *instant) error {
	c := st.conn
	if c.err != nil {
		return c.err
	}
	if *end == 0 {
		*end = now().add(c.server.limits.WriteTimeout)
	}
	if !c.out.writing && c.out.len() > 0 {
		c.flushLocked()
		return nil
	}
	c.waiting = append(c.waiting, st)
	woken := st.wait(*end)
	if i := slices.Index(c.waiting, st); i >= 0 {
		c.waiting = slices.Delete(c.waiting, i, i+1)
	}
	if woken || st.over != nil {
		return nil
	}
	c.reset(st.id, h2.ErrCodeCancel)
	return errStalled
}

// send collects body bytes, waiting for windows and room; end: they are the
// last.
func (st *Stream) send(p []byte, end bool) error {
	c := st.conn
	stalled := instant(0)
	for {
		if st.over != nil {
			return st.over
		}
		n := min(len(p), frameSize, int(max(min(st.sendable, c.sendable), 0)))
		if (n == 0 && len(p) > 0) || c.out.len() >= outputMost {
			if err := st.stall(&stalled); err != nil {
				return err
			}
			continue
		}
		stalled = 0
		last := end && n == len(p)
		c.out.data(st.id, p[:n], last)
		st.sendable -= int64(n)
		c.sendable -= int64(n)
		st.answer.sent += int64(n)
		c.calm.sent(n)
		if last {
			st.endAnswer()
		}
		if p = p[n:]; len(p) == 0 {
			return nil
		}
	}
}

// Write sends body bytes of a streamed answer, small ones together. More than
// was announced is an error, and the answer can't be finished.
func (st *Stream) Write(p []byte) (int, error) {
	a := &st.answer
	switch {
	case !a.streamed || a.complete:
		return 0, errNotBegun
	case a.bodyless || len(p) == 0:
		return len(p), nil
	case a.left >= 0 && int64(len(p)) > a.left:
		a.left = broken
		return 0, errTooMuch
	case a.left == broken:
		return 0, errTooMuch
	}
	c := st.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	before := a.sent
	err := st.send(p, a.left == int64(len(p)))
	if err != nil {
		a.left = broken
		return int(a.sent - before), err
	}
	if a.left >= 0 {
		a.left -= int64(len(p))
	}
	if c.out.len() >= chunkSize {
		c.flushLocked()
	}
	return len(p), nil
}

// broken as what is left of an answer: it can't be finished.
const broken = -2

// Flush sends what Write keeps together.
func (st *Stream) Flush() error {
	if !st.answer.streamed || st.answer.complete {
		return errNotBegun
	}
	c := st.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flushLocked()
	return st.over
}

// Finish completes a streamed answer. With fewer bytes than announced, or
// without Finish, the stream is reset so that the client can tell.
func (st *Stream) Finish() error {
	a := &st.answer
	switch {
	case !a.streamed || a.complete:
		return errNotBegun
	case !a.ended && a.left != -1:
		return errTooLittle
	}
	c := st.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if !a.ended {
		if err := st.send(nil, true); err != nil {
			return err
		}
	}
	a.complete = true
	c.flushLocked()
	return st.over
}

// refuse answers a request that the handler doesn't see.
func (st *Stream) refuse() {
	p := st.refusal
	if refused := st.conn.server.Refused; refused != nil {
		refused(st, p.Status, p)
	}
	var h http1.Header
	h.Add("Content-Type", "application/json")
	st.Respond(p.Status, &h, []byte(`{"message":"`+refusalReasons[p.Status]+`: `+p.Reason+`"}`))
}

var refusalReasons = map[int]string{
	400: "Bad Request", 414: "URI Too Long", 417: "Expectation Failed",
	431: "Request Header Fields Too Large", 501: "Not Implemented",
}

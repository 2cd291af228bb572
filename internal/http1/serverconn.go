package http1

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// ServerConn is a client's connection and the request that it is at. Its
// methods are for the handler, from one goroutine at a time.
type ServerConn struct {
	server *Server
	info   ConnInfo
	in     wire
	tls    bool

	state    atomic.Int32 // a connState
	phaseEnd instant      // when the first byte, then the head must be there
	inBody   bool         // the head was read
	drainEnd instant      // when dropping an unread body must be over; 0 while it isn't dropped
	parser   requestParser
	request  Request
	body     bodyReader

	answer answer
	out    output

	abandon abandon
}

// connState is where a connection is, for Shutdown.
const (
	stateFresh int32 = iota // no byte came yet
	stateIdle               // between two requests
	stateBusy
)

var errShutdown = errors.New("http1: the server is shutting down")

func newServerConn(s *Server, nc net.Conn, info ConnInfo) *ServerConn {
	c := &ServerConn{server: s, info: info}
	var early []byte
	if p, ok := nc.(*PeekedConn); ok {
		nc, early = p.Conn, p.Buffered
	}
	c.in = wire{nc: nc, buf: s.buffers.getSmall(), sock: socketOf(nc)}
	c.tls = isTLS(nc)
	c.out = output{nc: nc, sock: c.in.sock, tls: c.tls, timeout: s.limits.WriteTimeout}
	if len(early) > 0 {
		if len(early) > len(c.in.buf) {
			c.in.buf = make([]byte, len(early)+bufferSize)
		}
		c.in.w = copy(c.in.buf, early)
	}
	c.body = bodyReader{wire: &c.in, source: c, limits: &s.limits}
	return c
}

// Info is what was known of the connection when it was accepted.
func (c *ServerConn) Info() *ConnInfo { return &c.info }

// serve answers requests until the connection ends.
func (c *ServerConn) serve() {
	for c.next() {
	}
}

// release ends the connection. It also runs when a handler panics.
func (c *ServerConn) release() {
	c.OnAbandon(nil)
	if !c.answer.hijacked {
		c.in.nc.Close()
	}
	c.server.buffers.put(c.in.buf)
	c.in.buf = nil
}

// next reads a request and has it answered. False: the connection is over.
func (c *ServerConn) next() bool {
	if err := c.awaitFirstByte(); err != nil {
		return false
	}
	if err := c.readHead(); err != nil {
		c.refuse(err)
		return false
	}
	r := &c.request
	c.body.begin(r.ContentLength)
	c.answer = answer{
		expect:  r.ExpectContinue,
		persist: !r.Close && c.server.closing.Load() == serving,
	}
	c.server.Handler(c, r)
	c.OnAbandon(nil)
	if c.answer.hijacked {
		return false
	}
	if !c.answer.complete {
		c.abort()
		return false
	}
	if !c.answer.persist || !c.drain() {
		c.linger()
		return false
	}
	c.tidy()
	return true
}

// awaitFirstByte waits between requests.
func (c *ServerConn) awaitFirstByte() error {
	if c.in.r < c.in.w {
		c.begin(time.Now())
		return nil
	}
	wait := c.server.limits.IdleTimeout
	idle := stateIdle
	if c.request.Received.IsZero() {
		idle, wait = stateFresh, c.server.limits.HeaderTimeout
		c.phaseEnd = now().add(wait)
	} else {
		c.phaseEnd = c.answer.ended.add(wait)
	}
	c.state.Store(idle)
	err := c.in.fill(c, c.headRoom())
	c.begin(time.Now())
	return err
}

// begin starts the clock of a request head.
func (c *ServerConn) begin(t time.Time) {
	c.state.Store(stateBusy)
	c.request.Received = t
	c.phaseEnd = instantOf(t).add(c.server.limits.HeaderTimeout)
}

// headRoom is how large the buffer may become for a head.
func (c *ServerConn) headRoom() int {
	return c.server.limits.RequestLine + c.server.limits.HeaderBytes + bufferSize
}

// readHead parses the head off the buffer, reading more as long as it is
// incomplete.
func (c *ServerConn) readHead() error {
	c.parser = requestParser{}
	for {
		done, err := c.parser.parse(&c.request, c.in.buffered(), &c.server.limits)
		if err != nil {
			return err
		}
		if done {
			c.in.r += c.parser.line
			c.in.keep = c.in.r
			c.inBody = true
			return nil
		}
		if err := c.in.fill(c, c.headRoom()); err != nil {
			if isTimeout(err) {
				return errHeaderTimeout
			}
			return err
		}
	}
}

// read is the source of heads and bodies: it reads within the deadline of the
// phase, see wire.
func (c *ServerConn) read(p []byte) (int, error) {
	end := c.phaseEnd
	if c.inBody {
		end = now().add(c.server.limits.BodyTimeout)
		if c.drainEnd != 0 {
			end = min(end, c.drainEnd)
		}
	}
	for {
		if c.in.armed == 0 || c.in.armed > end {
			c.in.armed = end
			if err := c.in.nc.SetReadDeadline(end.time()); err != nil {
				return 0, err
			}
		}
		if c.shuttingDown() {
			return 0, errShutdown
		}
		n, err := c.in.readOnce(p)
		if n > 0 || err == nil {
			return n, nil
		}
		if !isTimeout(err) {
			return 0, err
		}
		if now() >= end {
			return 0, os.ErrDeadlineExceeded
		}
		c.in.armed = 0
	}
}

// shuttingDown says whether the wait for a request should end. It is asked
// after the deadline was armed: a Shutdown that comes later moves it. A
// request that is already there is still served.
func (c *ServerConn) shuttingDown() bool {
	level := c.server.closing.Load()
	if level == serving {
		return false
	}
	state := c.state.Load()
	return (state == stateIdle || state == stateFresh && level >= closingFresh) && c.in.sock.peek() != peekData
}

// tidy readies the buffer for the next request: what is left of pipelined
// ones moves to its front, and one that grew goes.
func (c *ServerConn) tidy() {
	in := &c.in
	in.keep, c.inBody, c.drainEnd = 0, false, 0
	unused := in.w - in.r
	if unused == 0 {
		in.r, in.w = 0, 0
		if len(in.buf) > 4*bufferSize {
			in.buf = c.server.buffers.getSmall()
		}
		return
	}
	copy(in.buf, in.buf[in.r:in.w])
	in.r, in.w = 0, unused
}

// Read reads the request's body; io.EOF at its end. The first read tells a
// client that waits for it to go on ("100 Continue"), unless an answer has
// begun. A *ProtocolError says with which status to refuse the rest;
// io.ErrUnexpectedEOF that the client left in the middle.
func (c *ServerConn) Read(p []byte) (int, error) {
	if err := c.beforeBody(); err != nil {
		return 0, err
	}
	n, err := c.body.Read(p)
	return n, bodyError(err)
}

// ReadAll appends the whole body to dst. A body larger than limit is
// ErrBodyTooLarge, before anything is read (or a client told to go on) when
// its length is known. dst grows with what arrives, not with what is
// announced. Other errors are Read's.
func (c *ServerConn) ReadAll(dst []byte, limit int64) ([]byte, error) {
	if c.request.ContentLength > limit {
		return dst, ErrBodyTooLarge
	}
	if err := c.beforeBody(); err != nil {
		return dst, err
	}
	dst, err := c.body.ReadAll(dst, limit)
	return dst, bodyError(err)
}

func bodyError(err error) error {
	if err != nil && isTimeout(err) {
		return errBodyTimeout
	}
	return err
}

// beforeBody sends the interim answer that the client waits for; not when the
// body is there already, nor after an answer began.
func (c *ServerConn) beforeBody() error {
	if c.answer.hijacked {
		return errHijacked
	}
	if !c.answer.expect || c.answer.begun {
		return nil
	}
	c.answer.expect = false
	if c.in.r < c.in.w {
		return nil
	}
	return c.out.send(now(), []byte("HTTP/1.1 100 Continue\r\n\r\n"))
}

// Hijack hands the connection over, with the bytes that were read and not
// used. Deadlines are cleared; the connection is the caller's to close.
func (c *ServerConn) Hijack() (nc net.Conn, buffered []byte, err error) {
	if c.answer.begun || c.answer.hijacked {
		return nil, nil, errAnswered
	}
	c.OnAbandon(nil)
	c.answer.hijacked = true
	if err := c.in.nc.SetDeadline(time.Time{}); err != nil {
		return nil, nil, err
	}
	return c.in.nc, append([]byte(nil), c.in.buffered()...), nil
}

// abandon is who wants to know that the client left.
type abandon struct {
	mu     sync.Mutex
	cancel func()
	look   atomic.Int64 // instant of the next look at the socket; 0: none
	every  time.Duration
}

var _ io.Reader = (*ServerConn)(nil)

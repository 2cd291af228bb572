package http1

import (
	"io"
	"net"
	"strconv"
	"time"
)

// answer is how far the answer to the current request is.
type answer struct {
	expect     bool // the client waits for 100 Continue
	persist    bool // the connection goes on afterwards
	begun      bool // its head is made
	complete   bool
	hijacked   bool
	bodyless   bool // HEAD, 204, 304
	chunked    bool
	untilClose bool
	left       int64  // announced bytes to come
	sent       int64  // body bytes
	pending    []byte // made, not written yet
	ended      instant
}

// unreadMost is how much of a request's body is read and dropped after the
// answer so that the connection can go on, and drainTime for how long.
const (
	unreadMost = 256 << 10
	drainTime  = 5 * time.Second
)

// Answered says whether an answer has begun.
func (c *ServerConn) Answered() bool { return c.answer.begun }

// Sent is how many body bytes of the current answer were given to the
// connection.
func (c *ServerConn) Sent() int64 { return c.answer.sent }

// Respond answers with status, the fields of h (nil: none) and body, in one
// write. Content-Length, Date and Connection are added; h must not hold them
// nor Transfer-Encoding. Answers to HEAD get body's length and no body, 204
// and 304 neither. An error other than of the connection means that nothing
// was sent: the handler may answer again.
func (c *ServerConn) Respond(status int, h *Header, body []byte) error {
	t := time.Now()
	head, err := c.head(t, status, h, int64(len(body)))
	if err != nil {
		return err
	}
	if c.answer.bodyless {
		body = nil
	}
	at := instantOf(t)
	err = c.out.sendAll(at, head, body, "")
	c.server.buffers.put(head)
	if err != nil {
		return err
	}
	c.answer.sent, c.answer.complete, c.answer.ended = int64(len(body)), true, at
	return nil
}

// head makes the head of the answer. It begins the answer unless it errs.
func (c *ServerConn) head(t time.Time, status int, h *Header, length int64) ([]byte, error) {
	a := &c.answer
	switch {
	case a.begun || a.hijacked:
		return nil, errAnswered
	case status < 200 || status > 999:
		return nil, errStatus
	}
	dst := append(c.server.buffers.getLarge()[:0], statusLines[status]...)
	dst = c.server.date.append(dst, t)
	dst, err := appendFields(dst, h, &answerFraming)
	if err != nil {
		c.server.buffers.put(dst)
		return nil, err
	}
	a.begun = true
	a.bodyless = c.request.Method == "HEAD" || status == 204 || status == 304
	dst = c.appendFraming(dst, status, length)
	c.settlePersistence()
	if a.persist {
		return append(dst, "Connection: keep-alive\r\n\r\n"...), nil
	}
	return append(dst, "Connection: close\r\n\r\n"...), nil
}

// appendFraming says how the body ends; length -1: nobody knows yet.
func (c *ServerConn) appendFraming(dst []byte, status int, length int64) []byte {
	a := &c.answer
	switch {
	case status == 204 || status == 304:
		return dst
	case length >= 0:
		a.left = length
		return appendLength(dst, length)
	case c.request.Minor == 1:
		a.chunked = true
		return append(dst, "Transfer-Encoding: chunked\r\n"...)
	}
	a.untilClose = true
	a.persist = false
	return dst
}

// settlePersistence decides whether the connection can go on: not when more
// of the request's body is to come than is worth reading, nor when nobody
// knows whether it comes at all (100 Continue was never sent).
func (c *ServerConn) settlePersistence() {
	if !c.body.settled() && (c.answer.expect || c.body.err != nil || c.body.left > unreadMost) ||
		c.server.closing.Load() != serving {
		c.answer.persist = false
	}
}

// Start begins a streamed answer of length body bytes; -1: chunked, or until
// the connection closes with HTTP/1.0. h is as for Respond. Nothing may be
// written before enough is there, or Flush.
func (c *ServerConn) Start(status int, h *Header, length int64) error {
	head, err := c.head(time.Now(), status, h, length)
	if err != nil {
		return err
	}
	c.answer.pending = head
	return nil
}

// Write sends body bytes of a streamed answer, small ones together. More than
// was announced is an error, and the answer can't be finished.
func (c *ServerConn) Write(p []byte) (int, error) {
	a := &c.answer
	switch {
	case a.pending == nil || a.complete:
		return 0, errNotBegun
	case a.bodyless || len(p) == 0:
		return len(p), nil
	case !a.chunked && !a.untilClose && int64(len(p)) > a.left:
		a.left = -1 // never zero again
		return 0, errTooMuch
	}
	tail := ""
	if a.chunked {
		a.pending = strconv.AppendUint(a.pending, uint64(len(p)), 16)
		a.pending = append(a.pending, "\r\n"...)
		tail = "\r\n"
	} else {
		a.left -= int64(len(p))
	}
	if len(a.pending)+len(p)+len(tail) <= cap(a.pending)-len("ffff\r\n0\r\n\r\n") {
		a.pending = append(append(a.pending, p...), tail...)
	} else {
		err := c.out.sendAll(now(), a.pending, p, tail)
		a.pending = a.pending[:0]
		if err != nil {
			a.left, a.chunked, a.untilClose = -1, false, false
			return 0, err
		}
	}
	a.sent += int64(len(p))
	return len(p), nil
}

// Flush sends what Write keeps together.
func (c *ServerConn) Flush() error {
	if c.answer.pending == nil || c.answer.complete {
		return errNotBegun
	}
	return c.flush(now())
}

func (c *ServerConn) flush(t instant) error {
	if len(c.answer.pending) == 0 {
		return nil
	}
	err := c.out.send(t, c.answer.pending)
	c.answer.pending = c.answer.pending[:0]
	return err
}

// Finish completes a streamed answer. With fewer bytes than announced, or
// without Finish, the connection is cut so that the client can tell.
func (c *ServerConn) Finish() error {
	a := &c.answer
	switch {
	case a.pending == nil || a.complete:
		return errNotBegun
	case a.bodyless:
	case a.chunked:
		a.pending = append(a.pending, "0\r\n\r\n"...)
	case !a.untilClose && a.left != 0:
		return errTooLittle
	}
	a.ended = now()
	if err := c.flush(a.ended); err != nil {
		return err
	}
	c.server.buffers.put(a.pending)
	a.pending = nil
	a.complete = true
	return nil
}

// abort ends a connection whose answer is not complete. Without a frame only
// a reset tells that more was to come.
func (c *ServerConn) abort() {
	if tcp, ok := netConn(c.in.nc).(*net.TCPConn); ok && c.answer.untilClose {
		tcp.SetLinger(0)
	}
}

// refuse answers a request that never reached the handler, if the client is
// still there to read it.
func (c *ServerConn) refuse(err error) {
	p, ok := err.(*ProtocolError)
	if !ok {
		return
	}
	if c.server.Refused != nil {
		c.server.Refused(c, p.Status, err)
	}
	t := time.Now()
	body := `{"message":"` + reasons[p.Status] + `: ` + p.Reason + `"}`
	dst := append(c.server.buffers.getLarge()[:0], statusLines[p.Status]...)
	dst = c.server.date.append(dst, t)
	dst = append(dst, "Content-Type: application/json\r\n"...)
	dst = appendLength(dst, int64(len(body)))
	dst = append(dst, "Connection: close\r\n\r\n"...)
	dst = append(dst, body...)
	if c.out.send(instantOf(t), dst) == nil {
		c.lingerUntilClosed()
	}
	c.server.buffers.put(dst)
}

// drain reads and drops what the handler left of the request's body. False:
// it is too long, or broken.
func (c *ServerConn) drain() bool {
	if c.body.settled() {
		return true
	}
	c.drainEnd = now().add(drainTime)
	scratch := c.server.buffers.getLarge()
	defer c.server.buffers.put(scratch)
	for dropped := 0; dropped <= unreadMost; {
		n, err := c.body.Read(scratch)
		dropped += n
		if err != nil {
			return err == io.EOF
		}
	}
	return false
}

// linger closes after an answer. Closing with input unread makes the kernel
// send a reset, which may take the answer away before the client read it.
func (c *ServerConn) linger() {
	if !c.body.settled() || c.in.r < c.in.w {
		c.lingerUntilClosed()
	}
}

const (
	lingerTime  = 2 * time.Second
	lingerBytes = 64 << 20
)

// lingerUntilClosed says that nothing more comes and drops what the client
// still sends, for a while.
func (c *ServerConn) lingerUntilClosed() {
	type closeWriter interface{ CloseWrite() error }
	raw := netConn(c.in.nc)
	if w, ok := c.in.nc.(closeWriter); ok {
		w.CloseWrite()
	}
	if w, ok := raw.(closeWriter); ok && raw != c.in.nc {
		w.CloseWrite()
	}
	if raw.SetReadDeadline(time.Now().Add(lingerTime)) != nil {
		return
	}
	scratch := c.server.buffers.getLarge()
	defer c.server.buffers.put(scratch)
	for dropped := 0; dropped < lingerBytes; {
		n, err := raw.Read(scratch)
		dropped += n
		if err != nil {
			return
		}
	}
}

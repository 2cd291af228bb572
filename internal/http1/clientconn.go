package http1

import (
	"errors"
	"io"
	"net"
	"os"
	"time"
)

var (
	errCancelled = errors.New("the call was cancelled")
	errEarly     = errors.New("the backend answered before the request was sent")
)

// clientConn is a connection to a backend.
type clientConn struct {
	in        wire
	head      responseHead
	tls       bool
	idleSince instant
	broken    bool // Break closed it; guarded by its Endpoint's mu
	call      *Call
	deadline  instant // the call's
	arm       func(time.Time) error
	armWrite  func(time.Time) error
	wArmed    instant
	vec       [2][]byte
	bufs      net.Buffers
	looked    bool // the answer to this call has begun and doesn't stop the request
}

func newClientConn(nc net.Conn) *clientConn {
	return &clientConn{
		in: wire{nc: nc, sock: socketOf(nc)}, tls: isTLS(nc),
		arm: nc.SetReadDeadline, armWrite: nc.SetWriteDeadline,
	}
}

// swap sends a whole request that is small on a direct socket, if the
// connection is still idle, and waits for the answer's first bytes. sent and
// err are of the request alone: what ends the wait will end the next read too.
func (cc *clientConn) swap(out []byte) (sent bool, err error) {
	cc.patience()
	for {
		if cc.in.armed == 0 || cc.in.armed > cc.deadline {
			cc.in.armed = cc.deadline
			if err := cc.call.arm(cc.arm, cc.deadline); err != nil {
				return false, err
			}
		}
		n, got, err := cc.in.sock.swap(out, cc.in.buf)
		cc.in.w = got
		switch {
		case n == len(out):
			return true, nil
		case err == nil: // the socket takes no more: only write can wait for that
			sent, err := cc.write(out[n:], nil, false)
			return sent || n > 0, err
		case !isTimeout(err):
			return n > 0, cc.orCancelled(err)
		}
		if err := cc.fired(); err != nil {
			return n > 0, err
		}
		cc.in.armed = 0
	}
}

// quiet says whether the connection is open with nothing to read, as far as
// its socket shows: an idle backend that says something has closed, or sends
// what nobody asked for.
func (cc *clientConn) quiet() bool {
	found := cc.in.sock.peek()
	return found == peekQuiet || found == peekUnknown
}

// fresh is quiet, and for TLS that nothing is left in its buffers either. (A
// read under a past deadline never reaches the socket.)
func (cc *clientConn) fresh() bool {
	if !cc.quiet() {
		return false
	}
	if !cc.tls {
		return true
	}
	cc.in.armed = 0
	if cc.arm(past) != nil {
		return false
	}
	var one [1]byte
	n, err := cc.in.nc.Read(one[:])
	return n == 0 && isTimeout(err)
}

// begin ties cc to call; the error says that Cancel came before.
func (cc *clientConn) begin(call *Call) error {
	cc.call, cc.deadline, cc.looked = call, call.deadline(), false
	if !call.attach(cc) {
		return errCancelled
	}
	return nil
}

// read is the source of response heads and bodies; see wire for the deadline.
func (cc *clientConn) read(p []byte) (int, error) {
	cc.patience()
	for {
		if cc.in.armed == 0 || cc.in.armed > cc.deadline {
			cc.in.armed = cc.deadline
			if err := cc.call.arm(cc.arm, cc.deadline); err != nil {
				return 0, err
			}
		}
		n, err := cc.in.readOnce(p)
		if n > 0 || err == nil {
			return n, nil
		}
		if !isTimeout(err) {
			return 0, err
		}
		if err := cc.fired(); err != nil {
			return 0, err
		}
		cc.in.armed = 0
	}
}

// patience bounds the wait that begins by Call.Idle.
func (cc *clientConn) patience() {
	if idle := cc.call.Idle; idle > 0 {
		cc.deadline = min(cc.call.deadline(), now().add(idle))
	}
}

// fired says what a deadline that fired means; nil: it was an earlier one.
func (cc *clientConn) fired() error {
	if cc.call.isCancelled() {
		return errCancelled
	}
	if now() >= cc.deadline {
		return os.ErrDeadlineExceeded
	}
	return nil
}

// glance is how long a large write may block before we look whether the
// backend has answered already.
const glance = 250 * time.Millisecond

// write sends head and body. sent says whether any of it was given to the
// connection. errEarly: the backend has refused before it took all; noticed
// when watch is set.
func (cc *clientConn) write(head, body []byte, watch bool) (sent bool, err error) {
	watch = watch && !cc.tls
	cc.vec = [2][]byte{head, body}
	cc.bufs = cc.vec[:]
	if len(body) == 0 {
		cc.bufs = cc.vec[:1]
	}
	defer func() { cc.vec = [2][]byte{} }()
	for {
		if err := cc.armWrites(watch); err != nil {
			return sent, err
		}
		n, err := cc.writeOnce()
		sent = sent || n > 0
		if err == nil {
			return true, nil
		}
		if !isTimeout(err) || cc.tls {
			return sent, cc.orCancelled(err)
		}
		if err := cc.fired(); err != nil {
			return sent, err
		}
		cc.wArmed = 0
		if watch && cc.refusesEarly() {
			return sent, errEarly
		}
	}
}

// writeOnce writes what is left of cc.bufs under the armed deadline.
func (cc *clientConn) writeOnce() (n int64, err error) {
	if len(cc.bufs) > 1 {
		return cc.bufs.WriteTo(cc.in.nc)
	}
	m, err := cc.in.nc.Write(cc.bufs[0])
	cc.bufs[0] = cc.bufs[0][m:]
	return int64(m), err
}

// refusesEarly says whether the backend answers with an error status while
// the request is being sent; it doesn't wait. Below TLS the socket's bytes
// need not be an answer, so there nobody looks.
func (cc *clientConn) refusesEarly() bool {
	if cc.tls || cc.looked || cc.in.sock.peek() != peekData {
		return false
	}
	err := cc.in.fill(cc, largeSize)
	cc.deadline = cc.call.deadline() // Idle is of waiting for the backend, which isn't done here
	if err != nil {
		return true
	}
	var p responseParser
	limits := Limits{}.withDefaults()
	done, err := p.parse(&cc.head, cc.in.buffered(), &limits)
	switch {
	case err != nil:
		return true // reading it again says why
	case !done:
		return false
	case cc.head.status < 200:
		cc.in.r += p.line
		return false
	}
	cc.looked = true
	return cc.head.status >= 400
}

func (cc *clientConn) orCancelled(err error) error {
	if cc.call.isCancelled() {
		return errCancelled
	}
	return err
}

// armWrites arms the write deadline as wire does that of reads. Below TLS a
// write that timed out can't be resumed, so there it is exact.
func (cc *clientConn) armWrites(watch bool) error {
	at := cc.deadline
	switch {
	case watch && !cc.tls:
		at = min(at, now().add(glance))
	case !cc.tls && cc.wArmed != 0 && cc.wArmed <= at, cc.tls && cc.wArmed == at:
		return nil
	}
	cc.wArmed = at
	return cc.call.arm(cc.armWrite, at)
}

// brokenPipe says whether err is the backend's having closed, after which its
// answer may still be there to read.
func brokenPipe(err error) bool {
	for _, broken := range brokenErrors {
		if errors.Is(err, broken) {
			return true
		}
	}
	return errors.Is(err, io.ErrClosedPipe) || errors.Is(err, net.ErrClosed)
}

// failure is err as a CallError of call.
func (c *Call) failure(phase CallPhase, err error) *CallError {
	e := &CallError{Phase: phase, Err: err}
	if p := (*ProtocolError)(nil); errors.As(err, &p) {
		e.Malformed = true
	}
	if c.isCancelled() {
		e.Cancelled, e.Err = true, errCancelled
		return e
	}
	late := timedOut(err)
	e.Timeout = late && !c.Deadline.IsZero() && !time.Now().Before(c.Deadline)
	e.Idle = late && !e.Timeout && phase >= PhaseHead
	return e
}

func timedOut(err error) bool {
	t, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return ok && t.Timeout()
}

package http1

import (
	"crypto/tls"
	"errors"
	"math"
	"net"
	"os"
	"time"
)

// Deadlines without timers. Arming a connection's deadline for each phase of
// each message would touch the runtime's timers several times a request. So a
// read deadline, once armed, is left alone as long as it is not later than
// what the phase wants: should it fire early, the read is armed exactly and
// done again, which loses nothing. A busy connection is armed about once per
// timeout, an idle one wakes once, and no phase ever ends early or late.

// instant is nanoseconds since epoch, monotonic. Zero is unset.
type instant int64

const never instant = math.MaxInt64

// epoch lies so far back that every instant is positive, also under the
// clock of a synctest.
var epoch = time.Now().Add(-60 * 365 * 24 * time.Hour)

func now() instant { return instant(time.Since(epoch)) }

func instantOf(t time.Time) instant { return instant(t.Sub(epoch)) }

func (i instant) add(d time.Duration) instant { return i + instant(d) }

// time is the deadline to arm for i.
func (i instant) time() time.Time {
	if i == never {
		return time.Time{}
	}
	return epoch.Add(time.Duration(i))
}

// past is a deadline that wakes whoever reads or writes.
var past = time.Unix(1, 0)

// isTimeout says whether err is a deadline that fired.
func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

// wire is the reading side of a connection: bytes that came and weren't
// used, and the armed read deadline.
type wire struct {
	nc    net.Conn
	buf   []byte
	r, w  int // unused bytes are buf[r:w]
	keep  int // buf[:keep] is in use (a head): neither moved nor overwritten
	armed instant
	sock  socket
}

// source reads more from the peer, within the deadline of the phase.
type source interface {
	read(p []byte) (int, error)
}

func (w *wire) buffered() []byte { return w.buf[w.r:w.w] }

// smallRead is less than a read should ask for.
const smallRead = 512

// fill reads more bytes behind the unused ones. The buffer grows by need, to
// about most bytes: the caller refuses what is longer.
func (w *wire) fill(s source, most int) error {
	if w.r == w.w {
		w.r, w.w = w.keep, w.keep
	}
	if len(w.buf)-w.w < smallRead {
		w.makeRoom(most)
	}
	n, err := s.read(w.buf[w.w:])
	w.w += n
	if n > 0 {
		return nil
	}
	return err
}

// makeRoom moves the unused bytes down, or to a larger buffer. The old one
// lives on while a head in it is used.
func (w *wire) makeRoom(most int) {
	unused := w.w - w.r
	if unused+smallRead <= (len(w.buf)-w.keep)/2 {
		copy(w.buf[w.keep:], w.buf[w.r:w.w])
		w.r, w.w = w.keep, w.keep+unused
		return
	}
	bigger := make([]byte, max(min(2*unused, most), unused)+bufferSize)
	copy(bigger, w.buf[w.r:w.w])
	w.buf, w.keep, w.r, w.w = bigger, 0, 0, unused
}

// readOnce is one read under the armed deadline.
func (w *wire) readOnce(p []byte) (int, error) {
	if w.sock.isDirect() {
		return w.sock.read(p)
	}
	return w.nc.Read(p)
}

// isTLS says whether a write to nc that timed out breaks it for good.
func isTLS(nc net.Conn) bool {
	_, ok := nc.(*tls.Conn)
	return ok
}

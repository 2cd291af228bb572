package http2

import (
	"io"
	"net"
	"time"

	"github.com/gatehouse/gatehouse/internal/http1"
)

// inputSize is what an idle connection holds to read into: a few requests.
const inputSize = 4 << 10

// untimed is a frame that hasn't been waited for.
const untimed instant = 1

// input is the reading side of a connection. Only the reader uses it, but for
// raw.
//
// Deadlines are armed without touching the runtime's timers for each frame:
// one that was armed is left alone as long as it isn't later than what the
// phase wants; should it fire early, it is armed anew, which loses nothing.
type input struct {
	nc    net.Conn
	raw   net.Conn // under TLS; the same as nc without
	buf   *[inputSize]byte
	r, w  int // unused bytes are buf[r:w]
	armed instant

	begun instant // when reading the current frame or header block first had to wait, or untimed; 0: between frames
	data  bool    // it is the payload of DATA: each read has BodyTimeout
}

func (in *input) init(nc net.Conn, buf *[inputSize]byte) {
	in.buf = buf
	if p, ok := nc.(*http1.PeekedConn); ok && len(p.Buffered) <= len(buf) {
		nc = p.Conn
		in.w = copy(buf[:], p.Buffered)
	}
	in.nc, in.raw = nc, nc
	for {
		c, ok := in.raw.(interface{ NetConn() net.Conn })
		if !ok {
			return
		}
		in.raw = c.NetConn()
	}
}

// Read is io.Reader for the Framer.
func (c *conn) Read(p []byte) (int, error) {
	in := &c.in
	if in.r == in.w {
		if in.begun == 0 {
			c.beforeWait()
		}
		if len(p) >= len(in.buf) {
			return c.receive(p)
		}
		n, err := c.receive(in.buf[:])
		if err != nil {
			return 0, err
		}
		in.r, in.w = 0, n
	}
	n := copy(p, in.buf[in.r:in.w])
	in.r += n
	if in.begun == 0 {
		in.begun = untimed
	}
	return n, nil
}

// receive reads from the peer, within the deadline of the phase.
func (c *conn) receive(p []byte) (int, error) {
	in := &c.in
	if in.begun == untimed {
		in.begun = now()
	}
	began := now()
	for {
		wake, end := c.deadline(began)
		if in.armed == 0 || in.armed > wake {
			in.armed = wake
			if err := in.nc.SetReadDeadline(wake.time()); err != nil {
				return 0, err
			}
		}
		if err := c.ending(); err != nil {
			return 0, err
		}
		n, err := in.nc.Read(p)
		if n > 0 {
			return n, nil
		}
		if err == nil {
			continue
		}
		if !isTimeout(err) {
			if err == io.EOF && in.begun != 0 {
				err = errTruncated
			}
			return 0, err
		}
		if err := c.ending(); err != nil {
			return 0, err
		}
		if t := now(); end != 0 && t >= end {
			if in.begun == 0 {
				return 0, errIdle
			}
			return 0, errSlow
		}
		in.armed = 0
	}
}

// deadline is when to look again at a wait that began at began and, when it
// may end the connection by then, the same again.
func (c *conn) deadline(began instant) (wake, end instant) {
	l := &c.server.limits
	switch {
	case !c.greeted:
		end = c.accepted.add(l.HeaderTimeout)
	case c.in.begun != 0 && c.in.data:
		end = began.add(l.BodyTimeout)
	case c.in.begun != 0:
		end = c.in.begun.add(l.HeaderTimeout)
	default:
		if end = c.idleEnd(); end == 0 {
			return now().add(l.IdleTimeout), 0
		}
	}
	return end, end
}

const (
	lingerTime  = time.Second
	lingerBytes = 16 << 20
)

// linger says that nothing more comes and drops what the client still sends,
// for a while: closing with input unread makes the kernel send a reset, which
// may take our last frames away before the client read them.
func (c *conn) linger() {
	type closeWriter interface{ CloseWrite() error }
	if w, ok := c.in.nc.(closeWriter); ok {
		w.CloseWrite()
	}
	if w, ok := c.in.raw.(closeWriter); ok && c.in.raw != c.in.nc {
		w.CloseWrite()
	}
	if c.in.raw.SetReadDeadline(time.Now().Add(lingerTime)) != nil {
		return
	}
	for dropped := 0; dropped < lingerBytes; {
		n, err := c.in.raw.Read(c.in.buf[:])
		dropped += n
		if err != nil {
			return
		}
	}
}

// abort makes closing cut the client off: the kernel keeps nothing for one
// that doesn't read.
func (in *input) abort() {
	if tcp, ok := in.raw.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
}

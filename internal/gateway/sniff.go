package gateway

import (
	"bytes"
	"errors"
	"io"
	"net"
	"syscall"
	"time"
)

// preface is what a client sends first that knows we speak HTTP/2 (RFC 9113,
// section 3.4).
var preface = []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")

// errQuiet ends a connection that never sent anything.
var errQuiet = errors.New("nothing was sent")

// sniff says whether a plain connection begins with HTTP/2's preface. Where
// the system can look at bytes without taking them, the connection itself
// comes back, which keeps its direct ways to write; else one that repeats
// what was read.
func sniff(nc net.Conn, timeout time.Duration) (net.Conn, bool, error) {
	nc.SetReadDeadline(time.Now().Add(timeout))
	defer nc.SetReadDeadline(time.Time{})
	var buf [24]byte
	if sc, ok := nc.(syscall.Conn); ok && canPeek {
		n, err := peek(sc, buf[:], undecided)
		return nc, err == nil && bytes.Equal(buf[:n], preface), err
	}
	n := 0
	for n == 0 || undecided(buf[:n]) {
		got, err := nc.Read(buf[n:])
		n += got
		if err != nil {
			return nc, false, err
		}
	}
	return &replayConn{Conn: nc, pending: bytes.Clone(buf[:n])}, bytes.Equal(buf[:n], preface), nil
}

// undecided says that b may still become a preface.
func undecided(b []byte) bool {
	return len(b) < len(preface) && bytes.HasPrefix(preface, b)
}

// replayConn reads pending first.
type replayConn struct {
	net.Conn
	pending []byte
}

func (c *replayConn) Read(p []byte) (int, error) {
	if len(c.pending) == 0 {
		return c.Conn.Read(p)
	}
	n := copy(p, c.pending)
	c.pending = c.pending[n:]
	return n, nil
}

var _ io.Reader = (*replayConn)(nil)

package http1

import (
	"net"
	"time"
)

// PeekedConn is a connection of which some bytes were read already: they are
// read again first. ServeConn takes it apart, so it costs nothing there.
type PeekedConn struct {
	net.Conn
	Buffered []byte
}

func (p *PeekedConn) Read(b []byte) (int, error) {
	if len(p.Buffered) > 0 {
		n := copy(b, p.Buffered)
		p.Buffered = p.Buffered[n:]
		return n, nil
	}
	return p.Conn.Read(b)
}

// NetConn is the connection underneath.
func (p *PeekedConn) NetConn() net.Conn { return p.Conn }

// preface is what a client with prior knowledge of HTTP/2 sends first (RFC 9113, 3.4).
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// SniffPreface reads until it knows whether nc's first bytes are the preface
// of HTTP/2, at most for timeout (zero: no limit), and returns a connection
// that reads them again.
func SniffPreface(nc net.Conn, timeout time.Duration) (h2 bool, conn *PeekedConn, err error) {
	if timeout > 0 {
		nc.SetReadDeadline(time.Now().Add(timeout))
		defer nc.SetReadDeadline(time.Time{})
	}
	buf := make([]byte, bufferSize)
	n := 0
	for {
		m, err := nc.Read(buf[n:])
		n += m
		conn = &PeekedConn{Conn: nc, Buffered: buf[:n]}
		switch {
		case string(buf[:min(n, len(preface))]) != preface[:min(n, len(preface))]:
			return false, conn, nil
		case n >= len(preface):
			return true, conn, nil
		case err != nil:
			return false, conn, err
		}
	}
}

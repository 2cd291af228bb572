package http1

import (
	"errors"
	"net"
	"syscall"
)

// peeked is what a look at a socket's input found, without reading it.
type peeked uint8

const (
	peekUnknown peeked = iota // this socket can't be looked at
	peekQuiet                 // open, nothing to read
	peekData                  // something to read
	peekGone                  // the peer closed or reset the connection
)

// socketOf finds the socket under nc; none when there is none.
func socketOf(nc net.Conn) socket {
	if c, ok := netConn(nc).(syscall.Conn); ok {
		if raw, err := c.SyscallConn(); err == nil {
			return newSocket(raw, isSocket(nc))
		}
	}
	return socket{}
}

// isSocket says whether nc's bytes are the socket's, with nothing between.
func isSocket(nc net.Conn) bool {
	switch nc.(type) {
	case *net.TCPConn, *net.UnixConn:
		return true
	}
	return false
}

// netConn is the connection under TLS, or nc itself.
func netConn(nc net.Conn) net.Conn {
	for {
		c, ok := nc.(interface{ NetConn() net.Conn })
		if !ok {
			return nc
		}
		nc = c.NetConn()
	}
}

// errStale is an exchange that was not begun: the connection was not idle.
var errStale = errors.New("the idle connection was closed or said something")

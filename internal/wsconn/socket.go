package wsconn

import (
	"crypto/tls"
	"net"
	"syscall"
)

// socketKind is how a connection can be waited for.
type socketKind uint8

const (
	otherSocket socketKind = iota // only by reading it
	plainSocket                   // its bytes are the socket's
	tlsSocket                     // TLS lies over the socket
)

// rawOf finds the socket under nc.
func rawOf(nc net.Conn) (syscall.RawConn, socketKind) {
	kind := plainSocket
	if t, ok := nc.(*tls.Conn); ok {
		nc, kind = t.NetConn(), tlsSocket
	}
	switch nc.(type) {
	case *net.TCPConn, *net.UnixConn:
		if raw, err := nc.(syscall.Conn).SyscallConn(); err == nil {
			return raw, kind
		}
	}
	return nil, otherSocket
}

func (s *socket) direct() bool { return s.kind == plainSocket }

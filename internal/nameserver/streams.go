package nameserver

import (
	"errors"
	"net"
	"time"

	"golang.org/x/net/netutil"
)

// streams accepts TCP connections, so many at once.
type streams struct{ net.Listener }

func newStreams(l net.Listener) *streams { return &streams{netutil.LimitListener(l, maxStreams)} }

// acceptPause follows a failure: the library tries again at once, also while the
// process is out of files.
const acceptPause = 20 * time.Millisecond

// Accept implements net.Listener.
func (l *streams) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		if !errors.Is(err, net.ErrClosed) {
			time.Sleep(acceptPause)
		}
		return nil, err
	}
	return &stream{c}, nil
}

// stream is a connection whose client has to take its answers, which the library
// doesn't see to.
type stream struct{ net.Conn }

// Write sends a message whole, or ends the connection: another one would begin in
// the middle of it.
func (s *stream) Write(p []byte) (n int, err error) {
	if err = s.SetWriteDeadline(time.Now().Add(messageTime)); err == nil {
		n, err = s.Conn.Write(p)
	}
	if err != nil {
		s.Close()
	}
	return n, err
}

package nameserver

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/net/netutil"
)

// streams accepts TCP connections: so many at once, and of each network fewer, so
// that none takes all.
type streams struct {
	net.Listener
	mu   sync.Mutex // guards open
	open map[netip.Prefix]int
}

func newStreams(l net.Listener) *streams {
	return &streams{Listener: netutil.LimitListener(l, maxStreams), open: map[netip.Prefix]int{}}
}

// acceptPause follows a failure: the library tries again at once, also while the
// process is out of files.
const acceptPause = 20 * time.Millisecond

// Accept implements net.Listener.
func (l *streams) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				time.Sleep(acceptPause)
			}
			return nil, err
		}
		client := clientOf(c.RemoteAddr())
		if client.IsLoopback() {
			return &stream{c, func() {}}, nil
		}
		n := network(client)
		if l.enter(n) {
			return &stream{c, sync.OnceFunc(func() { l.leave(n) })}, nil
		}
		c.Close()
	}
}

func (l *streams) enter(n netip.Prefix) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[n] == maxOfNetwork {
		return false
	}
	l.open[n]++
	return true
}

func (l *streams) leave(n netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[n]--; l.open[n] == 0 {
		delete(l.open, n)
	}
}

// stream is a connection whose client has to take its answers, which the library
// doesn't see to.
type stream struct {
	net.Conn
	left func()
}

// Close implements net.Conn.
func (s *stream) Close() error {
	s.left()
	return s.Conn.Close()
}

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

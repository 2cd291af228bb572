package lambda

import (
	"net"
	"sync"
)

// ownListener accepts the connections of one function's process only, where
// the system can tell whose a connection is, and a bounded number of them.
type ownListener struct {
	net.Listener
	pid int

	mu   sync.Mutex
	open int
}

func (l *ownListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.admit(c) {
			return &ownConn{Conn: c, listener: l}, nil
		}
		c.Close()
	}
}

func (l *ownListener) admit(c net.Conn) bool {
	l.mu.Lock()
	full := l.open >= maxConnections
	l.mu.Unlock()
	if full || !belongsTo(c, l.pid) {
		return false
	}
	l.mu.Lock()
	l.open++
	l.mu.Unlock()
	return true
}

type ownConn struct {
	net.Conn
	listener *ownListener
	once     sync.Once
}

func (c *ownConn) Close() error {
	c.once.Do(func() {
		c.listener.mu.Lock()
		c.listener.open--
		c.listener.mu.Unlock()
	})
	return c.Conn.Close()
}

package wsconn

import (
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"
)

var (
	// ErrClosed: the connection is gone, or is being closed.
	ErrClosed = errors.New("wsconn: the connection is closed")
	// ErrFull: the client doesn't read what waits for it.
	ErrFull = errors.New("wsconn: the queue of the connection is full")
)

// Conn is a client's connection. Its methods are for any goroutine.
type Conn struct {
	server  *Server
	nc      net.Conn
	handler Handler
	early   []byte
	socket  socket
	decoder *decoder // nil while nothing has begun that hasn't ended

	opened instant
	active atomic.Int64 // the instant of the latest frame
	timer  timer        // the wheel's

	closing atomic.Int64 // the instant when a connection that is being closed is cut; 0: it isn't

	mu  sync.Mutex // guards what follows
	out outbox
	end ending
}

// ending is how far the end of a connection came.
type ending struct {
	code     int // the first that either side gave; 0: none yet
	reason   string
	sent     bool // our close frame is queued: nothing follows it
	written  bool // and the socket has it
	received bool // the client's is here
	failed   bool // nothing that the client sends is looked at any more
	cut      bool
}

// Opened is when the connection was made.
func (c *Conn) Opened() time.Time { return c.server.time(c.opened) }

// LastActive is when the latest frame came or went.
func (c *Conn) LastActive() time.Time { return c.server.time(instant(c.active.Load())) }

// RemoteAddr is the peer's.
func (c *Conn) RemoteAddr() net.Addr { return c.nc.RemoteAddr() }

// Close sends what is queued, then a close frame, and ends the connection when
// the client answers it or Limits.CloseTimeout is over. It doesn't wait; of
// several calls the first counts.
func (c *Conn) Close(code int, reason string) { c.close(code, reason, false) }

// fail is Close for a client whose bytes mean nothing any more.
func (c *Conn) fail(code int, reason string) { c.close(code, reason, true) }

func (c *Conn) close(code int, reason string, failed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end.failed = c.end.failed || failed
	if c.end.sent || c.end.cut {
		return
	}
	c.concludeLocked(code, reason)
	c.end.sent = true
	c.deadlineLocked()
	c.sendLocked(appendClose(nil, code, reason), true)
}

// concludeLocked keeps the first code that either side gave.
func (c *Conn) concludeLocked(code int, reason string) {
	if c.end.code == 0 {
		c.end.code, c.end.reason = code, reason
	}
}

func (c *Conn) deadlineLocked() {
	if c.closing.Load() == 0 {
		at := c.server.now() + instant(c.server.limits.CloseTimeout)
		c.closing.Store(int64(at))
		c.server.wheel.move(c, at)
	}
}

// closeFrame answers the client's close frame.
func (c *Conn) closeFrame(payload []byte) error {
	code, reason, err := parseClose(payload)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end.received = true
	c.concludeLocked(code, reason)
	c.deadlineLocked()
	if !c.end.sent {
		c.end.sent = true
		c.sendLocked(appendClose(nil, code, ""), true)
	}
	if c.end.written {
		c.hangUp(true)
	}
	return nil
}

// writtenLocked is called when the socket took our close frame.
func (c *Conn) writtenLocked() {
	c.end.written = true
	switch {
	case c.end.received:
		c.hangUp(true)
	case c.end.failed:
		// A close with input unread would make the kernel send a reset, which
		// may take the close frame away before the client read it. What it
		// still sends is read and dropped until it sees that we are done.
		go halfClose(c.nc) // TLS may wait for the client, and who sends for c.mu
	}
}

// cut ends the connection at once.
func (c *Conn) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hangUp(false)
}

// hangUp closes the socket, which wakes the reader. politely: TLS says so
// first, and the kernel goes on sending what it has; a client that doesn't read
// would keep that there for minutes. c.mu is held.
func (c *Conn) hangUp(politely bool) {
	if c.end.cut {
		return
	}
	c.end.cut = true
	c.out.drop()
	nc := c.nc
	if !politely {
		if t, ok := nc.(*tls.Conn); ok {
			nc = t.NetConn()
		}
		if t, ok := nc.(*net.TCPConn); ok {
			t.SetLinger(0)
		}
	}
	go nc.Close() // it may wait for the client, or for a writer
}

// due is when the connection's next time limit is over.
func (c *Conn) due() instant {
	if at := c.closing.Load(); at != 0 {
		return instant(at)
	}
	l := &c.server.limits
	return min(instant(c.active.Load())+instant(l.Idle), c.opened+instant(l.Life))
}

// expire does what a time limit that is over asks for.
func (c *Conn) expire(t instant) {
	if at := c.closing.Load(); at != 0 {
		if instant(at) <= t {
			c.cut()
		}
		return
	}
	c.Close(CodeGoingAway, "Going away")
}

func (c *Conn) touch() { c.active.Store(int64(c.server.now())) }

// Send sends text as one message; the bytes are the caller's again when it
// returns. It never waits for the client: ErrFull says that too much waits for
// it already, ErrClosed that the connection is being closed. A nil error says
// that the connection has the message, not that the client does.
func (c *Conn) Send(text []byte) error {
	most := c.server.limits.Frame
	buf := c.server.memory.get(encodedSize(len(text), most))
	buf = appendMessage(buf, ws.OpText, text, most)
	err := c.send(buf, false, true)
	c.server.memory.recycle(buf)
	return err
}

// SendBinary is Send for a binary message.
func (c *Conn) SendBinary(payload []byte) error {
	most := c.server.limits.Frame
	return c.send(appendMessage(nil, ws.OpBinary, payload, most), true, true)
}

// Message is a text that is ready to be sent on many connections.
type Message struct{ frames []byte }

// Prepare makes a Message of text.
func (s *Server) Prepare(text []byte) Message {
	return Message{appendMessage(make([]byte, 0, encodedSize(len(text), s.limits.Frame)), ws.OpText, text, s.limits.Frame)}
}

// SendMessage is Send for a message that was prepared by this connection's
// Server.
func (c *Conn) SendMessage(m Message) error { return c.send(m.frames, true, true) }

// send queues frames, or gives them to the socket at once. kept: the bytes
// won't change.
func (c *Conn) send(frames []byte, kept, counts bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.end.sent || c.end.cut:
		return ErrClosed
	case c.out.size > 0 && c.out.size+len(frames) > c.server.limits.Queue:
		return ErrFull
	}
	if counts {
		c.touch()
	}
	c.sendLocked(frames, kept)
	return nil
}

package wsconn

import (
	"crypto/tls"
	"net"
	"slices"
	"time"
)

// outbox is what waits for the socket. Empty, it holds no memory.
type outbox struct {
	queue    [][]byte
	size     int  // bytes in queue, and in the flusher's hands
	joins    bool // the last of queue is a copy, which more may follow in
	flushing bool // a goroutine works on it
	armed    instant
}

// add queues frames. Copies are joined: a client that pings and reads nothing
// would otherwise have us hold a slice for each answer of two bytes.
func (o *outbox) add(frames []byte, kept bool) {
	last := len(o.queue) - 1
	switch {
	case kept:
		o.queue = append(o.queue, frames)
	case o.joins && last >= 0 && len(o.queue[last])+len(frames) <= onePiece:
		o.queue[last] = append(o.queue[last], frames...)
	default:
		o.queue = append(o.queue, slices.Clone(frames))
	}
	o.joins = !kept
	o.size += len(frames)
}

func (o *outbox) drop() { o.queue = nil }

// onePiece is the most that is written under one deadline, so that a slow
// reader that makes progress isn't cut off.
const onePiece = 32 << 10

// sendLocked gives frames to the socket, as far as it takes them without
// waiting, and queues the rest. c.mu is held.
func (c *Conn) sendLocked(frames []byte, kept bool) {
	if c.end.cut {
		return
	}
	if !c.out.flushing && c.socket.direct() {
		n, err := c.socket.tryWrite(frames)
		if err != nil {
			c.hangUp(false)
			return
		}
		if frames = frames[n:]; len(frames) == 0 {
			c.flushedLocked()
			return
		}
	}
	c.out.add(frames, kept)
	if !c.out.flushing {
		c.out.flushing = true
		go c.flush()
	}
}

// flushedLocked is called when the socket has all there was.
func (c *Conn) flushedLocked() {
	c.out = outbox{armed: c.out.armed}
	if c.end.sent {
		c.writtenLocked()
	}
}

// pong answers a ping, unless the queue is full: a client that floods us with
// pings and reads nothing gains no memory.
func (c *Conn) pong(frame []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.end.sent && c.out.size+len(frame) <= c.server.limits.Queue {
		c.sendLocked(frame, false)
	}
}

// flush writes what is queued until there is nothing left.
func (c *Conn) flush() {
	for {
		c.mu.Lock()
		if c.end.cut {
			c.mu.Unlock()
			return
		}
		batch := c.out.queue
		if len(batch) == 0 {
			c.flushedLocked()
			c.mu.Unlock()
			return
		}
		c.out.queue = nil
		c.mu.Unlock()
		for _, frames := range batch {
			if err := c.write(frames); err != nil {
				c.cut()
				return
			}
			c.mu.Lock()
			c.out.size -= len(frames)
			c.mu.Unlock()
		}
	}
}

// write writes p, however long that takes while the socket takes some of it.
// Only the flusher calls it.
func (c *Conn) write(p []byte) error {
	for len(p) > 0 {
		if err := c.arm(); err != nil {
			return err
		}
		n, err := c.nc.Write(p[:min(len(p), onePiece)])
		if err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// arm makes sure that a write has at least the timeout, at most half more:
// the deadline moves once per half timeout, not per write.
func (c *Conn) arm() error {
	t, timeout := c.server.now(), instant(c.server.limits.WriteTimeout)
	if c.out.armed >= t+timeout {
		return nil
	}
	c.out.armed = t + timeout + timeout/2
	return c.nc.SetWriteDeadline(time.Now().Add(time.Duration(timeout + timeout/2)))
}

// halfClose says that nothing more comes.
func halfClose(nc net.Conn) {
	type closeWriter interface{ CloseWrite() error }
	if t, ok := nc.(*tls.Conn); ok {
		t.CloseWrite()
		nc = t.NetConn()
	}
	if w, ok := nc.(closeWriter); ok {
		w.CloseWrite()
	}
}

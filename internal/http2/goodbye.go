package http2

import (
	"errors"
	"time"

	h2 "golang.org/x/net/http2"
)

// How far the end of a connection was announced.
const (
	goAwayUnsaid    = iota
	goAwayAnnounced // no last stream was named yet
	goAwayFinal     // later streams than c.answered are not answered
)

// announce tells the client to send no more requests. Those that it sends
// before it reads this are answered; its answer to the ping, or the grace,
// tells that no more of them come.
func (c *conn) announce() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.goAway != goAwayUnsaid {
		return
	}
	c.goAway = goAwayAnnounced
	c.framer.WriteGoAway(1<<31-1, h2.ErrCodeNo, nil)
	c.framer.WritePing(false, announcePing)
	c.flushSoon()
	time.AfterFunc(announceGrace, c.finalize)
}

var announcePing = [8]byte{'d', 'r', 'a', 'i', 'n', 'i', 'n', 'g'}

// finalize names the last request that is answered.
func (c *conn) finalize() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.goAway == goAwayFinal || c.err != nil {
		return
	}
	c.goAway = goAwayFinal
	c.framer.WriteGoAway(c.answered, h2.ErrCodeNo, nil)
	if c.running == 0 {
		c.wakeReader()
	} else {
		c.flushSoon()
	}
}

// wakeReader makes the reader look at c.ending.
func (c *conn) wakeReader() {
	if !c.ended {
		c.in.nc.SetReadDeadline(past)
	}
}

// end ends the connection for err: it says why, if the client is there to
// hear it, and waits until no handler runs.
func (c *conn) end(err error) {
	code, say := goAwayCode(err)
	c.mu.Lock()
	if c.err != nil {
		say = false // writing failed before
	} else if say && (c.goAway != goAwayFinal || code != h2.ErrCodeNo) {
		c.framer.WriteGoAway(c.answered, code, nil)
	}
	c.goAway, c.ended = goAwayFinal, true
	c.fail(errConnLost)
	if say {
		if code != h2.ErrCodeNo {
			c.in.nc.SetWriteDeadline(time.Now().Add(lingerTime))
		}
		c.flushLocked()
		for c.out.writing || c.out.queued {
			c.quiet.Wait()
		}
		say = c.out.err == nil
	}
	c.mu.Unlock()
	if say {
		c.linger()
	}
	c.mu.Lock()
	if code != h2.ErrCodeNo || c.out.err != nil {
		c.in.abort()
	}
	c.mu.Unlock()
	c.in.nc.Close()
	c.mu.Lock()
	for c.running > 0 || c.out.writing || c.out.queued {
		c.quiet.Wait()
	}
	c.server.chunks.put(c.out.chunk)
	c.out.chunk = nil
	c.mu.Unlock()
	c.server.inputs.Put(c.in.buf)
}

// goAwayCode is what to tell the client of err; not say: it is gone.
func goAwayCode(err error) (code h2.ErrCode, say bool) {
	if e, ok := errors.AsType[*connError](err); ok {
		return e.code, true
	}
	if e, ok := errors.AsType[h2.ConnectionError](err); ok {
		return h2.ErrCode(e), true
	}
	if errors.Is(err, h2.ErrFrameTooLarge) {
		return h2.ErrCodeFrameSize, true
	}
	return 0, false
}

// fail ends every stream. Nothing is put into the output from now on.
func (c *conn) fail(err error) {
	if c.err != nil {
		return
	}
	c.err = err
	for _, st := range c.streams {
		c.cut(st, err)
	}
	for _, timer := range c.left {
		timer.Stop()
	}
	c.wakeAll()
}

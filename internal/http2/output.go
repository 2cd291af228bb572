package http2

import (
	"net"
	"runtime"
	"sync"
	"time"

	h2 "golang.org/x/net/http2"
)

// output is what waits to be written, and whether somebody writes. All of it
// is guarded by the connection's mu, but for what the one who writes uses:
// nc and armed.
type output struct {
	chunk   *chunk // nil when empty
	chunks  *chunkPool
	writing bool
	queued  bool  // a worker was told to write
	err     error // why nothing can be written any more

	nc      net.Conn
	timeout time.Duration
	armed   instant
}

// Write is for the Framer: it only collects.
func (o *output) Write(p []byte) (int, error) {
	c := o.room()
	c.bytes = append(c.bytes, p...)
	return len(p), nil
}

func (o *output) room() *chunk {
	if o.chunk == nil {
		o.chunk = o.chunks.get()
	}
	return o.chunk
}

// len is how many bytes wait.
func (o *output) len() int {
	if o.chunk == nil {
		return 0
	}
	return len(o.chunk.bytes)
}

// header begins a frame of n bytes.
func (o *output) header(n int, kind h2.FrameType, flags h2.Flags, id uint32) {
	c := o.room()
	c.bytes = append(c.bytes, byte(n>>16), byte(n>>8), byte(n), byte(kind), byte(flags),
		byte(id>>24), byte(id>>16), byte(id>>8), byte(id))
}

// data collects a DATA frame.
func (o *output) data(id uint32, p []byte, end bool) {
	var flags h2.Flags
	if end {
		flags = h2.FlagDataEndStream
	}
	o.header(len(p), h2.FrameData, flags, id)
	o.chunk.bytes = append(o.chunk.bytes, p...)
}

// headers collects a header block in as many frames as it needs.
func (o *output) headers(id uint32, block []byte, end bool) {
	kind, flags := h2.FrameHeaders, h2.Flags(0)
	if end {
		flags = h2.FlagHeadersEndStream
	}
	for {
		n := min(len(block), frameSize)
		if n == len(block) {
			flags |= h2.FlagHeadersEndHeaders
		}
		o.header(n, kind, flags, id)
		o.chunk.bytes = append(o.chunk.bytes, block[:n]...)
		if block = block[n:]; len(block) == 0 {
			return
		}
		kind, flags = h2.FrameContinuation, 0
	}
}

// onePiece is the most that is written under one deadline, so that a slow
// reader that makes progress isn't cut off.
const onePiece = 64 << 10

// write writes p. The deadline moves once per half timeout, not per write.
func (o *output) write(p []byte) error {
	for len(p) > 0 {
		if t := now(); o.armed < t.add(o.timeout) {
			o.armed = t.add(o.timeout + o.timeout/2)
			if err := o.nc.SetWriteDeadline(o.armed.time()); err != nil {
				return err
			}
		}
		n, err := o.nc.Write(p[:min(len(p), onePiece)])
		if err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// flush writes what was collected.
func (c *conn) flush() {
	c.mu.Lock()
	c.out.queued = false
	c.flushLocked()
	c.quiet.Broadcast()
	c.mu.Unlock()
}

// writeTurns is how often one handler writes what others add meanwhile.
const writeTurns = 4

// flushLocked writes what was collected, unless somebody is at it, who then
// writes this too. It lets go of c.mu while it writes.
func (c *conn) flushLocked() {
	o := &c.out
	if o.writing || o.chunk == nil {
		return
	}
	o.writing = true
	if c.running > 1 {
		// Others may be about to answer: what they add leaves with this.
		c.mu.Unlock()
		runtime.Gosched()
		c.mu.Lock()
	}
	for turn := 0; turn < writeTurns && o.chunk != nil && o.err == nil; turn++ {
		full := o.chunk
		o.chunk = nil
		c.wakeAll()
		c.mu.Unlock()
		err := o.write(full.bytes)
		o.chunks.put(full)
		c.mu.Lock()
		if err != nil {
			o.err = err
			c.fail(errConnLost)
			c.wakeReader()
		}
	}
	o.writing = false
	if o.err == nil {
		c.flushSoon()
	}
	c.quiet.Broadcast()
}

// flushSoon has a worker write what was collected: the caller can't wait.
func (c *conn) flushSoon() {
	if !c.out.writing && !c.out.queued && c.out.chunk != nil {
		c.out.queued = true
		c.server.workers.do(task{c: c})
	}
}

// beforeWait is called by the reader when it has done all that the client
// asked for so far.
func (c *conn) beforeWait() {
	c.mu.Lock()
	c.flushSoon()
	c.mu.Unlock()
}

// wakeAll wakes the handlers that wait for a window or for room in the output.
func (c *conn) wakeAll() {
	for i, st := range c.waiting {
		st.wakeUp()
		c.waiting[i] = nil
	}
	c.waiting = c.waiting[:0]
}

// chunk is memory that output is collected in.
type chunk struct{ bytes []byte }

// chunkPool recycles chunks. Ready as its zero value.
type chunkPool struct{ pool sync.Pool }

const chunkSize = 16 << 10

func (p *chunkPool) get() *chunk {
	if c, ok := p.pool.Get().(*chunk); ok {
		return c
	}
	return &chunk{make([]byte, 0, chunkSize)}
}

// put takes c back, unless it grew large.
func (p *chunkPool) put(c *chunk) {
	if c != nil && cap(c.bytes) <= 2*outputMost {
		c.bytes = c.bytes[:0]
		p.pool.Put(c)
	}
}

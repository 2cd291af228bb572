package wsconn

import (
	"crypto/tls"
	"errors"
	"io"
	"os"
	"time"

	"github.com/gobwas/ws"
)

// recordTimeout is how long a TLS record that has begun may keep the buffer it
// is read into.
const recordTimeout = 5 * time.Second

// errWait: nothing to read now.
var errWait = errors.New("wsconn: nothing to read")

// work reads and handles what there is, and ends: a goroutine that has
// handled a message has a larger stack than one that only waits, and would
// keep it. The last message's job is done by it, while another one waits.
func (c *Conn) work() {
	var job Job
	if early := c.early; early != nil {
		c.early = nil
		job = c.take(early)
	}
	for {
		c.server.begin(job) // reading may take a while
		var more bool
		var err error
		job, more, err = c.read()
		switch {
		case err == errWait || err == nil && !more:
			if t, ok := c.nc.(*tls.Conn); ok {
				shrink(t)
			}
			go c.wait()
			if job != nil {
				job.Do()
			}
			return
		case err != nil:
			c.server.begin(job)
			c.finish(err)
			return
		}
	}
}

// begin has a job done on another goroutine; nil: there is none.
func (s *Server) begin(job Job) {
	if job != nil {
		s.jobs.Run(job)
	}
}

// wait has work go on when there is something to read. It is all that runs of
// an idle connection.
func (c *Conn) wait() {
	c.socket.wait()
	c.server.work.Run(c)
}

// read takes what is there. more: there may be more of it. The job is that of the
// last message; those of others have begun.
func (c *Conn) read() (last Job, more bool, err error) {
	buf := c.server.memory.get(readSize)[:readSize]
	defer c.server.memory.recycle(buf)
	n, more := 0, true
	switch c.socket.kind {
	case plainSocket:
		n, err = c.socket.tryRead(buf)
		more = n == len(buf)
	case tlsSocket:
		n, err = c.readRecord(buf)
	default:
		n, err = c.nc.Read(buf)
	}
	if n > 0 {
		last = c.take(buf[:n])
	}
	return last, more, err
}

// past is a deadline that makes a read return what there is.
var past = time.Unix(1, 0)

// readRecord reads TLS. What waits inside the TLS connection comes first; the
// socket is read only when it has something, and then until a record is
// complete. What came of one that takes too long is kept there.
func (c *Conn) readRecord(buf []byte) (n int, err error) {
	c.nc.SetReadDeadline(past)
	if n, err = c.nc.Read(buf); n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		return n, err
	}
	c.nc.SetReadDeadline(time.Time{}) // also for those who wait
	if !c.socket.hasInput() {
		return 0, errWait
	}
	c.nc.SetReadDeadline(time.Now().Add(recordTimeout))
	if n, err = c.nc.Read(buf); errors.Is(err, os.ErrDeadlineExceeded) {
		err = nil
	}
	return n, err
}

// take has what the client sent decoded and handled. It returns the last job.
func (c *Conn) take(p []byte) (last Job) {
	if c.decoder == nil {
		c.decoder = c.server.memory.decoder(&c.server.limits)
	}
	for len(p) > 0 && c.listening() {
		n, e, err := c.decoder.next(p)
		p = p[n:]
		var job Job
		if err == nil {
			job, err = c.handle(e)
		}
		if job != nil {
			c.server.begin(last)
			last = job
		}
		if err != nil {
			why := err.(*closeError)
			c.fail(why.code, why.reason)
		}
	}
	if c.decoder.idle() {
		c.server.memory.decoders.Put(c.decoder)
		c.decoder = nil
	}
	return last
}

// listening says whether what the client sends still means something.
func (c *Conn) listening() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.end.failed && !c.end.received && !c.end.cut
}

// handle does what an event asks for. The error is a *closeError.
func (c *Conn) handle(e event) (Job, error) {
	switch e.op {
	case ws.OpContinuation:
		return nil, nil
	case ws.OpClose:
		return nil, c.closeFrame(e.payload)
	case ws.OpPing:
		frame := append(appendHead(c.server.memory.get(readSize), ws.OpPong, true, len(e.payload)), e.payload...)
		c.pong(frame)
		c.server.memory.recycle(frame)
	}
	c.touch()
	if e.op.IsControl() || c.closing.Load() != 0 { // what comes after our close frame has nobody to answer it
		return nil, nil
	}
	return c.handler.Message(c, e.payload, e.op == ws.OpBinary), nil
}

// finish ends the connection when nothing more can be read.
func (c *Conn) finish(err error) {
	c.mu.Lock()
	c.concludeLocked(CodeAbnormal, abnormal(err))
	c.hangUp(err == io.EOF)
	code, reason := c.end.code, c.end.reason
	c.mu.Unlock()
	c.server.wheel.remove(c)
	if c.decoder != nil {
		c.decoder.release()
		c.decoder = nil
	}
	c.handler.Closed(c, code, reason)
	c.server.left()
}

// abnormal says why a connection was lost.
func abnormal(err error) string {
	if errors.Is(err, io.EOF) {
		return "Connection closed without a close frame"
	}
	return "Connection lost"
}

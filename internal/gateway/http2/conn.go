package http2

import (
	"errors"
	"net"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/net/http2/hpack"

	"github.com/gatehouse/gatehouse/internal/http1"
)

const (
	connWindow   = 1 << 20   // request bytes that a connection may have on the way to us
	streamWindow = 256 << 10 // and one stream
	outMost      = 64 << 10  // answers wait while more than this is to be written
	controlMost  = 1 << 20   // and the connection ends when this much is, by frames of ours
	readBuffer   = 4 << 10
	blockMost    = 128 << 10   // compressed bytes of a header block: more than may be in it, to answer 431
	drainTime    = time.Second // for a client to learn that no more streams are taken
	lingerTime   = time.Second // for a client to read our last frames before the connection closes
)

// conn is a client's connection.
type conn struct {
	server *Server
	nc     net.Conn
	info   http1.ConnInfo
	limits *http1.Limits

	// What follows is the reader's alone.
	in      []byte
	r, w    int
	decoder *hpack.Decoder
	block   block
	arrived time.Time // of the first byte of the frame or header block under way; zero: none
	armed   time.Time // the read deadline
	lastID  uint32    // the largest stream a client opened
	resets  int       // streams that the client reset
	refused int
	early   [32]uint32 // streams that we ended before the client did, the latest
	earlyAt int

	mu           sync.Mutex // guards what follows, and what Stream says
	streams      map[uint32]*Stream
	open         int       // streams as the client counts them
	running      int       // handlers that haven't returned
	completed    int       // requests that were answered
	active       time.Time // when that was last more than none
	idle         sync.Cond
	out, spare   []byte
	writing      bool      // somebody is in flush
	writeArmed   time.Time // the write deadline
	waiting      int       // streams that wait for window or room
	sendWindow   int64
	firstWindow  int64 // of new streams
	recvWindow   int64 // what the client may still send
	recvDue      int64 // what of it was consumed and not given back yet
	drainLevel   int
	drainTimer   *time.Timer
	lastAccepted uint32
	err          error // nothing is sent any more
}

// drainLevel is how far the goodbye came.
const (
	notDraining = iota
	saidGoodbye // no new streams, but those under way to us are welcome
	lastCall    // what comes now is too late
)

var (
	errDrained = errors.New("http2: the server is shutting down")
	errIdle    = errors.New("http2: the connection was idle for too long")
)

func newConn(s *Server, nc net.Conn, info http1.ConnInfo) *conn {
	c := &conn{server: s, nc: nc, info: info, limits: &s.limits, streams: map[uint32]*Stream{},
		sendWindow: firstWindow, firstWindow: firstWindow, recvWindow: connWindow,
		in: make([]byte, readBuffer), active: time.Now()}
	c.idle.L = &c.mu
	c.decoder = hpack.NewDecoder(4096, c.field)
	c.decoder.SetMaxStringLength(blockMost)
	return c
}

// run reads until the connection ends, and says why it does.
func (c *conn) run() error {
	c.mu.Lock()
	c.out = c.appendSettings(c.out)
	c.mu.Unlock()
	if err := c.preface(); err != nil {
		return err
	}
	for first := true; ; first = false {
		h, payload, err := c.next()
		if err != nil {
			return err
		}
		if first && (h.kind != frameSettings || h.flags&flagAck != 0) {
			return &connError{protocolError, "the first frame is no SETTINGS"}
		}
		err = c.handle(h, payload)
		if se, ok := err.(*streamError); ok {
			err = c.resetStream(se)
		}
		if err != nil {
			return err
		}
		c.r += frameHeader + h.length
	}
}

// appendSettings says what we take.
func (c *conn) appendSettings(dst []byte) []byte {
	dst = appendFrame(dst, 4*6, frameSettings, 0, 0)
	dst = appendSetting(dst, settingMaxConcurrentStreams, uint32(c.server.MaxStreams))
	dst = appendSetting(dst, settingInitialWindowSize, streamWindow)
	dst = appendSetting(dst, settingMaxHeaderListSize, uint32(c.limits.HeaderBytes))
	dst = appendSetting(dst, settingEnablePush, 0)
	return appendWindowUpdate(dst, 0, connWindow-firstWindow)
}

func (c *conn) preface() error {
	c.arrived = time.Now()
	if err := c.need(len(preface)); err != nil {
		return err
	}
	if string(c.in[c.r:c.r+len(preface)]) != preface {
		return &connError{protocolError, "the connection doesn't begin with the preface"}
	}
	c.r += len(preface)
	return nil
}

// next reads a frame; payload is valid until the next call. The caller takes
// the frame off the buffer.
func (c *conn) next() (h header, payload []byte, err error) {
	c.arrived = c.block.since
	if err := c.need(frameHeader); err != nil {
		return h, nil, err
	}
	h = parseHeader(c.in[c.r:])
	if h.length > maxFrame {
		return h, nil, &connError{frameSizeError, "a frame is larger than was allowed"}
	}
	if err := c.need(frameHeader + h.length); err != nil {
		return h, nil, err
	}
	from := c.r + frameHeader
	return h, c.in[from : from+h.length : from+h.length], nil
}

// need reads until n bytes are buffered. What waits to be sent is sent before
// it waits.
func (c *conn) need(n int) error {
	for c.w-c.r < n {
		if c.w == c.r {
			c.r, c.w = 0, 0
		}
		if c.r+n > len(c.in) {
			in := c.in
			if n > len(in) {
				in = make([]byte, frameHeader+maxFrame)
			}
			c.w = copy(in, c.in[c.r:c.w])
			c.in, c.r = in, 0
		}
		if err := c.read(); err != nil {
			return err
		}
	}
	return nil
}

func (c *conn) read() error {
	for {
		end, err := c.beforeRead()
		if err != nil {
			return err
		}
		if c.armed.IsZero() || c.armed.After(end) {
			c.armed = end
			if err := c.nc.SetReadDeadline(end); err != nil {
				return err
			}
			// What ended the wait meanwhile moved the deadline before.
			if err := c.over(); err != nil {
				return err
			}
		}
		n, err := c.nc.Read(c.in[c.w:])
		c.w += n
		if n > 0 {
			return nil
		}
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		if err != nil {
			c.armed = time.Time{}
		}
	}
}

// over says why there is nothing to wait for.
func (c *conn) over() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil && c.drainLevel == lastCall && c.running == 0 {
		return errDrained
	}
	return c.err
}

// beforeRead sends what waits, and says until when to wait for the next
// bytes: a frame or header block that has begun must come soon, and without
// streams a connection may be idle for so long.
func (c *conn) beforeRead() (end time.Time, err error) {
	c.mu.Lock()
	c.flush()
	running, active := c.running, c.active
	c.mu.Unlock()
	if err := c.over(); err != nil {
		return end, err
	}
	now := time.Now()
	if c.arrived.IsZero() && c.w > c.r {
		c.arrived = now
	}
	switch {
	case !c.arrived.IsZero():
		end = c.arrived.Add(c.limits.HeaderTimeout)
	case running > 0:
		return now.Add(c.limits.IdleTimeout), nil
	default:
		end = active.Add(c.limits.IdleTimeout)
	}
	if !now.Before(end) {
		return end, errIdle
	}
	return end, nil
}

// flush writes c.out unless somebody does already. c.mu is held; it is let go
// meanwhile. Other handlers that are about to answer get the chance to do so
// first, so that one write carries many answers.
func (c *conn) flush() {
	if c.writing || len(c.out) == 0 || c.err != nil {
		return
	}
	c.writing = true
	if c.running > 1 {
		c.mu.Unlock()
		runtime.Gosched()
		c.mu.Lock()
	}
	for len(c.out) > 0 && c.err == nil {
		buf := c.out
		c.out, c.spare = c.spare[:0], nil
		c.mu.Unlock()
		err := c.write(buf)
		c.mu.Lock()
		if cap(buf) <= 2*outMost {
			c.spare = buf[:0]
		}
		if err != nil {
			c.fail(err)
		}
		c.wakeAll()
	}
	c.writing = false
}

// write writes b within the time for a write that makes progress. Setting a
// deadline costs, so one serves several writes and is up to half too long.
func (c *conn) write(b []byte) error {
	now := time.Now()
	if timeout := c.limits.WriteTimeout; c.writeArmed.Before(now.Add(timeout)) {
		c.writeArmed = now.Add(timeout + timeout/2)
		if err := c.nc.SetWriteDeadline(c.writeArmed); err != nil {
			return err
		}
	}
	_, err := c.nc.Write(b)
	return err
}

// fail ends the connection: nothing can be sent any more. c.mu is held.
func (c *conn) fail(err error) {
	if c.err == nil {
		c.err = err
		c.nc.SetReadDeadline(time.Unix(1, 0))
	}
	for _, s := range c.streams {
		s.abandoned()
	}
}

// wakeAll wakes the streams that wait for something. c.mu is held.
func (c *conn) wakeAll() {
	if c.waiting == 0 {
		return
	}
	for _, s := range c.streams {
		if s.waits {
			s.cond.Broadcast()
		}
	}
}

// finish says goodbye, waits for the handlers and closes the connection.
func (c *conn) finish(err error) {
	c.mu.Lock()
	polite := err == errDrained
	if ce, ok := err.(*connError); ok {
		c.out = appendGoAway(c.out, c.lastAccepted, ce.code, ce.reason)
		polite = c.err == nil
	} else if err == errIdle {
		c.out = appendGoAway(c.out, c.lastAccepted, noError, "")
	}
	c.flush()
	c.mu.Unlock()
	if polite {
		c.linger()
	}
	c.mu.Lock()
	if c.drainTimer != nil {
		c.drainTimer.Stop()
	}
	c.fail(err)
	c.nc.Close()
	for c.running > 0 {
		c.idle.Wait()
	}
	c.mu.Unlock()
}

// linger lets the client read our last frames: closing with input unread
// makes the kernel take them away.
func (c *conn) linger() {
	if w, ok := c.nc.(interface{ CloseWrite() error }); ok {
		w.CloseWrite()
	}
	if c.nc.SetReadDeadline(time.Now().Add(lingerTime)) != nil {
		return
	}
	for range 256 {
		if _, err := c.nc.Read(c.in); err != nil {
			return
		}
	}
}

// beginDrain tells the client to open no more streams.
func (c *conn) beginDrain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drain()
	c.flush()
}

// drainPing marks the ping whose answer says that the client has read our
// goodbye.
var drainPing = [8]byte{'g', 'o', 'o', 'd', 'b', 'y', 'e', '!'}

// drain begins the goodbye: streams that are on their way to us are still
// served, until the client has surely read it. c.mu is held.
func (c *conn) drain() {
	if c.drainLevel != notDraining {
		return
	}
	c.drainLevel = saidGoodbye
	c.out = appendGoAway(c.out, maxWindow, noError, "")
	c.out = appendPing(c.out, 0, drainPing[:])
	c.drainTimer = time.AfterFunc(drainTime, c.endDrain)
}

// endDrain says which stream was the last.
func (c *conn) endDrain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.drainLevel != saidGoodbye {
		return
	}
	c.drainLevel = lastCall
	c.out = appendGoAway(c.out, c.lastAccepted, noError, "")
	c.flush()
	c.nudge()
}

// nudge wakes the reader when it waits for nothing any more. c.mu is held.
func (c *conn) nudge() {
	if c.drainLevel == lastCall && c.running == 0 {
		c.nc.SetReadDeadline(time.Unix(1, 0))
	}
}

package http2

import (
	"io"
	"net"
	"sync"
	"time"

	h2 "golang.org/x/net/http2"

	"github.com/gatehouse/gatehouse/internal/http1"
)

const (
	// streamWindow is how much of a body a client may send before anybody
	// reads it: the protocol's initial window, so that nothing needs saying.
	streamWindow = 64<<10 - 1
	// readWindow is what a handler that reads gives its client.
	readWindow = 512 << 10
	// connWindow bounds what all bodies of a connection hold unread.
	connWindow = 1 << 20
	// frameSize is the largest payload in both directions, the protocol's least.
	frameSize = 16 << 10
	// outputMost is how much output may wait to be written; who has more waits.
	outputMost = 64 << 10
	// controlMost is how much the reader, who can't wait, may make of it.
	controlMost = 256 << 10
)

// conn is a client's connection.
type conn struct {
	server *Server
	info   http1.ConnInfo

	// The reader's own.
	in       input
	framer   *h2.Framer // reading; writing, with mu held
	head     headReader
	accepted instant
	greeted  bool // the client's preface and SETTINGS are here

	mu        sync.Mutex // guards what follows
	quiet     sync.Cond  // running or writing may have ended
	streams   map[uint32]*Stream
	left      map[uint32]*time.Timer // streams that were answered before the request had come; when to reset them
	open      int                    // streams that count against MaxStreams
	running   int                    // handlers
	lastID    uint32                 // the highest stream that the client used
	answered  uint32                 // the highest that is answered or reset
	idleSince instant                // when running became zero
	err       error                  // why nothing is sent any more; nil while it goes on
	ended     bool                   // the reader has stopped
	goAway    uint8                  // a goAway…
	calm      budget                 // what the client may ask for without asking for a request
	refused   recent                 // streams that were reset here, whose frames may still come
	whole     recent                 // streams that ended on both sides
	sendable  int64                  // the client's window for the connection
	initial   int64                  // and for a new stream
	window    int64                  // what the client may send
	unsaid    int                    // consumed bytes that window doesn't tell the client yet
	waiting   []*Stream              // their handlers wait for a window or for room in out
	out       output
	enc       encoder
}

func newConn(s *Server, nc net.Conn, info http1.ConnInfo) *conn {
	c := &conn{
		server: s, info: info, accepted: now(),
		streams: map[uint32]*Stream{}, left: map[uint32]*time.Timer{},
		sendable: streamWindow, initial: streamWindow, window: connWindow,
	}
	c.idleSince = c.accepted
	c.quiet.L = &c.mu
	buf, ok := s.inputs.Get().(*[inputSize]byte)
	if !ok {
		buf = new([inputSize]byte)
	}
	c.in.init(nc, buf)
	c.out = output{nc: c.in.nc, chunks: &s.chunks, timeout: s.limits.WriteTimeout}
	c.enc.init()
	c.head.init(&s.limits)
	c.framer = h2.NewFramer(&c.out, c)
	c.framer.SetMaxReadFrameSize(frameSize)
	c.framer.SetReuseFrames()
	c.framer.WriteSettings(
		h2.Setting{ID: h2.SettingMaxConcurrentStreams, Val: uint32(s.MaxStreams)},
		h2.Setting{ID: h2.SettingMaxHeaderListSize, Val: blockMost})
	c.framer.WriteWindowUpdate(0, connWindow-streamWindow)
	return c
}

// serve is the reader: it runs until the connection ends, and says why.
func (c *conn) serve() error {
	err := c.greet()
	for err == nil {
		err = c.readFrame()
	}
	c.end(err)
	return err
}

// greet reads the client's preface.
func (c *conn) greet() error {
	var preface [len(h2.ClientPreface)]byte
	if _, err := io.ReadFull(c, preface[:]); err != nil {
		return err
	}
	if string(preface[:]) != h2.ClientPreface {
		return errPreface
	}
	c.in.begun = 0
	fh, err := c.framer.ReadFrameHeader()
	if err != nil {
		return err
	}
	if fh.Type != h2.FrameSettings || fh.Flags.Has(h2.FlagSettingsAck) {
		return errNoSettings
	}
	err = c.handleFrame(fh)
	c.greeted = true
	c.in.begun = 0
	return err
}

// readFrame reads a frame and does what it asks.
func (c *conn) readFrame() error {
	if !c.head.within {
		c.in.begun = 0
	}
	fh, err := c.framer.ReadFrameHeader()
	if err == nil {
		err = c.handleFrame(fh)
	}
	if se, ok := err.(h2.StreamError); ok {
		return c.streamError(se)
	}
	return err
}

// streamError resets a stream for a frame of it that is wrong by itself.
func (c *conn) streamError(e h2.StreamError) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.StreamID > c.lastID {
		return errStreamIdle
	}
	c.reset(e.StreamID, e.Code)
	return c.spend(1)
}

// reset ends a stream from our side. What the client still sends for it is
// dropped.
func (c *conn) reset(id uint32, code h2.ErrCode) {
	if st := c.streams[id]; st != nil {
		c.cut(st, resetError{code: code})
	}
	c.refused.add(id)
	c.framer.WriteRSTStream(id, code)
}

// cut takes st off the table and tells its handler. The stream counts as open
// until that returns.
func (c *conn) cut(st *Stream, err error) {
	delete(c.streams, st.id)
	st.over = err
	c.consumed(nil, len(st.body.buf)-st.body.r)
	st.body.buf, st.body.r = st.body.buf[:0], 0
	st.wakeUp()
	st.abandon.lost()
}

// closed takes st, which has ended on both sides, off the table.
func (c *conn) closed(st *Stream) {
	delete(c.streams, st.id)
	c.whole.add(st.id)
	st.counted = false
	c.open--
}

// leaveTime is how long a client may go on sending a request whose answer it
// has. Some take a reset that comes with the answer for a failed request
// (curl 7.88 does), so it should have read the answer before.
const leaveTime = 500 * time.Millisecond

// leave keeps a stream without a handler: the answer is whole, and what still
// comes of the request is dropped. It goes on counting as open.
func (c *conn) leave(st *Stream) {
	delete(c.streams, st.id)
	st.counted = false
	id := st.id
	c.left[id] = time.AfterFunc(leaveTime, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.err == nil && c.leftEnds(id) {
			c.reset(id, h2.ErrCodeNo)
			c.flushSoon()
		}
	})
}

// leftEnds ends the stream id if it was left; false: it wasn't.
func (c *conn) leftEnds(id uint32) bool {
	timer, ok := c.left[id]
	if ok {
		timer.Stop()
		delete(c.left, id)
		c.whole.add(id)
		c.open--
	}
	return ok
}

// spend takes from what the client may ask for without asking for a request.
func (c *conn) spend(n int) error { return c.calmed(c.calm.spend(n, now())) }

func (c *conn) calmed(calm bool) error {
	if calm && c.out.len() <= controlMost {
		return nil
	}
	return errFlood
}

// ending is why the reader should stop; nil to go on.
func (c *conn) ending() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil && c.goAway == goAwayFinal && c.running == 0 {
		return errShutdown
	}
	return c.err
}

// idleEnd is when the connection, idle now, has been so for too long; 0 when
// it isn't idle.
func (c *conn) idleEnd() instant {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running > 0 {
		return 0
	}
	return c.idleSince.add(c.server.limits.IdleTimeout)
}

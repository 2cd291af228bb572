package http2

import (
	"time"

	h2 "golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/gatehouse/gatehouse/internal/http1"
)

const (
	// blockMost is how many bytes a coded header block may have: far more than
	// is accepted, so that what is too large can be answered.
	blockMost = 128 << 10
	// blockFrames is how many frames it may come in.
	blockFrames = 16
	// stringMost is the longest name or value that is decoded at all.
	stringMost = 128 << 10
)

// headReader decodes header blocks into their fields.
type headReader struct {
	decoder *hpack.Decoder
	limits  *http1.Limits

	within  bool // a block is unfinished
	stream  uint32
	end     bool // its HEADERS frame ended the stream
	selfish bool // its stream depends on itself
	coded   int
	frames  int
	list    []hpack.HeaderField
	line    int                  // bytes of method and path
	bytes   int                  // what the other fields would be as lines
	refusal *http1.ProtocolError // the list is cut short
}

func (h *headReader) init(l *http1.Limits) {
	h.limits = l
	h.decoder = hpack.NewDecoder(4096, h.take)
	h.decoder.SetMaxStringLength(stringMost)
}

// begin readies h for a new block.
func (h *headReader) begin(f *h2.HeadersFrame) {
	clear(h.list)
	*h = headReader{decoder: h.decoder, limits: h.limits, list: h.list[:0],
		within: true, stream: f.StreamID, end: f.StreamEnded(),
		selfish: f.HasPriority() && f.Priority.StreamDep == f.StreamID}
	h.decoder.SetEmitEnabled(true)
}

// add decodes a fragment; done when it was the last.
func (h *headReader) add(fragment []byte, last bool) (done bool, err error) {
	h.coded += len(fragment)
	if h.frames++; h.coded > blockMost || h.frames > blockFrames {
		return false, errBlockTooLarge
	}
	if _, err := h.decoder.Write(fragment); err != nil {
		return false, errCompression
	}
	if !last {
		return false, nil
	}
	h.within = false
	if err := h.decoder.Close(); err != nil {
		return false, errCompression
	}
	return true, nil
}

// take is called for each field. Beyond the limits the rest is only followed,
// for the state of the coding.
func (h *headReader) take(f hpack.HeaderField) {
	switch {
	case len(h.list) >= h.limits.HeaderFields+pseudoFields:
		h.refusal = errTooManyFields
	case f.Name == ":path" || f.Name == ":method":
		if h.line += len(f.Value); h.line > h.limits.RequestLine {
			h.refusal = errTargetTooLong
		}
	default:
		if h.bytes += len(f.Name) + len(": ") + len(f.Value) + len("\r\n"); h.bytes > h.limits.HeaderBytes {
			h.refusal = errHeadTooLarge
		}
	}
	if h.refusal != nil {
		h.decoder.SetEmitEnabled(false)
		return
	}
	h.list = append(h.list, f)
}

// pseudoFields is how many fields a request has that HTTP/1.1 has no field for.
const pseudoFields = 3

func (c *conn) handleHeaders(f *h2.HeadersFrame) error {
	c.head.begin(f)
	return c.addFragment(f.HeaderBlockFragment(), f.HeadersEnded())
}

func (c *conn) handleContinuation(f *h2.ContinuationFrame) error {
	return c.addFragment(f.HeaderBlockFragment(), f.HeadersEnded())
}

func (c *conn) addFragment(fragment []byte, last bool) error {
	done, err := c.head.add(fragment, last)
	if !done {
		return err
	}
	if c.head.stream&1 == 0 {
		return errStreamEven
	}
	c.mu.Lock()
	known := c.head.stream <= c.lastID
	c.mu.Unlock()
	if known {
		return c.takeTrailers()
	}
	return c.openStream()
}

// takeTrailers takes a header block of a stream that was opened before: it
// ends the body, and is dropped.
func (c *conn) takeTrailers() error {
	h := &c.head
	c.mu.Lock()
	defer c.mu.Unlock()
	st := c.streams[h.stream]
	switch {
	case h.end && c.leftEnds(h.stream):
		return nil
	case st == nil && c.refused.has(h.stream):
		return c.spend(1)
	case st == nil && c.whole.has(h.stream):
		return errStreamClosed
	case st == nil:
		return errStreamOld
	case st.body.ended:
		return h2.StreamError{StreamID: h.stream, Code: h2.ErrCodeStreamClosed}
	case !h.end || h.selfish || h.refusal != nil || !validTrailers(h.list) || !st.complete():
		return h2.StreamError{StreamID: h.stream, Code: h2.ErrCodeProtocol}
	case st.answer.ended:
		c.closed(st)
	}
	return nil
}

// openStream begins a request.
func (c *conn) openStream() error {
	h := &c.head
	st := c.server.newStream(c, h.stream)
	code := h2.ErrCodeProtocol
	if !h.selfish {
		code = st.build(h)
	}
	st.request.Received = time.Now()
	begun, err := c.admit(st, code)
	if !begun {
		st.recycle()
		return err
	}
	c.server.workers.do(task{st: st})
	return nil
}

// admit lets st begin, unless code says that it is malformed, or there is no
// room for it.
func (c *conn) admit(st *Stream, code h2.ErrCode) (begun bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastID = st.id
	switch {
	case c.err != nil: // writing failed meanwhile
		return false, c.err
	case c.goAway == goAwayFinal:
		c.refused.add(st.id) // the client was told that it isn't answered
		return false, c.spend(1)
	}
	c.answered = st.id
	if code == h2.ErrCodeNo && c.open >= c.server.MaxStreams {
		code = h2.ErrCodeRefusedStream
	}
	if code != h2.ErrCodeNo {
		c.reset(st.id, code)
		return false, c.spend(1)
	}
	st.body.window, st.sendable = streamWindow, c.initial
	st.body.ended, st.body.expect = c.head.end, st.request.ExpectContinue
	st.counted = true
	c.streams[st.id] = st
	c.open++
	c.running++
	return true, nil
}

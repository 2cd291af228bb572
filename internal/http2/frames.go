package http2

import (
	"io"

	h2 "golang.org/x/net/http2"
)

// handleFrame reads the payload of a frame and does what it asks. An
// h2.StreamError ends its stream, every other error the connection.
func (c *conn) handleFrame(fh h2.FrameHeader) error {
	if fh.Type == h2.FrameData {
		return c.handleData(fh)
	}
	f, err := c.framer.ReadFrameForHeader(fh)
	if err != nil {
		if _, ok := err.(h2.StreamError); ok && fh.Type == h2.FrameHeaders {
			return errHeadersFrame // its block is lost, and with it the state of HPACK
		}
		return err
	}
	switch f := f.(type) {
	case *h2.HeadersFrame:
		return c.handleHeaders(f)
	case *h2.ContinuationFrame:
		return c.handleContinuation(f)
	case *h2.WindowUpdateFrame:
		return c.handleWindowUpdate(f)
	case *h2.RSTStreamFrame:
		return c.handleReset(f)
	case *h2.SettingsFrame:
		return c.handleSettings(f)
	case *h2.PingFrame:
		return c.handlePing(f)
	case *h2.PushPromiseFrame:
		return errPush
	}
	return c.ignore(f)
}

// ignore takes note of a frame without meaning here: priorities, a GOAWAY
// (clients need no streams of ours), unknown types.
func (c *conn) ignore(f h2.Frame) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p, ok := f.(*h2.PriorityFrame); ok && p.StreamDep == p.StreamID {
		return h2.StreamError{StreamID: p.StreamID, Code: h2.ErrCodeProtocol}
	}
	return c.spend(1)
}

func (c *conn) handleSettings(f *h2.SettingsFrame) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.IsAck() {
		return c.spend(1)
	}
	if f.NumSettings() > maxSettings {
		return errFlood
	}
	if err := f.ForeachSetting(c.apply); err != nil {
		return err
	}
	c.framer.WriteSettingsAck()
	return c.spend(1)
}

// maxSettings is how many a frame may have: there are fewer than ten kinds.
const maxSettings = 64

// apply follows one setting of the client. Its largest frame and its bound of
// header lists ask less of us than we do of ourselves.
func (c *conn) apply(s h2.Setting) error {
	if err := s.Valid(); err != nil {
		return err
	}
	switch s.ID {
	case h2.SettingHeaderTableSize:
		c.enc.hpack.SetMaxDynamicTableSize(s.Val)
	case h2.SettingInitialWindowSize:
		grown := int64(s.Val) - c.initial
		c.initial = int64(s.Val)
		for _, st := range c.streams {
			if st.sendable += grown; st.sendable > maxWindow {
				return errWindowGrown
			}
			st.wakeUp()
		}
	}
	return nil
}

const maxWindow = 1<<31 - 1

func (c *conn) handlePing(f *h2.PingFrame) error {
	if f.IsAck() && f.Data == announcePing {
		c.finalize()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !f.IsAck() {
		c.framer.WritePing(true, f.Data)
	}
	return c.spend(1)
}

func (c *conn) handleWindowUpdate(f *h2.WindowUpdateFrame) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.StreamID == 0 {
		if c.sendable += int64(f.Increment); c.sendable > maxWindow {
			return errWindowGrown
		}
		c.wakeAll()
		return c.calmed(c.calm.spendUpdate(now()))
	}
	st := c.streams[f.StreamID]
	if st == nil {
		if f.StreamID > c.lastID {
			return errStreamIdle
		}
		return c.calmed(c.calm.spendUpdate(now()))
	}
	if st.sendable += int64(f.Increment); st.sendable > maxWindow {
		return h2.StreamError{StreamID: f.StreamID, Code: h2.ErrCodeFlowControl}
	}
	st.wakeUp()
	return c.calmed(c.calm.spendUpdate(now()))
}

func (c *conn) handleReset(f *h2.RSTStreamFrame) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if st := c.streams[f.StreamID]; st != nil {
		c.cut(st, resetError{code: f.ErrCode, byPeer: true})
	} else if f.StreamID > c.lastID {
		return errStreamIdle
	} else if c.leftEnds(f.StreamID) {
		return nil
	}
	return c.spend(1)
}

// handleData passes a body on as it arrives.
func (c *conn) handleData(fh h2.FrameHeader) error {
	if fh.StreamID == 0 {
		return errStreamZero
	}
	c.in.data = true
	defer func() { c.in.data = false }()
	left, padding, err := c.readPadding(fh)
	if err != nil {
		return err
	}
	if err := c.admitData(fh, int(fh.Length)-left); err != nil {
		return c.skip(left+padding, err)
	}
	for left > 0 {
		n, err := c.readData(fh.StreamID, left)
		if err != nil {
			return err
		}
		left -= n
	}
	if err := c.skip(padding, nil); err != nil || !fh.Flags.Has(h2.FlagDataEndStream) {
		return err
	}
	return c.endBody(fh.StreamID)
}

// readPadding reads how much of the payload of a DATA frame is padding.
func (c *conn) readPadding(fh h2.FrameHeader) (data, padding int, err error) {
	data = int(fh.Length)
	if !fh.Flags.Has(h2.FlagDataPadded) {
		return data, 0, nil
	}
	if data == 0 {
		return 0, 0, errPadMissing
	}
	var length [1]byte
	if _, err := io.ReadFull(c, length[:]); err != nil {
		return 0, 0, err
	}
	padding = int(length[0])
	if data--; padding > data {
		return 0, 0, errPadding
	}
	return data - padding, padding, nil
}

// admitData takes a DATA frame out of the windows. Padding, and its length,
// are given back at once.
func (c *conn) admitData(fh h2.FrameHeader, padding int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	length := int64(fh.Length)
	if fh.StreamID > c.lastID {
		return errStreamIdle
	}
	if length > c.window {
		return errConnWindow
	}
	c.window -= length
	st, end := c.streams[fh.StreamID], fh.Flags.Has(h2.FlagDataEndStream)
	if _, left := c.left[fh.StreamID]; left && (length > 0 || end) {
		if c.consumed(nil, int(length)); end {
			c.leftEnds(fh.StreamID)
		}
		return errDropped
	}
	if length == 0 && !end || st == nil {
		if err := c.spend(1); err != nil {
			return err
		}
	}
	switch {
	case st == nil && c.refused.has(fh.StreamID):
		c.consumed(nil, int(length))
		return errDropped
	case st == nil || st.body.ended:
		c.consumed(nil, int(length))
		return h2.StreamError{StreamID: fh.StreamID, Code: h2.ErrCodeStreamClosed}
	case length > st.body.window:
		c.consumed(nil, int(length))
		return h2.StreamError{StreamID: fh.StreamID, Code: h2.ErrCodeFlowControl}
	}
	st.body.window -= length
	c.consumed(st, padding)
	return nil
}

// readData reads some of a DATA frame's left bytes into their stream.
func (c *conn) readData(id uint32, left int) (n int, err error) {
	in := &c.in
	if in.r < in.w {
		p := in.buf[in.r:min(in.w, in.r+left)]
		in.r += len(p)
		return len(p), c.give(id, p)
	}
	chunk := c.server.chunks.get()
	defer c.server.chunks.put(chunk)
	p := chunk.bytes[:min(left, cap(chunk.bytes))]
	if n, err = c.Read(p); err != nil {
		return 0, err
	}
	return n, c.give(id, p[:n])
}

// give gives a stream bytes of its body, unless it has ended meanwhile.
func (c *conn) give(id uint32, p []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	st := c.streams[id]
	if st == nil {
		c.consumed(nil, len(p))
	} else if !st.deliver(p) {
		c.consumed(nil, len(p))
		c.reset(id, h2.ErrCodeProtocol)
	}
	return nil
}

// endBody marks the end of a stream's body.
func (c *conn) endBody(id uint32) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	st := c.streams[id]
	switch {
	case st == nil:
		c.leftEnds(id)
	case !st.complete():
		c.reset(id, h2.ErrCodeProtocol)
	case st.answer.ended:
		c.closed(st)
	}
	return nil
}

// skip drops n bytes of a frame; err is what to return when they came.
func (c *conn) skip(n int, err error) error {
	if _, ok := err.(*connError); ok {
		return err
	}
	var scratch [256]byte
	for n > 0 {
		m, err := c.Read(scratch[:min(n, len(scratch))])
		if err != nil {
			return err
		}
		n -= m
	}
	if err == errDropped {
		return nil
	}
	return err
}

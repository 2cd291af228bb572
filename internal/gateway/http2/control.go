package http2

import "encoding/binary"

// handle does what a frame asks for. A *streamError resets its stream, any
// other error ends the connection.
func (c *conn) handle(h header, p []byte) error {
	if c.block.id != 0 && (h.kind != frameContinuation || h.stream != c.block.id) {
		return &connError{protocolError, "a header block is interrupted"}
	}
	switch h.kind {
	case frameData:
		return c.data(h, p)
	case frameHeaders:
		return c.headers(h, p)
	case frameContinuation:
		return c.continuation(h, p)
	case framePriority:
		return c.priority(h, p)
	case frameRSTStream:
		return c.reset(h, p)
	case frameSettings:
		return c.settings(h, p)
	case framePing:
		return c.ping(h, p)
	case frameGoAway:
		return c.goAway(h, p)
	case frameWindowUpdate:
		return c.windowUpdate(h, p)
	case framePushPromise:
		return &connError{protocolError, "a client sent PUSH_PROMISE"}
	}
	return nil // types to come are to be ignored (RFC 9113, 4.1)
}

// opened says whether a client may send frames on a stream: it has opened it.
func (c *conn) opened(id uint32) bool { return id%2 == 1 && id <= c.lastID }

func (c *conn) priority(h header, p []byte) error {
	switch {
	case h.stream == 0:
		return &connError{protocolError, "PRIORITY on stream 0"}
	case len(p) != 5:
		return &streamError{h.stream, frameSizeError, "PRIORITY isn't 5 bytes long"}
	case dependsOn(p) == h.stream:
		return &streamError{h.stream, protocolError, "a stream depends on itself"}
	}
	return nil // of no effect: RFC 9113 deprecates the scheme
}

func dependsOn(p []byte) uint32 { return binary.BigEndian.Uint32(p) &^ (1 << 31) }

func (c *conn) reset(h header, p []byte) error {
	switch {
	case len(p) != 4:
		return &connError{frameSizeError, "RST_STREAM isn't 4 bytes long"}
	case !c.opened(h.stream):
		return &connError{protocolError, "RST_STREAM on a stream that isn't open"}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.streams[h.stream]
	if s == nil || s.resetByClient {
		return nil
	}
	c.resets++
	if c.resets > freeResets+c.completed {
		return &connError{enhanceYourCalm, "too many streams are opened and reset"}
	}
	s.resetByClient = true
	c.closeStream(s)
	s.abandoned()
	return nil
}

func (c *conn) ping(h header, p []byte) error {
	switch {
	case h.stream != 0:
		return &connError{protocolError, "PING on a stream"}
	case len(p) != 8:
		return &connError{frameSizeError, "PING isn't 8 bytes long"}
	case h.flags&flagAck == 0:
		return c.control(func(out []byte) []byte { return appendPing(out, flagAck, p) })
	case [8]byte(p) == drainPing:
		c.endDrain()
	}
	return nil
}

// control appends an answer to a frame that asks for one. They are sent
// before the next read; a client that doesn't read them is cut.
func (c *conn) control(add func(out []byte) []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out = add(c.out)
	if len(c.out) > controlMost {
		return &connError{enhanceYourCalm, "the answers to control frames aren't read"}
	}
	return nil
}

func (c *conn) goAway(h header, p []byte) error {
	switch {
	case h.stream != 0:
		return &connError{protocolError, "GOAWAY on a stream"}
	case len(p) < 8:
		return &connError{frameSizeError, "GOAWAY is too short"}
	}
	return nil // the client closes once its streams are answered
}

func (c *conn) windowUpdate(h header, p []byte) error {
	if len(p) != 4 {
		return &connError{frameSizeError, "WINDOW_UPDATE isn't 4 bytes long"}
	}
	n := int64(binary.BigEndian.Uint32(p) &^ (1 << 31))
	c.mu.Lock()
	defer c.mu.Unlock()
	if h.stream == 0 {
		if n == 0 {
			return &connError{protocolError, "WINDOW_UPDATE of zero"}
		}
		if c.sendWindow += n; c.sendWindow > maxWindow {
			return &connError{flowControlError, "the connection's window is too large"}
		}
		c.wakeAll()
		return nil
	}
	if !c.opened(h.stream) {
		return &connError{protocolError, "WINDOW_UPDATE on a stream that isn't open"}
	}
	if n == 0 {
		return &streamError{h.stream, protocolError, "WINDOW_UPDATE of zero"}
	}
	s := c.streams[h.stream]
	if s == nil {
		return nil
	}
	if s.sendWindow += n; s.sendWindow > maxWindow {
		return &streamError{h.stream, flowControlError, "the stream's window is too large"}
	}
	if s.waits {
		s.cond.Broadcast()
	}
	return nil
}

func (c *conn) settings(h header, p []byte) error {
	switch {
	case h.stream != 0:
		return &connError{protocolError, "SETTINGS on a stream"}
	case h.flags&flagAck != 0 && len(p) > 0:
		return &connError{frameSizeError, "an acknowledgement with settings"}
	case len(p)%6 != 0:
		return &connError{frameSizeError, "SETTINGS is cut off"}
	case h.flags&flagAck != 0:
		return nil
	}
	for ; len(p) > 0; p = p[6:] {
		if err := c.setting(binary.BigEndian.Uint16(p), binary.BigEndian.Uint32(p[2:])); err != nil {
			return err
		}
	}
	return c.control(func(out []byte) []byte { return appendFrame(out, 0, frameSettings, flagAck, 0) })
}

func (c *conn) setting(id uint16, value uint32) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch id {
	case settingEnablePush:
		if value > 1 {
			return &connError{protocolError, "ENABLE_PUSH is neither 0 nor 1"}
		}
	case settingInitialWindowSize:
		if value > maxWindow {
			return &connError{flowControlError, "INITIAL_WINDOW_SIZE is too large"}
		}
		change := int64(value) - c.firstWindow
		c.firstWindow = int64(value)
		for _, s := range c.streams {
			if s.sendWindow += change; s.sendWindow > maxWindow {
				return &connError{flowControlError, "INITIAL_WINDOW_SIZE makes a stream's window too large"}
			}
		}
		c.wakeAll()
	case settingMaxFrameSize:
		if value < maxFrame || value > maxFrameLimit {
			return &connError{protocolError, "MAX_FRAME_SIZE is out of range"}
		}
	}
	return nil // the rest says what we don't use: no table, no push, no limits on answers
}

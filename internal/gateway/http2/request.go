package http2

import (
	"bytes"
	"strings"
	"time"

	"golang.org/x/net/http2/hpack"

	"github.com/gatehouse/gatehouse/internal/http1"
)

// block is a header block on its way.
type block struct {
	id       uint32 // its stream; 0: none
	trailers bool
	dropped  bool      // decoded for the tables' sake alone
	end      bool      // END_STREAM
	since    time.Time // when it began, while it is under way
	received time.Time // when it began
	bytes    int       // compressed
	frames   int
	size     int // of the fields, as lines
	fields   []hpack.HeaderField
}

func (c *conn) headers(h header, p []byte) error {
	if h.stream%2 == 0 {
		return &connError{protocolError, "HEADERS on a stream that isn't the client's"}
	}
	p, ok := unpad(h.flags, p)
	if !ok {
		return &connError{protocolError, "the padding is longer than the frame"}
	}
	selfish := false
	if h.flags&flagPriority != 0 {
		if len(p) < 5 {
			return &connError{frameSizeError, "HEADERS is cut off"}
		}
		selfish = dependsOn(p) == h.stream
		p = p[5:]
	}
	now := time.Now()
	c.block = block{id: h.stream, end: h.flags&flagEndStream != 0, since: now, received: now, fields: c.block.fields[:0]}
	if err := c.place(h.stream); err != nil {
		return err
	}
	err := c.fragment(p, h.flags&flagEndHeaders != 0)
	if err == nil && selfish {
		return &streamError{h.stream, protocolError, "a stream depends on itself"}
	}
	return err
}

// place says what the header block of a stream is: a request, trailers, or
// too late.
func (c *conn) place(id uint32) error {
	if id > c.lastID {
		c.lastID = id
		c.mu.Lock()
		c.block.dropped = c.drainLevel == lastCall
		c.mu.Unlock()
		return nil
	}
	c.mu.Lock()
	s := c.streams[id]
	over := s == nil || s.remoteClosed || s.resetByClient
	early := c.wasEarly(id)
	c.mu.Unlock()
	switch {
	case early:
		c.block.dropped = true
	case over:
		return &connError{streamClosed, "HEADERS on a stream that is closed"}
	default:
		c.block.trailers = true
	}
	return nil
}

func (c *conn) continuation(h header, p []byte) error {
	if c.block.id == 0 {
		return &connError{protocolError, "CONTINUATION without HEADERS"}
	}
	if c.block.frames++; c.block.frames > continuationFrames {
		return &connError{enhanceYourCalm, "a header block comes in too many pieces"}
	}
	return c.fragment(p, h.flags&flagEndHeaders != 0)
}

// fragment decodes a piece of a header block.
func (c *conn) fragment(p []byte, last bool) error {
	if c.block.bytes += len(p); c.block.bytes > blockMost {
		return &connError{enhanceYourCalm, "a header block is too large"}
	}
	if _, err := c.decoder.Write(p); err != nil {
		return &connError{compressionError, "a header block can't be decoded: " + err.Error()}
	}
	if !last {
		return nil
	}
	if err := c.decoder.Close(); err != nil {
		return &connError{compressionError, "a header block can't be decoded: " + err.Error()}
	}
	b := &c.block
	id := b.id
	b.id, b.since = 0, time.Time{}
	switch {
	case b.dropped:
		return nil
	case b.trailers:
		return c.trailers(id)
	}
	return c.request(id)
}

// field takes a decoded field. What is beyond the limits is counted, not kept.
func (c *conn) field(f hpack.HeaderField) {
	b := &c.block
	b.size += len(f.Name) + len(f.Value) + len(": \r\n")
	if len(b.fields) <= c.limits.HeaderFields+len(pseudoNames) && b.size <= c.limits.HeaderBytes+c.limits.RequestLine {
		b.fields = append(b.fields, f)
	}
}

// trailers end a request; their fields are dropped, as backends get none.
func (c *conn) trailers(id uint32) error {
	if !c.block.end {
		return &streamError{id, protocolError, "trailers that don't end the stream"}
	}
	for _, f := range c.block.fields {
		if f.IsPseudo() || !validName(f.Name) || !http1.ValidValue(f.Value) {
			return &streamError{id, protocolError, "a trailer isn't well-formed"}
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.streams[id]; s != nil {
		return s.remoteEnd()
	}
	return nil
}

// request opens a stream and has it served.
func (c *conn) request(id uint32) error {
	s := c.server.streams.Get().(*Stream)
	s.begin(c, id)
	if reason := s.parse(c); reason != "" {
		c.server.streams.Put(s)
		return &streamError{id, protocolError, reason}
	}
	if !c.admit(s) {
		c.server.streams.Put(s)
		if c.refused++; c.refused > maxStreamsRefused {
			return &connError{enhanceYourCalm, "too many streams beyond the limit"}
		}
		return &streamError{id, refusedStream, "too many streams are open"}
	}
	c.server.dispatch(s)
	return nil
}

// admit counts s among the open streams, if there is room for it. Handlers
// that still run for streams the client has reset count too: resetting must
// not buy more work than waiting does.
func (c *conn) admit(s *Stream) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open >= c.server.MaxStreams || c.running >= 2*c.server.MaxStreams {
		return false
	}
	c.open++
	c.running++
	c.streams[s.id] = s
	c.lastAccepted = s.id
	s.sendWindow, s.recvWindow = c.firstWindow, streamWindow
	s.remoteClosed = c.block.end
	return true
}

var pseudoNames = [...]string{":method", ":scheme", ":authority", ":path"}

// parse reads the fields of the block into s. The reason is why they are no
// request (RFC 9113, 8.1.1); a request that is too large is answered.
func (s *Stream) parse(c *conn) (reason string) {
	var pseudo [len(pseudoNames)]string
	fields := c.block.fields
	n := 0
	for ; n < len(fields) && fields[n].IsPseudo(); n++ {
		i := 0
		for i < len(pseudoNames) && pseudoNames[i] != fields[n].Name {
			i++
		}
		if i == len(pseudoNames) || pseudo[i] != "" || fields[n].Value == "" {
			return "a pseudo field is unknown, repeated or empty"
		}
		pseudo[i] = fields[n].Value
	}
	method, scheme, authority, path := pseudo[0], pseudo[1], pseudo[2], pseudo[3]
	if method == "" || scheme == "" || path == "" || !http1.ValidName(method) {
		return "a pseudo field is missing"
	}
	s.Method = method
	if len(path)+len(method) > c.limits.RequestLine {
		s.refusal = 414
		return ""
	}
	if reason := s.setTarget(path, authority); reason != "" {
		return reason
	}
	if reason := s.setFields(c, fields[n:], authority); reason != "" {
		return reason
	}
	if c.block.size-len(path) > c.limits.HeaderBytes || len(fields)-n > c.limits.HeaderFields {
		s.refusal = 431
	}
	if c.block.end {
		if s.ContentLength > 0 {
			return "the stream ends before its content"
		}
		s.ContentLength = 0
	}
	return ""
}

func (s *Stream) setTarget(path, authority string) (reason string) {
	if path[0] != '/' && !(path == "*" && s.Method == "OPTIONS") {
		return "the path doesn't begin with a slash"
	}
	s.arena = append(append(s.arena[:0], path...), authority...)
	target := s.arena[:len(path):len(path)]
	for _, b := range target {
		if b <= ' ' || b >= 0x7f || b == '#' {
			return "the path holds a character that must be escaped"
		}
	}
	s.Path, s.Query, s.Host = target, nil, s.arena[len(path):]
	if q := bytes.IndexByte(target, '?'); q >= 0 {
		s.Path, s.Query = target[:q:q], target[q+1:]
	}
	if !validEscapes(s.Path) || !validAuthority(authority) {
		return "the path or authority isn't well-formed"
	}
	return ""
}

// setFields makes the header: Host first, where clients of HTTP/1.1 have it,
// then the fields in their order; the pieces of a cookie are put together.
func (s *Stream) setFields(c *conn, fields []hpack.HeaderField, authority string) (reason string) {
	s.Header.Reset()
	if authority != "" {
		s.Header.Add("Host", authority)
	}
	s.ContentLength = -1
	for i, f := range fields {
		if !validName(f.Name) || !http1.ValidValue(f.Value) || blankEnds(f.Value) {
			return "a field isn't well-formed"
		}
		switch f.Name {
		case "connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade":
			return "a field belongs to a connection of HTTP/1.1"
		case "te":
			if f.Value != "trailers" {
				return "a field belongs to a connection of HTTP/1.1"
			}
		case "host":
			if authority == "" && len(s.Host) == 0 && validAuthority(f.Value) {
				s.arena = append(s.arena, f.Value...)
				s.Host = s.arena[len(s.arena)-len(f.Value):]
				s.Header.Add("Host", f.Value)
				continue
			}
			if f.Value != authority {
				return "host and authority differ"
			}
			continue
		case "content-length":
			n, ok := contentLength(f.Value)
			if !ok || s.ContentLength >= 0 && s.ContentLength != n {
				return "the content length isn't well-formed"
			}
			if s.ContentLength >= 0 {
				continue
			}
			s.ContentLength = n
		case "expect":
			s.expect = strings.EqualFold(f.Value, "100-continue")
		case "cookie":
			s.addCookie(fields[i:])
			continue
		}
		s.Header.Add(f.Name, f.Value)
	}
	return ""
}

// addCookie adds all pieces of a cookie at the place of the first (RFC 9113,
// 8.2.3).
func (s *Stream) addCookie(fields []hpack.HeaderField) {
	if s.Header.IndexKnown(http1.NameCookie, 0) >= 0 {
		return
	}
	value := fields[0].Value
	var pieces []byte
	for _, f := range fields[1:] {
		if f.Name == "cookie" {
			if pieces == nil {
				pieces = []byte(value)
			}
			pieces = append(append(pieces, "; "...), f.Value...)
		}
	}
	if pieces != nil {
		value = string(pieces)
	}
	s.Header.Add("cookie", value)
}

// validName says whether a field name is a token without capitals.
func validName(name string) bool {
	for i := range len(name) {
		if 'A' <= name[i] && name[i] <= 'Z' {
			return false
		}
	}
	return http1.ValidName(name)
}

func blankEnds(v string) bool {
	return v != "" && (v[0] == ' ' || v[0] == '\t' || v[len(v)-1] == ' ' || v[len(v)-1] == '\t')
}

// validEscapes says whether every '%' is followed by two hex digits.
func validEscapes(p []byte) bool {
	for i := 0; i < len(p); i++ {
		if p[i] != '%' {
			continue
		}
		if i+2 >= len(p) || !isHex(p[i+1]) || !isHex(p[i+2]) {
			return false
		}
		i += 2
	}
	return true
}

func isHex(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b|0x20 && b|0x20 <= 'f'
}

// validAuthority checks the characters of a host with an optional port, and
// that there is no user information.
func validAuthority(a string) bool {
	for i := range len(a) {
		if b := a[i]; b <= ' ' || b >= 0x7f || strings.IndexByte(`"#/<>?@\^{|}`+"`", b) >= 0 {
			return false
		}
	}
	return true
}

func contentLength(v string) (n int64, ok bool) {
	if v == "" || len(v) > 18 {
		return 0, false
	}
	for i := range len(v) {
		if v[i] < '0' || v[i] > '9' {
			return 0, false
		}
		n = n*10 + int64(v[i]-'0')
	}
	return n, true
}

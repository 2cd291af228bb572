package http1

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/http/httpguts"
)

// memory is a connection's input that is all there, or comes byte by byte.
type memory struct {
	bytes.Reader
	drip bool
}

func (m *memory) read(p []byte) (int, error) {
	if m.drip && len(p) > 1 {
		p = p[:1]
	}
	return m.Read(p)
}

// seen is what a message was taken for.
type seen struct {
	First  string // method and target, or status
	Host   string
	Fields []string
	Body   string
	Rest   int // bytes behind it; -1 when the body is broken
}

// ourRequest reads one request as a ServerConn does.
func ourRequest(in []byte, drip bool) (*seen, error) {
	limits := DefaultLimits()
	m := &memory{drip: drip}
	m.Reset(in)
	w := &wire{buf: make([]byte, bufferSize)}
	var (
		p requestParser
		r Request
	)
	for {
		done, err := p.parse(&r, w.buffered(), &limits)
		if err != nil {
			return nil, err
		}
		if done {
			break
		}
		if err := w.fill(m, 1<<20); err != nil {
			return nil, err
		}
	}
	w.r += p.line
	w.keep = w.r
	s := &seen{First: r.Method + " " + string(r.Target), Host: string(r.Host), Fields: ourFields(&r.Header)}
	body := bodyReader{wire: w, source: m, limits: &limits}
	body.begin(r.ContentLength)
	s.readBody(&body, m)
	return s, nil
}

func (s *seen) readBody(b *bodyReader, m *memory) {
	body, err := b.ReadAll(nil, 1<<20)
	s.Body, s.Rest = string(body), b.wire.w-b.wire.r+m.Len()
	if err != nil {
		s.Body, s.Rest = "", -1
	}
}

// dropped are fields that net/http takes out of the map it makes.
var dropped = map[string]bool{"Host": true, "Connection": true, "Transfer-Encoding": true, "Trailer": true}

func ourFields(h *Header) (fields []string) {
	for i := range h.Len() {
		n, v := h.At(i)
		if name := textproto.CanonicalMIMEHeaderKey(string(n)); !dropped[name] {
			fields = append(fields, name+": "+string(v))
		}
	}
	sort.Strings(fields)
	return fields
}

func theirFields(h http.Header, ours []string) (fields []string) {
	for name, values := range h {
		for _, v := range values {
			if !dropped[name] {
				fields = append(fields, name+": "+v)
			}
		}
	}
	// net/http adds this one to Pragma: no-cache.
	if len(fields) > len(ours) && h.Get("Pragma") == "no-cache" {
		for i, f := range fields {
			if f == "Cache-Control: no-cache" {
				fields = append(fields[:i], fields[i+1:]...)
				break
			}
		}
	}
	sort.Strings(fields)
	return fields
}

// theirRequest reads one request as net/http's server does.
func theirRequest(in []byte, ours *seen) (*seen, error) {
	m := bytes.NewReader(in)
	buf := bufio.NewReader(m)
	r, err := http.ReadRequest(buf)
	if err != nil {
		return nil, err
	}
	for name, values := range r.Header {
		for _, v := range values {
			if !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(v) {
				return nil, fmt.Errorf("header %q: %q", name, v)
			}
		}
	}
	if r.ProtoAtLeast(1, 1) && !httpguts.ValidHostHeader(r.Host) || r.ProtoMajor != 1 {
		return nil, fmt.Errorf("host %q, version %s", r.Host, r.Proto)
	}
	s := &seen{First: r.Method + " " + r.RequestURI, Host: r.Host, Fields: theirFields(r.Header, ours.Fields)}
	if r.URL.IsAbs() {
		s.First = r.Method + " " + originForm(r)
	}
	s.Body, s.Rest = readTheirs(r.Body, buf, m)
	return s, nil
}

// originForm is the path and query of an absolute target, escapes as sent.
func originForm(r *http.Request) string {
	_, rest, _ := strings.Cut(r.RequestURI, "://")
	i := strings.IndexAny(rest, "/?")
	switch {
	case i < 0 && r.Method == "OPTIONS":
		return "*"
	case i < 0:
		return "/"
	case rest[i] == '?':
		return "/" + rest[i:]
	}
	return rest[i:]
}

func readTheirs(body io.ReadCloser, buf *bufio.Reader, m *bytes.Reader) (string, int) {
	b, err := io.ReadAll(body)
	if err != nil {
		return "", -1
	}
	return string(b), buf.Buffered() + m.Len()
}

// FuzzRequestVsNetHTTP: what both take means the same, and what we take,
// net/http takes. The exceptions: one blank line before a request (RFC 9112,
// 2.2), which is taken off before net/http sees it, and nothing else.
func FuzzRequestVsNetHTTP(f *testing.F) {
	for _, seed := range []string{
		"GET /a?b HTTP/1.1\r\nHost: h\r\nX-a: 1\r\nx-A: 2\r\n\r\n",
		"\r\nPOST http://h:80?x HTTP/1.0\r\nPragma: no-cache\r\nContent-Length: 3\r\n\r\nabcrest",
		"PUT * HTTP/1.1\r\nHost: [::1]:80\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n3;a=\"b\"\r\nabc\r\n0\r\nX: y\r\n\r\nrest",
		"OPTIONS https://a HTTP/1.1\r\nHost: b\r\nExpect: 100-continue\r\nContent-Length: 0\r\nConnection: close, upgrade\r\nUpgrade: x\r\n\r\n",
		"POST /%41 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"POST / HTTP/1.1\nHost : h\r\n\tx\r\nContent-Length: +5\r\n\r\n\x00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		checkRequest(t, in)
	})
}

// compare: a body that we call broken may be whole to net/http, never the
// other way round.
func compare(t *testing.T, in []byte, ours, theirs *seen) {
	t.Helper()
	if ours.Rest < 0 {
		theirs.Body, theirs.Rest = "", -1
	}
	if diff := cmp.Diff(ours, theirs); diff != "" {
		t.Errorf("%q (-ours +net/http):\n%s", in, diff)
	}
}

// ourResponse reads one final response as an Endpoint does.
func ourResponse(in []byte, method string, drip bool) (*seen, error) {
	limits := DefaultLimits()
	m := &memory{drip: drip}
	m.Reset(in)
	cc := &clientConn{in: wire{buf: make([]byte, largeSize)}}
	frame, length, err := bodyNone, int64(0), error(nil)
	for {
		var p responseParser
		done := false
		for !done {
			if done, err = p.parse(&cc.head, cc.in.buffered(), &limits); err != nil {
				return nil, err
			}
			if !done {
				if err := cc.in.fill(m, 1<<20); err != nil {
					return nil, err
				}
			}
		}
		cc.in.r += p.line
		if frame, length, _, err = cc.head.frame(method); err != nil {
			return nil, err
		}
		if cc.head.status == 101 {
			return nil, errSwitch
		}
		if cc.head.status >= 200 {
			break
		}
	}
	s := &seen{First: fmt.Sprint(cc.head.status), Fields: ourFields(&cc.head.header)}
	body := bodyReader{wire: &cc.in, source: m, limits: &limits}
	body.begin(length)
	if frame == bodyUntilClose {
		body.frame = frame
	}
	s.readBody(&body, m)
	return s, nil
}

func theirResponse(in []byte, method string, ours *seen) (*seen, error) {
	m := bytes.NewReader(in)
	buf := bufio.NewReader(m)
	for {
		r, err := http.ReadResponse(buf, &http.Request{Method: method})
		if err != nil {
			return nil, err
		}
		if r.StatusCode < 200 {
			continue
		}
		s := &seen{First: fmt.Sprint(r.StatusCode), Fields: theirFields(r.Header, ours.Fields)}
		s.Body, s.Rest = readTheirs(r.Body, buf, m)
		return s, nil
	}
}

// FuzzResponseVsNetHTTP: as FuzzRequestVsNetHTTP, without exception.
func FuzzResponseVsNetHTTP(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-a: 1\r\nx-A: 2\r\n\r\nabcrest",
		"HTTP/1.0 404\r\nConnection: keep-alive\r\n\r\nabc",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\nrest",
		"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nPragma: no-cache\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, in []byte, head bool) {
		method := "GET"
		if head {
			method = "HEAD"
		}
		checkResponse(t, in, method)
	})
}

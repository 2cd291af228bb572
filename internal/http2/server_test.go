package http2

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	h2 "golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/gatehouse/gatehouse/internal/http1"
)

// raw is a client that sends what it likes.
type raw struct {
	t  testing.TB
	nc net.Conn
	*h2.Framer
	block bytes.Buffer
	enc   *hpack.Encoder
}

func dial(t testing.TB, s *Server) *raw {
	t.Helper()
	nc, err := net.Dial("tcp", listen(t, s).Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(20 * time.Second))
	r := &raw{t: t, nc: nc, Framer: h2.NewFramer(nc, nc)}
	r.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	r.enc = hpack.NewEncoder(&r.block)
	io.WriteString(nc, h2.ClientPreface)
	r.WriteSettings()
	return r
}

// open sends a request's header block.
func (r *raw) open(id uint32, end bool, fields ...string) error {
	all := append([]string{":method", "GET", ":scheme", "http", ":authority", "h", ":path", "/"}, fields...)
	return r.WriteHeaders(h2.HeadersFrameParam{StreamID: id, BlockFragment: r.encode(all...), EndStream: end, EndHeaders: true})
}

func (r *raw) encode(fields ...string) []byte {
	r.block.Reset()
	for i := 0; i < len(fields); i += 2 {
		r.enc.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	return bytes.Clone(r.block.Bytes())
}

// until reads frames until one satisfies want; nil when the connection ends.
func (r *raw) until(want func(f h2.Frame) bool) h2.Frame {
	r.t.Helper()
	for {
		f, err := r.ReadFrame()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			r.t.Fatal("nothing comes any more")
		}
		if err != nil {
			return nil
		}
		if want(f) {
			return f
		}
	}
}

func isGoAway(code h2.ErrCode) func(h2.Frame) bool {
	return func(f h2.Frame) bool {
		g, ok := f.(*h2.GoAwayFrame)
		return ok && g.ErrCode == code
	}
}

func isReset(id uint32, code h2.ErrCode) func(h2.Frame) bool {
	return func(f h2.Frame) bool {
		g, ok := f.(*h2.RSTStreamFrame)
		return ok && g.StreamID == id && g.ErrCode == code
	}
}

func status(f h2.Frame) string {
	if h, ok := f.(*h2.MetaHeadersFrame); ok {
		return h.PseudoValue("status")
	}
	return ""
}

func isHeaders(f h2.Frame) bool { return status(f) != "" }

// client is Go's own, over HTTP/2 with prior knowledge.
func client(t testing.TB) *http.Client {
	tr := &http.Transport{Protocols: new(http.Protocols)}
	tr.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 30 * time.Second}
}

func TestRequestFields(t *testing.T) {
	type request struct {
		Method, Path, Query, Host string
		Fields                    []string
		Length                    int64
	}
	got := make(chan request, 1)
	s := &Server{Handler: func(s *Stream, in *http1.Request) {
		r := request{in.Method, string(in.Path), string(in.Query), string(in.Host), nil, s.Length()}
		for i := range in.Header.Len() {
			name, value := in.Header.At(i)
			r.Fields = append(r.Fields, string(name)+": "+string(value))
		}
		got <- r
		s.Respond(204, nil, nil)
	}}
	c := dial(t, s)
	c.WriteHeaders(h2.HeadersFrameParam{StreamID: 1, EndStream: true, EndHeaders: true, PadLength: 7,
		Priority: h2.PriorityParam{StreamDep: 3, Weight: 9},
		BlockFragment: c.encode(":method", "PUT", ":path", "/a%2F//b?c=%zz&d", ":scheme", "https", ":authority", "h:8080",
			"x-b", "2", "cookie", "a=1", "x-a", "1", "cookie", "b=2", "x-b", "3", "host", "h:8080", "content-length", "0")})
	want := request{"PUT", "/a%2F//b", "c=%zz&d", "h:8080", []string{"Host: h:8080", "x-b: 2", "cookie: a=1; b=2", "x-a: 1", "x-b: 3", "content-length: 0"}, 0}
	if diff := cmp.Diff(want, <-got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	c.open(3, true)
	if r := <-got; r.Length != 0 || r.Query != "" || len(r.Fields) != 1 {
		t.Errorf("%+v", r)
	}
}

func TestMalformedRequests(t *testing.T) {
	base := func(more ...string) []string {
		return append([]string{":method", "GET", ":scheme", "http", ":authority", "h", ":path", "/"}, more...)
	}
	cases := []struct {
		name   string
		fields []string
		want   string // the status of the answer; empty: the stream is reset
	}{
		{"capital in a name", base("X-A", "1"), ""},
		{"blank in a name", base("x a", "1"), ""},
		{"empty name", base("", "1"), ""},
		{"line feed in a value", base("x", "a\nb"), ""},
		{"NUL in a value", base("x", "a\x00b"), ""},
		{"blank before a value", base("x", " a"), ""},
		{"tab behind a value", base("x", "a\t"), ""},
		{"connection", base("connection", "close"), ""},
		{"proxy-connection", base("proxy-connection", "close"), ""},
		{"transfer-encoding", base("transfer-encoding", "chunked"), ""},
		{"upgrade", base("upgrade", "h2c"), ""},
		{"keep-alive", base("keep-alive", "1"), ""},
		{"te", base("te", "gzip"), ""},
		{"pseudo field after others", []string{":method", "GET", ":scheme", "http", "x", "1", ":path", "/"}, ""},
		{"unknown pseudo field", base(":status", "200"), ""},
		{"pseudo field twice", base(":path", "/"), ""},
		{"no path", []string{":method", "GET", ":scheme", "http", ":authority", "h"}, ""},
		{"empty path", []string{":method", "GET", ":scheme", "http", ":authority", "h", ":path", ""}, ""},
		{"no scheme", []string{":method", "GET", ":authority", "h", ":path", "/"}, ""},
		{"another scheme", []string{":method", "GET", ":scheme", "ftp", ":authority", "h", ":path", "/"}, ""},
		{"no method", []string{":scheme", "http", ":authority", "h", ":path", "/"}, ""},
		{"blank in a method", []string{":method", "G T", ":scheme", "http", ":authority", "h", ":path", "/"}, ""},
		{"another host", base("host", "other"), ""},
		{"two hosts", []string{":method", "GET", ":scheme", "http", ":path", "/", "host", "a", "host", "b"}, ""},
		{"content length without content", base("content-length", "5"), ""},
		{"connect with a path", []string{":method", "CONNECT", ":authority", "h:443", ":path", "/"}, ""},
		{"connect for a protocol", append([]string{":protocol", "websocket"}, base()...), ""},

		{"content length that isn't a number", base("content-length", "+1"), "400"},
		{"content lengths that differ", base("content-length", "1", "content-length", "2"), "400"},
		{"a length by another name", base("content_length", "1"), "400"},
		{"no host", []string{":method", "GET", ":scheme", "http", ":path", "/"}, "400"},
		{"empty host", []string{":method", "GET", ":scheme", "http", ":authority", "", ":path", "/"}, "400"},
		{"user information", []string{":method", "GET", ":scheme", "http", ":authority", "u@h", ":path", "/"}, "400"},
		{"path without slash", []string{":method", "GET", ":scheme", "http", ":authority", "h", ":path", "a"}, "400"},
		{"absolute path", []string{":method", "GET", ":scheme", "http", ":authority", "h", ":path", "http://h/a"}, "400"},
		{"asterisk", []string{":method", "GET", ":scheme", "http", ":authority", "h", ":path", "*"}, "400"},
		{"blank in a path", []string{":method", "GET", ":scheme", "http", ":authority", "h", ":path", "/a b"}, "400"},
		{"fragment", []string{":method", "GET", ":scheme", "http", ":authority", "h", ":path", "/a#b"}, "400"},
		{"broken escape", []string{":method", "GET", ":scheme", "http", ":authority", "h", ":path", "/%2"}, "400"},
		{"another expectation", base("expect", "miracles"), "417"},
		{"connect", []string{":method", "CONNECT", ":authority", "h:443"}, "501"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			refused := make(chan int, 1)
			c := dial(t, &Server{
				Handler: func(s *Stream, _ *http1.Request) { t.Error("it came to the handler"); s.Respond(200, nil, nil) },
				Refused: func(_ *Stream, status int, _ error) { refused <- status },
			})
			c.WriteHeaders(h2.HeadersFrameParam{StreamID: 1, BlockFragment: c.encode(tc.fields...), EndStream: true, EndHeaders: true})
			if tc.want == "" {
				if c.until(isReset(1, h2.ErrCodeProtocol)) == nil {
					t.Error("the stream isn't reset")
				}
				return
			}
			if got := status(c.until(isHeaders)); got != tc.want || fmt.Sprint(<-refused) != tc.want {
				t.Errorf("status %s", got)
			}
		})
	}
}

func TestTooLarge(t *testing.T) {
	c := dial(t, &Server{Handler: echo, Limits: http1.Limits{HeaderBytes: 10240, RequestLine: 10240, HeaderFields: 50}})
	var many []string
	for i := range 60 {
		many = append(many, fmt.Sprint("x-", i), "1")
	}
	cases := []struct {
		name   string
		fields []string
		want   string
	}{
		{"small", nil, "200"},
		{"100 KB", []string{"x-large", strings.Repeat("a", 100<<10)}, "431"},
		{"a little too much", []string{"x-large", strings.Repeat("a", 10240)}, "431"},
		{"many", many, "431"},
		{"small again", nil, "200"},
	}
	for i, tc := range cases {
		id := uint32(2*i + 1)
		block := c.encode(append([]string{":method", "GET", ":scheme", "http", ":authority", "h", ":path", "/"}, tc.fields...)...)
		n := min(len(block), frameSize)
		c.WriteHeaders(h2.HeadersFrameParam{StreamID: id, BlockFragment: block[:n], EndStream: true, EndHeaders: n == len(block)})
		for block = block[n:]; len(block) > 0; block = block[n:] {
			n = min(len(block), frameSize)
			c.WriteContinuation(id, n == len(block), block[:n])
		}
		if got := status(c.until(isHeaders)); got != tc.want {
			t.Errorf("%s: status %s", tc.name, got)
		}
	}
	c.WriteHeaders(h2.HeadersFrameParam{StreamID: 101, EndStream: true, EndHeaders: true,
		BlockFragment: c.encode(":method", "GET", ":scheme", "http", ":authority", "h", ":path", "/"+strings.Repeat("a", 10240))})
	if got := status(c.until(isHeaders)); got != "414" {
		t.Errorf("a long path: status %s", got)
	}
}

func TestFloods(t *testing.T) {
	block := make(chan struct{})
	defer close(block)
	cases := []struct {
		name string
		send func(c *raw, i int) error
	}{
		{"resets", func(c *raw, i int) error {
			c.open(uint32(2*i+1), true)
			return c.WriteRSTStream(uint32(2*i+1), h2.ErrCodeCancel)
		}},
		{"streams beyond the limit", func(c *raw, i int) error { return c.open(uint32(2*i+1), true) }},
		{"resets that errors cause", func(c *raw, i int) error {
			c.open(uint32(2*i+1), false)
			return c.WriteWindowUpdate(uint32(2*i+1), 0)
		}},
		{"pieces of a header block", func(c *raw, i int) error {
			if i == 0 {
				return c.WriteHeaders(h2.HeadersFrameParam{StreamID: 1})
			}
			return c.WriteContinuation(1, false, nil)
		}},
		{"a header block without end", func(c *raw, i int) error {
			if i == 0 {
				return c.WriteHeaders(h2.HeadersFrameParam{StreamID: 1})
			}
			return c.WriteContinuation(1, false, append([]byte{0x40, 1, 'a', 127, 0x80, 0x7f}, make([]byte, 16000)...))
		}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			c := dial(t, &Server{Handler: func(s *Stream, _ *http1.Request) { <-block }})
			c.AllowIllegalWrites = true
			ended := make(chan bool, 1)
			go func() { ended <- c.until(isGoAway(h2.ErrCodeEnhanceYourCalm)) != nil }()
			for i := range 5000 {
				if tc.send(c, i) != nil {
					break
				}
			}
			select {
			case ok := <-ended:
				if !ok {
					t.Error("the connection ended without a reason")
				}
			case <-time.After(10 * time.Second):
				t.Error("it goes on forever")
			}
		})
	}
}

// TestHandlersOfResetStreamsAreBounded: resetting doesn't buy more work at a
// time than waiting does.
func TestHandlersOfResetStreamsAreBounded(t *testing.T) {
	block := make(chan struct{})
	var mu sync.Mutex
	running, most := 0, 0
	c := dial(t, &Server{MaxStreams: 10, Handler: func(s *Stream, _ *http1.Request) {
		mu.Lock()
		running++
		most = max(most, running)
		mu.Unlock()
		<-block
		mu.Lock()
		running--
		mu.Unlock()
	}})
	for i := range 100 {
		c.open(uint32(2*i+1), true)
		c.WriteRSTStream(uint32(2*i+1), h2.ErrCodeCancel)
	}
	c.WritePing(false, [8]byte{1})
	c.until(func(f h2.Frame) bool { p, ok := f.(*h2.PingFrame); return ok && p.IsAck() })
	close(block)
	mu.Lock()
	defer mu.Unlock()
	if most > 20 {
		t.Errorf("%d handlers ran at once", most)
	}
}

func TestPingsThatNobodyReads(t *testing.T) {
	c := dial(t, &Server{Handler: echo, Limits: http1.Limits{WriteTimeout: 200 * time.Millisecond}})
	c.nc.(*net.TCPConn).SetReadBuffer(4096)
	for range 1_000_000 {
		if err := c.WritePing(false, [8]byte{}); err != nil {
			return
		}
	}
	t.Error("a million pings were taken")
}

func TestBodiesBothWays(t *testing.T) {
	l := listen(t, &Server{Handler: func(s *Stream, _ *http1.Request) {
		var h http1.Header
		if s.Length() > 0 {
			h.Add("x-length", fmt.Sprint(s.Length()))
		}
		s.Start(200, &h, s.Length())
		buf := make([]byte, 10000)
		for {
			n, err := s.Read(buf)
			if _, err := s.Write(buf[:n]); err != nil {
				return
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Error(err)
				return
			}
		}
		if err := s.Finish(); err != nil {
			t.Error(err)
		}
	}})
	hc := client(t)
	random := rand.New(rand.NewSource(1))
	var all sync.WaitGroup
	for i, size := range []int{1, 16384, 16385, 65535, 65536, 300_000, 3 << 20, 1 << 20, 5000, 2 << 20} {
		body := make([]byte, size)
		random.Read(body)
		all.Go(func() {
			var in io.Reader = bytes.NewReader(body)
			if i%2 == 1 {
				in = io.MultiReader(in) // without a length
			}
			resp, err := hc.Post("http://"+l.Addr().String()+"/", "", in)
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			got, err := io.ReadAll(resp.Body)
			if err != nil || sha256.Sum256(got) != sha256.Sum256(body) {
				t.Errorf("%d bytes came back as %d, %v", size, len(got), err)
			}
		})
	}
	all.Wait()
}

func TestReadAllLimits(t *testing.T) {
	l := listen(t, &Server{Handler: func(s *Stream, _ *http1.Request) {
		_, err := s.ReadAll(nil, 1000)
		code := 200
		if errors.Is(err, http1.ErrBodyTooLarge) {
			code = 413
		} else if err != nil {
			t.Error(err)
		}
		s.Respond(code, nil, nil)
	}})
	for _, known := range []bool{false, true} {
		for size, want := range map[int]int{0: 200, 1000: 200, 1001: 413, 11 << 20: 413} {
			var in io.Reader = strings.NewReader(strings.Repeat("a", size))
			if !known {
				in = io.MultiReader(in)
			}
			resp, err := client(t).Post("http://"+l.Addr().String()+"/", "", in)
			if err != nil {
				t.Error(err)
				continue
			}
			resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("%d bytes, known %v: %s", size, known, resp.Status)
			}
		}
	}
}

func TestExpectContinue(t *testing.T) {
	c := dial(t, &Server{Handler: echo})
	c.open(1, false, "expect", "100-continue", "content-length", "2")
	if got := status(c.until(isHeaders)); got != "100" {
		t.Fatalf("status %s", got)
	}
	c.WriteData(1, true, []byte("hi"))
	if got := status(c.until(isHeaders)); got != "200" {
		t.Errorf("status %s", got)
	}
	c.until(func(f h2.Frame) bool { d, ok := f.(*h2.DataFrame); return ok && string(d.Data()) == "hi" })
}

func TestEarlyAnswer(t *testing.T) {
	c := dial(t, &Server{Handler: func(s *Stream, _ *http1.Request) { s.Respond(403, nil, []byte("no")) }})
	c.open(1, false)
	if got := status(c.until(isHeaders)); got != "403" {
		t.Errorf("status %s", got)
	}
	if c.until(isReset(1, h2.ErrCodeNo)) == nil {
		t.Fatal("the client isn't told to stop")
	}
	// What was under way may still arrive.
	c.WriteData(1, false, make([]byte, 5000))
	c.WriteHeaders(h2.HeadersFrameParam{StreamID: 1, BlockFragment: c.encode("x-trailer", "1"), EndStream: true, EndHeaders: true})
	c.open(3, true)
	if got := status(c.until(isHeaders)); got != "403" {
		t.Errorf("the connection ended")
	}
}

func TestIncompleteAnswers(t *testing.T) {
	handlers := map[string]Handler{
		"none":                  func(*Stream, *http1.Request) {},
		"less than announced":   func(s *Stream, _ *http1.Request) { s.Start(200, nil, 10); s.Write([]byte("12345")); s.Finish() },
		"started, not finished": func(s *Stream, _ *http1.Request) { s.Start(200, nil, -1); s.Write([]byte("12345")); s.Flush() },
	}
	for name, h := range handlers {
		t.Run(name, func(t *testing.T) {
			c := dial(t, &Server{Handler: h})
			c.open(1, true)
			if c.until(isReset(1, h2.ErrCodeInternal)) == nil {
				t.Error("the client can't tell")
			}
		})
	}
}

func TestAnswersThatCannotBeSent(t *testing.T) {
	bad := func(name, value string) *http1.Header {
		h := new(http1.Header)
		h.Add(name, value)
		return h
	}
	c := dial(t, &Server{Handler: func(s *Stream, _ *http1.Request) {
		for _, h := range []*http1.Header{bad("Connection", "close"), bad("a b", "c"), bad("a", "b\r\nc"), bad("Content-Length", "1")} {
			if err := s.Respond(200, h, nil); err == nil || s.Answered() {
				t.Error("it was sent")
			}
		}
		if err := s.Respond(101, nil, nil); err == nil {
			t.Error("101 was sent")
		}
		if err := s.Respond(200, bad("X-Upper", "v"), []byte("ok")); err != nil {
			t.Error(err)
		}
		if err := s.Respond(200, nil, nil); err == nil {
			t.Error("answered twice")
		}
	}})
	c.open(1, true)
	f := c.until(isHeaders).(*h2.MetaHeadersFrame)
	var got []string
	for _, field := range f.Fields {
		if field.Name != "date" {
			got = append(got, field.Name+": "+field.Value)
		}
	}
	if diff := cmp.Diff([]string{":status: 200", "x-upper: v", "content-length: 2"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestLongAnswerHeader(t *testing.T) {
	l := listen(t, &Server{Handler: func(s *Stream, _ *http1.Request) {
		var h http1.Header
		h.Add("X-Long", strings.Repeat("a", 50_000))
		s.Respond(207, &h, nil)
	}})
	resp, err := client(t).Get("http://" + l.Addr().String() + "/")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 207 || len(resp.Header.Get("X-Long")) != 50_000 {
		t.Errorf("%s, %d", resp.Status, len(resp.Header.Get("X-Long")))
	}
}

func TestFlowControlStops(t *testing.T) {
	ended := make(chan error, 1)
	c := dial(t, &Server{Limits: http1.Limits{WriteTimeout: 100 * time.Millisecond}, Handler: func(s *Stream, _ *http1.Request) {
		ended <- s.Respond(200, nil, make([]byte, 100_000))
	}})
	c.open(1, true)
	got := 0
	c.until(func(f h2.Frame) bool {
		if d, ok := f.(*h2.DataFrame); ok {
			got += len(d.Data())
		}
		return isReset(1, h2.ErrCodeCancel)(f)
	})
	if got != streamWindow {
		t.Errorf("%d bytes came without a window for them", got)
	}
	if err := <-ended; err != errStalled {
		t.Errorf("the handler got %v", err)
	}
}

func TestAbandon(t *testing.T) {
	for _, how := range []string{"reset", "close"} {
		t.Run(how, func(t *testing.T) {
			arrived, cancelled, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
			c := dial(t, &Server{Handler: func(s *Stream, _ *http1.Request) {
				s.OnAbandon(func() { close(cancelled) })
				close(arrived)
				<-cancelled
				ended <- s.Respond(200, nil, nil)
			}})
			c.open(1, true)
			<-arrived
			if how == "reset" {
				c.WriteRSTStream(1, h2.ErrCodeCancel)
			} else {
				c.nc.Close()
			}
			<-cancelled
			if err := <-ended; err == nil {
				t.Errorf("answer: %v", err)
			}
		})
	}
}

func TestDrain(t *testing.T) {
	arrived, release := make(chan struct{}, 2), make(chan struct{})
	s := &Server{Handler: func(s *Stream, _ *http1.Request) {
		arrived <- struct{}{}
		<-release
		s.Respond(200, nil, nil)
	}}
	c := dial(t, s)
	c.open(1, true)
	<-arrived
	down := make(chan error, 1)
	go func() { down <- s.Shutdown(context.Background()) }()
	first := c.until(isGoAway(h2.ErrCodeNo)).(*h2.GoAwayFrame)
	if first.LastStreamID != maxWindow {
		t.Errorf("the first goodbye names stream %d", first.LastStreamID)
	}
	c.open(3, true) // was on its way
	<-arrived
	ping := c.until(func(f h2.Frame) bool { _, ok := f.(*h2.PingFrame); return ok }).(*h2.PingFrame)
	c.WritePing(true, ping.Data)
	second := c.until(isGoAway(h2.ErrCodeNo)).(*h2.GoAwayFrame)
	if second.LastStreamID != 3 {
		t.Errorf("the last goodbye names stream %d", second.LastStreamID)
	}
	c.open(5, true) // too late
	close(release)
	for range 2 {
		if got := status(c.until(isHeaders)); got != "200" {
			t.Errorf("status %q", got)
		}
	}
	if c.until(isHeaders) != nil {
		t.Error("a stream that came too late was answered")
	}
	c.nc.Close()
	if err := <-down; err != nil {
		t.Error(err)
	}
}

func TestIdleTimeout(t *testing.T) {
	c := dial(t, &Server{Handler: echo, Limits: http1.Limits{IdleTimeout: 50 * time.Millisecond}})
	c.open(1, true)
	if c.until(isGoAway(h2.ErrCodeNo)) == nil {
		t.Error("no goodbye")
	}
}

func TestSlowFrames(t *testing.T) {
	for name, bytes := range map[string]string{"half a preface": h2.ClientPreface[:10], "half a header": h2.ClientPreface + "\x00\x00\x00\x04\x00\x00\x00\x00\x00" + "\x00\x00",
		"a header block without its end": h2.ClientPreface + "\x00\x00\x00\x04\x00\x00\x00\x00\x00" + "\x00\x00\x00\x01\x00\x00\x00\x00\x01"} {
		nc, err := net.Dial("tcp", listen(t, &Server{Handler: echo, Limits: http1.Limits{HeaderTimeout: 50 * time.Millisecond}}).Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(nc, bytes)
		nc.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := io.Copy(io.Discard, nc); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: it waits for ever", name)
		}
		nc.Close()
	}
}

func TestNothingIsLeft(t *testing.T) {
	before := runtime.NumGoroutine()
	s := &Server{Handler: echo}
	l := listen(t, s)
	for range 20 {
		tr := &http.Transport{Protocols: new(http.Protocols)}
		tr.Protocols.SetUnencryptedHTTP2(true)
		hc := &http.Client{Transport: tr}
		for range 5 {
			ctx, cancel := context.WithCancel(t.Context())
			r, _ := http.NewRequestWithContext(ctx, "POST", "http://"+l.Addr().String()+"/", strings.NewReader(strings.Repeat("a", 100_000)))
			if resp, err := hc.Do(r); err == nil {
				resp.Body.Close()
			}
			cancel()
		}
		tr.CloseIdleConnections()
	}
	l.Close()
	if err := s.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	for range 500 {
		if runtime.NumGoroutine() <= before+1 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	buf := make([]byte, 1<<16)
	t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
}

// FuzzConnection: whatever a client sends, the connection ends, and nothing
// breaks.
func FuzzConnection(f *testing.F) {
	var b bytes.Buffer
	w := h2.NewFramer(&b, nil)
	enc := hpack.NewEncoder(&b)
	enc.WriteField(hpack.HeaderField{Name: ":method", Value: "POST"})
	enc.WriteField(hpack.HeaderField{Name: ":scheme", Value: "http"})
	enc.WriteField(hpack.HeaderField{Name: ":path", Value: "/"})
	block := bytes.Clone(b.Bytes())
	b.Reset()
	w.WriteSettings(h2.Setting{ID: h2.SettingInitialWindowSize, Val: 3})
	w.WriteHeaders(h2.HeadersFrameParam{StreamID: 1, BlockFragment: block, EndHeaders: true, PadLength: 3})
	w.WriteDataPadded(1, true, []byte("hello"), []byte{0, 0})
	w.WriteWindowUpdate(1, 100)
	w.WritePing(false, [8]byte{})
	w.WriteRSTStream(1, 8)
	w.WriteHeaders(h2.HeadersFrameParam{StreamID: 3, BlockFragment: block[:2]})
	w.WriteContinuation(3, true, block[2:])
	f.Add(bytes.Clone(b.Bytes()))
	f.Add([]byte("\x00\x00\x00\x04\x00\x00\x00\x00\x00"))
	s := &Server{Handler: echo, Limits: http1.Limits{WriteTimeout: time.Second, BodyTimeout: time.Second}}
	f.Fuzz(func(t *testing.T, in []byte) {
		ours, theirs := net.Pipe()
		go func() {
			io.WriteString(theirs, h2.ClientPreface)
			theirs.Write(in)
			theirs.Close()
		}()
		go io.Copy(io.Discard, theirs)
		s.ServeConn(ours, http1.ConnInfo{})
	})
}

func BenchmarkRequests(b *testing.B) {
	c := dial(b, &Server{Handler: echo})
	c.nc.SetDeadline(time.Time{})
	c.open(1, true)
	c.until(isHeaders)
	block := c.encode(":method", "GET", ":scheme", "http", ":authority", "h", ":path", "/")
	c.SetReuseFrames()
	c.ReadMetaHeaders = nil
	id := uint32(1)
	b.ReportAllocs()
	for b.Loop() {
		id += 2
		c.WriteHeaders(h2.HeadersFrameParam{StreamID: id, BlockFragment: block, EndStream: true, EndHeaders: true})
		c.WriteWindowUpdate(0, 5)
		for {
			f, err := c.ReadFrame()
			if err != nil {
				b.Fatal(err)
			}
			if d, ok := f.(*h2.DataFrame); ok && d.StreamEnded() {
				break
			}
		}
	}
}

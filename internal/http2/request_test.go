package http2

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	h2 "golang.org/x/net/http2"

	"github.com/gatehouse/gatehouse/internal/http1"
)

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

package http1

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// noLeaks fails the test if goroutines that it began are left at its end.
func noLeaks(t *testing.T) {
	t.Helper()
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		end := time.Now().Add(5 * time.Second)
		for runtime.NumGoroutine() > before {
			if time.Now().After(end) {
				buf := make([]byte, 64<<10)
				t.Errorf("%d goroutines more than before:\n%s", runtime.NumGoroutine()-before, buf[:runtime.Stack(buf, true)])
				return
			}
			runtime.Gosched()
		}
	})
}

// serveTCP serves one loopback connection. done closes when the server let go of it.
func serveTCP(t *testing.T, s *Server) (client *net.TCPConn, done chan struct{}) {
	t.Helper()
	a, b := tcpPair(t)
	a.SetDeadline(time.Now().Add(10 * time.Second))
	done = make(chan struct{})
	go func() {
		defer close(done)
		s.ServeConn(b, ConnInfo{})
	}()
	return a.(*net.TCPConn), done
}

// talk sends in, closes the sending side, and returns all that comes back,
// with the Date taken out.
func talk(t *testing.T, s *Server, in string) string {
	t.Helper()
	client, done := serveTCP(t, s)
	go func() {
		io.WriteString(client, in)
		client.CloseWrite()
	}()
	out, err := io.ReadAll(client)
	if err != nil {
		t.Errorf("after %q: %v", out, err)
	}
	<-done
	return dates.ReplaceAllString(string(out), "")
}

var dates = regexp.MustCompile(`Date: \w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT\r\n`)

// echo answers with the method, the target and the body.
func echo(c *ServerConn, r *Request) {
	body, err := c.ReadAll(nil, 1<<20)
	if err != nil {
		var p *ProtocolError
		if errors.As(err, &p) {
			c.Respond(p.Status, nil, []byte(p.Reason))
		}
		return
	}
	c.Respond(200, nil, fmt.Appendf(nil, "%s %s %s", r.Method, r.Target, body))
}

func ok(body string, connection string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: %s\r\n\r\n%s", len(body), connection, body)
}

func TestServe(t *testing.T) {
	const get = "GET /%s HTTP/1.1\r\nHost: h\r\n\r\n"
	withBody := func(status int, h *Header, body string) Handler {
		return func(c *ServerConn, r *Request) { c.Respond(status, h, []byte(body)) }
	}
	var fields Header
	fields.Add("X-a", "1")
	fields.Add("x-A", "2")
	stream := func(length int64, pieces ...string) Handler {
		return func(c *ServerConn, r *Request) {
			if err := c.Start(200, nil, length); err != nil {
				return
			}
			for _, p := range pieces {
				c.Write([]byte(p))
			}
			c.Finish()
		}
	}
	tests := []struct {
		name    string
		handler Handler
		in      string
		want    string
	}{
		{"pipelined", echo, fmt.Sprintf(get, "1") + "POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc" + fmt.Sprintf(get, "3"),
			ok("GET /1 ", "keep-alive") + ok("POST /2 abc", "keep-alive") + ok("GET /3 ", "keep-alive")},
		{"chunked body, then another request", echo,
			"POST /1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;x=\"y;\\\"\"\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n" + fmt.Sprintf(get, "2"),
			ok("POST /1 abc0123456789", "keep-alive") + ok("GET /2 ", "keep-alive")},
		{"close is obeyed, what follows is not read", echo, "GET /1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + fmt.Sprintf(get, "2"), ok("GET /1 ", "close")},
		{"1.0", echo, "GET /1 HTTP/1.0\r\n\r\n" + fmt.Sprintf(get, "2"), ok("GET /1 ", "close")},
		{"1.0 kept alive", echo, "GET /1 HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n" + fmt.Sprintf(get, "2"), ok("GET /1 ", "keep-alive") + ok("GET /2 ", "keep-alive")},
		{"fields in order and case", withBody(201, &fields, "x"), fmt.Sprintf(get, ""),
			"HTTP/1.1 201 Created\r\nX-a: 1\r\nx-A: 2\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\nx"},
		{"status without a name", withBody(299, nil, ""), fmt.Sprintf(get, ""), "HTTP/1.1 299 \r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n"},
		{"HEAD", withBody(200, nil, "abc"), "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n" + "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n",
			strings.Repeat("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\n", 2)},
		{"HEAD of a stream", stream(7), "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: keep-alive\r\n\r\n"},
		{"HEAD of a chunked stream", stream(-1, "x"), "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n"},
		{"204", withBody(204, nil, "ignored"), fmt.Sprintf(get, ""), "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n"},
		{"304", withBody(304, nil, "ignored"), fmt.Sprintf(get, ""), "HTTP/1.1 304 Not Modified\r\nConnection: keep-alive\r\n\r\n"},
		{"stream of known length", stream(6, "abc", "", "def"), fmt.Sprintf(get, ""), ok("abcdef", "keep-alive")},
		{"chunked stream", stream(-1, "abc", "", strings.Repeat("x", 17)), fmt.Sprintf(get, ""),
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n3\r\nabc\r\n11\r\n" + strings.Repeat("x", 17) + "\r\n0\r\n\r\n"},
		{"empty chunked stream", stream(-1), fmt.Sprintf(get, ""), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n0\r\n\r\n"},
		{"stream until close for 1.0", stream(-1, "abc"), "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc"},
		{"stream cut short closes", stream(6, "abc"), fmt.Sprintf(get, "") + fmt.Sprintf(get, ""), ""},
		{"no answer closes", func(c *ServerConn, r *Request) {}, fmt.Sprintf(get, ""), ""},
		{"body not read is dropped", withBody(200, nil, "x"), "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\n" + strings.Repeat("G", 5000) + fmt.Sprintf(get, ""),
			ok("x", "keep-alive") + ok("x", "keep-alive")},
		{"chunked body not read is dropped", withBody(200, nil, "x"), "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" + fmt.Sprintf(get, ""),
			ok("x", "keep-alive") + ok("x", "keep-alive")},
		{"long body not read closes", withBody(413, nil, "x"), "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n" + strings.Repeat("G", 300000) + fmt.Sprintf(get, ""),
			"HTTP/1.1 413 Request Entity Too Large\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx"},
		{"long body", echo, "POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n" + strings.Repeat("G", 300000),
			ok("POST /1 "+strings.Repeat("G", 300000), "keep-alive")},
		{"malformed chunk", echo, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n" + fmt.Sprintf(get, ""),
			"HTTP/1.1 400 Bad Request\r\nContent-Length: 40\r\nConnection: close\r\n\r\na chunk size is not a hexadecimal number"},
		{"half a body", echo, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc", ""},
		{"half a head", echo, "POST / HTTP/1.1\r\nHost: h", ""},
		{"blank line between requests", echo, fmt.Sprintf(get, "1") + "\r\n" + fmt.Sprintf(get, "2"), ok("GET /1 ", "keep-alive") + ok("GET /2 ", "keep-alive")},
		{"refused", echo, fmt.Sprintf(get, "1") + "GET / HTTP/1.1\r\nHost: h\r\nX : y\r\n\r\n" + fmt.Sprintf(get, "2"),
			ok("GET /1 ", "keep-alive") + "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 64\r\nConnection: close\r\n\r\n" +
				`{"message":"Bad Request: a header has a blank before its colon"}`},
	}
	noLeaks(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := talk(t, &Server{Handler: tt.handler}, tt.in)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRefusedIsTold(t *testing.T) {
	var status []int
	var reasons []error
	s := &Server{Handler: echo, Refused: func(c *ServerConn, st int, err error) { status, reasons = append(status, st), append(reasons, err) }}
	for _, in := range []string{"GET /" + strings.Repeat("a", 17<<10), "GET / HTTP/3.0\r\n\r\n", "GET / HTTP/1.1\r\nX: " + strings.Repeat("a", 65<<10), "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"} {
		talk(t, s, in)
	}
	if diff := cmp.Diff([]int{414, 505, 431, 501}, status); diff != "" {
		t.Error(diff, reasons)
	}
}

// Answers that a handler can't give leave it free to give another.
func TestMisuse(t *testing.T) {
	bad := func(name, value string) *Header {
		h := new(Header)
		h.Add(name, value)
		return h
	}
	handler := func(c *ServerConn, r *Request) {
		for _, h := range []*Header{
			bad("Content-Length", "1"), bad("transfer-encoding", "chunked"), bad("Connection", "close"), bad("date", "x"),
			bad("X", "a\r\nY: b"), bad("X", "a\nb"), bad("X", "a\x00"), bad("X Y", "a"), bad("X\r\nY", "a"), bad("", "a"), bad("Content_Length", "1"),
		} {
			if err := c.Respond(200, h, nil); err == nil {
				t.Errorf("%q was sent", h.buf)
			}
		}
		for _, status := range []int{0, 100, 199, 1000, -1} {
			if err := c.Respond(status, nil, nil); err != errStatus {
				t.Errorf("%d: %v", status, err)
			}
		}
		if _, err := c.Write([]byte("x")); err != errNotBegun {
			t.Error(err)
		}
		if c.Answered() || c.Flush() != errNotBegun || c.Finish() != errNotBegun {
			t.Error("answered without an answer")
		}
		c.Start(200, nil, 2)
		if n, err := c.Write([]byte("abc")); n != 0 || err != errTooMuch {
			t.Error(n, err)
		}
		if c.Finish() == nil || c.Respond(200, nil, nil) != errAnswered || c.Start(200, nil, 0) != errAnswered {
			t.Error("answered twice")
		}
		if _, _, err := c.Hijack(); err != errAnswered {
			t.Error(err)
		}
	}
	if got := talk(t, &Server{Handler: handler}, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestExpect(t *testing.T) {
	const head = "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
	tests := []struct {
		name    string
		handler Handler
		first   string // what the client sees before it sends its body
		then    string // and after it
	}{
		{"read", echo, "HTTP/1.1 100 Continue\r\n\r\n", ok("POST / abc", "keep-alive")},
		{"too long: refused before it is sent", func(c *ServerConn, r *Request) {
			if _, err := c.ReadAll(nil, 2); err != ErrBodyTooLarge {
				t.Error(err)
			}
			c.Respond(413, nil, nil)
		}, "HTTP/1.1 413 Request Entity Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", ""},
		{"answered without reading", func(c *ServerConn, r *Request) { c.Respond(200, nil, []byte("x")) }, ok("x", "close"), ""},
		{"answer begun, then read", func(c *ServerConn, r *Request) {
			c.Start(200, nil, 3)
			c.Flush()
			b, _ := c.ReadAll(nil, 10)
			c.Write(b)
			c.Finish()
		}, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n", "abc"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			client, done := serveTCP(t, &Server{Handler: tt.handler})
			io.WriteString(client, head)
			got := make([]byte, len(tt.first)+len("Date: Mon, 02 Jan 2006 15:04:05 GMT\r\n"))
			if strings.Contains(tt.first, " 100 ") {
				got = got[:len(tt.first)]
			}
			if _, err := io.ReadFull(client, got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.first, dates.ReplaceAllString(string(got), "")); diff != "" {
				t.Error(diff)
			}
			io.WriteString(client, "abc")
			client.CloseWrite()
			rest, _ := io.ReadAll(client)
			if diff := cmp.Diff(tt.then, dates.ReplaceAllString(string(rest), "")); diff != "" {
				t.Error(diff)
			}
			<-done
		})
	}
}

func TestReadAllLimit(t *testing.T) {
	const length, chunked = "Content-Length: 5\r\n\r\nabcde", "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"
	for _, body := range []string{length, chunked} {
		for limit, want := range map[int64]error{4: ErrBodyTooLarge, 5: nil, 6: nil, 1: ErrBodyTooLarge, 0: ErrBodyTooLarge} {
			var got []byte
			var err error
			talk(t, &Server{Handler: func(c *ServerConn, r *Request) {
				got, err = c.ReadAll([]byte(">"), limit)
				c.Respond(200, nil, nil)
			}}, "POST / HTTP/1.1\r\nHost: h\r\n"+body)
			if err != want || err == nil && string(got) != ">abcde" {
				t.Errorf("limit %d of %q: %q, %v", limit, body, got, err)
			}
		}
	}
}

// Bodies of every size around the buffers', in both frames and both ways.
func TestBodySizes(t *testing.T) {
	noLeaks(t)
	for _, size := range []int{0, 1, 1023, 4096, 4097, 16384, 16385, 70000, 131072, 300000} {
		body := bytes.Repeat([]byte("0123456789abcdef!"), size/17+1)[:size]
		for _, chunked := range []bool{false, true} {
			handler := func(c *ServerConn, r *Request) {
				b, err := c.ReadAll(nil, 1<<20)
				if err != nil {
					t.Error(err)
				}
				if !chunked {
					c.Respond(200, nil, b)
					return
				}
				c.Start(200, nil, -1)
				for len(b) > 0 {
					n := min(len(b), 5000)
					c.Write(b[:n])
					b = b[n:]
				}
				c.Finish()
				if c.Sent() != int64(size) {
					t.Errorf("Sent = %d", c.Sent())
				}
			}
			client, done := serveTCP(t, &Server{Handler: handler})
			req, _ := http.NewRequest("POST", "http://h/", bytes.NewReader(body))
			if chunked {
				req.ContentLength = -1
				req.Body = io.NopCloser(struct{ io.Reader }{bytes.NewReader(body)})
			}
			go req.Write(client)
			resp, err := http.ReadResponse(bufio.NewReader(client), req)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(resp.Body)
			if err != nil || !bytes.Equal(got, body) {
				t.Errorf("size %d, chunked %v: got %d bytes, %v", size, chunked, len(got), err)
			}
			client.Close()
			<-done
		}
	}
}

// A pipelining client that waits has not left, and a disarmed cancel never runs.
// servePipe serves an in-memory connection in the bubble of a synctest.
// A client that reads nothing is cut off; one that reads slowly is not.

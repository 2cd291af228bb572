package http1

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func noDial(t *testing.T) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		t.Error("dialled")
		return nil, errors.New("no")
	}
}

// backend runs serve for each connection it gets, and counts them.
type backend struct {
	address string
	conns   atomic.Int32
}

func newBackend(t *testing.T, serve func(nc *net.TCPConn, in *bufio.Reader)) *backend {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &backend{address: l.Addr().String()}
	done := make(chan struct{})
	t.Cleanup(func() { l.Close(); <-done })
	go func() {
		defer close(done)
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			b.conns.Add(1)
			go func() {
				defer nc.Close()
				nc.SetDeadline(time.Now().Add(20 * time.Second))
				serve(nc.(*net.TCPConn), bufio.NewReader(nc))
			}()
		}
	}()
	return b
}

// answering reads requests and gives each the next of answers, then closes.
func answering(answers ...string) func(*net.TCPConn, *bufio.Reader) {
	return func(nc *net.TCPConn, in *bufio.Reader) {
		for _, a := range answers {
			req, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			io.Copy(io.Discard, req.Body)
			io.WriteString(nc, a)
		}
	}
}

func get(path string) *ClientRequest {
	return &ClientRequest{Method: "GET", Target: []byte(path), Host: []byte("h")}
}

// fetch does req and reads the whole body.
func fetch(e *Endpoint, call *Call, req *ClientRequest) (*ClientResponse, string, error) {
	resp := new(ClientResponse)
	if err := e.Do(call, req, resp); err != nil {
		return nil, "", err
	}
	defer resp.Close()
	body, err := resp.ReadAll(nil, 1<<20)
	return resp, string(body), err
}

func TestParseResponse(t *testing.T) {
	const end = "\r\n\r\n"
	tests := []struct {
		name, method, in string
		status           int
		length           int64
		body             string
		reusable         bool
	}{
		{"length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 3" + end + "abc", 200, 3, "abc", true},
		{"no reason, no blank", "GET", "HTTP/1.1 404\r\nContent-Length: 0" + end, 404, 0, "", true},
		{"odd status", "GET", "HTTP/1.1 799 Odd reason\r\nContent-Length: 0" + end, 799, 0, "", true},
		{"chunked", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked" + end + "3\r\nabc\r\n0\r\n\r\n", 200, -1, "abc", true},
		{"until close", "GET", "HTTP/1.1 200 OK" + end + "abc", 200, -1, "abc", false},
		{"close", "GET", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3" + end + "abc", 200, 3, "abc", false},
		{"1.0", "GET", "HTTP/1.0 200 OK\r\nContent-Length: 3" + end + "abc", 200, 3, "abc", false},
		{"1.0 kept alive", "GET", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3" + end + "abc", 200, 3, "abc", true},
		{"HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 3" + end, 200, 0, "", true},
		{"HEAD chunked", "HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked" + end, 200, 0, "", true},
		{"HEAD without length", "HEAD", "HTTP/1.1 200 OK" + end, 200, 0, "", true},
		{"204", "GET", "HTTP/1.1 204 No Content" + end, 204, 0, "", true},
		{"204 with a zero", "GET", "HTTP/1.1 204 No Content\r\nContent-Length: 0" + end, 204, 0, "", true},
		{"204 with a length", "GET", "HTTP/1.1 204 No Content\r\nContent-Length: 5" + end + "abcde", 204, 0, "", false},
		{"204 with a coding", "GET", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked" + end + "0\r\n\r\n", 204, 0, "", false},
		{"304 with a length", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 3" + end, 304, 0, "", true},
		{"interim answers", "GET", "HTTP/1.1 100 Continue" + end + "HTTP/1.1 103 Early Hints\r\nLink: x" + end + "HTTP/1.1 200 OK\r\nContent-Length: 1" + end + "x", 200, 1, "x", true},
		{"more than its body", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 3" + end + "abcd", 200, 3, "abc", false},
		{"two answers", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 0" + end + "HTTP/1.1 200 OK\r\nContent-Length: 0" + end, 200, 0, "", false},
		{"body for HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 3" + end + "abc", 200, 0, "", false},
	}
	noLeaks(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			hold := make(chan struct{})
			defer close(hold)
			b := newBackend(t, func(nc *net.TCPConn, in *bufio.Reader) {
				http.ReadRequest(in)
				io.WriteString(nc, tt.in)
				if tt.reusable || tt.length >= 0 {
					<-hold
				}
			})
			e := NewEndpoint(EndpointConfig{Address: b.address})
			defer e.Close()
			req := get("/")
			req.Method = tt.method
			resp, body, err := fetch(e, new(Call), req)
			if err != nil {
				t.Fatal(err)
			}
			if resp.Status != tt.status || resp.Length != tt.length || body != tt.body {
				t.Errorf("got %d, %d, %q", resp.Status, resp.Length, body)
			}
			if kept := len(e.idle) == 1; kept != tt.reusable {
				t.Errorf("kept %v", kept)
			}
		})
	}
}

func TestRefuseResponse(t *testing.T) {
	const end = "\r\n\r\n"
	tests := []struct {
		name, in string
		want     *ProtocolError // nil: the connection broke off
	}{
		{"not HTTP", "SSH-2.0-OpenSSH_9.2\r\n", errStatusLine},
		{"not HTTP, no line", "\x15\x03\x01\x00\x02", errStatusLine},
		{"HTTP/2", "HTTP/2.0 200 OK" + end, errStatusLine},
		{"HTTP/1.2", "HTTP/1.2 200 OK" + end, errStatusLine},
		{"lower case", "http/1.1 200 OK" + end, errStatusLine},
		{"two digits", "HTTP/1.1 20 OK" + end, errStatusLine},
		{"four digits", "HTTP/1.1 2000 OK" + end, errStatusLine},
		{"status 099", "HTTP/1.1 099 OK" + end, errStatusLine},
		{"signed status", "HTTP/1.1 +20 OK" + end, errStatusLine},
		{"control in the reason", "HTTP/1.1 200 O\x00K" + end, errStatusLine},
		{"long reason", "HTTP/1.1 200 " + strings.Repeat("x", 20<<10) + end, errStatusLine},
		{"bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", errBareLF},
		{"folded", "HTTP/1.1 200 OK\r\nX: y\r\n z" + end, errFolded},
		{"blank before the colon", "HTTP/1.1 200 OK\r\nX : y" + end, errNameBlank},
		{"control in a value", "HTTP/1.1 200 OK\r\nX: \x01" + end, errValue},
		{"length and coding", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked" + end + "0\r\n\r\n", errLengthAndCoding},
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6" + end, errLengthSeveral},
		{"bad length", "HTTP/1.1 200 OK\r\nContent-Length: 5, 5" + end, errLengthInvalid},
		{"unknown coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity" + end, errCodingInvalid},
		{"coding in 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked" + end + "0\r\n\r\n", errCodingOld},
		{"100 with a coding", "HTTP/1.1 100 OK\r\nTransfer-Encoding: chunked" + end, errBodyless},
		{"101", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x" + end, errSwitch},
		{"endless interim answers", strings.Repeat("HTTP/1.1 102 Processing"+end, 50), errInterim},
		{"large head", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 70<<10) + end, errHeadTooLarge},
		{"many fields", "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 300) + "\r\n", errTooManyFields},
		{"nothing", "", nil},
		{"half a head", "HTTP/1.1 200 OK\r\nConte", nil},
		{"bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked" + end + "3 \r\nabc\r\n0\r\n\r\n", errChunkSize},
		{"half a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked" + end + "3\r\nab", nil},
		{"no last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked" + end + "3\r\nabc\r\n", nil},
		{"half a body", "HTTP/1.1 200 OK\r\nContent-Length: 5" + end + "abc", nil},
	}
	noLeaks(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBackend(t, answering(tt.in))
			e := NewEndpoint(EndpointConfig{Address: b.address})
			defer e.Close()
			_, _, err := fetch(e, new(Call), get("/"))
			var call *CallError
			if !errors.As(err, &call) || call.Timeout || call.Cancelled || call.Malformed != (tt.want != nil) {
				t.Fatalf("got %#v (%v)", err, err)
			}
			if tt.want != nil && call.Err != error(tt.want) || tt.want == nil && call.Err != io.ErrUnexpectedEOF {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if len(e.idle) != 0 {
				t.Error("kept the connection")
			}
			if b.conns.Load() != 1 {
				t.Errorf("%d connections", b.conns.Load())
			}
		})
	}
}

func TestRequestOnTheWire(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 5000)
	stream := func(s string) io.Reader { return struct{ io.Reader }{strings.NewReader(s)} }
	fields := fieldsOf("x-B", "1", "X-a", "2")
	tests := []struct {
		name string
		req  ClientRequest
		want string
	}{
		{"GET", ClientRequest{Method: "GET", Header: fields}, "GET /p?q HTTP/1.1\r\nHost: h:1\r\nx-B: 1\r\nX-a: 2\r\n\r\n"},
		{"empty POST", ClientRequest{Method: "POST"}, "POST /p?q HTTP/1.1\r\nHost: h:1\r\nContent-Length: 0\r\n\r\n"},
		{"empty DELETE, forced", ClientRequest{Method: "DELETE", ForceLength: true}, "DELETE /p?q HTTP/1.1\r\nHost: h:1\r\nContent-Length: 0\r\n\r\n"},
		{"body", ClientRequest{Method: "PUT", Body: []byte("abc")}, "PUT /p?q HTTP/1.1\r\nHost: h:1\r\nContent-Length: 3\r\n\r\nabc"},
		{"body of a GET", ClientRequest{Method: "GET", Body: []byte("abc")}, "GET /p?q HTTP/1.1\r\nHost: h:1\r\nContent-Length: 3\r\n\r\nabc"},
		{"long body", ClientRequest{Method: "PUT", Body: []byte(long)}, "PUT /p?q HTTP/1.1\r\nHost: h:1\r\nContent-Length: 80000\r\n\r\n" + long},
		{"small stream", ClientRequest{Method: "PUT", Stream: stream("abc"), Length: 3}, "PUT /p?q HTTP/1.1\r\nHost: h:1\r\nContent-Length: 3\r\n\r\nabc"},
		{"long stream", ClientRequest{Method: "PUT", Stream: stream(long), Length: 80000}, "PUT /p?q HTTP/1.1\r\nHost: h:1\r\nContent-Length: 80000\r\n\r\n" + long},
		{"empty stream", ClientRequest{Method: "PUT", Stream: stream(""), Length: 0}, "PUT /p?q HTTP/1.1\r\nHost: h:1\r\nContent-Length: 0\r\n\r\n"},
		{"stream of no length", ClientRequest{Method: "PUT", Stream: stream("abcdefghijklmnopq"), Length: -1}, "PUT /p?q HTTP/1.1\r\nHost: h:1\r\nTransfer-Encoding: chunked\r\n\r\n11\r\nabcdefghijklmnopq\r\n0\r\n\r\n"},
		{"empty stream of no length", ClientRequest{Method: "PUT", Stream: stream(""), Length: -1}, "PUT /p?q HTTP/1.1\r\nHost: h:1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
	}
	noLeaks(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []byte
			b := newBackend(t, func(nc *net.TCPConn, in *bufio.Reader) {
				got = make([]byte, len(tt.want))
				n, _ := io.ReadFull(in, got)
				got = got[:n]
				io.WriteString(nc, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			})
			e := NewEndpoint(EndpointConfig{Address: b.address})
			defer e.Close()
			tt.req.Target, tt.req.Host = []byte("/p?q"), []byte("h:1")
			if _, _, err := fetch(e, new(Call), &tt.req); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A connection serves call after call; the last used goes first.
func TestReuse(t *testing.T) {
	noLeaks(t)
	const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
	b := newBackend(t, answering(answer, answer, answer, answer))
	e := NewEndpoint(EndpointConfig{Address: b.address})
	defer e.Close()
	for range 3 {
		if _, body, err := fetch(e, new(Call), get("/")); err != nil || body != "ok" {
			t.Fatal(body, err)
		}
	}
	if n := b.conns.Load(); n != 1 {
		t.Errorf("%d connections for three calls", n)
	}
	var one, two ClientResponse
	e.Do(new(Call), get("/"), &one)
	if err := e.Do(new(Call), get("/"), &two); err != nil {
		t.Fatal(err)
	}
	second := two.conn
	one.ReadAll(nil, 10)
	one.Close()
	two.ReadAll(nil, 10)
	two.Close()
	two.Close()
	if n := b.conns.Load(); n != 2 || len(e.idle) != 2 || e.idle[1] != second {
		t.Errorf("%d connections, %d idle", n, len(e.idle))
	}
	if string(one.Header.Get("content-length")) != "2" || string(one.Reason) != "OK" {
		t.Error("the head is gone after Close")
	}
}

// A body that wasn't read to its end takes the connection with it.
func TestUnreadBodyCloses(t *testing.T) {
	b := newBackend(t, answering("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n"+strings.Repeat("x", 200000)))
	e := NewEndpoint(EndpointConfig{Address: b.address})
	defer e.Close()
	var resp ClientResponse
	if err := e.Do(new(Call), get("/"), &resp); err != nil {
		t.Fatal(err)
	}
	if _, err := resp.ReadAll(nil, 100); err != ErrBodyTooLarge {
		t.Error(err)
	}
	resp.Close()
	if len(e.idle) != 0 {
		t.Error("kept")
	}
	if n, err := resp.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Error(n, err)
	}
}

// An idle connection that its backend closed, or on which it said something,
// is not used.
// The race that a check can't win: the backend closes as the request is on
// its way. It is never sent again, whatever the method.
// brokenConn fails its writes as a connection does that the peer reset.
// What was not sent at all goes out on another connection, with the part of
// a stream that was read already.
// A backend that refuses an upload in the middle is heard.
// Interim answers and a good one that comes early don't stop the upload.
// Deadlines of one connection's calls, all exact though hardly any is armed.
// Unsolicited bytes in the record of an answer, below TLS.

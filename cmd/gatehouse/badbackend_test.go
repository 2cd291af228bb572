package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// badBackend is a backend that answers by path, wrongly.
type badBackend struct {
	url  string
	gone chan string // path of a request whose caller left
}

func newBadBackend(t *testing.T) *badBackend {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &badBackend{url: "http://" + l.Addr().String(), gone: make(chan string, 1000)}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go b.serve(c)
		}
	}()
	return b
}

// serve answers one request and closes, but for a good answer.
func (b *badBackend) serve(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			b.gone <- r.URL.Path
			return
		}
		if !b.answer(c, r.URL.Path, in) {
			return
		}
	}
}

// answer says whether the connection may be used again.
func (b *badBackend) answer(c net.Conn, path string, in *bufio.Reader) bool {
	switch path {
	case "/good":
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood")
		return true
	case "/hang":
		in.Peek(1) // returns when the caller leaves
		b.gone <- path
	case "/trickle":
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
		in.Peek(1)
		b.gone <- path
	case "/garbage":
		io.WriteString(c, "\x00\x01\x02 this is not HTTP\r\n\r\n")
	case "/closes":
	case "/halfhead":
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Le")
	case "/halfbody":
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
	case "/halfchunk":
		io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhalf")
	case "/badchunk":
		io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhalf")
	case "/twolengths":
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\ngood")
	case "/smuggle":
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngoodHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
	case "/informs": // as often as it likes
		for range 10_000 {
			if _, err := io.WriteString(c, "HTTP/1.1 102 Processing\r\n\r\n"); err != nil {
				return false
			}
		}
	case "/toolarge":
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", 11<<20)
		for chunk := strings.Repeat("x", 1<<16); ; {
			if _, err := io.WriteString(c, chunk); err != nil {
				return false
			}
		}
	case "/endless":
		io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
		for chunk := "10000\r\n" + strings.Repeat("x", 1<<16) + "\r\n"; ; {
			if _, err := io.WriteString(c, chunk); err != nil {
				return false
			}
		}
	case "/bighead":
		io.WriteString(c, "HTTP/1.1 200 OK\r\nX-Big: "+strings.Repeat("x", 2<<20)+"\r\nContent-Length: 0\r\n\r\n")
	}
	return false
}

const (
	networkError  = `{"message": "Network error communicating with endpoint"}`
	timedOut      = `{"message": "Endpoint request timed out"}`
	internalError = `{"message": "Internal server error"}`
)

// brokenAnswers are what clients get when a backend misbehaves (Amazon API
// Gateway's gateway responses INTEGRATION_FAILURE, INTEGRATION_TIMEOUT and
// API_CONFIGURATION_ERROR).
var brokenAnswers = []struct {
	path   string
	status int
	body   string
}{
	{"/b/good", 200, "good"},
	{"/refused", 504, networkError},
	{"/b/hang", 504, timedOut},
	{"/b/trickle", 504, timedOut},
	{"/b/closes", 504, networkError},
	{"/b/garbage", 504, networkError},
	{"/b/halfhead", 504, networkError},
	{"/b/halfbody", 504, networkError},
	{"/b/halfchunk", 504, networkError},
	{"/b/badchunk", 504, networkError},
	{"/b/twolengths", 504, networkError},
	{"/b/smuggle", 200, "good"},
	{"/b/informs", 504, networkError},
	{"/b/toolarge", 500, internalError},
	{"/b/endless", 500, internalError},
	{"/b/bighead", 504, networkError},
	{"/b/good", 200, "good"},
}

// badDefinition calls a badBackend, a port that nobody listens on, and none.
func badDefinition(b *badBackend, refused string) string {
	return `  /b/{proxy+}:
    x-amazon-apigateway-any-method:
      parameters: [{name: proxy, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: ok}}
      x-amazon-apigateway-integration:
        type: http_proxy
        httpMethod: ANY
        timeoutInMillis: 1000
        uri: ` + b.url + `/{proxy}
        requestParameters: {integration.request.path.proxy: method.request.path.proxy}
  /refused:
    get:
      responses: {"200": {description: ok}}
      x-amazon-apigateway-integration: {type: http_proxy, httpMethod: GET, uri: "http://` + refused + `/"}
  /quick:
    get:
      responses: {"200": {description: ok}}
      x-amazon-apigateway-integration: {type: http_proxy, httpMethod: GET, timeoutInMillis: 50, uri: "` + b.url + `/hang"}
` + greeting("hi")
}

// TestBadBackends: whatever a backend does, its client gets AWS's answer.
func TestBadBackends(t *testing.T) {
	t.Parallel()
	b := newBadBackend(t)
	file := apiFile(t, badDefinition(b, deadAddress(t)))
	s := serveWith(t, file)
	s.meetsBadBackends(s.api(file))
	if a := call(t, "GET", s.invoke+"/_aws/execute-api/"+s.api(file)+"/dev/quick", "", ""); a.status != 504 || a.body != timedOut {
		t.Errorf("after 50 ms: %v", a)
	}
}

func (s *server) meetsBadBackends(api string) {
	s.t.Helper()
	base := s.invoke + "/_aws/execute-api/" + api + "/dev"
	var calls sync.WaitGroup
	defer calls.Wait()
	for _, c := range brokenAnswers {
		calls.Go(func() {
			a, err := try("GET", base+c.path, "", "")
			if err != nil || a.status != c.status || a.body != c.body {
				s.t.Errorf("%s: %d %.100q %v, want %d %s", c.path, a.status, a.body, err, c.status, c.body)
			}
		})
	}
}

package restapi

import (
	"bufio"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
)

// rawBackend answers each request with what answer makes of its bytes, an
// empty text closing the connection, and returns its address.
func rawBackend(t testing.TB, answer func(request string) string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serveRaw(c, answer)
		}
	}()
	return l.Addr().String()
}

func serveRaw(c net.Conn, answer func(string) string) {
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		request, err := readRaw(r)
		if err != nil {
			return
		}
		reply := answer(request)
		if reply == "" {
			return
		}
		if _, err := io.WriteString(c, reply); err != nil || strings.HasPrefix(reply, "close:") {
			return
		}
	}
}

// readRaw reads one request with a Content-Length or no body.
func readRaw(r *bufio.Reader) (string, error) {
	var b strings.Builder
	length := 0
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return "", err
		}
		b.WriteString(line)
		if name, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(name, "Content-Length") {
			length, _ = strconv.Atoi(strings.TrimSpace(value))
		}
		if line == "\r\n" {
			break
		}
	}
	body := make([]byte, length)
	_, err := io.ReadFull(r, body)
	b.Write(body)
	return b.String(), err
}

const rawOK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// seen is a backend that answers 200 and tells what it got.
func seen(t testing.TB) (address string, requests chan string) {
	requests = make(chan string, 1)
	return rawBackend(t, func(request string) string {
		requests <- request
		return rawOK
	}), requests
}

// reused is an exchange that a benchmark serves again and again.
type reused struct {
	x exchange.Exchange
	h http1.Header
	c call
	p []byte
	b testBody
}

func (e *reused) serve(b *testing.B, s *Stage) {
	e.x.Begin(nil)
	x := &e.x
	x.Method, x.Path, x.Host, x.Protocol, x.Header, x.Received = e.c.method, e.p, e.p, "HTTP/1.1", &e.h, testTime
	x.Body = &e.b
	x.Client = exchange.Client{IP: clientIP, Port: 443, TLS: true}
	x.Address = exchange.Address{APIID: "a1b2c3d4e5", Stage: "prod", RequestPath: e.p, StagePath: e.p, DomainName: "x", DomainPrefix: "x"}
	s.Serve(x)
	if x.Response.Status != 200 {
		b.Fatalf("answered %d %s", x.Response.Status, x.Response.Body)
	}
	x.End()
}

var clientIP = newExchange(call{}).Client.IP

func newReused(target string) *reused {
	e := &reused{c: call{method: "GET"}, p: []byte(target)}
	e.b.Reader = strings.NewReader("")
	for _, f := range []string{"Host: x", "User-Agent: wrk/4.2", "Accept: */*", "Accept-Encoding: gzip", "X-Custom: 1"} {
		name, value, _ := strings.Cut(f, ": ")
		e.h.Add(name, value)
	}
	return e
}

func BenchmarkServeMock(b *testing.B) {
	s := compileStage(b, define(map[string]*apigw.Method{"GET /r": mockMethod(`{"ok":true}`)}), nil, nil)
	e := newReused("/r")
	b.ReportAllocs()
	for b.Loop() {
		e.serve(b, s)
	}
}

func BenchmarkServeHTTPProxy(b *testing.B) {
	m := httpMethod(apigw.IntegrationHTTPProxy, "http://"+fastBackend(b)+"/{proxy}", map[string]string{"integration.request.path.proxy": "method.request.path.proxy"})
	m.Integration.HTTPMethod = "GET"
	s := compileStage(b, define(map[string]*apigw.Method{"ANY /{proxy+}": m}), nil, nil)
	e := newReused("/a/b")
	b.ReportAllocs()
	for b.Loop() {
		e.serve(b, s)
	}
}

// fastBackend answers every read with one answer and allocates nothing.
func fastBackend(b *testing.B) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	answer := []byte("HTTP/1.1 200 OK\r\nDate: Wed, 18 Jun 2025 17:28:59 GMT\r\nServer: fast\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok")
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				buf := make([]byte, 8<<10)
				for {
					if _, err := c.Read(buf); err != nil {
						return
					}
					if _, err := c.Write(answer); err != nil {
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

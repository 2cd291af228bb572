package http1

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

const benchRequest = "GET /prod/orders/42?expand=items&page=3 HTTP/1.1\r\n" +
	"Host: abcdefghij.execute-api.us-east-1.amazonaws.com\r\n" +
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n" +
	"Accept: application/json, text/plain, */*\r\n" +
	"Accept-Language: en-US,en;q=0.5\r\n" +
	"Accept-Encoding: gzip, deflate, br\r\n" +
	"Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U\r\n" +
	"X-Api-Key: 0123456789abcdef0123456789abcdef\r\n" +
	"Connection: keep-alive\r\n\r\n"

func BenchmarkParseRequest(b *testing.B) {
	limits := DefaultLimits()
	var r Request
	head := []byte(benchRequest)
	b.ReportAllocs()
	b.SetBytes(int64(len(head)))
	for range b.N {
		var p requestParser
		if done, err := p.parse(&r, head, &limits); !done || err != nil {
			b.Fatal(done, err)
		}
	}
}

// tcpPair is both ends of a loopback connection.
func tcpPair(t testing.TB) (client, server net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if client, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); server.Close() })
	return client, server
}

// BenchmarkServe is one request and answer over loopback, the client's system
// calls included.
func BenchmarkServe(b *testing.B) {
	var h Header
	h.Add("Content-Type", "application/json")
	h.Add("x-amzn-RequestId", "6f1b5c3e-0000-4000-8000-000000000000")
	body := []byte(`{"message":"hello"}`)
	s := &Server{Handler: func(c *ServerConn, r *Request) { c.Respond(200, &h, body) }}
	client, server := tcpPair(b)
	go s.ServeConn(server, ConnInfo{})
	request, buf := []byte(benchRequest), make([]byte, 4096)
	b.ReportAllocs()
	for range b.N {
		client.Write(request)
		if n, err := client.Read(buf); err != nil || n < 100 {
			b.Fatal(n, err)
		}
	}
}

// BenchmarkRawEcho is what BenchmarkServe costs without HTTP.
func BenchmarkRawEcho(b *testing.B) {
	client, server := tcpPair(b)
	request, answer := []byte(benchRequest), make([]byte, 250)
	go func() {
		buf := make([]byte, 4096)
		for {
			if _, err := server.Read(buf); err != nil {
				return
			}
			server.Write(answer)
		}
	}()
	buf := make([]byte, 4096)
	b.ReportAllocs()
	for range b.N {
		client.Write(request)
		client.Read(buf)
	}
}

// BenchmarkDo is one call to a backend that does next to nothing.
func BenchmarkDo(b *testing.B) {
	e := NewEndpoint(EndpointConfig{Address: rawBackend(b, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 19\r\n\r\n{\"message\":\"hello\"}")})
	defer e.Close()
	var (
		call Call
		resp ClientResponse
		body []byte
	)
	req := ClientRequest{Method: "GET", Target: []byte("/orders/42"), Host: []byte("backend")}
	req.Header.Add("Accept", "application/json")
	req.Header.Add("User-Agent", "benchmark")
	b.ReportAllocs()
	for range b.N {
		call.Reset()
		call.Deadline = time.Now().Add(29 * time.Second)
		if err := e.Do(&call, &req, &resp); err != nil {
			b.Fatal(err)
		}
		body, _ = resp.ReadAll(body[:0], 1<<20)
		resp.Close()
		if len(body) != 19 {
			b.Fatal(len(body))
		}
	}
}

// rawBackend answers each read with answer.
func rawBackend(t testing.TB, answer string) (address string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	out := []byte(answer)
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer nc.Close()
				buf := make([]byte, 64<<10)
				for {
					if _, err := nc.Read(buf); err != nil {
						return
					}
					if _, err := nc.Write(out); err != nil {
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

// BenchmarkProxy is the loop of a gateway: parse, call the backend, answer.
func BenchmarkProxy(b *testing.B) {
	e := NewEndpoint(EndpointConfig{Address: rawBackend(b, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 19\r\n\r\n{\"message\":\"hello\"}")})
	defer e.Close()
	var (
		call   Call
		resp   ClientResponse
		req    ClientRequest
		body   []byte
		header Header
	)
	cancel := call.Cancel
	s := &Server{Handler: func(c *ServerConn, r *Request) {
		req.Method, req.Target, req.Host = r.Method, r.Target, append(req.Host[:0], "backend"...)
		req.Header.Reset()
		for i := range r.Header.Len() {
			if k := r.Header.KnownAt(i); k != NameHost && k != NameConnection {
				req.Header.AddField(&r.Header, i)
			}
		}
		call.Reset()
		call.Deadline = r.Received.Add(29 * time.Second)
		c.OnAbandon(cancel)
		if err := e.Do(&call, &req, &resp); err != nil {
			b.Error(err)
			return
		}
		body, _ = resp.ReadAll(body[:0], 1<<20)
		resp.Close()
		c.OnAbandon(nil)
		header.Reset()
		for i := range resp.Header.Len() {
			if resp.Header.KnownAt(i) != NameContentLength {
				header.AddField(&resp.Header, i)
			}
		}
		c.Respond(resp.Status, &header, body)
	}}
	client, server := tcpPair(b)
	go s.ServeConn(server, ConnInfo{})
	request, buf := []byte(benchRequest), make([]byte, 4096)
	b.ReportAllocs()
	for range b.N {
		client.Write(request)
		if n, err := client.Read(buf); err != nil || n < 100 {
			b.Fatal(n, err)
		}
	}
}

// BenchmarkServeNetHTTP is BenchmarkServe by net/http.
func BenchmarkServeNetHTTP(b *testing.B) {
	client, server := tcpPair(b)
	l := &oneListener{nc: server, done: make(chan struct{})}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("x-amzn-RequestId", "6f1b5c3e-0000-4000-8000-000000000000")
		io.WriteString(w, `{"message":"hello"}`)
	})}
	go s.Serve(l)
	defer s.Close()
	in := bufio.NewReader(client)
	request, buf := []byte(benchRequest), make([]byte, 4096)
	b.ReportAllocs()
	for range b.N {
		client.Write(request)
		if n, err := in.Read(buf); err != nil || n < 100 {
			b.Fatal(n, err)
		}
	}
}

type oneListener struct {
	nc   net.Conn
	done chan struct{}
}

func (l *oneListener) Accept() (net.Conn, error) {
	if nc := l.nc; nc != nil {
		l.nc = nil
		return nc, nil
	}
	<-l.done
	return nil, net.ErrClosed
}
func (l *oneListener) Close() error   { close(l.done); return nil }
func (l *oneListener) Addr() net.Addr { return &net.TCPAddr{} }

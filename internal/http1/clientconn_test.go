package http1

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestStaleConnection(t *testing.T) {
	for _, then := range []string{"", "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n", "x"} {
		closed := make(chan struct{}, 10)
		b := newBackend(t, func(nc *net.TCPConn, in *bufio.Reader) {
			answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")(nc, in)
			io.WriteString(nc, then)
			nc.CloseWrite()
			closed <- struct{}{}
		})
		e := NewEndpoint(EndpointConfig{Address: b.address})
		for range 3 {
			req := get("/")
			req.Method = "POST"
			if _, body, err := fetch(e, new(Call), req); err != nil || body != "ok" {
				t.Fatal(body, err)
			}
			<-closed
			waitFor(t, func() bool { return len(e.idle) == 0 || e.idle[0].in.sock.peek() != peekQuiet })
		}
		e.Close()
	}
}

func waitFor(t *testing.T, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); !cond(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("timed out")
		}
	}
}

func TestNeverResent(t *testing.T) {
	for _, method := range []string{"GET", "POST", "PUT"} {
		var requests atomic.Int32
		b := newBackend(t, func(nc *net.TCPConn, in *bufio.Reader) {
			answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")(nc, in)
			for {
				if _, err := http.ReadRequest(in); err != nil {
					return
				}
				requests.Add(1)
				nc.SetLinger(0)
				nc.Close()
			}
		})
		e := NewEndpoint(EndpointConfig{Address: b.address})
		fetch(e, new(Call), get("/"))
		req := get("/")
		req.Method = method
		_, _, err := fetch(e, new(Call), req)
		var call *CallError
		if !errors.As(err, &call) || call.Phase != PhaseHead || call.Malformed {
			t.Errorf("%s: %v", method, err)
		}
		if n := requests.Load(); n != 1 || b.conns.Load() != 1 {
			t.Errorf("%s: %d requests on %d connections", method, n, b.conns.Load())
		}
		e.Close()
	}
}

type brokenConn struct {
	net.Conn
	broken *atomic.Bool
	writes *atomic.Int32
}

func (c *brokenConn) Write(p []byte) (int, error) {
	if c.broken.Load() {
		c.writes.Add(1)
		return 0, &net.OpError{Op: "write", Err: brokenErrors[0]}
	}
	return c.Conn.Write(p)
}

func TestSentAgainWhenNothingWasSent(t *testing.T) {
	var bodies []string
	b := newBackend(t, func(nc *net.TCPConn, in *bufio.Reader) {
		for {
			req, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			body, _ := io.ReadAll(req.Body)
			bodies = append(bodies, string(body))
			io.WriteString(nc, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		}
	})
	var dials, writes atomic.Int32
	first := new(atomic.Bool)
	e := NewEndpoint(EndpointConfig{Address: b.address, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		nc, err := new(net.Dialer).DialContext(ctx, network, address)
		if dials.Add(1) == 1 {
			nc = &brokenConn{nc, first, &writes}
		}
		return nc, err
	}})
	defer e.Close()
	fetch(e, new(Call), get("/"))
	first.Store(true)
	req := get("/")
	req.Method, req.Stream, req.Length = "POST", strings.NewReader("abc"), 3
	if _, body, err := fetch(e, new(Call), req); err != nil || body != "ok" {
		t.Fatal(body, err)
	}
	if diff := cmp.Diff([]string{"", "abc"}, bodies); diff != "" || writes.Load() != 1 || dials.Load() != 2 {
		t.Error(diff, writes.Load(), dials.Load())
	}
}

func TestEarlyAnswer(t *testing.T) {
	refuse := func(wait bool) func(nc *net.TCPConn, in *bufio.Reader) {
		return func(nc *net.TCPConn, in *bufio.Reader) {
			http.ReadRequest(in)
			io.WriteString(nc, "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
			if wait {
				time.Sleep(2 * time.Second) // reads nothing, closes nothing: the sender must look
			}
		}
	}
	tests := []struct {
		name  string
		serve func(nc *net.TCPConn, in *bufio.Reader)
		req   func(r *ClientRequest)
	}{
		{"body, closes", refuse(false), func(r *ClientRequest) { r.Body = make([]byte, 32<<20) }},
		{"body, stops reading", refuse(true), func(r *ClientRequest) { r.Body = make([]byte, 32<<20) }},
		{"stream, closes", refuse(false), func(r *ClientRequest) { r.Stream, r.Length = zeros{}, 1<<40 }},
		{"chunked stream, closes", refuse(false), func(r *ClientRequest) { r.Stream, r.Length = zeros{}, -1 }},
		{"stream, stops reading", refuse(true), func(r *ClientRequest) { r.Stream, r.Length = zeros{}, 1<<40 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			noLeaks(t)
			b := newBackend(t, tt.serve)
			e := NewEndpoint(EndpointConfig{Address: b.address})
			defer e.Close()
			req := get("/")
			req.Method = "POST"
			tt.req(req)
			resp, body, err := fetch(e, &Call{Deadline: time.Now().Add(10 * time.Second)}, req)
			if err != nil {
				t.Fatal(err)
			}
			if resp.Status != 413 || body != "big" || len(e.idle) != 0 {
				t.Error(resp.Status, body, len(e.idle))
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestAnswerDuringUpload(t *testing.T) {
	for _, early := range []string{"HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"} {
		began := make(chan struct{})
		b := newBackend(t, func(nc *net.TCPConn, in *bufio.Reader) {
			req, _ := http.ReadRequest(in)
			io.WriteString(nc, early)
			close(began)
			n, _ := io.Copy(io.Discard, req.Body)
			if !strings.Contains(early, "200") {
				io.WriteString(nc, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n")
			}
			fmt.Fprintf(nc, "%07d", n)
		})
		e := NewEndpoint(EndpointConfig{Address: b.address})
		req := get("/")
		req.Method, req.Length = "POST", -1
		pr, pw := io.Pipe()
		req.Stream = pr
		go func() {
			pw.Write(make([]byte, 100))
			<-began
			for range 10 {
				pw.Write(make([]byte, 1000))
			}
			pw.Close()
		}()
		resp, body, err := fetch(e, new(Call), req)
		if err != nil || resp.Status != 200 || body != "0010100" || len(e.idle) != 1 {
			t.Error(early, resp, body, err, len(e.idle))
		}
		e.Close()
	}
}

func TestStreamFails(t *testing.T) {
	noLeaks(t)
	boom := errors.New("boom")
	for _, length := range []int64{5, 1 << 20, -1} {
		b := newBackend(t, func(nc *net.TCPConn, in *bufio.Reader) { io.Copy(io.Discard, in) })
		for _, want := range []error{boom, io.ErrUnexpectedEOF, &net.OpError{Op: "read", Err: brokenErrors[1]}} {
			if want == io.ErrUnexpectedEOF && length < 0 {
				continue
			}
			e := NewEndpoint(EndpointConfig{Address: b.address})
			req := get("/")
			req.Method, req.Length = "POST", length
			req.Stream = io.MultiReader(strings.NewReader("abc"), &failing{want})
			_, _, err := fetch(e, new(Call), req)
			var call *CallError
			var stream *StreamError
			if !errors.As(err, &call) || !errors.As(err, &stream) || !errors.Is(err, want) || call.Phase != PhaseWrite || call.Malformed {
				t.Errorf("length %d: %v", length, err)
			}
			if len(e.idle) != 0 {
				t.Error("kept")
			}
		}
	}
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) {
	if f.err == io.ErrUnexpectedEOF {
		return 0, io.EOF
	}
	return 0, f.err
}

func TestClientTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, r.Method, " ", n)
	}))
	s.StartTLS()
	defer s.Close()
	e := NewEndpoint(EndpointConfig{Address: s.Listener.Addr().String(), TLS: s.Client().Transport.(*http.Transport).TLSClientConfig})
	defer e.Close()
	for i, size := range []int{0, 100, 20000, 300000} {
		req := get("/")
		req.Method, req.Body = "POST", bytes.Repeat([]byte("x"), size)
		_, body, err := fetch(e, &Call{Deadline: time.Now().Add(10 * time.Second)}, req)
		if want := fmt.Sprint("POST ", size); err != nil || body != want {
			t.Errorf("%d: %q, %v", i, body, err)
		}
		if len(e.idle) != 1 {
			t.Errorf("%d: %d idle", i, len(e.idle))
		}
	}
	s.Listener.Close()
	bad := NewEndpoint(EndpointConfig{Address: s.Listener.Addr().String(), TLS: &tls.Config{}})
	_, _, err := fetch(bad, new(Call), get("/"))
	checkCallError(t, err, PhaseConnect, false, false)
	plain := newBackend(t, answering("HTTP/1.1 400 Bad Request\r\n\r\n"))
	_, _, err = fetch(NewEndpoint(EndpointConfig{Address: plain.address, TLS: &tls.Config{}}), new(Call), get("/"))
	checkCallError(t, err, PhaseTLS, false, false)
}

func TestClientTLSUnsolicited(t *testing.T) {
	ts := httptest.NewUnstartedServer(nil)
	ts.StartTLS()
	defer ts.Close()
	l, err := tls.Listen("tcp", "127.0.0.1:0", ts.TLS)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var conns atomic.Int32
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			conns.Add(1)
			go func() {
				in := bufio.NewReader(nc)
				for {
					req, err := http.ReadRequest(in)
					if err != nil {
						return
					}
					body := strings.Repeat("b", 10)
					if req.URL.Path == "/extra" {
						body += "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"
					}
					io.WriteString(nc, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"+body)
				}
			}()
		}
	}()
	cfg := ts.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	cfg.ServerName = "example.com"
	e := NewEndpoint(EndpointConfig{Address: l.Addr().String(), TLS: cfg})
	defer e.Close()
	for i, path := range []string{"/", "/extra", "/", "/"} {
		_, body, err := fetch(e, new(Call), get(path))
		if err != nil || body != strings.Repeat("b", 10) {
			t.Errorf("%d: %q, %v", i, body, err)
		}
	}
	if n := conns.Load(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}

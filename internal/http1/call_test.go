package http1

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestDeadlineAndCancel(t *testing.T) {
	hold := make(chan struct{})
	silent := func(nc *net.TCPConn, in *bufio.Reader) { http.ReadRequest(in); <-hold }
	half := func(nc *net.TCPConn, in *bufio.Reader) {
		http.ReadRequest(in)
		io.WriteString(nc, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab")
		<-hold
	}
	deaf := func(nc *net.TCPConn, in *bufio.Reader) { <-hold }
	tests := []struct {
		name  string
		serve func(*net.TCPConn, *bufio.Reader)
		body  int
		phase CallPhase
	}{
		{"head", silent, 0, PhaseHead},
		{"body", half, 0, PhaseBody},
		{"write", deaf, 64 << 20, PhaseWrite},
	}
	defer close(hold)
	for _, tt := range tests {
		b := newBackend(t, tt.serve)
		e := NewEndpoint(EndpointConfig{Address: b.address})
		defer e.Close()
		req := get("/")
		req.Body = make([]byte, tt.body)
		t.Run("deadline in "+tt.name, func(t *testing.T) {
			_, _, err := fetch(e, &Call{Deadline: time.Now().Add(50 * time.Millisecond)}, req)
			checkCallError(t, err, tt.phase, true, false)
		})
		t.Run("cancel in "+tt.name, func(t *testing.T) {
			call := &Call{Deadline: time.Now().Add(20 * time.Second)}
			time.AfterFunc(30*time.Millisecond, call.Cancel)
			_, _, err := fetch(e, call, req)
			checkCallError(t, err, tt.phase, false, true)
		})
	}
	t.Run("cancelled before", func(t *testing.T) {
		e := NewEndpoint(EndpointConfig{Address: "127.0.0.1:1"})
		call := new(Call)
		call.Cancel()
		_, _, err := fetch(e, call, get("/"))
		checkCallError(t, err, PhaseConnect, false, true)
	})
	t.Run("late before", func(t *testing.T) {
		e := NewEndpoint(EndpointConfig{Address: "127.0.0.1:1"})
		_, _, err := fetch(e, &Call{Deadline: time.Now().Add(-time.Second)}, get("/"))
		checkCallError(t, err, PhaseConnect, true, false)
	})
	t.Run("cancel while dialling", func(t *testing.T) {
		e := NewEndpoint(EndpointConfig{Address: "x:1", Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}})
		call := new(Call)
		time.AfterFunc(10*time.Millisecond, call.Cancel)
		_, _, err := fetch(e, call, get("/"))
		checkCallError(t, err, PhaseConnect, false, true)
	})
	t.Run("connecting takes too long", func(t *testing.T) {
		e := NewEndpoint(EndpointConfig{Address: "x:1", ConnectTimeout: 10 * time.Millisecond, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}})
		_, _, err := fetch(e, &Call{Deadline: time.Now().Add(20 * time.Second)}, get("/"))
		checkCallError(t, err, PhaseConnect, false, false)
	})
}

func checkCallError(t *testing.T, err error, phase CallPhase, timeout, cancelled bool) {
	t.Helper()
	var call *CallError
	if !errors.As(err, &call) {
		t.Fatalf("got %v", err)
	}
	if call.Phase != phase || call.Timeout != timeout || call.Cancelled != cancelled || call.Malformed {
		t.Errorf("got phase %v, timeout %v, cancelled %v: %v", call.Phase, call.Timeout, call.Cancelled, err)
	}
}

// pausing is a body that comes in pieces, each when its function returns.
type pausing []func() string

func (p *pausing) Read(b []byte) (int, error) {
	if len(*p) == 0 {
		return 0, io.EOF
	}
	next := (*p)[0]
	*p = (*p)[1:]
	return copy(b, next()), nil
}

// TestIdleIsTheBackends: a backend that answers early doesn't bound how long the
// request may take to be sent.
func TestIdleIsTheBackends(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	early := make(chan bool)
	go func() {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		nc.Read(make([]byte, 1024))
		io.WriteString(nc, "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		close(early)
		io.Copy(io.Discard, nc)
	}()
	const idle = 20 * time.Millisecond
	body := &pausing{func() string { <-early; return "one" }, func() string { time.Sleep(2 * idle); return "two" }}
	req := &ClientRequest{Method: "POST", Target: []byte("/"), Host: []byte("x"), Stream: body, Length: -1}
	got, _, err := fetch(NewEndpoint(EndpointConfig{Address: l.Addr().String()}), &Call{Deadline: time.Now().Add(20 * time.Second), Idle: idle}, req)
	if err != nil || got.Status != 200 {
		t.Errorf("%v", err)
	}
}

func TestUnreachable(t *testing.T) {
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	l.Close()
	_, _, err := fetch(NewEndpoint(EndpointConfig{Address: l.Addr().String()}), new(Call), get("/"))
	checkCallError(t, err, PhaseConnect, false, false)
	_, _, err = fetch(NewEndpoint(EndpointConfig{Address: "name.invalid:80", Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "name.invalid", IsNotFound: true}}
	}}), new(Call), get("/"))
	checkCallError(t, err, PhaseResolve, false, false)
}

// TestBreakWhileConnecting: a connection that is being made when all are broken off
// serves no call, and the next call makes another one.
func TestBreakWhileConnecting(t *testing.T) {
	b := newBackend(t, func(nc *net.TCPConn, in *bufio.Reader) {
		for {
			if _, err := http.ReadRequest(in); err != nil {
				return
			}
			io.WriteString(nc, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		}
	})
	var e *Endpoint
	dials := 0
	e = NewEndpoint(EndpointConfig{Address: b.address, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		nc, err := new(net.Dialer).DialContext(ctx, network, address)
		if dials++; dials == 1 {
			e.Break()
		}
		return nc, err
	}})
	defer e.Close()
	_, _, err := fetch(e, new(Call), get("/"))
	checkCallError(t, err, PhaseConnect, false, false)
	for range 2 {
		if _, _, err := fetch(e, new(Call), get("/")); err != nil {
			t.Error(err)
		}
	}
	if dials != 2 {
		t.Errorf("%d connections", dials)
	}
}

func TestLazyDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var delay atomic.Int64
		e := NewEndpoint(EndpointConfig{Address: "x", IdleTimeout: time.Hour, Dial: func(context.Context, string, string) (net.Conn, error) {
			a, b := net.Pipe()
			go func() {
				defer b.Close()
				in := bufio.NewReader(b)
				for {
					if _, err := http.ReadRequest(in); err != nil {
						return
					}
					time.Sleep(time.Duration(delay.Load()))
					io.WriteString(b, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
				}
			}()
			return a, nil
		}})
		call := func(timeout, takes time.Duration) {
			t.Helper()
			delay.Store(int64(takes))
			start := time.Now()
			_, _, err := fetch(e, &Call{Deadline: start.Add(timeout)}, get("/"))
			if (err != nil) != (takes > timeout) {
				t.Errorf("timeout %v, takes %v: %v", timeout, takes, err)
			}
			if took := time.Since(start); took != min(timeout, takes) {
				t.Errorf("timeout %v, takes %v: ended after %v", timeout, takes, took)
			}
		}
		for range 40 {
			call(29*time.Second, time.Second)
			call(29*time.Second, 28*time.Second)
			call(5*time.Second, 4*time.Second)
			call(29*time.Second, 0)
			time.Sleep(7 * time.Second)
		}
		call(29*time.Second, 30*time.Second)
		call(2*time.Second, 3*time.Second)
		e.Close()
		time.Sleep(time.Hour)
	})
}

func TestIdleConnectionsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var open atomic.Int32
		e := NewEndpoint(EndpointConfig{Address: "x", IdleTimeout: 40 * time.Second, MaxIdle: 2, Dial: func(context.Context, string, string) (net.Conn, error) {
			a, b := net.Pipe()
			open.Add(1)
			go func() {
				defer open.Add(-1)
				in := bufio.NewReader(b)
				for {
					if _, err := http.ReadRequest(in); err != nil {
						return
					}
					io.WriteString(b, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
				}
			}()
			return a, nil
		}})
		var resp [3]ClientResponse
		for i := range resp {
			if err := e.Do(new(Call), get("/"), &resp[i]); err != nil {
				t.Fatal(err)
			}
		}
		for i := range resp {
			resp[i].Close()
		}
		synctest.Wait()
		if n := open.Load(); n != 2 {
			t.Errorf("%d connections kept, want 2", n)
		}
		time.Sleep(34 * time.Second)
		if n := open.Load(); n != 2 {
			t.Errorf("%d connections after 34 s, want 2", n)
		}
		time.Sleep(6 * time.Second)
		if n := open.Load(); n != 0 {
			t.Errorf("%d connections after 40 s, want none", n)
		}
	})
}

// A deadline armed for one message has long passed when the next comes; on
// sockets, where reads and writes take another way than in memory.
func TestPastDeadlinesOnSockets(t *testing.T) {
	noLeaks(t)
	const short = 30 * time.Millisecond
	s := &Server{
		Handler: func(c *ServerConn, r *Request) {
			if r.Path[1] == 's' {
				time.Sleep(2 * short)
			}
			echo(c, r)
		},
		Limits: Limits{HeaderTimeout: short, BodyTimeout: short, IdleTimeout: 20 * time.Second, WriteTimeout: short},
	}
	e := NewEndpoint(EndpointConfig{Address: listen(t, s)})
	t.Cleanup(e.Close)
	for range 3 {
		for _, timeout := range []time.Duration{20 * time.Millisecond, 10 * time.Second} {
			req := get("/fast")
			req.Body = make([]byte, 100)
			if _, body, err := fetch(e, &Call{Deadline: time.Now().Add(timeout)}, req); err != nil && timeout > time.Second || err == nil && len(body) != 110 {
				t.Errorf("%q, %v", body, err)
			}
			time.Sleep(2 * short)
		}
	}
	if len(e.idle) != 1 {
		t.Errorf("%d idle", len(e.idle))
	}
	_, _, err := fetch(e, &Call{Deadline: time.Now().Add(short)}, get("/slow"))
	checkCallError(t, err, PhaseHead, true, false)
	_, body, err := fetch(e, &Call{Deadline: time.Now().Add(10 * time.Second)}, get("/slow"))
	if err != nil || body != "GET /slow " {
		t.Error(body, err)
	}
}

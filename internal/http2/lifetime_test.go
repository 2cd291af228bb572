package http2

import (
	"context"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	h2 "golang.org/x/net/http2"

	"github.com/gatehouse/gatehouse/internal/http1"
)

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

// TestShutdownUnderLoad: while servers take over from each other, no request
// of a client that keeps asking fails.
func TestShutdownUnderLoad(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var current atomic.Pointer[Server]
	current.Store(&Server{Handler: echo})
	var serving sync.WaitGroup
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			s := current.Load()
			serving.Go(func() { s.ServeConn(nc, http1.ConnInfo{}) })
		}
	}()
	ctx, cancel := context.WithCancel(t.Context())
	var asking sync.WaitGroup
	var answered atomic.Int64
	for range 4 {
		hc := client(t)
		for range 8 {
			asking.Go(func() {
				for ctx.Err() == nil {
					resp, err := hc.Get("http://" + l.Addr().String() + "/")
					if err != nil {
						t.Error(err)
						return
					}
					if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "hello" {
						t.Errorf("%q, %v", body, err)
					}
					resp.Body.Close()
					answered.Add(1)
				}
			})
		}
	}
	for range 10 {
		for seen := answered.Load(); answered.Load() < seen+200 && !t.Failed(); {
			runtime.Gosched()
		}
		before := current.Swap(&Server{Handler: echo})
		if err := before.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	}
	cancel()
	asking.Wait()
	l.Close()
	if err := current.Load().Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	serving.Wait()
}

// TestResetsInTheMiddle: handlers of requests that their clients give up are
// told, in every phase, and nothing of them stays.
func TestResetsInTheMiddle(t *testing.T) {
	s := &Server{Handler: func(s *Stream, r *http1.Request) {
		left := make(chan struct{})
		s.OnAbandon(sync.OnceFunc(func() { close(left) }))
		switch string(r.Path) {
		case "/read":
			s.ReadAll(nil, 1<<20)
		case "/write":
			s.Start(200, nil, -1)
			for {
				if _, err := s.Write(make([]byte, 10_000)); err != nil {
					break
				}
			}
		}
		<-left
	}}
	l := listen(t, s)
	hc := client(t)
	var all sync.WaitGroup
	for i := range 300 {
		all.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			path := []string{"/read", "/write", "/wait"}[i%3]
			r, _ := http.NewRequestWithContext(ctx, "POST", "http://"+l.Addr().String()+path, &endless{after: 3 + i%20, do: cancel})
			if resp, err := hc.Do(r); err == nil {
				io.CopyN(io.Discard, resp.Body, int64(1000*i))
				cancel()
				resp.Body.Close()
			}
		})
	}
	all.Wait()
}

// endless is a body that does something after some reads, and never ends.
type endless struct {
	after int
	do    func()
}

func (e *endless) Read(p []byte) (int, error) {
	if e.after--; e.after == 0 {
		e.do()
	}
	return min(len(p), 1000), nil
}

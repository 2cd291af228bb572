package gateway

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/store"
)

// holding is a stage whose requests wait for release.
func holding(arrived chan<- struct{}, release <-chan struct{}) *fakeKind {
	return &fakeKind{serve: func(x *exchange.Exchange, def *apigw.Definition, st *apigw.Stage) {
		arrived <- struct{}{}
		<-release
		tell(x, def, st)
	}}
}

func get(c *http.Client, url string) (string, error) {
	r, err := http.NewRequest("GET", url, nil)
	if err != nil {
		return "", err
	}
	r.Host = apiHost
	resp, err := c.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != 200 {
		err = errors.New(resp.Status)
	}
	return string(body), err
}

func TestShutdownFinishesRequests(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		t.Run(fmt.Sprint("h2=", h2), func(t *testing.T) {
			arrived, release := make(chan struct{}, 1), make(chan struct{})
			e := startEdge(t, holding(arrived, release), nil)
			c := client(t, func(tr *http.Transport) {
				if h2 {
					overHTTP2(tr)
				}
			})
			idle, err := net.Dial("tcp", e.addr())
			if err != nil {
				t.Fatal(err)
			}
			defer idle.Close()
			answer := make(chan error, 1)
			go func() {
				body, err := get(c, "http://"+e.addr()+"/prod/")
				if err == nil && body != "d1" {
					err = errors.New(body)
				}
				answer <- err
			}()
			<-arrived
			down := make(chan error, 1)
			go func() { down <- e.Shutdown(context.Background()) }()
			eventually(t, "it doesn't accept any more", func() bool {
				nc, err := net.Dial("tcp", e.addr())
				if err == nil {
					nc.Close()
				}
				return err != nil
			})
			if err := e.Ready(); err == nil {
				t.Error("ready while draining")
			}
			select {
			case err := <-down:
				t.Fatalf("down with a request in flight: %v", err)
			default:
			}
			close(release)
			if err := <-answer; err != nil {
				t.Error(err)
			}
			if err := <-down; err != nil {
				t.Error(err)
			}
			if err := <-e.served; err != nil {
				t.Errorf("Serve: %v", err)
			}
			idle.SetReadDeadline(time.Now().Add(5 * time.Second))
			if _, err := idle.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("an idle connection stays open: %v", err)
			}
		})
	}
}

func TestIdleConnectionsCloseAtOnce(t *testing.T) {
	e := startEdge(t, &fakeKind{}, nil)
	nc, err := net.Dial("tcp", e.addr())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	io.WriteString(nc, "GET /prod/ HTTP/1.1\r\nHost: "+apiHost+"\r\n\r\n")
	answer := bufio.NewReader(nc)
	resp, err := http.ReadResponse(answer, nil)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, resp.Body)
	began := time.Now()
	if err := e.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if _, err := answer.ReadByte(); err != io.EOF {
		t.Errorf("the connection ends with %v", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the drain took %v", took)
	}
}

func TestShutdownCutsAtItsDeadline(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		arrived, release := make(chan struct{}, 1), make(chan struct{})
		e := startEdge(t, holding(arrived, release), nil)
		c := client(t, func(tr *http.Transport) {
			if h2 {
				overHTTP2(tr)
			}
		})
		answer := make(chan error, 1)
		go func() {
			_, err := get(c, "http://"+e.addr()+"/prod/")
			answer <- err
		}()
		<-arrived
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := e.Shutdown(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("h2 %v: Shutdown: %v", h2, err)
		}
		if err := <-answer; err == nil {
			t.Errorf("h2 %v: the request was answered", h2)
		}
		close(release)
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	g := newGateway(t, &fakeKind{}, func(c *Config) { c.Listeners = []ListenerConfig{{Address: "127.0.0.1:0"}} })
	if err := g.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := g.Serve(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestSwapUnderLoad swaps a stage many times while requests come over both
// protocols: each is answered, by a deployment that was served.
func TestSwapUnderLoad(t *testing.T) {
	const swaps = 1000
	e := startEdge(t, &fakeKind{}, nil)
	for i := range swaps {
		e.source.define("a1b2c3d4e5", fmt.Sprint("v", i))
	}
	var stop atomic.Bool
	var answered atomic.Int64
	tick := make(chan struct{})
	var all sync.WaitGroup
	for i := range 8 {
		c := client(t, func(tr *http.Transport) {
			if i%2 == 1 {
				overHTTP2(tr)
			}
		})
		all.Go(func() {
			for !stop.Load() {
				body, err := get(c, "http://"+e.addr()+"/prod/")
				if err != nil || !strings.HasPrefix(body, "v") && body != "d1" {
					t.Errorf("%q, %v", body, err)
				}
				answered.Add(1)
				select {
				case tick <- struct{}{}:
				default:
				}
			}
		})
	}
	for i := range swaps {
		e.source.batches <- store.Batch{Revision: int64(i + 2), Events: []store.Event{record("a1b2c3d4e5", "prod", fmt.Sprint("v", i))}}
		<-tick
		wait(t, e.Gateway, int64(i+2))
		<-tick
	}
	if body, err := get(client(t, nil), "http://"+e.addr()+"/prod/"); body != fmt.Sprint("v", swaps-1) {
		t.Errorf("the latest isn't served: %q, %v", body, err)
	}
	stop.Store(true)
	all.Wait()
	t.Logf("%d requests, %d compilations", answered.Load(), e.kind.compiled.Load())
	eventually(t, "replaced stages are closed", func() bool {
		runtime.GC()
		return e.kind.closed.Load() >= e.kind.compiled.Load()-2
	})
}

func TestNothingIsLeftBehind(t *testing.T) {
	count := func() (files int) {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			return 0
		}
		return len(entries)
	}
	run := func() {
		e := startEdge(t, &fakeKind{serve: mirror}, func(c *Config) { c.HandshakeTimeout = 50 * time.Millisecond })
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				tr := &http.Transport{}
				if i%2 == 1 {
					overHTTP2(tr)
				}
				defer tr.CloseIdleConnections()
				get(&http.Client{Transport: tr}, "http://"+e.addr()+"/prod/")
			})
			all.Go(func() { // a client that leaves in the middle
				if nc, err := net.Dial("tcp", e.addr()); err == nil {
					io.WriteString(nc, ("POST /prod/ HTTP/1.1\r\nHost: " + apiHost + "\r\nContent-Length: 10\r\n\r\n")[:20+3*i])
					nc.Close()
				}
			})
		}
		all.Wait()
		if err := e.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	}
	run()
	runtime.GC()
	goroutines, files := runtime.NumGoroutine(), count()
	for range 3 {
		run()
	}
	eventually(t, "goroutines end", func() bool { return runtime.NumGoroutine() <= goroutines+9 }) // three followers, which end with the test
	eventually(t, "files are closed", func() bool { return count() <= files })
}

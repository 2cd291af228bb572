package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// The overloaded backend does a little at once, for a while each: it sustains
// slowWorkers/slowService = 2,000 requests a second, whatever the machine.
const (
	slowWorkers = 8
	slowService = 4 * time.Millisecond
)

// serveSlow answers as serveBackend does, slowWorkers requests at a time; the
// others queue without bound, as they do before most servers.
func serveSlow(address string) error {
	body := []byte(`{"item":"` + strings.Repeat("x", 1000) + `"}`)
	room := make(chan struct{}, slowWorkers)
	s := &fasthttp.Server{Concurrency: 1 << 20, NoDefaultServerHeader: true, Handler: func(ctx *fasthttp.RequestCtx) {
		room <- struct{}{}
		time.Sleep(slowService)
		<-room
		ctx.SetContentType("application/json")
		ctx.SetBody(body)
	}}
	return s.ListenAndServe(address)
}

// overload shows what three times the load that a backend sustains costs. The
// load is open: requests come at their time, however slow the answers are,
// each on a connection that is free or a new one. Latencies count from the
// time when the request was due.
func overload(o options) error {
	fmt.Printf("\noverload: a backend that does %d requests at a time, %v each; half, then three times what it sustains; phases of %v\n",
		slowWorkers, slowService, o.duration)
	fmt.Printf("%-26s %9s %11s %11s %8s %9s %11s %11s %8s %8s\n", "limits", "peak/s", "half p50", "half p99", "refused", "3x good/s", "3x p50", "3x p99", "refused", "failed")
	o.peers, o.slow = []string{"gatehouse"}, true
	o.limits = fmt.Sprintf("{backends: {'<backend>': %d}}", slowWorkers)
	var goodput, slower []float64
	for range o.rounds {
		r, err := overloadOnce(o, "backends: what it does")
		if err != nil {
			return err
		}
		goodput = append(goodput, r.over.good/r.peak)
		slower = append(slower, r.over.p99/r.half.p99)
	}
	o.limits = "{}"
	if _, err := overloadOnce(o, "default"); err != nil {
		return err
	}
	slices.Sort(goodput)
	slices.Sort(slower)
	share, times := goodput[len(goodput)/2], slower[len(slower)/2]
	fmt.Printf("bounded, medians: goodput at three times the load is %.0f %% of the peak (budget: at least 90), p99 %.1f times that at half load (at most 5)\n",
		100*share, times)
	if share < 0.9 || times > 5 {
		return errors.New("overload: out of budget")
	}
	return nil
}

// overloaded is what one configuration came to.
type overloaded struct {
	peak       float64 // good answers per second with as many clients as keep the backend busy
	half, over openResult
}

func overloadOnce(o options, name string) (r overloaded, err error) {
	w, err := newWorkshop(o)
	if err != nil {
		return r, err
	}
	defer w.close()
	t := w.peers[0].targets["plain"]
	if r.peak, err = closedLoad(t, 4*slowWorkers, o.duration); err != nil {
		return r, err
	}
	for _, phase := range []struct {
		times float64
		into  *openResult
	}{{0.5, &r.half}, {3, &r.over}} {
		if *phase.into, err = openLoad(t, phase.times*r.peak, o.duration); err != nil {
			return r, err
		}
	}
	ms := func(µs float64) string { return fmt.Sprintf("%.1f ms", µs/1e3) }
	fmt.Printf("%-26s %9.0f %11s %11s %8d %9.0f %11s %11s %8d %8d\n", name, r.peak, ms(r.half.p50), ms(r.half.p99), r.half.refused+r.half.failed,
		r.over.good, ms(r.over.p50), ms(r.over.p99), r.over.refused, r.over.failed)
	return r, nil
}

// openResult is what an open load came to.
type openResult struct {
	good            float64 // answers with 200 per second
	p50, p99, p999  float64 // of those, µs
	refused, failed int     // answers with 503; no answer, or another one
}

// tooLong is when an open load stops waiting for an answer.
const tooLong = 10 * time.Second

// maxOpen bounds the connections of an open load; what finds none has failed.
const maxOpen = 8000

// lead is how long an open load runs before it counts.
const lead = time.Second

// openLoad sends perSecond requests a second for lead and d.
func openLoad(t target, perSecond float64, d time.Duration) (r openResult, err error) {
	l := &loader{target: t}
	defer l.close()
	var mu sync.Mutex // guards latencies and r
	var latencies []float64
	var requests sync.WaitGroup
	begin := time.Now()
	for sent := 0; sent < int(perSecond*(lead+d).Seconds()); {
		due := begin.Add(time.Duration(float64(sent) / perSecond * 1e9))
		if wait := time.Until(due); wait > 0 {
			time.Sleep(wait)
			continue
		}
		sent++
		requests.Go(func() {
			status, err := l.get()
			took := float64(time.Since(due).Nanoseconds()) / 1e3
			mu.Lock()
			defer mu.Unlock()
			switch {
			case due.Sub(begin) < lead:
			case err == nil && status == http.StatusOK:
				latencies = append(latencies, took)
			case err == nil && status == http.StatusServiceUnavailable:
				r.refused++
			default:
				r.failed++
			}
		})
	}
	took := (time.Since(begin) - lead).Seconds()
	answered := func() float64 { mu.Lock(); defer mu.Unlock(); return float64(len(latencies)) }()
	requests.Wait()
	if len(latencies) == 0 {
		return r, errors.New("no request was served")
	}
	r.good = answered / took // what comes after the last was sent is too late to count
	slices.Sort(latencies)
	r.p50, r.p99, r.p999 = latencies[len(latencies)/2], latencies[len(latencies)*99/100], latencies[len(latencies)*999/1000]
	return r, nil
}

// pacedLoad sends perSecond requests a second on n connections, each of which
// sends its own at equal times and the next only once it has its answer: a load
// that takes the client little. Latencies count from the time when the request
// was due.
func pacedLoad(t target, perSecond float64, n int, d time.Duration) (r openResult, err error) {
	l := &loader{target: t}
	defer l.close()
	every := time.Duration(float64(n) / perSecond * 1e9)
	took := make([][]float64, n)
	var failed, refused atomic.Int64
	var clients sync.WaitGroup
	begin := time.Now()
	for i := range n {
		clients.Go(func() {
			for due := begin.Add(every * time.Duration(i) / time.Duration(n)); due.Sub(begin) < lead+d; due = due.Add(every) {
				time.Sleep(time.Until(due))
				status, err := l.get()
				switch {
				case due.Sub(begin) < lead:
				case err == nil && status == http.StatusOK:
					took[i] = append(took[i], float64(time.Since(due).Nanoseconds())/1e3)
				case err == nil && status == http.StatusServiceUnavailable:
					refused.Add(1)
				default:
					failed.Add(1)
				}
			}
		})
	}
	clients.Wait()
	latencies := slices.Concat(took...)
	if len(latencies) == 0 {
		return r, errors.New("no request was served")
	}
	slices.Sort(latencies)
	at := func(thousandths int) float64 { return latencies[len(latencies)*thousandths/1000] }
	r = openResult{good: float64(len(latencies)) / d.Seconds(), p50: at(500), p99: at(990), p999: at(999), refused: int(refused.Load()), failed: int(failed.Load())}
	return r, nil
}

// closedLoad is how many requests a second n clients get served, each sending
// its next when it has its answer.
func closedLoad(t target, n int, d time.Duration) (perSecond float64, err error) {
	l := &loader{target: t}
	defer l.close()
	var good atomic.Int64
	var clients sync.WaitGroup
	end := time.Now().Add(d)
	for range n {
		clients.Go(func() {
			for time.Now().Before(end) {
				if status, err := l.get(); err == nil && status == http.StatusOK {
					good.Add(1)
				}
			}
		})
	}
	clients.Wait()
	if good.Load() == 0 {
		return 0, errors.New("no request was served")
	}
	return float64(good.Load()) / d.Seconds(), nil
}

// loader sends requests on connections that it keeps.
type loader struct {
	target target

	mu   sync.Mutex // guards what follows
	idle []*loadConn
	open int
}

type loadConn struct {
	net.Conn
	r *bufio.Reader
}

func (l *loader) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.idle {
		c.Close()
	}
	l.idle = nil
}

// get is one request.
func (l *loader) get() (status int, err error) {
	c, err := l.take()
	if err != nil {
		return 0, err
	}
	keep := false
	defer func() { l.give(c, keep) }()
	address, path, _ := strings.Cut(strings.TrimPrefix(l.target.url, "http://"), "/")
	host := l.target.host
	if host == "" {
		host = address
	}
	_ = c.SetDeadline(time.Now().Add(tooLong))
	if _, err := fmt.Fprintf(c, "GET /%s HTTP/1.1\r\nHost: %s\r\n\r\n", path, host); err != nil {
		return 0, err
	}
	response, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return 0, err
	}
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return 0, err
	}
	keep = !response.Close
	return response.StatusCode, nil
}

func (l *loader) take() (*loadConn, error) {
	l.mu.Lock()
	if n := len(l.idle); n > 0 {
		c := l.idle[n-1]
		l.idle = l.idle[:n-1]
		l.mu.Unlock()
		return c, nil
	}
	if l.open >= maxOpen {
		l.mu.Unlock()
		return nil, errors.New("all connections are in use")
	}
	l.open++
	l.mu.Unlock()
	address, _, _ := strings.Cut(strings.TrimPrefix(l.target.url, "http://"), "/")
	c, err := net.Dial("tcp", address)
	if err != nil {
		l.mu.Lock()
		l.open--
		l.mu.Unlock()
		return nil, err
	}
	return &loadConn{c, bufio.NewReader(c)}, nil
}

func (l *loader) give(c *loadConn, keep bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if keep {
		l.idle = append(l.idle, c)
		return
	}
	l.open--
	c.Close()
}

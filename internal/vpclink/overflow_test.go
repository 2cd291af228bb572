package vpclink

import (
	"fmt"
	"math"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// gathering holds requests until so many are there at once.
type gathering struct {
	mu   sync.Mutex
	size int
	came int
	full chan struct{}
}

// wait returns when the last of size requests has come.
func (g *gathering) wait() {
	g.mu.Lock()
	full := g.full
	if g.came++; g.came == g.size {
		close(full)
		g.came, g.full = 0, make(chan struct{})
	}
	g.mu.Unlock()
	<-full
}

// TestOverflowShare: over 100,000 requests, 40 of which are in flight at once, a
// group keeps as many as its targets in use may have, and what overflows is the
// rest, within 2 %: while all four targets are healthy, while two aren't, and when
// these are back.
func TestOverflowShare(t *testing.T) {
	requests := 100_000
	if testing.Short() {
		requests = 12_000
	}
	const clients, targets, perTarget = 40, 4, 6
	together := &gathering{size: clients, full: make(chan struct{})}
	var ill atomic.Bool // two targets
	var home, cloud atomic.Int64
	serve := func(count *atomic.Int64, fails bool) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/health" {
				if fails && ill.Load() {
					w.WriteHeader(500)
				}
				return
			}
			count.Add(1)
			together.wait()
		}
	}
	near, far := targetGroup(groupARN, "HTTP"), targetGroup(otherARN, "HTTP", target(addressOf(t, served(t, "", serve(&cloud, false)))))
	for i := range targets {
		near.Targets = append(near.Targets, target(addressOf(t, served(t, "", serve(&home, i%2 == 0)))))
	}
	near.Attributes = map[string]string{apigw.AttributeOverflowGroup: string(otherARN), apigw.AttributeOverflowAt: fmt.Sprint(perTarget)}
	checked(near).Health.TimeoutSeconds = 30 // however busy the machine is
	b := newBook(t, Config{})
	b.SetTargetGroups([]*apigw.TargetGroup{near, far})
	b.SetLoadBalancers([]*apigw.LoadBalancer{applicationBalancer(forwardTo(groupARN))})
	backend := b.Acquire(albPlace(t, "http://x/"))
	defer backend.Release()
	callers := make([]*caller, clients)
	for i := range callers {
		callers[i] = newCaller()
	}
	rounds := requests / 3 / clients
	for _, inUse := range []int{targets, targets / 2, targets} {
		ill.Store(inUse < targets)
		eventually(t, "as many healthy targets as there are", func() bool {
			healthy, unhealthy := b.groups[groupARN].set.Count()
			return healthy == inUse && unhealthy == targets-inUse
		})
		home.Store(0)
		cloud.Store(0)
		for range rounds {
			var round sync.WaitGroup
			for _, c := range callers {
				round.Go(func() {
					if a := c.send(backend, "GET http://x/"); a.fault != nil || a.status != 200 {
						t.Errorf("%+v", a)
					}
				})
			}
			round.Wait()
		}
		all := float64(home.Load() + cloud.Load())
		if all != float64(rounds*clients) {
			t.Errorf("%.0f requests came of %d", all, rounds*clients)
		}
		want := 1 - float64(inUse*perTarget)/clients
		if got := float64(cloud.Load()) / all; math.Abs(got-want) > 0.02 {
			t.Errorf("%d targets in use: %.4f of the requests overflowed, not %.4f", inUse, got, want)
		}
	}
	if m := b.groups[otherARN].set.InFlight() + b.groups[groupARN].set.InFlight(); m != 0 {
		t.Errorf("%d in flight when all has ended", m)
	}
}

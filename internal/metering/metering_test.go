package metering

import (
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

var orders = apigw.MeteredPlace{Scope: apigw.Scope{Partition: "aws", Account: "123456789012", Region: "us-east-1"}, API: "a1b2c3d4e5", Stage: "prod"}

// TestNothingIsLost: whatever is counted while others drain is drained once.
func TestNothingIsLost(t *testing.T) {
	b := NewBook(time.Now)
	keys := []apigw.APIKeyID{"", "k1", "k2", "k3"}
	const each = 5000
	var counting sync.WaitGroup
	for _, key := range keys {
		counting.Go(func() {
			m := b.Acquire(orders, "")
			defer b.Release(m)
			for range each {
				m.Count(key, 3)
			}
		})
	}
	done := make(chan struct{})
	go func() { counting.Wait(); close(done) }()
	sum := map[apigw.APIKeyID]apigw.MeteredAmount{}
	drain := func() {
		counts, _ := b.Drain()
		for _, n := range counts {
			sum[n.Key] = sum[n.Key].Plus(n.Amount)
		}
	}
	for running := true; running; drain() {
		select {
		case <-done:
			running = false
		default:
		}
	}
	one := apigw.MeteredAmount{Calls: each, Bytes: 3 * each}
	want := map[apigw.APIKeyID]apigw.MeteredAmount{"": {Calls: 4 * each, Bytes: 12 * each}, "k1": one, "k2": one, "k3": one}
	if d := cmp.Diff(want, sum); d != "" {
		t.Error(d)
	}
	if len(b.meters) != 0 {
		t.Error("a meter that nobody holds is kept")
	}
}

func TestCaches(t *testing.T) {
	b := NewBook(time.Now)
	old := b.Acquire(orders, "0.5")
	now := b.Acquire(orders, "1.6") // the stage was changed
	b.Release(old)
	if _, caches := b.Drain(); caches[orders] != "1.6" {
		t.Errorf("caches %v", caches)
	}
	b.Release(now)
	if _, caches := b.Drain(); len(caches) != 0 {
		t.Errorf("caches %v of a stage that is gone", caches)
	}
}

// TestCost: the examples can be checked by hand with AWS's price list.
func TestCost(t *testing.T) {
	p := DefaultPrices()
	for name, c := range map[string]struct {
		stage apigw.MeteredStage
		want  Cost
	}{
		"nothing":   {apigw.MeteredStage{}, Cost{}},
		"free tier": {apigw.MeteredStage{MeteredAmount: apigw.MeteredAmount{Calls: 1e6}}, Cost{Requests: 3.5, Total: 3.5}},
		"two tiers": {apigw.MeteredStage{MeteredAmount: apigw.MeteredAmount{Calls: 400e6}}, // 333 × 3.50 + 67 × 2.80
			Cost{Requests: 1353.1, Total: 1353.1, FirstYear: 1350.3}},
		"all tiers": {apigw.MeteredStage{MeteredAmount: apigw.MeteredAmount{Calls: 21e9}}, // 333 × 3.50 + 667 × 2.80 + 19,000 × 2.38 + 1,000 × 1.51
			Cost{Requests: 49763.1, Total: 49763.1, FirstYear: 49761.59}},
		"a cache": {apigw.MeteredStage{CacheHours: map[string]int{"0.5": 10, "6.1": 2, "2": 7}}, Cost{Cache: 0.6, Total: 0.6, FirstYear: 0.6}},
		"messages": {apigw.MeteredStage{MeteredAmount: apigw.MeteredAmount{Messages: 1500e6}}, // 1000 × 1.00 + 500 × 0.80
			Cost{Messages: 1400, Total: 1400, FirstYear: 1399.2}},
		"connections": {apigw.MeteredStage{MeteredAmount: apigw.MeteredAmount{Connected: 2e6 * 60_000}}, // 2 × 0.25, 0.75 of them free
			Cost{Connections: 0.5, Total: 0.5, FirstYear: 0.3125}},
		"data": {apigw.MeteredStage{MeteredAmount: apigw.MeteredAmount{Bytes: 110 << 30}}, Cost{Transfer: 0.9, Total: 0.9, FirstYear: 0.9}},
	} {
		t.Run(name, func(t *testing.T) {
			got := p.Cost([]*apigw.MeteredStage{&c.stage})
			c.want.Currency = "USD"
			near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-6 })
			if d := cmp.Diff(c.want, got, near); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestCheckPrices(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Prices)
		want   string
	}{
		"AWS's":          {func(*Prices) {}, ""},
		"no tier":        {func(p *Prices) { p.Requests = nil }, "requests has no tier"},
		"no last tier":   {func(p *Prices) { p.Transfer = p.Transfer[:2] }, "transfer: tier 2"},
		"tiers descend":  {func(p *Prices) { p.Requests[1].UpTo = 5 }, "requests: tier 2"},
		"negative price": {func(p *Prices) { p.Requests[0].Price = -1 }, "requests: tier 1"},
		"no size":        {func(p *Prices) { p.CacheHour["large"] = 1 }, "cacheHour: large"},
		"owing requests": {func(p *Prices) { p.FreeRequests = -1 }, "freeRequests"},
		"owing messages": {func(p *Prices) { p.FreeMessages = -1 }, "freeMessages"},
		"owing minutes":  {func(p *Prices) { p.FreeConnectionMinutes = -1 }, "freeConnectionMinutes"},
		"paid minutes":   {func(p *Prices) { p.ConnectionMinutes = -1 }, "connectionMinutes"},
		"no message":     {func(p *Prices) { p.Messages = nil }, "messages has no tier"},
	} {
		t.Run(name, func(t *testing.T) {
			p := DefaultPrices()
			c.change(&p)
			err := p.Check()
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func BenchmarkCount(b *testing.B) {
	m := NewBook(time.Now).Acquire(orders, "")
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			m.Count("k1", 100)
		}
	})
}

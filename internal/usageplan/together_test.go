//go:build unix

package usageplan

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/tally"
	"github.com/gatehouse/gatehouse/internal/valkey"
	"github.com/gatehouse/gatehouse/internal/valkey/valkeytest"
)

// together is the Book of a node that shares a Valkey server, with key k of a
// plan with a quota.
func together(t *testing.T, address string, quota int) (*Book, *tally.Ledger) {
	t.Helper()
	s := valkey.Open(valkey.Config{Address: address, Timeout: 5 * time.Second})
	t.Cleanup(s.Close)
	for end := time.Now().Add(10 * time.Second); !s.Up(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(s.Err())
		}
	}
	ledger := tally.New(s, nil)
	b := NewBook(nil, ledger)
	b.Update(func(e *Edit) {
		e.AddToPlan(PlanRef{scope, "p"}, "k")
		e.SetPlan(scope, &apigw.UsagePlan{ID: "p", Quota: &apigw.Quota{Limit: quota, Period: "MONTH"},
			Stages: []apigw.PlanStage{{API: prod.API, Stage: prod.Stage}}})
		e.SetKey(scope, "k", value("k"), true)
		b.Complete()
	})
	return b, ledger
}

// take asks all nodes for a request.
func take(t testing.TB, b *Book, l *tally.Ledger) Verdict {
	u := find(t, b)
	r := Request{Path: "/pets", Route: "GET", Verb: "GET", Now: 1, Unix: time.Now().Unix()}
	ask := tally.Ask{Now: 1}
	if v, _ := u.Prepare(&r, &ask); v != Admitted {
		return v
	}
	v, ok := l.Admit(&ask)
	if !ok {
		t.Error("no answer")
	}
	u.Settled(v, &ask)
	if v == tally.OverQuota {
		return OverQuota
	}
	return Admitted
}

// TestTogether: nodes that store and hear of counts while they ask one server
// let in exactly the quota, and as many more as somebody gives.
func TestTogether(t *testing.T) {
	const quota = 2000
	there := valkeytest.Start(t)
	ref := PlanRef{scope, "p"}
	var books []*Book
	var ledgers []*tally.Ledger
	for range 3 {
		b, l := together(t, there.Address, quota)
		books, ledgers = append(books, b), append(ledgers, l)
	}
	var mu sync.Mutex // guards stored
	stored := map[apigw.APIKeyID]int64{}
	store := func(b *Book) { // as each node does every second
		mu.Lock()
		defer mu.Unlock()
		list := b.Drain()
		if len(list) == 0 {
			return
		}
		stored["k"] += list[0].N
		total := map[apigw.APIKeyID]int64{"k": stored["k"]}
		for _, other := range books {
			other.Update(func(e *Edit) {
				if other == b {
					e.Settle(list, ref, list[0].Day, total)
				} else {
					e.SetCounts(ref, list[0].Day, total)
				}
			})
		}
	}
	var admitted atomic.Int64
	var all sync.WaitGroup
	for i, b := range books {
		for range 4 {
			all.Go(func() {
				for n := range 300 {
					if take(t, b, ledgers[i]) == Admitted {
						admitted.Add(1)
					}
					if n%20 == 0 {
						store(b)
					}
				}
			})
		}
	}
	all.Wait()
	if n := admitted.Load(); n != quota {
		t.Errorf("%d let in of a quota of %d", n, quota)
	}
	for _, b := range books {
		store(b)
	}
	if stored["k"] != quota {
		t.Errorf("%d counted of %d", stored["k"], quota)
	}
	asked := ledgers[0].Asked()
	if v := take(t, books[0], ledgers[0]); v != OverQuota || ledgers[0].Asked() > asked+1 {
		t.Errorf("%v, after %d questions", v, ledgers[0].Asked()-asked)
	}
	asked = ledgers[0].Asked()
	if v := take(t, books[0], ledgers[0]); v != OverQuota || ledgers[0].Asked() != asked {
		t.Error("a quota that is known to be used up is asked for")
	}
	for _, b := range books {
		b.Update(func(e *Edit) {
			e.SetGrant(ref, "k", &apigw.UsageGrant{Day: apigw.DayOfUnix(time.Now().Unix()), Limit: quota + 2})
		})
	}
	for i, want := range []Verdict{Admitted, Admitted, OverQuota} {
		if v := take(t, books[i], ledgers[i]); v != want {
			t.Errorf("of two more, request %d: %v", i, v)
		}
	}
}

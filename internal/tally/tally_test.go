//go:build unix

package tally

import (
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	valkeygo "github.com/valkey-io/valkey-go"

	"github.com/gatehouse/gatehouse/internal/throttle"
	"github.com/gatehouse/gatehouse/internal/valkey"
	"github.com/gatehouse/gatehouse/internal/valkey/valkeytest"
)

// node is a node's use of a server.
type node struct {
	*Ledger
	epoch time.Time
}

func newNode(t testing.TB, address string) *node {
	t.Helper()
	s := valkey.Open(valkey.Config{Address: address, Timeout: 5 * time.Second})
	t.Cleanup(s.Close)
	for end := time.Now().Add(10 * time.Second); !s.Up(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(s.Err())
		}
	}
	return &node{New(s, nil), time.Now()}
}

func (n *node) now() int64 { return int64(time.Since(n.epoch)) }

func (n *node) gate(name string, l throttle.Limit) *Gate { return n.Gate(name, l, throttle.New(l)) }

func (n *node) admit(t testing.TB, a Ask) Verdict {
	t.Helper()
	a.Now = n.now()
	v, ok := n.Admit(&a)
	if !ok {
		t.Fatal("no answer")
	}
	return v
}

// TestOrder: the plan's throttle is asked first, then its quota, then the
// method's throttle; what one refuses, those after it don't count.
func TestOrder(t *testing.T) {
	n := newNode(t, valkeytest.Start(t).Address)
	slow := throttle.Limit{Rate: 0.001, Burst: 2}
	plan, method := n.gate("plan", throttle.Limit{Rate: 0.001, Burst: 6}), n.gate("method", slow)
	ask := Ask{Plan: plan, Method: method, Quota: Quota{Key: Key("q", "a"), Most: 4, Until: time.Now().Add(time.Hour).Unix()}}
	for i, want := range []Verdict{Admitted, Admitted, MethodThrottled} { // two of the quota are left
		if v := n.admit(t, ask); v != want {
			t.Errorf("request %d: %v, want %v", i, v, want)
		}
	}
	if method.Open(n.now()) || !plan.Open(n.now()) {
		t.Error("a bucket without tokens isn't known to be empty, or another one is")
	}
	ask.Method = nil
	for i, want := range []Verdict{Admitted, Admitted, OverQuota, PlanThrottled} {
		if v := n.admit(t, ask); v != want {
			t.Errorf("then request %d: %v, want %v", i, v, want)
		}
	}
	ask.Plan = nil
	ask.Quota.Most, ask.Quota.Known = 10, 9 // more is known than the server has
	for i, want := range []Verdict{Admitted, OverQuota} {
		if v := n.admit(t, ask); v != want {
			t.Errorf("with more known, request %d: %v, want %v", i, v, want)
		}
	}
}

// TestExact: many at once, on three nodes, get exactly the quota and, at any
// rate, what one bucket has.
func TestExact(t *testing.T) {
	there := valkeytest.Start(t)
	var quota, burst atomic.Int64
	var all sync.WaitGroup
	l := throttle.Limit{Rate: 0.01, Burst: 700}
	until := time.Now().Add(time.Hour).Unix()
	for range 3 {
		n := newNode(t, there.Address)
		g := n.gate("bucket", l)
		for range 8 {
			all.Go(func() {
				for range 100 {
					a := Ask{Now: n.now(), Quota: Quota{Key: Key("q", "k"), Most: 1000, Until: until}}
					if v, ok := n.Admit(&a); ok && v == Admitted {
						quota.Add(1)
					}
					a = Ask{Now: n.now(), Plan: g}
					if v, ok := n.Admit(&a); ok && v == Admitted {
						burst.Add(1)
					}
				}
			})
		}
	}
	all.Wait()
	if quota.Load() != 1000 || burst.Load() != 700 {
		t.Errorf("%d of a quota of 1000, %d of a burst of 700", quota.Load(), burst.Load())
	}
}

// TestRate: what comes back is the rate, and while a bucket is known to be empty
// nobody is asked.
func TestRate(t *testing.T) {
	n := newNode(t, valkeytest.Start(t).Address)
	l := throttle.Limit{Rate: 333, Burst: 30}
	g := n.gate("bucket", l)
	taken, begun := 0, time.Now()
	for time.Since(begun) < 2*time.Second {
		if g.Open(n.now()) && n.admit(t, Ask{Plan: g}) == Admitted {
			taken++
		}
	}
	want := l.Rate*time.Since(begun).Seconds() + float64(l.Burst)
	if n := float64(taken); n > 1.01*want+2 || n < 0.8*want { // fewer on a machine that keeps this test waiting
		t.Errorf("%d taken, want %.0f", taken, want)
	}
	if asked := n.Asked(); asked > int64(3*want) {
		t.Errorf("%d questions for %d tokens", asked, taken)
	}
	slow := n.gate("slow", throttle.Limit{Rate: 0.001, Burst: 2})
	n.admit(t, Ask{Plan: slow})
	n.admit(t, Ask{Plan: slow})
	if slow.local.Take(n.now()) {
		t.Error("the node's own bucket doesn't know what was taken")
	}
}

// TestAnew: a server that has forgotten everything is used on, and one that
// refuses is none.
func TestAnew(t *testing.T) {
	there := valkeytest.Start(t)
	n := newNode(t, there.Address)
	ask := Ask{Quota: Quota{Key: Key("q", "a"), Most: 4, Until: time.Now().Add(time.Hour).Unix()}}
	n.admit(t, ask)
	there.Kill()
	if _, ok := n.Admit(&ask); ok {
		t.Error("an answer of a server that is gone")
	}
	there.Start()
	for !n.Up() {
		time.Sleep(time.Millisecond)
	}
	ask.Quota.Known = 2
	for i, want := range []Verdict{Admitted, Admitted, OverQuota} {
		if v := n.admit(t, ask); v != want {
			t.Errorf("request %d: %v, want %v", i, v, want)
		}
	}
	there.Kill()
	there = valkeytest.Start(t, "--maxmemory", "1", "--maxmemory-policy", "noeviction")
	n = newNode(t, there.Address)
	if _, ok := n.Admit(&ask); ok {
		t.Error("a server without room let a request in")
	}
}

// TestClockBack: a bucket that was taken from in what is the future now, since the
// server's clock went back, is empty and fills.
func TestClockBack(t *testing.T) {
	n := newNode(t, valkeytest.Start(t).Address)
	g := n.gate("bucket", throttle.Limit{Rate: 20, Burst: 2})
	future := strconv.FormatInt(time.Now().Add(time.Hour).UnixMicro(), 10)
	if _, err := n.server.Do(t.Context(), func(b valkeygo.Builder) valkeygo.Completed { return b.Set().Key(g.key).Value(future).Build() }); err != nil {
		t.Fatal(err)
	}
	if v := n.admit(t, Ask{Plan: g}); v != PlanThrottled {
		t.Errorf("%v, want it empty", v)
	}
	for end := time.Now().Add(10 * time.Second); !g.Open(n.now()) || n.admit(t, Ask{Plan: g}) != Admitted; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nobody is let in any more")
		}
	}
}

// TestNone: what lets nobody in or everybody needs no server, nor does a nil
// Ledger.
func TestNone(t *testing.T) {
	var l *Ledger
	if l.Up() || l.Gate("a", throttle.Limit{Rate: 1, Burst: 1}, nil) != nil || New(nil, nil) != nil {
		t.Error("a Ledger without a server")
	}
	l = &Ledger{}
	if l.Gate("a", throttle.Limit{}, nil) != nil || l.Gate("a", throttle.Limit{Rate: math.Inf(1), Burst: 1}, nil) != nil {
		t.Error("a gate of nothing")
	}
}

func BenchmarkAdmit(b *testing.B) {
	n := newNode(b, valkeytest.Start(b).Address)
	g := n.gate("bucket", throttle.Limit{Rate: 1e6, Burst: 1e6})
	until := time.Now().Add(time.Hour).Unix()
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			a := Ask{Now: n.now(), Plan: g, Quota: Quota{Key: Key("q", "k"), Most: 1 << 50, Until: until}}
			n.Admit(&a)
		}
	})
}

// TestUser: a user who may do what docs/cluster.md says is enough.
func TestUser(t *testing.T) {
	docs, err := os.ReadFile(filepath.Join("..", "..", "docs", "cluster.md"))
	if err != nil {
		t.Fatal(err)
	}
	rules := regexp.MustCompile("`(~gatehouse:[^`]*)`").FindSubmatch(docs)
	if rules == nil {
		t.Fatal("docs/cluster.md doesn't say what a user needs")
	}
	there := valkeytest.Start(t, append([]string{"--user", "node", "on", ">secret"}, strings.Fields(string(rules[1]))...)...)
	s := valkey.Open(valkey.Config{Address: there.Address, Username: "node", Password: "secret", Timeout: 5 * time.Second})
	defer s.Close()
	for end := time.Now().Add(10 * time.Second); !s.Up(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(s.Err())
		}
	}
	n := &node{New(s, nil), time.Now()}
	l := throttle.Limit{Rate: 1, Burst: 1}
	ask := Ask{Plan: n.gate("plan", l), Method: n.gate("method", l), Quota: Quota{Key: Key("q", "a"), Most: 4, Until: time.Now().Add(time.Hour).Unix()}}
	for _, want := range []Verdict{Admitted, PlanThrottled} {
		if v := n.admit(t, ask); v != want {
			t.Errorf("%v, want %v", v, want)
		}
	}
}

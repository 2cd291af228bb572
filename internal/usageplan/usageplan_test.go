package usageplan

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

var (
	scope = apigw.Scope{Partition: "aws", Account: "000000000000", Region: "us-east-1"}
	prod  = Stage{"a1b2c3d4e5", "prod"}
	noon  = time.Date(2026, 5, 6, 12, 0, 0, 0, time.UTC) // a Wednesday
)

func value(name string) string { return name + strings.Repeat("x", max(20, 40-len(name))) }

// book has key k of plan p over prod.
func book(t testing.TB, p apigw.UsagePlan) *Book {
	t.Helper()
	b := NewBook(nil, nil)
	p.ID = "p"
	if p.Stages == nil {
		p.Stages = []apigw.PlanStage{{API: prod.API, Stage: prod.Stage}}
	}
	b.Update(func(e *Edit) {
		e.AddToPlan(PlanRef{scope, "p"}, "k")
		e.SetPlan(scope, &p)
		e.SetKey(scope, "k", value("k"), true)
		b.Complete()
	})
	return b
}

func find(t testing.TB, b *Book) *Use {
	t.Helper()
	u, why := b.Find([]byte(value("k")), prod)
	if why != NotRefused {
		t.Fatal("refused:", why)
	}
	return &u
}

// TestFind: what a key lets in (recorded on AWS: missing, unknown, disabled, not
// in a plan of the stage are all refused).
func TestFind(t *testing.T) {
	ref := PlanRef{scope, "p"}
	tests := map[string]struct {
		change func(*Edit)
		value  string
		want   Refusal
	}{
		"in a plan":        {func(*Edit) {}, value("k"), NotRefused},
		"missing":          {func(*Edit) {}, "", Missing},
		"unknown":          {func(*Edit) {}, value("j"), Unknown},
		"short":            {func(*Edit) {}, "k", Unknown},
		"long":             {func(*Edit) {}, value(strings.Repeat("k", 200)), Unknown},
		"disabled":         {func(e *Edit) { e.SetKey(scope, "k", value("k"), false) }, value("k"), Disabled},
		"removed":          {func(e *Edit) { e.RemoveKey(scope, "k") }, value("k"), Unknown},
		"another value":    {func(e *Edit) { e.SetKey(scope, "k", value("j"), true) }, value("k"), Unknown},
		"not in the plan":  {func(e *Edit) { e.RemoveFromPlan(ref, "k") }, value("k"), NotInPlan},
		"the plan is gone": {func(e *Edit) { e.RemovePlan(ref) }, value("k"), NotInPlan},
		"another stage": {func(e *Edit) {
			e.SetPlan(scope, &apigw.UsagePlan{ID: "p", Stages: []apigw.PlanStage{{API: prod.API, Stage: "dev"}}})
		}, value("k"), NotInPlan},
		"a value that can't be opened": {func(e *Edit) { e.SetKey(scope, "k", "", true) }, value("k"), Unknown},
		"nothing is there": {func(e *Edit) {
			no := func(PlanRef, apigw.APIKeyID) bool { return false }
			e.All(func(apigw.Scope, apigw.APIKeyID) bool { return false }, func(PlanRef) bool { return false }, no, no)
		}, value("k"), Unknown},
		"again in the plan": {func(e *Edit) { e.RemoveFromPlan(ref, "k"); e.AddToPlan(ref, "k") }, value("k"), NotRefused},
		"the same value in another account": {func(e *Edit) {
			e.SetKey(apigw.Scope{Partition: "aws", Account: "111111111111", Region: "us-east-1"}, "other", value("k"), true)
		}, value("k"), NotRefused},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := book(t, apigw.UsagePlan{})
			b.Update(tt.change)
			if _, why := b.Find([]byte(tt.value), prod); why != tt.want {
				t.Errorf("refusal %d, want %d", why, tt.want)
			}
		})
	}
	if _, why := NewBook(nil, nil).Find([]byte(value("k")), prod); why != Unloaded {
		t.Errorf("before anything is known: %d", why)
	}
}

// taken is how many of ten requests are let in.
func taken(t testing.TB, b *Book, r Request) (n int) {
	for range 10 {
		if v, _ := find(t, b).Take(&r); v == Admitted {
			n++
		}
	}
	return n
}

// TestThrottle: a key's limit for a method replaces its limit for all, which the
// stages of a plan share (developer guide, "Usage plans and API keys").
func TestThrottle(t *testing.T) {
	plan := func() apigw.UsagePlan {
		return apigw.UsagePlan{Throttle: &apigw.Throttle{Rate: 1, Burst: 3}, Stages: []apigw.PlanStage{{API: prod.API, Stage: prod.Stage, Throttle: map[string]apigw.Throttle{
			"/pets/GET": {Rate: 1, Burst: 1}, "/any/*": {Rate: 1, Burst: 2}, "//GET": {Rate: 1, Burst: 4}, "/x/ANY": {Burst: 5}, "/none/GET": {},
		}}}}
	}
	tests := map[string]struct {
		request Request
		want    int
	}{
		"the plan's":            {Request{Path: "/dogs", Route: "GET", Verb: "GET"}, 3},
		"the method's":          {Request{Path: "/pets", Route: "GET", Verb: "GET"}, 1},
		"another verb":          {Request{Path: "/pets", Route: "POST", Verb: "POST"}, 3},
		"of a method for any":   {Request{Path: "/pets", Route: "ANY", Verb: "GET"}, 1},
		"all verbs":             {Request{Path: "/any", Route: "POST", Verb: "POST"}, 2},
		"the root's":            {Request{Path: "/", Route: "GET", Verb: "GET"}, 4},
		"any":                   {Request{Path: "/x", Route: "ANY", Verb: "PUT"}, 5},
		"one that says nothing": {Request{Path: "/none", Route: "GET", Verb: "GET"}, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := book(t, plan())
			if n := taken(t, b, tt.request); n != tt.want {
				t.Errorf("%d let in, want %d", n, tt.want)
			}
			// A change of something else fills no bucket, one of the limit does.
			b.Update(func(e *Edit) {
				p := plan()
				p.ID, p.Name = "p", "new"
				e.SetPlan(scope, &p)
				e.SetKey(scope, "k", value("k"), true)
			})
			if n := taken(t, b, tt.request); n != 0 {
				t.Errorf("%d let in after another change", n)
			}
			tt.request.Now = int64(time.Hour)
			if n := taken(t, b, tt.request); n != tt.want {
				t.Errorf("%d let in after an hour", n)
			}
		})
	}
	b := book(t, apigw.UsagePlan{})
	if n := taken(t, b, Request{}); n != 10 {
		t.Errorf("%d let in without a limit", n)
	}
}

// TestQuota spends a quota over days.
func TestQuota(t *testing.T) {
	b := book(t, apigw.UsagePlan{Quota: &apigw.Quota{Limit: 7, Offset: 2, Period: "WEEK", Since: noon}})
	at := func(days int) Request { return Request{Unix: noon.AddDate(0, 0, days).Unix()} }
	for i, step := range []struct{ day, want int }{{0, 5}, {3, 0}, {4, 7}, {10, 0}, {11, 7}} {
		if n := taken(t, b, at(step.day)); n != step.want {
			t.Errorf("step %d: %d let in, want %d", i, n, step.want)
		}
	}
	day := apigw.DayOf(noon.AddDate(0, 0, 11))
	ref := PlanRef{scope, "p"}
	b.Update(func(e *Edit) { e.SetGrant(ref, "k", &apigw.UsageGrant{Day: day, Limit: 9}) })
	if n := taken(t, b, at(11)); n != 2 {
		t.Errorf("%d let in after 2 more were granted", n)
	}
	if n := taken(t, b, at(18)); n != 7 {
		t.Errorf("%d let in after the period of the grant", n)
	}
	b.Update(func(e *Edit) {
		e.SetPlan(scope, &apigw.UsagePlan{ID: "p", Stages: []apigw.PlanStage{{API: prod.API, Stage: prod.Stage}}, Quota: &apigw.Quota{Limit: 10, Period: "WEEK"}})
	})
	if n := taken(t, b, at(19)); n != 3 {
		t.Errorf("%d let in after the quota grew by 3", n)
	}
	u := find(t, b)
	u.GiveBack()
	if n := taken(t, b, at(19)); n != 1 {
		t.Errorf("%d let in after one was given back", n)
	}
}

// TestCounts: what this node counted and what others did come together, whatever
// is stored when.
func TestCounts(t *testing.T) {
	b := book(t, apigw.UsagePlan{Quota: &apigw.Quota{Limit: 20, Period: "DAY"}})
	ref, day, r := PlanRef{scope, "p"}, apigw.DayOf(noon), Request{Unix: noon.Unix()}
	set := func(n int64) {
		b.Update(func(e *Edit) { e.SetCounts(ref, day, map[apigw.APIKeyID]int64{"k": n}) })
	}
	set(4) // before anything was counted here
	if n := taken(t, b, r); n != 10 {
		t.Fatal(n)
	}
	want := []Count{{ref, "k", day, 10}}
	if d := cmp.Diff(want, b.Drain()); d != "" {
		t.Error(d)
	}
	if got := b.Drain(); got != nil {
		t.Error(got)
	}
	b.Retry()
	if d := cmp.Diff(want, b.Drain()); d != "" {
		t.Error(d)
	}
	find(t, b).Take(&r)                                                                     // the 15th, while they are stored
	b.Update(func(e *Edit) { e.Settle(want, ref, day, map[apigw.APIKeyID]int64{"k": 16}) }) // another node had 2 more
	if n := taken(t, b, r); n != 3 {
		t.Errorf("%d let in, want 3", n)
	}
	b.Update(func(e *Edit) { e.SetGrant(ref, "k", nil) }) // counts anew
	if n := taken(t, b, r); n != 0 {
		t.Errorf("%d let in after all was counted anew", n)
	}
	if d := cmp.Diff([]Count{{ref, "k", day, 4}}, b.Drain()); d != "" {
		t.Error(d)
	}
}

// TestConcurrently: while keys and plans change, a key that stays is always
// known, and a quota lets in exactly what it says.
func TestConcurrently(t *testing.T) {
	const limit = 5000
	b := book(t, apigw.UsagePlan{Quota: &apigw.Quota{Limit: limit, Period: "DAY"}})
	stop := make(chan struct{})
	var writers, readers sync.WaitGroup
	writers.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			b.Update(func(e *Edit) {
				e.SetKey(scope, "k", value("k"), true)
				e.SetKey(scope, apigw.APIKeyID(fmt.Sprint("o", i%100)), value(fmt.Sprint("o", i)), true)
				e.SetPlan(scope, &apigw.UsagePlan{ID: "p", Name: fmt.Sprint(i), Stages: []apigw.PlanStage{{API: prod.API, Stage: prod.Stage}}, Quota: &apigw.Quota{Limit: limit, Period: "DAY"}})
			})
			list := b.Drain()
			sum := int64(0)
			b.mu.Lock()
			for _, c := range list {
				sum = b.plans[c.Plan].counts[c.Day][c.Key] + c.N
			}
			b.mu.Unlock()
			if len(list) > 0 {
				b.Update(func(e *Edit) { e.Settle(list, list[0].Plan, list[0].Day, map[apigw.APIKeyID]int64{"k": sum}) })
			}
		}
	})
	var admitted, unknown atomic.Int64
	for range 4 {
		readers.Go(func() {
			for range limit {
				u, why := b.Find([]byte(value("k")), prod)
				if why != NotRefused {
					unknown.Add(1)
				} else if v, _ := u.Take(&Request{Unix: noon.Unix()}); v == Admitted {
					admitted.Add(1)
				}
			}
		})
	}
	readers.Wait()
	close(stop)
	writers.Wait()
	if unknown.Load() > 0 || admitted.Load() < limit-50 || admitted.Load() > limit+50 {
		t.Errorf("%d let in, want %d; %d times the key wasn't known", admitted.Load(), limit, unknown.Load())
	}
	t.Logf("%d let in of %d", admitted.Load(), limit)
}

// BenchmarkTake is a key, its plan and its limit: at most 0.5 µs.
func BenchmarkTake(b *testing.B) {
	for _, keys := range []int{1, 100000} {
		b.Run(fmt.Sprint(keys, " keys"), func(b *testing.B) {
			all := book(b, apigw.UsagePlan{Throttle: &apigw.Throttle{Rate: 1e9, Burst: 1 << 30}, Quota: &apigw.Quota{Limit: 1 << 60, Period: "MONTH"}})
			all.Update(func(e *Edit) {
				for i := range keys {
					id := apigw.APIKeyID(fmt.Sprint(i))
					e.SetKey(scope, id, value(fmt.Sprint("o", i)), true)
					e.AddToPlan(PlanRef{scope, apigw.UsagePlanID(fmt.Sprint(i % 1000))}, id)
				}
			})
			v := []byte(value("k"))
			r := Request{Path: "/pets", Route: "GET", Verb: "GET", Unix: noon.Unix()}
			b.ReportAllocs()
			for b.Loop() {
				u, why := all.Find(v, prod)
				if why != NotRefused {
					b.Fatal(why)
				}
				u.Take(&r)
			}
		})
	}
}

package control

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// meter is a node that follows keys and plans, of one scope.
type meter struct {
	*Metered
	scope apigw.Scope

	mu      sync.Mutex // guards what follows
	keys    map[apigw.APIKeyID]string
	enabled map[apigw.APIKeyID]bool
	plans   map[apigw.UsagePlanID]*apigw.UsagePlan
	members map[string]bool
	counts  map[apigw.APIKeyID]int64
	grants  map[apigw.APIKeyID]*apigw.UsageGrant
	kept    []byte
	pending []UsageCount
}

func newMeter(t *testing.T, c *Control, scope apigw.Scope) *meter {
	t.Helper()
	m := &meter{scope: scope, keys: map[apigw.APIKeyID]string{}, enabled: map[apigw.APIKeyID]bool{}, plans: map[apigw.UsagePlanID]*apigw.UsagePlan{},
		members: map[string]bool{}, counts: map[apigw.APIKeyID]int64{}, grants: map[apigw.APIKeyID]*apigw.UsageGrant{}}
	m.Metered = NewMetered(c, MeteredOptions{
		Changed: func(list []UsageChange, all bool) {
			m.mu.Lock()
			defer m.mu.Unlock()
			for _, ch := range list {
				m.apply(ch)
			}
		},
		Keep: func(raw []byte) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.kept = raw
		},
		Drain: func() []UsageCount {
			m.mu.Lock()
			defer m.mu.Unlock()
			return m.pending
		},
		Stored: func(done []UsageCount, total map[apigw.APIKeyID]int64) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.pending = nil
			for id, n := range total {
				m.counts[id] = n
			}
		},
		Retry: func() {},
	})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { m.Follow(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	<-m.Loaded()
	return m
}

func (m *meter) apply(ch UsageChange) {
	if ch.Scope != m.scope {
		return
	}
	switch ch.Kind {
	case KeyAPIKey:
		delete(m.keys, ch.Key)
		if ch.APIKey != nil {
			m.keys[ch.Key], m.enabled[ch.Key] = ch.APIKey.Value, ch.APIKey.Enabled
		}
	case KeyUsagePlan:
		delete(m.plans, ch.Plan)
		if ch.Of != nil {
			m.plans[ch.Plan] = ch.Of
		}
	case KeyPlanKey:
		delete(m.members, string(ch.Plan)+"/"+string(ch.Key))
		if ch.In {
			m.members[string(ch.Plan)+"/"+string(ch.Key)] = true
		}
	case KeyPlanUsage:
		m.grants[ch.Key] = ch.Grant
	case KeyPlanCount:
		for id, n := range ch.Counts {
			m.counts[id] = n
		}
	}
}

// is waits for what other nodes see.
func (m *meter) is(t *testing.T, what string, yes func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		m.mu.Lock()
		ok := yes()
		m.mu.Unlock()
		if ok {
			return
		}
		if time.Now().After(end) {
			t.Fatal("not seen:", what)
		}
	}
}

func (m *meter) count(plan apigw.UsagePlanID, key apigw.APIKeyID, d apigw.Day, n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pending = append(m.pending, UsageCount{Scope: m.scope, Plan: plan, Key: key, Day: d, N: n})
}

// TestMetered: a change holds at once on the node that makes it, and soon on
// another; what two nodes count comes together; all of it is told anew to a node
// that begins later, and without the store.
func TestMetered(t *testing.T) {
	w := newWorldWith(t, Options{Sealer: sealedWith(t, 1)})
	here := newMeter(t, w.Control, w.scope)
	other := New(Options{Store: shared, Sealer: sealedWith(t, 1), Now: w.Control.now})
	t.Cleanup(other.Close)
	there := newMeter(t, other, w.scope)

	ctx := t.Context()
	k := must[*apigw.APIKey](t)(w.CreateAPIKey(ctx, w.scope, apigw.APIKey{Name: "k", Enabled: true}))
	p := must[*apigw.UsagePlan](t)(w.CreateUsagePlan(ctx, w.scope, apigw.UsagePlan{Name: "p", Quota: &apigw.Quota{Limit: 100, Period: "MONTH"}}))
	must[*apigw.APIKey](t)(w.CreateUsagePlanKey(ctx, w.scope, p.ID, k.ID, "API_KEY"))
	in := string(p.ID) + "/" + string(k.ID)
	here.mu.Lock()
	if here.keys[k.ID] != k.Value || here.plans[p.ID] == nil || !here.members[in] || here.plans[p.ID].Quota.Since.IsZero() {
		t.Error("not known at once on the node that made them")
	}
	here.mu.Unlock()
	there.is(t, "key and plan", func() bool { return there.keys[k.ID] == k.Value && there.plans[p.ID] != nil && there.members[in] })

	must[*apigw.APIKey](t)(other.UpdateAPIKey(ctx, w.scope, k.ID, func(k *apigw.APIKey) error { k.Enabled = false; return nil }))
	here.is(t, "a key that another node disabled", func() bool { return !here.enabled[k.ID] })

	today := apigw.DayOf(w.clock) // 2 January, of a month
	here.count(p.ID, k.ID, today-1, 5)
	here.count(p.ID, k.ID, today, 10)
	there.count(p.ID, k.ID, today, 7)
	if err := there.flush(ctx); err != nil {
		t.Fatal(err)
	}
	u := must[*Usage](t)(w.Usage(ctx, w.scope, p.ID, "", "2026-01-01", "2026-01-02", "", 10))
	if d := cmp.Diff(map[apigw.APIKeyID][][2]int64{k.ID: {{5, 95}, {17, 78}}}, u.Days); d != "" {
		t.Error(d)
	}
	there.is(t, "what the other counted", func() bool { return there.counts[k.ID] == 17 })
	left := int64(3)
	u = must[*Usage](t)(w.UpdateUsage(ctx, w.scope, p.ID, k.ID, &left))
	if d := cmp.Diff(map[apigw.APIKeyID][][2]int64{k.ID: {{17, 3}}}, u.Days); d != "" {
		t.Error(d)
	}
	want := &apigw.UsageGrant{Day: today, Limit: 25}
	there.is(t, "the grant", func() bool { return cmp.Equal(there.grants[k.ID], want) })

	late := New(Options{Store: shared, Sealer: sealedWith(t, 1)})
	t.Cleanup(late.Close)
	began := newMeter(t, late, w.scope)
	began.is(t, "everything", func() bool {
		return began.keys[k.ID] == k.Value && began.members[in] && began.counts[k.ID] > 0 && cmp.Equal(began.grants[k.ID], want)
	})
	began.is(t, "what is kept", func() bool { return len(began.kept) > 0 })
	if strings.Contains(string(began.kept), k.Value) {
		t.Error("a key is kept in clear")
	}
	remembered := &meter{scope: w.scope, keys: map[apigw.APIKeyID]string{}, enabled: map[apigw.APIKeyID]bool{}, plans: map[apigw.UsagePlanID]*apigw.UsagePlan{},
		members: map[string]bool{}, counts: map[apigw.APIKeyID]int64{}, grants: map[apigw.APIKeyID]*apigw.UsageGrant{}}
	list, _ := RememberUsage(began.kept, sealedWith(t, 1)) // other tests' keys have other master keys
	for _, ch := range list {
		remembered.apply(ch)
	}
	if remembered.keys[k.ID] != k.Value || !remembered.members[in] || remembered.plans[p.ID] == nil || remembered.counts[k.ID] == 0 {
		t.Error("not all is remembered")
	}

	if err := w.DeleteAPIKey(ctx, w.scope, k.ID); err != nil {
		t.Fatal(err)
	}
	if err := w.DeleteUsagePlan(ctx, w.scope, p.ID); err != nil {
		t.Fatal(err)
	}
	there.is(t, "that they are gone", func() bool { return there.keys[k.ID] == "" && there.plans[p.ID] == nil && !there.members[in] })
	there.count(p.ID, k.ID, today, 7)
	if err := there.flush(ctx); err != nil { // of a plan that is gone
		t.Error(err)
	}
	records, _, _, err := shared.List(ctx, planCountPrefix(w.scope, p.ID), "", 0)
	if err != nil || len(records) != 0 {
		t.Errorf("%d counts of a plan that is gone; %v", len(records), err)
	}
}

// TestMeteredPrunes: days that nobody can ask for any more are forgotten.
func TestMeteredPrunes(t *testing.T) {
	w := newWorldWith(t, Options{Sealer: sealedWith(t, 1)})
	m := newMeter(t, w.Control, w.scope)
	p := must[*apigw.UsagePlan](t)(w.CreateUsagePlan(t.Context(), w.scope, apigw.UsagePlan{Name: "p"}))
	today := apigw.DayOf(w.clock)
	for _, d := range []apigw.Day{today, today - maxUsageDays, today - keptCounts - 1} {
		m.count(p.ID, "k", d, 1)
	}
	if err := m.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.prune(t.Context(), today-keptCounts)
	records, _, _, err := shared.List(t.Context(), planCountPrefix(w.scope, p.ID), "", 0)
	if err != nil || len(records) != 2 {
		t.Errorf("%d records left, want 2; %v", len(records), err)
	}
}

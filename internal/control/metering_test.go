package control

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// served is what a node has to tell of.
type served struct {
	counts []apigw.MeteredCount
	caches map[apigw.MeteredPlace]string
}

func (s *served) drain() ([]apigw.MeteredCount, map[apigw.MeteredPlace]string) {
	counts := s.counts
	s.counts = nil
	return counts, s.caches
}

func (s *served) count(p apigw.MeteredPlace, key apigw.APIKeyID, calls, bytes int64) {
	s.counts = append(s.counts, apigw.MeteredCount{Place: p, Key: key, Amount: apigw.MeteredAmount{Calls: calls, Bytes: bytes}})
}

// TestMetering: two nodes add up, an hour with a cache is one hour whoever says
// so and however often, and a month is apart from the next.
func TestMetering(t *testing.T) {
	w := newWorld(t)
	prod, beta := apigw.MeteredPlace{Scope: w.scope, API: "a1", Stage: "prod"}, apigw.MeteredPlace{Scope: w.scope, API: "a1", Stage: "beta"}
	var ours, theirs served
	node, other := NewMetering(w.Control, ours.drain), NewMetering(w.Control, theirs.drain)
	month := func(m apigw.Month) []*apigw.MeteredStage {
		t.Helper()
		if err := other.flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		return must[[]*apigw.MeteredStage](t)(node.Month(t.Context(), w.scope, m))
	}

	w.clock = time.Date(2026, 1, 31, 22, 59, 0, 0, time.UTC)
	ours.caches = map[apigw.MeteredPlace]string{prod: "0.5"}
	theirs.caches = ours.caches
	ours.count(prod, "", 3, 300)
	ours.count(prod, "key1", 2, 200)
	theirs.count(prod, "", 4, 400)
	theirs.count(prod, "key1", 1, 100)
	theirs.count(beta, "", 1, 1)
	month("2026-01")
	w.clock = w.clock.Add(time.Minute) // another hour
	want := []*apigw.MeteredStage{
		{API: "a1", Stage: "beta", MeteredAmount: apigw.MeteredAmount{Calls: 1, Bytes: 1}, Keys: map[apigw.APIKeyID]apigw.MeteredAmount{}, CacheHours: map[string]int{}},
		{API: "a1", Stage: "prod", MeteredAmount: apigw.MeteredAmount{Calls: 7, Bytes: 700},
			Keys: map[apigw.APIKeyID]apigw.MeteredAmount{"key1": {Calls: 3, Bytes: 300}}, CacheHours: map[string]int{"0.5": 2}},
	}
	for range 2 {
		if d := cmp.Diff(want, month("2026-01")); d != "" {
			t.Error(d)
		}
	}
	w.clock = w.clock.Add(2 * time.Hour) // another month
	ours.caches, theirs.caches = nil, nil
	ours.count(prod, "", 5, 0)
	if got := month("2026-02"); len(got) != 1 || got[0].Calls != 5 {
		t.Errorf("February: %+v", got)
	}
	if d := cmp.Diff(want, month("2026-01")); d != "" {
		t.Error(d)
	}
	if got := must[[]*apigw.MeteredStage](t)(node.Month(t.Context(), apigw.Scope{Partition: "aws", Account: "999999999999", Region: "us-east-1"}, "2026-02")); len(got) != 0 {
		t.Errorf("another account is told %+v", got)
	}
	_, err := node.Month(t.Context(), w.scope, "Feb")
	wantError(t, err, apigw.BadRequest, `"Feb" is no month; write it as 2006-01`)
}

// TestOldMonths: thirteen months are kept.
func TestOldMonths(t *testing.T) {
	w := newWorld(t)
	must[*apigw.RestAPI](t)(w.CreateRestAPI(t.Context(), w.scope, NewRestAPI{API: apigw.RestAPI{Name: "old"}}))
	prod := apigw.MeteredPlace{Scope: w.scope, API: "a1", Stage: "prod"}
	var s served
	node := NewMetering(w.Control, s.drain)
	for range 15 {
		s.count(prod, "", 1, 1)
		if err := node.flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.clock = w.clock.AddDate(0, 1, 0)
	}
	for m, want := range map[apigw.Month]int{"2026-03": 0, "2026-04": 1, "2027-03": 1} {
		if got := must[[]*apigw.MeteredStage](t)(node.Month(t.Context(), w.scope, m)); len(got) != want {
			t.Errorf("%s: %d stages, want %d", m, len(got), want)
		}
	}
}

package balance

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func newSet(t testing.TB, p Policy, weights ...int) *Set {
	t.Helper()
	s := NewSet(p, nil, nil)
	s.Replace(members(weights...), nil)
	return s
}

func members(weights ...int) []Member {
	list := make([]Member, len(weights))
	for i, w := range weights {
		list[i] = Member{Key: fmt.Sprint(i), Weight: w}
	}
	return list
}

func equal(n int) []int { return make([]int, n) }

// find is the target with number i.
func find(s *Set, i int) *Target { return s.Find(fmt.Sprint(i)) }

// judge makes targets healthy or not, as checks would.
func judge(s *Set, health Health, numbers ...int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range numbers {
		s.turned(s.targets[fmt.Sprint(i)], health)
	}
	s.refresh()
}

// take takes a target and lets it go.
func take(t testing.TB, s *Set, c Call) *Target {
	t.Helper()
	got, result := s.Take(&c)
	if got == nil {
		t.Fatalf("no target: result %d", result)
	}
	got.Done()
	return got
}

var algorithms = map[string]Algorithm{"round robin": RoundRobin, "least outstanding": LeastOutstanding, "weighted random": WeightedRandom, "flow hash": FlowHash}

// TestShares: over 100,000 choices each target's share is within 2 % of what its
// weight says.
func TestShares(t *testing.T) {
	for name, a := range algorithms {
		for _, weights := range [][]int{equal(7), {1, 2, 3, 4}, {50, 50, 900}, {10, 1, 1, 8}} {
			t.Run(fmt.Sprintf("%s %v", name, weights), func(t *testing.T) {
				s := newSet(t, Policy{Algorithm: a}, weights...)
				total, counts := 0, map[string]int{}
				for _, w := range weights {
					total += max(w, 1)
				}
				const choices = 100_000
				held := make([]*Target, 0, 64)
				for range choices {
					got, _ := s.Take(&Call{Hash: rand.Uint64()})
					counts[got.Key]++
					// Calls take a while, all the same long: the fewest outstanding say something.
					if held = append(held, got); len(held) == cap(held) {
						for _, h := range held[:32] {
							h.Done()
						}
						held = append(held[:0], held[32:]...)
					}
				}
				for i, w := range weights {
					got, want := float64(counts[fmt.Sprint(i)])/choices, float64(max(w, 1))/float64(total)
					if math.Abs(got-want) > 0.02 {
						t.Errorf("target %d of weight %d: %.4f of the choices, not %.4f", i, w, got, want)
					}
				}
			})
		}
	}
}

// TestChoiceProperty: whatever happens to targets, nothing that drains is chosen,
// nothing unhealthy or ejected while enough is healthy, all are used when too
// little is, none beyond its limit, and no call is left counted.
func TestChoiceProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clock := time.Unix(1e9, 0)
		p := Policy{
			Algorithm: rapid.SampledFrom([]Algorithm{RoundRobin, LeastOutstanding, WeightedRandom, FlowHash}).Draw(t, "algorithm"),
			Least:     rapid.IntRange(0, 3).Draw(t, "least"), MostInFlight: rapid.Int64Range(0, 3).Draw(t, "most"),
			SaturatedAt: rapid.Int64Range(0, 4).Draw(t, "saturated"), EjectAfter: rapid.Int32Range(0, 3).Draw(t, "eject"), EjectFor: time.Minute,
			SlowStart: time.Duration(rapid.IntRange(0, 1).Draw(t, "slow")) * time.Minute,
		}
		s := NewSet(p, func() time.Time { return clock }, nil)
		var held []*Target
		list := members(equal(rapid.IntRange(0, 6).Draw(t, "targets"))...)
		s.Replace(list, nil)
		t.Repeat(map[string]func(*rapid.T){
			"replace": func(t *rapid.T) {
				var now []Member
				for i := range rapid.IntRange(0, 8).Draw(t, "targets") {
					if rapid.Bool().Draw(t, "there") {
						now = append(now, Member{Key: fmt.Sprint(i), Weight: rapid.IntRange(0, 5).Draw(t, "weight"), Draining: rapid.Bool().Draw(t, "draining")})
					}
				}
				s.Replace(now, nil)
				list = now
			},
			"turn": func(t *rapid.T) {
				if len(list) > 0 {
					m := rapid.SampledFrom(list).Draw(t, "target")
					s.mu.Lock()
					s.turned(s.targets[m.Key], rapid.SampledFrom([]Health{Initial, Healthy, Unhealthy, Unchecked}).Draw(t, "health"))
					s.mu.Unlock()
				}
			},
			"fail": func(t *rapid.T) {
				if len(list) > 0 {
					s.Find(rapid.SampledFrom(list).Draw(t, "target").Key).Unreachable()
				}
			},
			"time": func(t *rapid.T) {
				clock = clock.Add(time.Duration(rapid.IntRange(1, 120).Draw(t, "seconds")) * time.Second)
			},
			"done": func(t *rapid.T) {
				if len(held) > 0 {
					held[0].Done()
					held = held[1:]
				}
			},
			"take": func(t *rapid.T) {
				c := Call{Hash: rapid.Uint64().Draw(t, "hash"), FitOnly: rapid.Bool().Draw(t, "fit only")}
				got, result := s.Take(&c)
				fit, all, free := 0, 0, false
				s.mu.Lock()
				for _, other := range s.order {
					mine := int64(0)
					if other == got {
						mine = 1
					}
					if !other.drains.Load() {
						all++
						free = free || p.MostInFlight == 0 || other.inFlight.Load()-mine < p.MostInFlight
					}
					if other.fit() {
						fit++
					}
				}
				s.mu.Unlock()
				opens := fit < max(p.Least, 1)
				switch {
				case got == nil:
					if all > 0 && !(opens && c.FitOnly) && p.MostInFlight == 0 && p.SaturatedAt == 0 {
						t.Fatalf("nothing chosen of %d: result %d", all, result)
					}
					return
				case got.drains.Load() || got.gone:
					t.Fatal("a target that drains was chosen")
				case !got.fit() && (!opens || c.FitOnly):
					t.Fatalf("a target that isn't fit was chosen, of %d that are", fit)
				case (result == Open) != opens:
					t.Fatalf("result %d with %d fit of %d", result, fit, all)
				case p.MostInFlight > 0 && got.inFlight.Load() > p.MostInFlight:
					t.Fatal("a target has more calls than it takes")
				}
				held = append(held, got)
			},
		})
		for _, h := range held {
			h.Done()
		}
		if n := s.InFlight(); n != 0 {
			t.Fatalf("%d calls are left", n)
		}
		for _, left := range s.Targets() {
			if left.InFlight() != 0 {
				t.Fatalf("%d calls are left on %s", left.InFlight(), left.Key)
			}
		}
	})
}

// TestSaturation: a limit per target in use divides exactly between a set and
// what overflows of it.
func TestSaturation(t *testing.T) {
	s := newSet(t, Policy{SaturatedAt: 3}, equal(4)...)
	taken, over := 0, 0
	for range 20 {
		if got, result := s.Take(&Call{}); got != nil {
			taken++
		} else if result == Saturated {
			over++
		}
	}
	if taken != 12 || over != 8 {
		t.Errorf("%d taken, %d not", taken, over)
	}
}

// TestConcurrentLimits: no target ever has more calls than it takes, and all
// counts come back to zero.
func TestConcurrentLimits(t *testing.T) {
	const most = 3
	s := newSet(t, Policy{Algorithm: LeastOutstanding, MostInFlight: most}, equal(5)...)
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			for range 5000 {
				if got, _ := s.Take(&Call{}); got != nil {
					got.Done()
				}
			}
		})
	}
	work.Wait()
	if s.InFlight() != 0 {
		t.Errorf("%d calls are left", s.InFlight())
	}
}

// TestWeightsChangeUnderCalls: calls are compared by the weights that targets
// had when choices were made, whatever becomes of them meanwhile; the race
// detector is the judge.
func TestWeightsChangeUnderCalls(t *testing.T) {
	s := newSet(t, Policy{Algorithm: LeastOutstanding}, 1, 2, 3)
	var work sync.WaitGroup
	work.Go(func() {
		for range 2000 {
			if got, _ := s.Take(&Call{}); got != nil {
				got.Done()
			}
		}
	})
	for i := range 2000 {
		s.Replace(members(1, 2, 3+i%2), nil)
	}
	work.Wait()
}

// TestSlowStart: a target that becomes healthy beside one that is takes a part of
// its share that grows with time; targets of a group that was empty, or that were
// there when it was turned on, take all of it (target groups, "Slow start mode").
func TestSlowStart(t *testing.T) {
	clock := time.Unix(1e9, 0)
	s := NewSet(Policy{SlowStart: 100 * time.Second}, func() time.Time { return clock }, nil)
	s.Replace(members(0, 0), nil)
	share := func() float64 {
		n := 0
		for range 20_000 {
			if take(t, s, Call{Hash: rand.Uint64()}) == find(s, 1) {
				n++
			}
		}
		return float64(n) / 20_000
	}
	judge(s, Unhealthy, 0, 1)
	judge(s, Healthy, 0)
	judge(s, Healthy, 1)
	for _, step := range []struct {
		after time.Duration
		want  float64 // of all: r / (1 + r) with r its part
	}{{25 * time.Second, 0.2}, {50 * time.Second, 1.0 / 3}, {75 * time.Second, 0.75 / 1.75}, {100 * time.Second, 0.5}} {
		clock = time.Unix(1e9, 0).Add(step.after)
		if got := share(); math.Abs(got-step.want) > 0.02 {
			t.Errorf("after %v: %.3f of the calls, not %.3f", step.after, got, step.want)
		}
	}
	s = NewSet(Policy{SlowStart: 100 * time.Second}, func() time.Time { return clock }, nil)
	s.Replace(members(0, 0), nil)
	if got := share(); math.Abs(got-0.5) > 0.02 {
		t.Errorf("of a group that was empty: %.3f", got)
	}
}

// TestEjection: connections that fail in a row set a target aside for a while,
// longer each time, and never the last one.
func TestEjection(t *testing.T) {
	clock := time.Unix(1e9, 0)
	s := NewSet(Policy{EjectAfter: 2, EjectFor: 10 * time.Second}, func() time.Time { return clock }, nil)
	s.Replace(members(0, 0), nil)
	fail := func(i, times int) {
		for range times {
			find(s, i).Unreachable()
		}
	}
	chosen := func(i int) bool {
		for range 4 {
			if take(t, s, Call{}) == find(s, i) {
				return true
			}
		}
		return false
	}
	fail(0, 1)
	find(s, 0).Answered(false)
	fail(0, 1)
	if !chosen(0) {
		t.Error("set aside though they weren't in a row")
	}
	fail(0, 1)
	if chosen(0) {
		t.Error("not set aside")
	}
	fail(1, 5)
	if !chosen(1) {
		t.Error("the last one was set aside")
	}
	clock = clock.Add(10 * time.Second)
	if !chosen(0) {
		t.Error("not back in time")
	}
	find(s, 1).Answered(false)
	fail(0, 2)
	if clock = clock.Add(10 * time.Second); chosen(0) {
		t.Error("the second time is no longer than the first")
	}
	if clock = clock.Add(10 * time.Second); !chosen(0) {
		t.Error("not back the second time")
	}
}

// TestMitigation: of targets chosen at random, one that fails more than the
// others gets fewer calls, until it doesn't (Application Load Balancers,
// "Automatic Target Weights").
func TestMitigation(t *testing.T) {
	s := newSet(t, Policy{Algorithm: WeightedRandom, Mitigate: true}, equal(4)...)
	share := func(fails bool) float64 {
		n := 0
		for range 20_000 {
			got := take(t, s, Call{})
			bad := got == find(s, 2)
			if bad {
				n++
			}
			got.Answered(bad && fails)
		}
		s.Mitigate()
		return float64(n) / 20_000
	}
	share(true)
	for range 6 {
		share(true)
	}
	if got := share(false); got > 0.05 {
		t.Errorf("it still gets %.3f of the calls", got)
	}
	for range 12 {
		share(false)
	}
	if got := share(false); math.Abs(got-0.25) > 0.02 {
		t.Errorf("it gets %.3f of the calls again", got)
	}
}

// TestRetry: a call is tried on targets that it wasn't tried on, and not for ever.
func TestRetry(t *testing.T) {
	for name, a := range algorithms {
		s := newSet(t, Policy{Algorithm: a}, equal(20)...)
		c, tried := Call{Hash: 1}, map[*Target]bool{}
		for {
			got, _ := s.Take(&c)
			if tried[got] {
				t.Fatalf("%s: %s is tried again", name, got.Key)
			}
			tried[got] = true
			if got.Done(); !c.Retry(got) {
				break
			}
		}
		if len(tried) != 8 {
			t.Errorf("%s: %d tries", name, len(tried))
		}
	}
	s := newSet(t, Policy{}, 0)
	c := Call{}
	got, _ := s.Take(&c)
	c.Retry(got)
	if got, result := s.Take(&c); got != nil || result != Tried {
		t.Errorf("a second try of the only target: %v, %d", got, result)
	}
}

// TestStick: a call stays with its target while that can take it.
func TestStick(t *testing.T) {
	s := newSet(t, Policy{MostInFlight: 1}, equal(5)...)
	stick := find(s, 3)
	for range 10 {
		if take(t, s, Call{Stick: stick}) != stick {
			t.Fatal("it didn't stay")
		}
	}
	c := Call{Stick: stick}
	s.Take(&c)
	if got, _ := s.Take(&Call{Stick: stick}); got == stick || got == nil {
		t.Error("it went where there is no room")
	}
	judge(s, Unhealthy, 3)
	if take(t, s, Call{Stick: stick}) == stick {
		t.Error("it went to an unhealthy target")
	}
}

// TestStickToAnotherSet: a Set that is asked for a target of another one, as an
// overflow is, takes one of its own, and both count what they have.
func TestStickToAnotherSet(t *testing.T) {
	full, spare := newSet(t, Policy{SaturatedAt: 1}, 1), newSet(t, Policy{}, 1)
	stays := Call{Stick: find(full, 0)}
	first, _ := full.Take(&stays)
	if second, r := full.Take(&stays); second != nil || r != Saturated {
		t.Fatalf("a full Set gave %v", r)
	}
	second, _ := spare.Take(&stays)
	if second != find(spare, 0) {
		t.Error("a Set gave away another one's target")
	}
	first.Done()
	second.Done()
	if full.InFlight() != 0 || spare.InFlight() != 0 {
		t.Errorf("%d and %d in flight when all has ended", full.InFlight(), spare.InFlight())
	}
}

// TestStickToDraining: a target that drains gets no new calls, from clients that
// were with it either, and even when all others are unhealthy.
func TestStickToDraining(t *testing.T) {
	s := newSet(t, Policy{}, equal(3)...)
	judge(s, Unhealthy, 0, 1, 2)
	drains := members(equal(3)...)
	drains[2].Draining = true
	s.Replace(drains, nil)
	stick := find(s, 2)
	if got, result := s.Take(&Call{Stick: stick}); got == stick || result != Open {
		t.Errorf("it stayed with a target that drains: %d", result)
	}
}

// TestStays: what is known of a target stays while others come and go.
func TestStays(t *testing.T) {
	s := NewSet(Policy{}, nil, nil)
	made := 0
	value := func(*Target) any { made++; return made }
	s.Replace(members(0, 0, 0), value)
	judge(s, Unhealthy, 1)
	before := find(s, 1)
	gone := s.Replace(members(0, 5, 0, 0)[1:], value)
	if len(gone) != 1 || gone[0].Key != "0" || made != 4 {
		t.Errorf("%d gone, %d made", len(gone), made)
	}
	if after := find(s, 1); after != before || after.Condition().Health != Unhealthy || after.weight != 5 {
		t.Errorf("%+v", after)
	}
}

func BenchmarkTake(b *testing.B) {
	for name, a := range algorithms {
		for _, n := range []int{100, 10_000} {
			for _, weighted := range []bool{false, true} {
				b.Run(fmt.Sprintf("%s/%d/weighted=%v", name, n, weighted), func(b *testing.B) {
					weights := equal(n)
					if weighted {
						weights[0] = 2
					}
					s := newSet(b, Policy{Algorithm: a, MostInFlight: 1024}, weights...)
					b.ReportAllocs()
					b.ResetTimer()
					b.RunParallel(func(pb *testing.PB) {
						c := Call{Hash: 1}
						for pb.Next() {
							c.Hash = mix(c.Hash)
							t, _ := s.Take(&c)
							t.Done()
						}
					})
				})
			}
		}
	}
}

// BenchmarkReplace is a refresh of 10,000 targets, a tenth of which are new each
// time.
func BenchmarkReplace(b *testing.B) {
	sets := [2][]Member{}
	for i := range 10_000 {
		sets[0] = append(sets[0], Member{Key: fmt.Sprintf("10.0.%d.%d:80", i/256, i%256)})
	}
	sets[1] = append(append([]Member(nil), sets[0][1000:]...), members(equal(1000)...)...)
	s := NewSet(Policy{}, nil, nil)
	c := NewChecker()
	defer c.Close()
	s.SetPlan(c, &Plan{Interval: time.Hour, Timeout: time.Second, Healthy: 2, Unhealthy: 2, Probe: neverDue}, false)
	for i := 0; b.Loop(); i++ {
		s.Replace(sets[i%2], nil)
	}
}

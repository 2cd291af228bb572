package throttle

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// world is nodes that divide a bucket, in a time of its own.
type world struct {
	groups  []*Group
	buckets []*Bucket
	due     []int64 // of the next Tick
	mail    []letter
	delay   func() int64
	cut     func(now int64) bool // nobody hears anything; nil: never
	told    int                  // bytes
	reports int
	alone   *Bucket // for one node
}

type letter struct {
	at       int64
	from, to int
	text     []byte
}

func newWorld(t interface{ Helper() }, nodes int, l Limit, random *rand.Rand) *world {
	t.Helper()
	w := &world{alone: New(l), delay: func() int64 { return int64(time.Millisecond) * (1 + random.Int64N(20)) }}
	for range nodes {
		g := NewGroup()
		g.SetNodes(nodes, false)
		w.groups = append(w.groups, g)
		w.buckets = append(w.buckets, g.New("key", l))
		w.due = append(w.due, random.Int64N(int64(Every)))
	}
	return w
}

// advance runs what is due at time now.
func (w *world) advance(now int64) {
	for i, g := range w.groups {
		if w.due[i] > now {
			continue
		}
		r, after := g.Tick(now)
		w.due[i] = now + int64(after)
		if r == nil || w.cut != nil && w.cut(now) {
			continue
		}
		text := r.Append(nil)
		w.told += len(text)
		w.reports++
		for to := range w.groups {
			if to != i {
				w.mail = append(w.mail, letter{now + w.delay(), i, to, text})
			}
		}
	}
	w.mail = slices.DeleteFunc(w.mail, func(m letter) bool {
		if m.at > now {
			return false
		}
		r, err := ParseReport(m.text)
		if err != nil {
			panic(err)
		}
		w.groups[m.to].Hear(fmt.Sprint(m.from), r, now)
		return true
	})
}

// run sends asked requests a second for some time, to nodes as weights say at
// each time, and returns how many were let in on each, and how many one
// node would have let in. Even: the requests come
// as regularly as a clock's ticks.
func (w *world) run(random *rand.Rand, seconds, asked float64, even bool, weights func(at float64) []float64) (taken []int, one int) {
	taken = make([]int, len(w.groups))
	start := int64(time.Hour)
	step := int64(time.Millisecond)
	next := float64(start)
	for now := start; now < start+int64(seconds*float64(second)); now += step {
		w.advance(now)
		for ; next < float64(now+step); next += float64(second) / asked * pause(random, even) {
			i := pick(random, weights(time.Duration(now-start).Seconds()))
			if w.buckets[i].Take(int64(next)) {
				taken[i]++
			}
			if w.alone.Take(int64(next)) {
				one++
			}
		}
	}
	return taken, one
}

func pause(random *rand.Rand, even bool) float64 {
	if even {
		return 1
	}
	return random.ExpFloat64()
}

func pick(random *rand.Rand, weights []float64) int {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	at := random.Float64() * sum
	for i, w := range weights {
		if at -= w; at < 0 {
			return i
		}
	}
	return len(weights) - 1
}

func sum(list []int) (n int) {
	for _, v := range list {
		n += v
	}
	return n
}

func steady(weights ...float64) func(float64) []float64 {
	return func(float64) []float64 { return weights }
}

// loads are where requests come; each lets be off by that many percent.
var loads = map[string]struct {
	weights func(at float64) []float64
	off     float64
}{
	"even":      {steady(1, 1, 1), 3},
	"one alone": {steady(1, 0, 0), 3},
	"uneven":    {steady(85, 12, 3), 3},
	"moving": {func(at float64) []float64 {
		w := []float64{.05, .05, .05}
		w[int(at/10)%3] = 1
		return w
	}, 6},
}

// TestDivided: at twice the rate for 30 s, three nodes let in what one bucket
// would, within 3 %, wherever the requests come.
func TestDivided(t *testing.T) {
	limits := []Limit{{1000, 100}, {100, 100}, {100, 10}, {20, 40}, {500, 5000}, {10, 20}, {2000, 1}}
	for name, load := range loads {
		for _, l := range limits {
			t.Run(fmt.Sprintf("%s %v", name, l), func(t *testing.T) {
				random := rand.New(rand.NewPCG(1, uint64(l.Burst)))
				w := newWorld(t, 3, l, random)
				per, one := w.run(random, 30, 2*l.Rate, false, load.weights)
				most := 30*l.Rate + float64(l.Burst)
				low, high := 100*(1-float64(sum(per))/float64(one)), 100*(float64(sum(per))/most-1)
				t.Logf("%v of %.0f, %d on one node; %d reports, %d bytes", per, most, one, w.reports, w.told)
				if low > load.off || high > load.off {
					t.Errorf("%v taken, one node lets in %d, at most %.0f: %.2f %% too few, %.2f %% too many", per, one, most, low, high)
				}
			})
		}
	}
}

// TestSlow: limits of about a request per second aren't divided into nothing.
func TestSlow(t *testing.T) {
	for name, load := range loads {
		for _, l := range []Limit{{1, 1}, {1, 2}, {1, 10}, {0.2, 3}} {
			for _, asked := range []float64{2, 5, 40} {
				t.Run(fmt.Sprintf("%s %v, %v asked", name, l, asked), func(t *testing.T) {
					random := rand.New(rand.NewPCG(2, uint64(l.Burst)))
					const seconds = 60
					w := newWorld(t, 3, l, random)
					per, one := w.run(random, seconds, asked, false, load.weights)
					t.Logf("%v, %d on one node", per, one)
					most := seconds*l.Rate + float64(l.Burst)
					if n := float64(sum(per)); n < 0.85*float64(one)-2 || n > most+3 {
						t.Errorf("%v taken, one node lets in %d, at most %.0f", per, one, most)
					}
				})
			}
		}
	}
}

// TestWithin: who stays within a limit is let in wherever he comes, as on one
// node.
func TestWithin(t *testing.T) {
	for name, load := range loads {
		for _, l := range []Limit{{1000, 200}, {100, 100}, {10, 20}} {
			t.Run(fmt.Sprintf("%s %v", name, l), func(t *testing.T) {
				random := rand.New(rand.NewPCG(3, uint64(l.Burst)))
				w := newWorld(t, 3, l, random)
				seconds, asked := 30.0, 0.7*l.Rate
				per, _ := w.run(random, seconds, asked, true, load.weights)
				if refused := seconds*asked - float64(sum(per)); refused > 0.01*seconds*asked {
					t.Errorf("%.0f of %.0f refused", refused, seconds*asked)
				}
			})
		}
	}
}

// TestCut: nodes that can't hear of each other any more go on with the shares
// they had; without any, each has the bucket for itself.
func TestCut(t *testing.T) {
	l := Limit{100, 50}
	random := rand.New(rand.NewPCG(4, 4))
	w := newWorld(t, 3, l, random)
	w.cut = func(now int64) bool {
		cut := now > int64(time.Hour)+5*second
		if cut {
			for _, g := range w.groups {
				g.SetNodes(3, true)
			}
		}
		return cut
	}
	per, _ := w.run(random, 60, 2*l.Rate, false, steady(5, 3, 2))
	most := 60*l.Rate + float64(l.Burst)
	t.Logf("%v of %.0f", per, most)
	if off := float64(sum(per))/most - 1; off < -0.1 || off > 0.1 {
		t.Errorf("shares that hold: %v taken, one bucket has %.0f", per, most)
	}
	w = newWorld(t, 3, l, random)
	w.cut = func(int64) bool { return true }
	if per, _ = w.run(random, 30, 3*l.Rate, false, steady(1, 1, 1)); float64(sum(per)) < 0.95*3*30*l.Rate {
		t.Errorf("nodes that never heard of each other: %v taken", per)
	}
}

// TestLeave: what a node had goes to the others when it leaves, and when it only
// falls silent.
func TestLeave(t *testing.T) {
	for name, forget := range map[string]bool{"leaves": true, "falls silent": false} {
		t.Run(name, func(t *testing.T) {
			l := Limit{200, 100}
			random := rand.New(rand.NewPCG(5, 5))
			w := newWorld(t, 3, l, random)
			gone := int64(time.Hour) + 10*second
			left := false
			w.cut = func(now int64) bool {
				if now >= gone && !left {
					left = true
					w.due[2] = 1 << 62
					for _, g := range w.groups[:2] {
						if forget {
							g.SetNodes(2, false)
							g.Forget("2")
						}
					}
				}
				return false
			}
			per, _ := w.run(random, 30, 2*l.Rate, false, func(at float64) []float64 {
				if at > 10 {
					return []float64{1, 1, 0}
				}
				return []float64{1, 1, 1}
			})
			most := 30*l.Rate + float64(l.Burst)
			if off := float64(sum(per))/most - 1; off < -0.04 || off > 0.03 {
				t.Errorf("%v taken, one bucket has %.0f", per, most)
			}
		})
	}
}

// TestJoin: what a node took while it was the only one is no debt when another
// joins.
func TestJoin(t *testing.T) {
	l := Limit{100, 100}
	random := rand.New(rand.NewPCG(7, 7))
	w := newWorld(t, 2, l, random)
	for _, g := range w.groups {
		g.SetNodes(1, false)
	}
	joined := false
	per, one := w.run(random, 30, 0.9*l.Rate, true, func(at float64) []float64 {
		if at > 10 && !joined {
			joined = true
			for _, g := range w.groups {
				g.SetNodes(2, false)
			}
		}
		if at > 11 {
			return []float64{1, 1}
		}
		return []float64{1, 0}
	})
	if refused := one - sum(per); refused > 10 {
		t.Errorf("%v let in, %d on one node", per, one)
	}
}

// TestUntold: of limits that no node uses much of, nobody tells.
func TestUntold(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 8))
	w := newWorld(t, 3, Limit{100, 100}, random)
	if per, _ := w.run(random, 20, 15, true, steady(1, 1, 1)); sum(per) < 299 || w.reports > 0 {
		t.Errorf("%v let in of 300; %d reports", per, w.reports)
	}
	for i, g := range w.groups {
		if w.advance(1 << 60); len(g.active) > 0 {
			t.Errorf("node %d still looks at what nobody uses", i)
		}
	}
}

// TestIdle: a bucket that nobody asks for is told of by nobody, and is whole.
func TestIdle(t *testing.T) {
	random := rand.New(rand.NewPCG(6, 6))
	w := newWorld(t, 3, Limit{10, 20}, random)
	w.run(random, 5, 30, false, steady(1, 1, 1))
	start := int64(time.Hour) + 5*second
	for now := start; now < start+10*second; now += int64(time.Millisecond) {
		w.advance(now)
	}
	before := w.reports
	for now := start + 10*second; now < start+20*second; now += int64(time.Millisecond) {
		w.advance(now)
	}
	if w.reports != before {
		t.Errorf("%d reports of nothing", w.reports-before)
	}
	for i, b := range w.buckets {
		if len(w.groups[i].active) > 0 || b.shared.divided || !b.Full(start+20*second) {
			t.Errorf("node %d still divides", i)
		}
	}
	taken := 0
	for range 100 {
		if w.buckets[0].Take(start + 20*second) {
			taken++
		}
	}
	if taken != 20 {
		t.Errorf("a burst of %d, want 20", taken)
	}
}

// TestAnyDivision: whatever the limit, the load and the delays, nodes together
// let in about what one bucket would.
func TestAnyDivision(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := Limit{rapid.Float64Range(5, 2000).Draw(t, "rate"), rapid.IntRange(1, 2000).Draw(t, "burst")}
		weights := rapid.SliceOfN(rapid.Float64Range(0.01, 1), 2, 5).Draw(t, "weights")
		slow := rapid.Int64Range(1, int64(150*time.Millisecond)).Draw(t, "delay")
		asked := l.Rate * rapid.Float64Range(1.5, 10).Draw(t, "asked")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		w := newWorld(t, len(weights), l, random)
		w.delay = func() int64 { return 1 + random.Int64N(slow) }
		const seconds = 20
		per, one := w.run(random, seconds, asked, false, steady(weights...))
		most := seconds*l.Rate + float64(l.Burst)
		extra := 3 + float64(len(weights)) + 0.5*l.Rate // what they let in before they know of each other, at most
		if n := float64(sum(per)); n > 1.03*most+extra || n < 0.92*float64(one)-3 {
			t.Fatalf("%v taken, one node lets in %d, at most %.0f", per, one, most)
		}
	})
}

func TestReport(t *testing.T) {
	r := &Report{Uses: []Use{{1, 0, 0, 0}, {1 << 63, 12345, 90 * time.Second, 0.125}, {7, 1 << 40, time.Hour, 1e6}}}
	got, err := ParseReport(r.Append(nil))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(r, got); d != "" {
		t.Error(d)
	}
	if _, err := ParseReport([]byte{2, 1}); !errors.Is(err, ErrForm) {
		t.Errorf("a newer form: %v", err)
	}
	if _, err := ParseReport(r.Append(nil)[:20]); err == nil {
		t.Error("half a report is taken")
	}
	many := &Report{Uses: make([]Use, maxUses+1)}
	if _, err := ParseReport(many.Append(nil)); err == nil {
		t.Error("a report without bounds is taken")
	}
}

// FuzzReport: nothing that a node tells breaks another one.
func FuzzReport(f *testing.F) {
	f.Add((&Report{Uses: []Use{{1, 2, time.Second, 3}}}).Append(nil))
	f.Add([]byte{reportForm})
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ParseReport(data)
		if err != nil {
			return
		}
		g := NewGroup()
		g.SetNodes(2, false)
		b := g.New("key", Limit{10, 10})
		now := int64(time.Hour)
		for range 20 {
			for i := range r.Uses {
				r.Uses[i].ID = b.shared.id
			}
			g.Hear("other", r, now)
			b.Take(now)
			if told, _ := g.Tick(now); told != nil {
				if _, err := ParseReport(told.Append(nil)); err != nil {
					t.Fatal(err)
				}
			}
			now += int64(Every)
		}
		for range 100 {
			now += second
			g.Tick(now)
		}
		if !b.Take(now) {
			t.Fatal("a node that was silent for long still keeps a bucket")
		}
	})
}

func BenchmarkTakeShared(b *testing.B) {
	g := NewGroup()
	g.SetNodes(3, false)
	bucket := g.New("key", Limit{1e9, 1 << 30})
	epoch := time.Now()
	take := func() { bucket.Take(int64(time.Since(epoch))) }
	b.Run("one", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			take()
		}
	})
	b.Run("all", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				take()
			}
		})
	})
}

// BenchmarkTick divides what many clients use, of which others use nothing, or
// all.
func BenchmarkTick(b *testing.B) {
	for _, n := range []int{1000, 100000} {
		for name, others := range map[string]int{"alone": 0, "with two others": 2} {
			b.Run(fmt.Sprint(n, " ", name), func(b *testing.B) {
				g := NewGroup()
				g.SetNodes(3, false)
				now := int64(time.Hour)
				r := &Report{}
				var buckets []*Bucket
				for i := range n {
					buckets = append(buckets, g.New(fmt.Sprint(i), Limit{100, 100}))
					if i < maxUses {
						r.Uses = append(r.Uses, Use{ID: buckets[i].shared.id, Taken: 1, Age: time.Second, Demand: 10})
					}
				}
				b.ReportAllocs()
				for b.Loop() {
					b.StopTimer()
					for i := range r.Uses {
						r.Uses[i].Taken++
						r.Uses[i].Age += Every
					}
					for _, bucket := range buckets {
						bucket.Take(now)
					}
					b.StartTimer()
					for i := range others {
						g.Hear(fmt.Sprint(i), r, now)
					}
					g.Tick(now)
					now += int64(Every)
				}
			})
		}
	}
}

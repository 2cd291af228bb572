package throttle

import (
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestTake spends buckets at given times.
func TestTake(t *testing.T) {
	const s = int64(time.Second)
	type step struct {
		at   int64
		want int // tokens that come out of ten attempts
	}
	tests := map[string]struct {
		limit Limit
		steps []step
	}{
		"burst, then rate":         {Limit{2, 5}, []step{{0, 5}, {0, 0}, {s / 2, 1}, {s, 1}, {2 * s, 2}, {100 * s, 5}}},
		"less than one a second":   {Limit{0.1, 1}, []step{{0, 1}, {9 * s, 0}, {10 * s, 1}, {19 * s, 0}, {1000 * s, 1}}},
		"fractions":                {Limit{1.5, 3}, []step{{0, 3}, {2 * s, 3}, {3 * s, 1}, {4 * s, 2}}},
		"nothing (rate and burst)": {Limit{0, 0}, []step{{0, 0}, {1000 * s, 0}}},
		"no burst":                 {Limit{10, 0}, []step{{0, 0}, {1000 * s, 0}}},
		"no rate":                  {Limit{0, 3}, []step{{0, 3}, {1000000 * s, 0}}},
		"negative":                 {Limit{-1, -1}, []step{{0, 0}}},
		"very slow":                {Limit{1e-9, 4}, []step{{0, 4}, {1000000 * s, 0}}},
		"no number":                {Limit{math.NaN(), 2}, []step{{0, 2}, {1000 * s, 0}}},
		"very fast":                {Limit{1e12, 10}, []step{{0, 10}, {1, 1}, {100, 10}}},
		"infinite":                 {Limit{math.Inf(1), 10}, []step{{0, 10}, {100, 10}}},
		"large burst":              {Limit{1, math.MaxInt64}, []step{{0, 10}, {0, 10}}},
		"time that begins late":    {Limit{1, 2}, []step{{time.Now().UnixNano(), 2}, {time.Now().UnixNano() + s, 1}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := New(tt.limit)
			for i, step := range tt.steps {
				got := 0
				for range 10 {
					if b.Take(step.at) {
						got++
					}
				}
				if got != step.want {
					t.Errorf("step %d: %d tokens, want %d", i, got, step.want)
				}
			}
		})
	}
}

// TestNeverMore: over any time, no more than burst and what came by the rate is
// taken; and a bucket that is asked often enough gives all of it.
func TestNeverMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := Limit{rapid.Float64Range(0.5, 5000).Draw(t, "rate"), rapid.IntRange(1, 500).Draw(t, "burst")}
		b := New(l)
		now, taken, asked := int64(0), 0, 0
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			now += rapid.Int64Range(0, int64(50*time.Millisecond)).Draw(t, "pause")
			for range rapid.IntRange(0, 20).Draw(t, "calls") {
				asked++
				if b.Take(now) {
					taken++
				}
			}
		}
		most := float64(l.Burst) + l.Rate*time.Duration(now).Seconds()
		if float64(taken) > most+1e-3*most+1 {
			t.Fatalf("%d of %d taken in %v, at most %.1f", taken, asked, time.Duration(now), most)
		}
	})
}

// TestPrecise: at twice the rate, what is taken is within 1 % of rate and burst.
func TestPrecise(t *testing.T) {
	l := Limit{700, 100}
	b := New(l)
	const seconds, calls = 30, 30 * 1400
	taken := 0
	for i := range int64(calls) {
		if b.Take(i * int64(time.Second) / 1400) {
			taken++
		}
	}
	if want := l.Rate*seconds + float64(l.Burst); math.Abs(float64(taken)-want) > want/100 {
		t.Errorf("%d taken, want %.0f", taken, want)
	}
}

// TestConcurrent: many goroutines together get what one would.
func TestConcurrent(t *testing.T) {
	b := New(Limit{1, 1000})
	var taken atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 1000 {
				if b.Take(0) {
					taken.Add(1)
				}
			}
		})
	}
	all.Wait()
	if n := taken.Load(); n != 1000 {
		t.Errorf("%d taken", n)
	}
}

func TestPool(t *testing.T) {
	var p Pool
	l := Limit{1, 2}
	a := p.Acquire(nil, "GET /a", l)
	if p.Acquire(nil, "GET /a", l) != a {
		t.Error("one limit has two buckets")
	}
	if p.Acquire(nil, "GET /b", l) == a || p.Acquire(nil, "GET /a", Limit{1, 3}) == a {
		t.Error("two limits have one bucket")
	}
	a.Take(0)
	p.Release("GET /a", l, 0)
	p.Release("GET /a", l, 0)
	if p.Acquire(nil, "GET /a", l) != a {
		t.Error("a bucket that isn't full was forgotten")
	}
	p.Release("GET /a", l, int64(time.Second))
	if p.Acquire(nil, "GET /a", l) == a {
		t.Error("a bucket that is full again stays")
	}
	p.Release("unknown", l, 0)
}

func BenchmarkTake(b *testing.B) {
	for name, l := range map[string]Limit{"allowed": {1e9, 1 << 30}, "refused": {1e-3, 1}} {
		bucket := New(l)
		epoch := time.Now()
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				bucket.Take(int64(time.Since(epoch)))
			}
		})
		b.Run(name+" by all", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					bucket.Take(int64(time.Since(epoch)))
				}
			})
		})
	}
}

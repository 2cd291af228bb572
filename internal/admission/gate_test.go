package admission

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// arrive enters on a goroutine of its own and returns once it waits; got
// receives name when it was admitted, "-" when it was refused.
func arrive(g *Gate, name string, got chan<- string) {
	go func() {
		if !g.Enter(time.Time{}) {
			name = "-"
		}
		got <- name
	}()
	synctest.Wait()
}

func TestRefusesPastTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Config{Work: 1, Queue: 1})
		got := make(chan string, 3)
		arrive(g, "a", got)
		arrive(g, "b", got)
		arrive(g, "c", got)
		if a, c := <-got, <-got; a != "a" || c != "-" {
			t.Errorf("admitted %s, then %s; want a, then a refusal while b waits", a, c)
		}
		g.Leave()
		if b := <-got; b != "b" {
			t.Errorf("b: %s", b)
		}
		g.Leave()
		if inside, queued, shed := g.Stats(); inside != 0 || queued != 0 || shed != 1 {
			t.Errorf("inside %d, queued %d, shed %d", inside, queued, shed)
		}
	})
}

func TestQueueIsInOrderUntilSomebodyIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Config{Work: 1, Patience: 100 * time.Millisecond})
		got := make(chan string, 10)
		arrive(g, "first", got)
		<-got
		arrive(g, "a", got)
		arrive(g, "b", got)
		g.Leave()
		if next := <-got; next != "a" {
			t.Errorf("while everybody is served, %s goes first", next)
		}
		time.Sleep(60 * time.Millisecond)
		arrive(g, "c", got)
		time.Sleep(60 * time.Millisecond)
		if b := <-got; b != "-" {
			t.Errorf("b waited 100 ms: %s", b)
		}
		arrive(g, "d", got)
		g.Leave()
		if next := <-got; next != "d" {
			t.Errorf("after a refusal, %s goes first, want the newest", next)
		}
		began := time.Now()
		arrive(g, "e", got)
		if e := <-got; e != "-" || time.Since(began) != 10*time.Millisecond {
			t.Errorf("after a refusal: e %s after %v, want a refusal after 10 ms", e, time.Since(began))
		}
		<-got // c
		g.Leave()
	})
}

func TestPatienceComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Config{Work: 1})
		got := make(chan string, 10)
		arrive(g, "first", got)
		<-got
		for _, want := range []time.Duration{100, 10, 10} {
			began := time.Now()
			arrive(g, "late", got)
			<-got
			if d := time.Since(began); d != want*time.Millisecond {
				t.Errorf("refused after %v, want %d ms", d, want)
			}
		}
		time.Sleep(101 * time.Millisecond)
		began := time.Now()
		arrive(g, "patient", got)
		<-got
		if d := time.Since(began); d != 100*time.Millisecond {
			t.Errorf("after 101 ms without a refusal one waits %v, want 100 ms again", d)
		}
		g.Leave()
	})
}

func TestFullQueueMakesHaste(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Config{Work: 1, Queue: 1})
		got := make(chan string, 4)
		for _, name := range []string{"a", "b", "c"} {
			arrive(g, name, got)
		}
		time.Sleep(100 * time.Millisecond) // b goes
		synctest.Wait()
		began := time.Now()
		arrive(g, "d", got)
		for range 4 {
			<-got
		}
		if d := time.Since(began); d != 10*time.Millisecond {
			t.Errorf("d was refused after %v, want 10 ms", d)
		}
		g.Leave()
	})
}

func TestDeadlineBoundsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Config{Work: 1})
		g.Enter(time.Time{})
		began := time.Now()
		if g.Enter(began.Add(30*time.Millisecond)) || time.Since(began) != 30*time.Millisecond {
			t.Errorf("refused after %v, want 30 ms", time.Since(began))
		}
		if g.Enter(began) {
			t.Error("a past deadline was admitted")
		}
		began = time.Now()
		g.Enter(time.Time{})
		if d := time.Since(began); d != 100*time.Millisecond {
			t.Errorf("a short deadline of another cost patience: %v", d)
		}
	})
}

// TestNeverMoreThanTheWork: many workers, little room: the bound holds, nobody
// is lost, and room left over is found.
func TestNeverMoreThanTheWork(t *testing.T) {
	const work = 3
	g := New(Config{Work: work, Queue: 1000, Patience: time.Minute, Hurry: time.Minute})
	var inside, most, done atomic.Int64
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for range 2000 {
				if !g.Enter(time.Time{}) {
					continue
				}
				n := inside.Add(1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				done.Add(1)
				inside.Add(-1)
				g.Leave()
			}
		})
	}
	all.Wait()
	if most.Load() > work || done.Load() != 32000 {
		t.Errorf("at most %d inside at once, want %d; %d of 32000 admitted", most.Load(), work, done.Load())
	}
	if in, queued, _ := g.Stats(); in != 0 || queued != 0 {
		t.Errorf("left: inside %d, queued %d", in, queued)
	}
}

func TestEnteringAllocatesNothing(t *testing.T) {
	g := New(Config{})
	if n := testing.AllocsPerRun(1000, func() { g.Enter(time.Time{}); g.Leave() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkEnterLeave(b *testing.B) {
	g := New(Config{Work: 1 << 20})
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			g.Enter(time.Time{})
			g.Leave()
		}
	})
}

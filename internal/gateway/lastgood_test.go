package gateway

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

func keeping(m *memoryLastGood) func(*Config) {
	return func(c *Config) { c.LastGood, c.StartTimeout = m, time.Millisecond }
}

func kept(t *testing.T, m *memoryLastGood, want ...string) {
	t.Helper()
	eventually(t, fmt.Sprint("kept ", want), func() bool { return cmp.Equal(want, m.keys()) })
}

func TestLastGood(t *testing.T) {
	m, src := &memoryLastGood{}, newFakeSource()
	g := newGateway(t, &fakeKind{}, keeping(m))
	src.define("aaa", "d1")
	src.define("aaa", "d2")
	src.define("bbb", "d1")
	src.batches <- store.Batch{Revision: 3, Reset: true, Events: []store.Event{
		record("aaa", "prod", "d1"), record("aaa", "dev", "d1"), record("bbb", "prod", "d1")}}
	stop := follow(t, g, src, 3)
	kept(t, m, "definition:aaa/d1", "definition:bbb/d1", "stage:aaa/dev", "stage:aaa/prod", "stage:bbb/prod")

	src.batches <- store.Batch{Revision: 4, Events: []store.Event{record("aaa", "prod", "d2"), {Key: fakePrefix + "bbb/prod"}}}
	wait(t, g, 4)
	kept(t, m, "definition:aaa/d1", "definition:aaa/d2", "stage:aaa/dev", "stage:aaa/prod")
	src.batches <- store.Batch{Revision: 5, Events: []store.Event{record("aaa", "dev", "d2", func(s *apigw.Stage) { s.Description = "!" })}}
	wait(t, g, 5)
	kept(t, m, "definition:aaa/d2", "stage:aaa/dev", "stage:aaa/prod")
	stop()

	t.Run("a start without the store", func(t *testing.T) {
		away := newFakeSource()
		away.dead = true
		g := newGateway(t, &fakeKind{}, keeping(m))
		follow(t, g, away, 0)
		expect(t, g, "aaa", "prod", "d2")
		expect(t, g, "aaa", "dev", "d2!")
		if n := away.reads; n != 0 {
			t.Errorf("asked the dead store %d times", n)
		}

		// The store comes back, and things have changed meanwhile.
		away.mu.Lock()
		away.dead = false
		away.mu.Unlock()
		away.define("aaa", "d9")
		away.batches <- store.Batch{Revision: 9, Reset: true, Events: []store.Event{record("aaa", "prod", "d9")}}
		wait(t, g, 9)
		expect(t, g, "aaa", "prod", "d9")
		if status, _ := ask(g, "aaa", "dev"); status != 403 {
			t.Errorf("a stage deleted meanwhile answers %d", status)
		}
		kept(t, m, "definition:aaa/d9", "stage:aaa/prod")
	})
}

// TestLastGoodCanary: a canary's deployment is kept beside its stage's, while
// it gets requests.
func TestLastGoodCanary(t *testing.T) {
	m, src := &memoryLastGood{}, newFakeSource()
	g := newGateway(t, &fakeKind{}, keeping(m))
	src.define("aaa", "d1")
	src.define("aaa", "d2")
	canary := func(percent float64) store.Event {
		return record("aaa", "prod", "d1", func(s *apigw.Stage) { s.Canary = &apigw.CanarySettings{DeploymentID: "d2", PercentTraffic: percent} })
	}
	src.batches <- store.Batch{Revision: 3, Reset: true, Events: []store.Event{canary(0)}}
	stop := follow(t, g, src, 3)
	expect(t, g, "aaa", "prod", "d1")
	kept(t, m, "definition:aaa/d1", "stage:aaa/prod")
	src.batches <- store.Batch{Revision: 4, Events: []store.Event{canary(100)}}
	wait(t, g, 4)
	expect(t, g, "aaa", "prod", "d2")
	kept(t, m, "definition:aaa/d1", "definition:aaa/d2", "stage:aaa/prod")
	stop()

	away := newFakeSource()
	away.dead = true
	g = newGateway(t, &fakeKind{}, keeping(m))
	stop = follow(t, g, away, 0)
	expect(t, g, "aaa", "prod", "d2")
	stop()

	g = newGateway(t, &fakeKind{}, keeping(m))
	src.batches <- store.Batch{Revision: 5, Reset: true, Events: []store.Event{record("aaa", "prod", "d2")}}
	follow(t, g, src, 5)
	expect(t, g, "aaa", "prod", "d2")
	kept(t, m, "definition:aaa/d2", "stage:aaa/prod")
}

func TestSilentStoreWithoutLastGood(t *testing.T) {
	g := newGateway(t, &fakeKind{}, keeping(&memoryLastGood{}))
	src := newFakeSource()
	src.define("aaa", "d1")
	done := make(chan struct{})
	go func() {
		defer close(done)
		time.Sleep(50 * time.Millisecond) // longer than the start may take
		src.batches <- store.Batch{Revision: 1, Reset: true, Events: []store.Event{record("aaa", "prod", "d1")}}
	}()
	follow(t, g, src, 0)
	<-done
	wait(t, g, 1)
	expect(t, g, "aaa", "prod", "d1")
}

func TestStoreDiesWhileStagesAreCold(t *testing.T) {
	m, src := &memoryLastGood{}, newFakeSource()
	g := newGateway(t, &fakeKind{}, keeping(m), func(c *Config) { c.MaxRoutes = 1 })
	batch := store.Batch{Revision: 1, Reset: true}
	for i := range 5 {
		api := fmt.Sprint("api", i)
		src.define(api, "d1")
		batch.Events = append(batch.Events, record(api, "prod", "d1"))
	}
	src.batches <- batch
	follow(t, g, src, 1)
	eventually(t, "cold stages are kept too", func() bool { return len(m.keys()) == 10 })
	src.mu.Lock()
	src.dead = true
	src.mu.Unlock()
	for range 2 {
		for i := range 5 {
			expect(t, g, fmt.Sprint("api", i), "prod", "d1")
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	const stages, limit = 50, 8
	k, m, src := &fakeKind{}, &memoryLastGood{}, newFakeSource()
	g := newGateway(t, k, keeping(m), func(c *Config) { c.MaxRoutes = limit })
	src.batches <- store.Batch{Revision: 1, Reset: true}
	follow(t, g, src, 1)
	for i := range stages {
		api := fmt.Sprint("api", i)
		src.define(api, "d1")
		src.batches <- store.Batch{Revision: int64(i + 2), Events: []store.Event{record(api, "prod", "d1")}}
	}
	wait(t, g, stages+1)
	live := func() (n int) {
		for i := range stages {
			if g.hosts.api([]byte(fmt.Sprint("api", i))).stage([]byte("prod")).running.Load() != nil {
				n++
			}
		}
		return n
	}
	eventually(t, "few stages are compiled", func() bool { return live() <= limit })
	for i := range stages {
		expect(t, g, fmt.Sprint("api", i), "prod", "d1")
	}
	eventually(t, "few stages are compiled after use", func() bool { return live() <= limit })
}

func TestFullDisk(t *testing.T) {
	m, src := &memoryLastGood{full: true}, newFakeSource()
	g := newGateway(t, &fakeKind{}, keeping(m))
	src.define("aaa", "d1")
	src.batches <- store.Batch{Revision: 1, Reset: true, Events: []store.Event{record("aaa", "prod", "d1"), record("aaa", "dev", "d1")}}
	stop := follow(t, g, src, 1)
	expect(t, g, "aaa", "prod", "d1")
	eventually(t, "the disk refused what is to be kept", func() bool { m.mu.Lock(); defer m.mu.Unlock(); return len(m.dropped) == 3 })
	stop()
	g.keeper.again(g)
	m.mu.Lock()
	m.full = false
	m.mu.Unlock()
	g.keeper.again(g)
	src2 := newFakeSource()
	src2.definitions = src.definitions
	src2.batches <- store.Batch{Revision: 2, Reset: true, Events: []store.Event{record("aaa", "prod", "d1"), record("aaa", "dev", "d1")}}
	follow(t, g, src2, 2)
	kept(t, m, "definition:aaa/d1", "stage:aaa/dev", "stage:aaa/prod")
}

package gateway

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/store"
)

// ask sends a request past the listeners and returns status and body.
func ask(g *Gateway, api, stage string) (int, string) {
	var x exchange.Exchange
	x.Begin(nil)
	x.Host, x.Path, x.Header = []byte(api+".execute-api.h"), []byte("/"+stage), new(http1.Header)
	ran := g.run(&finder{}, &x)
	x.End()
	runtime.KeepAlive(ran)
	return x.Response.Status, string(x.Response.Body)
}

func expect(t testing.TB, g *Gateway, api, stage, body string) {
	t.Helper()
	if status, got := ask(g, api, stage); status != 200 || got != body {
		t.Errorf("%s/%s: %d %s, want %s", api, stage, status, got, body)
	}
}

func wait(t testing.TB, g *Gateway, revision int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := g.WaitFor(ctx, revision); err != nil {
		t.Fatal(err)
	}
}

// eventually waits for what another goroutine does.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for range 1000 {
		if ok() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("never: %s", what)
}

func described(text string) func(*apigw.Definition) {
	return func(d *apigw.Definition) { d.API.Description = text }
}

func TestFollow(t *testing.T) {
	k := &fakeKind{}
	g := newGateway(t, k)
	src := newFakeSource()
	for _, dep := range []string{"d1", "d2"} {
		src.define("aaa", dep)
		src.define("bbb", dep)
	}
	if g.Ready() == nil {
		t.Error("ready before anything is known")
	}
	src.batches <- store.Batch{Revision: 5, Reset: true, Events: []store.Event{record("aaa", "prod", "d1"), record("bbb", "prod", "d1")}}
	follow(t, g, src, 5)
	expect(t, g, "aaa", "prod", "d1")

	src.batches <- store.Batch{Revision: 6, Events: []store.Event{record("aaa", "prod", "d2"), record("aaa", "dev", "d1")}}
	wait(t, g, 6)
	expect(t, g, "aaa", "prod", "d2")
	expect(t, g, "aaa", "dev", "d1")

	src.batches <- store.Batch{Revision: 7, Events: []store.Event{record("aaa", "dev", "d1", func(s *apigw.Stage) { s.Description = "!" })}}
	wait(t, g, 7)
	expect(t, g, "aaa", "dev", "d1!")

	src.batches <- store.Batch{Revision: 8, Events: []store.Event{{Key: fakePrefix + "aaa/prod"}, {Key: fakePrefix + "bbb/prod"}}}
	wait(t, g, 8)
	if status, _ := ask(g, "aaa", "prod"); status != 403 {
		t.Errorf("a deleted stage answers %d", status)
	}
	if status, _ := ask(g, "bbb", "prod"); status != 404 {
		t.Errorf("an API without stages answers %d", status)
	}
	expect(t, g, "aaa", "dev", "d1!")

	src.batches <- store.Batch{Revision: 20, Reset: true, Events: []store.Event{record("bbb", "prod", "d2")}}
	wait(t, g, 20)
	if status, _ := ask(g, "aaa", "dev"); status != 404 {
		t.Errorf("what a reset doesn't mention answers %d", status)
	}
	expect(t, g, "bbb", "prod", "d2")
	src.batches <- store.Batch{Revision: 21}
	wait(t, g, 21)
}

func TestWaitForGivesUp(t *testing.T) {
	g := newGateway(t, &fakeKind{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := g.WaitFor(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestSeveralChangesAreAppliedAsOne(t *testing.T) {
	more := make(chan store.Batch, 3)
	more <- store.Batch{Revision: 2, Events: []store.Event{{Key: "a", Value: []byte("2")}, {Key: "b", Value: []byte("2")}}}
	more <- store.Batch{Revision: 3, Reset: true, Events: []store.Event{{Key: "b", Value: []byte("3")}}}
	more <- store.Batch{Revision: 4, Events: []store.Event{{Key: "b"}, {Key: "c", Value: []byte("4")}}}
	got := latest(store.Batch{Revision: 1, Events: []store.Event{{Key: "a", Value: []byte("1")}}}, more)
	want := change{revision: 4, reset: true, records: map[string][]byte{"b": nil, "c": []byte("4")}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(change{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// logLines collects what is logged.
type logLines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logLines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), text)
}

func TestWhatDoesNotCompileReplacesNothing(t *testing.T) {
	k, log := &fakeKind{}, &logLines{}
	g := newGateway(t, k, func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(log, nil)) })
	src := newFakeSource()
	src.define("aaa", "d1")
	src.define("aaa", "d2", described("broken"))
	src.define("aaa", "d3")
	src.batches <- store.Batch{Revision: 1, Reset: true, Events: []store.Event{record("aaa", "prod", "d1")}}
	follow(t, g, src, 1)
	expect(t, g, "aaa", "prod", "d1")
	src.batches <- store.Batch{Revision: 2, Events: []store.Event{record("aaa", "prod", "d2"), record("aaa", "new", "d2")}}
	wait(t, g, 2)
	expect(t, g, "aaa", "prod", "d1")
	if status, body := ask(g, "aaa", "new"); status != 500 || body != `{"message":"Internal server error"}` {
		t.Errorf("a stage that never compiled answers %d %s", status, body)
	}
	if n := log.count("stage=prod"); n != 1 || log.count("GET /pets") == 0 {
		t.Errorf("logged %d times:\n%s", n, log.b.String())
	}
	src.batches <- store.Batch{Revision: 3, Events: []store.Event{record("aaa", "prod", "d3"), record("aaa", "new", "d3")}}
	wait(t, g, 3)
	expect(t, g, "aaa", "prod", "d3")
	expect(t, g, "aaa", "new", "d3")
}

func TestDisabledEndpoint(t *testing.T) {
	g := newGateway(t, &fakeKind{})
	src := newFakeSource()
	src.define("aaa", "d1", func(d *apigw.Definition) { d.API.DisableExecuteAPIEndpoint = true })
	src.batches <- store.Batch{Revision: 1, Reset: true, Events: []store.Event{record("aaa", "prod", "d1")}}
	follow(t, g, src, 1)
	if status, body := ask(g, "aaa", "prod"); status != 403 || body != forbidden {
		t.Errorf("%d %s", status, body)
	}
}

func TestOneCompilationForManyWaiters(t *testing.T) {
	k := &fakeKind{}
	g := newGateway(t, k, func(c *Config) { c.MaxRoutes = 1 }) // nothing ahead of use
	src := newFakeSource()
	src.define("aaa", "d1")
	src.define("bbb", "d1")
	src.batches <- store.Batch{Revision: 1, Reset: true, Events: []store.Event{record("aaa", "prod", "d1"), record("bbb", "prod", "d1")}}
	follow(t, g, src, 1)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { expect(t, g, "aaa", "prod", "d1") })
	}
	all.Wait()
	if n := k.compiled.Load(); n > 2 {
		t.Errorf("compiled %d times", n)
	}
}

func TestPanicInAStage(t *testing.T) {
	k := &fakeKind{serve: func(*exchange.Exchange, *apigw.Definition, *apigw.Stage) { panic("oops") }}
	log := &logLines{}
	g := newGateway(t, k, func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(log, nil)) })
	src := newFakeSource()
	src.define("aaa", "d1")
	src.batches <- store.Batch{Revision: 1, Reset: true, Events: []store.Event{record("aaa", "prod", "d1")}}
	follow(t, g, src, 1)
	if status, body := ask(g, "aaa", "prod"); status != 500 || body != `{"message":"Internal server error"}` {
		t.Errorf("%d %s", status, body)
	}
	if log.count("panic=oops") != 1 {
		t.Errorf("log:\n%s", log.b.String())
	}
}

func TestReplacedStagesAreClosed(t *testing.T) {
	k := &fakeKind{}
	g := newGateway(t, k)
	src := newFakeSource()
	for _, dep := range []string{"d1", "d2"} {
		src.define("aaa", dep)
	}
	src.batches <- store.Batch{Revision: 1, Reset: true, Events: []store.Event{record("aaa", "prod", "d1")}}
	follow(t, g, src, 1)
	expect(t, g, "aaa", "prod", "d1")
	held, _ := g.stages[fakePrefix+"aaa/prod"].current(g)
	src.batches <- store.Batch{Revision: 2, Events: []store.Event{record("aaa", "prod", "d2")}}
	wait(t, g, 2)
	for range 3 {
		runtime.GC()
	}
	if n := k.closed.Load(); n != 0 {
		t.Errorf("closed %d stages while a request holds one", n)
	}
	runtime.KeepAlive(held)
	held = nil
	eventually(t, "the replaced stage is closed", func() bool { runtime.GC(); return k.closed.Load() == 1 })
	src.batches <- store.Batch{Revision: 3, Events: []store.Event{{Key: fakePrefix + "aaa/prod"}}}
	wait(t, g, 3)
	eventually(t, "the deleted stage is closed", func() bool { runtime.GC(); return k.closed.Load() == 2 })
}

// lateSource shows a definition a moment after the change that needs it.
type lateSource struct {
	*fakeSource
	misses atomic.Int64
}

func (l *lateSource) Definition(ctx context.Context, key string, dep apigw.DeploymentID) (*apigw.Definition, error) {
	if l.misses.Add(1) < 3 {
		return nil, apigw.Errorf(apigw.NotFound, "Invalid Deployment identifier specified")
	}
	return l.fakeSource.Definition(ctx, key, dep)
}

func TestReadsThatLagBehindAChange(t *testing.T) {
	g := newGateway(t, &fakeKind{})
	src := &lateSource{fakeSource: newFakeSource()}
	src.define("aaa", "d1")
	src.batches <- store.Batch{Revision: 1, Reset: true}
	follow(t, g, src, 1)
	src.batches <- store.Batch{Revision: 2, Events: []store.Event{record("aaa", "prod", "d1")}}
	wait(t, g, 2)
	expect(t, g, "aaa", "prod", "d1")
}

package gateway

import (
	"context"
	"sync"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// Source is the store, as the gateway needs it. NewSource makes one.
type Source interface {
	// Watch delivers the stage records, first all of them in a Reset batch,
	// then every change. Batches without events only move the revision. It is
	// closed when ctx ends.
	Watch(ctx context.Context) <-chan store.Batch
	// Name takes the key of a stage record apart.
	Name(key string) (api, stage string, ok bool)
	// Stage decodes a stage record.
	Stage(record []byte) (*apigw.Stage, error)
	// Definition is the frozen content of a deployment of the API whose stage
	// record has key stageKey.
	Definition(ctx context.Context, stageKey string, dep apigw.DeploymentID) (*apigw.Definition, error)
	// Encode and Decode turn a Definition into bytes and back.
	Encode(*apigw.Definition) ([]byte, error)
	Decode([]byte) (*apigw.Definition, error)
}

// applied is how far the applier came.
type applied struct {
	mu       sync.Mutex // guards what follows
	revision int64
	known    bool          // there is a state to serve, from the store or the last good one
	moved    chan struct{} // closed and replaced when the above change
}

func (a *applied) init() { a.moved = make(chan struct{}) }

func (a *applied) isKnown() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.known
}

func (a *applied) move(revision int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.revision, a.known = max(a.revision, revision), true
	close(a.moved)
	a.moved = make(chan struct{})
}

// WaitFor returns once everything up to revision is served, or the error of
// ctx. What can't be served counts as done: the log says why it isn't.
func (g *Gateway) WaitFor(ctx context.Context, revision int64) error {
	for {
		a := &g.applied
		a.mu.Lock()
		reached, moved := a.known && a.revision >= revision, a.moved
		a.mu.Unlock()
		if reached {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (g *Gateway) src() Source { return *g.source.Load() }

// Follow serves what src holds and applies its changes, until ctx ends; then
// it may be called again, with another source. What is served stays. All
// changes are applied on this one goroutine, and several that wait are
// applied as one, so that what is served is always the latest. When the store
// stays silent at the start, the last good state is served until it speaks.
func (g *Gateway) Follow(ctx context.Context, src Source) error {
	g.source.Store(&src)
	batches := src.Watch(ctx)
	var helpers sync.WaitGroup
	defer helpers.Wait()
	if g.keeper != nil {
		g.keeper.open(ctx)
		helpers.Go(func() { g.keeper.run(ctx, g) })
	}
	helpers.Go(func() { g.warmth.run(ctx, g) })
	timer := time.NewTimer(g.cfg.StartTimeout)
	defer timer.Stop()
	for {
		select {
		case b, ok := <-batches:
			if !ok {
				return ctx.Err()
			}
			timer.Stop()
			g.apply(latest(b, batches))
		case <-timer.C:
			if !g.applied.isKnown() {
				g.serveLastGood()
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// change is what several batches come to.
type change struct {
	revision int64
	reset    bool              // records is everything
	records  map[string][]byte // by key; nil: deleted
}

// latest merges b with what waits behind it.
func latest(b store.Batch, more <-chan store.Batch) change {
	c := change{records: map[string][]byte{}}
	for {
		if b.Reset {
			c.reset = true
			clear(c.records)
		}
		for _, e := range b.Events {
			c.records[e.Key] = e.Value
		}
		c.revision = b.Revision
		select {
		case next, ok := <-more:
			if !ok {
				return c
			}
			b = next
		default:
			return c
		}
	}
}

// apply makes c visible. New stages of a whole state are compiled later, when
// they are used or in the background; of a change, now.
func (g *Gateway) apply(c change) {
	if c.reset {
		for key := range g.stages {
			if c.records[key] == nil {
				g.remove(key)
			}
		}
		if g.keeper != nil {
			g.keeper.retain(c.records)
		}
	}
	for key, record := range c.records {
		if record == nil {
			g.remove(key)
		} else {
			g.set(key, record, c.reset)
		}
	}
	if g.keeper != nil {
		g.keeper.to.SetRevision(c.revision)
	}
	g.applied.move(c.revision)
}

// set makes record the latest of its stage. A lazy one that doesn't run yet
// isn't compiled now.
func (g *Gateway) set(key string, record []byte, lazy bool) {
	s := g.stages[key]
	if s == nil {
		api, name, ok := g.src().Name(key)
		if !ok {
			return
		}
		s = &stage{apiID: api, name: name, key: key, record: record, stale: true}
		g.stages[key] = s
		if !lazy {
			s.refresh(g)
		}
		g.hosts.put(s)
		g.warmth.add(s)
		return
	}
	if !s.want(record) {
		if g.keeper != nil && !g.keeper.has(key, record) {
			g.warmth.add(s)
		}
		return
	}
	if !lazy || s.running.Load() != nil {
		s.refresh(g)
	}
	g.warmth.add(s)
}

func (g *Gateway) remove(key string) {
	s := g.stages[key]
	if s == nil {
		return
	}
	delete(g.stages, key)
	g.hosts.remove(s)
	s.drop()
	if deleted := g.cfg.WebSocket.Deleted; deleted != nil {
		deleted(s.apiID, s.name)
	}
	g.warmth.gone(s)
	if g.keeper != nil {
		g.keeper.forget(key)
	}
}

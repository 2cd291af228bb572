package control

import (
	"context"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// Watch delivers the stage records of every scope: first all of them in one
// Reset batch, then what changes. A later Reset of the store's arrives as the
// changes it amounts to. The channel is closed when ctx ends.
func (f Feed) Watch(ctx context.Context) <-chan store.Batch { return f.c.watchKind(ctx, KeyStage) }

// watchKind is Watch for the records of any kind.
func (c *Control) watchKind(ctx context.Context, kind KeyKind) <-chan store.Batch {
	out := make(chan store.Batch)
	w := &kindWatch{
		c: c, kind: kind, out: out,
		in:     make(chan scopedBatch),
		scopes: map[apigw.Scope]map[string]struct{}{},
	}
	go w.run(ctx)
	return out
}

// scopedBatch is a batch of one scope's records.
type scopedBatch struct {
	scope apigw.Scope
	batch store.Batch
}

// kindWatch merges one watch per scope; only its run goroutine touches it.
type kindWatch struct {
	c    *Control
	kind KeyKind
	out  chan<- store.Batch
	in   chan scopedBatch
	// scopes holds the keys that were delivered of each watched scope.
	scopes map[apigw.Scope]map[string]struct{}

	// Until every scope known at the start has answered, their records
	// gather in first.
	waiting map[apigw.Scope]bool
	first   store.Batch
	started bool
}

func (w *kindWatch) run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer close(w.out)
	defer cancel()
	w.waiting = map[apigw.Scope]bool{}
	w.first.Reset = true
	registry := w.c.store.Watch(ctx, scopeRoot, 0)
	for {
		select {
		case <-ctx.Done():
			return
		case b, ok := <-registry:
			if !ok || !w.follow(ctx, b) {
				return
			}
		case b := <-w.in:
			if !w.deliver(ctx, b) {
				return
			}
		}
	}
}

// follow begins a watch for each scope that b brings.
func (w *kindWatch) follow(ctx context.Context, b store.Batch) bool {
	for _, e := range b.Events {
		scope, ok := parseScope(e.Key)
		if _, known := w.scopes[scope]; !ok || known || e.Value == nil {
			continue
		}
		w.scopes[scope] = map[string]struct{}{}
		if !w.started {
			w.waiting[scope] = true
		}
		go forward(ctx, w.in, scope, w.c.store.Watch(ctx, ScopePrefix(scope)+string(w.kind)+"/", 0))
	}
	w.first.Revision = max(w.first.Revision, b.Revision)
	return w.begin(ctx)
}

func parseScope(key string) (apigw.Scope, bool) {
	rest, ok := strings.CutPrefix(key, scopeRoot)
	if !ok {
		return apigw.Scope{}, false
	}
	k, ok := ParseKey(KeyRoot + rest + "/" + string(KeyAPI) + "/-")
	return k.Scope, ok
}

func forward(ctx context.Context, to chan<- scopedBatch, scope apigw.Scope, from <-chan store.Batch) {
	for b := range from {
		select {
		case to <- scopedBatch{scope, b}:
		case <-ctx.Done():
			return
		}
	}
}

// begin sends the first batch once nothing is waited for any more.
func (w *kindWatch) begin(ctx context.Context) bool {
	if w.started || len(w.waiting) > 0 {
		return true
	}
	w.started = true
	return w.send(ctx, w.first)
}

func (w *kindWatch) deliver(ctx context.Context, s scopedBatch) bool {
	batch := w.changes(s)
	if w.started {
		// A revision that one scope reached says nothing of the others.
		return len(batch.Events) == 0 || w.send(ctx, batch)
	}
	w.first.Events = append(w.first.Events, batch.Events...)
	w.first.Revision = max(w.first.Revision, batch.Revision)
	delete(w.waiting, s.scope)
	return w.begin(ctx)
}

// changes notes the keys of a batch and turns a Reset into what it removes
// and puts.
func (w *kindWatch) changes(s scopedBatch) store.Batch {
	keys := w.scopes[s.scope]
	out := store.Batch{Revision: s.batch.Revision}
	if s.batch.Reset {
		for _, e := range s.batch.Events {
			delete(keys, e.Key)
		}
		for gone := range keys {
			out.Events = append(out.Events, store.Event{Key: gone, Revision: s.batch.Revision})
		}
		clear(keys)
	}
	for _, e := range s.batch.Events {
		if e.Value == nil {
			delete(keys, e.Key)
		} else {
			keys[e.Key] = struct{}{}
		}
	}
	out.Events = append(out.Events, s.batch.Events...)
	return out
}

func (w *kindWatch) send(ctx context.Context, b store.Batch) bool {
	select {
	case w.out <- b:
		return true
	case <-ctx.Done():
		return false
	}
}

package control

import (
	"context"
	"sync"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// catalog is which functions this node knows, at which revision.
type catalog struct {
	mu     sync.Mutex // held while Changed is told
	known  map[functionRef]int64
	loaded chan struct{} // closed once all that is stored was told
	once   sync.Once
}

func newCatalog() catalog {
	return catalog{known: map[functionRef]int64{}, loaded: make(chan struct{})}
}

// Loaded is closed once Changed was told of every stored function.
func (s *Functions) Loaded() <-chan struct{} { return s.catalog.loaded }

// Follow tells Changed of what is stored, by whichever node, until ctx ends.
func (s *Functions) Follow(ctx context.Context) {
	for b := range s.c.watchKind(ctx, KeyFunction) {
		for _, e := range b.Events {
			k, ok := ParseKey(e.Key)
			if !ok || k.Kind != KeyFunction {
				continue
			}
			var f *apigw.Function
			if e.Value != nil {
				var err error
				if f, err = s.decode(e.Key, e.Value); err != nil {
					s.c.log.Error("a stored function can't be read; it is not served", "function", k.Name, "error", err)
				}
			}
			s.apply(functionRef{k.Scope, k.Name}, f, b.Revision)
		}
		s.catalog.once.Do(func() { close(s.catalog.loaded) })
	}
}

// apply tells Changed of a function as it is since revision, unless it knows
// of a later one: a change of this node's is told at once, and comes by the
// watch again.
func (s *Functions) apply(ref functionRef, f *apigw.Function, revision int64) {
	s.catalog.mu.Lock()
	defer s.catalog.mu.Unlock()
	if s.catalog.known[ref] >= revision {
		return
	}
	s.catalog.known[ref] = revision
	s.Changed(ref.scope, ref.name, f)
}

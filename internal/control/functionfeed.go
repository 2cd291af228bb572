package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// catalog is which functions this node knows.
type catalog struct {
	mu      sync.Mutex // held while Changed or Keep is told
	known   map[functionRef]known
	assumed map[functionRef]bool // told by somebody else, until the store says what there is
	loaded  chan struct{}        // closed once all that is stored was told
	once    sync.Once
}

// known is a function's record; a nil value: it is gone.
type known struct {
	revision int64
	value    []byte
}

func newCatalog() catalog {
	return catalog{known: map[functionRef]known{}, loaded: make(chan struct{})}
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
				s.complain(f)
			}
			s.apply(functionRef{k.Scope, k.Name}, f, e.Value, e.Revision)
		}
		s.catalog.once.Do(s.allLoaded)
		s.keep()
	}
}

// complain tells of versions that can't run.
func (s *Functions) complain(f *apigw.Function) {
	if f == nil {
		return
	}
	for _, v := range f.Versions {
		if v.Unreadable != "" {
			s.c.log.Error("the environment variables of a stored function can't be unsealed; invocations of it are refused",
				"function", f.Name, "version", v.Version, "error", v.Unreadable)
		}
	}
}

// allLoaded ends what was assumed and isn't stored.
func (s *Functions) allLoaded() {
	s.catalog.mu.Lock()
	defer s.catalog.mu.Unlock()
	for ref := range s.catalog.assumed {
		if s.catalog.known[ref].value == nil {
			s.Changed(ref.scope, ref.name, nil)
		}
	}
	s.catalog.assumed = nil
	close(s.catalog.loaded)
}

// Assume tells Changed of functions that were kept, while the store hasn't
// said what there is.
func (s *Functions) Assume(list []Kept) {
	s.catalog.mu.Lock()
	defer s.catalog.mu.Unlock()
	select {
	case <-s.catalog.loaded:
		return
	default:
	}
	s.catalog.assumed = map[functionRef]bool{}
	for _, k := range list {
		ref := functionRef{k.Scope, k.Function.Name}
		if _, ok := s.catalog.known[ref]; !ok {
			s.catalog.assumed[ref] = true
			s.Changed(k.Scope, k.Function.Name, k.Function)
		}
	}
}

// apply tells Changed of a function as it is since revision, unless it knows
// of a later one: a change of this node's is told at once, and comes by the
// watch again.
func (s *Functions) apply(ref functionRef, f *apigw.Function, value []byte, revision int64) {
	s.catalog.mu.Lock()
	defer s.catalog.mu.Unlock()
	if s.catalog.known[ref].revision >= revision {
		return
	}
	s.catalog.known[ref] = known{revision, value}
	s.Changed(ref.scope, ref.name, f)
}

// keep hands over what is known, once that is all.
func (s *Functions) keep() {
	s.catalog.mu.Lock()
	defer s.catalog.mu.Unlock()
	select {
	case <-s.catalog.loaded:
	default:
		return
	}
	records := map[string]json.RawMessage{}
	for ref, k := range s.catalog.known {
		if k.value != nil {
			records[ref.key()] = k.value
		}
	}
	raw, err := json.Marshal(records)
	if err != nil {
		s.c.log.Error("the functions can't be kept for a start without the store", "error", err)
		return
	}
	s.Keep(raw)
}

// Kept is a function that was handed to Keep.
type Kept struct {
	Scope    apigw.Scope
	Function *apigw.Function
}

// DecodeKept reads what Keep was given. Functions that can't be read are left
// out, and named by the error.
func DecodeKept(raw []byte, sealer func() (*store.Sealer, error)) (list []Kept, err error) {
	var records map[string]json.RawMessage
	if err := json.Unmarshal(raw, &records); err != nil {
		return nil, fmt.Errorf("read the kept functions: %w", err)
	}
	for key, value := range records {
		k, ok := ParseKey(key)
		if !ok || k.Kind != KeyFunction {
			continue
		}
		f, problem := decodeFunction(key, value, sealer)
		if problem != nil {
			err = errors.Join(err, problem)
			continue
		}
		list = append(list, Kept{k.Scope, f})
	}
	return list, err
}

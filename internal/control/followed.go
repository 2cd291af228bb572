package control

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// FollowOptions say who follows the records of one kind.
type FollowOptions[T any] struct {
	// Changed is given what all records of every account hold, whenever one
	// changes; one call at a time. The list is the callee's; what it holds stays
	// the same value while its record does.
	Changed func([]*T)
	// Each takes Changed's place where there are many records: it is given those
	// that came or changed, and the keys of those that went. All: whatever isn't
	// given is gone.
	Each func(now []*T, gone []string, all bool)
	// Keep is given what to remember for a start without the store: the
	// function that reads it goes with the kind.
	Keep func([]byte)
	// KeepEvery is how long changes are gathered before Keep; default 1 s.
	KeepEvery time.Duration
}

// Followed follows the records of one kind for a node that serves.
type Followed[T any] struct {
	c      *Control
	kind   KeyKind
	decode func(store.Record) (*T, error)
	o      FollowOptions[T]

	mu       sync.Mutex                   // held while Changed is told
	known    map[string]followedRecord[T] // by key
	told     map[apigw.Scope]int64        // how far the watch has told of each account's records
	dirty    bool                         // since Keep
	complete bool
	loaded   chan struct{} // closed once all that is stored was told
}

// followedRecord is a record as a revision has it; nil: it is gone, or can't be
// read.
type followedRecord[T any] struct {
	revision int64
	value    []byte
	holds    *T
}

func newFollowed[T any](c *Control, kind KeyKind, decode func(store.Record) (*T, error), o FollowOptions[T]) *Followed[T] {
	return &Followed[T]{c: c, kind: kind, decode: decode, o: o, known: map[string]followedRecord[T]{}, told: map[apigw.Scope]int64{}, loaded: make(chan struct{})}
}

// Loaded is closed once Changed was told of everything that is stored.
func (d *Followed[T]) Loaded() <-chan struct{} { return d.loaded }

// Remember tells of what was known before, unless the store has spoken.
func (d *Followed[T]) Remember(list []*T) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.complete:
	case d.o.Each != nil:
		d.o.Each(list, nil, true)
	default:
		d.o.Changed(list)
	}
}

// Follow tells of what is stored, by whichever node, until ctx ends.
func (d *Followed[T]) Follow(ctx context.Context) {
	defer d.keep()
	events := d.c.watchKind(ctx, d.kind)
	tick := time.NewTicker(cmp.Or(d.o.KeepEvery, time.Second))
	defer tick.Stop()
	for {
		select {
		case b, ok := <-events:
			if !ok {
				return
			}
			d.arrived(b)
		case <-tick.C:
			d.keep()
		}
	}
}

// arrived takes in what the store tells; its first batch is everything.
func (d *Followed[T]) arrived(b store.Batch) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var changed []string
	for _, e := range b.Events {
		if k, ok := ParseKey(e.Key); ok {
			d.told[k.Scope] = max(d.told[k.Scope], e.Revision)
		}
		if e.Value == nil && d.forget(e.Key, e.Revision) || e.Value != nil && d.note(e.Key, e.Value, e.Revision) {
			changed = append(changed, e.Key)
		}
	}
	if !d.complete {
		d.complete = true
		d.tell(nil)
		close(d.loaded)
	} else if len(changed) > 0 {
		d.tell(changed)
	}
}

// committed tells at once of what this node changed: it comes by the watch, too,
// or has come: then what the watch told since is newer.
func (d *Followed[T]) committed(ops []store.Op, revision int64) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var changed []string
	for _, op := range ops {
		if k, ok := ParseKey(op.Key); ok && k.Kind == d.kind && revision > d.told[k.Scope] && d.note(op.Key, op.Value, revision) {
			changed = append(changed, op.Key)
		}
	}
	if len(changed) > 0 && d.complete {
		d.tell(changed)
	}
}

// note takes a record in unless it, or a later one, is known. One that this
// node deleted is known as such until the watch tells of it, so that an older
// record that arrives late doesn't bring it back.
func (d *Followed[T]) note(key string, value []byte, revision int64) bool {
	if old, ok := d.known[key]; ok && old.revision >= revision {
		return false
	}
	k := followedRecord[T]{revision: revision, value: value}
	if value != nil {
		var err error
		if k.holds, err = d.decode(store.Record{Key: key, Value: value}); err != nil {
			d.c.log.Error("a stored record can't be read; what it holds isn't served", "key", key, "error", err)
		}
	}
	d.known[key] = k
	return true
}

// forget is note for what the watch says is gone: nothing older follows.
func (d *Followed[T]) forget(key string, revision int64) bool {
	old, ok := d.known[key]
	if !ok || old.revision > revision {
		return false
	}
	delete(d.known, key)
	return old.holds != nil
}

// tell tells of the records of changed keys; nil: of all.
func (d *Followed[T]) tell(changed []string) {
	d.dirty = true
	if d.o.Each != nil && changed != nil {
		d.tellEach(changed)
		return
	}
	list := make([]*T, 0, len(d.known))
	for _, k := range d.known {
		if k.holds != nil {
			list = append(list, k.holds)
		}
	}
	if d.o.Each != nil {
		d.o.Each(list, nil, true)
		return
	}
	d.o.Changed(list)
}

func (d *Followed[T]) tellEach(changed []string) {
	var now []*T
	var gone []string
	for _, key := range changed {
		if holds := d.known[key].holds; holds != nil {
			now = append(now, holds)
		} else {
			gone = append(gone, key)
		}
	}
	d.o.Each(now, gone, false)
}

// keep hands over what is known, once that is all and when it is new.
func (d *Followed[T]) keep() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.complete || !d.dirty {
		return
	}
	records := map[string]json.RawMessage{}
	for key, k := range d.known {
		if k.value != nil {
			records[key] = k.value
		}
	}
	raw, err := json.Marshal(records)
	if err != nil {
		d.c.log.Error("records can't be kept for a start without the store", "kind", d.kind, "error", err)
		return
	}
	d.dirty = false
	d.o.Keep(raw)
}

// remember reads what Keep was given. What can't be read is left out, and named
// by the error.
func remember[T any](raw []byte, decode func(store.Record) (*T, error)) (list []*T, err error) {
	var records map[string]json.RawMessage
	if err := json.Unmarshal(raw, &records); err != nil {
		return nil, fmt.Errorf("read what was kept: %w", err)
	}
	for key, value := range records {
		holds, problem := decode(store.Record{Key: key, Value: value})
		err = errors.Join(err, problem)
		if problem == nil {
			list = append(list, holds)
		}
	}
	return list, err
}

// scoped is a record with whose it is.
type scoped[T any] struct {
	scope apigw.Scope
	holds *T
}

// all are the records that are known.
func (d *Followed[T]) all() (list []scoped[T]) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for key, k := range d.known {
		if parsed, ok := ParseKey(key); ok && k.holds != nil {
			list = append(list, scoped[T]{parsed.Scope, k.holds})
		}
	}
	return list
}

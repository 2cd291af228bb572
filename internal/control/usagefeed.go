package control

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// UsageChange is one thing of API keys and usage plans as it is now. Kind says
// which of the other fields tell.
type UsageChange struct {
	Kind  KeyKind
	Scope apigw.Scope
	Plan  apigw.UsagePlanID
	Key   apigw.APIKeyID

	APIKey *apigw.APIKey     // KeyAPIKey; nil: it is gone. One that can't be opened has no value.
	Of     *apigw.UsagePlan  // KeyUsagePlan; nil: it is gone
	In     bool              // KeyPlanKey: whether Key is in Plan
	Grant  *apigw.UsageGrant // KeyPlanUsage; nil: it is gone

	Day    apigw.Day // KeyPlanCount
	Counts map[apigw.APIKeyID]int64
}

// MeteredOptions say who follows API keys and usage plans. All are called one at
// a time, but for Drain, Stored and Retry, which may be called beside the others.
type MeteredOptions struct {
	// Changed is told what changed; all: this is all there is.
	Changed func(list []UsageChange, all bool)
	// Keep is given what to remember for a start without the store:
	// RememberUsage reads it. Values of keys are sealed in it.
	Keep func([]byte)
	// Drain says what was counted here and isn't stored; Stored says that it is,
	// all counts of one plan's day, and what some keys of the plan have on that
	// day now; Retry says that some of it isn't.
	Drain  func() []UsageCount
	Stored func(done []UsageCount, total map[apigw.APIKeyID]int64)
	Retry  func()
	// Left says once what another process of this node counted and couldn't store;
	// nil: nothing.
	Left func() []UsageCount
}

// meteredKinds are the kinds of records that say what keys may do.
var meteredKinds = []KeyKind{KeyAPIKey, KeyUsagePlan, KeyPlanKey, KeyPlanUsage}

// Metered follows API keys and usage plans for a node that serves, and stores
// what the node counts.
type Metered struct {
	c *Control
	o MeteredOptions

	mu    sync.Mutex // held while Changed is told of records
	known map[string]keptRecord
	dirty bool // since Keep

	countMu sync.Mutex // held while counts are stored or told
	counts  map[string]keptRecord
	counted bool // since Keep
	left    []UsageCount

	loaded chan struct{} // closed once all that is stored was told
}

// keptRecord is a record; a nil value: it is gone.
type keptRecord struct {
	revision int64
	value    []byte
}

// Times of a Metered.
const (
	countEvery = time.Second      // counts are stored; more are never lost
	keepEvery  = 30 * time.Second // counts are remembered
	keepShare  = 20               // of the time, remembering takes a twentieth at most
)

// NewMetered returns a Metered over c's store. Make one before c is used.
func NewMetered(c *Control, o MeteredOptions) *Metered {
	m := &Metered{c: c, o: o, known: map[string]keptRecord{}, counts: map[string]keptRecord{}, loaded: make(chan struct{})}
	c.metered = m
	return m
}

// Loaded is closed once Changed was told of everything that is stored.
func (m *Metered) Loaded() <-chan struct{} { return m.loaded }

// Follow tells of what is stored, by whichever node, and stores what is counted,
// until ctx ends. What was counted last is stored before it returns.
func (m *Metered) Follow(ctx context.Context) {
	var running sync.WaitGroup
	events := make(chan store.Batch)
	for _, kind := range meteredKinds {
		running.Go(func() { pass(ctx, m.c.watchKind(ctx, kind), events) })
	}
	counts := m.c.watchKind(ctx, KeyPlanCount)
	if first, ok := m.first(ctx, events, counts); ok {
		m.begin(first)
		running.Go(func() { m.followCounts(ctx, counts) })
		m.follow(ctx, events)
	}
	running.Wait()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := m.flush(last); err != nil {
		m.c.log.Warn("the last requests of API keys aren't counted", "error", err)
	}
	m.keep()
}

func pass(ctx context.Context, from <-chan store.Batch, to chan<- store.Batch) {
	for b := range from {
		select {
		case to <- b:
		case <-ctx.Done():
		}
	}
}

// first waits for everything that is stored: the first batch of each kind.
func (m *Metered) first(ctx context.Context, events, counts <-chan store.Batch) (list []store.Batch, ok bool) {
	for resets := 0; resets < len(meteredKinds)+1; {
		var b store.Batch
		open := true
		select {
		case b = <-events:
		case b, open = <-counts:
		case <-ctx.Done():
			return nil, false
		}
		if !open {
			return nil, false
		}
		if b.Reset {
			resets++
		}
		list = append(list, b)
	}
	return list, true
}

// begin tells of all at once.
func (m *Metered) begin(first []store.Batch) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.countMu.Lock()
	defer m.countMu.Unlock()
	for _, b := range first {
		m.note(b)
		m.noteCounts(b)
	}
	var list []UsageChange
	for _, records := range []map[string]keptRecord{m.known, m.counts} {
		for key, k := range records {
			if k.value != nil {
				list = m.append(list, key, k.value)
			}
		}
	}
	m.o.Changed(list, true)
	m.dirty = true
	close(m.loaded)
}

// note takes records in, and says which of them are new to this node.
func (m *Metered) note(b store.Batch) (list []store.Event) {
	for _, e := range b.Events {
		known := m.known[e.Key]
		if k, ok := ParseKey(e.Key); !ok || !slices.Contains(meteredKinds, k.Kind) || known.revision > e.Revision {
			continue
		}
		if known.revision == e.Revision && known.revision > 0 { // committed here
			if known.value == nil {
				delete(m.known, e.Key)
			}
			continue
		}
		if e.Value == nil {
			delete(m.known, e.Key)
		} else {
			m.known[e.Key] = keptRecord{e.Revision, e.Value}
		}
		list = append(list, e)
	}
	return list
}

// noteCounts is note for counts.
func (m *Metered) noteCounts(b store.Batch) (list []store.Event) {
	for _, e := range b.Events {
		if k, ok := ParseKey(e.Key); !ok || k.Kind != KeyPlanCount || m.counts[e.Key].revision >= e.Revision {
			continue
		}
		if e.Value == nil {
			delete(m.counts, e.Key)
			continue
		}
		m.counts[e.Key] = keptRecord{e.Revision, e.Value}
		list = append(list, e)
	}
	return list
}

// follow tells of what changes, and remembers it.
func (m *Metered) follow(ctx context.Context, events <-chan store.Batch) {
	tick := time.NewTicker(countEvery)
	defer tick.Stop()
	kept, pause := time.Time{}, time.Duration(0)
	for {
		select {
		case b := <-events:
			m.mu.Lock()
			m.tell(m.note(b))
			m.mu.Unlock()
		case now := <-tick.C:
			if now.Sub(kept) >= pause && m.toKeep(now.Sub(kept) >= keepEvery) {
				began := time.Now()
				m.keep()
				kept, pause = now, keepShare*time.Since(began)
			}
		case <-ctx.Done():
			return
		}
	}
}

// toKeep says whether there is anything new to remember; counts alone are, from
// time to time.
func (m *Metered) toKeep(alsoCounts bool) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dirty || !alsoCounts {
		return m.dirty
	}
	m.countMu.Lock()
	defer m.countMu.Unlock()
	return m.counted
}

// committed tells at once of what this node changed: it comes by the watch, too.
func (m *Metered) committed(ops []store.Op, revision int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []store.Event
	for _, op := range ops {
		if op.Prefix {
			for key, k := range m.known {
				if strings.HasPrefix(key, op.Key) && k.revision < revision && k.value != nil {
					m.known[key] = keptRecord{revision, nil}
					list = append(list, store.Event{Key: key})
				}
			}
			continue
		}
		if k, ok := ParseKey(op.Key); ok && slices.Contains(meteredKinds, k.Kind) && m.known[op.Key].revision < revision {
			m.known[op.Key] = keptRecord{revision, op.Value}
			list = append(list, store.Event{Key: op.Key, Value: op.Value})
		}
	}
	select {
	case <-m.loaded:
		m.tell(list)
	default: // begin will
	}
}

func (m *Metered) tell(events []store.Event) {
	var list []UsageChange
	for _, e := range events {
		list = m.append(list, e.Key, e.Value)
	}
	if len(list) > 0 {
		m.dirty = true
		m.o.Changed(list, false)
	}
}

// followCounts tells of what other nodes counted, and stores what this one did.
func (m *Metered) followCounts(ctx context.Context, counts <-chan store.Batch) {
	tick := time.NewTicker(countEvery)
	defer tick.Stop()
	failing := false
	pruned := apigw.Day(0)
	for {
		select {
		case b, ok := <-counts:
			if !ok {
				return
			}
			m.otherCounts(b)
		case <-tick.C:
			err := m.flush(ctx)
			if err != nil && !failing && ctx.Err() == nil {
				m.c.log.Error("requests of API keys can't be stored; they count on this node until they are", "error", err)
			}
			failing = err != nil
			if today := apigw.DayOf(m.c.now()); today != pruned {
				pruned = today
				m.prune(ctx, today-keptCounts)
			}
		case <-ctx.Done():
			return
		}
	}
}

func (m *Metered) otherCounts(b store.Batch) {
	m.countMu.Lock()
	defer m.countMu.Unlock()
	var list []UsageChange
	for _, e := range m.noteCounts(b) {
		list = m.append(list, e.Key, e.Value)
	}
	if len(list) > 0 {
		m.counted = true
		m.o.Changed(list, false)
	}
}

// prune removes the counts of days before the first that may be asked for.
func (m *Metered) prune(ctx context.Context, first apigw.Day) {
	m.countMu.Lock()
	var old []store.Op
	for key := range m.counts {
		k, _ := ParseKey(key)
		if d, ok := countDay(k); ok && d < first {
			old = append(old, store.Op{Key: key})
		}
	}
	m.countMu.Unlock()
	for part := range slices.Chunk(old, maxCountsStored) {
		if _, err := m.c.store.Commit(ctx, store.Txn{Ops: part}); err != nil {
			m.c.log.Warn("old counts of API keys can't be removed", "error", err)
			return
		}
	}
}

// keep hands over what is known, once that is all.
func (m *Metered) keep() {
	select {
	case <-m.loaded:
	default:
		return
	}
	raw, err := json.Marshal(m.toRemember()) // not under a lock: there may be 100,000 keys
	if err != nil {
		m.c.log.Error("API keys and usage plans can't be kept for a start without the store", "error", err)
		return
	}
	m.o.Keep(raw)
}

func (m *Metered) toRemember() map[string]json.RawMessage {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.countMu.Lock()
	defer m.countMu.Unlock()
	records := make(map[string]json.RawMessage, len(m.known)+len(m.counts))
	for _, from := range []map[string]keptRecord{m.known, m.counts} {
		for key, k := range from {
			if k.value != nil {
				records[key] = k.value
			}
		}
	}
	m.dirty, m.counted = false, false
	return records
}

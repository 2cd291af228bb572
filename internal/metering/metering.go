// Package metering counts what is served as a bill would: requests and bytes by
// API, stage and API key, the hours in which a stage had a cache, and the
// messages and connected time of WebSocket APIs. It must not know where the
// counts are kept.
package metering

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// Book has the meters of a process. Safe for concurrent use.
type Book struct {
	seed maphash.Seed
	now  func() time.Time

	mu     sync.Mutex // guards what follows
	meters map[apigw.MeteredPlace]*Meter
}

// NewBook returns an empty Book. now is the clock that connections are timed by.
func NewBook(now func() time.Time) *Book {
	return &Book{seed: maphash.MakeSeed(), now: now, meters: map[apigw.MeteredPlace]*Meter{}}
}

// Meter counts one place.
type Meter struct {
	book  *Book
	place apigw.MeteredPlace
	refs  int    // guarded by Book.mu
	cache string // size of the stage's cache in GB; empty: it has none; guarded by Book.mu
	total counter
	open  connections
	keys  atomic.Pointer[[keyShards]keyShard] // nil until a request had one
}

// keyShards is how many parts the keys of a place are in, so that requests with
// different keys seldom meet.
const keyShards = 16

type keyShard struct {
	mu     sync.RWMutex
	counts map[apigw.APIKeyID]*counter
}

type counter struct{ calls, bytes, messages atomic.Int64 }

func (c *counter) add(bytes int64) {
	c.calls.Add(1)
	c.bytes.Add(bytes)
}

func (c *counter) drain() apigw.MeteredAmount {
	return apigw.MeteredAmount{Calls: c.calls.Swap(0), Bytes: c.bytes.Swap(0), Messages: c.messages.Swap(0)}
}

// Acquire is the meter of a place, whose stage has a cache of that many GB now;
// empty: none. Release it when nothing is counted on it any more.
func (b *Book) Acquire(p apigw.MeteredPlace, cache string) *Meter {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := b.meters[p]
	if m == nil {
		m = &Meter{book: b, place: p}
		b.meters[p] = m
	}
	m.refs++
	m.cache = cache
	return m
}

// Release ends the meter's use by one holder. What was counted stays until it
// is drained.
func (b *Book) Release(m *Meter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m.refs--
}

// Count counts a request and the bytes of its answer's body. key is empty for
// a request that needed none.
func (m *Meter) Count(key apigw.APIKeyID, bytes int64) {
	m.total.add(bytes)
	if key != "" {
		m.key(key).add(bytes)
	}
}

// key is the counter of a key.
func (m *Meter) key(id apigw.APIKeyID) *counter {
	shards := m.keys.Load()
	if shards == nil {
		m.keys.CompareAndSwap(nil, new([keyShards]keyShard))
		shards = m.keys.Load()
	}
	s := &shards[maphash.String(m.book.seed, string(id))%keyShards]
	s.mu.RLock()
	c := s.counts[id]
	s.mu.RUnlock()
	if c != nil {
		return c
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts == nil {
		s.counts = map[apigw.APIKeyID]*counter{}
	}
	if c = s.counts[id]; c == nil {
		c = new(counter)
		s.counts[id] = c
	}
	return c
}

// Drain takes what was counted since it was called last, and says which places
// have a cache of which size. Meters that nobody holds are forgotten.
func (b *Book) Drain() (counts []apigw.MeteredCount, caches map[apigw.MeteredPlace]string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	caches = map[apigw.MeteredPlace]string{}
	for p, m := range b.meters {
		if m.cache != "" && m.refs > 0 {
			caches[p] = m.cache
		}
		counts = m.drain(counts)
		if m.refs == 0 {
			delete(b.meters, p)
		}
	}
	return counts, caches
}

func (m *Meter) drain(counts []apigw.MeteredCount) []apigw.MeteredCount {
	all := m.total.drain()
	all.Connected = m.open.drain(m.book.now())
	counts = appendCount(counts, m.place, "", all)
	shards := m.keys.Load()
	if shards == nil {
		return counts
	}
	for i := range shards {
		s := &shards[i]
		s.mu.RLock()
		for id, c := range s.counts {
			counts = appendCount(counts, m.place, id, c.drain())
		}
		s.mu.RUnlock()
	}
	return counts
}

func appendCount(counts []apigw.MeteredCount, p apigw.MeteredPlace, key apigw.APIKeyID, n apigw.MeteredAmount) []apigw.MeteredCount {
	if n != (apigw.MeteredAmount{}) {
		counts = append(counts, apigw.MeteredCount{Place: p, Key: key, Amount: n})
	}
	return counts
}

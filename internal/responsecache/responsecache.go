// Package responsecache keeps what methods answered, for the stages that have
// a cache (Amazon API Gateway developer guide, "Cache settings for REST
// APIs"): in the memory of the process, or in a store that all nodes share.
// Of those who ask for the same at the same time, one calls the backend. It
// must not know an API kind: what a key is made of, and who may have an
// answer, is the kind's own.
package responsecache

import (
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"math/bits"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/crypto/chacha20poly1305"
)

// Shared is a store that several nodes use. It answers within a time of its
// own, and with an error at once while it is known to be away; whoever
// implements it tells the operator.
type Shared interface {
	// Away says that it is known to be away: nothing needs to be readied for it.
	Away() bool
	// Get is the value of key; nil: there is none.
	Get(key string) ([]byte, error)
	// Set keeps value for as long as lasts.
	Set(key string, value []byte, lasts time.Duration) error
}

// Config is what the caches of a process share.
type Config struct {
	// Memory bounds what all caches together keep in the process, in bytes.
	Memory uint64
	// Shared keeps the answers instead, where there is one; nil: memory does.
	Shared Shared
	// Secret makes keys and sealed answers those of a cluster: every node has
	// the same. Without Shared it isn't needed.
	Secret []byte
}

// DefaultMemory is Config.Memory of a process that isn't told otherwise.
const DefaultMemory = 256 << 20

// MaxEntry is the largest answer that is kept, in bytes of fields and body
// (Amazon API Gateway quotas for REST APIs).
const MaxEntry = 1 << 20

// MaxAge is the longest that an answer is kept (the same page).
const MaxAge = time.Hour

// passFor is how long nobody waits for others' answers of a kind that turned
// out to be one that isn't kept.
const passFor = 10 * time.Second

// Stage names a stage's cache and says how large it is.
type Stage struct {
	Name    string // of the stage, in the whole process and cluster
	Cluster string // another one after the cache was made anew, resized or flushed
	Size    uint64 // bytes
}

// Pool holds the caches of a process by their stages, so that a deployment
// doesn't cool them.
type Pool struct {
	memory uint64
	shared Shared
	secret [sha256.Size]byte // begins what keys are hashed of: nobody can guess what an entry is for
	aead   cipher.AEAD

	mu    sync.Mutex // guards what follows
	slots map[string]*slot
	share uint64 // of the memory, for each cache
}

type slot struct {
	cache *Cache
	users int
}

// NewPool makes a Pool without caches.
func NewPool(c Config) *Pool {
	p := &Pool{memory: c.Memory, shared: c.Shared, slots: map[string]*slot{}, share: c.Memory}
	secret := c.Secret
	if secret == nil {
		secret = make([]byte, 32)
		rand.Read(secret) // never fails
	}
	p.secret = sha256.Sum256(append([]byte("response cache keys "), secret...))
	key := sha256.Sum256(append([]byte("response cache entries "), secret...))
	p.aead, _ = chacha20poly1305.NewX(key[:]) // fails for keys of another length alone
	return p
}

// Acquire is the cache of a stage. One of the stage's that had another Cluster
// is emptied. Release it when it is no longer used.
func (p *Pool) Acquire(s Stage) *Cache {
	p.mu.Lock()
	defer p.mu.Unlock()
	of := p.slots[s.Name]
	if of != nil && (of.cache.of.Cluster != s.Cluster || of.cache.of.Size != s.Size) {
		of.cache.retire()
		of = nil
	}
	if of == nil {
		of = &slot{cache: p.newCache(s)}
		p.slots[s.Name] = of
		p.divide()
	}
	of.users++
	return of.cache
}

// Release gives a cache back. Nothing is left of one that nobody uses.
func (p *Pool) Release(c *Cache) {
	p.mu.Lock()
	defer p.mu.Unlock()
	of := p.slots[c.of.Name]
	if of == nil || of.cache != c {
		return // retired
	}
	if of.users--; of.users > 0 {
		return
	}
	delete(p.slots, c.of.Name)
	c.retire()
	p.divide()
}

// divide gives every cache the same part of the memory, at most its size. Of
// many caches, the number is taken for the next power of two, so that it
// seldom changes what they have.
func (p *Pool) divide() {
	n := uint64(max(len(p.slots), 1))
	if n > 16 {
		n = 1 << bits.Len64(n-1)
	}
	before := p.share
	p.share = p.memory / n
	for _, s := range p.slots {
		if p.share != before || s.cache.fresh {
			s.cache.local.SetMaximum(min(s.cache.of.Size, p.share))
			s.cache.fresh = false
		}
	}
}

// Stats is what is kept in memory.
type Stats struct{ Caches, Entries, Bytes uint64 }

// Stats adds up all caches.
func (p *Pool) Stats() (s Stats) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, of := range p.slots {
		s.Caches++
		s.Entries += uint64(of.cache.local.EstimatedSize())
		s.Bytes += of.cache.local.WeightedSize()
	}
	return s
}

func (p *Pool) newCache(s Stage) *Cache {
	return &Cache{pool: p, of: s, fresh: true, local: otter.Must(&otter.Options[Key, kept]{
		MaximumWeight:    max(min(s.Size, p.memory), 1),
		Weigher:          func(_ Key, k kept) uint32 { return weight(k.entry) },
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[Key, kept]) time.Duration { return e.Value.lasts }),
	})}
}

// weight is what an entry takes of the memory, generously: its bytes with what
// an allocation rounds up, and what keeping it costs.
func weight(entry []byte) uint32 { return uint32(len(entry) + len(entry)/8 + 256) }

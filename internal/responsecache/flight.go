package responsecache

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Flight is one call of a backend that others wait for.
type Flight struct {
	done   chan struct{}
	answer []byte // an entry that isn't sealed; nil: there is none to share. Set before done is closed
	passes bool   // the answer was one that isn't kept

	turns atomic.Int64 // taken by those for whom it came to nothing
}

// MayCall says whether who waited for f, which came to nothing, may call the
// backend without waiting for another, as the round-th call that failed so. After
// the first, nobody may: one leads the next. Then four times as many as before
// go on at once: a backend that fails slowly holds nobody up for long, and isn't
// run down by all of them.
func (f *Flight) MayCall(round int) bool {
	turn := f.turns.Add(1)
	return turn > 1 && turn <= 1<<min(2*(round-1), 40)
}

// flights are the calls of a stage that are under way, by what they are for.
type flights struct {
	mu sync.Mutex // guards of; only those who found nothing kept come here
	of map[Key]*Flight
}

// Join is the call for key that is under way, or one that the caller now leads:
// it must Land. Anew begins one in any case: the answers of those that began
// before aren't kept then.
func (c *Cache) Join(key Key, anew bool) (f *Flight, leads bool) {
	c.flights.mu.Lock()
	defer c.flights.mu.Unlock()
	if f := c.flights.of[key]; f != nil && !anew {
		return f, false
	}
	f = &Flight{done: make(chan struct{})}
	if c.flights.of == nil {
		c.flights.of = map[Key]*Flight{}
	}
	c.flights.of[key] = f
	return f, true
}

// Landing is what came of a call.
type Landing struct {
	Answer []byte // an entry; nil: there is none to share
	Passes bool   // there is an answer, and it is one that isn't kept
	TTL    time.Duration
	Sealed bool // encrypt the answer also in memory
}

// Land ends a call: its answer is kept, and goes to those who wait for it. When
// there is none to share, they go on by themselves, one after the other, or
// all at once when such answers aren't kept anyway. It says whether the answer
// was kept.
func (c *Cache) Land(key Key, f *Flight, l Landing) bool {
	f.answer, f.passes = l.Answer, l.Passes
	if c.pool.shared != nil && c.current(key, f) {
		close(f.done) // who comes while the answer is on its way to the store has it from here
		kept := c.keep(key, l)
		c.forget(key, f)
		return kept
	}
	c.flights.mu.Lock()
	defer c.flights.mu.Unlock()
	kept := false
	if c.flights.of[key] == f {
		kept = c.keep(key, l)
		delete(c.flights.of, key)
	}
	close(f.done)
	return kept
}

// keep says whether there is now an answer to be found.
func (c *Cache) keep(key Key, l Landing) bool {
	switch {
	case l.Answer != nil:
		return c.put(key, l.Answer, l.TTL, l.Sealed)
	case l.Passes:
		c.pass(key, l.TTL)
	}
	return false
}

// current says that no call began anew since f did.
func (c *Cache) current(key Key, f *Flight) bool {
	c.flights.mu.Lock()
	defer c.flights.mu.Unlock()
	return c.flights.of[key] == f
}

func (c *Cache) forget(key Key, f *Flight) {
	c.flights.mu.Lock()
	defer c.flights.mu.Unlock()
	if c.flights.of[key] == f {
		delete(c.flights.of, key)
	}
}

// Waited is what waiting for a call came to.
type Waited uint8

// What Wait tells.
const (
	Landed  Waited = iota // the entry is there
	Retry                 // the call came to nothing that could be shared
	Alone                 // answers of that kind aren't kept: nobody needs to wait for another
	TooLate               // the time is over, or the client left
)

// Wait waits for f until ctx ends.
func (f *Flight) Wait(ctx context.Context) (Entry, Waited) {
	select {
	case <-f.done:
	case <-ctx.Done():
		return Entry{}, TooLate
	}
	switch {
	case f.answer != nil:
		if e, err := Decode(f.answer); err == nil {
			return e, Landed
		}
	case f.passes:
		return Entry{}, Alone
	}
	return Entry{}, Retry
}

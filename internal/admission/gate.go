// Package admission bounds how much is done at once: a Gate lets a number of
// requests in, keeps a bounded number waiting for a short time, and refuses
// the rest, so that overload costs some requests instead of all. It knows
// nothing of what the requests are.
package admission

import (
	"sync"
	"sync/atomic"
	"time"
)

// DefaultWork is how many are inside at once unless a Config says otherwise.
const DefaultWork = 1024

// Config is how much a Gate lets in. Zero fields take the defaults named.
type Config struct {
	Work     int           // how many are inside at once; default DefaultWork
	Queue    int           // how many more wait; default 4096
	Patience time.Duration // how long one waits; default 100 ms
	// Hurry is how long one waits while others were refused within the last
	// Patience; default a tenth of it. The newest goes first then: those that
	// are served are served in time, instead of all being late.
	Hurry time.Duration
}

// Gate admits at most Work at once. The zero Gate admits nobody: use New. While
// there is room, Enter and Leave are two atomic operations.
//
// The rule for the queue follows "Fail at Scale" (ACM Queue 13, 8): first come,
// first served, with much patience, as long as that serves everybody; last
// come, first served, with little patience, while it doesn't. A queue that is
// longer than patience doesn't absorb a burst, it makes everybody late. (The
// article looks at whether the queue gets empty. Where much is served in a
// short time, a queue may stand and still be short.)
type Gate struct {
	config Config
	inside atomic.Int64
	queued atomic.Int64 // changed under mu
	shed   atomic.Int64
	unused sync.Pool // of *waiter

	mu          sync.Mutex // guards what follows
	first, last *waiter    // in order of arrival
	refused     time.Time  // when there was last too little room; zero: never
}

// waiter is a place in the queue.
type waiter struct {
	turn       chan struct{} // has room for one: whoever admits doesn't wait
	timer      *time.Timer
	prev, next *waiter
	queued     bool
}

func newWaiter() any {
	w := &waiter{turn: make(chan struct{}, 1), timer: time.NewTimer(time.Hour)}
	w.timer.Stop()
	return w
}

// New makes an empty Gate.
func New(c Config) *Gate {
	orDefault(&c.Work, DefaultWork)
	orDefault(&c.Queue, 4096)
	orDefault(&c.Patience, 100*time.Millisecond)
	orDefault(&c.Hurry, c.Patience/10)
	return &Gate{config: c, unused: sync.Pool{New: newWaiter}}
}

func orDefault[T int | time.Duration](v *T, def T) {
	if *v <= 0 {
		*v = def
	}
}

// Enter waits for room, but neither long nor past deadline (zero: none), and
// says whether there was some. Leave must follow when it did.
func (g *Gate) Enter(deadline time.Time) bool {
	return g.tryEnter() || g.wait(deadline)
}

// tryEnter enters if there is room at once.
func (g *Gate) tryEnter() bool {
	for {
		n := g.inside.Load()
		if n >= int64(g.config.Work) {
			return false
		}
		if g.inside.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// Leave makes room for the next.
func (g *Gate) Leave() {
	g.inside.Add(-1)
	// Whoever queues looks for room after it counted itself: either it sees
	// the room just made, or it is seen here.
	if g.queued.Load() > 0 {
		g.admit()
	}
}

// Stats is how many are inside and waiting now, and how many were refused
// since the Gate was made.
func (g *Gate) Stats() (inside, queued, shed int64) {
	return g.inside.Load(), g.queued.Load(), g.shed.Load()
}

// admit lets in as many of the queue as there is room for.
func (g *Gate) admit() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.queued.Load() > 0 && g.tryEnter() {
		w := g.first
		if g.overloaded(time.Now()) {
			w = g.last
		}
		g.remove(w)
		w.turn <- struct{}{}
	}
}

// wait is Enter when there was no room.
func (g *Gate) wait(deadline time.Time) bool {
	w := g.unused.Get().(*waiter)
	defer g.unused.Put(w)
	now := time.Now()
	g.mu.Lock()
	if g.queued.Load() >= int64(g.config.Queue) {
		g.refused = now
		g.mu.Unlock()
		g.shed.Add(1)
		return false
	}
	g.add(w)
	if g.tryEnter() {
		g.remove(w)
		g.mu.Unlock()
		return true
	}
	patience := g.patience(now)
	g.mu.Unlock()
	whole := deadline.IsZero() || deadline.Sub(now) >= patience
	if !whole {
		patience = deadline.Sub(now)
	}
	w.timer.Reset(patience)
	select {
	case <-w.turn:
		w.timer.Stop()
		return true
	case <-w.timer.C:
		return g.giveUp(w, whole)
	}
}

// giveUp leaves the queue; true when w was admitted at the last moment. whole
// says that w was patient to the end: its deadline came no earlier.
func (g *Gate) giveUp(w *waiter, whole bool) bool {
	g.mu.Lock()
	waiting := w.queued
	if waiting {
		g.remove(w)
		if whole {
			g.refused = time.Now()
		}
	}
	g.mu.Unlock()
	if waiting {
		g.shed.Add(1)
		return false
	}
	<-w.turn
	return true
}

// patience is how long one that comes now may wait. g.mu is held.
func (g *Gate) patience(now time.Time) time.Duration {
	if g.overloaded(now) {
		return g.config.Hurry
	}
	return g.config.Patience
}

// overloaded says that there was too little room within the last Patience.
// g.mu is held.
func (g *Gate) overloaded(now time.Time) bool {
	return !g.refused.IsZero() && now.Sub(g.refused) <= g.config.Patience
}

// add puts w at the end of the queue. g.mu is held.
func (g *Gate) add(w *waiter) {
	w.queued, w.prev, w.next = true, g.last, nil
	if g.last == nil {
		g.first = w
	} else {
		g.last.next = w
	}
	g.last = w
	g.queued.Add(1)
}

// remove takes w out of the queue. g.mu is held.
func (g *Gate) remove(w *waiter) {
	if w.prev == nil {
		g.first = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		g.last = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.queued, w.prev, w.next = false, nil, nil
	g.queued.Add(-1)
}

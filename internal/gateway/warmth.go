package gateway

import (
	"context"
	"sync"
	"time"
)

// warmth decides which stages are held compiled. After a start it compiles
// them one by one in the background, up to a limit of routes, which is what
// memory goes with; beyond it, stages that weren't used lately make room and
// are compiled again when they are used.
type warmth struct {
	limit int // routes
	wake  chan struct{}

	mu    sync.Mutex // guards what follows; taken after a stage's mutex
	queue []*stage   // to be compiled or kept
	live  []*stage   // compiled
	total int        // routes of live
	hand  int        // where the evictor goes on in live
}

// warmPlace is a stage's place in warmth, guarded by warmth's mutex.
type warmPlace struct {
	live   bool
	index  int // in live
	routes int
}

func (w *warmth) init(limit int) { w.limit, w.wake = limit, make(chan struct{}, 1) }

// add has s looked after in the background.
func (w *warmth) add(s *stage) {
	w.mu.Lock()
	w.queue = append(w.queue, s)
	w.mu.Unlock()
	w.rouse()
}

// compiled notes that s takes the memory of so many routes.
func (w *warmth) compiled(s *stage, routes int) {
	w.mu.Lock()
	w.remove(s)
	s.warm = warmPlace{true, len(w.live), routes}
	w.live = append(w.live, s)
	w.total += routes
	over := w.total > w.limit
	w.mu.Unlock()
	if over {
		w.rouse()
	}
}

// gone notes that s takes no memory any more.
func (w *warmth) gone(s *stage) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.remove(s)
}

// remove takes s off the list; the last of it moves to its place. w.mu is held.
func (w *warmth) remove(s *stage) {
	if !s.warm.live {
		return
	}
	end := len(w.live) - 1
	moved := w.live[end]
	w.live[s.warm.index], moved.warm.index = moved, s.warm.index
	w.live[end] = nil
	w.live = w.live[:end]
	w.total -= s.warm.routes
	s.warm = warmPlace{}
}

func (w *warmth) rouse() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// run works until ctx ends, and rests twice as long as it works, so that
// requests have the processors.
func (w *warmth) run(ctx context.Context, g *Gateway) {
	rest := time.NewTimer(0)
	defer rest.Stop()
	for {
		began := time.Now()
		if !w.step(g) {
			select {
			case <-w.wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		rest.Reset(2 * time.Since(began))
		select {
		case <-rest.C:
		case <-ctx.Done():
			return
		}
	}
}

// step does one piece of work; false: there is none.
func (w *warmth) step(g *Gateway) bool {
	if s := w.surplus(); s != nil {
		g.evict(s)
		return true
	}
	s, room := w.next()
	if s == nil {
		return false
	}
	done := !room || s.refresh(g)
	if g.keeper != nil {
		done = g.keepCold(s) && done
	}
	if !done {
		time.AfterFunc(s.retryIn(), func() { w.add(s) })
	}
	return true
}

// next takes the next stage of the queue, and says whether there is room for
// one more compiled.
func (w *warmth) next() (s *stage, room bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.queue) == 0 {
		w.queue = nil
		return nil, false
	}
	s, w.queue = w.queue[0], w.queue[1:]
	return s, w.total < w.limit || s.warm.live
}

// surplus takes a stage that must make room off the list, or nil: the first
// one since the last time that wasn't used in between (the clock algorithm).
func (w *warmth) surplus() *stage {
	w.mu.Lock()
	defer w.mu.Unlock()
	for range 2 * len(w.live) {
		if w.total <= w.limit {
			break
		}
		if w.hand >= len(w.live) {
			w.hand = 0
		}
		s := w.live[w.hand]
		if !s.pinned.Load() && !s.used.Swap(false) {
			w.remove(s)
			return s
		}
		w.hand++
	}
	return nil
}

// evict releases what s runs, if it can be made again without the store;
// requests that have taken it go on.
func (g *Gateway) evict(s *stage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.running.Load()
	if s.removed || r == nil {
		return
	}
	if s.stale || g.keeper == nil {
		s.pinned.Store(true) // until the next change
		g.warmth.compiled(s, r.routes)
		return
	}
	if !g.keeper.holds(s.key, s.record) {
		s.pinned.Store(true)
		g.warmth.compiled(s, r.routes)
		time.AfterFunc(retryAfter, func() { g.unpin(s) })
		return
	}
	s.running.Store(nil)
}

// unpin lets s be evicted again, after it was kept.
func (g *Gateway) unpin(s *stage) {
	s.mu.Lock()
	if !s.stale {
		s.pinned.Store(false)
	}
	s.mu.Unlock()
	g.warmth.add(s)
}

// keepCold has the last good state hold a stage, if it doesn't yet because the
// stage isn't compiled or the disk didn't take it.
func (g *Gateway) keepCold(s *stage) bool {
	s.mu.Lock()
	record, removed := s.record, s.removed
	s.mu.Unlock()
	if removed || g.keeper.has(s.key, record) {
		return true
	}
	st, err := g.src().Stage(record)
	if err != nil {
		return true // compiling it will say so
	}
	parts, err := g.contents(s, st)
	if err != nil {
		return false
	}
	g.keeper.keep(s.key, record, parts)
	return true
}

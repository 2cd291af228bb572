package userpool

import (
	"sync"
	"time"
)

// How often a password may be tried (developer guide, "Sign-in behaviors":
// after five failures a second of pause, twice as long with each more, up to
// about 15 minutes; forgotten after 15 minutes without an attempt).
const (
	freeAttempts = 5
	longestPause = 15 * time.Minute
	forgetAfter  = 15 * time.Minute
)

// attempts counts failures by name. What it holds is bounded: names come from
// anybody.
type attempts struct {
	most int

	mu   sync.Mutex
	seen map[string]*failures
}

type failures struct {
	n    int
	last time.Time
}

func newAttempts(most int) *attempts { return &attempts{most: most, seen: map[string]*failures{}} }

// may says whether another attempt is due, at the time now.
func (a *attempts) may(name string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.seen[name]
	return f == nil || !now.Before(f.last.Add(f.pause()))
}

// pause is how long to wait after the last failure.
func (f *failures) pause() time.Duration {
	if f.n < freeAttempts {
		return 0
	}
	return min(time.Second<<min(f.n-freeAttempts, 20), longestPause)
}

// failed counts a failure; false: there is no room to count it, and no further
// attempt may be let through.
func (a *attempts) failed(name string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.seen[name]
	switch {
	case f != nil && now.Sub(f.last) >= forgetAfter+f.pause():
		f.n = 0
	case f == nil:
		if len(a.seen) >= a.most && !a.forget(now) {
			return false
		}
		f = &failures{}
		a.seen[name] = f
	}
	f.n++
	f.last = now
	return true
}

// forget makes room; false: there is none. a.mu is held.
func (a *attempts) forget(now time.Time) bool {
	for name, f := range a.seen {
		if now.Sub(f.last) >= forgetAfter+f.pause() {
			delete(a.seen, name)
		}
	}
	return len(a.seen) < a.most
}

// room says whether a failure of a name could be counted.
func (a *attempts) room(name string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.seen[name] != nil || len(a.seen) < a.most || a.forget(now)
}

// passed forgets a name's failures.
func (a *attempts) passed(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.seen, name)
}

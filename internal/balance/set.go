package balance

import (
	"sync"
	"sync/atomic"
	"time"
)

// Set is targets that take calls of one kind. Make it with NewSet.
type Set struct {
	now     func() time.Time
	choices atomic.Pointer[choices]
	back    atomic.Int64 // ns: when the first ejected target comes back; 0: none is

	// What every call writes is in a cache line of its own, so that what every call
	// reads stays in the caches of all processors.
	_        [64]byte
	turn     atomic.Uint64
	inFlight atomic.Int64
	_        [64]byte

	mu      sync.Mutex // guards what follows, and parts of the targets
	policy  *Policy
	targets map[string]*Target // not changed once a choices has it
	order   []*Target          // as Replace had them
	round   uint64             // of Replace
	settle  *time.Timer
	checker *Checker // nil: nothing is checked
	plan    *Plan
	changed func(*Target, Health)
}

// Member is what a Set is told of a target.
type Member struct {
	Key      string
	Weight   int  // 0: 1
	Draining bool // it takes no more calls
}

// NewSet returns a Set without targets, which chooses by p. changed, unless it is
// nil, is told when checks change what they say of a target, and must not wait.
// now is the time, nil: time.Now.
func NewSet(p Policy, now func() time.Time, changed func(*Target, Health)) *Set {
	if now == nil {
		now = time.Now
	}
	s := &Set{now: now, policy: &p, targets: map[string]*Target{}, changed: changed}
	s.choices.Store(&choices{policy: s.policy})
	return s
}

// SetPolicy changes how s chooses. What is known of targets stays.
func (s *Set) SetPolicy(p Policy) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p == *s.policy {
		return
	}
	if !p.Mitigate {
		for _, t := range s.order {
			t.share.Store(1000)
		}
	}
	if p.SlowStart == 0 {
		for _, t := range s.order {
			t.slowTo.Store(0)
		}
	}
	s.policy = &p
	s.refresh()
}

// Replace makes members the targets of s. Targets that stay keep their health,
// calls and Value; made gives the Value of a new one. Those that aren't named any
// more are returned: calls in flight on them still end well. Of members with one
// Key the first counts.
func (s *Set) Replace(members []Member, made func(*Target) any) (gone []*Target) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, order := s.targets, s.order
	s.round++
	s.targets, s.order = make(map[string]*Target, len(members)), make([]*Target, 0, len(members))
	for i := range members {
		m := &members[i]
		if s.targets[m.Key] != nil {
			continue
		}
		t := before[m.Key]
		if t == nil {
			t = s.newTarget(m.Key, made)
		}
		t.round, t.weight = s.round, uint64(max(m.Weight, 1))
		t.drains.Store(m.Draining)
		s.targets[m.Key] = t
		s.order = append(s.order, t)
	}
	for _, t := range order {
		if t.round == s.round {
			continue
		}
		t.gone = true
		t.takes.Store(false)
		s.checker.remove(t)
		gone = append(gone, t)
	}
	s.refresh()
	return gone
}

func (s *Set) newTarget(key string, made func(*Target) any) *Target {
	t := &Target{Key: key, set: s, health: Unchecked, check: scheduled{at: -1}}
	if made != nil {
		t.Value = made(t)
	}
	t.share.Store(1000)
	if s.checker != nil {
		t.health = Initial
		s.checker.add(t)
	}
	return t
}

// Targets are all targets, in the order that Replace had them.
func (s *Set) Targets() []*Target {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*Target(nil), s.order...)
}

// Find is the target with a key; nil: there is none.
func (s *Set) Find(key string) *Target { return s.choices.Load().byKey[key] }

// Count says how many targets checks find healthy, and not, draining ones aside.
func (s *Set) Count() (healthy, unhealthy int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.order {
		switch {
		case t.drains.Load():
		case t.health == Healthy || t.health == Unchecked:
			healthy++
		default:
			unhealthy++
		}
	}
	return healthy, unhealthy
}

// InFlight is how many calls all targets have, also those that are gone.
func (s *Set) InFlight() int64 { return s.inFlight.Load() }

// settleAfter is how long changes of one target's health may wait for those of
// others before choices are made anew: what isn't fit any more isn't chosen in
// the meantime either.
const settleAfter = 5 * time.Millisecond

// soon has choices made anew. s.mu is held.
func (s *Set) soon() {
	if len(s.order) <= 256 {
		s.refresh()
		return
	}
	if s.settle == nil {
		s.settle = time.AfterFunc(settleAfter, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.refresh()
		})
	}
}

// refresh makes choices anew. s.mu is held.
func (s *Set) refresh() {
	if s.settle != nil {
		s.settle.Stop()
		s.settle = nil
	}
	c := &choices{policy: s.policy, byKey: s.targets, targets: make([]*Target, 0, len(s.order))}
	all := 0
	for _, t := range s.order {
		if !t.drains.Load() {
			all++
		}
		fit := t.fit()
		if t.takes.Store(fit); fit {
			c.targets = append(c.targets, t)
		}
	}
	c.all = all
	if c.open = s.policy.failsOpen(len(c.targets), all); c.open {
		c.targets = c.targets[:0]
		for _, t := range s.order {
			if !t.drains.Load() {
				c.targets = append(c.targets, t)
			}
		}
	}
	c.weigh()
	s.choices.Store(c)
}

// failsOpen says whether so few targets are fit that all take calls.
func (p *Policy) failsOpen(fit, all int) bool {
	return fit < max(p.Least, 1) || fit*100 < p.LeastPercent*all
}

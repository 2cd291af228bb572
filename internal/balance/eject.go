package balance

import "time"

// Answered says how a call on t ended that reached it: failed, with an error of
// its own, or well.
func (t *Target) Answered(failed bool) {
	p := t.set.choices.Load().policy
	if p.Mitigate {
		t.tally.count(failed)
	}
	if t.failed.Load() != 0 {
		t.failed.Store(0)
	}
	if !failed {
		if t.errors.Load() != 0 {
			t.errors.Store(0)
		}
		return
	}
	if limit := p.EjectAfterErrors; limit > 0 && t.errors.Add(1) >= limit {
		t.set.eject(t)
	}
}

// Unreachable says that no connection to t could be made for a call.
func (t *Target) Unreachable() {
	p := t.set.choices.Load().policy
	if p.Mitigate {
		t.tally.count(true)
	}
	if limit := p.EjectAfter; limit > 0 && t.failed.Add(1) >= limit {
		t.set.eject(t)
	}
}

// mostEjections is how often in a row being set aside takes longer each time.
const mostEjections = 10

// eject sets t aside for a while, unless it is the last that is fit.
func (s *Set) eject(t *Target) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !t.fit() || s.fitBeside(t) < max(s.policy.Least, 1) {
		return
	}
	t.failed.Store(0)
	t.errors.Store(0)
	now := s.now()
	if now.Sub(t.cameBack) > mostEjections*s.policy.EjectFor {
		t.ejections = 0
	}
	t.ejections = min(t.ejections+1, mostEjections)
	t.cameBack = now.Add(s.policy.EjectFor * time.Duration(t.ejections))
	t.ejected = t.cameBack.UnixNano()
	if at := s.back.Load(); at == 0 || t.ejected < at {
		s.back.Store(t.ejected)
	}
	t.takes.Store(false)
	s.soon()
}

// fitBeside is how many others are fit, as far as it matters. s.mu is held.
func (s *Set) fitBeside(t *Target) (n int) {
	for _, other := range s.order {
		if other != t && other.fit() {
			if n++; n >= max(s.policy.Least, 1) {
				break
			}
		}
	}
	return n
}

// comeBack lets targets take calls again whose time aside is over.
func (s *Set) comeBack() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, next := s.now().UnixNano(), int64(0)
	for _, t := range s.order {
		switch {
		case t.ejected == 0:
		case t.ejected <= now:
			t.ejected = 0
		case next == 0 || t.ejected < next:
			next = t.ejected
		}
	}
	s.back.Store(next)
	s.refresh()
}

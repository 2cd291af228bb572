package balance

import (
	"math/bits"
	"math/rand/v2"
	"sort"
)

// choices is what a Set chooses from. It doesn't change.
type choices struct {
	policy  *Policy
	byKey   map[string]*Target
	targets []*Target
	sums    []uint64 // of weights, up to and with each; nil: all are the same
	all     int      // targets that aren't draining
	open    bool     // all of them take calls, as too few are fit
}

// weigh fills in the sums.
func (c *choices) weigh() {
	same := true
	for _, t := range c.targets {
		same = same && t.weight == c.targets[0].weight
	}
	if same {
		return
	}
	c.sums = make([]uint64, len(c.targets))
	sum := uint64(0)
	for i, t := range c.targets {
		sum += t.weight
		c.sums[i] = sum
	}
}

// weight is that of the target at place at, of targets with different ones.
func (c *choices) weight(at int) uint64 {
	if at == 0 {
		return c.sums[0]
	}
	return c.sums[at] - c.sums[at-1]
}

// Result is what Take found.
type Result uint8

// What Take finds.
const (
	Taken     Result = iota
	Open             // taken, though too few targets are fit: all are used
	Empty            // there is no target that isn't draining
	Saturated        // no target has room, or all together have too much in flight
	Tried            // all were tried before
)

// Call is what a choice may depend on. The zero Call is an ordinary one.
type Call struct {
	Hash  uint64  // of its flow
	Stick *Target // takes it, if it can and is the Set's; nil: whoever
	// FitOnly refuses to fail open: the Result is Open then, without a target.
	FitOnly bool

	tried [8]*Target
	n     int
}

// Retry says that t couldn't take the call: another one is chosen next. It is
// false when the call has been tried often enough.
func (c *Call) Retry(t *Target) bool {
	if c.Stick = nil; c.n == len(c.tried) {
		return false
	}
	c.tried[c.n] = t
	c.n++
	c.Hash = mix(c.Hash)
	return c.n < len(c.tried)
}

func (c *Call) hasTried(t *Target) bool {
	for _, other := range c.tried[:c.n] {
		if other == t {
			return true
		}
	}
	return false
}

// mix makes another hash of one (the finalizer of SplitMix64).
func mix(h uint64) uint64 {
	h += 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// Take chooses a target for a call and counts the call, until Done; nil: see
// the Result.
func (s *Set) Take(call *Call) (*Target, Result) {
	if at := s.back.Load(); at != 0 && s.now().UnixNano() >= at {
		s.comeBack()
	}
	c := s.choices.Load()
	t, r := s.take(c, call)
	if r == Empty && c.all > 0 {
		// The last fit ones went since choices were made.
		s.mu.Lock()
		s.refresh()
		s.mu.Unlock()
		c = s.choices.Load()
		t, r = s.take(c, call)
	}
	return t, r
}

func (s *Set) take(c *choices, call *Call) (*Target, Result) {
	n := len(c.targets)
	switch {
	case n == 0:
		return nil, Empty
	case c.open && call.FitOnly:
		return nil, Open
	case c.policy.SaturatedAt > 0 && s.inFlight.Load() >= c.policy.SaturatedAt*int64(n):
		return nil, Saturated
	}
	if call.Stick != nil && call.Stick.set == s && s.try(c, call, call.Stick) == Taken {
		return call.Stick, c.taken()
	}
	return s.takeFrom(c, call, s.first(c, call))
}

func (c *choices) taken() Result {
	if c.open {
		return Open
	}
	return Taken
}

// takeFrom takes the target at place at, or the next that can take a call.
func (s *Set) takeFrom(c *choices, call *Call, at int) (*Target, Result) {
	saturated, tried := false, false
	looks := len(c.targets)
	if most := c.policy.MostInFlight; most > 0 && s.inFlight.Load() >= most*int64(looks) {
		looks = min(looks, mostCompared) // hardly any has room: overload must not cost more than work
	}
	for range looks {
		t := c.targets[at]
		switch s.try(c, call, t) {
		case Taken:
			return t, c.taken()
		case Saturated:
			saturated = true
		case Tried:
			tried = true
		}
		if at++; at == len(c.targets) {
			at = 0
		}
	}
	switch {
	case saturated:
		return nil, Saturated
	case tried:
		return nil, Tried
	}
	return nil, Empty
}

// try counts a call on t if t can take it.
func (s *Set) try(c *choices, call *Call, t *Target) Result {
	switch {
	case t.drains.Load() || !c.open && !t.takes.Load():
		return Empty
	case call.n > 0 && call.hasTried(t):
		return Tried
	}
	n := t.inFlight.Add(1)
	if c.policy.MostInFlight > 0 && n > c.policy.MostInFlight {
		t.inFlight.Add(-1)
		return Saturated
	}
	if all := s.inFlight.Add(1); c.policy.SaturatedAt > 0 && all > c.policy.SaturatedAt*int64(len(c.targets)) {
		t.inFlight.Add(-1)
		s.inFlight.Add(-1)
		return Saturated
	}
	return Taken
}

// first is the place of the target that a call goes to if it can take it.
func (s *Set) first(c *choices, call *Call) int {
	if c.policy.Algorithm == LeastOutstanding {
		return s.least(c)
	}
	at := s.draw(c, call)
	if c.policy.SlowStart == 0 && !c.policy.Mitigate {
		return at
	}
	// A target that takes a part of its share passes the rest on, as the shares
	// of all have it: another one is drawn.
	for range 16 {
		part := c.targets[at].portion(s.now, c.policy)
		if part >= 1000 || rand.Int32N(1000) < part {
			break
		}
		call.Hash = mix(call.Hash)
		at = s.draw(c, call)
	}
	return at
}

// draw is a place by the algorithm and the weights.
func (s *Set) draw(c *choices, call *Call) int {
	n := uint64(len(c.targets))
	switch c.policy.Algorithm {
	case WeightedRandom:
		return c.place(rand.Uint64())
	case FlowHash:
		return c.place(call.Hash)
	}
	turn := s.turn.Add(1)
	if c.sums == nil {
		return int(turn % n)
	}
	// Multiples of the golden ratio are spread as evenly as can be, at every
	// length: each target's turns come at about equal distances.
	return c.place(turn * 0x9e3779b97f4a7c15)
}

// place is the place of the target whose part of all weights u, of 2^64, lies
// in.
func (c *choices) place(u uint64) int {
	if c.sums == nil {
		hi, _ := bits.Mul64(u, uint64(len(c.targets)))
		return int(hi)
	}
	hi, _ := bits.Mul64(u, c.sums[len(c.sums)-1])
	return sort.Search(len(c.sums), func(i int) bool { return c.sums[i] > hi })
}

// mostCompared bounds how many targets are compared: of more, as many from the
// next place on.
const mostCompared = 256

// least is the place of the target with the fewest calls in flight for its
// weight, in turn among equals.
func (s *Set) least(c *choices) int {
	n := len(c.targets)
	at := int(s.turn.Add(1) % uint64(n))
	best, bestLoad := at, ^uint64(0)
	for range min(n, mostCompared) {
		t := c.targets[at]
		if t.takes.Load() || c.open {
			load := uint64(max(t.inFlight.Load(), 0))
			if load == 0 && c.sums == nil {
				return at
			}
			if c.sums != nil {
				load = (load + 1) << 20 / c.weight(at)
			}
			if load < bestLoad {
				best, bestLoad = at, load
			}
		}
		if at++; at == n {
			at = 0
		}
	}
	return best
}

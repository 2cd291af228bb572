package throttle

import (
	"math"
	"sync/atomic"
	"time"
)

// share is this node's part of a bucket.
type share struct {
	group    *Group
	id       uint64
	rate     float64 // tokens a second, of all nodes
	burst    float64
	interval int64 // as a span has them, of all nodes
	depth    int64

	span   atomic.Pointer[span] // what this node may take until the next Tick
	asked  atomic.Int64         // since it was made
	taken  atomic.Int64
	listed atomic.Bool // it is among group.touched
	next   *share      // there

	// group.mu guards what follows.
	world     float64 // time at which the bucket is full, as far as all nodes' use is known
	seenAsked int64   // of asked, what the last Tick saw
	seenTaken int64
	base      int64   // of taken, what was before began
	began     int64   // when it became active
	ticked    int64   // the last Tick
	demand    float64 // requests a second of this node, of late
	need      float64 // how much the nodes should know of each other
	needed    int64   // when they last had to
	divided   bool    // span isn't the whole bucket
	slack     int64   // how long the bucket counts what it has no room for: see share.contend
}

func (s *share) take(now int64) bool {
	ok := s.span.Load().take(now)
	s.asked.Add(1)
	if ok {
		s.taken.Add(1)
	}
	if !s.listed.Load() && s.listed.CompareAndSwap(false, true) {
		for {
			s.next = s.group.touched.Load()
			if s.group.touched.CompareAndSwap(s.next, s) {
				break
			}
		}
	}
	return ok
}

// whole gives this node the whole bucket again, with what is left of it.
func (s *share) whole(now int64) {
	if !s.divided {
		return
	}
	w := &span{interval: s.interval, depth: s.depth, made: now}
	w.full.Store(int64(min(max(s.world, float64(now)), float64(now+s.depth))))
	s.divided = false
	s.span.Store(w)
}

// begin makes a share active that was not, between the last Tick and now.
func (s *share) begin(now, last int64) {
	s.began, s.ticked = max(last, now-2*int64(Every)), max(last, now-2*int64(Every))
	s.base, s.demand, s.need, s.needed = s.seenTaken, 0, 0, math.MinInt64/2
	s.world = math.Inf(-1)
}

// resume goes on with a share that nobody needed to know of for a while.
func (s *share) resume(last int64) {
	if last > s.ticked {
		s.demand *= s.faded(last - s.ticked)
		s.ticked = last
	}
}

// adopt goes on from a share of the same bucket.
func (s *share) adopt(old *share) {
	s.world, s.began, s.ticked, s.demand, s.need, s.needed = old.world, old.began, old.ticked, old.demand, old.need, old.needed
	s.base = s.seenTaken - (old.seenTaken - old.base)
}

// spend takes tokens that were taken from time from on.
func (s *share) spend(tokens float64, from int64) {
	if tokens > 0 {
		s.world = max(s.world, float64(from-s.slack)) + tokens*float64(s.interval)
	}
}

// retract undoes what another node is only thought to have taken.
func (s *share) retract(u *use) {
	s.world -= u.assumed * float64(s.interval)
	u.assumed = 0
}

// tick takes in what was taken since the last one and divides anew. True: it is
// a bucket for one node, and no other has to know of it, until it is taken from.
func (s *share) tick(now int64) (done bool) {
	from, passed := s.ticked, now-s.ticked
	s.ticked = now
	asked, taken := s.asked.Load(), s.taken.Load()
	s.spend(float64(taken-s.seenTaken), from)
	s.weigh(float64(asked-s.seenAsked), passed)
	s.seenAsked, s.seenTaken = asked, taken
	others, known := s.others(from, now)
	s.contend(others)
	s.world = min(s.world, float64(now+s.depth)+s.mostDebt())
	if s.demand < forgotten && others < forgotten && s.world <= float64(now) {
		s.whole(now)
		return true
	}
	s.needs(now, known)
	if known {
		s.divided = true
		s.span.Store(s.part(now, others))
		return false
	}
	s.whole(now)
	return !s.telling(now)
}

// forgotten is a demand, in requests a second, that is none any more.
const forgotten = 0.01

// mostDebt is what is never paid off: nodes that took more than that together
// are forgiven the rest.
func (s *share) mostDebt() float64 {
	nodes := float64(s.group.nodes - 1)
	return nodes*float64(s.depth) + float64(2*second) + nodes*float64(s.interval)
}

// weigh makes demand the requests per second of late: of the last third of a
// second, or longer where few requests are many.
func (s *share) weigh(asked float64, passed int64) {
	if passed <= 0 {
		return
	}
	seconds := float64(passed) / float64(second)
	now := asked / seconds
	if s.demand < forgotten {
		s.demand = min(now, asked/min(s.memory(), 2*seconds)) // the first ones came in less than a Tick
		return
	}
	s.demand += (now - s.demand) * (1 - s.faded(passed))
}

// memory is how many seconds are of late.
func (s *share) memory() float64 { return min(max(0.3, 2/s.rate), 4) }

// faded is how much of a demand is left after a time in which nobody asked.
func (s *share) faded(passed int64) float64 {
	return math.Exp(-float64(passed) / float64(second) / s.memory())
}

// others is how many requests a second the other nodes are asked for; what they
// are thought to have taken since the last Tick is spent: of what comes, as much
// as they are asked for of all that nodes are asked for. known: one of them told
// of the bucket.
func (s *share) others(from, now int64) (demand float64, known bool) {
	for _, p := range s.group.peers {
		if u := p.buckets[s.id]; u != nil {
			demand, known = demand+u.demand, true
		}
	}
	if !known {
		return 0, false
	}
	granted := min(1, s.rate/(demand+s.demand))
	for _, p := range s.group.peers {
		u := p.buckets[s.id]
		if u == nil {
			continue
		}
		since := from
		if u.fresh {
			s.settle(u)
			since = u.heard
		}
		tokens := u.demand * granted * float64(now-since) / float64(second)
		u.assumed += tokens
		s.spend(tokens, since)
	}
	return demand, true
}

// contend notes whether nodes are asked for more than comes. Then one bucket
// would never be full, and what seems to have no room only wasn't taken by the
// node that had it.
func (s *share) contend(others float64) {
	s.slack = 0
	if others > 0 && s.demand+others > s.rate {
		s.slack = second / 2
	}
}

// settle takes in what another node told that it took, instead of what was
// thought.
func (s *share) settle(u *use) {
	more := float64(u.taken-u.applied) - u.assumed
	switch {
	case !u.settled: // what came since it began isn't missing any more
		s.spend(more-s.rate*float64(u.heard-u.since)/float64(second), u.heard)
	case more > 0:
		s.spend(more, u.since)
	default:
		s.world += more * float64(s.interval)
	}
	u.since = u.heard
	u.applied, u.assumed, u.settled, u.fresh = u.taken, 0, true, false
}

// needs says whether the nodes must know of each other's use: while one alone
// uses more than half of an even share, or another one says so.
func (s *share) needs(now int64, known bool) {
	nodes := float64(s.group.nodes)
	s.need = max(s.demand*nodes/s.rate, max(0, s.world-float64(now))*nodes/float64(s.depth))
	if s.need > 0.5 || known && s.demand >= forgotten {
		s.needed = now
	}
}

// telling says whether the others are to know of it now.
func (s *share) telling(now int64) bool { return now-s.needed < quiet }

// part is what this node may take: of the tokens that are there and of those
// that come, what it is asked for of all that nodes are asked for; or more, as
// far as the others won't need it before they are heard of again.
func (s *share) part(now int64, others float64) *span {
	horizon := float64(2*Every) / float64(second)
	weight := 0.0
	if s.demand > 0 {
		weight = s.demand / (s.demand + others)
	}
	spare := math.Floor(others * horizon)
	left := s.burst - (max(s.world, float64(now-s.slack))-float64(now))/float64(s.interval)
	rate := max(weight*s.rate, s.rate-others, s.rate*1e-3)
	if s.rate*horizon < 1 {
		rate = s.rate // fewer than a token until they are heard of
	}
	tokens := max(weight*left, left-spare, min(left, 1))
	tokens = max(tokens, -rate*horizon/4) // half of what comes pays debts
	most := max(1, weight*s.burst, s.burst-spare, tokens)
	return partOf(now, rate, tokens, most)
}

func partOf(now int64, rate, tokens, most float64) *span {
	interval := max(1, min(float64(time.Second)/rate, farAway/most))
	p := &span{interval: int64(interval), depth: int64(math.Ceil(most * interval)), made: now}
	p.full.Store(now + int64((most-tokens)*interval))
	return p
}

package throttle

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Group divides buckets among nodes that tell each other, a few times a second,
// how much they took of which bucket and how much they were asked for.
//
// Each node follows what all took together, and so knows within a fraction of a
// second how many tokens there are. Of those, and of the rate, it takes the
// share that it is asked for. What was taken beyond the limit, because nodes
// didn't know of each other yet, is a debt that all of them pay off: over some
// seconds what all took is what one bucket would have given. A node that hears
// nothing from the others has the bucket for itself: it rather lets in too many
// than refuses what is due.
//
// Taking a token needs no lock and no message. Tick is called by one goroutine;
// a nil *Group makes buckets of this node alone.
type Group struct {
	touched atomic.Pointer[share] // those taken from since the last Tick, a stack
	dropped atomic.Int64          // see Dropped

	mu     sync.Mutex // guards what follows
	nodes  int
	frozen bool // nobody can tell or be told: what was known last holds
	peers  map[string]*peer
	active map[uint64]*share
	last   int64 // time of the last Tick
	told   bool  // the last Report had something
}

// peer is another node.
type peer struct {
	heard   int64 // when it told last
	buckets map[uint64]*use
}

// use is what another node told of a bucket.
type use struct {
	taken   int64   // tokens since it began, by its count
	age     int64   // how long ago that was
	demand  float64 // requests a second
	since   int64   // when it told what is applied, or began
	heard   int64   // when it told this
	assumed float64 // tokens that it is thought to have taken since
	applied int64   // tokens of taken that are in the share's world
	settled bool    // some are
	fresh   bool    // this isn't
}

// Times of a Group, in nanoseconds.
const (
	second = int64(time.Second)

	// Every is the least time between two Ticks; Tick says how long to wait when
	// there is much to tell.
	Every = 200 * time.Millisecond

	slower   = 400 * time.Microsecond // for each bucket that is told of
	silence  = 3 * second / 2         // after which a node is thought to ask for nothing
	quiet    = second                 // a bucket that nobody asks for is told of that long
	maxUses  = 2000                   // buckets in one report
	maxPeers = 256
)

// NewGroup returns a Group of one node.
func NewGroup() *Group {
	return &Group{nodes: 1, peers: map[string]*peer{}, active: map[uint64]*share{}}
}

// New returns a full Bucket that the nodes of the group divide: name and limit
// say which. On a nil Group, or with nothing to divide, it is this node's alone.
func (g *Group) New(name string, l Limit) *Bucket {
	b := New(l)
	if g == nil || b.own.depth == 0 || !(l.Rate > 0) || math.IsInf(l.Rate, 0) {
		return b
	}
	s := &share{group: g, id: identify(name, l), rate: l.Rate, burst: float64(l.Burst), interval: b.own.interval, depth: b.own.depth}
	s.world = math.Inf(-1)
	s.span.Store(&b.own)
	b.shared = s
	return b
}

// identify is the same on all nodes, and tells a limit that was changed from the
// one before.
func identify(name string, l Limit) uint64 {
	text := binary.BigEndian.AppendUint64([]byte(name), math.Float64bits(l.Rate))
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(text, uint64(l.Burst)))
	return binary.BigEndian.Uint64(sum[:])
}

// SetNodes says how many nodes there are, this one among them; frozen, that
// nodes can't tell each other anything now: then what they told last holds.
func (g *Group) SetNodes(n int, frozen bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.nodes, g.frozen = max(n, 1), frozen
}

// Forget says that a node left.
func (g *Group) Forget(node string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.leave(node)
}

func (g *Group) leave(node string) {
	p := g.peers[node]
	if p == nil {
		return
	}
	for id, u := range p.buckets {
		if s := g.active[id]; s != nil {
			s.retract(u)
		}
	}
	delete(g.peers, node)
}

// Hear takes in what another node tells, at time now.
func (g *Group) Hear(node string, r *Report, now int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.peers[node]
	if p == nil {
		if len(g.peers) >= maxPeers {
			return
		}
		p = &peer{}
		g.peers[node] = p
	}
	old := p.buckets
	p.heard, p.buckets = now, make(map[uint64]*use, len(r.Uses))
	for _, t := range r.Uses {
		u := &use{taken: t.Taken, age: int64(t.Age), demand: t.Demand, heard: now, fresh: true}
		if before := old[t.ID]; before != nil && before.taken <= u.taken && before.age <= u.age {
			u.since, u.applied, u.assumed, u.settled = before.since, before.applied, before.assumed, before.settled
			delete(old, t.ID)
		} else {
			u.since = now - u.age
		}
		p.buckets[t.ID] = u
	}
	for id, u := range old { // it asks for those no more
		if s := g.active[id]; s != nil {
			s.retract(u)
		}
	}
}

// Dropped is how many buckets couldn't be told of, because there were too many,
// since the group began: each time counts.
func (g *Group) Dropped() int64 { return g.dropped.Load() }

// Tick divides at time now, says what to tell the other nodes (nil: nothing), and
// when to call it again.
func (g *Group) Tick(now int64) (*Report, time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for s := g.touched.Swap(nil); s != nil; {
		next := s.next
		s.next = nil
		s.listed.Store(false)
		g.take(s, now)
		s = next
	}
	g.expire(now)
	if g.nodes == 1 && len(g.peers) == 0 {
		g.alone(now)
		return nil, Every
	}
	var list []*share
	for id, s := range g.active {
		if s.tick(now) {
			delete(g.active, id)
			continue
		}
		if s.telling(now) {
			list = append(list, s)
		}
	}
	g.last = now
	if len(list) == 0 && !g.told {
		return nil, Every
	}
	g.told = len(list) > 0
	r := g.report(list, now)
	return r, Every + time.Duration(len(r.Uses))*slower
}

// take puts a share among the active ones.
func (g *Group) take(s *share, now int64) {
	old := g.active[s.id]
	if old == s {
		return
	}
	switch {
	case old != nil: // of a bucket that was given up: its count goes on
		s.adopt(old)
	case s.world > float64(g.last):
		s.resume(g.last)
	default:
		s.begin(now, g.last)
	}
	g.active[s.id] = s
}

// expire drops nodes that say nothing, unless nobody can.
func (g *Group) expire(now int64) {
	if g.frozen {
		return
	}
	for node, p := range g.peers {
		if now-p.heard > silence+int64(len(p.buckets))*int64(slower) {
			g.leave(node)
		}
	}
}

// alone gives everything to this node.
func (g *Group) alone(now int64) {
	for id, s := range g.active {
		s.whole(now)
		s.seenAsked, s.seenTaken, s.world = s.asked.Load(), s.taken.Load(), math.Inf(-1)
		delete(g.active, id)
	}
	g.last, g.told = now, false
}

// report is what to tell: of the buckets that need it most, when there are too
// many.
func (g *Group) report(list []*share, now int64) *Report {
	if len(list) > maxUses {
		g.dropped.Add(int64(len(list) - maxUses))
		slices.SortFunc(list, func(a, b *share) int { return cmp.Compare(b.need, a.need) })
		list = list[:maxUses]
	}
	r := &Report{Uses: make([]Use, len(list))}
	for i, s := range list {
		r.Uses[i] = Use{ID: s.id, Taken: s.seenTaken - s.base, Age: time.Duration(now - s.began), Demand: s.demand}
	}
	return r
}

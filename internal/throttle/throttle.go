// Package throttle limits how often something may happen: token buckets, as
// Amazon API Gateway has them (developer guide, "Throttle requests to your REST
// APIs"), on one node or divided among several. It must not know what is
// limited, nor why, nor how nodes hear of each other.
package throttle

import (
	"math"
	"sync/atomic"
	"time"
)

// Limit is the size of a bucket: Burst tokens at most, refilled by Rate tokens
// a second. A Burst or Rate of 0 or less holds, or refills, nothing.
type Limit struct {
	Rate  float64
	Burst int
}

// Bucket is a token bucket. Many goroutines use it at once, without a lock.
type Bucket struct {
	own    span
	shared *share   // nil: it is this node's alone, and own says what is there
	_      [24]byte // a cache line each: neighbours don't wait for one another
}

// span is what is left of a bucket.
//
// It keeps no count but the time at which the bucket will be full again: a
// token is there when taking it leaves that time no more than all tokens
// ahead (the generic cell rate algorithm, ITU-T I.371). One number is one
// atomic exchange.
type span struct {
	interval int64 // nanoseconds that a token takes to come
	depth    int64 // nanoseconds that all take; 0: there are none
	made     int64 // what is asked for before gets what was there then
	full     atomic.Int64
}

// farAway is a time, in nanoseconds, that sums of stay within an int64: about 73
// years.
const farAway = math.MaxInt64 / 4

// New returns a full Bucket. One that would take longer than farAway to fill is
// filled in that time.
func New(l Limit) *Bucket {
	b := new(Bucket)
	b.own.interval, b.own.depth = l.Span()
	b.own.made = math.MinInt64
	b.own.full.Store(math.MinInt64)
	return b
}

// Span is what a token and what all tokens take to come, in nanoseconds; depth 0:
// there are none.
func (l Limit) Span() (interval, depth int64) {
	if l.Burst <= 0 {
		return 1, 0
	}
	interval = farAway / int64(l.Burst)
	if l.Rate > 0 {
		interval = max(1, int64(min(math.Floor(float64(time.Second)/l.Rate), float64(interval))))
	}
	return interval, int64(l.Burst) * interval
}

// Take takes a token at time now, in nanoseconds of a clock that doesn't go
// back. False: there is none, and nothing is taken.
func (b *Bucket) Take(now int64) bool {
	if b.shared != nil {
		return b.shared.take(now)
	}
	return b.own.take(now)
}

// Spend takes a token that somebody else has granted, whether there is one or
// not. Nothing is counted for the other nodes.
func (b *Bucket) Spend(now int64) {
	if b.shared != nil {
		b.shared.span.Load().spend(now)
	} else {
		b.own.spend(now)
	}
}

func (s *span) spend(now int64) {
	for {
		full := s.full.Load()
		next := min(max(full, now)+s.interval, now+s.depth)
		if s.full.CompareAndSwap(full, next) {
			return
		}
	}
}

func (s *span) take(now int64) bool {
	now = max(now, s.made)
	for {
		full := s.full.Load()
		next := max(full, now) + s.interval
		if next-now > s.depth {
			return false
		}
		if s.full.CompareAndSwap(full, next) {
			return true
		}
	}
}

// Full says whether all tokens are there at time now.
func (b *Bucket) Full(now int64) bool {
	if b.shared != nil {
		return b.shared.span.Load().full.Load() <= now
	}
	return b.own.full.Load() <= now
}

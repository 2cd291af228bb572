// Package throttle limits how often something may happen: token buckets, as
// Amazon API Gateway has them (developer guide, "Throttle requests to your REST
// APIs"). It must not know what is limited, nor why.
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
//
// It keeps no count but the time at which the bucket will be full again: a
// token is there when taking it leaves that time no more than Burst tokens
// ahead (the generic cell rate algorithm, ITU-T I.371). One number is one
// atomic exchange.
type Bucket struct {
	interval int64 // nanoseconds that a token takes to come
	depth    int64 // nanoseconds that all take; 0: there are none
	full     atomic.Int64
	_        [40]byte // a cache line each: neighbours don't wait for one another
}

// farAway is a time, in nanoseconds, that sums of stay within an int64: about 73
// years.
const farAway = math.MaxInt64 / 4

// New returns a full Bucket. One that would take longer than farAway to fill is
// filled in that time.
func New(l Limit) *Bucket {
	b := new(Bucket)
	b.full.Store(math.MinInt64)
	if l.Burst <= 0 {
		b.interval = 1
		return b
	}
	b.interval = farAway / int64(l.Burst)
	if l.Rate > 0 {
		b.interval = max(1, int64(min(math.Floor(float64(time.Second)/l.Rate), float64(b.interval))))
	}
	b.depth = int64(l.Burst) * b.interval
	return b
}

// Take takes a token at time now, in nanoseconds of a clock that doesn't go
// back. False: there is none, and nothing is taken.
func (b *Bucket) Take(now int64) bool {
	for {
		full := b.full.Load()
		next := max(full, now) + b.interval
		if next-now > b.depth {
			return false
		}
		if b.full.CompareAndSwap(full, next) {
			return true
		}
	}
}

// Full says whether all tokens are there at time now.
func (b *Bucket) Full(now int64) bool { return b.full.Load() <= now }

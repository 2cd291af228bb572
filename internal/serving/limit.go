package serving

import (
	"fmt"
	"time"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/tally"
	"github.com/gatehouse/gatehouse/internal/throttle"
)

// The throttling settings of a stage that sets none (recorded on AWS), which
// are an account's, and the value that removes a limit.
const (
	DefaultRate  = 10000
	DefaultBurst = 5000
	NoLimit      = -1
)

// Limiter is the limit of one route or method of a stage. The zero Limiter
// admits everything.
type Limiter struct {
	Limit  throttle.Limit
	Gate   *tally.Gate // of all nodes; nil: none is asked for
	bucket *throttle.Bucket
}

// epoch is what buckets count time from: what the wall clock does later doesn't
// reach them.
var epoch = time.Now()

// Clock is the time of throttles, in nanoseconds.
func Clock() int64 { return ClockAt(time.Now()) }

// ClockAt is what Clock was at t.
func ClockAt(t time.Time) int64 { return int64(t.Sub(epoch)) }

// Limit is the limiter of that name, which all stages of that name and limit
// share, so that a deployment leaves its tokens as they are. release gives it
// back.
func (e *Env) Limit(name string, l throttle.Limit) (limiter Limiter, release func()) {
	pool := &e.throttles
	bucket := pool.Acquire(e.Throttles, name, l)
	return Limiter{l, e.Ledger.Gate(name, l, bucket), bucket}, func() { pool.Release(name, l, Clock()) }
}

// On says whether there is a limit.
func (l *Limiter) On() bool { return l.bucket != nil }

// Take takes the token of a request that came at at, by what this node knows. A
// request that waited for its turn on the processor comes with a time from before
// what others took since, which a large rate with a small burst takes for too many:
// then the time is looked at again.
func (e *Env) Take(l *Limiter, at time.Time) bool {
	now := ClockAt(at)
	if l.bucket == nil || l.bucket.Take(now) {
		return true
	}
	again := ClockAt(e.Time())
	return again-now > int64(time.Millisecond) && l.bucket.Take(again)
}

// Decide adds to the decisions of x what the limit said, where x is explained.
func (l *Limiter) Decide(x *exchange.Exchange, whose string, admitted bool) {
	if !x.Explaining() {
		return
	}
	result := "admitted"
	if !admitted {
		result = "refused"
	}
	x.Decide("throttle", result, fmt.Sprintf("the stage's settings for the %s: %g requests/s, burst %d", whose, l.Limit.Rate, l.Limit.Burst))
}

// Admit lets a request in that came at at, by what all nodes know where they
// are asked, else by what this one does.
func (e *Env) Admit(l *Limiter, at time.Time) bool {
	now := ClockAt(at)
	if l.On() && e.Ledger.Up() {
		if !l.Gate.Open(now) {
			return false
		}
		if ask := (tally.Ask{Now: now, Method: l.Gate}); !ask.Empty() {
			if v, ok := e.Ledger.Admit(&ask); ok {
				return v == tally.Admitted
			}
		}
	}
	return e.Take(l, at)
}

package balance

import (
	"sync/atomic"
	"time"
)

// Health is what checks say of a target.
type Health uint8

// What checks say. A target that nobody checks is as good as a healthy one.
const (
	Initial Health = iota // no check has ended yet, or too few have failed
	Healthy
	Unhealthy
	Unchecked
)

// Target takes calls of a Set.
type Target struct {
	Key   string // unique in its Set
	Value any    // the Set's owner's

	set      *Set
	inFlight atomic.Int64
	failed   atomic.Int32 // connections in a row that failed
	errors   atomic.Int32 // answers in a row that were errors
	takes    atomic.Bool  // calls, as long as its Set doesn't fail open
	drains   atomic.Bool  // it takes no more calls, even then
	slowTo   atomic.Int64 // ns: until when it takes less than its share; 0: it doesn't
	share    atomic.Int32 // of its share, in thousandths, that anomalies leave it
	tally    tally

	// Guarded by set.mu.
	round     uint64 // of Replace that it was last named in
	weight    uint64
	health    Health
	passed    int   // checks in a row
	missed    int   // failed checks in a row
	reason    error // of the last check that failed
	ejections int
	ejected   int64     // ns: until when; 0: it isn't
	cameBack  time.Time // when the last ejection ended, or will
	gone      bool

	check scheduled
}

// Condition is how a Set sees a target.
type Condition struct {
	Health   Health
	Reason   error // why it isn't healthy; nil: no check has failed
	Draining bool
	Ejected  bool
}

// Condition says how t is.
func (t *Target) Condition() Condition {
	t.set.mu.Lock()
	defer t.set.mu.Unlock()
	c := Condition{Health: t.health, Draining: t.drains.Load(), Ejected: t.ejected != 0}
	if t.health == Unhealthy || t.health == Initial {
		c.Reason = t.reason
	}
	return c
}

// InFlight is how many calls t has.
func (t *Target) InFlight() int64 { return t.inFlight.Load() }

// Done ends a call that Take has counted.
func (t *Target) Done() {
	t.inFlight.Add(-1)
	t.set.inFlight.Add(-1)
}

// fit says that t may be chosen as long as its Set doesn't fail open. set.mu is
// held.
func (t *Target) fit() bool {
	return !t.drains.Load() && !t.gone && t.ejected == 0 && (t.health == Healthy || t.health == Unchecked)
}

// portion is which part of its share t takes now, in thousandths.
func (t *Target) portion(now func() time.Time, p *Policy) int32 {
	part := t.share.Load()
	if to := t.slowTo.Load(); to != 0 {
		left := time.Duration(to - now().UnixNano())
		if left <= 0 {
			t.slowTo.CompareAndSwap(to, 0)
			return part
		}
		part = part * int32(max(1000-left*1000/max(p.SlowStart, 1), 1)) / 1000
	}
	return max(part, 1)
}

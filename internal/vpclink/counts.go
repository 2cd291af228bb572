package vpclink

import (
	"sync/atomic"
	"time"
)

// counts is what a group counts of the calls that its targets took (CloudWatch
// metrics for load balancers, by target group).
type counts struct {
	_           [64]byte         // see balance.Set
	statuses    [6]atomic.Uint64 // of answers of targets, by their first digit; 0: another one
	errors      atomic.Uint64    // connections to targets that failed
	overflows   atomic.Uint64    // calls of another group that this one took
	inventions  atomic.Uint64    // answers of 5xx that no target gave
	nanoseconds atomic.Uint64    // until the heads of answers
	_           [64]byte
}

func (c *counts) answered(status int, took time.Duration) {
	c.nanoseconds.Add(uint64(max(took, 0)))
	class := status / 100
	if class >= len(c.statuses) {
		class = 0
	}
	c.statuses[class].Add(1)
}

func (c *counts) unreachable() { c.errors.Add(1) }
func (c *counts) overflowed()  { c.overflows.Add(1) }

func (c *counts) invented(status int) {
	if status >= 500 {
		c.inventions.Add(1)
	}
}

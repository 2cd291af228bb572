// Package workers runs short jobs on goroutines that have run jobs before: a new
// goroutine begins with the smallest stack, and growing it, by copying, takes
// longer than many a job does. It must not know what a job is.
package workers

import (
	"sync/atomic"
	"time"
)

const (
	mostIdle = 64          // goroutines that wait for a job, so that a burst leaves little behind
	patience = time.Second // how long one waits
)

// Pool runs jobs, each at once on a goroutine of its own.
type Pool[T any] struct {
	do   func(T)
	jobs chan T // unbuffered: a job goes to who waits for one
	idle atomic.Int32
}

// New returns a Pool whose jobs are done by do, which must not panic.
func New[T any](do func(T)) *Pool[T] { return &Pool[T]{do: do, jobs: make(chan T)} }

// Run begins a job and returns.
func (p *Pool[T]) Run(job T) {
	select {
	case p.jobs <- job:
	default:
		go p.work(job)
	}
}

func (p *Pool[T]) work(job T) {
	p.do(job)
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for p.wait(timer, &job) {
		p.do(job)
		timer.Reset(patience)
	}
}

// wait takes another job; false: none came, or enough others wait for one.
func (p *Pool[T]) wait(timer *time.Timer, job *T) bool {
	defer p.idle.Add(-1)
	if p.idle.Add(1) > mostIdle {
		return false
	}
	var none T
	*job = none // what is done isn't kept while waiting
	select {
	case *job = <-p.jobs:
		return true
	case <-timer.C:
		return false
	}
}

package balance

import (
	"container/heap"
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// Plan says how the targets of a Set are checked.
type Plan struct {
	Interval, Timeout  time.Duration
	Healthy, Unhealthy int // checks in a row that change a target's health
	// Probe checks a target: nil, or what is wrong with it. It ends with ctx, whose
	// deadline is Timeout away.
	Probe func(ctx context.Context, t *Target) error
}

// mostProbes bounds the checks at one time: those of 10,000 targets that answer
// nothing for 5 s, every 30 s, need 1,700.
const mostProbes = 2048

// Checker checks the targets of any number of Sets, each at its own time; while
// no check is due, it is one goroutine and one timer. Make it with NewChecker.
type Checker struct {
	mu    sync.Mutex // guards what follows
	queue queue
	wake  chan struct{} // has room for one
	room  chan struct{}
	ended context.Context
	end   context.CancelFunc
	work  sync.WaitGroup
}

// scheduled is a target's place in a Checker's queue.
type scheduled struct {
	at  int // in the queue; -1: not in it
	due time.Time
}

// NewChecker starts a Checker that checks nothing yet.
func NewChecker() *Checker {
	c := &Checker{wake: make(chan struct{}, 1), room: make(chan struct{}, mostProbes)}
	c.ended, c.end = context.WithCancel(context.Background())
	c.work.Go(c.run)
	return c
}

// Close ends all checks, and waits for those under way.
func (c *Checker) Close() {
	c.end()
	c.work.Wait()
}

// SetPlan has c check the targets of s by p; a nil Plan ends that, and targets
// are as good as healthy, or Initial again when idle says that nobody asks for
// them. What is known of targets that go on being checked stays.
func (s *Set) SetPlan(c *Checker, p *Plan, idle bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.checker
	s.plan, s.checker = p, c
	if p == nil {
		s.checker = nil
	}
	for _, t := range s.order {
		switch {
		case p == nil:
			was.remove(t)
			t.health, t.passed, t.missed, t.reason = Unchecked, 0, 0, nil
			if idle {
				t.health = Initial
			}
		case was == nil:
			t.health = Initial
			c.add(t)
		}
	}
	s.refresh()
}

// firstCheck is how long a new target waits for its first check: those that are
// added together are checked at a rate of some thousands a second.
func (c *Checker) firstCheck() time.Duration {
	return time.Duration(rand.Int64N(int64(20*time.Millisecond) + int64(len(c.queue))*int64(500*time.Microsecond)))
}

// add schedules t's first check.
func (c *Checker) add(t *Target) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.schedule(t, time.Now().Add(c.firstCheck()))
}

// schedule puts t in the queue. c.mu is held.
func (c *Checker) schedule(t *Target, due time.Time) {
	t.check.due = due
	if t.check.at >= 0 {
		heap.Fix(&c.queue, t.check.at)
	} else {
		heap.Push(&c.queue, t)
	}
	if t.check.at == 0 {
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
}

// remove takes t out of the queue. A nil Checker has none.
func (c *Checker) remove(t *Target) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.check.at >= 0 {
		heap.Remove(&c.queue, t.check.at)
	}
}

// run starts the checks that are due.
func (c *Checker) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		t, wait := c.next(time.Now())
		if t == nil {
			timer.Reset(wait)
			select {
			case <-timer.C:
			case <-c.wake:
			case <-c.ended.Done():
				return
			}
			continue
		}
		select {
		case c.room <- struct{}{}:
		case <-c.ended.Done():
			return
		}
		c.work.Go(func() {
			c.check(t)
			<-c.room
		})
	}
}

// next takes the target out of the queue whose check is due; nil: none is for
// wait.
func (c *Checker) next(now time.Time) (t *Target, wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		return nil, time.Hour
	}
	if wait := c.queue[0].check.due.Sub(now); wait > 0 {
		return nil, wait
	}
	return heap.Pop(&c.queue).(*Target), 0
}

// check checks t once, and has it checked again.
func (c *Checker) check(t *Target) {
	s := t.set
	s.mu.Lock()
	plan := s.plan
	stays := !t.gone && s.checker == c && plan != nil
	s.mu.Unlock()
	if !stays {
		return
	}
	began := time.Now()
	ctx, cancel := context.WithTimeout(c.ended, plan.Timeout)
	err := plan.Probe(ctx, t)
	cancel()
	if c.ended.Err() == nil && s.checked(t, plan, err) {
		c.again(t, began.Add(jittered(plan.Interval)))
	}
}

// again schedules t's next check, unless it went meanwhile.
func (c *Checker) again(t *Target, due time.Time) {
	t.set.mu.Lock()
	defer t.set.mu.Unlock()
	if t.gone || t.set.checker != c {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.schedule(t, due)
}

// jittered is d, give or take a tenth: what began together drifts apart.
func jittered(d time.Duration) time.Duration {
	return d - d/10 + time.Duration(rand.Int64N(int64(d)/5+1))
}

// checked notes the outcome of a check, and says whether there will be another.
func (s *Set) checked(t *Target, p *Plan, err error) bool {
	s.mu.Lock()
	if t.gone || s.plan == nil {
		s.mu.Unlock()
		return false
	}
	health := t.judge(p, err)
	changed := health != t.health
	if changed {
		s.turned(t, health)
	}
	s.mu.Unlock()
	if changed && s.changed != nil {
		s.changed(t, health)
	}
	return true
}

// judge counts the outcome of a check and says what t's health is now. The first
// check that passes makes a new target healthy (Application Load Balancers,
// "Health checks for target groups"). set.mu is held.
func (t *Target) judge(p *Plan, err error) Health {
	if t.reason = err; err == nil {
		t.missed = 0
		if t.passed++; t.health == Initial || t.passed >= p.Healthy {
			return Healthy
		}
		return t.health
	}
	t.passed = 0
	if t.missed++; t.missed >= p.Unhealthy {
		return Unhealthy
	}
	return t.health
}

// turned makes t's health what checks say. A target that becomes healthy starts
// slowly if that is asked for and another one is healthy that doesn't (target
// groups, "Slow start mode"). s.mu is held.
func (s *Set) turned(t *Target, health Health) {
	t.health = health
	t.slowTo.Store(0)
	if health == Healthy {
		t.ejected = 0
		if slow := s.policy.SlowStart; slow > 0 && s.anyFull(t) {
			t.slowTo.Store(s.now().Add(slow).UnixNano())
		}
	}
	t.takes.Store(t.fit())
	s.soon()
}

// anyFull says whether a target beside t is fit and takes its whole share.
func (s *Set) anyFull(t *Target) bool {
	now := s.now().UnixNano()
	for _, other := range s.order {
		if other != t && other.fit() && other.slowTo.Load() <= now {
			return true
		}
	}
	return false
}

// queue is a heap of targets, the one that is due first on top.
type queue []*Target

// Len implements heap.Interface.
func (q queue) Len() int { return len(q) }

// Less implements heap.Interface.
func (q queue) Less(i, j int) bool { return q[i].check.due.Before(q[j].check.due) }

// Swap implements heap.Interface.
func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].check.at, q[j].check.at = i, j
}

// Push implements heap.Interface.
func (q *queue) Push(x any) {
	t := x.(*Target)
	t.check.at = len(*q)
	*q = append(*q, t)
}

// Pop implements heap.Interface.
func (q *queue) Pop() any {
	last := len(*q) - 1
	t := (*q)[last]
	(*q)[last], t.check.at = nil, -1
	*q = (*q)[:last]
	return t
}

package usageplan

import (
	"strconv"
	"sync/atomic"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/tally"
	"github.com/gatehouse/gatehouse/internal/throttle"
)

// counter counts a key's requests in the current period of its plan.
type counter struct {
	used    atomic.Int64           // in the period, on all nodes, as far as this one knows
	pending atomic.Int64           // of those, what nobody was told yet; all of one day
	most    atomic.Int64           // that used may become
	until   atomic.Int64           // Unix time at which all of that is to be found anew
	period  atomic.Pointer[period] // of the quota, as all nodes are asked for it; nil: they aren't

	// Book.mu guards what follows.
	day      apigw.Day           // of pending
	unstored map[apigw.Day]int64 // what Settle wasn't told of, beside pending; nil: none
}

// period is a quota's period for all nodes together.
type period struct {
	first apigw.Day
	key   string       // of tally.Key
	until int64        // Unix time when it is long over
	full  atomic.Int64 // the quota that was found used up; 0: none was
}

// drain moves what is pending to what is unstored.
func (c *counter) drain() {
	n := c.pending.Swap(0)
	if n == 0 {
		return
	}
	if c.unstored == nil {
		c.unstored = map[apigw.Day]int64{}
	}
	c.unstored[c.day] += n
}

// charge counts a request, unless the quota is used up.
func (u *Use) charge(now int64) bool {
	c := u.counter(now)
	if c.used.Add(1) > c.most.Load() {
		c.used.Add(-1)
		return false
	}
	u.note()
	return true
}

// counter is the key's, for the period that has now.
func (u *Use) counter(now int64) *counter {
	c := &u.member.count
	if now >= c.until.Load() {
		u.book.mu.Lock()
		u.member.recount(apigw.DayOfUnix(now), u.book.ledger != nil)
		u.book.mu.Unlock()
	}
	return c
}

// note remembers that a request is to be told of.
func (u *Use) note() {
	u.member.count.pending.Add(1)
	if !u.book.touched.Load() {
		u.book.touched.Store(true)
	}
}

// Prepare says what all nodes are to be asked of a request, beside what a holds;
// or, as Take does, that it isn't let in, where this is known without.
func (u *Use) Prepare(r *Request, a *tally.Ask) (Verdict, *throttle.Limit) {
	var limit *throttle.Limit
	if b := u.bucket(r); b != nil {
		limit = &b.limit
		if !b.gate.Open(r.Now) || b.gate == nil && !b.Take(r.Now) {
			return Throttled, limit
		}
		a.Plan = b.gate
	}
	c := u.counter(r.Unix)
	if p, most := c.period.Load(), c.most.Load(); p != nil {
		if p.full.Load() == most && most > 0 {
			return OverQuota, limit
		}
		a.Quota = tally.Quota{Key: p.key, Known: c.used.Load(), Most: most, Until: p.until}
	}
	return Admitted, limit
}

// Settled takes in what all nodes' limits said of a request.
func (u *Use) Settled(v tally.Verdict, a *tally.Ask) {
	c := &u.member.count
	switch p := c.period.Load(); {
	case v == tally.Admitted:
		c.used.Add(1)
		u.note()
	case v == tally.OverQuota && p != nil && p.key == a.Quota.Key:
		p.full.Store(a.Quota.Most)
	}
}

// GiveBack undoes what Take counted: the request was refused after all.
func (u *Use) GiveBack() {
	u.member.count.used.Add(-1)
	u.member.count.pending.Add(-1)
}

// recount finds how much of the period that has today is used. Book.mu is held.
func (m *member) recount(today apigw.Day, together bool) {
	c := &m.count
	if c.day != today {
		c.drain()
		c.day = today
	}
	var quota *apigw.Quota
	if view := m.plan.view.Load(); view != nil {
		quota = view.quota
	}
	first, after := quota.Days(today)
	used := c.pending.Load()
	for d := first; d < after; d++ {
		used += m.plan.counts[d][m.key] + c.unstored[d]
	}
	c.used.Add(used - c.used.Load())
	c.most.Store(quota.LimitOn(today, m.plan.grants[m.key]))
	c.until.Store((today + 1).Unix())
	if together {
		m.together(quota, first, after)
	}
}

// together names the quota's period for all nodes. Book.mu is held.
func (m *member) together(quota *apigw.Quota, first, after apigw.Day) {
	c := &m.count
	switch p := c.period.Load(); {
	case quota == nil:
		c.period.Store(nil)
	case p == nil || p.first != first || p.until != (after+1).Unix():
		name := m.name() + "/" + quota.Period + "/" + strconv.FormatInt(int64(first), 10)
		c.period.Store(&period{first: first, key: tally.Key("q", name), until: (after + 1).Unix()})
	}
}

// recount lets the next request of every member recount. Book.mu is held.
func (p *plan) recount() {
	for _, m := range p.members {
		m.count.until.Store(0)
	}
}

// SetGrant says what a key has left of its plan's quota; nil: what the quota
// says.
func (e *Edit) SetGrant(ref PlanRef, id apigw.APIKeyID, g *apigw.UsageGrant) {
	p := e.plan(ref)
	if g == nil {
		delete(p.grants, id)
	} else {
		p.grants[id] = g
	}
	if m := p.members[id]; m != nil {
		m.count.until.Store(0)
	}
}

// keptDays is how many days of counts matter: the longest period has 31.
const keptDays = 32

// SetCounts says how many requests some keys of a plan had on a day, on all
// nodes, with what this one counted until it was told by Drain.
func (e *Edit) SetCounts(ref PlanRef, day apigw.Day, of map[apigw.APIKeyID]int64) {
	e.setCounts(ref, day, of, nil)
}

// setCounts also takes off what was counted here before and is in the counts now:
// at once, so that no request sees more used than there is.
func (e *Edit) setCounts(ref PlanRef, day apigw.Day, of, off map[apigw.APIKeyID]int64) {
	p := e.plan(ref)
	for d := range p.counts {
		if d < day-keptDays {
			delete(p.counts, d)
		}
	}
	counts := p.counts[day]
	if counts == nil {
		counts = map[apigw.APIKeyID]int64{}
		p.counts[day] = counts
	}
	for id, n := range of {
		p.add(id, day, n-counts[id]-off[id])
		counts[id] = n
	}
}

// add makes a key's use of a day larger by n, if that is in the period that is
// counted.
func (p *plan) add(id apigw.APIKeyID, day apigw.Day, n int64) {
	m := p.members[id]
	if m == nil || m.count.until.Load() == 0 {
		return // the next request counts anew
	}
	var quota *apigw.Quota
	if view := p.view.Load(); view != nil {
		quota = view.quota
	}
	first, after := quota.Days(m.count.day)
	if first <= day && day < after {
		m.count.used.Add(n)
	}
}

// Count is how many requests a key had on a day.
type Count struct {
	Plan PlanRef
	Key  apigw.APIKeyID
	Day  apigw.Day
	N    int64
}

// Drain returns what was counted and isn't known to be stored. Whoever calls it
// stores that and tells Settle, or calls Retry, before it calls it again.
func (b *Book) Drain() []Count {
	if !b.touched.Swap(false) {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []Count
	for _, p := range b.plans {
		for _, m := range p.members {
			m.count.drain()
			for d, n := range m.count.unstored {
				list = append(list, Count{p.ref, m.key, d, n})
			}
		}
	}
	return list
}

// Retry says that what Drain returned, or part of it, couldn't be stored.
func (b *Book) Retry() { b.touched.Store(true) }

// Settle says that some of what Drain returned is stored: all of it of a plan's
// day, and what there is now, as SetCounts is told it.
func (e *Edit) Settle(done []Count, ref PlanRef, day apigw.Day, stored map[apigw.APIKeyID]int64) {
	p, off := e.plan(ref), map[apigw.APIKeyID]int64{}
	for _, c := range done {
		m := p.members[c.Key]
		if m == nil || m.count.unstored[day] == 0 {
			continue
		}
		if m.count.unstored[day] -= c.N; m.count.unstored[day] == 0 {
			delete(m.count.unstored, day)
		}
		if _, there := stored[c.Key]; there {
			off[c.Key] += c.N
		} else {
			p.add(c.Key, day, -c.N)
		}
	}
	e.setCounts(ref, day, stored, off)
}

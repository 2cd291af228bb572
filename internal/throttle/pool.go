package throttle

import "sync"

// Pool holds buckets by what they limit, so that a bucket outlives what uses
// it: a change that leaves a limit as it is leaves its tokens as they are. The
// zero Pool is ready to use.
type Pool struct {
	mu    sync.Mutex // guards what follows
	slots map[slotKey]*slot
	idle  map[slotKey]*slot // those that nobody uses
}

type slotKey struct {
	name  string
	limit Limit
}

type slot struct {
	bucket *Bucket
	users  int
}

// Acquire is the bucket of that name and limit, divided among the nodes of g (nil:
// this node's alone). Release it when it is no longer used.
func (p *Pool) Acquire(g *Group, name string, l Limit) *Bucket {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.slots == nil {
		p.slots, p.idle = map[slotKey]*slot{}, map[slotKey]*slot{}
	}
	key := slotKey{name, l}
	s := p.slots[key]
	if s == nil {
		s = &slot{bucket: g.New(name, l)}
		p.slots[key] = s
	}
	s.users++
	delete(p.idle, key)
	return s.bucket
}

// Release gives a bucket back at time now. It stays until it would be full
// again, in case somebody acquires it before: then a new one is the same.
func (p *Pool) Release(name string, l Limit, now int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := slotKey{name, l}
	if s := p.slots[key]; s != nil {
		if s.users--; s.users == 0 {
			p.idle[key] = s
		}
	}
	for key, s := range p.idle {
		if s.bucket.Full(now) {
			delete(p.idle, key)
			delete(p.slots, key)
		}
	}
}

package control

import (
	"container/list"
	"sync"
)

// cache keeps the definitions that were used last, so that an API under work
// isn't read from the store at every call, and 10,000 idle ones cost nothing.
type cache struct {
	maxItems, maxBytes int

	mu    sync.Mutex // guards what follows
	bytes int
	order *list.List               // of *snapshot, latest first
	items map[apiRef]*list.Element // by whatever kind the API is of
}

// kindless is r for what there is once per API, whoever asks for it.
func (r apiRef) kindless() apiRef { return anyRef(r.scope, r.api) }

func newCache(maxItems, maxBytes int) *cache {
	return &cache{maxItems: maxItems, maxBytes: maxBytes, order: list.New(), items: map[apiRef]*list.Element{}}
}

// get returns the snapshot last put for ref, nil when there is none.
func (c *cache) get(ref apiRef) *snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.items[ref.kindless()]
	if !ok {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*snapshot)
}

// put keeps s unless a later revision of the same API is kept already. A
// snapshot larger than the whole cache isn't kept.
func (c *cache) put(s *snapshot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.items[s.ref.kindless()]; ok {
		if e.Value.(*snapshot).tree.Revision() > s.tree.Revision() {
			return
		}
		c.remove(e)
	}
	if s.bytes > c.maxBytes {
		return
	}
	c.items[s.ref.kindless()] = c.order.PushFront(s)
	c.bytes += s.bytes
	for c.order.Len() > c.maxItems || c.bytes > c.maxBytes {
		c.remove(c.order.Back())
	}
}

func (c *cache) drop(ref apiRef) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.items[ref.kindless()]; ok {
		c.remove(e)
	}
}

func (c *cache) remove(e *list.Element) {
	s := c.order.Remove(e).(*snapshot)
	delete(c.items, s.ref.kindless())
	c.bytes -= s.bytes
}

package wsconn

import (
	"sync"
	"time"
)

// slots of the wheel. One turn at the default tick is 17 minutes: an idle
// limit fits, a life takes several turns.
const slots = 1024

// wheel is the timers of all connections: each has one entry, at the earliest
// of what it waits for. Activity doesn't move an entry; one that comes up
// early is put where it belongs then. The wheel turns while there are
// connections.
type wheel struct {
	tick time.Duration

	mu      sync.Mutex // guards what follows, and the timers of connections
	turning bool
	count   int
	at      int64 // ticks since the wheel began that were looked at
	slots   [slots]*Conn
}

// timer is a connection's entry.
type timer struct {
	next, prev *Conn
	tick       int64
	on         bool
}

// init chooses the tick: fine enough for the shortest limit, and not worth
// counting.
func (w *wheel) init(l Limits) {
	shortest := min(l.Idle, l.Life, l.CloseTimeout)
	w.tick = min(max(shortest/5, 5*time.Millisecond), time.Second)
}

// add puts c, which has no entry yet, where at is.
func (w *wheel) add(c *Conn, at instant) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count++
	if !w.turning {
		w.turning = true
		w.at = int64(c.server.now()) / int64(w.tick)
		go w.turn(c.server)
	}
	w.put(c, at)
}

// move puts c where at is, if it still has an entry.
func (w *wheel) move(c *Conn, at instant) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.timer.on {
		w.take(c)
		w.put(c, at)
	}
}

// remove ends c's entry.
func (w *wheel) remove(c *Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.timer.on {
		w.take(c)
		w.count--
	}
}

// put links c; w.mu is held. An entry is due in the tick after its instant.
func (w *wheel) put(c *Conn, at instant) {
	t := &c.timer
	t.tick = max(int64(at)/int64(w.tick)+1, w.at+1)
	first := &w.slots[t.tick%slots]
	t.on, t.prev, t.next = true, nil, *first
	if t.next != nil {
		t.next.timer.prev = c
	}
	*first = c
}

// take unlinks c; w.mu is held.
func (w *wheel) take(c *Conn) {
	t := &c.timer
	if t.prev != nil {
		t.prev.timer.next = t.next
	} else {
		w.slots[t.tick%slots] = t.next
	}
	if t.next != nil {
		t.next.timer.prev = t.prev
	}
	*t = timer{tick: t.tick}
}

// turn looks at a slot per tick until there is no connection.
func (w *wheel) turn(s *Server) {
	ticker := time.NewTicker(w.tick)
	defer ticker.Stop()
	var due []*Conn
	for range ticker.C {
		t := s.now()
		var open bool
		if due, open = w.due(due[:0], t); !open {
			return
		}
		for _, c := range due {
			c.expire(t)
		}
		clear(due)
	}
}

// due appends the connections whose time came, and moves those that were
// active since.
func (w *wheel) due(list []*Conn, t instant) (due []*Conn, open bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for last := int64(t) / int64(w.tick); w.at < last; {
		w.at++
		for c := w.slots[w.at%slots]; c != nil; {
			next := c.timer.next
			if c.timer.tick <= w.at {
				at := c.due()
				w.take(c)
				w.put(c, max(at, t)) // expiring moves it again
				if at <= t {
					list = append(list, c)
				}
			}
			c = next
		}
	}
	w.turning = w.count > 0
	return list, w.turning
}

// all is every connection there is.
func (w *wheel) all() []*Conn {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := make([]*Conn, 0, w.count)
	for _, c := range w.slots {
		for ; c != nil; c = c.timer.next {
			list = append(list, c)
		}
	}
	return list
}

package metering

import (
	"sync"
	"time"
)

// messageUnit is what one message is on AWS's bill: a larger one is several
// (aws.amazon.com/api-gateway/pricing, "WebSocket APIs": messages are metered in
// increments of 32 KB).
const messageUnit = 32 << 10

func units(bytes int) int64 { return max(1, (int64(bytes)+messageUnit-1)/messageUnit) }

// Received counts a message of a client.
func (m *Meter) Received(bytes int) { m.total.messages.Add(units(bytes)) }

// Sent counts a message of that many bytes to each of some clients.
func (m *Meter) Sent(clients, bytes int) {
	m.total.messages.Add(int64(clients) * units(bytes))
	m.total.bytes.Add(int64(clients) * int64(bytes))
}

// connections are those that are open, and how long all of them were: the time
// that passes with n connections counts n times.
type connections struct {
	mu    sync.Mutex // guards what follows
	open  int64
	since time.Time     // what was counted last
	spent time.Duration // until then, and not drained
}

// Connected counts from now on a connection that was made.
func (m *Meter) Connected() { m.open.change(m.book.now(), 1) }

// Disconnected ends what Connected began.
func (m *Meter) Disconnected() { m.open.change(m.book.now(), -1) }

func (c *connections) change(now time.Time, by int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pass(now)
	c.open += by
}

// pass counts the time until now. c.mu is held.
func (c *connections) pass(now time.Time) {
	if now.After(c.since) { // who came here first may have read the clock last
		c.spent += now.Sub(c.since) * time.Duration(c.open)
		c.since = now
	}
}

// drain takes the whole milliseconds that were spent since it was called last.
func (c *connections) drain(now time.Time) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pass(now)
	whole := c.spent.Milliseconds()
	c.spent -= time.Duration(whole) * time.Millisecond
	return whole
}

package store

import (
	"context"
	"sync"
)

// health is whether the store can be used. The embedded member dies once; an
// external cluster comes and goes.
type health struct {
	mu      sync.Mutex
	known   bool  // an external cluster isn't known to be there until it answered
	final   bool  // dead for good
	err     error // nil: usable, when known
	changed chan struct{}
}

func newHealth(known bool) *health {
	return &health{known: known, changed: make(chan struct{})}
}

// state returns whether the store is usable, its error, and a channel that is
// closed when either changes.
func (h *health) state() (usable bool, err error, changed <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.known && h.err == nil, h.err, h.changed
}

// set notes the outcome of a probe: nil, or why the store can't be used. It
// reports whether that was news.
func (h *health) set(err error) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.final || h.known && (err == nil) == (h.err == nil) {
		return false
	}
	h.known = true
	h.change(err)
	return true
}

// kill makes the store dead for good; the first cause stays.
func (h *health) kill(cause error) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.final {
		return false
	}
	h.known, h.final = true, true
	h.change(cause)
	return true
}

func (h *health) change(err error) {
	h.err = nil
	if err != nil {
		h.err = deadBecause(err)
	}
	close(h.changed)
	h.changed = make(chan struct{})
}

// await returns nil once the store is usable, or its error. The channel is
// closed when that changes.
func (h *health) await(ctx context.Context) (<-chan struct{}, error) {
	for {
		usable, err, changed := h.state()
		if usable || err != nil {
			return changed, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// revived waits until the store is usable, whatever it is now.
func (h *health) revived(ctx context.Context) error {
	for {
		usable, _, changed := h.state()
		if usable {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

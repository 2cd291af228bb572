package gateway

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// freshGrace is how long a connection that was accepted before the drain, but
// whose first bytes aren't here yet, may take to send them.
const freshGrace = time.Second

// Shutdown stops accepting, gives connections that have just been accepted a
// second to bring their first request, closes idle ones (HTTP/2: with GOAWAY),
// and waits for the requests in flight. When ctx ends first, they are cut and
// its error is returned.
func (g *Gateway) Shutdown(ctx context.Context) error {
	if !g.draining.CompareAndSwap(false, true) {
		<-g.drained
		return nil
	}
	defer close(g.drained)
	close(g.stopped)
	g.closeSockets()
	g.awaitListeners(ctx)
	fresh, cancel := context.WithTimeout(ctx, freshGrace)
	defer cancel()
	_ = g.conns.wait(fresh, newcomers) // those that are late are cut
	g.conns.cut(newcomers)
	ended := make(chan error, 2)
	go func() { ended <- g.h1.Shutdown(ctx) }()
	go func() { ended <- g.h2.Shutdown(ctx) }()
	err := errors.Join(<-ended, <-ended)
	// One may have been on its way to h1 or h2 when those saw none left.
	err = errors.Join(err, g.conns.wait(ctx, everyone))
	g.conns.cut(everyone)
	return err
}

// awaitListeners returns when what the listeners have accepted is among
// g.conns.
func (g *Gateway) awaitListeners(ctx context.Context) {
	over := make(chan struct{})
	go func() {
		g.accepting.Wait()
		close(over)
	}()
	select {
	case <-over:
	case <-ctx.Done():
	}
}

// end cuts everything at once.
func (g *Gateway) end() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	g.Shutdown(ctx)
}

// connTable holds the connections that were accepted and haven't ended.
type connTable struct {
	mu      sync.Mutex        // guards what follows
	conns   map[net.Conn]bool // true: its protocol is known and serves it
	new     int               // how many are false
	changed chan struct{}     // closed when one leaves or is known; nil: nobody waits
}

// whose says which connections are meant: newcomers, whose protocol isn't
// known yet, or everyone.
type whose bool

const (
	newcomers whose = false
	everyone  whose = true
)

func (t *connTable) add(nc net.Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.conns == nil {
		t.conns = map[net.Conn]bool{}
	}
	t.conns[nc] = false
	t.new++
}

// known notes that nc's protocol serves it from now on.
func (t *connTable) known(nc net.Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.conns[nc] = true
	t.new--
	t.tell()
}

func (t *connTable) remove(nc net.Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.conns[nc] {
		t.new--
	}
	delete(t.conns, nc)
	t.tell()
}

// tell wakes who waits. t.mu is held.
func (t *connTable) tell() {
	if t.changed != nil {
		close(t.changed)
		t.changed = nil
	}
}

// wait returns when none of them is left, or the error of ctx.
func (t *connTable) wait(ctx context.Context, which whose) error {
	for {
		t.mu.Lock()
		left := t.new
		if which == everyone {
			left = len(t.conns)
		}
		if t.changed == nil {
			t.changed = make(chan struct{})
		}
		changed := t.changed
		t.mu.Unlock()
		if left == 0 {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// cut closes them.
func (t *connTable) cut(which whose) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for nc, known := range t.conns {
		if which == everyone || !known {
			nc.Close()
		}
	}
}

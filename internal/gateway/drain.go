package gateway

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// freshGrace is how long a connection that was accepted before the drain, but
// whose first request isn't here yet, may take to send it.
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
	g.closeSockets()
	fresh, cancel := context.WithTimeout(ctx, freshGrace)
	defer cancel()
	g.opening.wait(fresh)
	g.opening.cut()
	ended := make(chan error, 2)
	go func() { ended <- g.h1.Shutdown(ctx) }()
	go func() { ended <- g.h2.Shutdown(ctx) }()
	err := errors.Join(<-ended, <-ended)
	return err
}

// cut ends everything at once.
func (g *Gateway) cut() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	g.Shutdown(ctx)
}

// openConns are connections whose protocol isn't known yet.
type openConns struct {
	mu    sync.Mutex // guards what follows
	conns map[net.Conn]struct{}
	empty chan struct{} // closed when conns is empty; nil: nobody waits
}

func (o *openConns) add(nc net.Conn) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.conns == nil {
		o.conns = map[net.Conn]struct{}{}
	}
	o.conns[nc] = struct{}{}
}

func (o *openConns) remove(nc net.Conn) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.conns, nc)
	if len(o.conns) == 0 && o.empty != nil {
		close(o.empty)
		o.empty = nil
	}
}

// wait returns when there are none, or ctx ends.
func (o *openConns) wait(ctx context.Context) {
	o.mu.Lock()
	if len(o.conns) == 0 {
		o.mu.Unlock()
		return
	}
	if o.empty == nil {
		o.empty = make(chan struct{})
	}
	empty := o.empty
	o.mu.Unlock()
	select {
	case <-empty:
	case <-ctx.Done():
	}
}

// cut closes them.
func (o *openConns) cut() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for nc := range o.conns {
		nc.Close()
	}
}

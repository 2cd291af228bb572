package http1

import "time"

// Finding out that a client left costs a system call per look, so only
// requests that take long are looked at, by one goroutine per Server.
const (
	firstLook = 100 * time.Millisecond // age of a request
	mostApart = time.Second            // between two looks
	quietTick = 500 * time.Millisecond // the sweeper's, while nobody asks
)

// OnAbandon arranges that cancel runs once, on another goroutine, when the
// client leaves before the handler returns; nil disarms, and so does the end
// of the request. After disarming, cancel is not running any more. cancel
// must neither block nor call OnAbandon. A client that closes its side of the
// connection counts as gone, as for nginx and net/http.
//
// Clients are first looked for when their request is 100 ms old.
func (c *ServerConn) OnAbandon(cancel func()) {
	a := &c.abandon
	a.mu.Lock()
	a.cancel = cancel
	if cancel == nil {
		a.look.Store(0)
	} else {
		a.every = firstLook
		a.look.Store(int64(instantOf(c.request.Received).add(firstLook)))
	}
	a.mu.Unlock()
}

// sweep looks at the sockets of long requests until there is no connection.
func (s *Server) sweep() {
	var due []*ServerConn
	timer := time.NewTimer(firstLook)
	defer timer.Stop()
	for {
		<-timer.C
		busy, open := false, false
		if due, busy, open = s.due(due[:0]); !open {
			return
		}
		for _, c := range due {
			c.lookForClient()
		}
		clear(due)
		if busy {
			timer.Reset(firstLook)
		} else {
			timer.Reset(quietTick)
		}
	}
}

// due appends the connections whose look is due. busy: somebody waits for
// one, now or later. Not open: no connection is left, and the sweep is over.
func (s *Server) due(list []*ServerConn) (due []*ServerConn, busy, open bool) {
	t := int64(now())
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		at := c.abandon.look.Load()
		busy = busy || at != 0
		if at != 0 && at <= t {
			list = append(list, c)
		}
	}
	s.sweeping = len(s.conns) > 0
	return list, busy, s.sweeping
}

// lookForClient runs cancel if the client left. The lock makes disarming wait
// for it.
func (c *ServerConn) lookForClient() {
	a := &c.abandon
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.cancel == nil {
		return
	}
	if c.in.sock.left() {
		cancel := a.cancel
		a.cancel = nil
		a.look.Store(0)
		cancel()
		return
	}
	a.every = min(a.every*5/4, mostApart)
	a.look.Store(int64(now().add(a.every)))
}

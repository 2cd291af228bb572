package vpclink

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/balance"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// member is a target with its connections.
type member struct {
	group  *group
	taking *balance.Target
	addr   netip.AddrPort
	secure bool // its group speaks TLS

	reaches atomic.Pointer[reach] // nil: none yet
	mu      sync.Mutex            // held while reaches change
	closed  bool
}

// reach is the connections to a target that are made in one way. It doesn't change:
// among many targets each look at memory that isn't at hand counts, so that they are
// a list, whose head nearly always does.
type reach struct {
	by       *dialect
	endpoint *http1.Endpoint
	next     *reach // made in another way; nil: there is none
}

func newMember(g *group, s *groupSpec, taking *balance.Target, t *apigw.Target) *member {
	m := &member{group: g, taking: taking, secure: s.Protocol == "HTTPS" || s.Protocol == "TLS"}
	m.addr, _ = targetAddress(s.TargetGroup, t)
	return m
}

// End ends a call that m took; it is an integration.Visit.
func (m *member) End() { m.taking.Done() }

// memberOf is the member that a target of a set stands for.
func memberOf(t *balance.Target) *member { return t.Value.(*member) }

// endpoint is how m is reached by d.
func (m *member) endpoint(d *dialect) *http1.Endpoint {
	if e := m.reached(d); e != nil {
		return e
	}
	return m.newReach(d)
}

// reached is how m was reached by d before; nil: it wasn't.
func (m *member) reached(d *dialect) *http1.Endpoint {
	for r := m.reaches.Load(); r != nil; r = r.next {
		if r.by == d {
			return r.endpoint
		}
	}
	return nil
}

func (m *member) newReach(d *dialect) *http1.Endpoint {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.reached(d); e != nil {
		return e
	}
	e := http1.NewEndpoint(d.endpoint(m))
	if m.closed {
		e.Close() // what it connects ends with its call
	}
	m.reaches.Store(&reach{d, e, m.reaches.Load()})
	return e
}

// allow is what d and the load balancers before m let be connected to.
func (m *member) allow(d *dialect) integration.Egress {
	return func(backend string, to netip.AddrPort) error {
		if d.allow != nil {
			if err := d.allow(backend, to); err != nil {
				return err
			}
		}
		return m.group.release(to)
	}
}

// forget closes the connections that are made by d.
func (m *member) forget(d *dialect) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var kept *reach
	for r := m.reaches.Load(); r != nil; r = r.next {
		if r.by == d {
			r.endpoint.Close()
		} else {
			kept = &reach{r.by, r.endpoint, kept}
		}
	}
	m.reaches.Store(kept)
}

// breakOff closes all connections, under calls too.
func (m *member) breakOff() {
	for r := m.reaches.Load(); r != nil; r = r.next {
		r.endpoint.Break()
	}
}

// close closes idle connections; the others end with their calls.
func (m *member) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	for r := m.reaches.Load(); r != nil; r = r.next {
		r.endpoint.Close()
	}
}

// connectTimeout is how long a connection to a target may take (7.5 of the
// sheet).
const connectTimeout = 10 * time.Second

package vpclink

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// place is where the calls of one integration go. It is an integration.Router.
type place struct {
	Place
	book     *Book
	route    atomic.Pointer[route]
	released bool // guarded by Book.mu
}

// route is what a place means in one world.
type route struct {
	world      *world
	listener   *listener // nil: the service takes calls
	service    *service
	registered bool          // the place names a service
	idle       time.Duration // how long a target may send nothing; 0: until the call's deadline
	err        error         // a *integration.NowhereError or one of a handshake; nil: the listener takes calls
	plain      *dialect      // with targets of groups without TLS
	secure     *dialect      // with those of groups with TLS
	// balancing are plain and secure for a load balancer's own targets, where plain
	// and secure are the integration's with targets behind a TCP listener.
	balancing [2]*dialect
	knock     knock // at load balancers
	// after is where the route last led behind a Network Load Balancer.
	after atomic.Pointer[passage]
}

// passage is a route behind a group of an Application Load Balancer.
type passage struct {
	spec  *groupSpec
	route *route // nil: the load balancer has no such listener
	err   error  // a *integration.NowhereError; nil: the listener takes calls
}

// Acquire is the backend that p leads to, whatever load balancers and links
// there are now or later. Release it when its stage is replaced: connections to
// targets stay as they are while another stage is on the way.
func (b *Book) Acquire(p Place) *integration.Backend {
	return integration.Routed(&place{Place: p, book: b})
}

// Release implements integration.Router.
func (p *place) Release() {
	p.book.mu.Lock()
	defer p.book.mu.Unlock()
	p.released = true
	p.book.releaseRoute(p.route.Load())
}

func (b *Book) releaseRoute(r *route) {
	if r == nil {
		return
	}
	if r.service != nil {
		b.releaseService(r.service)
	}
	if r.plain != nil {
		for _, d := range []*dialect{r.plain, r.secure, r.balancing[0], r.balancing[1]} {
			b.releaseDialect(d)
		}
	}
}

// Do implements integration.Router.
func (p *place) Do(x *exchange.Exchange, call *http1.Call, req *http1.ClientRequest, resp *http1.ClientResponse) (integration.Visit, error) {
	r := p.route.Load()
	if r == nil || r.world != p.book.world.Load() || r.stale() {
		r = p.resolve()
	}
	if r.err != nil {
		if x != nil && x.Explaining() {
			x.Decide("VPC link", "leads nowhere", r.err.Error())
		}
		return nil, r.err
	}
	v := visits.Get().(*visit)
	defer v.end()
	v.begin(x, p, r, call, req, resp)
	switch {
	case r.listener == nil:
		return v.pass(r.service.group)
	case r.listener.network:
		return r.listener.connect(v)
	}
	return r.listener.serve(v)
}

// resolve finds what p means in the world as it is.
func (p *place) resolve() *route {
	b := p.book
	b.mu.Lock()
	defer b.mu.Unlock()
	old, w := p.route.Load(), b.world.Load()
	if old != nil && old.world == w && !old.stale() {
		return old
	}
	r := p.routeIn(w)
	if p.released { // by a stage whose last calls are on their way: nobody gives back what they hold
		b.releaseRoute(r)
		return r
	}
	if r.err != nil && (old == nil || old.err == nil || old.err.Error() != r.err.Error()) {
		b.config.Log.Warn("a private integration leads nowhere", "link", string(p.Link), "target", string(p.Target), "error", r.err)
	}
	p.route.Store(r)
	b.releaseRoute(old)
	return r
}

// routeIn is what p means in w. p.book.mu is held.
func (p *place) routeIn(w *world) *route {
	r := &route{world: w, registered: isService(p.Target)}
	if err := p.lead(r, w); err != nil {
		r.err = &integration.NowhereError{Err: err}
	}
	return r
}

// lead fills in where r leads, and how targets are spoken to.
func (p *place) lead(r *route, w *world) (err error) {
	link := w.links[linkKey{p.Scope, p.Link}]
	if link == nil {
		return fmt.Errorf("there is no VPC link %s", p.Link)
	}
	if link.Failure != "" {
		return fmt.Errorf("VPC link %s is FAILED: %s", p.Link, link.Failure)
	}
	r.knock = p.book.knockOf(link)
	allow, groups, err := p.book.egress(link)
	if err != nil {
		return err
	}
	toPlain, toSecure := dialectKey{security: plain, groups: groups}, dialectKey{security: unverified, groups: groups}
	if isService(p.Target) {
		if r.service, err = p.book.acquireService(p); err != nil {
			return err
		}
	} else if r.listener, err = p.find(w); err != nil {
		return err
	} else if err = r.listener.balancer.guard.admit(r.knock, r.listener.spec.Port); err != nil {
		return err
	} else if err = p.shake(r.listener, w); err != nil {
		return err
	} else {
		r.idle = r.listener.idle
	}
	r.balancing = [2]*dialect{p.book.acquireDialect(toPlain, nil, allow), p.book.acquireDialect(toSecure, nil, allow)}
	if p.secure() && (r.listener == nil || r.listener.spec.Protocol == "TCP") {
		toPlain = p.end()
		toPlain.groups = groups
		toSecure = toPlain
	}
	r.plain, r.secure = p.book.acquireDialect(toPlain, p.Shown, allow), p.book.acquireDialect(toSecure, p.Shown, allow)
	return nil
}

// behind is where r leads behind a group of an Application Load Balancer.
func (r *route) behind(p *place, spec *groupSpec) *passage {
	if found := r.after.Load(); found != nil && found.spec == spec {
		return found
	}
	found := &passage{spec: spec}
	if l := r.world.targetListener(spec); l != nil {
		if err := p.pass(r, l); err != nil {
			found.err = &integration.NowhereError{Err: err}
		}
		found.route = &route{world: r.world, listener: l, idle: l.idle, plain: r.balancing[0], secure: r.balancing[1], balancing: r.balancing, knock: r.knock}
	}
	r.after.Store(found)
	return found
}

// pass says why calls don't get from r's Network Load Balancer to the Application
// Load Balancer of l. The client's address stays on the way but for links of version
// 1, and nobody there carries the client's groups (Network Load Balancers, "Client IP
// preservation").
func (p *place) pass(r *route, l *listener) error {
	from, to := r.listener.balancer, l.balancer
	k := knock{from: r.knock.from, who: r.knock.who}
	if r.knock.v1 {
		k.who = "load balancer " + from.spec.Name
		if addr, ok := p.book.addressIn(from.spec.Subnets); ok {
			k.from = addr
		}
	}
	if addr, ok := p.book.addressIn(to.spec.Subnets); ok {
		if err := from.guard.release(netip.AddrPortFrom(addr, uint16(l.spec.Port))); err != nil {
			return err
		}
	}
	if err := to.guard.admit(k, l.spec.Port); err != nil {
		return err
	}
	return p.shake(l, r.world)
}

// shake is the handshake of the gateway with l.
func (p *place) shake(l *listener, w *world) error {
	switch {
	case !p.secure() || l.spec.Protocol == "TCP":
		return nil // what speaks plain to TLS finds out when it calls
	case !l.secure:
		return fmt.Errorf("listener %s doesn't speak TLS, and the integration does", l.spec.ARN)
	}
	return l.vouches(w, p.book, p.serverName())
}

// stale says that the registry may have come to know what r leads to, or to know
// it no more.
func (r *route) stale() bool {
	return r.service != nil && r.service.gone.Load() || r.err != nil && r.registered
}

// secure says whether p is spoken to over TLS.
func (p *place) secure() bool { return p.ServerName != "" || p.URI != nil && p.URI.TLS }

// serverName is the name that a certificate must have.
func (p *place) serverName() string {
	if p.ServerName != "" || p.URI == nil {
		return p.ServerName
	}
	return p.URI.Name
}

// end is how p's targets themselves are spoken to over TLS.
func (p *place) end() dialectKey {
	key := dialectKey{security: verified, name: p.serverName(), insecure: p.Insecure}
	if p.Shown != nil {
		key.shows = p.Shown.ID
	}
	return key
}

// find is the listener that p leads to.
func (p *place) find(w *world) (*listener, error) {
	link := w.links[linkKey{p.Scope, p.Link}]
	target := p.Target
	if target == "" {
		if target = link.Target; target == "" {
			return nil, fmt.Errorf("VPC link %s has no load balancer of its own, and the integration names none: set integrationTarget", p.Link)
		}
	}
	if p.URI == nil {
		l := w.listeners[target]
		if l == nil {
			return nil, fmt.Errorf("there is no listener %s", target)
		}
		return l, nil
	}
	return p.listenerOf(w, target)
}

// listenerOf is the listener of a load balancer with the port of p's URI.
func (p *place) listenerOf(w *world, arn apigw.ARN) (*listener, error) {
	balancer := w.balancers[arn]
	if balancer == nil {
		return nil, fmt.Errorf("there is no load balancer %s", arn)
	}
	_, text, err := net.SplitHostPort(p.URI.Address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return nil, err
	}
	for _, l := range balancer.listeners {
		if l.spec.Port == port {
			return l, nil
		}
	}
	return nil, fmt.Errorf("load balancer %s has no listener with port %d, which the integration's URI names", arn, port)
}

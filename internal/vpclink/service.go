package vpclink

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/balance"
	"github.com/gatehouse/gatehouse/internal/registry"
)

// service is the instances of a registered service that have some attributes, as
// a target group. Places that mean the same share it.
type service struct {
	*group
	key   serviceKey
	refs  int         // guarded by Book.mu
	since time.Time   // when refs came to zero; likewise
	gone  atomic.Bool // the registry has it no more: one that comes back is another
	stop  chan struct{}

	mu   sync.Mutex // held while the view is taken over
	view *registry.View
}

type serviceKey struct {
	arn        apigw.ARN
	attributes string
}

// isService says that a place's target is a service of the registry.
func isService(arn apigw.ARN) bool { return strings.Contains(string(arn), ":servicediscovery:") }

func (p *place) serviceKey() serviceKey {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(p.Query)) {
		fmt.Fprintf(&text, "%q=%q&", name, p.Query[name])
	}
	return serviceKey{p.Target, text.String()}
}

// acquireService is what p's service and attributes stand for. b.mu is held.
func (b *Book) acquireService(p *place) (*service, error) {
	if b.config.Registry == nil {
		return nil, fmt.Errorf("there is no service %s: no registry is kept", p.Target)
	}
	found := b.config.Registry.Service(p.Target)
	if found == nil {
		return nil, fmt.Errorf("there is no service %s", p.Target)
	}
	key := p.serviceKey()
	s := b.services[key]
	if s == nil || s.gone.Load() {
		if s != nil && s.refs == 0 {
			s.close()
		}
		s = &service{group: b.newGroup(p.Target), key: key, stop: make(chan struct{})}
		spec := &apigw.TargetGroup{ARN: p.Target, Protocol: "HTTP", TargetType: apigw.TargetIP}
		s.spec.Store(&groupSpec{TargetGroup: spec})
		s.set.SetPolicy(policyOf(spec, int64(b.config.Pools.MostCalls(""))))
		s.take(found.View(), p.Query)
		b.services[key] = s
		b.work.Go(func() { s.follow(p.Query) })
	}
	s.refs++
	return s, nil
}

// releaseService gives s back. b.mu is held.
func (b *Book) releaseService(s *service) {
	if s.refs--; s.refs > 0 {
		return
	}
	if s.since = b.config.Now(); b.services[s.key] != s {
		s.close()
	}
}

// sweepServices lets services go that no place led to for lingerFor: until then,
// the last calls of a stage and the first ones of the next find their connections.
// b.mu is held.
func (b *Book) sweepServices(now time.Time) {
	for key, s := range b.services {
		if s.refs == 0 && now.Sub(s.since) >= lingerFor {
			delete(b.services, key)
			s.close()
		}
	}
}

func (s *service) close() {
	close(s.stop)
	for _, t := range s.set.Replace(nil, nil) {
		memberOf(t).close()
	}
}

// follow keeps s as the registry has it.
func (s *service) follow(query map[string]string) {
	for {
		s.mu.Lock()
		view := s.view
		s.mu.Unlock()
		if view == nil {
			s.gone.Store(true)
			return
		}
		select {
		case <-view.Changed():
		case <-s.stop:
			return
		case <-s.book.end:
			return
		}
		var now *registry.View
		if found := s.book.config.Registry.Service(s.key.arn); found != nil {
			now = found.View()
		}
		s.take(now, query)
	}
}

// take makes the instances of a view s's targets. Unhealthy ones stay out unless
// all are: HEALTHY_OR_ELSE_ALL (8 of the sheet).
func (s *service) take(v *registry.View, query map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.stop:
		return
	default:
	}
	s.view = v
	var list []*registry.Instance
	if v != nil {
		list = v.Discover(registry.Query{Attributes: query, Most: max(len(v.Instances), 1)})
	}
	members, targets := make([]balance.Member, 0, len(list)), make(map[string]*registry.Instance, len(list))
	for _, in := range list {
		addr, ok := in.Address()
		if !ok {
			continue // it can't be called: it has no address or no port
		}
		key := in.ID + " " + addr.String()
		targets[key] = in
		members = append(members, balance.Member{Key: key, Weight: in.Weight})
	}
	gone := s.set.Replace(members, func(t *balance.Target) any { return newInstance(s.group, t, targets[t.Key]) })
	for _, t := range gone {
		memberOf(t).close()
	}
}

func newInstance(g *group, taking *balance.Target, in *registry.Instance) *member {
	m := &member{group: g, taking: taking}
	m.addr, _ = in.Address()
	return m
}

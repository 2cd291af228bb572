package vpclink

import (
	"context"
	"log/slog"
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/balance"
)

// group is a target group with what is known of its targets. It stays the same
// while its record changes, comes and goes.
type group struct {
	arn  apigw.ARN
	book *Book
	set  *balance.Set
	spec atomic.Pointer[groupSpec] // nil: there is no such group
	used bool                      // a load balancer leads to it; guarded by Book.mu
	// guards are those of the load balancers that lead to it: of one, but for groups
	// that calls overflow to.
	guards atomic.Pointer[[]*guard]
	counts
}

// groupSpec is a group's record and what follows from it. It doesn't change.
type groupSpec struct {
	*apigw.TargetGroup
	overflow *group      // nil: none
	sticky   *stickiness // nil: clients don't stay
	breaks   bool        // connections of targets that become unhealthy are closed
	lets     bool        // calls that are in flight when the delay is over end well
	delay    time.Duration
	drained  time.Time // when the first of its targets that drain has drained; zero: none drains
}

func (b *Book) newGroup(arn apigw.ARN) *group {
	g := &group{arn: arn, book: b}
	g.set = balance.NewSet(balance.Policy{}, b.config.Now, g.turned)
	g.guards.Store(new([]*guard))
	return g
}

// turned is told of targets whose health changed.
func (g *group) turned(t *balance.Target, health balance.Health) {
	var why slog.Attr // empty: it is healthy
	if reason := t.Condition().Reason; reason != nil {
		why = slog.Any("error", reason)
	}
	g.book.config.Log.Info("a target's health changed", "group", string(g.arn), "target", t.Key, "healthy", health == balance.Healthy, why)
	if spec := g.spec.Load(); health == balance.Unhealthy && spec != nil && spec.breaks {
		memberOf(t).breakOff()
	}
}

// setGroup makes spec g's record. b.mu is held.
func (b *Book) setGroup(g *group, spec *apigw.TargetGroup) {
	s := &groupSpec{TargetGroup: spec, delay: time.Duration(spec.Number("deregistration_delay.timeout_seconds")) * time.Second}
	s.sticky = stickinessOf(spec)
	if over := apigw.ARN(spec.Attributes[apigw.AttributeOverflowGroup]); over != "" && over != g.arn {
		if s.overflow = b.group(over); len(*s.overflow.guards.Load()) == 0 {
			s.overflow.guardBy(*g.guards.Load()) // before a call overflows
		}
	}
	s.breaks = isNetwork(spec) && spec.Attribute("target_health_state.unhealthy.connection_termination.enabled") == "true"
	s.lets = isNetwork(spec) && spec.Attribute("deregistration_delay.connection_termination.enabled") == "false"
	was := g.spec.Load()
	g.spec.Store(s)
	g.set.SetPolicy(policyOf(spec, int64(b.config.Pools.MostCalls(""))))
	g.replace(s)
	if was != nil && g.used && was.Health != spec.Health {
		g.check(s)
	}
}

// replace makes the targets of s those of g's set, but for those that have
// drained.
func (g *group) replace(s *groupSpec) {
	now := g.book.config.Now()
	members, targets := make([]balance.Member, 0, len(s.Targets)), make(map[string]*apigw.Target, len(s.Targets))
	s.drained = time.Time{}
	for i := range s.Targets {
		t := &s.Targets[i]
		drains := !t.Removed.IsZero()
		if until := t.Removed.Add(s.delay); drains {
			if !until.After(now) {
				continue
			}
			if s.drained.IsZero() || until.Before(s.drained) {
				s.drained = until
			}
		}
		key := targetKey(s, t)
		if key == "" || targets[key] != nil {
			continue
		}
		targets[key] = t
		members = append(members, balance.Member{Key: key, Weight: t.Weight, Draining: drains})
	}
	gone := g.set.Replace(members, func(t *balance.Target) any { return newMember(g, s, t, targets[t.Key]) })
	for _, t := range gone {
		if m := memberOf(t); t.Condition().Draining && s.delay > 0 && !s.lets {
			m.breakOff() // what is in flight when the delay is over ends (6.1 and, 502, 7.6 of the sheet)
		} else {
			m.close()
		}
	}
}

// remove makes g a group that isn't there.
func (g *group) remove() {
	g.spec.Store(nil)
	for _, t := range g.set.Replace(nil, nil) {
		memberOf(t).close()
	}
}

// use says whether a load balancer leads to g.
func (g *group) use(used bool) {
	if g.used == used {
		return
	}
	g.used = used
	if spec := g.spec.Load(); spec != nil {
		g.check(spec)
	}
}

// check has g's targets checked as its record says, while it is used.
func (g *group) check(s *groupSpec) {
	h := &s.Health
	if !g.used || !h.Enabled {
		g.set.SetPlan(g.book.checker, nil, !g.used)
		return
	}
	probe, err := newProbe(g, s)
	if err != nil {
		g.book.config.Log.Error("a target group can't be checked: its targets count as healthy", "group", string(g.arn), "error", err)
		g.set.SetPlan(g.book.checker, nil, false)
		return
	}
	g.set.SetPlan(g.book.checker, &balance.Plan{
		Interval: time.Duration(h.IntervalSeconds) * time.Second, Timeout: time.Duration(h.TimeoutSeconds) * time.Second,
		Healthy: h.HealthyThreshold, Unhealthy: h.UnhealthyThreshold, Probe: probe,
	}, false)
}

// newProbe is a group's health check.
func newProbe(g *group, s *groupSpec) (func(context.Context, *balance.Target) error, error) {
	p := &balance.Probe{Protocol: s.Health.Protocol, Path: s.Health.Path}
	if p.Protocol != "TCP" {
		var err error
		if p.Matcher, err = balance.ParseMatcher(s.Health.Matcher); err != nil {
			return nil, err
		}
	}
	if s.TargetType == apigw.TargetLambda {
		return func(ctx context.Context, _ *balance.Target) error { return g.checkFunction(ctx, s, p.Matcher) }, nil
	}
	port, _ := strconv.ParseUint(s.Health.Port, 10, 16) // 0: traffic-port
	return func(ctx context.Context, t *balance.Target) error {
		addr := memberOf(t).addr
		if port != 0 {
			addr = netip.AddrPortFrom(addr.Addr(), uint16(port))
		}
		if err := g.release(addr); err != nil {
			return &balance.ProbeError{Timeout: true, Err: err} // on AWS, nothing comes back
		}
		dialled := *p
		dialled.Dial = g.book.config.Pools.Dialer(addr.String(), nil)
		return dialled.Check(ctx, addr)
	}, nil
}

// sweep lets targets go that have drained.
func (b *Book) sweep(now time.Time) {
	for _, g := range b.groups {
		if s := g.spec.Load(); s != nil && !s.drained.IsZero() && !s.drained.After(now) {
			g.replace(s)
		}
	}
}

// targetPort is the port that a target takes calls on.
func targetPort(s *apigw.TargetGroup, t *apigw.Target) int {
	if t.Port != 0 {
		return t.Port
	}
	return s.Port
}

// targetAddress is where a target takes calls; not ok when nobody knows.
func targetAddress(s *apigw.TargetGroup, t *apigw.Target) (netip.AddrPort, bool) {
	addr := t.Address
	if !addr.IsValid() {
		addr, _ = netip.ParseAddr(t.ID)
	}
	port := targetPort(s, t)
	return netip.AddrPortFrom(addr.Unmap(), uint16(port)), addr.IsValid() && port > 0 && port < 1<<16
}

// targetKey names a target within its group; empty for one without an address.
func targetKey(s *groupSpec, t *apigw.Target) string {
	if s.TargetType == apigw.TargetLambda {
		return t.ID
	}
	addr, ok := targetAddress(s.TargetGroup, t)
	if !ok {
		return ""
	}
	return t.ID + " " + addr.String()
}

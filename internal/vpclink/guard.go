package vpclink

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// guard is the security groups of a load balancer, where a network is declared: who
// may connect to its listeners, and what it may connect to. A nil guard lets
// everything through. It doesn't change.
type guard struct {
	balancer string
	ids      []string
	groups   apigw.SecurityGroups
	// standard says that it is the default group of the VPC alone, which admits who
	// carries it too, and lets everything out (VPC user guide, "Default security
	// groups for your VPCs").
	standard bool
	vpc      string // of the load balancer
	skipsV1  bool   // links of version 1 aren't checked
	err      error  // why nothing is let through; nil: the groups are there
}

// newGuard is the guard of a load balancer. An application load balancer that is
// told no groups carries its VPC's default one; one without subnets, which only the
// configuration file can make, has no place where one would stand, and a network load balancer without
// groups has none for good ("Security groups for your Network Load Balancer").
func (b *Book) newGuard(spec *apigw.LoadBalancer) *guard {
	if !b.config.Network.Declared() {
		return nil
	}
	g := &guard{balancer: spec.Name, ids: spec.SecurityGroups, vpc: spec.VPC, skipsV1: spec.Type == apigw.BalancerNetwork && spec.PrivateLinkRules == "off"}
	switch {
	case len(spec.SecurityGroups) > 0:
		if g.groups, g.err = b.securityGroups(spec.SecurityGroups); g.err != nil {
			g.err = fmt.Errorf("load balancer %s carries a security group that isn't there: %w", spec.Name, g.err)
		}
	case spec.Type == apigw.BalancerApplication && len(spec.Subnets) > 0:
		g.standard = true
	default:
		return nil
	}
	return g
}

// knock is somebody who connects to a load balancer.
type knock struct {
	from netip.Addr
	who  string // for messages
	// standard is the VPC whose default group they carry; empty: they carry others.
	standard string
	v1       bool // over a link of version 1, which AWS calls PrivateLink
}

// knockOf is how l connects to load balancers. A link that is told no groups carries
// the default one of its VPC, as every network interface.
func (b *Book) knockOf(l *Link) knock {
	k := knock{from: b.source(l), who: "VPC link " + string(l.ID), v1: l.Target != ""}
	if len(l.Subnets) > 0 && len(l.SecurityGroups) == 0 {
		if s, err := b.config.Network.Subnet(l.Subnets[0]); err == nil {
			k.standard = s.VPC
		}
	}
	return k
}

// admit says why k may not connect to a port; nil: they may. Of links of version 1
// AWS doesn't say which addresses they connect from, so that rules for all
// addresses alone admit them, or none are asked (developer guide, "Set up a Network
// Load Balancer for API Gateway private integrations"). Here it is this process.
func (g *guard) admit(k knock, port int) error {
	switch {
	case g == nil || k.v1 && g.skipsV1:
		return nil
	case g.err != nil:
		return g.err
	case g.standard && k.standard == g.vpc:
		return nil
	case g.standard:
		return fmt.Errorf("load balancer %s carries the default security group of %s, which admits only who carries it too: %s doesn't; give the load balancer groups that admit %s", g.balancer, g.vpc, k.who, k.from)
	case g.groups.Admit(k.from, uint16(port)):
		return nil
	}
	hint := ""
	if k.v1 {
		hint = ": for links of version 1, turn off EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic, as AWS has one do"
	}
	return fmt.Errorf("the security groups of load balancer %s (%s) admit no connections from %s, as which %s connects, to port %d%s", g.balancer, strings.Join(g.ids, ", "), k.from, k.who, port, hint)
}

// release says why the load balancer may not connect to an address; nil: it may.
func (g *guard) release(to netip.AddrPort) error {
	switch {
	case g == nil || g.standard:
		return nil
	case g.err != nil:
		return g.err
	case g.groups.Release(to.Addr(), to.Port()):
		return nil
	}
	return fmt.Errorf("the security groups of load balancer %s (%s) allow no connections to %s", g.balancer, strings.Join(g.ids, ", "), to)
}

// confined is why a load balancer may not connect to a target.
type confined struct{ error }

func (e *confined) Unwrap() error { return &integration.NowhereError{Err: e.error} }

// release says why no load balancer that leads to g may connect to an address, by
// an error that holds a *confined; nil: one may. It is asked when a connection is
// made, and of health checks.
func (g *group) release(to netip.AddrPort) error {
	var err error
	for _, one := range *g.guards.Load() {
		if err = one.release(to); err == nil {
			return nil
		}
	}
	if err == nil {
		return nil // nothing leads to it, or it is of the registry
	}
	return &confined{err}
}

// guardBy makes guards those of the load balancers that lead to g, and closes the
// connections that these allow no more.
func (g *group) guardBy(guards []*guard) {
	if slices.Equal(*g.guards.Load(), guards) {
		return
	}
	g.guards.Store(&guards)
	for _, t := range g.set.Targets() {
		if m := memberOf(t); m.addr.IsValid() && g.release(m.addr) != nil {
			m.breakOff()
		}
	}
}

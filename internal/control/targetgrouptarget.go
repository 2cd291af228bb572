package control

import (
	"context"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// maxTargets is how many a group has (user guide for Application Load Balancers,
// "Quotas"); of a function or a load balancer there is one.
const maxTargets = 1000

// RegisterTargets adds targets to a group. Those that are there stay; those that
// drain come back.
func (c *Control) RegisterTargets(ctx context.Context, scope apigw.Scope, group apigw.ARN, list []apigw.Target) error {
	return c.editBalancers(ctx, scope, func(e *balancerEdit) error {
		g, err := e.groupToChange(group)
		if err != nil {
			return err
		}
		for _, t := range list {
			if err := e.addTarget(g, t); err != nil {
				return err
			}
		}
		e.writeGroup(g)
		return nil
	})
}

// addTarget checks a target and adds it to g.
func (e *balancerEdit) addTarget(g *apigw.TargetGroup, t apigw.Target) error {
	if err := e.checkTarget(g, &t); err != nil {
		return err
	}
	at, most := targetAt(g, &t), maxTargets
	if g.TargetType == apigw.TargetLambda || g.TargetType == apigw.TargetBalancer {
		most = 1
	}
	n := 0
	for i, other := range g.Targets {
		if i != at && other.Removed.IsZero() {
			n++
		}
	}
	if n >= most || at < 0 && len(g.Targets) >= 2*maxTargets {
		return apigw.Coded(apigw.LimitExceeded, "TooManyTargets", "The maximum number of targets has been reached on target group '%s': %d", g.ARN, most)
	}
	if at >= 0 {
		g.Targets[at] = t
	} else {
		g.Targets = append(g.Targets, t)
	}
	return nil
}

// targetAt is where a group has a target: of the same ID and port; -1: it hasn't.
func targetAt(g *apigw.TargetGroup, t *apigw.Target) int {
	port := func(t *apigw.Target) int {
		if t.Port == 0 {
			return g.Port
		}
		return t.Port
	}
	return slices.IndexFunc(g.Targets, func(other apigw.Target) bool { return other.ID == t.ID && port(&other) == port(t) })
}

func invalidTarget(format string, args ...any) *apigw.Error {
	return apigw.Coded(apigw.BadRequest, "InvalidTarget", format, args...)
}

var zoneName = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

// checkTarget refuses what can't be a target of g, and notes the address of what
// can.
func (e *balancerEdit) checkTarget(g *apigw.TargetGroup, t *apigw.Target) error {
	switch {
	case t.ID == "":
		return invalid("A target ID must be specified")
	case t.Port < 0 || t.Port > 65535:
		return invalid("Port '%d' is not between 1 and 65535", t.Port)
	case t.Port != 0 && g.TargetType == apigw.TargetLambda:
		return invalid("Port cannot be specified for a target of a target group with target type 'lambda'")
	case t.Zone != "" && g.TargetType != apigw.TargetIP && g.TargetType != apigw.TargetLambda:
		return invalid("You cannot specify an Availability Zone override for a target of a target group with target type '%s'", g.TargetType)
	case t.Zone != "" && t.Zone != "all" && !zoneName.MatchString(t.Zone):
		return invalid("Availability Zone '%.100s' is not valid", t.Zone)
	case t.Weight < 0 || t.Weight > maxWeight:
		return invalid("Target weight '%d' must be between 1 and %d", t.Weight, maxWeight)
	}
	switch g.TargetType {
	case apigw.TargetIP:
		return e.checkAddress(g, t)
	case apigw.TargetInstance:
		return e.checkInstance(g, t)
	case apigw.TargetBalancer:
		return e.checkBalancerTarget(g, t)
	}
	return e.checkFunctionTarget(t)
}

// targetNetworks are the addresses that a target may have (user guide for
// Network Load Balancers, "Target type"), and the machine's own, for development.
var targetNetworks = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("::1/128"),
}

func (e *balancerEdit) checkAddress(g *apigw.TargetGroup, t *apigw.Target) error {
	addr, err := netip.ParseAddr(t.ID)
	switch {
	case err != nil || addr.Is4() != (g.IPAddressType == "ipv4") || addr.Zone() != "" || addr.Is4In6():
		return invalid("The IP address '%.100s' is not a valid %s address", t.ID, map[string]string{"ipv4": "IPv4", "ipv6": "IPv6"}[g.IPAddressType])
	case !e.mayBeTarget(g, addr):
		return invalid("The IP address '%s' is not within a private range (RFC 1918, RFC 6598) or the VPC, and cannot be a target", addr)
	}
	t.ID, t.Address = addr.String(), addr
	return nil
}

func inNetworks(networks []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(addr) })
}

var functionTarget = regexp.MustCompile(`^arn:[a-z-]+:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9_$-]{1,128})?$`)

func (e *balancerEdit) checkFunctionTarget(t *apigw.Target) error {
	if !functionTarget.MatchString(t.ID) {
		return invalid("'%.300s' is not a valid Lambda function ARN", t.ID)
	}
	return nil
}

// checkBalancerTarget: the load balancer listens on the port (user guide for
// Network Load Balancers, "Use an Application Load Balancer as a target").
func (e *balancerEdit) checkBalancerTarget(g *apigw.TargetGroup, t *apigw.Target) error {
	b, err := e.balancer("loadbalancer", apigw.ARN(t.ID))
	if err != nil {
		return invalidTarget("%s", err.(*apigw.Error).Message)
	}
	if b.Type != apigw.BalancerApplication {
		return invalidTarget("'%s' is not an Application Load Balancer", t.ID)
	}
	if t.Port != 0 && t.Port != g.Port {
		return invalidTarget("The port of a target must be the target group's, '%d', with target type 'alb'", g.Port)
	}
	if !slices.ContainsFunc(b.Listeners, func(l apigw.Listener) bool { return l.Port == g.Port }) {
		return invalidTarget("The Application Load Balancer '%s' does not have a listener on port '%d'", t.ID, g.Port)
	}
	return nil
}

// DeregisterTargets takes targets from a group: they drain first where a load
// balancer leads to them. What isn't there doesn't matter (reference,
// DeregisterTargets).
func (c *Control) DeregisterTargets(ctx context.Context, scope apigw.Scope, group apigw.ARN, list []apigw.Target) error {
	return c.editBalancers(ctx, scope, func(e *balancerEdit) error {
		g, err := e.groupToChange(group)
		if err != nil {
			return err
		}
		inUse, err := c.GroupInUse(ctx, scope, g.ARN)
		if err != nil {
			return err
		}
		for _, t := range list {
			if t.ID == "" {
				return invalid("A target ID must be specified")
			}
			if addr, err := netip.ParseAddr(t.ID); err == nil {
				t.ID = addr.String()
			}
			if i := targetAt(g, &t); i >= 0 {
				e.removeTarget(g, i, inUse)
			}
		}
		e.writeGroup(g)
		return nil
	})
}

// removeTarget has a target drain, or takes it away where nothing is under way to
// it.
func (e *balancerEdit) removeTarget(g *apigw.TargetGroup, i int, inUse bool) {
	if drainTime(g) > 0 && inUse {
		if g.Targets[i].Removed.IsZero() {
			g.Targets[i].Removed = e.now().UTC()
		}
		return
	}
	g.Targets = slices.Delete(slices.Clone(g.Targets), i, i+1)
}

// drainTime is for how long a target that was taken away drains. A function has
// nothing to drain.
func drainTime(g *apigw.TargetGroup) time.Duration {
	n, err := strconv.Atoi(g.Attribute("deregistration_delay.timeout_seconds"))
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Second
}

// drained says whether a group has targets that drained for long enough.
func drained(g *apigw.TargetGroup, now time.Time) bool {
	return slices.ContainsFunc(g.Targets, func(t apigw.Target) bool {
		return !t.Removed.IsZero() && !now.Before(t.Removed.Add(drainTime(g)))
	})
}

// removeDrained takes away the targets of a group that drained for long enough.
func (c *Control) removeDrained(ctx context.Context, scope apigw.Scope, group apigw.ARN) error {
	return c.editBalancers(ctx, scope, func(e *balancerEdit) error {
		g, err := e.group(group)
		if apigw.KindOf(err) == apigw.NotFound || err == nil && !drained(g, c.now()) {
			return nil // somebody else was first
		}
		if err != nil {
			return err
		}
		g.Targets = slices.DeleteFunc(slices.Clone(g.Targets), func(t apigw.Target) bool {
			return !t.Removed.IsZero() && !c.now().Before(t.Removed.Add(drainTime(g)))
		})
		e.writeGroup(g)
		return nil
	})
}

package control

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// Bounds of load balancers (user guide for Application Load Balancers, "Quotas").
// AWS has 50 load balancers of each type in a region, raisable.
const (
	maxLoadBalancers = 200
	maxListeners     = 50
	maxListenerRules = 100 // of a load balancer, without default rules
	maxUniqueGroups  = 100 // of an Application Load Balancer
)

// LoadBalancer returns one load balancer.
func (c *Control) LoadBalancer(ctx context.Context, scope apigw.Scope, arn apigw.ARN) (*apigw.LoadBalancer, error) {
	return c.balancerOf(ctx, scope, "loadbalancer", arn)
}

// balancerOf is the load balancer that an ARN of a kind names, or that has the
// listener or rule that it names: whether it really has is for the caller to look.
func (c *Control) balancerOf(ctx context.Context, scope apigw.Scope, kind string, arn apigw.ARN) (*apigw.LoadBalancer, error) {
	name, err := balancerARN(scope, kind, arn)
	if err != nil {
		return nil, err
	}
	r, err := c.store.Get(ctx, balancerKey(scope, name))
	if errors.Is(err, store.ErrNotFound) {
		return nil, notFound(kind, arn)
	}
	if err != nil {
		return nil, storeError(err)
	}
	b, _, err := decodeRecord[apigw.LoadBalancer](r)
	if err == nil && kind == "loadbalancer" && b.ARN != arn {
		return nil, notFound(kind, arn)
	}
	return b, storeError(err)
}

// ListenerOf returns a listener with the load balancer that has it.
func (c *Control) ListenerOf(ctx context.Context, scope apigw.Scope, arn apigw.ARN) (*apigw.LoadBalancer, *apigw.Listener, error) {
	b, err := c.balancerOf(ctx, scope, "listener", arn)
	if err != nil {
		return nil, nil, err
	}
	if l := listenerOf(b, arn); l != nil {
		return b, l, nil
	}
	return nil, nil, notFound("listener", arn)
}

// RuleOf returns a rule with what has it. A listener's default rule is nil: it is
// the listener's actions.
func (c *Control) RuleOf(ctx context.Context, scope apigw.Scope, arn apigw.ARN) (*apigw.LoadBalancer, *apigw.Listener, *apigw.ListenerRule, error) {
	b, err := c.balancerOf(ctx, scope, "listener-rule", arn)
	if err != nil {
		return nil, nil, nil, err
	}
	if l, r := ruleOf(b, arn); l != nil {
		return b, l, r, nil
	}
	return nil, nil, nil, notFound("listener-rule", arn)
}

// LoadBalancers lists the load balancers of a scope by name.
func (c *Control) LoadBalancers(ctx context.Context, scope apigw.Scope) ([]*apigw.LoadBalancer, error) {
	list, err := listRecords[apigw.LoadBalancer](ctx, c, kindPrefix(scope, KeyBalancer))
	return list, storeError(err)
}

// CreateLoadBalancer adds a load balancer without listeners. One that is there
// with the same settings is returned (reference, CreateLoadBalancer).
func (c *Control) CreateLoadBalancer(ctx context.Context, scope apigw.Scope, in apigw.LoadBalancer) (b *apigw.LoadBalancer, err error) {
	err = c.editBalancers(ctx, scope, func(e *balancerEdit) error {
		if err := e.checkBalancer(&in); err != nil {
			return err
		}
		if old := e.balancers[in.Name]; old != nil {
			if !sameBalancer(old, &in) {
				return apigw.Coded(apigw.Conflict, "DuplicateLoadBalancerName", "A load balancer with the same name '%s' exists, but with different settings", in.Name)
			}
			b = old
			return nil
		}
		id, err := c.newBalancerID()
		if err != nil {
			return err
		}
		b = &in
		return e.addBalancer(b, id)
	})
	return b, err
}

// addBalancer gives b, which was checked, what isn't told, and writes it.
func (e *balancerEdit) addBalancer(b *apigw.LoadBalancer, id string) error {
	if len(e.balancers) >= maxLoadBalancers {
		return apigw.Coded(apigw.LimitExceeded, "TooManyLoadBalancers", "The maximum number of load balancers has been reached: %d", maxLoadBalancers)
	}
	b.ARN, b.DNSName, b.Created = loadBalancerARN(e.scope, b, id), balancerDNSName(e.scope, b, id), e.seconds()
	e.writeBalancer(b)
	return nil
}

func sameBalancer(a, b *apigw.LoadBalancer) bool {
	same := func(x, y []string) bool {
		x, y = slices.Sorted(slices.Values(x)), slices.Sorted(slices.Values(y))
		return slices.Equal(x, y)
	}
	return a.Type == b.Type && a.IPAddressType == b.IPAddressType && same(a.Subnets, b.Subnets) && same(a.SecurityGroups, b.SecurityGroups) && maps.Equal(a.Tags, b.Tags)
}

var balancerName = regexp.MustCompile(`^[A-Za-z0-9-]+$`)

// checkBalancerName refuses names (reference, CreateLoadBalancer and
// CreateTargetGroup). What is "Load balancer" or "Target group".
func checkBalancerName(what, name string) error {
	switch {
	case name == "":
		return invalid("%s name cannot be empty", what)
	case len(name) > 32:
		return invalid("%s name '%.100s' cannot be longer than '32' characters", what, name)
	case !balancerName.MatchString(name):
		return invalid("%s name '%s' can only contain characters that are alphanumeric characters or hyphens(-)", what, name)
	case strings.HasPrefix(name, "-") || strings.HasSuffix(name, "-"):
		return invalid("%s name '%s' cannot begin or end with '-'", what, name)
	case what == "Load balancer" && strings.HasPrefix(name, "internal-"):
		return invalid("%s name '%s' cannot begin with 'internal-'", what, name)
	}
	return nil
}

// checkBalancer applies defaults to a new load balancer, and refuses what can't
// be one.
func (e *balancerEdit) checkBalancer(b *apigw.LoadBalancer) error {
	if err := checkBalancerName("Load balancer", b.Name); err != nil {
		return err
	}
	switch b.Type {
	case "":
		b.Type = apigw.BalancerApplication
	case apigw.BalancerApplication, apigw.BalancerNetwork:
	default:
		return invalidBalancing("Load balancers of type '%s' don't exist here: 'application' and 'network' do", b.Type)
	}
	switch b.IPAddressType {
	case "":
		b.IPAddressType = "ipv4"
	case "ipv4", "dualstack":
	default:
		return invalidBalancing("IpAddressType '%s' is not supported for an internal load balancer: 'ipv4' and 'dualstack' are", b.IPAddressType)
	}
	if err := checkBalancerTags(b.Tags); err != nil {
		return err
	}
	return e.checkBalancerPlace(b)
}

// checkBalancerTags is checkTags in the words of this service.
func checkBalancerTags(tags map[string]string) error {
	if len(tags) > 50 {
		return apigw.Coded(apigw.BadRequest, "TooManyTags", "The maximum number of tags for a resource has been reached: 50")
	}
	if err := checkTags(tags); err != nil {
		return invalid("%s", err.(*apigw.Error).Message)
	}
	return nil
}

// ModifyLoadBalancerAttributes sets attributes.
func (c *Control) ModifyLoadBalancerAttributes(ctx context.Context, scope apigw.Scope, arn apigw.ARN, set map[string]string) (b *apigw.LoadBalancer, err error) {
	err = c.editBalancers(ctx, scope, func(e *balancerEdit) error {
		if b, err = e.balancerToChange("loadbalancer", arn); err != nil {
			return err
		}
		if b.Attributes, err = merged(b.Attributes, set, b.CheckAttribute); err != nil {
			return err
		}
		e.writeBalancer(b)
		return nil
	})
	return b, err
}

// merged is old with what is set on top, each key and value checked, in the
// order of the keys.
func merged(old, set map[string]string, check func(key, value string) error) (map[string]string, error) {
	now := maps.Clone(old)
	if now == nil {
		now = map[string]string{}
	}
	for _, key := range slices.Sorted(maps.Keys(set)) {
		if err := check(key, set[key]); err != nil {
			return nil, err
		}
		now[key] = set[key]
	}
	return now, nil
}

// DeleteLoadBalancer removes a load balancer with its listeners. One that isn't
// there doesn't matter (reference, DeleteLoadBalancer).
func (c *Control) DeleteLoadBalancer(ctx context.Context, scope apigw.Scope, arn apigw.ARN) error {
	return c.editBalancers(ctx, scope, func(e *balancerEdit) error {
		b, err := e.balancerToChange("loadbalancer", arn)
		if apigw.KindOf(err) == apigw.NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		if b.Attribute("deletion_protection.enabled") == "true" {
			return notPermitted("Load balancer '%s' cannot be deleted because deletion protection is enabled", arn)
		}
		return e.dropBalancer(b)
	})
}

// dropBalancer removes a load balancer that nothing leads to.
func (e *balancerEdit) dropBalancer(b *apigw.LoadBalancer) error {
	if err := e.balancerUnused(b); err != nil {
		return err
	}
	if err := e.useListenerCertificates(b, &apigw.LoadBalancer{}); err != nil {
		return err
	}
	delete(e.balancers, b.Name)
	e.removeLater(balancerKey(e.scope, b.Name))
	return nil
}

// balancerUnused refuses to lose a load balancer that a VPC link of version 1
// leads to, or that is the target of a group. The text is AWS's, as reported in
// the field.
func (e *balancerEdit) balancerUnused(b *apigw.LoadBalancer) error {
	links, err := e.VPCLinks(e.ctx, e.scope)
	if err != nil {
		return err
	}
	for _, l := range links {
		if slices.Contains(l.TargetARNs, b.ARN) {
			return inUse("Load balancer '%s' cannot be deleted because it is currently associated with another service", b.ARN)
		}
	}
	if b.Type != apigw.BalancerApplication {
		return nil
	}
	groups, err := e.TargetGroups(e.ctx, e.scope)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if g.TargetType == apigw.TargetBalancer && slices.ContainsFunc(g.Targets, func(t apigw.Target) bool { return t.ID == string(b.ARN) }) {
			return inUse("Load balancer '%s' cannot be deleted because it is currently a target of target group '%s'", b.ARN, g.Name)
		}
	}
	return nil
}

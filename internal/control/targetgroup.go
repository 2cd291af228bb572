package control

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// maxTargetGroups is how many an account has in a region (user guide for
// Application Load Balancers, "Quotas").
const maxTargetGroups = 3000

// TargetGroup returns one target group.
func (c *Control) TargetGroup(ctx context.Context, scope apigw.Scope, arn apigw.ARN) (*apigw.TargetGroup, error) {
	name, err := balancerARN(scope, "targetgroup", arn)
	if err != nil {
		return nil, err
	}
	r, err := c.store.Get(ctx, groupKey(scope, name))
	if errors.Is(err, store.ErrNotFound) {
		return nil, notFound("targetgroup", arn)
	}
	if err != nil {
		return nil, storeError(err)
	}
	g, _, err := decodeRecord[apigw.TargetGroup](r)
	if err == nil && g.ARN != arn {
		return nil, notFound("targetgroup", arn)
	}
	return g, storeError(err)
}

// TargetGroups lists the target groups of a scope by name.
func (c *Control) TargetGroups(ctx context.Context, scope apigw.Scope) ([]*apigw.TargetGroup, error) {
	list, err := listRecords[apigw.TargetGroup](ctx, c, kindPrefix(scope, KeyTargetGroup))
	return list, storeError(err)
}

// GroupUsers are the load balancers that forward to each target group of a scope.
func (c *Control) GroupUsers(ctx context.Context, scope apigw.Scope) (map[apigw.ARN][]apigw.ARN, error) {
	list, err := c.LoadBalancers(ctx, scope)
	users := map[apigw.ARN][]apigw.ARN{}
	for _, b := range list {
		for _, g := range forwardedGroups(b) {
			users[g] = append(users[g], b.ARN)
		}
	}
	return users, err
}

// GroupInUse says whether load balancers' calls reach a target group: one forwards
// to it, or to a group that overflows to it.
func (c *Control) GroupInUse(ctx context.Context, scope apigw.Scope, group apigw.ARN) (bool, error) {
	users, err := c.GroupUsers(ctx, scope)
	if err != nil || len(users[group]) > 0 {
		return err == nil, err
	}
	all, err := c.TargetGroups(ctx, scope)
	return slices.ContainsFunc(all, func(g *apigw.TargetGroup) bool {
		return len(users[g.ARN]) > 0 && g.Attribute(apigw.AttributeOverflowGroup) == string(group)
	}), err
}

// CreateTargetGroup adds a target group without targets. One that is there with
// the same settings is returned (reference, CreateTargetGroup). Health says what
// isn't the default of the checks.
func (c *Control) CreateTargetGroup(ctx context.Context, scope apigw.Scope, in apigw.TargetGroup, health HealthChange) (g *apigw.TargetGroup, err error) {
	err = c.editBalancers(ctx, scope, func(e *balancerEdit) error {
		if err := e.checkGroup(&in, health); err != nil {
			return err
		}
		old, err := e.groupNamed(in.Name)
		if err != nil {
			return err
		}
		if old != nil {
			if !sameGroup(old, &in) {
				return apigw.Coded(apigw.Conflict, "DuplicateTargetGroupName", "A target group with the same name '%s' exists, but with different settings", in.Name)
			}
			g = old
			return nil
		}
		id, err := c.newBalancerID()
		if err != nil {
			return err
		}
		in.ARN = groupARN(scope, in.Name, id)
		g = &in
		return e.addGroup(g)
	})
	return g, err
}

// addGroup has a group written that was checked and has its ARN.
func (e *balancerEdit) addGroup(g *apigw.TargetGroup) error {
	e.counts.TargetGroups++
	if e.counts.TargetGroups > maxTargetGroups {
		return apigw.Coded(apigw.LimitExceeded, "TooManyTargetGroups", "The maximum number of target groups has been reached: %d", maxTargetGroups)
	}
	e.writeGroup(g)
	return nil
}

func sameGroup(a, b *apigw.TargetGroup) bool {
	return a.Protocol == b.Protocol && a.Version == b.Version && a.Port == b.Port && a.VPC == b.VPC && a.TargetType == b.TargetType &&
		a.IPAddressType == b.IPAddressType && a.Health == b.Health && maps.Equal(a.Tags, b.Tags)
}

// checkGroup applies defaults to a new target group, and refuses what can't be
// one.
func (e *balancerEdit) checkGroup(g *apigw.TargetGroup, health HealthChange) error {
	if err := checkBalancerName("Target group", g.Name); err != nil {
		return err
	}
	defaultTo(&g.TargetType, apigw.TargetInstance)
	check := checkGroupProtocol
	switch g.TargetType {
	case apigw.TargetInstance, apigw.TargetIP, apigw.TargetBalancer:
	case apigw.TargetLambda:
		check = checkFunctionGroup
	default:
		return invalid("Target type '%.64s' must be one of '[instance, ip, lambda, alb]'", g.TargetType)
	}
	if err := check(g); err != nil {
		return err
	}
	if err := e.checkGroupVPC(g); err != nil {
		return err
	}
	if err := checkBalancerTags(g.Tags); err != nil {
		return err
	}
	var err error
	g.Health, err = withHealth(initialHealth(g), g, health)
	return err
}

// checkFunctionGroup: a group of a function has no place (reference,
// CreateTargetGroup).
func checkFunctionGroup(g *apigw.TargetGroup) error {
	switch {
	case g.Protocol != "":
		return invalid("Protocol cannot be specified for target groups with target type 'lambda'")
	case g.Version != "":
		return invalid("Protocol version cannot be specified for target groups with target type 'lambda'")
	case g.Port != 0:
		return invalid("Port cannot be specified for target groups with target type 'lambda'")
	case g.VPC != "":
		return invalid("VPC ID cannot be specified for target groups with target type 'lambda'")
	case g.IPAddressType != "":
		return invalid("IP address type cannot be specified for target groups with target type 'lambda'")
	}
	return nil
}

func checkGroupProtocol(g *apigw.TargetGroup) error {
	http := false
	switch g.Protocol {
	case "HTTP", "HTTPS":
		http = true
	case "TCP", "TLS":
	case "":
		return invalid("A target group protocol must be specified")
	default:
		return apigw.Coded(apigw.BadRequest, "InvalidConfigurationRequest", "Protocol '%.64s' is not supported by target groups here: 'HTTP', 'HTTPS', 'TCP' and 'TLS' are", g.Protocol)
	}
	switch {
	case g.TargetType == apigw.TargetBalancer && g.Protocol != "TCP":
		return invalidBalancing("Protocol '%s' is not supported with target type 'alb': 'TCP' is", g.Protocol)
	case g.Port == 0:
		return invalid("A target group port must be specified")
	case g.Port < 0 || g.Port > 65535:
		return invalid("Port '%d' is not between 1 and 65535", g.Port)
	case g.Version != "" && !http:
		return invalid("Protocol version cannot be specified for target groups with the protocol '%s'", g.Protocol)
	case g.Version == "HTTP2" || g.Version == "GRPC":
		return invalidBalancing("Protocol version '%s' is not supported here: VPC links speak HTTP/1.1 to targets, as on AWS", g.Version)
	case g.Version != "" && g.Version != "HTTP1":
		return invalid("Protocol version '%.64s' must be one of '[GRPC, HTTP1, HTTP2]'", g.Version)
	}
	if http {
		g.Version = "HTTP1"
	}
	defaultTo(&g.IPAddressType, "ipv4")
	switch {
	case g.IPAddressType != "ipv4" && g.IPAddressType != "ipv6":
		return invalid("IP address type '%.64s' must be one of '[ipv4, ipv6]'", g.IPAddressType)
	case g.IPAddressType == "ipv6" && g.TargetType == apigw.TargetBalancer:
		return invalidBalancing("IP address type 'ipv6' is not supported with target type 'alb'")
	}
	return nil
}

// ModifyTargetGroup changes how the targets of a group are probed.
func (c *Control) ModifyTargetGroup(ctx context.Context, scope apigw.Scope, arn apigw.ARN, change HealthChange) (g *apigw.TargetGroup, err error) {
	err = c.editBalancers(ctx, scope, func(e *balancerEdit) error {
		if g, err = e.groupToChange(arn); err != nil {
			return err
		}
		if g.Health, err = withHealth(g.Health, g, change); err != nil {
			return err
		}
		e.writeGroup(g)
		return nil
	})
	return g, err
}

// ModifyTargetGroupAttributes sets attributes.
func (c *Control) ModifyTargetGroupAttributes(ctx context.Context, scope apigw.Scope, arn apigw.ARN, set map[string]string) (g *apigw.TargetGroup, err error) {
	err = c.editBalancers(ctx, scope, func(e *balancerEdit) error {
		if g, err = e.groupToChange(arn); err != nil {
			return err
		}
		return e.setGroupAttributes(g, set)
	})
	return g, err
}

func (e *balancerEdit) setGroupAttributes(g *apigw.TargetGroup, set map[string]string) (err error) {
	if g.Attributes, err = merged(g.Attributes, set, g.CheckAttribute); err != nil {
		return err
	}
	if err := g.CheckAttributes(); err != nil {
		return err
	}
	if err := e.checkOverflow(g); err != nil {
		return err
	}
	e.writeGroup(g)
	return nil
}

// checkOverflow refuses to have what a group can't take go to a group that can't
// take it either.
func (e *balancerEdit) checkOverflow(g *apigw.TargetGroup) error {
	arn := apigw.ARN(g.Attribute(apigw.AttributeOverflowGroup))
	if arn == "" {
		return nil
	}
	if arn == g.ARN {
		return invalidBalancing("Target group attribute '%s' can't name the group itself", apigw.AttributeOverflowGroup)
	}
	to, err := e.group(arn)
	if err != nil {
		return err
	}
	if to.Protocol != g.Protocol || to.VPC != g.VPC || to.TargetType == apigw.TargetBalancer {
		return invalidBalancing("Target group attribute '%s' must name a group with the same protocol and VPC, whose targets aren't load balancers", apigw.AttributeOverflowGroup)
	}
	return nil
}

// DeleteTargetGroup removes a target group that nothing forwards to. One that
// isn't there doesn't matter.
func (c *Control) DeleteTargetGroup(ctx context.Context, scope apigw.Scope, arn apigw.ARN) error {
	return c.editBalancers(ctx, scope, func(e *balancerEdit) error {
		g, err := e.groupToChange(arn)
		if apigw.KindOf(err) == apigw.NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		return e.dropGroup(g)
	})
}

// dropGroup removes a group that nothing forwards to.
func (e *balancerEdit) dropGroup(g *apigw.TargetGroup) error {
	if len(e.users(g.ARN)) > 0 {
		return inUse("Target group '%s' is currently in use by a listener or a rule", g.ARN)
	}
	all, err := e.TargetGroups(e.ctx, e.scope)
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.Attribute(apigw.AttributeOverflowGroup) == string(g.ARN) {
			return inUse("Target group '%s' is currently in use by target group '%s', which overflows to it", g.ARN, other.Name)
		}
	}
	e.counts.TargetGroups--
	e.groups[g.Name] = nil
	e.removeLater(groupKey(e.scope, g.Name))
	return nil
}

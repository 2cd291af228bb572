package control

import (
	"context"
	"maps"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// BalancerTags are the tags of a load balancer, a listener, a rule or a target
// group.
func (c *Control) BalancerTags(ctx context.Context, scope apigw.Scope, arn apigw.ARN) (map[string]string, error) {
	part, _, ok := parseBalancerARN(scope, arn)
	if !ok {
		return nil, invalid("'%.300s' is not a valid ARN", arn)
	}
	if part.kind == "targetgroup" {
		return tagsOf(c.TargetGroup(ctx, scope, arn))(func(g *apigw.TargetGroup) map[string]string { return g.Tags })
	}
	b, err := c.balancerOf(ctx, scope, part.kind, arn)
	if err != nil {
		return nil, err
	}
	tags := balancerTagsOf(b, part.kind, arn)
	if tags == nil {
		return nil, notFound(part.kind, arn)
	}
	return *tags, nil
}

// balancerTagsOf are the tags of a load balancer, or of its listener or rule with
// an ARN; nil: it has none of that.
func balancerTagsOf(b *apigw.LoadBalancer, kind string, arn apigw.ARN) *map[string]string {
	switch kind {
	case "loadbalancer":
		return &b.Tags
	case "listener":
		if l := listenerOf(b, arn); l != nil {
			return &l.Tags
		}
	case "listener-rule":
		if l, r := ruleOf(b, arn); r != nil {
			return &r.Tags
		} else if l != nil {
			return new(map[string]string) // a default rule has none
		}
	}
	return nil
}

// ChangeBalancerTags changes the tags of each that an ARN names, all at once;
// change gets a map to change.
func (c *Control) ChangeBalancerTags(ctx context.Context, scope apigw.Scope, arns []apigw.ARN, change func(map[string]string)) error {
	return c.editBalancers(ctx, scope, func(e *balancerEdit) error {
		for _, arn := range arns {
			if err := e.changeTags(arn, change); err != nil {
				return err
			}
		}
		return nil
	})
}

func (e *balancerEdit) changeTags(arn apigw.ARN, change func(map[string]string)) error {
	part, _, ok := parseBalancerARN(e.scope, arn)
	if !ok {
		return invalid("'%.300s' is not a valid ARN", arn)
	}
	to := func(tags *map[string]string) error {
		changed := maps.Clone(*tags)
		if changed == nil {
			changed = map[string]string{}
		}
		change(changed)
		*tags = changed
		return checkBalancerTags(changed)
	}
	if part.kind == "targetgroup" {
		g, err := e.groupToChange(arn)
		if err != nil {
			return err
		}
		e.writeGroup(g)
		return to(&g.Tags)
	}
	b, err := e.balancerToChange(part.kind, arn)
	if err != nil {
		return err
	}
	tags := balancerTagsOf(b, part.kind, arn)
	if tags == nil {
		return notFound(part.kind, arn)
	}
	if l, r := ruleOf(b, arn); l != nil && r == nil {
		return notPermitted("Default rule '%s' has no tags", arn)
	}
	e.writeBalancer(b)
	return to(tags)
}

package control

import (
	"context"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// LoadBalancers follows load balancers for a node that serves.
type LoadBalancers = Followed[apigw.LoadBalancer]

// LoadBalancersOptions say who follows load balancers.
type LoadBalancersOptions = FollowOptions[apigw.LoadBalancer]

// NewLoadBalancers returns a LoadBalancers over c's store. Make one before c is
// used.
func NewLoadBalancers(c *Control, o LoadBalancersOptions) *LoadBalancers {
	c.balancers = newFollowed(c, KeyBalancer, decodeBalancer, o)
	return c.balancers
}

func decodeBalancer(r store.Record) (*apigw.LoadBalancer, error) {
	b, _, err := decodeRecord[apigw.LoadBalancer](r)
	return b, err
}

// RememberLoadBalancers reads what Keep was given. What can't be read is left
// out, and named by the error.
func RememberLoadBalancers(raw []byte) ([]*apigw.LoadBalancer, error) {
	return remember(raw, decodeBalancer)
}

// TargetGroups follows target groups for a node that serves.
type TargetGroups = Followed[apigw.TargetGroup]

// TargetGroupsOptions say who follows target groups.
type TargetGroupsOptions = FollowOptions[apigw.TargetGroup]

// NewTargetGroups returns a TargetGroups over c's store. Make one before c is
// used.
func NewTargetGroups(c *Control, o TargetGroupsOptions) *TargetGroups {
	c.groups = newFollowed(c, KeyTargetGroup, decodeGroup, o)
	return c.groups
}

func decodeGroup(r store.Record) (*apigw.TargetGroup, error) {
	g, _, err := decodeRecord[apigw.TargetGroup](r)
	return g, err
}

// RememberTargetGroups is RememberLoadBalancers of target groups.
func RememberTargetGroups(raw []byte) ([]*apigw.TargetGroup, error) {
	return remember(raw, decodeGroup)
}

// drainEvery is how often targets are looked for that drained for long enough.
const drainEvery = time.Second

// RemoveDrained takes away targets that drained for long enough, in every account
// and region, until ctx ends. It looks at what is followed, so that nothing is
// read while nothing drains. It is safe to run on several nodes.
func (c *Control) RemoveDrained(ctx context.Context) {
	tick := time.NewTicker(drainEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, g := range c.groups.all() {
			if !drained(g.holds, c.now()) {
				continue
			}
			if err := c.removeDrained(ctx, g.scope, g.holds.ARN); err != nil && ctx.Err() == nil {
				c.log.Error("a target that was deregistered can't be taken away; trying again", "targetGroup", g.holds.ARN, "error", err)
			}
		}
	}
}

package control

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// balancerEdit is a change of a scope's load balancers and target groups, which
// refer to each other: all load balancers, those of the groups that were looked
// at, and what of it is to be written.
type balancerEdit struct {
	*Control
	*scopeChange
	ctx       context.Context
	balancers map[string]*apigw.LoadBalancer
	groups    map[string]*apigw.TargetGroup // nil: there is none of that name
	written   map[string]func() error       // by key
	// declaring: the configuration file speaks, which may change what it declares.
	declaring bool
}

func balancerKey(scope apigw.Scope, name string) string {
	return kindPrefix(scope, KeyBalancer) + segment(name)
}

func groupKey(scope apigw.Scope, name string) string {
	return kindPrefix(scope, KeyTargetGroup) + segment(name)
}

// editBalancers runs apply, and writes what it changed.
func (c *Control) editBalancers(ctx context.Context, scope apigw.Scope, apply func(*balancerEdit) error) error {
	return c.changeScope(ctx, scope, func(s *scopeChange) error {
		list, err := c.LoadBalancers(ctx, scope)
		if err != nil {
			return err
		}
		e := &balancerEdit{Control: c, scopeChange: s, ctx: ctx, balancers: map[string]*apigw.LoadBalancer{}, groups: map[string]*apigw.TargetGroup{}, written: map[string]func() error{}}
		for _, b := range list {
			e.balancers[b.Name] = b
		}
		if err := apply(e); err != nil {
			return err
		}
		for _, key := range slices.Sorted(maps.Keys(e.written)) {
			if err := e.written[key](); err != nil {
				return err
			}
		}
		return nil
	})
}

// writeBalancer has b written when the change is complete.
func (e *balancerEdit) writeBalancer(b *apigw.LoadBalancer) {
	e.balancers[b.Name] = b
	writeLater(e, balancerKey(e.scope, b.Name), b)
}

// writeGroup is writeBalancer of a target group.
func (e *balancerEdit) writeGroup(g *apigw.TargetGroup) {
	e.groups[g.Name] = g
	writeLater(e, groupKey(e.scope, g.Name), g)
}

func writeLater[T any](e *balancerEdit, key string, v *T) {
	e.written[key] = func() error {
		raw, err := encodeRecord(key, v, nil)
		if err == nil {
			e.set(key, raw)
		}
		return err
	}
}

// removeLater has a record removed when the change is complete.
func (e *balancerEdit) removeLater(key string) {
	e.written[key] = func() error {
		e.remove(key)
		return nil
	}
}

// full says that what else there is to write waits for another change.
func (e *balancerEdit) full() bool { return len(e.txn.Ops)+len(e.written) >= store.MaxOps/2 }

// groupNamed is a target group; nil: there is none.
func (e *balancerEdit) groupNamed(name string) (*apigw.TargetGroup, error) {
	if g, known := e.groups[name]; known {
		return g, nil
	}
	r, err := e.store.Get(e.ctx, groupKey(e.scope, name))
	if errors.Is(err, store.ErrNotFound) {
		e.groups[name] = nil
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	g, _, err := decodeRecord[apigw.TargetGroup](r)
	e.groups[name] = g
	return g, err
}

// group is the target group that an ARN names.
func (e *balancerEdit) group(arn apigw.ARN) (*apigw.TargetGroup, error) {
	name, err := balancerARN(e.scope, "targetgroup", arn)
	if err != nil {
		return nil, err
	}
	g, err := e.groupNamed(name)
	if err == nil && (g == nil || g.ARN != arn) {
		return nil, notFound("targetgroup", arn)
	}
	return g, err
}

// groupToChange is group for a call that changes it.
func (e *balancerEdit) groupToChange(arn apigw.ARN) (*apigw.TargetGroup, error) {
	g, err := e.group(arn)
	if err == nil && g.Declared && !e.declaring {
		return nil, notPermitted("Target group '%s' is declared in the configuration file: change it there", g.Name)
	}
	return g, err
}

// balancer is the load balancer that an ARN names, or has what it names.
func (e *balancerEdit) balancer(kind string, arn apigw.ARN) (*apigw.LoadBalancer, error) {
	name, err := balancerARN(e.scope, kind, arn)
	if err != nil {
		return nil, err
	}
	b := e.balancers[name]
	if b == nil || kind == "loadbalancer" && b.ARN != arn {
		return nil, notFound(kind, arn)
	}
	return b, nil
}

// balancerToChange is balancer for a call that changes it.
func (e *balancerEdit) balancerToChange(kind string, arn apigw.ARN) (*apigw.LoadBalancer, error) {
	b, err := e.balancer(kind, arn)
	if err == nil && b.Declared && !e.declaring {
		return nil, notPermitted("Load balancer '%s' is declared in the configuration file: change it there", b.Name)
	}
	return b, err
}

// listenerToChange is a load balancer with the one of its listeners that an ARN
// names.
func (e *balancerEdit) listenerToChange(arn apigw.ARN) (*apigw.LoadBalancer, *apigw.Listener, error) {
	b, err := e.balancerToChange("listener", arn)
	if err != nil {
		return nil, nil, err
	}
	if l := listenerOf(b, arn); l != nil {
		return b, l, nil
	}
	return nil, nil, notFound("listener", arn)
}

// listenerOf is the listener with an ARN; nil: there is none.
func listenerOf(b *apigw.LoadBalancer, arn apigw.ARN) *apigw.Listener {
	if i := slices.IndexFunc(b.Listeners, func(l apigw.Listener) bool { return l.ARN == arn }); i >= 0 {
		return &b.Listeners[i]
	}
	return nil
}

// users are the load balancers that forward to a group.
func (e *balancerEdit) users(group apigw.ARN) (list []*apigw.LoadBalancer) {
	for _, name := range slices.Sorted(maps.Keys(e.balancers)) {
		if b := e.balancers[name]; slices.Contains(forwardedGroups(b), group) {
			list = append(list, b)
		}
	}
	return list
}

// forwardedGroups are the target groups that a load balancer's listeners and
// rules name, each once.
func forwardedGroups(b *apigw.LoadBalancer) (list []apigw.ARN) {
	seen := map[apigw.ARN]bool{}
	note := func(actions []apigw.RuleAction) {
		for _, a := range actions {
			if a.Forward == nil {
				continue
			}
			for _, g := range a.Forward.Groups {
				if !seen[g.Group] {
					seen[g.Group], list = true, append(list, g.Group)
				}
			}
		}
	}
	for _, l := range b.Listeners {
		note(l.Actions)
		for _, r := range l.Rules {
			note(r.Actions)
		}
	}
	return list
}

package control

import (
	"context"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// ruleOf is the rule with an ARN and the listener that has it; the rule is nil
// when it is the default one, both are when there is none.
func ruleOf(b *apigw.LoadBalancer, arn apigw.ARN) (*apigw.Listener, *apigw.ListenerRule) {
	for i := range b.Listeners {
		l := &b.Listeners[i]
		if l.DefaultRule == arn {
			return l, nil
		}
		for j := range l.Rules {
			if l.Rules[j].ARN == arn {
				return l, &l.Rules[j]
			}
		}
	}
	return nil, nil
}

// CreateRule adds a rule to a listener.
func (c *Control) CreateRule(ctx context.Context, scope apigw.Scope, listener apigw.ARN, r apigw.ListenerRule) (made *apigw.ListenerRule, err error) {
	err = c.editBalancers(ctx, scope, func(e *balancerEdit) error {
		b, l, err := e.listenerToChange(listener)
		if err != nil {
			return err
		}
		id, err := c.newBalancerID()
		if err != nil {
			return err
		}
		r.ARN = ruleARN(l.ARN, id)
		if err := e.addRule(b, l, r); err != nil {
			return err
		}
		made = &r
		return nil
	})
	return made, err
}

// addRule checks a rule that has its ARN, and has it written.
func (e *balancerEdit) addRule(b *apigw.LoadBalancer, l *apigw.Listener, r apigw.ListenerRule) error {
	n := 0
	for _, other := range b.Listeners {
		n += len(other.Rules)
	}
	if n >= maxListenerRules {
		return apigw.Coded(apigw.LimitExceeded, "TooManyRules", "The maximum number of rules per load balancer has been reached on load balancer '%s': %d", b.ARN, maxListenerRules)
	}
	if err := checkPriority(l, r.Priority, ""); err != nil {
		return err
	}
	if err := checkBalancerTags(r.Tags); err != nil {
		return err
	}
	l.Rules = append(slices.Clone(l.Rules), r)
	if err := e.checkRule(b, l, &r); err != nil {
		return err
	}
	sortRules(l)
	e.writeBalancer(b)
	return nil
}

func sortRules(l *apigw.Listener) {
	slices.SortStableFunc(l.Rules, func(a, b apigw.ListenerRule) int { return a.Priority - b.Priority })
}

// checkPriority refuses a priority that another rule than the one with an ARN
// has.
func checkPriority(l *apigw.Listener, priority int, except apigw.ARN) error {
	if priority < 1 || priority > 50000 {
		return invalid("Priority '%d' must be between 1 and 50000", priority)
	}
	for _, r := range l.Rules {
		if r.Priority == priority && r.ARN != except {
			return apigw.Coded(apigw.Conflict, "PriorityInUse", "Priority '%d' is currently in use", priority)
		}
	}
	return nil
}

// checkRule refuses what can't be a rule of l.
func (e *balancerEdit) checkRule(b *apigw.LoadBalancer, l *apigw.Listener, r *apigw.ListenerRule) error {
	if b.Type != apigw.BalancerApplication {
		return apigw.Coded(apigw.BadRequest, "UnsupportedProtocol", "Rules are not supported for listeners with the protocol '%s'", l.Protocol)
	}
	if err := checkConditions(r.Conditions); err != nil {
		return err
	}
	if err := checkTransforms(r.Transforms); err != nil {
		return err
	}
	return e.checkActions(b, l, r.Actions)
}

// RuleChange is what ModifyRule changes; what is nil stays.
type RuleChange struct {
	Conditions      []apigw.RuleCondition
	Actions         []apigw.RuleAction
	Transforms      []apigw.RuleTransform
	ResetTransforms bool
}

// ModifyRule changes a rule.
func (c *Control) ModifyRule(ctx context.Context, scope apigw.Scope, arn apigw.ARN, change RuleChange) (changed *apigw.ListenerRule, err error) {
	err = c.editBalancers(ctx, scope, func(e *balancerEdit) error {
		b, l, r, err := e.ruleToChange(arn, "modified")
		if err != nil {
			return err
		}
		if change.Conditions != nil {
			r.Conditions = change.Conditions
		}
		if change.Actions != nil {
			r.Actions = change.Actions
		}
		if change.Transforms != nil || change.ResetTransforms {
			r.Transforms = change.Transforms
		}
		if err := e.checkRule(b, l, r); err != nil {
			return err
		}
		e.writeBalancer(b)
		changed = r
		return nil
	})
	return changed, err
}

// ruleToChange is a rule that isn't its listener's default one.
func (e *balancerEdit) ruleToChange(arn apigw.ARN, done string) (*apigw.LoadBalancer, *apigw.Listener, *apigw.ListenerRule, error) {
	b, err := e.balancerToChange("listener-rule", arn)
	if err != nil {
		return nil, nil, nil, err
	}
	l, r := ruleOf(b, arn)
	switch {
	case l == nil:
		return nil, nil, nil, notFound("listener-rule", arn)
	case r == nil:
		return nil, nil, nil, notPermitted("Default rule '%s' cannot be %s", arn, done)
	}
	return b, l, r, nil
}

// DeleteRule removes a rule.
func (c *Control) DeleteRule(ctx context.Context, scope apigw.Scope, arn apigw.ARN) error {
	return c.editBalancers(ctx, scope, func(e *balancerEdit) error {
		b, l, _, err := e.ruleToChange(arn, "deleted")
		if err != nil {
			return err
		}
		l.Rules = slices.DeleteFunc(slices.Clone(l.Rules), func(r apigw.ListenerRule) bool { return r.ARN == arn })
		e.writeBalancer(b)
		return nil
	})
}

// RulePriority gives a rule another place.
type RulePriority struct {
	Rule     apigw.ARN
	Priority int
}

// SetRulePriorities gives rules other places, all at once: two rules may change
// theirs with each other.
func (c *Control) SetRulePriorities(ctx context.Context, scope apigw.Scope, list []RulePriority) (changed []*apigw.ListenerRule, err error) {
	err = c.editBalancers(ctx, scope, func(e *balancerEdit) error {
		moved := map[*apigw.Listener]*apigw.LoadBalancer{}
		seen := map[apigw.ARN]bool{}
		for _, p := range list {
			b, l, r, err := e.ruleToChange(p.Rule, "reordered")
			if err != nil {
				return err
			}
			if seen[p.Rule] {
				return invalid("Rule '%s' is specified twice", p.Rule)
			}
			seen[p.Rule], moved[l], r.Priority = true, b, p.Priority
		}
		for l, b := range moved {
			for _, r := range l.Rules {
				if err := checkPriority(l, r.Priority, r.ARN); err != nil {
					return err
				}
			}
			sortRules(l)
			e.writeBalancer(b)
		}
		changed = nil
		for _, p := range list {
			_, _, r, err := e.ruleToChange(p.Rule, "reordered")
			if err != nil {
				return err
			}
			changed = append(changed, r)
		}
		return nil
	})
	return changed, err
}

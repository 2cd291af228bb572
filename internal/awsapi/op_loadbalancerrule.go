package awsapi

import (
	"context"
	"fmt"
	"strconv"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/elbv2"
	"github.com/gatehouse/gatehouse/internal/control"
)

func (o balancers) createRule(ctx context.Context, c *Call, in *elbv2.CreateRuleInput) (*elbv2.CreateRuleOutput, error) {
	r := apigw.ListenerRule{Priority: *in.Priority}
	var err error
	if r.Transforms, err = transformsOf(in.Transforms); err != nil {
		return nil, err
	}
	if r.Tags, err = balancerTags(in.Tags); err != nil {
		return nil, err
	}
	if r.Conditions, err = conditionsOf(in.Conditions); err != nil {
		return nil, err
	}
	if r.Actions, err = actionsOf(in.Actions); err != nil {
		return nil, err
	}
	made, err := o.c.CreateRule(ctx, c.Scope, apigw.ARN(*in.ListenerArn), r)
	if err != nil {
		return nil, err
	}
	return &elbv2.CreateRuleOutput{Rules: []*elbv2.Rule{listenerRuleView(made)}}, nil
}

func (o balancers) modifyRule(ctx context.Context, c *Call, in *elbv2.ModifyRuleInput) (*elbv2.ModifyRuleOutput, error) {
	change := control.RuleChange{ResetTransforms: val(in.ResetTransforms)}
	if change.ResetTransforms && len(in.Transforms) > 0 {
		return nil, balancerError("ValidationError", "Either transforms or ResetTransforms can be specified")
	}
	var err error
	if change.Transforms, err = transformsOf(in.Transforms); err != nil {
		return nil, err
	}
	if change.Conditions, err = conditionsOf(in.Conditions); err != nil {
		return nil, err
	}
	if change.Actions, err = actionsOf(in.Actions); err != nil {
		return nil, err
	}
	r, err := o.c.ModifyRule(ctx, c.Scope, apigw.ARN(*in.RuleArn), change)
	if err != nil {
		return nil, err
	}
	return &elbv2.ModifyRuleOutput{Rules: []*elbv2.Rule{listenerRuleView(r)}}, nil
}

func (o balancers) deleteRule(ctx context.Context, c *Call, in *elbv2.DeleteRuleInput) (*elbv2.DeleteRuleOutput, error) {
	return &elbv2.DeleteRuleOutput{}, o.c.DeleteRule(ctx, c.Scope, apigw.ARN(*in.RuleArn))
}

func (o balancers) setRulePriorities(ctx context.Context, c *Call, in *elbv2.SetRulePrioritiesInput) (*elbv2.SetRulePrioritiesOutput, error) {
	var list []control.RulePriority
	var arns []string
	for _, p := range in.RulePriorities {
		if p.RuleArn == nil || p.Priority == nil {
			return nil, balancerError("ValidationError", "A rule ARN and a priority must be specified")
		}
		list, arns = append(list, control.RulePriority{Rule: apigw.ARN(*p.RuleArn), Priority: *p.Priority}), append(arns, *p.RuleArn)
	}
	if err := mayAll(c, arns); err != nil {
		return nil, err
	}
	changed, err := o.c.SetRulePriorities(ctx, c.Scope, list)
	if err != nil {
		return nil, err
	}
	out := &elbv2.SetRulePrioritiesOutput{Rules: []*elbv2.Rule{}}
	for _, r := range changed {
		out.Rules = append(out.Rules, listenerRuleView(r))
	}
	return out, nil
}

func (o balancers) describeRules(ctx context.Context, c *Call, in *elbv2.DescribeRulesInput) (*elbv2.DescribeRulesOutput, error) {
	if (in.ListenerArn != nil) == (len(in.RuleArns) > 0) {
		return nil, balancerError("ValidationError", "You must specify either rule ARNs or a listener ARN")
	}
	var all []*elbv2.Rule
	if in.ListenerArn != nil {
		_, l, err := o.c.ListenerOf(ctx, c.Scope, apigw.ARN(*in.ListenerArn))
		if err != nil {
			return nil, err
		}
		for i := range l.Rules {
			all = append(all, listenerRuleView(&l.Rules[i]))
		}
		all = append(all, defaultRuleView(l))
	}
	for _, arn := range in.RuleArns {
		_, l, r, err := o.c.RuleOf(ctx, c.Scope, apigw.ARN(arn))
		switch {
		case err != nil:
			return nil, err
		case r == nil:
			all = append(all, defaultRuleView(l))
		default:
			all = append(all, listenerRuleView(r))
		}
	}
	place := rulePlace
	if in.ListenerArn == nil {
		place = inOrder(all)
	}
	page, next, err := balancerPage(in.Marker, in.PageSize, all, place)
	return &elbv2.DescribeRulesOutput{Rules: page, NextMarker: next}, err
}

// rulePlace sorts rules as they are tried: "default" behind every number.
func rulePlace(r *elbv2.Rule) string {
	if *r.IsDefault {
		return *r.Priority
	}
	return fmt.Sprintf("%05s", *r.Priority)
}

func listenerRuleView(r *apigw.ListenerRule) *elbv2.Rule {
	return &elbv2.Rule{
		RuleArn: set(r.ARN), Priority: new(strconv.Itoa(r.Priority)), Conditions: conditionsView(r.Conditions), Actions: actionsView(r.Actions),
		IsDefault: new(false), Transforms: transformsView(r.Transforms),
	}
}

func defaultRuleView(l *apigw.Listener) *elbv2.Rule {
	return &elbv2.Rule{RuleArn: set(l.DefaultRule), Priority: new("default"), Conditions: []*elbv2.RuleCondition{}, Actions: actionsView(l.Actions), IsDefault: new(true), Transforms: []*elbv2.RuleTransform{}}
}

// conditionsOf are the conditions that a call has; nil: it has none. The values
// of a path or a host may be given in either of two places (reference,
// RuleCondition).
func conditionsOf(in []*elbv2.RuleCondition) (list []apigw.RuleCondition, err error) {
	for _, v := range in {
		c := apigw.RuleCondition{Field: val(v.Field), Values: v.Values, Regex: v.RegexValues}
		configs := map[string]bool{
			"host-header": v.HostHeaderConfig != nil, "path-pattern": v.PathPatternConfig != nil, "http-header": v.HttpHeaderConfig != nil,
			"query-string": v.QueryStringConfig != nil, "http-request-method": v.HttpRequestMethodConfig != nil, "source-ip": v.SourceIpConfig != nil,
		}
		if err := onlyOfType("condition", c.Field, configs); err != nil {
			return nil, err
		}
		if configs[c.Field] && len(v.Values)+len(v.RegexValues) > 0 {
			return nil, balancerError("ValidationError", "The values of a condition can be specified in 'Values' or in its configuration, not in both")
		}
		readConfig(v, &c)
		list = append(list, c)
	}
	return list, nil
}

func readConfig(v *elbv2.RuleCondition, c *apigw.RuleCondition) {
	switch {
	case v.HostHeaderConfig != nil:
		c.Values, c.Regex = v.HostHeaderConfig.Values, v.HostHeaderConfig.RegexValues
	case v.PathPatternConfig != nil:
		c.Values, c.Regex = v.PathPatternConfig.Values, v.PathPatternConfig.RegexValues
	case v.HttpHeaderConfig != nil:
		c.Header, c.Values, c.Regex = val(v.HttpHeaderConfig.HttpHeaderName), v.HttpHeaderConfig.Values, v.HttpHeaderConfig.RegexValues
	case v.HttpRequestMethodConfig != nil:
		c.Values = v.HttpRequestMethodConfig.Values
	case v.SourceIpConfig != nil:
		c.Values = v.SourceIpConfig.Values
	case v.QueryStringConfig != nil:
		for _, q := range v.QueryStringConfig.Values {
			c.Query = append(c.Query, apigw.QueryPair{Key: val(q.Key), Value: val(q.Value)})
		}
	}
}

func conditionsView(list []apigw.RuleCondition) []*elbv2.RuleCondition {
	out := []*elbv2.RuleCondition{}
	for i := range list {
		c := &list[i]
		v := &elbv2.RuleCondition{Field: &c.Field}
		switch c.Field {
		case "host-header":
			v.HostHeaderConfig = &elbv2.HostHeaderConditionConfig{Values: c.Values, RegexValues: c.Regex}
			v.Values, v.RegexValues = c.Values, c.Regex
		case "path-pattern":
			v.PathPatternConfig = &elbv2.PathPatternConditionConfig{Values: c.Values, RegexValues: c.Regex}
			v.Values, v.RegexValues = c.Values, c.Regex
		case "http-header":
			v.HttpHeaderConfig = &elbv2.HttpHeaderConditionConfig{HttpHeaderName: &c.Header, Values: c.Values, RegexValues: c.Regex}
		case "http-request-method":
			v.HttpRequestMethodConfig = &elbv2.HttpRequestMethodConditionConfig{Values: c.Values}
		case "source-ip":
			v.SourceIpConfig = &elbv2.SourceIpConditionConfig{Values: c.Values}
		case "query-string":
			v.QueryStringConfig = &elbv2.QueryStringConditionConfig{}
			for _, q := range c.Query {
				v.QueryStringConfig.Values = append(v.QueryStringConfig.Values, &elbv2.QueryStringKeyValuePair{Key: set(q.Key), Value: &q.Value})
			}
		}
		out = append(out, v)
	}
	return out
}

func transformsOf(in []*elbv2.RuleTransform) (list []apigw.RuleTransform, err error) {
	for _, v := range in {
		if err := onlyOfType("transform", *v.Type, map[string]bool{"host-header-rewrite": v.HostHeaderRewriteConfig != nil, "url-rewrite": v.UrlRewriteConfig != nil}); err != nil {
			return nil, err
		}
		t := apigw.RuleTransform{Type: *v.Type}
		var rewrites []*elbv2.RewriteConfig
		if v.HostHeaderRewriteConfig != nil {
			rewrites = append(rewrites, v.HostHeaderRewriteConfig.Rewrites...)
		}
		if v.UrlRewriteConfig != nil {
			rewrites = append(rewrites, v.UrlRewriteConfig.Rewrites...)
		}
		for _, r := range rewrites {
			t.Rewrites = append(t.Rewrites, apigw.Rewrite{Regex: val(r.Regex), Replace: val(r.Replace)})
		}
		list = append(list, t)
	}
	return list, nil
}

func transformsView(list []apigw.RuleTransform) []*elbv2.RuleTransform {
	out := []*elbv2.RuleTransform{}
	for _, t := range list {
		v := &elbv2.RuleTransform{Type: &t.Type}
		var rewrites []*elbv2.RewriteConfig
		for _, r := range t.Rewrites {
			rewrites = append(rewrites, &elbv2.RewriteConfig{Regex: &r.Regex, Replace: &r.Replace})
		}
		if t.Type == "url-rewrite" {
			v.UrlRewriteConfig = &elbv2.UrlRewriteConfig{Rewrites: rewrites}
		} else {
			v.HostHeaderRewriteConfig = &elbv2.HostHeaderRewriteConfig{Rewrites: rewrites}
		}
		out = append(out, v)
	}
	return out
}

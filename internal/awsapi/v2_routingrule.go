package awsapi

import (
	"context"
	"fmt"

	"github.com/gatehouse/gatehouse/internal/apigw"
	v2 "github.com/gatehouse/gatehouse/internal/awsapi/apigatewayv2"
	"github.com/gatehouse/gatehouse/internal/control"
)

func (o routed) createRoutingRule(ctx context.Context, c *Call, in *v2.CreateRoutingRuleRequest) (*v2.CreateRoutingRuleResponse, error) {
	r, err := readRule("", in.Priority, in.Conditions, in.Actions)
	if err != nil {
		return nil, err
	}
	d, made, err := o.c.CreateRoutingRule(ctx, c.Scope, in.DomainName, domainID(in.DomainNameId), r)
	if err != nil {
		return nil, err
	}
	return (*v2.CreateRoutingRuleResponse)(ruleView(c, d, made)), nil
}

func (o routed) getRoutingRule(ctx context.Context, c *Call, in *v2.GetRoutingRuleRequest) (*v2.GetRoutingRuleResponse, error) {
	d, r, err := o.c.RoutingRule(ctx, c.Scope, in.DomainName, domainID(in.DomainNameId), in.RoutingRuleId)
	if err != nil {
		return nil, err
	}
	return (*v2.GetRoutingRuleResponse)(ruleView(c, d, r)), nil
}

// listRoutingRules lists them by priority.
func (o routed) listRoutingRules(ctx context.Context, c *Call, in *v2.ListRoutingRulesRequest) (*v2.ListRoutingRulesResponse, error) {
	d, err := o.c.DomainName(ctx, c.Scope, in.DomainName, domainID(in.DomainNameId))
	if err != nil {
		return nil, err
	}
	p, err := PageOf(in.NextToken, in.MaxResults)
	if err != nil {
		return nil, apigw.Errorf(apigw.BadRequest, "Invalid nextToken: %s", clipped(val(in.NextToken)))
	}
	list, next := Paginate(p, d.Rules, func(r apigw.RoutingRule) string { return fmt.Sprintf("%07d", r.Priority) })
	return &v2.ListRoutingRulesResponse{NextToken: next, RoutingRules: views(list, func(r apigw.RoutingRule) *v2.RoutingRule { return ruleView(c, d, &r) })}, nil
}

func (o routed) putRoutingRule(ctx context.Context, c *Call, in *v2.PutRoutingRuleRequest) (*v2.PutRoutingRuleResponse, error) {
	r, err := readRule(in.RoutingRuleId, in.Priority, in.Conditions, in.Actions)
	if err != nil {
		return nil, err
	}
	d, put, err := o.c.PutRoutingRule(ctx, c.Scope, in.DomainName, domainID(in.DomainNameId), r)
	if err != nil {
		return nil, err
	}
	return (*v2.PutRoutingRuleResponse)(ruleView(c, d, put)), nil
}

func (o routed) deleteRoutingRule(ctx context.Context, c *Call, in *v2.DeleteRoutingRuleRequest) error {
	return o.c.DeleteRoutingRule(ctx, c.Scope, in.DomainName, domainID(in.DomainNameId), in.RoutingRuleId)
}

// readRule reads a rule. A condition is of one kind, and there is one action.
func readRule(id string, priority *int, conditions []*v2.RoutingRuleCondition, actions []*v2.RoutingRuleAction) (apigw.RoutingRule, error) {
	r := apigw.RoutingRule{ID: id, Priority: val(priority)}
	if len(actions) != 1 || actions[0] == nil || actions[0].InvokeApi == nil {
		return r, apigw.Errorf(apigw.BadRequest, "A routing rule has one action, invokeApi with an apiId and a stage")
	}
	to := actions[0].InvokeApi
	r.API, r.Stage, r.StripBasePath = apiID(val(to.ApiId)), apigw.StageName(val(to.Stage)), val(to.StripBasePath)
	for _, condition := range conditions {
		switch {
		case condition == nil || (condition.MatchBasePaths == nil) == (condition.MatchHeaders == nil):
			return r, apigw.Errorf(apigw.BadRequest, "A condition of a routing rule is either matchHeaders or matchBasePaths")
		case condition.MatchBasePaths != nil && r.BasePaths != nil:
			return r, apigw.Errorf(apigw.BadRequest, "A routing rule has at most one matchBasePaths condition")
		case condition.MatchBasePaths != nil:
			if r.BasePaths = condition.MatchBasePaths.AnyOf; len(r.BasePaths) == 0 {
				return r, apigw.Errorf(apigw.BadRequest, "A matchBasePaths condition has a base path in anyOf")
			}
			continue
		}
		either := []apigw.HeaderMatch{}
		for _, m := range condition.MatchHeaders.AnyOf {
			if m != nil {
				either = append(either, apigw.HeaderMatch{Header: val(m.Header), Glob: val(m.ValueGlob)})
			}
		}
		r.Headers = append(r.Headers, either)
	}
	return r, nil
}

func ruleView(c *Call, d *apigw.DomainName, r *apigw.RoutingRule) *v2.RoutingRule {
	out := &v2.RoutingRule{
		RoutingRuleId: set(r.ID), RoutingRuleArn: set(control.RoutingRuleARN(c.Scope, d, r.ID)), Priority: new(r.Priority), Conditions: []*v2.RoutingRuleCondition{},
		Actions: []*v2.RoutingRuleAction{{InvokeApi: &v2.RoutingRuleActionInvokeApi{ApiId: set(r.API), Stage: set(r.Stage), StripBasePath: new(r.StripBasePath)}}},
	}
	for _, condition := range r.Headers {
		match := &v2.RoutingRuleMatchHeaders{}
		for _, m := range condition {
			match.AnyOf = append(match.AnyOf, &v2.RoutingRuleMatchHeaderValue{Header: set(m.Header), ValueGlob: set(m.Glob)})
		}
		out.Conditions = append(out.Conditions, &v2.RoutingRuleCondition{MatchHeaders: match})
	}
	if len(r.BasePaths) > 0 {
		out.Conditions = append(out.Conditions, &v2.RoutingRuleCondition{MatchBasePaths: &v2.RoutingRuleMatchBasePaths{AnyOf: r.BasePaths}})
	}
	return out
}

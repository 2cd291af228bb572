package awsapi

import (
	"context"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/elbv2"
	"github.com/gatehouse/gatehouse/internal/control"
)

func (o balancers) createTargetGroup(ctx context.Context, c *Call, in *elbv2.CreateTargetGroupInput) (*elbv2.CreateTargetGroupOutput, error) {
	if err := refuseParameters(setting{"TargetControlPort: targets aren't asked for their load", in.TargetControlPort != nil}, setting{"Matcher.GrpcCode", in.Matcher != nil && in.Matcher.GrpcCode != nil}); err != nil {
		return nil, err
	}
	tags, err := balancerTags(in.Tags)
	if err != nil {
		return nil, err
	}
	g := apigw.TargetGroup{
		Name: *in.Name, Protocol: val(in.Protocol), Version: val(in.ProtocolVersion), Port: val(in.Port), VPC: val(in.VpcId), TargetType: val(in.TargetType),
		IPAddressType: val(in.IpAddressType), Tags: tags,
	}
	made, err := o.c.CreateTargetGroup(ctx, c.Scope, g, control.HealthChange{
		Enabled: in.HealthCheckEnabled, Protocol: val(in.HealthCheckProtocol), Port: val(in.HealthCheckPort), Path: val(in.HealthCheckPath), Matcher: matcherOf(in.Matcher),
		IntervalSeconds: val(in.HealthCheckIntervalSeconds), TimeoutSeconds: val(in.HealthCheckTimeoutSeconds),
		HealthyThreshold: val(in.HealthyThresholdCount), UnhealthyThreshold: val(in.UnhealthyThresholdCount),
	})
	if err != nil {
		return nil, err
	}
	return &elbv2.CreateTargetGroupOutput{TargetGroups: []*elbv2.TargetGroup{groupView(made, nil)}}, nil
}

func matcherOf(m *elbv2.Matcher) string {
	if m == nil {
		return ""
	}
	return val(m.HttpCode)
}

func (o balancers) modifyTargetGroup(ctx context.Context, c *Call, in *elbv2.ModifyTargetGroupInput) (*elbv2.ModifyTargetGroupOutput, error) {
	if err := refuseParameters(setting{"Matcher.GrpcCode", in.Matcher != nil && in.Matcher.GrpcCode != nil}); err != nil {
		return nil, err
	}
	g, err := o.c.ModifyTargetGroup(ctx, c.Scope, apigw.ARN(*in.TargetGroupArn), control.HealthChange{
		Enabled: in.HealthCheckEnabled, Protocol: val(in.HealthCheckProtocol), Port: val(in.HealthCheckPort), Path: val(in.HealthCheckPath), Matcher: matcherOf(in.Matcher),
		IntervalSeconds: val(in.HealthCheckIntervalSeconds), TimeoutSeconds: val(in.HealthCheckTimeoutSeconds),
		HealthyThreshold: val(in.HealthyThresholdCount), UnhealthyThreshold: val(in.UnhealthyThresholdCount),
	})
	if err != nil {
		return nil, err
	}
	users, err := o.c.GroupUsers(ctx, c.Scope)
	if err != nil {
		return nil, err
	}
	return &elbv2.ModifyTargetGroupOutput{TargetGroups: []*elbv2.TargetGroup{groupView(g, users[g.ARN])}}, nil
}

func groupView(g *apigw.TargetGroup, users []apigw.ARN) *elbv2.TargetGroup {
	h := &g.Health
	v := &elbv2.TargetGroup{
		TargetGroupArn: set(g.ARN), TargetGroupName: &g.Name, Protocol: set(g.Protocol), ProtocolVersion: set(g.Version), VpcId: set(g.VPC), TargetType: &g.TargetType, IpAddressType: set(g.IPAddressType),
		HealthCheckEnabled: &h.Enabled, HealthCheckProtocol: set(h.Protocol), HealthCheckPort: set(h.Port), HealthCheckPath: set(h.Path), HealthCheckIntervalSeconds: &h.IntervalSeconds,
		HealthCheckTimeoutSeconds: &h.TimeoutSeconds, HealthyThresholdCount: &h.HealthyThreshold, UnhealthyThresholdCount: &h.UnhealthyThreshold, LoadBalancerArns: []string{},
	}
	if g.Port != 0 {
		v.Port = &g.Port
	}
	if h.Matcher != "" {
		v.Matcher = &elbv2.Matcher{HttpCode: &h.Matcher}
	}
	for _, arn := range users {
		v.LoadBalancerArns = append(v.LoadBalancerArns, string(arn))
	}
	return v
}

func (o balancers) describeTargetGroups(ctx context.Context, c *Call, in *elbv2.DescribeTargetGroupsInput) (*elbv2.DescribeTargetGroupsOutput, error) {
	list, err := o.c.TargetGroups(ctx, c.Scope)
	if err != nil {
		return nil, err
	}
	users, err := o.c.GroupUsers(ctx, c.Scope)
	if err != nil {
		return nil, err
	}
	if in.LoadBalancerArn != nil {
		if len(in.TargetGroupArns)+len(in.Names) > 0 {
			return nil, balancerError("ValidationError", "Target groups can be specified by a load balancer ARN, by names or by ARNs")
		}
		b, err := o.c.LoadBalancer(ctx, c.Scope, apigw.ARN(*in.LoadBalancerArn))
		if err != nil {
			return nil, err
		}
		list = slices.DeleteFunc(list, func(g *apigw.TargetGroup) bool { return !slices.Contains(users[g.ARN], b.ARN) })
	}
	list, err = pick(list, in.TargetGroupArns, in.Names, func(g *apigw.TargetGroup) (apigw.ARN, string) { return g.ARN, g.Name }, "TargetGroupNotFound", "Target groups")
	if err != nil {
		return nil, err
	}
	page, next, err := balancerPage(in.Marker, in.PageSize, list, func(g *apigw.TargetGroup) string { return g.Name })
	if err != nil {
		return nil, err
	}
	out := &elbv2.DescribeTargetGroupsOutput{TargetGroups: []*elbv2.TargetGroup{}, NextMarker: next}
	for _, g := range page {
		out.TargetGroups = append(out.TargetGroups, groupView(g, users[g.ARN]))
	}
	return out, nil
}

func (o balancers) deleteTargetGroup(ctx context.Context, c *Call, in *elbv2.DeleteTargetGroupInput) (*elbv2.DeleteTargetGroupOutput, error) {
	return &elbv2.DeleteTargetGroupOutput{}, o.c.DeleteTargetGroup(ctx, c.Scope, apigw.ARN(*in.TargetGroupArn))
}

func groupAttributesView(g *apigw.TargetGroup) (list []*elbv2.TargetGroupAttribute) {
	for _, s := range g.Settings() {
		list = append(list, &elbv2.TargetGroupAttribute{Key: &s.Key, Value: &s.Value})
	}
	return list
}

func (o balancers) describeTargetGroupAttributes(ctx context.Context, c *Call, in *elbv2.DescribeTargetGroupAttributesInput) (*elbv2.DescribeTargetGroupAttributesOutput, error) {
	g, err := o.c.TargetGroup(ctx, c.Scope, apigw.ARN(*in.TargetGroupArn))
	if err != nil {
		return nil, err
	}
	return &elbv2.DescribeTargetGroupAttributesOutput{Attributes: groupAttributesView(g)}, nil
}

func (o balancers) modifyTargetGroupAttributes(ctx context.Context, c *Call, in *elbv2.ModifyTargetGroupAttributesInput) (*elbv2.ModifyTargetGroupAttributesOutput, error) {
	m, err := attributesOf(in.Attributes, func(a *elbv2.TargetGroupAttribute) (*string, *string) { return a.Key, a.Value })
	if err != nil {
		return nil, err
	}
	g, err := o.c.ModifyTargetGroupAttributes(ctx, c.Scope, apigw.ARN(*in.TargetGroupArn), m)
	if err != nil {
		return nil, err
	}
	return &elbv2.ModifyTargetGroupAttributesOutput{Attributes: groupAttributesView(g)}, nil
}

package awsapi

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/elbv2"
	"github.com/gatehouse/gatehouse/internal/awsapi/wire"
	"github.com/gatehouse/gatehouse/internal/control"
)

// balancers serves Elastic Load Balancing v2.
type balancers struct {
	c      *control.Control
	health func(group apigw.ARN) []apigw.TargetHealth
}

// NewBalancerOperations is what is served of Elastic Load Balancing v2: load
// balancers and target groups that VPC links lead to. Health is how this node
// sees the targets of a group; nil: it doesn't.
func NewBalancerOperations(c *control.Control, health func(group apigw.ARN) []apigw.TargetHealth) BalancerOperations {
	o := balancers{c, health}
	return BalancerOperations{
		CreateLoadBalancer: o.createLoadBalancer, DescribeLoadBalancers: o.describeLoadBalancers, DeleteLoadBalancer: o.deleteLoadBalancer,
		DescribeLoadBalancerAttributes: o.describeLoadBalancerAttributes, ModifyLoadBalancerAttributes: o.modifyLoadBalancerAttributes,
		DescribeCapacityReservation: o.describeCapacityReservation, DescribeAccountLimits: o.describeAccountLimits,
		SetSubnets: o.setSubnets, SetSecurityGroups: o.setSecurityGroups, SetIpAddressType: o.setIPAddressType,

		CreateListener: o.createListener, DescribeListeners: o.describeListeners, ModifyListener: o.modifyListener, DeleteListener: o.deleteListener,
		DescribeListenerAttributes: o.describeListenerAttributes, ModifyListenerAttributes: o.modifyListenerAttributes,
		AddListenerCertificates: o.addListenerCertificates, DescribeListenerCertificates: o.describeListenerCertificates, RemoveListenerCertificates: o.removeListenerCertificates,

		CreateRule: o.createRule, DescribeRules: o.describeRules, ModifyRule: o.modifyRule, DeleteRule: o.deleteRule, SetRulePriorities: o.setRulePriorities,

		CreateTargetGroup: o.createTargetGroup, DescribeTargetGroups: o.describeTargetGroups, ModifyTargetGroup: o.modifyTargetGroup, DeleteTargetGroup: o.deleteTargetGroup,
		DescribeTargetGroupAttributes: o.describeTargetGroupAttributes, ModifyTargetGroupAttributes: o.modifyTargetGroupAttributes,
		RegisterTargets: o.registerTargets, DeregisterTargets: o.deregisterTargets, DescribeTargetHealth: o.describeTargetHealth,

		AddTags: o.addTags, RemoveTags: o.removeTags, DescribeTags: o.describeTags,
	}
}

// balancerError is an error with one of the service's own names.
func balancerError(code, format string, args ...any) error {
	return apigw.Coded(apigw.BadRequest, code, format, args...)
}

// givenARN is the parameter that holds the ARN that a call is about, by
// operation (service authorization reference, "Elastic Load Balancing V2").
// Operations that aren't here are allowed on everything, as AWS's reads are.
var givenARN = map[string]string{
	"CreateListener": "LoadBalancerArn", "DeleteLoadBalancer": "LoadBalancerArn", "ModifyLoadBalancerAttributes": "LoadBalancerArn",
	"SetSubnets": "LoadBalancerArn", "SetSecurityGroups": "LoadBalancerArn", "SetIpAddressType": "LoadBalancerArn",
	"CreateRule": "ListenerArn", "DeleteListener": "ListenerArn", "ModifyListener": "ListenerArn", "ModifyListenerAttributes": "ListenerArn",
	"AddListenerCertificates": "ListenerArn", "RemoveListenerCertificates": "ListenerArn",
	"DeleteRule": "RuleArn", "ModifyRule": "RuleArn", "SetRulePriorities": "RulePriorities.member.1.RuleArn",
	"DeleteTargetGroup": "TargetGroupArn", "ModifyTargetGroup": "TargetGroupArn", "ModifyTargetGroupAttributes": "TargetGroupArn",
	"RegisterTargets": "TargetGroupArn", "DeregisterTargets": "TargetGroupArn",
	"AddTags": "ResourceArns.member.1", "RemoveTags": "ResourceArns.member.1",
}

// balancerResource is what a call's permission is asked for: the ARN that it
// names, the one that will be made, or everything. A parameter that is given
// twice is refused when it is decoded.
func balancerResource(c *Call, form []wire.QueryParameter) apigw.ARN {
	prefix := "arn:" + c.Scope.Partition + ":elasticloadbalancing:" + c.Scope.Region + ":" + c.Scope.Account + ":"
	switch c.Operation {
	case "CreateTargetGroup":
		return apigw.ARN(prefix + "targetgroup/" + given(form, "Name") + "/*")
	case "CreateLoadBalancer":
		kind := "app"
		if given(form, "Type") == apigw.BalancerNetwork {
			kind = "net"
		}
		return apigw.ARN(prefix + "loadbalancer/" + kind + "/" + given(form, "Name") + "/*")
	}
	if arn := given(form, givenARN[c.Operation]); strings.HasPrefix(arn, "arn:") {
		return apigw.ARN(arn)
	}
	return "*"
}

// mayAll asks for the call's action on the further things that it names.
func mayAll[T ~string](c *Call, arns []T) error {
	for _, arn := range arns {
		if apigw.ARN(arn) == c.Resource {
			continue
		}
		if err := c.May(c.Action, apigw.ARN(arn)); err != nil {
			return err
		}
	}
	return nil
}

// maxBalancerPage is the most that a page has (reference: PageSize).
const maxBalancerPage = 400

// balancerPage is the part of a list that a call asks for, sorted by key.
func balancerPage[T any](marker *string, size *int, rows []T, key func(T) string) ([]T, *string, error) {
	p := Page{Limit: maxBalancerPage}
	if size != nil {
		p.Limit = *size
	}
	if val(marker) != "" {
		text, err := base64.StdEncoding.DecodeString(*marker)
		after, ours := strings.CutPrefix(string(text), positionPrefix)
		if err != nil || !ours {
			return nil, nil, balancerError("ValidationError", "Invalid marker '%.100s'", *marker)
		}
		p.After = after
	}
	page, next := Paginate(p, rows, key)
	return page, next, nil
}

// inOrder is the key that rows are sorted by that a call names one by one: two of
// them may have nothing else that tells them apart.
func inOrder[T comparable](rows []T) func(T) string {
	at := map[T]string{}
	for i, row := range rows {
		at[row] = fmt.Sprintf("%05d", i)
	}
	return func(row T) string { return at[row] }
}

// balancerTags are the tags of a call that makes something.
func balancerTags(list []*elbv2.Tag) (map[string]string, error) {
	tags := map[string]string{}
	for _, t := range list {
		if _, twice := tags[*t.Key]; twice {
			return nil, balancerError("DuplicateTagKeys", "The tag key '%s' is specified twice", *t.Key)
		}
		tags[*t.Key] = val(t.Value)
	}
	return tags, nil
}

func (o balancers) createLoadBalancer(ctx context.Context, c *Call, in *elbv2.CreateLoadBalancerInput) (*elbv2.CreateLoadBalancerOutput, error) {
	if val(in.Scheme) != "internal" { // AWS's default is internet-facing
		return nil, balancerError("InvalidScheme", "Load balancers open no port here: VPC links alone lead to them. Say Scheme 'internal' (--scheme internal)")
	}
	if err := refuseParameters(
		setting{"CustomerOwnedIpv4Pool", in.CustomerOwnedIpv4Pool != nil}, setting{"EnablePrefixForIpv6SourceNat 'on'", val(in.EnablePrefixForIpv6SourceNat) == "on"},
		setting{"IpamPools", in.IpamPools != nil}); err != nil {
		return nil, err
	}
	subnets, err := subnetsOf(in.Subnets, in.SubnetMappings)
	if err != nil {
		return nil, err
	}
	tags, err := balancerTags(in.Tags)
	if err != nil {
		return nil, err
	}
	b, err := o.c.CreateLoadBalancer(ctx, c.Scope, apigw.LoadBalancer{
		Name: *in.Name, Type: val(in.Type), Subnets: subnets, SecurityGroups: in.SecurityGroups, IPAddressType: val(in.IpAddressType), Tags: tags,
	})
	if err != nil {
		return nil, err
	}
	return &elbv2.CreateLoadBalancerOutput{LoadBalancers: []*elbv2.LoadBalancer{o.balancerView(b)}}, nil
}

// Hosted zones of load balancers' names in us-east-1 (general reference, "Elastic
// Load Balancing endpoints"). Nothing here is found by them.
var balancerZones = map[string]string{apigw.BalancerApplication: "Z35SXDOTRQ7X7K", apigw.BalancerNetwork: "Z26RNL4JYFTOTI"}

func (o balancers) balancerView(b *apigw.LoadBalancer) *elbv2.LoadBalancer {
	v := &elbv2.LoadBalancer{
		LoadBalancerArn: set(b.ARN), DNSName: &b.DNSName, CanonicalHostedZoneId: new(balancerZones[b.Type]), CreatedTime: &b.Created, LoadBalancerName: &b.Name, Scheme: new("internal"),
		VpcId: set(b.VPC), State: &elbv2.LoadBalancerState{Code: new("active")}, Type: &b.Type, SecurityGroups: b.SecurityGroups, IpAddressType: &b.IPAddressType,
		AvailabilityZones: o.zonesView(b), EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: set(b.PrivateLinkRules),
	}
	return v
}

func (o balancers) describeLoadBalancers(ctx context.Context, c *Call, in *elbv2.DescribeLoadBalancersInput) (*elbv2.DescribeLoadBalancersOutput, error) {
	all, err := o.c.LoadBalancers(ctx, c.Scope)
	if err != nil {
		return nil, err
	}
	list, err := pick(all, in.LoadBalancerArns, in.Names, func(b *apigw.LoadBalancer) (apigw.ARN, string) { return b.ARN, b.Name }, "LoadBalancerNotFound", "Load balancers")
	if err != nil {
		return nil, err
	}
	page, next, err := balancerPage(in.Marker, in.PageSize, list, func(b *apigw.LoadBalancer) string { return b.Name })
	if err != nil {
		return nil, err
	}
	out := &elbv2.DescribeLoadBalancersOutput{LoadBalancers: []*elbv2.LoadBalancer{}, NextMarker: next}
	for _, b := range page {
		out.LoadBalancers = append(out.LoadBalancers, o.balancerView(b))
	}
	return out, nil
}

// pick is the part of a list that a call names by ARNs or by names: all of it
// when it names none. One that isn't there is refused.
func pick[T any](all []T, arns, names []string, of func(T) (apigw.ARN, string), code, what string) (list []T, err error) {
	if len(arns) > 0 && len(names) > 0 {
		return nil, balancerError("ValidationError", "%s can be specified either by names or by ARNs", what)
	}
	if len(arns)+len(names) == 0 {
		return all, nil
	}
	missing := slices.Concat(arns, names)
	for _, v := range all {
		arn, name := of(v)
		if !slices.Contains(arns, string(arn)) && !slices.Contains(names, name) {
			continue
		}
		list = append(list, v)
		missing = slices.DeleteFunc(missing, func(m string) bool { return m == string(arn) || m == name })
	}
	if len(missing) > 0 {
		return nil, balancerError(code, "%s '[%.300s]' not found", what, strings.Join(missing, ", "))
	}
	return list, nil
}

func (o balancers) deleteLoadBalancer(ctx context.Context, c *Call, in *elbv2.DeleteLoadBalancerInput) (*elbv2.DeleteLoadBalancerOutput, error) {
	return &elbv2.DeleteLoadBalancerOutput{}, o.c.DeleteLoadBalancer(ctx, c.Scope, apigw.ARN(*in.LoadBalancerArn))
}

func (o balancers) describeLoadBalancerAttributes(ctx context.Context, c *Call, in *elbv2.DescribeLoadBalancerAttributesInput) (*elbv2.DescribeLoadBalancerAttributesOutput, error) {
	b, err := o.c.LoadBalancer(ctx, c.Scope, apigw.ARN(*in.LoadBalancerArn))
	if err != nil {
		return nil, err
	}
	return &elbv2.DescribeLoadBalancerAttributesOutput{Attributes: balancerAttributesView(b)}, nil
}

func balancerAttributesView(b *apigw.LoadBalancer) (list []*elbv2.LoadBalancerAttribute) {
	for _, s := range b.Settings() {
		list = append(list, &elbv2.LoadBalancerAttribute{Key: &s.Key, Value: &s.Value})
	}
	return list
}

// attributesOf are the attributes that a call sets, each once.
func attributesOf[T any](list []T, of func(T) (key, value *string)) (map[string]string, error) {
	m := map[string]string{}
	for _, v := range list {
		key, value := of(v)
		if _, twice := m[val(key)]; twice {
			return nil, balancerError("ValidationError", "The attribute key '%s' is specified twice", val(key))
		}
		m[val(key)] = val(value)
	}
	return m, nil
}

func (o balancers) modifyLoadBalancerAttributes(ctx context.Context, c *Call, in *elbv2.ModifyLoadBalancerAttributesInput) (*elbv2.ModifyLoadBalancerAttributesOutput, error) {
	m, err := attributesOf(in.Attributes, func(a *elbv2.LoadBalancerAttribute) (*string, *string) { return a.Key, a.Value })
	if err != nil {
		return nil, err
	}
	b, err := o.c.ModifyLoadBalancerAttributes(ctx, c.Scope, apigw.ARN(*in.LoadBalancerArn), m)
	if err != nil {
		return nil, err
	}
	return &elbv2.ModifyLoadBalancerAttributesOutput{Attributes: balancerAttributesView(b)}, nil
}

// describeCapacityReservation: nobody reserves capacity here. Terraform asks.
func (o balancers) describeCapacityReservation(ctx context.Context, c *Call, in *elbv2.DescribeCapacityReservationInput) (*elbv2.DescribeCapacityReservationOutput, error) {
	if _, err := o.c.LoadBalancer(ctx, c.Scope, apigw.ARN(*in.LoadBalancerArn)); err != nil {
		return nil, err
	}
	return &elbv2.DescribeCapacityReservationOutput{CapacityReservationState: []*elbv2.ZonalCapacityReservationState{}}, nil
}

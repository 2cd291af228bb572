package awsapi

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/elbv2"
)

// subnetsOf are the subnets of a load balancer, which are given in one of two ways.
func subnetsOf(ids []string, mappings []*elbv2.SubnetMapping) ([]string, error) {
	if len(mappings) == 0 {
		return ids, nil
	}
	if len(ids) > 0 {
		return nil, balancerError("ValidationError", "Either subnets or subnet mappings can be specified")
	}
	var list []string
	for _, m := range mappings {
		if err := refuseParameters(
			setting{"SubnetMappings.AllocationId: load balancers open no port", m.AllocationId != nil}, setting{"SubnetMappings.PrivateIPv4Address: load balancers open no port", m.PrivateIPv4Address != nil},
			setting{"SubnetMappings.IPv6Address: load balancers open no port", m.IPv6Address != nil}, setting{"SubnetMappings.SourceNatIpv6Prefix", m.SourceNatIpv6Prefix != nil}); err != nil {
			return nil, err
		}
		list = append(list, val(m.SubnetId))
	}
	return list, nil
}

func (o balancers) zonesView(b *apigw.LoadBalancer) []*elbv2.AvailabilityZone {
	list := []*elbv2.AvailabilityZone{}
	for _, id := range b.Subnets {
		list = append(list, &elbv2.AvailabilityZone{SubnetId: &id, ZoneName: set(o.c.SubnetZone(id)), LoadBalancerAddresses: []*elbv2.LoadBalancerAddress{}})
	}
	return list
}

func (o balancers) setSubnets(ctx context.Context, c *Call, in *elbv2.SetSubnetsInput) (*elbv2.SetSubnetsOutput, error) {
	if err := refuseParameters(setting{"EnablePrefixForIpv6SourceNat 'on'", val(in.EnablePrefixForIpv6SourceNat) == "on"}); err != nil {
		return nil, err
	}
	subnets, err := subnetsOf(in.Subnets, in.SubnetMappings)
	if err != nil {
		return nil, err
	}
	b, err := o.c.SetSubnets(ctx, c.Scope, apigw.ARN(*in.LoadBalancerArn), subnets, val(in.IpAddressType))
	if err != nil {
		return nil, err
	}
	return &elbv2.SetSubnetsOutput{AvailabilityZones: o.zonesView(b), IpAddressType: &b.IPAddressType}, nil
}

func (o balancers) setSecurityGroups(ctx context.Context, c *Call, in *elbv2.SetSecurityGroupsInput) (*elbv2.SetSecurityGroupsOutput, error) {
	b, err := o.c.SetSecurityGroups(ctx, c.Scope, apigw.ARN(*in.LoadBalancerArn), in.SecurityGroups, val(in.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic))
	if err != nil {
		return nil, err
	}
	return &elbv2.SetSecurityGroupsOutput{SecurityGroupIds: b.SecurityGroups, EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: set(b.PrivateLinkRules)}, nil
}

func (o balancers) setIPAddressType(ctx context.Context, c *Call, in *elbv2.SetIpAddressTypeInput) (*elbv2.SetIpAddressTypeOutput, error) {
	b, err := o.c.SetIPAddressType(ctx, c.Scope, apigw.ARN(*in.LoadBalancerArn), *in.IpAddressType)
	if err != nil {
		return nil, err
	}
	return &elbv2.SetIpAddressTypeOutput{IpAddressType: &b.IPAddressType}, nil
}

package control

import (
	"net/netip"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// checkBalancerPlace checks the subnets and security groups of a load
// balancer, and notes its VPC.
func (e *balancerEdit) checkBalancerPlace(b *apigw.LoadBalancer) error {
	distinct := slices.Compact(slices.Sorted(slices.Values(b.Subnets)))
	switch {
	case e.declaring && len(b.Subnets) == 0: // one's own network needs none
	case len(distinct) < len(b.Subnets):
		return invalidBalancing("A load balancer cannot be attached to a subnet twice")
	case len(distinct) < 2 && b.Type == apigw.BalancerApplication && e.declaring:
		return invalid("subnets: an application load balancer has two or more, in different availability zones; or leave them out: here it needs none")
	case len(distinct) < 2 && b.Type == apigw.BalancerApplication:
		return invalid("At least two subnets in two different Availability Zones must be specified")
	case len(distinct) == 0:
		return invalid("At least one subnet must be specified")
	}
	zones := map[string]bool{}
	for _, id := range b.Subnets {
		s, err := e.network.Subnet(id)
		if err != nil {
			return balancerNetworkError(err, "InvalidSubnet", "SubnetNotFound")
		}
		defaultTo(&b.VPC, s.VPC)
		if s.VPC != b.VPC {
			return invalidBalancing("All subnets must belong to the same VPC: '%s'", b.VPC)
		}
		if s.Zone != "" && zones[s.Zone] {
			return invalidBalancing("A load balancer cannot be attached to multiple subnets in the same Availability Zone")
		}
		zones[s.Zone] = true
	}
	defaultTo(&b.VPC, apigw.DevelopmentVPC)
	return e.checkBalancerGroups(b)
}

// checkBalancerGroups checks the security groups of a load balancer, and what it
// does with them.
func (e *balancerEdit) checkBalancerGroups(b *apigw.LoadBalancer) error {
	switch b.PrivateLinkRules {
	case "":
	case "on", "off":
		if b.Type != apigw.BalancerNetwork || len(b.SecurityGroups) == 0 {
			return invalidBalancing("EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic is for network load balancers with security groups")
		}
	default:
		return invalid("EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic '%.100s' is neither 'on' nor 'off'", b.PrivateLinkRules)
	}
	if repeats(b.SecurityGroups) {
		return apigw.Coded(apigw.BadRequest, "InvalidSecurityGroup", "A security group cannot be specified twice")
	}
	for _, id := range b.SecurityGroups {
		g, err := e.network.SecurityGroup(id)
		if err != nil {
			return balancerNetworkError(err, "InvalidSecurityGroup", "InvalidSecurityGroup")
		}
		if e.network.Declared() && g.VPC != b.VPC {
			return apigw.Coded(apigw.BadRequest, "InvalidSecurityGroup", "Security group '%s' is not in the VPC '%s' of the load balancer", id, b.VPC)
		}
	}
	return nil
}

// balancerNetworkError is an error of the network under this service's names for
// an ID that is malformed, and one that isn't there.
func balancerNetworkError(err error, malformed, missing string) error {
	code := malformed
	if apigw.KindOf(err) == apigw.NotFound {
		code = missing
	}
	return apigw.Coded(apigw.BadRequest, code, "%v", err)
}

// checkGroupVPC: the VPC of a new target group is there.
func (e *balancerEdit) checkGroupVPC(g *apigw.TargetGroup) error {
	if g.VPC == "" {
		if g.TargetType == apigw.TargetLambda {
			return nil
		}
		return invalid("A VPC ID must be specified")
	}
	if _, err := e.network.VPC(g.VPC); err != nil {
		return invalid("The VPC ID '%.100s' is not found", g.VPC)
	}
	return nil
}

// sameVPC: targets are where the load balancer is. Without a declared network,
// everything is.
func (e *balancerEdit) sameVPC(b *apigw.LoadBalancer, g *apigw.TargetGroup) error {
	if !e.network.Declared() || g.TargetType == apigw.TargetLambda || b.VPC == g.VPC {
		return nil
	}
	return invalidBalancing("The following target groups are in a different VPC than load balancer '%s': %s", b.ARN, g.ARN)
}

// mayBeTarget says whether an address may be a target of g.
func (e *balancerEdit) mayBeTarget(g *apigw.TargetGroup, addr netip.Addr) bool {
	if inNetworks(targetNetworks, addr) {
		return true
	}
	vpc, err := e.network.VPC(g.VPC)
	return err == nil && e.network.Declared() && inNetworks(vpc.Networks, addr)
}

// checkInstance: the network says which address an instance has.
func (e *balancerEdit) checkInstance(g *apigw.TargetGroup, t *apigw.Target) error {
	i, err := e.network.Instance(t.ID)
	switch {
	case err != nil:
		return invalidTarget("%v", err)
	case i.VPC != g.VPC:
		return invalidTarget("The following targets are not in the target group VPC '%s': '%s'", g.VPC, t.ID)
	case i.Address.Is4() != (g.IPAddressType == "ipv4"):
		return invalidTarget("The address of the target '%s' is not of the type '%s'", t.ID, g.IPAddressType)
	}
	t.Address = i.Address
	return nil
}

// SubnetZone is the availability zone of a subnet; empty when none is declared.
func (c *Control) SubnetZone(id string) string {
	s, err := c.network.Subnet(id)
	if err != nil {
		return ""
	}
	return s.Zone
}

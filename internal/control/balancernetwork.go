package control

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// SetSubnets puts a load balancer into other subnets of its VPC instead of those
// it was in (reference, SetSubnets). Without an address type it keeps its own.
func (c *Control) SetSubnets(ctx context.Context, scope apigw.Scope, arn apigw.ARN, subnets []string, addresses string) (*apigw.LoadBalancer, error) {
	return c.moveBalancer(ctx, scope, arn, func(b *apigw.LoadBalancer) error {
		b.Subnets = subnets
		if addresses != "" {
			b.IPAddressType = addresses
		}
		return nil
	})
}

// SetSecurityGroups replaces a load balancer's security groups (reference,
// SetSecurityGroups: not those of a Network Load Balancer that was made without),
// and says, unless privateLink is empty, whether they are asked about links of
// version 1: on or off.
func (c *Control) SetSecurityGroups(ctx context.Context, scope apigw.Scope, arn apigw.ARN, groups []string, privateLink string) (*apigw.LoadBalancer, error) {
	return c.moveBalancer(ctx, scope, arn, func(b *apigw.LoadBalancer) error {
		switch {
		case b.Type == apigw.BalancerNetwork && len(b.SecurityGroups) == 0:
			return invalidBalancing("Security groups cannot be set for Network Load Balancer '%s', which was created without any", arn)
		case len(groups) == 0: // none would stand for a VPC's default one, which isn't declared
			return apigw.Coded(apigw.BadRequest, "InvalidSecurityGroup", "At least one security group must be specified")
		}
		b.SecurityGroups = groups
		if privateLink != "" {
			b.PrivateLinkRules = privateLink
		}
		return nil
	})
}

// SetIPAddressType says which addresses a load balancer has, which nothing here
// connects to.
func (c *Control) SetIPAddressType(ctx context.Context, scope apigw.Scope, arn apigw.ARN, addresses string) (*apigw.LoadBalancer, error) {
	return c.moveBalancer(ctx, scope, arn, func(b *apigw.LoadBalancer) error {
		b.IPAddressType = addresses
		return nil
	})
}

// moveBalancer changes where in the network a load balancer is.
func (c *Control) moveBalancer(ctx context.Context, scope apigw.Scope, arn apigw.ARN, change func(*apigw.LoadBalancer) error) (b *apigw.LoadBalancer, err error) {
	err = c.editBalancers(ctx, scope, func(e *balancerEdit) error {
		if b, err = e.balancerToChange("loadbalancer", arn); err != nil {
			return err
		}
		if err := change(b); err != nil {
			return err
		}
		if err := e.checkBalancer(b); err != nil {
			return err
		}
		e.writeBalancer(b)
		return nil
	})
	return b, err
}

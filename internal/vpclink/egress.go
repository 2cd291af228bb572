package vpclink

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// loopback is who connects to load balancers over a link without subnets that
// are declared: this process.
var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// source is who connects to a load balancer over l. On AWS that is a network
// interface in one of the link's subnets, never the API's client, who is told by
// fields alone. A link of version 1 has no subnets, nor has one where no network is
// declared.
func (b *Book) source(l *Link) netip.Addr {
	if addr, ok := b.addressIn(l.Subnets); ok {
		return addr
	}
	return loopback
}

// addressIn is the address that stands for what has network interfaces in subnets:
// the first one of the first subnet that AWS wouldn't keep for itself (VPC user
// guide, "Subnet CIDR blocks": the first four). Not ok: nobody knows one.
func (b *Book) addressIn(subnets []string) (netip.Addr, bool) {
	if len(subnets) == 0 || !b.config.Network.Declared() {
		return netip.Addr{}, false
	}
	s, err := b.config.Network.Subnet(subnets[0])
	if err != nil || !s.Network.IsValid() {
		return netip.Addr{}, false
	}
	addr := s.Network.Masked().Addr()
	for range 4 {
		addr = addr.Next()
	}
	if !s.Network.Contains(addr) {
		return s.Network.Addr(), true
	}
	return addr, true
}

// egress is what the security groups of l let it connect to, and a name for
// them; nil: everything. On AWS they stand between the link and the load
// balancer. Here one need not have an address of its own, so that the link's
// groups are asked of the targets.
func (b *Book) egress(l *Link) (integration.Egress, string, error) {
	if len(l.SecurityGroups) == 0 || !b.config.Network.Declared() {
		return nil, "", nil
	}
	groups, err := b.securityGroups(l.SecurityGroups)
	if err != nil {
		return nil, "", fmt.Errorf("VPC link %s carries a security group that isn't there: %w", l.ID, err)
	}
	return func(_ string, to netip.AddrPort) error {
		if !groups.Release(to.Addr(), to.Port()) {
			return &integration.NowhereError{Err: fmt.Errorf("the security groups of VPC link %s (%s) allow no connections to %s", l.ID, strings.Join(l.SecurityGroups, ", "), to)}
		}
		return nil
	}, strings.Join(l.SecurityGroups, " "), nil
}

// securityGroups are those that the declared network has under IDs.
func (b *Book) securityGroups(ids []string) (list apigw.SecurityGroups, err error) {
	for _, id := range ids {
		g, err := b.config.Network.SecurityGroup(id)
		if err != nil {
			return nil, err
		}
		list = append(list, g)
	}
	return list, nil
}

package vpclink

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// guarded is a declared network whose links connect from 10.1.2.4, and whose load
// balancers are in 10.1.3.0/24.
func guarded(groups ...*apigw.SecurityGroup) *apigw.Network {
	n := &apigw.Network{
		VPCs: map[string]*apigw.VPC{"vpc-1": {ID: "vpc-1"}},
		Subnets: map[string]*apigw.Subnet{
			"subnet-l": {ID: "subnet-l", VPC: "vpc-1", Network: netip.MustParsePrefix("10.1.2.0/24")},
			"subnet-b": {ID: "subnet-b", VPC: "vpc-1", Network: netip.MustParsePrefix("10.1.3.0/24")},
		},
		SecurityGroups: map[string]*apigw.SecurityGroup{},
	}
	for _, g := range groups {
		g.VPC = "vpc-1"
		n.SecurityGroups[g.ID] = g
	}
	return n
}

// securityGroup lets in and out by one rule each.
func securityGroup(id string, port uint16, from, to string) *apigw.SecurityGroup {
	return &apigw.SecurityGroup{
		ID:      id,
		Ingress: []apigw.SecurityRule{{FirstPort: port, LastPort: port, Networks: []netip.Prefix{netip.MustParsePrefix(from)}}},
		Egress:  []apigw.SecurityRule{{LastPort: 65535, Networks: []netip.Prefix{netip.MustParsePrefix(to)}}},
	}
}

// guardNetwork has groups that let all, or one of the things through that a call
// over a link needs.
func guardNetwork() *apigw.Network {
	return guarded(
		securityGroup("sg-fit", 80, "10.1.2.0/24", "127.0.0.0/8"), securityGroup("sg-port", 81, "10.1.2.0/24", "127.0.0.0/8"),
		securityGroup("sg-from", 80, "10.9.0.0/16", "127.0.0.0/8"), securityGroup("sg-to", 80, "10.1.2.0/24", "10.9.0.0/16"),
		securityGroup("sg-all", 80, "0.0.0.0/0", "0.0.0.0/0"), securityGroup("sg-nlb", 80, "10.1.3.4/32", "0.0.0.0/0"),
	)
}

// wantNowhere wants a call that got nowhere, and why in words.
func wantNowhere(t *testing.T, a answer, why string) {
	t.Helper()
	if a.fault == nil || !strings.Contains(a.fault.Cause.Error(), why) {
		t.Errorf("%+v, not %q", a, why)
		return
	}
	if _, nowhere := errors.AsType[*integration.NowhereError](a.fault.Cause); !nowhere { // what HTTP APIs answer 503 for
		t.Errorf("%T %v", a.fault.Cause, a.fault.Cause)
	}
}

// TestGroupsOfBalancers: an Application Load Balancer's security groups admit the
// link and let it reach its targets (Application Load Balancers, "Security groups");
// without any it carries its VPC's default one (VPC user guide, "Default security
// groups for your VPCs").
func TestGroupsOfBalancers(t *testing.T) {
	addr := addressOf(t, answered(t, "one"))
	for _, tc := range []struct {
		name           string
		groups, link   []string
		nowhere        bool // the load balancer is in no subnet
		fails, timeout string
	}{
		{name: "let through", groups: []string{"sg-fit"}, link: []string{"sg-all"}},
		{name: "let through by two", groups: []string{"sg-from", "sg-fit"}},
		{name: "another port", groups: []string{"sg-port"}, fails: "load balancer front (sg-port) admit no connections from 10.1.2.4, as which VPC link v2link connects, to port 80"},
		{name: "another source", groups: []string{"sg-from"}, fails: "(sg-from) admit no connections"},
		{name: "other targets", groups: []string{"sg-to"}, timeout: "load balancer front (sg-to) allow no connections to " + addr.String()},
		{name: "unknown group", groups: []string{"sg-none"}, fails: "'sg-none' does not exist"},
		{name: "in no subnet", nowhere: true, link: []string{"sg-all"}},
		{name: "default groups of both"},
		{name: "default group of one", link: []string{"sg-all"}, fails: "carries the default security group of vpc-1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBook(t, Config{Network: guardNetwork()})
			b.SetLinks([]Link{{Scope: scope, ID: "v2link", Subnets: []string{"subnet-l"}, SecurityGroups: tc.link}})
			b.SetTargetGroups([]*apigw.TargetGroup{targetGroup(groupARN, "HTTP", target(addr))})
			lb := applicationBalancer(forwardTo(groupARN))
			lb.VPC, lb.Subnets, lb.SecurityGroups = "vpc-1", []string{"subnet-b"}, tc.groups
			if tc.nowhere {
				lb.Subnets = nil
			}
			b.SetLoadBalancers([]*apigw.LoadBalancer{lb})
			backend := b.Acquire(albPlace(t, "http://x/"))
			defer backend.Release()
			c := newCaller()
			c.x.Explain()
			a := c.send(backend, "GET http://x/")
			explained := ""
			for _, d := range c.x.Decisions() {
				explained += d.Why + "\n"
			}
			switch {
			case tc.fails != "":
				wantNowhere(t, a, tc.fails)
				if err := b.Check(albPlace(t, "http://x/")); err == nil || !strings.Contains(err.Error(), tc.fails) {
					t.Errorf("at deployment: %v", err)
				}
			case tc.timeout != "":
				if a.status != 504 || a.header.Get("Server") != "awselb/2.0" {
					t.Errorf("%+v", a)
				}
			case a.body != "one":
				t.Errorf("%+v", a)
			}
			if !strings.Contains(explained, tc.fails+tc.timeout) {
				t.Errorf("explained by %q", explained)
			}
		})
	}
}

// TestGroupsOfNetworkBalancers: those of a Network Load Balancer are asked about
// links of version 2, and about those of version 1, whose addresses AWS doesn't
// tell, unless that is turned off (developer guide, "Set up a Network Load Balancer
// for API Gateway private integrations"). One without groups has none.
func TestGroupsOfNetworkBalancers(t *testing.T) {
	addr := addressOf(t, answered(t, "one"))
	for _, tc := range []struct {
		name, link, rules string
		groups            []string
		fails             string
	}{
		{name: "no groups", link: "v1link"},
		{name: "links of version 1", link: "v1link", groups: []string{"sg-fit"}, fails: "turn off EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"},
		{name: "links of version 1, told so", link: "v1link", groups: []string{"sg-fit"}, rules: "on", fails: "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"},
		{name: "links of version 1, not asked", link: "v1link", groups: []string{"sg-fit"}, rules: "off"},
		{name: "all addresses", link: "v1link", groups: []string{"sg-all"}},
		{name: "links of version 2", link: "v2link", groups: []string{"sg-fit"}},
		{name: "links of version 2 always", link: "v2link", groups: []string{"sg-from"}, rules: "off", fails: "(sg-from) admit no connections from 10.1.2.4"},
		{name: "other targets", link: "v1link", groups: []string{"sg-to"}, rules: "off", fails: "(sg-to) allow no connections to " + addr.String()},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBook(t, Config{Network: guardNetwork()})
			b.SetLinks([]Link{{Scope: scope, ID: "v1link", Target: nlbARN}, {Scope: scope, ID: "v2link", Subnets: []string{"subnet-l"}}})
			b.SetTargetGroups([]*apigw.TargetGroup{targetGroup(groupARN, "TCP", target(addr))})
			lb := networkBalancer("TCP", 80, groupARN)
			lb.VPC, lb.Subnets, lb.SecurityGroups, lb.PrivateLinkRules = "vpc-1", []string{"subnet-b"}, tc.groups, tc.rules
			b.SetLoadBalancers([]*apigw.LoadBalancer{lb})
			a := get(t, b, Place{Scope: scope, Link: apigw.VPCLinkID(tc.link), Target: nlbARN, URI: parseURI(t, "http://x/")}, "GET http://x/")
			if tc.fails != "" {
				wantNowhere(t, a, tc.fails)
			} else if a.body != "one" {
				t.Errorf("%+v", a)
			}
		})
	}
}

// TestGroupsOfBalancersInARow: behind a Network Load Balancer, an Application Load
// Balancer sees the link's address, and the Network Load Balancer's for links of
// version 1 (Network Load Balancers, "Client IP preservation"), which in turn must be
// let out to it.
func TestGroupsOfBalancersInARow(t *testing.T) {
	addr := addressOf(t, answered(t, "one"))
	for _, tc := range []struct {
		name, link, first, second, fails string
	}{
		{name: "the link's address", link: "v2link", second: "sg-fit"},
		{name: "not the load balancer's", link: "v2link", second: "sg-nlb", fails: "(sg-nlb) admit no connections from 10.1.2.4"},
		{name: "the load balancer's address", link: "v1link", second: "sg-nlb"},
		{name: "not the link's", link: "v1link", second: "sg-fit", fails: "(sg-fit) admit no connections from 10.1.3.4, as which load balancer outer connects"},
		{name: "not let out", link: "v2link", first: "sg-fit", second: "sg-all", fails: "(sg-fit) allow no connections to 10.1.3.4:80"},
		{name: "let out", link: "v2link", first: "sg-all", second: "sg-all"},
		{name: "the default group", link: "v2link", fails: "carries the default security group"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBook(t, Config{Network: guardNetwork()})
			b.SetLinks([]Link{{Scope: scope, ID: "v1link", Target: nlbARN}, {Scope: scope, ID: "v2link", Subnets: []string{"subnet-l"}}})
			inner := targetGroup(otherARN, "TCP", apigw.Target{ID: string(albARN)})
			inner.TargetType = apigw.TargetBalancer
			b.SetTargetGroups([]*apigw.TargetGroup{targetGroup(groupARN, "HTTP", target(addr)), inner})
			outer, alb := networkBalancer("TCP", 80, otherARN), applicationBalancer(forwardTo(groupARN))
			outer.Name = "outer"
			for lb, group := range map[*apigw.LoadBalancer]string{outer: tc.first, alb: tc.second} {
				if lb.VPC, lb.Subnets = "vpc-1", []string{"subnet-b"}; group != "" {
					lb.SecurityGroups = []string{group}
				}
			}
			b.SetLoadBalancers([]*apigw.LoadBalancer{outer, alb})
			backend := b.Acquire(Place{Scope: scope, Link: apigw.VPCLinkID(tc.link), Target: nlbARN, URI: parseURI(t, "http://x/")})
			defer backend.Release()
			for range 2 { // what was found out the first time holds
				a := newCaller().send(backend, "GET http://x/")
				if tc.fails != "" {
					wantNowhere(t, a, tc.fails)
				} else if a.body != "one" {
					t.Errorf("%+v", a)
				}
			}
		})
	}
}

// TestGroupsOfBalancersChange: connections that the groups allow no more are closed,
// those of groups that calls overflow to as well, and checks fail as they do on AWS
// when nothing comes back.
func TestGroupsOfBalancersChange(t *testing.T) {
	one, two := addressOf(t, answered(t, "one")), addressOf(t, answered(t, "two"))
	b := newBook(t, Config{Network: guardNetwork()})
	b.SetLinks([]Link{{Scope: scope, ID: "v2link", Subnets: []string{"subnet-l"}}})
	first, over := checked(targetGroup(groupARN, "HTTP", target(one))), checked(targetGroup(otherARN, "HTTP", target(two)))
	first.Attributes = map[string]string{apigw.AttributeOverflowGroup: string(otherARN), apigw.AttributeOverflowAt: "1"}
	b.SetTargetGroups([]*apigw.TargetGroup{first, over})
	carry := func(group string) {
		lb := applicationBalancer(forwardTo(groupARN))
		lb.VPC, lb.Subnets, lb.SecurityGroups = "vpc-1", []string{"subnet-b"}, []string{group}
		b.SetLoadBalancers([]*apigw.LoadBalancer{lb})
	}
	state := func(arn apigw.ARN) string { h := b.Health(arn)[0]; return h.State + " " + h.Reason }
	backend := b.Acquire(albPlace(t, "http://x/"))
	defer backend.Release()
	c := newCaller()
	carry("sg-fit")
	for range 2 {
		for _, arn := range []apigw.ARN{groupARN, otherARN} {
			eventually(t, string(arn)+" is healthy", func() bool { return state(arn) == "healthy " })
		}
		if a := c.send(backend, "GET http://x/"); a.body != "one" {
			t.Errorf("%+v", a)
		}
		carry("sg-to")
		if a := c.send(backend, "GET http://x/"); a.status != 504 {
			t.Errorf("a connection that isn't allowed any more is used: %+v", a)
		}
		for _, arn := range []apigw.ARN{groupARN, otherARN} {
			eventually(t, string(arn)+" is unhealthy", func() bool { return state(arn) == "unhealthy Target.Timeout" })
		}
		carry("sg-fit")
	}
}

package apigw

import (
	"net/netip"
	"testing"
)

// TestNetworkLookups: a declared network knows what it declares, and one that
// isn't takes every well-formed ID.
func TestNetworkLookups(t *testing.T) {
	declared := &Network{
		VPCs:           map[string]*VPC{"vpc-1": {ID: "vpc-1"}},
		Subnets:        map[string]*Subnet{"subnet-1": {ID: "subnet-1", VPC: "vpc-1"}},
		SecurityGroups: map[string]*SecurityGroup{"sg-1": {ID: "sg-1", VPC: "vpc-1"}},
		Instances:      map[string]*Instance{"i-1": {ID: "i-1", VPC: "vpc-1"}},
	}
	kinds := map[string]func(n *Network, id string) error{
		"vpc":    func(n *Network, id string) error { _, err := n.VPC(id); return err },
		"subnet": func(n *Network, id string) error { _, err := n.Subnet(id); return err },
		"sg":     func(n *Network, id string) error { _, err := n.SecurityGroup(id); return err },
		"i":      func(n *Network, id string) error { _, err := n.Instance(id); return err },
	}
	for kind, find := range kinds {
		for _, undeclared := range []*Network{nil, {}} {
			if err := find(undeclared, kind+"-0123456789abcdef0"); (err == nil) != (kind != "i") {
				t.Errorf("%s without a network: %v", kind, err)
			}
		}
		if err := find(declared, kind+"-1"); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if err := find(declared, kind+"-2"); KindOf(err) != NotFound {
			t.Errorf("unknown %s: %v", kind, err)
		}
		for _, malformed := range []string{"", kind, kind + "-", kind + "-A", kind + "-1_", "x" + kind + "-1", "other-1"} {
			for _, n := range []*Network{nil, declared} {
				if err := find(n, malformed); KindOf(err) != BadRequest {
					t.Errorf("%s %q: %v", kind, malformed, err)
				}
			}
		}
	}
}

// TestSecurityGroups: what one of several groups allows is allowed (VPC user
// guide, "Security group rules"), and a group without rules allows nothing.
func TestSecurityGroups(t *testing.T) {
	inside := netip.MustParsePrefix("10.0.0.0/16")
	web := &SecurityGroup{Ingress: []SecurityRule{{443, 443, []netip.Prefix{inside}}}, Egress: []SecurityRule{{8000, 8099, []netip.Prefix{inside}}}}
	ssh := &SecurityGroup{Ingress: []SecurityRule{{22, 22, []netip.Prefix{inside, netip.MustParsePrefix("fd00::/8")}}}}
	undeclared, err := (*Network)(nil).SecurityGroup("sg-1")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name    string
		groups  SecurityGroups
		other   string
		port    uint16
		in, out bool
	}{
		{"no group", nil, "192.0.2.1", 1, true, true},
		{"no rules", SecurityGroups{{}}, "10.0.0.1", 443, false, false},
		{"allowed in", SecurityGroups{web}, "10.0.255.1", 443, true, false},
		{"mapped address", SecurityGroups{web}, "::ffff:10.0.255.1", 443, true, false},
		{"other port", SecurityGroups{web}, "10.0.255.1", 444, false, false},
		{"other network", SecurityGroups{web}, "10.1.0.1", 443, false, false},
		{"the second group's", SecurityGroups{web, ssh}, "fd00::1", 22, true, false},
		{"first port out", SecurityGroups{ssh, web}, "10.0.0.1", 8000, false, true},
		{"last port out", SecurityGroups{ssh, web}, "10.0.0.1", 8099, false, true},
		{"behind the last port", SecurityGroups{ssh, web}, "10.0.0.1", 8100, false, false},
		{"undeclared", SecurityGroups{undeclared}, "2001:db8::1", 0, true, true},
	} {
		other := netip.MustParseAddr(tc.other)
		if in, out := tc.groups.Admit(other, tc.port), tc.groups.Release(other, tc.port); in != tc.in || out != tc.out {
			t.Errorf("%s: in %v, out %v; want %v, %v", tc.name, in, out, tc.in, tc.out)
		}
	}
}

package config

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

const network = `
account: "000000000000"
invoke:
  - {address: "10.0.1.5:443", endpoint: vpce-0123456789abcdef0}
  - {address: "0.0.0.0:8443", endpoint: vpce-0123456789abcdef0, vpc: vpc-0123456789abcdef0}
network:
  vpcs:
    vpc-0123456789abcdef0:
      networks: [10.0.0.0/16, "fd00:1::/64"]
      subnets:
        subnet-0123456789abcdef0: {network: 10.0.1.0/24, zone: us-east-1a}
        subnet-0123456789abcdef1: {network: 10.0.2.0/24, zone: us-east-1b}
      securityGroups:
        sg-0123456789abcdef0:
          ingress:
            - {protocol: tcp, ports: 443, from: [10.0.0.0/16]}
            - {ports: 8000-8099, from: [192.0.2.7]}
          egress: []
        sg-0123456789abcdef1: {ingress: [{protocol: all, from: [0.0.0.0/0]}]}
        sg-0123456789abcdef2: {}
      instances: {i-0123456789abcdef0: 10.0.1.20}
      endpoints:
        vpce-0123456789abcdef0:
          subnets: [subnet-0123456789abcdef0]
          securityGroups: [sg-0123456789abcdef0]
          policy: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: "*", Action: "execute-api:Invoke", Resource: "*"}]}
        vpce-0123456789abcdef1: {privateDns: false, account: "111122223333"}
`

// prefixes compares networks, whose type has fields of its own.
var prefixes = cmpopts.EquateComparable(netip.Prefix{}, netip.Addr{})

func TestNetwork(t *testing.T) {
	c, err := Load(Overrides{File: write(t, network)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	nets := func(texts ...string) (list []netip.Prefix) {
		for _, text := range texts {
			list = append(list, netip.MustParsePrefix(text))
		}
		return list
	}
	const vpc = "vpc-0123456789abcdef0"
	n := c.PrivateNetwork()
	all := apigw.SecurityRule{LastPort: 65535, Networks: nets("0.0.0.0/0", "::/0")}
	want := &apigw.Network{
		VPCs: map[string]*apigw.VPC{vpc: {ID: vpc, Networks: nets("10.0.0.0/16", "fd00:1::/64")}},
		Subnets: map[string]*apigw.Subnet{
			"subnet-0123456789abcdef0": {ID: "subnet-0123456789abcdef0", VPC: vpc, Network: nets("10.0.1.0/24")[0], Zone: "us-east-1a"},
			"subnet-0123456789abcdef1": {ID: "subnet-0123456789abcdef1", VPC: vpc, Network: nets("10.0.2.0/24")[0], Zone: "us-east-1b"},
		},
		SecurityGroups: map[string]*apigw.SecurityGroup{
			"sg-0123456789abcdef0": {ID: "sg-0123456789abcdef0", VPC: vpc, Ingress: []apigw.SecurityRule{
				{FirstPort: 443, LastPort: 443, Networks: nets("10.0.0.0/16")}, {FirstPort: 8000, LastPort: 8099, Networks: nets("192.0.2.7/32")}}},
			"sg-0123456789abcdef1": {ID: "sg-0123456789abcdef1", VPC: vpc, Ingress: []apigw.SecurityRule{{LastPort: 65535, Networks: nets("0.0.0.0/0")}}, Egress: []apigw.SecurityRule{all}},
			"sg-0123456789abcdef2": {ID: "sg-0123456789abcdef2", VPC: vpc, Egress: []apigw.SecurityRule{all}},
		},
		Instances: map[string]*apigw.Instance{"i-0123456789abcdef0": {ID: "i-0123456789abcdef0", VPC: vpc, Address: netip.MustParseAddr("10.0.1.20")}},
		Endpoints: map[string]*apigw.VPCEndpoint{
			"vpce-0123456789abcdef0": {ID: "vpce-0123456789abcdef0", VPC: vpc, Account: "000000000000", PrivateDNS: true, Policy: n.Endpoints["vpce-0123456789abcdef0"].Policy,
				Subnets: []*apigw.Subnet{n.Subnets["subnet-0123456789abcdef0"]}, Groups: apigw.SecurityGroups{n.SecurityGroups["sg-0123456789abcdef0"]}},
			"vpce-0123456789abcdef1": {ID: "vpce-0123456789abcdef1", VPC: vpc, Account: "111122223333"},
		},
	}
	if d := cmp.Diff(want, n, prefixes); d != "" {
		t.Error(d)
	}
	if n.Endpoints["vpce-0123456789abcdef0"].Policy == nil {
		t.Error("the endpoint has no policy")
	}
}

// TestNetworkRefuses: each case is one change of a network that is right.
func TestNetworkRefuses(t *testing.T) {
	for name, tc := range map[string]struct{ old, new, want string }{
		"unknown key":                {"zone: us-east-1b", "zon: us-east-1b", `there is no setting "zon" here`},
		"unknown key of a rule":      {"ports: 443,", "port: 443,", `there is no setting "port" here`},
		"VPC's ID":                   {"    vpc-0123456789abcdef0:", "    factory:", `network: factory: "factory" is no ID: it begins with vpc-`},
		"VPC without networks":       {`[10.0.0.0/16, "fd00:1::/64"]`, "[]", "networks: which ones it is"},
		"network that is none":       {`"fd00:1::/64"`, "here", "here"},
		"subnet's ID":                {"subnet-0123456789abcdef1:", "sn-1:", `"sn-1" is no ID`},
		"subnet elsewhere":           {"10.0.2.0/24", "10.1.2.0/24", "10.1.2.0/24 is in none of the VPC's networks"},
		"subnet larger than the VPC": {"network: 10.0.2.0/24", "network: 10.0.0.0/8", "10.0.0.0/8 is in none"},
		"subnets that overlap":       {"10.0.2.0/24", "10.0.1.128/25", "10.0.1.128/25 overlaps with 10.0.1.0/24 of subnet-0123456789abcdef0"},
		"subnet without a network":   {"network: 10.0.2.0/24, ", "", "network: which one it is"},
		"protocol":                   {"protocol: tcp", "protocol: udp", `ingress: protocol: "udp": what goes through here is tcp`},
		"ports":                      {"8000-8099", "8099-8000", `"8099-8000" are no ports`},
		"ports of all protocols":     {"protocol: all,", "protocol: all, ports: 1,", "a rule about all protocols has no ports"},
		"rule for nobody":            {"from: [192.0.2.7]", "from: []", "ingress: from: networks"},
		"group as a source":          {"from: [192.0.2.7]", "from: [sg-0123456789abcdef1]", "sg-0123456789abcdef1"},
		"instance elsewhere":         {"10.0.1.20", "10.9.1.20", "10.9.1.20 is in none of the VPC's networks"},
		"unknown subnet":             {"subnets: [subnet-0123456789abcdef0]", "subnets: [subnet-9]", `vpce-0123456789abcdef0: subnets: the VPC has no "subnet-9"`},
		"unknown group":              {"securityGroups: [sg-0123456789abcdef0]", "securityGroups: [sg-9]", `securityGroups: the VPC has no "sg-9"`},
		"endpoint's policy":          {"Effect: Allow, ", "", "policy: Statement[0].Effect: missing"},
		"resource in short":          {`Resource: "*"`, `Resource: "execute-api:/*"`, "policy: Statement[0].Resource[0]"},
		"endpoint's account":         {`"111122223333"`, `"1111"`, `account "1111" is not 12 digits`},
		"private names twice":        {"privateDns: false, ", "", "vpce-0123456789abcdef0 of the same VPC has the private names"},
		"unknown endpoint":           {"endpoint: vpce-0123456789abcdef0}", "endpoint: vpce-9}", `network: listener "10.0.1.5:443": no VPC has the endpoint "vpce-9"`},
		"endpoint in another VPC":    {"vpc: vpc-0123456789abcdef0}", "vpc: vpc-9}", "vpce-0123456789abcdef0 is in vpc-0123456789abcdef0, not in vpc-9"},
		"listener in no subnet":      {"10.0.1.5:443", "10.0.2.5:443", `vpce-0123456789abcdef0: none of its subnets has this address`},
		"IDs of two VPCs": {"network:\n  vpcs:", "network:\n  vpcs:\n    vpc-1: {networks: [10.7.0.0/16], instances: {i-0123456789abcdef0: 10.7.0.1}}",
			"vpc-1: i-0123456789abcdef0: vpc-0123456789abcdef0 has one with this ID"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(network, tc.old, tc.new, 1)
			if text == network {
				t.Fatal("nothing was changed")
			}
			_, err := Load(Overrides{File: write(t, text)}, nil)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
}

// TestListenerWithoutNetwork: an endpoint that is only named needs no network.
func TestListenerWithoutNetwork(t *testing.T) {
	c, err := Load(Overrides{File: write(t, "invoke: {address: '127.0.0.1:1', endpoint: vpce-1, vpc: vpc-1}\n")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := c.PrivateNetwork(); n.Declared() || c.Invoke[0].VPC != "vpc-1" {
		t.Errorf("network %+v, listener %+v", n, c.Invoke[0])
	}
}

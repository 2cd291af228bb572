package config

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gatehouse/gatehouse/internal/nameserver"
)

const oneVPC = `
network:
  vpcs:
    vpc-1:
      networks: [10.0.0.0/16]
      subnets: {subnet-a: {network: 10.0.1.0/24, zone: us-east-1a}, subnet-b: {network: 10.0.2.0/24, zone: us-east-1b}}
      endpoints: {vpce-1: {subnets: [subnet-a, subnet-b]}, vpce-2: {privateDns: false}}
`

func TestNameServer(t *testing.T) {
	at := netip.MustParseAddr
	for name, c := range map[string]struct {
		text string
		want NameServer
	}{
		"as developers have it": {"dns: {listen: \"127.0.0.1:5353\"}", NameServer{
			Listeners: []DNSListener{{Address: "127.0.0.1:5353"}}, TTL: 60, Public: []netip.Addr{at("127.0.0.1")}}},
		"on every address": {"invoke: \":443\"\ndns: {listen: [10.1.0.2, \"fd00::2\"], ttl: 5, forward: [10.1.0.53, \"10.1.0.54:5353\"]}", NameServer{
			Listeners: []DNSListener{{Address: "10.1.0.2:53"}, {Address: "[fd00::2]:53"}}, TTL: 5, Public: []netip.Addr{at("10.1.0.2"), at("fd00::2")},
			Forward: []string{"10.1.0.53:53", "10.1.0.54:5353"}}},
		"declared addresses": {"invoke: [\"inherited:web\", {address: \":8443\", endpoint: vpce-1, vpc: vpc-1}]\ndns: {listen: \"inherited:dns\", addresses: [\"::ffff:192.0.2.1\", 192.0.2.1], endpoints: {vpce-1: [10.0.1.9]}}", NameServer{
			Listeners: []DNSListener{{Address: "inherited:dns"}}, TTL: 60, Public: []netip.Addr{at("192.0.2.1")},
			Endpoints: []nameserver.Endpoint{{ID: "vpce-1", VPC: "vpc-1", PrivateDNS: true, Addresses: []nameserver.EndpointAddress{{Address: at("10.0.1.9")}}}}}},
		"a network": {oneVPC + "invoke: [\"10.0.1.1:443\", \"unix:sock\", {address: \"10.0.1.5:443\", endpoint: vpce-1}, {address: \"10.0.2.5:443\", endpoint: vpce-1}]\ndns: {listen: 10.0.1.2}", NameServer{
			Listeners: []DNSListener{{Address: "10.0.1.2:53", VPC: "vpc-1"}}, TTL: 60, Public: []netip.Addr{at("10.0.1.1")},
			Endpoints: []nameserver.Endpoint{{ID: "vpce-1", VPC: "vpc-1", PrivateDNS: true, Addresses: []nameserver.EndpointAddress{{Address: at("10.0.1.5"), Zone: "us-east-1a"}, {Address: at("10.0.2.5"), Zone: "us-east-1b"}}},
				{ID: "vpce-2", VPC: "vpc-1"}},
			Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")}}},
	} {
		t.Run(name, func(t *testing.T) {
			c2, err := loadText(t, c.text)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(&c.want, c2.NameServer(), cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestNameServerRefused(t *testing.T) {
	twoVPCs := oneVPC + "    vpc-2: {networks: [10.2.0.0/16]}\n"
	for text, want := range map[string]string{
		"dns: {}":                                                  "dns: listen: which address",
		"dns: {listen: ns.example.com}":                            `dns: listen: "ns.example.com" is no IP address`,
		"dns: {listen: 10.0.0.2, ttl: 48h}":                        "dns: ttl: from 1s to 24h",
		"dns: {listen: 10.0.0.2, forward: [10.0.0.2]}":             "dns: forward: 10.0.0.2 is this server itself",
		"dns: {listen: 10.0.0.2, forward: [one.one]}":              `dns: forward: "one.one" is no IP address`,
		"dns: {listen: 10.0.0.2, zones: {}}":                       `there is no setting "zones" here`,
		"dns: {listen: [{address: 10.0.0.2, view: a}]}":            `there is no setting "view" here`,
		"dns: {listen: 10.0.0.2, endpoints: {vpce-1: [10.0.0.9]}}": `dns: endpoints: there is no "vpce-1"`,
		"invoke: \":80\"\ndns: {listen: 0.0.0.0}":                  "dns: addresses: which ones clients reach APIs at",
		"invoke: \"inherited:web\"\ndns: {listen: 10.0.0.2}":       "dns: addresses: which ones clients reach APIs at",
		twoVPCs + "dns: {listen: 10.0.0.2}":                        "dns: listen: 10.0.0.2:53: vpc: whose resolver it is; network has vpc-1, vpc-2",
		twoVPCs + "dns: {listen: {address: 10.0.0.2, vpc: a}}":     `dns: listen: 10.0.0.2:53: vpc: network has no "a"`,
		"invoke: [\"10.0.0.1:80\", {address: \"a.example:80\", endpoint: vpce-1}]\ndns: {listen: 10.0.0.2}": "dns: endpoints: vpce-1: which addresses clients reach it at",
	} {
		if _, err := loadText(t, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

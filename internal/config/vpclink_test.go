package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

func TestVPCLinks(t *testing.T) {
	const balancer = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/orders/1"
	c := &Config{VPCLinks: map[string]VPCLink{
		"shop01": {Subnets: []string{"subnet-1"}, SecurityGroups: []string{"sg-1"}, Tags: map[string]string{"a": "1"}},
		"old001": {Name: "old", Description: "d", LoadBalancer: balancer},
	}}
	if wrong := checkLinks(c.VPCLinks); wrong != nil {
		t.Fatal(wrong)
	}
	links, private := c.Links()
	if d := cmp.Diff([]apigw.VPCLink{{ID: "old001", Name: "old", Description: "d", TargetARNs: []apigw.ARN{balancer}}}, links); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]apigw.PrivateLink{{ID: "shop01", Name: "shop01", Subnets: []string{"subnet-1"}, SecurityGroups: []string{"sg-1"}, Tags: map[string]string{"a": "1"}}}, private); d != "" {
		t.Error(d)
	}
}

func TestWrongVPCLinks(t *testing.T) {
	for want, l := range map[string]VPCLink{
		"either loadBalancer (a link of version 1) or subnets": {},
		"either loadBalancer":                       {LoadBalancer: "arn:x", Subnets: []string{"subnet-1"}},
		"securityGroups are for links with subnets": {LoadBalancer: "arn:x", SecurityGroups: []string{"sg-1"}},
		"a link with subnets has no description":    {Subnets: []string{"subnet-1"}, Description: "d"},
	} {
		wrong := checkLinks(map[string]VPCLink{"a": l})
		if len(wrong) != 1 || !strings.Contains(wrong[0], want) {
			t.Errorf("%s: %q", want, wrong)
		}
	}
	if wrong := checkLinks(map[string]VPCLink{"A_b": {Subnets: []string{"subnet-1"}}}); len(wrong) != 1 || !strings.Contains(wrong[0], "connectionId") {
		t.Error(wrong)
	}
}

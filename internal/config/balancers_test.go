package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

const balancing = `
targetGroups:
  near:
    protocol: HTTP
    port: 8080
    health: {path: /health, interval: 10}
    overflow: far
    attributes: {load_balancing.algorithm.type: least_outstanding_requests}
    targets: [10.0.0.1, "10.0.0.2:8081", {id: 10.0.0.3, weight: 3}]
  far: {protocol: HTTP, port: 8080, targets: [10.9.0.1]}
  pets: {type: lambda, targets: ["arn:aws:lambda:us-east-1:000000000000:function:pets"]}
loadBalancers:
  inside:
    listeners:
      - port: 80
        protocol: HTTP
        default: {respond: {status: 404, type: text/plain, body: nothing here}}
        rules:
          - priority: 10
            path: [/owners/*]
            headers: {X-Kind: ["*cat*"]}
            query: {v: ["1"], "": [all]}
            rewriteUrl: {regex: "^/owners", replace: /v2}
            then: {forward: {near: 3, pets: 1}, stickiness: 60}
          - priority: 20
            host: ["*.example.com"]
            then: {redirect: {host: new.example.com}}
  outer: {type: network, securityGroups: [sg-1], enforceSecurityGroupInboundRulesOnPrivateLinkTraffic: off}
`

// TestBalancing: load balancers of the file, in the domain's words.
func TestBalancing(t *testing.T) {
	c, err := loadText(t, balancing)
	if err != nil {
		t.Fatal(err)
	}
	groups, balancers := c.Balancing()
	names := []string{}
	for _, g := range groups {
		names = append(names, g.Name)
	}
	if d := cmp.Diff([]string{"far", "near", "pets"}, names); d != "" {
		t.Error(d)
	}
	near := groups[1]
	if d := cmp.Diff([]apigw.Target{{ID: "10.0.0.1"}, {ID: "10.0.0.2", Port: 8081}, {ID: "10.0.0.3", Weight: 3}}, near.Targets, cmp.Comparer(func(a, b apigw.Target) bool { return a == b })); d != "" {
		t.Error(d)
	}
	if near.Attributes[apigw.AttributeOverflowGroup] != "far" || near.Checks.Path != "/health" || near.TargetType != "ip" || groups[2].Targets[0].ID != "arn:aws:lambda:us-east-1:000000000000:function:pets" {
		t.Errorf("%+v", near)
	}
	if b := balancers[1]; b.Name != "outer" || b.SecurityGroups[0] != "sg-1" || b.PrivateLinkRules != "off" {
		t.Errorf("%+v", b)
	}
	rules := balancers[0].Listeners[0].Rules
	want := []apigw.RuleCondition{
		{Field: "path-pattern", Values: []string{"/owners/*"}}, {Field: "http-header", Header: "X-Kind", Values: []string{"*cat*"}},
		{Field: "query-string", Query: []apigw.QueryPair{{Value: "all"}}}, {Field: "query-string", Query: []apigw.QueryPair{{Key: "v", Value: "1"}}},
	}
	if d := cmp.Diff(want, rules[0].Conditions); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(&apigw.ForwardAction{Groups: []apigw.WeightedGroup{{Group: "near", Weight: 3}, {Group: "pets", Weight: 1}}, Sticky: 60}, rules[0].Actions[0].Forward); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(&apigw.Redirect{Host: "new.example.com", Query: "#{query}", Status: 301}, rules[1].Actions[0].Redirect); d != "" {
		t.Error(d)
	}
}

// TestBalancingRefused: keys that aren't there, and settings that do nothing.
func TestBalancingRefused(t *testing.T) {
	for text, want := range map[string]string{
		"loadBalancers: {b: {listner: []}}":                                                               `there is no setting "listner" here`,
		"targetGroups: {g: {targets: [{id: 10.0.0.1, prot: 1}]}}":                                         `there is no setting "prot" here`,
		"targetGroups: {g: {targets: [\"10.0.0.1:http\"]}}":                                               "is no address with a port",
		"loadBalancers: {b: {listeners: [{port: 80, default: {respond: {status: 200}, stickiness: 5}}]}}": "stickiness is of forward",
	} {
		if _, err := loadText(t, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, not %s", text, err, want)
		}
	}
}

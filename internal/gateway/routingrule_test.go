package gateway

import (
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
)

func rule(id string, priority int, change func(*apigw.RoutingRule)) apigw.RoutingRule {
	r := apigw.RoutingRule{ID: id, Priority: priority, API: mappedAPI, Stage: "prod"}
	change(&r)
	return r
}

func header(name, glob string) [][]apigw.HeaderMatch {
	return [][]apigw.HeaderMatch{{{Header: name, Glob: glob}}}
}

// TestRoutingRules: by priority, headers and base paths; then by mappings or not
// at all, as the mode says (developer guide, "Routing rules to connect API
// stages to a custom domain name for REST APIs").
func TestRoutingRules(t *testing.T) {
	g := addressed(t)
	rules := []apigw.RoutingRule{
		rule("both", 10, func(r *apigw.RoutingRule) {
			r.Headers, r.BasePaths, r.StripBasePath = append(header("x-version", "beta*"), header("X-Tier", "*gold*")...), []string{"users/v1"}, true
		}),
		rule("header", 20, func(r *apigw.RoutingRule) { r.Headers = header("X-Version", "alpha") }),
		rule("suffix", 25, func(r *apigw.RoutingRule) { r.Headers = header("X-Version", "*-rc") }),
		rule("there", 26, func(r *apigw.RoutingRule) { r.Headers = header("X-Any", "*") }),
		rule("kept", 30, func(r *apigw.RoutingRule) { r.BasePaths = []string{"kept"} }),
		rule("stripped", 40, func(r *apigw.RoutingRule) { r.BasePaths, r.StripBasePath = []string{"gone/deep"}, true }),
	}
	mode := func(name, mode string) *apigw.DomainName {
		d := named(name, mapping("", "restapis"), mapping("kept", "_aws"))
		d.RoutingMode, d.Rules = mode, rules
		return d
	}
	all := mode("all.example.com", apigw.RoutesByRule)
	all.Rules = append(all.Rules, rule("rest", 1000, func(*apigw.RoutingRule) {}))
	g.SetDomainNames([]*apigw.DomainName{mode("then.example.com", apigw.RoutesByRuleThen), mode("only.example.com", apigw.RoutesByRule), mode("none.example.com", apigw.RoutesByMapping), all})
	cases := []struct {
		name, host, path string
		headers          []string
		rule, stage      string
		stagePath        string
		status           int
	}{
		{name: "all conditions", host: "then", path: "/users/v1/7", headers: []string{"X-VERSION", "beta-2", "x-tier", "a gold one"}, rule: "both", stage: "prod", stagePath: "/7"},
		{name: "one of two", host: "then", path: "/users/v1/7", headers: []string{"X-Version", "beta-2"}, stage: "restapis", stagePath: "/users/v1/7"},
		{name: "part of a segment", host: "then", path: "/users/v10", headers: []string{"X-Version", "beta-2", "X-Tier", "gold"}, stage: "restapis", stagePath: "/users/v10"},
		{name: "values in their case", host: "then", path: "/x", headers: []string{"X-Version", "Alpha"}, stage: "restapis", stagePath: "/x"},
		{name: "one of several fields", host: "then", path: "/x", headers: []string{"X-Version", "gamma", "X-Version", "alpha"}, rule: "header", stage: "prod", stagePath: "/x"},
		{name: "a line is one value", host: "then", path: "/x", headers: []string{"X-Version", "gamma, alpha"}, stage: "restapis", stagePath: "/x"},
		{name: "the end of a value", host: "then", path: "/x", headers: []string{"X-Version", "2-rc"}, rule: "suffix", stage: "prod", stagePath: "/x"},
		{name: "any value", host: "then", path: "/x", headers: []string{"X-Any", ""}, rule: "there", stage: "prod", stagePath: "/x"},
		{name: "the lowest number wins", host: "then", path: "/kept", headers: []string{"X-Version", "alpha"}, rule: "header", stage: "prod", stagePath: "/kept"},
		{name: "a base path that stays", host: "then", path: "/kept/1", rule: "kept", stage: "prod", stagePath: "/kept/1"},
		{name: "one that doesn't", host: "then", path: "/gone/deep/1", rule: "stripped", stage: "prod", stagePath: "/1"},
		{name: "it alone", host: "then", path: "/gone/deep", rule: "stripped", stage: "prod", stagePath: ""},
		{name: "no rule, a mapping", host: "then", path: "/other", stage: "restapis", stagePath: "/other"},
		{name: "no rule, rules alone", host: "only", path: "/other", status: 403},
		{name: "rules alone", host: "only", path: "/kept/1", rule: "kept", stage: "prod", stagePath: "/kept/1"},
		{name: "mappings alone", host: "none", path: "/kept/1", headers: []string{"X-Version", "alpha"}, stage: "_aws", stagePath: "/1"},
		{name: "a rule without conditions", host: "all", path: "/other", rule: "rest", stage: "prod", stagePath: "/other"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var x exchange.Exchange
			var f finder
			x.Begin(nil)
			x.Host, x.Path, x.Header = []byte(c.host+".example.com"), []byte(c.path), new(http1.Header)
			for i := 0; i < len(c.headers); i += 2 {
				x.Header.Add(c.headers[i], c.headers[i+1])
			}
			if s := f.find(g, &x); s == nil {
				if x.Response.Status != c.status {
					t.Errorf("status %d, want %d", x.Response.Status, c.status)
				}
				return
			}
			a := x.Address
			if a.RoutingRule != c.rule || a.Stage != c.stage || string(a.StagePath) != c.stagePath || string(a.RequestPath) != c.path || c.status != 0 {
				t.Errorf("rule %q, stage %s, path %q", a.RoutingRule, a.Stage, a.StagePath)
			}
		})
	}
}

func BenchmarkRoutingRules(b *testing.B) {
	g := addressed(b)
	d := named(ownName, mapping("", "prod"))
	d.RoutingMode = apigw.RoutesByRuleThen
	for i := range 50 {
		d.Rules = append(d.Rules, rule("r", i+1, func(r *apigw.RoutingRule) { r.Headers, r.BasePaths = header("X-Version", "beta*"), []string{"users"} }))
	}
	g.SetDomainNames([]*apigw.DomainName{d})
	var x exchange.Exchange
	var f finder
	x.Begin(nil)
	x.Host, x.Path, x.Header = []byte(ownName), []byte("/users/1"), new(http1.Header)
	x.Header.Add("Accept", "*/*")
	b.ReportAllocs()
	for b.Loop() {
		if f.find(g, &x) == nil {
			b.Fatal("not found")
		}
	}
}

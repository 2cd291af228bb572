package control

import (
	"strings"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// TestDeclaredBalancing: what the configuration file has is there under the same
// ARNs at every start, calls don't change it, and what the file has no more goes
// unless something leads to it.
func TestDeclaredBalancing(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	group := func(name string, targets ...string) DeclaredGroup {
		g := DeclaredGroup{TargetGroup: apigw.TargetGroup{Name: name, Protocol: "HTTP", Port: 80, TargetType: "ip"}, Checks: HealthChange{Path: "/health"}}
		for _, id := range targets {
			g.Targets = append(g.Targets, apigw.Target{ID: id})
		}
		return g
	}
	near, far := group("near", "10.0.0.1", "10.0.0.2"), group("far", "10.9.0.1")
	near.Attributes = map[string]string{apigw.AttributeOverflowGroup: "far"}
	inside := apigw.LoadBalancer{Name: "inside", Listeners: []apigw.Listener{{
		Port: 80, Protocol: "HTTP", Actions: []apigw.RuleAction{fixed(404)},
		Rules: []apigw.ListenerRule{{Priority: 10, Conditions: pathIs("/a"), Actions: []apigw.RuleAction{forwardTo("near")}}},
	}}}
	declare := func(groups []DeclaredGroup, balancers ...apigw.LoadBalancer) []string {
		t.Helper()
		warnings, err := w.DeclareBalancing(ctx, w.scope, groups, balancers)
		if err != nil {
			t.Fatal(err)
		}
		return warnings
	}
	only := func() *apigw.LoadBalancer {
		t.Helper()
		list := must[[]*apigw.LoadBalancer](t)(w.LoadBalancers(ctx, w.scope))
		if len(list) != 1 {
			t.Fatalf("%d load balancers", len(list))
		}
		return list[0]
	}
	if warnings := declare([]DeclaredGroup{near, far}, inside); warnings != nil {
		t.Error(warnings)
	}
	first := only()
	arn := DeclaredGroupARN(w.scope, "near")
	g := must[*apigw.TargetGroup](t)(w.TargetGroup(ctx, w.scope, arn))
	if !first.Declared || first.Listeners[0].Rules[0].Actions[0].Forward.Groups[0].Group != arn || len(g.Targets) != 2 || g.Attribute(apigw.AttributeOverflowGroup) != string(DeclaredGroupARN(w.scope, "far")) || g.Health.Path != "/health" {
		t.Errorf("%+v\n%+v", first, g)
	}
	declare([]DeclaredGroup{near, far}, inside)
	if !sameJSON(first, only()) {
		t.Errorf("the same file again: %+v, then %+v", first, only())
	}

	wantCode(t, w.DeleteLoadBalancer(ctx, w.scope, first.ARN), "OperationNotPermitted", "configuration file")
	wantCode(t, w.RegisterTargets(ctx, w.scope, arn, []apigw.Target{{ID: "10.0.0.3"}}), "OperationNotPermitted", "configuration file")
	_, err := w.ModifyRule(ctx, w.scope, first.Listeners[0].Rules[0].ARN, RuleChange{Conditions: pathIs("/b")})
	wantCode(t, err, "OperationNotPermitted", "configuration file")
	wantCode(t, w.ChangeBalancerTags(ctx, w.scope, []apigw.ARN{first.Listeners[0].ARN}, func(m map[string]string) { m["a"] = "b" }), "OperationNotPermitted", "configuration file")

	made := w.balancer("made", "application") // by a call, and uses a group of the file
	l := w.listener(made, "HTTP", 80, forwardTo(DeclaredGroupARN(w.scope, "far")))
	warnings := declare(nil)
	if len(warnings) != 1 || !strings.Contains(warnings[0], "target group far") || only().Name != "made" {
		t.Error(warnings, only())
	}
	kept := must[*apigw.TargetGroup](t)(w.TargetGroup(ctx, w.scope, DeclaredGroupARN(w.scope, "far")))
	wantCode(t, w.DeleteListener(ctx, w.scope, l.ARN), "", "")
	wantCode(t, w.DeleteTargetGroup(ctx, w.scope, kept.ARN), "", "")

	taken := apigw.LoadBalancer{Name: "made"}
	if warnings := declare(nil, taken); len(warnings) != 1 || !strings.Contains(warnings[0], "load balancer made") || only().Declared {
		t.Error(warnings)
	}
	for _, c := range []struct {
		b    apigw.LoadBalancer
		part string
	}{
		{apigw.LoadBalancer{Name: "b", Listeners: []apigw.Listener{{Port: 80, Protocol: "HTTP", Actions: []apigw.RuleAction{forwardTo("gone")}}}}, "loadBalancers: b: listener 80: Target group"},
		{apigw.LoadBalancer{Name: "b", Subnets: []string{"subnet-1"}}, "loadBalancers: b: subnets: an application load balancer has two or more, in different availability zones; or leave them out"},
		{apigw.LoadBalancer{Name: "b", Attributes: map[string]string{"x": "y"}}, "loadBalancers: b: Load balancer attribute key 'x' is not recognized"},
		{apigw.LoadBalancer{Name: "b", Listeners: []apigw.Listener{{Port: 80, Protocol: "HTTP", Actions: []apigw.RuleAction{fixed(200)}, Rules: []apigw.ListenerRule{{Priority: 1, Actions: []apigw.RuleAction{fixed(200)}}}}}}, "loadBalancers: b: listener 80: rule 1: A condition must be specified"},
	} {
		if _, err := w.DeclareBalancing(ctx, w.scope, nil, []apigw.LoadBalancer{c.b}); err == nil || !strings.Contains(err.Error(), c.part) {
			t.Errorf("%v, not %s", err, c.part)
		}
	}
}

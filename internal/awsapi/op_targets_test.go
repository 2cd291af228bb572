package awsapi

import (
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/elbv2"
	"github.com/gatehouse/gatehouse/internal/control"
)

// TestOverflowTargetHealth: targets of a group that is reached only when another
// one overflows to it aren't unused; those of a group that nothing leads to are.
func TestOverflowTargetHealth(t *testing.T) {
	h := newHouse(t)
	ctx, scope := t.Context(), apigw.Scope{Partition: "aws", Account: "000000000000", Region: "us-east-1"}
	group := func(name string) *apigw.TargetGroup {
		g, err := h.control.CreateTargetGroup(ctx, scope, apigw.TargetGroup{Name: name, Protocol: "HTTP", Port: 80, VPC: "vpc-1", TargetType: apigw.TargetIP}, control.HealthChange{})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.control.RegisterTargets(ctx, scope, g.ARN, []apigw.Target{{ID: "10.0.0.1"}}); err != nil {
			t.Fatal(err)
		}
		return g
	}
	near, far, idle := group("near"), group("far"), group("idle")
	b, err := h.control.CreateLoadBalancer(ctx, scope, apigw.LoadBalancer{Name: "inside", Subnets: []string{"subnet-1", "subnet-2"}, SecurityGroups: []string{"sg-1"}})
	if err != nil {
		t.Fatal(err)
	}
	forward := apigw.RuleAction{Type: "forward", Forward: &apigw.ForwardAction{Groups: []apigw.WeightedGroup{{Group: near.ARN, Weight: 1}}}}
	if _, _, err = h.control.CreateListener(ctx, scope, b.ARN, apigw.Listener{Protocol: "HTTP", Port: 80, Actions: []apigw.RuleAction{forward}}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.control.ModifyTargetGroupAttributes(ctx, scope, near.ARN, map[string]string{apigw.AttributeOverflowGroup: string(far.ARN)}); err != nil {
		t.Fatal(err)
	}
	o := balancers{c: h.control}
	for g, want := range map[*apigw.TargetGroup]string{near: "initial", far: "initial", idle: "unused"} {
		out, err := o.describeTargetHealth(ctx, &Call{Scope: scope}, &elbv2.DescribeTargetHealthInput{TargetGroupArn: new(string(g.ARN))})
		if err != nil || len(out.TargetHealthDescriptions) != 1 {
			t.Fatal(out, err)
		}
		if state := *out.TargetHealthDescriptions[0].TargetHealth.State; state != want {
			t.Errorf("%s: %s, not %s", g.Name, state, want)
		}
	}
}

// TestSpellingOfTarget: a target is found by any spelling of its address.
func TestSpellingOfTarget(t *testing.T) {
	h := newHouse(t)
	ctx, c := t.Context(), &Call{Scope: apigw.Scope{Partition: "aws", Account: "000000000000", Region: "us-east-1"}}
	g, err := h.control.CreateTargetGroup(ctx, c.Scope, apigw.TargetGroup{Name: "six", Protocol: "HTTP", Port: 80, VPC: "vpc-1", TargetType: apigw.TargetIP, IPAddressType: "ipv6"}, control.HealthChange{})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.control.RegisterTargets(ctx, c.Scope, g.ARN, []apigw.Target{{ID: "fd00::1"}}); err != nil {
		t.Fatal(err)
	}
	out, err := balancers{c: h.control}.describeTargetHealth(ctx, c, &elbv2.DescribeTargetHealthInput{TargetGroupArn: new(string(g.ARN)), Targets: []*elbv2.TargetDescription{{Id: new("FD00:0::1")}}})
	if err != nil || *out.TargetHealthDescriptions[0].TargetHealth.Reason != "Target.NotInUse" {
		t.Errorf("%v, %v", out, err)
	}
}

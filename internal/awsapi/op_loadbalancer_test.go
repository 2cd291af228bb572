package awsapi

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/elbv2"
)

// TestPagesOfNamed: listeners and rules that a call names come page by page, also
// those of several load balancers with one port, or one place in their lists.
func TestPagesOfNamed(t *testing.T) {
	h := newHouse(t)
	ctx, c := t.Context(), &Call{Scope: apigw.Scope{Partition: "aws", Account: "000000000000", Region: "us-east-1"}}
	var listeners, rules []string
	for i := range 3 {
		b, err := h.control.CreateLoadBalancer(ctx, c.Scope, apigw.LoadBalancer{Name: fmt.Sprint("b", i), Subnets: []string{"subnet-1", "subnet-2"}})
		if err != nil {
			t.Fatal(err)
		}
		respond := apigw.RuleAction{Type: "fixed-response", Fixed: &apigw.FixedResponse{Status: 200}}
		_, l, err := h.control.CreateListener(ctx, c.Scope, b.ARN, apigw.Listener{Protocol: "HTTP", Port: 80, Actions: []apigw.RuleAction{respond}})
		if err != nil {
			t.Fatal(err)
		}
		listeners, rules = append(listeners, string(l.ARN)), append(rules, string(l.DefaultRule))
	}
	o := balancers{c: h.control}
	var shownListeners, shownRules []string
	var marker *string
	for range 3 {
		out, err := o.describeListeners(ctx, c, &elbv2.DescribeListenersInput{ListenerArns: listeners, PageSize: new(1), Marker: marker})
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range out.Listeners {
			shownListeners = append(shownListeners, *l.ListenerArn)
		}
		marker = out.NextMarker
	}
	for range 3 {
		out, err := o.describeRules(ctx, c, &elbv2.DescribeRulesInput{RuleArns: rules, PageSize: new(1), Marker: marker})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range out.Rules {
			shownRules = append(shownRules, *r.RuleArn)
		}
		marker = out.NextMarker
	}
	if !slices.Equal(shownListeners, listeners) || !slices.Equal(shownRules, rules) || marker != nil {
		t.Errorf("%v, not %v\n%v, not %v", shownListeners, listeners, shownRules, rules)
	}
}

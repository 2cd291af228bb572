package vpclink

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// TestLinksOnANetwork: what a declared network says of a link's security groups
// is what it may connect to, and its first subnet has its address.
func TestLinksOnANetwork(t *testing.T) {
	one := served(t, "", echo)
	addr := addressOf(t, one)
	local, elsewhere := netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("192.0.2.0/24")
	open := &apigw.SecurityGroup{ID: "sg-1", VPC: "vpc-1", Egress: []apigw.SecurityRule{{FirstPort: addr.Port(), LastPort: addr.Port(), Networks: []netip.Prefix{local}}}}
	shut := &apigw.SecurityGroup{ID: "sg-2", VPC: "vpc-1", Egress: []apigw.SecurityRule{{LastPort: 65535, Networks: []netip.Prefix{elsewhere}}}}
	network := &apigw.Network{
		VPCs:           map[string]*apigw.VPC{"vpc-1": {ID: "vpc-1"}},
		Subnets:        map[string]*apigw.Subnet{"subnet-1": {ID: "subnet-1", VPC: "vpc-1", Network: netip.MustParsePrefix("10.1.2.0/24")}},
		SecurityGroups: map[string]*apigw.SecurityGroup{"sg-1": open, "sg-2": shut},
	}
	b := newBook(t, Config{Network: network})
	b.SetTargetGroups([]*apigw.TargetGroup{targetGroup(groupARN, "HTTP", target(addr))})
	b.SetLoadBalancers([]*apigw.LoadBalancer{applicationBalancer(forwardTo(groupARN))})
	call := func(groups ...string) answer {
		b.SetLinks([]Link{{Scope: scope, ID: "v2link", Subnets: []string{"subnet-1"}, SecurityGroups: groups}})
		return get(t, b, albPlace(t, "http://x/"), "GET http://x/")
	}
	if a := call("sg-2", "sg-1"); !strings.Contains(a.body, "X-Forwarded-For: 10.1.2.4\n") {
		t.Errorf("allowed by one of its groups: %+v", a)
	}
	for _, groups := range [][]string{{"sg-2"}, {"sg-3"}} {
		a := call(groups...)
		if a.fault == nil || a.fault.Kind != exchange.APIConfigurationError {
			t.Errorf("%v: %+v", groups, a)
			continue
		}
		if _, nowhere := errors.AsType[*integration.NowhereError](a.fault.Cause); !nowhere { // what HTTP APIs answer 503 for
			t.Errorf("%v: %v", groups, a.fault.Cause)
		}
	}
	if h := b.groups[groupARN].set.Targets()[0].Condition(); h.Ejected {
		t.Error("a link's groups have a target set aside for all")
	}
}

// TestEgressOfTargets: what integrations don't reach, targets don't either.
func TestEgressOfTargets(t *testing.T) {
	no := errors.New("no")
	b := newBook(t, Config{Pools: integration.NewPools(integration.PoolConfig{Egress: func(string, netip.AddrPort) error { return no }})})
	b.SetTargetGroups([]*apigw.TargetGroup{targetGroup(groupARN, "HTTP", target(addressOf(t, answered(t, ""))))})
	b.SetLoadBalancers([]*apigw.LoadBalancer{applicationBalancer(forwardTo(groupARN))})
	if a := get(t, b, albPlace(t, "http://x/"), "GET http://x/"); a.fault == nil || !errors.Is(a.fault, no) && !errors.Is(a.fault.Cause, no) {
		t.Errorf("%+v", a)
	}
}

// TestExplained: which rule, group and target were chosen, and why.
func TestExplained(t *testing.T) {
	b := newBook(t, Config{})
	gone := answered(t, "")
	addr := addressOf(t, gone)
	gone.Close()
	b.SetTargetGroups([]*apigw.TargetGroup{targetGroup(groupARN, "HTTP", target(addr))})
	b.SetLoadBalancers([]*apigw.LoadBalancer{applicationBalancer(fixedResponse("default"),
		apigw.ListenerRule{Priority: 7, Conditions: []apigw.RuleCondition{{Field: "path-pattern", Values: []string{"/a"}}}, Actions: forwardTo(groupARN)})})
	backend := b.Acquire(albPlace(t, "http://x/"))
	defer backend.Release()
	c := newCaller()
	c.x.Explain()
	c.send(backend, "GET http://x/a")
	var text strings.Builder
	for _, d := range c.x.Decisions() {
		text.WriteString(d.Step + ": " + d.Result + ": " + d.Why + "\n")
	}
	for _, want := range []string{"load balancer: rule 7: of listener " + string(albARN) + "/listener\n", "target group: " + string(groupARN) + ": the only one\n",
		"target: " + addr.Addr().String() + " " + addr.String() + ": of target group " + string(groupARN) + "\n", "no connection: ", "load balancer: Bad Gateway: "} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
	if m := b.Metrics(); len(m) != 1 || m[0].Group != "targetgroup/blue/0123456789abcdef" || m[0].ConnectionErrors != 1 || m[0].Invented != 1 {
		t.Errorf("%+v", m)
	}
}

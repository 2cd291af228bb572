package control

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// TestDeclaredAgain: a start with the file of the one before writes nothing,
// whether the file leaves maps out or has empty ones.
func TestDeclaredAgain(t *testing.T) {
	machine := apigw.Instance{ID: "i-1", VPC: "vpc-1", Address: netip.MustParseAddr("10.0.0.9")}
	w := newWorldWith(t, Options{Network: &apigw.Network{
		VPCs:      map[string]*apigw.VPC{"vpc-1": {ID: "vpc-1", Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}},
		Subnets:   map[string]*apigw.Subnet{"subnet-1": {ID: "subnet-1", VPC: "vpc-1"}},
		Instances: map[string]*apigw.Instance{machine.ID: &machine},
	}})
	declare := func() {
		t.Helper()
		none := map[string]string{}
		group := DeclaredGroup{TargetGroup: apigw.TargetGroup{Name: "near", Protocol: "HTTP", Port: 80, TargetType: "ip", Tags: none}}
		balancer := apigw.LoadBalancer{Name: "inside", Tags: none, Listeners: []apigw.Listener{{Port: 80, Protocol: "HTTP", Actions: []apigw.RuleAction{forwardTo("near")}, Attributes: none}}}
		if _, err := w.DeclareBalancing(t.Context(), w.scope, []DeclaredGroup{group}, []apigw.LoadBalancer{balancer}); err != nil {
			t.Fatal(err)
		}
		if err := w.DeclareLinks(t.Context(), w.scope, nil, []apigw.PrivateLink{{ID: "abc001", Name: "n", Subnets: []string{"subnet-1"}, Tags: none}}); err != nil {
			t.Fatal(err)
		}
		service := DeclaredService{RegistryService: apigw.RegistryService{Name: "carts", Attributes: none, Tags: none}}
		service.Instances = append(service.Instances, &apigw.RegistryInstance{ID: "machine", Attributes: map[string]string{apigw.AttributeEC2: machine.ID}})
		for i := range 200 { // more than a transaction of the store has
			service.Instances = append(service.Instances, &apigw.RegistryInstance{ID: fmt.Sprint("n", i), Attributes: map[string]string{}})
		}
		namespace := DeclaredNamespace{Namespace: apigw.Namespace{Name: "shop", Type: apigw.NamespaceHTTP, Tags: none}, Services: []DeclaredService{service}}
		if err := w.DeclareRegistry(t.Context(), w.scope, []DeclaredNamespace{namespace}); err != nil {
			t.Fatal(err)
		}
	}
	revisions := func() map[string]int64 {
		t.Helper()
		list, _, _, err := w.store.List(t.Context(), ScopePrefix(w.scope), "", 0)
		if err != nil {
			t.Fatal(err)
		}
		m := map[string]int64{}
		for _, r := range list {
			m[r.Key] = r.Revision
		}
		return m
	}
	declare()
	before := revisions()
	declare()
	if diff := cmp.Diff(before, revisions()); diff != "" {
		t.Error(diff)
	}
}

// TestManyDeclared: a file may have more load balancers and VPC links than a
// transaction of the store takes, and lose them again.
func TestManyDeclared(t *testing.T) {
	w := newWorld(t)
	var balancers []apigw.LoadBalancer
	var links []apigw.VPCLink
	var private []apigw.PrivateLink
	for i := range store.MaxOps + 1 {
		balancers = append(balancers, apigw.LoadBalancer{Name: fmt.Sprint("b", i), Listeners: []apigw.Listener{{Port: 80, Protocol: "HTTP", Actions: []apigw.RuleAction{fixed(200)}}}})
		links = append(links, apigw.VPCLink{ID: apigw.VPCLinkID(fmt.Sprint("old", i)), Name: "n", TargetARNs: []apigw.ARN{"arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/n/1"}})
		private = append(private, apigw.PrivateLink{ID: apigw.VPCLinkID(fmt.Sprint("new", i)), Name: "n", Subnets: []string{"subnet-1"}})
	}
	for _, want := range []int{len(balancers), 0} {
		if _, err := w.DeclareBalancing(t.Context(), w.scope, nil, balancers[:want]); err != nil {
			t.Fatal(err)
		}
		if err := w.DeclareLinks(t.Context(), w.scope, links[:want], private[:want]); err != nil {
			t.Fatal(err)
		}
		stored := must[[]*apigw.LoadBalancer](t)(w.LoadBalancers(t.Context(), w.scope))
		one, two, err := w.allLinks(t.Context(), w.scope)
		if err != nil || len(stored) != want || len(one) != want || len(two) != want {
			t.Errorf("%d load balancers, %d and %d links, not %d: %v", len(stored), len(one), len(two), want, err)
		}
	}
}

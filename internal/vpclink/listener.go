package vpclink

import (
	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// balancer is a load balancer as it was compiled.
type balancer struct {
	spec      *apigw.LoadBalancer
	listeners []*listener
	groups    []*group // that it leads to
}

// listener is a port of a load balancer as it was compiled.
type listener struct {
	balancer *balancer
	spec     *apigw.Listener
	standard *rule // of requests that no other rule takes
}

// rule is a rule of a listener as it was compiled.
type rule struct {
	forward *forward
}

// newBalancer compiles a load balancer. b.mu is held.
func (b *Book) newBalancer(spec *apigw.LoadBalancer) *balancer {
	lb := &balancer{spec: spec}
	for i := range spec.Listeners {
		l := &listener{balancer: lb, spec: &spec.Listeners[i]}
		l.standard = b.newRule(lb, l.spec.Actions)
		lb.listeners = append(lb.listeners, l)
	}
	return lb
}

func (b *Book) newRule(lb *balancer, actions []apigw.RuleAction) *rule {
	r := &rule{}
	for i := range actions {
		if f := actions[i].Forward; f != nil {
			r.forward = b.newForward(lb, f)
		}
	}
	return r
}

// serve answers one call.
func (l *listener) serve(v *visit) (integration.Visit, error) {
	return l.standard.forward.serve(v)
}

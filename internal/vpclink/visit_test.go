package vpclink

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// TestClientsAreNotTargets: a client whose body breaks off has no target set
// aside.
func TestClientsAreNotTargets(t *testing.T) {
	b := newBook(t, Config{})
	g := targetGroup(groupARN, "HTTP", target(addressOf(t, answered(t, "one"))), target(addressOf(t, answered(t, "two"))))
	g.Attributes = map[string]string{apigw.AttributeEjectAfter5XX: "1"}
	b.SetTargetGroups([]*apigw.TargetGroup{g})
	b.SetLoadBalancers([]*apigw.LoadBalancer{applicationBalancer(forwardTo(groupARN))})
	backend := b.Acquire(albPlace(t, "http://x/"))
	defer backend.Release()
	c := newCaller()
	req := &c.call.Request
	req.Method, req.Host, req.Target = "POST", append(req.Host, 'x'), append(req.Target, '/')
	req.Stream, req.Length = strings.NewReader("that's all"), 1<<20
	if _, f := c.call.Do(&c.x, backend, time.Now().Add(20*time.Second), nil); f == nil {
		t.Fatal("a body that broke off was taken")
	}
	for _, target := range b.groups[groupARN].set.Targets() {
		if target.Condition().Ejected {
			t.Error("a target was set aside for a client's body")
		}
	}
}

package vpclink

import (
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// TestRoundRobin: requests go to the targets of a group in turn (target groups,
// "Routing algorithms").
func TestRoundRobin(t *testing.T) {
	b := newBook(t, Config{})
	one, two := served(t, "one", nil), served(t, "two", nil)
	b.SetTargetGroups([]*apigw.TargetGroup{targetGroup(groupARN, "HTTP", target(addressOf(t, one)), target(addressOf(t, two)))})
	b.SetLoadBalancers([]*apigw.LoadBalancer{applicationBalancer(forwardTo(groupARN))})
	backend := b.Acquire(albPlace(t, "http://private.example/"))
	defer backend.Release()
	c, seen := newCaller(), map[string]int{}
	for range 10 {
		a := c.send(backend, "GET http://private.example/")
		if a.fault != nil || a.status != 200 {
			t.Fatalf("%+v", a)
		}
		seen[a.body]++
	}
	if seen["one"] != 5 || seen["two"] != 5 {
		t.Errorf("answered: %v", seen)
	}
}

// TestPlacesFollow: a place means what load balancers and links say now.
func TestPlacesFollow(t *testing.T) {
	b := newBook(t, Config{})
	one := served(t, "one", nil)
	backend := b.Acquire(albPlace(t, "http://private.example/"))
	defer backend.Release()
	c := newCaller()
	call := func() answer { return c.send(backend, "GET http://private.example/") }
	if a := call(); a.fault == nil || a.fault.Kind != exchange.APIConfigurationError {
		t.Errorf("without a load balancer: %+v", a)
	}
	b.SetLoadBalancers([]*apigw.LoadBalancer{applicationBalancer(forwardTo(groupARN))})
	if a := call(); a.status != 503 {
		t.Errorf("without a target group: %+v", a)
	}
	b.SetTargetGroups([]*apigw.TargetGroup{targetGroup(groupARN, "HTTP", target(addressOf(t, one)))})
	if a := call(); a.body != "one" {
		t.Errorf("with all of them: %+v", a)
	}
	b.SetLinks(nil)
	if a := call(); a.fault == nil || a.fault.Kind != exchange.APIConfigurationError {
		t.Errorf("without the link: %+v", a)
	}
}

// TestCallsAfterRelease: a stage's last calls go where its place leads by then, and
// neither keep nor give back what others hold.
func TestCallsAfterRelease(t *testing.T) {
	b := newBook(t, Config{})
	b.SetTargetGroups([]*apigw.TargetGroup{targetGroup(groupARN, "HTTP", target(addressOf(t, answered(t, "one"))))})
	b.SetLoadBalancers([]*apigw.LoadBalancer{applicationBalancer(forwardTo(groupARN))})
	links := []Link{{Scope: scope, ID: "v2link"}}
	last, stays := b.Acquire(albPlace(t, "http://x/")), b.Acquire(albPlace(t, "http://x/"))
	c := newCaller()
	call := func(over *integration.Backend) answer { return c.send(over, "GET http://x/") }
	held := func() (n int) {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, d := range b.dialects {
			n += d.refs
		}
		return n
	}
	call(stays)
	one := held()
	call(last)
	last.Release()
	b.SetLinks(nil)
	if a := call(last); a.fault == nil {
		t.Errorf("without the link: %+v", a)
	}
	if n := held(); n != one {
		t.Errorf("without the link, %d references of %d are left", n, one)
	}
	b.SetLinks(links)
	if a := call(last); a.body != "one" {
		t.Errorf("with the link again: %+v", a)
	}
	if n := held(); n != one {
		t.Errorf("with the link again, there are %d references, not %d", n, one)
	}
	stays.Release()
	if n := held(); n != 0 {
		t.Errorf("%d references of nobody", n)
	}
}

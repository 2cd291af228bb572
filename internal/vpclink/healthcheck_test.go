package vpclink

import (
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

func checked(g *apigw.TargetGroup) *apigw.TargetGroup {
	g.Health = apigw.HealthCheck{Enabled: true, Protocol: "HTTP", Port: "traffic-port", Path: "/health", IntervalSeconds: 1, TimeoutSeconds: 1, HealthyThreshold: 2, UnhealthyThreshold: 2, Matcher: "200"}
	if g.Protocol == "TCP" {
		g.Health.Protocol = "TCP"
	}
	return g
}

// TestHealth: what checks find shows in the states and reasons of the reference
// (TargetHealth), and calls heed it.
func TestHealth(t *testing.T) {
	var ill atomic.Bool
	b := newBook(t, Config{})
	one := served(t, "one", nil)
	two := served(t, "two", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/health" && ill.Load() {
			w.WriteHeader(500)
			return
		}
		w.Write([]byte("two"))
	})
	b.SetTargetGroups([]*apigw.TargetGroup{checked(targetGroup(groupARN, "HTTP", target(addressOf(t, one)), target(addressOf(t, two))))})
	if h := b.Health(groupARN); len(h) != 2 || h[0].State != "unused" || h[0].Reason != "Target.NotInUse" {
		t.Errorf("in use by nobody: %+v", h)
	}
	b.SetLoadBalancers([]*apigw.LoadBalancer{applicationBalancer(forwardTo(groupARN))})
	eventually(t, "both are healthy", func() bool {
		h := b.Health(groupARN)
		return h[0].State == "healthy" && h[1].State == "healthy"
	})
	ill.Store(true)
	eventually(t, "two is unhealthy", func() bool { return b.Health(groupARN)[1].State == "unhealthy" })
	if h := b.Health(groupARN)[1]; h.Reason != "Target.ResponseCodeMismatch" || h.Description != "Health checks failed with these codes: [500]" {
		t.Errorf("two: %+v", h)
	}
	for range 5 {
		if a := get(t, b, albPlace(t, "http://private.example/"), "GET http://private.example/"); a.body != "one" {
			t.Errorf("a call went to an unhealthy target: %+v", a)
		}
	}
}

// TestFlows: through a Network Load Balancer, what the integration's URI says is
// for the target itself.
func TestFlows(t *testing.T) {
	b := newBook(t, Config{})
	one := served(t, "", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(r.Host)) })
	b.SetTargetGroups([]*apigw.TargetGroup{targetGroup(groupARN, "TCP", target(addressOf(t, one)))})
	b.SetLoadBalancers([]*apigw.LoadBalancer{networkBalancer("TCP", 8080, groupARN)})
	p := Place{Scope: scope, Link: "v1link", URI: parseURI(t, "http://private.example:8080/")}
	if a := get(t, b, p, "GET http://private.example:8080/"); a.body != "private.example:8080" {
		t.Errorf("%+v", a)
	}
}

// TestBalancerBehindBalancer: an Application Load Balancer as the target of a
// Network Load Balancer (target groups, "Use Application Load Balancers as
// targets of a Network Load Balancer").
func TestBalancerBehindBalancer(t *testing.T) {
	b := newBook(t, Config{})
	one := served(t, "one", nil)
	b.SetTargetGroups([]*apigw.TargetGroup{
		{ARN: otherARN, Protocol: "TCP", Port: 80, TargetType: apigw.TargetBalancer, Targets: []apigw.Target{{ID: string(albARN)}}}, targetGroup(groupARN, "HTTP", target(addressOf(t, one))),
	})
	p := Place{Scope: scope, Link: "v1link", URI: parseURI(t, "http://private.example:8080/")}
	b.SetLoadBalancers([]*apigw.LoadBalancer{networkBalancer("TCP", 8080, otherARN)})
	if a := get(t, b, p, "GET http://private.example:8080/"); a.fault == nil {
		t.Errorf("without the ALB: %+v", a)
	}
	b.SetLoadBalancers([]*apigw.LoadBalancer{networkBalancer("TCP", 8080, otherARN), applicationBalancer(forwardTo(groupARN))})
	if a := get(t, b, p, "GET http://private.example:8080/"); a.body != "one" {
		t.Errorf("%+v: %v", a, a.fault)
	}
	if h := b.Health(otherARN); len(h) != 1 || h[0].State != "healthy" {
		t.Errorf("%+v", h)
	}
}

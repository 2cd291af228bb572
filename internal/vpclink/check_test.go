package vpclink

import (
	"strings"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

func TestCheck(t *testing.T) {
	b := newBook(t, Config{})
	b.SetLoadBalancers([]*apigw.LoadBalancer{applicationBalancer(forwardTo(groupARN)), networkBalancer("TLS", 443, groupARN)})
	listener := Place{Scope: scope, Link: "v2link", Target: albARN + "/listener"}
	change := func(change func(*Place)) Place {
		p := listener
		change(&p)
		return p
	}
	for want, p := range map[string]Place{
		"":                           listener,
		"there is no VPC link gone":  change(func(p *Place) { p.Link = "gone" }),
		"there is no listener arn:x": change(func(p *Place) { p.Target = "arn:x" }),
		"there is no service arn:aws:servicediscovery:x": change(func(p *Place) { p.Target = "arn:aws:servicediscovery:x" }),
		"doesn't speak TLS":                       change(func(p *Place) { p.ServerName = "x.example" }),
		"speaks TLS, and the integration doesn't": change(func(p *Place) { p.Target = nlbARN + "/listener" }),
		"no listener with port 81":                albPlace(t, "http://x:81/"),
	} {
		err := b.Check(p)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

package websocketapi

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/vpclink"
)

// TestOverLink: messages reach a backend behind a network load balancer, over a
// link of version 1 that a stage variable names; its URI is what the backend
// sees (developer guide, "Private integrations for WebSocket APIs").
func TestOverLink(t *testing.T) {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s %s", r.Method, r.Host, r.RequestURI, body)
	}))
	defer backend.Close()
	at := netip.MustParseAddrPort(backend.Listener.Addr().String())
	over := func(link string) *apigw.RouteIntegration {
		return &apigw.RouteIntegration{Type: apigw.IntegrationHTTPProxy, URI: "http://shop.internal:8080/hook", Method: "POST", ConnectionType: "VPC_LINK", ConnectionID: link}
	}
	w := newWorld(t, definition(map[string]*apigw.RouteIntegration{"send!": over("${stageVariables.link}"), "gone!": over("gone01")}), always("{}"), func(env *Env, st *apigw.Stage) {
		env.Links = vpclink.NewBook(vpclink.Config{Pools: env.Pools})
		t.Cleanup(env.Links.Close)
		env.Links.SetTargetGroups([]*apigw.TargetGroup{{ARN: "tcp", Name: "tcp", Protocol: "TCP", Port: 80, TargetType: apigw.TargetIP,
			Targets: []apigw.Target{{ID: at.Addr().String(), Port: int(at.Port()), Address: at.Addr()}}}})
		env.Links.SetLoadBalancers([]*apigw.LoadBalancer{{ARN: "nlb", Name: "front", Type: apigw.BalancerNetwork, Listeners: []apigw.Listener{{ARN: "nlb/1", Port: 8080, Protocol: "TCP",
			Actions: []apigw.RuleAction{{Type: "forward", Forward: &apigw.ForwardAction{Groups: []apigw.WeightedGroup{{Group: "tcp", Weight: 1}}}}}}}}})
		env.Links.SetLinks([]vpclink.Link{{Scope: env.Scope, ID: "old001", Target: "nlb"}})
		st.Variables["link"] = "old001"
	})
	c := w.connect("")
	c.say(`{"action":"send"}`)
	if got := c.hear(); got != `POST shop.internal:8080 /hook {"action":"send"}` {
		t.Error(got)
	}
	c.say(`{"action":"gone"}`)
	if got := plainFrame(c.hear()); got != errorFrame("Internal server error") {
		t.Error(got)
	}
}

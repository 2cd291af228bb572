package httpapi

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

const (
	linkedBalancer = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/front/1"
	linkedListener = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/front/1/2"
)

// linkedEnv has an Application Load Balancer in front of backend, and the link
// new001 of version 2.
func linkedEnv(t testing.TB, backend *httptest.Server) *Env {
	t.Helper()
	env := testEnv(nil)
	env.Links = vpclink.NewBook(vpclink.Config{Pools: env.Pools})
	t.Cleanup(env.Links.Close)
	at := netip.MustParseAddrPort(backend.Listener.Addr().String())
	env.Links.SetTargetGroups([]*apigw.TargetGroup{{ARN: "web", Name: "web", Protocol: "HTTP", Port: 80, TargetType: apigw.TargetIP,
		Targets: []apigw.Target{{ID: at.Addr().String(), Port: int(at.Port()), Address: at.Addr()}}}})
	env.Links.SetLoadBalancers([]*apigw.LoadBalancer{{ARN: linkedBalancer, Name: "front", Type: apigw.BalancerApplication, Listeners: []apigw.Listener{{ARN: linkedListener, Port: 80, Protocol: "HTTP",
		Actions: []apigw.RuleAction{{Type: "forward", Forward: &apigw.ForwardAction{Groups: []apigw.WeightedGroup{{Group: "web", Weight: 1}}}}}}}}})
	env.Links.SetLinks([]vpclink.Link{{Scope: env.Scope, ID: "new001"}})
	return env
}

// private is an integration over a link.
func private(id, link, uri string) *apigw.RouteIntegration {
	i := proxyTo(id, uri)
	i.ConnectionType, i.ConnectionID = "VPC_LINK", link
	return i
}

// TestOverLink: backends behind a link see the client's host and path, with the
// stage in front unless it is mapped away (developer guide, "Create private
// integrations for HTTP APIs"); a link that leads nowhere is 503 (seen on AWS).
func TestOverLink(t *testing.T) {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s %s", r.Method, r.Host, r.RequestURI, body)
	}))
	defer backend.Close()
	plain := private("plain", "new001", linkedListener)
	plain.RequestParameters = map[string]string{"overwrite:path": "$request.path", "overwrite:header.host": "shop.internal"}
	gone := private("gone", "new001", linkedListener+"0")
	def := definition(map[string]string{"ANY /staged": "staged", "ANY /plain": "plain", "GET /gone": "gone", "GET /nolink": "nolink", "GET /unset": "unset", "GET /{proxy+}": "variable"},
		private("staged", "new001", linkedListener), plain, gone, private("nolink", "gone01", linkedListener), private("unset", "${stageVariables.none}", linkedListener),
		private("variable", "${stageVariables.link}", "${stageVariables.listener}"))
	vars := map[string]string{"link": "new001", "listener": linkedListener}
	s := compileStage(t, def, &apigw.Stage{Name: "test", Routes: &apigw.RouteStage{}, Variables: vars}, linkedEnv(t, backend))
	const host = "abcdef123.execute-api.us-east-1.amazonaws.com"
	for _, c := range []struct {
		method, target, body string
		status               int
		want                 string
	}{
		{"GET", "/staged?a=b%20c", "", 200, "GET " + host + " /test/staged?a=b%20c "},
		{"POST", "/staged", "hello", 200, "POST " + host + " /test/staged hello"},
		{"GET", "/plain?a=b", "", 200, "GET shop.internal /plain?a=b "},
		{"GET", "/by/variable", "", 200, "GET " + host + " /test/by/variable "},
		{"GET", "/gone", "", 503, `{"message":"Service Unavailable"}`},
		{"GET", "/nolink", "", 503, `{"message":"Service Unavailable"}`},
		{"GET", "/unset", "", 500, `{"message":"Internal Server Error"}`},
	} {
		if got := serve(t, s, c.method, c.target, "", c.body); got.Status != c.status || got.Body != c.want {
			t.Errorf("%s %s: %d %q, not %d %q", c.method, c.target, got.Status, got.Body, c.status, c.want)
		}
	}
	onDefault := compileStage(t, def, &apigw.Stage{Name: "$default", Routes: &apigw.RouteStage{}, Variables: vars}, linkedEnv(t, backend))
	if got := serve(t, onDefault, "GET", "/staged", "", ""); got.Body != "GET "+host+" /staged " {
		t.Error(got)
	}
}

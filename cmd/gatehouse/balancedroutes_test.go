package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	balancing "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// balancedConfig has a rule of every kind. {BLUE}, {GREEN} and {ILL} are
// addresses; {ILL} fails its checks.
const balancedConfig = `
targetGroups:
  blue: {protocol: HTTP, port: 80, targets: ["{BLUE}"]}
  green: {protocol: HTTP, port: 80, targets: ["{GREEN}"]}
  ill: {protocol: HTTP, port: 80, targets: ["{ILL}"], health: {path: /health, interval: 5, timeout: 2}}
  empty: {protocol: HTTP, port: 80}
loadBalancers:
  inside:
    listeners:
      - port: 80
        protocol: HTTP
        default: {respond: {status: 404, type: text/plain, body: default}}
        rules:
          - {priority: 50, path: ["/*"], sourceIp: [192.0.2.0/24], then: {respond: {status: 200, body: the client}}}
          - {priority: 40, path: ["/order*"], then: {respond: {status: 200, body: "40"}}}
          - {priority: 30, path: ["/order/first"], then: {respond: {status: 200, body: "30"}}}
          - {priority: 1, host: ["*.EXECUTE-api.localhost"], path: ["/host"], then: {respond: {status: 200, body: host}}}
          - {priority: 14, host: ["*.shop.example"], path: ["/shop"], then: {respond: {status: 200, body: shop}}}
          - {priority: 2, path: ["/pets/*"], then: {forward: blue}}
          - {priority: 3, headers: {X-Tier: ["gold*"]}, then: {respond: {status: 200, body: header}}}
          - {priority: 4, method: [PUT], then: {respond: {status: 200, body: method}}}
          - {priority: 5, query: {version: ["2"]}, then: {respond: {status: 200, body: query}}}
          - {priority: 6, path: ["/from"], sourceIp: [127.0.0.0/8], then: {respond: {status: 200, body: the link}}}
          - {priority: 7, path: ["/halves"], then: {forward: {blue: 1, green: 1}}}
          - {priority: 8, path: ["/drained"], then: {forward: {blue: 0, green: 1}}}
          - {priority: 9, path: ["/weighted-empty"], then: {forward: {blue: 0, empty: 1}}}
          - {priority: 10, path: ["/old/*"], then: {redirect: {host: new.example.com, path: "/new/#{path}", status: 301}}}
          - {priority: 11, path: ["/teapot"], then: {respond: {status: 418, type: application/json, body: "{}"}}}
          - {priority: 12, path: ["/empty"], then: {forward: empty}}
          - {priority: 13, path: ["/ill"], then: {forward: ill}}
`

// TestBalancedRoutes calls an HTTP API whose only route leads over a VPC link of
// version 2 to an Application Load Balancer, and sees what its rules make of each
// call (sheet "private networking", by the sections that are named).
func TestBalancedRoutes(t *testing.T) {
	t.Parallel()
	s := serveWith(t, "--config", write(t, "gatehouse.yaml", strings.NewReplacer(
		"{BLUE}", named(t, "blue"), "{GREEN}", named(t, "green"), "{ILL}", named(t, "ill")).Replace(balancedConfig)))
	s.unhealthy("ill")
	host := s.linked("inside") + ".execute-api.localhost"
	for _, tc := range []struct {
		section, name, request string
		header                 []string
		status                 int
		body                   string // a part of it
	}{
		{"7.1", "host-header in any case", "GET /host", nil, 200, "host"},
		{"7.1", "host-header of another host", "GET /shop", nil, 404, "default"},
		{"7.1", "path-pattern", "GET /pets/1/toys", nil, 200, "blue"},
		{"7.1", "path-pattern in its case", "GET /PETS/1", nil, 404, "default"},
		{"7.1", "http-header in any case", "GET /", []string{"x-tier", "GOLDEN"}, 200, "header"},
		{"7.1", "http-header with another value", "GET /", []string{"x-tier", "silver"}, 404, "default"},
		{"7.1", "http-request-method", "PUT /", nil, 200, "method"},
		{"7.1", "query-string", "GET /?Version=2", nil, 200, "query"},
		{"7.1", "query-string with another value", "GET /?version=3", nil, 404, "default"},
		{"7.1", "source-ip is the link's", "GET /from", nil, 200, "the link"},
		{"7.1", "source-ip isn't told by a field", "GET /any", []string{"X-Forwarded-For", "192.0.2.1"}, 404, "default"},
		{"7.1", "the lowest priority first", "GET /order/first", nil, 200, "30"},
		{"7.1", "then the next", "GET /order/second", nil, 200, "40"},
		{"7.1", "weight 0 takes nothing", "GET /drained", nil, 200, "green"},
		{"7.1", "weighted groups don't fail over", "GET /weighted-empty", nil, 503, "503 Service Temporarily Unavailable"},
		{"7.1", "redirect", "GET /old/a?b=c", nil, 301, ""},
		{"7.1", "fixed-response", "GET /teapot", nil, 418, "{}"},
		{"7.6", "no registered targets", "GET /empty", nil, 503, "<center><h1>503 Service Temporarily Unavailable</h1></center>"},
		{"7.6", "all targets unhealthy: fail open", "GET /ill", nil, 200, "ill"},
	} {
		method, path, _ := strings.Cut(tc.request, " ")
		a := call(t, method, s.invoke+path, host, "", tc.header...)
		if a.status != tc.status || !strings.Contains(a.body, tc.body) {
			t.Errorf("%s, %s: %v %v", tc.section, tc.name, a, a.header)
		}
		if tc.name == "redirect" && !strings.HasPrefix(a.header.Get("Location"), "http://new.example.com") {
			t.Errorf("%s, %s: %v", tc.section, tc.name, a.header)
		}
	}
	seen := map[string]bool{} // 7.1: groups of one weight both take calls
	eventually(t, "both halves", func() bool {
		seen[call(t, "GET", s.invoke+"/halves", host, "").body] = true
		return seen["blue"] && seen["green"]
	})
}

// named is the address of a server that answers with its name, but for checks of
// /health, which fail.
func named(t testing.TB, name string) string {
	b := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/health" {
			w.WriteHeader(http.StatusInternalServerError)
		}
		fmt.Fprint(w, name)
	}))
	t.Cleanup(b.Close)
	return address(t, b.URL)
}

// unhealthy waits until the only target of a group is.
func (s *server) unhealthy(group string) {
	s.t.Helper()
	ctx, c := s.t.Context(), s.elb()
	groups, err := c.DescribeTargetGroups(ctx, &elasticloadbalancingv2.DescribeTargetGroupsInput{Names: []string{group}})
	must(s.t, err)
	eventually(s.t, "an unhealthy target", func() bool {
		out, err := c.DescribeTargetHealth(ctx, &elasticloadbalancingv2.DescribeTargetHealthInput{TargetGroupArn: groups.TargetGroups[0].TargetGroupArn})
		return err == nil && len(out.TargetHealthDescriptions) == 1 && out.TargetHealthDescriptions[0].TargetHealth.State == balancing.TargetHealthStateEnumUnhealthy
	})
}

// linked is an HTTP API all of whose calls go over a link of version 2 to the
// only listener of a load balancer.
func (s *server) linked(balancer string) (api string) {
	s.t.Helper()
	ctx := s.t.Context()
	c := apigatewayv2.New(apigatewayv2.Options{BaseEndpoint: &s.control, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")})
	link, err := c.CreateVpcLink(ctx, &apigatewayv2.CreateVpcLinkInput{Name: aws.String("inside"), SubnetIds: []string{"subnet-1"}})
	must(s.t, err)
	made, err := c.CreateApi(ctx, &apigatewayv2.CreateApiInput{Name: aws.String("balanced"), ProtocolType: types.ProtocolTypeHttp})
	must(s.t, err)
	integration, err := c.CreateIntegration(ctx, &apigatewayv2.CreateIntegrationInput{
		ApiId: made.ApiId, IntegrationType: types.IntegrationTypeHttpProxy, IntegrationMethod: aws.String("ANY"), PayloadFormatVersion: aws.String("1.0"),
		ConnectionType: types.ConnectionTypeVpcLink, ConnectionId: link.VpcLinkId, IntegrationUri: aws.String(s.listenerOf(ctx, balancer)),
	})
	must(s.t, err)
	_, err = c.CreateRoute(ctx, &apigatewayv2.CreateRouteInput{ApiId: made.ApiId, RouteKey: aws.String("$default"), Target: aws.String("integrations/" + *integration.IntegrationId)})
	must(s.t, err)
	_, err = c.CreateStage(ctx, &apigatewayv2.CreateStageInput{ApiId: made.ApiId, StageName: aws.String("$default"), AutoDeploy: aws.Bool(true)})
	must(s.t, err)
	return *made.ApiId
}

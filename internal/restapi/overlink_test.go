package restapi

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/vpclink"
)

const (
	linkedALB = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/front/1"
	linkedNLB = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/front/1"
)

// linkedEnv has an Application and a Network Load Balancer at ports 80 and 443,
// the second of them at the end of a link of version 1, old001; new001 is of
// version 2. All lead to backend, but for the latter's port 81, which has no
// targets, and for bad001, which is FAILED.
func linkedEnv(t testing.TB, backend *httptest.Server, roots *x509.CertPool) *Env {
	t.Helper()
	env := testEnv(nil)
	env.Pools = integration.NewPools(integration.PoolConfig{RootCAs: roots})
	env.Links = vpclink.NewBook(vpclink.Config{Pools: env.Pools})
	t.Cleanup(env.Links.Close)
	at := netip.MustParseAddrPort(backend.Listener.Addr().String())
	group := func(arn apigw.ARN, protocol string) *apigw.TargetGroup {
		return &apigw.TargetGroup{ARN: arn, Name: string(arn), Protocol: protocol, Port: 80, TargetType: apigw.TargetIP,
			Targets: []apigw.Target{{ID: at.Addr().String(), Port: int(at.Port()), Address: at.Addr()}}}
	}
	listeners := func(arn apigw.ARN, protocol string, to apigw.ARN) (list []apigw.Listener) {
		for _, port := range []int{80, 443} {
			list = append(list, apigw.Listener{ARN: arn + apigw.ARN(fmt.Sprintf("/%d", port)), Port: port, Protocol: protocol,
				Actions: []apigw.RuleAction{{Type: "forward", Forward: &apigw.ForwardAction{Groups: []apigw.WeightedGroup{{Group: to, Weight: 1}}}}}})
		}
		return list
	}
	env.Links.SetTargetGroups([]*apigw.TargetGroup{group("web", "HTTP"), group("tcp", "TCP")})
	flows := listeners(linkedNLB+"/listener", "TCP", "tcp")
	flows = append(flows, apigw.Listener{ARN: linkedNLB + "/listener/81", Port: 81, Protocol: "TCP",
		Actions: []apigw.RuleAction{{Type: "forward", Forward: &apigw.ForwardAction{Groups: []apigw.WeightedGroup{{Group: "none", Weight: 1}}}}}})
	env.Links.SetLoadBalancers([]*apigw.LoadBalancer{
		{ARN: linkedALB, Name: "front", Type: apigw.BalancerApplication, Listeners: listeners(linkedALB+"/listener", "HTTP", "web")},
		{ARN: linkedNLB, Name: "front", Type: apigw.BalancerNetwork, Listeners: flows},
	})
	env.Links.SetLinks([]vpclink.Link{{Scope: env.Scope, ID: "old001", Target: linkedNLB}, {Scope: env.Scope, ID: "new001"},
		{Scope: env.Scope, ID: "bad001", Target: linkedNLB, Failure: "NLB ARN is malformed"}})
	return env
}

// overLink is a method that calls uri over a link.
func overLink(kind apigw.IntegrationType, link, target, uri string) *apigw.Method {
	m := mockMethod("")
	m.Integration = &apigw.Integration{Type: kind, HTTPMethod: "ANY", URI: uri, ConnectionType: "VPC_LINK", ConnectionID: link, Target: target,
		Responses: map[apigw.StatusCode]*apigw.IntegrationResponse{"200": {StatusCode: "200"}}}
	return m
}

// sees answers with what it was asked for.
func sees(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	fmt.Fprintf(w, "%s %s %s %s", r.Method, r.Host, r.RequestURI, body)
}

// TestOverLink: the link leads, the URI says what the backend sees (developer
// guide, "Private integrations for REST APIs" and "VPC links V1").
func TestOverLink(t *testing.T) {
	backend := httptest.NewServer(http.HandlerFunc(sees))
	defer backend.Close()
	env := linkedEnv(t, backend, nil)
	template := func(m *apigw.Method, text string) *apigw.Method {
		m.Integration.RequestTemplates = map[string]*string{"application/json": &text}
		return m
	}
	def := define(map[string]*apigw.Method{
		"GET /v1":         overLink("HTTP_PROXY", "old001", "", "http://shop.internal/orders?x=1"),
		"POST /variable":  overLink("HTTP_PROXY", "${stageVariables.link}", "", "http://shop.internal:443/orders"),
		"GET /v2":         overLink("HTTP_PROXY", "new001", linkedALB, "http://shop.internal/orders?x=1"),
		"GET /v2root":     overLink("HTTP_PROXY", "new001", linkedALB, "http://shop.internal"),
		"GET /v2nlb":      overLink("HTTP_PROXY", "new001", linkedNLB, "http://shop.internal/n"),
		"GET /mapped":     overLink("HTTP", "old001", "", "http://shop.internal/orders"),
		"GET /overridden": template(overLink("HTTP", "new001", linkedALB, "http://shop.internal/orders?x=1"), `#set($context.requestOverride.path = "/plain path")`),
		"GET /misplaced":  template(overLink("HTTP", "old001", "", "http://shop.internal/orders"), `#set($context.requestOverride.path = "/plain")`),
		"GET /nowhere":    overLink("HTTP_PROXY", "gone01", "", "http://shop.internal/"),
		"GET /noport":     overLink("HTTP_PROXY", "old001", "", "http://shop.internal:81/"),
		"GET /failed":     overLink("HTTP_PROXY", "bad001", "", "http://shop.internal/"),
		"GET /notarget":   overLink("HTTP_PROXY", "old001", "", "http://shop.internal:81/"),
		"GET /nobalancer": overLink("HTTP_PROXY", "new001", strings.Replace(linkedALB, "front", "gone", 1), "http://shop.internal/"),
		"GET /unset":      overLink("HTTP_PROXY", "${stageVariables.unset}", "", "http://shop.internal/"),
	})
	s := compileStage(t, def, &apigw.Stage{Name: "prod", Variables: map[string]string{"link": "old001"}}, env)
	internal := reply{500, `{"message": "Internal server error"}`, "InternalServerErrorException"}
	for at, want := range map[string]reply{
		"GET /v1?y=2":     {200, "GET shop.internal /orders?x=1&y=2 ", ""},
		"POST /variable":  {200, "POST shop.internal:443 /orders hello", ""},
		"GET /v2?y=2":     {200, "GET shop.internal /prod/orders?x=1&y=2 ", ""},
		"GET /v2root":     {200, "GET shop.internal /prod/ ", ""},
		"GET /v2nlb":      {200, "GET shop.internal /prod/n ", ""},
		"GET /mapped":     {200, "GET shop.internal /orders ", ""},
		"GET /overridden": {200, "GET shop.internal /plain%20path?x=1 ", ""},
		"GET /misplaced":  internal,
		"GET /nowhere":    internal,
		"GET /noport":     internal,
		"GET /failed":     internal,
		"GET /notarget":   internal,
		"GET /nobalancer": internal,
		"GET /unset":      internal,
	} {
		method, target, _ := strings.Cut(at, " ")
		c := call{method: method, target: target}
		if method == "POST" {
			c.body = "hello"
		}
		if _, got := serve(s, c); got != want {
			t.Errorf("%s: %s", at, cmp.Diff(want, got))
		}
	}
}

// TestOverLinkTLS: the URI's host is what the targets' certificate must be for;
// insecureSkipVerification leaves that (developer guide, "TLS configuration";
// the log's text as reported in the field).
func TestOverLinkTLS(t *testing.T) {
	backend := httptest.NewTLSServer(http.HandlerFunc(sees)) // its certificate is for example.com
	defer backend.Close()
	roots := x509.NewCertPool()
	roots.AddCert(backend.Certificate())
	env := linkedEnv(t, backend, roots)
	yes := true
	insecure := overLink("HTTP_PROXY", "old001", "", "https://other.example/")
	insecure.Integration.TLSInsecure = &yes
	def := define(map[string]*apigw.Method{
		"GET /right":    overLink("HTTP_PROXY", "old001", "", "https://example.com/x"),
		"GET /wrong":    overLink("HTTP_PROXY", "old001", "", "https://other.example/"),
		"GET /insecure": insecure,
	})
	s := compileStage(t, def, nil, env)
	for target, status := range map[string]int{"/right": 200, "/wrong": 500, "/insecure": 500} {
		if _, got := serve(s, call{method: "GET", target: target}); got.Status != status {
			t.Errorf("%s: %+v", target, got)
		}
	}
	out, err := TestInvoke(context.Background(), def, &apigw.TestRequest{Resource: "id:/wrong", Verb: "GET", HTTPMethod: "GET"}, env)
	if err != nil || !strings.Contains(out.Log, "Execution failed due to configuration error: Host name 'other.example' does not match the certificate subject provided by the peer (O=Acme Co)") {
		t.Error(err, out)
	}
}

// TestOverLinkTested: TestInvokeMethod goes over links too, and tells of one that
// leads nowhere in AWS's words.
func TestOverLinkTested(t *testing.T) {
	backend := httptest.NewServer(http.HandlerFunc(sees))
	defer backend.Close()
	env := linkedEnv(t, backend, nil)
	def := define(map[string]*apigw.Method{
		"GET /v1":      overLink("HTTP_PROXY", "old001", "", "http://shop.internal/orders"),
		"GET /nowhere": overLink("HTTP_PROXY", "gone01", "", "http://shop.internal/"),
	})
	for path, want := range map[string]string{
		"/v1":      "Sending request to http://shop.internal/orders",
		"/nowhere": "Execution failed due to configuration error: There was an internal error while executing your request",
	} {
		out, err := TestInvoke(context.Background(), def, &apigw.TestRequest{Resource: apigw.ResourceID("id:" + path), Verb: "GET", HTTPMethod: "GET"}, env)
		if err != nil || !strings.Contains(out.Log, want) {
			t.Error(path, err, out)
		}
	}
}

// TestOverLinkLate: a target that doesn't answer in time is 504.
func TestOverLinkLate(t *testing.T) {
	end := make(chan struct{})
	backend := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-end }))
	defer backend.Close()
	defer close(end)
	m := overLink("HTTP_PROXY", "new001", linkedALB, "http://shop.internal/")
	m.Integration.TimeoutMillis = 50
	s := compileStage(t, define(map[string]*apigw.Method{"GET /": m}), nil, linkedEnv(t, backend, nil))
	if _, got := serve(s, call{method: "GET", target: "/"}); got != (reply{504, `{"message": "Endpoint request timed out"}`, "InternalServerErrorException"}) {
		t.Errorf("%+v", got)
	}
}

// TestOverLinkShown: a stage's client certificate is shown to targets over TLS.
func TestOverLinkShown(t *testing.T) {
	backend := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.TLS.PeerCertificates[0].Subject.String())
	}))
	backend.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	backend.StartTLS()
	defer backend.Close()
	roots := x509.NewCertPool()
	roots.AddCert(backend.Certificate())
	env := linkedEnv(t, backend, roots)
	st := &apigw.Stage{Name: "prod"}
	private, err := x509.MarshalPKCS8PrivateKey(backend.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	env.OpenKey = func(string, []byte) ([]byte, error) { return private, nil }
	st.ClientCertificate = &apigw.StageCertificate{ID: "c", Record: "r", PEM: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: backend.Certificate().Raw}))}
	s := compileStage(t, define(map[string]*apigw.Method{"GET /": overLink("HTTP_PROXY", "old001", "", "https://example.com/")}), st, env)
	if _, got := serve(s, call{method: "GET", target: "/"}); got.Status != 200 || got.Body != "O=Acme Co" {
		t.Errorf("%+v", got)
	}
}

// BenchmarkOverLink is BenchmarkHTTPProxy over a VPC link.
func BenchmarkOverLink(b *testing.B) {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") }))
	defer backend.Close()
	env := linkedEnv(b, backend, nil)
	s := compileStage(b, define(map[string]*apigw.Method{
		"GET /link":   overLink("HTTP_PROXY", "new001", linkedALB, "http://shop.internal/"),
		"GET /direct": {Integration: &apigw.Integration{Type: "HTTP_PROXY", HTTPMethod: "GET", URI: backend.URL}},
	}), nil, env)
	for _, target := range []string{"/direct", "/link"} {
		b.Run(target[1:], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, got := serve(s, call{method: "GET", target: target}); got.Status != 200 {
					b.Fatal(got)
				}
			}
		})
	}
}

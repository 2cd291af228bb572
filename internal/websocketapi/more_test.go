package websocketapi

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/credentials"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/usageplan"
)

const goodKey = "goodkey0123456789abcdefg"

// API keys are wanted of who connects, from the header or from the authorizer
// (developer guide, "API key selection expressions"), and are in the events.
func TestAPIKeys(t *testing.T) {
	withPlan := func(env *Env, _ *apigw.Stage) {
		env.Plans = usageplan.NewBook(nil, nil)
		env.Plans.Update(func(e *usageplan.Edit) {
			e.SetKey(env.Scope, "keyid12345", goodKey, true)
			e.AddToPlan(usageplan.PlanRef{Scope: env.Scope, ID: "p"}, "keyid12345")
			e.SetPlan(env.Scope, &apigw.UsagePlan{ID: "p", Stages: []apigw.PlanStage{{API: testAPI, Stage: "prod"}}})
			env.Plans.Complete()
		})
	}
	def := definition(map[string]*apigw.RouteIntegration{"$connect": lambdaProxyOf("chat")})
	route(def, "$connect").APIKeyRequired = true
	w := newWorld(t, def, always(allOK), withPlan)
	for key, want := range map[string]int{goodKey: 101, "other": 403, "": 403} {
		header := []string{"x-api-key", key}
		if key == "" {
			header = nil
		}
		if got := w.refused("", header...); got != want {
			t.Errorf("key %q: %d", key, got)
		}
	}
	identity := w.event()["requestContext"].(map[string]any)["identity"].(map[string]any)
	if identity["apiKey"] != goodKey || identity["apiKeyId"] != "keyid12345" {
		t.Errorf("identity is %v", identity)
	}

	def = definition(map[string]*apigw.RouteIntegration{"$connect": nil})
	route(def, "$connect").APIKeyRequired = true
	def.RouteAPI.APIKeySelection = "$context.authorizer.usageIdentifierKey"
	guard(def)
	answer := `{"principalId":"u","usageIdentifierKey":"KEY","policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}}`
	for key, want := range map[string]int{goodKey: 101, "other": 403} {
		w := newWorld(t, def, always(strings.Replace(answer, "KEY", key, 1)), withPlan)
		if got := w.refused("?token=x", "x-api-key", goodKey); got != want {
			t.Errorf("the authorizer's key %q: %d", key, got)
		}
	}
}

// HTTP_PROXY gets the query and fields of a client that connects, without those
// of the connection; its status decides.
func TestHTTPProxyConnect(t *testing.T) {
	seen := make(chan string, 10)
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen <- r.Method + " " + r.URL.RequestURI() + " own=" + r.Header.Get("X-Own") + " upgrade=" + r.Header.Get("Upgrade") + " id=" + r.Header.Get("X-Id") + " " + string(body)
		if r.URL.Query().Get("no") != "" {
			w.WriteHeader(409)
		}
		w.Header().Set("Sec-WebSocket-Protocol", "v1.chat")
	}))
	defer backend.Close()
	proxy := func() *apigw.RouteIntegration {
		return &apigw.RouteIntegration{Type: apigw.IntegrationHTTPProxy, URI: backend.URL + "/x", Method: "POST", RequestParameters: map[string]string{"integration.request.header.X-Id": "context.eventType"}}
	}
	w := newWorld(t, definition(map[string]*apigw.RouteIntegration{"$connect": proxy(), "$disconnect": proxy()}), always(allOK))
	if got := w.refused("?no=1"); got != 409 {
		t.Errorf("status %d", got)
	}
	<-seen
	s := w.connect("?room=1", "X-Own", "1", "Sec-WebSocket-Protocol", "v1.chat")
	s.nc.Write([]byte("\x88\x80\x00\x00\x00\x00"))
	for _, want := range []string{"POST /x?room=1 own=1 upgrade= id=CONNECT ", "POST /x own= upgrade= id=DISCONNECT "} {
		if got := <-seen; got != want {
			t.Errorf("the backend got %q, not %q", got, want)
		}
	}
}

// An AWS service gets a signed call with what the template made, and
// contentHandlingStrategy converts both ways.
func TestServiceAndConversions(t *testing.T) {
	seen := make(chan *http.Request, 10)
	bodies := make(chan string, 10)
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen <- r
		bodies <- string(body)
		w.Header().Set("X-Kind", "k")
		io.WriteString(w, "\x00\xff")
	}))
	defer service.Close()
	const role = "arn:aws:iam::123456789012:role/ws"
	all := map[apigw.IntegrationResponseID]*apigw.RouteIntegrationResponse{"d": {ID: "d", Key: "$default", ContentHandling: "CONVERT_TO_TEXT"}}
	w := newWorld(t, definition(map[string]*apigw.RouteIntegration{
		"put!": {Type: apigw.IntegrationAWS, URI: "arn:aws:apigateway:us-east-1:dynamodb:action/PutItem", Method: "POST", Credentials: role,
			RequestTemplates: map[string]string{"$default": `{"id":"$context.connectionId.length()"}`}, Responses: all},
		"bytes!": {Type: apigw.IntegrationHTTP, URI: service.URL + "/b", Method: "POST", ContentHandling: "CONVERT_TO_BINARY",
			RequestTemplates: map[string]string{"$default": `$input.path('$.data')`}, Responses: map[apigw.IntegrationResponseID]*apigw.RouteIntegrationResponse{
				"d": {ID: "d", Key: "$default", TemplateSelection: "${integration.response.header.X-Kind}", ResponseTemplates: map[string]string{"k": "by header"}}}},
	}), always(allOK), func(env *Env, _ *apigw.Stage) {
		env.Services = &integration.Services{
			Endpoints: map[string]string{"default": service.URL},
			Roles:     credentials.NewRoles(credentials.Config{Partition: "aws", Account: "123456789012", Region: "us-east-1"}),
		}
	})
	s := w.connect("")
	s.nc.SetDeadline(time.Now().Add(20 * time.Second))
	s.say(`{"action":"put"}`)
	if got := s.hear(); got != "AP8=" {
		t.Errorf("heard %q", got)
	}
	r, body := <-seen, <-bodies
	if body != `{"id":"16"}` || r.Header.Get("X-Amz-Target") != "DynamoDB_20120810.PutItem" || !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ") {
		t.Errorf("the service got %q %v", body, r.Header)
	}
	s.say(`{"action":"bytes","data":"/wA="}`)
	if got := s.hear(); got != "by header" {
		t.Errorf("heard %q", got)
	}
	if body := <-bodies; body != "\xff\x00" {
		t.Errorf("the backend got %q", body)
	}
}

// What can't be served is refused when it is deployed, by name.
func TestCheck(t *testing.T) {
	cases := []struct {
		name   string
		change func(*apigw.Definition)
		want   string
	}{
		{"selection", func(d *apigw.Definition) { d.RouteAPI.RouteSelection = "$request.header.x" }, "routeSelectionExpression"},
		{"key selection", func(d *apigw.Definition) { d.RouteAPI.APIKeySelection = "$request.body.key" }, "apiKeySelectionExpression"},
		{"VPC link", func(d *apigw.Definition) {
			d.RouteIntegrations["i-send"].Type, d.RouteIntegrations["i-send"].ConnectionType = apigw.IntegrationMock, "VPC_LINK"
		}, "connectionType VPC_LINK is for HTTP and HTTP_PROXY"},
		{"type", func(d *apigw.Definition) { d.RouteIntegrations["i-send"].Type = "OTHER" }, "integrationType"},
		{"no target", func(d *apigw.Definition) { route(d, "send").Target = "" }, "no integration"},
		{"JWT", func(d *apigw.Definition) { route(d, "$connect").AuthorizationType = "JWT" }, "authorizationType JWT"},
		{"model", func(d *apigw.Definition) {
			route(d, "send").ModelSelection, route(d, "send").RequestModels = "$default", map[string]string{"$default": "None"}
		}, "there is no model None"},
		{"mapping", func(d *apigw.Definition) {
			d.RouteIntegrations["i-send"].RequestParameters = map[string]string{"integration.request.header.X": "method.request.header.X"}
		}, "requestParameters"},
		{"dollar", func(d *apigw.Definition) { route(d, "send").Key = "$other" }, "begin with a dollar"},
	}
	for _, tt := range cases {
		def := definition(map[string]*apigw.RouteIntegration{"$connect": nil, "send": {Type: apigw.IntegrationHTTPProxy, URI: "http://backend.example/", Method: "POST"}})
		if err := firstRefusal(def); err != "" {
			t.Fatalf("%s: before: %s", tt.name, err)
		}
		tt.change(def)
		if err := firstRefusal(def); !strings.Contains(err, tt.want) {
			t.Errorf("%s: %q", tt.name, err)
		}
	}
}

func firstRefusal(def *apigw.Definition) string {
	for _, p := range Check(def, nil) {
		if !p.Warning {
			return p.String()
		}
	}
	return ""
}

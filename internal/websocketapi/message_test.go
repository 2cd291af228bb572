package websocketapi

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// idsOf makes the IDs of a frame comparable.
var idsOf = regexp.MustCompile(`"(connectionId|requestId)":"[A-Za-z0-9+/_-]{15}="`)

func plainFrame(text string) string { return idsOf.ReplaceAllString(text, `"$1":"ID"`) }

func errorFrame(message string) string {
	return `{"message": "` + message + `", "connectionId":"ID", "requestId":"ID"}`
}

// echoRoute answers with its own name.
func echoRoute() *functions {
	return newFunctions(func(_ string, event map[string]any) (string, string) {
		context, _ := event["requestContext"].(map[string]any)
		key, _ := context["routeKey"].(string)
		switch body, _ := event["body"].(string); {
		case strings.Contains(body, "crash"):
			return `{"errorMessage":"boom"}`, "Unhandled"
		case strings.Contains(body, "nothing"):
			return `{"statusCode":200}`, ""
		case strings.Contains(body, "base64"):
			return `{"statusCode":500,"body":"aGk=","isBase64Encoded":true}`, ""
		}
		return `{"statusCode":500,"body":"` + key + `"}`, ""
	})
}

// How messages find their routes, and what comes back (developer guide, "Route
// selection expressions"; frames byte for byte as recorded on AWS).
func TestMessages(t *testing.T) {
	routes := map[string]*apigw.RouteIntegration{"join!": lambdaProxyOf("chat"), "1!": lambdaProxyOf("chat"), "true!": lambdaProxyOf("chat"), "quiet": lambdaProxyOf("chat"), "[a, b]!": lambdaProxyOf("chat"),
		"$connect": lambdaProxyOf("chat"), "$disconnect": lambdaProxyOf("chat")}
	cases := []struct {
		name, say  string
		expression string
		fallback   bool
		want       string
	}{
		{"a key", `{"action":"join"}`, "", false, "join"},
		{"case counts", `{"action":"Join"}`, "", false, errorFrame("Forbidden")},
		{"a number", `{"action":1}`, "", false, "1"},
		{"a boolean", `{"action":true}`, "", false, "true"},
		{"a list", `{"action":["a","b"]}`, "", false, "[a, b]"},
		{"no route", `{"action":"nope"}`, "", false, errorFrame("Forbidden")},
		{"no route but $default", `{"action":"nope"}`, "", true, "$default"},
		{"no JSON", `hello`, "", false, errorFrame("Forbidden")},
		{"no JSON but $default", `hello`, "", true, "$default"},
		{"nothing at the path", `{}`, "", true, "$default"},
		{"$connect is out of reach", `{"action":"$connect"}`, "", false, errorFrame("Forbidden")},
		{"$disconnect is out of reach", `{"action":"$disconnect"}`, "", true, "$default"},
		{"a static expression", `hello`, "join", false, "join"},
		{"an escaped dollar", `{"action":"join"}`, `\$default`, true, "$default"},
		{"several variables", `{"a":"jo","b":"in"}`, "${request.body.a}${request.body.b}", false, "join"},
		{"a function that fails", `{"action":"join","crash":1}`, "", false, errorFrame("Internal server error")},
		{"base64, whatever the status", `{"action":"join","base64":1}`, "", false, "hi"},
	}
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			def := definition(routes)
			if tt.fallback {
				all := map[string]*apigw.RouteIntegration{"$default!": lambdaProxyOf("chat")}
				for k, v := range routes {
					all[k] = v
				}
				def = definition(all)
			}
			if tt.expression != "" {
				def.RouteAPI.RouteSelection = tt.expression
			}
			route(def, "$connect").Target = ""
			w := newWorld(t, def, echoRoute())
			s := w.connect("")
			s.say(tt.say)
			if got := plainFrame(s.hear()); got != tt.want {
				t.Errorf("heard %q, not %q", got, tt.want)
			}
		})
	}
}

// A route without a response says nothing on success, nor does an answer
// without a body; a failure shows in either.
func TestOneWay(t *testing.T) {
	def := definition(map[string]*apigw.RouteIntegration{"quiet": lambdaProxyOf("chat"), "join!": lambdaProxyOf("chat")})
	w := newWorld(t, def, echoRoute())
	s := w.connect("")
	s.say(`{"action":"quiet"}`)
	w.event()
	s.say(`{"action":"join","nothing":1}`)
	w.event()
	s.say(`{"action":"quiet","crash":1}`)
	if got := plainFrame(s.hear()); got != errorFrame("Internal server error") {
		t.Errorf("heard %q", got)
	}
}

// Models (developer guide, "Request validation for WebSocket APIs").
func TestModels(t *testing.T) {
	def := definition(map[string]*apigw.RouteIntegration{"join!": lambdaProxyOf("chat")})
	def.RouteModels = map[apigw.RouteModelID]*apigw.RouteModel{"m": {ID: "m", Name: "Join", Schema: `{"type":"object","required":["room"]}`}}
	r := route(def, "join")
	r.ModelSelection, r.RequestModels = "$request.body.action", map[string]string{"join": "Join"}
	w := newWorld(t, def, echoRoute())
	s := w.connect("")
	s.say(`{"action":"join"}`)
	if got := plainFrame(s.hear()); got != errorFrame("Bad request body") {
		t.Errorf("heard %q", got)
	}
	s.say(`{"action":"join","room":1}`)
	if got := s.hear(); got != "join" {
		t.Errorf("heard %q", got)
	}
	def.RouteAPI.DisableSchemaValidation = true
	w.deploy(def, testStageRecord())
	s.say(`{"action":"join"}`)
	if got := s.hear(); got != "join" {
		t.Errorf("without validation: heard %q", got)
	}
}

// A deployment serves the messages of connections that are open (sheet: they
// pick up new routes).
func TestDeploymentUnderConnections(t *testing.T) {
	w := newWorld(t, definition(map[string]*apigw.RouteIntegration{"a!": lambdaProxyOf("chat")}), echoRoute())
	s := w.connect("")
	s.say(`{"action":"b"}`)
	if got := plainFrame(s.hear()); got != errorFrame("Forbidden") {
		t.Errorf("before: %q", got)
	}
	w.deploy(definition(map[string]*apigw.RouteIntegration{"b!": lambdaProxyOf("chat")}), testStageRecord())
	s.say(`{"action":"b"}`)
	if got := s.hear(); got != "b" {
		t.Errorf("after: %q", got)
	}
	w.env.Hub.Deleted(testAPI, "prod")
	if code, reason := s.ended(); code != 1001 || reason != "Going away" {
		t.Errorf("after the stage was deleted: closed with %d %q", code, reason)
	}
}

// A stage that is deleted while a client's $connect function runs closes that
// connection, too.
func TestDeletedWhileConnecting(t *testing.T) {
	var w *world
	calls := newFunctions(func(string, map[string]any) (string, string) {
		w.env.Hub.Deleted(testAPI, "prod")
		return `{"statusCode":200}`, ""
	})
	w = newWorld(t, definition(map[string]*apigw.RouteIntegration{"$connect": lambdaProxyOf("join")}), calls)
	if code, reason := w.connect("").ended(); code != 1001 || reason != "Going away" {
		t.Errorf("closed with %d %q", code, reason)
	}
}

// MOCK, HTTP and HTTP_PROXY integrations with their templates, mappings and
// responses (developer guide, "Set up WebSocket API integration responses").
func TestIntegrations(t *testing.T) {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path == "/missing" {
			w.WriteHeader(404)
		}
		io.WriteString(w, r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("X-Id")+" "+string(body))
	}))
	defer backend.Close()
	responses := func(list ...*apigw.RouteIntegrationResponse) map[apigw.IntegrationResponseID]*apigw.RouteIntegrationResponse {
		m := map[apigw.IntegrationResponseID]*apigw.RouteIntegrationResponse{}
		for _, r := range list {
			r.ID = apigw.IntegrationResponseID(r.Key)
			m[r.ID] = r
		}
		return m
	}
	def := definition(map[string]*apigw.RouteIntegration{
		"mock!": {Type: apigw.IntegrationMock, RequestTemplates: map[string]string{"$default": `{"statusCode":$input.path('$.code')}`}, TemplateSelection: `\$default`,
			Responses: responses(
				&apigw.RouteIntegrationResponse{Key: "$default", ResponseTemplates: map[string]string{"$default": `other $context.status`}},
				&apigw.RouteIntegrationResponse{Key: `/2\d\d/`, ResponseTemplates: map[string]string{"$default": `fine $context.eventType $stageVariables.table`}})},
		"proxy!": {Type: apigw.IntegrationHTTPProxy, URI: backend.URL + "/p", Method: "PUT", RequestParameters: map[string]string{
			"integration.request.header.X-Id": "context.connectionId", "integration.request.querystring.n": "route.request.body.n"}},
		"http!": {Type: apigw.IntegrationHTTP, URI: backend.URL + "/h", Method: "POST", RequestTemplates: map[string]string{"go": `<$input.path('$.n')>`}, TemplateSelection: "${request.body.template}", Passthrough: "NEVER",
			Responses: responses(&apigw.RouteIntegrationResponse{Key: "/.*/", ResponseTemplates: map[string]string{"$default": `[$input.body]`}, TemplateSelection: "x"})},
		"gone!": {Type: apigw.IntegrationHTTP, URI: backend.URL + "/missing", Method: "POST", Responses: responses(
			&apigw.RouteIntegrationResponse{Key: "404", ResponseTemplates: map[string]string{"404": "not there"}, TemplateSelection: "${integration.response.statuscode}"})},
		"down!": {Type: apigw.IntegrationHTTPProxy, URI: "http://127.0.0.1:1/", Method: "POST"},
		"call!": {Type: apigw.IntegrationAWS, URI: functionURI("chat"), Method: "POST", RequestTemplates: map[string]string{"$default": `{"body":"$input.path('$.x')"}`}, Responses: responses(
			&apigw.RouteIntegrationResponse{Key: "/.*boom.*/", ResponseTemplates: map[string]string{"$default": "failed: $input.path('$.errorMessage')"}})},
	})
	w := newWorld(t, def, echoRoute())
	s := w.connect("")
	id := ""
	for _, c := range w.env.Hub.recipients(&recipients{Everyone: true}, placeName{testAPI, "prod"}) {
		id = c.id.String()
	}
	for _, tt := range [][2]string{
		{`{"action":"mock","code":200}`, "fine MESSAGE conns"},
		{`{"action":"mock","code":404}`, "other 200"},
		{`{"action":"mock","code":"x"}`, errorFrame("Internal server error")},
		{`{"action":"proxy","n":7}`, `PUT /p?n=7 ` + id + ` {"action":"proxy","n":7}`},
		{`{"action":"http","template":"go","n":7}`, `[POST /h  <7>]`},
		{`{"action":"http","template":"other"}`, errorFrame("Unsupported Media Type")},
		{`{"action":"gone"}`, "not there"},
		{`{"action":"down"}`, errorFrame("Internal server error")},
		{`{"action":"call","x":"1"}`, `{"statusCode":500,"body":""}`},
		{`{"action":"call","x":"crash"}`, "failed: boom"},
	} {
		s.say(tt[0])
		if got := plainFrame(s.hear()); got != tt[1] {
			t.Errorf("%s: heard %q, not %q", tt[0], got, tt[1])
		}
	}
}

// Throttles answer 429 to who connects, and a frame to a message.
func TestThrottles(t *testing.T) {
	none, zero := 0, 0.0
	def := definition(map[string]*apigw.RouteIntegration{"join!": lambdaProxyOf("chat"), "$connect": nil})
	limit := func(key string) func(*Env, *apigw.Stage) {
		return func(_ *Env, st *apigw.Stage) {
			st.Routes.Settings = map[string]*apigw.RouteSettings{key: {ThrottlingBurstLimit: &none, ThrottlingRateLimit: &zero}}
		}
	}
	if got := newWorld(t, def, echoRoute(), limit("$connect")).refused(""); got != 429 {
		t.Errorf("connecting: %d", got)
	}
	s := newWorld(t, def, echoRoute(), limit("join")).connect("")
	s.say(`{"action":"join"}`)
	if got := plainFrame(s.hear()); got != errorFrame("Too Many Requests") {
		t.Errorf("heard %q", got)
	}
}

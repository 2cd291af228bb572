package control

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

func TestRouteStageRefusals(t *testing.T) {
	w := newWorld(t)
	api, chat := w.newHTTPAPI(), w.newWebSocketAPI()
	w.newRoute(api, "GET /a")
	w.newRoute(chat, "$connect")
	dep := must[*apigw.Deployment](t)(w.CreateRouteDeployment(t.Context(), w.scope, api.ID, "", ""))
	burst, rate := -1, -0.5
	settings := func(s apigw.RouteSettings) *apigw.RouteStage { return &apigw.RouteStage{DefaultSettings: &s} }
	for name, tc := range map[string]struct {
		api   *apigw.RouteAPI
		stage apigw.Stage
		kind  apigw.Kind
		want  string
	}{
		"name":               {api, apigw.Stage{Name: "a.b"}, apigw.BadRequest, "Stage name only allows a-zA-Z0-9_-"},
		"dollar":             {api, apigw.Stage{Name: "$other"}, apigw.BadRequest, "Stage name only allows a-zA-Z0-9_-"},
		"$default":           {chat, apigw.Stage{Name: "$default"}, apigw.BadRequest, "Stage name only allows a-zA-Z0-9_-"},
		"long name":          {api, apigw.Stage{Name: apigw.StageName(strings.Repeat("s", 129))}, apigw.BadRequest, "Stage name has 129 characters, 128 at most"},
		"unknown deployment": {api, apigw.Stage{Name: "s", DeploymentID: "nothing"}, apigw.BadRequest, "Deployment id does not exist"},
		"both":               {api, apigw.Stage{Name: "s", DeploymentID: dep.ID, Routes: &apigw.RouteStage{AutoDeploy: true}}, apigw.BadRequest, "A deploymentId cannot be set for a stage whose autoDeploy is true"},
		"variable":           {api, apigw.Stage{Name: "s", Variables: map[string]string{"a-b": "c"}}, apigw.BadRequest, "Invalid stage variable name: a-b. Please use alphanumeric characters and underscores"},
		"certificate":        {api, apigw.Stage{Name: "s", ClientCertificateID: "abc"}, apigw.BadRequest, "Client certificates of stages are not supported on protocolType HTTP"},
		"log format":         {api, apigw.Stage{Name: "s", AccessLog: &apigw.AccessLogSettings{Format: "$context.path"}}, apigw.BadRequest, "Access Log format must contain $context.requestId or $context.extendedRequestId"},
		"execution log":      {api, apigw.Stage{Name: "s", Routes: settings(apigw.RouteSettings{LoggingLevel: "INFO"})}, apigw.BadRequest, "Execution logs are not supported on protocolType HTTP"},
		"data trace":         {api, apigw.Stage{Name: "s", Routes: settings(apigw.RouteSettings{DataTrace: true})}, apigw.BadRequest, "Execution logs are not supported on protocolType HTTP"},
		"no role":            {chat, apigw.Stage{Name: "s", Routes: settings(apigw.RouteSettings{LoggingLevel: "INFO"})}, apigw.BadRequest, "CloudWatch Logs role ARN must be set in account settings to enable logging"},
		"level":              {chat, apigw.Stage{Name: "s", Routes: settings(apigw.RouteSettings{LoggingLevel: "ALL"})}, apigw.BadRequest, "Invalid logging level specified: ALL. Must be one of [ERROR, INFO, OFF]"},
		"burst":              {api, apigw.Stage{Name: "s", Routes: settings(apigw.RouteSettings{ThrottlingBurstLimit: &burst})}, apigw.BadRequest, "Throttling limits must not be negative"},
		"rate":               {api, apigw.Stage{Name: "s", Routes: settings(apigw.RouteSettings{ThrottlingRateLimit: &rate})}, apigw.BadRequest, "Throttling limits must not be negative"},
		"unknown route": {api, apigw.Stage{Name: "s", Routes: &apigw.RouteStage{Settings: map[string]*apigw.RouteSettings{"GET /some-route": {}}}}, apigw.NotFound,
			"Unable to find Route by key GET /some-route within the provided RouteSettings"}, // recorded on AWS
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.CreateRouteStage(t.Context(), w.scope, tc.api.ID, tc.stage)
			wantError(t, err, tc.kind, tc.want)
		})
	}
	w.newStage(api, apigw.Stage{Name: "s"})
	_, err := w.CreateRouteStage(t.Context(), w.scope, api.ID, apigw.Stage{Name: "s"})
	wantError(t, err, apigw.Conflict, "Stage already exists")
	_, err = w.CreateRouteDeployment(t.Context(), w.scope, api.ID, "", "nothing")
	wantError(t, err, apigw.NotFound, "Invalid stage identifier specified")
}

func TestUpdateRouteStage(t *testing.T) {
	w := newWorld(t)
	api := w.newHTTPAPI()
	route := w.newRoute(api, "GET /a")
	first := must[*apigw.Deployment](t)(w.CreateRouteDeployment(t.Context(), w.scope, api.ID, "", ""))
	second := must[*apigw.Deployment](t)(w.CreateRouteDeployment(t.Context(), w.scope, api.ID, "", ""))
	w.newStage(api, apigw.Stage{Name: "s", DeploymentID: first.ID})
	update := func(change func(*apigw.Stage)) (*apigw.Stage, error) {
		return w.UpdateRouteStage(t.Context(), w.scope, api.ID, "s", func(s *apigw.Stage) error { change(s); return nil })
	}
	rate := 5.0
	s := must[*apigw.Stage](t)(update(func(s *apigw.Stage) {
		s.DeploymentID, s.APIID, s.Name, s.Routes.Managed = second.ID, "other", "other", true
		s.Routes.Settings = map[string]*apigw.RouteSettings{"GET /a": {ThrottlingRateLimit: &rate}}
	}))
	if s.DeploymentID != second.ID || s.APIID != api.ID || s.Name != "s" || s.Routes.Managed {
		t.Errorf("%+v", s)
	}
	// The route goes; what limited it stays for when it comes back.
	if err := w.DeleteRoute(t.Context(), w.scope, api.ID, route.ID); err != nil {
		t.Fatal(err)
	}
	s = must[*apigw.Stage](t)(update(func(s *apigw.Stage) { s.Description = "d" }))
	if d := cmp.Diff(map[string]*apigw.RouteSettings{"GET /a": {ThrottlingRateLimit: &rate}}, s.Routes.Settings); d != "" {
		t.Error(d)
	}
	_, err := update(func(s *apigw.Stage) { s.Routes.Settings["GET /a"] = &apigw.RouteSettings{DetailedMetrics: true} })
	wantError(t, err, apigw.NotFound, "Unable to find Route by key GET /a within the provided RouteSettings")
	if err := w.DeleteRouteSettings(t.Context(), w.scope, api.ID, "s", "GET /a"); err != nil {
		t.Error(err)
	}
	wantError(t, w.DeleteRouteSettings(t.Context(), w.scope, api.ID, "s", "GET /a"), apigw.NotFound, "Unable to find Route by key GET /a within the provided RouteSettings")
	w.newRoute(api, "GET /b")
	s = must[*apigw.Stage](t)(update(func(s *apigw.Stage) { s.Routes.AutoDeploy = true }))
	if s.DeploymentID == second.ID || s.Routes.DeploymentMessage == "" {
		t.Errorf("%+v", s)
	}
	_, err = update(func(s *apigw.Stage) { s.DeploymentID = second.ID })
	wantError(t, err, apigw.BadRequest, "A deploymentId cannot be set for a stage whose autoDeploy is true")
	s = must[*apigw.Stage](t)(update(func(s *apigw.Stage) { s.Routes.AutoDeploy, s.DeploymentID = false, second.ID }))
	if s.DeploymentID != second.ID {
		t.Errorf("%+v", s)
	}
	if err := w.ResetAuthorizersCache(t.Context(), w.scope, api.ID, "s"); err != nil || w.stage(api, "s").AuthorizersFlushed != 1 {
		t.Error(err)
	}
	wantError(t, w.ResetAuthorizersCache(t.Context(), w.scope, api.ID, "other"), apigw.NotFound, "Invalid stage identifier specified")
}

// TestManagedParts: what a quick creation made can be changed and not deleted
// (API Gateway V2 reference, ApiGatewayManaged); with the API it goes.
func TestManagedParts(t *testing.T) {
	w := newWorld(t)
	api := w.newQuickAPI()
	def := must[*apigw.Definition](t)(w.RouteDefinition(t.Context(), w.scope, api.ID))
	var route *apigw.Route
	for _, r := range def.Routes {
		route = r
	}
	wantError(t, w.DeleteRoute(t.Context(), w.scope, api.ID, route.ID), apigw.BadRequest,
		"Cannot delete route "+string(route.ID)+": it was made with its API and API Gateway manages it")
	wantError(t, w.DeleteRouteIntegration(t.Context(), w.scope, api.ID, route.Target), apigw.BadRequest,
		"Cannot delete integration "+string(route.Target)+": it was made with its API and API Gateway manages it")
	wantError(t, w.DeleteRouteStage(t.Context(), w.scope, api.ID, "$default"), apigw.BadRequest,
		"Cannot delete stage $default: it was made with its API and API Gateway manages it")
	noChange := func(*apigw.RouteAPI) error { return nil }
	must[*apigw.RouteAPI](t)(w.UpdateQuickRouteAPI(t.Context(), w.scope, api.ID, QuickCreate{Target: functionARN, RouteKey: "ANY /{proxy+}"}, noChange))
	def = w.served(api, "$default")
	if r := def.Routes[route.ID]; r.Key != "ANY /{proxy+}" || def.RouteIntegrations[r.Target].URI != functionARN || def.RouteIntegrations[r.Target].PayloadFormat != "2.0" {
		t.Errorf("%+v", r)
	}
	_, err := w.UpdateQuickRouteAPI(t.Context(), w.scope, w.newHTTPAPI().ID, QuickCreate{Target: functionARN}, noChange)
	wantError(t, err, apigw.BadRequest, "target, routeKey and credentialsArn can only be changed for an API that was made with quick create")
}

func TestWebSocketParts(t *testing.T) {
	w := newWorld(t)
	api := w.newWebSocketAPI()
	mock := must[*apigw.RouteIntegration](t)(w.CreateRouteIntegration(t.Context(), w.scope, api.ID, apigw.RouteIntegration{Type: apigw.IntegrationMock, RequestTemplates: map[string]string{"200": "{}"}}))
	want := &apigw.RouteIntegration{ID: mock.ID, Type: "MOCK", ConnectionType: "INTERNET", PayloadFormat: "1.0", TimeoutMillis: 29000, Passthrough: "WHEN_NO_MATCH",
		ResponseSelection: "${integration.response.statuscode}", RequestTemplates: map[string]string{"200": "{}"}}
	if d := cmp.Diff(want, mock); d != "" {
		t.Error(d)
	}
	model := must[*apigw.RouteModel](t)(w.CreateRouteModel(t.Context(), w.scope, api.ID, apigw.RouteModel{Name: "message", Schema: "{}"}))
	route := must[*apigw.Route](t)(w.CreateRoute(t.Context(), w.scope, api.ID, apigw.Route{Key: "send message", Target: mock.ID, RequestModels: map[string]string{"$default": "message"}, ResponseSelection: "$default"}))
	wantError(t, w.DeleteRouteModel(t.Context(), w.scope, api.ID, model.ID), apigw.Conflict, "Cannot delete model 'message', is referenced in route: send message")
	_, err := w.CreateRoute(t.Context(), w.scope, api.ID, apigw.Route{Key: "x", RequestModels: map[string]string{"$default": "none"}})
	wantError(t, err, apigw.BadRequest, "Invalid model identifier specified: none")
	_, err = w.CreateRoute(t.Context(), w.scope, api.ID, apigw.Route{Key: "x", RequestParameters: map[string]bool{"querystring.a": true}})
	wantError(t, err, apigw.BadRequest, "Invalid request parameter specified: querystring.a. It should be route.request.querystring.NAME or route.request.header.NAME")
	response := must[*apigw.RouteResponse](t)(w.CreateRouteResponse(t.Context(), w.scope, api.ID, route.ID, apigw.RouteResponse{Key: "$default"}))
	_, err = w.CreateRouteResponse(t.Context(), w.scope, api.ID, route.ID, apigw.RouteResponse{Key: "$default"})
	wantError(t, err, apigw.Conflict, "Route response with key $default already exists for this route")
	_, err = w.CreateRouteResponse(t.Context(), w.scope, api.ID, route.ID, apigw.RouteResponse{Key: "other"})
	wantError(t, err, apigw.BadRequest, "Invalid routeResponseKey specified: other. Must be one of [$default]")
	answer := must[*apigw.RouteIntegrationResponse](t)(w.CreateRouteIntegrationResponse(t.Context(), w.scope, api.ID, mock.ID, apigw.RouteIntegrationResponse{Key: "/2../", ResponseTemplates: map[string]string{"a": "b"}}))
	_, err = w.CreateRouteIntegrationResponse(t.Context(), w.scope, api.ID, mock.ID, apigw.RouteIntegrationResponse{Key: "/2../"})
	wantError(t, err, apigw.Conflict, "Integration response with key /2../ already exists for this integration")
	_, err = w.CreateRouteIntegrationResponse(t.Context(), w.scope, api.ID, mock.ID, apigw.RouteIntegrationResponse{Key: "200"})
	wantError(t, err, apigw.BadRequest, "Invalid integrationResponseKey specified: 200. It should be $default or a pattern between slashes")
	must[*apigw.RouteIntegrationResponse](t)(w.UpdateRouteIntegrationResponse(t.Context(), w.scope, api.ID, mock.ID, answer.ID, func(r *apigw.RouteIntegrationResponse) error {
		r.Key = "$default"
		return nil
	}))
	w.newStage(api, automatic("prod"))
	def := w.served(api, "prod")
	if def.Routes[route.ID].Responses[response.ID] == nil || def.RouteIntegrations[mock.ID].Responses[answer.ID].Key != "$default" || def.RouteModels[model.ID] == nil {
		t.Errorf("%+v", def)
	}
	for _, err := range []error{
		w.DeleteRouteResponse(t.Context(), w.scope, api.ID, route.ID, response.ID),
		w.DeleteRouteIntegrationResponse(t.Context(), w.scope, api.ID, mock.ID, answer.ID),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	wantError(t, w.DeleteRouteResponse(t.Context(), w.scope, api.ID, route.ID, response.ID), apigw.NotFound, "Invalid Route Response identifier specified "+string(response.ID))
	if must[*apigw.Route](t)(w.Route(t.Context(), w.scope, api.ID, route.ID)).Target != mock.ID {
		t.Error("the route lost its target")
	}
	_, err = w.CreateRouteModel(t.Context(), w.scope, w.newHTTPAPI().ID, apigw.RouteModel{Name: "m", Schema: "{}"})
	wantError(t, err, apigw.BadRequest, "Models are not supported on protocolType HTTP")
	_, err = w.CreateRouteAuthorizer(t.Context(), w.scope, api.ID, jwtAuthorizer("jwt"))
	wantError(t, err, apigw.BadRequest, "JWT authorizers are not supported on protocolType WEBSOCKET")
}

package control

import (
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// TestMappedRoutes: domain names lead to APIs of routes, too, which stay while
// they are mapped.
func TestMappedRoutes(t *testing.T) {
	w := newWorld(t)
	http, chat, rest := w.newQuickAPI(), w.newWebSocketAPI(), w.newAPI()
	w.newRoute(chat, "$connect")
	w.newStage(chat, automatic("prod"))
	w.newMock(rest)
	w.deploy(rest, "prod")
	must[*apigw.DomainName](t)(w.CreateDomainName(t.Context(), w.scope, regionalDomain("routes.example.com")))
	edge := apigw.DomainName{Name: "edge.example.com", Types: []string{"EDGE"}, CertificateARN: "arn:aws:acm:us-east-1:000000000000:certificate/c"}
	must[*apigw.DomainName](t)(w.CreateDomainName(t.Context(), w.scope, edge))
	mapTo := func(domain, path string, api apigw.APIID, stage apigw.StageName) error {
		_, err := w.CreateBasePathMapping(t.Context(), w.scope, domain, "", apigw.BasePathMapping{BasePath: path, API: api, Stage: stage})
		return err
	}
	wantError(t, mapTo("edge.example.com", "a", http.ID, "$default"), apigw.BadRequest,
		"Only REGIONAL domain names with the security policy TLS_1_2 can be mapped to HTTP and WebSocket APIs: edge.example.com is EDGE with TLS_1_2")
	wantError(t, mapTo("routes.example.com", "a", http.ID, "other"), apigw.BadRequest, "Invalid stage identifier specified")
	if err := mapTo("routes.example.com", "a", http.ID, "$default"); err != nil {
		t.Fatal(err)
	}
	if err := mapTo("routes.example.com", "b", rest.ID, "prod"); err != nil {
		t.Fatal(err)
	}
	wantError(t, mapTo("routes.example.com", "c", chat.ID, "prod"), apigw.BadRequest,
		"A domain name can't be mapped to WebSocket APIs together with REST or HTTP APIs: routes.example.com is mapped to "+string(http.ID))
	wantError(t, w.DeleteRouteAPI(t.Context(), w.scope, http.ID), apigw.BadRequest,
		"Deleting API "+string(http.ID)+" failed. Please remove all API mappings for the API from your custom domain names.")
	w.newRoute(http, "GET /after")
	for _, path := range []string{"a", "b"} {
		if err := w.DeleteBasePathMapping(t.Context(), w.scope, "routes.example.com", "", path); err != nil {
			t.Fatal(err)
		}
	}
	if err := mapTo("routes.example.com", "c", chat.ID, "prod"); err != nil {
		t.Error(err)
	}
	wantError(t, w.DeleteRouteStage(t.Context(), w.scope, chat.ID, "prod"), apigw.BadRequest,
		"Deleting stage prod failed. Please remove all base path mappings related to the stage in your domains: routes.example.com")
	if err := w.DeleteRouteAPI(t.Context(), w.scope, http.ID); err != nil {
		t.Error(err)
	}
}

// TestPlansOfRoutes: API keys are of REST and WebSocket APIs (developer guide,
// "Choose between REST APIs and HTTP APIs").
func TestPlansOfRoutes(t *testing.T) {
	w := newWorld(t)
	http, chat := w.newQuickAPI(), w.newWebSocketAPI()
	w.newRoute(chat, "$connect")
	w.newStage(chat, automatic("prod"))
	plan := func(api apigw.APIID, stage apigw.StageName) error {
		_, err := w.CreateUsagePlan(t.Context(), w.scope, apigw.UsagePlan{Name: "p", Stages: []apigw.PlanStage{{API: api, Stage: stage}}})
		return err
	}
	wantError(t, plan(http.ID, "$default"), apigw.NotFound, "API Stage not found: "+string(http.ID)+":$default")
	if err := plan(chat.ID, "prod"); err != nil {
		t.Error(err)
	}
	if err := w.DeleteRouteStage(t.Context(), w.scope, chat.ID, "prod"); err != nil {
		t.Error(err)
	}
	plans := must[[]*apigw.UsagePlan](t)(w.plans(t.Context(), w.scope))
	if len(plans) != 1 || len(plans[0].Stages) != 0 {
		t.Errorf("%+v", plans)
	}
}

// TestTagsOfRoutes: tags of an API and a stage are theirs alone, and are no
// change of what is served.
func TestTagsOfRoutes(t *testing.T) {
	w := newWorld(t)
	api := w.newQuickAPI()
	dep := w.stage(api, "$default").DeploymentID
	arn := "arn:aws:apigateway:us-east-1::/apis/" + string(api.ID)
	for _, arn := range []string{arn, arn + "/stages/$default"} {
		if err := w.TagResource(t.Context(), w.scope, arn, map[string]string{"a": arn, "b": "c"}); err != nil {
			t.Fatal(err)
		}
		if err := w.UntagResource(t.Context(), w.scope, arn, []string{"b"}); err != nil {
			t.Fatal(err)
		}
		if tags := must[map[string]string](t)(w.Tags(t.Context(), w.scope, arn)); len(tags) != 1 || tags["a"] != arn {
			t.Errorf("%s: %v", arn, tags)
		}
	}
	if w.stage(api, "$default").DeploymentID != dep {
		t.Error("tags were deployed")
	}
	_, err := w.Tags(t.Context(), w.scope, "arn:aws:apigateway:us-east-1::/restapis/"+string(api.ID))
	wantError(t, err, apigw.NotFound, "Invalid API identifier specified "+w.scope.Account+":"+string(api.ID))
}

package control

import (
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/google/go-cmp/cmp"
)

func stageOf(name string) *apigw.StageName { return (*apigw.StageName)(&name) }

func TestDeploymentNeedsMethodsAndIntegrations(t *testing.T) {
	w := newWorld(t)
	api := w.newAPI()
	_, err := w.CreateDeployment(t.Context(), w.scope, "nothing", NewDeployment{})
	wantError(t, err, apigw.NotFound, "Invalid API identifier specified "+w.scope.Account+":nothing")
	_, err = w.CreateDeployment(t.Context(), w.scope, api.ID, NewDeployment{})
	wantError(t, err, apigw.BadRequest, "The REST API doesn't contain any methods")
	m := w.method(api, api.RootResourceID, "GET")
	must[*apigw.Method](t)(w.PutMethod(t.Context(), m, apigw.Method{AuthorizationType: "NONE"}))
	_, err = w.CreateDeployment(t.Context(), w.scope, api.ID, NewDeployment{Stage: stageOf("prod")})
	wantError(t, err, apigw.BadRequest, "No integration defined for method")
	if list := must[[]*apigw.Stage](t)(w.Stages(t.Context(), w.scope, api.ID, "")); len(list) > 0 {
		t.Fatal("a refused deployment made a stage")
	}
}

func TestCanaryDeployment(t *testing.T) {
	w := newWorld(t)
	api := w.newAPI()
	w.newMock(api)
	canary := func() *apigw.CanarySettings { return &apigw.CanarySettings{PercentTraffic: 50} }
	const noStage = "Invalid deployment content specified.Non null and non empty stageName must be provided for canary deployment. Provided value is "
	tests := []struct {
		name string
		in   NewDeployment
		want string
	}{
		{"no stage", NewDeployment{Canary: canary()}, noStage + "null"},
		{"empty stage", NewDeployment{Stage: stageOf(""), Canary: canary()}, noStage},
		{"unknown stage", NewDeployment{Stage: stageOf("non-existing"), Canary: canary()},
			"Invalid deployment content specified.Stage non-existing must already be created before making a canary release deployment"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			_, err := w.CreateDeployment(t.Context(), w.scope, api.ID, tc.in)
			wantError(t, err, apigw.BadRequest, tc.want)
		})
	}
	first := w.deploy(api, "prod")
	second := must[*apigw.Deployment](t)(w.CreateDeployment(t.Context(), w.scope, api.ID, NewDeployment{Stage: stageOf("prod"), Canary: canary()}))
	stage := must[*apigw.Stage](t)(w.Stage(t.Context(), w.scope, api.ID, "prod"))
	if stage.DeploymentID != first.ID || stage.Canary.DeploymentID != second.ID || stage.Canary.PercentTraffic != 50 {
		t.Fatalf("%+v", stage)
	}
	wantError(t, w.DeleteDeployment(t.Context(), w.scope, api.ID, second.ID), apigw.BadRequest,
		"Active stages with canary settings pointing to this deployment must be moved or deleted")
}

func TestDeploymentIsFrozen(t *testing.T) {
	w := newWorld(t)
	api := w.newAPI()
	m := w.newMock(api)
	dep := w.deploy(api, "prod")
	before := must[*apigw.Definition](t)(w.LoadDeployment(t.Context(), w.scope, api.ID, dep.ID))
	if err := w.DeleteMethod(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	must[*apigw.RestAPI](t)(w.UpdateRestAPI(t.Context(), w.scope, api.ID, func(a *apigw.RestAPI) error {
		a.BinaryMediaTypes = []string{"*/*"}
		return nil
	}))
	w.collect(t.Context())
	after := must[*apigw.Definition](t)(w.LoadDeployment(t.Context(), w.scope, api.ID, dep.ID))
	if d := cmp.Diff(before, after); d != "" || after.Resources[api.RootResourceID].Methods["GET"] == nil {
		t.Fatal(d)
	}
	raw := must[[]byte](t)(EncodeDefinition(after))
	if d := cmp.Diff(after, must[*apigw.Definition](t)(DecodeDefinition(raw))); d != "" {
		t.Fatal(d)
	}
}

func TestDeployments(t *testing.T) {
	w := newWorld(t)
	api := w.newAPI()
	w.newMock(api)
	first := w.deploy(api, "")
	w.clock = w.clock.Add(time.Second)
	second := w.deploy(api, "prod")
	list := must[[]*apigw.Deployment](t)(w.Deployments(t.Context(), w.scope, api.ID))
	if len(list) != 2 || list[0].ID != second.ID || list[1].ID != first.ID {
		t.Fatal("not the latest first")
	}
	changed := must[*apigw.Deployment](t)(w.UpdateDeployment(t.Context(), w.scope, api.ID, second.ID, func(d *apigw.Deployment) error {
		d.Description = "changed"
		return nil
	}))
	if got := must[*apigw.Deployment](t)(w.Deployment(t.Context(), w.scope, api.ID, second.ID)); changed.Description != "changed" || got.Description != "changed" {
		t.Fatal(got)
	}
	wantError(t, w.DeleteDeployment(t.Context(), w.scope, api.ID, second.ID), apigw.BadRequest, "Active stages pointing to this deployment must be moved or deleted")
	if err := w.DeleteDeployment(t.Context(), w.scope, api.ID, first.ID); err != nil {
		t.Fatal(err)
	}
	wantError(t, w.DeleteDeployment(t.Context(), w.scope, api.ID, first.ID), apigw.NotFound, "Invalid Deployment identifier specified")
}

func TestWhatCannotBeServedIsRefused(t *testing.T) {
	refuse := true
	w := newWorldWith(t, Options{Check: func(def *apigw.Definition, s *apigw.Stage) []Problem {
		list := []Problem{{Place: "GET /", Text: "a warning", Warning: true}}
		if refuse {
			list = append(list, Problem{Place: "GET /", Text: "CUSTOM isn't supported"}, Problem{Text: "the API"}, Problem{Text: "the API"})
		}
		return list
	}})
	api := w.newAPI()
	w.newMock(api)
	const want = "Gatehouse can't serve this yet: GET /: CUSTOM isn't supported; the API"
	_, err := w.CreateDeployment(t.Context(), w.scope, api.ID, NewDeployment{Stage: stageOf("prod")})
	wantError(t, err, apigw.BadRequest, want)
	refuse = false
	dep := w.deploy(api, "prod")
	refuse = true
	_, err = w.CreateStage(t.Context(), w.scope, api.ID, apigw.Stage{Name: "other", DeploymentID: dep.ID})
	wantError(t, err, apigw.BadRequest, want)
	_, err = w.UpdateStage(t.Context(), w.scope, api.ID, "prod", func(s *apigw.Stage) error {
		s.TracingEnabled = true
		return nil
	})
	wantError(t, err, apigw.BadRequest, want)
	if s := must[*apigw.Stage](t)(w.Stage(t.Context(), w.scope, api.ID, "prod")); s.TracingEnabled {
		t.Fatal("a refused change shows")
	}
}

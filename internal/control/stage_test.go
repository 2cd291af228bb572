package control

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

func TestCreateStageRefusals(t *testing.T) {
	w := newWorldWith(t, Options{Limits: Limits{Stages: 2}})
	api := w.newAPI()
	w.newMock(api)
	dep := w.deploy(api, "prod")
	tests := []struct {
		name  string
		api   apigw.APIID
		stage apigw.Stage
		kind  apigw.Kind
		want  string
	}{
		{"unknown API", "nothing", apigw.Stage{Name: "s", DeploymentID: dep.ID}, apigw.NotFound, "Invalid API identifier specified " + w.scope.Account + ":nothing"},
		{"no deployment", api.ID, apigw.Stage{Name: "s"}, apigw.BadRequest, "DeploymentId cannot be empty"},
		{"unknown deployment", api.ID, apigw.Stage{Name: "s", DeploymentID: "nothing"}, apigw.BadRequest, "Deployment id does not exist"},
		{"unknown canary deployment", api.ID, apigw.Stage{Name: "s", DeploymentID: dep.ID, Canary: &apigw.CanarySettings{DeploymentID: "nothing"}}, apigw.BadRequest, "Deployment id does not exist"},
		{"taken", api.ID, apigw.Stage{Name: "prod", DeploymentID: dep.ID}, apigw.Conflict, "Stage already exists"},
		{"charset", api.ID, apigw.Stage{Name: "$default", DeploymentID: dep.ID}, apigw.BadRequest, "Stage name only allows a-zA-Z0-9_"},
		{"slash", api.ID, apigw.Stage{Name: "a/b", DeploymentID: dep.ID}, apigw.BadRequest, "Stage name only allows a-zA-Z0-9_"},
		{"long name", api.ID, apigw.Stage{Name: apigw.StageName(strings.Repeat("s", 129)), DeploymentID: dep.ID}, apigw.BadRequest, "Stage name has 129 characters, 128 at most"},
		{"variable's name", api.ID, apigw.Stage{Name: "s", DeploymentID: dep.ID, Variables: map[string]string{"a-b": "c"}}, apigw.BadRequest, "Invalid stage variable name: a-b. Please use alphanumeric characters and underscores"},
		{"variable's value", api.ID, apigw.Stage{Name: "s", DeploymentID: dep.ID, Variables: map[string]string{"a": "$"}}, apigw.BadRequest,
			"Invalid stage variable value of key a.  Please use values with alphanumeric characters and the symbols ' ', -', '.', '_', ':', '/', '?', '&', '=', and ','."},
		{"documentation", api.ID, apigw.Stage{Name: "s", DeploymentID: dep.ID, DocumentationVersion: "1"}, apigw.BadRequest,
			"Invalid Documentation version specified"},
		{"percentage", api.ID, apigw.Stage{Name: "s", DeploymentID: dep.ID, Canary: &apigw.CanarySettings{DeploymentID: dep.ID, PercentTraffic: 101}}, apigw.BadRequest, "Canary percentTraffic must be between 0.0 and 100.0"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			_, err := w.CreateStage(t.Context(), w.scope, tc.api, tc.stage)
			wantError(t, err, tc.kind, tc.want)
		})
	}
	must[*apigw.Stage](t)(w.CreateStage(t.Context(), w.scope, api.ID, apigw.Stage{Name: "second-1", DeploymentID: dep.ID}))
	_, err := w.CreateStage(t.Context(), w.scope, api.ID, apigw.Stage{Name: "third", DeploymentID: dep.ID})
	wantError(t, err, apigw.LimitExceeded, "Maximum number of stages for this API has been reached: 2")
}

func TestUpdateStage(t *testing.T) {
	w := newWorld(t)
	api := w.newAPI()
	w.newMock(api)
	first := w.deploy(api, "prod")
	second := w.deploy(api, "")
	made := w.clock
	w.clock = w.clock.Add(time.Minute)
	update := func(change func(*apigw.Stage)) (*apigw.Stage, error) {
		return w.UpdateStage(t.Context(), w.scope, api.ID, "prod", func(s *apigw.Stage) error {
			change(s)
			return nil
		})
	}
	if s := must[*apigw.Stage](t)(update(func(*apigw.Stage) {})); !s.Updated.Equal(made) {
		t.Fatal("an update of nothing changed", s.Updated)
	}
	s := must[*apigw.Stage](t)(update(func(s *apigw.Stage) { s.DeploymentID = second.ID }))
	if s.DeploymentID != second.ID || !s.Updated.Equal(w.clock) || !s.Created.Equal(made) {
		t.Fatalf("%+v", s)
	}
	_, err := update(func(s *apigw.Stage) { s.DeploymentID = "nothing" })
	wantError(t, err, apigw.BadRequest, "Deployment id does not exist")
	if list := must[[]*apigw.Stage](t)(w.Stages(t.Context(), w.scope, api.ID, first.ID)); len(list) != 0 {
		t.Fatal(list)
	}
	if list := must[[]*apigw.Stage](t)(w.Stages(t.Context(), w.scope, api.ID, second.ID)); len(list) != 1 {
		t.Fatal(list)
	}
	if err := w.DeleteStage(t.Context(), w.scope, api.ID, "prod"); err != nil {
		t.Fatal(err)
	}
	wantError(t, w.DeleteStage(t.Context(), w.scope, api.ID, "prod"), apigw.NotFound, "Invalid stage identifier specified")
	_, err = update(func(*apigw.Stage) {})
	wantError(t, err, apigw.NotFound, "Invalid stage identifier specified")
}

// TestCanaryIsChecked: what can't be served with what a canary's requests see is
// refused, whichever call sets it up.
func TestCanaryIsChecked(t *testing.T) {
	w := newWorldWith(t, Options{Check: func(_ *apigw.Definition, s *apigw.Stage) (list []Problem) {
		if s != nil && s.Variables["host"] == "nowhere" {
			list = append(list, Problem{Place: "deployment " + string(s.DeploymentID), Text: "host"})
		}
		return list
	}})
	api := w.newAPI()
	w.newMock(api)
	must[*apigw.Deployment](t)(w.CreateDeployment(t.Context(), w.scope, api.ID, NewDeployment{Stage: stageOf("prod"), Variables: map[string]string{"host": "here"}}))
	overrides := map[string]string{"host": "nowhere"}
	_, err := w.CreateDeployment(t.Context(), w.scope, api.ID, NewDeployment{Stage: stageOf("prod"), Canary: &apigw.CanarySettings{StageVariableOverrides: overrides}})
	if apigw.KindOf(err) != apigw.BadRequest || !strings.HasPrefix(err.Error(), "Gatehouse can't serve this yet: deployment ") {
		t.Errorf("CreateDeployment: %v", err)
	}
	next := w.deploy(api, "")
	_, err = w.UpdateStage(t.Context(), w.scope, api.ID, "prod", func(s *apigw.Stage) error {
		s.Canary = &apigw.CanarySettings{DeploymentID: next.ID, StageVariableOverrides: overrides}
		return nil
	})
	wantError(t, err, apigw.BadRequest, "Gatehouse can't serve this yet: deployment "+string(next.ID)+": host")
}

func TestRedeploymentOntoStage(t *testing.T) {
	w := newWorld(t)
	api := w.newAPI()
	w.newMock(api)
	must[*apigw.Deployment](t)(w.CreateDeployment(t.Context(), w.scope, api.ID, NewDeployment{
		Stage: stageOf("prod"), StageDescription: text("first"), Variables: map[string]string{"a": "b"},
	}))
	dep := w.deploy(api, "prod")
	s := must[*apigw.Stage](t)(w.Stage(t.Context(), w.scope, api.ID, "prod"))
	if s.DeploymentID != dep.ID || s.Description != "first" || s.Variables["a"] != "b" {
		t.Fatalf("%+v", s)
	}
	_, err := w.CreateDeployment(t.Context(), w.scope, api.ID, NewDeployment{Stage: stageOf("prod"), StageDescription: text("x")})
	wantError(t, err, apigw.BadRequest, "StageDescription cannot be specified when stage referenced by StageName already exists")
}

func TestStageChangesAreWaitedFor(t *testing.T) {
	var waited []int64
	w := newWorldWith(t, Options{Visible: func(_ context.Context, revision int64) { waited = append(waited, revision) }})
	api := w.newAPI()
	w.newMock(api)
	dep := w.deploy(api, "")
	if len(waited) > 0 {
		t.Fatal("waited for what no stage shows")
	}
	must[*apigw.Stage](t)(w.CreateStage(t.Context(), w.scope, api.ID, apigw.Stage{Name: "s", DeploymentID: dep.ID}))
	must[*apigw.Stage](t)(w.UpdateStage(t.Context(), w.scope, api.ID, "s", func(s *apigw.Stage) error {
		s.Description = "d"
		return nil
	}))
	must[*apigw.Stage](t)(w.UpdateStage(t.Context(), w.scope, api.ID, "s", func(s *apigw.Stage) error { return nil }))
	w.deploy(api, "s")
	if err := w.DeleteStage(t.Context(), w.scope, api.ID, "s"); err != nil {
		t.Fatal(err)
	}
	if len(waited) != 4 || !slices.IsSorted(waited) {
		t.Fatal(waited)
	}
	w.deploy(api, "t")
	if err := w.DeleteRestAPI(t.Context(), w.scope, api.ID); err != nil {
		t.Fatal(err)
	}
	if len(waited) != 6 {
		t.Fatal(waited)
	}
}

package control

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

func (w *world) stage(api *apigw.RouteAPI, name apigw.StageName) *apigw.Stage {
	w.Helper()
	return must[*apigw.Stage](w)(w.RouteStage(w.Context(), w.scope, api.ID, name))
}

// served is what a stage serves.
func (w *world) served(api *apigw.RouteAPI, name apigw.StageName) *apigw.Definition {
	w.Helper()
	return must[*apigw.Definition](w)(w.LoadDeployment(w.Context(), w.scope, api.ID, w.stage(api, name).DeploymentID))
}

func (w *world) newStage(api *apigw.RouteAPI, stage apigw.Stage) *apigw.Stage {
	w.Helper()
	return must[*apigw.Stage](w)(w.CreateRouteStage(w.Context(), w.scope, api.ID, stage))
}

func automatic(name apigw.StageName) apigw.Stage {
	return apigw.Stage{Name: name, Routes: &apigw.RouteStage{AutoDeploy: true}}
}

// TestEveryChangeIsDeployed: what changes routes, integrations, authorizers,
// CORS or settings is served by the stages that deploy by themselves when the
// call returns, and by no other; tags change nothing that is served.
func TestEveryChangeIsDeployed(t *testing.T) {
	var waited []int64
	w := newWorldWith(t, Options{Visible: func(_ context.Context, revision int64) { waited = append(waited, revision) }})
	api := w.newHTTPAPI()
	i := w.newProxy(api)
	r := must[*apigw.Route](t)(w.CreateRoute(t.Context(), w.scope, api.ID, apigw.Route{Key: "GET /a", Target: i.ID}))
	byHand := must[*apigw.Deployment](t)(w.CreateRouteDeployment(t.Context(), w.scope, api.ID, "by hand", ""))
	w.newStage(api, apigw.Stage{Name: "still", DeploymentID: byHand.ID})
	w.newStage(api, automatic("$default"))
	w.newStage(api, automatic("dev"))
	jwt := &apigw.RouteAuthorizer{}
	seconds := 60
	for _, step := range []struct {
		name string
		run  func() error
	}{
		{"route", func() error { w.newRoute(api, "GET /b"); return nil }},
		{"route changed", func() error {
			_, err := w.UpdateRoute(t.Context(), w.scope, api.ID, r.ID, func(r *apigw.Route) error { r.OperationName = "a"; return nil })
			return err
		}},
		{"integration", func() error { w.newProxy(api); return nil }},
		{"integration changed", func() error {
			_, err := w.UpdateRouteIntegration(t.Context(), w.scope, api.ID, i.ID, func(i *apigw.RouteIntegration) error { i.TimeoutMillis = 50; return nil })
			return err
		}},
		{"authorizer", func() (err error) {
			jwt, err = w.CreateRouteAuthorizer(t.Context(), w.scope, api.ID, jwtAuthorizer("jwt"))
			return err
		}},
		{"authorizer deleted", func() error { return w.DeleteRouteAuthorizer(t.Context(), w.scope, api.ID, jwt.ID) }},
		{"CORS", func() error {
			_, err := w.UpdateRouteAPI(t.Context(), w.scope, api.ID, func(a *apigw.RouteAPI) error { a.CORS = &apigw.CORS{MaxAge: &seconds}; return nil })
			return err
		}},
		{"endpoint", func() error {
			_, err := w.UpdateRouteAPI(t.Context(), w.scope, api.ID, func(a *apigw.RouteAPI) error { a.DisableExecuteAPIEndpoint = true; return nil })
			return err
		}},
		{"route deleted", func() error { return w.DeleteRoute(t.Context(), w.scope, api.ID, r.ID) }},
	} {
		before, waits := w.stage(api, "dev").DeploymentID, len(waited)
		if err := step.run(); err != nil {
			t.Fatal(step.name, err)
		}
		now := w.stage(api, "dev")
		if now.DeploymentID == before || w.stage(api, "$default").DeploymentID != now.DeploymentID {
			t.Errorf("%s: not deployed", step.name)
		}
		if len(waited) != waits+1 {
			t.Errorf("%s: nobody waited until it was served", step.name)
		}
		dep := must[*apigw.Deployment](t)(w.RouteDeployment(t.Context(), w.scope, api.ID, now.DeploymentID))
		if !dep.AutoDeployed || dep.Description != "Automatic deployment triggered by changes to the Api configuration" {
			t.Errorf("%s: %+v", step.name, dep)
		}
	}
	def := w.served(api, "dev")
	if len(def.Routes) != 1 || len(def.RouteIntegrations) != 2 || !def.RouteAPI.DisableExecuteAPIEndpoint || def.RouteAPI.CORS == nil {
		t.Errorf("%+v", def)
	}
	before := w.stage(api, "dev").DeploymentID
	must[*apigw.RouteAPI](t)(w.UpdateRouteAPI(t.Context(), w.scope, api.ID, func(a *apigw.RouteAPI) error { a.Tags = map[string]string{"a": "b"}; return nil }))
	must[*apigw.RouteIntegration](t)(w.UpdateRouteIntegration(t.Context(), w.scope, api.ID, i.ID, func(*apigw.RouteIntegration) error { return nil }))
	if w.stage(api, "dev").DeploymentID != before {
		t.Error("deployed what changes nothing")
	}
	if w.stage(api, "still").DeploymentID != byHand.ID {
		t.Error("a stage that doesn't deploy by itself was moved")
	}
}

// TestFailedDeployment: what can't be served replaces nothing and says why on
// the stage; the next change that can is deployed.
func TestFailedDeployment(t *testing.T) {
	w := newWorldWith(t, Options{Check: func(def *apigw.Definition, _ *apigw.Stage) (list []Problem) {
		for _, r := range def.Routes {
			if strings.Contains(r.Key, "bad") {
				list = append(list, Problem{Place: r.Key, Text: "can't be served"})
			}
		}
		return list
	}})
	api := w.newHTTPAPI()
	empty := w.newStage(api, automatic("$default"))
	if empty.DeploymentID != "" || empty.Routes.DeploymentMessage != "Deployment attempt failed: Unable to deploy API because no routes exist in this API" {
		t.Errorf("%+v %+v", empty, empty.Routes)
	}
	_, err := w.CreateRouteDeployment(t.Context(), w.scope, api.ID, "", "")
	wantError(t, err, apigw.BadRequest, "Unable to deploy API because no routes exist in this API")
	_, err = w.CreateRouteDeployment(t.Context(), w.scope, w.newWebSocketAPI().ID, "", "")
	wantError(t, err, apigw.BadRequest, "At least one route is required before deploying the Api.")
	w.newRoute(api, "GET /good")
	good := w.stage(api, "$default")
	bad := w.newRoute(api, "GET /bad")
	now := w.stage(api, "$default")
	if now.DeploymentID != good.DeploymentID || now.Routes.DeploymentMessage != "Deployment attempt failed: Gatehouse can't serve this yet: GET /bad: can't be served" {
		t.Errorf("%+v %+v", now, now.Routes)
	}
	if list := must[[]*apigw.Deployment](t)(w.RouteDeployments(t.Context(), w.scope, api.ID)); len(list) != 1 {
		t.Errorf("%+v", list)
	}
	_, err = w.CreateRouteDeployment(t.Context(), w.scope, api.ID, "", "$default")
	wantError(t, err, apigw.BadRequest, "Gatehouse can't serve this yet: GET /bad: can't be served")
	if err := w.DeleteRoute(t.Context(), w.scope, api.ID, bad.ID); err != nil {
		t.Fatal(err)
	}
	now = w.stage(api, "$default")
	if now.DeploymentID == good.DeploymentID || now.Routes.DeploymentMessage != "Successfully deployed stage with deployment ID '"+string(now.DeploymentID)+"'" {
		t.Errorf("%+v %+v", now, now.Routes)
	}
	_, err = w.CreateRouteAPI(t.Context(), w.scope, NewRouteAPI{API: apigw.RouteAPI{Name: "n", Protocol: "HTTP"}, Quick: &QuickCreate{Target: "https://x.example", RouteKey: "GET /bad"}})
	wantError(t, err, apigw.BadRequest, "Gatehouse can't serve this yet: GET /bad: can't be served")
}

// TestOldAutomaticDeployments: of thousands of edits the latest deployments
// stay, what a stage serves, and what was made by hand.
func TestOldAutomaticDeployments(t *testing.T) {
	w := newWorld(t)
	api := w.newQuickAPI()
	kept := w.stage(api, "$default").DeploymentID
	w.newStage(api, apigw.Stage{Name: "kept", DeploymentID: kept})
	byHand := must[*apigw.Deployment](t)(w.CreateRouteDeployment(t.Context(), w.scope, api.ID, "by hand", ""))
	for n := range 3 * keptAutomatic {
		w.newRoute(api, fmt.Sprintf("GET /%d", n))
	}
	list := must[[]*apigw.Deployment](t)(w.RouteDeployments(t.Context(), w.scope, api.ID))
	has := func(id apigw.DeploymentID) bool {
		return slices.ContainsFunc(list, func(d *apigw.Deployment) bool { return d.ID == id })
	}
	if len(list) > keptAutomatic+3 || !has(kept) || !has(byHand.ID) || !has(w.stage(api, "$default").DeploymentID) {
		t.Errorf("%d deployments: %+v", len(list), list)
	}
	if n := len(w.served(api, "$default").Routes); n != 3*keptAutomatic+1 {
		t.Error(n)
	}
	wantError(t, w.DeleteRouteDeployment(t.Context(), w.scope, api.ID, kept), apigw.BadRequest, "Active stages pointing to this deployment must be moved or deleted")
	for _, d := range list {
		if d.AutoDeployed && d.ID != kept && d.ID != w.stage(api, "$default").DeploymentID {
			if err := w.DeleteRouteDeployment(t.Context(), w.scope, api.ID, d.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.newRoute(api, "GET /after")
}

// TestRouteWriters: many writers of one API lose nothing and are never told to
// come again; what each made is served when its call returns.
func TestRouteWriters(t *testing.T) {
	w := newWorld(t)
	api := w.newQuickAPI()
	var all sync.WaitGroup
	for n := range 16 {
		all.Go(func() {
			for m := range 8 {
				made, err := w.CreateRoute(t.Context(), w.scope, api.ID, apigw.Route{Key: fmt.Sprintf("GET /%d/%d", n, m)})
				if err != nil {
					t.Error(err)
					return
				}
				stage, err := w.RouteStage(t.Context(), w.scope, api.ID, "$default")
				if err != nil {
					t.Error(err)
					return
				}
				// Another's deployment that came after may have been replaced meanwhile.
				def, err := w.LoadDeployment(t.Context(), w.scope, api.ID, stage.DeploymentID)
				if err == nil && def.Routes[made.ID] == nil {
					t.Errorf("%s isn't served", made.Key)
				}
				if m%4 == 0 {
					if _, err := w.UpdateRouteStage(t.Context(), w.scope, api.ID, "$default", func(s *apigw.Stage) error {
						s.Variables = map[string]string{"v": fmt.Sprint(n, "-", m)}
						return nil
					}); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	if n := len(w.served(api, "$default").Routes); n != 16*8+1 {
		t.Errorf("%d routes are served", n)
	}
	if n := len(must[[]*apigw.Route](t)(w.Routes(t.Context(), w.scope, api.ID))); n != 16*8+1 {
		t.Errorf("%d routes", n)
	}
}

// TestTwoNodesOfRoutes: a node that didn't make the last change deploys on top
// of it.
func TestTwoNodesOfRoutes(t *testing.T) {
	w := newWorld(t)
	other := New(Options{Store: shared})
	t.Cleanup(other.Close)
	api := w.newQuickAPI()
	var all sync.WaitGroup
	for n, c := range []*Control{w.Control, other} {
		all.Go(func() {
			for m := range 20 {
				if _, err := c.CreateRoute(t.Context(), w.scope, api.ID, apigw.Route{Key: fmt.Sprintf("GET /%d/%d", n, m)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if n := len(w.served(api, "$default").Routes); n != 41 {
		t.Errorf("%d routes are served", n)
	}
}

// TestStageBesideEdits: a stage that is made on one node while another edits
// the API serves what both left.
func TestStageBesideEdits(t *testing.T) {
	w := newWorld(t)
	other := otherNode(w)
	for range 5 {
		api := w.newHTTPAPI()
		w.newRoute(api, "GET /first")
		var all sync.WaitGroup
		all.Go(func() {
			for n := range 5 {
				if _, err := w.CreateRoute(t.Context(), w.scope, api.ID, apigw.Route{Key: fmt.Sprintf("GET /%d", n)}); err != nil {
					t.Error(err)
				}
			}
		})
		all.Go(func() {
			if _, err := other.CreateRouteStage(t.Context(), w.scope, api.ID, automatic("$default")); err != nil {
				t.Error(err)
			}
		})
		all.Wait()
		if n := len(w.served(api, "$default").Routes); n != 6 {
			t.Errorf("%d routes are served", n)
		}
	}
}

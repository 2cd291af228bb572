package control

import (
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

func (w *world) newHTTPAPI() *apigw.RouteAPI {
	w.Helper()
	return must[*apigw.RouteAPI](w)(w.CreateRouteAPI(w.Context(), w.scope, NewRouteAPI{API: apigw.RouteAPI{Name: "test", Protocol: apigw.ProtocolHTTP}}))
}

func (w *world) newQuickAPI() *apigw.RouteAPI {
	w.Helper()
	return must[*apigw.RouteAPI](w)(w.CreateRouteAPI(w.Context(), w.scope, NewRouteAPI{
		API:   apigw.RouteAPI{Name: "quick", Protocol: apigw.ProtocolHTTP},
		Quick: &QuickCreate{Target: "https://backend.example"},
	}))
}

func (w *world) newRoute(api *apigw.RouteAPI, key string) *apigw.Route {
	w.Helper()
	return must[*apigw.Route](w)(w.CreateRoute(w.Context(), w.scope, api.ID, apigw.Route{Key: key}))
}

// TestKindsApart: who means one kind of API never finds one of the other.
func TestKindsApart(t *testing.T) {
	w := newWorld(t)
	rest, routes := w.newAPI(), w.newQuickAPI()
	w.newMock(rest)
	w.deploy(rest, "prod")
	stage := must[*apigw.Stage](t)(w.RouteStage(t.Context(), w.scope, routes.ID, "$default"))
	if list, more, err := w.RestAPIs(t.Context(), w.scope, "", 1); err != nil || more || len(list) != 1 || list[0].ID != rest.ID {
		t.Error(list, more, err)
	}
	if list, more, err := w.RouteAPIs(t.Context(), w.scope, "", 1); err != nil || more || len(list) != 1 || list[0].ID != routes.ID {
		t.Error(list, more, err)
	}
	unknown := "Invalid API identifier specified " + w.scope.Account + ":"
	_, err := w.RestAPI(t.Context(), w.scope, routes.ID)
	wantError(t, err, apigw.NotFound, unknown+string(routes.ID))
	_, err = w.RouteAPI(t.Context(), w.scope, rest.ID)
	wantError(t, err, apigw.NotFound, unknown+string(rest.ID))
	wantError(t, w.DeleteRestAPI(t.Context(), w.scope, routes.ID), apigw.NotFound, unknown+string(routes.ID))
	wantError(t, w.DeleteRouteAPI(t.Context(), w.scope, rest.ID), apigw.NotFound, unknown+string(rest.ID))
	_, err = w.Stage(t.Context(), w.scope, routes.ID, "$default")
	wantError(t, err, apigw.NotFound, "Invalid stage identifier specified")
	_, err = w.RouteStage(t.Context(), w.scope, rest.ID, "prod")
	wantError(t, err, apigw.NotFound, "Invalid stage identifier specified")
	_, err = w.Deployment(t.Context(), w.scope, routes.ID, stage.DeploymentID)
	wantError(t, err, apigw.NotFound, "Invalid Deployment identifier specified")
	_, err = w.Stages(t.Context(), w.scope, routes.ID, "")
	wantError(t, err, apigw.NotFound, unknown+string(routes.ID))
	_, err = w.CreateRoute(t.Context(), w.scope, rest.ID, apigw.Route{Key: "GET /"})
	wantError(t, err, apigw.NotFound, unknown+string(rest.ID))
	if def := must[*apigw.Definition](t)(w.LoadDeployment(t.Context(), w.scope, routes.ID, stage.DeploymentID)); len(def.Routes) != 1 || def.ID() != routes.ID {
		t.Errorf("%+v", def)
	}
}

func TestQuickCreate(t *testing.T) {
	w := newWorld(t)
	api := w.newQuickAPI()
	routes := must[[]*apigw.Route](t)(w.Routes(t.Context(), w.scope, api.ID))
	integrations := must[[]*apigw.RouteIntegration](t)(w.RouteIntegrations(t.Context(), w.scope, api.ID))
	if len(routes) != 1 || len(integrations) != 1 || routes[0].Key != "$default" || routes[0].Target != integrations[0].ID || !routes[0].Managed || !integrations[0].Managed {
		t.Fatalf("%+v %+v", routes, integrations)
	}
	stage := must[*apigw.Stage](t)(w.RouteStage(t.Context(), w.scope, api.ID, "$default"))
	if !stage.Routes.AutoDeploy || !stage.Routes.Managed || stage.Routes.DeploymentMessage != "Successfully deployed stage with deployment ID '"+string(stage.DeploymentID)+"'" {
		t.Fatalf("%+v", stage)
	}
	before := stage.DeploymentID
	w.newRoute(api, "GET /pets/{id}")
	stage = must[*apigw.Stage](t)(w.RouteStage(t.Context(), w.scope, api.ID, "$default"))
	if stage.DeploymentID == before {
		t.Fatal("a new route wasn't deployed")
	}
	def := must[*apigw.Definition](t)(w.LoadDeployment(t.Context(), w.scope, api.ID, stage.DeploymentID))
	if len(def.Routes) != 2 {
		t.Fatalf("%+v", def.Routes)
	}
	_, err := w.CreateRoute(t.Context(), w.scope, api.ID, apigw.Route{Key: "GET /pets/{other}"})
	wantError(t, err, apigw.Conflict, "Route with key GET /pets/{other} already exists for this API")
	if kept := must[[]byte](t)(EncodeDefinition(def)); true {
		back := must[*apigw.Definition](t)(DecodeDefinition(kept))
		if back.ID() != api.ID || len(back.Routes) != 2 || len(back.RouteIntegrations) != 1 {
			t.Fatalf("%+v", back)
		}
	}
	if err := w.DeleteRouteAPI(t.Context(), w.scope, api.ID); err != nil {
		t.Fatal(err)
	}
	records, _, _, err := shared.List(t.Context(), ScopePrefix(w.scope)+"restapi", "", 0)
	if err != nil || len(records) != 0 {
		t.Fatal(records, err)
	}
}

// TestPagesOfOneKind: pages of APIs of one kind are full whatever lies between.
func TestPagesOfOneKind(t *testing.T) {
	w := newWorld(t)
	want := map[bool]int{}
	for n := range 11 {
		if rest := n%3 == 0; rest {
			w.newAPI()
			want[rest]++
		} else {
			w.newHTTPAPI()
			want[rest]++
		}
	}
	for rest, total := range want {
		seen := map[apigw.APIID]bool{}
		for after, more := apigw.APIID(""), true; more; {
			var page []apigw.APIID
			var err error
			if rest {
				var list []*apigw.RestAPI
				list, more, err = w.RestAPIs(t.Context(), w.scope, after, 2)
				for _, a := range list {
					page = append(page, a.ID)
				}
			} else {
				var list []*apigw.RouteAPI
				list, more, err = w.RouteAPIs(t.Context(), w.scope, after, 2)
				for _, a := range list {
					page = append(page, a.ID)
				}
			}
			if err != nil || len(page) == 0 || more && len(page) != 2 {
				t.Fatal(page, more, err)
			}
			for _, id := range page {
				seen[id], after = true, id
			}
		}
		if len(seen) != total {
			t.Errorf("%d of %d", len(seen), total)
		}
	}
}

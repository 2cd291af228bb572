package control

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// drawDefinition is an HTTP API as a document defines one: names stand where
// identifiers are.
func drawDefinition(t *rapid.T) *apigw.Definition {
	def := newRouteDefinition(apigw.Scope{}, apigw.RouteAPI{Name: "drawn", Protocol: apigw.ProtocolHTTP})
	for n := range rapid.IntRange(1, 4).Draw(t, "integrations") {
		id := apigw.RouteIntegrationID(fmt.Sprintf("components/%d", n))
		i := httpProxy()
		i.ID, i.URI = id, fmt.Sprintf("https://%d.example", n)
		def.RouteIntegrations[id] = &i
	}
	for n := range rapid.IntRange(0, 2).Draw(t, "authorizers") {
		a := jwtAuthorizer(fmt.Sprintf("jwt %d", n))
		a.ID = apigw.AuthorizerID(a.Name)
		def.RouteAuthorizers[a.ID] = &a
	}
	paths := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"GET /", "GET /a", "GET /a/{id}", "POST /a/{id}", "ANY /{proxy+}", "$default"}), 1, 6, apigw.RouteShape).Draw(t, "keys")
	for _, key := range paths {
		r := &apigw.Route{ID: apigw.RouteID(key), Key: strings.Replace(key, "{id}", rapid.SampledFrom([]string{"{id}", "{name}"}).Draw(t, "variable"), 1), AuthorizationType: "NONE"}
		r.Target = apigw.RouteIntegrationID(fmt.Sprintf("components/%d", rapid.IntRange(0, len(def.RouteIntegrations)-1).Draw(t, "target")))
		if n := len(def.RouteAuthorizers); n > 0 && rapid.Bool().Draw(t, "guarded") {
			r.AuthorizationType, r.AuthorizerID = "JWT", apigw.AuthorizerID(fmt.Sprintf("jwt %d", rapid.IntRange(0, n-1).Draw(t, "authorizer")))
		}
		def.Routes[r.ID] = r
	}
	return def
}

// meaning is what def is without identifiers: what each route calls, and who
// may call it.
func meaning(def *apigw.Definition) map[string]string {
	out := map[string]string{"": fmt.Sprint(len(def.RouteIntegrations), len(def.RouteAuthorizers))}
	for _, r := range def.Routes {
		out[r.Key] = def.RouteIntegrations[r.Target].URI + " " + r.AuthorizationType
		if a := def.RouteAuthorizers[r.AuthorizerID]; a != nil {
			out[r.Key] += " " + a.Name
		}
	}
	return out
}

// TestReplacements: whatever documents an API is made of one after the other,
// it is the last one when the call returns, and so is what its stage serves.
// Routes whose key stays keep their identifiers.
func TestReplacements(t *testing.T) {
	w := newWorld(t)
	rapid.Check(t, func(t *rapid.T) {
		def := drawDefinition(t)
		api, err := w.ImportRouteAPI(w.Context(), w.scope, def)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.CreateRouteStage(w.Context(), w.scope, api.ID, automatic("$default")); err != nil {
			t.Fatal(err)
		}
		var before map[string]apigw.RouteID
		for range rapid.IntRange(0, 3).Draw(t, "replacements") {
			before = keysOf(w.served(api, "$default"))
			def = drawDefinition(t)
			if _, err := w.ReplaceRouteAPI(w.Context(), w.scope, api.ID, def); err != nil {
				t.Fatal(err)
			}
		}
		served := w.served(api, "$default")
		if d := cmp.Diff(meaning(def), meaning(served)); d != "" {
			t.Fatal(d)
		}
		for key, id := range keysOf(served) {
			if was, ok := before[key]; ok && was != id {
				t.Fatalf("%s was %s and is %s", key, was, id)
			}
		}
		if err := w.DeleteRouteAPI(w.Context(), w.scope, api.ID); err != nil {
			t.Fatal(err)
		}
	})
}

func keysOf(def *apigw.Definition) map[string]apigw.RouteID {
	keys := map[string]apigw.RouteID{}
	for id, r := range def.Routes {
		keys[r.Key] = id
	}
	return keys
}

// TestReplaceRefused: a document that can't be put changes nothing, and says
// what of it is wrong.
func TestReplaceRefused(t *testing.T) {
	w := newWorld(t)
	api := w.newQuickAPI()
	before := w.stage(api, "$default").DeploymentID
	def := newRouteDefinition(apigw.Scope{}, apigw.RouteAPI{Name: "n", Protocol: apigw.ProtocolHTTP})
	bad := httpProxy()
	bad.Method = ""
	def.RouteIntegrations["GET /a"] = &bad
	def.Routes["GET /a"] = &apigw.Route{Key: "GET /a", Target: "GET /a"}
	_, err := w.ReplaceRouteAPI(t.Context(), w.scope, api.ID, def)
	wantError(t, err, apigw.BadRequest, "Errors found during import:\n\tUnable to create integration of GET /a: HttpMethod must be specified for integration type HTTP_PROXY")
	if s := w.stage(api, "$default"); s.DeploymentID != before || len(w.served(api, "$default").Routes) != 1 {
		t.Errorf("%+v", s)
	}
	_, err = w.ReplaceRouteAPI(t.Context(), w.scope, w.newWebSocketAPI().ID, def)
	wantError(t, err, apigw.BadRequest, "Import is not supported on protocolType WEBSOCKET")
	_, err = w.ReplaceRouteAPI(t.Context(), w.scope, "nothing", def)
	wantError(t, err, apigw.NotFound, "Invalid API identifier specified "+w.scope.Account+":nothing")
}

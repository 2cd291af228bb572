package control

import (
	"strings"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/openapi"
)

const petsHTTP = `{"openapi":"3.0.1","info":{"title":"pets","version":"1"},
"paths":{
 "/pets":{"get":{"x-amazon-apigateway-integration":{"type":"http_proxy","httpMethod":"GET","uri":"https://one.example/pets","payloadFormatVersion":"1.0"}}},
 "/pets/{id}":{"get":{"security":[{"jwt":["read"]}],"x-amazon-apigateway-integration":{"type":"http_proxy","httpMethod":"GET","uri":"https://one.example/pets/{id}","payloadFormatVersion":"1.0"}}}},
"components":{"securitySchemes":{"jwt":{"type":"oauth2","flows":{},"x-amazon-apigateway-authorizer":{"type":"jwt","identitySource":"$request.header.Authorization","jwtConfiguration":{"audience":["a"],"issuer":"https://issuer.example"}}}}}}`

func parseHTTP(t testing.TB, doc string) *openapi.HTTPAPI {
	t.Helper()
	return must[*openapi.HTTPAPI](t)(openapi.ParseHTTP([]byte(doc), openapi.Options{}))
}

func TestEnsureHTTPFromDefinition(t *testing.T) {
	w := newWorldWith(t, Options{Check: func(def *apigw.Definition, _ *apigw.Stage) (list []Problem) {
		for _, r := range def.Routes {
			if i := def.RouteIntegrations[r.Target]; strings.Contains(i.URI, "nowhere") {
				list = append(list, Problem{Place: "integration " + string(i.ID) + " (" + r.Key + ")", Text: "goes nowhere"})
			}
		}
		return list
	}})
	ensure := func(doc string) (Ensured, error) {
		return w.EnsureHTTPFromDefinition(t.Context(), w.scope, "pets.json", parseHTTP(t, doc), "$default")
	}
	first := must[Ensured](t)(ensure(petsHTTP))
	served := func() *apigw.Definition {
		stage := must[*apigw.Stage](t)(w.RouteStage(t.Context(), w.scope, first.API, "$default"))
		return must[*apigw.Definition](t)(w.LoadDeployment(t.Context(), w.scope, first.API, stage.DeploymentID))
	}
	def := served()
	if !first.Changed || len(def.Routes) != 2 || len(def.RouteIntegrations) != 2 || len(def.RouteAuthorizers) != 1 {
		t.Fatalf("%+v %+v", first, def)
	}
	ids := map[string]apigw.RouteID{}
	for id, r := range def.Routes {
		ids[r.Key] = id
		if len(id) != 7 || len(r.Target) != 7 || (r.AuthorizationType == "JWT") != (len(r.AuthorizerID) == 6) {
			t.Errorf("%+v", r)
		}
	}
	if again := must[Ensured](t)(ensure(petsHTTP)); again.Changed || again.API != first.API {
		t.Errorf("%+v", again)
	}
	if _, err := ensure(strings.Replace(petsHTTP, "one.example/pets/{id}", "nowhere.example", 1)); apigw.KindOf(err) != apigw.BadRequest || !strings.Contains(err.Error(), "GET /pets/{id}) (line 4: /paths/~1pets~1{id}/get): goes nowhere") {
		t.Errorf("%v", err)
	}
	if len(served().Routes) != 2 {
		t.Error("a refused definition changed what is served")
	}
	changed := strings.Replace(petsHTTP, "/pets/{id}\":", "/pets/{id}/toys\":", 1)
	if done := must[Ensured](t)(ensure(changed)); !done.Changed || done.API != first.API {
		t.Errorf("%+v", done)
	}
	for id, r := range served().Routes {
		if r.Key == "GET /pets" && id != ids[r.Key] || r.Key == "GET /pets/{id}" {
			t.Errorf("%s %+v", id, r)
		}
	}
	if err := w.DeleteRouteStage(t.Context(), w.scope, first.API, "$default"); err != nil {
		t.Fatal(err)
	}
	if done := must[Ensured](t)(ensure(petsHTTP)); !done.Changed || len(served().Routes) != 2 {
		t.Errorf("%+v", done)
	}
}

package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
)

const petstoreFile = "examples/petstore/openapi.yaml"

// serveExample serves a definition of the repository as its README says.
func serveExample(t *testing.T, file string, args ...string) *server {
	t.Helper()
	s := newServer(t, append([]string{file}, args...)...)
	s.dir = repository(t)
	s.start()
	t.Cleanup(s.kill)
	return s
}

// operation is one request to an example and what it must get.
type operation struct {
	route        string // of the definition, "GET /pets"
	method, path string // empty: the route's
	send         string // body
	status       int
	contentType  string
	header       [2]string // one that must be there: name and value
	body         string    // regular expression for the whole body
}

var preflight = `Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token`

const jsonType = "application/json"

var petstoreOperations = []operation{
	{"GET /", "", "", "", 200, "text/html; charset=utf-8", [2]string{}, `<!DOCTYPE html>[\s\S]*<h1>PetStore</h1>[\s\S]*</html>\n`},
	{"GET /pets", "", "", "", 200, jsonType, [2]string{}, `\[\{"id":1,"type":"dog","name":"Argos".*"id":10,.*\]`},
	{"GET /pets", "", "/pets?type=dog&page=1", "", 200, jsonType, [2]string{}, `\[\{"id":1,.*"id":4,.*"id":10,.*\}\]`},
	{"GET /pets", "", "/pets?page=2", "", 200, jsonType, [2]string{}, `\[\{"id":11,.*"id":12,.*\]`},
	{"GET /pets", "", "/pets?page=none", "", 400, jsonType, [2]string{}, `{"message":"page is a number from 1"}`},
	{"GET /pets", "", "/pets/", "", 200, jsonType, [2]string{}, `\[\{"id":1,.*`},
	{"OPTIONS /pets", "", "", "", 200, jsonType, [2]string{"Access-Control-Allow-Methods", "GET,POST,OPTIONS"}, ``},
	{"OPTIONS /pets", "", "", "", 200, jsonType, [2]string{"Access-Control-Allow-Headers", preflight}, ``},
	{"OPTIONS /pets", "", "", "", 200, jsonType, [2]string{"Access-Control-Allow-Origin", "*"}, ``},
	{"POST /pets", "", "", `{"type": "cat", "name": "Tom", "price": 249.99}`, 201, jsonType, [2]string{"Location", "/dev/pets/13"}, `{"id":13,"type":"cat","name":"Tom","price":249.99}`},
	{"POST /pets", "", "", `{"type": "cat"`, 400, jsonType, [2]string{}, `{"message":"the body is no pet: .*"}`},
	{"POST /pets", "", "", `{"type": "cat", "price": 1}`, 400, jsonType, [2]string{}, `{"message":"a pet has a type, a name and a price that isn't negative"}`},
	{"GET /pets/{petId}", "", "/pets/3", "", 200, jsonType, [2]string{}, `{"id":3,"type":"fish","name":"Wanda","price":0.99}`},
	{"GET /pets/{petId}", "", "/pets/99", "", 404, jsonType, [2]string{}, `{"message":"there is no pet 99"}`},
	{"PUT /pets/{petId}", "", "/pets/2", `{"type":"cat","name":"Hodge","price":5}`, 200, jsonType, [2]string{}, `{"id":2,"type":"cat","name":"Hodge","price":5}`},
	{"PUT /pets/{petId}", "", "/pets/99", `{"type":"cat","name":"Hodge","price":5}`, 404, jsonType, [2]string{}, `{"message":"there is no pet 99"}`},
	{"DELETE /pets/{petId}", "", "/pets/1", "", 204, "", [2]string{}, ``},
	{"DELETE /pets/{petId}", "", "/pets/1", "", 404, jsonType, [2]string{}, `{"message":"there is no pet 1"}`},
	{"OPTIONS /pets/{petId}", "", "/pets/1", "", 200, jsonType, [2]string{"Access-Control-Allow-Methods", "GET,PUT,DELETE,OPTIONS"}, ``},
	{"GET /pets/{petId}/photos/{proxy+}", "", "/pets/1/photos/2026/face.svg", "", 200, "image/svg+xml", [2]string{"Cache-Control", "max-age=86400"}, `<svg xmlns[\s\S]*</svg>\n`},
	{"GET /pet_types", "", "", "", 200, jsonType, [2]string{"Cache-Control", "max-age=3600"}, `\["dog", "cat", "fish", "bird", "horse", "donkey", "tortoise"\]`},
	{"OPTIONS /pet_types", "", "", "", 200, jsonType, [2]string{"Access-Control-Allow-Methods", "GET,OPTIONS"}, ``},
	{"GET /owners/{ownerId}/pets", "", "/owners/5/pets", "", 200, jsonType, [2]string{}, `\[{"id":10,"type":"dog","name":"Flush","price":410,"ownerId":5}\]`},
	{"GET /owners/{ownerId}/pets", "", "/owners/me/pets", "", 400, jsonType, [2]string{}, `{"message":"an owner's ID is a number"}`},
	{"OPTIONS /owners/{ownerId}/pets", "", "/owners/5/pets", "", 200, jsonType, [2]string{"Access-Control-Allow-Methods", "GET,OPTIONS"}, ``},
	{"GET /orders/{orderId}", "", "/orders/1", "", 200, jsonType, [2]string{"X-Order-Source", "sample"}, `{\n  "orderId": 1,\n  "petId": 2,\n  "quantity": 1,\n  "status": "shipped"\n}\n`},
	{"DELETE /orders/{orderId}", "", "/orders/1", "", 409, jsonType, [2]string{}, `{"message": "The order has been shipped."}`},
	{"OPTIONS /orders/{orderId}", "", "/orders/1", "", 200, jsonType, [2]string{"Access-Control-Allow-Methods", "GET,DELETE,OPTIONS"}, ``},
	{"GET /health", "", "", "", 200, jsonType, [2]string{"Cache-Control", "no-store"}, `{"status": "ok"}`},
	{"HEAD /health", "", "", "", 200, jsonType, [2]string{"Cache-Control", "no-store"}, ``},
	{"ANY /echo/{proxy+}", "PATCH", "/echo/any/path/?x=1&x=2", "hello", 200, jsonType, [2]string{}, `.*"body":"hello",.*"isBase64":false,"method":"PATCH","path":"/echo/any/path/","proxy":"any/path","query":{"x":\["1","2"\]}.*`},
	{"ANY /echo/{proxy+}", "GET", "/echo/a%2Fb", "", 200, jsonType, [2]string{}, `.*"path":"/echo/a%2Fb","proxy":"a%2Fb","query":null.*`},

	{"", "GET", "/nowhere", "", 403, jsonType, [2]string{"x-amzn-ErrorType", "MissingAuthenticationTokenException"}, `{"message":"Missing Authentication Token"}`},
	{"", "PATCH", "/pets", "", 403, jsonType, [2]string{"x-amzn-ErrorType", "MissingAuthenticationTokenException"}, `{"message":"Missing Authentication Token"}`},
	{"", "GET", "/echo", "", 403, jsonType, [2]string{"x-amzn-ErrorType", "MissingAuthenticationTokenException"}, `{"message":"Missing Authentication Token"}`},
}

// TestPetstore calls every operation of the definition.
func TestPetstore(t *testing.T) {
	t.Parallel()
	s := serveExample(t, petstoreFile)
	s.performs(petstoreFile, petstoreOperations)
	api := s.api(petstoreFile)
	if a := call(t, "GET", s.invoke+"/nostage/pets", api+".execute-api.localhost", ""); a.status != 403 || a.body != `{"message":"Forbidden"}` {
		t.Errorf("an unknown stage: %v, want 403 Forbidden", a)
	}
}

// performs carries the operations out, in order, by host and by path, and
// checks that no route of the definition was left out.
func (s *server) performs(file string, list []operation) {
	s.t.Helper()
	api, done := s.api(file), map[string]bool{}
	for i, o := range list {
		if o.route != "" {
			done[o.route] = true
			method, path, _ := strings.Cut(o.route, " ")
			o.method, o.path = first(o.method, method), first(o.path, path)
		}
		url, host := s.invoke+"/dev"+o.path, api+".execute-api.localhost"
		if i%2 == 1 {
			url, host = s.invoke+"/_aws/execute-api/"+api+"/dev"+o.path, ""
		}
		var header []string
		if o.send != "" {
			header = []string{"Content-Type", jsonType}
		}
		o.check(s.t, call(s.t, o.method, url, host, o.send, header...))
	}
	missing := s.routes(file)
	missing = slices.DeleteFunc(missing, func(route string) bool { return done[route] })
	if len(missing) > 0 {
		s.t.Errorf("not called: %v", missing)
	}
}

func first(values ...string) string {
	i := slices.IndexFunc(values, func(v string) bool { return v != "" })
	return values[i]
}

func (o *operation) check(t testing.TB, a answer) {
	t.Helper()
	what := o.method + " " + o.path
	if a.status != o.status {
		t.Errorf("%s: %v, want %d", what, a, o.status)
	}
	if got := a.header.Get("Content-Type"); o.contentType != "" && got != o.contentType {
		t.Errorf("%s: Content-Type %q, want %q", what, got, o.contentType)
	}
	if name := o.header[0]; name != "" && a.header.Get(name) != o.header[1] {
		t.Errorf("%s: %s %q, want %q", what, name, a.header.Get(name), o.header[1])
	}
	if !regexp.MustCompile(`^(?:` + o.body + `)$`).MatchString(a.body) {
		t.Errorf("%s: body %q doesn't match %s", what, a.body, o.body)
	}
	for _, id := range []string{"x-amzn-RequestId", "x-amz-apigw-id"} {
		if a.header.Get(id) == "" {
			t.Errorf("%s: no %s", what, id)
		}
	}
}

// routes are what the server announced for a definition.
func (s *server) routes(file string) []string {
	routes := map[string]bool{}
	for _, r := range s.records("serving") {
		if r["definition"] != file {
			continue
		}
		for _, route := range r["routes"].([]any) {
			routes[route.(string)] = true
		}
	}
	return slices.Sorted(maps.Keys(routes))
}

// TestDefinitionAcrossRestarts: the same definition is the same API, deployed
// anew only when it changed.
func TestDefinitionAcrossRestarts(t *testing.T) {
	t.Parallel()
	source := filepath.Join(repository(t), filepath.FromSlash(petstoreFile))
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	file := write(t, "openapi.yaml", string(text))
	config, err := json.Marshal(map[string]any{"functions": map[string]any{"petstore": map[string]string{
		"runtime": "go", "code": filepath.Join(filepath.Dir(source), "functions", "petstore")}}})
	if err != nil {
		t.Fatal(err)
	}
	s := serveWith(t, "--config", write(t, "gatehouse.yaml", string(config)), file)
	api, deployed := s.api(file), s.deployment(file)
	s.kill()
	s.restart()
	if got := s.api(file); got != api {
		t.Errorf("after a restart the API is %s, not %s", got, api)
	}
	if got := s.deployment(file); got != deployed {
		t.Errorf("an unchanged definition was deployed again: %s, not %s", got, deployed)
	}
	pets := s.invoke + "/_aws/execute-api/" + api + "/dev/pet_types"
	if a := call(t, "GET", pets, "", ""); a.status != 200 || !strings.Contains(a.body, "donkey") {
		t.Errorf("after a restart: %v", a)
	}
	s.terminate()

	edited := strings.ReplaceAll(string(text), `"donkey", "tortoise"]'`, `"newt"]'`)
	if err := os.WriteFile(file, []byte(edited), 0o600); err != nil {
		t.Fatal(err)
	}
	s.restart()
	if got := s.api(file); got != api {
		t.Errorf("edited, the API is %s, not %s", got, api)
	}
	if got := s.deployment(file); got == deployed {
		t.Errorf("the edited definition wasn't deployed")
	}
	pets = s.invoke + "/_aws/execute-api/" + api + "/dev/pet_types"
	if a := call(t, "GET", pets, "", ""); a.status != 200 || !strings.Contains(a.body, "newt") {
		t.Errorf("edited: %v", a)
	}
}

// deployment is the ID of what a definition's stage serves.
func (s *server) deployment(file string) string {
	s.t.Helper()
	api, stage := s.api(file), "dev"
	st, err := s.sdk().GetStage(s.t.Context(), &apigateway.GetStageInput{RestApiId: &api, StageName: &stage})
	if err != nil {
		s.t.Fatal(err)
	}
	return *st.DeploymentId
}

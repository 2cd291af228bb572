package control

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/openapi"
	"github.com/google/go-cmp/cmp"
)

const petsDocument = `
openapi: 3.0.1
info: {title: pets, version: "1", description: about pets}
paths:
  /pets/{id}:
    get:
      responses: {"200": {description: ok}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses: {default: {statusCode: "200"}}
  /pets:
    post:
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
      responses: {"200": {description: ok}}
      x-amazon-apigateway-request-validator: all
      x-amazon-apigateway-integration: {type: mock}
components:
  schemas:
    Pet: {type: object, properties: {owner: {$ref: '#/components/schemas/Owner'}}}
    Owner: {type: object}
x-amazon-apigateway-request-validators: {all: {validateRequestBody: true, validateRequestParameters: true}}
x-amazon-apigateway-binary-media-types: [image/png]
`

func (w *world) importDoc(doc string) *apigw.RestAPI {
	w.Helper()
	return must[*apigw.RestAPI](w)(w.ImportRestAPI(w.Context(), w.scope, []byte(doc), ImportOptions{}))
}

func (w *world) definition(id apigw.APIID) *apigw.Definition {
	w.Helper()
	return must[*snapshot](w)(w.load(w.Context(), restRef(w.scope, id))).def
}

func byPath(def *apigw.Definition) map[string]*apigw.Resource {
	m := map[string]*apigw.Resource{}
	for _, r := range def.Resources {
		m[r.Path] = r
	}
	return m
}

func TestImport(t *testing.T) {
	w := newWorld(t)
	api := w.importDoc(petsDocument)
	if api.Name != "pets" || api.Version != "1" || api.Description != "about pets" || api.Endpoint.Type != "EDGE" {
		t.Fatalf("%+v", api)
	}
	def := w.definition(api.ID)
	if len(def.Models) != 2 || len(def.Validators) != 1 {
		t.Fatal("models beside the document's:", def.Models)
	}
	if s := def.Models["Pet"].Schema; !strings.Contains(s, `"https://apigateway.amazonaws.com/restapis/`+string(api.ID)+`/models/Owner"`) {
		t.Fatal(s)
	}
	resources := byPath(def)
	get := resources["/pets/{id}"].Methods["GET"]
	if d := cmp.Diff(map[string]bool{"method.request.path.id": true}, get.RequestParameters); d != "" {
		t.Fatal(d)
	}
	if get.Integration.CacheNamespace != string(resources["/pets/{id}"].ID) || get.Integration.TimeoutMillis != 29000 {
		t.Fatalf("%+v", get.Integration)
	}
	post := resources["/pets"].Methods["POST"]
	if v := def.Validators[post.RequestValidatorID]; v == nil || v.Name != "all" || post.RequestModels["application/json"] != "Pet" {
		t.Fatalf("%+v", post)
	}
	if len(resources) != 3 || resources["/pets/{id}"].ParentID != resources["/pets"].ID {
		t.Fatal(resources)
	}
}

const moreDocument = `
swagger: "2.0"
info: {title: more, version: "2"}
paths:
  /pets:
    get:
      responses: {}
      x-amazon-apigateway-integration: {type: mock}
  /shops:
    get:
      responses: {}
      x-amazon-apigateway-integration: {type: mock}
x-amazon-apigateway-binary-media-types: [image/gif]
`

func TestPutRestAPI(t *testing.T) {
	tests := []struct {
		name        string
		overwrite   bool
		methods     []string
		models      int
		binary      []string
		description string
	}{
		{"merge", false, []string{"GET /pets", "GET /pets/{id}", "GET /shops", "POST /pets"}, 2, []string{"image/png", "image/gif"}, "about pets"},
		{"overwrite", true, []string{"GET /pets", "GET /shops"}, 0, []string{"image/gif"}, ""},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t)
			made := w.importDoc(petsDocument)
			before := byPath(w.definition(made.ID))
			api := must[*apigw.RestAPI](t)(w.PutRestAPI(t.Context(), w.scope, made.ID, []byte(moreDocument), ImportOptions{Overwrite: tc.overwrite}))
			if api.Name != "more" || api.Version != "2" || api.Description != tc.description || api.RootResourceID != made.RootResourceID {
				t.Fatalf("%+v", api)
			}
			def := w.definition(made.ID)
			after := byPath(def)
			var methods []string
			for path, r := range after {
				for verb := range r.Methods {
					methods = append(methods, string(verb)+" "+path)
				}
			}
			slices.Sort(methods)
			if d := cmp.Diff(tc.methods, methods); d != "" {
				t.Error(d)
			}
			if before["/pets"].ID != after["/pets"].ID || len(def.Models) != tc.models {
				t.Error(before["/pets"], after["/pets"], def.Models)
			}
			if d := cmp.Diff(tc.binary, def.API.BinaryMediaTypes); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestPutRestAPIChangesTheEndpoint(t *testing.T) {
	w := newWorld(t)
	api := w.importDoc(petsDocument)
	for _, tc := range []apigw.EndpointConfiguration{
		{Type: "PRIVATE", IPAddressType: "dualstack"}, // recorded on AWS for changes of the type
		{Type: "REGIONAL", IPAddressType: "ipv4"},     // developer guide, "Change a public or private API endpoint type"
	} {
		o := ImportOptions{Parameters: map[string]string{"endpointConfigurationTypes": tc.Type}}
		got := must[*apigw.RestAPI](t)(w.PutRestAPI(t.Context(), w.scope, api.ID, []byte(moreDocument), o))
		if d := cmp.Diff(tc, got.Endpoint); d != "" {
			t.Error(d)
		}
	}
}

func TestVariableMayBeRenamedByOverwrite(t *testing.T) {
	w := newWorld(t)
	api := w.importDoc(petsDocument)
	doc := []byte(strings.ReplaceAll(petsDocument, "/pets/{id}", "/pets/{petId}"))
	_, err := w.PutRestAPI(t.Context(), w.scope, api.ID, doc, ImportOptions{})
	wantError(t, err, apigw.BadRequest, "Errors found during import:\n\tUnable to create resource at path '/pets/{petId}': A sibling ({id}) of this resource already has a variable path part -- only one is allowed")
	must[*apigw.RestAPI](t)(w.PutRestAPI(t.Context(), w.scope, api.ID, doc, ImportOptions{Overwrite: true}))
	if byPath(w.definition(api.ID))["/pets/{petId}"] == nil {
		t.Fatal("not renamed")
	}
}

func TestImportRefusals(t *testing.T) {
	w := newWorld(t)
	warned := strings.Replace(moreDocument, "{type: mock}", "{type: http, uri: 'http://e', httpMethod: GET, requestParameters: {integration.request.header.a: true}}", 1)
	undeclared := strings.Replace(moreDocument, "{type: mock}", "{type: http, uri: 'http://e', httpMethod: GET, requestParameters: {integration.request.header.a: method.request.header.b}}", 1)
	tests := []struct {
		name string
		doc  string
		o    ImportOptions
		want string
	}{
		{"no document", "hello", ImportOptions{}, "Invalid OpenAPI input."},
		{"broken YAML", "a: [", ImportOptions{}, "Invalid OpenAPI input."},
		{"unknown parameter", moreDocument, ImportOptions{Parameters: map[string]string{"colour": "red"}}, "Unknown import parameter: colour"},
		{"bad base path", moreDocument, ImportOptions{Parameters: map[string]string{"basepath": "keep"}}, "Invalid value of import parameter basepath: keep"},
		{"bad type", moreDocument, ImportOptions{Parameters: map[string]string{"endpointConfigurationTypes": "MOON"}}, "Invalid value of import parameter endpointConfigurationTypes: MOON"},
		{"warnings fail", warned, ImportOptions{FailOnWarnings: true},
			"Warnings found during import:\n\tInvalid format for 'requestParameters'. Expected type string for property 'integration.request.header.a' of resource '/pets' and method 'GET' but got 'true'"},
		{"integration", undeclared, ImportOptions{File: "a.yaml"},
			"Errors found during import:\n\ta.yaml:6: /paths/~1pets/get: Unable to put integration on 'GET' for resource at path '/pets': " + parameter + "method.request.header.b]"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			_, err := w.ImportRestAPI(t.Context(), w.scope, []byte(tc.doc), tc.o)
			wantError(t, err, apigw.BadRequest, tc.want)
		})
	}
	// A bad document comes before an unknown API.
	_, err := w.PutRestAPI(t.Context(), w.scope, "nothing", []byte("hello"), ImportOptions{})
	wantError(t, err, apigw.BadRequest, "Invalid OpenAPI input.")
	_, err = w.PutRestAPI(t.Context(), w.scope, "nothing", []byte(moreDocument), ImportOptions{})
	wantError(t, err, apigw.NotFound, "Invalid API identifier specified "+w.scope.Account+":nothing")
	api := must[*apigw.RestAPI](t)(w.ImportRestAPI(t.Context(), w.scope, []byte(warned), ImportOptions{Parameters: map[string]string{"endpointConfigurationTypes": "REGIONAL"}}))
	if len(api.Warnings) != 1 || api.Endpoint.Type != "REGIONAL" {
		t.Fatalf("%+v", api)
	}
}

func TestImportOfManyPaths(t *testing.T) {
	w := newWorld(t)
	var doc strings.Builder
	doc.WriteString("openapi: 3.0.1\ninfo: {title: many}\npaths:\n")
	for i := range 1000 {
		fmt.Fprintf(&doc, "  /a%d/{id}:\n    get:\n      responses: {}\n      x-amazon-apigateway-integration: {type: mock}\n", i)
	}
	api := w.importDoc(doc.String())
	if n := len(w.definition(api.ID).Resources); n != 2001 {
		t.Fatal(n)
	}
	small := newWorldWith(t, Options{Limits: Limits{Resources: 100}})
	_, err := small.ImportRestAPI(t.Context(), small.scope, []byte(doc.String()), ImportOptions{})
	if apigw.KindOf(err) != apigw.BadRequest || !strings.Contains(err.Error(), "Maximum number of resources for this API has been reached: 100") {
		t.Fatal(err)
	}
}

func parseDoc(t *testing.T, doc string) *openapi.API {
	t.Helper()
	return must[*openapi.API](t)(openapi.Parse([]byte(doc), openapi.Options{File: "pets.yaml"}))
}

func TestEnsureFromDefinition(t *testing.T) {
	var refuse bool
	w := newWorldWith(t, Options{Check: func(def *apigw.Definition, s *apigw.Stage) []Problem {
		if refuse {
			return []Problem{{Place: "GET /shops", Text: "can't be served"}}
		}
		return nil
	}})
	ensure := func(name, doc string) (Ensured, error) {
		return w.EnsureFromDefinition(t.Context(), w.scope, name, parseDoc(t, doc), "dev")
	}
	first := must[Ensured](t)(ensure("/pets.yaml", petsDocument))
	if !first.Changed || first.API == "" || first.Deployment == "" {
		t.Fatalf("%+v", first)
	}
	again := must[Ensured](t)(ensure("/pets.yaml", petsDocument+"\n# a comment\n"))
	if again.Changed || again.API != first.API || again.Deployment != first.Deployment {
		t.Fatalf("%+v %+v", first, again)
	}
	refuse = true
	_, err := ensure("/pets.yaml", moreDocument)
	wantError(t, err, apigw.BadRequest, "Gatehouse can't serve this yet: GET /shops (pets.yaml:10: /paths/~1shops/get): can't be served")
	if api := must[*apigw.RestAPI](t)(w.RestAPI(t.Context(), w.scope, first.API)); api.Name != "pets" {
		t.Fatal("a refused definition changed the API")
	}
	refuse = false
	second := must[Ensured](t)(ensure("/pets.yaml", moreDocument))
	if !second.Changed || second.API != first.API || second.Deployment == first.Deployment {
		t.Fatalf("%+v", second)
	}
	if list := must[[]*apigw.Deployment](t)(w.Deployments(t.Context(), w.scope, first.API)); len(list) != 1 {
		t.Fatal("old deployments are left", list)
	}
	if other := must[Ensured](t)(ensure("/other.yaml", moreDocument)); other.API == first.API {
		t.Fatal("two files in one API")
	}
	if err := w.DeleteRestAPI(t.Context(), w.scope, first.API); err != nil {
		t.Fatal(err)
	}
	if third := must[Ensured](t)(ensure("/pets.yaml", moreDocument)); !third.Changed || third.API == first.API {
		t.Fatalf("%+v", third)
	}
}

func TestEnsureDeploysAgainWhenItsStageIsGone(t *testing.T) {
	w := newWorld(t)
	doc := parseDoc(t, petsDocument)
	first := must[Ensured](t)(w.EnsureFromDefinition(t.Context(), w.scope, "f", doc, "dev"))
	if err := w.DeleteStage(t.Context(), w.scope, first.API, "dev"); err != nil {
		t.Fatal(err)
	}
	second := must[Ensured](t)(w.EnsureFromDefinition(t.Context(), w.scope, "f", doc, "dev"))
	if !second.Changed || second.API != first.API {
		t.Fatalf("%+v", second)
	}
	must[*apigw.Stage](t)(w.Stage(t.Context(), w.scope, first.API, "dev"))
}

func TestCheckDefinition(t *testing.T) {
	problems := must[[]Problem](t)(CheckDefinition(parseDoc(t, moreDocument), func(def *apigw.Definition, s *apigw.Stage) []Problem {
		return []Problem{{Place: "GET /pets", Text: "odd"}}
	}))
	if d := cmp.Diff([]Problem{{Place: "GET /pets (pets.yaml:6: /paths/~1pets/get)", Text: "odd"}}, problems); d != "" {
		t.Fatal(d)
	}
	empty := parseDoc(t, "openapi: 3.0.1\ninfo: {title: t}\npaths: {}\n")
	_, err := CheckDefinition(empty, func(*apigw.Definition, *apigw.Stage) []Problem { return nil })
	wantError(t, err, apigw.BadRequest, "The REST API doesn't contain any methods")
}

package openapi_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gatehouse/gatehouse/internal/openapi"
)

// FuzzParse: whatever the document, Parse doesn't panic, is done soon, and
// answers with an API or with problems that have a place.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.txtar")
	for _, file := range files {
		if a, err := txtar.ParseFile(file); err == nil {
			f.Add(a.Files[0].Data, "prepend")
		}
	}
	for _, doc := range []string{
		laughs(), operation("x-amazon-apigateway-integration: {type: mock}"),
		"openapi: 3.0.0\npaths: {/{a+}/b: {get: {$ref: '#/paths'}}}",
		"swagger: '2.0'\ndefinitions: &d {A: {$ref: '#/definitions/A'}}\nparameters: *d",
		`{"openapi":"3.0.0","paths":{"/":{"$ref":"#/paths/~1"}},"\ud800":[1e999,-0,"\u0000"]}`,
		"a: &a\n<<: [*a, *a]\n? [x]\n: !Sub y",
	} {
		f.Add([]byte(doc), "split")
	}
	f.Add([]byte(`{"openapi":"3.0.0","x-amazon-apigateway-documentation":{"documentationParts":[{"location":{"type":"METHOD","method":"GET"},"properties":{"a":1}}]}}`), "")
	f.Fuzz(func(t *testing.T, doc []byte, mode string) {
		start := time.Now()
		parts, _, _ := openapi.ParseDocumentation(doc, openapi.Options{MaxBytes: 1 << 16})
		for _, p := range parts {
			if !json.Valid([]byte(p.Properties)) || p.Location.Check() != nil {
				t.Fatalf("%+v", p)
			}
		}
		api, err := openapi.Parse(doc, openapi.Options{File: "f", BasePath: mode, MaxBytes: 1 << 16})
		if took := time.Since(start); took > 10*time.Second {
			t.Fatalf("took %v", took) // a bound on runaway work, not a measurement
		}
		if err == nil {
			if api == nil {
				t.Fatal("neither an API nor an error")
			}
			return
		}
		errs, ok := errors.AsType[*openapi.Errors](err)
		if !ok || len(errs.Problems) == 0 {
			t.Fatalf("error without problems: %v", err)
		}
		for _, p := range errs.Problems {
			if p.Line < 1 || p.Line > bytes.Count(doc, []byte("\n"))+bytes.Count(doc, []byte("\r"))+strings.Count(string(doc), "\u2028")+strings.Count(string(doc), "\u2029")+strings.Count(string(doc), "\u0085")+2 || p.Message == "" {
				t.Fatalf("problem without a place: %v", p)
			}
		}
	})
}

// FuzzParseHTTP: whatever the document, ParseHTTP doesn't panic, and answers
// with problems that have a place or with an API whose parts refer to each
// other; that API's export comes back with the same routes.
func FuzzParseHTTP(f *testing.F) {
	files, _ := filepath.Glob("testdata/http/*")
	for _, file := range files {
		if doc, err := os.ReadFile(file); err == nil {
			f.Add(doc, "prepend")
		}
	}
	for _, doc := range []string{
		laughs(), httpOperation("security: [{a: []}]", "components: {securitySchemes: {a: {x-amazon-apigateway-authorizer: {type: jwt, jwtConfiguration: {issuer: i, audience: [a]}}}}}"),
		"openapi: 3.0.0\npaths: {$default: {x-amazon-apigateway-any-method: {isDefaultRoute: true}}, /{a+}: {$ref: '#/paths/~1{a+}'}}",
		"openapi: 3.0.0\ncomponents: {x-amazon-apigateway-integrations: {a/b: " + proxied + "}}\npaths: {/: {get: {x-amazon-apigateway-integration: {$ref: '#/components/x-amazon-apigateway-integrations/a~1b'}}}}",
	} {
		f.Add([]byte(doc), "split")
	}
	f.Fuzz(func(t *testing.T, doc []byte, mode string) {
		_, _ = openapi.Choose(doc, openapi.Options{MaxBytes: 1 << 16})
		api, err := openapi.ParseHTTP(doc, openapi.Options{File: "f", BasePath: mode, MaxBytes: 1 << 16})
		if err != nil {
			if errs, ok := errors.AsType[*openapi.Errors](err); !ok || len(errs.Problems) == 0 {
				t.Fatalf("error without problems: %v", err)
			}
			return
		}
		for _, r := range api.Definition.Routes {
			if r.Target != "" && api.Definition.RouteIntegrations[r.Target] == nil || r.AuthorizerID != "" && api.Definition.RouteAuthorizers[r.AuthorizerID] == nil {
				t.Fatalf("a route of what isn't there: %+v", r)
			}
		}
		body, err := openapi.ExportHTTP(api.Definition, openapi.HTTPExportOptions{Extensions: true})
		if err != nil {
			t.Fatal(err)
		}
		back, err := openapi.ParseHTTP(body, openapi.Options{})
		if err != nil {
			t.Fatalf("%v\n%s", err, body)
		}
		if d := cmp.Diff(routeKeys(api), routeKeys(back)); d != "" {
			t.Fatalf("%s\n%s", d, body)
		}
	})
}

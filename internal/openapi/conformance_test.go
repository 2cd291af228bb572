package openapi_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/openapi"
)

const conformance = "../../../shared/conformance/data"

// fillIn replaces what the recorded documents leave to their tests.
var fillIn = strings.NewReplacer(
	"${lambda_invocation_arn}", "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations",
	"${authorizer_lambda_invocation_arn}", "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations",
	"${credentials}", "arn:aws:iam::000000000000:role/r",
	"${cognito_pool_arn}", "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_ABC123",
	"${uri}", "http://petstore.execute-api.us-east-1.amazonaws.com/petstore/pets",
)

func conformanceDocument(t *testing.T, name string, o openapi.Options) *openapi.API {
	t.Helper()
	doc, err := os.ReadFile(filepath.Join(conformance, name))
	if err != nil {
		t.Skip("the conformance documents aren't here: ", err)
	}
	o.File, o.IgnoreDocumentation = name, true
	api, err := openapi.Parse([]byte(fillIn.Replace(string(doc))), o)
	if err != nil {
		t.Fatal(err)
	}
	return api
}

// TestConformanceDocuments imports the documents that were imported on AWS;
// all but one without a warning.
func TestConformanceDocuments(t *testing.T) {
	files, _ := filepath.Glob(conformance + "/*")
	if len(files) == 0 {
		t.Skip("the conformance documents aren't here")
	}
	for _, f := range files {
		if filepath.Ext(f) == ".vm" {
			continue
		}
		t.Run(filepath.Base(f), func(t *testing.T) {
			api := conformanceDocument(t, filepath.Base(f), openapi.Options{})
			if len(api.Paths) == 0 {
				t.Error("no paths")
			}
			if len(api.Warnings) > 0 && filepath.Base(f) != "openapi-basepath-url.yaml" {
				t.Errorf("warnings: %q", api.Warnings)
			}
		})
	}
}

func TestBasePathModes(t *testing.T) {
	tests := []struct{ doc, mode, want string }{
		{"openapi-basepath-server-variable.yaml", "prepend", "/base-var/test"},
		{"openapi-basepath-server-variable.yaml", "split", "/test"},
		{"openapi-basepath-server-variable.yaml", "ignore", "/test"},
		{"openapi-basepath-url.yaml", "prepend", "/base-url/part/test"},
		{"openapi-basepath-url.yaml", "split", "/part/test"},
		{"openapi-basepath-url.yaml", "", "/test"},
		{"swagger.json", "prepend", "/base/test"},
		{"swagger.json", "split", "/test"},
		{"swagger.json", "ignore", "/test"},
		{"pets.json", "prepend", "/pets"},
		{"pets.json", "split", "/pets"},
	}
	for _, tt := range tests {
		t.Run(tt.doc+"/"+tt.mode, func(t *testing.T) {
			api := conformanceDocument(t, tt.doc, openapi.Options{BasePath: tt.mode})
			if got := api.Paths[0].Path; got != tt.want {
				t.Errorf("path %s, want %s", got, tt.want)
			}
		})
	}
}

// TestRecordedWarning has the path after base path handling in the text.
func TestRecordedWarning(t *testing.T) {
	api := conformanceDocument(t, "openapi-basepath-url.yaml", openapi.Options{BasePath: "split"})
	want := []string{"Invalid format for 'requestParameters'. Expected type string for property " +
		"'integration.request.header.nothing' of resource '/part/test' and method 'GET' but got 'true'"}
	if d := cmp.Diff(want, api.Warnings); d != "" {
		t.Error(d)
	}
	want2 := map[string]string{"integration.request.header.X-Amz-Invocation-Type": "'Event'", "integration.request.header.double-single": "'True'"}
	if d := cmp.Diff(want2, api.Paths[0].Methods["GET"].Integration.RequestParameters); d != "" {
		t.Error(d)
	}
}

// TestCombinedSecurity: an authorizer and an API key as alternatives are both
// required.
func TestCombinedSecurity(t *testing.T) {
	api := conformanceDocument(t, "openapi.spec.pulumi.json", openapi.Options{})
	for _, p := range api.Paths {
		if p.Path != "/just_do_it" {
			continue
		}
		got := p.Methods["GET"]
		want := &apigw.Method{Verb: "GET", AuthorizationType: "CUSTOM", AuthorizerID: "Auth0", APIKeyRequired: true, Integration: got.Integration}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		return
	}
	t.Error("no /just_do_it")
}

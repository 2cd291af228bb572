package sdk

import (
	"archive/zip"
	"bytes"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// calculator is the API of the developer guide's walkthroughs.
func calculator() Source {
	method := func(parameters ...string) *apigw.Method {
		m := &apigw.Method{AuthorizationType: "NONE", RequestParameters: map[string]bool{}}
		for _, p := range parameters {
			m.RequestParameters["method.request."+p] = true
		}
		return m
	}
	return Source{
		Host: "abcdefghij.execute-api.eu-west-1.amazonaws.com", Stage: "prod", Created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Definition: &apigw.Definition{
			Scope: apigw.Scope{Partition: "aws", Account: "123456789012", Region: "eu-west-1"},
			API:   apigw.RestAPI{ID: "abcdefghij", Name: "Simple Calc"},
			Resources: map[apigw.ResourceID]*apigw.Resource{
				"r": {Path: "/", Methods: map[apigw.Verb]*apigw.Method{"GET": method("querystring.a", "querystring.b", "querystring.op"), "POST": method()}},
				"o": {Path: "/{a}/{b}/{op}", Methods: map[apigw.Verb]*apigw.Method{"GET": method()}},
				"p": {Path: "/proxied/{proxy+}", Methods: map[apigw.Verb]*apigw.Method{"ANY": method()}},
			},
			Models: map[apigw.ModelName]*apigw.Model{"Input": {Name: "Input", ContentType: "application/json", Schema: `{"type":"object"}`}},
		},
	}
}

// generate is an SDK's files by path.
func generate(t testing.TB, kind string, s Source) map[string]string {
	t.Helper()
	archive, err := Generate(kind, s)
	if err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(archive.Zip), int64(len(archive.Zip)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range r.File {
		opened, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(opened)
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := files[f.Name]; twice {
			t.Errorf("%s is there twice", f.Name)
		}
		files[f.Name] = string(text)
	}
	return files
}

// TestJavascriptLayout: the files AWS's zips have (field: SDKs in public
// repositories lie in apiGateway-js-sdk), without the libraries it bundles.
func TestJavascriptLayout(t *testing.T) {
	files := generate(t, "javascript", calculator())
	want := []string{
		"apiGateway-js-sdk/README.md", "apiGateway-js-sdk/apigClient.js", "apiGateway-js-sdk/lib/apiGatewayCore/apiGatewayClient.js",
		"apiGateway-js-sdk/lib/apiGatewayCore/sigV4Client.js", "apiGateway-js-sdk/lib/apiGatewayCore/simpleHttpClient.js", "apiGateway-js-sdk/lib/apiGatewayCore/utils.js",
	}
	if d := cmp.Diff(want, slices.Sorted(maps.Keys(files))); d != "" {
		t.Error(d)
	}
	for _, part := range []string{`apigClient["rootGet"]`, `apigClient["rootPost"]`, `apigClient["aBOpGet"]`, `"https://abcdefghij.execute-api.eu-west-1.amazonaws.com/prod"`} {
		if !strings.Contains(files["apiGateway-js-sdk/apigClient.js"], part) {
			t.Errorf("%s is missing:\n%s", part, files["apiGateway-js-sdk/apigClient.js"])
		}
	}
}

// TestLayouts: where AWS's guides look for the files of the others.
func TestLayouts(t *testing.T) {
	for name, tc := range map[string]struct {
		kind  string
		given map[string]string
		want  []string
	}{
		"maven": {"java", map[string]string{"service.name": "Calc", "java.package-name": "a.b"}, []string{"generated-code/pom.xml", "generated-code/src/main/java/a/b/Calc.java", "generated-code/src/main/java/a/b/model/GetABOpRequest.java", "generated-code/models/Input.json"}},
		"gradle": {"java", map[string]string{"serviceName": "calc", "javaPackageName": "a.b", "java.build-system": "gradle", "java.license-text": "mine"}, []string{
			"generated-code/build.gradle", "generated-code/settings.gradle", "generated-code/src/main/java/a/b/Calc.java", "generated-code/LICENSE.txt"}},
		"ruby":       {"ruby", map[string]string{"service.name": "SimpleCalc"}, []string{"simplecalc-sdk/simplecalc-sdk.gemspec", "simplecalc-sdk/lib/simplecalc-sdk.rb"}},
		"gem":        {"ruby", map[string]string{"service.name": "Calc", "ruby.gem-name": "mine"}, []string{"mine/mine.gemspec", "mine/lib/mine/client.rb"}},
		"python":     {"python", map[string]string{"package.name": "calc"}, []string{"apigateway-python-sdk/calc/client.py"}},
		"typescript": {"typescript", nil, []string{"apigateway-typescript-sdk/src/client.ts", "apigateway-typescript-sdk/src/models.ts"}},
		"go":         {"go", map[string]string{"module.path": "example.com/calc"}, []string{"apigateway-go-sdk/go.mod"}},
	} {
		s := calculator()
		s.Parameters = tc.given
		files := generate(t, tc.kind, s)
		for _, path := range tc.want {
			if files[path] == "" {
				t.Errorf("%s: no %s among %v", name, path, slices.Sorted(maps.Keys(files)))
			}
		}
	}
}

// TestOnlyAny: an API with only ANY methods has no apigClient.js (field: what
// AWS generates), and its README says why.
func TestOnlyAny(t *testing.T) {
	s := calculator()
	maps.DeleteFunc(s.Definition.Resources, func(id apigw.ResourceID, _ *apigw.Resource) bool { return id != "p" })
	files := generate(t, "javascript", s)
	if _, ok := files["apiGateway-js-sdk/apigClient.js"]; ok || !strings.Contains(files["apiGateway-js-sdk/README.md"], "/proxied/{proxy+}") {
		t.Error(files)
	}
}

func TestSameBytes(t *testing.T) {
	for _, l := range languages() {
		if l.files == nil {
			continue
		}
		s := calculator()
		s.Parameters = someParameters(l)
		first, err := Generate(l.ID, s)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Generate(l.ID, s)
		if err != nil || !bytes.Equal(first.Zip, again.Zip) || first.Name != l.ID+"_2026-01-02_03-04Z.zip" {
			t.Errorf("%s: %v %s", l.ID, err, first.Name)
		}
	}
}

// someParameters are values for what a type requires.
func someParameters(l language) map[string]string {
	values := map[string]string{}
	for _, p := range l.Properties {
		if p.Required {
			values[p.Name] = map[string]string{"java.package-name": "com.example.calc"}[p.Name]
			if values[p.Name] == "" {
				values[p.Name] = "SimpleCalc"
			}
		}
	}
	return values
}

func TestRefusals(t *testing.T) {
	for name, tc := range map[string]struct {
		kind  string
		given map[string]string
		want  string
	}{
		"unknown type":      {"cobol", nil, "Invalid SDK type specified: cobol. Gatehouse generates javascript"},
		"no compiler here":  {"swift", map[string]string{"classPrefix": "A"}, "Gatehouse doesn't generate swift SDKs. It generates javascript"},
		"class of Java's":   {"java", map[string]string{"serviceName": "string", "javaPackageName": "a.b"}, "Invalid value for SDK parameter service.name: String is a class of Java's or of the SDK's"},
		"word of Java's":    {"java", map[string]string{"serviceName": "Calc", "javaPackageName": "a.class"}, "Invalid value for SDK parameter java.package-name: class is a word of Java's"},
		"constant of Ruby":  {"ruby", map[string]string{"serviceName": "kernel"}, "Invalid value for SDK parameter service.name: Kernel is a constant of Ruby's"},
		"unknown parameter": {"javascript", map[string]string{"serviceName": "a"}, "Invalid SDK parameter specified: serviceName"},
	} {
		s := calculator()
		s.Parameters = tc.given
		_, err := Generate(tc.kind, s)
		if apigw.KindOf(err) != apigw.BadRequest || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParameters(t *testing.T) {
	for name, tc := range map[string]struct {
		kind  string
		given map[string]string
		want  map[string]string
		err   string
	}{
		"required":     {"java", map[string]string{"service.name": "A"}, nil, "Missing required SDK parameter: java.package-name"},
		"empty":        {"ruby", map[string]string{"service.name": ""}, nil, "Missing required SDK parameter: service.name"},
		"defaults":     {"ruby", map[string]string{"service.name": "A"}, map[string]string{"service.name": "A", "ruby.gem-name": "", "ruby.gem-version": "1.0.0"}, ""},
		"other way":    {"ruby", map[string]string{"serviceName": "A", "rubyGemName": "a"}, map[string]string{"service.name": "A", "ruby.gem-name": "a", "ruby.gem-version": "1.0.0"}, ""},
		"twice":        {"ruby", map[string]string{"serviceName": "A", "service.name": "B"}, nil, "SDK parameter service.name is given twice, with two values"},
		"not a name":   {"ruby", map[string]string{"serviceName": "A; exit"}, nil, "Invalid value for SDK parameter service.name: it is made of letters (a-zA-Z) alone"},
		"line end":     {"ruby", map[string]string{"serviceName": "A\n"}, nil, "Invalid value for SDK parameter service.name: it is made of letters (a-zA-Z) alone"},
		"build system": {"java", map[string]string{"serviceName": "A", "javaPackageName": "a.b", "java.build-system": "ant"}, nil, "Invalid value for SDK parameter java.build-system: it is made of maven or gradle"},
	} {
		i := slices.IndexFunc(languages(), func(l language) bool { return l.ID == tc.kind })
		got, err := languages()[i].parameters(tc.given)
		if d := cmp.Diff(tc.want, got); d != "" || (err == nil) != (tc.err == "") || err != nil && err.Error() != tc.err {
			t.Errorf("%s: %v %s", name, err, d)
		}
	}
}

// TestManyAlike: names that would be one identifier cost what others do.
func TestManyAlike(t *testing.T) {
	s := calculator()
	for i := range 20000 {
		m := &apigw.Method{OperationName: "same"}
		s.Definition.Resources[apigw.ResourceID(strconv.Itoa(i))] = &apigw.Resource{Path: "/same/" + strconv.Itoa(i), Methods: map[apigw.Verb]*apigw.Method{"GET": m}}
	}
	files := generate(t, "python", s)
	if !strings.Contains(files["apigateway-python-sdk/apigateway_client/client.py"], "def same_20000(self") {
		t.Error("the last is missing")
	}
}

// TestModelTypes: models as types; those that lead to themselves and nothing
// else are anything.
func TestModelTypes(t *testing.T) {
	const at = `{"$ref":"https://apigateway.amazonaws.com/restapis/abcdefghij/models/`
	s := calculator()
	for name, schema := range map[apigw.ModelName]string{
		"Pet":  `{"type":"object","properties":{"name":{"type":"string"},"odd-name":{"type":["integer","null"]},"next":` + at + `Pet"},"kind":{"enum":["a",1,null]}},"required":["name"]}`,
		"Pets": `{"type":"array","items":` + at + `Pet"}}`,
		"A":    `{"allOf":[` + at + `B"},` + at + `Pet"}]}`,
		"B":    at + `A"}`,
		"Map":  `{"type":"object","additionalProperties":{"type":"boolean"}}`,
	} {
		s.Definition.Models[name] = &apigw.Model{Name: name, ContentType: "application/json", Schema: schema}
	}
	text := generate(t, "typescript", s)["apigateway-typescript-sdk/src/models.ts"]
	for _, want := range []string{
		`export type Pet = { "kind"?: ("a" | 1 | null); "name": string; "next"?: Pet; "odd-name"?: (number | null); };`,
		`export type Pets = (Pet)[];`, `export type A = (unknown & Pet);`, `export type B = unknown;`, `export type Map = { [name: string]: boolean };`,
		`export type Input = { [name: string]: unknown };`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing:\n%s", want, text)
		}
	}
}

func TestNames(t *testing.T) {
	for in, want := range map[string]string{
		"petId": "pet_id", "PetID": "pet_id", "HTTPServer": "http_server", "a-b.c": "a_b_c", "X-Amz-Date": "x_amz_date", "v1": "v1", "ID2": "id2", "é": "",
	} {
		if got := snake(words(in)); got != want {
			t.Errorf("%s: %s, not %s", in, got, want)
		}
	}
	n := newNamer("class")
	for i, want := range []string{"class_2", "a", "A_2", "op1", "op"} {
		if got := n.name([]string{"class", "a", "A", "1", ""}[i], "op"); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}

package openapi_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/openapi"
)

func parseHTTP(t *testing.T, doc string, o openapi.Options) *openapi.HTTPAPI {
	t.Helper()
	api, err := openapi.ParseHTTP([]byte(doc), o)
	if err != nil {
		t.Fatal(err)
	}
	return api
}

func routeKeys(api *openapi.HTTPAPI) map[string]string {
	keys := map[string]string{}
	for _, r := range api.Definition.Routes {
		keys[r.Key] = strings.TrimSpace(r.AuthorizationType + " " + string(r.AuthorizerID))
	}
	return keys
}

// TestHTTPFindings: what AWS answered to the developer guide's example
// (recorded on AWS: a published answer of import-api), the number 1.0 as the
// version of the payload format included.
func TestHTTPFindings(t *testing.T) {
	doc, err := os.ReadFile("testdata/http/guide.json")
	if err != nil {
		t.Fatal(err)
	}
	api := parseHTTP(t, string(doc), openapi.Options{})
	if d := cmp.Diff([]string{
		"components: key [schemas] will be ignored by API Gateway",
		"paths./pets.post: key [requestBody] will be ignored by API Gateway",
		"paths./pets.post: key [responses] will be ignored by API Gateway",
		"paths./pets.get: key [responses] will be ignored by API Gateway",
		"paths./pets.get: key [parameters] will be ignored by API Gateway",
		"paths./pets/{petId}.get: key [responses] will be ignored by API Gateway",
		"paths./pets/{petId}.get: key [parameters] will be ignored by API Gateway",
	}, api.Info); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{
		"Unable to create integration for resource at path 'GET /pets': Unsupported PayloadFormatVersion: 1. Ignoring.",
		"Unable to create integration for resource at path 'POST /pets': Unsupported PayloadFormatVersion: 1. Ignoring.",
		"Unable to create integration for resource at path 'GET /pets/{petId}': Unsupported PayloadFormatVersion: 1. Ignoring.",
	}, api.Warnings); d != "" {
		t.Error(d)
	}
	want := map[string]string{"GET /pets": "NONE", "POST /pets": "NONE", "GET /pets/{petId}": "NONE"}
	if d := cmp.Diff(want, routeKeys(api)); d != "" {
		t.Error(d)
	}
	if a := api.Definition.RouteAPI; a.Name != "Example Pet Store" || a.Version != "1.0" || a.Description != "A Pet Store API." {
		t.Errorf("%+v", a)
	}
}

const proxied = "{type: http_proxy, httpMethod: GET, uri: 'https://example.com', payloadFormatVersion: '1.0'}"

// httpOperation is a document around the members of one operation, GET /x,
// and what else stands at the root.
func httpOperation(members, root string) string {
	return operation("x-amazon-apigateway-integration: "+proxied+"\n"+members) + "\n" + root
}

const functionURI = "arn:aws:lambda:us-east-1:123456789012:function:f"

// TestHTTPWarnings: what is left out, and that what was to be guarded by it
// isn't left open (recorded on AWS: routes of an authorizer that couldn't be
// made are missing).
func TestHTTPWarnings(t *testing.T) {
	scheme := func(authorizer string) string {
		return "components: {securitySchemes: {a: {type: apiKey, name: Authorization, in: header, x-amazon-apigateway-authorizer: " + authorizer + "}}}"
	}
	secured := "security: [{a: []}]"
	tests := []struct {
		name, doc, warning string
		routes             map[string]string
	}{
		{"version", integration("type: aws_proxy\npayloadFormatVersion: '3.0'"), "Unable to create integration for resource at path 'GET /x': Unsupported PayloadFormatVersion: 3.0. Ignoring.", map[string]string{"GET /x": "NONE"}},
		{"slash", strings.Replace(httpOperation("", ""), "/x:", "/x/:", 1), "Unable to create route for resource at path 'GET /x/': a path doesn't end with /. Ignoring.", map[string]string{}},
		{"no authorizer", httpOperation("security: [{k: []}]", "components: {securitySchemes: {k: {type: apiKey, name: x-api-key, in: header}}}"), "Unable to create route for resource at path 'GET /x': security scheme 'k' has no x-amazon-apigateway-authorizer. Ignoring.", map[string]string{}},
		{"authorizer of REST", httpOperation(secured, scheme("{type: token, authorizerUri: u}")), "Unable to create Authorizer 'a': Authorizer type must be one of [REQUEST, JWT]. Ignoring.", map[string]string{}},
		{"schema", httpOperation("responses: {200: {content: {application/json: {schema: {$ref: '#/components/schemas/None'}}}}}", ""), "Parse issue: attribute paths.'/x'(get).responses.200.content.schema.#/components/schemas/None is missing", map[string]string{"GET /x": "NONE"}},
		{"default", strings.NewReplacer("/x:", "$default:", "get:", "x-amazon-apigateway-any-method:").Replace(httpOperation("isDefaultRoute: true", "")), "Parse issue: attribute paths. Resource $default should start with /", map[string]string{"$default": "NONE"}},
		{"unexpected", httpOperation("summery: x", ""), "Parse issue: attribute paths.'/x'(get).summery is unexpected", map[string]string{"GET /x": "NONE"}},
		{"servers", httpOperation("", "servers: [{url: /a}, {url: /b}]"), "More than one server provided. Ignoring all but the first for defining endpoint configuration", map[string]string{"GET /x": "NONE"}},
		{"TLS policy", httpOperation("", "x-amazon-apigateway-security-policy: TLS_1_2"), "x-amazon-apigateway-security-policy belongs to REST APIs. Ignoring.", map[string]string{"GET /x": "NONE"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			api := parseHTTP(t, tt.doc, openapi.Options{})
			if len(api.Warnings) == 0 || api.Warnings[0] != tt.warning {
				t.Errorf("warnings %q, want %q", api.Warnings, tt.warning)
			}
			if d := cmp.Diff(tt.routes, routeKeys(api)); d != "" {
				t.Error(d)
			}
			if err := api.FailOnWarnings(); apigw.KindOf(err) != apigw.BadRequest || !strings.HasPrefix(err.Error(), "Warnings found during import:\n\t"+api.Warnings[0]) {
				t.Errorf("failing on warnings: %v", err)
			}
		})
	}
}

// TestHTTPErrors: what makes nothing, each with its place.
func TestHTTPErrors(t *testing.T) {
	schemes := "components: {securitySchemes: {i: {type: apiKey, name: Authorization, in: header, x-amazon-apigateway-authtype: awsSigv4}}}"
	tests := []struct{ name, doc, problem string }{
		{"swagger", swagger("paths: {}"), "f:1: HTTP APIs are imported from OpenAPI 3.0 only, as on AWS: this is Swagger 2.0"},
		{"two requirements", httpOperation("security: [{i: []}, {i: []}]", schemes), "f:7: /paths/~1x/get/security: GET /x: an operation of an HTTP API has one security requirement at most: one of IAM authorization, a Lambda authorizer, or a JWT authorizer"},
		{"two schemes", httpOperation("security: [{i: [], j: []}]", schemes), "f:7: /paths/~1x/get/security: GET /x: an operation of an HTTP API has one security requirement at most: one of IAM authorization, a Lambda authorizer, or a JWT authorizer"},
		{"undefined scheme", httpOperation("security: [{j: []}]", schemes), `f:7: /paths/~1x/get/security/0/j: security scheme "j" isn't defined`},
		{"scopes", httpOperation("security: [{i: [a]}]", schemes), `f:7: /paths/~1x/get/security/0/i: scopes need a JWT authorizer, which "i" isn't`},
		{"auth without a type", httpOperation("x-amazon-apigateway-auth: {}\nsecurity: [{i: []}]", schemes), "f:7: /paths/~1x/get/x-amazon-apigateway-auth: x-amazon-apigateway-auth needs a type: AWS_IAM, or NONE, which lets everybody in"},
		{"policy", httpOperation("", "x-amazon-apigateway-policy: {}"), "f:8: /x-amazon-apigateway-policy: x-amazon-apigateway-policy belongs to REST APIs: an HTTP API has no resource policy, and without it everybody could call the API; take it out"},
		{"private", httpOperation("", "servers: [{url: /, x-amazon-apigateway-endpoint-configuration: {vpcEndpointIds: [vpce-1]}}]"), "f:8: /servers/0/x-amazon-apigateway-endpoint-configuration/vpcEndpointIds: vpcEndpointIds belongs to REST APIs: HTTP APIs are public, and everybody could call this one"},
		{"misspelt", httpOperation("x-amazon-apigateway-aut: {type: AWS_IAM}", ""), "f:7: /paths/~1x/get/x-amazon-apigateway-aut: x-amazon-apigateway-aut isn't an extension that is supported"},
		{"misplaced", httpOperation("x-amazon-apigateway-cors: {}", ""), "f:7: /paths/~1x/get/x-amazon-apigateway-cors: x-amazon-apigateway-cors has no meaning here: it belongs to the root"},
		{"dangling", operation("x-amazon-apigateway-integration: {$ref: '#/components/x-amazon-apigateway-integrations/a'}"), `f:6: /paths/~1x/get/x-amazon-apigateway-integration/$ref: reference "#/components/x-amazon-apigateway-integrations/a" leads to none of the integrations in components.x-amazon-apigateway-integrations`},
		{"same route", "openapi: 3.0.1\npaths:\n  /a/{x}: {get: {}}\n  /a/{y}: {get: {}}", "f:4: /paths/~1a~1{y}/get: Route with key GET /a/{y} already exists for this API: line 3 defines it"},
		{"default", "openapi: 3.0.1\npaths:\n  /$default: {get: {}}", "f:3: /paths/~1$default/get: the path /$default is the default route's: it has one operation, x-amazon-apigateway-any-method, which says isDefaultRoute: true"},
		{"default elsewhere", httpOperation("isDefaultRoute: true", ""), "f:7: /paths/~1x/get/isDefaultRoute: isDefaultRoute belongs to the operation x-amazon-apigateway-any-method of the path /$default"},
		{"variable", "openapi: 3.0.1\npaths:\n  /a{x}: {get: {}}", "f:3: /paths/~1a{x}: the segment \"a{x}\" is neither a literal nor {name} or {name+}"},
		{"greedy", "openapi: 3.0.1\npaths:\n  /{x+}/b: {get: {}}", "f:3: /paths/~1{x+}~1b: {x+} stands before the end of the path"},
		{"CORS", httpOperation("", "x-amazon-apigateway-cors: {allowOrigin: ['*']}"), `f:8: /x-amazon-apigateway-cors/allowOrigin: x-amazon-apigateway-cors has no member "allowOrigin"`},
		{"tag", httpOperation("", "tags: [{x-amazon-apigateway-tag-value: v}]"), "f:8: /tags/0: a tag needs a name"},
		{"CloudFormation", integration("type: aws_proxy\nuri: {'Fn::Sub': x}"), "f:8: /paths/~1x/get/x-amazon-apigateway-integration/uri: Fn::Sub is a CloudFormation function, which an import doesn't resolve: write its value"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := openapi.ParseHTTP([]byte(tt.doc), openapi.Options{File: "f"})
			e, ok := errors.AsType[*openapi.Errors](err)
			if !ok || e.Problems[0].String() != tt.problem {
				t.Fatalf("%v\nwant %s", err, tt.problem)
			}
			if text := openapi.HTTPError(err); apigw.KindOf(text) != apigw.BadRequest || !strings.Contains(text.Error(), tt.problem) {
				t.Errorf("answered: %v", text)
			}
		})
	}
}

// TestHTTPBasePath: the modes of a base path (developer guide, "Set the
// OpenAPI basePath property").
func TestHTTPBasePath(t *testing.T) {
	doc := "openapi: 3.0.1\nservers: [{url: 'https://h/{basePath}', variables: {basePath: {default: a/b}}}]\npaths:\n  /: {get: {}}\n  /x: {get: {}}\n  /$default: {x-amazon-apigateway-any-method: {isDefaultRoute: true}}"
	for mode, want := range map[string]map[string]string{
		"":        {"GET /": "NONE", "GET /x": "NONE", "$default": "NONE"},
		"prepend": {"GET /a/b": "NONE", "GET /a/b/x": "NONE", "$default": "NONE"},
		"split":   {"GET /b": "NONE", "GET /b/x": "NONE", "$default": "NONE"},
	} {
		if d := cmp.Diff(want, routeKeys(parseHTTP(t, doc, openapi.Options{BasePath: mode}))); d != "" {
			t.Errorf("%q: %s", mode, d)
		}
	}
}

// TestChoose: which kind of API a document is taken for, and why.
func TestChoose(t *testing.T) {
	tests := []struct {
		name, doc string
		want      openapi.Chosen
	}{
		{"nothing", httpOperation("", ""), openapi.Chosen{Kind: openapi.REST}},
		{"Swagger", swagger("paths: {}"), openapi.Chosen{Kind: openapi.REST, Why: "Swagger 2.0 (line 1)"}},
		{"mock", integration("type: MOCK"), openapi.Chosen{Kind: openapi.REST, Why: "an integration of type MOCK (line 7)"}},
		{"validators", oas("x-amazon-apigateway-request-validators: {}"), openapi.Chosen{Kind: openapi.REST, Why: "x-amazon-apigateway-request-validators (line 3)"}},
		{"CORS", oas("x-amazon-apigateway-cors: {}"), openapi.Chosen{Kind: openapi.HTTP, Why: "x-amazon-apigateway-cors (line 3)"}},
		{"tag", oas("tags: [{name: a, x-amazon-apigateway-tag-value: b}]"), openapi.Chosen{Kind: openapi.HTTP, Why: "x-amazon-apigateway-tag-value (line 3)"}},
		{"2.0", integration("type: aws_proxy\npayloadFormatVersion: 2.0"), openapi.Chosen{Kind: openapi.HTTP, Why: "payloadFormatVersion 2.0 (line 8)"}},
		{"1.0", integration("type: aws_proxy\npayloadFormatVersion: '1.0'"), openapi.Chosen{Kind: openapi.REST}},
		{"mapping", integration("type: http_proxy\nrequestParameters: {'overwrite:path': /}"), openapi.Chosen{Kind: openapi.HTTP, Why: "the request parameter overwrite:path (line 8)"}},
		{"default", oas("paths: {/$default: {}}"), openapi.Chosen{Kind: openapi.HTTP, Why: "the path /$default (line 3)"}},
		{"jwt", oas("components: {securitySchemes: {a: {x-amazon-apigateway-authorizer: {type: jwt}}}}"), openapi.Chosen{Kind: openapi.HTTP, Why: "an authorizer of type jwt (line 3)"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := openapi.Choose([]byte(tt.doc), openapi.Options{})
			if err != nil || got != tt.want {
				t.Errorf("%+v, %v; want %+v", got, err, tt.want)
			}
		})
	}
	_, err := openapi.Choose([]byte(oas("x-amazon-apigateway-cors: {}\nx-amazon-apigateway-policy: {}")), openapi.Options{File: "f"})
	if want := "f:3: /x-amazon-apigateway-cors: x-amazon-apigateway-cors belongs to HTTP APIs, but x-amazon-apigateway-policy on line 4 to REST APIs: take one of them out, or say --kind rest or --kind http"; err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
}

// TestHTTPChecks: what a management call refuses is left out with its text.
func TestHTTPChecks(t *testing.T) {
	refuse := apigw.Errorf(apigw.BadRequest, "It can't be.")
	o := openapi.Options{Checks: openapi.HTTPChecks{
		Integration: func(*apigw.Definition, *apigw.RouteIntegration) error { return refuse },
		Authorizer:  func(*apigw.Definition, *apigw.RouteAuthorizer) error { return refuse },
	}}
	api := parseHTTP(t, httpOperation("", "components: {securitySchemes: {a: {x-amazon-apigateway-authorizer: {type: jwt}}}, x-amazon-apigateway-integrations: {i: "+proxied+"}}"), o)
	want := []string{
		"Unable to create Authorizer 'a': It can't be. Ignoring.",
		"Unable to create integration for resource at path 'components/i': It can't be. Ignoring.",
		"Unable to create integration for resource at path 'GET /x': It can't be. Ignoring.",
	}
	if d := cmp.Diff(want, api.Warnings); d != "" {
		t.Error(d)
	}
	if d := api.Definition; len(d.RouteIntegrations) > 0 || len(d.RouteAuthorizers) > 0 || d.Routes["GET /x"].Target != "" {
		t.Errorf("%+v", d)
	}
}

// TestHTTPOfSAM: what SAM writes becomes what it means, without a warning.
func TestHTTPOfSAM(t *testing.T) {
	doc, err := os.ReadFile("testdata/http/sam.yaml")
	if err != nil {
		t.Fatal(err)
	}
	o := openapi.Options{Scope: apigw.Scope{Partition: "aws", Region: "eu-north-1", Account: "123456789012"}}
	if c, err := openapi.Choose(doc, o); err != nil || c.Kind != openapi.HTTP {
		t.Errorf("%+v, %v", c, err)
	}
	api := parseHTTP(t, string(doc), o)
	if len(api.Warnings) > 0 {
		t.Errorf("warnings %q", api.Warnings)
	}
	want := map[string]string{"POST /token": "JWT OpenIdAuth", "GET /function": "CUSTOM LambdaAuth", "OPTIONS /{proxy+}": "NONE", "ANY /{proxy+}": "AWS_IAM", "$default": "JWT oauth2Auth"}
	if d := cmp.Diff(want, routeKeys(api)); d != "" {
		t.Error(d)
	}
	def := api.Definition
	authorizers := map[apigw.AuthorizerID]*apigw.RouteAuthorizer{
		"oauth2Auth": {ID: "oauth2Auth", Name: "oauth2Auth", Type: "JWT", Issuer: "https://issuer.example/v1", Audience: []string{"app"}, IdentitySource: []string{"$request.header.Authorization"}},
		"OpenIdAuth": {ID: "OpenIdAuth", Name: "OpenIdAuth", Type: "JWT", Issuer: "https://issuer.example/v2", Audience: []string{"app"}, IdentitySource: []string{"$request.querystring.param"}},
		"LambdaAuth": {ID: "LambdaAuth", Name: "LambdaAuth", Type: "REQUEST", URI: "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:auth/invocations", Credentials: "arn:aws:iam::123456789012:role/auth", PayloadFormat: "2.0", SimpleResponses: true, TTLSeconds: 60, IdentitySource: []string{"$context.stage", "$request.header.Authorization"}},
	}
	if d := cmp.Diff(authorizers, def.RouteAuthorizers); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(map[string]string{"httpapi:createdBy": "SAM", "team": "pets"}, def.RouteAPI.Tags); d != "" {
		t.Error(d)
	}
	if i := def.RouteIntegrations["$default"]; i.URI != "arn:aws:apigateway:eu-north-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-north-1:123456789012:function:f/invocations" || i.PayloadFormat != "2.0" {
		t.Errorf("%+v", i)
	}
	if c := def.RouteAPI.CORS; *c.MaxAge != 600 || !*c.AllowCredentials || c.ExposeHeaders != nil || !slices.Equal(c.AllowHeaders, []string{"Authorization", "X-Api-Key"}) {
		t.Errorf("%+v", c)
	}
	if r := def.Routes["POST /token"]; !slices.Equal(r.AuthorizationScopes, []string{"read", "write"}) {
		t.Errorf("%+v", r)
	}
}

// TestHTTPBounded: thousands of paths that refer to one which says thousands
// of things are refused, soon.
func TestHTTPBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("openapi: 3.0.1\npaths:\n  /0:\n    get:\n      responses:\n")
	for i := range 5000 {
		fmt.Fprintf(&b, "        '%d': {content: {a: {schema: {$ref: '#/components/schemas/n'}}}}\n", i)
	}
	b.WriteString("      x-amazon-apigateway-integration:\n        requestParameters:\n")
	for i := range 5000 {
		fmt.Fprintf(&b, "          append:header.h%d: v\n", i)
	}
	for i := range 5000 {
		fmt.Fprintf(&b, "  /%d: {$ref: '#/paths/~10'}\n", i+1)
	}
	start := time.Now()
	_, err := openapi.ParseHTTP([]byte(b.String()), openapi.Options{})
	if took := time.Since(start); took > 20*time.Second { // under 1 s on an idle machine
		t.Errorf("took %v", took)
	}
	if err == nil || !strings.Contains(err.Error(), "the document means more than 3000000 values, references resolved") {
		t.Errorf("%.200v", err)
	}
}

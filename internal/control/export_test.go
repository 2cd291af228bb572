package control

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// exported has something of all that an export can say.
const exported = `
swagger: '2.0'
info: {title: Round, description: all of it, version: '1.2'}
basePath: /ignored
x-amazon-apigateway-binary-media-types: [image/png, image/gif]
x-amazon-apigateway-minimum-compression-size: 7
x-amazon-apigateway-api-key-source: AUTHORIZER
x-amazon-apigateway-policy: {Version: '2012-10-17', Statement: []}
x-amazon-apigateway-request-validators:
  all: {validateRequestBody: true, validateRequestParameters: true}
x-amazon-apigateway-gateway-responses:
  DEFAULT_4XX: {statusCode: '418', responseParameters: {gatewayresponse.header.X: "'y'"}, responseTemplates: {application/json: '{}'}}
x-amazon-apigateway-endpoint-configuration: {disableExecuteApiEndpoint: true}
securityDefinitions:
  sigv4: {type: apiKey, name: Authorization, in: header, x-amazon-apigateway-authtype: awsSigv4}
  api_key: {type: apiKey, name: x-api-key, in: header}
  token:
    type: apiKey
    name: X-Token
    in: header
    x-amazon-apigateway-authtype: oauth2
    x-amazon-apigateway-authorizer: {type: token, authorizerUri: 'arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:f/invocations', identityValidationExpression: x.*, authorizerResultTtlInSeconds: 60}
  pool:
    type: apiKey
    name: Authorization
    in: header
    x-amazon-apigateway-authtype: cognito_user_pools
    x-amazon-apigateway-authorizer: {type: cognito_user_pools, providerARNs: ['arn:aws:cognito-idp:us-east-1:123456789012:userpool/p']}
paths:
  /a/{id}:
    get:
      operationId: GetA
      x-amazon-apigateway-request-validator: all
      security: [{token: []}, {api_key: []}]
      parameters:
      - {name: id, in: path, required: true, type: string}
      - {name: q, in: query, required: true, type: string}
      - {name: h, in: header, required: false, type: string}
      responses:
        '200': {description: ok, schema: {$ref: '#/definitions/Pet'}, headers: {A: {type: string}}}
        '404': {description: not ok}
      x-amazon-apigateway-integration:
        type: http
        httpMethod: POST
        uri: http://example.com/{id}
        credentials: arn:aws:iam::123456789012:role/r
        timeoutInMillis: 1234
        passthroughBehavior: never
        contentHandling: CONVERT_TO_TEXT
        cacheNamespace: mine
        cacheKeyParameters: [method.request.querystring.q]
        tlsConfig: {insecureSkipVerification: true}
        requestParameters: {integration.request.path.id: method.request.path.id}
        requestTemplates: {application/json: "{\n  \"a\": \"b\"\n}", text/plain: ''}
        responses:
          default: {statusCode: '200', responseParameters: {method.response.header.A: "'a'"}, responseTemplates: {application/json: x}}
          4\d\d: {statusCode: '404', contentHandling: CONVERT_TO_BINARY}
    post:
      security: [{pool: [a/b, c]}]
      parameters: [{in: body, name: Pet, required: true, schema: {$ref: '#/definitions/Pet'}}]
      responses: {'200': {description: ok}}
      x-amazon-apigateway-integration: {type: mock}
    x-amazon-apigateway-any-method:
      security: [{sigv4: []}]
      responses: {}
      x-amazon-apigateway-integration: {type: aws_proxy, httpMethod: POST, uri: 'arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:f/invocations'}
  /empty: {}
definitions:
  Pet: {title: A pet, type: object, properties: {owner: {$ref: '#/definitions/Owner'}, 'yes': {type: string, enum: ['no', '1', "a\nb"]}}}
  Owner: {type: object}
`

// withoutIDs is a definition without what every import makes anew.
func withoutIDs(t *testing.T, def *apigw.Definition) string {
	t.Helper()
	raw, err := json.Marshal(def)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(raw), string(def.API.ID), "API")
	for id, r := range def.Resources {
		text = strings.ReplaceAll(text, string(id), "R"+r.Path)
	}
	for id, a := range def.Authorizers {
		text = strings.ReplaceAll(text, string(id), "A"+a.Name)
	}
	for id, v := range def.Validators {
		text = strings.ReplaceAll(text, string(id), "V"+v.Name)
	}
	for _, m := range def.Models {
		text = strings.ReplaceAll(text, m.ID, "M"+string(m.Name))
	}
	for id, p := range def.Documentation {
		text = strings.ReplaceAll(text, id, "D"+p.Location.String())
	}
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	sorted, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(sorted)
}

// TestExportRoundTrip: what is exported with all extensions comes back the
// same, in either version and form.
func TestExportRoundTrip(t *testing.T) {
	w := newWorld(t)
	ignored := ImportOptions{Parameters: map[string]string{"ignore": "documentation"}}
	api := must[*apigw.RestAPI](t)(w.ImportRestAPI(t.Context(), w.scope, []byte(exported), ignored))
	if len(api.Warnings) > 0 {
		t.Fatal(api.Warnings)
	}
	w.deploy(api, "prod")
	want := withoutIDs(t, must[*snapshot](t)(w.view(t.Context(), restRef(w.scope, api.ID), nil)).def)
	for _, o := range []ExportOptions{
		{Type: "swagger", Extensions: "apigateway"}, {Type: "swagger", YAML: true, Extensions: "apigateway"},
		{Type: "oas30", Extensions: "apigateway"}, {Type: "oas30", YAML: true, Extensions: "apigateway"},
	} {
		e := must[*Export](t)(w.Export(t.Context(), w.scope, api.ID, "prod", o))
		back, err := w.ImportRestAPI(t.Context(), w.scope, e.Body, ignored)
		if err != nil {
			t.Fatalf("%+v: %v\n%s", o, err, e.Body)
		}
		got := withoutIDs(t, must[*snapshot](t)(w.view(t.Context(), restRef(w.scope, back.ID), nil)).def)
		if d := gocmp.Diff(want, got); d != "" || len(back.Warnings) > 0 {
			t.Errorf("%+v: %s%v\n%s", o, d, back.Warnings, e.Body)
		}
	}
}

func TestExportedDocumentation(t *testing.T) {
	w := newWorld(t)
	doc := `{"swagger":"2.0","info":{"title":"t"},"paths":{"/a/{b}":{"get":{"parameters":[{"name":"b","in":"path"}],"responses":{"200":{"headers":{"H":{}}}},"x-amazon-apigateway-integration":{"type":"mock"}}}},
	 "x-amazon-apigateway-documentation":{"documentationParts":[
	  {"location":{"type":"API"},"properties":{"info":{"description":"of the API","title":"not this"},"tags":[{"name":"x"}],"nothing":1}},
	  {"location":{"type":"METHOD","path":"/a"},"properties":{"summary":"inherited","other":1}},
	  {"location":{"type":"PATH_PARAMETER","name":"b"},"properties":{"description":"of b"}},
	  {"location":{"type":"RESPONSE","statusCode":"200"},"properties":{"description":"fine"}},
	  {"location":{"type":"RESPONSE_HEADER","name":"H"},"properties":{"description":"of H"}}]}}`
	api := must[*apigw.RestAPI](t)(w.ImportRestAPI(t.Context(), w.scope, []byte(doc), ImportOptions{}))
	w.deploy(api, "prod")
	must[*apigw.DocumentationVersion](t)(w.CreateDocumentationVersion(t.Context(), w.scope, api.ID, "v1", "", "prod"))
	e := must[*Export](t)(w.Export(t.Context(), w.scope, api.ID, "prod", ExportOptions{Type: "swagger", Extensions: "documentation"}))
	if e.Version != "2026-01-02T03:04:05Z" {
		t.Error(e.Version)
	}
	for _, part := range []string{
		`"description" : "of the API"`, `"title" : "t"`, `"tags" : [ {`, `"summary" : "inherited"`, `"description" : "of b"`,
		`"description" : "fine"`, `"description" : "of H"`, `"version" : "v1"`, `"createdDate" : "2026-01-02T03:04:05Z"`, `"nothing" : 1`,
	} {
		if !strings.Contains(string(e.Body), part) {
			t.Errorf("%s is missing:\n%s", part, e.Body)
		}
	}
	if bare := must[*Export](t)(w.Export(t.Context(), w.scope, api.ID, "prod", ExportOptions{Type: "swagger"})); strings.Contains(string(bare.Body), "inherited") {
		t.Error(string(bare.Body))
	}
}

func TestExportRefusals(t *testing.T) {
	w := newWorld(t)
	api := w.newAPI()
	m := w.newMock(api)
	w.deploy(api, "prod")
	for _, tc := range []struct {
		stage apigw.StageName
		o     ExportOptions
		kind  apigw.Kind
		text  string
	}{
		{"nothing", ExportOptions{Type: "oas30"}, apigw.NotFound, "Invalid stage identifier specified"},
		{"prod", ExportOptions{Type: "a"}, apigw.BadRequest, "No API exporter for type 'a'"},
		{"prod", ExportOptions{Type: "oas30", Extensions: "integrations,b"}, apigw.BadRequest, "Invalid extension specified: b"},
	} {
		_, err := w.Export(t.Context(), w.scope, api.ID, tc.stage, tc.o)
		wantError(t, err, tc.kind, tc.text)
	}
	must[*apigw.Method](t)(w.UpdateMethod(t.Context(), m, func(m *apigw.Method) error {
		m.RequestModels = map[string]apigw.ModelName{"text/plain": "Empty"}
		return nil
	}))
	w.deploy(api, "prod")
	_, err := w.Export(t.Context(), w.scope, api.ID, "prod", ExportOptions{Type: "swagger"})
	wantError(t, err, apigw.BadRequest, "Only found non-JSON body models for GET /")
	must[*Export](t)(w.Export(t.Context(), w.scope, api.ID, "prod", ExportOptions{Type: "oas30"}))
}

// TestExportedModels: only those that methods lead to, without $schema.
func TestExportedModels(t *testing.T) {
	w := newWorld(t)
	api := w.newAPI()
	m := w.newMock(api)
	must[*apigw.Method](t)(w.UpdateMethod(t.Context(), m, func(m *apigw.Method) error {
		m.RequestModels = map[string]apigw.ModelName{"application/json": "Empty"}
		return nil
	}))
	w.deploy(api, "prod")
	e := must[*Export](t)(w.Export(t.Context(), w.scope, api.ID, "prod", ExportOptions{Type: "swagger"}))
	var doc struct {
		Definitions map[string]map[string]any `json:"definitions"`
		Host        string                    `json:"host"`
	}
	if err := json.Unmarshal(e.Body, &doc); err != nil {
		t.Fatal(err)
	}
	if d := gocmp.Diff(map[string]map[string]any{"Empty": {"title": "Empty Schema", "type": "object"}}, doc.Definitions); d != "" {
		t.Error(d)
	}
	if want := string(api.ID) + ".execute-api.us-east-1.amazonaws.com"; doc.Host != want {
		t.Error(doc.Host)
	}
	if !slices.IsSortedFunc([]string{"swagger", "info", "host", "basePath", "schemes", "paths", "definitions"}, func(a, b string) int {
		return cmp.Compare(strings.Index(string(e.Body), `"`+a+`" :`), strings.Index(string(e.Body), `"`+b+`" :`))
	}) {
		t.Error(string(e.Body))
	}
}

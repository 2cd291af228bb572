package control

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// object is a part of a generated document.
type object = map[string]any

const propertyFunction = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:f/invocations"

// someText is a text that JSON, YAML and templates must carry unchanged.
func someText(r *rapid.T, label string) string {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"", "yes", "0123", "1e3", "null", "~", "a: b", "- a", "#set($x = 1)\n$x", "tab\tand \"quotes\"", " leads", "trails ", "ü\u2028é😀", "{{a}}", "\r\n", "%a", "'", "*x", "&y", "2026-01-01"}),
		rapid.StringMatching(`[ -~]{1,12}`),
	).Draw(r, label)
}

// someSchema is a model's schema; names are the models that it may refer to.
func someSchema(r *rapid.T, names []string, prefix string, depth int) object {
	switch kind := rapid.IntRange(0, 5).Draw(r, "schema"); {
	case kind == 0 && len(names) > 0:
		return object{"$ref": prefix + rapid.SampledFrom(names).Draw(r, "ref")}
	case kind == 1 && depth > 0:
		return object{"type": "array", "items": someSchema(r, names, prefix, depth-1), "maxItems": rapid.IntRange(0, 9).Draw(r, "max")}
	case kind <= 3 && depth > 0:
		o := object{"type": "object"}
		properties := object{}
		for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "yes", "1", "$x", "b c", "n"}), 0, 3, rapid.ID).Draw(r, "properties") {
			properties[name] = someSchema(r, names, prefix, depth-1)
			if rapid.Bool().Draw(r, "required") {
				o["required"] = []any{name}
			}
		}
		o["properties"] = properties
		return o
	default:
		return rapid.SampledFrom([]object{{"type": "string", "enum": []any{"no", "1", "a\nb"}}, {"type": "integer", "minimum": 0, "maximum": 1000000}, {"type": "number", "default": 1.5}, {"type": "boolean"}, {"type": "string", "pattern": `^\d+$`, "minLength": 2}}).Draw(r, "leaf")
	}
}

// someIntegration is any kind of integration, with what that may have.
func someIntegration(r *rapid.T, statuses []string, path string) object {
	kind := rapid.SampledFrom([]string{"mock", "http", "http_proxy", "aws", "aws_proxy"}).Draw(r, "type")
	o := object{"type": kind}
	switch kind {
	case "http", "http_proxy":
		o["httpMethod"], o["uri"] = rapid.SampledFrom([]string{"GET", "ANY", "DELETE"}).Draw(r, "verb"), "http://example.com/{p}?x=1"
	case "aws", "aws_proxy":
		o["httpMethod"], o["uri"] = "POST", propertyFunction
	}
	if rapid.Bool().Draw(r, "settings") {
		o["timeoutInMillis"] = rapid.IntRange(50, 29000).Draw(r, "timeout")
		o["passthroughBehavior"] = rapid.SampledFrom([]string{"when_no_match", "never", "when_no_templates"}).Draw(r, "passthrough")
		o["cacheNamespace"] = "space"
	}
	if strings.Contains(path, "{p}") && kind != "mock" && kind != "aws_proxy" {
		o["requestParameters"] = object{"integration.request.path.p": "method.request.path.p", "integration.request.header.X": "'" + rapid.StringMatching(`[a-z ]{0,5}`).Draw(r, "static") + "'"}
		o["cacheKeyParameters"] = []any{"method.request.path.p"}
	}
	if strings.HasSuffix(kind, "_proxy") {
		return o
	}
	o["requestTemplates"] = object{"application/json": someText(r, "template"), "text/xml": someText(r, "template")}
	responses := object{}
	for i, status := range statuses {
		pattern := "default"
		if i > 0 {
			pattern = rapid.SampledFrom([]string{`4\d{2}`, ".*\\[x\\].*", "Error: .*"}).Draw(r, "pattern")
		}
		response := object{"statusCode": status, "responseTemplates": object{"application/json": someText(r, "template")}}
		if rapid.Bool().Draw(r, "mapped") {
			response["responseParameters"] = object{"method.response.header.A": "integration.response.header.b"}
		}
		responses[pattern] = response
	}
	o["responses"] = responses
	return o
}

// someDocument is an API in Swagger 2.0 that has a bit of everything.
func someDocument(r *rapid.T) []byte {
	const models = "#/definitions/"
	names := []string{"Pet", "Owner", "List"}
	definitions := object{}
	for _, name := range names {
		schema := someSchema(r, names, models, 3)
		if schema["$ref"] != nil {
			schema = object{"type": "array", "items": schema}
		}
		definitions[name] = schema
	}
	paths := object{}
	for _, path := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"/", "/a", "/a/{p}", "/{p}", "/b/{p}/c", "/z/{proxy+}"}), 1, 4, rapid.ID).Draw(r, "paths") {
		item := object{}
		for _, verb := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"get", "post", "delete", "options", "x-amazon-apigateway-any-method"}), 1, 3, rapid.ID).Draw(r, "verbs") {
			item[verb] = someOperation(r, path, verb, names)
		}
		paths[path] = item
	}
	// What no method uses isn't exported, so that one uses all.
	paths["/uses"] = object{"get": object{
		"produces": []any{"application/json"}, "security": []any{object{"token": []any{}}}, "x-amazon-apigateway-integration": object{"type": "mock"},
		"responses": object{"200": object{"description": "d", "schema": object{"$ref": models + "Pet"}}, "400": object{"description": "d", "schema": object{"$ref": models + "Owner"}}, "500": object{"description": "d", "schema": object{"$ref": models + "List"}}},
	}}
	doc := object{
		"swagger": "2.0", "info": object{"title": "t" + rapid.StringMatching(`[ -~]{0,9}[!-~]`).Draw(r, "title"), "version": rapid.SampledFrom([]string{"1", "1.0", "2026-01-01"}).Draw(r, "version")},
		"paths": paths, "definitions": definitions,
		"securityDefinitions": object{
			"api_key": object{"type": "apiKey", "name": "x-api-key", "in": "header"},
			"sigv4":   object{"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4"},
			"token": object{"type": "apiKey", "name": "X-Token", "in": "header", "x-amazon-apigateway-authtype": "custom",
				"x-amazon-apigateway-authorizer": object{"type": "token", "authorizerUri": propertyFunction, "authorizerResultTtlInSeconds": rapid.IntRange(0, 3600).Draw(r, "ttl")}},
		},
		"x-amazon-apigateway-request-validators": object{"body": object{"validateRequestBody": true, "validateRequestParameters": rapid.Bool().Draw(r, "parameters")}},
		"x-amazon-apigateway-gateway-responses":  object{"THROTTLED": object{"statusCode": "429", "responseTemplates": object{"application/json": someText(r, "template")}}},
	}
	if rapid.Bool().Draw(r, "binary") {
		doc["x-amazon-apigateway-binary-media-types"] = []any{"image/png", "*/*"}
		doc["x-amazon-apigateway-minimum-compression-size"] = rapid.IntRange(0, 10485760).Draw(r, "compression")
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		r.Fatal(err)
	}
	return raw
}

func someOperation(r *rapid.T, path, verb string, names []string) object {
	statuses := rapid.SampledFrom([][]string{{"200"}, {"200", "400"}}).Draw(r, "statuses")
	responses := object{}
	for _, status := range statuses {
		response := object{"description": "d", "headers": object{"A": object{"type": "string"}}}
		if rapid.Bool().Draw(r, "typed") {
			response["schema"] = object{"$ref": "#/definitions/" + rapid.SampledFrom(names).Draw(r, "model")}
		}
		responses[status] = response
	}
	o := object{"produces": []any{"application/json"}, "responses": responses, "x-amazon-apigateway-integration": someIntegration(r, statuses, path)}
	parameters := []any{object{"name": "q", "in": "query", "required": rapid.Bool().Draw(r, "required"), "type": "string"}, object{"name": "X-H", "in": "header", "required": false, "type": "string"}}
	if name, _, found := strings.Cut(path[strings.Index(path, "{")+1:], "}"); found {
		parameters = append(parameters, object{"name": strings.TrimSuffix(name, "+"), "in": "path", "required": true, "type": "string"})
	}
	if verb == "post" {
		o["consumes"] = []any{"application/json"}
		model := rapid.SampledFrom(names).Draw(r, "model")
		parameters = append(parameters, object{"in": "body", "name": model, "required": true, "schema": object{"$ref": "#/definitions/" + model}})
		o["x-amazon-apigateway-request-validator"] = "body"
	}
	o["parameters"] = parameters
	if security := rapid.SampledFrom([]any{nil, []any{object{"api_key": []any{}}}, []any{object{"sigv4": []any{}}}, []any{object{"token": []any{}}, object{"api_key": []any{}}}}).Draw(r, "security"); security != nil {
		o["security"] = security
	}
	return o
}

// validDocument reads an export with a parser of others. Greedy variables are
// AWS's own: their plus is no part of the name, which no other parser knows.
func validDocument(body []byte, swagger bool) error {
	body = bytes.ReplaceAll(body, []byte("{proxy+}"), []byte("{proxy}"))
	if !swagger {
		doc, err := openapi3.NewLoader().LoadFromData(body)
		if err != nil {
			return err
		}
		return doc.Validate(openapi3.NewLoader().Context, openapi3.DisableExamplesValidation(), openapi3.DisableSchemaPatternValidation(), openapi3.DisableSchemaDefaultsValidation())
	}
	var doc openapi2.T
	if err := json.Unmarshal(body, &doc); err != nil {
		return err
	}
	_, err := openapi2conv.ToV3(&doc)
	return err
}

// TestExportProperty: whatever is imported and exported, in either version and
// form, comes back an equal API, and another's parser takes the export.
func TestExportProperty(t *testing.T) {
	w := newWorld(t)
	ignored := ImportOptions{Parameters: map[string]string{"ignore": "documentation"}}
	rapid.Check(t, func(r *rapid.T) {
		doc := someDocument(r)
		api, err := w.ImportRestAPI(t.Context(), w.scope, doc, ignored)
		if err != nil {
			r.Fatalf("%v\n%s", err, doc)
		}
		defer func() { _ = w.DeleteRestAPI(t.Context(), w.scope, api.ID) }()
		w.deploy(api, "prod")
		want := withoutIDs(t, must[*snapshot](t)(w.view(t.Context(), restRef(w.scope, api.ID), nil)).def)
		for _, o := range []ExportOptions{{Type: "swagger"}, {Type: "swagger", YAML: true}, {Type: "oas30"}, {Type: "oas30", YAML: true}} {
			o.Extensions = "apigateway"
			e, err := w.Export(t.Context(), w.scope, api.ID, "prod", o)
			if err != nil {
				r.Fatal(err)
			}
			if !o.YAML {
				if err := validDocument(e.Body, o.Type == "swagger"); err != nil {
					r.Errorf("not a valid %s document: %v\n%s", o.Type, err, e.Body)
				}
			}
			back, err := w.ImportRestAPI(t.Context(), w.scope, e.Body, ignored)
			if err != nil {
				r.Fatalf("%s: %v\n%s", fmt.Sprint(o), err, e.Body)
			}
			got := withoutIDs(t, must[*snapshot](t)(w.view(t.Context(), restRef(w.scope, back.ID), nil)).def)
			_ = w.DeleteRestAPI(t.Context(), w.scope, back.ID)
			if d := gocmp.Diff(want, got); d != "" {
				r.Errorf("%+v: %s\n%s\n%s", o, d, doc, e.Body)
			}
		}
	})
}

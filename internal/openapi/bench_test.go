package openapi_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/openapi"
)

// definition is a document of n paths with two methods, a model and a mapping
// each, as YAML, which is also written so that JSON differs in syntax alone.
func definition(n int) (yaml, json string) {
	var y, j strings.Builder
	for i := range n {
		fmt.Fprintf(&y, "  /things%d/{id}:\n    parameters: [{name: id, in: path, required: true, schema: {type: string}}]\n", i)
		fmt.Fprintf(&j, "\n  \"/things%d/{id}\": {\n    \"parameters\": [{\"name\": \"id\", \"in\": \"path\", \"required\": true, \"schema\": {\"type\": \"string\"}}]", i)
		for _, verb := range []string{"get", "post"} {
			fmt.Fprintf(&y, `    %s:
      operationId: %sThing%d
      description: Some words on what this is for, as people write them.
      responses:
        '200':
          description: ok
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Thing%d'}
      x-amazon-apigateway-integration:
        type: http
        httpMethod: %s
        uri: http://localhost:8080/things/{id}
        requestParameters:
          integration.request.path.id: method.request.path.id
        responses:
          default:
            statusCode: '200'
            responseTemplates: {application/json: '{"id": 1}'}
`, verb, verb, i, i, verb)
			fmt.Fprintf(&j, `,
    "%s": {
      "operationId": "%sThing%d",
      "description": "Some words on what this is for, as people write them.",
      "responses": {"200": {"description": "ok", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing%d"}}}}},
      "x-amazon-apigateway-integration": {
        "type": "http", "httpMethod": "%s", "uri": "http://localhost:8080/things/{id}",
        "requestParameters": {"integration.request.path.id": "method.request.path.id"},
        "responses": {"default": {"statusCode": "200", "responseTemplates": {"application/json": "{\"id\": 1}"}}}
      }
    }`, verb, verb, i, i, verb)
		}
		j.WriteString("\n  }")
		if i < n-1 {
			j.WriteString(",")
		}
	}
	var sy, sj []string
	for i := range n {
		sy = append(sy, fmt.Sprintf("    Thing%d:\n      type: object\n      properties:\n        name: {type: string}\n        next: {$ref: '#/components/schemas/Thing%d'}\n", i, (i+1)%n))
		sj = append(sj, fmt.Sprintf("\"Thing%d\": {\"type\": \"object\", \"properties\": {\"name\": {\"type\": \"string\"}, \"next\": {\"$ref\": \"#/components/schemas/Thing%d\"}}}", i, (i+1)%n))
	}
	yaml = "openapi: 3.0.1\ninfo: {title: things}\npaths:\n" + y.String() + "components:\n  schemas:\n" + strings.Join(sy, "")
	json = "{\"openapi\": \"3.0.1\", \"info\": {\"title\": \"things\"}, \"paths\": {" + j.String() + "}, \"components\": {\"schemas\": {" + strings.Join(sj, ",\n") + "}}}"
	return yaml, json
}

// BenchmarkParse imports a definition of 300 paths.
func BenchmarkParse(b *testing.B) {
	yaml, json := definition(300)
	for _, bb := range []struct{ name, doc string }{{"yaml", yaml}, {"json", json}} {
		b.Run(bb.name, func(b *testing.B) {
			b.SetBytes(int64(len(bb.doc)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := openapi.Parse([]byte(bb.doc), openapi.Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestYAMLAndJSONAgree: the syntax doesn't change what a document means.
func TestYAMLAndJSONAgree(t *testing.T) {
	yaml, json := definition(3)
	y, j := mustParse(t, yaml), mustParse(t, json)
	for _, api := range []*openapi.API{y, j} {
		for i := range api.Paths {
			api.Paths[i].Lines = nil
		}
	}
	if d := cmp.Diff(y, j); d != "" {
		t.Error(d)
	}
}

func mustParse(t *testing.T, doc string) *openapi.API {
	t.Helper()
	api, err := openapi.Parse([]byte(doc), openapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return api
}

package control

import (
	"fmt"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/openapi"
)

// TestImportChecks: parts of a document that a management call refuses are
// left out with its text, and routes whose authorizer is left out with them
// (recorded on AWS: published answers of imports).
func TestImportChecks(t *testing.T) {
	const function = "arn:aws:lambda:us-east-1:123456789012:function:f"
	integration := func(members string) string {
		return `{"openapi":"3.0.1","info":{"title":"t"},"paths":{"/x":{"get":{"x-amazon-apigateway-integration":{` + members + `}}}}}`
	}
	authorizer := func(members string) string {
		return `{"openapi":"3.0.1","info":{"title":"t"},"paths":{"/x":{"get":{"security":[{"a":[]}]}},"/open":{"get":{}}},
			"components":{"securitySchemes":{"a":{"type":"apiKey","name":"Authorization","in":"header","x-amazon-apigateway-authorizer":{` + members + `}}}}}`
	}
	for _, tt := range []struct{ doc, warning string }{
		{integration(`"type":"mock"`), "Currently, an API with a protocol type of HTTP may only be associated with proxy integrations (AWS_PROXY, HTTP_PROXY)"},
		{integration(`"type":"http_proxy","httpMethod":"GET","uri":"https://e","payloadFormatVersion":1.0`), "Unsupported PayloadFormatVersion: 1"},
		{integration(`"type":"http_proxy","httpMethod":"GET","uri":"example.com","payloadFormatVersion":"1.0"`), "Invalid HTTP endpoint specified for URI"},
		{integration(`"type":"aws_proxy","uri":"` + function + `"`), "PayloadFormatVersion is a required parameter for Lambda proxy integrations"},
		{integration(`"type":"http_proxy","httpMethod":"GET","uri":"https://e","timeoutInMillis":30001`), "Timeout should be between 50 ms and 30000 ms"},
		{authorizer(`"type":"token","authorizerUri":"` + function + `"`), "Authorizer type must be one of [REQUEST, JWT]"},
		{authorizer(`"type":"jwt","jwtConfiguration":{"audience":["a"]}`), "Issuer is a required parameter for JWT authorizer"},
		{authorizer(`"type":"request","authorizerUri":"` + function + `"`), "AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizer"},
	} {
		doc, err := openapi.ParseHTTP([]byte(tt.doc), openapi.Options{Checks: New(Options{}).ImportChecks()})
		if err != nil {
			t.Fatalf("%s: %v", tt.doc, err)
		}
		want := []string{fmt.Sprintf("Unable to create integration for resource at path 'GET /x': %s. Ignoring.", tt.warning)}
		routes := 1
		if strings.Contains(tt.doc, `"security"`) {
			want = []string{
				fmt.Sprintf("Unable to create Authorizer 'a': %s. Ignoring.", tt.warning),
				"Unable to create route for resource at path 'GET /x': its authorizer 'a' could not be created. Ignoring.",
			}
		}
		if d := gocmp.Diff(want, doc.Warnings); d != "" || len(doc.Definition.Routes) != routes {
			t.Errorf("%s: %d routes, %s", tt.doc, len(doc.Definition.Routes), d)
		}
	}
}

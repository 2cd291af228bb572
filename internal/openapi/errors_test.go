package openapi_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/openapi"
)

// operation is a document around the members of one operation, GET /x; they
// stand on line 6 and after.
func operation(members string) string {
	return "openapi: 3.0.1\ninfo: {title: t}\npaths:\n  /x:\n    get:\n" + indent(members, 6)
}

// integration is a document around the members of GET /x's integration; they
// stand on line 7 and after.
func integration(members string) string {
	return operation("x-amazon-apigateway-integration:\n" + indent(members, 2))
}

// swagger and oas are documents around members of the root, which stand on
// line 3 and after.
func swagger(members string) string { return "swagger: '2.0'\ninfo: {title: t}\n" + members }
func oas(members string) string     { return "openapi: 3.0.1\ninfo: {title: t}\n" + members }

func indent(s string, by int) string {
	return strings.Repeat(" ", by) + strings.ReplaceAll(s, "\n", "\n"+strings.Repeat(" ", by))
}

func TestProblems(t *testing.T) {
	putMethod := "Unable to put method 'GET' on resource at path '/x': "
	putIntegration := "Unable to put integration on 'GET' for resource at path '/x': "
	x, i := "/paths/~1x/get", "/paths/~1x/get/x-amazon-apigateway-integration"
	tests := []struct {
		name, doc string
		want      []string
	}{
		{"unknown extension", operation("x-amazon-apigateway-integratoin: {}"), []string{
			"f:6: " + x + "/x-amazon-apigateway-integratoin: x-amazon-apigateway-integratoin isn't an extension that is supported"}},
		{"extension elsewhere", operation("x-amazon-apigateway-policy: {}"), []string{
			"f:6: " + x + "/x-amazon-apigateway-policy: x-amazon-apigateway-policy has no meaning here: it belongs to the root"}},
		{"extension on a schema", oas("components:\n  schemas:\n    A:\n      properties:\n        b: {x-amazon-apigateway-foo: 1}"), []string{
			"f:7: /components/schemas/A/properties/b/x-amazon-apigateway-foo: x-amazon-apigateway-foo isn't an extension that is supported"}},
		{"extension of an any method", oas("paths:\n  /x:\n    x-amazon-apigateway-any-method:\n      x-amazon-foo: 1"), []string{
			"f:6: /paths/~1x/x-amazon-apigateway-any-method/x-amazon-foo: x-amazon-foo isn't an extension that is supported"}},
		{"HTTP API cors", oas("x-amazon-apigateway-cors: {}"), []string{
			"f:3: /x-amazon-apigateway-cors: x-amazon-apigateway-cors belongs to HTTP APIs; a REST API has OPTIONS methods and gateway responses instead"}},
		{"HTTP API integrations", oas("components:\n  x-amazon-apigateway-integrations: {}"), []string{
			"f:4: /components/x-amazon-apigateway-integrations: x-amazon-apigateway-integrations belongs to HTTP APIs: take it out of the definition of a REST API"}},
		{"HTTP API tags", oas("tags:\n- name: a\n  x-amazon-apigateway-tag-value: b"), []string{
			"f:5: /tags/0/x-amazon-apigateway-tag-value: x-amazon-apigateway-tag-value belongs to HTTP APIs: take it out of the definition of a REST API"}},
		{"HTTP API default route", oas("paths:\n  /x:\n    x-amazon-apigateway-any-method:\n      isDefaultRoute: true"), []string{
			"f:6: /paths/~1x/x-amazon-apigateway-any-method/isDefaultRoute: isDefaultRoute belongs to HTTP APIs: take it out of the definition of a REST API"}},
		{"documentation", oas("x-amazon-apigateway-documentation:\n  documentationParts:\n  - {location: {type: MOON}, properties: {a: b}}\n  - {location: {type: API}}\n  - {location: {type: API}, properties: {a: b}}\n  - {location: {type: API}, properties: {a: b}}\n  - {properties: {a: b}}\n  - {location: {type: RESPONSE_HEADER}, properties: {a: b}}\n"), []string{
			"f:5: /x-amazon-apigateway-documentation/documentationParts/0/location: Invalid documentation part type: MOON",
			"f:6: /x-amazon-apigateway-documentation/documentationParts/1: Documentation part properties must be non-empty",
			"f:8: /x-amazon-apigateway-documentation/documentationParts/3/location: Documentation part already exists for the specified location: type 'API'",
			"f:9: /x-amazon-apigateway-documentation/documentationParts/4: a documentation part needs a location",
			"f:10: /x-amazon-apigateway-documentation/documentationParts/5/location: Invalid documentation part location: type RESPONSE_HEADER needs a name"}},
		{"endpoint at an OpenAPI root", oas("x-amazon-apigateway-endpoint-configuration: {}"), []string{
			"f:3: /x-amazon-apigateway-endpoint-configuration: x-amazon-apigateway-endpoint-configuration has no meaning here: it belongs to the first of the servers"}},
		{"endpoint types", swagger("x-amazon-apigateway-endpoint-configuration:\n  types: [EDGE]\n  vpcEndpointIds: [a, [b], '']"), []string{
			`f:4: /x-amazon-apigateway-endpoint-configuration/types: x-amazon-apigateway-endpoint-configuration has no member "types"`,
			"f:5: /x-amazon-apigateway-endpoint-configuration/vpcEndpointIds/1: an item of vpcEndpointIds must be a string",
			"f:5: /x-amazon-apigateway-endpoint-configuration/vpcEndpointIds/2: an item of vpcEndpointIds must not be empty"}},
		{"root settings", swagger("x-amazon-apigateway-api-key-source: QUERY\nx-amazon-apigateway-minimum-compression-size: -1\n" +
			"x-amazon-apigateway-binary-media-types: '*/*'\nx-amazon-apigateway-policy: '{}'\n" +
			"x-amazon-apigateway-security-policy: SecurityPolicy_TLS13_2025_EDGE"), []string{
			`f:3: /x-amazon-apigateway-api-key-source: x-amazon-apigateway-api-key-source "QUERY" is none of HEADER, AUTHORIZER`,
			"f:4: /x-amazon-apigateway-minimum-compression-size: Invalid minimum compression size, must be between 0 and 10485760",
			"f:5: /x-amazon-apigateway-binary-media-types: x-amazon-apigateway-binary-media-types must be a list",
			"f:6: /x-amazon-apigateway-policy: x-amazon-apigateway-policy must be an object",
			"f:7: /x-amazon-apigateway-security-policy: security policy SecurityPolicy_TLS13_2025_EDGE needs x-amazon-apigateway-endpoint-access-mode"}},
		{"gateway responses", swagger("x-amazon-apigateway-gateway-responses:\n  THROTTLED: {statusCode: 4299, extra: 1}\n  UNAUTHORIZED: []"), []string{
			`f:4: /x-amazon-apigateway-gateway-responses/THROTTLED/extra: a gateway response has no member "extra"`,
			"f:4: /x-amazon-apigateway-gateway-responses/THROTTLED/statusCode: statusCode must be a status code of 100 to 599",
			"f:5: /x-amazon-apigateway-gateway-responses/UNAUTHORIZED: a gateway response must be an object"}},
		{"validators", operation("x-amazon-apigateway-request-validator: all"), []string{
			"f:6: " + x + `/x-amazon-apigateway-request-validator: request validator "all" isn't among x-amazon-apigateway-request-validators`}},
		{"paths", oas("paths:\n  pets: {}\n  /a b: {}\n  /p/{x}: {}\n  /p/{y}/z: {}\n  /p/: {}\n  /p: {}\n  /{g+}/x: {}\n  /a//b: {}\n  /{}: {}\n  /a%s{: {}"), []string{
			"f:4: /paths/pets: Unable to create resource at path 'pets': a path begins with /",
			"f:5: /paths/~1a b: Unable to create resource at path '/a b': Resource's path part only allow a-zA-Z0-9._- and curly braces at the beginning and the end.",
			"f:7: /paths/~1p~1{y}~1z: Unable to create resource at path '/p/{y}/z': A sibling ({x}) of this resource already has a variable path part -- only one is allowed",
			"f:9: /paths/~1p: Unable to create resource at path '/p': it is the same as /p/ on line 8",
			"f:10: /paths/~1{g+}~1x: Unable to create resource at path '/{g+}/x': Cannot create a child of a resource with a greedy path variable: {g+}",
			"f:11: /paths/~1a~1~1b: Unable to create resource at path '/a//b': Resource's path part only allow a-zA-Z0-9._- and curly braces at the beginning and the end.",
			"f:12: /paths/~1{}: Unable to create resource at path '/{}': Resource's path part only allow a-zA-Z0-9._- and curly braces at the beginning and the end.",
			"f:13: /paths/~1a%s{: Unable to create resource at path '/a%s{': Resource's path part only allow a-zA-Z0-9._- and curly braces at the beginning and the end."}},
		{"verbs", oas("paths:\n  /x:\n    trace: {x-amazon-apigateway-integration: {}}\n    GET: {}"), []string{
			"f:5: /paths/~1x/trace: Unable to put method 'trace' on resource at path '/x': Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY",
			"f:6: /paths/~1x/GET: Unable to put method 'GET' on resource at path '/x': Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY"}},
		{"parameters", operation("parameters:\n- {name: 'f[a]', in: query}\n- {name: b}\n- {name: c, in: query}\n- {name: c, in: header}\n- {name: d, in: header, required: maybe}\n- 5"), []string{
			"f:7: " + x + "/parameters/0: " + putMethod + "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Parameter name should match the following regular expression: ^[a-zA-Z0-9:._$-]+$]",
			"f:8: " + x + "/parameters/1: a parameter must say that it is in path, query or header",
			"f:10: " + x + "/parameters/3: " + putMethod + "Parameter names must be unique across querystring, header and path",
			"f:11: " + x + "/parameters/4/required: required must be true or false",
			"f:12: " + x + "/parameters/5: a parameter must be an object"}},
		{"references", operation("parameters:\n- $ref: other.yaml#/p\n- $ref: '#/nowhere'\n- $ref: '#/x-loop'\nresponses:\n  200: {$ref: '#/openapi'}\n") + "\nx-loop: {$ref: '#/x-loop'}", []string{
			"f:7: " + x + `/parameters/0/$ref: reference "other.yaml#/p" leads out of the document, which an import doesn't follow: put what it names into the document`,
			"f:8: " + x + `/parameters/1/$ref: reference "#/nowhere" leads to nothing`,
			"f:11: " + x + `/responses/200/$ref: reference "#/openapi" doesn't lead to a response`,
			`f:13: /x-loop/$ref: reference "#/x-loop" leads back to itself`}},
		{"responses", operation("responses:\n  20: {}\n  201: [a]"), []string{
			"f:7: " + x + "/responses/20: Unable to put method response '20' on 'GET' for resource at path '/x': it must be a status code of 100 to 599",
			"f:8: " + x + "/responses/201: a response must be an object"}},
		{"models", swagger("definitions:\n  a_b: {}\n  A: {items: {$ref: 'http://x/y'}}\n  B: {items: {$ref: '#/definitions/C'}}\n  D: {items: {$ref: '#/definitions/B/items'}}\n  E: 1"), []string{
			"f:4: /definitions/a_b: Unable to create model for 'a_b': Model name must be alphanumeric: a_b",
			"f:5: /definitions/A/items/$ref: Unable to create model for 'A': Invalid model specified: Validation Result: warnings : [], errors : [Model reference must be in canonical form]",
			"f:6: /definitions/B/items/$ref: Unable to create model for 'B': Reference to model 'C' not found",
			"f:7: /definitions/D/items/$ref: Unable to create model for 'D': Invalid model specified: Validation Result: warnings : [], errors : [Model reference must be in canonical form]",
			"f:8: /definitions/E: a schema must be an object"}},
		{"model reference", operation("requestBody: {content: {a/b: {schema: {$ref: 'x.json'}}}}"), []string{
			"f:6: " + x + `/requestBody/content/a~1b/schema/$ref: reference "x.json" names no schema of the document`}},
		{"security", operation("security:\n- a: []\n- b: []\n- c: []\n- d: []") + "\ncomponents:\n  securitySchemes:\n" +
			"    a: {x-amazon-apigateway-authorizer: {type: token, authorizerUri: u}}\n    b: {x-amazon-apigateway-authorizer: {type: token, authorizerUri: u}}\n    c: {x-amazon-apigateway-authtype: awsSigv4}", []string{
			"f:8: " + x + `/security/1/b: method 'GET /x' has one authorizer already: "a"`,
			"f:9: " + x + `/security/2/c: method 'GET /x' has one authorizer already: "a"`,
			"f:10: " + x + `/security/3/d: security scheme "d" isn't defined`}},
		{"auth without a type", operation("x-amazon-apigateway-auth: {}"), []string{
			"f:6: " + x + `/x-amazon-apigateway-auth: x-amazon-apigateway-auth needs a type: AWS_IAM, or NONE, which lets everybody in`}},
		{"auth", operation("x-amazon-apigateway-auth: {type: custom, of: 1}"), []string{
			"f:6: " + x + `/x-amazon-apigateway-auth/of: x-amazon-apigateway-auth has no member "of"`,
			"f:6: " + x + `/x-amazon-apigateway-auth/type: x-amazon-apigateway-auth type "custom" is none of NONE, AWS_IAM`}},
		{"authorizers", swagger("securityDefinitions:\n  a: {x-amazon-apigateway-authorizer: {type: jwt}}\n  b: {x-amazon-apigateway-authorizer: {type: request, enableSimpleResponses: true}}\n" +
			"  c: {x-amazon-apigateway-authorizer: {}}\n  d: {x-amazon-apigateway-authorizer: {type: token, authorizerResultTtlInSeconds: 3601}}\n" +
			"  e: {x-amazon-apigateway-authorizer: {type: cognito_user_pools}}\n  f: {x-amazon-apigateway-authorizer: {type: request, authorizerUri: u, authorizerPayloadFormatVersion: '2.0'}}"), []string{
			"f:4: /securityDefinitions/a/x-amazon-apigateway-authorizer/type: an authorizer of type jwt belongs to HTTP APIs: a REST API's authorizer is of type token, request or cognito_user_pools",
			"f:5: /securityDefinitions/b/x-amazon-apigateway-authorizer/enableSimpleResponses: enableSimpleResponses belongs to HTTP APIs: a REST API's authorizer is of type token, request or cognito_user_pools",
			`f:6: /securityDefinitions/c/x-amazon-apigateway-authorizer: authorizer "c" has no type: token, request or cognito_user_pools`,
			"f:7: /securityDefinitions/d/x-amazon-apigateway-authorizer/authorizerResultTtlInSeconds: authorizerResultTtlInSeconds must be 0 to 3600",
			`f:7: /securityDefinitions/d/x-amazon-apigateway-authorizer: authorizer "d" has no authorizerUri`,
			`f:8: /securityDefinitions/e/x-amazon-apigateway-authorizer: authorizer "e" has no providerARNs`,
			"f:9: /securityDefinitions/f/x-amazon-apigateway-authorizer/authorizerPayloadFormatVersion: authorizerPayloadFormatVersion 2.0 belongs to HTTP APIs: a REST API's authorizer is of type token, request or cognito_user_pools"}},
		{"integration isn't one", operation("x-amazon-apigateway-integration: null"), []string{
			"f:6: " + i + ": Unable to parse API definition because of a malformed integration at path /x"}},
		{"integration without type", integration("uri: a"), []string{
			"f:6: " + i + ": Unable to parse API definition because of a malformed integration at path /x: it has no type"}},
		{"integration members", integration("type: mock\npassthroughBehaviour: never\ntimeoutInMillis: 1.5\ncontentHandling: x\nhttpMethod: FETCH\ntlsConfig: {a: 1}\ncacheKeyParameters: a\nrequestTemplates: {a/b: {c: 1}}"), []string{
			"f:8: " + i + `/passthroughBehaviour: an integration has no member "passthroughBehaviour"`,
			"f:9: " + i + "/timeoutInMillis: timeoutInMillis must be a whole number",
			"f:10: " + i + `/contentHandling: contentHandling "x" is none of CONVERT_TO_TEXT, CONVERT_TO_BINARY`,
			"f:11: " + i + `/httpMethod: httpMethod "FETCH" is none of GET, PUT, POST, DELETE, PATCH, OPTIONS, HEAD, ANY`,
			"f:12: " + i + `/tlsConfig/a: tlsConfig has no member "a"`,
			"f:13: " + i + "/cacheKeyParameters: cacheKeyParameters must be a list",
			"f:14: " + i + "/requestTemplates/a~1b: the template for a/b must be a string: put it in quotes or after |"}},
		{"integration type", integration("type: lambda"), []string{
			"f:7: " + i + `/type: integration type "lambda" is none of AWS, AWS_PROXY, HTTP, HTTP_PROXY, MOCK`}},
		{"integration of HTTP APIs", integration("type: aws_proxy\nintegrationSubtype: SQS-SendMessage\npayloadFormatVersion: '2.0'"), []string{
			"f:8: " + i + "/integrationSubtype: integrationSubtype belongs to HTTP APIs: write the integration of a REST API out",
			"f:9: " + i + "/payloadFormatVersion: payloadFormatVersion 2.0 belongs to HTTP APIs: a REST API's is 1.0"}},
		{"integration reference", integration("$ref: '#/components/x-amazon-apigateway-integrations/a'"), []string{
			"f:7: " + i + "/$ref: $ref belongs to HTTP APIs: write the integration of a REST API out"}},
		{"server name", integration("type: mock\ntlsConfig: {serverNameToVerify: a}"), []string{
			"f:8: " + i + "/tlsConfig/serverNameToVerify: serverNameToVerify belongs to HTTP APIs: a REST API's tlsConfig has insecureSkipVerification"}},
		{"no method, no endpoint", integration("type: http"), []string{
			"f:6: " + i + ": " + putIntegration + "Enumeration value for HttpMethod must be non-empty",
			"f:6: " + i + ": " + putIntegration + "Invalid HTTP endpoint specified for URI"}},
		{"ARN", integration("type: aws\nhttpMethod: POST\nuri: lambda"), []string{
			"f:9: " + i + "/uri: " + putIntegration + "Invalid ARN specified in the request"}},
		{"ARN of a function", integration("type: aws_proxy\nhttpMethod: POST\nuri: arn:aws:lambda:us-east-1:123456789012:function:f"), []string{
			"f:9: " + i + "/uri: " + putIntegration + "AWS ARN for integration must contain path or action"}},
		{"proxy to another service", integration("type: aws_proxy\nhttpMethod: POST\nuri: arn:aws:apigateway:us-east-1:sqs:path/a/b"), []string{
			"f:9: " + i + "/uri: " + putIntegration + "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations."}},
		{"integration responses", integration("type: mock\nresponses:\n  default: {}\n  a: {statusCode: OK}\n  b: {statusCode: 200, header: 1}\n  c: {statusCode: 200, responseTemplates: {a/b: 1}}"), []string{
			"f:9: " + i + `/responses/default: integration response "default" has no statusCode`,
			"f:10: " + i + "/responses/a/statusCode: statusCode must be a status code of 100 to 599",
			"f:11: " + i + `/responses/b/header: an integration response has no member "header"`,
			"f:12: " + i + "/responses/c/responseTemplates/a~1b: the template for a/b must be a string: put it in quotes or after |"}},
		{"CloudFormation functions", integration("type: aws_proxy\nhttpMethod: POST\nuri: {'Fn::Sub': 'arn:aws:apigateway:x'}\ncredentials: {Ref: Role}\nconnectionId: !Ref Link\nrequestParameters: {a: !Sub b}"), []string{
			"f:9: " + i + "/uri: Fn::Sub is a CloudFormation function, which an import doesn't resolve: write its value",
			"f:10: " + i + "/credentials: Ref is a CloudFormation function, which an import doesn't resolve: write its value",
			"f:11: " + i + "/connectionId: !Ref is a CloudFormation function, which an import doesn't resolve: write its value",
			"f:12: " + i + "/requestParameters/a: !Sub is a CloudFormation function, which an import doesn't resolve: write its value"}},
		{"pseudo parameters", integration("type: http\nhttpMethod: GET\nuri: https://x.${AWS::URLSuffix}/"), []string{
			"f:9: " + i + "/uri: ${AWS::URLSuffix} has no value here: an import knows ${AWS::AccountId}, ${AWS::Region} and ${AWS::Partition}"}},
		{"keys twice in YAML", oas("paths:\n  /x: {}\n  /y: {}\n  /x: {}"), []string{
			`f:6: /paths/~1x: key "/x" is there twice, the first time on line 4`}},
		{"keys twice in JSON", "{\"openapi\": \"3.0.0\",\n\"info\": {\"title\": \"a\",\n\n\"title\": \"b\"}}", []string{
			`f:4: /info/title: key "title" is there twice, the first time on line 2`}},
		{"YAML tags and keys", oas("x-a: !!binary aGk=\nx-b: {[a]: b}\nx-c: {<<: 1}"), []string{
			"f:3: /x-a: YAML tag !!binary isn't supported",
			"f:4: /x-b: a key must be plain text",
			"f:5: /x-c: << merges mappings only"}},
		{"numbers JSON can't say", oas("components: {schemas: {A: {maximum: .inf}}}"), []string{
			"f:3: /components/schemas/A/maximum: .inf is a number that JSON can't say"}},
		{"wrong kinds", "openapi: 3.0.0\ninfo: []\npaths: 5\ncomponents: {schemas: [], securitySchemes: a}", []string{
			"f:2: /info: info must be an object",
			"f:3: /paths: paths must be an object",
			"f:4: /components/securitySchemes: the list of security schemes must be an object",
			"f:4: /components/schemas: the list of schemas must be an object"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			errs := parseErrors(t, tt.doc, openapi.Options{File: "f"})
			if errs.Invalid {
				t.Error("invalid")
			}
			if d := cmp.Diff(tt.want, strings.Split(errs.Error(), "\n")); d != "" {
				t.Error(d)
			}
		})
	}
}

func parseErrors(t *testing.T, doc string, o openapi.Options) *openapi.Errors {
	t.Helper()
	api, err := openapi.Parse([]byte(doc), o)
	errs, ok := errors.AsType[*openapi.Errors](err)
	if !ok || api != nil {
		t.Fatalf("got %v, %v", api, err)
	}
	return errs
}

func TestInvalid(t *testing.T) {
	tests := []struct{ name, doc, want string }{
		{"empty", " \n", "f:1: the document is empty"},
		{"only a comment", "# nothing", "f:1: the document is empty"},
		{"a word", "hello", "f:1: this isn't a Swagger or OpenAPI document: it isn't an object"},
		{"a list", "- openapi: 3.0.0", "f:1: this isn't a Swagger or OpenAPI document: it isn't an object"},
		{"JSON", "{\"openapi\": \"3.0.0\",\n\"info\": {,}}", "f:2: the document isn't JSON: invalid character ',' looking for beginning of object key string"},
		{"more JSON", "{} {}", "f:1: the document isn't JSON: invalid character '{' after top-level value"},
		{"YAML", "openapi: 3.0.0\ninfo: {\n  title: a", "f:2: the document isn't YAML: did not find expected ',' or '}'"},
		{"YAML control character", "openapi: 3.0.0\ninfo:\n  title: \x01", "f:3: the document isn't YAML: control characters are not allowed"},
		{"not UTF-8", "openapi: 3.0.0\ninfo: \xff", "f:2: the document isn't YAML: invalid leading UTF-8 octet"},
		{"tab", "openapi: 3.0.0\ninfo:\n\ttitle: a", "f:3: the document isn't YAML: found character that cannot start any token"},
		{"unknown anchor", "openapi:\n  *x", "f:2: the document isn't YAML: unknown anchor 'x' referenced"},
		{"two documents", "openapi: 3.0.0\n---\nopenapi: 3.0.0", "f:2: the file has more than one YAML document"},
		{"anchor in itself", "openapi: 3.0.0\nx: &a\n  b: [*a]", `f:3: anchor "a" contains itself`},
		{"neither", "info: {}", "f:1: this isn't a Swagger or OpenAPI document: it has neither swagger nor openapi at its root"},
		{"both", "openapi: 3.0.0\nswagger: '2.0'", "f:1: the document says swagger and openapi: keep one of them"},
		{"OpenAPI 3.1", "info: {}\nopenapi: 3.1.0", `f:2: OpenAPI "3.1.0" isn't accepted, as on AWS: write 3.0.3`},
		{"Swagger 1.2", "swagger: 1.2", `f:1: Swagger "1.2" isn't accepted, as on AWS: write 2.0`},
		{"CloudFormation", "Resources: {}", "f:1: this is a CloudFormation template, not an OpenAPI document: take the document out of its Body or DefinitionBody"},
		{"SAM", "Transform: AWS::Serverless-2016-10-31", "f:1: this is a CloudFormation template, not an OpenAPI document: take the document out of its Body or DefinitionBody"},
		{"deep JSON", `{"openapi":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + "}", "f:1: the document is nested deeper than 200 levels"},
		{"deep YAML", "openapi: " + strings.Repeat("[", 300) + strings.Repeat("]", 300), "f:1: the document is nested deeper than 200 levels"},
		{"many values", `{"a":[` + strings.Repeat("1,", 1_000_000) + `1]}`, "f:1: the document has more than 1000000 values, aliases expanded"},
		{"many laughs", laughs(), "f:2: the document has more than 15420 values, aliases expanded"},
		{"many separators", strings.Repeat("- \n", 1_100_000), "f:1: the document has more than 2000000 separators"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			errs := parseErrors(t, tt.doc, openapi.Options{File: "f"})
			if !errs.Invalid || errs.Error() != tt.want {
				t.Errorf("invalid %v\n got %s\nwant %s", errs.Invalid, errs, tt.want)
			}
		})
	}
}

// laughs is a document whose aliases expand to 10^9 values.
func laughs() string {
	doc := "openapi: 3.0.0\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 9; i++ {
		items := strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10)
		doc += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, items)
	}
	return doc
}

// TestAmplification: a short document that means very much through references
// is refused, and a large schema that is referred to often is written once.
func TestAmplification(t *testing.T) {
	doc := "swagger: '2.0'\nconsumes: [" + strings.Repeat("a/b, ", 10_000) + "]\nparameters: {B: {in: body, schema: {enum: [" +
		strings.Repeat("1, ", 10_000) + "]}}}\npaths:\n"
	for i := range 1000 {
		doc += fmt.Sprintf("  /a%d: {get: {parameters: [{$ref: '#/parameters/B'}]}}\n", i)
	}
	errs := parseErrors(t, doc, openapi.Options{})
	want := "line 1: the document means more than 3000000 values, references resolved"
	if errs.Error() != want {
		t.Errorf("got %s, want %s", errs, want)
	}
	doc = strings.Replace(doc, strings.Repeat("a/b, ", 10_000), "a/b", 1)
	if api := mustParse(t, doc); len(api.Models) != 1 {
		t.Errorf("%d models", len(api.Models))
	}
}

// TestSharedProblem: what is wrong once is told once.
func TestSharedProblem(t *testing.T) {
	errs := parseErrors(t, oas("security: [{a: []}]\npaths:\n  /a: {get: {}, put: {}}\n"), openapi.Options{})
	want := `line 3: /security/0/a: security scheme "a" isn't defined`
	if errs.Error() != want {
		t.Errorf("got %s, want %s", errs, want)
	}
}

func TestTooLong(t *testing.T) {
	errs := parseErrors(t, strings.Repeat(" ", 6<<20+1), openapi.Options{})
	want := "line 1: the document has 6291457 bytes, more than the limit of 6291456"
	if !errs.Invalid || errs.Error() != want {
		t.Errorf("got %s, want %s", errs, want)
	}
	errs = parseErrors(t, "openapi: 3.0.0", openapi.Options{MaxBytes: 10})
	if !errs.Invalid {
		t.Error("MaxBytes isn't kept")
	}
}

// TestManyProblems: they are bounded, and it is said that there are more.
func TestManyProblems(t *testing.T) {
	var doc strings.Builder
	doc.WriteString("openapi: 3.0.0\npaths:\n")
	for range 2000 {
		doc.WriteString("  /x: {}\n")
	}
	errs := parseErrors(t, doc.String(), openapi.Options{})
	if n := len(errs.Problems); n != 1001 || errs.Problems[1000].Message != "further problems are not listed" {
		t.Errorf("%d problems, the last: %s", n, errs.Problems[n-1])
	}
}

// TestWarningsOfErrors: AWS lists the warnings after the errors.
func TestWarningsOfErrors(t *testing.T) {
	errs := parseErrors(t, oas("oops: 1\nx-amazon-apigateway-cors: {}"), openapi.Options{})
	if d := cmp.Diff([]string{"attribute oops is unexpected"}, errs.Warnings); d != "" {
		t.Error(d)
	}
}

func TestBasePathMode(t *testing.T) {
	errs := parseErrors(t, oas("paths: {}"), openapi.Options{BasePath: "drop"})
	want := `line 1: base path mode "drop" is none of ignore, prepend, split`
	if errs.Error() != want {
		t.Errorf("got %s, want %s", errs, want)
	}
}

func TestLooksLike(t *testing.T) {
	tests := []struct {
		doc  string
		want bool
	}{
		{"swagger: '2.0'", true},
		{`{"openapi": "3.0.1", "paths": 5}`, true},
		{"\xef\xbb\xbfopenapi: 3.0.1", true},
		{"openapi: 3.1.0", false},
		{"AWSTemplateFormatVersion: '2010-09-09'", false},
		{"invoke: 127.0.0.1:8080", false},
		{"{", false},
		{"", false},
	}
	for _, tt := range tests {
		if got := openapi.LooksLike([]byte(tt.doc)); got != tt.want {
			t.Errorf("LooksLike(%q) = %v", tt.doc, got)
		}
	}
}

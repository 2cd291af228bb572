package awsapi

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// newWildRoutes is a wild of version 2.
func newWildRoutes(f testing.TB) *wild {
	f.Helper()
	w := newWild(f)
	w.ops, w.labels = nil, nil
	ops := w.api.RouteOperations
	for _, o := range ops.Table() {
		socket := inSocket.Replace(o.Path)
		if o.Serve != nil && !ofSockets.MatchString(o.Name) {
			w.ops = append(w.ops, wildOperation{o.Name, o.Method, o.Path, o.Query})
		}
		if o.Serve != nil && socket != o.Path {
			w.ops = append(w.ops, wildOperation{o.Name, o.Method, socket, o.Query})
		}
	}
	w.fillRoutes(f)
	return w
}

// inSocket makes a path one of the WebSocket API's.
var inSocket = strings.NewReplacer("{apiId}", "{socket}", "{integrationId}", "{mock}", "{routeId}", "{connect}")

// ofSockets are the operations whose subject a WebSocket API alone has.
var ofSockets = regexp.MustCompile(`Model|RouteResponse|IntegrationResponse|RequestParameter`)

// fillRoutes makes one of each, of a WebSocket and of an HTTP API.
func (w *wild) fillRoutes(f testing.TB) {
	w.made(f, "POST /v2/apis", `{"name":"n","protocolType":"HTTP","corsConfiguration":{"allowOrigins":["https://a.example"]},"tags":{"a":"b"}}`, "apiId", "{apiId}")
	w.made(f, "POST /v2/apis", `{"name":"n","protocolType":"WEBSOCKET","routeSelectionExpression":"$request.body.action"}`, "apiId", "{socket}")
	w.labels = append(w.labels, "{stageName}", "s", "{routeKey}", "GET%20%2Fpets", "{specification}", "OAS30", "{requestParameterKey}", "route.request.querystring.q",
		"{resource-arn}", "arn%3Aaws%3Aapigateway%3Aeu-west-1%3A%3A%2Fapis%2F"+w.labels[1])
	w.made(f, "POST /v2/apis/{apiId}/integrations", `{"integrationType":"HTTP_PROXY","integrationMethod":"ANY","integrationUri":"https://backend.example"}`, "integrationId", "{integrationId}")
	w.made(f, "POST /v2/apis/{apiId}/routes", `{"routeKey":"GET /pets","target":"integrations/{integrationId}"}`, "routeId", "{routeId}")
	w.made(f, "POST /v2/apis/{apiId}/authorizers", `{"name":"a","authorizerType":"JWT","identitySource":["$request.header.Authorization"],"jwtConfiguration":{"issuer":"https://issuer.example","audience":["a"]}}`, "authorizerId", "{authorizerId}")
	w.made(f, "POST /v2/apis/{apiId}/stages", `{"stageName":"s","routeSettings":{"GET /pets":{"throttlingRateLimit":1}},"stageVariables":{"a":"b"}}`, "", "")
	w.made(f, "POST /v2/apis/{apiId}/deployments", `{"stageName":"s"}`, "deploymentId", "{deploymentId}")
	w.made(f, "POST /v2/apis/{socket}/models", `{"name":"M","contentType":"application/json","schema":"{}"}`, "modelId", "{modelId}")
	w.made(f, "POST /v2/apis/{socket}/integrations", `{"integrationType":"MOCK"}`, "integrationId", "{mock}")
	w.made(f, "POST /v2/apis/{socket}/integrations/{mock}/integrationresponses", `{"integrationResponseKey":"$default"}`, "integrationResponseId", "{integrationResponseId}")
	w.made(f, "POST /v2/apis/{socket}/routes", `{"routeKey":"$connect","requestParameters":{"route.request.querystring.q":{"required":true}}}`, "routeId", "{connect}")
	w.made(f, "POST /v2/apis/{socket}/routes/{connect}/routeresponses", `{"routeResponseKey":"$default"}`, "routeResponseId", "{routeResponseId}")
}

// sendRoute sends a request of any kind to an operation, and what is left of it
// without the members that the operation doesn't have.
func (w *wild) sendRoute(t testing.TB, o wildOperation, query, body string) {
	t.Helper()
	for range 10 {
		_, answer := w.ask(t, o, query, body)
		unknown := unknownMember.FindSubmatch(answer)
		var members map[string]json.RawMessage
		if unknown == nil || json.Unmarshal([]byte(body), &members) != nil {
			return
		}
		delete(members, string(unknown[1])) // what is left may come further
		raw, err := json.Marshal(members)
		if err != nil {
			t.Fatal(err)
		}
		body = string(raw)
	}
}

var unknownMember = regexp.MustCompile(`Unknown member '[A-Za-z]+\.(\w+)' in the request body`)

// FuzzRouteOperations is FuzzOperations for version 2.
func FuzzRouteOperations(f *testing.F) {
	w := newWildRoutes(f)
	for i := range w.ops {
		f.Add(uint8(i), "", `{}`)
		f.Add(uint8(i), "maxResults=-1&nextToken=%FF", `{"name":"","description":"","routeKey":"GET /{a+}/","target":"integrations/","tags":{"":""}}`)
	}
	for i, body := range wildBodies { // TestRoutesOfAnyKind sends each to all
		f.Add(uint8(i), "", body)
	}
	f.Fuzz(func(t *testing.T, which uint8, query, body string) {
		if _, err := url.ParseQuery(query); err == nil {
			w.sendRoute(t, w.ops[int(which)%len(w.ops)], query, body)
		}
	})
}

// TestRoutesOfAnyKind sends every odd body to every operation.
func TestRoutesOfAnyKind(t *testing.T) {
	w := newWildRoutes(t)
	for _, o := range w.ops {
		for _, body := range wildBodies {
			w.sendRoute(t, o, "", body)
		}
		for _, query := range []string{"maxResults=99999999999999999999", "nextToken=a2V5PQ%3D%3D", "tagKeys=&tagKeys=%00", "outputType=YAML&stageName=%00&includeExtensions=maybe", "basepath=split&failOnWarnings=true", "outputType=JSON&stageName=s"} {
			w.sendRoute(t, o, query, `{"body":"openapi: 3.0.1\npaths: {/a: {get: {x-amazon-apigateway-integration: {type: http_proxy}}}}"}`)
		}
	}
}

var wildBodies = []string{
	``, `null`, `[]`, `{`, `{"a":1}`, `{"name":null,"protocolType":"HTTP"}`, `{"name":"x","protocolType":"WEBSOCKET","routeSelectionExpression":"${"}`,
	`{"name":"x","protocolType":"HTTP","target":"https://[::1","routeKey":"GET /{","credentialsArn":"arn:"}`,
	`{"name":"x","protocolType":"HTTP","target":"arn:aws:lambda:::function:","routeKey":"$default"}`,
	`{"corsConfiguration":{"allowOrigins":["*","","https://\u0000"],"allowMethods":[""],"allowHeaders":null,"maxAge":-1,"allowCredentials":true}}`,
	`{"routeKey":"GET /{a}/{a}","authorizationType":"CUSTOM","authorizerId":"{authorizerId}","authorizationScopes":["","\u0000"],"target":"integrations/{integrationId}"}`,
	`{"routeKey":"\u0000","requestParameters":{"":{"required":null}},"requestModels":{"":"M"},"modelSelectionExpression":"$"}`,
	`{"routeKey":"$disconnect","apiKeyRequired":true,"routeResponseSelectionExpression":"$x"}`,
	`{"integrationType":"AWS_PROXY","integrationSubtype":"SQS-","credentialsArn":"","requestParameters":{"":""},"payloadFormatVersion":"9"}`,
	`{"integrationType":"HTTP_PROXY","integrationMethod":"ANY","integrationUri":"${stageVariables.","timeoutInMillis":2147483647,"responseParameters":{"200":{},"":{"a":""},"999":{"overwrite:statuscode":"$"}},"tlsConfig":{}}`,
	`{"integrationType":"AWS","integrationUri":"arn:aws:apigateway:","requestTemplates":{"":"#"},"templateSelectionExpression":"\\","contentHandlingStrategy":"CONVERT_TO_BINARY"}`,
	`{"integrationResponseKey":"/((/","routeResponseKey":"x","responseTemplates":{"":""},"responseParameters":{}}`,
	`{"name":"A B","schema":"{","contentType":""}`, `{"name":"B","schema":"{\"$ref\":\"#\"}","contentType":"application/json"}`,
	`{"name":"b","authorizerType":"REQUEST","identitySource":[],"authorizerUri":"arn:aws:apigateway:::lambda:path/","authorizerPayloadFormatVersion":"3.0"}`,
	`{"authorizerType":"REQUEST","identitySource":[",,",null],"jwtConfiguration":{"issuer":"","audience":[""]},"enableSimpleResponses":true}`,
	`{"stageName":"","deploymentId":"","autoDeploy":true}`, `{"stageName":"$default","autoDeploy":true,"deploymentId":"{deploymentId}"}`,
	`{"stageName":"a/b","stageVariables":{"":"","a b":"\u0000"},"clientCertificateId":"x"}`,
	`{"defaultRouteSettings":{"throttlingBurstLimit":-1,"throttlingRateLimit":-1e308,"dataTraceEnabled":true,"loggingLevel":"INFO"},"routeSettings":{"":{},"GET /gone":{"throttlingRateLimit":1e308}}}`,
	`{"accessLogSettings":{"destinationArn":"x"}}`, `{"accessLogSettings":{"destinationArn":"arn:aws:logs:us-east-1:000000000000:log-group:g","format":"$context."}}`,
	`{"tags":{"aws:a":"b"}}`, `{"tags":null}`, `{"body":""}`, `{"body":"swagger: '2.0'"}`, `{"body":"{\"openapi\":\"3.0.1\",\"paths\":{\"/{a}/{a}\":{\"get\":{\"security\":[{\"a\":[]},{\"b\":[]}]}}}}"}`,
	`{"body":"openapi: 3.0.1\ninfo: {title: '', version: 1}\nx-amazon-apigateway-cors: {allowOrigins: '*', maxAge: x}\npaths: {/$default: {x-amazon-apigateway-any-method: {isDefaultRoute: true}}}"}`,
}

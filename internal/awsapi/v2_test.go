package awsapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// step is one call of a story and all of its answer. Names of the answer's
// members in keep are put under the names that follow them, for later calls.
type step struct {
	request, body string
	status        int
	want          string // JSON with its members sorted, times as "T"; of a refusal, its type and text
	keep          string // "apiId {api}"
}

// tell makes the calls of a story in turn.
func (h *house) tell(steps []step) {
	h.Helper()
	for _, s := range steps {
		status, kind, body := h.raw(s.request, s.body)
		if member, name, ok := strings.Cut(s.keep, " "); ok {
			var out map[string]any
			_ = json.Unmarshal([]byte(body), &out)
			value, _ := out[member].(string)
			h.vars = append([]string{name, value}, h.vars...) // the latest counts
		}
		got := kind + iso8601.ReplaceAllString(sorted(body), `"T"`)
		if want := h.expand(s.want); status != s.status || got != want {
			h.Errorf("%s %s: %d, not %d\n%s", h.expand(s.request), s.body, status, s.status, cmp.Diff(want, got))
		}
	}
}

var iso8601 = regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"`)

// sorted is a JSON document with its members sorted; of an error the text.
func sorted(body string) string {
	var v any
	if json.Unmarshal([]byte(body), &v) != nil {
		return body
	}
	if object, ok := v.(map[string]any); ok && len(object) == 1 && object["message"] != nil {
		return fmt.Sprint(": ", object["message"])
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return body
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// raw sends one request, "METHOD /path".
func (h *house) raw(request, body string) (status int, kind, answer string) {
	h.Helper()
	method, path, _ := strings.Cut(h.expand(request), " ")
	r, err := http.NewRequest(method, h.url+path, strings.NewReader(h.expand(body)))
	if err != nil {
		h.Fatal(err)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/apigateway/aws4_request, SignedHeaders=host, Signature=0")
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		h.Fatal(err)
	}
	defer a.Body.Close()
	raw, err := io.ReadAll(a.Body)
	if err != nil {
		h.Fatal(err)
	}
	return a.StatusCode, a.Header.Get("X-Amzn-Errortype"), string(raw)
}

const (
	v2API = `{"apiEndpoint":"https://{api}.execute-api.us-east-1.amazonaws.com","apiId":"{api}","apiKeySelectionExpression":"$request.header.x-api-key",` +
		`"createdDate":"T","disableExecuteApiEndpoint":false,"ipAddressType":"ipv4","name":"pets","protocolType":"HTTP","routeSelectionExpression":"$request.method $request.path"`
	v2Stage = `"createdDate":"T","defaultRouteSettings":{"detailedMetricsEnabled":false}`
)

// TestRouteAPIs: defaults and omissions are those of the examples in the API
// Gateway V2 reference, the developer guide and the AWS CLI's examples.
func TestRouteAPIs(t *testing.T) {
	h := newHouse(t)
	h.tell([]step{
		{"POST /v2/apis", `{"name":"pets","protocolType":"HTTP"}`, 201, v2API + `}`, "apiId {api}"},
		{"GET /v2/apis/{api}", ``, 200, v2API + `,"tags":{}}`, ""},
		{"GET /v2/apis", ``, 200, `{"items":[` + v2API + `,"tags":{}}]}`, ""},
		{"PATCH /v2/apis/{api}", `{"description":"d","version":"1","disableExecuteApiEndpoint":true,"corsConfiguration":{"allowOrigins":["https://a.example"],"maxAge":0}}`, 200,
			`{"apiEndpoint":"https://{api}.execute-api.us-east-1.amazonaws.com","apiId":"{api}","apiKeySelectionExpression":"$request.header.x-api-key","corsConfiguration":{"allowOrigins":["https://a.example"],"maxAge":0},` +
				`"createdDate":"T","description":"d","disableExecuteApiEndpoint":true,"ipAddressType":"ipv4","name":"pets","protocolType":"HTTP","routeSelectionExpression":"$request.method $request.path","tags":{},"version":"1"}`, ""},
		{"DELETE /v2/apis/{api}/cors", ``, 204, ``, ""},
		{"PATCH /v2/apis/{api}", `{"description":"","version":"","disableExecuteApiEndpoint":false,"name":null}`, 200, v2API + `,"tags":{}}`, ""},
		{"POST /v2/apis", `{"name":"chat","protocolType":"REST"}`, 400, `BadRequestException: Invalid protocol specified. Must be one of [HTTP, WEBSOCKET]`, ""},
		{"POST /v2/apis", `{"name":1,"protocolType":"HTTP"}`, 400, `BadRequestException: class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an String`, ""},
		{"GET /v2/apis/gone", ``, 404, `NotFoundException: Invalid API identifier specified 000000000000:gone`, ""},
		{"GET /v2/apis?maxResults=many", ``, 400, `BadRequestException: Invalid maxResults: many`, ""},
		{"GET /v2/apis?nextToken=me", ``, 400, `BadRequestException: Invalid nextToken: me`, ""},
		{"POST /v2/portals", `{}`, 501, `NotImplementedException: Gatehouse doesn't serve CreatePortal of apigatewayv2 yet`, ""},
		{"DELETE /v2/apis/{api}", ``, 204, ``, ""},
		{"DELETE /v2/apis/{api}", ``, 404, `NotFoundException: Invalid API identifier specified 000000000000:{api}`, ""},
	})
}

// TestRoutesAndIntegrations: the developer guide, "Working with routes for
// HTTP APIs" and "Configuring integrations for HTTP APIs"; texts as users of
// AWS have reported them.
func TestRoutesAndIntegrations(t *testing.T) {
	h := newHouse(t)
	const proxy = `"connectionType":"INTERNET","integrationId":"{integration}","integrationMethod":"ANY","integrationType":"HTTP_PROXY","integrationUri":"https://backend.example/{proxy}","payloadFormatVersion":"1.0"`
	h.tell([]step{
		{"POST /v2/apis", `{"name":"pets","protocolType":"HTTP"}`, 201, v2API + `}`, "apiId {api}"},
		{"POST /v2/apis/{api}/integrations", `{"integrationType":"HTTP_PROXY","integrationMethod":"ANY","integrationUri":"https://backend.example/{proxy}","passthroughBehavior":"WHEN_NO_MATCH"}`, 201,
			`{` + proxy + `,"timeoutInMillis":30000}`, "integrationId {integration}"},
		{"PATCH /v2/apis/{api}/integrations/{integration}", `{"requestParameters":{"append:header.a":"1","remove:header.b":"''"},"responseParameters":{"404":{"overwrite:statuscode":"403","append:header.x":"y"},"500":{"overwrite:statuscode":"503"}},"timeoutInMillis":50}`, 200,
			`{` + proxy + `,"requestParameters":{"append:header.a":"1","remove:header.b":"''"},"responseParameters":{"404":{"append:header.x":"y","overwrite:statuscode":"403"},"500":{"overwrite:statuscode":"503"}},"timeoutInMillis":50}`, ""},
		{"PATCH /v2/apis/{api}/integrations/{integration}", `{"requestParameters":{"append:header.a":""},"responseParameters":{"404":{"append:header.x":""},"500":{}}}`, 200,
			`{` + proxy + `,"requestParameters":{"remove:header.b":"''"},"responseParameters":{"404":{"overwrite:statuscode":"403"}},"timeoutInMillis":50}`, ""},
		{"POST /v2/apis/{api}/integrations", `{"integrationType":"MOCK"}`, 400, `BadRequestException: Currently, an API with a protocol type of HTTP may only be associated with proxy integrations (AWS_PROXY, HTTP_PROXY)`, ""},
		{"POST /v2/apis/{api}/routes", `{"routeKey":"GET /pets/{id}","target":"integrations/{integration}"}`, 201,
			`{"apiKeyRequired":false,"authorizationType":"NONE","routeId":"{route}","routeKey":"GET /pets/{id}","target":"integrations/{integration}"}`, "routeId {route}"},
		{"POST /v2/apis/{api}/routes", `{"routeKey":"GET /pets/{name}"}`, 409, `ConflictException: Route with key GET /pets/{name} already exists for this API`, ""},
		{"POST /v2/apis/{api}/routes", `{"routeKey":"GET /x","target":"{integration}"}`, 400, `BadRequestException: Invalid target specified: {integration}. A route's target is integrations/{integrationId}`, ""},
		{"POST /v2/apis/{api}/routes", `{"routeKey":"GET /x","authorizationType":"JWT"}`, 400, `BadRequestException: Invalid authorizer ID specified. Setting the authorization type to JWT requires a valid JWT authorizer.`, ""},
		{"POST /v2/apis/{api}/authorizers", `{"name":"jwt","authorizerType":"JWT","identitySource":["$request.header.Authorization"],"jwtConfiguration":{"issuer":"https://issuer.example","audience":["a","b"]}}`, 201,
			`{"authorizerId":"{authorizer}","authorizerType":"JWT","identitySource":["$request.header.Authorization"],"jwtConfiguration":{"audience":["a","b"],"issuer":"https://issuer.example"},"name":"jwt"}`, "authorizerId {authorizer}"},
		{"PATCH /v2/apis/{api}/authorizers/{authorizer}", `{"jwtConfiguration":{"audience":["c"]},"name":"tokens"}`, 200,
			`{"authorizerId":"{authorizer}","authorizerType":"JWT","identitySource":["$request.header.Authorization"],"jwtConfiguration":{"audience":["c"],"issuer":"https://issuer.example"},"name":"tokens"}`, ""},
		{"PATCH /v2/apis/{api}/routes/{route}", `{"authorizationType":"JWT","authorizerId":"{authorizer}","authorizationScopes":["read","write"],"operationName":"getPet"}`, 200,
			`{"apiKeyRequired":false,"authorizationScopes":["read","write"],"authorizationType":"JWT","authorizerId":"{authorizer}","operationName":"getPet","routeId":"{route}","routeKey":"GET /pets/{id}","target":"integrations/{integration}"}`, ""},
		{"DELETE /v2/apis/{api}/authorizers/{authorizer}", ``, 409, `ConflictException: Cannot delete authorizer 'tokens', is referenced in route: GET /pets/{id}`, ""},
		{"DELETE /v2/apis/{api}/integrations/{integration}", ``, 409, `ConflictException: Cannot delete Integration because it is referenced by the following Routes with Ids: [{route}]`, ""},
		{"PATCH /v2/apis/{api}/routes/{route}", `{"authorizationType":"NONE","authorizationScopes":[],"operationName":""}`, 200,
			`{"apiKeyRequired":false,"authorizationType":"NONE","routeId":"{route}","routeKey":"GET /pets/{id}","target":"integrations/{integration}"}`, ""},
		{"GET /v2/apis/{api}/routes", ``, 200, `{"items":[{"apiKeyRequired":false,"authorizationType":"NONE","routeId":"{route}","routeKey":"GET /pets/{id}","target":"integrations/{integration}"}]}`, ""},
		{"DELETE /v2/apis/{api}/authorizers/{authorizer}", ``, 204, ``, ""},
		{"DELETE /v2/apis/{api}/routes/{route}", ``, 204, ``, ""},
		{"GET /v2/apis/{api}/routes/{route}", ``, 404, `NotFoundException: Invalid Route identifier specified {route}`, ""},
		{"DELETE /v2/apis/{api}/integrations/{integration}", ``, 204, ``, ""},
	})
}

// TestRouteStages: the examples of the AWS CLI for create-stage and
// get-stages; what clears a setting as Terraform's AWS provider sends it.
func TestRouteStages(t *testing.T) {
	h := newHouse(t)
	h.tell([]step{
		{"POST /v2/apis", `{"name":"pets","protocolType":"HTTP"}`, 201, v2API + `}`, "apiId {api}"},
		{"POST /v2/apis/{api}/integrations", `{"integrationType":"HTTP_PROXY","integrationMethod":"GET","integrationUri":"https://backend.example"}`, 201,
			`{"connectionType":"INTERNET","integrationId":"{integration}","integrationMethod":"GET","integrationType":"HTTP_PROXY","integrationUri":"https://backend.example","payloadFormatVersion":"1.0","timeoutInMillis":30000}`, "integrationId {integration}"},
		{"POST /v2/apis/{api}/routes", `{"routeKey":"GET /pets","target":"integrations/{integration}"}`, 201,
			`{"apiKeyRequired":false,"authorizationType":"NONE","routeId":"{route}","routeKey":"GET /pets","target":"integrations/{integration}"}`, "routeId {route}"},
		{"POST /v2/apis/{api}/stages", `{"stageName":"dev"}`, 201, `{` + v2Stage + `,"lastUpdatedDate":"T","routeSettings":{},"stageName":"dev","stageVariables":{},"tags":{}}`, ""},
		{"POST /v2/apis/{api}/deployments", `{"stageName":"dev","description":"first"}`, 201, `{"autoDeployed":false,"createdDate":"T","deploymentId":"{deployment}","deploymentStatus":"DEPLOYED","description":"first"}`, "deploymentId {deployment}"},
		{"PATCH /v2/apis/{api}/deployments/{deployment}", `{"description":""}`, 200, `{"autoDeployed":false,"createdDate":"T","deploymentId":"{deployment}","deploymentStatus":"DEPLOYED"}`, ""},
		{"PATCH /v2/apis/{api}/stages/dev", `{"stageVariables":{"a":"1","b":"2"},"defaultRouteSettings":{"throttlingBurstLimit":0,"throttlingRateLimit":2},"routeSettings":{"GET /pets":{"detailedMetricsEnabled":true}},"accessLogSettings":{"destinationArn":"arn:aws:logs:us-east-1:000000000000:log-group:g","format":"$context.requestId"}}`, 200,
			`{"accessLogSettings":{"destinationArn":"arn:aws:logs:us-east-1:000000000000:log-group:g","format":"$context.requestId"},"createdDate":"T","defaultRouteSettings":{"detailedMetricsEnabled":false,"throttlingBurstLimit":0,"throttlingRateLimit":2},"deploymentId":"{deployment}","lastDeploymentStatusMessage":"Successfully deployed stage with deployment ID '{deployment}'",` +
				`"lastUpdatedDate":"T","routeSettings":{"GET /pets":{"detailedMetricsEnabled":true}},"stageName":"dev","stageVariables":{"a":"1","b":"2"},"tags":{}}`, ""},
		{"PATCH /v2/apis/{api}/stages/dev", `{"stageVariables":{"a":""},"accessLogSettings":{}}`, 200,
			`{"createdDate":"T","defaultRouteSettings":{"detailedMetricsEnabled":false,"throttlingBurstLimit":0,"throttlingRateLimit":2},"deploymentId":"{deployment}","lastDeploymentStatusMessage":"Successfully deployed stage with deployment ID '{deployment}'",` +
				`"lastUpdatedDate":"T","routeSettings":{"GET /pets":{"detailedMetricsEnabled":true}},"stageName":"dev","stageVariables":{"b":"2"},"tags":{}}`, ""},
		{"DELETE /v2/apis/{api}/stages/dev/routesettings/GET%20%2Fpets", ``, 204, ``, ""},
		{"DELETE /v2/apis/{api}/stages/dev/routesettings/GET%20%2Fpets", ``, 404, `NotFoundException: Unable to find Route by key GET /pets within the provided RouteSettings`, ""},
		{"DELETE /v2/apis/{api}/stages/dev/accesslogsettings", ``, 204, ``, ""},
		{"DELETE /v2/apis/{api}/stages/dev/cache/authorizers", ``, 204, ``, ""},
		{"PATCH /v2/apis/{api}/stages/dev", `{"defaultRouteSettings":{"loggingLevel":"INFO"}}`, 400, `BadRequestException: Execution logs are not supported on protocolType HTTP`, ""},
		{"POST /v2/apis/{api}/stages", `{"stageName":"$default","autoDeploy":true,"tags":{"a":"b"}}`, 201,
			`{"autoDeploy":true,` + v2Stage + `,"deploymentId":"{automatic}","lastDeploymentStatusMessage":"Successfully deployed stage with deployment ID '{automatic}'","lastUpdatedDate":"T","routeSettings":{},"stageName":"$default","stageVariables":{},"tags":{"a":"b"}}`, "deploymentId {automatic}"},
		{"GET /v2/apis/{api}/deployments/{automatic}", ``, 200, `{"autoDeployed":true,"createdDate":"T","deploymentId":"{automatic}","deploymentStatus":"DEPLOYED","description":"Automatic deployment triggered by changes to the Api configuration"}`, ""},
		{"GET /v2/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Fapis%2F{api}%2Fstages%2F%24default", ``, 200, `{"tags":{"a":"b"}}`, ""},
		{"POST /v2/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Fapis%2F{api}", `{"tags":{"c":"d","e":"f"}}`, 201, `{}`, ""},
		{"DELETE /v2/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Fapis%2F{api}?tagKeys=c", ``, 204, ``, ""},
		{"GET /v2/apis/{api}", ``, 200, v2API + `,"tags":{"e":"f"}}`, ""},
		{"DELETE /v2/apis/{api}/stages/%24default", ``, 204, ``, ""},
		{"DELETE /v2/apis/{api}/stages/dev", ``, 204, ``, ""},
		{"DELETE /v2/apis/{api}/deployments/{deployment}", ``, 204, ``, ""},
		{"GET /v2/apis/{api}/stages", ``, 200, `{"items":[]}`, ""},
		{"GET /v2/apis/{api}/stages/dev", ``, 404, `NotFoundException: Invalid stage identifier specified`, ""},
	})
}

// TestWebSocketParts: what WebSocket APIs have more, with the defaults that
// the API Gateway V2 reference names.
func TestWebSocketParts(t *testing.T) {
	h := newHouse(t)
	h.tell([]step{
		{"POST /v2/apis", `{"name":"chat","protocolType":"WEBSOCKET","routeSelectionExpression":"$request.body.action","tags":{"a":"b"}}`, 201,
			`{"apiEndpoint":"wss://{api}.execute-api.us-east-1.amazonaws.com","apiId":"{api}","apiKeySelectionExpression":"$request.header.x-api-key","createdDate":"T","disableExecuteApiEndpoint":false,"ipAddressType":"ipv4","name":"chat","protocolType":"WEBSOCKET","routeSelectionExpression":"$request.body.action","tags":{"a":"b"}}`, "apiId {api}"},
		{"POST /v2/apis/{api}/models", `{"name":"Message","contentType":"application/json","schema":"{\"type\":\"object\"}"}`, 201, `{"contentType":"application/json","modelId":"{model}","name":"Message","schema":"{\"type\":\"object\"}"}`, "modelId {model}"},
		{"PATCH /v2/apis/{api}/models/{model}", `{"description":"d"}`, 200, `{"contentType":"application/json","description":"d","modelId":"{model}","name":"Message","schema":"{\"type\":\"object\"}"}`, ""},
		{"GET /v2/apis/{api}/models/{model}/template", ``, 200, `{"value":"#set($inputRoot = $input.path('$'))\n{ }"}`, ""},
		{"POST /v2/apis/{api}/integrations", `{"integrationType":"MOCK","requestTemplates":{"$default":"{\"statusCode\":200}"},"templateSelectionExpression":"\\$default"}`, 201,
			`{"connectionType":"INTERNET","integrationId":"{integration}","integrationResponseSelectionExpression":"${integration.response.statuscode}","integrationType":"MOCK","passthroughBehavior":"WHEN_NO_MATCH","payloadFormatVersion":"1.0","requestTemplates":{"$default":"{\"statusCode\":200}"},"templateSelectionExpression":"\\$default","timeoutInMillis":29000}`, "integrationId {integration}"},
		{"POST /v2/apis/{api}/integrations/{integration}/integrationresponses", `{"integrationResponseKey":"$default","responseTemplates":{"a":"b"}}`, 201, `{"integrationResponseId":"{response}","integrationResponseKey":"$default","responseTemplates":{"a":"b"}}`, "integrationResponseId {response}"},
		{"PATCH /v2/apis/{api}/integrations/{integration}/integrationresponses/{response}", `{"responseTemplates":{"c":"d"},"contentHandlingStrategy":"CONVERT_TO_TEXT"}`, 200, `{"contentHandlingStrategy":"CONVERT_TO_TEXT","integrationResponseId":"{response}","integrationResponseKey":"$default","responseTemplates":{"c":"d"}}`, ""},
		{"POST /v2/apis/{api}/routes", `{"routeKey":"$connect","apiKeyRequired":true,"requestParameters":{"route.request.querystring.q":{"required":true},"route.request.header.h":{"required":false}},"target":"integrations/{integration}"}`, 201,
			`{"apiKeyRequired":true,"authorizationType":"NONE","requestParameters":{"route.request.header.h":{"required":false},"route.request.querystring.q":{"required":true}},"routeId":"{route}","routeKey":"$connect","target":"integrations/{integration}"}`, "routeId {route}"},
		{"DELETE /v2/apis/{api}/routes/{route}/requestparameters/route.request.header.h", ``, 204, ``, ""},
		{"DELETE /v2/apis/{api}/routes/{route}/requestparameters/route.request.header.h", ``, 404, `NotFoundException: Invalid Route request parameter specified route.request.header.h`, ""},
		{"GET /v2/apis/{api}/routes/{route}", ``, 200, `{"apiKeyRequired":true,"authorizationType":"NONE","requestParameters":{"route.request.querystring.q":{"required":true}},"routeId":"{route}","routeKey":"$connect","target":"integrations/{integration}"}`, ""},
		{"POST /v2/apis/{api}/routes", `{"routeKey":"send","modelSelectionExpression":"$request.body.kind","requestModels":{"m":"Message"},"routeResponseSelectionExpression":"$default"}`, 201,
			`{"apiKeyRequired":false,"authorizationType":"NONE","modelSelectionExpression":"$request.body.kind","requestModels":{"m":"Message"},"routeId":"{send}","routeKey":"send","routeResponseSelectionExpression":"$default"}`, "routeId {send}"},
		{"POST /v2/apis/{api}/routes/{send}/routeresponses", `{"routeResponseKey":"$default"}`, 201, `{"routeResponseId":"{rr}","routeResponseKey":"$default"}`, "routeResponseId {rr}"},
		{"GET /v2/apis/{api}/routes/{send}/routeresponses", ``, 200, `{"items":[{"routeResponseId":"{rr}","routeResponseKey":"$default"}]}`, ""},
		{"DELETE /v2/apis/{api}/routes/{send}/routeresponses/{rr}", ``, 204, ``, ""},
		{"PATCH /v2/apis/{api}/routes/{send}", `{"requestModels":{},"modelSelectionExpression":""}`, 200, `{"apiKeyRequired":false,"authorizationType":"NONE","routeId":"{send}","routeKey":"send","routeResponseSelectionExpression":"$default"}`, ""},
		{"DELETE /v2/apis/{api}/models/{model}", ``, 204, ``, ""},
		{"DELETE /v2/apis/{api}/integrations/{integration}/integrationresponses/{response}", ``, 204, ``, ""},
		{"POST /v2/apis/{api}/stages", `{"stageName":"prod"}`, 201, `{"createdDate":"T","defaultRouteSettings":{"dataTraceEnabled":false,"detailedMetricsEnabled":false,"loggingLevel":"OFF"},"lastUpdatedDate":"T","routeSettings":{},"stageName":"prod","stageVariables":{},"tags":{}}`, ""},
	})
}

// TestQuickCreate: the developer guide, "Create an HTTP API by using the AWS
// CLI".
func TestQuickCreate(t *testing.T) {
	h := newHouse(t)
	h.tell([]step{
		{"POST /v2/apis", `{"name":"pets","protocolType":"HTTP","target":"https://backend.example"}`, 201, v2API + `}`, "apiId {api}"},
		{"GET /v2/apis/{api}/stages/%24default", ``, 200, `{"apiGatewayManaged":true,"autoDeploy":true,` + v2Stage + `,"deploymentId":"{d}","lastDeploymentStatusMessage":"Successfully deployed stage with deployment ID '{d}'","lastUpdatedDate":"T","routeSettings":{},"stageName":"$default","stageVariables":{},"tags":{}}`, "deploymentId {d}"},
	})
	routes := h.ok("GET /v2/apis/{api}/routes", "")["items"].([]any)
	integrations := h.ok("GET /v2/apis/{api}/integrations", "")["items"].([]any)
	if len(routes) != 1 || len(integrations) != 1 {
		t.Fatalf("%v %v", routes, integrations)
	}
	h.vars = append(h.vars, "{r}", routes[0].(map[string]any)["routeId"].(string), "{i}", integrations[0].(map[string]any)["integrationId"].(string))
	h.tell([]step{
		{"GET /v2/apis/{api}/routes/{r}", ``, 200, `{"apiGatewayManaged":true,"apiKeyRequired":false,"authorizationType":"NONE","routeId":"{r}","routeKey":"$default","target":"integrations/{i}"}`, ""},
		{"GET /v2/apis/{api}/integrations/{i}", ``, 200, `{"apiGatewayManaged":true,"connectionType":"INTERNET","integrationId":"{i}","integrationMethod":"ANY","integrationType":"HTTP_PROXY","integrationUri":"https://backend.example","payloadFormatVersion":"1.0","timeoutInMillis":30000}`, ""},
		{"PATCH /v2/apis/{api}", `{"target":"https://other.example"}`, 200, v2API + `,"tags":{}}`, ""},
		{"GET /v2/apis/{api}/integrations/{i}", ``, 200, `{"apiGatewayManaged":true,"connectionType":"INTERNET","integrationId":"{i}","integrationMethod":"ANY","integrationType":"HTTP_PROXY","integrationUri":"https://other.example","payloadFormatVersion":"1.0","timeoutInMillis":30000}`, ""},
	})
}

// TestRoutePages: a page ends where the next begins, and the last has no token.
func TestRoutePages(t *testing.T) {
	h := newHouse(t)
	h.tell([]step{{"POST /v2/apis", `{"name":"pets","protocolType":"HTTP"}`, 201, v2API + `}`, "apiId {api}"}})
	for i := range 30 {
		h.ok("POST /v2/apis/{api}/routes", fmt.Sprintf(`{"routeKey":"GET /%d"}`, i))
	}
	for limit, want := range map[string][]int{"": {25, 5}, "&maxResults=10": {10, 10, 10}, "&maxResults=-1": {25, 5}, "&maxResults=1000": {30}} {
		var sizes []int
		seen := map[any]bool{}
		for token := ""; ; {
			out := h.ok("GET /v2/apis/{api}/routes?nextToken="+token+limit, "")
			items := out["items"].([]any)
			sizes = append(sizes, len(items))
			for _, r := range items {
				seen[r.(map[string]any)["routeId"]] = true
			}
			next, more := out["nextToken"].(string)
			if !more {
				break
			}
			token = strings.NewReplacer("=", "%3D", "+", "%2B", "/", "%2F").Replace(next)
		}
		if d := cmp.Diff(want, sizes); d != "" || len(seen) != 30 {
			t.Errorf("%s: %d routes %s", limit, len(seen), d)
		}
	}
}

// TestKindsApart: no version of the API sees the other's APIs.
func TestKindsApart(t *testing.T) {
	h := newHouse(t)
	h.api()
	h.vars = append(h.vars, "{rest}", h.expand("{api}"))
	h.tell([]step{
		{"GET /v2/apis/{rest}", ``, 404, `NotFoundException: Invalid API identifier specified 000000000000:{rest}`, ""},
		{"POST /v2/apis/{rest}/routes", `{"routeKey":"GET /"}`, 404, `NotFoundException: Invalid API identifier specified 000000000000:{rest}`, ""},
		{"DELETE /v2/apis/{rest}", ``, 404, `NotFoundException: Invalid API identifier specified 000000000000:{rest}`, ""},
		{"GET /v2/apis/{rest}/stages", ``, 404, `NotFoundException: Invalid API identifier specified 000000000000:{rest}`, ""},
		{"GET /v2/apis", ``, 200, `{"items":[]}`, ""},
		{"POST /v2/apis", `{"name":"pets","protocolType":"HTTP"}`, 201, v2API + `}`, "apiId {api}"},
		{"GET /restapis/{api}", ``, 404, `NotFoundException: Invalid API identifier specified 000000000000:{api}`, ""},
		{"DELETE /restapis/{api}", ``, 404, `NotFoundException: Invalid API identifier specified 000000000000:{api}`, ""},
	})
}

const v2Document = `{"openapi":"3.0.1","info":{"title":"pets","version":"1"},"paths":{"/pets":{"get":{"x-amazon-apigateway-integration":{"type":"http_proxy","httpMethod":"GET","payloadFormatVersion":"1.0","uri":"https://backend.example/pets"}}}}}`

// TestImportAndExport: the developer guide, "Working with OpenAPI definitions
// for HTTP APIs": a reimport leaves stages, and one that deploys by itself
// serves it.
func TestImportAndExport(t *testing.T) {
	h := newHouse(t)
	body := func(doc string) string {
		raw, err := json.Marshal(map[string]string{"body": doc})
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	imported := v2API + `,"tags":{},"version":"1"}`
	h.tell([]step{
		{"PUT /v2/apis", body(v2Document), 201, imported, "apiId {api}"},
		{"POST /v2/apis/{api}/stages", `{"stageName":"$default","autoDeploy":true}`, 201,
			`{"autoDeploy":true,` + v2Stage + `,"deploymentId":"{d}","lastDeploymentStatusMessage":"Successfully deployed stage with deployment ID '{d}'","lastUpdatedDate":"T","routeSettings":{},"stageName":"$default","stageVariables":{},"tags":{}}`, "deploymentId {d}"},
		{"PUT /v2/apis/{api}", body(strings.ReplaceAll(v2Document, "/pets", "/animals")), 201, imported, ""},
		{"PUT /v2/apis/{api}?basepath=other", body(v2Document), 400, `BadRequestException: Invalid basepath specified: other. Must be one of [ignore, prepend, split]`, ""},
		{"PUT /v2/apis/gone", body(v2Document), 404, `NotFoundException: Invalid API identifier specified 000000000000:gone`, ""},
		{"PUT /v2/apis", `{}`, 400, `BadRequestException: 1 validation error detected: Value null at 'body' failed to satisfy constraint: Member must not be null`, ""},
		{"GET /v2/apis/{api}/exports/OAS30?outputType=JSON&stageName=gone", ``, 404, `NotFoundException: Invalid stage identifier specified`, ""},
		{"GET /v2/apis/{api}/exports/OAS30?outputType=XML", ``, 400, `BadRequestException: Invalid outputType: XML. Must be one of [JSON, YAML]`, ""},
		{"GET /v2/apis/{api}/exports/OAS20?outputType=JSON", ``, 400, `BadRequestException: Invalid specification: OAS20. The one that is written is OAS30`, ""},
		{"GET /v2/apis/{api}/exports/OAS30?outputType=JSON&exportVersion=2.0", ``, 400, `BadRequestException: Invalid exportVersion: 2.0. The one that is written is 1.0`, ""},
	})
	for query, want := range map[string][]string{
		"outputType=JSON": {`"openapi" : "3.0.1"`, `"/animals"`, `"x-amazon-apigateway-integration"`, `https://{api}.execute-api.us-east-1.amazonaws.com`},
		"outputType=YAML&stageName=%24default&includeExtensions=false":   {`openapi: "3.0.1"`, `/animals`},
		"outputType=JSON&stageName=%24default&exportVersion=1.0&x-id=Ex": {`"/animals"`},
	} {
		status, _, doc := h.raw("GET /v2/apis/{api}/exports/OAS30?"+query, "")
		for _, text := range want {
			if status != 200 || !strings.Contains(doc, h.expand(text)) {
				t.Errorf("%s: %d, without %s:\n%s", query, status, text, doc)
			}
		}
	}
}

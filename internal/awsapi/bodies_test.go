package awsapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
)

// model is as much of the model of a service as bodies are made from.
type model struct {
	Operations map[string]struct{ Input string }
	Shapes     map[string]modelShape
}

type modelShape struct {
	Type       string
	Members    map[string]struct{ Shape, Wire, In string }
	Member     string
	Key, Value string
	Enum       []string
}

// likely is a value of a shape that may well pass.
func (m *model) likely(name string, depth int) any {
	s := m.Shapes[name]
	switch {
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Type == "structure" && depth > 0:
		o := map[string]any{}
		for _, member := range s.Members {
			o[member.Wire] = m.likely(member.Shape, depth-1)
		}
		return o
	case s.Type == "list" && depth > 0:
		return []any{m.likely(s.Member, depth-1)}
	case s.Type == "map" && depth > 0:
		return map[string]any{"a": m.likely(s.Value, depth-1)}
	case s.Type == "boolean":
		return true
	case slices.Contains([]string{"integer", "long", "double", "float"}, s.Type):
		return 1
	}
	return "a"
}

// strange are values that no member is made for, as JSON.
var strange = []string{"null", "true", "-1", "0", "1e400", "1.5", "9223372036854775808", `""`, `" "`, `"\u0000"`, `"\ud800"`, `"/"`, `"//"`, `"{"`, `"${x}"`, `"((("`, `"$.a[?("`, `"#set("`, `"a:b:c:d:e:f"`, `"http://"`, `"http://[::1"`,
	`"{\"type\":[]}"`, `"{\"$ref\":\"#\"}"`, "[]", "[null]", "[[[]]]", `["",""]`, "{}", `{"":null}`, `{"":""}`, `{"a":{}}`, `{"a":null}`, `{"*/*":"{"}`, `{"method.request.header.a":"integration.response.body.$[?("}`, `{"method.request.path.":true}`, `{"integration.request.header.":"'"}`}

// deepValues are the places of members in a body, each as what the body is with
// the member replaced by MEMBER.
func deepValues(v any, replaced func(any) any) []any {
	out := []any{replaced("MEMBER")}
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			out = append(out, deepValues(v[k], func(member any) any {
				o := maps.Clone(v)
				o[k] = member
				return replaced(o)
			})...)
		}
	case []any:
		out = append(out, deepValues(v[0], func(member any) any { return replaced([]any{member}) })...)
	}
	return out
}

// taken are bodies that operations take; {n} is another number each time.
var taken = map[string]string{
	"CreateRestApi":             `{"name":"n","endpointConfiguration":{"types":["REGIONAL"]},"binaryMediaTypes":["a/b"],"tags":{"a":"b"}}`,
	"CreateResource":            `{"pathPart":"r{n}"}`,
	"PutMethod":                 `{"authorizationType":"NONE","requestParameters":{"method.request.querystring.q":true},"requestModels":{"application/json":"Empty"}}`,
	"PutMethodResponse":         `{"responseModels":{"application/json":"Empty"},"responseParameters":{"method.response.header.a":true}}`,
	"PutIntegration":            `{"type":"HTTP","httpMethod":"POST","uri":"http://example.com","requestTemplates":{"application/json":"x"},"requestParameters":{"integration.request.header.a":"'b'"}}`,
	"PutIntegrationResponse":    `{"selectionPattern":"4..","responseTemplates":{"application/json":"x"},"responseParameters":{"method.response.header.a":"'b'"}}`,
	"CreateModel":               `{"name":"M{n}","contentType":"application/json","schema":"{\"type\":\"object\"}"}`,
	"CreateAuthorizer":          `{"name":"a{n}","type":"TOKEN","identitySource":"method.request.header.A","authorizerUri":"` + tfFunction + `","authorizerResultTtlInSeconds":5}`,
	"CreateRequestValidator":    `{"name":"v{n}","validateRequestBody":true}`,
	"PutGatewayResponse":        `{"statusCode":"418","responseTemplates":{"application/json":"x"},"responseParameters":{"gatewayresponse.header.a":"'b'"}}`,
	"CreateStage":               `{"stageName":"s{n}","deploymentId":"{deployment_id}","variables":{"a":"b"},"canarySettings":{"deploymentId":"{deployment_id}","percentTraffic":5,"stageVariableOverrides":{"a":"c"}}}`,
	"CreateDeployment":          `{"stageName":"s","variables":{"a":"b"},"canarySettings":{"percentTraffic":5}}`,
	"CreateDocumentationPart":   `{"location":{"type":"RESPONSE","path":"/p{n}","method":"GET","statusCode":"200"},"properties":"{}"}`,
	"CreateApiKey":              `{"name":"k","enabled":true,"stageKeys":[{"restApiId":"{restapi_id}","stageName":"s"}],"tags":{"a":"b"}}`,
	"CreateUsagePlan":           `{"name":"p","quota":{"limit":5,"period":"WEEK","offset":1},"throttle":{"rateLimit":1.5,"burstLimit":2},"apiStages":[{"apiId":"{restapi_id}","stage":"s","throttle":{"/a/GET":{"rateLimit":1}}}]}`,
	"CreateVpcLink":             `{"name":"l","targetArns":["` + tfBalancer + `"],"tags":{"a":"b"}}`,
	"GenerateClientCertificate": `{"description":"d"}`,
	"TagResource":               `{"tags":{"a":"b"}}`,
}

// routeTaken are the same of version 2, of HTTP and of WebSocket APIs.
var routeTaken = map[string]string{
	"CreateApi":                           `{"name":"n","protocolType":"HTTP","corsConfiguration":{"allowOrigins":["https://a.example"],"allowMethods":["GET"],"allowHeaders":["a"],"exposeHeaders":["b"],"maxAge":5,"allowCredentials":true},"tags":{"a":"b"}}`,
	"UpdateApi":                           `{"description":"d"}`,
	"WebSocket UpdateApi":                 `{"description":"d","disableSchemaValidation":true}`,
	"CreateRoute":                         `{"routeKey":"GET /r{n}/{a}","target":"integrations/{integrationId}","authorizationType":"JWT","authorizerId":"{authorizerId}","authorizationScopes":["a"],"operationName":"o"}`,
	"UpdateRoute":                         `{"operationName":"o"}`,
	"WebSocket CreateRoute":               `{"routeKey":"r{n}","target":"integrations/{mock}","modelSelectionExpression":"$request.body.a","requestModels":{"a":"M"},"routeResponseSelectionExpression":"$default"}`,
	"WebSocket UpdateRoute":               `{"apiKeyRequired":true,"requestParameters":{"route.request.querystring.p":{"required":false}}}`,
	"WebSocket UpdateRouteResponse":       `{"modelSelectionExpression":"a","responseModels":{"a":"M"}}`,
	"CreateIntegration":                   `{"integrationType":"HTTP_PROXY","integrationMethod":"GET","integrationUri":"https://backend.example","requestParameters":{"append:header.a":"$request.body.a"},"responseParameters":{"500":{"overwrite:statuscode":"404"}},"timeoutInMillis":100}`,
	"UpdateIntegration":                   `{"requestParameters":{"append:header.a":"b"},"responseParameters":{"404":{"append:header.a":"b"}}}`,
	"WebSocket CreateIntegration":         `{"integrationType":"MOCK","requestTemplates":{"a":"{\"statusCode\":200}"},"templateSelectionExpression":"a","passthroughBehavior":"NEVER"}`,
	"WebSocket UpdateIntegrationResponse": `{"responseTemplates":{"a":"b"}}`,
	"CreateAuthorizer":                    `{"name":"a{n}","authorizerType":"REQUEST","identitySource":["$request.header.A"],"authorizerUri":"` + tfInvocation + `","authorizerPayloadFormatVersion":"2.0","enableSimpleResponses":true,"authorizerResultTtlInSeconds":5}`,
	"UpdateAuthorizer":                    `{"jwtConfiguration":{"audience":["b"]}}`,
	"WebSocket CreateAuthorizer":          `{"name":"a{n}","authorizerType":"REQUEST","identitySource":["route.request.header.A"],"authorizerUri":"` + tfInvocation + `"}`,
	"WebSocket CreateModel":               `{"name":"M{n}","contentType":"application/json","schema":"{\"type\":\"object\"}"}`,
	"WebSocket UpdateModel":               `{"description":"d"}`,
	"CreateStage":                         `{"stageName":"s{n}","deploymentId":"{deploymentId}","stageVariables":{"a":"b"},"routeSettings":{"GET /pets":{"throttlingBurstLimit":1}},"defaultRouteSettings":{"detailedMetricsEnabled":true}}`,
	"UpdateStage":                         `{"stageVariables":{"a":"c"},"accessLogSettings":{"destinationArn":"arn:aws:logs:us-east-1:000000000000:log-group:g","format":"$context.requestId"}}`,
	"WebSocket CreateStage":               `{"stageName":"s{n}"}`,
	"CreateDeployment":                    `{"stageName":"s","description":"d"}`,
	"UpdateDeployment":                    `{"description":"e"}`,
	"ImportApi":                           `{"body":"{\"openapi\":\"3.0.1\",\"info\":{\"title\":\"t\",\"version\":\"1\"},\"paths\":{}}"}`,
	"TagResource":                         `{"tags":{"a":"b"}}`,
}

// bodies are those to make strange: a likely one with every member, and what is
// taken, as it is and with each other member.
func (m *model) bodies(t *testing.T, good string, all map[string]any) []map[string]any {
	t.Helper()
	list := []map[string]any{all}
	if good != "" {
		var body map[string]any
		if err := json.Unmarshal([]byte(good), &body); err != nil {
			t.Fatalf("%s: %v", good, err)
		}
		list = append(list, body)
		for name, value := range all {
			if _, ok := body[name]; !ok && name != "cloneFrom" {
				one := maps.Clone(body)
				one[name] = value
				list = append(list, one)
			}
		}
	}
	return list
}

// TestBodiesOfAnyKind sends every operation a likely body of its model in which
// one member, at any depth, is strange: refused or taken, but never our fault.
func TestBodiesOfAnyKind(t *testing.T) {
	newWild(t).bodiesOfAnyKind(t, "apigateway", taken)
}

// TestRouteBodiesOfAnyKind is the same for version 2.
func TestRouteBodiesOfAnyKind(t *testing.T) {
	newWildRoutes(t).bodiesOfAnyKind(t, "apigatewayv2", routeTaken)
}

func (w *wild) bodiesOfAnyKind(t *testing.T, service string, taken map[string]string) {
	raw, err := os.ReadFile("model/" + service + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var m model
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	sent := 0
	for _, o := range w.ops {
		body, queries := map[string]any{}, []string{""}
		for _, member := range m.Shapes[m.Operations[o.name].Input].Members {
			switch member.In {
			case "":
				body[member.Wire] = m.likely(member.Shape, 4)
			case "querystring":
				for _, value := range []string{"", "-1", "0", "99999999999999999999", "\x00", "\xff", "a,b", "true", "2026-13-99", "//", "csv"} {
					queries = append(queries, url.QueryEscape(member.Wire)+"="+url.QueryEscape(value))
				}
			}
		}
		for _, query := range queries {
			w.send(t, o, query, "{}")
		}
		if len(body) == 0 {
			continue
		}
		good := taken[o.name]
		if strings.Contains(o.path, "{socket}") {
			good = taken["WebSocket "+o.name]
		}
		if good != "" {
			good := strings.ReplaceAll(good, "{n}", "0")
			if status := w.send(t, o, "", good); status/100 != 2 {
				t.Errorf("%s answers %d to what it should take", o.name, status)
			}
		}
		for _, body := range m.bodies(t, good, body) {
			for _, variant := range deepValues(body, func(v any) any { return v }) {
				raw, err := json.Marshal(variant)
				if err != nil {
					t.Fatal(err)
				}
				for _, value := range strange {
					w.send(t, o, "", strings.NewReplacer(`"MEMBER"`, value, "{n}", fmt.Sprint(sent)).Replace(string(raw)))
					sent++
				}
			}
		}
	}
	if sent < 10000 {
		t.Errorf("only %d were sent", sent)
	}
}

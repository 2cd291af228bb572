package awsapi

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/control"
	"github.com/gatehouse/gatehouse/internal/store"
)

// wild is the management API over an embedded store with a bit of everything
// in it, for requests of any kind.
type wild struct {
	api    *Server
	ops    []wildOperation
	labels []string // pairs of {label} and what it stands for
}

type wildOperation struct{ name, method, path, query string }

func newWild(f testing.TB) *wild {
	f.Helper()
	dir, err := os.MkdirTemp("", "wild")
	if err != nil {
		f.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	s, err := store.OpenEmbedded(context.Background(), store.EmbeddedConfig{Dir: dir, Logger: quiet})
	if err != nil {
		f.Fatal(err)
	}
	sealer, err := store.NewSealer(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		f.Fatal(err)
	}
	c := control.New(control.Options{Store: s, Logger: quiet, Sealer: func() (*store.Sealer, error) { return sealer, nil }})
	f.Cleanup(func() {
		c.Close()
		_ = s.Close()
		_ = os.RemoveAll(dir)
	})
	w := &wild{}
	if w.api, err = New(Config{Operations: NewOperations(c, nil, nil), RouteOperations: NewRouteOperations(c, nil), Logger: quiet, Scope: apigw.Scope{Partition: "aws", Account: "000000000000", Region: "us-east-1"}}); err != nil {
		f.Fatal(err)
	}
	ops := NewOperations(c, nil, nil)
	for _, o := range ops.Table() {
		w.ops = append(w.ops, wildOperation{o.Name, o.Method, o.Path, o.Query})
	}
	w.fill(f)
	return w
}

// call sends one request, and returns the status and the body.
func (w *wild) call(method, path, query, body string) (int, []byte) {
	r := httptest.NewRequest(method, "http://localhost/", strings.NewReader(body))
	r.URL.Path, r.URL.RawPath, r.URL.RawQuery = path, "", query
	if p, err := url.PathUnescape(path); err == nil {
		r.URL.Path, r.URL.RawPath = p, path
	}
	r.Header.Set("Authorization", anyCredentials)
	answer := httptest.NewRecorder()
	w.api.Loopback().ServeHTTP(answer, r)
	return answer.Code, answer.Body.Bytes()
}

// made is call for what must succeed; it names a member of the answer.
func (w *wild) made(f testing.TB, request, body, member, name string) {
	f.Helper()
	vars := strings.NewReplacer(w.labels...)
	method, path, _ := strings.Cut(vars.Replace(request), " ")
	path, query, _ := strings.Cut(path, "?")
	status, raw := w.call(method, path, query, vars.Replace(body))
	var out map[string]any
	if err := json.Unmarshal(raw, &out); status/100 != 2 || len(raw) > 0 && err != nil {
		f.Fatalf("%s: %d %s", request, status, raw)
	}
	if member != "" {
		w.labels = append(w.labels, name, out[member].(string))
	}
}

// fill makes one of each, so that requests find something.
func (w *wild) fill(f testing.TB) {
	w.made(f, "POST /restapis", `{"name":"n","policy":"{\"Statement\":[]}","tags":{"a":"b"}}`, "id", "{restapi_id}")
	w.made(f, "GET /restapis/{restapi_id}", "", "rootResourceId", "{resource_id}")
	w.labels = append(w.labels, "{parent_id}", w.labels[3], "{http_method}", "GET", "{status_code}", "200", "{model_name}", "Empty", "{response_type}", "THROTTLED", "{stage_name}", "s", "{doc_version}", "v",
		"{export_type}", "oas30", "{resource_arn}", "arn:aws:apigateway:eu-west-1::%2Frestapis%2F"+w.labels[1])
	const method = "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}"
	w.made(f, "PUT "+method, `{"authorizationType":"NONE","requestParameters":{"method.request.querystring.q":true},"requestModels":{"application/json":"Empty"}}`, "", "")
	w.made(f, "PUT "+method+"/responses/200", `{"responseModels":{"application/json":"Empty"},"responseParameters":{"method.response.header.a":true}}`, "", "")
	w.made(f, "PUT "+method+"/integration", `{"type":"MOCK","requestTemplates":{"application/json":"{\"statusCode\": 200}"},"cacheKeyParameters":["method.request.querystring.q"]}`, "", "")
	w.made(f, "PUT "+method+"/integration/responses/200", `{"responseTemplates":{"application/json":"x"}}`, "", "")
	w.made(f, "POST /restapis/{restapi_id}/authorizers", `{"name":"a","type":"COGNITO_USER_POOLS","identitySource":"method.request.header.A","providerARNs":["arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_a"]}`, "id", "{authorizer_id}")
	w.made(f, "POST /restapis/{restapi_id}/requestvalidators", `{"name":"v"}`, "id", "{requestvalidator_id}")
	w.made(f, "POST /restapis/{restapi_id}/documentation/parts", `{"location":{"type":"API"},"properties":"{}"}`, "id", "{part_id}")
	w.made(f, "POST /restapis/{restapi_id}/documentation/versions", `{"documentationVersion":"v"}`, "", "")
	w.made(f, "POST /restapis/{restapi_id}/deployments", `{"stageName":"s"}`, "id", "{deployment_id}")
	w.made(f, "PATCH /restapis/{restapi_id}/stages/s", `{"patchOperations":[{"op":"replace","path":"/canarySettings/percentTraffic","value":"5"},{"op":"replace","path":"/*/*/metrics/enabled","value":"true"}]}`, "", "")
	w.made(f, "POST /apikeys", `{"name":"k"}`, "id", "{api_Key}")
	w.labels = append(w.labels, "{keyId}", w.labels[len(w.labels)-1])
	w.made(f, "POST /usageplans", `{"name":"p","quota":{"limit":5,"period":"DAY"},"apiStages":[{"apiId":"{restapi_id}","stage":"s"}]}`, "id", "{usageplanId}")
	w.made(f, "POST /usageplans/{usageplanId}/keys", `{"keyId":"{keyId}","keyType":"API_KEY"}`, "", "")
	w.made(f, "POST /clientcertificates", `{}`, "clientCertificateId", "{clientcertificate_id}")
	w.made(f, "POST /vpclinks", `{"name":"l","targetArns":["arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/n/1"]}`, "id", "{vpclink_id}")
}

// FuzzOperations: whatever is sent to an operation that finds what it names, it
// isn't at fault: no panic, no 500, and a refusal says why. What would delete
// what others need is sent to names that there aren't.
func FuzzOperations(f *testing.F) {
	w := newWild(f)
	find := func(name string) uint8 {
		for i, o := range w.ops {
			if o.name == name {
				return uint8(i)
			}
		}
		f.Fatal(name)
		return 0
	}
	for i := range w.ops {
		f.Add(uint8(i), "", `{}`)
		f.Add(uint8(i), "limit=-1&position=%FF&embed=methods", `{"patchOperations":[{"op":"replace","path":"/name","value":"x"}]}`)
	}
	for i, path := range wildPaths {
		f.Add(uint8(i), "", wildPatch("replace", path, "1"))
	}
	for _, c := range [][3]string{
		{"PutIntegration", "", `{"type":"HTTP","httpMethod":"POST","uri":"http://[::1","requestTemplates":{"a":null},"timeoutInMillis":1e99}`},
		{"PutIntegrationResponse", "", `{"selectionPattern":"(((","responseParameters":{"method.response.header.a":"integration.response.body.$..["}}`},
		{"CreateModel", "", `{"name":"A","contentType":"application/json","schema":"{\"$ref\":\"#\"}"}`},
		{"CreateStage", "", `{"stageName":"a","deploymentId":"{deployment_id}","canarySettings":{"percentTraffic":-1e308},"cacheClusterSize":"0"}`},
		{"CreateUsagePlan", "", `{"name":"p","quota":{"limit":-9223372036854775808,"period":"DAY"},"throttle":{"rateLimit":1e400}}`},
		{"ImportRestApi", "mode=import&basepath=split&ignore=documentation", `{"swagger":"2.0","paths":{"/{":{}}}`},
		{"PutRestApi", "mode=merge", "openapi: 3.0.0\npaths: {/a: {get: {parameters: [{$ref: '#'}]}}}"},
		{"ImportApiKeys", "mode=import&format=csv", "name,key,description,enabled,usageplanIds\n\"a\nb\",x,,,"},
		{"ImportDocumentationParts", "mode=overwrite", `{"swagger":"2.0","x-amazon-apigateway-documentation":{"documentationParts":[{}]}}`},
		{"CreateDocumentationPart", "", `{"location":{"type":"METHOD","path":"/\u0000"},"properties":"[]"}`},
		{"GetUsage", "startDate=0000-00-00&endDate=9999-99-99", ""},
		{"GetExport", "extensions=,,postman", ""},
		{"GetResources", "embed=methods&embed=&limit=99999999999999999999", ""},
		{"TagResource", "", `{"tags":{"":""}}`}, {"UntagResource", "tagKeys=&tagKeys=%00", ""},
		{"PutGatewayResponse", "", `{"statusCode":"0","responseParameters":{"gatewayresponse.header.":"method.request.body"}}`},
		{"CreateAuthorizer", "", `{"name":"b","type":"REQUEST","authorizerUri":"arn:aws:apigateway:::","identitySource":",,"}`},
	} {
		f.Add(find(c[0]), c[1], c[2])
	}
	f.Fuzz(func(t *testing.T, which uint8, query, body string) {
		if _, err := url.ParseQuery(query); err == nil {
			w.send(t, w.ops[int(which)%len(w.ops)], query, body)
		}
	})
}

// send sends a request of any kind to an operation, and returns the status.
func (w *wild) send(t testing.TB, o wildOperation, query, body string) int {
	t.Helper()
	status, _ := w.ask(t, o, query, body)
	return status
}

// ask is send that returns the body, too.
func (w *wild) ask(t testing.TB, o wildOperation, query, body string) (int, []byte) {
	t.Helper()
	vars := strings.NewReplacer(w.labels...)
	path := vars.Replace(o.path)
	if o.method == "DELETE" {
		path = pathLabel.ReplaceAllString(o.path, "gone")
	}
	if o.query != "" {
		query = o.query + "&" + query
	}
	switch o.name { // what is there already is refused before anything is looked at
	case "PutMethod":
		path = strings.Replace(path, "methods/GET", "methods/POST", 1)
		w.call("DELETE", path, "", "")
	case "PutMethodResponse":
		path = strings.Replace(path, "responses/200", "responses/418", 1)
		w.call("DELETE", path, "", "")
	}
	status, answer := w.call(o.method, path, query, vars.Replace(body))
	if status == 500 || status < 200 || status/100 == 4 && !json.Valid(answer) {
		t.Fatalf("%s %s?%s %q: %d %s", o.name, path, query, body, status, answer)
	}
	return status, answer
}

// TestPatchesOfAnyKind sends every path with every operation and odd values to
// every operation that takes patches.
func TestPatchesOfAnyKind(t *testing.T) {
	w := newWild(t)
	for _, o := range w.ops {
		if o.method != "PATCH" {
			continue
		}
		for _, path := range wildPaths {
			for _, op := range []string{"add", "remove", "replace", "copy", "move", "test"} {
				for _, value := range []string{"", "-1e400", "{", "NaN", "\x00"} {
					w.send(t, o, "", wildPatch(op, path, value))
				}
			}
		}
	}
}

func wildPatch(op, path, value string) string {
	raw, err := json.Marshal(map[string]any{"patchOperations": []any{map[string]any{"op": op, "path": path, "value": value, "from": "/canarySettings/deploymentId"}}})
	if err != nil {
		panic(err)
	}
	return string(raw)
}

var wildPaths = []string{"", "/", "//", "/~", "/~2", "/~0~1", "/*/*", "/*/*/", "/a~1b/GET/caching/ttlInSeconds", "/*/*/throttling/rateLimit", "/variables/", "/variables/a", "/canarySettings/stageVariableOverrides/", "/canarySettings/percentTraffic", "/accessLogSettings/format",
	"/apiStages", "/apiStages/x:y/throttle//GET/rateLimit", "/throttle/rateLimit", "/quota/limit", "/quota/offset", "/tags/a", "/labels/", "/name", "/description", "/enabled", "/binaryMediaTypes/", "/endpointConfiguration/types/9", "/endpointConfiguration/vpcEndpointIds", "/policy", "/minimumCompressionSize",
	"/requestParameters/", "/requestModels/a~1b", "/cacheKeyParameters/x", "/responseTemplates/application~1json", "/responseParameters/", "/tlsConfig/insecureSkipVerification", "/timeoutInMillis", "/uri", "/selectionPattern", "/providerARNs", "/identityValidationExpression", "/schema", "/properties", "/statusCode",
	"/remaining", "/parentId", "/pathPart", "/cloudwatchRoleArn", "/features", "/documentationVersion", "/deploymentId", "/cacheClusterSize", "/clientCertificateId"}

var pathLabel = regexp.MustCompile(`\{[^}]+\}`)

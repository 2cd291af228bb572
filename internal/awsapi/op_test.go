package awsapi

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/control"
	"github.com/gatehouse/gatehouse/internal/registry"
	"github.com/gatehouse/gatehouse/internal/store"
)

// house is the management API over an embedded store.
type house struct {
	*testing.T
	url  string
	vars []string // pairs of {name} and value, put into paths and bodies

	account string // whose calls they are; empty: the configured one
	store   *store.Store
	control *control.Control
	book    *registry.Book
}

func newHouse(t *testing.T) *house { return newHouseOf(t, control.Limits{}, nil, nil) }

// declaredNetwork is the private network of every house.
var declaredNetwork = &apigw.Network{
	VPCs:           map[string]*apigw.VPC{"vpc-1": {ID: "vpc-1"}, "vpc-2": {ID: "vpc-2"}},
	Subnets:        map[string]*apigw.Subnet{"subnet-1": {ID: "subnet-1", VPC: "vpc-1"}, "subnet-2": {ID: "subnet-2", VPC: "vpc-1"}},
	SecurityGroups: map[string]*apigw.SecurityGroup{"sg-1": {ID: "sg-1", VPC: "vpc-1"}},
	Instances:      map[string]*apigw.Instance{"i-1": {ID: "i-1", VPC: "vpc-1", Address: netip.MustParseAddr("10.1.0.7")}},
}

// newHouseOf is a house with limits of its own, that runs test invocations.
func newHouseOf(t *testing.T, limits control.Limits, method Tester, authorizer AuthorizerTester) *house {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	s, err := store.OpenEmbedded(context.Background(), store.EmbeddedConfig{Dir: t.TempDir(), Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := store.NewSealer(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	c := control.New(control.Options{Store: s, Logger: quiet, Limits: limits, Sealer: func() (*store.Sealer, error) { return sealer, nil },
		Network: declaredNetwork, StatusDelay: time.Millisecond,
		Declared: func(arn apigw.ARN) bool {
			return strings.HasSuffix(string(arn), "certificate/c") || strings.HasSuffix(string(arn), "certificate/d")
		}})
	book := registry.New(registry.Options{Delay: time.Millisecond, Now: time.Now})
	followed := control.NewRegistry(c, control.RegistryOptions{Each: registry.NewRecords(book).Changed, Keep: func([]byte) {}})
	following, stop := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { followed.Follow(following) })
	<-followed.Loaded()
	api, err := New(Config{
		Registry: NewRegistryOperations(c, book), Book: book, Balancers: NewBalancerOperations(c, nil),
		Operations: NewOperations(c, method, authorizer), RouteOperations: NewRouteOperations(c, nil), Certificates: NewCertificateOperations(c), Logger: quiet,
		Scope: apigw.Scope{Partition: "aws", Account: "000000000000", Region: "us-east-1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(api.Loopback())
	h := &house{T: t, url: server.URL, store: s, control: c, book: book}
	t.Cleanup(func() {
		server.Close()
		stop()
		work.Wait()
		c.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// call sends one request, "METHOD /path", and returns status and body.
func (h *house) call(request, body string) (int, map[string]any) {
	h.Helper()
	vars := strings.NewReplacer(h.vars...)
	method, path, _ := strings.Cut(vars.Replace(request), " ")
	r, err := http.NewRequest(method, h.url+path, strings.NewReader(vars.Replace(body)))
	if err != nil {
		h.Fatal(err)
	}
	who := h.account
	if who == "" {
		who = "test"
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+who+"/20260101/us-east-1/apigateway/aws4_request, SignedHeaders=host, Signature=0")
	r.Header.Set("Accept", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		h.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		h.Fatal(err)
	}
	var out map[string]any
	if len(raw) > 0 {
		if err := json.NewDecoder(bytes.NewReader(raw)).Decode(&out); err != nil {
			h.Fatalf("%s: %s", err, raw)
		}
	}
	return answer.StatusCode, out
}

// ok is call for what must succeed.
func (h *house) ok(request, body string) map[string]any {
	h.Helper()
	status, out := h.call(request, body)
	if status/100 != 2 {
		h.Fatalf("%s: %d %v", request, status, out)
	}
	return out
}

// api makes an API with GET on the root that a MOCK answers.
func (h *house) api() {
	h.Helper()
	api := h.ok("POST /restapis", `{"name":"n"}`)
	h.vars = append(h.vars, "{api}", api["id"].(string), "{root}", api["rootResourceId"].(string))
	h.vars = append(h.vars, "{get}", h.expand("/restapis/{api}/resources/{root}/methods/GET"))
	h.ok("PUT {get}", `{"authorizationType":"NONE"}`)
	h.ok("PUT {get}/integration", `{"type":"MOCK","requestTemplates":{"application/json":"{\"statusCode\": 200}"}}`)
}

func (h *house) expand(text string) string { return strings.NewReplacer(h.vars...).Replace(text) }

// patch is one PATCH and what it must answer: members that must be in the
// answer (null: must not be), or the text of a refusal.
type patch struct {
	name   string
	ops    string
	want   string // members, as JSON
	status int    // of a refusal; 0: 200
	text   string // of a refusal
}

func (h *house) patches(path string, success int, tests []patch) {
	h.Helper()
	for _, tc := range tests {
		h.Run(tc.name, func(t *testing.T) {
			status, got := h.call("PATCH "+path, `{"patchOperations":[`+tc.ops+`]}`)
			if tc.status != 0 {
				if status != tc.status || got["message"] != h.expand(tc.text) {
					t.Fatalf("got  %d %v\nwant %d %s", status, got["message"], tc.status, h.expand(tc.text))
				}
				return
			}
			if status != success {
				t.Fatalf("%d %v", status, got)
			}
			var want map[string]any
			if err := json.Unmarshal([]byte(h.expand(tc.want)), &want); err != nil {
				t.Fatal(err)
			}
			for member, value := range want {
				shown, ok := got[member]
				if value == nil && ok {
					t.Errorf("%s is shown: %v", member, shown)
				}
				if d := cmp.Diff(value, shown); d != "" {
					t.Error(member, d)
				}
			}
		})
	}
}

func TestPatchRestAPI(t *testing.T) {
	h := newHouse(t)
	h.api()
	const onlyReplace = "Invalid patch operation specified. Must be one of: [replace]"
	h.patches("/restapis/{api}", 200, []patch{
		{name: "nothing", want: `{"name":"n","tags":{},"disableExecuteApiEndpoint":false,"apiKeySource":"HEADER","endpointConfiguration":{"types":["EDGE"],"ipAddressType":"ipv4"}}`},
		{name: "add media types", ops: `{"op":"add","path":"/binaryMediaTypes/image~1png"},{"op":"add","path":"/binaryMediaTypes/image~1jpeg"}`, want: `{"binaryMediaTypes":["image/png","image/jpeg"]}`},
		{name: "replaced goes to the end", ops: `{"op":"replace","path":"/binaryMediaTypes/image~1png","value":"image/gif"}`, want: `{"binaryMediaTypes":["image/jpeg","image/gif"]}`},
		{name: "a failure discards all", ops: `{"op":"remove","path":"/binaryMediaTypes/image~1gif"},{"op":"add","path":"/binaryMediaTypes","value":"a/b"}`, status: 400, text: "Invalid patch path /binaryMediaTypes"},
		{name: "still there", want: `{"binaryMediaTypes":["image/jpeg","image/gif"]}`},
		{name: "remove all", ops: `{"op":"remove","path":"/binaryMediaTypes/image~1gif"},{"op":"remove","path":"/binaryMediaTypes/image~1jpeg"}`, want: `{"binaryMediaTypes":null}`},
		{name: "add compression", ops: `{"op":"add","path":"/minimumCompressionSize","value":"5"}`, status: 400, text: onlyReplace},
		{name: "compression", ops: `{"op":"replace","path":"/minimumCompressionSize","value":"5"}`, want: `{"minimumCompressionSize":5}`},
		{name: "compression out of range", ops: `{"op":"replace","path":"/minimumCompressionSize","value":"10485761"}`, status: 400, text: "Invalid minimum compression size, must be between 0 and 10485760"},
		{name: "compression off", ops: `{"op":"replace","path":"/minimumCompressionSize"}`, want: `{"minimumCompressionSize":null}`},
		{name: "description", ops: `{"op":"add","path":"/description","value":"d"}`, want: `{"description":"d"}`},
		{name: "no description", ops: `{"op":"remove","path":"/description"}`, want: `{"description":null}`},
		{name: "unknown path", ops: `{"op":"replace","path":"/nothing","value":"d"}`, status: 400, text: "Invalid patch path /nothing"},
		{name: "no path", ops: `{"op":"replace","value":"d"}`, status: 400, text: "Invalid patch path null"},
		{name: "bad type", ops: `{"op":"replace","path":"/endpointConfiguration/types/0","value":"MOON"}`, status: 400, text: "Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE"},
		{name: "bad op on type", ops: `{"op":"copy","path":"/endpointConfiguration/types/0","value":"EDGE"}`, status: 400, text: "Invalid patch operation specified. Must be 'add'|'remove'|'replace'"},
		{name: "regional", ops: `{"op":"replace","path":"/endpointConfiguration/types/EDGE","value":"REGIONAL"}`, want: `{"endpointConfiguration":{"types":["REGIONAL"],"ipAddressType":"ipv4"}}`},
		{name: "add address type", ops: `{"op":"add","path":"/endpointConfiguration/ipAddressType","value":"ipv4"}`, status: 400, text: onlyReplace},
		{name: "bad address type", ops: `{"op":"replace","path":"/endpointConfiguration/ipAddressType","value":"ipv6"}`, status: 400, text: "ipAddressType must be either ipv4 or dualstack."},
		{name: "private is dualstack", ops: `{"op":"replace","path":"/endpointConfiguration/types/0","value":"PRIVATE"}`, want: `{"endpointConfiguration":{"types":["PRIVATE"],"ipAddressType":"dualstack"}}`},
		{name: "private and ipv4", ops: `{"op":"replace","path":"/endpointConfiguration/ipAddressType","value":"ipv4"}`, status: 400, text: "Only dualstack ipAddressType is supported for Private APIs."},
		{name: "VPC endpoint", ops: `{"op":"add","path":"/endpointConfiguration/vpcEndpointIds","value":"vpce-1"}`, want: `{"endpointConfiguration":{"types":["PRIVATE"],"ipAddressType":"dualstack","vpcEndpointIds":["vpce-1"]}}`},
		{name: "policy", ops: `{"op":"replace","path":"/policy","value":"{\"Statement\":[{\"Resource\":\"execute-api:/*\"}]}"}`,
			want: `{"policy":"{\\\"Statement\\\":[{\\\"Resource\\\":\\\"arn:aws:execute-api:us-east-1:000000000000:{api}/*\\\"}]}"}`},
	})
}

func TestPatchMethod(t *testing.T) {
	h := newHouse(t)
	h.api()
	h.patches("{get}", 200, []patch{
		{name: "not a boolean is false", ops: `{"op":"replace","path":"/apiKeyRequired","value":"whatever"}`, want: `{"apiKeyRequired":false}`},
		{name: "boolean", ops: `{"op":"replace","path":"/apiKeyRequired","value":"true"}`, want: `{"apiKeyRequired":true}`},
		{name: "JSON boolean", ops: `{"op":"replace","path":"/apiKeyRequired","value":true}`, status: 400, text: "class java.lang.Boolean can not be converted to an String"},
		{name: "wrong op", ops: `{"op":"add","path":"/operationName","value":"n"}`, status: 400, text: "Invalid patch operation specified. Must be one of: [replace]"},
		{name: "parameter", ops: `{"op":"add","path":"/requestParameters/method.request.header.a","value":"true"}`, want: `{"requestParameters":{"method.request.header.a":true}}`},
		{name: "parameter gone", ops: `{"op":"remove","path":"/requestParameters/method.request.header.a"}`, want: `{"requestParameters":null}`},
		{name: "no parameter", ops: `{"op":"remove","path":"/requestParameters/method.request.header.a"}`, status: 404, text: "Invalid parameter name specified"},
		{name: "slash", ops: `{"op":"add","path":"/requestModels/application/json","value":"Empty"}`, status: 400, text: "Invalid patch path /requestModels/application/json"},
		{name: "model", ops: `{"op":"add","path":"/requestModels/application~1json","value":"Empty"}`, want: `{"requestModels":{"application/json":"Empty"}}`},
		{name: "unknown model", ops: `{"op":"replace","path":"/requestModels/application~1json","value":"Nothing"}`, status: 400, text: "Invalid model identifier specified: Nothing"},
		{name: "scopes", ops: `{"op":"add","path":"/authorizationScopes","value":"b"},{"op":"add","path":"/authorizationScopes","value":"a"}`, want: `{"authorizationScopes":["b","a"]}`},
		{name: "authorizer of nobody", ops: `{"op":"replace","path":"/authorizerId","value":"abc123"}`, want: `{"authorizerId":null}`},
	})
}

func TestPatchResponses(t *testing.T) {
	h := newHouse(t)
	h.api()
	h.ok("PUT {get}/responses/200", `{"responseParameters":{"method.response.header.a":false}}`)
	h.ok("PUT {get}/integration/responses/200", `{"selectionPattern":"","responseTemplates":{"a/b":null,"c/d":""}}`)
	if got := h.ok("GET {get}/integration/responses/200", ""); !cmp.Equal(got, map[string]any{"statusCode": "200", "selectionPattern": "", "responseTemplates": map[string]any{"a/b": nil, "c/d": nil}}) {
		t.Error(got)
	}
	h.patches("{get}/responses/200", 201, []patch{
		{name: "model", ops: `{"op":"add","path":"/responseModels/application~1json","value":"Empty"}`, want: `{"statusCode":"200","responseModels":{"application/json":"Empty"}}`},
		{name: "no content type", ops: `{"op":"remove","path":"/responseModels/a~1b"}`, status: 404, text: "Content-Type specified was not found"},
		{name: "path", ops: `{"op":"add","path":"/wrong/method.response.header.a"}`, status: 400, text: "Invalid patch path /wrong/method.response.header.a"},
		{name: "emptied", ops: `{"op":"remove","path":"/responseModels/application~1json"}`, want: `{"responseModels":null}`},
	})
	h.patches("{get}/integration/responses/200", 200, []patch{
		{name: "pattern", ops: `{"op":"replace","path":"/selectionPattern","value":"4.."}`, want: `{"selectionPattern":"4.."}`},
		{name: "mapping", ops: `{"op":"add","path":"/responseParameters/method.response.header.a","value":"'b'"}`, want: `{"responseParameters":{"method.response.header.a":"'b'"}}`},
		{name: "undeclared", ops: `{"op":"add","path":"/responseParameters/method.response.header.x","value":"'b'"}`, status: 400,
			text: "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression parameter specified: method.response.header.x]"},
		{name: "templates", ops: `{"op":"remove","path":"/responseTemplates/a~1b"},{"op":"replace","path":"/responseTemplates/c~1d","value":"x"}`, want: `{"responseTemplates":{"c/d":"x"}}`},
		{name: "content handling", ops: `{"op":"replace","path":"/contentHandling","value":"CONVERT_TO_TEXT"}`, want: `{"contentHandling":"CONVERT_TO_TEXT"}`},
	})
}

func TestPatchIntegration(t *testing.T) {
	h := newHouse(t)
	h.api()
	h.patches("{get}/integration", 200, []patch{
		{name: "a mock's URI", ops: `{"op":"replace","path":"/uri","value":"http://e"}`, status: 400, text: "Invalid patch path /uri"},
		{name: "type", ops: `{"op":"replace","path":"/type","value":"HTTP"}`, status: 400, text: "Invalid patch path /type"},
	})
	h.ok("PUT {get}/integration", `{"type":"HTTP","httpMethod":"POST","uri":"http://e"}`)
	h.patches("{get}/integration", 200, []patch{
		{name: "nothing", want: `{"type":"HTTP","httpMethod":"POST","uri":"http://e","connectionType":"INTERNET","passthroughBehavior":"WHEN_NO_MATCH","timeoutInMillis":29000,"cacheNamespace":"{root}","cacheKeyParameters":[],"requestTemplates":null,"integrationResponses":null}`},
		{name: "URI", ops: `{"op":"replace","path":"/uri","value":"http://f"}`, want: `{"uri":"http://f"}`},
		{name: "bad URI", ops: `{"op":"replace","path":"/uri","value":"f"}`, status: 400, text: "Invalid HTTP endpoint specified for URI"},
		{name: "timeout", ops: `{"op":"replace","path":"/timeoutInMillis","value":"1000"}`, want: `{"timeoutInMillis":1000}`},
		{name: "no timeout", ops: `{"op":"replace","path":"/timeoutInMillis","value":"0"}`, status: 400, text: "Timeout should be between 50 ms and 29000 ms"},
		{name: "TLS", ops: `{"op":"replace","path":"/tlsConfig/insecureSkipVerification","value":"true"}`, want: `{"tlsConfig":{"insecureSkipVerification":true}}`},
		{name: "cache key that isn't declared", ops: `{"op":"add","path":"/cacheKeyParameters/method.request.path.a","value":""}`, status: 400, text: "Invalid cache key parameter specified"},
		{name: "cache key", ops: `{"op":"add","path":"/requestParameters/integration.request.header.a","value":"context.stage"},{"op":"add","path":"/cacheKeyParameters/integration.request.header.a","value":""}`,
			want: `{"cacheKeyParameters":["integration.request.header.a"]}`},
		{name: "template", ops: `{"op":"add","path":"/requestTemplates/a~1b","value":"x"}`, want: `{"requestTemplates":{"a/b":"x"}}`},
		{name: "no template", ops: `{"op":"remove","path":"/requestTemplates/c~1d"}`, status: 404, text: "Content-Type specified was not found"},
		{name: "passthrough", ops: `{"op":"replace","path":"/passthroughBehavior","value":"never"}`, want: `{"passthroughBehavior":"NEVER"}`},
	})
}

func TestPatchResourceAndDeployment(t *testing.T) {
	h := newHouse(t)
	h.api()
	made := h.ok("POST /restapis/{api}/resources/{root}", `{"pathPart":"a"}`)
	h.vars = append(h.vars, "{a}", made["id"].(string))
	h.patches("/restapis/{api}/resources/{a}", 200, []patch{
		{name: "rename", ops: `{"op":"replace","path":"/pathPart","value":"b"}`, want: `{"path":"/b","pathPart":"b","parentId":"{root}"}`},
		{name: "path", ops: `{"op":"replace","path":"/invalid","value":"b"}`, status: 400, text: "Invalid patch path  '/invalid' specified for op 'replace'. Must be one of: [/parentId, /pathPart]"},
		{name: "op", ops: `{"op":"remove","path":"/pathPart"}`, status: 400, text: "Invalid patch path  '/pathPart' specified for op 'remove'. Please choose supported operations"},
	})
	made = h.ok("POST /restapis/{api}/deployments", `{"description":"d"}`)
	h.vars = append(h.vars, "{dep}", made["id"].(string))
	h.patches("/restapis/{api}/deployments/{dep}", 200, []patch{
		{name: "description", ops: `{"op":"replace","path":"/description","value":"e"}`, want: `{"id":"{dep}","description":"e"}`},
		{name: "other path", ops: `{"op":"replace","path":"/id","value":"e"}`, status: 400, text: "Invalid patch path  '/id' specified for op 'replace'. Must be one of: [/description]"},
	})
	got := h.ok("GET /restapis/{api}/deployments/{dep}?embed=apisummary", "")
	if d := cmp.Diff(map[string]any{"/": map[string]any{"GET": map[string]any{"authorizationType": "NONE", "apiKeyRequired": false}}}, got["apiSummary"]); d != "" {
		t.Error(d)
	}
}

func TestEmbeddedMethods(t *testing.T) {
	h := newHouse(t)
	h.api()
	bare := h.ok("GET /restapis/{api}/resources", "")["item"].([]any)[0].(map[string]any)
	if d := cmp.Diff(map[string]any{"GET": map[string]any{}}, bare["resourceMethods"]); d != "" {
		t.Error(d)
	}
	full := h.ok("GET /restapis/{api}/resources/{root}?embed=methods", "")
	method := full["resourceMethods"].(map[string]any)["GET"].(map[string]any)
	if method["methodIntegration"].(map[string]any)["type"] != "MOCK" {
		t.Error(full)
	}
}

func TestResourcePages(t *testing.T) {
	h := newHouse(t)
	h.api()
	for _, part := range []string{"c", "a", "b"} {
		h.ok("POST /restapis/{api}/resources/{root}", `{"pathPart":"`+part+`"}`)
	}
	var paths []string
	for position, more := "", true; more; {
		page := h.ok("GET /restapis/{api}/resources?limit=3"+position, "")
		for _, item := range page["item"].([]any) {
			paths = append(paths, item.(map[string]any)["path"].(string))
		}
		next, ok := page["position"].(string)
		position, more = "&position="+next, ok
	}
	if d := cmp.Diff([]string{"/", "/a", "/b", "/c"}, paths); d != "" {
		t.Error(d)
	}
}

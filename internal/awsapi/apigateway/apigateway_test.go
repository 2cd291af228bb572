package apigateway

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/wire"
)

// serve runs an operation of the table on a body.
func serve(t *testing.T, ops Operations, name string, r wire.Request) (*wire.Response, error) {
	t.Helper()
	for _, op := range ops.Table() {
		if op.Name == name {
			w := new(wire.Response)
			return w, op.Serve(context.Background(), new(wire.Call), &r, w)
		}
	}
	t.Fatalf("no operation %s", name)
	return nil, nil
}

func allOps() Operations {
	return Operations{
		CreateRestApi: func(context.Context, *wire.Call, *CreateRestApiRequest) (*RestApi, error) { return new(RestApi), nil },
		PutIntegration: func(context.Context, *wire.Call, *PutIntegrationRequest) (*Integration, error) {
			return new(Integration), nil
		},
		PutIntegrationResponse: func(context.Context, *wire.Call, *PutIntegrationResponseRequest) (*IntegrationResponse, error) {
			return new(IntegrationResponse), nil
		},
		UpdateMethodResponse: func(context.Context, *wire.Call, *UpdateMethodResponseRequest) (*MethodResponse, error) {
			return new(MethodResponse), nil
		},
		UpdateRestApi: func(context.Context, *wire.Call, *UpdateRestApiRequest) (*RestApi, error) { return new(RestApi), nil },
		GetGatewayResponse: func(context.Context, *wire.Call, *GetGatewayResponseRequest) (*GatewayResponse, error) {
			return nil, nil
		},
		CreateDocumentationPart: func(context.Context, *wire.Call, *CreateDocumentationPartRequest) (*DocumentationPart, error) {
			return new(DocumentationPart), nil
		},
		GetApiKeys:  func(context.Context, *wire.Call, *GetApiKeysRequest) (*ApiKeys, error) { return new(ApiKeys), nil },
		TagResource: func(context.Context, *wire.Call, *TagResourceRequest) error { return nil },
		GetUsage:    func(context.Context, *wire.Call, *GetUsageRequest) (*Usage, error) { return new(Usage), nil },
		GetResources: func(context.Context, *wire.Call, *GetResourcesRequest) (*Resources, error) {
			return new(Resources), nil
		},
		CreateStage: func(context.Context, *wire.Call, *CreateStageRequest) (*Stage, error) { return new(Stage), nil },
		CreateUsagePlan: func(context.Context, *wire.Call, *CreateUsagePlanRequest) (*UsagePlan, error) {
			return new(UsagePlan), nil
		},
		PutMethodResponse: func(context.Context, *wire.Call, *PutMethodResponseRequest) (*MethodResponse, error) {
			return new(MethodResponse), nil
		},
	}
}

// TestRefusedInput: the texts of AWS's framework, recorded on AWS for API
// Gateway where a case says so, else for services of the same framework.
func TestRefusedInput(t *testing.T) {
	const op = "Member must satisfy enum value set: [add, remove, move, test, replace, copy]"
	cases := map[string]struct {
		operation, body string
		labels          map[string]string
		query           string
		kind            apigw.Kind
		want            string
	}{
		"enum (recorded)":             {"CreateRestApi", `{"name":"a","endpointConfiguration":{"ipAddressType":"wrong","types":["EDGE"]}}`, nil, "", apigw.Validation, "1 validation error detected: Value 'wrong' at 'createRestApiInput.endpointConfiguration.ipAddressType' failed to satisfy constraint: Member must satisfy enum value set: [ipv4, dualstack]"},
		"enum in a list (recorded)":   {"CreateRestApi", `{"name":"a","endpointConfiguration":{"types":["wrong"]}}`, nil, "", apigw.Validation, "1 validation error detected: Value '[wrong]' at 'createRestApiInput.endpointConfiguration.types' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [PRIVATE, EDGE, REGIONAL]]"},
		"several (recorded)":          {"CreateRestApi", `{"description":"","name":"a","endpointConfiguration":{"ipAddressType":"wrong","types":["wrong"]}}`, nil, "", apigw.Validation, "2 validation errors detected: Value '[wrong]' at 'createRestApiInput.endpointConfiguration.types' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [PRIVATE, EDGE, REGIONAL]]; Value 'wrong' at 'createRestApiInput.endpointConfiguration.ipAddressType' failed to satisfy constraint: Member must satisfy enum value set: [ipv4, dualstack]"},
		"null name":                   {"CreateRestApi", `{"name":null}`, nil, "", apigw.Validation, "1 validation error detected: Value null at 'createRestApiInput.name' failed to satisfy constraint: Member must not be null"},
		"empty body":                  {"CreateRestApi", ``, nil, "", apigw.Validation, "1 validation error detected: Value null at 'createRestApiInput.name' failed to satisfy constraint: Member must not be null"},
		"pattern in URI (recorded)":   {"PutIntegrationResponse", `{}`, map[string]string{"status_code": "wrong"}, "", apigw.Validation, `1 validation error detected: Value 'wrong' at 'statusCode' failed to satisfy constraint: Member must satisfy regular expression pattern: [1-5]\d\d`},
		"pattern is of the whole":     {"PutIntegrationResponse", `{}`, map[string]string{"status_code": "2000"}, "", apigw.Validation, `1 validation error detected: Value '2000' at 'statusCode' failed to satisfy constraint: Member must satisfy regular expression pattern: [1-5]\d\d`},
		"body before URI (recorded)":  {"UpdateMethodResponse", `{"patchOperations":[{"op":"wrong_op","path":"/a","value":"true"}]}`, map[string]string{"status_code": "wrong"}, "", apigw.Validation, "2 validation errors detected: Value 'wrong_op' at 'updateMethodResponseInput.patchOperations.1.member.op' failed to satisfy constraint: " + op + `; Value 'wrong' at 'statusCode' failed to satisfy constraint: Member must satisfy regular expression pattern: [1-5]\d\d`},
		"second operation":            {"UpdateRestApi", `{"patchOperations":[{"op":"add"},{"op":"drop"}]}`, nil, "", apigw.Validation, "1 validation error detected: Value 'drop' at 'updateRestApiInput.patchOperations.2.member.op' failed to satisfy constraint: " + op},
		"integration type (recorded)": {"PutIntegration", `{"type":"x"}`, nil, "", apigw.Validation, "1 validation error detected: Value 'x' at 'putIntegrationInput.type' failed to satisfy constraint: Member must satisfy enum value set: [HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS]"},
		"enum in URI (recorded)":      {"GetGatewayResponse", ``, map[string]string{"response_type": "FAKE"}, "", apigw.Validation, "1 validation error detected: Value 'FAKE' at 'responseType' failed to satisfy constraint: Member must satisfy enum value set: [REQUEST_TOO_LARGE, RESOURCE_NOT_FOUND, AUTHORIZER_CONFIGURATION_ERROR, MISSING_AUTHENTICATION_TOKEN, BAD_REQUEST_BODY, INVALID_SIGNATURE, INVALID_API_KEY, BAD_REQUEST_PARAMETERS, AUTHORIZER_FAILURE, UNAUTHORIZED, INTEGRATION_TIMEOUT, ACCESS_DENIED, DEFAULT_4XX, DEFAULT_5XX, WAF_FILTERED, QUOTA_EXCEEDED, THROTTLED, API_CONFIGURATION_ERROR, UNSUPPORTED_MEDIA_TYPE, INTEGRATION_FAILURE, EXPIRED_TOKEN]"},
		"required in a structure":     {"CreateDocumentationPart", `{"location":{"path":"/"},"properties":"{}"}`, nil, "", apigw.Validation, "1 validation error detected: Value null at 'createDocumentationPartInput.location.type' failed to satisfy constraint: Member must not be null"},
		"required in the query":       {"GetUsage", ``, nil, "startDate=2020-01-01", apigw.Validation, "1 validation error detected: Value null at 'endDate' failed to satisfy constraint: Member must not be null"},
		"null in a list":              {"CreateRestApi", `{"name":"a","binaryMediaTypes":["a",null]}`, nil, "", apigw.Validation, "1 validation error detected: Value '[a, null]' at 'createRestApiInput.binaryMediaTypes' failed to satisfy constraint: Member must satisfy constraint: [Member must not be null]"},
		"null in a map":               {"TagResource", `{"tags":{"a":null}}`, nil, "", apigw.Validation, "1 validation error detected: Value '{a=null}' at 'tagResourceInput.tags' failed to satisfy constraint: Map value must satisfy constraint: [Member must not be null]"},

		"number for text (recorded)":    {"PutIntegrationResponse", `{"responseTemplates":{"application/json":1}}`, map[string]string{"status_code": "200"}, "", apigw.Serialization, "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an String"},
		"true for text (recorded)":      {"UpdateRestApi", `{"patchOperations":[{"op":"replace","path":"/name","value":true}]}`, nil, "", apigw.Serialization, "class java.lang.Boolean can not be converted to an String"},
		"text for a number":             {"PutIntegration", `{"type":"MOCK","timeoutInMillis":"1"}`, nil, "", apigw.Serialization, "class java.lang.String can not be converted to an Integer"},
		"true for a number":             {"CreateRestApi", `{"name":"a","minimumCompressionSize":true}`, nil, "", apigw.Serialization, "class java.lang.Boolean can not be converted to an Integer"},
		"text for true":                 {"CreateRestApi", `{"name":"a","disableExecuteApiEndpoint":"yes"}`, nil, "", apigw.Serialization, "'yes' can not be converted to an Boolean"},
		"number for true":               {"CreateRestApi", `{"name":"a","disableExecuteApiEndpoint":1}`, nil, "", apigw.Serialization, "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an Boolean"},
		"number beyond 32 bits":         {"CreateRestApi", `{"name":"a","minimumCompressionSize":1e300}`, nil, "", apigw.Serialization, "'1e300' can not be converted to an Integer"},
		"list for text":                 {"CreateRestApi", `{"name":[]}`, nil, "", apigw.Serialization, "Start of list found where not expected"},
		"object for text":               {"CreateRestApi", `{"name":{}}`, nil, "", apigw.Serialization, "Start of structure or map found where not expected."},
		"text for a list":               {"CreateRestApi", `{"name":"a","binaryMediaTypes":"x"}`, nil, "", apigw.Serialization, "Expected list or null"},
		"text for a map":                {"CreateRestApi", `{"name":"a","tags":"x"}`, nil, "", apigw.Serialization, "Expected map or null"},
		"text for a structure":          {"CreateRestApi", `{"name":"a","endpointConfiguration":"x"}`, nil, "", apigw.Serialization, "Expected null"},
		"a bare list":                   {"UpdateRestApi", `[{"op":"add"}]`, nil, "", apigw.Serialization, "Start of list found where not expected"},
		"no JSON":                       {"CreateRestApi", `{"name":`, nil, "", apigw.Serialization, "The request body is not valid JSON: unexpected EOF"},
		"more than JSON":                {"CreateRestApi", `{"name":"a"} x`, nil, "", apigw.Serialization, "The request body is not valid JSON: text behind the end of the JSON value"},
		"nested without end":            {"CreateRestApi", strings.Repeat(`{"a":`, 100), nil, "", apigw.Serialization, "The request body is not valid JSON: nested deeper than 64"},
		"type before constraint":        {"PutIntegration", `{"type":"x","uri":1}`, nil, "", apigw.Serialization, "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an String"},
		"a boolean map's text":          {"PutMethodResponse", `{"responseParameters":{"a":"x"}}`, map[string]string{"status_code": "200"}, "", apigw.Serialization, "'x' can not be converted to an Boolean"},
		"a limit that is no number":     {"GetApiKeys", ``, nil, "limit=a", apigw.Serialization, "'a' can not be converted to an Integer"},
		"a query that is neither":       {"GetApiKeys", ``, nil, "includeValues=yes", apigw.Serialization, "'yes' can not be converted to an Boolean"},
		"an unknown member":             {"CreateRestApi", `{"name":"a","endpointConfiguration":{"dns":"x"}}`, nil, "", apigw.BadRequest, "Unknown member 'createRestApiInput.endpointConfiguration.dns' in the request body"},
		"an unknown query parameter":    {"GetApiKeys", ``, nil, "filter=a", apigw.BadRequest, "Unknown query parameter 'filter'"},
		"a query parameter given twice": {"GetApiKeys", ``, nil, "limit=1&limit=2", apigw.BadRequest, "Query parameter 'limit' must be given once"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			query, err := wire.ParseQuery(c.query)
			if err != nil {
				t.Fatal(err)
			}
			_, err = serve(t, allOps(), c.operation, wire.Request{Body: []byte(c.body), Labels: c.labels, Query: query, Header: http.Header{}})
			if err == nil || apigw.KindOf(err) != c.kind || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

// TestAbsentNullEmpty: what wasn't sent, null and empty can be told apart
// where AWS tells them apart.
func TestAbsentNullEmpty(t *testing.T) {
	var got *PutIntegrationRequest
	ops := Operations{PutIntegration: func(_ context.Context, _ *wire.Call, in *PutIntegrationRequest) (*Integration, error) {
		got = in
		return new(Integration), nil
	}}
	body := `{"type":"MOCK","uri":"","credentials":null,"requestParameters":{},"requestTemplates":{"z":null,"a":"","m":"x"},"cacheKeyParameters":[],"timeoutInMillis":50.7,"extra":null,"tlsConfig":{"insecureSkipVerification":true}}`
	if _, err := serve(t, ops, "PutIntegration", wire.Request{Body: []byte(body), Labels: map[string]string{"restapi_id": "a", "resource_id": "b", "http_method": "GET"}}); err != nil {
		t.Fatal(err)
	}
	want := &PutIntegrationRequest{
		RestApiId: "a", ResourceId: "b", HttpMethod: "GET", Type: ptr("MOCK"), Uri: ptr(""),
		RequestParameters: map[string]string{}, RequestTemplates: map[string]*string{"z": nil, "a": ptr(""), "m": ptr("x")},
		RequestTemplatesOrder: []string{"z", "a", "m"}, CacheKeyParameters: []string{}, TimeoutInMillis: ptr(50),
		TlsConfig: &TlsConfig{InsecureSkipVerification: ptr(true)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func ptr[T any](v T) *T { return &v }

func TestEncode(t *testing.T) {
	cases := map[string]struct {
		shape interface{ Encode(*wire.Response) }
		want  string
	}{
		"nothing set": {&RestApi{}, `{}`},
		"empty is written": {&Integration{CacheKeyParameters: []string{}, RequestParameters: map[string]string{}, RequestTemplates: map[string]*string{"application/json": nil, "a": ptr("")}},
			`{"requestParameters":{},"requestTemplates":{"a":"","application/json":null},"cacheKeyParameters":[]}`},
		"rest api": {&RestApi{Id: ptr("abc"), CreatedDate: ptr(time.Unix(1455218022, 999)), MinimumCompressionSize: ptr(0), DisableExecuteApiEndpoint: ptr(false),
			EndpointConfiguration: &EndpointConfiguration{Types: []string{"EDGE"}, IpAddressType: ptr("ipv4")}, Tags: map[string]string{}},
			`{"id":"abc","createdDate":1455218022,"minimumCompressionSize":0,"endpointConfiguration":{"types":["EDGE"],"ipAddressType":"ipv4"},"tags":{},"disableExecuteApiEndpoint":false}`},
		"rows are item": {&RestApis{Items: []*RestApi{{Id: ptr("a")}, {Id: ptr("b")}}, Position: ptr("x")}, `{"position":"x","item":[{"id":"a"},{"id":"b"}]}`},
		"no rows":       {&RequestValidators{Items: []*RequestValidator{}}, `{"item":[]}`},
		"usage":         {&Usage{Items: map[string][][]int64{"k": {{1, 2}, {3, 4}}}}, `{"values":{"k":[[1,2],[3,4]]}}`},
		"methods":       {&Resource{Id: ptr("a"), ResourceMethods: map[string]*Method{"PUT": {}, "GET": {ApiKeyRequired: ptr(false), RequestParameters: map[string]bool{"x": true}}}}, `{"id":"a","resourceMethods":{"GET":{"apiKeyRequired":false,"requestParameters":{"x":true}},"PUT":{}}}`},
		"settings":      {&MethodSetting{ThrottlingRateLimit: ptr(10000.0), ThrottlingBurstLimit: ptr(5000)}, `{"throttlingBurstLimit":5000,"throttlingRateLimit":10000.0}`},
		"fraction":      {&CanarySettings{PercentTraffic: ptr(12.5)}, `{"percentTraffic":12.5}`},
		"summary":       {&Deployment{ApiSummary: map[string]map[string]*MethodSnapshot{"/": {"GET": {ApiKeyRequired: ptr(true)}}}}, `{"apiSummary":{"/":{"GET":{"apiKeyRequired":true}}}}`},
		"text":          {&Model{Schema: ptr("{\"a\":\n\t\"\x01<&>ü\u2028\xff\\\"}")}, `{"schema":"{\"a\":\n\t\"\u0001<&>ü` + "\u2028\ufffd" + `\\\"}"}`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := new(wire.Response)
			c.shape.Encode(w)
			if got := string(w.Body); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestRawBodies(t *testing.T) {
	var in *ImportRestApiRequest
	ops := Operations{
		ImportRestApi: func(_ context.Context, _ *wire.Call, got *ImportRestApiRequest) (*RestApi, error) {
			in = got
			return new(RestApi), nil
		},
		GetExport: func(context.Context, *wire.Call, *GetExportRequest) (*ExportResponse, error) {
			return &ExportResponse{ContentDisposition: ptr("attachment"), Body: []byte("raw")}, nil
		},
	}
	query, _ := wire.ParseQuery("failonwarnings=true&basepath=prepend&ignore=documentation")
	if _, err := serve(t, ops, "ImportRestApi", wire.Request{Body: []byte("swagger: '2.0'"), Query: query}); err != nil {
		t.Fatal(err)
	}
	want := &ImportRestApiRequest{FailOnWarnings: ptr(true), Parameters: map[string]string{"basepath": "prepend", "ignore": "documentation"}, Body: []byte("swagger: '2.0'")}
	if diff := cmp.Diff(want, in); diff != "" {
		t.Error(diff)
	}
	w, err := serve(t, ops, "GetExport", wire.Request{})
	if err != nil || string(w.Body) != "raw" || w.Header.Get("Content-Disposition") != "attachment" {
		t.Errorf("%v %q %v", err, w.Body, w.Header)
	}
}

func TestQueryLists(t *testing.T) {
	var got []string
	ops := Operations{GetResources: func(_ context.Context, _ *wire.Call, in *GetResourcesRequest) (*Resources, error) {
		got = in.Embed
		return new(Resources), nil
	}}
	query, _ := wire.ParseQuery("embed=a,b&embed=c")
	if _, err := serve(t, ops, "GetResources", wire.Request{Query: query}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzBody(f *testing.F) {
	for _, seed := range []string{`{"name":"a","tags":{"a":"b"}}`, `{"patchOperations":[{"op":"add","path":"/a","value":null}]}`, `[]`, `{"apiStages":[{"throttle":{"a":{"rateLimit":1.5}}}]}`, "{\"a\":\"\xff\"}"} {
		f.Add([]byte(seed))
	}
	ops := allOps()
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, op := range ops.Table() {
			if op.Serve == nil || op.Name == "GetGatewayResponse" {
				continue
			}
			r := wire.Request{Body: body, Header: http.Header{}, Labels: map[string]string{"status_code": "200"}}
			_ = op.Serve(context.Background(), new(wire.Call), &r, new(wire.Response))
		}
	})
}

package restapi

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/lambda"
)

// proxyStage is a stage with a function on /{proxy+} and /hardcoded, and on
// /orders/{id} with an API of endpoint type kind.
func proxyStage(t testing.TB, kind string, st *apigw.Stage, f lambda.Invoker, binary ...string) *Stage {
	def := define(map[string]*apigw.Method{"ANY /{proxy+}": lambdaMethod(), "ANY /hardcoded": lambdaMethod(), "POST /orders/{id}": lambdaMethod()})
	def.API.Endpoint.Type = kind
	def.API.BinaryMediaTypes = binary
	return compileStage(t, def, st, testEnv(f))
}

// eventOf is the event a function gets for c.
func eventOf(t testing.TB, c call, kind string, st *apigw.Stage, binary ...string) (map[string]any, *exchange.Exchange) {
	var event map[string]any
	s := proxyStage(t, kind, st, fakeFunctions(func(in *lambda.Invocation, out *lambda.Result) error {
		event = decode(t, string(in.Payload))
		out.Payload = append(out.Payload, "{}"...)
		return nil
	}), binary...)
	x, r := serve(s, c)
	if r.Status != 200 {
		t.Fatalf("answered %+v", r)
	}
	return event, x
}

// TestEvent compares a whole event: every key, every null (recorded on AWS).
func TestEvent(t *testing.T) {
	st := &apigw.Stage{Name: "prod", Variables: map[string]string{"env": "blue"}}
	event, x := eventOf(t, call{
		method: "POST", target: "/orders/42?q=1&q=2", body: `{"n":1}`,
		header: "Accept: */*\nContent-Type: application/json\nUser-Agent: demo/1.0\nx-tag: a\nX-Amzn-Trace-Id: Root=1-66aa0000-0123456789abcdef01234567\nx-tag: b\nContent-Length: 7\nConnection: close\nTE: gzip",
	}, "REGIONAL", st)
	want := decode(t, `{
		"resource": "/orders/{id}", "path": "/orders/42", "httpMethod": "POST",
		"headers": {
			"Host": "a1b2c3d4e5.execute-api.localhost", "Accept": "*/*", "Content-Type": "application/json", "User-Agent": "demo/1.0", "x-tag": "b",
			"X-Amzn-Trace-Id": "Root=1-66aa0000-0123456789abcdef01234567",
			"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Port": "443", "X-Forwarded-Proto": "https"},
		"multiValueHeaders": {
			"Host": ["a1b2c3d4e5.execute-api.localhost"], "Accept": ["*/*"], "Content-Type": ["application/json"], "User-Agent": ["demo/1.0"], "x-tag": ["a", "b"],
			"X-Amzn-Trace-Id": ["Root=1-66aa0000-0123456789abcdef01234567"],
			"X-Forwarded-For": ["198.51.100.7"], "X-Forwarded-Port": ["443"], "X-Forwarded-Proto": ["https"]},
		"queryStringParameters": {"q": "2"}, "multiValueQueryStringParameters": {"q": ["1", "2"]},
		"pathParameters": {"id": "42"}, "stageVariables": {"env": "blue"},
		"requestContext": {
			"resourceId": "id:/orders/{id}", "resourcePath": "/orders/{id}", "httpMethod": "POST",
			"extendedRequestId": "", "requestTime": "18/Jun/2025:17:28:59 +0000", "path": "/prod/orders/42",
			"accountId": "123456789012", "protocol": "HTTP/1.1", "stage": "prod", "domainPrefix": "a1b2c3d4e5",
			"requestTimeEpoch": 1750267739123, "requestId": "",
			"identity": {
				"cognitoIdentityPoolId": null, "accountId": null, "cognitoIdentityId": null, "caller": null,
				"sourceIp": "198.51.100.7", "principalOrgId": null, "accessKey": null,
				"cognitoAuthenticationType": null, "cognitoAuthenticationProvider": null,
				"userArn": null, "userAgent": "demo/1.0", "user": null},
			"domainName": "a1b2c3d4e5.execute-api.localhost", "deploymentId": "d3p10y", "apiId": "a1b2c3d4e5"},
		"body": "{\"n\":1}", "isBase64Encoded": false}`)
	context := want["requestContext"].(map[string]any)
	context["requestId"], context["extendedRequestId"] = string(x.RequestID[:]), string(x.ExtendedID[:])
	if d := cmp.Diff(want, event); d != "" {
		t.Error(d)
	}
}

// TestEventOfCustomDomain: by a custom domain name, the path keeps the base path
// (reported in the field, aws/serverless-java-container issue 34), and so does
// $context.path; the route and its parameters are matched without.
func TestEventOfCustomDomain(t *testing.T) {
	var event map[string]any
	s := proxyStage(t, "REGIONAL", &apigw.Stage{Name: "prod"}, capture(t, &event))
	x := newExchange(call{method: "POST", target: "/orders/42"})
	path := []byte("/shop/orders/42")
	x.Address.Custom, x.Address.BasePath, x.Address.DomainName, x.Address.DomainPrefix = true, "shop", "api.example.com", "api"
	x.Address.RequestPath, x.Address.EventPath = path, path
	s.Serve(x)
	context := event["requestContext"].(map[string]any)
	got := []any{event["path"], event["resource"], event["pathParameters"], context["path"], context["domainName"], context["domainPrefix"], context["stage"]}
	want := []any{"/shop/orders/42", "/orders/{id}", map[string]any{"id": "42"}, "/shop/orders/42", "api.example.com", "api", "prod"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	matched := exchange.ParseLogVariable("customDomain.basePathMatched")
	if text, ok := x.Vars.AppendVariable(nil, x, matched); !ok || string(text) != "shop" {
		t.Errorf("%q %v", text, ok)
	}
	x.Address.BasePath = ""
	if text, ok := x.Vars.AppendVariable(nil, x, matched); ok {
		t.Errorf("of the empty base path: %q", text)
	}
}

// TestEventParts covers the rows of the table of slashes, escapes, queries and
// bodies.
func TestEventParts(t *testing.T) {
	tests := map[string]struct {
		call   call
		kind   string
		binary []string
		want   string // a subset of the event
	}{
		"nulls when empty (recorded on AWS)": {call{target: "/proxy-value"}, "", nil,
			`{"queryStringParameters":null,"multiValueQueryStringParameters":null,"stageVariables":null,"body":null,"isBase64Encoded":false,"path":"/proxy-value","resource":"/{proxy+}"}`},
		"trailing slash (recorded on AWS)":   {call{target: "/proxy-value/"}, "", nil, `{"path":"/proxy-value/","pathParameters":{"proxy":"proxy-value"}}`},
		"slashes inside (recorded on AWS)":   {call{target: "/proxy-value//double-slash"}, "", nil, `{"path":"/proxy-value//double-slash","pathParameters":{"proxy":"proxy-value//double-slash"}}`},
		"slashes in front (recorded on AWS)": {call{target: "//proxy-value"}, "", nil, `{"path":"/proxy-value","pathParameters":{"proxy":"proxy-value"}}`},
		"no parameters (recorded on AWS)":    {call{target: "//hardcoded"}, "", nil, `{"path":"/hardcoded","pathParameters":null,"resource":"/hardcoded"}`},
		"escapes in paths stay (recorded on AWS)": {call{target: "/proxy-value/user/test%2Balias@gmail.com/plus/test+alias@gmail.com"}, "", nil,
			`{"path":"/proxy-value/user/test%2Balias@gmail.com/plus/test+alias@gmail.com","pathParameters":{"proxy":"proxy-value/user/test%2Balias@gmail.com/plus/test+alias@gmail.com"}}`},
		"queries are decoded (recorded on AWS)": {call{target: "/p?dateTimeOffset=2023-06-12T18:05:10.123456+00:00&email=test%2Balias@gmail.com&plus=test+alias@gmail.com&url=https://www.google.com/&whitespace=foo%20bar&zhash=abort/"}, "", nil,
			`{"queryStringParameters":{"dateTimeOffset":"2023-06-12T18:05:10.123456 00:00","email":"test+alias@gmail.com","plus":"test alias@gmail.com","url":"https://www.google.com/","whitespace":"foo bar","zhash":"abort/"}}`},
		"last value and all values (recorded on AWS)": {call{target: "/p?category=electronics&category=books&price=10&price=20&price=30"}, "", nil,
			`{"queryStringParameters":{"category":"books","price":"30"},"multiValueQueryStringParameters":{"category":["electronics","books"],"price":["10","20","30"]}}`},
		"a semicolon separates (guide)":    {call{target: "/p?a=1;b=2"}, "", nil, `{"queryStringParameters":{"a":"1","b":"2"}}`},
		"a name without value":             {call{target: "/p?a&b="}, "", nil, `{"queryStringParameters":{"a":"","b":""}}`},
		"query names are compared in case": {call{target: "/p?a=1&A=2"}, "", nil, `{"queryStringParameters":{"a":"1","A":"2"}}`},
		"edge: usual spelling (recorded on AWS)": {call{target: "/p", header: "authorization: random-value\ntEsT-HEADeR: aValUE"}, "EDGE", nil,
			`{"headers":{"Authorization":"random-value","tEsT-HEADeR":"aValUE","Host":"a1b2c3d4e5.execute-api.localhost","X-Amzn-Trace-Id":"*","X-Forwarded-For":"198.51.100.7","X-Forwarded-Port":"443","X-Forwarded-Proto":"https"}}`},
		"regional: as sent":          {call{target: "/p", header: "authorization: v"}, "REGIONAL", nil, `{"multiValueHeaders":{"authorization":["v"],"Host":["a1b2c3d4e5.execute-api.localhost"],"X-Amzn-Trace-Id":["*"],"X-Forwarded-For":["198.51.100.7"],"X-Forwarded-Port":["443"],"X-Forwarded-Proto":["https"]}}`},
		"names in two cases are one": {call{target: "/p", header: "X-A: 1\nx-a: 2\nX-Forwarded-For: 203.0.113.9"}, "", nil, `{"headers":{"X-A":"2","Host":"a1b2c3d4e5.execute-api.localhost","X-Amzn-Trace-Id":"*","X-Forwarded-For":"203.0.113.9, 198.51.100.7","X-Forwarded-Port":"443","X-Forwarded-Proto":"https"}}`},
		"method override":            {call{method: "POST", target: "/p", header: "X-HTTP-Method-Override: PATCH"}, "", nil, `{"httpMethod":"PATCH"}`},
		"binary body (guide)":        {call{method: "POST", target: "/p", body: "\x89PNG", header: "Content-Type: image/png"}, "", []string{"image/*"}, `{"body":"iVBORw==","isBase64Encoded":true}`},
		"text body, not UTF-8":       {call{method: "POST", target: "/p", body: "a\xffb", header: "Content-Type: text/plain"}, "", []string{"image/*"}, `{"body":"a\ufffdb","isBase64Encoded":false}`},
		"empty binary body":          {call{method: "POST", target: "/p", header: "Content-Type: image/png"}, "", []string{"*/*"}, `{"body":null,"isBase64Encoded":false}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if tt.call.method == "" {
				tt.call.method = "GET"
			}
			if tt.kind == "" {
				tt.kind = "REGIONAL"
			}
			event, _ := eventOf(t, tt.call, tt.kind, nil, tt.binary...)
			for _, headers := range []string{"headers", "multiValueHeaders"} {
				h := event[headers].(map[string]any)
				if v, ok := h["X-Amzn-Trace-Id"].(string); ok && strings.HasPrefix(v, "Root=1-") && len(v) == len("Root=")+35 {
					h["X-Amzn-Trace-Id"] = "*"
				} else if v, ok := h["X-Amzn-Trace-Id"].([]any); ok && len(v) == 1 {
					h["X-Amzn-Trace-Id"] = []any{"*"}
				}
			}
			for key, want := range decode(t, tt.want) {
				if d := cmp.Diff(want, event[key]); d != "" {
					t.Errorf("%s: %s", key, d)
				}
			}
		})
	}
}

const serverError = `{"message": "Internal server error"}`

// answered is what a client sees of a function's output.
type answered struct {
	Status int
	Body   string
	Header map[string][]string
}

// TestOutput covers what functions return.
func TestOutput(t *testing.T) {
	bad := answered{Status: 502, Body: serverError}
	jsonType := map[string][]string{"Content-Type": {"application/json"}}
	tests := map[string]struct {
		output, accept string
		binary         []string
		want           answered
	}{
		"status alone (recorded on AWS)":        {`{"statusCode":200}`, "", nil, answered{200, "", jsonType}},
		"empty object (recorded on AWS)":        {`{}`, "", nil, answered{200, "", jsonType}},
		"headers alone (recorded on AWS)":       {`{"headers":{"test-header":"value"}}`, "", nil, answered{200, "", map[string][]string{"test-header": {"value"}}}},
		"status as text (recorded on AWS)":      {`{"statusCode":"201"}`, "", nil, answered{201, "", nil}},
		"status no number (recorded on AWS)":    {`{"statusCode":"test"}`, "", nil, bad},
		"null headers (recorded on AWS)":        {`{"statusCode":200,"headers":null}`, "", nil, answered{200, "", jsonType}},
		"header true (recorded on AWS)":         {`{"headers":{"a":true,"b":12,"c":null}}`, "", nil, answered{200, "", map[string][]string{"a": {"true"}, "b": {"12"}, "c": nil}}},
		"unknown key (recorded on AWS)":         {`{"statusCode":200,"wrongValue":"value"}`, "", nil, bad},
		"a text (recorded on AWS)":              {`"hello"`, "", nil, bad},
		"an array":                              {`[]`, "", nil, bad},
		"a number":                              {`12`, "", nil, bad},
		"null":                                  {`null`, "", nil, bad},
		"nothing":                               {``, "", nil, bad},
		"broken JSON":                           {`{"statusCode":200`, "", nil, bad},
		"more after the object":                 {`{} {}`, "", nil, bad},
		"body as object":                        {`{"body":{}}`, "", nil, bad},
		"body null":                             {`{"body":null}`, "", nil, answered{200, "", nil}},
		"escapes":                               {`{"body":"a\n\"\u00e9\ud83d\ude00\ud800x\\/"}`, "", nil, answered{200, "a\n\"é😀�x\\/", nil}},
		"several values (recorded on AWS)":      {`{"multiValueHeaders":{"a":["1","2"]}}`, "", nil, answered{200, "", map[string][]string{"a": {"1", "2"}}}},
		"several as text (recorded on AWS)":     {`{"multiValueHeaders":{"a":"1"}}`, "", nil, bad},
		"merged, multi first (recorded on AWS)": {`{"headers":{"a":"solo"},"multiValueHeaders":{"A":["multi"]}}`, "", nil, answered{200, "", map[string][]string{"A": {"multi", "solo"}}}},
		"redirect with its own type":            {`{"statusCode":300,"headers":{"content-type":"application/xml"},"body":"<m/>"}`, "", nil, answered{300, "<m/>", map[string][]string{"content-type": {"application/xml"}}}},
		"error type is the function's (guide)":  {`{"statusCode":400,"headers":{"X-Amzn-ErrorType":"Mine"}}`, "", nil, answered{400, "", map[string][]string{"X-Amzn-ErrorType": {"Mine"}}}},
		"remapped (guide)": {`{"headers":{"Date":"d","WWW-Authenticate":"w","Via":"v","Transfer-Encoding":"chunked","Content-Length":"9"}}`, "", nil,
			answered{200, "", map[string][]string{"x-amzn-Remapped-Date": {"d"}, "x-amzn-Remapped-WWW-Authenticate": {"w"}, "x-amzn-Remapped-Content-Length": {"9"}, "Date": nil, "Via": nil, "Transfer-Encoding": nil}}},
		"a header that breaks the answer apart": {`{"headers":{"a":"x\r\nb: y"}}`, "", nil, bad},
		"a header name that is none":            {`{"headers":{"a b":"x"}}`, "", nil, bad},
		"a header name that reads as another":   {`{"headers":{"Content_Length":"1"}}`, "", nil, bad},
		"status 99":                             {`{"statusCode":99}`, "", nil, bad},
		"status 600":                            {`{"statusCode":600}`, "", nil, bad},

		// Binary answers, every row recorded on AWS.
		"no binary types":            {`{"isBase64Encoded":true,"body":"iVBORw=="}`, "image/png", nil, answered{200, "iVBORw==", nil}},
		"exact":                      {`{"isBase64Encoded":true,"body":"iVBORw=="}`, "image/png", []string{"image/png"}, answered{200, "\x89PNG", nil}},
		"accept image/*":             {`{"isBase64Encoded":true,"body":"iVBORw=="}`, "image/*", []string{"image/png"}, answered{200, "iVBORw==", nil}},
		"accept */*":                 {`{"isBase64Encoded":true,"body":"iVBORw=="}`, "*/*", []string{"image/png"}, answered{200, "iVBORw==", nil}},
		"accept none":                {`{"isBase64Encoded":true,"body":"iVBORw=="}`, "", []string{"image/png"}, answered{200, "iVBORw==", nil}},
		"accept application":         {`{"isBase64Encoded":true,"body":"iVBORw=="}`, "application", []string{"image/png"}, answered{200, "iVBORw==", nil}},
		"second of accept":           {`{"isBase64Encoded":true,"body":"iVBORw=="}`, "image/webp,image/png,*/*;q=0.8", []string{"image/png"}, answered{200, "iVBORw==", nil}},
		"first of accept":            {`{"isBase64Encoded":true,"body":"iVBORw=="}`, "image/png,image/*,*/*;q=0.8", []string{"image/png"}, answered{200, "\x89PNG", nil}},
		"not said to be base64":      {`{"isBase64Encoded":false,"body":"iVBORw=="}`, "image/png", []string{"image/png"}, answered{200, "iVBORw==", nil}},
		"wildcard, any of its kind":  {`{"isBase64Encoded":true,"body":"iVBORw=="}`, "application/whatever", []string{"application/*"}, answered{200, "\x89PNG", nil}},
		"wildcard, as it stands":     {`{"isBase64Encoded":true,"body":"iVBORw=="}`, "application/*", []string{"application/*"}, answered{200, "\x89PNG", nil}},
		"left wildcard never":        {`{"isBase64Encoded":true,"body":"iVBORw=="}`, "image/png", []string{"*/png"}, answered{200, "iVBORw==", nil}},
		"invalid base64":             {`{"isBase64Encoded":true,"body":"?"}`, "image/png", []string{"image/png"}, answered{500, serverError, nil}},
		"everything, without accept": {`{"isBase64Encoded":true,"body":"iVBORw=="}`, "", []string{"*/*"}, answered{200, "\x89PNG", nil}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := proxyStage(t, "REGIONAL", nil, returning(tt.output), tt.binary...)
			c := call{method: "GET", target: "/p"}
			if tt.accept != "" {
				c.header = "Accept: " + tt.accept
			}
			x, r := serve(s, c)
			got := answered{Status: r.Status, Body: r.Body}
			if tt.want.Header != nil {
				got.Header = map[string][]string{}
				for name := range tt.want.Header {
					got.Header[name] = fields(&x.Response.Header, name)
					if i := x.Response.Header.Index(name, 0); i >= 0 {
						if spelled, _ := x.Response.Header.At(i); string(spelled) != name {
							t.Errorf("%s is spelled %s", name, spelled)
						}
					}
				}
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestInvokeFailures(t *testing.T) {
	fails := func(k lambda.Kind) fakeFunctions {
		return func(in *lambda.Invocation, _ *lambda.Result) error {
			return &lambda.Error{Kind: k, Function: in.Function, Message: "test"}
		}
	}
	const errorType = "InternalServerErrorException"
	tests := map[string]struct {
		functions lambda.Invoker
		want      reply
	}{
		"function error": {fakeFunctions(func(_ *lambda.Invocation, out *lambda.Result) error {
			out.FunctionError, out.Payload = "Unhandled", []byte(`{"errorMessage":"x"}`)
			return nil
		}), reply{502, serverError, errorType}},
		"timeout":       {fails(lambda.Timeout), reply{504, `{"message": "Endpoint request timed out"}`, errorType}},
		"unreachable":   {fails(lambda.Unreachable), reply{504, `{"message": "Network error communicating with endpoint"}`, errorType}},
		"throttled":     {fails(lambda.Throttled), reply{500, serverError, errorType}},
		"no permission": {fails(lambda.AccessDenied), reply{500, serverError, errorType}},
		"not found":     {fails(lambda.NotFound), reply{500, serverError, errorType}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			x, got := serve(proxyStage(t, "REGIONAL", nil, tt.functions), call{method: "GET", target: "/p"})
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
			if len(x.Response.Header.Get("X-Amzn-Trace-Id")) == 0 {
				t.Error("a called function's answer carries no X-Amzn-Trace-Id (recorded on AWS)")
			}
		})
	}
}

// TestInvocation looks at what is asked of the invoker.
func TestInvocation(t *testing.T) {
	var got lambda.Invocation
	f := fakeFunctions(func(in *lambda.Invocation, out *lambda.Result) error {
		got = *in
		out.Payload = []byte("{}")
		return nil
	})
	m := lambdaMethod()
	m.Integration.URI = strings.Replace(functionURI, "function:fn", "function:${stageVariables.fn}", 1)
	s := compileStage(t, define(map[string]*apigw.Method{"ANY /pets/{id}": m}), &apigw.Stage{Name: "prod", Variables: map[string]string{"fn": "pets:live"}}, testEnv(f))
	x, _ := serve(s, call{method: "GET", target: "/pets/1", header: "X-Amzn-Trace-Id: Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1"})
	want := lambda.Invocation{
		Function: "arn:aws:lambda:us-east-1:123456789012:function:pets:live", RequestID: string(x.RequestID[:]),
		TraceID: "Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1",
		Header: map[string]string{"x-amzn-lambda-integration-tag": string(x.RequestID[:]),
			"X-Amz-Source-Arn": "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/prod/*/pets/{id}"},
	}
	if got.Deadline.IsZero() {
		t.Error("no deadline")
	}
	got.Payload, got.Deadline = nil, want.Deadline
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestLambdaMappings: mappings don't change the event, and some names fail
// every request (recorded on AWS, each name).
func TestLambdaMappings(t *testing.T) {
	for name, status := range map[string]int{"Content-Length": 500, "Transfer-Encoding": 500, "Authorization": 500, "Connection": 500,
		"Expect": 500, "Proxy-Authenticate": 500, "TE": 500, "Accept": 200, "Via": 200, "Server": 200} {
		t.Run(name, func(t *testing.T) {
			m := lambdaMethod()
			m.Integration.RequestParameters = map[string]string{"integration.request.header." + name: "'x'"}
			s := compileStage(t, define(map[string]*apigw.Method{"GET /r": m}), nil, testEnv(returning("{}")))
			x, r := serve(s, call{method: "GET", target: "/r"})
			if r.Status != status {
				t.Errorf("answered %+v", r)
			}
			if status == 500 && len(x.Response.Header.Get("X-Amzn-Trace-Id")) > 0 {
				t.Error("nothing was called, and X-Amzn-Trace-Id is there")
			}
		})
	}
	m := lambdaMethod()
	m.Integration.HTTPMethod = "GET"
	def := define(map[string]*apigw.Method{"GET /r": m})
	if _, r := serve(compileStage(t, def, nil, testEnv(returning("{}"))), call{method: "GET", target: "/r"}); r.Body != serverError || r.Status != 500 {
		t.Errorf("invoked with GET: %+v (recorded on AWS: 500)", r)
	}
	if p := Check(def, nil); len(p) != 1 || !p[0].Warning {
		t.Errorf("problems %v, want one warning", p)
	}
}

func TestAppendJSONString(t *testing.T) {
	for _, s := range []string{"", "plain", "quote\" back\\slash", "\x00\x1f\n\r\t\x7f", "é😀\u2028", "<a&b>"} {
		var got string
		if err := json.Unmarshal(appendJSONString(nil, s), &got); err != nil || got != s {
			t.Errorf("%q came back as %q, %v", s, got, err)
		}
	}
	if got := string(appendJSONString(nil, "a\xff\xe2\x82b")); got != "\"a\uFFFD\uFFFD\uFFFDb\"" {
		t.Errorf("broken text: %s", got)
	}
}

func FuzzOutput(f *testing.F) {
	for _, s := range []string{`{}`, `{"statusCode":"201","body":"\ud83d\ude00","isBase64Encoded":true}`, `{"headers":{"a":1e5},"multiValueHeaders":{"A":["x",null]}}`,
		`{"body":"`, `{"statusCode":-0.5E+1}`, `[`, `{"headers":null,"headers":{"a":true}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		o, err := integration.ParseOutput(doc)
		if (err == nil) != (o != nil) {
			t.Fatal("neither output nor error, or both")
		}
		if err == nil && !json.Valid(doc) {
			t.Errorf("read what is no JSON: %q", doc)
		}
		if err == nil && (o.Status < 200 || o.Status > 599) {
			t.Errorf("status %d", o.Status)
		}
	})
}

func BenchmarkEvent(b *testing.B) {
	s := proxyStage(b, "REGIONAL", nil, returning("{}"))
	x := newExchange(call{method: "POST", target: "/orders/42?q=1&q=2", body: `{"n":1}`,
		header: "Accept: */*\nAccept-Encoding: gzip, deflate\nContent-Type: application/json\nUser-Agent: demo/1.0\nAuthorization: Bearer 0123456789\nCookie: a=b; c=d"})
	r := s.begin(x)
	if f := r.findRoute(); f != nil {
		b.Fatal(f)
	}
	r.body = []byte(`{"n":1}`)
	p := r.route.backend.(*lambdaProxy)
	event := p.appendEvent(nil, r)
	b.ReportAllocs()
	for b.Loop() {
		event = p.appendEvent(event[:0], r)
	}
}

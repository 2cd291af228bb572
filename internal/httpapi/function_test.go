package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/clientcert"
	"github.com/gatehouse/gatehouse/internal/lambda"
)

var certificate = clientcert.Certificate{
	PEM: "CERT_CONTENT", SubjectDN: "www.example.com", IssuerDN: "Example issuer", SerialNumber: "a1:a1",
	Validity: clientcert.Validity{NotBefore: "May 28 12:30:02 2019 GMT", NotAfter: "Aug  5 09:36:04 2021 GMT"},
}

var (
	unauthorizedAnswer = answer{401, `{"message":"Unauthorized"}`, ""}
	forbiddenAnswer    = answer{403, `{"message":"Forbidden"}`, ""}
	brokenAnswer       = answer{500, `{"message":"Internal Server Error"}`, ""}
)

// eventOf is the event that a function gets for a request with everything.
func eventOf(t *testing.T, format string, with func(*Request)) []byte {
	t.Helper()
	var event []byte
	s := testStage(testEnv(functions(func(in *lambda.Invocation, out *lambda.Result) error {
		event = bytes.Clone(in.Payload)
		if got := in.Header["X-Amz-Source-Arn"]; got != "arn:aws:execute-api:us-east-1:123456789012:abcdef123/authorizers/auth01" {
			t.Errorf("source %s", got)
		}
		out.Payload = append(out.Payload, policyFor("Allow", "*")...)
		return nil
	})))
	a := compileAuthorizer(t, s, apigw.RouteAuthorizer{PayloadFormat: format, IdentitySource: []string{"$request.header.X-User", "$request.querystring.n", "$stageVariables.stageVariable1", "$context.httpMethod"}})
	r := newRequest(t, s, routeOf(t, "ANY /pets/{id}", a), "POST", "/pets/a%20b?n=1&n=2&note=a%20b",
		"X-USER: user1\nCookie: cookie1; cookie2\nUser-Agent: agent\nX-Tag: a\nx-tag: b\nX-Forwarded-For: 198.51.100.1\nConnection: keep-alive")
	r.Params = params("id", "a%20b")
	if with != nil {
		with(r)
	}
	if got := ask(t, r); got != allowed {
		t.Fatalf("%+v", got)
	}
	return event
}

// TestEvent2 is the event of format 2.0 as AWS's library for functions reads
// it, with nothing that it doesn't know, and every member that its sample has.
func TestEvent2(t *testing.T) {
	text := eventOf(t, "2.0", func(r *Request) { r.X.Client.Cert = &certificate })
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var got events.APIGatewayV2CustomAuthorizerV2Request
	if err := d.Decode(&got); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	want := events.APIGatewayV2CustomAuthorizerV2Request{
		Version: "2.0", Type: "REQUEST", RouteArn: "arn:aws:execute-api:us-east-1:123456789012:abcdef123/test/POST/pets/a%20b",
		IdentitySource: []string{"user1", "1,2", "value1", "POST"}, RouteKey: "ANY /pets/{id}", RawPath: "/test/pets/a%20b", RawQueryString: "n=1&n=2&note=a%20b",
		Cookies: []string{"cookie1", "cookie2"},
		Headers: map[string]string{
			"host": "abcdef123.execute-api.us-east-1.amazonaws.com", "user-agent": "agent", "x-tag": "a,b", "x-user": "user1",
			"x-amzn-trace-id": "Root=1-6659c3a1-0b1c2d3e4f5a6b7c8d9e0f11", "x-forwarded-for": "198.51.100.1, 203.0.113.9", "x-forwarded-port": "443", "x-forwarded-proto": "https",
		},
		QueryStringParameters: map[string]string{"n": "1,2", "note": "a b"}, PathParameters: map[string]string{"id": "a b"}, StageVariables: map[string]string{"stageVariable1": "value1"},
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			RouteKey: "ANY /pets/{id}", AccountID: "123456789012", Stage: "test", RequestID: "JKJaXmPLvHcESHA=", APIID: "abcdef123",
			DomainName: "abcdef123.execute-api.us-east-1.amazonaws.com", DomainPrefix: "abcdef123", Time: "12/Mar/2020:19:03:58 +0000", TimeEpoch: 1584039838390,
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: "POST", Path: "/test/pets/a%20b", Protocol: "HTTP/1.1", SourceIP: "203.0.113.9", UserAgent: "agent"},
			Authentication: events.APIGatewayV2HTTPRequestContextAuthentication{ClientCert: events.APIGatewayV2HTTPRequestContextAuthenticationClientCert{
				ClientCertPem: "CERT_CONTENT", SubjectDN: "www.example.com", IssuerDN: "Example issuer", SerialNumber: "a1:a1",
				Validity: events.APIGatewayV2HTTPRequestContextAuthenticationClientCertValidity{NotBefore: "May 28 12:30:02 2019 GMT", NotAfter: "Aug  5 09:36:04 2021 GMT"},
			}},
		},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	likeSample(t, "apigw-v2-custom-authorizer-v2-request.json", text)
}

// TestEvent1 is the same in format 1.0, where the sample is the least that
// there is.
func TestEvent1(t *testing.T) {
	text := eventOf(t, "1.0", func(r *Request) { r.X.Client.Cert = &certificate })
	var got events.APIGatewayV2CustomAuthorizerV1Request
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	want := events.APIGatewayV2CustomAuthorizerV1Request{
		Version: "1.0", Type: "REQUEST", MethodArn: "arn:aws:execute-api:us-east-1:123456789012:abcdef123/test/POST/pets/a%20b",
		IdentitySource: "user1,1,2,value1,POST", AuthorizationToken: "user1,1,2,value1,POST", Resource: "/pets/{id}", Path: "/test/pets/a%20b", HTTPMethod: "POST",
		Headers: map[string]string{
			"Host": "abcdef123.execute-api.us-east-1.amazonaws.com", "User-Agent": "agent", "x-tag": "b", "x-user": "user1", "cookie": "cookie1; cookie2",
			"X-Amzn-Trace-Id": "Root=1-6659c3a1-0b1c2d3e4f5a6b7c8d9e0f11", "X-Forwarded-For": "198.51.100.1, 203.0.113.9", "X-Forwarded-Port": "443", "X-Forwarded-Proto": "https",
		},
		QueryStringParameters: map[string]string{"n": "2", "note": "a b"}, PathParameters: map[string]string{"id": "a b"}, StageVariables: map[string]string{"stageVariable1": "value1"},
		RequestContext: events.APIGatewayV2CustomAuthorizerV1RequestTypeRequestContext{
			Path: "/test/pets/a%20b", AccountID: "123456789012", ResourceID: "ANY /pets/{id}", Stage: "test", RequestID: "JKJaXmPLvHcESHA=",
			ResourcePath: "/pets/{id}", HTTPMethod: "POST", APIID: "abcdef123",
			Identity: events.APIGatewayCustomAuthorizerRequestTypeRequestIdentity{SourceIP: "203.0.113.9", ClientCert: got.RequestContext.Identity.ClientCert},
		},
	}
	if d := cmp.Diff(want, got); d != "" || got.RequestContext.Identity.ClientCert.SubjectDN != "www.example.com" {
		t.Error(d)
	}
	likeSample(t, "apigw-v2-custom-authorizer-v1-request.json", text, ".requestContext.identity.apiKey") // HTTP APIs have no API keys
}

// TestEmptyEvents: what is empty isn't in an event of format 2.0, but for
// identitySource, and is in one of format 1.0.
func TestEmptyEvents(t *testing.T) {
	for format, want := range map[string]string{
		"2.0": `headers identitySource rawPath rawQueryString requestContext routeArn routeKey type version`,
		"1.0": `authorizationToken headers httpMethod identitySource methodArn path pathParameters queryStringParameters requestContext resource stageVariables type version`,
	} {
		var event map[string]json.RawMessage
		s := NewStage(testEnv(functions(func(in *lambda.Invocation, out *lambda.Result) error {
			out.Payload = append(out.Payload, policyFor("Allow", "*")...)
			return json.Unmarshal(in.Payload, &event)
		})), Stage{API: "abcdef123", Name: "$default"})
		r := newRequest(t, s, routeOf(t, "$default", compileAuthorizer(t, s, apigw.RouteAuthorizer{PayloadFormat: format})), "GET", "/x", "")
		if got := ask(t, r); got != allowed {
			t.Fatalf("%+v", got)
		}
		var names []string
		for name := range event {
			names = append(names, name)
		}
		if got := strings.Join(sorted(names), " "); got != want || string(event["identitySource"]) != "null" {
			t.Errorf("%s: %s, identitySource %s", format, got, event["identitySource"])
		}
		if arn := string(event["routeArn"]) + string(event["methodArn"]); arn != `"arn:aws:execute-api:us-east-1:123456789012:abcdef123/$default/$default"` {
			t.Errorf("%s: %s", format, arn)
		}
	}
}

// likeSample wants every member of a sample of AWS's library in an event, of
// the same type.
func likeSample(t *testing.T, name string, event []byte, but ...string) {
	t.Helper()
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-lambda-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "events", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var want, got any
	if err := errors.Join(json.Unmarshal(text, &want), json.Unmarshal(event, &got)); err != nil {
		t.Fatal(err)
	}
	var compare func(path string, want, got any)
	compare = func(path string, want, got any) {
		switch want := want.(type) {
		case map[string]any:
			got, ok := got.(map[string]any)
			if !ok {
				t.Errorf("%s is no object", path)
			}
			if strings.HasSuffix(path, "eaders") || strings.HasSuffix(path, "arameters") || strings.HasSuffix(path, "ariables") {
				return // names are the request's
			}
			for name, w := range want {
				g, there := got[name]
				switch at := path + "." + name; {
				case slices.Contains(but, at):
				case there:
					compare(at, w, g)
				default:
					t.Errorf("%s is missing", at)
				}
			}
		case []any:
			if _, ok := got.([]any); !ok {
				t.Errorf("%s is no list", path)
			}
		case string:
			if _, ok := got.(string); !ok {
				t.Errorf("%s is no text", path)
			}
		case float64:
			if _, ok := got.(float64); !ok {
				t.Errorf("%s is no number", path)
			}
		}
	}
	compare("", want, got)
}

func policyFor(effect, resource string) string {
	return `{"principalId":"u","policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `","Action":"execute-api:Invoke","Resource":"` + resource + `"}]},"context":{"tenant":"t9","level":3,"roles":["a","b"],"nested":{"deep":[1,{"x":null}]},"admin":true,"none":null}}`
}

// TestFunctionOutcomes has the outcomes of the developer guide,
// "Troubleshooting HTTP API Lambda authorizers", and of its pages on responses.
func TestFunctionOutcomes(t *testing.T) {
	const arn = "arn:aws:execute-api:us-east-1:123456789012:abcdef123/test/GET/pets/7"
	fails := func(message string) functions {
		return func(_ *lambda.Invocation, out *lambda.Result) error {
			out.FunctionError, out.Payload = "Unhandled", append(out.Payload, `{"errorMessage":"`+message+`"}`...)
			return nil
		}
	}
	for name, c := range map[string]struct {
		with      apigw.RouteAuthorizer
		functions functions
		target    string
		want      answer
	}{
		"policy allows the route":   {apigw.RouteAuthorizer{}, answering(policyFor("Allow", arn)), "", allowed},
		"policy allows it by *":     {apigw.RouteAuthorizer{}, answering(policyFor("Allow", "arn:aws:execute-api:*:*:abcdef123/test/GET/*")), "", allowed},
		"policy allows another":     {apigw.RouteAuthorizer{}, answering(policyFor("Allow", arn+"7")), "", forbiddenAnswer},
		"policy denies":             {apigw.RouteAuthorizer{}, answering(policyFor("Deny", "*")), "", forbiddenAnswer},
		"policy says nothing":       {apigw.RouteAuthorizer{}, answering(`{"principalId":"u","policyDocument":{"Version":"2012-10-17","Statement":[]}}`), "", forbiddenAnswer},
		"an escape around a denial": {apigw.RouteAuthorizer{}, answering(strings.Replace(policyFor("Allow", "*"), `"Statement":[`, `"Statement":[{"Effect":"Deny","Action":"*","Resource":"`+arn+`"},`, 1)), "/%70ets/%37", forbiddenAnswer},
		"policy in format 1.0":      {apigw.RouteAuthorizer{PayloadFormat: "1.0"}, answering(policyFor("Allow", arn)), "", allowed},
		"no principal":              {apigw.RouteAuthorizer{}, answering(`{"policyDocument":{"Version":"2012-10-17","Statement":[]}}`), "", brokenAnswer},
		"claims in format 1.0":      {apigw.RouteAuthorizer{PayloadFormat: "1.0"}, answering(strings.Replace(policyFor("Allow", "*"), `"tenant"`, `"claims"`, 1)), "", brokenAnswer},
		"simple: yes":               {apigw.RouteAuthorizer{SimpleResponses: true}, answering(`{"isAuthorized":true}`), "", allowed},
		"simple: no":                {apigw.RouteAuthorizer{SimpleResponses: true}, answering(`{"isAuthorized":false}`), "", forbiddenAnswer},
		"simple: a word":            {apigw.RouteAuthorizer{SimpleResponses: true}, answering(`{"isAuthorized":"true"}`), "", brokenAnswer},
		"simple: null":              {apigw.RouteAuthorizer{SimpleResponses: true}, answering(`{"isAuthorized":null}`), "", brokenAnswer},
		"simple: another case":      {apigw.RouteAuthorizer{SimpleResponses: true}, answering(`{"IsAuthorized":true}`), "", brokenAnswer},
		"simple, and a policy":      {apigw.RouteAuthorizer{SimpleResponses: true}, answering(policyFor("Allow", "*")), "", brokenAnswer},
		"a policy, and simple":      {apigw.RouteAuthorizer{}, answering(`{"isAuthorized":true}`), "", brokenAnswer},
		"context is a list":         {apigw.RouteAuthorizer{SimpleResponses: true}, answering(`{"isAuthorized":true,"context":[]}`), "", brokenAnswer},
		"true":                      {apigw.RouteAuthorizer{SimpleResponses: true}, answering(`true`), "", brokenAnswer},
		"nothing":                   {apigw.RouteAuthorizer{SimpleResponses: true}, answering(``), "", brokenAnswer},
		"null":                      {apigw.RouteAuthorizer{SimpleResponses: true}, answering(`null`), "", brokenAnswer},
		"Unauthorized":              {apigw.RouteAuthorizer{}, fails("Unauthorized"), "", unauthorizedAnswer},
		"unauthorized":              {apigw.RouteAuthorizer{}, fails("unauthorized"), "", brokenAnswer},
		"Unauthorized!":             {apigw.RouteAuthorizer{}, fails("Unauthorized!"), "", brokenAnswer},
		"no permission": {apigw.RouteAuthorizer{}, func(*lambda.Invocation, *lambda.Result) error {
			return &lambda.Error{Kind: lambda.Unavailable, Status: 403}
		}, "", brokenAnswer},
		"query source":                   {apigw.RouteAuthorizer{IdentitySource: []string{"$request.querystring.k"}}, answering(policyFor("Allow", "*")), "/pets/7?k=1", allowed},
		"query source is missing":        {apigw.RouteAuthorizer{IdentitySource: []string{"$request.querystring.k"}}, nil, "/pets/7?K=1", unauthorizedAnswer},
		"query source is empty":          {apigw.RouteAuthorizer{IdentitySource: []string{"$request.querystring.k"}}, nil, "/pets/7?k=", unauthorizedAnswer},
		"header source is missing":       {apigw.RouteAuthorizer{IdentitySource: []string{"$request.header.X-None"}}, nil, "", unauthorizedAnswer},
		"one of two is missing":          {apigw.RouteAuthorizer{IdentitySource: []string{"$request.header.Authorization", "$request.header.X-None"}}, nil, "", unauthorizedAnswer},
		"context source":                 {apigw.RouteAuthorizer{IdentitySource: []string{"$context.identity.sourceIp", "$context.routeKey"}}, answering(policyFor("Allow", "*")), "", allowed},
		"stage variable":                 {apigw.RouteAuthorizer{IdentitySource: []string{"$stageVariables.stageVariable1"}}, answering(policyFor("Allow", "*")), "", allowed},
		"stage variable that isn't set":  {apigw.RouteAuthorizer{IdentitySource: []string{"$stageVariables.other"}}, nil, "", unauthorizedAnswer},
		"context that nobody has set":    {apigw.RouteAuthorizer{IdentitySource: []string{"$context.authorizer.principalId"}}, nil, "", unauthorizedAnswer},
		"kept, and a source that's gone": {apigw.RouteAuthorizer{IdentitySource: []string{"$request.header.X-None"}, TTLSeconds: 60}, nil, "", unauthorizedAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			f := c.functions
			if f == nil {
				f = func(*lambda.Invocation, *lambda.Result) error { t.Error("the function was called"); return nil }
			}
			s := testStage(testEnv(f))
			if c.with.PayloadFormat == "" {
				c.with.PayloadFormat = "2.0"
			}
			if c.target == "" {
				c.target = "/pets/7"
			}
			got := ask(t, newRequest(t, s, routeOf(t, "GET /pets/{id}", compileAuthorizer(t, s, c.with)), "GET", c.target, "Authorization: secret"))
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestFunctionContext is what backends and logs learn of a function's context:
// JSON as it was answered (seen on AWS).
func TestFunctionContext(t *testing.T) {
	s := testStage(testEnv(answering(policyFor("Allow", "*"))))
	for format, want := range map[string]string{
		"2.0": `{"lambda":{"tenant":"t9","level":3,"roles":["a","b"],"nested":{"deep":[1,{"x":null}]},"admin":true,"none":null}}`,
		"1.0": `{"tenant":"t9","level":3,"roles":["a","b"],"nested":{"deep":[1,{"x":null}]},"admin":true,"none":null,"principalId":"u","integrationLatency":0}`,
	} {
		r := newRequest(t, s, routeOf(t, "GET /pets", compileAuthorizer(t, s, apigw.RouteAuthorizer{PayloadFormat: format})), "GET", "/pets", "")
		if got := ask(t, r); got != allowed {
			t.Fatalf("%+v", got)
		}
		r.Latency = 0
		got, ok := r.AppendAuthorizer2(nil)
		if format == "1.0" {
			got, ok = r.AppendAuthorizer1(nil), true
		}
		if !ok || string(got) != want {
			t.Errorf("%s: %s", format, got)
		}
		for name, want := range map[string]string{"tenant": "t9", "level": "3", "roles": `["a","b"]`, "admin": "true", "principalId": "u"} {
			if got, ok := r.appendAuthorizerVariable(nil, name); !ok || string(got) != want {
				t.Errorf("$context.authorizer.%s is %s", name, got)
			}
		}
		if _, ok := r.appendAuthorizerVariable(nil, "none"); ok {
			t.Error("null is a value")
		}
	}
	simple := testStage(testEnv(answering(`{"isAuthorized":true}`)))
	r := newRequest(t, simple, routeOf(t, "GET /pets", compileAuthorizer(t, simple, apigw.RouteAuthorizer{PayloadFormat: "2.0", SimpleResponses: true})), "GET", "/pets", "")
	if got, _ := r.AppendAuthorizer2(nil); ask(t, r) != allowed || len(got) != 0 {
		t.Errorf("before: %s", got)
	}
	if got, _ := r.AppendAuthorizer2(nil); string(got) != `{"lambda":null}` {
		t.Errorf("without a context: %s", got)
	}
}

// TestFunctionCache: an answer is for all routes of the same identity unless
// the route is part of it, and a policy is asked about each.
func TestFunctionCache(t *testing.T) {
	calls := 0
	payload := policyFor("Allow", "arn:aws:execute-api:*:*:*/test/GET/a")
	env := testEnv(functions(func(_ *lambda.Invocation, out *lambda.Result) error {
		calls++
		out.Payload = append(out.Payload, payload...)
		return nil
	}))
	s := testStage(env)
	expect := func(what string, s *Stage, with apigw.RouteAuthorizer, key, path, token string, want answer, wantCalls int) {
		t.Helper()
		with.PayloadFormat = "2.0"
		got := ask(t, newRequest(t, s, routeOf(t, key, compileAuthorizer(t, s, with)), "GET", path, "Authorization: "+token))
		if d := cmp.Diff(want, got); d != "" || calls != wantCalls {
			t.Errorf("%s: %d calls, want %d %s", what, calls, wantCalls, d)
		}
	}
	kept := apigw.RouteAuthorizer{IdentitySource: []string{"$request.header.authorization"}, TTLSeconds: 60}
	expect("first", s, kept, "GET /a", "/a", "1", allowed, 1)
	expect("kept", s, kept, "GET /a", "/a", "1", allowed, 1)
	expect("another route", s, kept, "GET /b", "/b", "1", forbiddenAnswer, 1)
	expect("another client", s, kept, "GET /a", "/a", "2", allowed, 2)
	expect("another stage", NewStage(env, Stage{API: "abcdef123", Name: "other"}), kept, "GET /a", "/a", "1", forbiddenAnswer, 3)
	expect("after a flush", NewStage(env, Stage{API: "abcdef123", Name: "test", Flushed: 1}), kept, "GET /a", "/a", "1", allowed, 4)
	perRoute := kept
	perRoute.IdentitySource = []string{"$request.header.authorization", "$context.routeKey"}
	expect("with the route", s, perRoute, "GET /a", "/a", "1", allowed, 5)
	expect("another route of it", s, perRoute, "GET /b", "/b", "1", forbiddenAnswer, 6)
	never := apigw.RouteAuthorizer{IdentitySource: []string{"$request.header.authorization"}}
	expect("never kept", s, never, "GET /a", "/a", "1", allowed, 7)
	expect("never kept again", s, never, "GET /a", "/a", "1", allowed, 8)
	payload = `{"isAuthorized":true}`
	simple := kept
	simple.SimpleResponses = true
	expect("simple", s, simple, "GET /a", "/a", "1", allowed, 9)
	expect("simple, kept for another route", s, simple, "GET /b", "/b", "1", allowed, 9)
}

// TestRefusedAuthorizers: what can't work is refused by name.
func TestRefusedAuthorizers(t *testing.T) {
	s := testStage(testEnv(nil))
	jwt := apigw.RouteAuthorizer{Type: "JWT", Issuer: "https://issuer.example", Audience: []string{"api"}, IdentitySource: []string{"$request.header.Authorization"}}
	with := func(a apigw.RouteAuthorizer, change func(*apigw.RouteAuthorizer)) apigw.RouteAuthorizer {
		change(&a)
		return a
	}
	for want, from := range map[string]apigw.RouteAuthorizer{
		`type "TOKEN"`:                            {Type: "TOKEN"},
		`authorizerPayloadFormatVersion ""`:       {Type: "REQUEST"},
		`authorizerPayloadFormatVersion "3.0"`:    {Type: "REQUEST", PayloadFormat: "3.0"},
		`needs authorizerPayloadFormatVersion`:    {Type: "REQUEST", PayloadFormat: "1.0", SimpleResponses: true},
		`TtlInSeconds 3601`:                       {Type: "REQUEST", PayloadFormat: "2.0", TTLSeconds: 3601},
		`without an identitySource`:               {Type: "REQUEST", PayloadFormat: "2.0", TTLSeconds: 1},
		`"$request.body" is no identity`:          {Type: "REQUEST", PayloadFormat: "2.0", IdentitySource: []string{"$request.body"}},
		`"$request.header." is no`:                {Type: "REQUEST", PayloadFormat: "2.0", IdentitySource: []string{"$request.header."}},
		`"$header.x" is no identity`:              {Type: "REQUEST", PayloadFormat: "2.0", IdentitySource: []string{"$header.x"}},
		`"route.request.header.x" is no identity`: {Type: "REQUEST", PayloadFormat: "2.0", IdentitySource: []string{"route.request.header.x"}},
		`$context.nothing`:                        {Type: "REQUEST", PayloadFormat: "2.0", IdentitySource: []string{"$context.nothing"}},
		`audience has 0`:                          with(jwt, func(a *apigw.RouteAuthorizer) { a.Audience = nil }),
		`audience has 51`:                         with(jwt, func(a *apigw.RouteAuthorizer) { a.Audience = make([]string, 51) }),
		`is one header or one query parameter`:    with(jwt, func(a *apigw.RouteAuthorizer) { a.IdentitySource = nil }),
		`one header or one query`:                 with(jwt, func(a *apigw.RouteAuthorizer) { a.IdentitySource = []string{"$context.path"} }),
		`asked over https`:                        with(jwt, func(a *apigw.RouteAuthorizer) { a.Issuer = "http://issuer.example" }),
		`"http://169.254.169.254": an issuer`:     with(jwt, func(a *apigw.RouteAuthorizer) { a.Issuer = "http://169.254.169.254" }),
		`"issuer.example" is no URL`:              with(jwt, func(a *apigw.RouteAuthorizer) { a.Issuer = "issuer.example" }),
		`"https://issuer.example?a=b" is no URL`:  with(jwt, func(a *apigw.RouteAuthorizer) { a.Issuer = "https://issuer.example?a=b" }),
	} {
		_, _, err := NewAuthorizer(s, &from)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	a := compileAuthorizer(t, s, jwt)
	for want, make := range map[string]func() (*Route, error){
		"need a JWT authorizer":  func() (*Route, error) { return NewRoute("GET /a", nil, []string{"read"}) },
		`"a\"b" is no scope`:     func() (*Route, error) { return NewRoute("GET /a", a, []string{`a"b`}) },
		`"a b" is no scope`:      func() (*Route, error) { return NewRoute("GET /a", a, []string{"a b"}) },
		"11 authorizationScopes": func() (*Route, error) { return NewRoute("GET /a", a, strings.Split("abcdefghijk", "")) },
	} {
		if _, err := make(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	_, warnings, err := NewAuthorizer(s, &apigw.RouteAuthorizer{Type: "REQUEST", PayloadFormat: "2.0", URI: "nothing", Credentials: "arn:aws:iam::123456789012:role/r"})
	if err != nil || len(warnings) != 2 {
		t.Error(err, warnings)
	}
}

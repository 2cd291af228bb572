package httpapi

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/authorizer"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/identity"
	"github.com/gatehouse/gatehouse/internal/lambda"
)

const functionARN = "arn:aws:lambda:us-east-1:123456789012:function:orders"

// functionCall is an integration with a function.
func functionCall(format string) *apigw.RouteIntegration {
	return &apigw.RouteIntegration{ID: "fn", Type: apigw.IntegrationAWSProxy, URI: functionARN, PayloadFormat: format, ConnectionType: "INTERNET"}
}

// capture is a function that keeps what it was called with.
func capture(in *lambda.Invocation) functions {
	return func(got *lambda.Invocation, out *lambda.Result) error {
		*in = *got
		in.Payload = bytes.Clone(got.Payload)
		out.Payload = append(out.Payload, `{"statusCode":204}`...)
		return nil
	}
}

var ordersStage = &apigw.Stage{Name: "dev", Routes: &apigw.RouteStage{}, Variables: map[string]string{"table": "orders-prod"}}

// fullEvent is the event of a request with everything, as with makes it.
func fullEvent(t *testing.T, format string, with func(*Request)) []byte {
	t.Helper()
	s := compileStage(t, definition(map[string]string{"ANY /orders/{id}/{rest+}": "fn"}, functionCall(format)), ordersStage, testEnv(answering(`{}`)))
	x := new(exchange.Exchange)
	x.Begin(nil)
	fill(x, s, "POST", "/orders/7%207/a/b?color=red&color=blue&note=a%20b",
		"X-Custom: one\nContent-Type: application/json\nCookie: session=abc; theme=dark\nx-custom: two\nUser-Agent: curl/8.5.0\nX-Forwarded-For: 198.51.100.1\nConnection: close\nContent-Length: 15")
	x.Received = time.Date(2026, 5, 31, 12, 35, 13, 123e6, time.UTC)
	x.Body = &textBody{strings.NewReader(`{"sku":"A-100"}`)}
	r := s.begin(x)
	defer x.End()
	r.Trace = []byte("Root=1-6659c3a1-0b1c2d3e4f5a6b7c8d9e0f11")
	if f := errors.Join(fault(r.findRoute()), fault(r.readBody())); f != nil {
		t.Fatal(f)
	}
	if with != nil {
		with(r)
	}
	return r.Route.backend.(*lambdaProxy).event.append(nil, r)
}

func fault(f *exchange.Fault) error {
	if f == nil {
		return nil
	}
	return f
}

func bySigner(r *Request) {
	r.caller = &identity.Caller{AccessKeyID: "ARIA2ZJZYVUEREEIHAKY", Account: "123456789012", ID: "AIDA1", ARN: "arn:aws:iam::123456789012:user/ann",
		Organization: &identity.Organization{ID: "o-1"}}
}

// TestLambdaEvent2: the event of format 2.0 as AWS's library for functions reads
// it, with nothing that it doesn't know, and every member that its samples have.
func TestLambdaEvent2(t *testing.T) {
	want := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: "ANY /orders/{id}/{rest+}", RawPath: "/dev/orders/7%207/a/b", RawQueryString: "color=red&color=blue&note=a%20b",
		Cookies: []string{"session=abc", "theme=dark"},
		Headers: map[string]string{
			"content-length": "15", "content-type": "application/json", "host": "abcdef123.execute-api.us-east-1.amazonaws.com", "user-agent": "curl/8.5.0",
			"x-amzn-trace-id": "Root=1-6659c3a1-0b1c2d3e4f5a6b7c8d9e0f11", "x-custom": "one,two", "x-forwarded-for": "198.51.100.1, 203.0.113.9",
			"x-forwarded-port": "443", "x-forwarded-proto": "https",
		},
		QueryStringParameters: map[string]string{"color": "red,blue", "note": "a b"}, PathParameters: map[string]string{"id": "7 7", "rest": "a/b"},
		StageVariables: map[string]string{"table": "orders-prod"}, Body: `{"sku":"A-100"}`,
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			RouteKey: "ANY /orders/{id}/{rest+}", AccountID: "123456789012", Stage: "dev", RequestID: "JKJaXmPLvHcESHA=", APIID: "abcdef123",
			DomainName: "abcdef123.execute-api.us-east-1.amazonaws.com", DomainPrefix: "abcdef123", Time: "31/May/2026:12:35:13 +0000", TimeEpoch: 1780230913123,
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: "POST", Path: "/dev/orders/7%207/a/b", Protocol: "HTTP/1.1", SourceIP: "203.0.113.9", UserAgent: "curl/8.5.0"},
			Authentication: events.APIGatewayV2HTTPRequestContextAuthentication{ClientCert: events.APIGatewayV2HTTPRequestContextAuthenticationClientCert{
				ClientCertPem: "CERT_CONTENT", SubjectDN: "www.example.com", IssuerDN: "Example issuer", SerialNumber: "a1:a1",
				Validity: events.APIGatewayV2HTTPRequestContextAuthenticationClientCertValidity{NotBefore: "May 28 12:30:02 2019 GMT", NotAfter: "Aug  5 09:36:04 2021 GMT"},
			}},
		},
	}
	type description = events.APIGatewayV2HTTPRequestContextAuthorizerDescription
	for name, tt := range map[string]struct {
		sample string
		with   func(*Request)
		want   *description
		but    []string
	}{
		"nobody asked": {"apigw-v2-request-no-authorizer.json", nil, nil, nil},
		"iam": {"apigw-v2-request-iam.json", bySigner, &description{IAM: &events.APIGatewayV2HTTPRequestContextAuthorizerIAMDescription{
			AccessKey: "ARIA2ZJZYVUEREEIHAKY", AccountID: "123456789012", CallerID: "AIDA1", PrincipalOrgID: "o-1", UserARN: "arn:aws:iam::123456789012:user/ann", UserID: "AIDA1",
		}}, []string{".requestContext.authorizer.iam.cognitoIdentity"}}, // there are no identity pools
		"lambda": {"apigw-v2-request-lambda-authorizer.json", func(r *Request) { r.Answer = &authorizer.Answer{ContextJSON: `{"key":"value","n":1,"list":[true]}`} },
			&description{Lambda: map[string]any{"key": "value", "n": 1.0, "list": []any{true}}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			text := fullEvent(t, "2.0", func(r *Request) {
				cert := certificate
				cert.JSON, _ = json.Marshal(cert)
				r.X.Client.Cert = &cert
				if tt.with != nil {
					tt.with(r)
				}
			})
			d := json.NewDecoder(bytes.NewReader(text))
			d.DisallowUnknownFields()
			var got events.APIGatewayV2HTTPRequest
			if err := d.Decode(&got); err != nil {
				t.Fatalf("%v in %s", err, text)
			}
			want := want
			want.RequestContext.Authorizer = tt.want
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			likeSample(t, tt.sample, text, tt.but...)
		})
	}
}

// TestLambdaEvent1: the event of format 1.0 as AWS's library reads it, and as a
// whole, with its nulls.
func TestLambdaEvent1(t *testing.T) {
	text := fullEvent(t, "1.0", bySigner)
	var got events.APIGatewayProxyRequest
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got.Body != `{"sku":"A-100"}` || got.PathParameters["id"] != "7 7" || got.RequestContext.Identity.AccessKey != "ARIA2ZJZYVUEREEIHAKY" {
		t.Errorf("%+v", got)
	}
	wantJSON(t, text, `{
		"version": "1.0", "resource": "/orders/{id}/{rest+}", "path": "/dev/orders/7%207/a/b", "httpMethod": "POST",
		"headers": {"Content-Length": "15", "Host": "abcdef123.execute-api.us-east-1.amazonaws.com", "User-Agent": "curl/8.5.0",
			"X-Amzn-Trace-Id": "Root=1-6659c3a1-0b1c2d3e4f5a6b7c8d9e0f11", "X-Forwarded-For": "198.51.100.1, 203.0.113.9", "X-Forwarded-Port": "443", "X-Forwarded-Proto": "https",
			"content-type": "application/json", "cookie": "session=abc; theme=dark", "x-custom": "two"},
		"multiValueHeaders": {"Content-Length": ["15"], "Host": ["abcdef123.execute-api.us-east-1.amazonaws.com"], "User-Agent": ["curl/8.5.0"],
			"X-Amzn-Trace-Id": ["Root=1-6659c3a1-0b1c2d3e4f5a6b7c8d9e0f11"], "X-Forwarded-For": ["198.51.100.1, 203.0.113.9"], "X-Forwarded-Port": ["443"], "X-Forwarded-Proto": ["https"],
			"content-type": ["application/json"], "cookie": ["session=abc; theme=dark"], "x-custom": ["one", "two"]},
		"queryStringParameters": {"color": "blue", "note": "a b"}, "multiValueQueryStringParameters": {"color": ["red", "blue"], "note": ["a b"]},
		"requestContext": {"accountId": "123456789012", "apiId": "abcdef123", "authorizer": {"claims": null, "scopes": null},
			"domainName": "abcdef123.execute-api.us-east-1.amazonaws.com", "domainPrefix": "abcdef123", "extendedRequestId": "JKJaXmPLvHcESHA=", "httpMethod": "POST",
			"identity": {"accessKey": "ARIA2ZJZYVUEREEIHAKY", "accountId": "123456789012", "caller": "AIDA1",
				"cognitoAmr": null, "cognitoAuthenticationProvider": null, "cognitoAuthenticationType": null, "cognitoIdentityId": null, "cognitoIdentityPoolId": null,
				"principalOrgId": "o-1", "sourceIp": "203.0.113.9", "user": "AIDA1", "userAgent": "curl/8.5.0", "userArn": "arn:aws:iam::123456789012:user/ann"},
			"path": "/dev/orders/7%207/a/b", "protocol": "HTTP/1.1", "requestId": "JKJaXmPLvHcESHA=", "requestTime": "31/May/2026:12:35:13 +0000", "requestTimeEpoch": 1780230913123,
			"resourceId": "ANY /orders/{id}/{rest+}", "resourcePath": "/orders/{id}/{rest+}", "stage": "dev"},
		"pathParameters": {"id": "7 7", "rest": "a/b"}, "stageVariables": {"table": "orders-prod"}, "body": "{\"sku\":\"A-100\"}", "isBase64Encoded": false}`)
}

func wantJSON(t testing.TB, text []byte, want string) {
	t.Helper()
	var a, b any
	if err := errors.Join(json.Unmarshal([]byte(want), &a), json.Unmarshal(text, &b)); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if d := cmp.Diff(a, b); d != "" {
		t.Error(d)
	}
}

// eventFor is the event for one request to the route of a function.
func eventFor(t *testing.T, format, key, method, target, header, body string) map[string]any {
	t.Helper()
	var in lambda.Invocation
	s := compileStage(t, definition(map[string]string{key: "fn"}, functionCall(format)), nil, testEnv(capture(&in)))
	if got := serve(t, s, method, target, header, body); got.Status != 204 {
		t.Fatalf("%+v", got)
	}
	var event map[string]any
	if err := json.Unmarshal(in.Payload, &event); err != nil {
		t.Fatalf("%v in %s", err, in.Payload)
	}
	return event
}

// TestEmptyLambdaEvents: what is empty is left out of format 2.0 and null in
// format 1.0 (seen on AWS).
func TestEmptyLambdaEvents(t *testing.T) {
	two, one := eventFor(t, "2.0", "$default", "GET", "/x", "", ""), eventFor(t, "1.0", "$default", "GET", "/x", "", "")
	var names []string
	for name := range two {
		names = append(names, name)
	}
	if got := strings.Join(sorted(names), " "); got != "headers isBase64Encoded rawPath rawQueryString requestContext routeKey version" {
		t.Error(got)
	}
	for _, name := range []string{"queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables", "body"} {
		if value, there := one[name]; !there || value != nil {
			t.Errorf("%s is %v, %v", name, value, there)
		}
	}
	context := two["requestContext"].(map[string]any)
	if _, there := context["authorizer"]; there || context["authentication"] != nil || two["rawPath"] != "/x" || one["resource"] != "$default" {
		t.Errorf("%v %v", two, one)
	}
}

// TestLambdaBodies: which bodies are base64 (recorded on AWS by the ministack
// project).
func TestLambdaBodies(t *testing.T) {
	for header, text := range map[string]bool{
		"Content-Type: text/plain":                                   true,
		"Content-Type: TEXT/html; charset=utf-8":                     true,
		"Content-Type: application/json; charset=utf-8":              true,
		"Content-Type: application/javascript":                       true,
		"Content-Type: application/xml":                              true,
		"Content-Type: application/x-www-form-urlencoded":            false,
		"Content-Type: multipart/form-data; boundary=x":              false,
		"Content-Type: application/octet-stream":                     false,
		"Content-Type: application/vnd.api+json":                     false,
		"":                                                           false,
		"Content-Type: application/json\nContent-Encoding: identity": false,
	} {
		for _, format := range []string{"1.0", "2.0"} {
			event := eventFor(t, format, "POST /x", "POST", "/x", header, "hi")
			want := []any{"hi", false}
			if !text {
				want = []any{"aGk=", true}
			}
			if d := cmp.Diff(want, []any{event["body"], event["isBase64Encoded"]}); d != "" {
				t.Errorf("%q: %s", header, d)
			}
		}
	}
}

// TestEventOfCustomDomain: rawPath is without the base path, which the path of
// format 1.0 has (developer guide, "AWS Lambda integrations for HTTP APIs").
func TestEventOfCustomDomain(t *testing.T) {
	for format, want := range map[string][]any{"2.0": {"/orders/7", "rawPath"}, "1.0": {"/shop/orders/7", "path"}} {
		var in lambda.Invocation
		s := compileStage(t, definition(map[string]string{"GET /orders/{id}": "fn"}, functionCall(format)), nil, testEnv(capture(&in)))
		x := new(exchange.Exchange)
		x.Begin(nil)
		fill(x, s, "GET", "/orders/7", "")
		x.Address.Custom, x.Address.BasePath, x.Address.RequestPath, x.Address.EventPath = true, "shop", []byte("/shop/orders/7"), []byte("/shop/orders/7")
		s.Serve(x)
		x.End()
		var event map[string]any
		if err := json.Unmarshal(in.Payload, &event); err != nil || event[want[1].(string)] != want[0] {
			t.Errorf("%s: %v, %v", format, event, err)
		}
	}
}

// TestLambdaAnswers: what becomes of a function's answer (developer guide, "AWS
// Lambda integrations for HTTP APIs"; the default type and the error seen on AWS).
func TestLambdaAnswers(t *testing.T) {
	broken := reply{500, map[string]string{"Content-Type": "application/json"}, `{"message":"Internal Server Error"}`}
	text := func(status int, body string) reply {
		return reply{status, map[string]string{"Content-Type": "text/plain;charset=UTF-8"}, body}
	}
	for name, tt := range map[string]struct {
		payload    string
		one, two   reply
		failed     string
		unanswered error
	}{
		"structured": {payload: `{"statusCode":201,"body":"made"}`, one: text(201, "made"), two: text(201, "made")},
		"typed": {payload: `{"statusCode":200,"headers":{"content-type":"text/html","X-N":5},"body":"<p>"}`,
			one: reply{200, map[string]string{"content-type": "text/html", "X-N": "5"}, "<p>"}, two: reply{200, map[string]string{"content-type": "text/html", "X-N": "5"}, "<p>"}},
		"inferred":       {payload: `{"ok":true}`, one: broken, two: reply{200, map[string]string{"Content-Type": "application/json"}, `{"ok":true}`}},
		"inferred text":  {payload: `"hi"`, one: broken, two: reply{200, map[string]string{"Content-Type": "application/json"}, `hi`}},
		"base64":         {payload: `{"statusCode":200,"body":"iVBORw==","isBase64Encoded":true}`, one: text(200, "\x89PNG"), two: text(200, "\x89PNG")},
		"not base64":     {payload: `{"statusCode":200,"body":"!","isBase64Encoded":true}`, one: broken, two: broken},
		"cookies of 2.0": {payload: `{"statusCode":200,"cookies":["a=1"],"headers":{"content-type":"a/b"}}`, one: reply{200, map[string]string{"content-type": "a/b"}, ""}, two: reply{200, map[string]string{"Set-Cookie": "a=1", "content-type": "a/b"}, ""}},
		"multi wins": {payload: `{"statusCode":200,"multiValueHeaders":{"X-A":["m"]},"headers":{"x-a":"s","content-type":"a/b"}}`,
			one: reply{200, map[string]string{"X-A": "m", "content-type": "a/b"}, ""}, two: reply{200, map[string]string{"x-a": "s", "content-type": "a/b"}, ""}},
		"framing isn't the function's": {payload: `{"statusCode":200,"headers":{"Content-Length":"99","transfer-encoding":"chunked","connection":"close","apigw-x":"1","content-type":"a/b"}}`,
			one: reply{200, map[string]string{"content-type": "a/b"}, ""}, two: reply{200, map[string]string{"content-type": "a/b"}, ""}},
		"failed":        {payload: `{"errorMessage":"no","errorType":"E"}`, failed: "Unhandled", one: broken, two: broken},
		"no answer":     {unanswered: &lambda.Error{Kind: lambda.Timeout}, one: unavailable, two: unavailable},
		"not permitted": {unanswered: &lambda.Error{Kind: lambda.AccessDenied, Status: 403}, one: broken, two: broken},
		"too large":     {payload: `"` + strings.Repeat("x", maxOutput) + `"`, one: broken, two: broken},
		"nothing":       {payload: ``, one: broken, two: broken},
	} {
		for format, want := range map[string]reply{"1.0": tt.one, "2.0": tt.two} {
			t.Run(name+" "+format, func(t *testing.T) {
				f := functions(func(_ *lambda.Invocation, out *lambda.Result) error {
					out.Payload, out.FunctionError = append(out.Payload, tt.payload...), tt.failed
					return tt.unanswered
				})
				s := compileStage(t, definition(map[string]string{"GET /": "fn"}, functionCall(format)), nil, testEnv(f))
				got := serve(t, s, "GET", "/", "", "")
				if delete(got.Header, "Apigw-Requestid"); cmp.Diff(want, got) != "" {
					t.Error(cmp.Diff(want, got))
				}
			})
		}
	}
}

var unavailable = reply{503, map[string]string{"Content-Type": "application/json"}, `{"message":"Service Unavailable"}`}

// TestInvocation: what a function is called with: which one, and for whom (seen on
// AWS: the tail of the source of $default is $default).
func TestInvocation(t *testing.T) {
	vars := &apigw.Stage{Name: "dev", Routes: &apigw.RouteStage{}, Variables: map[string]string{"fn": "orders", "alias": "live"}}
	for _, tt := range []struct{ key, uri, target, function, source string }{
		{"GET /orders/{id}", functionARN, "/orders/1", functionARN, "dev/GET/orders/{id}"},
		{"ANY /{proxy+}", functionARN + ":2", "/x", functionARN + ":2", "dev/*/{proxy+}"},
		{"$default", "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + functionARN + ":${stageVariables.alias}/invocations", "/", functionARN + ":live", "dev/$default"},
		{"GET /", "arn:aws:lambda:us-east-1:123456789012:function:${stageVariables.fn}", "/", functionARN, "dev/GET/"},
	} {
		var in lambda.Invocation
		i := functionCall("2.0")
		i.URI = tt.uri
		s := compileStage(t, definition(map[string]string{tt.key: "fn"}, i), vars, testEnv(capture(&in)))
		if got := serve(t, s, "GET", tt.target, "", ""); got.Status != 204 {
			t.Fatalf("%s: %+v", tt.key, got)
		}
		got := []string{in.Function, in.Header["X-Amz-Source-Arn"], in.RequestID}
		want := []string{tt.function, "arn:aws:execute-api:us-east-1:123456789012:abcdef123/" + tt.source, "JKJaXmPLvHcESHA="}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", tt.key, d)
		}
	}
}

// TestBrokenFunctions: what names no function of the API's own fails when it is
// called, and is told of at deployment.
func TestBrokenFunctions(t *testing.T) {
	st := &apigw.Stage{Name: "$default", Routes: &apigw.RouteStage{}, Variables: map[string]string{"account": "210987654321"}}
	for _, uri := range []string{"orders", "arn:aws:lambda:us-east-1:${stageVariables.account}:function:orders", "arn:aws:lambda:us-east-1:123456789012:function:${stageVariables.none}"} {
		i := functionCall("2.0")
		i.URI = uri
		def := definition(map[string]string{"GET /": "fn"}, i)
		problems := Check(def, st)
		if len(problems) != 1 || !problems[0].Warning {
			t.Errorf("%s: %v", uri, problems)
		}
		if got := serve(t, compileStage(t, def, st, testEnv(answering(`{}`))), "GET", "/", "", ""); got.Status != 500 {
			t.Errorf("%s: %+v", uri, got)
		}
	}
	if problems := Check(definition(map[string]string{"GET /": "fn"}, functionCall("")), st); len(problems) != 1 || problems[0].Warning {
		t.Error(problems)
	}
}

// TestLambdaEventOfToken: the event behind a JWT authorizer has what the sample of
// AWS's library has.
func TestLambdaEventOfToken(t *testing.T) {
	own := newIssuer(t)
	var in lambda.Invocation
	env := testEnv(capture(&in))
	env.Issuers.Client = http.DefaultClient
	def := definition(map[string]string{"GET /{proxy+}": "fn"}, functionCall("2.0"))
	def.RouteAuthorizers["a"] = &apigw.RouteAuthorizer{ID: "a", Name: "jwt", Type: "JWT", Issuer: own.URL, Audience: []string{"api"}, IdentitySource: []string{"$request.header.Authorization"}}
	for _, r := range def.Routes {
		r.AuthorizationType, r.AuthorizerID, r.AuthorizationScopes = "JWT", "a", []string{"scope1", "scope2"}
	}
	s := compileStage(t, def, ordersStage, env)
	got := serve(t, s, "GET", "/my/path?parameter1=value1", "Cookie: cookie1\nUser-Agent: agent\nAuthorization: "+own.token(t, `"aud":"api","scope":"scope1","groups":["a","b"],"n":5`), "")
	if got.Status != 204 {
		t.Fatalf("%+v", got)
	}
	likeSample(t, "apigw-v2-request-jwt-authorizer.json", in.Payload, ".requestContext.authorizer.jwt.claims", ".requestContext.authentication", ".body")
	var event events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(in.Payload, &event); err != nil {
		t.Fatal(err)
	}
	claims := event.RequestContext.Authorizer.JWT.Claims
	if claims["groups"] != "[a b]" || claims["n"] != "5" || claims["aud"] != "api" {
		t.Errorf("%v", claims)
	}
}

// FuzzLambdaEvent: whatever a client sends, the event is JSON and shows it.
func FuzzLambdaEvent(f *testing.F) {
	f.Add("/a/b", "q=1&q=%00", "X-A", "v\"\\\xff", "Cookie", "a=1;; b", "body\xff", true)
	f.Add("//\"", ";;&=&%zz", "host", "", "content-type", "text/plain", "", false)
	f.Fuzz(func(t *testing.T, path, query, name, value, name2, value2, body string, two bool) {
		if !http1.ValidName(name) || !http1.ValidName(name2) || !http1.ValidValue(value) || !http1.ValidValue(value2) {
			return
		}
		format := map[bool]string{true: "2.0", false: "1.0"}[two]
		s := compileStage(t, definition(map[string]string{"ANY /{proxy+}": "fn", "$default": "fn"}, functionCall(format)), nil, testEnv(answering(`{}`)))
		x := new(exchange.Exchange)
		x.Begin(nil)
		fill(x, s, "POST", "/", "")
		x.Header.Add(name, value)
		x.Header.Add(name2, value2)
		x.Query, x.Address.StagePath, x.Address.RequestPath = []byte(query), []byte("/"+path), []byte("/"+path)
		r := s.begin(x)
		defer x.End()
		if f := r.findRoute(); f != nil {
			return
		}
		r.body = []byte(body)
		form := r.Route.backend.(*lambdaProxy).event
		text := form.append(nil, r)
		var event struct {
			Body            *string
			IsBase64Encoded bool
		}
		if err := json.Unmarshal(text, &event); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if event.IsBase64Encoded {
			if plain, err := base64.StdEncoding.DecodeString(*event.Body); err != nil || string(plain) != body {
				t.Errorf("%q became %q", body, *event.Body)
			}
		}
		if again := form.append(nil, r); !bytes.Equal(text, again) {
			t.Errorf("%s, then %s", text, again)
		}
	})
}

func BenchmarkLambdaEvent(b *testing.B) {
	for _, format := range []string{"1.0", "2.0"} {
		b.Run(format, func(b *testing.B) {
			s := compileStage(b, definition(map[string]string{"POST /orders/{id}": "fn"}, functionCall(format)), ordersStage, testEnv(answering(`{}`)))
			x := new(exchange.Exchange)
			x.Begin(nil)
			fill(x, s, "POST", "/orders/42?q=1&q=2", "Accept: */*\nAccept-Encoding: gzip, deflate\nContent-Type: application/json\nUser-Agent: demo/1.0\nAuthorization: Bearer 0123456789\nCookie: a=b; c=d")
			r := s.begin(x)
			if f := r.findRoute(); f != nil {
				b.Fatal(f)
			}
			r.body = []byte(`{"n":1}`)
			form := &r.Route.backend.(*lambdaProxy).event
			event := form.append(nil, r)
			b.ReportAllocs()
			for b.Loop() {
				event = form.append(event[:0], r)
			}
		})
	}
}

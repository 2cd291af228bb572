package restapi

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/credentials"
	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/lambda"
)

func eventMethod(params map[string]string) *apigw.Method {
	return httpMethod(apigw.IntegrationAWS, functionURI, params)
}

// TestLambdaEvent: the body is the event, and nothing else of the request is
// (recorded on AWS).
func TestLambdaEvent(t *testing.T) {
	type invocation struct {
		Function, Payload, Context, Custom, Source string
		Type                                       lambda.InvocationType
	}
	const fn, source = "arn:aws:lambda:us-east-1:123456789012:function:fn", "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/prod/POST/r"
	tests := map[string]struct {
		params map[string]string
		header string
		body   string
		want   invocation
	}{
		"body":  {body: `{"a":1}`, want: invocation{Function: fn, Payload: `{"a":1}`, Source: source}},
		"empty": {want: invocation{Function: fn, Source: source}},
		"asynchronous": {body: "{}", params: map[string]string{"integration.request.header.X-Amz-Invocation-Type": "'Event'"},
			want: invocation{Function: fn, Payload: "{}", Source: source, Type: lambda.Event}},
		"as the client says": {body: "{}", header: "Kind: Event", params: map[string]string{"integration.request.header.X-Amz-Invocation-Type": "method.request.header.Kind"},
			want: invocation{Function: fn, Payload: "{}", Source: source, Type: lambda.Event}},
		"as the client doesn't say": {body: "{}", params: map[string]string{"integration.request.header.X-Amz-Invocation-Type": "method.request.header.Kind"},
			want: invocation{Function: fn, Payload: "{}", Source: source}},
		"client context, alias and another field": {body: "{}", params: map[string]string{"integration.request.header.X-Amz-Client-Context": "'e30='",
			"integration.request.querystring.Qualifier": "'live'", "integration.request.header.X-Custom": "'1'"},
			want: invocation{Function: fn + ":live", Payload: "{}", Source: source, Context: "e30=", Custom: "1"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got invocation
			f := fakeFunctions(func(in *lambda.Invocation, out *lambda.Result) error {
				got = invocation{in.Function, string(in.Payload), in.ClientContext, in.Header["X-Custom"], in.Header["X-Amz-Source-Arn"], in.Type}
				return nil
			})
			s := compileStage(t, define(map[string]*apigw.Method{"POST /r": eventMethod(tt.params)}), nil, testEnv(f))
			if _, answer := serve(s, call{method: "POST", target: "/r?a=b", header: tt.header, body: tt.body}); answer.Status != 200 || answer.Body != "" {
				t.Errorf("answered %v", answer)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestLambdaAnswer: patterns see the whole errorMessage of a function that
// failed, and nothing of one that didn't; of several the lowest status wins
// (recorded on AWS).
func TestLambdaAnswer(t *testing.T) {
	failed := func(message string) fakeFunctions {
		return func(_ *lambda.Invocation, out *lambda.Result) error {
			out.FunctionError = "Unhandled"
			out.Payload = append(out.Payload, `{"errorMessage":"`+message+`"}`...)
			return nil
		}
	}
	refused := func(kind lambda.Kind, status int) fakeFunctions {
		return func(_ *lambda.Invocation, out *lambda.Result) error {
			out.Status = status
			return &lambda.Error{Kind: kind, Status: status, Message: "refused", Cause: errors.New("x")}
		}
	}
	internal := reply{500, `{"message": "Internal server error"}`, "InternalServerErrorException"}
	tests := map[string]struct {
		f         fakeFunctions
		noDefault bool
		want      reply
	}{
		"success":                       {f: returning(`"Pass"`), want: reply{200, `"Pass"`, ""}},
		"success, shaped like an error": {f: returning(`{"errorMessage":"Error: four hundred"}`), want: reply{200, `{"errorMessage":"Error: four hundred"}`, ""}},
		"both patterns fit":             {f: failed("Error: four hundred"), want: reply{405, `{"errorMessage":"Error: four hundred"}`, ""}},
		"the second fits":               {f: failed("Error: five hundred"), want: reply{502, `{"errorMessage":"Error: five hundred"}`, ""}},
		"none fits":                     {f: failed(""), want: reply{200, `{"errorMessage":""}`, ""}},
		"success without a default":     {f: returning("{}"), noDefault: true, want: internal},
		"throttled":                     {f: refused(lambda.Throttled, 429), want: internal},
		"no permission":                 {f: refused(lambda.AccessDenied, 403), want: internal},
		"too slow":                      {f: refused(lambda.Timeout, 0), want: reply{504, `{"message": "Endpoint request timed out"}`, "InternalServerErrorException"}},
		"away":                          {f: refused(lambda.Unreachable, 0), want: reply{504, `{"message": "Network error communicating with endpoint"}`, "InternalServerErrorException"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			m := eventMethod(nil)
			for code, pattern := range map[apigw.StatusCode]string{"405": ".*four hundred.*", "502": ".+"} {
				m.Responses[code] = &apigw.MethodResponse{StatusCode: code}
				m.Integration.Responses[code] = &apigw.IntegrationResponse{StatusCode: code, SelectionPattern: &pattern}
			}
			if tt.noDefault {
				delete(m.Integration.Responses, "200")
			}
			s := compileStage(t, define(map[string]*apigw.Method{"GET /r": m}), nil, testEnv(tt.f))
			if _, got := serve(s, call{method: "GET", target: "/r"}); got != tt.want {
				t.Errorf("answered %v, want %v", got, tt.want)
			}
		})
	}
}

// TestLambdaFails: what Lambda or the gateway would not take is never called.
func TestLambdaFails(t *testing.T) {
	tests := map[string]func(m *apigw.Method){
		"invocation type that is none": func(m *apigw.Method) {
			m.Integration.RequestParameters = map[string]string{"integration.request.header.X-Amz-Invocation-Type": "'Sometimes'"}
		},
		"another method": func(m *apigw.Method) { m.Integration.HTTPMethod = "GET" },
		"a mapped TE": func(m *apigw.Method) {
			m.Integration.RequestParameters = map[string]string{"integration.request.header.TE": "'x'"}
		},
		"variables name no one": func(m *apigw.Method) {
			m.Integration.URI = strings.Replace(functionURI, "arn:aws:lambda:us-east-1:123456789012:function:fn", "${stageVariables.f}", 1)
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			m := eventMethod(nil)
			change(m)
			s := compileStage(t, define(map[string]*apigw.Method{"GET /r": m}), nil, testEnv(fakeFunctions(func(*lambda.Invocation, *lambda.Result) error {
				t.Error("called")
				return nil
			})))
			if _, got := serve(s, call{method: "GET", target: "/r"}); got.Status != 500 {
				t.Errorf("answered %v", got)
			}
		})
	}
}

// TestLambdaRole: a declared role signs calls elsewhere; its own policies, or
// the function's, allow them here.
func TestLambdaRole(t *testing.T) {
	const source = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/prod/GET/r"
	trust, err := credentials.ParseTrust(`{"Statement":{"Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"sts:AssumeRole",
		"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:execute-api:*:*:a1b2c3d4e5/*"}}}}`)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := credentials.ParseTrust(`{"Statement":{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}}`)
	if err != nil {
		t.Fatal(err)
	}
	invoker, err := iam.Parse(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"lambda:InvokeFunction","Resource":"arn:aws:lambda:*:123456789012:function:fn"}}`, iam.Identity)
	if err != nil {
		t.Fatal(err)
	}
	roles := credentials.NewRoles(credentials.Config{Partition: "aws", Account: "123456789012", Region: "us-east-1", Declared: []credentials.Role{
		{Name: "plain", Trust: trust}, {Name: "invoker", Trust: trust, Policies: []*iam.Policy{invoker}}, {Name: "foreign", Trust: foreign},
	}})
	type seen struct {
		Status int
		Signed bool
		Source string
	}
	tests := map[string]seen{
		"":           {200, false, source},
		"undeclared": {200, false, source},
		"plain":      {200, true, source},
		"invoker":    {200, true, ""},
		"foreign":    {500, false, ""},
	}
	for role, want := range tests {
		for _, kind := range []apigw.IntegrationType{apigw.IntegrationAWS, apigw.IntegrationAWSProxy} {
			t.Run(string(kind)+" "+role, func(t *testing.T) {
				var got seen
				env := testEnv(fakeFunctions(func(in *lambda.Invocation, out *lambda.Result) error {
					got.Signed, got.Source = in.Session != nil, in.Header["X-Amz-Source-Arn"]
					out.Payload = append(out.Payload, "{}"...)
					return nil
				}))
				env.Services = &integration.Services{Roles: roles}
				m := eventMethod(nil)
				m.Integration.Type = kind
				if role != "" {
					m.Integration.Credentials = "arn:aws:iam::123456789012:role/" + role
				}
				_, answer := serve(compileStage(t, define(map[string]*apigw.Method{"GET /r": m}), nil, env), call{method: "GET", target: "/r"})
				got.Status = answer.Status
				if d := cmp.Diff(want, got); d != "" {
					t.Error(d)
				}
			})
		}
	}
}

// BenchmarkServeLambdaEvent is a function that costs nothing, with its mapped
// event and answer.
func BenchmarkServeLambdaEvent(b *testing.B) {
	m := eventMethod(nil)
	m.Integration.RequestTemplates = map[string]*string{"application/json": text(`{"id": "$context.requestId"}`)}
	s := compileStage(b, define(map[string]*apigw.Method{"GET /r": m}), nil, testEnv(returning(`{"ok":true}`)))
	e := newReused("/r")
	b.ReportAllocs()
	for b.Loop() {
		e.serve(b, s)
	}
}

package restapi

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/lambda"
)

const invalidBody = `{"message": "Invalid JSON in request body"}`

// TestMappedBodyRequest covers mappings from the client's body.
func TestMappedBodyRequest(t *testing.T) {
	const pets = `{"store":{"pets":[{"name":"Bolt","age":3,"tags":["a","b"],"none":null,"good":true,"empty":""}]}}`
	wrong := reply{400, invalidBody, "BadRequestException"}
	tests := map[string]struct {
		source, body, contentType, handling string
		want                                string // the field's value; "-": there is none
		answer                              reply
	}{
		"all of it":                           {source: "method.request.body", body: "<x/>", want: "<x/>"},
		"an empty body (recorded on AWS)":     {source: "method.request.body", want: "{}"},
		"a string":                            {source: "method.request.body.store.pets[0].name", body: pets, want: "Bolt"},
		"a number":                            {source: "method.request.body.store.pets[0].age", body: pets, want: "3"},
		"a truth value":                       {source: "method.request.body.store.pets[0].good", body: pets, want: "true"},
		"an array (guide)":                    {source: "method.request.body.store.pets[0].tags", body: pets, want: `["a","b"]`},
		"an object (guide)":                   {source: "method.request.body.store.pets[0]['name','age']", body: pets, want: `{"name":"Bolt","age":3}`},
		"several":                             {source: "method.request.body..name", body: pets, want: `["Bolt"]`},
		"an empty string":                     {source: "method.request.body.store.pets[0].empty", body: pets, want: ""},
		"none of several":                     {source: "method.request.body.store.pets[?(@.age > 3)].name", body: pets, want: "-"},
		"null":                                {source: "method.request.body.store.pets[0].none", body: pets, want: "-"},
		"nothing (recorded on AWS)":           {source: "method.request.body.store.dogs[0].name", body: pets, want: "-"},
		"an array's element":                  {source: "method.request.body[1]", body: `[1,2]`, want: "2"},
		"of no JSON (recorded on AWS)":        {source: "method.request.body.a", body: "a=1", want: "-"},
		"of an empty body":                    {source: "method.request.body.a", want: "-"},
		"broken (recorded on AWS)":            {source: "method.request.body.a", body: "\n{wrongjson", answer: wrong},
		"broken as a whole (recorded on AWS)": {source: "method.request.body", body: "\n{wrongjson", answer: wrong},
		"bytes":                               {source: "method.request.body", body: "\xff", contentType: "image/png", want: "-"},
		"bytes as text":                       {source: "method.request.body", body: "hi", contentType: "image/png", handling: "CONVERT_TO_TEXT", want: "aGk="},
		"text to bytes":                       {source: "method.request.body", body: "aGk=", handling: "CONVERT_TO_BINARY", want: "-"},
		"text that is none":                   {source: "method.request.body", body: "a\xffb", want: "a\uFFFDb"},
	}
	for name, tt := range tests {
		for _, kind := range []apigw.IntegrationType{apigw.IntegrationHTTP, apigw.IntegrationHTTPProxy} {
			t.Run(name+" "+string(kind), func(t *testing.T) {
				address, requests := seen(t)
				m := httpMethod(kind, "http://"+address, map[string]string{"integration.request.header.Value": tt.source})
				m.Integration.ContentHandling = tt.handling
				def := define(map[string]*apigw.Method{"POST /r": m})
				def.API.BinaryMediaTypes = []string{"image/png"}
				c := call{method: "POST", target: "/r", body: tt.body}
				if tt.contentType != "" {
					c.header = "Content-Type: " + tt.contentType
				}
				_, got := serve(compileStage(t, def, nil, nil), c)
				if tt.answer.Status != 0 {
					if d := cmp.Diff(tt.answer, got); d != "" {
						t.Error(d)
					}
					return
				}
				if got.Status != 200 {
					t.Fatalf("answered %+v", got)
				}
				value := "-"
				for _, line := range lines(<-requests, address) {
					if v, ok := strings.CutPrefix(line, "Value: "); ok {
						value = v
					}
				}
				if value != tt.want {
					t.Errorf("%q, not %q", value, tt.want)
				}
			})
		}
	}
}

// TestMappedBodyTarget covers paths and queries made of the client's body, and
// that the body itself arrives also when it is larger than what is read first.
func TestMappedBodyTarget(t *testing.T) {
	address, requests := seen(t)
	m := httpMethod(apigw.IntegrationHTTPProxy, "http://"+address+"/{id}", map[string]string{
		"integration.request.path.id": "method.request.body.id", "integration.request.querystring.q": "method.request.body.q"})
	s := compileStage(t, define(map[string]*apigw.Method{"POST /r": m}), nil, nil)
	body := `{"id":"a b/ü","q":{"x":1},"fill":"` + strings.Repeat("x", integration.StreamFrom) + `"}`
	if _, got := serve(s, call{method: "POST", target: "/r", body: body}); got.Status != 200 {
		t.Fatalf("answered %+v", got)
	}
	got := lines(<-requests, address)
	if want := "POST /a%20b/%C3%BC?q=%7B%22x%22%3A1%7D HTTP/1.1"; got[0] != want || got[len(got)-1] != body {
		t.Errorf("%s, not %s; %d bytes of the body", got[0], want, len(got[len(got)-1]))
	}
}

// TestMappedBodyResponse covers mappings from the backend's body.
func TestMappedBodyResponse(t *testing.T) {
	tests := map[string]struct {
		source, fields, body string
		template, accept     *string
		want                 string
		answer               reply
	}{
		"all of it":                            {source: "integration.response.body", body: "<x/>", want: "<x/>", answer: reply{Status: 200, Body: "<x/>"}},
		"an empty body (recorded on AWS)":      {source: "integration.response.body", want: "{}", answer: reply{Status: 200}},
		"a part (guide)":                       {source: "integration.response.body.redirect.url", body: `{"redirect":{"url":"http://x"}}`, want: "http://x", answer: reply{Status: 200, Body: `{"redirect":{"url":"http://x"}}`}},
		"beside a template":                    {source: "integration.response.body", body: "mapped, not changed", template: text("another text, of a longer body"), want: "mapped, not changed", answer: reply{Status: 200, Body: "another text, of a longer body"}},
		"nothing":                              {source: "integration.response.body.b", body: `{"a":1}`, want: "-", answer: reply{Status: 200, Body: `{"a":1}`}},
		"JSON in a string is a string (guide)": {source: "integration.response.body.a.b", body: `{"a":"{\"b\":1}"}`, want: "-", answer: reply{Status: 200, Body: `{"a":"{\"b\":1}"}`}},
		"broken (recorded on AWS)":             {source: "integration.response.body.a", body: "\n{wrongjson", answer: reply{500, serverError, "InternalServerErrorException"}},
		"broken as a whole (recorded on AWS)":  {source: "integration.response.body", body: "\n{wrongjson", answer: reply{500, serverError, "InternalServerErrorException"}},
		"bytes":                                {source: "integration.response.body", fields: "Content-Type: image/png\r\n", accept: text("image/png"), body: "\xff", want: "-", answer: reply{Status: 200, Body: "\xff"}},
		"bytes as text":                        {source: "integration.response.body", fields: "Content-Type: image/png\r\n", body: "hi", want: "aGk=", answer: reply{Status: 200, Body: "aGk="}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			address := rawBackend(t, func(string) string {
				return fmt.Sprintf("HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s", tt.fields, len(tt.body), tt.body)
			})
			m := httpMethod(apigw.IntegrationHTTP, "http://"+address, nil)
			m.Integration.Responses["200"].ResponseParameters = map[string]string{"method.response.header.Value": tt.source}
			if tt.template != nil {
				m.Integration.Responses["200"].ResponseTemplates = map[string]*string{"application/json": tt.template}
			}
			def := define(map[string]*apigw.Method{"GET /r": m})
			def.API.BinaryMediaTypes = []string{"image/png"}
			c := call{method: "GET", target: "/r"}
			if tt.accept != nil {
				c.header = "Accept: " + *tt.accept
			}
			x, got := serve(compileStage(t, def, nil, nil), c)
			if d := cmp.Diff(tt.answer, got); d != "" {
				t.Error(d)
			}
			value := "-"
			if v := x.Response.Header.Get("Value"); v != nil {
				value = string(v)
			}
			if got.Status == 200 && value != tt.want {
				t.Errorf("%q, not %q", value, tt.want)
			}
		})
	}
}

// TestMappedFunctionBody: only in a Lambda function's answer does a path lead
// into a string that holds JSON (developer guide, "Handle custom Lambda errors
// in API Gateway").
func TestMappedFunctionBody(t *testing.T) {
	var kind lambda.InvocationType
	f := fakeFunctions(func(in *lambda.Invocation, out *lambda.Result) error {
		kind, out.FunctionError = in.Type, "Unhandled"
		out.Payload = append(out.Payload, `{"errorMessage":"{\"httpStatus\":500,\"trace\":{\"function\":\"abc()\"}}"}`...)
		return nil
	})
	m := eventMethod(map[string]string{"integration.request.header.X-Amz-Invocation-Type": "method.request.body.kind"})
	m.Integration.Responses["200"].ResponseParameters = map[string]string{
		"method.response.header.Trace":  "integration.response.body.errorMessage.trace.function",
		"method.response.header.Status": "integration.response.body.errorMessage.httpStatus",
		"method.response.header.All":    "integration.response.body.errorMessage.trace",
		"method.response.header.None":   "integration.response.body.errorMessage.trace.none",
	}
	s := compileStage(t, define(map[string]*apigw.Method{"POST /r": m}), nil, testEnv(f))
	x, answer := serve(s, call{method: "POST", target: "/r", body: `{"kind":"RequestResponse"}`})
	if answer.Status != 200 || kind != lambda.RequestResponse {
		t.Fatalf("answered %+v, invoked as %q", answer, kind)
	}
	for name, want := range map[string]string{"Trace": "abc()", "Status": "500", "All": `{"function":"abc()"}`, "None": ""} {
		if got := string(x.Response.Header.Get(name)); got != want {
			t.Errorf("%s: %q, not %q", name, got, want)
		}
	}
	if _, answer := serve(s, call{method: "POST", target: "/r", body: `{broken`}); answer.Status != 400 || answer.Body != invalidBody {
		t.Errorf("answered %+v to a body that is no JSON", answer)
	}
}

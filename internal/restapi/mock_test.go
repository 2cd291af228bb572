package restapi

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// TestMock covers template choice, passthrough, the status code and what the
// client gets.
func TestMock(t *testing.T) {
	failed := reply{500, serverError, "InternalServerErrorException"}
	unsupportedType := reply{415, `{"message":"Unsupported Media Type"}`, "BadRequestException"}
	templates := func(pairs ...string) map[string]*string {
		m := map[string]*string{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = text(pairs[i+1])
		}
		return m
	}
	ok := templates("application/json", `{"statusCode": 200}`)
	tests := map[string]struct {
		templates   map[string]*string
		passthrough string
		handling    string
		binary      []string
		call        call
		want        reply
	}{
		"template":                            {ok, "", "", nil, call{}, reply{200, "two hundred", ""}},
		"unquoted key (recorded on AWS)":      {templates("application/json", "{statusCode: 200}"), "", "", nil, call{}, reply{200, "two hundred", ""}},
		"another code":                        {templates("application/json", `{"statusCode": 404}`), "", "", nil, call{}, reply{404, "", ""}},
		"a code nobody answers":               {templates("application/json", `{"statusCode": 301}`), "", "", nil, call{}, reply{200, "two hundred", ""}},
		"a text for a code":                   {templates("application/json", `{"statusCode": "200"}`), "", "", nil, call{}, failed},
		"a template for another type":         {templates("text/xml", `{"statusCode": 404}`), "", "", nil, call{}, reply{200, "two hundred", ""}},
		"the client's body drives it (guide)": {nil, "", "", nil, call{body: `{"statusCode":404}`}, reply{404, "", ""}},
		"neither template nor body (guide)":   {nil, "", "", nil, call{}, reply{200, "two hundred", ""}},
		"a body that is none":                 {nil, "", "", nil, call{body: "hello"}, failed},
		"an empty template passes the body":   {templates("application/json", ""), "", "", nil, call{body: `{"statusCode":404}`}, reply{404, "", ""}},
		"$default":                            {templates("$default", `{"statusCode": 404}`), "NEVER", "", nil, call{header: "Content-Type: a/b"}, reply{404, "", ""}},
		"type with parameters":                {ok, "NEVER", "", nil, call{header: "Content-Type: application/json; charset=utf-8"}, reply{200, "two hundred", ""}},
		"NEVER, no template":                  {nil, "NEVER", "", nil, call{}, unsupportedType},
		"NEVER, another type (guide)":         {ok, "NEVER", "", nil, call{header: "Content-Type: text/xml"}, unsupportedType},
		"WHEN_NO_TEMPLATES, none":             {nil, "WHEN_NO_TEMPLATES", "", nil, call{}, reply{200, "two hundred", ""}},
		"WHEN_NO_TEMPLATES, another (guide)":  {ok, "WHEN_NO_TEMPLATES", "", nil, call{header: "Content-Type: text/xml"}, unsupportedType},
		"WHEN_NO_MATCH, another type (guide)": {ok, "WHEN_NO_MATCH", "", nil, call{header: "Content-Type: text/xml"}, reply{200, "two hundred", ""}},
		"template on bytes (seen on AWS)":     {ok, "", "", []string{"*/*"}, call{}, failed},
		"made text before (seen on AWS)":      {templates("application/json", `{"statusCode": 404}`), "", "CONVERT_TO_TEXT", []string{"*/*"}, call{}, reply{404, "", ""}},
		"template on what becomes bytes":      {ok, "", "CONVERT_TO_BINARY", nil, call{}, failed},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			m := mockMethod("two hundred")
			m.Responses["404"] = &apigw.MethodResponse{StatusCode: "404"}
			i := m.Integration
			i.RequestTemplates, i.PassthroughBehavior, i.ContentHandling = tt.templates, tt.passthrough, tt.handling
			i.Responses["404"] = &apigw.IntegrationResponse{StatusCode: "404", SelectionPattern: text("4..")}
			def := define(map[string]*apigw.Method{"POST /r": m})
			def.API.BinaryMediaTypes = tt.binary
			tt.call.method, tt.call.target = "POST", "/r"
			if _, got := serve(compileStage(t, def, nil, nil), tt.call); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

// TestCORS is what tools write for a preflight.
func TestCORS(t *testing.T) {
	m := mockMethod("")
	m.Integration.RequestTemplates["application/json"] = text("{ statusCode: 200 }")
	m.Integration.Responses["200"].ResponseParameters = map[string]string{
		"method.response.header.Access-Control-Allow-Headers": "'Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token'",
		"method.response.header.Access-Control-Allow-Methods": "'GET,OPTIONS'",
		"method.response.header.Access-Control-Allow-Origin":  "'*'",
	}
	x, r := serve(compileStage(t, define(map[string]*apigw.Method{"OPTIONS /r": m}), nil, nil), call{method: "OPTIONS", target: "/r", header: "Origin: https://a"})
	got := []string{r.Body}
	for _, name := range []string{"Access-Control-Allow-Headers", "Access-Control-Allow-Methods", "Access-Control-Allow-Origin", "Content-Type"} {
		got = append(got, fields(&x.Response.Header, name)...)
	}
	want := []string{"", "Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token", "GET,OPTIONS", "*", "application/json"}
	if d := cmp.Diff(want, got); d != "" || r.Status != 200 {
		t.Errorf("%+v %s", r, d)
	}
}

// TestConcurrent serves one stage from many goroutines, with memory given
// back in between.
func TestConcurrent(t *testing.T) {
	address := rawBackend(t, func(string) string { return rawOK })
	s := compileStage(t, define(map[string]*apigw.Method{
		"GET /mock/{id}": mockMethod("m"), "GET /fn/{id}": lambdaMethod(),
		"GET /http/{id}": httpMethod(apigw.IntegrationHTTPProxy, "http://"+address+"/{id}", map[string]string{"integration.request.path.id": "method.request.path.id"}),
	}), nil, testEnv(returning(`{"body":"f"}`)))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				for target, body := range map[string]string{"/mock/1": "m", "/fn/2": "f", "/http/3": "ok"} {
					x, r := serve(s, call{method: "GET", target: target + "?a=b"})
					if r.Status != 200 || r.Body != body {
						t.Errorf("%s: %+v", target, r)
					}
					x.End()
				}
			}
		})
	}
	wg.Wait()
}

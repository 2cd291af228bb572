package restapi

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/telemetry"
)

const modelsOf = "https://apigateway.amazonaws.com/restapis/a1b2c3d4e5/models/"

// validated is an API with one validated method, at path.
func validated(path string, v apigw.RequestValidator, parameters map[string]bool, models map[string]apigw.ModelName) *apigw.Definition {
	m := mockMethod("ok")
	m.RequestValidatorID, m.RequestParameters, m.RequestModels = "v", parameters, models
	m.Integration.PassthroughBehavior = "WHEN_NO_MATCH"
	m.Integration.RequestTemplates["text/plain"] = m.Integration.RequestTemplates["application/json"]
	m.Integration.RequestTemplates["application/xml"] = m.Integration.RequestTemplates["application/json"]
	def := define(map[string]*apigw.Method{"POST " + path: m})
	def.Validators = map[apigw.ValidatorID]*apigw.RequestValidator{"v": &v}
	def.Models = map[apigw.ModelName]*apigw.Model{
		"Pair":   {Name: "Pair", Schema: `{"type":"object","properties":{"a":{"type":"number"},"b":{"type":"number"}},"required":["a","b"]}`},
		"Status": {Name: "Status", Schema: `{"type":"object","properties":{"s":{"oneOf":[{"type":"null"},{"$ref":"` + modelsOf + `Pair"}]}},"required":["s"]}`},
		"Loop":   {Name: "Loop", Schema: `{"type":"object","properties":{"next":{"$ref":"` + modelsOf + `Loop"}},"additionalProperties":false}`},
	}
	return def
}

const missing = `{"message":"Missing required request parameters: [`

var refusedBody = reply{400, `{"message":"Invalid request body"}`, "BadRequestException"}

// The order of the names, and that the body isn't looked at when parameters
// are missing, are recorded on AWS.
func TestValidateParameters(t *testing.T) {
	def := validated("/nested/{test}", apigw.RequestValidator{ValidateParameters: true, ValidateBody: true}, map[string]bool{
		"method.request.path.issuer": true, "method.request.querystring.qs1": true, "method.request.header.x-header-param": true,
		"method.request.header.x-other": false,
	}, map[string]apigw.ModelName{"application/json": "Pair"})
	s := compileStage(t, def, nil, nil)
	for name, tt := range map[string]struct {
		call call
		want string
	}{
		"all":      {call{"POST", "/nested/x", "", `{"test":1}`, 0}, "x-header-param, issuer, qs1"},
		"query":    {call{"POST", "/nested/x?qs1=1", "", "", 0}, "x-header-param, issuer"},
		"header":   {call{"POST", "/nested/x?qs1=1", "x-header-param: 1", "", 0}, "issuer"},
		"blank":    {call{"POST", "/nested/x?qs1=+", "x-header-param: 1", "", 0}, "issuer, qs1"},
		"its case": {call{"POST", "/nested/x?QS1=1", "X-Header-Param: 1", "", 0}, "issuer, qs1"},
	} {
		_, got := serve(s, tt.call)
		if diff := cmp.Diff(reply{400, missing + tt.want + `]"}`, "BadRequestException"}, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestValidateBody(t *testing.T) {
	both := map[string]apigw.ModelName{"application/json": "Pair", "$default": "Status"}
	ok := reply{200, "ok", ""}
	for name, tt := range map[string]struct {
		models     map[string]apigw.ModelName
		media      string
		body       string
		parameters bool // a validator that leaves bodies alone
		want       reply
	}{
		"valid":                   {both, "application/json; charset=utf-8", `{"a":1,"b":2}`, false, ok},
		"no type is JSON":         {both, "", `{"a":1,"b":2}`, false, ok},
		"other case":              {both, "Application/JSON", `{"a":1,"b":""}`, false, refusedBody},
		"missing members":         {both, "application/json", `{}`, false, refusedBody}, // recorded on AWS
		"empty":                   {both, "application/json", "", false, refusedBody},   // recorded on AWS
		"no JSON":                 {both, "application/json", `{"a":`, false, refusedBody},
		"text":                    {both, "application/json", `a=1`, false, refusedBody},
		"$default":                {both, "text/plain", `{"s":null}`, false, ok},
		"$default, invalid":       {both, "text/plain", `{"a":1,"b":2}`, false, refusedBody},
		"no model for the type":   {map[string]apigw.ModelName{"application/json": "Pair"}, "text/plain", `a=1`, false, ok}, // seen on AWS
		"a model for XML":         {map[string]apigw.ModelName{"application/xml": "Pair"}, "application/xml", `<a/>`, false, refusedBody},
		"bodies aren't validated": {both, "application/json", `{}`, true, ok},
		"another model":           {map[string]apigw.ModelName{"application/json": "Status"}, "application/json", `{"s":{"a":1,"b":2}}`, false, ok},
		"another model, null":     {map[string]apigw.ModelName{"application/json": "Status"}, "application/json", `{"s":null}`, false, ok},
		"another model, invalid":  {map[string]apigw.ModelName{"application/json": "Status"}, "application/json", `{"s":{"a":1}}`, false, refusedBody},
		"a circle":                {map[string]apigw.ModelName{"application/json": "Loop"}, "application/json", `{"next":{"next":{}}}`, false, ok},
		"a circle, invalid":       {map[string]apigw.ModelName{"application/json": "Loop"}, "application/json", `{"next":{"next":{"x":1}}}`, false, refusedBody},
	} {
		t.Run(name, func(t *testing.T) {
			def := validated("/r", apigw.RequestValidator{ValidateParameters: tt.parameters, ValidateBody: !tt.parameters}, nil, tt.models)
			_, got := serve(compileStage(t, def, nil, nil), call{"POST", "/r", "Content-Type: " + tt.media, tt.body, 0})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What is wrong shows where the API wants it to, with its quotes escaped (seen
// on AWS).
func TestValidationErrorString(t *testing.T) {
	def := validated("/r", apigw.RequestValidator{ValidateBody: true}, nil, map[string]apigw.ModelName{"application/json": "Pair"})
	def.GatewayResponses = map[string]*apigw.GatewayResponse{"BAD_REQUEST_BODY": {
		StatusCode:         "422",
		ResponseParameters: map[string]string{"gatewayresponse.header.x-why": "context.error.validationErrorString"},
		ResponseTemplates:  map[string]string{"application/json": `{"message":$context.error.messageString,"why":"$context.error.validationErrorString"}`},
	}}
	s := compileStage(t, def, nil, nil)
	for body, want := range map[string]string{
		`{}`:                   `[object has missing required properties ([\"a\",\"b\"])]`, // seen on AWS
		``:                     `[Unknown error parsing request body]`,                     // seen on AWS
		`{"a":1`:               `[Unknown error parsing request body]`,
		`{"a":"x\"","b":true}`: `[instance type (string) does not match any allowed primitive type (allowed: [\"integer\",\"number\"]), instance type (boolean) does not match any allowed primitive type (allowed: [\"integer\",\"number\"])]`,
	} {
		x, got := serve(s, call{"POST", "/r", "", body, 0})
		if diff := cmp.Diff(reply{422, `{"message":"Invalid request body","why":"` + want + `"}`, "BadRequestException"}, got); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{want}, fields(&x.Response.Header, "x-why")); diff != "" {
			t.Error(diff)
		}
	}
}

// A validator costs nothing but the look at the body: nothing is compiled.
func BenchmarkValidatedRequest(b *testing.B) {
	def := validated("/r", apigw.RequestValidator{ValidateParameters: true, ValidateBody: true},
		map[string]bool{"method.request.header.x-a": true, "method.request.querystring.q": true}, map[string]apigw.ModelName{"application/json": "Pair"})
	s := compileStage(b, def, nil, nil)
	x := newExchange(call{"POST", "/r?q=1", "x-a: 1", `{"a":1,"b":2}`, 0})
	b.ReportAllocs()
	for b.Loop() {
		fillExchange(x, x.Header, call{"POST", "/r?q=1", "x-a: 1", `{"a":1,"b":2}`, 0})
		s.Serve(x)
		if x.Response.Status != 200 {
			b.Fatal(x.Response.Status)
		}
		x.End()
	}
}

// TestValidationLog has the lines of a test as AWS's console showed them, in
// public transcripts.
func TestValidationLog(t *testing.T) {
	def := validated("/users", apigw.RequestValidator{ValidateBody: true, ValidateParameters: true},
		map[string]bool{"method.request.querystring.q": true}, map[string]apigw.ModelName{"application/json": "Pair"})
	for name, tt := range map[string]struct{ path, body, want string }{
		"empty":     {"/users?q=1", "", "Request body does not match model schema for content type application/json: [Unknown error parsing request body]"},
		"members":   {"/users?q=1", `{"a":1}`, `Request body does not match model schema for content type application/json: [object has missing required properties (["b"])]`},
		"parameter": {"/users", "", "Missing required request parameters: [q]"},
	} {
		out, err := TestInvoke(t.Context(), def, trialRequest(apigw.TestRequest{Resource: "id:/users", Verb: "POST", Path: tt.path, Body: tt.body}), testEnv(nil))
		if err != nil {
			t.Fatal(err)
		}
		lines := plainLog(out.Log)
		want := []string{"@ " + tt.want, "@ Method completed with status: 400", ""}
		if diff := cmp.Diff(want, lines[len(lines)-3:]); diff != "" || out.Status != 400 {
			t.Errorf("%s: %d\n%s", name, out.Status, diff)
		}
		if diff := cmp.Diff([]apigw.TestField{{Name: "x-amzn-ErrorType", Value: "BadRequestException"}}, out.Header); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestValidationAccessLog shows that a client can't put quotes of its own into
// a log that is JSON.
func TestValidationAccessLog(t *testing.T) {
	def := validated("/r", apigw.RequestValidator{ValidateBody: true}, nil, map[string]apigw.ModelName{"application/json": "Loop"})
	dir := t.TempDir()
	env := testEnv(nil)
	env.Logs = telemetry.NewLogs(&telemetry.Directory{Path: dir, Size: 1 << 30, Keep: 1}, slog.New(slog.DiscardHandler))
	s := compileStage(t, def, accessStage(`{"id":"$context.requestId","why":"$context.error.validationErrorString"}`), env)
	x := newExchange(call{"POST", "/r", "", `{"x\",\"id\":\"\n":1}`, 0})
	copy(x.RequestID[:], testID)
	s.Serve(x)
	x.End()
	if err := env.Logs.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "access.log"))
	if err != nil {
		t.Fatal(err)
	}
	got := decode(t, string(data))
	want := map[string]any{"id": testID, "why": `[object instance has properties which are not allowed by the schema: ["x\",\"id\":\"\n"]]`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s\n%s", data, diff)
	}
}

// TestCheckRequired: what is refused says at which method it stands.
func TestCheckRequired(t *testing.T) {
	def := validated("/a", apigw.RequestValidator{ValidateParameters: true}, map[string]bool{"method.request.body": true}, nil)
	var texts []string
	for _, p := range Check(def, nil) {
		texts = append(texts, p.String())
	}
	if d := cmp.Diff([]string{"POST /a: requestParameters method.request.body is no parameter of a request"}, texts); d != "" {
		t.Error(d)
	}
}

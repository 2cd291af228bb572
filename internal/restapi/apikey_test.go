package restapi

import (
	"encoding/json"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/lambda"
	"github.com/gatehouse/gatehouse/internal/telemetry"
	"github.com/gatehouse/gatehouse/internal/throttle"
	"github.com/gatehouse/gatehouse/internal/usageplan"
)

// testLogs are logs, and what they say once they are closed.
func testLogs(t *testing.T) (logs *telemetry.Logs, text func() string) {
	t.Helper()
	dir := t.TempDir()
	logs = telemetry.NewLogs(&telemetry.Directory{Path: dir, Size: 1 << 30, Keep: 1}, slog.New(slog.DiscardHandler))
	return logs, func() string {
		if err := logs.Close(); err != nil {
			t.Fatal(err)
		}
		var all []byte
		_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, _ error) error {
			if !d.IsDir() {
				data, err := os.ReadFile(path)
				all = append(all, data...)
				return err
			}
			return nil
		})
		if len(all) == 0 {
			t.Error("nothing is logged")
		}
		return string(all)
	}
}

const goodKey = "good-key-good-key-good-key"

// withPlan is an Env in which goodKey is in plan p over stage prod.
func withPlan(t testing.TB, functions lambda.Invoker, p apigw.UsagePlan) *Env {
	t.Helper()
	env := testEnv(functions)
	env.Plans = usageplan.NewBook(nil, nil)
	p.ID, p.Stages = "p", []apigw.PlanStage{{API: "a1b2c3d4e5", Stage: "prod"}}
	env.Plans.Update(func(e *usageplan.Edit) {
		e.SetKey(env.Scope, "keyid12345", goodKey, true)
		e.SetKey(env.Scope, "disabled12", strings.ReplaceAll(goodKey, "good", "shut"), false)
		e.SetKey(env.Scope, "planless12", strings.ReplaceAll(goodKey, "good", "free"), true)
		ref := usageplan.PlanRef{Scope: env.Scope, ID: "p"}
		e.AddToPlan(ref, "keyid12345")
		e.AddToPlan(ref, "disabled12")
		e.SetPlan(env.Scope, &p)
		env.Plans.Complete()
	})
	return env
}

func keyed(m *apigw.Method) *apigw.Method {
	m.APIKeyRequired = true
	return m
}

// TestAPIKey: what is answered to keys (recorded on AWS: missing, unknown,
// disabled and planless ones are all 403 Forbidden), and that a key that isn't
// needed isn't looked at (developer guide, "Usage plans and API keys").
func TestAPIKey(t *testing.T) {
	env := withPlan(t, nil, apigw.UsagePlan{})
	s := compileStage(t, define(map[string]*apigw.Method{
		"GET /key":  keyed(mockMethod(`$context.identity.apiKey $context.identity.apiKeyId`)),
		"GET /open": mockMethod(`[$context.identity.apiKey$context.identity.apiKeyId]`),
	}), nil, env)
	forbidden := `{"message":"Forbidden"}`
	tests := map[string]struct {
		target, key string
		status      int
		body        string
	}{
		"good":            {"/key", goodKey, 200, goodKey + " keyid12345"},
		"missing":         {"/key", "", 403, forbidden},
		"unknown":         {"/key", "none" + goodKey, 403, forbidden},
		"disabled":        {"/key", "shut-key-shut-key-shut-key", 403, forbidden},
		"not in a plan":   {"/key", "free-key-free-key-free-key", 403, forbidden},
		"not needed":      {"/open", goodKey, 200, "[]"},
		"nor a wrong one": {"/open", "x", 200, "[]"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := call{method: "GET", target: tt.target}
			if tt.key != "" {
				c.header = "X-Api-Key: " + tt.key
			}
			x := newExchange(c)
			s.Serve(x)
			if x.Response.Status != tt.status || string(x.Response.Body) != tt.body {
				t.Errorf("%d %s, want %d %s", x.Response.Status, x.Response.Body, tt.status, tt.body)
			}
			if tt.status == 403 {
				if kind := x.Response.Header.Get("x-amzn-ErrorType"); string(kind) != "ForbiddenException" {
					t.Error(string(kind))
				}
			}
			x.End()
		})
	}
}

// TestAPIKeyEvent: functions see the key of a method that needs one.
func TestAPIKeyEvent(t *testing.T) {
	var events []map[string]any
	env := withPlan(t, fakeFunctions(func(in *lambda.Invocation, out *lambda.Result) error {
		var e struct {
			RequestContext struct{ Identity map[string]any }
		}
		if err := json.Unmarshal(in.Payload, &e); err != nil {
			t.Error(err)
		}
		events = append(events, e.RequestContext.Identity)
		out.Payload = append(out.Payload, `{}`...)
		return nil
	}), apigw.UsagePlan{})
	s := compileStage(t, define(map[string]*apigw.Method{"GET /key": keyed(lambdaMethod()), "GET /open": lambdaMethod()}), nil, env)
	for _, target := range []string{"/key", "/open"} {
		x := newExchange(call{method: "GET", target: target, header: "x-api-key: " + goodKey})
		s.Serve(x)
		x.End()
	}
	if len(events) != 2 || events[0]["apiKey"] != goodKey || events[0]["apiKeyId"] != "keyid12345" || len(events[0]) != 14 {
		t.Fatalf("events %v", events)
	}
	if len(events[1]) != 12 {
		t.Errorf("a key that isn't needed is told: %v", events[1])
	}
}

// TestPlanLimits: the plan comes before the stage (developer guide, "Throttle
// requests to your REST APIs"), and what is throttled uses up no quota.
func TestPlanLimits(t *testing.T) {
	now := time.Now()
	quota := &apigw.Quota{Limit: 4, Period: "DAY"}
	tests := map[string]struct {
		plan   apigw.UsagePlan
		stage  map[string]throttle.Limit
		first  int // of ten requests
		second int // of ten more when all buckets are full again
		answer string
		kind   string
	}{
		"none":              {apigw.UsagePlan{}, nil, 10, 10, "", ""},
		"a throttle":        {apigw.UsagePlan{Throttle: &apigw.Throttle{Rate: 1, Burst: 3}}, nil, 3, 3, "Too Many Requests", "TooManyRequestsException"},
		"a stage's":         {apigw.UsagePlan{Throttle: &apigw.Throttle{Rate: 1, Burst: 3}}, map[string]throttle.Limit{"*/*": {Rate: 1, Burst: 2}}, 2, 2, "Too Many Requests", "TooManyRequestsException"},
		"a quota":           {apigw.UsagePlan{Quota: quota}, nil, 4, 0, "Limit Exceeded", "LimitExceededException"},
		"throttle, quota":   {apigw.UsagePlan{Quota: quota, Throttle: &apigw.Throttle{Rate: 1, Burst: 3}}, nil, 3, 1, "Too Many Requests", "TooManyRequestsException"},
		"stage, then quota": {apigw.UsagePlan{Quota: quota}, map[string]throttle.Limit{"*/*": {Rate: 1, Burst: 3}}, 3, 1, "Limit Exceeded", "LimitExceededException"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			env := withPlan(t, nil, tt.plan)
			at := now
			env.Now = func() time.Time { return at }
			s := compileStage(t, define(map[string]*apigw.Method{"GET /a": keyed(mockMethod(""))}), settings(tt.stage), env)
			var body, kind string
			run := func() (n int) {
				for range 10 {
					x := newExchange(call{method: "GET", target: "/a", header: "x-api-key: " + goodKey})
					s.Serve(x)
					if x.Response.Status == 200 {
						n++
					} else {
						body, kind = string(x.Response.Body), string(x.Response.Header.Get("x-amzn-ErrorType"))
						if x.Response.Status != 429 || x.Response.Header.Get("Retry-After") != nil {
							t.Error(x.Response.Status)
						}
					}
					x.End()
				}
				return n
			}
			first := run()
			at = at.Add(10 * time.Second)
			second := run()
			if first != tt.first || second != tt.second {
				t.Errorf("%d, then %d let in; want %d, then %d", first, second, tt.first, tt.second)
			}
			if tt.answer != "" && body != `{"message":"`+tt.answer+`"}` || kind != tt.kind {
				t.Errorf("answer %s %s", kind, body)
			}
		})
	}
}

// TestAPIKeyLog: the execution log's lines about keys (seen on AWS), in which no
// key shows but its end.
func TestAPIKeyLog(t *testing.T) {
	masked := strings.Repeat("*", len(goodKey)-6) + goodKey[len(goodKey)-6:]
	tests := map[string]struct {
		plan  apigw.UsagePlan
		stage string
		key   string
		line  string
		calls int
	}{
		"let in":     {apigw.UsagePlan{}, "prod", goodKey, "Usage Plan check succeeded for API Key " + masked + " and API Stage a1b2c3d4e5/prod", 1},
		"which":      {apigw.UsagePlan{}, "prod", goodKey, "API Key ID: keyid12345", 1},
		"looked for": {apigw.UsagePlan{}, "prod", goodKey, ". API Key: " + masked + " API Stage: a1b2c3d4e5/prod", 1},
		"missing":    {apigw.UsagePlan{}, "prod", "", "API Key  not authorized because method 'GET /a' requires API Key and API Key is not associated with a Usage Plan for API Stage a1b2c3d4e5/prod: No Usage Plan found for key and API Stage", 1},
		"no plan":    {apigw.UsagePlan{}, "beta", goodKey, "API Key " + masked + " not authorized because method 'GET /a' requires API Key and API Key is not associated with a Usage Plan for API Stage a1b2c3d4e5/beta: API Stage is not in a Usage Plan", 1},
		"throttled": {apigw.UsagePlan{Throttle: &apigw.Throttle{Rate: 1, Burst: 1}}, "prod", goodKey,
			"Key throttle limit exceeded for RestApi a1b2c3d4e5, Stage prod, Resource id:/a, HttpMethod GET. Limit: 1.00 Burst: 1", 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			env := withPlan(t, nil, tt.plan)
			logs, text := testLogs(t)
			env.Logs = logs
			st := &apigw.Stage{Name: apigw.StageName(tt.stage), MethodSettings: map[string]*apigw.MethodSetting{
				"*/*": {LoggingLevel: "INFO", DataTraceEnabled: true, ThrottlingRateLimit: 10000, ThrottlingBurstLimit: 5000}}}
			s := compileStage(t, define(map[string]*apigw.Method{"GET /a": keyed(mockMethod(""))}), st, env)
			for range tt.calls {
				c := call{method: "GET", target: "/a"}
				if tt.key != "" {
					c.header = "x-api-key: " + tt.key
				}
				x := newExchange(c)
				s.Serve(x)
				x.End()
			}
			if got := text(); !strings.Contains(got, tt.line+"\n") || strings.Contains(got, goodKey) {
				t.Errorf("the log\n%slacks\n%s\nor has the key", got, tt.line)
			}
		})
	}
}

// TestAPIKeyOfAuthorizer: with AUTHORIZER as the source, the function says whose
// key it is, and a header is ignored (developer guide, "Choose an API key
// source"). No log has it.
func TestAPIKeyOfAuthorizer(t *testing.T) {
	answer := func(key string) fakeFunctions {
		return returning(`{"principalId":"u","usageIdentifierKey":"` + key + `","policyDocument":{"Version":"2012-10-17","Statement":[{"Action":"execute-api:Invoke","Effect":"Allow","Resource":"*"}]}}`)
	}
	got := map[string]int{}
	for name, key := range map[string]string{"good": goodKey, "bad": "bad-key-bad-key-bad-key-bad", "none": ""} {
		env := withPlan(t, answer(key), apigw.UsagePlan{})
		logs, text := testLogs(t)
		env.Logs = logs
		m := keyed(mockMethod(""))
		m.AuthorizationType, m.AuthorizerID = "CUSTOM", "au"
		def := define(map[string]*apigw.Method{"GET /a": m})
		def.API.APIKeySource = "AUTHORIZER"
		def.Authorizers = map[apigw.AuthorizerID]*apigw.Authorizer{"au": {ID: "au", Name: "au", Type: "TOKEN", URI: functionURI, IdentitySource: "method.request.header.Authorization"}}
		st := &apigw.Stage{Name: "prod", MethodSettings: map[string]*apigw.MethodSetting{
			"*/*": {LoggingLevel: "INFO", DataTraceEnabled: true, ThrottlingRateLimit: 10000, ThrottlingBurstLimit: 5000}},
			AccessLog: &apigw.AccessLogSettings{DestinationARN: "arn:aws:logs:us-east-1:123456789012:log-group:access", Format: "$context.requestId $context.identity.apiKey $context.identity.apiKeyId"}}
		s := compileStage(t, def, st, env)
		x := newExchange(call{method: "GET", target: "/a", header: "Authorization: token\nx-api-key: " + goodKey})
		s.Serve(x)
		got[name] = x.Response.Status
		x.End()
		if log := text(); strings.Contains(log, goodKey) {
			t.Errorf("the log has the key:\n%s", log)
		}
	}
	if d := cmp.Diff(map[string]int{"good": 200, "bad": 403, "none": 403}, got); d != "" {
		t.Error(d)
	}
}

// BenchmarkAdmitKey is what a key, its plan's and the method's limit cost: on one
// node, and on one of three that divide the limits.
func BenchmarkAdmitKey(b *testing.B) {
	three := throttle.NewGroup()
	three.SetNodes(3, false)
	for name, group := range map[string]*throttle.Group{"alone": nil, "divided": three} {
		b.Run(name, func(b *testing.B) {
			plan := apigw.UsagePlan{ID: "p", Stages: []apigw.PlanStage{{API: "a1b2c3d4e5", Stage: "prod"}},
				Throttle: &apigw.Throttle{Rate: 1e9, Burst: 1 << 30}, Quota: &apigw.Quota{Limit: 1 << 60, Period: "MONTH"}}
			env := withPlan(b, nil, plan)
			env.Throttles, env.Plans = group, usageplan.NewBook(group, nil)
			env.Plans.Update(func(e *usageplan.Edit) {
				e.SetKey(env.Scope, "keyid12345", goodKey, true)
				e.AddToPlan(usageplan.PlanRef{Scope: env.Scope, ID: "p"}, "keyid12345")
				e.SetPlan(env.Scope, &plan)
			})
			s := compileStage(b, define(map[string]*apigw.Method{"GET /a": keyed(mockMethod(""))}), settings(map[string]throttle.Limit{"*/*": {Rate: 1e9, Burst: 1 << 30}}), env)
			x := newExchange(call{method: "GET", target: "/a", header: "x-api-key: " + goodKey})
			r := s.begin(x)
			if f := r.findRoute(); f != nil {
				b.Fatal(f)
			}
			b.ReportAllocs()
			for b.Loop() {
				if f := r.admit(); f != nil {
					b.Fatal(f)
				}
			}
		})
	}
}

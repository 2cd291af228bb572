package restapi

import (
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/telemetry"
)

// canaryStage is a stage of which the canary gets percent.
func canaryStage(percent float64) *apigw.Stage {
	return &apigw.Stage{
		Name: "prod", DeploymentID: "base", Variables: map[string]string{"color": "blue", "size": "s"},
		Canary: &apigw.CanarySettings{DeploymentID: "next", PercentTraffic: percent, StageVariableOverrides: map[string]string{"color": "yellow", "shape": "round"}},
	}
}

// tellMethod answers with the deployment's name, stage variables and
// $context.isCanaryRequest in header fields.
func tellMethod(name string) *apigw.Method {
	m := mockMethod(name)
	m.Integration.Responses["200"].ResponseParameters = map[string]string{
		"method.response.header.Color": "stageVariables.color", "method.response.header.Size": "stageVariables.size",
		"method.response.header.Shape": "stageVariables.shape", "method.response.header.Canary": "context.isCanaryRequest",
		"method.response.header.Deployment": "context.deploymentId",
	}
	return m
}

func compileServer(t testing.TB, st *apigw.Stage, def, canary *apigw.Definition, env *Env) Server {
	t.Helper()
	s, err := CompileStage(st, def, canary, env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// TestCanary: the canary's requests get its deployment and the variables with
// the overrides over them; isCanaryRequest says which it was (recorded on AWS),
// and nothing while there is no canary (developer guide).
func TestCanary(t *testing.T) {
	base, next := define(map[string]*apigw.Method{"GET /": tellMethod("base")}), define(map[string]*apigw.Method{"GET /": tellMethod("next")})
	without := canaryStage(0)
	without.Canary = nil
	tests := map[string]struct {
		stage  *apigw.Stage
		canary *apigw.Definition
		draw   float64
		want   string
	}{
		"no canary":           {without, nil, 0, "base base blue s  "},
		"nothing for it":      {canaryStage(0), nil, 0, "base base blue s  false"},
		"drawn":               {canaryStage(10), next, 0.0999, "next next yellow s round true"},
		"not drawn":           {canaryStage(10), next, 0.1, "base base blue s  false"},
		"everything":          {canaryStage(100), next, 0.999999999999999889, "next next yellow s round true"},
		"the same deployment": {canaryStage(100), base, 0.5, "base next yellow s round true"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			env := testEnv(nil)
			env.Random = func() float64 { return tt.draw }
			x := newExchange(call{method: "GET", target: "/"})
			compileServer(t, tt.stage, base, tt.canary, env).Serve(x)
			h := &x.Response.Header
			got := fmt.Sprintf("%s %s %s %s %s %s", x.Response.Body, h.Get("Deployment"), h.Get("Color"), h.Get("Size"), h.Get("Shape"), h.Get("Canary"))
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestCanaryShare draws each request anew, by the runtime's generator.
func TestCanaryShare(t *testing.T) {
	def := define(map[string]*apigw.Method{"GET /": tellMethod("x")})
	s := compileServer(t, canaryStage(25), def, def, testEnv(nil))
	const n = 20000
	drawn := 0
	x := newExchange(call{method: "GET", target: "/"})
	for range n {
		fillExchange(x, x.Header, call{method: "GET", target: "/"})
		s.Serve(x)
		if string(x.Response.Header.Get("Canary")) == "true" {
			drawn++
		}
		x.End()
	}
	if share := float64(drawn) / n; share < 0.235 || share > 0.265 { // five standard deviations
		t.Errorf("the canary got %.3f of the requests", share)
	}
}

// TestCanarySeen: a canary's logs and metrics are apart (developer guide, "Set
// up an API Gateway canary release deployment").
func TestCanarySeen(t *testing.T) {
	dir := t.TempDir()
	env := testEnv(nil)
	env.Logs = telemetry.NewLogs(&telemetry.Directory{Path: dir, Size: 1 << 30, Keep: 1}, slog.New(slog.DiscardHandler))
	env.Metrics = telemetry.NewMetrics(nil)
	draw := 0.0
	env.Random = func() float64 { return draw }
	st := canaryStage(50)
	st.AccessLog = accessStage("$context.requestId $context.isCanaryRequest").AccessLog
	st.MethodSettings = map[string]*apigw.MethodSetting{"*/*": {LoggingLevel: "INFO", ThrottlingRateLimit: 10000, ThrottlingBurstLimit: 5000}}
	def := define(map[string]*apigw.Method{"GET /": mockMethod("")})
	s := compileServer(t, st, def, def, env)
	for _, draw = range []float64{0.1, 0.9, 0.9} {
		x := newExchange(call{method: "GET", target: "/"})
		copy(x.RequestID[:], testID)
		s.Serve(x)
		x.End()
	}
	if err := env.Logs.Close(); err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, group := range []string{"access", "access/Canary", executionGroup, executionGroup + "/Canary"} {
		data, err := os.ReadFile(filepath.Join(dir, group+".log"))
		if err != nil {
			t.Fatal(err)
		}
		if group == "access/Canary" && string(data) != testID+" true\n" {
			t.Errorf("the canary's access log: %s", data)
		}
		got[group] = strings.Count(string(data), testID+" ") + strings.Count(string(data), "Method completed with status: 200")
	}
	if d := cmp.Diff(map[string]int{"access": 2, "access/Canary": 1, executionGroup: 2, executionGroup + "/Canary": 1}, got); d != "" {
		t.Error(d)
	}
	w := httptest.NewRecorder()
	env.Metrics.Handler(slog.New(slog.DiscardHandler)).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	for _, want := range []string{
		`aws_apigateway_count_total{ApiName="a1b2c3d4e5",Stage="prod"} 2`,
		`aws_apigateway_count_total{ApiName="a1b2c3d4e5",Stage="prod/Canary"} 1`,
	} {
		if !strings.Contains(w.Body.String(), want+"\n") {
			t.Errorf("no %s in %s", want, w.Body)
		}
	}
}

// TestCanaryRefused: what can't be served is refused for the canary, too, with
// the variables it sees.
func TestCanaryRefused(t *testing.T) {
	good := define(map[string]*apigw.Method{"GET /": mockMethod("")})
	bad := define(map[string]*apigw.Method{"GET /": {Integration: &apigw.Integration{Type: "NONE"}}})
	if s, err := CompileStage(canaryStage(1), good, bad, testEnv(nil)); err == nil || !strings.HasPrefix(err.Error(), "canary deployment next: GET /") {
		t.Errorf("got %v, %v", s, err)
	}
}

func TestCanaryExplained(t *testing.T) {
	env := testEnv(nil)
	env.Random = func() float64 { return 0 }
	def := define(map[string]*apigw.Method{"GET /": mockMethod("")})
	x := newExchange(call{method: "GET", target: "/"})
	x.Explain()
	compileServer(t, canaryStage(12.5), def, def, env).Serve(x)
	d := x.Decisions()[0]
	if d := cmp.Diff(exchange.Decision{Step: "canary", Result: "canary", Why: "drawn: the canary, deployment next, gets 12.5 % of the requests", At: d.At}, d); d != "" {
		t.Error(d)
	}
}

// BenchmarkCanaryDraw is what a canary adds to a request.
func BenchmarkCanaryDraw(b *testing.B) {
	def := define(map[string]*apigw.Method{"GET /": mockMethod("")})
	r := compileServer(b, canaryStage(50), def, def, testEnv(nil)).(*Release)
	b.RunParallel(func(pb *testing.PB) {
		for n := 0; pb.Next(); {
			if r.draw()*100 < r.percent {
				n++
			}
		}
	})
}

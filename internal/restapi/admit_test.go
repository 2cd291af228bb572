package restapi

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/throttle"
)

func settings(keys map[string]throttle.Limit) *apigw.Stage {
	st := &apigw.Stage{Name: "prod", DeploymentID: "d", MethodSettings: map[string]*apigw.MethodSetting{}}
	for key, l := range keys {
		st.MethodSettings[key] = &apigw.MethodSetting{ThrottlingRateLimit: l.Rate, ThrottlingBurstLimit: l.Burst}
	}
	return st
}

func TestLimitOf(t *testing.T) {
	type result struct {
		Limit   throttle.Limit
		Limited bool
	}
	tests := map[string]struct {
		rate  float64
		burst int
		want  result
	}{
		"an account's (recorded on AWS)": {10000, 5000, result{}},
		"none":                           {-1, -1, result{}},
		"no rate limit":                  {-1, 5, result{}},
		"both":                           {5, 10, result{throttle.Limit{Rate: 5, Burst: 10}, true}},
		"rate alone":                     {5, 5000, result{throttle.Limit{Rate: 5, Burst: 5000}, true}},
		"rate without a burst limit":     {5, -1, result{throttle.Limit{Rate: 5, Burst: 5000}, true}},
		"burst alone":                    {10000, 10, result{throttle.Limit{Rate: 10000, Burst: 10}, true}},
		"nobody":                         {0, 0, result{throttle.Limit{}, true}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			l, limited := limitOf(&apigw.MethodSetting{ThrottlingRateLimit: tt.rate, ThrottlingBurstLimit: tt.burst})
			if d := cmp.Diff(tt.want, result{l, limited}); d != "" {
				t.Error(d)
			}
		})
	}
}

// admitted counts how many of ten requests are let in.
func admitted(s Server, target string) (n int) {
	for range 10 {
		x := newExchange(call{method: "GET", target: target})
		s.Serve(x)
		if x.Response.Status == 200 {
			n++
		}
		x.End()
	}
	return n
}

// TestThrottle: settings for all methods give each a bucket of that size, and a
// method's own win as a whole (developer guide, "Throttle requests to your REST
// APIs").
func TestThrottle(t *testing.T) {
	now := time.Now()
	env := testEnv(nil)
	env.Now = func() time.Time { return now }
	def := define(map[string]*apigw.Method{"GET /a": mockMethod(""), "GET /b": mockMethod(""), "GET /c/{d}": mockMethod(""), "GET /e": mockMethod("")})
	st := settings(map[string]throttle.Limit{
		"*/*": {Rate: 2, Burst: 3}, "~1b/GET": {Rate: 1, Burst: 1}, "/c/{d}/GET": {Rate: -1, Burst: -1}, "e/GET": {Rate: 10000, Burst: 5000},
	})
	s := compileStage(t, def, st, env)
	count := func() map[string]int {
		return map[string]int{"/a": admitted(s, "/a"), "/b": admitted(s, "/b"), "/c/1": admitted(s, "/c/1"), "/e": admitted(s, "/e")}
	}
	if d := cmp.Diff(map[string]int{"/a": 3, "/b": 1, "/c/1": 10, "/e": 10}, count()); d != "" {
		t.Error(d)
	}
	now = now.Add(time.Second)
	if d := cmp.Diff(map[string]int{"/a": 2, "/b": 1, "/c/1": 10, "/e": 10}, count()); d != "" {
		t.Error("a second later: ", d)
	}

	// A deployment leaves what was spent as it is; a changed limit begins full.
	next := compileStage(t, def, st, env)
	s.Close()
	if n := admitted(next, "/a"); n != 0 {
		t.Errorf("%d let in after a deployment", n)
	}
	st.MethodSettings["*/*"].ThrottlingBurstLimit = 4
	if n := admitted(compileStage(t, def, st, env), "/a"); n != 4 {
		t.Errorf("%d let in after the limit changed", n)
	}
	other := *st
	other.Name = "dev"
	if n := admitted(compileStage(t, def, &other, env), "/a"); n != 4 {
		t.Errorf("%d let in on another stage", n)
	}
}

// TestThrottleShared: a canary's requests count for its stage's limits.
func TestThrottleShared(t *testing.T) {
	env := testEnv(nil)
	now, draw := time.Now(), 0.0
	env.Now = func() time.Time { return now }
	env.Random = func() float64 { draw = 1 - draw; return draw / 2 }
	st := settings(map[string]throttle.Limit{"*/*": {Rate: 1, Burst: 4}})
	st.Canary = &apigw.CanarySettings{DeploymentID: "next", PercentTraffic: 50}
	def := define(map[string]*apigw.Method{"GET /": mockMethod("")})
	if n := admitted(compileServer(t, st, def, def, env), "/"); n != 4 {
		t.Errorf("%d let in", n)
	}
}

// TestThrottledAnswer: AWS's 429 to the byte, with no advice when to come back
// (seen on AWS), and what the log says.
func TestThrottledAnswer(t *testing.T) {
	st := settings(map[string]throttle.Limit{"*/*": {Rate: 1.5, Burst: 0}})
	s := compileStage(t, define(map[string]*apigw.Method{"GET /": mockMethod("")}), st, nil)
	x, r := serve(s, call{method: "GET", target: "/"})
	if d := cmp.Diff(reply{429, `{"message":"Too Many Requests"}`, "TooManyRequestsException"}, r); d != "" {
		t.Error(d)
	}
	if v := x.Response.Header.Get("Retry-After"); v != nil {
		t.Errorf("Retry-After: %s", v)
	}
	if f := x.Outcome.Fault; f == nil || f.Kind != exchange.Throttled || x.Outcome.Integration.Type != "" {
		t.Errorf("outcome %+v", x.Outcome)
	}

	st.MethodSettings["*/*"].LoggingLevel = "INFO"
	want := []string{
		"Extended Request Id: SG/4GZGsLt7FvRQ=",
		"Verifying Usage Plan for request: " + testID + ". API Key:  API Stage: a1b2c3d4e5/prod",
		"Method throttle limit exceeded for RestApi a1b2c3d4e5, Stage prod, Resource id:/r/{id}, HttpMethod GET. Limit: 1.50 Burst: 0",
		"Gateway response type: THROTTLED with status code: 429",
		"Method completed with status: 429",
	}
	if d := cmp.Diff(want, observed(t, mockMethod(""), nil, st, executionGroup, call{method: "GET", target: "/r/1"})); d != "" {
		t.Error(d)
	}
}

func TestThrottleExplained(t *testing.T) {
	s := compileStage(t, define(map[string]*apigw.Method{"GET /": mockMethod("")}), settings(map[string]throttle.Limit{"*/*": {Rate: 0.5, Burst: 1}}), nil)
	var got []string
	for range 2 {
		x := newExchange(call{method: "GET", target: "/"})
		x.Explain()
		s.Serve(x)
		for _, d := range x.Decisions() {
			if d.Step == "throttle" {
				got = append(got, d.Result+": "+d.Why)
			}
		}
	}
	const why = "the stage's settings for the method: 0.5 requests/s, burst 1"
	if d := cmp.Diff([]string{"admitted: " + why, "refused: " + why}, got); d != "" {
		t.Error(d)
	}
}

// TestTestsAreNotThrottled: a test invocation doesn't count.
func TestTestsAreNotThrottled(t *testing.T) {
	def := define(map[string]*apigw.Method{"GET /": mockMethod("")})
	got, err := TestInvoke(t.Context(), def, trialRequest(apigw.TestRequest{Resource: "id:/"}), testEnv(nil))
	if err != nil || got.Status != 200 {
		t.Errorf("%+v, %v", got, err)
	}
}

// BenchmarkAdmit is what a limit costs a request.
func BenchmarkAdmit(b *testing.B) {
	env := testEnv(nil)
	env.Now = time.Now
	s := compileStage(b, define(map[string]*apigw.Method{"GET /": mockMethod("")}), settings(map[string]throttle.Limit{"*/*": {Rate: 1e9, Burst: 1 << 30}}), env)
	x := new(exchange.Exchange)
	fillExchange(x, new(http1.Header), call{method: "GET", target: "/"})
	s.Serve(x)
	r := x.Vars.(*request)
	b.ReportAllocs()
	for b.Loop() {
		if r.admit() != nil {
			b.Fatal("refused")
		}
	}
}

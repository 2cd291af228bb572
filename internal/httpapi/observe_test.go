package httpapi

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/metering"
	"github.com/gatehouse/gatehouse/internal/telemetry"
)

func TestThrottle(t *testing.T) {
	zero, one, all := 0.0, 1, 1000
	rate := 0.001
	st := &apigw.Stage{Name: "dev", Routes: &apigw.RouteStage{
		DefaultSettings: &apigw.RouteSettings{ThrottlingRateLimit: &rate, ThrottlingBurstLimit: &one},
		Settings: map[string]*apigw.RouteSettings{
			"GET /open":   {ThrottlingBurstLimit: &all},
			"GET /closed": {ThrottlingRateLimit: &zero},
		},
	}}
	target := proxyTo("i", "http://"+fastBackend(t)+"/")
	def := definition(map[string]string{"GET /a": "i", "GET /b": "i", "GET /open": "i", "GET /closed": "i"}, target)
	env := testEnv(nil)
	s := compileStage(t, def, st, env)
	got := ""
	for _, path := range []string{"/a", "/a", "/b", "/b", "/open", "/open", "/open", "/closed"} {
		r := serve(t, s, "GET", path, "", "")
		got += path + string(rune('0'+r.Status/100)) + " "
		if r.Status != 200 && (r.Status != 429 || r.Body != `{"message":"Too Many Requests"}` || r.Header["Retry-After"] != "") {
			t.Error(path, r)
		}
	}
	if want := "/a2 /a4 /b2 /b4 /open2 /open2 /open2 /closed4 "; got != want {
		t.Error(got, want)
	}
	if r := serve(t, compileStage(t, def, st, env), "GET", "/a", "", ""); r.Status != 429 {
		t.Error("a deployment filled the bucket:", r.Status)
	}
}

// kept is a log destination.
type kept struct {
	mu    sync.Mutex
	lines map[string]string // by group
}

func (k *kept) Write(group string, lines []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lines[group] += string(lines)
	return nil
}
func (*kept) Idle()        {}
func (*kept) Close() error { return nil }

// TestAccessLog has the variables of HTTP APIs (developer guide, "Customize HTTP
// API access logs"): both request IDs are one, a path has its stage, and what has
// no value reads "-".
func TestAccessLog(t *testing.T) {
	names := []string{
		"requestId", "extendedRequestId", "accountId", "apiId", "stage", "routeKey", "httpMethod", "path", "protocol", "status", "responseLength", "dataProcessed",
		"domainName", "domainPrefix", "customDomain.basePathMatched", "identity.sourceIp", "identity.userAgent", "identity.caller", "requestTimeEpoch",
		"error.message", "error.messageString", "error.responseType", "integration.status", "integration.integrationStatus", "integrationStatus", "integrationErrorMessage", "authorizer.error",
	}
	format := ""
	for _, n := range names {
		format += n + "=$context." + n + " "
	}
	st := &apigw.Stage{Name: "dev", Routes: &apigw.RouteStage{}, AccessLog: &apigw.AccessLogSettings{DestinationARN: "arn:aws:logs:us-east-1:123456789012:log-group:access", Format: format}}
	logs := &kept{lines: map[string]string{}}
	env := testEnv(nil)
	env.Logs = telemetry.NewLogs(logs, nil)
	env.Now = func() time.Time { return time.UnixMilli(1583089438390) }
	def := definition(map[string]string{"POST /pets/{id}": "i"}, proxyTo("i", "http://"+fastBackend(t)+"/"))
	if problems := Check(def, st); len(problems) > 0 {
		t.Error(problems)
	}
	s := compileStage(t, def, st, env)
	serve(t, s, "POST", "/pets/1?q", "User-Agent: curl", "12345")
	serve(t, s, "GET", "/none", "", "")
	env.Logs.Close()
	domain := "abcdef123.execute-api.us-east-1.amazonaws.com"
	want := "requestId=JKJaXmPLvHcESHA= extendedRequestId=JKJaXmPLvHcESHA= accountId=123456789012 apiId=abcdef123 stage=dev routeKey=POST /pets/{id} httpMethod=POST path=/dev/pets/1 protocol=HTTP/1.1 " +
		"status=200 responseLength=2 dataProcessed=7 domainName=" + domain + " domainPrefix=abcdef123 customDomain.basePathMatched=- identity.sourceIp=203.0.113.9 identity.userAgent=curl identity.caller=- " +
		"requestTimeEpoch=1583089438390 error.message=- error.messageString=- error.responseType=- integration.status=200 integration.integrationStatus=200 integrationStatus=200 integrationErrorMessage=- authorizer.error=- \n" +
		"requestId=JKJaXmPLvHcESHA= extendedRequestId=JKJaXmPLvHcESHA= accountId=123456789012 apiId=abcdef123 stage=dev routeKey=- httpMethod=GET path=/dev/none protocol=HTTP/1.1 " +
		"status=404 responseLength=23 dataProcessed=23 domainName=" + domain + " domainPrefix=abcdef123 customDomain.basePathMatched=- identity.sourceIp=203.0.113.9 identity.userAgent=- identity.caller=- " +
		"requestTimeEpoch=1583089438390 error.message=Not Found error.messageString=\"Not Found\" error.responseType=RESOURCE_NOT_FOUND integration.status=- integration.integrationStatus=- integrationStatus=- integrationErrorMessage=- authorizer.error=- \n"
	if d := cmp.Diff(want, logs.lines["access"]); d != "" {
		t.Error(d)
	}
}

// TestMetrics has the names and dimensions of HTTP APIs (developer guide,
// "Monitor CloudWatch metrics for HTTP APIs").
func TestMetrics(t *testing.T) {
	st := &apigw.Stage{Name: "dev", Routes: &apigw.RouteStage{Settings: map[string]*apigw.RouteSettings{"GET /a": {DetailedMetrics: true}}}}
	env := testEnv(nil)
	env.Metrics, env.Meters = telemetry.NewMetrics(nil), metering.NewBook(time.Now)
	s := compileStage(t, definition(map[string]string{"GET /a": "i", "GET /b": "i"}, proxyTo("i", "http://"+fastBackend(t)+"/")), st, env)
	for _, path := range []string{"/a", "/b", "/none"} {
		serve(t, s, "GET", path, "", "")
	}
	w := httptest.NewRecorder()
	env.Metrics.Handler(slog.New(slog.DiscardHandler)).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	for _, line := range []string{
		`aws_apigateway_http_count_total{ApiId="abcdef123",Stage="dev"} 3`,
		`aws_apigateway_http_4xx_total{ApiId="abcdef123",Stage="dev"} 1`,
		`aws_apigateway_http_5xx_total{ApiId="abcdef123",Stage="dev"} 0`,
		`aws_apigateway_http_latency_milliseconds_count{ApiId="abcdef123",Stage="dev"} 3`,
		`aws_apigateway_http_integration_latency_milliseconds_count{ApiId="abcdef123",Stage="dev"} 2`,
		`aws_apigateway_http_data_processed_bytes_total{ApiId="abcdef123",Stage="dev"} 27`,
		`aws_apigateway_http_route_count_total{ApiId="abcdef123",Route="GET /a",Stage="dev"} 1`,
	} {
		if !strings.Contains(w.Body.String(), line+"\n") {
			t.Errorf("no %s", line)
		}
	}
	if strings.Contains(w.Body.String(), "GET /b") {
		t.Error("metrics of a route that wants none")
	}
	var calls int64
	counts, _ := env.Meters.Drain()
	for _, m := range counts {
		calls += m.Amount.Calls
	}
	if calls != 2 {
		t.Errorf("%d calls are charged, not 2: one had no route", calls)
	}
}

// TestExplained: every step of the pipeline says what it decided.
func TestExplained(t *testing.T) {
	rate := 100.0
	st := &apigw.Stage{Name: "dev", Routes: &apigw.RouteStage{DefaultSettings: &apigw.RouteSettings{ThrottlingRateLimit: &rate}}}
	address := fastBackend(t)
	s := compileStage(t, definition(map[string]string{"GET /a": "i"}, proxyTo("i", "http://"+address+"/")), st, nil)
	x := new(exchange.Exchange)
	x.Begin(nil)
	x.Explain()
	fill(x, s, "GET", "/a", "")
	s.Serve(x)
	var got []string
	for _, d := range x.Decisions() {
		got = append(got, d.Step+": "+d.Result)
	}
	want := []string{"route: GET /a", "throttle: admitted", "integration: HTTP_PROXY " + address, "integration: status 200"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	x.End()
}

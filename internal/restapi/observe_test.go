package restapi

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/lambda"
	"github.com/gatehouse/gatehouse/internal/telemetry"
)

const testID = "f2f1d2a4-0f4e-4b7c-9d3e-0a1b2c3d4e5f"

// observed serves c from a stage of m at /r with the given settings and
// returns the lines of the log group, without their request ID.
func observed(t *testing.T, m *apigw.Method, functions lambda.Invoker, st *apigw.Stage, group string, c call) []string {
	t.Helper()
	dir := t.TempDir()
	env := testEnv(functions)
	env.Logs = telemetry.NewLogs(&telemetry.Directory{Path: dir, Size: 1 << 30, Keep: 1}, slog.New(slog.DiscardHandler))
	s := compileStage(t, define(map[string]*apigw.Method{"ANY /r/{id}": m}), st, env)
	x := newExchange(c)
	copy(x.RequestID[:], testID)
	copy(x.ExtendedID[:], "SG/4GZGsLt7FvRQ=")
	s.Serve(x)
	x.Response.Sent = int64(len(x.Response.Body))
	x.End()
	if err := env.Logs.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, group+".log"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		if group != "access" {
			var ok bool
			if line, ok = strings.CutPrefix(line, "("+testID+") "); !ok {
				t.Errorf("line %q doesn't begin with the request ID", line)
			}
		}
		lines = append(lines, line)
	}
	return lines
}

func accessStage(format string) *apigw.Stage {
	return &apigw.Stage{Name: "prod", AccessLog: &apigw.AccessLogSettings{
		DestinationARN: "arn:aws:logs:us-east-1:123456789012:log-group:access", Format: format,
	}}
}

func TestAccessLog(t *testing.T) {
	const format = `$context.requestId $context.status $context.httpMethod $context.path $context.resourcePath $context.resourceId $context.responseLength ` +
		`$context.integration.integrationStatus $context.integration.status $context.integration.requestId $context.error.responseType $context.error.messageString ` +
		`$context.integration.error $context.requestTime $context.requestTimeEpoch $context.xrayTraceId $context.identity.userAgent $context.apiId/$context.stage`
	withTrace := "X-Amzn-Trace-Id: Root=1-67891233-abcdef012345678912345678\nUser-Agent: test"
	failing := fakeFunctions(func(_ *lambda.Invocation, out *lambda.Result) error {
		out.FunctionError, out.RequestID = "Unhandled", "lambda-id"
		out.Payload = append(out.Payload, `{"errorMessage":"boom\nforged"}`...)
		return nil
	})
	const end = " 18/Jun/2025:17:28:59 +0000 1750267739123 1-67891233-abcdef012345678912345678 test a1b2c3d4e5/prod"
	tests := map[string]struct {
		method    *apigw.Method
		functions lambda.Invoker
		target    string
		want      string
	}{
		"mock":        {mockMethod("hello"), nil, "/r/7", testID + " 200 GET /prod/r/7 /r/{id} id:/r/{id} 5 200 - - - - -" + end},
		"function":    {lambdaMethod(), returning(`{"statusCode": 201, "body": "made"}`), "/r/7", testID + " 201 GET /prod/r/7 /r/{id} id:/r/{id} 4 200 201 - - - -" + end},
		"its failure": {lambdaMethod(), failing, "/r/7", testID + ` 502 GET /prod/r/7 /r/{id} id:/r/{id} 36 200 - lambda-id DEFAULT_5XX "Internal server error" Lambda execution failed with status 200 due to customer function error: boom forged. Lambda request id: lambda-id` + end},
		"no route":    {mockMethod(""), nil, "/nothing", testID + ` 403 GET /prod/nothing - - 42 - - - MISSING_AUTHENTICATION_TOKEN "Missing Authentication Token" -` + end},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := observed(t, test.method, test.functions, accessStage(format), "access", call{method: "GET", target: test.target, header: withTrace})
			if diff := cmp.Diff([]string{test.want}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func loggingStage(level string, data bool) *apigw.Stage {
	return &apigw.Stage{Name: "prod", MethodSettings: map[string]*apigw.MethodSetting{
		"*/*":              {LoggingLevel: "OFF", ThrottlingRateLimit: 10000, ThrottlingBurstLimit: 5000},
		"~1r~1{id}/ANY":    {LoggingLevel: level, DataTraceEnabled: data, ThrottlingRateLimit: 10000, ThrottlingBurstLimit: 5000},
		"~1nowhere/DELETE": {LoggingLevel: "INFO", ThrottlingRateLimit: 10000, ThrottlingBurstLimit: 5000},
	}}
}

const executionGroup = "API-Gateway-Execution-Logs_a1b2c3d4e5/prod"

// TestExecutionLog has the lines and their order as recorded on AWS, and in
// the developer guide, page "Set up CloudWatch logging for REST APIs".
func TestExecutionLog(t *testing.T) {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Date"] = nil
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Set-Cookie", "session=0123456789abcdef")
		_, _ = w.Write([]byte("fine\n"))
	}))
	defer backend.Close()
	host := strings.TrimPrefix(backend.URL, "http://")
	proxy := &apigw.Method{Integration: &apigw.Integration{Type: "HTTP_PROXY", HTTPMethod: "POST", URI: backend.URL + "/up"}}
	c := call{method: "POST", target: "/r/42?q=a%20b", body: `{"key": "Bearer 0123456789abcdef"}`,
		header: "Authorization: Bearer 0123456789abcdef\nX-Amzn-Trace-Id: Root=1-67891233-abcdef012345678912345678"}
	head := []string{
		"Extended Request Id: SG/4GZGsLt7FvRQ=",
		"Verifying Usage Plan for request: " + testID + ". API Key:  API Stage: a1b2c3d4e5/prod",
		"API Key  authorized because method 'ANY /r/{id}' does not require API Key. Request will not contribute to throttle or quota limits",
		"Usage Plan check succeeded for API Key  and API Stage a1b2c3d4e5/prod",
		"Starting execution for request: " + testID,
		"HTTP Method: POST, Resource Path: /r/42",
	}
	const masked = "*****************abcdef"
	data := append(append([]string(nil), head...),
		"Method request path: {id=42}",
		"Method request query string: {q=a b}",
		"Method request headers: {Host=a1b2c3d4e5.execute-api.localhost, Authorization="+masked+", X-Amzn-Trace-Id=Root=1-67891233-abcdef012345678912345678}",
		`Method request body before transformations: {"key": "`+masked+`"}`,
		"Endpoint request URI: "+backend.URL+"/up?q=a%20b",
		"Endpoint request headers: {Authorization="+masked+", User-Agent=AmazonAPIGateway_a1b2c3d4e5, X-Forwarded-For=198.51.100.7, X-Forwarded-Port=443, X-Forwarded-Proto=https, x-amzn-apigateway-api-id=a1b2c3d4e5, X-Amzn-Trace-Id=Root=1-67891233-abcdef012345678912345678}",
		`Endpoint request body after transformations: {"key": "`+masked+`"}`,
		"Sending request to http://"+host+"/up?q=a%20b",
		"Received response. Status: 200, Integration latency: N ms",
		"Endpoint response headers: {Content-Type=text/plain, Set-Cookie=******************abcdef, Content-Length=5}",
		`Endpoint response body before transformations: fine\n`,
		`Method response body after transformations: fine\n`,
		"Method response headers: {Content-Type=text/plain, Set-Cookie=******************abcdef, x-amzn-Remapped-Content-Length=5}",
		"Successfully completed execution",
		"Method completed with status: 200",
	)
	info := append(append([]string(nil), head...),
		"Sending request to http://"+host+"/up?q=a%20b",
		"Received response. Status: 200, Integration latency: N ms",
		"Successfully completed execution",
		"Method completed with status: 200",
	)
	tests := map[string]struct {
		stage *apigw.Stage
		want  []string
	}{
		"data trace":   {loggingStage("INFO", true), data},
		"info":         {loggingStage("INFO", false), info},
		"errors alone": {loggingStage("ERROR", true), nil},
		"off":          {loggingStage("OFF", true), nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := observed(t, proxy, nil, test.stage, executionGroup, c)
			for i, line := range got {
				if strings.HasPrefix(line, "Received response.") {
					line, _, _ = strings.Cut(line, " latency: ")
					got[i] = line + " latency: N ms"
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestExecutionLogOfAuthorizers: the identity is what the authorizer's own
// sources say, and shows nowhere but for its end.
func TestExecutionLogOfAuthorizers(t *testing.T) {
	guard := fakeFunctions(func(in *lambda.Invocation, out *lambda.Result) error {
		out.Payload = append(out.Payload, answering(invokeAll, `,"context":{"seen":"token-0123456789"}`)...)
		return nil
	})
	for name, c := range map[string]struct {
		authorizer apigw.Authorizer
		want       string
	}{
		"Authorization":     {apigw.Authorizer{Type: "TOKEN"}, "*****************abcdef"},
		"a field":           {apigw.Authorizer{Type: "TOKEN", IdentitySource: "method.request.header.X-Token"}, "**********456789"},
		"a field and query": {apigw.Authorizer{Type: "REQUEST", IdentitySource: "method.request.header.X-Token, method.request.querystring.q, context.httpMethod"}, "**********456789, *****, ***"},
		"nothing":           {apigw.Authorizer{Type: "REQUEST", TTLSeconds: new(int)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			env := testEnv(guard)
			logs, logged := testLogs(t)
			env.Logs = logs
			logging := &apigw.Stage{Name: "prod", MethodSettings: map[string]*apigw.MethodSetting{"*/*": {LoggingLevel: "INFO", DataTraceEnabled: true}}}
			s := compileStage(t, guarded(c.authorizer, mockMethod("in")), logging, env)
			x, _ := serve(s, call{method: "GET", target: "/r/7?q=a%20b%20c", header: "Authorization: Bearer 0123456789abcdef\nX-Token: token-0123456789"})
			x.End()
			text := logged()
			_, got, _ := strings.Cut(text, "Incoming identity: ")
			got, _, _ = strings.Cut(got, "\n")
			if got != c.want {
				t.Errorf("the identity is %q, want %q", got, c.want)
			}
			if strings.Contains(c.authorizer.IdentitySource, "X-Token") && strings.Contains(text, "token-0123456789") {
				t.Errorf("the token shows:\n%s", text)
			}
		})
	}
}

func TestExecutionLogOfFailures(t *testing.T) {
	failing := fakeFunctions(func(_ *lambda.Invocation, out *lambda.Result) error {
		out.FunctionError, out.RequestID = "Unhandled", "lambda-id"
		out.Payload = append(out.Payload, `{"errorMessage":"boom"}`...)
		return nil
	})
	unreachable := &apigw.Method{Integration: &apigw.Integration{Type: "HTTP_PROXY", HTTPMethod: "GET", URI: "http://127.0.0.1:1/"}}
	noDefault := mockMethod("")
	noDefault.Integration.Responses = nil
	hostile := mockMethod("")
	hostile.Integration.RequestTemplates["application/json"] = text("#foreach($i in [1..1000])#foreach($j in [1..1000])#foreach($k in [1..1000])$i$j$k#end#end#end")
	mapped := lambdaMethod()
	mapped.Integration.Type, mapped.Integration.Credentials = apigw.IntegrationAWS, ""
	mapped.Integration.Responses = map[apigw.StatusCode]*apigw.IntegrationResponse{"200": {StatusCode: "200", SelectionPattern: text("other")}}
	tests := map[string]struct {
		method    *apigw.Method
		functions lambda.Invoker
		want      []string
	}{
		"function": {lambdaMethod(), failing, []string{
			"Lambda execution failed with status 200 due to customer function error: boom. Lambda request id: lambda-id", "Method completed with status: 502"}},
		"its output": {lambdaMethod(), returning(`{"nonsense": 1}`), []string{
			"Execution failed due to configuration error: Malformed Lambda proxy response", "Method completed with status: 502"}},
		"no permission": {lambdaMethod(), refusing(lambda.AccessDenied, 403), []string{
			"Execution failed due to configuration error: Invalid permissions on Lambda function", "Method completed with status: 500"}},
		"throttled": {lambdaMethod(), refusing(lambda.Throttled, 429), []string{
			"Lambda invocation failed with status: 429. Lambda request id: lambda-id", "Execution failed due to configuration error: Rate Exceeded.", "Method completed with status: 500"}},
		"network":  {unreachable, nil, []string{"Execution failed due to a network error communicating with endpoint", "Method completed with status: 504"}},
		"response": {noDefault, nil, []string{"Execution failed due to configuration error: No match for output mapping and no default output mapping configured. Endpoint Response Status Code: 200", "Method completed with status: 500"}},
		"template": {hostile, nil, []string{
			"Mapping template failed: ", "Execution failed due to configuration error: Unable to transform request", "Method completed with status: 500"}},
		"an error that no response is for": {mapped, failing, []string{
			"Execution failed due to configuration error: No match for output mapping and no default output mapping configured. Endpoint Response Status Code: 200", "Method completed with status: 500"}},
		"a template that fails": {templated("{}\n $util.parseJson('{')", ""), nil, []string{
			"Mapping template failed: line 2, column 8: $util.parseJson: at byte 1: no member name where one should be",
			"Execution failed due to configuration error: Unable to transform request", "Method completed with status: 500"}},
		"response template": {templated(`{"statusCode": 200}`, "#if("), nil, []string{
			"Mapping template failed: line 1, column 5: expected a value, found the end of the template",
			"Execution failed due to configuration error: Unable to transform response", "Method completed with status: 500"}},
		"none": {mockMethod(""), nil, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := observed(t, test.method, test.functions, loggingStage("ERROR", false), executionGroup, call{method: "GET", target: "/r/1"})
			if len(got) != len(test.want) {
				t.Fatalf("lines %q, want %q", got, test.want)
			}
			for i := range got {
				cause := strings.HasPrefix(test.want[i], "Execution failed due to a network") || strings.HasPrefix(test.want[i], "Mapping template") // more words follow
				if cause && !strings.HasPrefix(got[i], test.want[i]) || !cause && got[i] != test.want[i] {
					t.Errorf("line %q, want %q", got[i], test.want[i])
				}
			}
		})
	}
}

// refusing refuses every call as Lambda does.
func refusing(kind lambda.Kind, status int) fakeFunctions {
	return func(in *lambda.Invocation, out *lambda.Result) error {
		out.Status, out.RequestID = status, "lambda-id"
		return &lambda.Error{Kind: kind, Function: in.Function, Status: status, Message: "no"}
	}
}

// TestExecutionLogBinary: of a binary body the log says no more than that (seen
// on AWS); bytes that are no text come as AWS converts them.
func TestExecutionLogBinary(t *testing.T) {
	def := define(map[string]*apigw.Method{"POST /r": mockMethod("")})
	def.API.BinaryMediaTypes = []string{"image/png"}
	for contentType, want := range map[string]string{
		"image/png": "[Binary Data]", "text/plain": "a\uFFFDb",
	} {
		in := trialRequest(apigw.TestRequest{Resource: "id:/r", Verb: "POST", Body: "a\xffb", Header: []apigw.TestField{{Name: "Content-Type", Value: contentType}}})
		got, err := TestInvoke(t.Context(), def, in, testEnv(nil))
		if err != nil {
			t.Fatal(err)
		}
		if line := "Method request body before transformations: " + want + "\n"; !strings.Contains(got.Log, line) {
			t.Errorf("%s: no line %q in %s", contentType, line, got.Log)
		}
	}
}

// TestExecutionLogInvocation: the log has every field that a function is called
// with.
func TestExecutionLogInvocation(t *testing.T) {
	m := lambdaMethod()
	m.Integration.Type = apigw.IntegrationAWS
	m.Integration.RequestParameters = map[string]string{
		"integration.request.header.X-Amz-Invocation-Type": "'Event'", "integration.request.header.X-Own": "method.request.querystring.q", "integration.request.header.X-Api-Key": "'0123456789abcdefghij'",
	}
	m.Responses = map[apigw.StatusCode]*apigw.MethodResponse{"200": {StatusCode: "200"}}
	m.Integration.Responses = map[apigw.StatusCode]*apigw.IntegrationResponse{"200": {StatusCode: "200"}}
	in := trialRequest(apigw.TestRequest{Resource: "id:/r", Path: "/r?q=1"})
	got, err := TestInvoke(t.Context(), define(map[string]*apigw.Method{"GET /r": m}), in, testEnv(returning("")))
	if err != nil {
		t.Fatal(err)
	}
	want := "Endpoint request headers: {X-Amzn-Trace-Id=~~;Sampled=0, X-Amz-Invocation-Type=Event, X-Amz-Source-Arn=arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/test-invoke-stage/GET/r, " +
		"X-Api-Key=**************efghij, X-Own=1, x-amzn-lambda-integration-tag=" + testID + "}"
	if log := strings.Join(plainLog(got.Log), "\n"); !strings.Contains(log, want) {
		t.Errorf("no %s in %s", want, log)
	}
}

// TestExecutionLogEvent: a function's event is logged with the client's
// secrets masked where they are part of it, and cut.
func TestExecutionLogEvent(t *testing.T) {
	c := call{method: "POST", target: "/r/1", body: strings.Repeat("é\n", 2000), header: "Authorization: Digest response=\"6629fae49393a05397450978507c4ef1\""}
	for _, line := range observed(t, lambdaMethod(), returning("{}"), loggingStage("INFO", true), executionGroup, c) {
		if strings.Contains(line, "6629fae") {
			t.Errorf("the secret shows: %s", line)
		}
		whole := len("("+testID+") ") + len(strings.TrimSuffix(line, truncated))
		if whole > maxEvent || strings.HasSuffix(line, truncated) && whole < maxEvent-1 {
			t.Errorf("a line of %d bytes: %s", whole, line)
		}
		if strings.ToValidUTF8(line, "?") != line {
			t.Errorf("cut within a character: %q", line)
		}
	}
}

// TestMetrics counts requests by stage, and by method where the stage says so.
func TestMetrics(t *testing.T) {
	env := testEnv(returning("{}"))
	env.Metrics = telemetry.NewMetrics(nil)
	env.Now = func() time.Time { return testTime.Add(7 * time.Millisecond) }
	st := &apigw.Stage{Name: "prod", MethodSettings: map[string]*apigw.MethodSetting{
		"a/GET": {MetricsEnabled: true, ThrottlingRateLimit: 10000, ThrottlingBurstLimit: 5000},
	}}
	def := define(map[string]*apigw.Method{"GET /a": lambdaMethod(), "GET /b": mockMethod("")})
	s := compileStage(t, def, st, env)
	for _, target := range []string{"/a", "/b", "/nothing"} {
		x := newExchange(call{method: "GET", target: target})
		s.Serve(x)
		x.End()
	}
	w := httptest.NewRecorder()
	env.Metrics.Handler(slog.New(slog.DiscardHandler)).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	for _, want := range []string{
		`aws_apigateway_count_total{ApiName="a1b2c3d4e5",Stage="prod"} 3`,
		`aws_apigateway_4xx_error_total{ApiName="a1b2c3d4e5",Stage="prod"} 1`,
		`aws_apigateway_latency_milliseconds_sum{ApiName="a1b2c3d4e5",Stage="prod"} 21`,
		`aws_apigateway_integration_latency_milliseconds_count{ApiName="a1b2c3d4e5",Stage="prod"} 1`,
		`aws_apigateway_method_count_total{ApiName="a1b2c3d4e5",Method="GET",Resource="/a",Stage="prod"} 1`,
	} {
		if !strings.Contains(w.Body.String(), want+"\n") {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(w.Body.String(), `Resource="/b"`) {
		t.Error("a method has detailed metrics that nobody asked for")
	}
}

// TestOutcome is what logs and explanations are made of.
func TestOutcome(t *testing.T) {
	s := compileStage(t, define(map[string]*apigw.Method{"GET /a": lambdaMethod()}), nil, testEnv(returning("{}")))
	x, _ := serve(s, call{method: "GET", target: "/a"})
	i := x.Outcome.Integration
	if x.Outcome.Resource != "/a" || x.Outcome.Fault != nil || i.Type != "AWS_PROXY" || i.Target != "fn" || i.Status != 200 || i.Ended.Before(i.Began) || i.Began.IsZero() {
		t.Errorf("outcome %+v", x.Outcome)
	}
	x, _ = serve(s, call{method: "GET", target: "/b"})
	if f := x.Outcome.Fault; f == nil || f.Kind != exchange.MissingAuthenticationToken || x.Outcome.Integration.Type != "" {
		t.Errorf("outcome %+v", x.Outcome)
	}
}

// BenchmarkRecord is what a request's access log line and metrics cost.
func BenchmarkRecord(b *testing.B) {
	env := testEnv(nil)
	env.Now = time.Now
	env.Logs = telemetry.NewLogs(telemetry.Stream{W: discard{}}, slog.New(slog.DiscardHandler))
	env.Metrics = telemetry.NewMetrics(nil)
	defer env.Logs.Close()
	st := accessStage(`$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime] "$context.httpMethod $context.resourcePath $context.protocol" $context.status $context.responseLength $context.requestId`)
	s := compileStage(b, define(map[string]*apigw.Method{"GET /a": mockMethod("")}), st, env)
	var h http1.Header
	x := new(exchange.Exchange)
	fillExchange(x, &h, call{method: "GET", target: "/a"})
	s.Serve(x)
	r := x.Vars.(*request)
	b.ReportAllocs()
	for b.Loop() {
		r.record(x)
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

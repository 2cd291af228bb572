package websocketapi

import (
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/telemetry"
)

// What is written down of events: a line each in the access log, lines in the
// execution log by level, CloudWatch's metrics, and what explanations get.
func TestObservation(t *testing.T) {
	dir := t.TempDir()
	logs := telemetry.NewLogs(&telemetry.Directory{Path: dir, Size: 1 << 30, Keep: 1}, slog.New(slog.DiscardHandler))
	metrics := telemetry.NewMetrics(nil)
	explained := make(chan string, 10)
	w := newWorld(t, definition(map[string]*apigw.RouteIntegration{
		"$connect": lambdaProxyOf("chat"), "$disconnect": lambdaProxyOf("chat"), "join!": lambdaProxyOf("chat"), "quiet": lambdaProxyOf("chat"),
	}), echoConnect(), func(env *Env, st *apigw.Stage) {
		env.Logs, env.Metrics, env.Explain = logs, metrics, true
		env.Done = func(x *exchange.Exchange) { explained <- x.Method + " " + x.Outcome.Resource }
		st.AccessLog = &apigw.AccessLogSettings{
			DestinationARN: "arn:aws:logs:us-east-1:123456789012:log-group:chat",
			Format:         "$context.eventType $context.routeKey $context.status $context.connectionId $context.messageId $context.error.message $context.integration.status $context.requestId",
		}
		st.Routes.DefaultSettings = &apigw.RouteSettings{LoggingLevel: "ERROR", DetailedMetrics: true}
		st.Routes.Settings = map[string]*apigw.RouteSettings{"join": {LoggingLevel: "INFO", DataTrace: true}}
	})
	s := w.connect("")
	s.say("\n" + `{"action":"join"}`)
	s.hear()
	s.say(`{"action":"none"}`)
	s.hear()
	s.say(`{"action":"quiet","crash":1}`)
	s.hear()
	s.nc.Write([]byte("\x88\x80\x00\x00\x00\x00"))
	for range 4 { // messages, and the end
		<-explained
	}
	w.served.Wait() // a client that connects is written down behind its answer
	if err := logs.Close(); err != nil {
		t.Fatal(err)
	}
	ids := regexp.MustCompile(`[A-Za-z0-9+/_-]{15}=`)
	read := func(part string) string {
		var all strings.Builder
		filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
			if err == nil && !info.IsDir() && strings.Contains(path, part) {
				text, _ := os.ReadFile(path)
				all.Write(text)
			}
			return nil
		})
		return ids.ReplaceAllString(all.String(), "ID")
	}
	access := read("chat")
	for _, want := range []string{
		"CONNECT $connect 101 ID - - 200 ID\n", "MESSAGE join 200 ID ID - 200 ID\n", "MESSAGE - 403 ID ID Forbidden - ID\n",
		"MESSAGE quiet 502 ID ID Internal server error 200 ID\n", "DISCONNECT $disconnect 200 ID - - 200 ID\n",
	} {
		if !strings.Contains(access, want) {
			t.Errorf("the access log has no %q:\n%s", want, access)
		}
	}
	execution := read("apigateway")
	for _, want := range []string{
		"(ID) Event: MESSAGE Connection Id: ID Route: join\n", `(ID) Message body before transformations:  {"action":"join"}` + "\n", "(ID) Sending request to chat\n",
		"(ID) Execution failed (INTEGRATION_FAILURE): ", "(ID) Execution failed (RESOURCE_NOT_FOUND): ", "(ID) Completed with status: 200\n",
	} {
		if !strings.Contains(execution, want) {
			t.Errorf("the execution log has no %q:\n%s", want, execution)
		}
	}
	if strings.Contains(execution, "$connect") || strings.Contains(execution, "transformations: \n") {
		t.Errorf("the execution log says too much:\n%s", execution)
	}
	recorder := httptest.NewRecorder()
	metrics.Handler(slog.New(slog.DiscardHandler)).ServeHTTP(recorder, httptest.NewRequest("GET", "/", nil))
	page, _ := io.ReadAll(recorder.Body)
	for _, want := range []string{
		`aws_apigateway_websocket_connect_count_total{ApiId="` + testAPI + `",Stage="prod"} 1`,
		`aws_apigateway_websocket_client_error_total{ApiId="` + testAPI + `",Stage="prod"} 1`,
		`aws_apigateway_websocket_execution_error_total{ApiId="` + testAPI + `",Stage="prod"} 1`,
		`aws_apigateway_websocket_route_execution_error_total{ApiId="` + testAPI + `",Route="quiet",Stage="prod"} 1`,
		`aws_apigateway_websocket_integration_latency_milliseconds_count{ApiId="` + testAPI + `",Stage="prod"} `,
	} {
		if !strings.Contains(string(page), want) {
			t.Errorf("no metric %s", want)
		}
	}
}

// echoConnect lets clients in and answers as echoRoute does.
func echoConnect() *functions {
	echo := echoRoute()
	return newFunctions(func(name string, event map[string]any) (string, string) {
		if context, _ := event["requestContext"].(map[string]any); context["eventType"] != "MESSAGE" {
			return allOK, ""
		}
		return echo.answer(name, event)
	})
}

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// logsOf waits for a line that begins with start in a log group, and returns
// the group's text.
func (s *server) logsOf(group, start string) (text string) {
	s.t.Helper()
	eventually(s.t, group+" has a line "+start, func() bool {
		data, _ := os.ReadFile(filepath.Join(s.data, "logs", filepath.FromSlash(group)+".log"))
		text = string(data)
		return strings.Contains("\n"+text, "\n"+start)
	})
	return text
}

// TestLogs runs the commands of docs/logs-and-metrics.md with the AWS CLI, and
// looks at what they say comes of them, also after a restart.
func TestLogs(t *testing.T) {
	t.Parallel()
	need(t, "aws")
	s, file := orders(t)
	api := s.api(file)
	patch := func(operations ...string) {
		t.Helper()
		s.aws(append([]string{"update-stage", "--rest-api-id", api, "--stage-name", "dev", "--patch-operations"}, operations...)...)
	}
	patch(`op=replace,path=/accessLogSettings/destinationArn,value=arn:aws:logs:us-east-1:000000000000:log-group:/orders/access`,
		`op=replace,path=/accessLogSettings/format,value='$context.requestId $context.httpMethod $context.resourcePath $context.status $context.integration.status'`)
	patch(`op=replace,path=/*/*/logging/loglevel,value=INFO`, `op=replace,path=/*/*/logging/dataTrace,value=true`, `op=replace,path=/*/*/metrics/enabled,value=true`)

	a := call(t, "GET", s.invoke+"/dev/orders/99", api+".execute-api.localhost", "", "Authorization", "Bearer 0123456789abcdef")
	id := a.header.Get("x-amzn-RequestId")
	if text := s.logsOf("/orders/access", id); !strings.Contains(text, id+" GET /orders/{orderId} 404 404\n") {
		t.Errorf("access log: %q", text)
	}
	text := s.logsOf("API-Gateway-Execution-Logs_"+api+"/dev", "("+id+") Method completed with status: 404")
	if strings.Contains(text, "0123456789") || !strings.Contains(text, "Authorization=*****************abcdef") {
		t.Errorf("execution log: %s", text)
	}
	series := `{ApiName="Orders",Method="GET",Resource="/orders/{orderId}",Stage="dev"} 1`
	for _, want := range []string{
		`aws_apigateway_count_total{ApiName="Orders",Stage="dev"} 1`, "aws_apigateway_method_count_total" + series, "aws_apigateway_method_4xx_error_total" + series,
		"gatehouse_store_up 1", "gatehouse_requests_refused_total 0", "gatehouse_requests_in_flight 0", "gatehouse_log_lines_dropped_total 0", "process_resident_memory_bytes ", "etcd_mvcc_db_total_size_in_bytes ",
	} {
		eventually(t, want, func() bool { // a request is counted once its last byte is out
			return strings.Contains(call(t, "GET", s.control+"/_gatehouse/metrics", "", "").body, "\n"+want)
		})
	}

	// The definition is deployed anew when it is served again; the stage's
	// settings stay, and so does what was logged. What waits is written when
	// the process is asked to end.
	a = call(t, "GET", s.invoke+"/dev/orders", api+".execute-api.localhost", "")
	_ = s.process.Signal(syscall.SIGTERM)
	<-s.exited
	last := a.header.Get("x-amzn-RequestId")
	if text := s.logsOf("/orders/access", last); !regexp.MustCompile(`(?m)^` + id + ` .*\n` + last + ` GET /orders 200 200$`).MatchString(text) {
		t.Errorf("access log: %q", text)
	}
	s.restart()
	a = call(t, "GET", s.invoke+"/dev/nothing", api+".execute-api.localhost", "")
	s.logsOf("/orders/access", a.header.Get("x-amzn-RequestId")+" GET - 403 -")
}

// TestLogsOnStandardOutput: the ready line and log lines, and nothing else.
func TestLogsOnStandardOutput(t *testing.T) {
	t.Parallel()
	need(t, "aws")
	s := newServer(t, "--config", write(t, "gatehouse.yaml", "logs: {stdout: true}\n"), filepath.Join(repository(t), "examples", "orders", "openapi.yaml"))
	s.start()
	t.Cleanup(s.kill)
	api := s.api(filepath.Join(repository(t), "examples", "orders", "openapi.yaml"))
	s.aws("update-stage", "--rest-api-id", api, "--stage-name", "dev", "--patch-operations",
		`op=replace,path=/accessLogSettings/destinationArn,value=arn:aws:logs:us-east-1:000000000000:log-group:access`,
		`op=replace,path=/accessLogSettings/format,value='$context.requestId $context.status'`)
	a := call(t, "GET", s.invoke+"/dev/nothing", api+".execute-api.localhost", "")
	eventually(t, "the line is on standard output", func() bool {
		return strings.HasSuffix(s.stdout.String(), a.header.Get("x-amzn-RequestId")+" 403\n")
	})
	if _, err := os.Stat(filepath.Join(s.data, "logs")); err == nil {
		t.Error("there is a folder of logs, too")
	}
}

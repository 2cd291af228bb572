package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

// TestSocketSamples: functions that build the address of @connections as AWS's
// samples do, https://{domainName}/{stage}, in Python and Node.js, answer wscat.
// What they need is a listener with TLS and its certificate in their
// environment: docs/websocket-apis.md, "Functions of AWS's samples".
func TestSocketSamples(t *testing.T) {
	t.Parallel()
	needBoto(t)
	browser := browserFolder(t)
	node, samples := t.TempDir(), filepath.Join(repository(t), "cmd", "gatehouse", "testdata", "samples")
	copyFiles(t, filepath.Join(samples, "node"), node, "app.mjs")
	must(t, os.Symlink(filepath.Join(browser, "node_modules"), filepath.Join(node, "node_modules")))
	data := filepath.Join(t.TempDir(), "data")
	certificate := filepath.Join(data, "tls", "development.crt")
	config := fmt.Sprintf(securely+`functions:
  py: {runtime: python3.12, code: %q, handler: app.handler, timeout: 20, environment: {AWS_ACCESS_KEY_ID: any, AWS_SECRET_ACCESS_KEY: any, AWS_CA_BUNDLE: %q}}
  js: {runtime: nodejs22.x, code: %q, handler: app.handler, timeout: 20, environment: {AWS_ACCESS_KEY_ID: any, AWS_SECRET_ACCESS_KEY: any, NODE_EXTRA_CA_CERTS: %q}}
`, filepath.Join(samples, "python"), certificate, node, certificate)
	if os.Geteuid() == 0 { // npm's cache, and the data folder, aren't open to anybody else
		config += "functionUser: \"0:0\"\n"
	}
	s := &server{t: t, data: data, args: []string{"serve", "--data", data, "--control", "127.0.0.1:0", "--config", write(t, "gatehouse.yaml", config)}}
	s.start()
	t.Cleanup(s.kill)
	a := s.socketAPI()
	for action, function := range map[string]string{"python": "py", "node": "js"} {
		a.route(action, a.integrate(types.IntegrationTypeAwsProxy, "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:"+function+"/invocations"))
	}
	a.deploy()
	url := "wss" + strings.TrimPrefix(a.at(s), "https")
	wscat := filepath.Join(browser, "node_modules", "wscat", "bin", "wscat")
	for _, action := range []string{"python", "node"} {
		said := `{"action":"` + action + `"}`
		if got, want := s.wscat(wscat, url, said), action+" got "+said; got != want {
			t.Errorf("%s: wscat reads %q, not %q", action, got, want)
		}
	}
	if t.Failed() {
		t.Log(s.log.String())
	}
}

// wscat connects to url, says something and returns the first line that it
// prints.
func (s *server) wscat(script, url, said string) string {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), "node", script, "--no-check", "--no-color", "--connect", url, "--execute", said, "--wait", "-1")
	in, err := cmd.StdinPipe() // kept open: at its end wscat leaves
	must(s.t, err)
	out, err := cmd.StdoutPipe()
	must(s.t, err)
	must(s.t, cmd.Start())
	defer func() { in.Close(); cmd.Process.Kill(); cmd.Wait() }()
	heard := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(out).ReadString('\n')
		heard <- line
	}()
	select {
	case line := <-heard:
		return strings.TrimSpace(line)
	case <-time.After(60 * time.Second):
		return "nothing"
	}
}

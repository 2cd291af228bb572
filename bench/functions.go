package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// coldFunctions is how many functions are called for the first time.
const coldFunctions = 7

// echoSource is the function behind both.
const echoSource = `exports.handler = async (event) => ({
  statusCode: 200, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ path: event.path }),
});
`

// host is a program that runs the function.
type host struct {
	name    string
	process *process
	ready   time.Duration // from its start until an API could be called
	api     target        // a GET that the function answers
	invoke  string        // Lambda's Invoke call of the n-th cold function
}

// functions calls the same Node.js function through an API of Gatehouse's and
// of serverless-offline's, in interleaved rounds, and functions that were
// never called by Lambda's Invoke. folder has serverless and
// serverless-offline installed.
func functions(o options, folder string) error {
	o.peers = nil
	w, err := newWorkshop(o)
	if err != nil {
		return err
	}
	defer w.close()
	var hosts []*host
	for _, serve := range []func(*workshop, options, string) (*host, error){serveGatehouse, serveOffline} {
		h, err := serve(w, o, folder)
		if err != nil {
			return err
		}
		hosts = append(hosts, h)
	}
	colds := map[string][]float64{}
	for n := range coldFunctions {
		for _, h := range hosts {
			took, err := coldCall(fmt.Sprintf(h.invoke, n))
			if err != nil {
				return fmt.Errorf("%s: %w\n%s", h.name, err, h.process.log())
			}
			colds[h.name] = append(colds[h.name], took)
		}
	}
	fmt.Printf("%d rounds of %v, medians; the first call is that of %d functions\n%-20s %8s %14s %12s %12s %12s %14s %12s %8s\n", o.rounds, o.duration, coldFunctions,
		"", "ready s", "first call ms", "1: p50 µs", "1: p99 µs", "1: calls/s", "8: calls/s", "8: p99 µs", "RSS MB")
	one, eight := map[string][]measurement{}, map[string][]measurement{}
	for range o.rounds {
		for _, h := range hosts {
			for conns, results := range map[int]map[string][]measurement{1: one, 8: eight} {
				o.conns = conns
				m, err := measure(h.process, h.api, "functions", o)
				if err != nil {
					return fmt.Errorf("%s: %w", h.name, err)
				}
				results[h.name] = append(results[h.name], m)
			}
		}
	}
	for _, h := range hosts {
		a, b := one[h.name], eight[h.name]
		pick := func(list []measurement, f func(measurement) float64) float64 { return median(each(list, f)) }
		perSecond, p50, p99 := func(m measurement) float64 { return m.perSecond }, func(m measurement) float64 { return m.p50 }, func(m measurement) float64 { return m.p99 }
		fmt.Printf("%-20s %8.2f %14.0f %12.0f %12.0f %12.0f %14.0f %12.0f %8.0f\n", h.name, h.ready.Seconds(), median(slices.Clone(colds[h.name])),
			pick(a, p50), pick(a, p99), pick(a, perSecond), pick(b, perSecond), pick(b, p99), pick(b, func(m measurement) float64 { return m.rss }))
	}
	return nil
}

// serveGatehouse serves an API of the function; the others are created
// through Lambda's API.
func serveGatehouse(w *workshop, o options, _ string) (*host, error) {
	binary := o.binary
	if binary == "" {
		var err error
		if binary, err = build(w.dir); err != nil {
			return nil, err
		}
	}
	dir, invoke, control := filepath.Join(w.dir, "functions"), freeAddress(), freeAddress()
	_ = os.MkdirAll(filepath.Join(dir, "src"), 0o755)
	files := map[string]string{
		"src/echo.js":    echoSource,
		"gatehouse.yaml": "functions:\n  echo: {runtime: nodejs20.x, code: src, handler: echo.handler}\n",
		"openapi.yaml": `openapi: 3.0.1
info: {title: functions, version: "1"}
paths:
  /echo:
    get:
      responses: {"200": {description: an echo}}
      x-amazon-apigateway-integration:
        type: aws_proxy
        httpMethod: POST
        uri: arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:echo/invocations
`}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	began := time.Now()
	p, err := w.start(invoke, binary, "serve", "--invoke", invoke, "--control", control, "--data", filepath.Join(w.dir, "functions-data"),
		"--config", filepath.Join(dir, "gatehouse.yaml"), filepath.Join(dir, "openapi.yaml"))
	if err != nil {
		return nil, err
	}
	id, err := apiID(control)
	if err != nil {
		return nil, err
	}
	h := &host{"gatehouse", p, time.Since(began), target{"http://" + invoke + "/dev/echo", id + ".execute-api.localhost"},
		"http://" + control + "/2015-03-31/functions/cold%d/invocations"}
	for n := range coldFunctions {
		if err := createFunction(control, fmt.Sprintf("cold%d", n)); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// createFunction is Lambda's CreateFunction with the echo.
func createFunction(control, name string) error {
	var code bytes.Buffer
	z := zip.NewWriter(&code)
	f, err := z.Create("echo.js")
	if err == nil {
		_, err = io.WriteString(f, echoSource)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{"FunctionName": name, "Runtime": "nodejs20.x", "Handler": "echo.handler",
		"Role": "arn:aws:iam::000000000000:role/any", "Code": map[string]any{"ZipFile": code.Bytes()}})
	if err != nil {
		return err
	}
	_, err = post("http://"+control+"/2015-03-31/functions", string(body), http.StatusCreated)
	return err
}

// serveOffline serves the same with serverless-offline.
func serveOffline(w *workshop, _ options, folder string) (*host, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(w.dir, "offline")
	_ = os.MkdirAll(filepath.Join(dir, "src"), 0o755)
	if err := os.Symlink(filepath.Join(folder, "node_modules"), filepath.Join(dir, "node_modules")); err != nil {
		return nil, err
	}
	api, lambda := freeAddress(), freeAddress()
	_, apiPort, _ := net.SplitHostPort(api)
	_, lambdaPort, _ := net.SplitHostPort(lambda)
	config := `service: bench
frameworkVersion: '3'
provider: {name: aws, runtime: nodejs20.x, stage: dev, region: us-east-1}
plugins: [serverless-offline]
custom: {serverless-offline: {host: 127.0.0.1, httpPort: ` + apiPort + `, lambdaPort: ` + lambdaPort + `}}
functions:
  echo: {handler: src/echo.handler, events: [{http: {path: /echo, method: get}}]}
`
	for n := range coldFunctions {
		config += fmt.Sprintf("  cold%d: {handler: src/echo.handler}\n", n)
	}
	for name, text := range map[string]string{"serverless.yml": config, "src/echo.js": echoSource} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	began := time.Now()
	p, err := start(dir, filepath.Join(folder, "node_modules", ".bin", "serverless"), "offline", "start")
	if err != nil {
		return nil, err
	}
	w.processes = append(w.processes, p)
	for !strings.Contains(p.log(), "Server ready") {
		if time.Since(began) > 2*time.Minute {
			return nil, fmt.Errorf("serverless-offline is not ready:\n%s", p.log())
		}
		time.Sleep(10 * time.Millisecond)
	}
	return &host{"serverless-offline", p, time.Since(began), target{url: "http://" + api + "/dev/echo"},
		"http://" + lambda + "/2015-03-31/functions/bench-dev-cold%d/invocations"}, nil
}

// coldCall is how many milliseconds an invocation takes.
func coldCall(url string) (ms float64, err error) {
	began := time.Now()
	answer, err := post(url, `{"path":"/cold"}`, http.StatusOK)
	took := time.Since(began)
	if err == nil && !strings.Contains(answer, "/cold") {
		err = fmt.Errorf("%s answered %s", url, answer)
	}
	return float64(took.Microseconds()) / 1e3, err
}

func post(url, body string, want int) (string, error) {
	request, err := http.NewRequest("POST", url, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", strings.Replace(anyCredentials, "apigateway", "lambda", 1))
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != want {
		err = fmt.Errorf("%s: %s: %s", url, response.Status, answer)
	}
	return string(answer), err
}

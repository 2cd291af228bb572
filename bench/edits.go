package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// editsRate is the requests per second of the load under which edits are made.
const editsRate = 300

// functionEvery is after how many edits of the definition the function's code
// is edited, too.
const functionEvery = 10

// editor changes a served project while it is called.
type editor struct {
	dir, base, host string
	backend         string

	asked, failed atomic.Int64
	mu            sync.Mutex // guards first
	first         string     // the first failure, in words

	live []float64 // ms from an edit to its first answer
}

// edits makes one edit a second of a definition, and of a Node.js function
// every tenth, while requests come at editsRate a second for d, and says how
// many failed (none may), how soon edits were live and how the process grew.
func edits(o options) error {
	o.peers = nil
	w, err := newWorkshop(o)
	if err != nil {
		return err
	}
	defer w.close()
	e := &editor{dir: filepath.Join(w.dir, "project"), backend: w.backend}
	p, err := e.serve(w, o)
	if err != nil {
		return err
	}
	fmt.Printf("edits: one a second under %d requests a second, for %v\n%8s %8s %10s %8s %10s %8s %8s\n",
		editsRate, o.duration, "minute", "edits", "requests", "failed", "live p50", "RSS MB", "threads")
	stop := make(chan struct{})
	var load sync.WaitGroup
	for _, path := range []string{"/item", "/mock", "/words"} {
		load.Go(func() { e.call(path, stop) })
	}
	err = e.change(p, o.duration)
	close(stop)
	load.Wait()
	if err != nil {
		return fmt.Errorf("%w\n%s", err, p.log())
	}
	slices.Sort(e.live)
	fmt.Printf("%d edits, live after %.0f ms (median), %.0f ms (longest); %d requests, %d failed\n",
		len(e.live), e.live[len(e.live)/2], e.live[len(e.live)-1], e.asked.Load(), e.failed.Load())
	if e.failed.Load() > 0 {
		return fmt.Errorf("the first failure: %s\n%s", e.first, p.log())
	}
	return nil
}

// serve starts Gatehouse on a project of one definition and one function.
func (e *editor) serve(w *workshop, o options) (*process, error) {
	binary := o.binary
	if binary == "" {
		var err error
		if binary, err = build(w.dir); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(filepath.Join(e.dir, "src"), 0o755); err != nil {
		return nil, err
	}
	invoke, control := freeAddress(), freeAddress()
	e.write("gatehouse.yaml", "functions:\n  words: {runtime: nodejs22.x, code: src, handler: words.handler}\n")
	e.writeDefinition(0)
	e.writeFunction(0)
	p, err := w.start(invoke, binary, "serve", "--invoke", invoke, "--control", control, "--config", filepath.Join(e.dir, "gatehouse.yaml"),
		"--data", filepath.Join(w.dir, "edits-data"), "--stage", "bench", filepath.Join(e.dir, "openapi.yaml"))
	if err != nil {
		return nil, err
	}
	id, err := apiID(control)
	e.base, e.host = "http://"+invoke+"/bench", id+".execute-api.localhost"
	return p, err
}

// change edits once a second for d, and reports once a minute.
func (e *editor) change(p *process, d time.Duration) error {
	begin := time.Now()
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	for n := 1; time.Since(begin) < d; n++ {
		if n%functionEvery == 0 {
			e.writeFunction(n)
		}
		e.writeDefinition(n)
		took, err := e.awaitLive(n)
		if err != nil {
			return err
		}
		e.live = append(e.live, took)
		if n%60 == 0 {
			recent := slices.Sorted(slices.Values(e.live[len(e.live)-60:]))
			fmt.Printf("%8d %8d %10d %8d %7.0f ms %8.1f %8d\n", int(time.Since(begin).Minutes()), n, e.asked.Load(), e.failed.Load(), recent[30], p.rss(), threads(p))
		}
		<-ticks.C
	}
	return nil
}

// awaitLive is how many milliseconds it takes until revision n answers.
func (e *editor) awaitLive(n int) (ms float64, err error) {
	begin := time.Now()
	for time.Since(begin) < 10*time.Second {
		body, err := e.get("/mock")
		if err == nil && strings.Contains(body, `"revision":`+strconv.Itoa(n)+"}") {
			return float64(time.Since(begin).Microseconds()) / 1e3, nil
		}
		time.Sleep(2 * time.Millisecond)
	}
	return 0, fmt.Errorf("edit %d was not live after 10 s", n)
}

// call asks for path at a third of editsRate until stop.
func (e *editor) call(path string, stop chan struct{}) {
	ticks := time.NewTicker(3 * time.Second / editsRate)
	defer ticks.Stop()
	var calls sync.WaitGroup
	defer calls.Wait()
	for {
		select {
		case <-stop:
			return
		case <-ticks.C:
		}
		calls.Go(func() {
			e.asked.Add(1)
			if _, err := e.get(path); err != nil {
				e.failed.Add(1)
				e.mu.Lock()
				if e.first == "" {
					e.first = time.Now().Format(time.RFC3339Nano) + " " + path + ": " + err.Error()
				}
				e.mu.Unlock()
			}
		})
	}
}

func (e *editor) get(path string) (string, error) {
	request, err := http.NewRequest("GET", e.base+path, nil)
	if err != nil {
		return "", err
	}
	request.Host = e.host
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, body)
	}
	return string(body), err
}

// write replaces a file as editors do: by one that is complete.
func (e *editor) write(name, text string) {
	path := filepath.Join(e.dir, name)
	if err := os.WriteFile(path+"~", []byte(text), 0o644); err != nil {
		panic(err)
	}
	if err := os.Rename(path+"~", path); err != nil {
		panic(err)
	}
}

// writeDefinition writes revision n: it says its number, and every other one
// has a route more.
func (e *editor) writeDefinition(n int) {
	text := fmt.Sprintf(`openapi: 3.0.1
info: {title: edits, version: "%d"}
paths:
  /item:
    get:
      responses: {"200": {description: an item}}
      x-amazon-apigateway-integration: {type: http_proxy, httpMethod: GET, uri: 'http://%s/item'}
  /words:
    get:
      responses: {"200": {description: words}}
      x-amazon-apigateway-integration:
        type: aws_proxy
        httpMethod: POST
        uri: arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:words/invocations
  /mock:
    get:
      responses: {"200": {description: the revision}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses: {default: {statusCode: "200", responseTemplates: {application/json: '{"revision":%d}'}}}
`, n, e.backend, n)
	if n%2 == 1 {
		text += "  /odd:\n    get:\n      responses: {\"200\": {description: odd}}\n" +
			"      x-amazon-apigateway-integration: {type: http_proxy, httpMethod: GET, uri: 'http://" + e.backend + "/odd'}\n"
	}
	e.write("openapi.yaml", text)
}

func (e *editor) writeFunction(n int) {
	e.write("src/words.js", fmt.Sprintf("exports.handler = async () => ({statusCode: 200, body: 'words %d'});\n", n))
}

var threadsLine = regexp.MustCompile(`(?m)^Threads:\s+(\d+)`)

func threads(p *process) int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	n, _ := strconv.Atoi(group(threadsLine, string(text)))
	return n
}

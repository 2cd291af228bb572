package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/rogpeppe/go-internal/testscript"
)

// helperVariable makes the test binary the program, or another process that a
// test needs: its value says which.
const helperVariable = "GATEHOUSE_TEST_RUN"

// TestMain runs the program itself when a test asks for it, so that tests
// drive real processes.
func TestMain(m *testing.M) {
	switch os.Getenv(helperVariable) {
	case "gatehouse":
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	case "etcd":
		os.Exit(runEtcd(os.Args[1], os.Args[2]))
	case "backend":
		os.Exit(runBackend(os.Args[1]))
	}
	testscript.Main(m, map[string]func(){"gatehouse": main})
}

// helper is the test binary as another process.
func helper(kind string, args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), helperVariable+"="+kind)
	return cmd
}

// command is the program with args, as another process.
func command(args ...string) *exec.Cmd { return helper("gatehouse", args...) }

// need skips a test without its tool on a user's machine, and fails it in CI,
// where the tool is installed.
func need(t testing.TB, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err == nil {
			continue
		}
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is not installed", tool)
		}
		t.Skipf("%s is not installed", tool)
	}
}

// server is a running gatehouse.
type server struct {
	t               testing.TB
	cmd             *exec.Cmd
	process         *os.Process // cmd's, or its successor's
	dir             string      // working folder; empty: this package's
	env             []string
	args            []string
	invoke, control string // base URLs
	data            string // folder
	exited          chan struct{}
	log             syncBuffer
	stdout          syncBuffer
	stderr          io.Writer      // instead of log; nil: log
	web             aws.HTTPClient // of load balancers' and links' SDKs; nil: theirs
}

type syncBuffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// newServer is a gatehouse that isn't started yet: on free loopback ports,
// with a data folder of its own, unless args name them.
func newServer(t testing.TB, args ...string) *server {
	t.Helper()
	s := &server{t: t, data: filepath.Join(t.TempDir(), "data")}
	s.args = append([]string{"serve", "--data", s.data, "--invoke", "127.0.0.1:0", "--control", "127.0.0.1:0"}, args...)
	return s
}

// serveWith starts a newServer and waits for the ready line.
func serveWith(t testing.TB, args ...string) *server {
	t.Helper()
	s := newServer(t, args...)
	s.start()
	t.Cleanup(s.kill)
	t.Cleanup(func() {
		if strings.Contains(s.log.String(), "WARNING: DATA RACE") {
			t.Error("the race detector found something")
		}
		if t.Failed() {
			t.Logf("the log of process %d:\n%s", s.process.Pid, s.log.String())
		}
	})
	return s
}

var readyLine = regexp.MustCompile(`^ready invoke=(\S+) control=(\S+)$`)

func (s *server) start() {
	s.t.Helper()
	if err := s.launch(); err != nil {
		s.t.Fatal(err)
	}
}

// launch starts a process and waits for the ready line; the error has the log.
func (s *server) launch() error {
	s.cmd = command(s.args...)
	s.cmd.Dir, s.cmd.Stderr = s.dir, &s.log
	if s.stderr != nil {
		s.cmd.Stderr = s.stderr
	}
	group(s.cmd)
	s.cmd.Env = append(s.cmd.Env, s.env...)
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.cmd.Start(); err != nil {
		return err
	}
	s.process = s.cmd.Process
	exited, ready := make(chan struct{}), make(chan []string, 16) // successors print it, too
	s.exited = exited
	go func() {
		defer close(exited)
		for lines := bufio.NewScanner(io.TeeReader(out, &s.stdout)); lines.Scan(); {
			if m := readyLine.FindStringSubmatch(lines.Text()); m != nil {
				ready <- m
			}
		}
		_ = s.cmd.Wait()
	}()
	select {
	case m := <-ready:
		s.invoke, s.control = m[1], m[2]
		return nil
	case <-exited:
		return fmt.Errorf("the server ended before it was ready:\n%s", s.log.String())
	case <-time.After(60 * time.Second):
		s.kill()
		return fmt.Errorf("no ready line:\n%s", s.log.String())
	}
}

// kill ends the process as a power cut would.
func (s *server) kill() {
	killGroup(s.cmd)
	<-s.exited
}

// terminate asks the process to drain and end, and returns its exit code.
func (s *server) terminate() int {
	_ = s.process.Signal(syscall.SIGTERM)
	<-s.exited
	return s.cmd.ProcessState.ExitCode()
}

// restart starts a new process with the same flags.
func (s *server) restart() {
	s.t.Helper()
	s.start()
}

// records are the lines of the log with this message, the latest last.
func (s *server) records(message string) []map[string]any {
	var list []map[string]any
	for line := range strings.Lines(s.log.String()) {
		var r map[string]any
		if json.Unmarshal([]byte(line), &r) == nil && r["msg"] == message {
			list = append(list, r)
		}
	}
	return list
}

// api is the ID of the API that the server announced last for a definition.
func (s *server) api(definition string) (id string) {
	s.t.Helper()
	eventually(s.t, definition+" is announced", func() bool { // the log comes by another pipe than the ready line
		for _, r := range slices.Backward(s.records("serving")) {
			if r["definition"] == definition {
				id = r["api"].(string)
				return true
			}
		}
		return false
	})
	return id
}

// aws runs the AWS CLI against the control address and returns what --query
// and --output text print.
func (s *server) aws(args ...string) string {
	s.t.Helper()
	cmd := exec.Command("aws", append([]string{"apigateway", "--endpoint-url", s.control, "--region", "us-east-1", "--output", "text"}, args...)...)
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_PAGER=")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("aws %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return strings.TrimSpace(string(out))
}

// answer is what a request got.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) String() string { return fmt.Sprintf("%d %q", a.status, a.body) }

// try sends a request to an API by its host, or by path when host is empty.
func try(method, url, host, body string, header ...string) (answer, error) {
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, url, reader)
	if err != nil {
		return answer{}, err
	}
	request.Host = host
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Add(header[i], header[i+1])
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return answer{}, fmt.Errorf("%s %s: %w", method, url, err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, fmt.Errorf("%s %s: %w", method, url, err)
	}
	return answer{response.StatusCode, response.Header, string(data)}, nil
}

// call is try for a request that must be answered.
func call(t testing.TB, method, url, host, body string, header ...string) answer {
	t.Helper()
	a, err := try(method, url, host, body, header...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// eventually waits for what other processes do.
func eventually(t testing.TB, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it takes too long: %s", what)
		}
	}
}

// write puts text into a file of a folder of its own and returns its path.
func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// apiFile is the definition of an API: paths is the value of its member paths,
// as a YAML flow or block.
func apiFile(t testing.TB, paths string) string {
	t.Helper()
	return write(t, "api.yaml", "openapi: 3.0.1\ninfo: {title: test, version: \"1\"}\npaths:\n"+paths)
}

// passing is a definition whose GET and POST /{proxy+} call backend.
func passing(backend string) string {
	return `  /{proxy+}:
    x-amazon-apigateway-any-method:
      parameters: [{name: proxy, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: ok}}
      x-amazon-apigateway-integration:
        type: http_proxy
        httpMethod: ANY
        uri: ` + backend + `/{proxy}
        requestParameters: {integration.request.path.proxy: method.request.path.proxy}
`
}

// address is the host:port of a base URL.
func address(t testing.TB, base string) string {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

// dial connects to a base URL's address until the test ends.
func dial(t testing.TB, base string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address(t, base))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(60 * time.Second))
	return c
}

// repository is the top of the checkout.
func repository(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// deadAddress is a loopback address that refuses connections for as long as
// the test runs: the near end of a connection has it, so no listener of another
// test gets it.
func deadAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c.LocalAddr().String()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestMain runs the program itself when a test asks for it, so that tests
// drive a real process.
func TestMain(m *testing.M) {
	if os.Getenv("GATEHOUSE_TEST_MAIN") == "1" {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// command is the program with args, as another process.
func command(args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), "GATEHOUSE_TEST_MAIN=1")
	return cmd
}

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
	args            []string
	invoke, control string // base URLs
	exited          chan struct{}
	log             syncBuffer
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

// serveWith starts gatehouse on free loopback ports with a data folder of its
// own unless args name them, and waits for the ready line.
func serveWith(t testing.TB, args ...string) *server {
	t.Helper()
	s := &server{t: t, args: append([]string{"serve", "--data", filepath.Join(t.TempDir(), "data"), "--invoke", "127.0.0.1:0", "--control", "127.0.0.1:0"}, args...)}
	s.start()
	t.Cleanup(s.kill)
	return s
}

var readyLine = regexp.MustCompile(`^ready invoke=(\S+) control=(\S+)$`)

func (s *server) start() {
	s.t.Helper()
	s.cmd = command(s.args...)
	s.cmd.Stderr = &s.log
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.exited = make(chan struct{})
	ready := make(chan []string, 1)
	go func() {
		defer close(s.exited)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if m := readyLine.FindStringSubmatch(lines.Text()); m != nil {
				ready <- m
			}
		}
		_ = s.cmd.Wait()
	}()
	select {
	case m := <-ready:
		s.invoke, s.control = m[1], m[2]
	case <-s.exited:
		s.t.Fatalf("the server ended before it was ready:\n%s", s.log.String())
	case <-time.After(60 * time.Second):
		s.kill()
		s.t.Fatalf("no ready line:\n%s", s.log.String())
	}
}

// kill ends the process as a power cut would.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.exited
}

// terminate asks the process to drain and end.
func (s *server) terminate() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	<-s.exited
}

// restart starts a new process with the same flags.
func (s *server) restart() {
	s.t.Helper()
	s.start()
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

// call sends a request to an API by its host, or by path when host is empty.
func call(t testing.TB, method, url, host, body string, header ...string) answer {
	t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, url, reader)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = host
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Add(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	return answer{response.StatusCode, response.Header, string(data)}
}

func (a answer) String() string { return fmt.Sprintf("%d %q", a.status, a.body) }

// repository is the top of the checkout.
func repository(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

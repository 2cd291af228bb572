package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// echoSource is a function that answers with its event, its environment
// variable GREETING and its version; the event "fail" makes it fail.
const echoSource = `package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	base := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/"
	for {
		r, err := http.Get(base + "next")
		if err != nil {
			return
		}
		event, _ := io.ReadAll(r.Body)
		r.Body.Close()
		to, body := "response", answer(event, r.Header.Get("Lambda-Runtime-Invoked-Function-Arn"))
		if string(event) == "\"fail\"" {
			to, body = "error", []byte("{\"errorType\":\"Oops\",\"errorMessage\":\"as asked\"}")
		}
		fmt.Println("an echo of", string(event))
		r, err = http.Post(base+r.Header.Get("Lambda-Runtime-Aws-Request-Id")+"/"+to, "application/json", bytes.NewReader(body))
		if err == nil {
			r.Body.Close()
		}
	}
}

func answer(event []byte, arn string) []byte {
	var proxy struct{ HTTPMethod string }
	json.Unmarshal(event, &proxy)
	said := map[string]any{"event": json.RawMessage(event), "greeting": os.Getenv("GREETING"), "arn": arn, "version": os.Getenv("AWS_LAMBDA_FUNCTION_VERSION")}
	if proxy.HTTPMethod != "" {
		said = map[string]any{"statusCode": 200, "body": os.Getenv("GREETING")}
	}
	text, _ := json.Marshal(said)
	return text
}
`

var echoOnce sync.Once

// echoBootstrap is the echo, built.
var echoBootstrap []byte

func echo(t testing.TB) []byte {
	t.Helper()
	echoOnce.Do(func() {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(echoSource), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("go", "build", "-ldflags=-s -w", "-o", "bootstrap", "main.go")
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GO111MODULE=off")
		out, err := cmd.CombinedOutput()
		if err == nil {
			echoBootstrap, err = os.ReadFile(filepath.Join(dir, "bootstrap"))
		}
		if err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	if echoBootstrap == nil {
		t.Fatal("the function can't be built")
	}
	return echoBootstrap
}

// zipOf has files: names and contents in turn, all executable.
func zipOf(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		h := &zip.FileHeader{Name: files[i], Method: zip.Deflate}
		h.SetMode(0o755)
		f, err := w.CreateHeader(h)
		if err == nil {
			_, err = f.Write([]byte(files[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// lambdaSDK is AWS's own client of Lambda's API.
func (s *server) lambdaSDK() *lambda.Client {
	return lambda.New(lambda.Options{
		BaseEndpoint: aws.String(s.control), Region: "us-east-1", RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
}

// lambdaCLI runs the AWS CLI's commands for Lambda.
func (s *server) lambdaCLI(args ...string) (string, error) {
	cmd := exec.Command("aws", append([]string{"lambda", "--endpoint-url", s.control, "--region", "us-east-1", "--output", "text"}, args...)...)
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_PAGER=")
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func (s *server) mustLambdaCLI(args ...string) string {
	s.t.Helper()
	out, err := s.lambdaCLI(args...)
	if err != nil {
		s.t.Fatalf("aws lambda %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// echoFolder holds the echo as a bootstrap.
func echoFolder(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "echo")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "bootstrap"), echo(t), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestLambdaCLIConfigured: functions of the configuration are invoked and
// shown by AWS's own clients.
func TestLambdaCLIConfigured(t *testing.T) {
	t.Parallel()
	need(t, "aws", "go")
	config, err := json.Marshal(map[string]any{"functions": map[string]any{
		"echo":  map[string]any{"runtime": "provided.al2023", "code": echoFolder(t), "environment": map[string]string{"GREETING": "hi"}, "timeout": 9},
		"other": map[string]any{"endpoint": "http://" + deadAddress(t)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	s := serveWith(t, "--config", write(t, "gatehouse.yaml", string(config)))
	file := filepath.Join(t.TempDir(), "out")
	invoke := func(want string, args ...string) string {
		t.Helper()
		out := s.mustLambdaCLI(append([]string{"invoke", "--function-name", "echo"}, append(args, file)...)...)
		got, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(got), want) {
			t.Errorf("invoke %v: %q (%v), want %q", args, got, err, want)
		}
		return out
	}
	if got := invoke(`{"a":1}`, "--payload", `{"a":1}`); got != "$LATEST\t200" {
		t.Errorf("invoke printed %q", got)
	}
	if got := invoke(`as asked`, "--payload", `"fail"`); got != "$LATEST\tUnhandled\t200" {
		t.Errorf("a failing invoke printed %q", got)
	}
	if got := invoke(``, "--payload", `{}`, "--invocation-type", "Event"); got != "202" {
		t.Errorf("an event printed %q", got)
	}
	if got := invoke(``, "--invocation-type", "DryRun"); got != "204" {
		t.Errorf("a dry run printed %q", got)
	}
	if got := s.mustLambdaCLI("list-functions", "--query", "Functions[].[FunctionName,Runtime,Timeout,State]"); got != "echo\tprovided.al2023\t9\tActive\nother\tNone\tNone\tActive" {
		t.Errorf("list-functions printed %q", got)
	}
	if got := s.mustLambdaCLI("get-function", "--function-name", "echo", "--query", "Configuration.[FunctionArn,Environment.Variables.GREETING]"); got != "arn:aws:lambda:us-east-1:000000000000:function:echo\thi" {
		t.Errorf("get-function printed %q", got)
	}
	for _, args := range [][]string{{"get-function", "--function-name", "nobody"}, {"invoke", "--function-name", "nobody", file}} {
		out, err := s.lambdaCLI(args...)
		if err == nil || !strings.Contains(out, "(ResourceNotFoundException)") || !strings.Contains(out, "Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody") {
			t.Errorf("%v: %v %s", args, err, out)
		}
	}
}

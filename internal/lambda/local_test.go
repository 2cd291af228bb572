package lambda

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// rawFolder holds testdata/rawfunction as a bootstrap, built once for all
// tests of the package.
var rawFolder string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "rawfunction-")
	if err != nil {
		panic(err)
	}
	os.Chmod(dir, 0o755)
	build := exec.Command("go", "build", "-o", filepath.Join(dir, bootstrapName), "./testdata/rawfunction")
	if out, err := build.CombinedOutput(); err != nil {
		panic(string(out))
	}
	rawFolder = dir
	code := m.Run()
	os.RemoveAll(dir)
	if javaFolder != "" {
		os.RemoveAll(javaFolder)
	}
	os.Exit(code)
}

// logBuffer collects log records.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func testConfig(t testing.TB, functions map[string]Function) (Config, *logBuffer) {
	logs := &logBuffer{}
	return Config{
		Partition: "aws", Account: "123456789012", Region: "eu-west-1",
		Functions: functions,
		CacheDir:  filepath.Join(t.TempDir(), "functions"),
		User:      ownUser(),
		Log:       slog.New(slog.NewTextHandler(logs, nil)),
	}, logs
}

// ownUser keeps functions with the rights of the tests, whose folders they
// write to; TestUserNobody and TestAnotherUser ask for others.
func ownUser() string {
	if os.Geteuid() != 0 {
		return ""
	}
	return fmt.Sprintf("%d:%d", os.Geteuid(), os.Getegid())
}

func host(t testing.TB, functions map[string]Function) (*Functions, *logBuffer) {
	t.Helper()
	cfg, logs := testConfig(t, functions)
	f, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		f.Close()
		if t.Failed() {
			t.Log(logs.String())
		}
	})
	return f, logs
}

// raw is a host of one function "raw" of testdata/rawfunction.
func raw(t testing.TB, change func(*Function)) (*Functions, *logBuffer) {
	t.Helper()
	fn := Function{Runtime: "provided.al2023", Code: rawFolder, Timeout: 10 * time.Second}
	if change != nil {
		change(&fn)
	}
	return host(t, map[string]Function{"raw": fn})
}

// call invokes "raw" with a JSON string.
func call(t testing.TB, f *Functions, event string) *Result {
	t.Helper()
	var out Result
	payload, _ := json.Marshal(event)
	err := f.Invoke(context.Background(), &Invocation{Function: "raw", Payload: payload, Deadline: time.Now().Add(time.Minute)}, &out)
	if err != nil {
		t.Fatalf("%s: %v", event, err)
	}
	return &out
}

// within waits for what happens on another process's side.
func within(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 2000 {
		if holds() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("not within two seconds: %s", what)
}

// failureOf is the error document of a result.
func failureOf(t *testing.T, r *Result) (errorType, message string) {
	t.Helper()
	var doc struct{ ErrorType, ErrorMessage string }
	if err := json.Unmarshal(r.Payload, &doc); err != nil || r.FunctionError != "Unhandled" || r.Status != 200 {
		t.Fatalf("no function error: status %d, error %q, payload %.300q", r.Status, r.FunctionError, r.Payload)
	}
	return doc.ErrorType, strings.ReplaceAll(doc.ErrorMessage, r.RequestID, "ID")
}

func TestAnswersAndErrors(t *testing.T) {
	f, _ := raw(t, func(fn *Function) { fn.Timeout = time.Second; fn.Concurrency = 1 })
	type result struct{ Payload, Error string }
	cases := []struct{ event, payload, errorType, message string }{
		{"hello", `"hello"`, "", ""},
		{"fail broken", "", "Example", "broken"},
		{"after a failure", `"after a failure"`, "", ""},
		{"exit 1", "", "Runtime.ExitError", "RequestId: ID Error: Runtime exited with error: exit status 1"},
		{"exit 0", "", "Runtime.ExitError", "RequestId: ID Error: Runtime exited without providing a reason"},
		{"hang", "", "Sandbox.Timedout", "RequestId: ID Error: Task timed out after 1.00 seconds"},
		{"after all that", `"after all that"`, "", ""},
		{"lastly", `"bye"`, "", ""},
		{"after the end", `"after the end"`, "", ""},
		{"garbage", `"still here"`, "", ""},
		{"after garbage", `"after garbage"`, "", ""},
	}
	for _, c := range cases {
		t.Run(c.event, func(t *testing.T) {
			r := call(t, f, c.event)
			if c.errorType == "" {
				if d := cmp.Diff(result{c.payload, ""}, result{string(r.Payload), r.FunctionError}); d != "" {
					t.Error(d)
				}
				return
			}
			errorType, message := failureOf(t, r)
			if d := cmp.Diff([]string{c.errorType, c.message}, []string{errorType, message}); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestRuntimeAPIStatuses(t *testing.T) {
	f, logs := raw(t, nil)
	call(t, f, "garbage")
	want := "statuses 400 400 404 403 403 405 1 1"
	for i := 0; !strings.Contains(logs.String(), "statuses") && i < 500; i++ {
		call(t, f, "next")
	}
	if !strings.Contains(logs.String(), want) {
		t.Errorf("no %q in\n%s", want, logs)
	}
}

func TestStartFailures(t *testing.T) {
	noFormat := t.TempDir()
	if err := os.WriteFile(filepath.Join(noFormat, bootstrapName), []byte("neither script nor program"), 0o755); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name, code, start  string
		errorType, message string
	}{
		{"exits", rawFolder, "exit", "Runtime.ExitError", "RequestId: ID Error: Runtime exited with error: exit status 3"},
		{"reports", rawFolder, "error", "Init.NoDatabase", "no database"},
		{"no program", noFormat, "", "Runtime.InvalidEntrypoint", "exec format error"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if c.code == noFormat && runtime.GOOS == "windows" {
				t.Skip("worded otherwise on Windows")
			}
			f, _ := raw(t, func(fn *Function) {
				fn.Code = c.code
				fn.Environment = map[string]string{"AT_START": c.start}
			})
			for range 2 { // the second meets no leftovers of the first
				errorType, message := failureOf(t, call(t, f, "x"))
				if errorType != c.errorType || !strings.HasSuffix(message, c.message) {
					t.Errorf("%s: %s, want %s: …%s", errorType, message, c.errorType, c.message)
				}
			}
		})
	}
}

func TestPayloadLimits(t *testing.T) {
	f, _ := raw(t, nil)
	whole := call(t, f, fmt.Sprintf("size %d", maxPayload))
	if len(whole.Payload) != maxPayload || whole.FunctionError != "" {
		t.Errorf("%d bytes, error %q", len(whole.Payload), whole.FunctionError)
	}
	errorType, message := failureOf(t, call(t, f, fmt.Sprintf("size %d", maxPayload+1)))
	want := "Function.ResponseSizeTooLarge: Response payload size exceeded maximum allowed payload size (6291556 bytes)."
	if got := errorType + ": " + message; got != want {
		t.Errorf("%s, want %s", got, want)
	}

	big := func(n int) []byte { return []byte(`"` + strings.Repeat("y", n-2) + `"`) }
	var out Result
	if err := f.Invoke(t.Context(), &Invocation{Function: "raw", Payload: big(maxPayload)}, &out); err != nil || len(out.Payload) != maxPayload {
		t.Errorf("largest event: %v, %d bytes", err, len(out.Payload))
	}
	err := f.Invoke(t.Context(), &Invocation{Function: "raw", Payload: big(maxPayload + 1)}, &out)
	if KindOf(err) != TooLarge || out.Status != 413 || out.RequestID == "" {
		t.Errorf("too large an event: %v, status %d", err, out.Status)
	}
	err = f.Invoke(t.Context(), &Invocation{Function: "raw", Payload: []byte("{")}, &out)
	if KindOf(err) != BadRequest || out.Status != 400 {
		t.Errorf("an event that is no JSON: %v, status %d", err, out.Status)
	}
}

func TestWarmReuse(t *testing.T) {
	f, _ := raw(t, nil)
	first := string(call(t, f, "pid").Payload)
	for range 20 {
		if again := string(call(t, f, "pid").Payload); again != first {
			t.Fatalf("process %s, then %s", first, again)
		}
	}
}

func TestConcurrency(t *testing.T) {
	f, _ := raw(t, func(fn *Function) { fn.Concurrency = 5; fn.Timeout = 60 * time.Second })
	gate := filepath.Join(t.TempDir(), "go")
	var answered, throttled atomic.Int32
	var callers sync.WaitGroup
	invoke := func() {
		var out Result
		payload, _ := json.Marshal("wait " + gate)
		err := f.Invoke(context.Background(), &Invocation{Function: "raw", Payload: payload}, &out)
		switch {
		case err == nil && string(out.Payload) == `"waited"`:
			answered.Add(1)
		case KindOf(err) == Throttled && out.Status == 429 && out.RequestID != "":
			if throttled.Add(1) == 45 {
				os.WriteFile(gate, nil, 0o600) // the other five are all there can be
			}
		default:
			t.Errorf("%v, %q", err, out.Payload)
		}
	}
	for range 50 {
		callers.Go(invoke)
	}
	callers.Wait()
	if answered.Load() != 5 || throttled.Load() != 45 {
		t.Errorf("%d answered, %d throttled", answered.Load(), throttled.Load())
	}
	if l := f.entries["raw"].local; len(l.idle) != 5 {
		t.Errorf("%d idle", len(l.idle))
	}
}

// TestCallsWait has five times the calls that a function without a limit of
// its own runs at once: all are answered.
func TestCallsWait(t *testing.T) {
	f, _ := raw(t, func(fn *Function) { fn.Timeout = 60 * time.Second })
	pids := make(chan string, 50)
	var callers sync.WaitGroup
	for range cap(pids) {
		callers.Go(func() {
			var out Result
			if err := f.Invoke(context.Background(), &Invocation{Function: "raw", Payload: []byte(`"pid"`)}, &out); err != nil {
				t.Error(err)
			}
			pids <- string(out.Payload)
		})
	}
	callers.Wait()
	close(pids)
	different := map[string]bool{}
	for pid := range pids {
		different[pid] = true
	}
	if l := f.entries["raw"].local; len(different) > 10 || l.waiting != 0 {
		t.Errorf("%d processes, %d still wait", len(different), l.waiting)
	}
}

// TestCloseWhileCallsWait: all of them are refused at once.
func TestCloseWhileCallsWait(t *testing.T) {
	f, _ := raw(t, func(fn *Function) { fn.Timeout = 60 * time.Second })
	l := f.entries["raw"].local
	l.function.Concurrency = 2 // ours, as the default is: calls beyond it wait
	ended := make(chan error, 10)
	for range cap(ended) {
		go func() {
			var out Result
			ended <- f.Invoke(context.Background(), &Invocation{Function: "raw", Payload: []byte(`"hang"`)}, &out)
		}()
	}
	within(t, "eight wait", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.waiting == 8 && len(l.all) == 2
	})
	f.Close()
	refused := 0
	for range cap(ended) {
		if err := <-ended; KindOf(err) == Unavailable && err != nil {
			refused++
		}
	}
	if refused < 8 {
		t.Errorf("%d calls were refused", refused)
	}
}

// TestProcessesComeAndGo mixes answers, failures and ends: whatever happens to
// the processes, every caller gets what its own event asked for.
func TestProcessesComeAndGo(t *testing.T) {
	f, _ := raw(t, func(fn *Function) { fn.Concurrency = 8 })
	events := []struct{ event, want string }{
		{"x", `"x"`}, {"lastly", `"bye"`}, {"fail a", `{"errorMessage":"a","errorType":"Example"}`},
		{"exit 2", "exit status 2"}, {"y", `"y"`}, {"exit 0", "without providing a reason"},
	}
	var callers sync.WaitGroup
	for i := range 8 {
		callers.Go(func() {
			for j := range 30 {
				e := events[(i+j)%len(events)]
				payload, _ := json.Marshal(e.event)
				out := Result{Payload: make([]byte, 0, 8)}
				err := f.Invoke(t.Context(), &Invocation{Function: "raw", Payload: payload}, &out)
				if err != nil || !strings.Contains(string(out.Payload), e.want) {
					t.Errorf("%s: %v, %s", e.event, err, out.Payload)
				}
			}
		})
	}
	callers.Wait()
}

func TestCallerLeaves(t *testing.T) {
	f, _ := raw(t, func(fn *Function) { fn.Concurrency = 1 })
	gate := filepath.Join(t.TempDir(), "go")
	pid := string(call(t, f, "pid").Payload)
	<-f.entries["raw"].local.freed // of that call
	out := Result{Payload: make([]byte, 0, 1024)}
	payload, _ := json.Marshal("wait " + gate)
	err := f.Invoke(t.Context(), &Invocation{Function: "raw", Payload: payload, Deadline: time.Now().Add(50 * time.Millisecond)}, &out)
	if KindOf(err) != Timeout || out.Payload != nil {
		t.Fatalf("%v, payload %q", err, out.Payload)
	}
	if err := f.Invoke(t.Context(), &Invocation{Function: "raw"}, &out); KindOf(err) != Throttled {
		t.Errorf("while the function goes on: %v", err)
	}
	os.WriteFile(gate, nil, 0o600)
	<-f.entries["raw"].local.freed
	if again := string(call(t, f, "pid").Payload); again != pid {
		t.Errorf("the environment was not kept: %s, %s", pid, again)
	}
}

func TestLeavesAtInit(t *testing.T) {
	f, _ := raw(t, func(fn *Function) { fn.Environment = map[string]string{"AT_START": "hang"} })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var out Result
	if err := f.Invoke(ctx, &Invocation{Function: "raw"}, &out); KindOf(err) != Timeout || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	f.Close() // ends the process that never asked
	if err := f.Invoke(t.Context(), &Invocation{Function: "raw"}, &out); KindOf(err) != Unavailable || out.Status != 503 {
		t.Errorf("after Close: %v", err)
	}
}

func TestShrink(t *testing.T) {
	f, _ := raw(t, nil)
	call(t, f, "x")
	l := f.entries["raw"].local
	l.shrink(time.Now().Add(-idleLimit))
	if len(l.idle) != 1 {
		t.Fatal("a fresh environment was ended")
	}
	e := l.idle[0]
	l.shrink(time.Now().Add(time.Second))
	<-e.gone
	call(t, f, "x")
}

func TestOtherTypes(t *testing.T) {
	f, _ := raw(t, nil)
	var out Result
	if err := f.Invoke(t.Context(), &Invocation{Function: "raw", Type: DryRun}, &out); err != nil || out.Status != 204 {
		t.Errorf("dry run: %v, status %d", err, out.Status)
	}
	if err := f.Invoke(t.Context(), &Invocation{Function: "raw", Type: "Soon"}, &out); KindOf(err) != BadRequest {
		t.Errorf("unknown type: %v", err)
	}
	if err := f.Invoke(t.Context(), &Invocation{Function: "raw", ClientContext: "e30"}, &out); KindOf(err) != BadRequest {
		t.Errorf("client context: %v", err)
	}
}

func TestOutput(t *testing.T) {
	f, logs := raw(t, nil)
	r := call(t, f, "print one line")
	for _, want := range []string{`msg="one line"`, `msg="and an error"`, "function=raw", "requestId=" + r.RequestID} {
		if !strings.Contains(logs.String(), want) {
			t.Errorf("no %s in\n%s", want, logs)
		}
	}
}

func TestEventHeaders(t *testing.T) {
	f, _ := raw(t, nil)
	var out Result
	before := time.Now()
	err := f.Invoke(t.Context(), &Invocation{
		Function: "arn:aws:lambda:eu-west-1:123456789012:function:raw:live", Payload: []byte(`"headers"`),
		TraceID: "Root=1-66aa0000-0123456789abcdef01234567", ClientContext: "e30=",
	}, &out)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Lambda-Runtime-Aws-Request-Id:[" + out.RequestID + "]",
		"Lambda-Runtime-Invoked-Function-Arn:[arn:aws:lambda:eu-west-1:123456789012:function:raw:live]",
		"Lambda-Runtime-Trace-Id:[Root=1-66aa0000-0123456789abcdef01234567]",
		"Lambda-Runtime-Client-Context:[{}]",
		fmt.Sprintf("Lambda-Runtime-Deadline-Ms:[%d", before.Add(10*time.Second).Unix()/100),
	} {
		if !strings.Contains(string(out.Payload), want) {
			t.Errorf("no %s in %s", want, out.Payload)
		}
	}
}

func TestProcessEnvironment(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "ours")
	t.Setenv("GATEHOUSE_TOKEN", "ours")
	f, _ := raw(t, func(fn *Function) {
		fn.Handler = "main"
		fn.Environment = map[string]string{"TABLE": "pets", "TZ": "Europe/Berlin", "AWS_ACCESS_KEY_ID": "theirs"}
	})
	var list []string
	if err := json.Unmarshal(call(t, f, "env").Payload, &list); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, v := range list {
		name, value, _ := strings.Cut(v, "=")
		got[name] = value
	}
	for _, name := range []string{"AWS_LAMBDA_RUNTIME_API", "AWS_LAMBDA_LOG_STREAM_NAME", "PATH"} {
		if got[name] == "" {
			t.Errorf("no %s", name)
		}
		delete(got, name)
	}
	for _, v := range platformEnv() {
		name, _, _ := strings.Cut(v, "=")
		delete(got, name)
	}
	delete(got, "PWD")
	want := map[string]string{
		"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1", "TZ": "Europe/Berlin",
		"AWS_LAMBDA_FUNCTION_NAME": "raw", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
		"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/raw",
		"AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR", "LAMBDA_TASK_ROOT": rawFolder, "LAMBDA_RUNTIME_DIR": rawFolder,
		"_HANDLER": "main", "TABLE": "pets", "AWS_ACCESS_KEY_ID": "theirs",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

package lambda

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func text(t *testing.T, r *Result) string {
	t.Helper()
	var s string
	if err := json.Unmarshal(r.Payload, &s); err != nil {
		t.Fatalf("%v: %s", err, r.Payload)
	}
	return s
}

// alive reports whether a process is there and no zombie.
func alive(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && !bytes.Contains(stat, []byte(") Z "))
}

func TestOnlyItsOwnProcess(t *testing.T) {
	f, _ := raw(t, nil)
	other, _ := raw(t, nil)
	address := text(t, call(t, f, "address"))
	if resp, err := http.Get("http://" + address + "/2018-06-01/runtime/invocation/next"); err == nil {
		t.Errorf("we were answered %s", resp.Status)
	}
	if got := string(call(t, other, "steal "+address).Payload); got != `"refused"` {
		t.Errorf("another function was answered %s", got)
	}
	if got := string(call(t, f, "x").Payload); got != `"x"` {
		t.Errorf("the function itself: %s", got)
	}
}

func TestGroupIsKilled(t *testing.T) {
	f, _ := raw(t, func(fn *Function) { fn.Timeout = time.Second })
	for _, end := range []string{"exit 0", "hang", "close"} {
		pid, err := strconv.Atoi(string(call(t, f, "child").Payload))
		if err != nil || !alive(pid) {
			t.Fatalf("child %d: %v", pid, err)
		}
		if end == "close" {
			f.Close()
		} else {
			call(t, f, end)
		}
		within(t, end+" ends the child", func() bool { return !alive(pid) })
	}
}

func TestOpenFilesAndLimits(t *testing.T) {
	secret, err := os.Create(filepath.Join(t.TempDir(), "secret"))
	if err != nil {
		t.Fatal(err)
	}
	defer secret.Close()
	f, _ := raw(t, func(fn *Function) { fn.Memory = 512 })
	var files []string
	if err := json.Unmarshal(call(t, f, "files").Payload, &files); err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 || slices.Contains(files, secret.Name()) {
		t.Errorf("the function holds %v", files)
	}
	limits := text(t, call(t, f, "limits"))
	for _, want := range []string{"Max data size 805306368 805306368", "Max open files 1024 1024", "Max core file size 0 0"} {
		if !strings.Contains(strings.Join(strings.Fields(limits), " "), want) {
			t.Errorf("no %q in\n%s", want, limits)
		}
	}
	if errorType, _ := failureOf(t, call(t, f, "memory 900")); errorType != "Runtime.ExitError" {
		t.Errorf("900 MB of 512: %s", errorType)
	}
	if got := string(call(t, f, "memory 100").Payload); got != strconv.Itoa(100<<20) {
		t.Errorf("100 MB of 512: %s", got)
	}
}

func TestAnotherUser(t *testing.T) {
	cfg, _ := testConfig(t, nil)
	cfg.User = "65534:65534"
	if os.Geteuid() != 0 {
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), "needs root") {
			t.Errorf("%v", err)
		}
		t.Skip("switching the user needs root")
	}
	built := source(t, map[string]string{"main.go": echoSource})
	for dir := built; dir != os.TempDir() && len(dir) > 1; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	closed := filepath.Join(t.TempDir(), "closed")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(closed, "code"), os.DirFS(rawFolder)); err != nil {
		t.Fatal(err)
	}
	cfg.CacheDir = filepath.Join(closed, "functions") // as a data folder is
	cfg.Functions = map[string]Function{
		"raw":   {Runtime: "provided.al2023", Code: rawFolder},
		"shut":  {Runtime: "provided.al2023", Code: filepath.Join(closed, "code")},
		"built": {Runtime: "go", Code: built, Timeout: 10 * time.Second},
	}
	f, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, want := text(t, call(t, f, "whoami")), "65534 65534 "+rawFolder; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	var out Result
	if err := f.Invoke(t.Context(), &Invocation{Function: "built", Payload: []byte("1")}, &out); err != nil || string(out.Payload) != "1" {
		t.Errorf("built: %v, %s", err, out.Payload)
	}
	err = f.Invoke(t.Context(), &Invocation{Function: "shut"}, &out)
	if err != nil || !strings.Contains(string(out.Payload), "must be open: permission denied") {
		t.Errorf("a closed folder: %v, %s", err, out.Payload)
	}
}

// TestNothingLeaks compares what the process holds before and after a life of
// a host with every way an environment ends.
func TestNothingLeaks(t *testing.T) {
	life := func() {
		f, _ := raw(t, func(fn *Function) { fn.Timeout = time.Second; fn.Concurrency = 3 })
		for _, event := range []string{"x", "exit 1", "child", "hang", "lastly", "x", "garbage", "fail x", "size 7000000", "x"} {
			call(t, f, event)
		}
		f.Close()
	}
	life() // what is made once
	goroutines, files, children := runtime.NumGoroutine(), openFiles(t), childCount(t)
	life()
	within(t, "goroutines end", func() bool { return runtime.NumGoroutine() <= goroutines })
	within(t, "files are closed", func() bool { return openFiles(t) <= files })
	within(t, "children are reaped", func() bool { return childCount(t) <= children })
}

func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func childCount(t *testing.T) int {
	t.Helper()
	tasks, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, name := range tasks {
		list, err := os.ReadFile(name)
		if err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, unix.ESRCH) {
			t.Fatal(err)
		}
		n += len(strings.Fields(string(list)))
	}
	return n
}

// TestUserNobody: root's functions run as nobody, unless their folder is
// closed to that user; the log says which don't.
func TestUserNobody(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("switching the user needs root")
	}
	closed := filepath.Join(t.TempDir(), "closed")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(closed, "code"), os.DirFS(rawFolder)); err != nil {
		t.Fatal(err)
	}
	cfg, logs := testConfig(t, map[string]Function{
		"open": {Runtime: "provided.al2023", Code: rawFolder},
		"shut": {Runtime: "provided.al2023", Code: filepath.Join(closed, "code")},
	})
	cfg.User = ""
	f, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out Result
	for function, want := range map[string]string{"open": "65534 65534 ", "shut": "0 0 "} {
		err := f.Invoke(t.Context(), &Invocation{Function: function, Payload: []byte(`"whoami"`)}, &out)
		if got := text(t, &out); err != nil || !strings.HasPrefix(got, want) {
			t.Errorf("%s: %v, %s, want %s", function, err, got, want)
		}
	}
	if l := logs.String(); strings.Count(l, "isn't open to the user nobody") != 1 || !strings.Contains(l, "function=shut") {
		t.Errorf("log: %s", l)
	}
}

// TestContained: whatever a function does, its caller gets an answer, the log
// says why, nothing of it is left, and the next call works.
func TestContained(t *testing.T) {
	cases := []struct {
		event                      string
		timeout                    time.Duration
		errorType, message, logged string
	}{
		{"spin", 2 * time.Second, "Sandbox.Timedout", "RequestId: ID Error: Task timed out after 2.00 seconds", "Task timed out after 2.00 seconds"},
		{"children 1200", 30 * time.Second, "Runtime.ExitError", "RequestId: ID Error: Runtime exited with error: signal: killed", "function ended: it holds more than 1024 processes"},
		{"holders 6", 30 * time.Second, "Runtime.ExitError", "RequestId: ID Error: Runtime exited with error: signal: killed", "function ended: it holds "},
		{"memory 900", 30 * time.Second, "Runtime.ExitError", "RequestId: ID Error: Runtime exited with error: exit status 2", "function failed"},
	}
	for _, c := range cases {
		t.Run(c.event, func(t *testing.T) {
			f, logs := raw(t, func(fn *Function) { fn.Timeout = c.timeout })
			errorType, message := failureOf(t, call(t, f, c.event))
			if errorType != c.errorType || message != c.message {
				t.Errorf("%s: %s", errorType, message)
			}
			if got := string(call(t, f, "x").Payload); got != `"x"` {
				t.Errorf("afterwards: %s", got)
			}
			f.Close()
			if !strings.Contains(logs.String(), c.logged) {
				t.Errorf("the log doesn't say %q", c.logged)
			}
		})
	}
}

// TestLeftGroup: a process in a session of its own ends with its environment.
func TestLeftGroup(t *testing.T) {
	f, _ := raw(t, nil)
	pid, err := strconv.Atoi(string(call(t, f, "away").Payload))
	if err != nil || !alive(pid) {
		t.Fatalf("child %d: %v", pid, err)
	}
	f.Close()
	within(t, "Close ends the child", func() bool { return !alive(pid) })
}

// TestFlood: of 1 GB of output the log gets the first part, and the function
// goes on.
func TestFlood(t *testing.T) {
	f, logs := raw(t, func(fn *Function) { fn.Timeout = 60 * time.Second })
	if got := string(call(t, f, "flood").Payload); got != `"written"` {
		t.Error(got)
	}
	f.Close()
	if n := len(logs.String()); n > 3*maxLog || !strings.Contains(logs.String(), "wrote more than 8 MB in one invocation") {
		t.Errorf("%d bytes of log", n)
	}
}

// TestDataFolder: a function can't read what lies in the data folder.
func TestDataFolder(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root's functions run as another user")
	}
	data := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(data, "master.key")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, _ := testConfig(t, map[string]Function{"raw": {Runtime: "provided.al2023", Code: rawFolder}})
	cfg.User, cfg.CacheDir = "", filepath.Join(data, "functions")
	f, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := text(t, call(t, f, "read "+secret)); !strings.Contains(got, "permission denied") {
		t.Errorf("%s", got)
	}
}

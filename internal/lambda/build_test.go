package lambda

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// source writes files, by name, into a new folder.
func source(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const echoSource = `package main

import (
	"io"
	"net/http"
	"os"
)

func main() {
	base := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/"
	for {
		event, err := http.Get(base + "next")
		if err != nil {
			os.Exit(1)
		}
		answer, err := http.Post(base+event.Header.Get("Lambda-Runtime-Aws-Request-Id")+"/response", "", event.Body)
		if err != nil {
			os.Exit(1)
		}
		io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		event.Body.Close()
	}
}
`

func goFunction(dir string) map[string]Function {
	return map[string]Function{"raw": {Runtime: "go", Code: dir, Timeout: 10 * time.Second}}
}

// TestGoOutsideModule builds with relative folders, once for all who wait.
func TestGoOutsideModule(t *testing.T) {
	code := source(t, map[string]string{"main.go": echoSource, "x_test.go": "package main\n\nimport _ \"nonsense\"\n"})
	t.Chdir(filepath.Dir(code))
	cfg, logs := testConfig(t, goFunction(filepath.Base(code)))
	cfg.CacheDir = "relative/cache"
	f, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var first sync.WaitGroup
	for range 5 {
		first.Go(func() {
			if got := string(call(t, f, "hi").Payload); got != `"hi"` {
				t.Errorf("%s", got)
			}
		})
	}
	first.Wait()
	if n := strings.Count(logs.String(), "building function"); n != 1 {
		t.Errorf("built %d times\n%s", n, logs)
	}
}

// TestGoCache builds a function of two packages, then looks at what makes
// another host build it again.
func TestGoCache(t *testing.T) {
	dir := source(t, map[string]string{
		"go.mod":             "module example.com/f\n\ngo 1.24\n",
		"fn/main.go":         strings.Replace(strings.Replace(echoSource, "event.Body)", `strings.NewReader(text.Text()))`, 1), `"os"`, "\"os\"\n\t\"strings\"\n\n\t\"example.com/f/text\"", 1),
		"text/text.go":       "package text\n\nimport _ \"embed\"\n\n//go:embed data/text.txt\nvar text string\n\nfunc Text() string { return `\"` + text + `\"` }\n",
		"text/data/text.txt": "one",
	})
	cache := filepath.Join(t.TempDir(), "functions")
	invoke := func() (answer, logs string) {
		cfg, log := testConfig(t, goFunction(filepath.Join(dir, "fn")))
		cfg.CacheDir = cache
		f, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		return string(call(t, f, "x").Payload), log.String()
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	steps := []struct {
		name   string
		change func()
		answer string
		builds bool
	}{
		{"first", func() {}, `"one"`, true},
		{"unchanged", func() {}, `"one"`, false},
		{"a test file", func() { write("text/text_test.go", "package text") }, `"one"`, false},
		{"an embedded file", func() { write("text/data/text.txt", "two") }, `"two"`, true},
		{"an imported package", func() { write("text/text.go", "package text\n\nfunc Text() string { return `3` }\n") }, `3`, true},
		{"no go command", func() { t.Setenv("PATH", "") }, `3`, false},
	}
	for _, s := range steps {
		s.change()
		answer, logs := invoke()
		if builds := strings.Contains(logs, "built function"); answer != s.answer || builds != s.builds {
			t.Errorf("%s: answer %s, built %v\n%s", s.name, answer, builds, logs)
		}
	}
	entries, err := os.ReadDir(cache)
	if err != nil || len(entries) != 2 {
		t.Errorf("the cache holds %v (%v), want the executable and its note", entries, err)
	}
}

func TestGoBuildFailures(t *testing.T) {
	cases := []struct{ name, source, want string }{
		{"compile error", "package main\n\nfunc main() {\n\tundefined1()\n}\n", "can't be built: main.go:4:2: undefined: undefined1"},
		{"syntax", "package main\n\nfunc main() {", "main.go:3:14: syntax error"},
		{"unknown import", "package main\n\nimport _ \"example.com/nowhere\"\n\nfunc main() {}\n", "(the folder is in no module: add a go.mod)"},
		{"no main package", "package other\n", "the folder holds package other, not a main package"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f, _ := host(t, goFunction(source(t, map[string]string{"main.go": c.source})))
			var out Result
			err := f.Invoke(t.Context(), &Invocation{Function: "raw"}, &out)
			if KindOf(err) != Broken || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "function raw: ") {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func TestGoWithoutTool(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	f, _ := host(t, goFunction(source(t, map[string]string{"main.go": echoSource})))
	if err := f.Prepare(t.Context(), "raw"); KindOf(err) != Broken || !strings.Contains(err.Error(), "the go command is not on PATH") {
		t.Errorf("%v", err)
	}
}

func TestPrepare(t *testing.T) {
	f, _ := raw(t, nil)
	for range 2 { // the second finds the first's process
		if err := f.Prepare(t.Context(), "raw"); err != nil {
			t.Fatal(err)
		}
	}
	if l := f.entries["raw"].local; len(l.idle) != 1 || l.live != 1 {
		t.Errorf("%d idle, %d live", len(l.idle), l.live)
	}
	for start, want := range map[string]string{"exit": "exit status 3", "error": "no database"} {
		f, _ := raw(t, func(fn *Function) { fn.Environment = map[string]string{"AT_START": start} })
		if err := f.Prepare(t.Context(), "raw"); KindOf(err) != Broken || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", start, err)
		}
	}
}

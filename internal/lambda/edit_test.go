package lambda

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// sayingSource is a function that answers every event with text.
func sayingSource(text string) string {
	answer := `strings.NewReader("\"` + text + `\"")`
	return strings.Replace(strings.Replace(echoSource, "event.Body)", answer+")", 1), `"os"`, `"os"
	"strings"`, 1)
}

// TestChangedUnderLoad edits a Go function while it is called.
func TestChangedUnderLoad(t *testing.T) {
	dir := source(t, map[string]string{"main.go": sayingSource("one")})
	cfg, _ := testConfig(t, goFunction(dir))
	fn := cfg.Functions["raw"]
	fn.Concurrency = 2
	cfg.Functions["raw"] = fn
	f, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	edit := func(text string) (bool, error) {
		if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return f.Changed(context.Background(), "raw")
	}
	says := func(want string) {
		t.Helper()
		if got := string(call(t, f, "x").Payload); got != `"`+want+`"` {
			t.Errorf("it answers %s, want %s", got, want)
		}
	}
	says("one")
	stop, callers := make(chan struct{}), sync.WaitGroup{}
	for range 2 {
		callers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if got := string(call(t, f, "x").Payload); !strings.HasPrefix(got, `"`) || t.Failed() {
					t.Errorf("it answers %s", got)
					return
				}
			}
		})
	}
	if changed, err := edit(sayingSource("two")); err != nil || !changed {
		t.Errorf("changed %t, error %v", changed, err)
	}
	close(stop)
	callers.Wait()
	says("two")
	if changed, err := edit(sayingSource("two")); err != nil || changed {
		t.Errorf("the same code: changed %t, error %v", changed, err)
	}
	_, err = edit("package main\n\nfunc main() { nonsense() }\n")
	if err == nil || !strings.Contains(err.Error(), "main.go:3:15: undefined: nonsense") {
		t.Errorf("a function that can't be built: %v", err)
	}
	says("two")
	_, err = edit("package main\n\nfunc main() { panic(1) }\n")
	if err == nil || !strings.Contains(err.Error(), "the process ended while it started") {
		t.Errorf("a function that doesn't start: %v", err)
	}
	says("two")
	if changed, err := edit(sayingSource("three")); err != nil || !changed {
		t.Errorf("changed %t, error %v", changed, err)
	}
	says("three")
	l := f.entries["raw"].local
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.extra > l.live || l.live < 1 {
		t.Errorf("live %d, extra %d", l.live, l.extra)
	}
}

// TestSources names the packages beside the function's own.
func TestSources(t *testing.T) {
	dir := source(t, map[string]string{
		"go.mod": "module example.com/shop\n\ngo 1.24\n",
		"cmd/fn/main.go": strings.Replace(echoSource, `"os"`, `"os"
	_ "example.com/shop/shared"`, 1),
		"shared/shared.go": "package shared\n",
	})
	cfg, _ := testConfig(t, goFunction(filepath.Join(dir, "cmd", "fn")))
	f, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Prepare(context.Background(), "raw"); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(f.Sources("raw"), " ")
	if want := filepath.Join(dir, "cmd", "fn") + " " + filepath.Join(dir, "shared"); got != want {
		t.Errorf("sources %s, want %s", got, want)
	}
	if f.Sources("elsewhere") != nil {
		t.Error("a function that runs elsewhere has sources")
	}
}

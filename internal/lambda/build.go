package lambda

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// buildLimit bounds one build, downloads of modules included.
	buildLimit = 10 * time.Minute
	// rebuildAfter is how soon after a failed build another is tried.
	rebuildAfter = time.Second
)

// goCode is a folder with a Go main package, built on first use. The result
// is kept under the hash of all that it was made from.
type goCode struct {
	dir   string
	cache string
	log   *slog.Logger
	ctx   context.Context // ends builds

	built atomic.Pointer[string] // the executable's path

	mu      sync.Mutex
	pending chan struct{} // closed when the build under way ends; nil without one
	err     error         // of the last build
	failed  time.Time     // its end
	sources []string      // folders that the last executable was made from
}

func newGoCode(ctx context.Context, cfg *Config, name, dir string) *goCode {
	return &goCode{dir: dir, cache: cfg.CacheDir, ctx: ctx, log: cfg.Log.With("function", name)}
}

func (c *goCode) check() error { return checkGo(c.dir) }

func (c *goCode) args() []string { return nil }

// ready waits for the one build that all first invocations share. A build
// goes on when its callers leave.
func (c *goCode) ready(ctx context.Context) (string, error) {
	if p := c.built.Load(); p != nil {
		return *p, nil
	}
	c.mu.Lock()
	if c.pending == nil {
		if c.err != nil && time.Since(c.failed) < rebuildAfter {
			defer c.mu.Unlock()
			return "", c.err
		}
		c.pending = make(chan struct{})
		go c.run(c.pending)
	}
	pending := c.pending
	c.mu.Unlock()
	select {
	case <-pending:
	case <-ctx.Done():
		return "", &Error{Kind: Timeout, Message: "still building when the caller's time was over", Cause: ctx.Err()}
	}
	if p := c.built.Load(); p != nil {
		return *p, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return "", c.err
}

func (c *goCode) run(done chan struct{}) {
	ctx, cancel := context.WithTimeout(c.ctx, buildLimit)
	defer cancel()
	path, err := c.build(ctx)
	if err == nil {
		c.built.Store(&path)
	} else {
		err = fmt.Errorf("can't be built: %w", err)
		c.log.Error("building function failed", "error", err)
	}
	c.mu.Lock()
	c.err, c.failed, c.pending = err, time.Now(), nil
	c.mu.Unlock()
	close(done)
}

// build returns the path of an executable that is up to date.
func (c *goCode) build(ctx context.Context) (string, error) {
	if err := c.check(); err != nil {
		return "", err
	}
	if path := c.cached(ctx); path != "" {
		return path, nil
	}
	tool, err := findGo(ctx, c.dir)
	if err != nil {
		return "", err
	}
	c.log.Info("building function", "folder", c.dir)
	began := time.Now()
	in, err := tool.inputs(ctx)
	if err != nil {
		return "", err
	}
	c.madeFrom(in)
	key, err := in.key()
	if err != nil {
		return "", err
	}
	path := c.executable(key)
	if _, err := os.Stat(path); err != nil {
		if err := c.compile(ctx, tool, path); err != nil {
			return "", err
		}
	}
	if err := c.remember(in, key); err != nil {
		return "", err
	}
	c.log.Info("built function", "took", time.Since(began).Round(time.Millisecond))
	return path, nil
}

func (c *goCode) executable(key string) string { return filepath.Join(c.cache, key, bootstrapName) }

// compile builds to a file beside path and renames it: nobody sees half of it.
func (c *goCode) compile(ctx context.Context, tool *goTool, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(c.cache, "building-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	out := filepath.Join(temp, bootstrapName)
	if _, err := tool.run(ctx, "build", "-trimpath", "-buildvcs=false", "-o", out, "."); err != nil {
		return err
	}
	if err := os.Chmod(out, 0o755); err != nil {
		return err
	}
	return os.Rename(out, path)
}

// goTool is the go command for one folder.
type goTool struct {
	path    string
	dir     string
	env     []string // besides the process's own
	version string
	mod     string // go.mod; empty outside a module
	work    string // go.work; empty without
}

var errNoGo = errors.New("the go command is not on PATH; it builds functions with runtime go")

func findGo(ctx context.Context, dir string) (*goTool, error) {
	path, err := exec.LookPath("go")
	if err != nil {
		return nil, errNoGo
	}
	t := &goTool{path: path, dir: dir}
	out, err := t.run(ctx, "env", "GOVERSION", "GOMOD", "GOWORK")
	if err != nil {
		return nil, err
	}
	lines := append(strings.Split(strings.ReplaceAll(string(out), "\r\n", "\n"), "\n"), "", "", "")
	t.version, t.mod, t.work = lines[0], lines[1], lines[2]
	if t.mod == "" || t.mod == os.DevNull {
		// Outside a module the standard library is all there is to import.
		t.mod, t.env = "", []string{"GO111MODULE=off"}
	}
	if t.work == "off" {
		t.work = ""
	}
	return t, nil
}

// run runs the go command and returns what it prints. The error holds its
// first complaints.
func (t *goTool) run(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, t.path, args...)
	cmd.Dir = t.dir
	cmd.Env = append(os.Environ(), t.env...)
	cmd.WaitDelay = time.Second
	var complaints strings.Builder
	cmd.Stderr = &limited{&complaints, 64 * 1024}
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("go %s: %w", args[0], ctx.Err())
	}
	if err != nil {
		if text := firstLines(complaints.String()); text != "" {
			if t.mod == "" && strings.Contains(text, "cannot find package") {
				text += " (the folder is in no module: add a go.mod)"
			}
			return nil, errors.New(text)
		}
		return nil, fmt.Errorf("go %s: %w", args[0], err)
	}
	return out, nil
}

// firstLines keeps of the go command's output what tells the cause: not the
// headings, and no more than ten lines.
func firstLines(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "go: downloading") {
			continue
		}
		if len(lines) == 10 {
			lines = append(lines, "…")
			break
		}
		lines = append(lines, strings.TrimPrefix(line, "./"))
	}
	return clip(strings.Join(lines, "; "), 2048)
}

// limited keeps the first n bytes and takes the rest without complaint.
type limited struct {
	w *strings.Builder
	n int
}

func (l *limited) Write(p []byte) (int, error) {
	l.w.Write(p[:min(len(p), l.n-l.w.Len())])
	return len(p), nil
}

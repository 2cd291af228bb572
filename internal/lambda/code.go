package lambda

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// code is what a function's process executes.
type code interface {
	// check says what is wrong with the code as it lies there.
	check() error
	// ready returns the executable's path, after building it when need be.
	ready(ctx context.Context) (path string, err error)
	// args are the executable's arguments: an interpreter's; else none.
	args() []string
}

// The runtimes that run here.
const (
	runtimeProvided = "provided.al2023"
	runtimeGo       = "go"
)

// newCode is the code of fn, with the interpreter that its runtime needs, if
// any; the context ends builds.
func newCode(ctx context.Context, cfg *Config, name string, fn *Function, i *interpreter) (code, error) {
	if i != nil {
		return &scripted{dir: fn.Code, handler: fn.Handler, memory: fn.Memory, interpreter: i}, nil
	}
	switch fn.Runtime {
	case runtimeProvided:
		return provided{filepath.Join(fn.Code, bootstrapName)}, nil
	case runtimeGo:
		return newGoCode(ctx, cfg, name, fn.Code), nil
	}
	return nil, unsupported(fn.Runtime)
}

// checkFolder says why dir can't be a function's code.
func checkFolder(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the code folder %s does not exist", dir)
	case err != nil:
		return fmt.Errorf("the code folder: %w", err)
	case !info.IsDir():
		return fmt.Errorf("code %s is no folder", dir)
	}
	return nil
}

// provided is the path of an executable that speaks the Runtime API.
type provided struct{ path string }

func (p provided) check() error {
	if err := checkFolder(filepath.Dir(p.path)); err != nil {
		return err
	}
	info, err := os.Stat(p.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s does not exist; the runtime %s executes it", p.path, runtimeProvided)
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no file", p.path)
	}
	if problem := executable(info); problem != "" {
		return fmt.Errorf("%s %s", p.path, problem)
	}
	return nil
}

func (p provided) ready(context.Context) (string, error) {
	return p.path, p.check()
}

func (p provided) args() []string { return nil }

// checkGo says why dir can't hold a Go main package.
func checkGo(dir string) error {
	if err := checkFolder(dir); err != nil {
		return err
	}
	names, err := filepath.Glob(filepath.Join(escapeGlob(dir), "*.go"))
	if err != nil {
		return err
	}
	for _, name := range names {
		if !strings.HasSuffix(name, "_test.go") {
			return nil
		}
	}
	return fmt.Errorf("the code folder %s holds no Go source", dir)
}

func escapeGlob(path string) string {
	return strings.NewReplacer(`[`, `\[`, `*`, `\*`, `?`, `\?`).Replace(path)
}

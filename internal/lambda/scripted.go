package lambda

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// scripted is a folder of source that an interpreter runs, by way of our
// bootstrap.
type scripted struct {
	dir         string
	handler     string
	memory      int
	debug       bool
	interpreter *interpreter
}

// check says what is wrong before a process could: a module or handler that
// isn't there is reported by the runtime, as on Lambda.
func (s *scripted) check() error {
	if err := checkFolder(s.dir); err != nil {
		return err
	}
	if s.handler == "" {
		return fmt.Errorf("runtime %s%s needs a handler (file.function)", s.interpreter.language.name, s.interpreter.version)
	}
	if !strings.Contains(s.handler, ".") && s.interpreter.language.name != javaName || len(s.handler) > 128 || strings.ContainsAny(s.handler, " \t\r\n\x00") {
		return fmt.Errorf("handler %q is not of the form file.function", clip(s.handler, 128))
	}
	return nil
}

func (s *scripted) ready(ctx context.Context) (string, error) {
	if err := s.check(); err != nil {
		return "", err
	}
	path, err := s.interpreter.find(ctx)
	if err == nil && s.interpreter.language.name == javaName {
		err = s.interpreter.compile(ctx, path)
	}
	return path, err
}

func (s *scripted) args() []string {
	return s.interpreter.language.arguments(s)
}

// The addresses that debuggers connect to: the tools' own defaults.
const (
	nodeDebugger   = "127.0.0.1:9229"
	pythonDebugger = "127.0.0.1:5678"
	javaDebugger   = "127.0.0.1:5005"
)

// checkDebug says why a function can't wait for a debugger.
func checkDebug(ctx context.Context, c code) error {
	s, ok := c.(*scripted)
	if !ok || s.interpreter.language.name == "ruby" {
		return errors.New("only functions of the nodejs, python and java runtimes can wait for a debugger")
	}
	if s.interpreter.language.name != "python" {
		return nil
	}
	path, err := s.interpreter.find(ctx)
	if err != nil {
		return err
	}
	if err := importable(ctx, path, "debugpy"); err != nil {
		return fmt.Errorf("debugging needs the package debugpy for %s (%s -m pip install debugpy): %w", path, path, err)
	}
	return nil
}

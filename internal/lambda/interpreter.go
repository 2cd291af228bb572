package lambda

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

var (
	//go:embed bootstrap/nodejs.js
	nodeSource string
	//go:embed bootstrap/python.py
	pythonSource string
	//go:embed bootstrap/ruby.rb
	rubySource string
)

// language is a family of managed runtimes whose interpreter is taken from
// this machine.
type language struct {
	name     string
	versions []string // of Lambda's runtimes
	commands func(version string) []string
	ask      []string // arguments with which it prints its version and its own path, a line each
	// tell reads what it prints otherwise; nil: two lines.
	tell func(candidate, printed string) (version, path string, ok bool)
	// arguments are those of a function's process: our bootstrap and, for a
	// debugger, what makes it wait for one.
	arguments func(s *scripted) []string
}

func languages() []language {
	return []language{
		{
			name:      "nodejs",
			versions:  []string{"18.x", "20.x", "22.x", "24.x"},
			commands:  func(string) []string { return []string{"node", "nodejs"} },
			ask:       []string{"-p", "process.versions.node + '\\n' + process.execPath"},
			arguments: nodeArguments,
		},
		{
			name:      "python",
			versions:  []string{"3.9", "3.10", "3.11", "3.12", "3.13", "3.14"},
			commands:  func(version string) []string { return []string{"python" + version, "python3", "python"} },
			ask:       []string{"-c", "import platform, sys; print(platform.python_version()); print(sys.executable)"},
			arguments: pythonArguments,
		},
		{
			name:      "ruby",
			versions:  []string{"3.2", "3.3", "3.4"},
			commands:  func(version string) []string { return []string{"ruby" + version, "ruby"} },
			ask:       []string{"-e", "puts RUBY_VERSION, RbConfig.ruby"},
			arguments: rubyArguments,
		},
		{
			name:      javaName,
			versions:  []string{"11", "17", "21", "25"},
			commands:  func(string) []string { return []string{"java"} },
			ask:       []string{"--version"},
			tell:      javaVersion,
			arguments: javaArguments,
		},
	}
}

// The bootstrap is an argument, not a file: the data folder is closed to the
// user that functions run as.

func nodeArguments(s *scripted) []string {
	// As on Lambda, the heap is most of the function's memory.
	args := []string{fmt.Sprintf("--max-old-space-size=%d", s.memory*9/10)}
	if s.debug {
		args = append(args, "--inspect-brk="+nodeDebugger)
	}
	return append(args, "--input-type=commonjs", "-e", nodeSource)
}

func pythonArguments(s *scripted) []string {
	// Compiled under a name of its own, so that its frames can be told from
	// the function's.
	run := "exec(compile(" + quote(pythonSource, "\n", `\n`, "\r", `\r`) + ", '<gatehouse-python>', 'exec'))"
	if s.debug {
		return []string{"-B", "-X", "frozen_modules=off", "-m", "debugpy", "--listen", pythonDebugger, "--wait-for-client", "-c", run}
	}
	return []string{"-B", "-c", run} // the folder isn't written to, as on Lambda
}

func rubyArguments(*scripted) []string {
	return []string{"-e", "eval(" + quote(rubySource) + ", TOPLEVEL_BINDING, '<gatehouse-ruby>')"}
}

// quote makes a string literal of Python or Ruby: in single quotes, with what
// has to be replaced besides.
func quote(s string, replaced ...string) string {
	return "'" + strings.NewReplacer(append([]string{`\`, `\\`, `'`, `\'`}, replaced...)...).Replace(s) + "'"
}

// parseRuntime finds the language and version of a managed runtime.
func parseRuntime(runtime string) (language, string, bool) {
	for _, l := range languages() {
		if version, ok := strings.CutPrefix(runtime, l.name); ok && slices.Contains(l.versions, version) {
			return l, version, true
		}
	}
	return language{}, "", false
}

// unsupported says what to do instead of a runtime that doesn't run here.
func unsupported(runtime string) error {
	if strings.HasPrefix(runtime, "dotnet") {
		return fmt.Errorf("runtime %q isn't supported: AWS's runtime client for dotnet isn't part of this program; "+
			"use provided.al2023 with an executable bootstrap that starts it (Amazon.Lambda.RuntimeSupport), or give the function an endpoint", clip(runtime, 64))
	}
	var known []string
	for _, l := range languages() {
		if strings.HasPrefix(runtime, l.name) {
			return fmt.Errorf("runtime %q isn't supported; of %s these are: %s", clip(runtime, 64), l.name, strings.Join(l.versions, ", "))
		}
		known = append(known, l.name+strings.Join(l.versions, ", "+l.name))
	}
	return fmt.Errorf("runtime %q isn't supported; %s (a folder with an executable %s), %s (a folder with a Go main package), %s are",
		clip(runtime, 64), runtimeProvided, bootstrapName, runtimeGo, strings.Join(known, ", "))
}

// interpreter is the program that runs a managed runtime's functions. All
// functions of the runtime share it.
type interpreter struct {
	language   language
	version    string   // Lambda's
	candidates []string // paths, the likeliest first
	user       *identity
	log        *slog.Logger

	classes string // folder for what is compiled; Java's alone

	mu   sync.Mutex
	path string // found; empty before
}

// newInterpreter looks for the interpreter on PATH. It starts nothing yet:
// which of several has the version is asked on first use. reachable says
// whether user may run any of them.
func newInterpreter(l language, version string, user *identity, log *slog.Logger) (i *interpreter, reachable bool, err error) {
	i = &interpreter{language: l, version: version, user: user, log: log}
	var all []string
	for _, command := range l.commands(version) {
		all = append(all, onPath(command)...)
	}
	if len(all) == 0 {
		return nil, false, fmt.Errorf("runtime %s%s needs %s, which is not on PATH", l.name, version, strings.Join(l.commands(version), " or "))
	}
	for _, path := range all {
		if user == nil || runnable(path, user) {
			i.candidates = append(i.candidates, path)
		}
	}
	return i, len(i.candidates) > 0, nil
}

// onPath lists the executables called name in the folders of PATH.
func onPath(name string) []string {
	var found []string
	for _, dir := range filepath.SplitList(pathVariable()) {
		if !filepath.IsAbs(dir) {
			continue
		}
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil && !slices.Contains(found, path) {
			found = append(found, path)
		}
	}
	return found
}

// find returns the interpreter's path: the first one that has the runtime's
// version, else the first one that runs at all; the log says so then.
func (i *interpreter) find(ctx context.Context) (string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.path != "" {
		return i.path, nil
	}
	other, otherVersion := "", ""
	var problems []error
	for _, candidate := range i.candidates {
		version, path, err := i.asked(ctx, candidate)
		switch {
		case ctx.Err() != nil:
			return "", ctx.Err()
		case err != nil:
			problems = append(problems, err)
		case i.matches(version):
			i.path = path
			return path, nil
		case other == "":
			other, otherVersion = path, version
		}
	}
	if other == "" {
		return "", fmt.Errorf("no interpreter for %s%s: %w", i.language.name, i.version, errors.Join(problems...))
	}
	i.log.Warn("functions run with another version of the interpreter than their runtime names",
		"runtime", i.language.name+i.version, "interpreter", other, "version", otherVersion)
	i.path = other
	return other, nil
}

// matches compares an interpreter's version with the runtime's: the major one
// for Node.js and Java, the minor one, too, for Python and Ruby.
func (i *interpreter) matches(version string) bool {
	want := strings.TrimSuffix(i.version, "x")
	return strings.HasPrefix(version+".", strings.TrimSuffix(want, ".")+".")
}

// askLimit bounds how long an interpreter may take to tell its version.
const askLimit = 10 * time.Second

// asked has the interpreter tell its version and where it lies: what is on
// PATH may be a script that chooses one.
func (i *interpreter) asked(ctx context.Context, candidate string) (version, path string, err error) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, candidate, i.language.ask...)
	cmd.Env = append(platformEnv(), "PATH="+pathVariable())
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		return "", "", fmt.Errorf("%s: %w", candidate, err)
	}
	tell := i.language.tell
	if tell == nil {
		tell = twoLines
	}
	version, path, ok := tell(candidate, strings.TrimSpace(strings.ReplaceAll(string(out), "\r\n", "\n")))
	if !ok {
		return "", "", fmt.Errorf("%s doesn't say its version", candidate)
	}
	if i.user != nil && !runnable(path, i.user) {
		return "", "", fmt.Errorf("%s is closed to the user functions run as", path)
	}
	return version, path, nil
}

func twoLines(_, printed string) (version, path string, ok bool) {
	version, path, ok = strings.Cut(printed, "\n")
	return version, path, ok && !strings.Contains(path, "\n")
}

// importable says why the Python at path can't import a package.
func importable(ctx context.Context, path, name string) error {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "-c", "import "+name)
	cmd.Env = append(platformEnv(), "PATH="+pathVariable())
	cmd.WaitDelay = time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return errors.New(clip(lines[len(lines)-1], 256))
	}
	return nil
}

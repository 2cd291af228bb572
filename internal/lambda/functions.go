package lambda

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// Functions finds a function by name or ARN and invokes it where it runs. It
// is safe for concurrent use.
type Functions struct {
	cfg     Config
	remote  *remote
	entries map[string]*target // by the name, name:qualifier or ARN in the configuration

	interpreters map[string]*interpreter // by runtime and user; complete after load

	mu       sync.RWMutex
	resolved map[string]*target // by what callers write; bounded

	stored storedSet

	stop chan struct{}
	wait sync.WaitGroup
}

var (
	_ Invoker  = (*Functions)(nil)
	_ Streamer = (*Functions)(nil)
)

// target is where a function runs: exactly one of local, stored and url is
// set.
type target struct {
	arn    string
	local  *local
	stored *storedTarget
	url    string // of the Invoke call
	region string // that the call is signed for
	aws    bool   // url is AWS's own
}

// New checks cfg and returns a ready value: every entry is complete and its
// code in place. Nothing is started or built yet. The error names every
// problem.
func New(cfg Config) (*Functions, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.events == nil {
		cfg.events = &eventQueue{systemClock{}, retryWaits(), eventFiles{folder: cfg.Events, limit: maxDeadLetters}}
	}
	f := &Functions{
		cfg:          cfg,
		remote:       newRemote(&cfg),
		entries:      map[string]*target{},
		resolved:     map[string]*target{},
		interpreters: map[string]*interpreter{},
		stop:         make(chan struct{}),
	}
	f.stored.folder = f.storedFolder
	if err := f.load(); err != nil {
		f.Close()
		return nil, err
	}
	f.wait.Go(f.shrink)
	return f, nil
}

// load checks the configuration and makes its entries. The error names every
// problem.
func (f *Functions) load() error {
	var problems []error
	note := func(err error) {
		if err != nil {
			problems = append(problems, err)
		}
	}
	var err error
	f.cfg.CacheDir, err = filepath.Abs(f.cfg.CacheDir)
	note(err)
	note(f.checkDebug())
	user := unprivileged()
	if f.cfg.User != "" {
		user, err = lookupUser(f.cfg.User)
		note(err)
	}
	if f.cfg.Endpoint != "" {
		if _, err := parseEndpoint(f.cfg.Endpoint); err != nil {
			note(fmt.Errorf("the endpoint of Lambda: %w", err))
		}
	}
	if user == nil && os.Geteuid() > 0 && len(f.cfg.Functions) > 0 {
		f.cfg.Log.Info("functions that run here have this process's own rights, to its data folder, too; started by root, they run as nobody")
	}
	for _, name := range slices.Sorted(maps.Keys(f.cfg.Functions)) {
		t, err := f.entry(name, f.cfg.Functions[name], user)
		if err != nil {
			note(fmt.Errorf("function %s: %w", name, err))
		}
		f.entries[name] = t
	}
	return errors.Join(problems...)
}

// checkDebug says that the function to be debugged isn't there.
func (f *Functions) checkDebug() error {
	if fn, ok := f.cfg.Functions[f.cfg.Debug]; f.cfg.Debug != "" && (!ok || fn.Endpoint != "") {
		return fmt.Errorf("function %s, which is to be debugged, is not among those that run here", clip(f.cfg.Debug, maxName))
	}
	return nil
}

// entry makes the target of one entry of the configuration.
func (f *Functions) entry(key string, fn Function, user *identity) (*target, error) {
	name, err := ParseName(key)
	if err != nil {
		return nil, err
	}
	t := f.target(name)
	if fn.Endpoint != "" {
		if fn.Runtime != "" || fn.Code != "" {
			return nil, errors.New("has an endpoint, so runtime and code can't be given")
		}
		t.url, err = functionURL(fn.Endpoint, Name{Name: name.Name, Qualifier: name.Qualifier})
		return t, err
	}
	if err := complete(&fn); err != nil {
		return nil, err
	}
	if f.cfg.User == "" && user != nil && !openTo(fn.Code, user) {
		f.cfg.Log.Warn("the function runs with this process's own rights: its folder isn't open to the user nobody; open it, or say functionUser in the configuration",
			"function", name.Name, "folder", fn.Code)
		user = nil
	}
	i, user, err := f.interpreter(name.Name, fn.Runtime, user)
	if err != nil {
		return t, err
	}
	l, err := newLocal(&f.cfg, name, fn, user, i)
	t.local = l
	return t, err
}

// interpreter is the one that a runtime needs, nil when it needs none, and
// the user that can run it: this process's own when user can't and wasn't
// asked for.
func (f *Functions) interpreter(function, runtime string, user *identity) (*interpreter, *identity, error) {
	l, version, ok := parseRuntime(runtime)
	if !ok {
		return nil, user, nil
	}
	for {
		key := runtime
		if user == nil {
			key += " with our rights"
		}
		if i := f.interpreters[key]; i != nil {
			return i, user, nil
		}
		i, reachable, err := newInterpreter(l, version, user, f.cfg.Log)
		switch {
		case err != nil:
			return nil, user, err
		case reachable:
			i.classes = f.classFolder(user)
			f.interpreters[key] = i
			return i, user, nil
		case f.cfg.User != "":
			return nil, user, fmt.Errorf("no interpreter for %s on PATH is open to the user %s", runtime, f.cfg.User)
		}
		f.cfg.Log.Warn("the function runs with this process's own rights: its interpreter isn't open to the user nobody; install one that is, or say functionUser in the configuration",
			"function", function, "runtime", runtime)
		user = nil
	}
}

// complete fills in what fn leaves open and checks the rest.
func complete(fn *Function) error {
	var problems []error
	problem := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	within := func(what string, n *int, otherwise, low, high int) {
		if *n == 0 {
			*n = otherwise
		}
		if *n < low || *n > high {
			problem("%s %d is not within %d and %d", what, *n, low, high)
		}
	}
	within("memory", &fn.Memory, 128, 128, 10240)
	fn.waits = fn.Concurrency == 0
	within("concurrency", &fn.Concurrency, 10, 1, 1000)
	if fn.Timeout == 0 {
		fn.Timeout = 3 * time.Second
	}
	if fn.Timeout < time.Second || fn.Timeout > 900*time.Second {
		problem("timeout %v is not within 1s and 900s", fn.Timeout)
	}
	if fn.Code == "" {
		problem("needs a code folder, or an endpoint")
	} else if path, err := filepath.Abs(fn.Code); err != nil {
		problem("code: %w", err)
	} else {
		fn.Code = path
	}
	for _, p := range checkEnvironment(fn.Environment) {
		problem("%s", p)
	}
	return errors.Join(problems...)
}

// maxResolved bounds the names that are remembered with their targets.
const maxResolved = 10_000

// find returns where a function runs. The error is an *Error.
func (f *Functions) find(function string) (*target, error) {
	f.mu.RLock()
	t := f.resolved[function]
	f.mu.RUnlock()
	if t != nil {
		return t, nil
	}
	t, err := f.resolve(function)
	if err != nil {
		return nil, err
	}
	if t.stored != nil {
		return t, nil // another one after the next change
	}
	f.mu.Lock()
	if len(f.resolved) < maxResolved {
		f.resolved[function] = t
	}
	f.mu.Unlock()
	return t, nil
}

// resolve looks for the most precise entry: the ARN, then the name, each with
// the qualifier first. An alias that has no entry of its own is $LATEST of a
// function that runs here; a version that has none doesn't exist, as on
// Lambda.
func (f *Functions) resolve(function string) (*target, error) {
	name, err := ParseName(function)
	if err != nil {
		return nil, err
	}
	if _, t := f.entryOf(name); t != nil {
		found := *t
		if t.local != nil {
			found.arn = name.ARN(&f.cfg)
			if isVersion(name.Qualifier) && t.local.version != name.Qualifier {
				return nil, noFunction(function, found.arn)
			}
		}
		return &found, nil
	}
	if t := f.findStored(name); t != nil {
		return t, nil
	}
	t := f.target(name)
	if f.cfg.Endpoint != "" {
		t.url, err = functionURL(f.cfg.Endpoint, name)
		return t, err
	}
	if f.cfg.Credentials == nil {
		return nil, missing(function, nil)
	}
	partition := name.Partition
	if partition == "" {
		partition = f.cfg.Partition
	}
	t.aws = true
	t.url, err = functionURL("https://lambda."+t.region+"."+apigw.DNSSuffix(partition), name)
	return t, err
}

// entryOf is the entry of the configuration that name means, with its key; nil
// when there is none.
func (f *Functions) entryOf(name Name) (key string, t *target) {
	plain := name
	plain.Qualifier = ""
	for _, key := range []string{name.ARN(&f.cfg), plain.ARN(&f.cfg), name.Name + ":" + name.Qualifier, name.Name} {
		if t := f.entries[key]; t != nil {
			return key, t
		}
	}
	return "", nil
}

// target is what holds for name wherever it runs.
func (f *Functions) target(name Name) *target {
	t := &target{arn: name.ARN(&f.cfg), region: name.Region}
	if t.region == "" {
		t.region = f.cfg.Region
	}
	return t
}

func noFunction(function, arn string) *Error {
	return &Error{Kind: NotFound, Function: clip(function, maxName), Status: 404, Type: "ResourceNotFoundException",
		Message: "Function not found: " + arn}
}

func missing(function string, cause error) *Error {
	return &Error{Kind: NotFound, Function: clip(function, maxName), Status: 404, Type: "ResourceNotFoundException", Cause: cause,
		Message: "not among the configured functions, and there is neither an endpoint for Lambda (endpoints.lambda) nor AWS credentials to call AWS"}
}

// Check says whether a function can be invoked, without invoking it: its name
// is well-formed, its code in place, or an endpoint there for it. The error is
// an *Error.
func (f *Functions) Check(name string) error {
	t, err := f.find(name)
	if err != nil {
		return err
	}
	if t.local != nil {
		if err := t.local.code.check(); err != nil {
			return &Error{Kind: Broken, Function: name, Message: err.Error()}
		}
	}
	if t.aws {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if _, err := f.cfg.Credentials(ctx); err != nil {
			return missing(name, err)
		}
	}
	return nil
}

// Prepare does ahead what the first invocation of a function would wait for:
// its build and the start of a first process. It does nothing for a function
// that runs elsewhere. The error is an *Error.
func (f *Functions) Prepare(ctx context.Context, name string) error {
	t, err := f.find(name)
	if err != nil || t.local == nil {
		return err
	}
	return named(t.local.prepare(ctx), name)
}

// Invoke implements Invoker.
func (f *Functions) Invoke(ctx context.Context, in *Invocation, out *Result) error {
	out.reset()
	t, err := f.find(in.Function)
	switch {
	case err != nil:
	case t.local != nil:
		return t.local.invoke(ctx, in, t.arn, out)
	case t.stored != nil:
		err = f.invokeStored(ctx, in, t, func(l *local, arn string) error { return l.invoke(ctx, in, arn, out) })
	default:
		return f.remote.invoke(ctx, in, t, out)
	}
	if e, ok := errors.AsType[*Error](err); ok && out.Status == 0 {
		out.Status = e.Status
	}
	return err
}

// InvokeStream implements Streamer.
func (f *Functions) InvokeStream(ctx context.Context, in *Invocation) (s *Stream, err error) {
	t, err := f.find(in.Function)
	switch {
	case err != nil:
		return nil, err
	case t.local != nil:
		return t.local.stream(ctx, in, t.arn)
	case t.stored != nil:
		err = f.invokeStored(ctx, in, t, func(l *local, arn string) (err error) {
			s, err = l.stream(ctx, in, arn)
			return err
		})
		return s, err
	}
	return f.remote.stream(ctx, in, t)
}

// Close ends every local function's processes and waits for them. Invocations
// that are under way fail; later ones are refused.
func (f *Functions) Close() error {
	f.mu.Lock()
	select {
	case <-f.stop:
	default:
		close(f.stop)
	}
	f.mu.Unlock()
	for _, t := range f.entries {
		if t != nil && t.local != nil {
			f.wait.Go(t.local.close)
		}
	}
	f.closeStored()
	f.wait.Wait()
	f.remote.close()
	return nil
}

// shrink ends environments that have been idle for long, until Close.
func (f *Functions) shrink() {
	tick := time.NewTicker(idleLimit / 10)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			for _, t := range f.entries {
				if t.local != nil {
					t.local.shrink(now.Add(-idleLimit))
				}
			}
			f.eachStored(func(l *local) { l.shrink(now.Add(-idleLimit)) })
		case <-f.stop:
			return
		}
	}
}

// named puts the function's name on an *Error that has none.
func named(err error, function string) error {
	if e, ok := errors.AsType[*Error](err); ok && e.Function == "" {
		e = &Error{e.Kind, function, e.Status, e.Type, e.Message, e.Cause}
		return e
	}
	return err
}

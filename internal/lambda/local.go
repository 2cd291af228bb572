package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"
)

// local is a function that runs here, with its environments. The one that
// was used last is used first, so that those beyond the need grow old.
type local struct {
	name     string
	version  string   // "$LATEST", or that of an entry for one version
	function Function // defaults filled in
	debug    bool     // waits for a debugger: nothing is bound by time
	env      []string
	user     *identity
	code     code
	queue    *eventQueue
	log      *slog.Logger

	mu      sync.Mutex
	all     map[*environment]struct{} // running
	live    int                       // running or being started
	extra   int                       // of live, those that don't count for concurrency: on their way in or out with an edit
	watched bool                      // someone calls Changed after edits
	waiting int                       // calls that wait for an environment
	held    time.Time                 // until then, the code as it lies there may not start: what runs is used as long as any does
	latest  edition                   // of the code; an environment of another one is not used again
	idle    []*environment            // the one used last is last
	closed  bool
	edits   sync.Mutex    // held while the code is exchanged
	freed   chan struct{} // holds a token when an environment may have become free
	work    sync.WaitGroup
	events  int // asynchronous invocations that aren't done
	stop    context.Context
	cancel  context.CancelFunc
}

// newLocal makes a function of fn, which is complete, and checks its code.
// The interpreter is nil where the runtime needs none.
func newLocal(cfg *Config, n Name, fn Function, user *identity, i *interpreter) (*local, error) {
	name, version := n.Name, versionOf(n.Qualifier)
	l := &local{
		name: name, version: version, function: fn, env: environ(cfg, name, version, &fn), user: user, debug: debugs(cfg, n),
		log:   cfg.Log.With("function", name),
		queue: cfg.events,
		all:   map[*environment]struct{}{},
		freed: make(chan struct{}, 1),
	}
	l.stop, l.cancel = context.WithCancel(context.Background())
	var err error
	if l.code, err = newCode(l.stop, cfg, name, &fn, i); err != nil {
		l.cancel()
		return nil, err
	}
	if err := l.code.check(); err != nil || !l.debug {
		return l, err
	}
	if s, ok := l.code.(*scripted); ok {
		s.debug = true
	}
	l.function.Concurrency, l.function.Timeout = 1, debugTime
	return l, checkDebug(l.stop, l.code)
}

// debugs says whether n is the function that waits for a debugger.
func debugs(cfg *Config, n Name) bool {
	if cfg.Debug == "" {
		return false
	}
	d, err := ParseName(cfg.Debug)
	return err == nil && d == n
}

// debugTime is longer than anyone looks at a function in a debugger.
const debugTime = 30 * 24 * time.Hour

// versionOf is the version that an entry for the qualifier runs as: an alias
// stands for a version that we don't know.
func versionOf(qualifier string) string {
	if isVersion(qualifier) {
		return qualifier
	}
	return latest
}

const latest = "$LATEST"

func isVersion(qualifier string) bool {
	return qualifier != "" && strings.Trim(qualifier, "0123456789") == ""
}

// invoke runs the function for in and fills out, or says why it didn't.
func (l *local) invoke(ctx context.Context, in *Invocation, arn string, out *Result) error {
	out.RequestID, out.ExecutedVersion = newRequestID(), l.version
	refuse := func(e *Error) error {
		e.Function, out.Status = in.Function, e.Status
		return e
	}
	if err := checkPayload(in); err != nil {
		return refuse(err)
	}
	switch in.Type {
	case "", RequestResponse:
	case DryRun:
		out.Status = http.StatusNoContent
		return nil
	case Event:
		if err := l.enqueue(l.newEvent(in, arn, out.RequestID)); err != nil {
			return refuse(err)
		}
		out.Status = http.StatusAccepted
		return nil
	}
	if l.debug {
		var cancel context.CancelFunc
		ctx, cancel = unbound(ctx)
		defer cancel()
	} else if until, ok := ctx.Deadline(); !in.Deadline.IsZero() && (!ok || in.Deadline.Before(until)) {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, in.Deadline)
		defer cancel()
	}
	j, began := newJob(in, arn, out.RequestID, out.Payload), time.Now()
	o, err := l.do(ctx, j)
	if err != nil {
		out.Payload = nil // a job that goes on may still write there
		return refuse(err)
	}
	out.Status, out.Payload, out.FunctionError = http.StatusOK, o.payload, o.functionError
	if j.tail != nil {
		out.LogTail = l.logOf(j, time.Since(began))
	}
	return nil
}

// unbound ends when ctx is cancelled, but not at its deadline.
func unbound(ctx context.Context) (context.Context, context.CancelFunc) {
	free, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.Canceled) {
			cancel()
		}
	})
	return free, func() { stop(); cancel() }
}

func checkPayload(in *Invocation) *Error {
	limit := 6 * 1024 * 1024
	if in.Type == Event {
		limit = maxEvent
	}
	switch _, ok := clientContext(in.ClientContext); {
	case !ok:
		return &Error{Kind: BadRequest, Status: 400, Type: "InvalidRequestContentException",
			Message: "Client context must be a valid Base64-encoded JSON object."}
	case len(in.Payload) > limit+100:
		return &Error{Kind: TooLarge, Status: 413, Type: "RequestEntityTooLargeException",
			Message: fmt.Sprintf("Request must be smaller than %d bytes for the InvokeFunction operation", limit)}
	case len(in.Payload) > 0 && !json.Valid(in.Payload):
		return &Error{Kind: BadRequest, Status: 400, Type: "InvalidRequestContentException",
			Message: "Could not parse request body into json"}
	case in.Type != "" && in.Type != RequestResponse && in.Type != Event && in.Type != DryRun:
		return &Error{Kind: BadRequest, Status: 400, Type: "InvalidParameterValueException",
			Message: fmt.Sprintf("the invocation type %q is none of RequestResponse, Event and DryRun", clip(string(in.Type), 40))}
	}
	return nil
}

// do gets j an environment and waits for its outcome, as long as ctx holds.
func (l *local) do(ctx context.Context, j *job) (outcome, *Error) {
	if !l.enter() {
		return outcome{}, errStopped()
	}
	defer l.work.Done()
	path, err := l.code.ready(ctx)
	if err != nil {
		return outcome{}, asError(ctx, err)
	}
	for {
		e, err := l.acquire(path)
		if start, ok := errors.AsType[*startError](err); ok {
			if now, err := l.code.ready(ctx); err == nil && now != path {
				path = now // built anew in between, and the one before removed
				continue
			}
			return failure(j.id, typeEntrypoint, start.Error()), nil
		}
		if err == errWait && l.waitFree(ctx) {
			continue
		}
		if err != nil {
			return outcome{}, asError(ctx, err)
		}
		r := newRun(e, j)
		o, err := r.wait(ctx.Done())
		switch {
		case err == errNotTaken: // it ended while idle: not this caller's trouble
			l.drop(e)
		case err == errLeft:
			l.work.Go(func() {
				o, _ := r.wait(nil)
				l.settle(r, o)
			})
			return outcome{}, asError(ctx, ctx.Err())
		case l.meantEdit(r):
			l.drop(e)
			l.hold(noticed)
		default:
			if j.tail != nil && r.answered {
				e.output.settle()
			}
			l.settle(r, o)
			return o, nil
		}
	}
}

// waitFree waits, for one that is counted among those that wait, until an
// environment may have become free or none ever will, since the host stops. It
// says whether ctx held until then.
func (l *local) waitFree(ctx context.Context) bool {
	defer l.leaveQueue()
	select {
	case <-l.freed:
		return true
	case <-l.stop.Done():
		return true
	case <-ctx.Done():
		return false
	}
}

func (l *local) joinQueue() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting++
}

func (l *local) leaveQueue() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting--
}

// settle makes the environment of a finished run available again, or ends it.
func (l *local) settle(r *run, o outcome) {
	r.timer.Stop()
	if r.answered {
		l.release(r.e)
		return
	}
	l.drop(r.e)
	if l.stop.Err() == nil {
		l.log.Warn("function failed", "requestId", r.j.id, "error", clip(string(o.payload), 1024))
	}
}

// asError makes of err the *Error that a caller gets.
func asError(ctx context.Context, err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if ctx.Err() != nil {
		return &Error{Kind: Timeout, Message: "no answer in the caller's time", Cause: ctx.Err()}
	}
	return &Error{Kind: Broken, Message: err.Error()}
}

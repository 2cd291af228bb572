package lambda

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// idleLimit is how long an environment is kept without an invocation.
const idleLimit = 10 * time.Minute

// enter counts a piece of work that close waits for; false after close.
func (l *local) enter() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.work.Add(1)
	return true
}

func errStopped() *Error {
	return &Error{Kind: Unavailable, Status: 503, Message: "the host of local functions has stopped"}
}

// errWait means that an environment will become free, and that none is started
// before: as many as may run are busy, its code is being taken up, or it
// doesn't start.
var errWait = errors.New("waiting for an environment")

// maxWaiting bounds the calls that wait for an environment of one function.
// It is what AWS lets an account run at once, unless asked for more.
const maxWaiting = 1000

// acquire takes the environment that was idle last, or starts one with the
// executable at path. It returns a Throttled *Error when the function's
// concurrency is used up, a *startError, or errWait: then the caller is counted
// among those that wait, until it called waitFree.
func (l *local) acquire(path string) (*environment, error) {
	l.mu.Lock()
	switch {
	case l.closed:
		l.mu.Unlock()
		return nil, errStopped()
	case len(l.idle) > 0:
		e := l.idle[len(l.idle)-1]
		l.idle = l.idle[:len(l.idle)-1]
		more := l.waiting > 0 && len(l.idle) > 0
		l.mu.Unlock()
		if more {
			l.signal()
		}
		return e, nil
	case l.live-l.extra >= l.function.Concurrency:
		wait := (l.function.waits || l.debug) && l.waiting < maxWaiting
		if wait {
			l.waiting++
		}
		l.mu.Unlock()
		if wait {
			return nil, errWait
		}
		return nil, &Error{Kind: Throttled, Status: 429, Type: "TooManyRequestsException",
			Message: fmt.Sprintf("Rate Exceeded. (all %d environments are busy)", l.function.Concurrency)}
	case !l.held.IsZero() && l.live > l.extra && time.Now().Before(l.held):
		l.waiting++
		l.mu.Unlock()
		return nil, errWait
	}
	l.live++
	l.work.Add(1)
	more := l.waiting > 0 && l.live-l.extra < l.function.Concurrency
	l.mu.Unlock()
	if more {
		l.signal()
	}
	return l.spawn(path)
}

// spawn starts an environment that acquire has counted. It frees its place
// before anyone learns of its end, so that whoever does finds the place free.
func (l *local) spawn(path string) (*environment, error) {
	l.mu.Lock()
	code := edition{l.latest.number, path}
	l.mu.Unlock()
	registered := make(chan struct{})
	e, err := newEnvironment(l.spec(path), l.function.Timeout, func(e *environment) {
		<-registered
		l.removed(e)
		l.work.Done()
	})
	if err != nil {
		l.removed(nil)
		l.work.Done()
		return nil, err
	}
	l.mu.Lock()
	l.all[e] = struct{}{}
	e.code = code
	closed := l.closed
	l.mu.Unlock()
	close(registered)
	if closed {
		e.proc.kill()
	}
	return e, nil
}

func (l *local) spec(path string) spec {
	return spec{
		path:   path,
		args:   l.code.args(),
		dir:    l.function.Code,
		env:    append(l.env[:len(l.env):len(l.env)], logStream()),
		memory: l.function.Memory,
		user:   l.user,
		output: &output{log: l.log},
	}
}

// release makes e available to the next invocation.
func (l *local) release(e *environment) {
	l.mu.Lock()
	retire := l.retire(e)
	if !e.dead && !l.closed {
		e.warm, e.idleSince = true, time.Now()
		l.idle = append(l.idle, e)
	}
	l.mu.Unlock()
	if retire {
		e.proc.kill()
	}
	l.signal()
}

// endTime is how long drop waits for a killed process to be gone.
const endTime = time.Second

// drop ends e and waits until its place is free.
func (l *local) drop(e *environment) {
	l.mu.Lock()
	e.dead = true
	l.mu.Unlock()
	e.proc.kill()
	timer := time.NewTimer(endTime)
	defer timer.Stop()
	select {
	case <-e.gone:
	case <-timer.C: // stuck in the kernel
	}
}

// removed forgets an environment that has ended, or, with nil, one that never
// began.
func (l *local) removed(e *environment) {
	l.mu.Lock()
	l.live--
	if e != nil {
		e.dead = true
		delete(l.all, e)
		if e.retired {
			l.extra--
		}
		for i, idle := range l.idle {
			if idle == e {
				l.idle = append(l.idle[:i], l.idle[i+1:]...)
				break
			}
		}
	}
	l.mu.Unlock()
	l.signal()
}

// signal wakes one who waits for an environment.
func (l *local) signal() {
	select {
	case l.freed <- struct{}{}:
	default:
	}
}

// shrink ends the environments that have been idle since before the limit.
func (l *local) shrink(before time.Time) {
	l.mu.Lock()
	var old []*environment
	for len(l.idle) > 0 && l.idle[0].idleSince.Before(before) {
		old = append(old, l.idle[0])
		l.idle[0].dead = true
		l.idle = l.idle[1:]
	}
	l.mu.Unlock()
	for _, e := range old {
		e.proc.kill()
	}
}

// prepare makes the code ready and one environment idle, unless some run.
func (l *local) prepare(ctx context.Context) error {
	if !l.enter() {
		return errStopped()
	}
	defer l.work.Done()
	path, err := l.code.ready(ctx)
	if err != nil {
		return asError(ctx, err)
	}
	l.mu.Lock()
	running := l.live > 0
	l.mu.Unlock()
	if running {
		return nil
	}
	e, err := l.acquire(path)
	if err == errWait { // others were faster
		l.leaveQueue()
		return nil
	}
	if err != nil {
		return asError(ctx, err)
	}
	if err := initialised(ctx, e); err != nil && ctx.Err() == nil {
		l.drop(e)
		return err
	}
	l.release(e) // also when the caller left: it goes on
	if ctx.Err() != nil {
		return asError(ctx, ctx.Err())
	}
	return nil
}

// initialised waits until e asks for its first event. The error says why it
// never will, or is that of ctx.
func initialised(ctx context.Context, e *environment) error {
	select {
	case <-e.asked:
		return nil
	case o := <-e.initErr:
		return &Error{Kind: Broken, Message: "initialisation failed: " + o.words()}
	case <-e.gone:
		return &Error{Kind: Broken, Message: "the process ended while it started: " + clip(string(exited("", e.proc.status).payload), 1024)}
	case <-ctx.Done():
		return asError(ctx, ctx.Err())
	}
}

// close ends every process and waits until all are gone.
func (l *local) close() {
	l.mu.Lock()
	l.closed = true
	l.cancel() // together with closed: who learns of one finds the other
	l.idle = nil
	running := make([]*environment, 0, len(l.all))
	for e := range l.all {
		e.dead = true
		running = append(running, e)
	}
	l.mu.Unlock()
	for _, e := range running {
		e.proc.kill()
	}
	l.work.Wait()
}

package lambda

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// initLimit is how long a process may take to its first request for an event
// before the time counts towards the function's timeout. AWS then starts it a
// second time; that would only cost time, so it goes on instead.
const initLimit = 10 * time.Second

// environment is one process of a function and the Runtime API that it alone
// speaks to. It works on one job at a time.
type environment struct {
	timeout time.Duration // of an invocation
	output  *output
	proc    *process
	server  *http.Server

	jobs    chan *job     // taken by the process's request for the next event
	asked   chan struct{} // closed at the first such request: initialisation is over
	initErr chan outcome  // what the process reported instead
	gone    chan struct{} // closed when process and server have ended

	mu        sync.Mutex
	current   *job // handed out and not answered yet
	receiving bool // an answer to current is being read
	began     bool // asked is closed

	// Of the pool, guarded by its mutex.
	idleSince time.Time
	warm      bool // has answered before
	dead      bool // gone, or to be killed: never idle again
	retired   bool // dead because its code was edited; it doesn't count for concurrency
	code      edition
}

// newEnvironment starts the process of s with the address of a Runtime API of
// its own among its variables. When both have ended, it calls ended, then
// closes gone.
func newEnvironment(s spec, timeout time.Duration, ended func(*environment)) (*environment, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	e := &environment{
		timeout: timeout,
		output:  s.output,
		jobs:    make(chan *job),
		asked:   make(chan struct{}),
		initErr: make(chan outcome, 1),
		gone:    make(chan struct{}),
	}
	s.env = append(s.env[:len(s.env):len(s.env)], "AWS_LAMBDA_RUNTIME_API="+listener.Addr().String())
	if e.proc, err = start(&s); err != nil {
		listener.Close()
		return nil, &startError{err}
	}
	e.server = newRuntimeServer(e)
	serving := make(chan struct{})
	go func() {
		defer close(serving)
		e.server.Serve(&ownListener{Listener: listener, pid: e.proc.cmd.Process.Pid})
	}()
	go e.proc.watch(&s, e.working)
	go func() {
		<-e.proc.done
		sweep(&s)
		e.closeServer()
		listener.Close() // Serve may not have begun
		<-serving
		ended(e)
		close(e.gone)
	}()
	return e, nil
}

// working says whether the process is starting, or has an invocation.
func (e *environment) working() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !e.began || e.current != nil
}

// startError says why a process could not be started.
type startError struct{ error }

func (e *startError) Unwrap() error { return e.error }

// drainTime bounds how long an answer that was on its way when the process
// ended may take to be read.
const drainTime = 250 * time.Millisecond

func (e *environment) closeServer() {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if e.server.Shutdown(ctx) != nil {
		e.server.Close()
	}
}

var (
	errLeft     = errors.New("the caller did not wait for the answer")
	errNotTaken = errors.New("the process ended before it took the invocation")
)

// run is one job at an environment.
type run struct {
	e     *environment
	j     *job
	timer *time.Timer

	taken    bool // the process has it
	answered bool // the process is done with it and ready for another
}

func newRun(e *environment, j *job) *run {
	limit := e.timeout
	select {
	case <-e.asked:
	default:
		limit += initLimit
	}
	return &run{e: e, j: j, timer: time.NewTimer(limit)}
}

// wait returns what the job came to. It returns errLeft as soon as left
// closes; the job goes on, and wait can be called again. errNotTaken means
// that the process saw nothing of the job.
func (r *run) wait(left <-chan struct{}) (outcome, error) {
	if !r.taken {
		select {
		case r.e.jobs <- r.j:
			r.taken = true
			r.timer.Reset(r.e.timeout)
		case o := <-r.e.initErr:
			return o, nil
		case <-r.e.gone:
			return r.ended()
		case <-r.timer.C:
			return timedOut(r.j.id, r.e.timeout), nil
		case <-left:
			return outcome{}, errLeft
		}
	}
	select {
	case o := <-r.j.done:
		r.answered = true
		return o, nil
	case <-r.e.gone:
		return r.ended()
	case <-r.timer.C:
		return timedOut(r.j.id, r.e.timeout), nil
	case <-left:
		return outcome{}, errLeft
	}
}

// ended is the outcome when the process has ended: what it answered last, or
// how it ended.
func (r *run) ended() (outcome, error) {
	select {
	case o := <-r.j.done:
		return o, nil
	case o := <-r.e.initErr:
		return o, nil
	default:
	}
	if !r.taken && r.e.warm {
		return outcome{}, errNotTaken
	}
	return exited(r.j.id, r.e.proc.status), nil
}

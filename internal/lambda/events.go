package lambda

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

const (
	// maxEvents bounds the asynchronous invocations of one function that wait
	// or run.
	maxEvents = 1000
	// maxAge is how long one may take from its acceptance to its last attempt.
	maxAge = 6 * time.Hour
)

// retryWaits are the waits before AWS tries an asynchronous invocation that
// failed again, twice. AWS Lambda developer guide, page "How Lambda handles
// errors and retries with asynchronous invocation".
func retryWaits() []time.Duration { return []time.Duration{time.Minute, 2 * time.Minute} }

// event is an asynchronous invocation that was accepted.
type event struct {
	ID       string          `json:"requestId"`
	ARN      string          `json:"functionArn"` // as invoked
	Trace    string          `json:"traceId,omitempty"`
	Context  string          `json:"clientContext,omitempty"`
	Payload  json.RawMessage `json:"payload"`
	Accepted time.Time       `json:"accepted"`
	Attempts int             `json:"attempts"` // made
}

// job is the next attempt at e.
func (e *event) job() *job {
	return &job{id: e.ID, arn: e.ARN, trace: e.Trace, context: e.Context, payload: e.Payload, done: make(chan outcome, 1)}
}

func (l *local) newEvent(in *Invocation, arn, id string) *event {
	j := newJob(in, arn, id, nil)
	return &event{ID: id, ARN: arn, Trace: j.trace, Context: j.context, Payload: j.payload, Accepted: l.queue.clock.now()}
}

// eventQueue is what the functions of a host share for their asynchronous
// invocations.
type eventQueue struct {
	clock clock
	waits []time.Duration // between attempts
	files eventFiles
}

// enqueue accepts e to be run once an environment is free. When the process is
// asked to end, what isn't done is kept on disk and taken up by the next one;
// when it ends otherwise, it is lost.
func (l *local) enqueue(e *event) *Error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return errStopped()
	}
	if l.events >= maxEvents {
		return &Error{Kind: Throttled, Status: 429, Type: "TooManyRequestsException",
			Message: fmt.Sprintf("Rate Exceeded. (%d asynchronous invocations are waiting)", maxEvents)}
	}
	l.events++
	l.work.Go(func() {
		if !l.runEvent(e) {
			l.keep(e)
		}
		l.mu.Lock()
		l.events--
		l.mu.Unlock()
	})
	return nil
}

// runEvent makes attempts at e until one succeeds or e is given up. False: the
// host stopped first.
func (l *local) runEvent(e *event) bool {
	for {
		if e.Attempts > 0 && !l.queue.clock.sleep(l.stop, l.queue.waits[e.Attempts-1]) {
			return false
		}
		o, err := l.doWhenFree(e.job())
		if l.stop.Err() != nil && (err != nil || o.functionError != "") {
			return false
		}
		if err == nil && o.functionError == "" {
			return true
		}
		e.Attempts++
		switch {
		case e.Attempts > len(l.queue.waits):
			l.giveUp(e, retriesExhausted, o, err)
			return true
		case l.queue.clock.now().Sub(e.Accepted) > maxAge:
			l.giveUp(e, eventAgeExceeded, o, err)
			return true
		}
	}
}

func (l *local) giveUp(e *event, condition string, o outcome, err error) {
	l.log.Error("asynchronous invocation given up", "requestId", e.ID, "attempts", e.Attempts, "condition", condition)
	if err := l.queue.files.bury(newDeadLetter(e, l.queue.clock.now(), l.version, condition, o, err)); err != nil {
		l.log.Error("a dead letter can't be kept", "requestId", e.ID, "error", err)
	}
}

func (l *local) keep(e *event) {
	if err := l.queue.files.keep(e); err != nil {
		l.log.Error("an asynchronous invocation is lost", "requestId", e.ID, "error", err)
	}
}

// doWhenFree is do, but waits where do is throttled.
func (l *local) doWhenFree(j *job) (outcome, error) {
	for {
		o, err := l.do(l.stop, j)
		if err == nil {
			return o, nil
		}
		if err.Kind != Throttled {
			return outcome{}, err
		}
		l.joinQueue()
		l.waitFree(l.stop)
	}
}

// Resume takes up the asynchronous invocations that the process before was
// still at when it was asked to end. It is called once, when all functions are
// known; one whose function doesn't run here any more becomes a dead letter.
func (f *Functions) Resume() {
	q := f.cfg.events
	list, err := q.files.take()
	if err != nil {
		f.cfg.Log.Error("reading kept asynchronous invocations", "error", err)
	}
	for _, e := range list {
		err := f.again(e)
		if err == nil {
			continue
		}
		f.cfg.Log.Error("a kept asynchronous invocation is given up", "function", e.ARN, "requestId", e.ID, "error", err)
		if err := q.files.bury(newDeadLetter(e, q.clock.now(), latest, functionGone, outcome{}, err)); err != nil {
			f.cfg.Log.Error("a dead letter can't be kept", "requestId", e.ID, "error", err)
		}
	}
}

// again takes up a kept invocation where it was, or, when its function runs
// in another place now, from the start.
func (f *Functions) again(e *event) error {
	t, err := f.find(e.ARN)
	if err != nil {
		return err
	}
	if t.local == nil {
		client := ""
		if e.Context != "" {
			client = base64.StdEncoding.EncodeToString([]byte(e.Context))
		}
		var out Result
		return f.Invoke(context.Background(), &Invocation{Function: e.ARN, Type: Event, Payload: e.Payload, TraceID: e.Trace, ClientContext: client}, &out)
	}
	e.Attempts = min(max(e.Attempts, 0), len(f.cfg.events.waits))
	if refused := t.local.enqueue(e); refused != nil {
		return refused
	}
	return nil
}

package lambda

import (
	"context"
	"fmt"
	"time"
)

// maxEvents bounds the asynchronous invocations of one function that wait or
// run.
const maxEvents = 1000

// retries are the waits before AWS tries an asynchronous invocation that
// failed again. AWS Lambda developer guide, page "How Lambda handles errors
// and retries with asynchronous invocation".
var retries = [...]time.Duration{time.Minute, 2 * time.Minute}

// enqueue accepts j to be run once an environment is free. What is accepted
// and not done is lost when the process ends.
func (l *local) enqueue(j *job) *Error {
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
		l.runEvent(j)
		l.mu.Lock()
		l.events--
		l.mu.Unlock()
	})
	return nil
}

func (l *local) runEvent(j *job) {
	for attempt := 0; ; attempt++ {
		o, err := l.doWhenFree(j)
		if err == nil && o.functionError == "" || l.stop.Err() != nil {
			return
		}
		if attempt == len(retries) {
			l.log.Error("asynchronous invocation given up", "requestId", j.id, "attempts", attempt+1)
			return
		}
		again := *j // the failed attempt may still hold the old one
		again.done = make(chan outcome, 1)
		j = &again
		if !sleep(l.stop, retries[attempt]) {
			return
		}
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
		select {
		case <-l.freed:
		case <-l.stop.Done():
			return outcome{}, err
		}
	}
}

// sleep waits for d and reports whether ctx held all the while.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

package lambda

import (
	"context"
	"time"
)

// clock is the time as asynchronous invocations see it.
type clock interface {
	now() time.Time
	// sleep waits for d and reports whether ctx held all the while.
	sleep(ctx context.Context, d time.Duration) bool
}

type systemClock struct{}

func (systemClock) now() time.Time { return time.Now() }

func (systemClock) sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

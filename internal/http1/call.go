package http1

import (
	"context"
	"sync"
	"time"
)

// Call bounds one Do from outside: a deadline for head and body together,
// and Cancel from any goroutine, which ends a Do or body read in progress.
// Zero deadline: none. Reset before reuse.
type Call struct {
	Deadline time.Time
	Idle     time.Duration // longest wait for the backend's next bytes; 0: until Deadline
	cancelState
}

// CallPhase says how far a call to a backend came.
type CallPhase uint8

// The phases of a call.
const (
	PhaseResolve CallPhase = iota // the name did not resolve
	PhaseConnect
	PhaseTLS
	PhaseWrite
	PhaseHead // waiting for or reading the response head
	PhaseBody
)

var phaseNames = [...]string{"resolve", "connect", "tls", "write", "head", "body"}

func (p CallPhase) String() string { return phaseNames[p] }

// CallError is what ended a call to a backend.
type CallError struct {
	Phase     CallPhase
	Timeout   bool // the deadline of the Call passed
	Idle      bool // the backend sent nothing for the Call's Idle
	Cancelled bool // Call.Cancel ended it
	Malformed bool // the backend's bytes are no HTTP/1.1 response
	Err       error
}

func (e *CallError) Error() string { return "call backend: " + e.Phase.String() + ": " + e.Err.Error() }
func (e *CallError) Unwrap() error { return e.Err }

// StreamError is inside a CallError when reading ClientRequest.Stream failed:
// the backend is not to blame.
type StreamError struct{ Err error }

func (e *StreamError) Error() string { return "read the request body: " + e.Err.Error() }
func (e *StreamError) Unwrap() error { return e.Err }

// cancelState ties a Call to what it has to wake.
type cancelState struct {
	mu        sync.Mutex // guards what follows, and arming deadlines against Cancel
	cancelled bool
	conn      *clientConn
	stopDial  context.CancelFunc
}

// Cancel ends the Do or the body read in progress, or the next one. It
// doesn't wait.
func (c *Call) Cancel() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cancelled = true
	if c.conn != nil {
		c.conn.in.nc.SetDeadline(past)
	}
	if c.stopDial != nil {
		c.stopDial()
	}
}

// Reset readies c for another Do.
func (c *Call) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Deadline, c.Idle, c.cancelled = time.Time{}, 0, false
}

// deadline is c.Deadline as an instant.
func (c *Call) deadline() instant {
	if c.Deadline.IsZero() {
		return never
	}
	return max(instantOf(c.Deadline), 1)
}

func (c *Call) isCancelled() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cancelled
}

// attach makes Cancel reach cc; false when Cancel came before.
func (c *Call) attach(cc *clientConn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cancelled {
		return false
	}
	c.conn = cc
	return true
}

// detach ends what attach began. false: Cancel has reached the connection.
func (c *Call) detach() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn = nil
	return !c.cancelled
}

// armed runs arm unless Cancel came before; Cancel waits for it.
func (c *Call) arm(arm func(time.Time) error, at instant) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cancelled {
		return errCancelled
	}
	return arm(at.time())
}

// dialing makes Cancel reach a dial in progress; done must be called.
func (c *Call) dialing(timeout time.Duration) (ctx context.Context, done func()) {
	end := time.Now().Add(timeout)
	if !c.Deadline.IsZero() && c.Deadline.Before(end) {
		end = c.Deadline
	}
	ctx, stop := context.WithDeadline(context.Background(), end)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopDial = stop
	if c.cancelled {
		stop()
	}
	return ctx, func() {
		c.mu.Lock()
		c.stopDial = nil
		c.mu.Unlock()
		stop()
	}
}

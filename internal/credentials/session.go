package credentials

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// How long before their end credentials are renewed in the background, and are
// not used any more; how long a failure stands before another attempt; how
// long an attempt may take.
const (
	renewBefore = 5 * time.Minute
	deadBefore  = 10 * time.Second
	retryAfter  = 5 * time.Second
	fetchTime   = 30 * time.Second
)

// Session is credentials that end and are renewed while they still hold, so
// that no request waits but the first. It is safe for concurrent use.
type Session struct {
	fetch   func(ctx context.Context) (sigv4.Credentials, time.Time, error)
	now     func() time.Time
	current atomic.Pointer[held]

	mu      sync.Mutex    // guards the fields below
	pending chan struct{} // closed when the attempt under way ends; nil: there is none
	err     error         // of the last attempt
	failed  time.Time
}

// held are credentials with the times that matter. It never changes.
type held struct {
	credentials sigv4.Credentials
	renew, dead time.Time
}

// newSession returns a Session over fetch, which returns credentials and when
// they end.
func newSession(now func() time.Time, fetch func(ctx context.Context) (sigv4.Credentials, time.Time, error)) *Session {
	return &Session{fetch: fetch, now: now}
}

// Fixed is a Session of credentials that are used once, such as a caller's: it
// never renews them.
func Fixed(c sigv4.Credentials) *Session { return fixed(c) }

// fixed is a Session that never ends.
func fixed(c sigv4.Credentials) *Session {
	s := &Session{now: time.Now}
	end := time.Unix(1<<40, 0)
	s.current.Store(&held{c, end, end})
	return s
}

// Credentials returns what holds now. It waits only when nothing does; the
// error is ctx's, or why there are none. The result is not to be changed.
func (s *Session) Credentials(ctx context.Context) (*sigv4.Credentials, error) {
	if c := s.Current(); c != nil {
		return c, nil
	}
	pending, err := s.start(s.now())
	if err != nil {
		return nil, err
	}
	select {
	case <-pending:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if h := s.current.Load(); h != nil && s.now().Before(h.dead) {
		return &h.credentials, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return nil, s.err
}

// Current returns what holds now, nil when nothing does, and waits for
// nothing. The result is not to be changed.
func (s *Session) Current() *sigv4.Credentials {
	h := s.current.Load()
	if h == nil {
		return nil
	}
	now := s.now()
	if !now.Before(h.dead) {
		return nil
	}
	if !now.Before(h.renew) {
		s.start(now)
	}
	return &h.credentials
}

// Start gets the first credentials in the background.
func (s *Session) Start() {
	if now, h := s.now(), s.current.Load(); h == nil || !now.Before(h.renew) {
		s.start(now)
	}
}

// start begins an attempt unless one is under way, or has ended well since the
// caller looked, and returns what is closed at its end. Shortly after one that
// failed there is no other: its error stands.
func (s *Session) start(now time.Time) (<-chan struct{}, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pending != nil {
		return s.pending, nil
	}
	if h := s.current.Load(); h != nil && now.Before(h.renew) {
		return ended, nil
	}
	if s.err != nil && now.Sub(s.failed) < retryAfter {
		return nil, s.err
	}
	s.pending = make(chan struct{})
	go s.attempt()
	return s.pending, nil
}

// ended is closed.
var ended = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

func (s *Session) attempt() {
	ctx, cancel := context.WithTimeout(context.Background(), fetchTime)
	defer cancel()
	c, end, err := s.fetch(ctx)
	now := s.now()
	if err == nil {
		// Of credentials that end soon, most of the time is left to use them.
		renew := end.Add(-min(renewBefore, end.Sub(now)/4))
		s.current.Store(&held{c, renew, end.Add(-min(deadBefore, end.Sub(now)/8))})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err, s.failed = err, now
	close(s.pending)
	s.pending = nil
}

// Package valkey is the connection to one Valkey or Redis server that nodes
// share. It knows when that server can't be asked, so that nobody waits for it;
// it must not know what is kept there, nor what a gateway is.
//
// What is kept there may be lost at any time: nothing that was acknowledged to a
// client of the management API lies there alone.
package valkey

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	valkeygo "github.com/valkey-io/valkey-go"
)

// Config says where the server is.
type Config struct {
	Address            string // host:port
	Username, Password string // empty: the server asks for none
	TLS                *tls.Config
	Timeout            time.Duration // of a call, 0: DefaultTimeout
	Logger             *slog.Logger
}

// DefaultTimeout is how long a call may take. The first that takes longer is the
// last that waits, until the server answers again.
const DefaultTimeout = 100 * time.Millisecond

const (
	probeEvery   = 100 * time.Millisecond // while the server is away
	checkEvery   = 5 * time.Second        // while it answers
	probeTimeout = time.Second
	ring         = 12              // a connection has room for 1 << ring calls
	maxInFlight  = 1 << (ring - 1) // calls; more are refused before they wait for room
	buffer       = 1 << 16         // bytes, of each connection's reader and writer
)

// ErrAway: the server can't be asked now, or didn't answer in time. Then it isn't
// known whether it did what it was asked.
var ErrAway = errors.New("the Valkey server is away")

// Server is a server, there or not. Safe for concurrent use.
type Server struct {
	c        Config
	log      *slog.Logger
	client   atomic.Pointer[valkeygo.Client] // nil: it never answered
	up       atomic.Bool
	cause    atomic.Pointer[string] // why it isn't up
	inFlight atomic.Int64
	wake     chan struct{} // look at it now
	ctx      context.Context
	cancel   context.CancelFunc
	watching sync.WaitGroup
}

// Open returns at once; the server is away until it has answered. Close it.
func Open(c Config) *Server {
	if c.Timeout <= 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{c: c, log: c.Logger, wake: make(chan struct{}, 1)}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	cause := "it wasn't asked yet"
	s.cause.Store(&cause)
	s.watching.Go(s.watch)
	return s
}

// Close ends the connection. Calls get ErrAway.
func (s *Server) Close() {
	s.cancel()
	s.watching.Wait()
	s.up.Store(false)
	if c := s.client.Load(); c != nil {
		(*c).Close()
	}
}

// Err is nil, or ErrAway with its cause.
func (s *Server) Err() error {
	if s.up.Load() {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrAway, *s.cause.Load())
}

// Up says whether the server can be asked.
func (s *Server) Up() bool { return s.up.Load() }

// Do sends the command that build makes and waits for its answer, no longer than
// the configured timeout. Calls made at the same time travel together. ErrAway,
// at once while the server is known to be away; what the server itself refuses
// is in the result.
func (s *Server) Do(ctx context.Context, build func(valkeygo.Builder) valkeygo.Completed) (r valkeygo.ValkeyResult, err error) {
	if !s.up.Load() {
		return r, ErrAway
	}
	if s.inFlight.Add(1) > maxInFlight {
		s.inFlight.Add(-1)
		return r, ErrAway
	}
	defer s.inFlight.Add(-1)
	client := *s.client.Load()
	limited, cancel := context.WithTimeout(ctx, s.c.Timeout)
	defer cancel()
	r = client.Do(limited, build(client.B()))
	if err := r.NonValkeyError(); err != nil {
		if ctx.Err() == nil { // else the caller left
			s.lost(err)
		}
		return r, fmt.Errorf("%w: %w", ErrAway, err)
	}
	return r, nil
}

// lost notes that the server didn't answer, once.
func (s *Server) lost(cause error) {
	if !s.up.CompareAndSwap(true, false) {
		return
	}
	text := cause.Error()
	if errors.Is(cause, context.DeadlineExceeded) {
		text = "no answer within " + s.c.Timeout.String()
	}
	s.cause.Store(&text)
	s.log.Warn("the Valkey server is away", "server", s.c.Address, "cause", text)
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// watch asks the server how it is: often while it is away.
func (s *Server) watch() {
	told := ""
	for s.ctx.Err() == nil {
		err := s.probe()
		switch {
		case s.ctx.Err() != nil:
			return
		case err == nil && s.up.CompareAndSwap(false, true):
			told = ""
			s.log.Info("the Valkey server is in use", "server", s.c.Address)
		case err != nil && s.up.Load():
			s.lost(err)
		case err != nil:
			text := err.Error()
			s.cause.Store(&text)
			if told == "" && s.client.Load() == nil {
				told = text
				s.log.Warn("the Valkey server can't be used", "server", s.c.Address, "cause", text)
			}
		}
		interval := checkEvery
		if err != nil {
			interval = probeEvery
		}
		select {
		case <-s.ctx.Done():
		case <-time.After(interval):
		case <-s.wake:
		}
	}
}

// probe connects, if that is to be done, and asks for any answer.
func (s *Server) probe() error {
	ctx, cancel := context.WithTimeout(s.ctx, probeTimeout)
	defer cancel()
	if s.client.Load() == nil {
		client, err := s.connect()
		if err != nil {
			return err
		}
		if err := standalone(ctx, client); err != nil {
			client.Close()
			return err
		}
		s.client.Store(&client)
		return nil
	}
	client := *s.client.Load()
	return client.Do(ctx, client.B().Ping().Build()).Error()
}

func (s *Server) connect() (valkeygo.Client, error) {
	o := valkeygo.ClientOption{
		InitAddress: []string{s.c.Address}, ForceSingleClient: true, TLSConfig: s.c.TLS,
		Username: s.c.Username, Password: s.c.Password, ClientName: "gatehouse",
		DisableCache: true, DisableRetry: true, AlwaysPipelining: true, PipelineMultiplex: 0,
		RingScaleEachConn: ring, ReadBufferEachConn: buffer, WriteBufferEachConn: buffer,
		ConnWriteTimeout: 2 * probeTimeout,
	}
	o.Dialer.Timeout = probeTimeout
	return valkeygo.NewClient(o)
}

// standalone refuses a shard of a cluster: what belongs together wouldn't be in
// one place.
func standalone(ctx context.Context, client valkeygo.Client) error {
	info, err := client.Do(ctx, client.B().Info().Section("server").Build()).ToString()
	if err != nil {
		var refused *valkeygo.ValkeyError
		if errors.As(err, &refused) && strings.HasPrefix(refused.Error(), "NOPERM") {
			return nil // a user who may not ask
		}
		return err
	}
	if strings.Contains(info, "redis_mode:cluster") || strings.Contains(info, "server_mode:cluster") {
		return errors.New("it is a shard of a Valkey cluster; name one server, with a replica behind one address if need be")
	}
	return nil
}

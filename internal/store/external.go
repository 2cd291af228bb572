package store

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/connectivity"
)

const (
	probeInterval = time.Second            // while the cluster answers
	minRetry      = 100 * time.Millisecond // while it doesn't, growing
	maxRetry      = 2 * time.Second
	probeTimeout  = 4 * time.Second
	dialTimeout   = 3 * time.Second

	diagnoseTimeout = time.Second

	firstAnswer = 300 * time.Millisecond // how long OpenExternal waits for a cluster that may be away
)

// ExternalConfig is for an etcd cluster. Endpoints are host:port or URLs. TLS
// is used when a file is named or an endpoint begins with https.
type ExternalConfig struct {
	Endpoints                 []string
	CAFile, CertFile, KeyFile string // CAFile empty: the system's authorities
	Username, Password        string
	DialTimeout               time.Duration // of one attempt to connect, 0: 3 s
	Logger                    *slog.Logger
}

// OpenExternal returns at once, also when the cluster is away: calls then fail
// with ErrDead until it is back. A configuration that can't work, or data
// newer than this version (ErrNewer), is an error when it is known by then.
//
// A user needs read and write access to the keys under Prefix and
// "/gatehouse-store/". One who isn't root can't compact the history: such a
// cluster needs etcd's automatic compaction.
func OpenExternal(ctx context.Context, cfg ExternalConfig) (*Store, error) {
	s, err := newExternal(cfg)
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	s.background(func() { s.monitor(strings.Join(cfg.Endpoints, ",")) })
	ctx, cancel := context.WithTimeout(ctx, firstAnswer)
	defer cancel()
	if _, err := s.health.await(ctx); errors.Is(err, ErrNewer) || errors.Is(err, ErrDamaged) {
		s.Close()
		return nil, fmt.Errorf("open the store: %w", err)
	}
	s.background(s.maintain)
	return s, nil
}

// newExternal returns a store whose client is made by connect.
func newExternal(cfg ExternalConfig) (*Store, error) {
	if len(cfg.Endpoints) == 0 {
		return nil, errors.New("no endpoint is configured")
	}
	tlsConfig, err := cfg.tls()
	if err != nil {
		return nil, err
	}
	timeout := cmp.Or(cfg.DialTimeout, dialTimeout)
	s := newStore(cfg.Logger, false)
	s.epoch, s.diagnose = newEpoch(), diagnoser(cfg.Endpoints, tlsConfig)
	client := clientv3.Config{
		Endpoints:            cfg.Endpoints,
		DialTimeout:          timeout,
		DialKeepAliveTime:    5 * time.Second,
		DialKeepAliveTimeout: 3 * time.Second,
		PermitWithoutStream:  true,
		TLS:                  tlsConfig,
		Username:             cfg.Username,
		Password:             cfg.Password,
		Logger:               newEtcdLogger(s.log, s.die),
		DialOptions: []grpc.DialOption{grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second},
			MinConnectTimeout: timeout,
		})},
	}
	s.connect = func() (err error) {
		s.client, err = clientv3.New(client)
		return err
	}
	return s, nil
}

func (cfg ExternalConfig) tls() (*tls.Config, error) {
	secure := cfg.CAFile != "" || cfg.CertFile != "" || cfg.KeyFile != ""
	for _, e := range cfg.Endpoints {
		secure = secure || strings.HasPrefix(e, "https://")
	}
	if !secure {
		return nil, nil
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if cfg.CAFile != "" {
		pem, err := os.ReadFile(cfg.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read the store's authorities: %w", err)
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s has no certificate", cfg.CAFile)
		}
	}
	if cfg.CertFile != "" || cfg.KeyFile != "" {
		pair, err := tls.LoadX509KeyPair(cfg.CertFile, cfg.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("read the store's client certificate: %w", err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return t, nil
}

// monitor keeps health up to date until Close: by a probe every second, and at
// once when a call failed or the connection's state changed.
func (s *Store) monitor(place string) {
	retry := minRetry
	for s.ctx.Err() == nil {
		moved := s.watchConnection()
		at, err := s.probe(place)
		if s.ctx.Err() != nil {
			return
		}
		if err == nil {
			s.epoch.observe(at)
		}
		s.report(err, place)
		interval := probeInterval
		if err != nil {
			interval, retry = retry, min(2*retry, maxRetry)
		} else {
			retry = minRetry
		}
		select {
		case <-s.ctx.Done():
		case <-time.After(interval):
		case <-s.wake:
		case <-moved:
		}
	}
}

func (s *Store) report(err error, place string) {
	if !s.health.set(err) {
		return
	}
	if err != nil {
		s.log.Warn("the etcd cluster can't be used", "cluster", place, "cause", err)
		return
	}
	s.log.Info("the etcd cluster is in use", "cluster", place)
}

// probe asks the cluster for the format record. The first one makes the
// client, which logs in when a user is configured.
func (s *Store) probe(place string) (origin, error) {
	if s.client == nil {
		if err := s.connect(); err != nil {
			return origin{}, fmt.Errorf("connect to %s: %w", place, err)
		}
	}
	ctx, cancel := context.WithTimeout(s.ctx, probeTimeout)
	defer cancel()
	defer s.refused(cancel)()
	at, err := agreeFormat(ctx, s.client, place)
	if ctx.Err() != nil && s.ctx.Err() == nil {
		err = fmt.Errorf("no answer from %s", place)
		if s.client.ActiveConnection().GetState() != connectivity.Ready && s.Err() == nil {
			err = fmt.Errorf("%w: %s", err, s.diagnose())
		}
	}
	return at, err
}

// refused calls cancel as soon as the connection can't be made, instead of
// letting a call wait for it.
func (s *Store) refused(cancel func()) (stop func()) {
	ctx, stop := context.WithCancel(s.ctx)
	conn := s.client.ActiveConnection()
	go func() {
		for state := conn.GetState(); ; state = conn.GetState() {
			if state == connectivity.TransientFailure {
				cancel()
				return
			}
			if !conn.WaitForStateChange(ctx, state) {
				return
			}
		}
	}()
	return stop
}

// diagnoser dials every endpoint once, to tell an operator what the client
// keeps to itself: a refused connection, an unknown authority.
func diagnoser(endpoints []string, config *tls.Config) func() string {
	return func() string {
		var found []string
		for _, e := range endpoints {
			if _, address, ok := strings.Cut(e, "://"); ok {
				e = address
			}
			d := net.Dialer{Timeout: diagnoseTimeout}
			conn, err := d.Dial("tcp", e)
			if err == nil && config != nil {
				_ = conn.SetDeadline(time.Now().Add(diagnoseTimeout))
				conn, err = dialTLS(conn, e, config)
			}
			if err == nil {
				conn.Close()
				continue
			}
			found = append(found, err.Error())
		}
		return strings.Join(found, "; ")
	}
}

// dialTLS closes conn when the handshake fails.
func dialTLS(conn net.Conn, address string, config *tls.Config) (net.Conn, error) {
	config = config.Clone()
	config.ServerName, _, _ = net.SplitHostPort(address)
	c := tls.Client(conn, config)
	if err := c.Handshake(); err != nil {
		conn.Close()
		return nil, fmt.Errorf("%s: %w", address, err)
	}
	return c, nil
}

// watchConnection returns a channel that is closed when the connection's state
// is another one.
func (s *Store) watchConnection() <-chan struct{} {
	if s.client == nil {
		return nil
	}
	conn, moved := s.client.ActiveConnection(), make(chan struct{})
	state := conn.GetState()
	ctx, cancel := context.WithTimeout(s.ctx, maxRetry+probeTimeout)
	go func() {
		defer cancel()
		if conn.WaitForStateChange(ctx, state) {
			close(moved)
		}
	}()
	return moved
}

// epoch notices that the cluster's data was replaced by other data.
type epoch struct {
	mu       sync.Mutex
	seen     origin
	replaced chan struct{} // closed when it happens, and renewed
}

func newEpoch() *epoch { return &epoch{replaced: make(chan struct{})} }

func (e *epoch) observe(at origin) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.seen.cluster != 0 && (at.cluster != e.seen.cluster || at.revision < e.seen.revision) {
		close(e.replaced)
		e.replaced = make(chan struct{})
	}
	e.seen = at
}

// current returns the channel that is closed at the next replacement; nil for
// the embedded member, whose data only this process holds.
func (e *epoch) current() <-chan struct{} {
	if e == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.replaced
}

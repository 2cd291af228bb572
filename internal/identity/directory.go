// Package identity is who may call: the users, groups, roles and identity
// providers of the configuration and of the store in one directory, the
// credentials of sessions (STS), and what a caller's policies say together
// with a resource's. Management calls and requests to APIs look callers up
// here. It must not know how either of them arrives, nor where identities are
// kept.
package identity

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/jwt"
	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// Sealer seals session tokens with the master key.
type Sealer interface {
	Seal(aad string, plaintext []byte) []byte
	Open(aad string, sealed []byte) ([]byte, error)
}

// Config is what a Directory works with.
type Config struct {
	Scope apigw.Scope // its account is that of identities that name none
	// Configured are the identities of the configuration file, nil for none.
	Configured *apigw.IdentitySet
	// Organizations are those of accounts, by the account's ID.
	Organizations map[string]*Organization
	// Enforced says that calls must be signed though there is no user, Pending
	// that it isn't known yet whether there are stored ones.
	Enforced, Pending bool
	// Sealer is asked for when a session begins, and when one is first met.
	Sealer func() (Sealer, error)
	// Verify checks a token of an OpenID Connect issuer, whose URL is given.
	Verify func(ctx context.Context, issuer, token string) (*jwt.Token, error)
	Now    func() time.Time // nil: time.Now
}

// Directory finds callers. It is read without a lock; Update replaces what it
// holds.
type Directory struct {
	config   Config
	state    atomic.Pointer[state]
	update   sync.Mutex
	sessions *otter.Cache[[sha256.Size]byte, *session]
}

// maxSessions bounds the opened sessions in memory: a few KB each.
const maxSessions = 10_000

// New makes a Directory of the configured identities, or says what is wrong
// with one of them.
func New(c Config) (*Directory, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Configured == nil {
		c.Configured = new(apigw.IdentitySet)
	}
	d := &Directory{config: c, sessions: otter.Must(&otter.Options[[sha256.Size]byte, *session]{MaximumSize: maxSessions})}
	s := newState(&c)
	err := s.add(c.Configured)
	for _, u := range c.Configured.Users {
		for _, k := range u.Keys {
			if err == nil && (k.ID == "" || k.Secret == "") {
				err = fmt.Errorf("user %s: an access key needs an id and a secret", u.Name)
			}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("identities: %w", err)
	}
	s.pending = c.Pending
	d.state.Store(s)
	return d, nil
}

// Update makes stored the identities beside the configured ones, from the next
// request on. What can't be used, or is configured by that name, is left out
// and named by the error.
func (d *Directory) Update(stored *apigw.IdentitySet) error {
	d.update.Lock()
	defer d.update.Unlock()
	s := newState(&d.config)
	if err := s.add(d.config.Configured); err != nil {
		return err // New has seen that they are good
	}
	err := s.addEach(stored)
	d.state.Store(s)
	return err
}

// Open says that nobody may sign yet, so that anybody on this machine may make
// management calls.
func (d *Directory) Open() bool {
	s := d.state.Load()
	return !d.config.Enforced && !s.pending && s.users == 0
}

// Find is the secret of an access key and whose it is; token is the session
// token that came with it. The error is a *sigv4.Error, or an *apigw.Error while
// it isn't known yet whose they may be.
func (d *Directory) Find(accessKeyID, token string) (secret string, who *Caller, err error) {
	s := d.state.Load()
	if token != "" {
		return d.findSession(s, accessKeyID, token)
	}
	k, ok := s.keys[accessKeyID]
	switch {
	case !ok && s.pending:
		return "", nil, errPending
	case !ok || k.secret == "":
		return "", nil, errUnknownKey
	}
	return k.secret, k.caller, nil
}

// The refusals of AWS for credentials that aren't ours (sheet of the shared
// front end, check 10 and 12).
var (
	errUnknownKey   = &sigv4.Error{Kind: sigv4.UnrecognizedClient, Message: "The security token included in the request is invalid."}
	errUnknownToken = &sigv4.Error{Kind: sigv4.UnrecognizedClient, Message: "The security token included in the request is invalid"}
	errPending      = apigw.Errorf(apigw.Unavailable, "Gatehouse doesn't know yet who may call: its store hasn't told")
	errExpiredToken = &sigv4.Error{Kind: sigv4.ExpiredToken, Message: "The security token included in the request is expired"}
)

// findSession opens a token once and keeps what it says; the principal is
// looked up anew whenever identities changed.
func (d *Directory) findSession(now *state, accessKeyID, token string) (string, *Caller, error) {
	key := sha256.Sum256([]byte(token))
	s, known := d.sessions.GetIfPresent(key)
	if !known {
		var err error
		if s, err = d.open(token); err != nil {
			return "", nil, errUnknownToken
		}
		d.sessions.Set(key, s)
	}
	if s.AccessKeyID != accessKeyID {
		return "", nil, errUnknownToken
	}
	if !d.config.Now().Before(s.expires()) {
		return "", nil, errExpiredToken
	}
	caller := s.callerIn(now)
	switch {
	case caller == nil && now.pending:
		return "", nil, errPending
	case caller == nil:
		return "", nil, errUnknownToken
	}
	return s.Secret, caller, nil
}

// Role is the role of an ARN; nil: there is none.
func (d *Directory) Role(arn string) *Role { return d.state.Load().roles[arn] }

var errNoSealer = errors.New("there is no master key to seal sessions with")

func (d *Directory) sealer() (Sealer, error) {
	if d.config.Sealer == nil {
		return nil, errNoSealer
	}
	return d.config.Sealer()
}

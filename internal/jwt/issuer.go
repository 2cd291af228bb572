package jwt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// How long keys last. AWS keeps keys about two hours and gives each fetch
// 1,500 ms (developer guide, "JWT authorizers").
const (
	keysLast     = 2 * time.Hour
	refreshAfter = keysLast / 2
	fetchTime    = 1500 * time.Millisecond
	// A key ID that isn't known has the keys fetched again, but not at anyone's
	// will: tokens are anyone's to send.
	unknownPause = 10 * time.Second
	failurePause = 2 * time.Second
)

// The texts of what an issuer didn't give (seen on AWS).
const (
	discoveryFailed = "OIDC discovery endpoint communication error"
	keysFailed      = "JWKS communication error"
)

// Config is what an Issuer needs.
type Config struct {
	// URL is the issuer's: what tokens have in iss, and what discovery starts
	// from, as it is written.
	URL string
	// KeysURL is where the keys are, when discovery isn't needed (user pools).
	KeysURL string
	// Fetch gets a document of at most limit bytes.
	Fetch func(ctx context.Context, url string, limit int64) ([]byte, error)
	// Known are the issuer's keys where they are at hand, without a fetch, as
	// often as they are needed; nil, or when it returns nil: they are fetched.
	Known func() *Keys
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Verified remembers the tokens that were found good; nil: nothing does,
	// and every signature is verified again.
	Verified *Verified
}

// Issuer verifies the tokens of one issuer. Its keys are fetched when the
// first token comes, and again in the background once they are half as old as
// they may get; while the issuer is away they serve until then.
type Issuer struct {
	config Config
	now    func() time.Time

	held    atomic.Pointer[held]
	refresh atomic.Int64 // when keys that are half as old as they may get are looked after next, Unix nanoseconds

	mu       sync.Mutex // guards what follows, and changes of held
	tried    time.Time  // the last fetch's end
	failure  error      // of the last fetch
	fetching chan struct{}
}

// held are the keys that were fetched last.
type held struct {
	keys    *Keys
	fetched time.Time
}

// NewIssuer makes an Issuer. It fetches nothing yet.
func NewIssuer(c Config) *Issuer {
	i := &Issuer{config: c, now: c.Now}
	if i.now == nil {
		i.now = time.Now
	}
	return i
}

// URL is the issuer's, as tokens have it.
func (i *Issuer) URL() string { return i.config.URL }

// Verify checks a token's signature, its issuer and its time. A token that was
// found good before, and whose key is still among the issuer's, is good until
// it expires. The error is an *Error.
func (i *Issuer) Verify(ctx context.Context, token string) (*Token, error) {
	now := i.now()
	sum, ok := i.config.Verified.sum(i, []byte(token))
	if ok {
		if t := i.remembered(sum, now); t != nil {
			return t, nil
		}
	}
	t, by, err := verify(token, now, func(id string) ([]*key, error) { return i.keysOf(ctx, id) })
	if err != nil {
		return nil, err
	}
	if t.Text("iss") != i.config.URL {
		return nil, errorf("the token has an invalid issuer")
	}
	if ok {
		i.config.Verified.remember(sum, t, by, t.Expires.Sub(now))
	}
	return t, nil
}

// Recall is what Verify says of a token that was found good before; nil: it
// must be verified.
func (i *Issuer) Recall(token []byte) *Token {
	if sum, ok := i.config.Verified.sum(i, token); ok {
		return i.remembered(sum, i.now())
	}
	return nil
}

// remembered is a token that was verified before and still may be believed.
func (i *Issuer) remembered(sum verifiedKey, now time.Time) *Token {
	v := i.config.Verified.recall(sum)
	if v == nil || !now.Before(v.token.Expires) || now.Before(v.token.from) {
		return nil
	}
	if keys := i.usable(now); keys == nil || !keys.has(v.by) {
		return nil
	}
	return v.token
}

// Ready fetches the keys unless they are there.
func (i *Issuer) Ready(ctx context.Context) error {
	_, err := i.current(ctx, func(*Keys) bool { return true }, failurePause)
	return err
}

// keysOf finds the keys of an ID, with the keys fetched anew when none is
// among them.
func (i *Issuer) keysOf(ctx context.Context, id string) ([]*key, error) {
	if id == "" {
		return nil, errorf("the token has no key ID")
	}
	keys, err := i.current(ctx, func(k *Keys) bool { return k.byID[id] != nil }, unknownPause)
	if err != nil {
		return nil, err
	}
	if k := keys.byID[id]; k != nil {
		return k, nil
	}
	return nil, errorf("the token's key is not among the issuer's keys")
}

// usable are the keys while they may be used; nil: they must be fetched. Keys
// that are half as old as they may get are looked after in the background.
func (i *Issuer) usable(now time.Time) *Keys {
	if keys := i.atHand(); keys != nil {
		return keys
	}
	h := i.held.Load()
	if h == nil {
		return nil
	}
	age := now.Sub(h.fetched)
	if age >= keysLast {
		return nil
	}
	if age >= refreshAfter && now.UnixNano() >= i.refresh.Load() {
		i.mu.Lock()
		if now.Sub(i.tried) >= unknownPause {
			i.start()
		}
		i.mu.Unlock()
	}
	return h.keys
}

// atHand are the keys that need no fetch; nil: there are none.
func (i *Issuer) atHand() *Keys {
	if i.config.Known == nil {
		return nil
	}
	return i.config.Known()
}

// current is the keys, fetched if there are none, if they are too old, or if
// they aren't good for the caller and were not fetched within pause.
func (i *Issuer) current(ctx context.Context, good func(*Keys) bool, pause time.Duration) (*Keys, error) {
	if keys := i.atHand(); keys != nil {
		return keys, nil // no fetch finds others
	}
	now := i.now()
	keys := i.usable(now)
	if keys != nil && good(keys) {
		return keys, nil
	}
	i.mu.Lock()
	if h := i.held.Load(); h != nil && now.Sub(h.fetched) < keysLast { // fetched since
		if keys = h.keys; good(keys) {
			i.mu.Unlock()
			return keys, nil
		}
	}
	if i.fetching == nil && i.recent(now, keys != nil, pause) {
		failure := i.failed()
		i.mu.Unlock()
		if keys != nil {
			return keys, nil
		}
		return nil, failure
	}
	done := i.start()
	i.mu.Unlock()
	select {
	case <-done:
	case <-ctx.Done():
		return nil, &Error{Text: keysFailed, Cause: ctx.Err()}
	}
	if keys := i.usable(i.now()); keys != nil {
		return keys, nil
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	return nil, i.failed()
}

// failed is why there are no keys. i.mu is held.
func (i *Issuer) failed() error {
	if i.failure == nil {
		return &Error{Text: keysFailed, Cause: errors.New("the keys are too old")}
	}
	return i.failure
}

// recent says that it is too early to fetch again. i.mu is held.
func (i *Issuer) recent(now time.Time, usable bool, pause time.Duration) bool {
	if !usable {
		pause = failurePause
	}
	return !i.tried.IsZero() && now.Sub(i.tried) < pause
}

// start fetches the keys in the background, once for all who ask; the channel
// is closed when that ended. i.mu is held.
func (i *Issuer) start() <-chan struct{} {
	if i.fetching != nil {
		return i.fetching
	}
	done := make(chan struct{})
	i.fetching = done
	go func() {
		keys, err := i.fetch()
		i.mu.Lock()
		defer i.mu.Unlock()
		i.tried, i.failure = i.now(), err
		i.refresh.Store(i.tried.Add(unknownPause).UnixNano())
		if err == nil {
			if last := i.held.Load(); last != nil {
				keys.keep(last.keys)
			}
			i.held.Store(&held{keys, i.tried})
		}
		i.fetching = nil
		close(done)
	}()
	return done
}

func (i *Issuer) fetch() (*Keys, error) {
	address := i.config.KeysURL
	if address == "" {
		var err error
		if address, err = i.discover(); err != nil {
			return nil, &Error{Text: discoveryFailed, Cause: err}
		}
	}
	document, err := i.get(address, maxDocument)
	if err != nil {
		return nil, &Error{Text: keysFailed, Cause: err}
	}
	keys, err := ParseKeys(document)
	if err != nil {
		return nil, &Error{Text: keysFailed, Cause: fmt.Errorf("%s: %w", address, err)}
	}
	return keys, nil
}

// discover finds where the keys are. A document that names another issuer is
// not this one's (OpenID Connect Discovery 1.0, section 4.3), and the keys of
// an issuer that is asked over TLS come over TLS.
func (i *Issuer) discover() (string, error) {
	address := strings.TrimSuffix(i.config.URL, "/") + "/.well-known/openid-configuration"
	document, err := i.get(address, maxDiscovery)
	if err != nil {
		return "", err
	}
	var found struct {
		Issuer  string `json:"issuer"`
		KeysURL string `json:"jwks_uri"`
	}
	if err := json.Unmarshal(document, &found); err != nil {
		return "", fmt.Errorf("%s is no discovery document: %w", address, err)
	}
	if found.Issuer != i.config.URL {
		return "", fmt.Errorf("%s is for another issuer: %.256q", address, found.Issuer)
	}
	to, err := url.Parse(found.KeysURL)
	if err != nil || to.Host == "" || to.User != nil || to.Scheme != "https" && (to.Scheme != "http" || strings.HasPrefix(i.config.URL, "https:")) {
		return "", fmt.Errorf("%s: its jwks_uri is none that keys can be had from: %.256q", address, found.KeysURL)
	}
	return found.KeysURL, nil
}

func (i *Issuer) get(url string, limit int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), fetchTime)
	defer cancel()
	return i.config.Fetch(ctx, url, limit)
}

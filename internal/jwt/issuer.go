package jwt

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"
)

// How long keys and answers last. AWS keeps keys about two hours and gives
// each fetch 1,500 ms (developer guide, "JWT authorizers").
const (
	keysLast     = 2 * time.Hour
	refreshAfter = keysLast / 2
	fetchTime    = 1500 * time.Millisecond
	// A key ID that isn't known has the keys fetched again, but not at anyone's
	// will: tokens are anyone's to send.
	unknownPause = 10 * time.Second
	failurePause = 2 * time.Second
)

// The texts of what an issuer didn't give.
const (
	discoveryFailed = "OIDC discovery endpoint communication error"
	keysFailed      = "JWKS communication error"
)

// Config is what an Issuer needs.
type Config struct {
	// URL is the issuer's: what tokens have in iss, and what discovery starts
	// from, without a trailing slash of ours.
	URL string
	// KeysURL is where the keys are, when discovery isn't needed (user pools).
	KeysURL string
	// Fetch gets a document of at most limit bytes.
	Fetch func(ctx context.Context, url string, limit int64) ([]byte, error)
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Issuer verifies the tokens of one issuer. Its keys are fetched when the
// first token comes, and again in the background once they are half as old as
// they may get; while the issuer is away they serve until then.
type Issuer struct {
	config Config
	now    func() time.Time

	mu       sync.Mutex
	keys     *Keys
	fetched  time.Time // of keys
	tried    time.Time // the last fetch's end
	failure  error     // of the last fetch
	fetching chan struct{}
}

// NewIssuer makes an Issuer. It fetches nothing yet.
func NewIssuer(c Config) *Issuer {
	i := &Issuer{config: c, now: c.Now}
	if i.now == nil {
		i.now = time.Now
	}
	return i
}

// Verify checks a token's signature, its issuer and its time. The error is an
// *Error.
func (i *Issuer) Verify(ctx context.Context, token string) (*Token, error) {
	t, err := verify(token, i.now(), func(id string) (*key, error) { return i.key(ctx, id) })
	if err != nil {
		return nil, err
	}
	if t.Text("iss") != i.config.URL {
		return nil, errorf("the token has an invalid issuer")
	}
	return t, nil
}

// Ready fetches the keys unless they are there.
func (i *Issuer) Ready(ctx context.Context) error {
	_, err := i.current(ctx, func(*Keys) bool { return true }, failurePause)
	return err
}

// key finds a key, with the keys fetched anew when it isn't among them.
func (i *Issuer) key(ctx context.Context, id string) (*key, error) {
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

// current is the keys, fetched if there are none, if they are too old, or if
// they aren't good for the caller and were not fetched within pause.
func (i *Issuer) current(ctx context.Context, good func(*Keys) bool, pause time.Duration) (*Keys, error) {
	i.mu.Lock()
	now := i.now()
	usable := i.keys != nil && now.Sub(i.fetched) < keysLast
	switch {
	case usable && good(i.keys):
		keys := i.keys
		if now.Sub(i.fetched) >= refreshAfter && now.Sub(i.tried) >= unknownPause {
			i.start()
		}
		i.mu.Unlock()
		return keys, nil
	case i.fetching == nil && i.recent(now, usable, pause):
		defer i.mu.Unlock()
		if usable {
			return i.keys, nil
		}
		return nil, i.failure
	}
	done := i.start()
	i.mu.Unlock()
	select {
	case <-done:
	case <-ctx.Done():
		return nil, &Error{keysFailed}
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.keys != nil && i.now().Sub(i.fetched) < keysLast {
		return i.keys, nil
	}
	return nil, i.failure
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
		if err == nil {
			i.keys, i.fetched = keys, i.tried
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
			return nil, &Error{discoveryFailed}
		}
	}
	document, err := i.get(address, maxDocument)
	if err != nil {
		return nil, &Error{keysFailed}
	}
	keys, err := ParseKeys(document)
	if err != nil {
		return nil, &Error{keysFailed + ": " + err.Error()}
	}
	return keys, nil
}

func (i *Issuer) discover() (string, error) {
	document, err := i.get(strings.TrimSuffix(i.config.URL, "/")+"/.well-known/openid-configuration", maxDiscovery)
	if err != nil {
		return "", err
	}
	var found struct {
		KeysURL string `json:"jwks_uri"`
	}
	if err := json.Unmarshal(document, &found); err != nil || found.KeysURL == "" {
		return "", errorf("no jwks_uri")
	}
	return found.KeysURL, nil
}

func (i *Issuer) get(url string, limit int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), fetchTime)
	defer cancel()
	return i.config.Fetch(ctx, url, limit)
}

package authorizer

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"time"
	"weak"

	"github.com/maypok86/otter/v2"

	"github.com/gatehouse/gatehouse/internal/jwt"
)

// Issuers are the token issuers that a process knows. Their keys are shared
// by all who ask for tokens of the same issuer. An issuer is known while
// anybody has it, and two hours after it was asked for last.
type Issuers struct {
	// Client fetches discovery documents and keys (NewClient).
	Client *http.Client
	// Pools is where user pools are served when not on AWS: the URL under
	// `endpoints`, without a slash at its end.
	Pools string
	// Embedded are the keys of the user pool in this process whose tokens have
	// the issuer url, nil when none has; nil: there are no such pools.
	Embedded func(url string) *jwt.Keys
	// Now is the clock; nil is time.Now.
	Now func() time.Time

	mu       sync.Mutex
	known    map[string]weak.Pointer[jwt.Issuer]
	recent   *otter.Cache[string, *jwt.Issuer] // keeps them known
	verified *jwt.Verified
}

const (
	maxRecent    = 1000
	recentlyUsed = 2 * time.Hour // as keys last
)

// Of is the issuer with a URL, whose keys discovery finds.
func (s *Issuers) Of(url string) *jwt.Issuer { return s.issuer(jwt.Config{URL: url}) }

// Pool is the issuer of a user pool, by its ARN.
func (s *Issuers) Pool(arn string) (*jwt.Issuer, error) {
	parts := strings.Split(arn, ":")
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "cognito-idp" || !strings.HasPrefix(parts[5], "userpool/") {
		return nil, fmt.Errorf("%q is no ARN of a user pool: arn:aws:cognito-idp:REGION:ACCOUNT:userpool/ID", arn)
	}
	pool := strings.TrimPrefix(parts[5], "userpool/")
	suffix := "amazonaws.com"
	if strings.HasPrefix(parts[3], "cn-") {
		suffix += ".cn"
	}
	url := fmt.Sprintf("https://cognito-idp.%s.%s/%s", parts[3], suffix, pool)
	keys := url
	if s.Pools != "" {
		keys = s.Pools + "/" + pool
	}
	return s.issuer(jwt.Config{URL: url, KeysURL: keys + "/.well-known/jwks.json"}), nil
}

func (s *Issuers) issuer(c jwt.Config) *jwt.Issuer {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := c.URL + " " + c.KeysURL
	if s.known == nil {
		s.known, s.verified = map[string]weak.Pointer[jwt.Issuer]{}, jwt.NewVerified()
		s.recent = otter.Must(&otter.Options[string, *jwt.Issuer]{MaximumSize: maxRecent, ExpiryCalculator: otter.ExpiryAccessing[string, *jwt.Issuer](recentlyUsed)})
	}
	if i := s.known[key].Value(); i != nil {
		if _, there := s.recent.GetIfPresent(key); !there {
			s.recent.Set(key, i)
		}
		return i
	}
	c.Fetch, c.Verified, c.Now = s.fetch, s.verified, s.Now
	if s.Embedded != nil {
		c.Known = func() *jwt.Keys { return s.Embedded(c.URL) }
	}
	i := jwt.NewIssuer(c)
	s.known[key] = weak.Make(i)
	s.recent.Set(key, i)
	runtime.AddCleanup(i, s.forget, key)
	return i
}

// forget drops an issuer that nobody has any more.
func (s *Issuers) forget(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known[key].Value() == nil {
		delete(s.known, key)
	}
}

package authorizer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse/gatehouse/internal/jwt"
)

// Issuers are the token issuers that a process knows. Their keys are shared
// by all who ask for tokens of the same issuer.
type Issuers struct {
	// Client fetches discovery documents and keys.
	Client *http.Client
	// Pools is where user pools are served when not on AWS: the URL under
	// `endpoints`, without a slash at its end.
	Pools string

	mu    sync.Mutex
	known map[string]*jwt.Issuer
}

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
	if i := s.known[key]; i != nil {
		return i
	}
	if s.known == nil {
		s.known = map[string]*jwt.Issuer{}
	}
	c.Fetch = s.fetch
	i := jwt.NewIssuer(c)
	s.known[key] = i
	return i
}

func (s *Issuers) fetch(ctx context.Context, url string, limit int64) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := s.Client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", url, response.Status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err == nil && int64(len(body)) > limit {
		err = fmt.Errorf("%s: longer than %d bytes", url, limit)
	}
	return body, err
}

// Pools asks user pools who a client is: a token must be one of theirs.
type Pools struct {
	Issuers []*jwt.Issuer
	Cache   *Cache
	TTL     time.Duration // how long a verified token is believed without another look; 0: not at all
}

// Ask is the answer for a token. The error is an *Error.
func (p *Pools) Ask(ctx context.Context, key Key, token string) (*Answer, error) {
	load := func(ctx context.Context) (*Answer, time.Duration, error) {
		t, err := p.verify(ctx, token)
		if err != nil {
			return nil, 0, err
		}
		return &Answer{Token: t, PrincipalID: t.Text("sub")}, min(p.TTL, time.Until(t.Expires)), nil
	}
	if p.TTL <= 0 {
		answer, _, err := load(ctx)
		return answer, err
	}
	if answer := p.Cache.Kept(key); answer != nil {
		return answer, nil
	}
	return p.Cache.get(ctx, key, load)
}

// verify tries the pool that the token says it is from. A token that has
// expired is told so (seen on AWS).
func (p *Pools) verify(ctx context.Context, token string) (*jwt.Token, error) {
	var last error
	for _, i := range p.Issuers {
		t, err := i.Verify(ctx, token)
		if err == nil {
			return t, nil
		}
		if own, ok := errors.AsType[*jwt.Error](err); ok && own.Text == "the token has expired" {
			return nil, &Error{Kind: Unauthorized, Text: "The incoming token has expired", Cause: err}
		}
		last = err
	}
	return nil, &Error{Kind: Unauthorized, Cause: last}
}

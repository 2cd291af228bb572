package userpool

import (
	"context"
	"crypto/subtle"
	"errors"
	"slices"
	"strings"
	"time"
)

// Grant is what a client asks a token endpoint for.
type Grant struct {
	Type    string // "client_credentials"
	Client  ClientID
	Secret  string
	Scope   string // scopes with blanks between; empty: all that the client has
	Refresh string // of grant type refresh_token
	// Pool is whose endpoint was asked; empty: the client's.
	Pool PoolID
}

// OAuthError is an error of a token endpoint (RFC 6749, section 5.2).
type OAuthError struct {
	Code        string // "invalid_client"
	Description string
}

func (e *OAuthError) Error() string { return e.Code + ": " + e.Description }

// Token grants what a client asks for.
func (s *Service) Token(ctx context.Context, g Grant) (*Tokens, error) {
	p, c, err := s.catalog.client(g.Client)
	if err != nil || g.Pool != "" && c.Pool != g.Pool {
		return nil, &OAuthError{"invalid_client", "There is no such client"}
	}
	secret, err := s.clientSecret(p, c)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare([]byte(secret), []byte(g.Secret)) != 1 {
		return nil, &OAuthError{"invalid_client", "The client's secret is another"}
	}
	switch g.Type {
	case "client_credentials":
		return s.clientCredentials(ctx, p, c, g)
	case "refresh_token":
		return s.refreshGrant(ctx, p, c, g)
	case "authorization_code":
		return nil, &OAuthError{"unsupported_grant_type", "Gatehouse has no hosted pages, so there are no authorization codes"}
	case "":
		return nil, &OAuthError{"invalid_request", "grant_type is missing"}
	}
	return nil, &OAuthError{"unsupported_grant_type", "client_credentials and refresh_token are served"}
}

func (s *Service) clientCredentials(ctx context.Context, p *place, c *Client, g Grant) (*Tokens, error) {
	if !c.OAuth || !slices.Contains(c.OAuthFlows, "client_credentials") || c.Sealed == nil {
		return nil, &OAuthError{"unauthorized_client", "The client isn't allowed client_credentials (AllowedOAuthFlows, AllowedOAuthFlowsUserPoolClient)"}
	}
	asked := strings.Fields(g.Scope)
	if len(asked) == 0 {
		asked = c.OAuthScopes
	}
	var scopes []string
	err := s.change(ctx, p.scope, func(t *txn) error {
		scopes = nil
		for _, scope := range asked {
			known, err := t.hasScope(p.pool.ID, scope)
			if err != nil {
				return err
			}
			if known && slices.Contains(c.OAuthScopes, scope) && !slices.Contains(scopes, scope) {
				scopes = append(scopes, scope)
			} else if g.Scope != "" {
				return &OAuthError{"invalid_scope", "The client doesn't have one of the scopes"}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(scopes) == 0 {
		return nil, &OAuthError{"invalid_scope", "The client has no scopes"}
	}
	tokens := &Tokens{Expires: c.AccessLife()}
	err = s.compute(ctx, func() error {
		tokens.Access, err = s.clientToken(p, c, scopes, s.now())
		return err
	})
	return tokens, asOAuth(err)
}

func (s *Service) refreshGrant(ctx context.Context, p *place, c *Client, g Grant) (tokens *Tokens, err error) {
	if err := checkFlow(c, "REFRESH_TOKEN"); err != nil {
		return nil, &OAuthError{"unauthorized_client", "The client isn't allowed to refresh tokens"}
	}
	err = s.compute(ctx, func() error {
		tokens, err = s.refresh(ctx, p, c, g.Refresh, func(*User) error { return nil })
		return err
	})
	return tokens, asOAuth(err)
}

func asOAuth(err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		if e.Code == tooManyRequests {
			return &OAuthError{"temporarily_unavailable", e.Message}
		}
		return &OAuthError{"invalid_grant", e.Message}
	}
	return err
}

// DomainOf is the pool whose token endpoint is at a domain; empty: none.
func (s *Service) DomainOf(name string) PoolID {
	if p := s.catalog.domain(name); p != nil {
		return p.pool.ID
	}
	return ""
}

// Discovery is what a pool tells about itself.
type Discovery struct {
	Issuer string
	Domain string
	KeySet []byte
}

// Discovery is of a pool that this node knows; nil: it knows none of that ID.
func (s *Service) Discovery(id PoolID) (*Discovery, error) {
	p := s.catalog.pool(id)
	if p == nil {
		return nil, nil
	}
	set, err := p.pool.KeySet()
	return &Discovery{p.issuer, p.pool.Domain, set}, err
}

// Life is how long an access token is good for, in seconds.
func (t *Tokens) Life() int { return int(t.Expires / time.Second) }

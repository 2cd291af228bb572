package userpool

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// DefaultFlows are a client's for which none were set (API reference,
// CreateUserPoolClient).
func DefaultFlows() []string {
	return []string{"ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH"}
}

// CreateClient makes an app client; secret is its secret, "" for none and
// "new" drawn when generate is set.
func (s *Service) CreateClient(ctx context.Context, scope apigw.Scope, pool PoolID, set ClientSettings, generate bool, secret string) (*Client, string, error) {
	c := &Client{ID: ClientID(randomText(lowers+digits, 26)), Pool: pool, ClientSettings: set, Created: s.seconds()}
	c.Modified = c.Created
	if generate {
		secret = randomText(lowers+digits, 51)
	}
	if secret != "" {
		var err error
		if c.Sealed, err = s.records.Seal(scope, clientKey(pool, c.ID), []byte(secret)); err != nil {
			return nil, "", err
		}
	}
	return c, secret, s.view(ctx, scope, pool, func(t *txn, p *Pool) error {
		if err := t.checkClient(p, c); err != nil {
			return err
		}
		if err := t.count(pool, clientsCount, 1, s.limits.Clients, "app clients"); err != nil {
			return err
		}
		return put(t, clientKey(pool, c.ID), c)
	})
}

// checkClient completes a client's settings and refuses those that contradict
// or that the pool doesn't have.
func (t *txn) checkClient(p *Pool, c *Client) error {
	if c.Flows == nil {
		c.Flows = DefaultFlows()
	}
	if c.Session == 0 {
		c.Session = 3
	}
	if err := checkFlows(c.Flows); err != nil {
		return err
	}
	if err := c.checkLives(); err != nil {
		return err
	}
	schema := CompleteSchema(p.Schema)
	for _, list := range [][]string{c.Read, c.Write} {
		for _, name := range list {
			if !slices.ContainsFunc(schema, func(a Attribute) bool { return a.Name == name }) {
				return errorf(invalidParameter, "Invalid read or write attributes specified while creating a client: %s", name)
			}
		}
	}
	for _, name := range c.Write {
		if name == "sub" || strings.HasSuffix(name, "_verified") {
			return errorf(invalidParameter, "Invalid write attributes specified while creating a client: %s", name)
		}
	}
	if c.Write != nil {
		for _, a := range schema {
			if a.Required && a.Name != "sub" && !slices.Contains(c.Write, a.Name) {
				return errorf(invalidParameter, "Invalid write attributes specified while creating a client: the required attribute %s is missing", a.Name)
			}
		}
	}
	return t.checkOAuth(p, c)
}

func checkFlows(flows []string) error {
	legacy, current := false, false
	for _, f := range flows {
		if strings.HasPrefix(f, "ALLOW_") {
			current = true
		} else {
			legacy = true
		}
	}
	if legacy && current {
		return errorf(invalidParameter, "Cannot use values with ALLOW_ prefix along with values without ALLOW_ prefix in ExplicitAuthFlows.")
	}
	if slices.Contains(flows, "ALLOW_USER_AUTH") || slices.Contains(flows, "CUSTOM_AUTH_FLOW_ONLY") {
		return errorf(invalidParameter, "Gatehouse doesn't serve the auth flows USER_AUTH and CUSTOM_AUTH: leave ALLOW_USER_AUTH and CUSTOM_AUTH_FLOW_ONLY out of ExplicitAuthFlows")
	}
	return nil
}

// checkLives checks how long tokens are good for (API reference,
// CreateUserPoolClient).
func (c *ClientSettings) checkLives() error {
	const day = 24 * time.Hour
	for _, v := range []struct {
		name      string
		life      time.Duration
		low, high time.Duration
		text      string
	}{
		{"AccessTokenValidity", c.AccessLife(), 5 * time.Minute, day, "5 minutes and 1 day"},
		{"IdTokenValidity", c.IDLife(), 5 * time.Minute, day, "5 minutes and 1 day"},
		{"RefreshTokenValidity", c.RefreshLife(), time.Hour, 3650 * day, "60 minutes and 3650 days"},
	} {
		if v.life < v.low || v.life > v.high {
			return errorf(invalidParameter, "Invalid range for token validity: %s must be between %s.", v.name, v.text)
		}
	}
	if c.RefreshLife() < c.AccessLife() || c.RefreshLife() < c.IDLife() {
		return errorf(invalidParameter, "Access token and ID token validity must be less than or equal to refresh token validity.")
	}
	return nil
}

// The scopes that aren't of a resource server.
var standardScopes = []string{"phone", "email", "openid", "profile", selfScope}

func (t *txn) checkOAuth(p *Pool, c *Client) error {
	for _, flow := range c.OAuthFlows {
		if flow != "client_credentials" {
			return errorf(invalidParameter, "Gatehouse has no hosted pages, so it doesn't serve the OAuth flow %s (AllowedOAuthFlows): client_credentials is served", flow)
		}
	}
	if len(c.OAuthFlows) == 0 {
		if len(c.OAuthScopes) > 0 {
			return errorf(invalidParameter, "AllowedOAuthFlows is required if AllowedOAuthScopes is given")
		}
		return nil
	}
	if c.Sealed == nil {
		return errorf(invalidOAuthFlow, "client_credentials flow can not be selected if client does not have a client secret.")
	}
	if len(c.OAuthScopes) > 50 {
		return errorf(invalidParameter, "A client has at most 50 scopes")
	}
	for _, scope := range c.OAuthScopes {
		if slices.Contains(standardScopes, scope) {
			return errorf(invalidOAuthFlow, "client_credentials flow can not be selected along with the scope %s: it takes scopes of resource servers", scope)
		}
		known, err := t.hasScope(p.ID, scope)
		if err != nil {
			return err
		}
		if !known {
			return errorf(scopeDoesNotExist, "The following scopes do not exist: %s", scope)
		}
	}
	return nil
}

// hasScope says whether a resource server of the pool has a scope, which is
// written IDENTIFIER/NAME.
func (t *txn) hasScope(pool PoolID, scope string) (bool, error) {
	i := strings.LastIndexByte(scope, '/')
	if i < 0 {
		return false, nil
	}
	r, err := t.s.records.Get(t.ctx, t.scope, serverKey(pool, scope[:i]))
	if err != nil {
		return false, err
	}
	server, err := decode[Server](r)
	if err != nil || server == nil {
		return false, err
	}
	return slices.ContainsFunc(server.Scopes, func(s Scope) bool { return s.Name == scope[i+1:] }), nil
}

// readClient reads a client into a change.
func (t *txn) readClient(pool PoolID, id ClientID) (*Client, error) {
	c, err := read[Client](t, clientKey(pool, id))
	if err == nil && c == nil {
		err = unknownClient(id)
	}
	return c, err
}

// Client describes an app client, with its secret.
func (s *Service) Client(ctx context.Context, scope apigw.Scope, pool PoolID, id ClientID) (c *Client, secret string, err error) {
	err = s.view(ctx, scope, pool, func(t *txn, p *Pool) error {
		if c, err = t.readClient(pool, id); err != nil {
			return err
		}
		secret, err = s.clientSecret(&place{scope: scope, pool: p}, c)
		return err
	})
	return c, secret, err
}

// Clients lists at most limit clients of a pool by ID, from the one behind
// after on.
func (s *Service) Clients(ctx context.Context, scope apigw.Scope, pool PoolID, after string, limit int) (list []*Client, next string, err error) {
	if err := s.view(ctx, scope, pool, func(*txn, *Pool) error { return nil }); err != nil {
		return nil, "", err
	}
	if after != "" {
		after = clientKey(pool, ClientID(after))
	}
	list, _, more, err := listAll[Client](ctx, s, scope, clientsOf(pool), after, limit)
	if more {
		next = string(list[len(list)-1].ID)
	}
	return list, next, err
}

// UpdateClient replaces a client's settings; what is left out gets its default
// (API reference, UpdateUserPoolClient). The name stays unless one is given.
func (s *Service) UpdateClient(ctx context.Context, scope apigw.Scope, pool PoolID, id ClientID, set ClientSettings) (c *Client, secret string, err error) {
	err = s.view(ctx, scope, pool, func(t *txn, p *Pool) error {
		if c, err = t.readClient(pool, id); err != nil {
			return err
		}
		next := set
		if next.Name == "" {
			next.Name = c.Name
		}
		c.ClientSettings, c.Modified = next, s.seconds()
		if err := t.checkClient(p, c); err != nil {
			return err
		}
		if secret, err = s.clientSecret(&place{scope: scope, pool: p}, c); err != nil {
			return err
		}
		return put(t, clientKey(pool, id), c)
	})
	return c, secret, err
}

// DeleteClient removes a client. Its refresh tokens are of no use any more.
func (s *Service) DeleteClient(ctx context.Context, scope apigw.Scope, pool PoolID, id ClientID) error {
	return s.view(ctx, scope, pool, func(t *txn, p *Pool) error {
		if _, err := t.readClient(pool, id); err != nil {
			return err
		}
		t.remove(clientKey(pool, id))
		return t.count(pool, clientsCount, -1, 0, "")
	})
}

package userpool

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/jwt"
)

// signIn is one sign-in of a user: what its refresh token stands for. When it
// is gone, so are the refresh token and what access tokens may do to the user.
type signIn struct {
	ID      string    `json:"id"` // origin_jti of its tokens
	Client  ClientID  `json:"client"`
	User    string    `json:"user"`
	At      time.Time `json:"at"`
	Expires time.Time `json:"expires"`
	Hash    []byte    `json:"hash"` // of the refresh token's secret
}

func signInKey(pool PoolID, sub, id string) string { return signInsOf(pool, sub) + segment(id) }

// refreshToken is what a refresh token says.
type refreshToken struct {
	Pool   PoolID `json:"p"`
	Sub    string `json:"s"`
	ID     string `json:"i"`
	Secret []byte `json:"k"`
}

const maxToken = 16 << 10 // characters

func parseRefresh(text string) (*refreshToken, error) {
	bad := errorf(notAuthorized, "Invalid Refresh Token")
	if len(text) > maxToken {
		return nil, bad
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, bad
	}
	t := new(refreshToken)
	if err := json.Unmarshal(raw, t); err != nil || len(t.Secret) != 32 || t.ID == "" || t.Sub == "" {
		return nil, bad
	}
	return t, nil
}

// signedIn makes the tokens of a user who has proved who they are, and keeps
// the sign-in. The ID of a session is used once.
func (t *txn) signedIn(p *place, c *Client, u *User, id string) (*Tokens, error) {
	now := t.s.now()
	key := signInKey(p.pool.ID, u.Sub, id)
	if used, err := read[signIn](t, key); err != nil {
		return nil, err
	} else if used != nil {
		return nil, errorf(notAuthorized, "Invalid session for the user, session can only be used once.")
	}
	secret := make([]byte, 32)
	rand.Read(secret) // never fails
	hash := sha256.Sum256(secret)
	in := &signIn{ID: id, Client: c.ID, User: u.Username, At: now.UTC(), Expires: now.Add(c.RefreshLife()).UTC(), Hash: hash[:]}
	if err := t.makeRoom(p.pool.ID, u.Sub, now); err != nil {
		return nil, err
	}
	if err := put(t, key, in); err != nil {
		return nil, err
	}
	groups, err := t.groupsOf(p.pool.ID, u)
	if err != nil {
		return nil, err
	}
	tokens, err := t.s.tokens(p, subject{u, groups, c, in}, now)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(refreshToken{p.pool.ID, u.Sub, id, secret})
	if err != nil {
		return nil, err
	}
	tokens.Refresh = base64.RawURLEncoding.EncodeToString(raw)
	return tokens, nil
}

// makeRoom removes a user's sign-ins that have run out and, when there are too
// many, the oldest.
func (t *txn) makeRoom(pool PoolID, sub string, now time.Time) error {
	list, _, _, err := listAll[signIn](t.ctx, t.s, t.scope, signInsOf(pool, sub), "", 0)
	if err != nil {
		return err
	}
	slices.SortFunc(list, func(a, b *signIn) int { return a.At.Compare(b.At) })
	left := len(list)
	for _, in := range list {
		if (left >= t.s.limits.SignIns || !now.Before(in.Expires)) && len(t.c.Writes) < 40 {
			t.remove(signInKey(pool, sub, in.ID))
			left--
		}
	}
	return nil
}

// Refresh gives new tokens for a refresh token.
func (s *Service) refresh(ctx context.Context, p *place, c *Client, text string, name func(*User) error) (*Tokens, error) {
	r, err := parseRefresh(text)
	if err != nil {
		return nil, err
	}
	if r.Pool != p.pool.ID {
		return nil, errorf(notAuthorized, "Invalid Refresh Token")
	}
	var tokens *Tokens
	err = s.change(ctx, p.scope, func(t *txn) error {
		in, err := read[signIn](t, signInKey(p.pool.ID, r.Sub, r.ID))
		if err != nil {
			return err
		}
		hash := sha256.Sum256(r.Secret)
		switch {
		case in == nil:
			return errorf(notAuthorized, "Refresh Token has been revoked")
		case in.Client != c.ID || subtle.ConstantTimeCompare(hash[:], in.Hash) != 1:
			return errorf(notAuthorized, "Invalid Refresh Token")
		case !s.now().Before(in.Expires):
			return errorf(notAuthorized, "Refresh Token has expired")
		}
		u, err := read[User](t, p.pool.userKey(in.User))
		switch {
		case err != nil:
			return err
		case u == nil || u.Sub != r.Sub:
			return errorf(notAuthorized, "Refresh Token has been revoked")
		case u.Disabled:
			return errorf(notAuthorized, "User is disabled.")
		}
		if err := name(u); err != nil {
			return err
		}
		groups, err := t.groupsOf(p.pool.ID, u)
		if err != nil {
			return err
		}
		tokens, err = s.tokens(p, subject{u, groups, c, in}, s.now())
		return err
	})
	return tokens, err
}

// groupsOf are the groups that a user is in, as they count: those of lower
// precedence first, those without one last.
func (t *txn) groupsOf(pool PoolID, u *User) ([]*Group, error) {
	var list []*Group
	for _, m := range u.Groups {
		r, err := t.s.records.Get(t.ctx, t.scope, groupKey(pool, m.Name))
		if err != nil {
			return nil, err
		}
		g, err := decode[Group](r)
		if err != nil {
			return nil, err
		}
		if g != nil && g.ID == m.ID {
			list = append(list, g)
		}
	}
	slices.SortStableFunc(list, func(a, b *Group) int { return cmp.Compare(a.weight(), b.weight()) })
	return list, nil
}

func (g *Group) weight() int {
	if g.Precedence == nil {
		return 1 << 31
	}
	return *g.Precedence
}

// signOut ends all of a user's sign-ins.
func (t *txn) signOut(pool PoolID, sub string) { t.c.Drop = append(t.c.Drop, signInsOf(pool, sub)) }

// RevokeToken ends the sign-in of a refresh token (API reference,
// RevokeToken). An unknown token is no error.
func (s *Service) RevokeToken(ctx context.Context, id ClientID, secret, token string) error {
	p, c, err := s.catalog.client(id)
	if err != nil {
		return err
	}
	if err := s.checkSecret(p, c, secret); err != nil {
		return err
	}
	r, err := parseRefresh(token)
	switch {
	case err != nil:
		return errorf("UnsupportedTokenTypeException", "Unsupported token type")
	case c.NoRevocation:
		return errorf("UnsupportedOperationException", "Token revocation is not enabled for this client")
	case r.Pool != p.pool.ID:
		return errorf("UnauthorizedException", "The token is of another client")
	}
	return s.change(ctx, p.scope, func(t *txn) error {
		key := signInKey(p.pool.ID, r.Sub, r.ID)
		in, err := read[signIn](t, key)
		hash := sha256.Sum256(r.Secret)
		if err != nil || in == nil || subtle.ConstantTimeCompare(hash[:], in.Hash) != 1 {
			return err
		}
		if in.Client != c.ID {
			return errorf("UnauthorizedException", "The token is of another client")
		}
		t.remove(key)
		return nil
	})
}

// bearer is who an access token stands for.
type bearer struct {
	place  *place
	client *Client
	sub    string
	name   string
	origin string
}

// bearer checks an access token with which a user reads or changes themselves.
func (s *Service) bearer(ctx context.Context, token string) (*bearer, error) {
	bad := errorf(notAuthorized, "Invalid Access Token")
	place := s.placeOf(token)
	if place == nil {
		return nil, bad
	}
	t, err := place.verifier(s.now).Verify(ctx, token)
	if err != nil {
		if strings.Contains(err.Error(), "expired") {
			return nil, errorf(notAuthorized, "Access Token has expired")
		}
		return nil, bad
	}
	if t.Text("token_use") != "access" || t.Text("username") == "" {
		return nil, bad
	}
	if !slices.Contains(t.Scopes(), selfScope) {
		return nil, errorf(notAuthorized, "Access Token does not have required scopes")
	}
	_, c, err := s.catalog.client(ClientID(t.Text("client_id")))
	if err != nil || c.Pool != place.pool.ID {
		return nil, bad
	}
	return &bearer{place, c, t.Text("sub"), t.Text("username"), t.Text("origin_jti")}, nil
}

// asUser runs apply on the user of an access token.
func (s *Service) asUser(ctx context.Context, token string, apply func(*txn, *bearer, *User) error) error {
	b, err := s.bearer(ctx, token)
	if err != nil {
		return err
	}
	return s.change(ctx, b.place.scope, func(t *txn) error {
		u, err := read[User](t, b.place.pool.userKey(b.name))
		switch {
		case err != nil:
			return err
		case u == nil || u.Sub != b.sub:
			return unknownUser()
		case u.Disabled:
			return errorf(notAuthorized, "User is disabled.")
		case b.origin != "":
			if in, err := read[signIn](t, signInKey(b.place.pool.ID, b.sub, b.origin)); err != nil {
				return err
			} else if in == nil {
				return errorf(notAuthorized, "Access Token has been revoked")
			}
		}
		return apply(t, b, u)
	})
}

// verifier checks the tokens of the pool.
func (p *place) verifier(now func() time.Time) *jwt.Issuer {
	return jwt.NewIssuer(jwt.Config{URL: p.issuer, Known: func() *jwt.Keys { return p.keys }, Now: now})
}

// placeOf is the pool that an access token says it is from; nil: none here.
func (s *Service) placeOf(token string) *place {
	parts := strings.Split(token, ".")
	if len(token) > maxToken || len(parts) != 3 {
		return nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil
	}
	var claims struct {
		Issuer string `json:"iss"`
	}
	if err := json.Unmarshal(raw, &claims); err != nil {
		return nil
	}
	id := PoolID(claims.Issuer[strings.LastIndexByte(claims.Issuer, '/')+1:])
	p := s.catalog.pool(id)
	if p == nil || p.issuer != claims.Issuer {
		return nil
	}
	return p
}

package userpool

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Tokens are what a sign-in gives.
type Tokens struct {
	ID, Access string
	Refresh    string        // empty: none
	Expires    time.Duration // of the access token
}

// The kinds of tokens, by the index of the key that signs them.
const (
	identityToken = iota
	accessToken
)

// selfScope lets an access token read and change its user.
const selfScope = "aws.cognito.signin.user.admin"

// sign makes a token of claims.
func (s *Service) sign(p *place, kind int, claims map[string]any) (string, error) {
	p.once.Do(func() { p.private, p.failed = s.signingKeys(p.scope, p.pool) })
	if p.failed != nil {
		return "", p.failed
	}
	header, err := json.Marshal(map[string]string{"kid": p.pool.Keys[kind].ID, "alg": "RS256"})
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encode claims: %w", err)
	}
	text := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(payload)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, p.private[kind], crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// subject is whose tokens are made.
type subject struct {
	user   *User
	groups []*Group // as they count: by precedence
	client *Client
	signIn *signIn
}

// tokens makes a user's tokens (developer guide, "Understanding user pool JSON
// web tokens").
func (s *Service) tokens(p *place, of subject, now time.Time) (*Tokens, error) {
	event := newUUID()
	common := func(use string, life time.Duration) map[string]any {
		m := map[string]any{
			"sub": of.user.Sub, "iss": p.issuer, "token_use": use, "event_id": event, "auth_time": of.signIn.At.Unix(),
			"iat": now.Unix(), "exp": now.Add(life).Unix(), "jti": newUUID(),
		}
		if !of.client.NoRevocation {
			m["origin_jti"] = of.signIn.ID
		}
		if len(of.groups) > 0 {
			m["cognito:groups"] = groupNames(of.groups)
		}
		return m
	}
	access := common("access", of.client.AccessLife())
	access["client_id"], access["username"], access["scope"] = of.client.ID, of.user.Username, selfScope
	identity := common("id", of.client.IDLife())
	identity["aud"], identity["cognito:username"] = of.client.ID, of.user.Username
	addRoles(identity, of.groups)
	for _, v := range of.user.Attributes {
		if of.client.mayRead(v.Name) {
			identity[v.Name] = claim(v)
		}
	}
	t := &Tokens{Expires: of.client.AccessLife()}
	var err error
	if t.ID, err = s.sign(p, identityToken, identity); err != nil {
		return nil, err
	}
	t.Access, err = s.sign(p, accessToken, access)
	return t, err
}

// claim is an attribute as identity tokens carry it.
func claim(v Value) any {
	switch v.Name {
	case "email_verified", "phone_number_verified":
		return v.Value == "true"
	case "address":
		return map[string]string{"formatted": v.Value}
	case "updated_at":
		return json.Number(v.Value)
	}
	return v.Value
}

func groupNames(groups []*Group) []string {
	list := make([]string, len(groups))
	for i, g := range groups {
		list[i] = g.Name
	}
	return list
}

// addRoles adds the groups' roles: all of them, and the one of the group with
// the lowest precedence where that is a single one (developer guide, "Adding
// groups to a user pool").
func addRoles(claims map[string]any, groups []*Group) {
	var roles []string
	for _, g := range groups {
		if g.Role != "" {
			roles = append(roles, g.Role)
		}
	}
	if len(roles) == 0 {
		return
	}
	claims["cognito:roles"] = roles
	first := groups[0]
	if first.Role == "" || first.Precedence == nil {
		return
	}
	for _, g := range groups[1:] {
		if g.Precedence != nil && *g.Precedence == *first.Precedence && g.Role != first.Role {
			return
		}
	}
	claims["cognito:preferred_role"] = first.Role
}

// clientToken is the access token of a client that acts for itself.
func (s *Service) clientToken(p *place, c *Client, scopes []string, now time.Time) (string, error) {
	return s.sign(p, accessToken, map[string]any{
		"sub": c.ID, "token_use": "access", "scope": strings.Join(scopes, " "), "auth_time": now.Unix(), "iss": p.issuer,
		"exp": now.Add(c.AccessLife()).Unix(), "iat": now.Unix(), "version": 2, "jti": newUUID(), "client_id": c.ID,
	})
}

// newUUID is a random UUID of version 4.
func newUUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

package identity

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/jwt"
)

// Federation is a session that began with a token of an OpenID Connect
// provider.
type Federation struct {
	Session
	Subject, Audience, Provider string
}

// AssumeWithToken begins a session of a role for who holds a token: of a
// provider that the role's account knows, for one of its clients, and within what the
// role's trust says of its claims (STS API reference,
// AssumeRoleWithWebIdentity). The call itself isn't signed.
func (d *Directory) AssumeWithToken(ctx context.Context, in Assumption, token string) (*Federation, error) {
	s := d.state.Load()
	denied := refuse(AccessDenied, "Not authorized to perform sts:AssumeRoleWithWebIdentity")
	role := s.roles[in.RoleARN]
	if role == nil {
		return nil, denied
	}
	p, err := s.issuerOf(role.Account, token)
	if err != nil {
		return nil, err
	}
	t, err := d.verify(ctx, p, token)
	if err != nil {
		return nil, err
	}
	tags, _ := sessionTags(nil, nil, nil)
	ask := iam.Request{
		Action: "sts:AssumeRoleWithWebIdentity", Resource: role.ARN, Principal: iam.Principal{Federated: p.arn},
		Keys: overlay{claimKeys(p, t), assumeKeys(&in, tags)},
	}
	if iam.Evaluate([]*iam.Policy{role.Trust}, &ask).Effect != iam.Allow {
		return nil, denied
	}
	begun, err := d.beginRole(role, s.scope.Partition, &in, tags, false, p.arn)
	if err != nil {
		return nil, err
	}
	return &Federation{*begun, t.Text("sub"), audience(t), p.arn}, nil
}

// issuerOf is the provider that a token says it is from, which isn't believed
// yet.
func (s *state) issuerOf(account, token string) (*provider, error) {
	parts := strings.Split(token, ".")
	var claims struct {
		Issuer string `json:"iss"`
	}
	if len(parts) == 3 {
		if payload, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil {
			_ = json.Unmarshal(payload, &claims) // else no issuer is named
		}
	}
	if claims.Issuer == "" {
		return nil, refuse(InvalidIdentityToken, "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	}
	if p := s.providers[place{account, claims.Issuer}]; p != nil {
		return p, nil
	}
	return nil, refuse(InvalidIdentityToken, "No OpenIDConnect provider found in your account for %s", clip(claims.Issuer))
}

func clip(s string) string {
	if len(s) > 256 {
		return s[:256]
	}
	return s
}

func (d *Directory) verify(ctx context.Context, p *provider, token string) (*jwt.Token, error) {
	if d.config.Verify == nil {
		return nil, refuse(IDPCommunicationError, "Gatehouse can't reach identity providers")
	}
	t, err := d.config.Verify(ctx, p.url, token)
	if err != nil {
		text := err.Error()
		switch {
		case text == "the token has expired":
			return nil, refuse(ExpiredIdentityToken, "Token expired")
		case strings.Contains(text, "communication error"):
			return nil, refuse(InvalidIdentityToken, "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements")
		}
		if own, ok := errors.AsType[*jwt.Error](err); ok {
			return nil, refuse(InvalidIdentityToken, "%s", own.Text)
		}
		return nil, err
	}
	if !slices.Contains(p.clients, audience(t)) && !slices.ContainsFunc(t.Audience(), func(a string) bool { return slices.Contains(p.clients, a) }) {
		return nil, refuse(InvalidIdentityToken, "Incorrect token audience")
	}
	return t, nil
}

// audience is whom a token is for: azp where it has one, else aud (IAM user
// guide, "Available keys for AWS OIDC federation").
func audience(t *jwt.Token) string {
	if azp := t.Text("azp"); azp != "" {
		return azp
	}
	if list := t.Audience(); len(list) > 0 {
		return list[0]
	}
	return ""
}

// claimKeys are the condition keys that a token's claims are: issuer:aud and
// its like, under the issuer's name without a scheme.
func claimKeys(p *provider, t *jwt.Token) map[string][]string {
	prefix := strings.ToLower(p.host) + ":"
	keys := map[string][]string{"aws:federatedprovider": {p.arn}}
	add := func(name string, values ...string) {
		if len(values) > 0 && values[0] != "" {
			keys[prefix+name] = values
		}
	}
	add("sub", t.Text("sub"))
	add("email", t.Text("email"))
	if t.Text("azp") != "" {
		add("aud", t.Text("azp"))
		add("oaud", t.Audience()...)
	} else {
		add("aud", t.Audience()...)
	}
	if list, ok := t.Claims["amr"].([]any); ok {
		var amr []string
		for _, v := range list {
			if s, ok := v.(string); ok {
				amr = append(amr, s)
			}
		}
		add("amr", amr...)
	}
	return keys
}

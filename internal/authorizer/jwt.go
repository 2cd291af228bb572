package authorizer

import (
	"errors"
	"slices"

	"github.com/gatehouse/gatehouse/internal/jwt"
)

// JWT asks whether a token is one of an issuer's for this API (developer
// guide, "Control access to HTTP APIs with JWT authorizers").
type JWT struct {
	Issuer   *jwt.Issuer
	Audience []string // one of them must be in aud or, without aud, be client_id
}

// Ask is the answer for a token on a route with scopes, of which the token
// must have one; none: any token is good, also an identity token. The error is
// an *Error: Unauthorized with a Text in words that AWS shows, or Forbidden when
// the token is good and has none of the scopes.
func (j *JWT) Ask(client Client, token []byte, scopes []string) (*Answer, error) {
	t := j.Issuer.Recall(token)
	var err error
	if t == nil {
		t, err = j.Issuer.Verify(client.Context(), string(token))
	}
	if err != nil {
		text := err.Error()
		if own, ok := errors.AsType[*jwt.Error](err); ok {
			text = own.Text
		}
		return nil, &Error{Kind: Unauthorized, Text: text, Cause: err}
	}
	if !j.addressed(t) {
		return nil, &Error{Kind: Unauthorized, Text: "the token does not have a valid audience"}
	}
	a := &Answer{Token: t, PrincipalID: t.Text("sub")}
	if len(scopes) == 0 {
		return a, nil
	}
	a.Scopes = t.Scopes()
	if slices.ContainsFunc(a.Scopes, func(have string) bool { return slices.Contains(scopes, have) }) {
		return a, nil
	}
	return nil, &Error{Kind: Forbidden, Text: "the token does not have a scope that the route requires"}
}

// addressed says that the token is for one of the audiences. client_id counts
// only when there is no aud at all: an aud that is empty or of another kind is
// one that doesn't match.
func (j *JWT) addressed(t *jwt.Token) bool {
	if _, there := t.Claims["aud"]; there {
		return slices.ContainsFunc(t.Audience(), func(have string) bool { return slices.Contains(j.Audience, have) })
	}
	client := t.Text("client_id")
	return client != "" && slices.Contains(j.Audience, client)
}

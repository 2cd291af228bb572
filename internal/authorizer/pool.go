package authorizer

import (
	"bytes"
	"errors"

	"github.com/gatehouse/gatehouse/internal/jwt"
)

// Pools asks user pools who a client is: a token must be one of theirs.
type Pools struct{ Issuers []*jwt.Issuer }

// Ask is the answer for a token. The error is an *Error.
func (p *Pools) Ask(client Client, token []byte) (*Answer, error) {
	t, err := p.verify(client, token)
	if err != nil {
		return nil, err
	}
	return &Answer{Token: t, PrincipalID: t.Text("sub")}, nil
}

// verify tries the pool that the token says it is from. A token that has
// expired is told so (seen on AWS).
func (p *Pools) verify(client Client, token []byte) (*jwt.Token, error) {
	for _, i := range p.Issuers {
		if t := i.Recall(token); t != nil {
			return t, nil
		}
	}
	var last error
	for _, i := range p.Issuers {
		t, err := i.Verify(client.Context(), string(token))
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

// Bearer is the token in an identity source's value: all of it, or what
// follows Bearer (developer guide, "JWT authorizers"; of user pools seen on
// AWS).
func Bearer(value []byte) []byte {
	const scheme = "bearer "
	if len(value) >= len(scheme) && bytes.EqualFold(value[:len(scheme)], []byte(scheme)) {
		value = value[len(scheme):]
	}
	return bytes.TrimSpace(value)
}

package control

import (
	"context"
	"errors"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// claimRoot begins the records that say whose public domain names are:
// /gatehouse/-/-/-/domain/{parent}. The names under one parent share a record,
// so that a wildcard and the names that it covers can't be claimed at once by
// two accounts.
const claimRoot = KeyRoot + "-/-/-/domain/"

// domainClaims are the scopes that have the names under one parent, by the
// name's first label.
type domainClaims map[string]apigw.Scope

// claims reads the claims beside a name and holds s to them.
func (c *Control) claims(ctx context.Context, s *scopeChange, name string) (key, label string, claims domainClaims, err error) {
	label, parent, _ := strings.Cut(name, ".")
	key = claimRoot + segment(parent)
	claims = domainClaims{}
	r, err := c.store.Get(ctx, key)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return "", "", nil, err
	}
	if err == nil {
		stored, _, err := decodeRecord[domainClaims](r)
		if err != nil {
			return "", "", nil, err
		}
		claims = *stored
	}
	s.txn.If = append(s.txn.If, store.Condition{Key: key, Revision: r.Revision})
	return key, label, claims, nil
}

// claimDomain adds that a public name is the scope's. A name belongs to one
// account, in one region: it is all that a request says. A wildcard and a name
// that it covers belong to one account (developer guide, "Wildcard custom
// domain names").
func (c *Control) claimDomain(ctx context.Context, s *scopeChange, name string) error {
	key, label, claims, err := c.claims(ctx, s, name)
	if err != nil {
		return err
	}
	if _, taken := claims[label]; taken { // AWS's words, as reported in the field
		return apigw.Errorf(apigw.BadRequest, "The domain name you provided already exists.")
	}
	for other, owner := range claims {
		if owner.Account != s.scope.Account && (other == "*" || label == "*") {
			return apigw.Errorf(apigw.BadRequest, "The domain name %s overlaps with a domain name of another account: a wildcard and the names that it covers belong to one account", name)
		}
	}
	claims[label] = s.scope
	raw, err := encodeRecord(key, &claims, nil)
	if err == nil {
		s.set(key, raw)
	}
	return err
}

// releaseDomain gives a name back.
func (c *Control) releaseDomain(ctx context.Context, s *scopeChange, name string) error {
	key, label, claims, err := c.claims(ctx, s, name)
	if err != nil {
		return err
	}
	delete(claims, label)
	if len(claims) == 0 {
		s.remove(key)
		return nil
	}
	raw, err := encodeRecord(key, &claims, nil)
	if err == nil {
		s.set(key, raw)
	}
	return err
}

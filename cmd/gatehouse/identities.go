package main

import (
	"context"
	"sync"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/authorizer"
	"github.com/gatehouse/gatehouse/internal/config"
	"github.com/gatehouse/gatehouse/internal/identity"
	"github.com/gatehouse/gatehouse/internal/jwt"
)

// newDirectory is who may call, as the configuration has it; the store's
// identities come with it.
func (p *program) newDirectory(issuers *authorizer.Issuers) (*identity.Directory, error) {
	return identity.New(identity.Config{
		Scope: p.config.Scope(), Configured: configured(p.config), Enforced: p.config.Identities.HasCallers(),
		Sealer: p.sessionSealer(),
		Verify: func(ctx context.Context, issuer, token string) (*jwt.Token, error) {
			return issuers.Of(issuer).Verify(ctx, token)
		},
	})
}

// sessionSealer is the master key once it could be read. Whether it is the
// store's makes no difference: what another one sealed doesn't open.
func (p *program) sessionSealer() func() (identity.Sealer, error) {
	var mu sync.Mutex // guards known
	var known identity.Sealer
	return func() (identity.Sealer, error) {
		mu.Lock()
		defer mu.Unlock()
		if known != nil {
			return known, nil
		}
		key, err := p.sealer()
		if err != nil {
			return nil, err
		}
		known = key
		return key, nil
	}
}

// configured are the identities of the configuration; nil: there are none.
func configured(c *config.Config) *apigw.IdentitySet {
	if c.Identities == nil {
		return nil
	}
	set := new(apigw.IdentitySet)
	for _, u := range c.Identities.Users {
		user := &apigw.User{Name: u.Name, Account: u.Account, Groups: u.Groups, Policies: documents(u.Policies)}
		for _, k := range u.AccessKeys {
			user.Keys = append(user.Keys, apigw.UserKey{ID: k.ID, Secret: k.Secret.Value()})
		}
		set.Users = append(set.Users, user)
	}
	for _, g := range c.Identities.Groups {
		set.Groups = append(set.Groups, &apigw.Group{Name: g.Name, Policies: documents(g.Policies)})
	}
	for _, r := range c.Identities.Roles {
		set.Roles = append(set.Roles, &apigw.Role{Name: r.Name, Trust: r.Trust, Policies: documents(r.Policies), MaxSession: int(time.Duration(r.MaxSession).Seconds())})
	}
	for _, p := range c.Identities.Providers {
		set.Providers = append(set.Providers, &apigw.Provider{URL: p.URL, ClientIDs: p.ClientIDs})
	}
	return set
}

func documents(list []config.Policy) []apigw.NamedPolicy {
	var out []apigw.NamedPolicy
	for _, p := range list {
		out = append(out, apigw.NamedPolicy{Name: p.Name, Document: p.Document})
	}
	return out
}

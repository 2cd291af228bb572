package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/authorizer"
	"github.com/gatehouse/gatehouse/internal/config"
	"github.com/gatehouse/gatehouse/internal/control"
	"github.com/gatehouse/gatehouse/internal/identity"
	"github.com/gatehouse/gatehouse/internal/jwt"
)

// newDirectory is who may call, as the configuration has it; the store's
// identities come with it.
func (p *program) newDirectory(issuers *authorizer.Issuers) (*identity.Directory, error) {
	return identity.New(identity.Config{
		Scope: p.config.Scope(), Configured: configured(p.config), Organizations: organizations(p.config.Identities), Enforced: p.config.Identities.HasCallers(),
		Sealer: p.sessionSealer(), Pending: true,
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

// organizations are the places of accounts in organizations.
func organizations(c *config.Identities) map[string]*identity.Organization {
	of := map[string]*identity.Organization{}
	if c == nil {
		return of
	}
	for _, o := range c.Organizations {
		for account, path := range o.Accounts {
			at := &identity.Organization{ID: o.ID, Path: o.ID + "/"}
			if path != "" {
				at.Path += strings.TrimSuffix(path, "/") + "/"
			}
			of[account] = at
		}
	}
	return of
}

func documents(list []config.Policy) []apigw.NamedPolicy {
	var out []apigw.NamedPolicy
	for _, p := range list {
		out = append(out, apigw.NamedPolicy{Name: p.Name, Document: p.Document})
	}
	return out
}

// identityOptions are those of the store's identities without who follows.
func (p *program) identityOptions() control.IdentityOptions {
	c := p.config.Identities
	set := configured(p.config)
	return control.IdentityOptions{
		Partition: p.config.Partition, Users: c != nil && len(c.Users) > 0, NewID: identity.NewID, NewSecret: identity.NewSecret,
		Configures: func(what, account, name string) bool { return identity.Has(set, p.config.Account, what, account, name) },
	}
}

// newIdentities is the identities of the store, told to the directory.
func (p *program) newIdentities(c *control.Control) *control.Identities {
	o := p.identityOptions()
	o.Changed, o.Keep = p.updateDirectory, p.keepIdentities
	return control.NewIdentities(c, o)
}

func (p *program) updateDirectory(stored *apigw.IdentitySet) {
	if err := p.directory.Update(stored); err != nil {
		p.log.Error("not all stored identities can be used; who can't be isn't let in", "error", err)
	}
}

// keptIdentities is the file that remembers the stored identities, their
// secrets sealed, for a start without the store.
func (p *program) keptIdentities() string { return filepath.Join(p.config.Data, "identities.json") }

func (p *program) keepIdentities(records []byte) {
	if err := writeWhole(p.keptIdentities(), records); err != nil {
		p.log.Warn("the stored identities can't be kept: without the store, they aren't let in after a restart", "error", err)
	}
}

// settleIdentities waits until the stored identities are known, for a while.
// When the store says nothing, those that it had are let in; when nobody knows
// whether it has any, nobody is.
func (p *program) settleIdentities(ctx context.Context) {
	pl := p.plane.Load()
	if pl.identities != nil && p.tells(ctx, pl.identities.Loaded(), "the store doesn't tell of its identities; those that it had are let in") {
		return
	}
	raw, err := os.ReadFile(p.keptIdentities())
	if errors.Is(err, fs.ErrNotExist) && pl.identities == nil {
		p.updateDirectory(new(apigw.IdentitySet)) // there is no store to know better, nor one to change
		return
	}
	set := new(apigw.IdentitySet)
	if err == nil {
		set, err = control.DecodeIdentities(raw, p.sealer)
	}
	if err != nil {
		p.log.Error("stored identities can't be remembered", "error", err)
	}
	if raw == nil {
		return
	}
	if pl.identities == nil {
		p.updateDirectory(set)
		return
	}
	pl.identities.Assume(set)
}

// checkDoors refuses to be reachable from other machines while nobody may
// sign.
func (p *program) checkDoors() error {
	if !p.directory.Open() {
		return nil
	}
	for i, l := range p.control.listeners {
		if !isLoopback(l.Addr()) {
			return fmt.Errorf("control %s: reachable from other machines: configure identities, or listen on loopback (see also gatehouse identity)", p.config.Control[i].Address)
		}
	}
	return nil
}

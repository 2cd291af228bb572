package userpool

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

const letters = lowers + uppers + digits

// PoolState is a pool with what is counted of it.
type PoolState struct {
	*Pool
	Users int
}

// CreatePool makes a pool with signing keys of its own.
func (s *Service) CreatePool(ctx context.Context, scope apigw.Scope, name string, set Settings) (*Pool, error) {
	var err error
	if set.Schema, err = checkSchema(set.Schema); err != nil {
		return nil, err
	}
	if err := checkSettings(&set); err != nil {
		return nil, err
	}
	id := PoolID(scope.Region + "_" + randomText(letters, 9))
	p := &Pool{ID: id, Name: name, Settings: set, Created: s.seconds()}
	p.Modified = p.Created
	seal := func(plain []byte) ([]byte, error) { return s.records.Seal(scope, poolKey(id), plain) }
	if err := s.compute(ctx, func() error { p.Keys, err = newKeys(seal); return err }); err != nil {
		return nil, err
	}
	secret := make([]byte, 32)
	rand.Read(secret) // never fails
	if p.Blind, err = seal(secret); err != nil {
		return nil, err
	}
	return p, s.change(ctx, scope, func(t *txn) error {
		others, _, err := s.records.List(ctx, scope, PoolPrefix, "", s.limits.Pools)
		if err != nil {
			return err
		}
		if len(others) >= s.limits.Pools {
			return errorf(limitExceeded, "Exceeded the limit of user pools: %d", s.limits.Pools)
		}
		if other, err := read[Pool](t, poolKey(id)); err != nil || other != nil {
			return errorf(tooManyRequests, "Try again") // one ID in 10^16 is drawn twice
		}
		if err := put(t, countKey(id), &counts{}); err != nil {
			return err
		}
		return put(t, poolKey(id), p)
	})
}

// checkSettings completes settings and refuses those that contradict.
func checkSettings(set *Settings) error {
	if len(set.Aliases) > 0 && len(set.UsernameAttributes) > 0 {
		return errorf(invalidParameter, "Only one of the aliasAttributes or usernameAttributes can be set in a user pool.")
	}
	if len(set.Tags) > 50 {
		return errorf(invalidParameter, "A user pool has at most 50 tags")
	}
	for _, list := range [][]string{set.AutoVerified, set.Aliases, set.UsernameAttributes, set.Recovery} {
		for i, v := range list {
			if slices.Contains(list[:i], v) {
				return errorf(invalidParameter, "%s is given twice", v)
			}
		}
	}
	if slices.Contains(set.Recovery, "admin_only") && len(set.Recovery) > 1 {
		return errorf(invalidParameter, "Invalid account recovery setting: admin_only can't be combined with others")
	}
	if set.Password.TemporaryDays == 0 {
		set.Password.TemporaryDays = DefaultPolicy().TemporaryDays
	}
	if set.Password.MinimumLength == 0 {
		set.Password.MinimumLength = 6 // what a policy without one has
	}
	if set.Tier == "" {
		set.Tier = "ESSENTIALS"
	}
	return nil
}

// Pool describes a pool.
func (s *Service) Pool(ctx context.Context, scope apigw.Scope, id PoolID) (*PoolState, error) {
	out := &PoolState{}
	err := s.view(ctx, scope, id, func(t *txn, p *Pool) error {
		c, err := read[counts](t, countKey(id))
		if out.Pool = p; c != nil {
			out.Users = c.Users
		}
		return err
	})
	return out, err
}

// Pools lists at most limit pools by ID, from the one behind after on.
func (s *Service) Pools(ctx context.Context, scope apigw.Scope, after string, limit int) (list []*Pool, next string, err error) {
	if after != "" {
		after = poolKey(PoolID(after))
	}
	list, _, more, err := listAll[Pool](ctx, s, scope, PoolPrefix, after, limit)
	if more {
		next = string(list[len(list)-1].ID)
	}
	return list, next, err
}

// UpdatePool replaces what may change of a pool; what is left out gets its
// default (API reference, UpdateUserPool). The name stays unless one is given.
func (s *Service) UpdatePool(ctx context.Context, scope apigw.Scope, id PoolID, name string, set Settings) error {
	return s.view(ctx, scope, id, func(t *txn, p *Pool) error {
		set := set
		set.Aliases, set.UsernameAttributes, set.CaseSensitive, set.Schema = p.Aliases, p.UsernameAttributes, p.CaseSensitive, p.Schema
		if set.Tier == "" {
			set.Tier = p.Tier
		}
		if err := checkSettings(&set); err != nil {
			return err
		}
		if name != "" {
			p.Name = name
		}
		p.Settings, p.Modified = set, s.seconds()
		return put(t, poolKey(id), p)
	})
}

// DeletePool removes a pool with everything in it.
func (s *Service) DeletePool(ctx context.Context, scope apigw.Scope, id PoolID) error {
	return s.view(ctx, scope, id, func(t *txn, p *Pool) error {
		switch {
		case p.DeletionProtection:
			return errorf(invalidParameter, "The user pool cannot be deleted because deletion protection is activated. Deletion protection must be inactivated first.")
		case p.Domain != "":
			return errorf(invalidParameter, "User pool cannot be deleted. It has a domain configured that should be deleted first.")
		}
		if _, err := read[counts](t, countKey(id)); err != nil {
			return err
		}
		t.remove(poolKey(id))
		t.c.Drop = append(t.c.Drop, clientsOf(id), dataOf(id))
		return nil
	})
}

// domain is which pool has a domain.
type domain struct {
	Pool PoolID `json:"pool"`
	// Account is whose the pool is.
	Account string `json:"account"`
}

// CreateDomain gives a pool the prefix of its token endpoint.
func (s *Service) CreateDomain(ctx context.Context, scope apigw.Scope, id PoolID, name string) error {
	for _, word := range []string{"aws", "amazon", "cognito"} {
		if strings.Contains(name, word) {
			return errorf(invalidParameter, "Domain cannot contain reserved word: %s", word)
		}
	}
	return s.view(ctx, scope, id, func(t *txn, p *Pool) error {
		other, err := read[domain](t, domainKey(name))
		switch {
		case err != nil:
			return err
		case other != nil || s.catalog.domain(name) != nil:
			return errorf(invalidParameter, "Domain already exists.")
		case p.Domain != "":
			return errorf(invalidParameter, "User pool already has a domain configured.")
		}
		p.Domain, p.Modified = name, s.seconds()
		if err := put(t, domainKey(name), &domain{id, scope.Account}); err != nil {
			return err
		}
		return put(t, poolKey(id), p)
	})
}

// DomainPool is the pool that has a domain; empty: none.
func (s *Service) DomainPool(ctx context.Context, scope apigw.Scope, name string) (id PoolID, err error) {
	err = s.change(ctx, scope, func(t *txn) error {
		d, err := read[domain](t, domainKey(name))
		if d != nil {
			id = d.Pool
		}
		return err
	})
	return id, err
}

// DeleteDomain takes a pool's domain away.
func (s *Service) DeleteDomain(ctx context.Context, scope apigw.Scope, id PoolID, name string) error {
	return s.view(ctx, scope, id, func(t *txn, p *Pool) error {
		if p.Domain != name {
			return errorf(invalidParameter, "No such domain or user pool exists.")
		}
		p.Domain, p.Modified = "", s.seconds()
		t.remove(domainKey(name))
		return put(t, poolKey(id), p)
	})
}

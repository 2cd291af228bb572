package control

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
	"github.com/gatehouse/gatehouse/internal/tlspolicy"
)

// How many domain names an account has in a region, and mappings a name
// (developer guide, "Amazon API Gateway quotas").
const (
	maxPublicDomains  = 120
	maxPrivateDomains = 50
	maxMappings       = 200
)

func domainRecord(scope apigw.Scope, name string, id apigw.DomainID) string {
	return kindPrefix(scope, KeyDomain) + segment(apigw.DomainKey(name, id))
}

// DomainARN names a domain name in policies and for tags.
func DomainARN(scope apigw.Scope, d *apigw.DomainName) apigw.ARN {
	account := ""
	if d.ID != "" {
		account = scope.Account
	}
	return apigw.ARN("arn:" + scope.Partition + ":apigateway:" + scope.Region + ":" + account + ":/domainnames/" + d.Key())
}

func unknownDomain() *apigw.Error {
	return apigw.Errorf(apigw.NotFound, "Invalid domain name identifier specified")
}

// DomainName returns one domain name; without an ID, a public one.
func (c *Control) DomainName(ctx context.Context, scope apigw.Scope, name string, id apigw.DomainID) (*apigw.DomainName, error) {
	r, err := c.store.Get(ctx, domainRecord(scope, name, id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, unknownDomain()
	}
	if err != nil {
		return nil, storeError(err)
	}
	d, _, err := decodeRecord[apigw.DomainName](r)
	if err == nil {
		d.Scope = scope
	}
	return d, storeError(err)
}

// DomainNames lists the domain names of a scope by key.
func (c *Control) DomainNames(ctx context.Context, scope apigw.Scope) ([]*apigw.DomainName, error) {
	list, err := listRecords[apigw.DomainName](ctx, c, kindPrefix(scope, KeyDomain))
	for _, d := range list {
		d.Scope = scope
	}
	slices.SortFunc(list, func(a, b *apigw.DomainName) int {
		if a.Key() < b.Key() {
			return -1
		}
		return 1
	})
	return list, storeError(err)
}

// CreateDomainName adds a domain name; what AWS makes up for one is made here.
func (c *Control) CreateDomainName(ctx context.Context, scope apigw.Scope, d apigw.DomainName) (*apigw.DomainName, error) {
	if err := checkDomainName(d.Name); err != nil {
		return nil, err
	}
	if err := c.checkDomain(scope, &d); err != nil {
		return nil, err
	}
	var err error
	if d.MutualTLS, err = c.loadTruststore(ctx, &d); err != nil {
		return nil, err
	}
	var made *apigw.DomainName
	err = c.changeScope(ctx, scope, func(s *scopeChange) error {
		fresh := d
		fresh.Scope = scope
		if err := c.admitDomain(ctx, s, &fresh); err != nil {
			return err
		}
		if err := c.completeDomain(scope, &fresh, nil); err != nil {
			return err
		}
		if err := c.useCertificates(ctx, s, nil, &fresh); err != nil {
			return err
		}
		made = &fresh
		return putDomain(s, &fresh)
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// admitDomain claims a public name, and gives a private one its ID.
func (c *Control) admitDomain(ctx context.Context, s *scopeChange, d *apigw.DomainName) error {
	list, err := c.DomainNames(ctx, s.scope)
	if err != nil {
		return err
	}
	same := 0
	for _, other := range list {
		if other.Private() == d.Private() {
			same++
		}
	}
	if !d.Private() {
		if err := s.count(&same, "custom domain names", maxPublicDomains); err != nil {
			return err
		}
		return c.claimDomain(ctx, s, d.Name)
	}
	if err := s.count(&same, "private custom domain names", maxPrivateDomains); err != nil {
		return err
	}
	id, err := c.freeScopeID(ctx, kindPrefix(s.scope, KeyDomain)+segment(d.Name+"+"), 10)
	d.ID = apigw.DomainID(id)
	return err
}

// UpdateDomainName changes a domain name's settings, but for its mappings.
func (c *Control) UpdateDomainName(ctx context.Context, scope apigw.Scope, name string, id apigw.DomainID, mutate func(*apigw.DomainName) error) (*apigw.DomainName, error) {
	truststore, err := c.truststoreOf(ctx, scope, name, id, mutate)
	if err != nil {
		return nil, err
	}
	return c.changeDomain(ctx, scope, name, id, func(s *scopeChange, d *apigw.DomainName) error {
		old := *d
		d.Types, d.Tags = slices.Clone(d.Types), maps.Clone(d.Tags)
		if err := mutate(d); err != nil {
			return err
		}
		if old.Private() != d.Private() {
			return apigw.Errorf(apigw.BadRequest, "A domain name can't move between PRIVATE and the public endpoint types. Create another one, and delete this one")
		}
		if err := c.checkDomain(scope, d); err != nil {
			return err
		}
		if err := truststore.apply(d); err != nil {
			return err
		}
		if err := c.completeDomain(scope, d, &old); err != nil {
			return err
		}
		return c.useCertificates(ctx, s, &old, d)
	})
}

// changeDomain changes the record of a domain name, mappings included.
func (c *Control) changeDomain(ctx context.Context, scope apigw.Scope, name string, id apigw.DomainID, mutate func(*scopeChange, *apigw.DomainName) error) (*apigw.DomainName, error) {
	var changed *apigw.DomainName
	err := c.changeScope(ctx, scope, func(s *scopeChange) error {
		d, err := c.DomainName(ctx, scope, name, id)
		if err != nil {
			return err
		}
		if err := mutate(s, d); err != nil {
			return err
		}
		changed = d
		return putDomain(s, d)
	})
	if err != nil {
		return nil, err
	}
	return changed, nil
}

func putDomain(s *scopeChange, d *apigw.DomainName) error {
	key, schema := domainRecord(s.scope, d.Name, d.ID), recordSchema
	if d.MutualTLS != nil || len(d.Rules) > 0 || d.RoutingMode != apigw.RoutesByMapping || d.AccessMode == "STRICT" || tlspolicy.Enhanced(d.SecurityPolicy) {
		schema = guardedSchema
	}
	raw, err := encodeRecordAs(schema, key, d, nil)
	if err == nil {
		s.set(key, raw)
	}
	return err
}

// DeleteDomainName removes a domain name with its mappings and what may call it.
func (c *Control) DeleteDomainName(ctx context.Context, scope apigw.Scope, name string, id apigw.DomainID) error {
	return c.changeScope(ctx, scope, func(s *scopeChange) error {
		d, err := c.DomainName(ctx, scope, name, id)
		if err != nil {
			return err
		}
		s.remove(domainRecord(scope, name, id))
		for _, a := range d.Associations {
			if a.Account != "" {
				maker := scope
				maker.Account = a.Account
				s.remove(accessRecord(maker, name, a.Source))
			}
		}
		if err := c.useCertificates(ctx, s, d, nil); err != nil {
			return err
		}
		if d.Private() {
			return nil
		}
		return c.releaseDomain(ctx, s, name)
	})
}

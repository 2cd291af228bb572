package control

import (
	"context"
	"fmt"
	"regexp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/clientcert"
)

// ReadTruststore reads what a truststoreUri names, in the version asked for;
// empty: the latest. The error is for the caller.
type ReadTruststore func(ctx context.Context, uri, version string) ([]byte, error)

// truststoreURI is what a trust store may be named by.
var truststoreURI = regexp.MustCompile(`^(s3://[a-z0-9][a-z0-9.-]*/[^/\x00-\x1f][^\x00-\x1f]*|file://[^\x00-\x1f]+)$`)

// checkDomainMutualTLS: mutual TLS is of public regional names with TLS_1_2
// (developer guide, "Configuring mutual TLS authentication").
func checkDomainMutualTLS(d *apigw.DomainName) error {
	m := d.MutualTLS
	switch {
	case m == nil:
		return nil
	case len(m.URI) > 1100 || !truststoreURI.MatchString(m.URI):
		return apigw.Errorf(apigw.BadRequest, "Invalid truststoreUri %.300q: it is s3://bucket/key, or file:// and a path in the folder that trustStores in the configuration file names", m.URI)
	case !d.Is(apigw.EndpointRegional) || len(d.Types) > 1:
		return apigw.Errorf(apigw.BadRequest, "Mutual TLS authentication is only supported for REGIONAL domain names")
	case d.SecurityPolicy != "TLS_1_2":
		return apigw.Errorf(apigw.BadRequest, "Mutual TLS authentication is only supported with securityPolicy TLS_1_2, not %s", d.SecurityPolicy)
	}
	return nil
}

// loadTruststore reads the trust store that d names, unless it was read. Nothing
// is held meanwhile: it may be far away.
func (c *Control) loadTruststore(ctx context.Context, d *apigw.DomainName) (*apigw.MutualTLS, error) {
	if err := checkDomainMutualTLS(d); err != nil || d.MutualTLS == nil || d.MutualTLS.Store != "" {
		return d.MutualTLS, err
	}
	m := *d.MutualTLS
	content, err := c.readTruststore(ctx, m.URI, m.Version)
	if err != nil {
		if e, ok := err.(*apigw.Error); ok {
			return nil, e
		}
		return nil, apigw.Errorf(apigw.BadRequest, "The trust store %s can't be read: %v", m.URI, err)
	}
	store, err := clientcert.Parse(content, c.now())
	if err != nil {
		return nil, apigw.Errorf(apigw.BadRequest, "Invalid trust store %s: %v", m.URI, err)
	}
	m.Store, m.Warnings = string(content), store.Warnings
	return &m, nil
}

// truststoreChange is a trust store that was read before a change of its domain
// name began.
type truststoreChange struct{ read *apigw.MutualTLS }

// apply gives d what was read, when d still asks for that.
func (t truststoreChange) apply(d *apigw.DomainName) error {
	m := d.MutualTLS
	if m == nil || m.Store != "" {
		return nil
	}
	if t.read == nil || t.read.URI != m.URI || t.read.Version != m.Version {
		return apigw.Errorf(apigw.Conflict, "The trust store of the domain name was changed meanwhile. Try again")
	}
	d.MutualTLS = t.read
	return nil
}

// truststoreOf reads what a change of a domain name will ask for.
func (c *Control) truststoreOf(ctx context.Context, scope apigw.Scope, name string, id apigw.DomainID, mutate func(*apigw.DomainName) error) (truststoreChange, error) {
	d, err := c.DomainName(ctx, scope, name, id)
	if err != nil {
		return truststoreChange{}, err
	}
	if err := mutate(d); err != nil {
		return truststoreChange{}, err
	}
	if d.MutualTLS == nil || d.MutualTLS.Store != "" {
		return truststoreChange{}, nil
	}
	if err := checkDomainServed(d); err != nil {
		return truststoreChange{}, err
	}
	read, err := c.loadTruststore(ctx, d)
	return truststoreChange{read}, err
}

func noTruststores(context.Context, string, string) ([]byte, error) {
	return nil, fmt.Errorf("nothing here reads trust stores")
}

package control

import (
	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// Domains follows custom domain names for a node that serves.
type Domains = Followed[apigw.DomainName]

// DomainsOptions say who follows domain names.
type DomainsOptions = FollowOptions[apigw.DomainName]

// NewDomains returns a Domains over c's store. Make one before c is used.
func NewDomains(c *Control, o DomainsOptions) *Domains {
	c.domains = newFollowed(c, KeyDomain, decodeDomain, o)
	return c.domains
}

func decodeDomain(r store.Record) (*apigw.DomainName, error) {
	d, _, err := decodeRecord[apigw.DomainName](r)
	if k, ok := ParseKey(r.Key); ok && err == nil {
		d.Scope = k.Scope
	}
	return d, err
}

// RememberDomains reads what Keep was given. What can't be read is left out,
// and named by the error.
func RememberDomains(raw []byte) ([]*apigw.DomainName, error) { return remember(raw, decodeDomain) }

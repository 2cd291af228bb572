package control

import (
	"context"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// domainCertificates are the certificates that d names, each once; d may be nil.
func domainCertificates(d *apigw.DomainName) []apigw.ARN {
	if d == nil {
		return nil
	}
	list := []apigw.ARN{d.CertificateARN, d.RegionalCertificateARN, d.OwnershipCertificateARN}
	slices.Sort(list)
	return slices.DeleteFunc(slices.Compact(list), func(arn apigw.ARN) bool { return arn == "" })
}

// useCertificates notes on certificates that a domain name shows them or does
// so no more; either of old and d may be nil. One that isn't there is refused, and
// so is one for other names. The texts are AWS's, as reported in the field.
func (c *Control) useCertificates(ctx context.Context, s *scopeChange, old, d *apigw.DomainName) error {
	of := d
	if of == nil {
		of = old
	}
	return c.useServerCertificates(ctx, s, certificateUse{
		before: domainCertificates(old), after: domainCertificates(d), user: string(DomainARN(s.scope, of)),
		missing: func(apigw.ARN) *apigw.Error {
			return apigw.Errorf(apigw.BadRequest, "The provided certificate does not exist.")
		},
		suits: func(cert *apigw.ServerCertificate, arn apigw.ARN) error {
			if !covers(cert.Names, d.Name) {
				return apigw.Errorf(apigw.BadRequest, "The domain name to be created is not covered by the provided certificate: %s", arn)
			}
			return nil
		},
	})
}

// certificateUse is who shows which certificates, each named once, and did.
type certificateUse struct {
	before, after []apigw.ARN
	user          string                                          // an ARN
	missing       func(apigw.ARN) *apigw.Error                    // refuses one that isn't there
	suits         func(*apigw.ServerCertificate, apigw.ARN) error // refuses one that isn't for this use; nil: none is
}

// useServerCertificates notes on certificates who shows them.
func (c *Control) useServerCertificates(ctx context.Context, s *scopeChange, use certificateUse) error {
	for _, arn := range use.after {
		if slices.Contains(use.before, arn) || c.declared(arn) {
			continue
		}
		v, err := c.changingServer(ctx, s, arn)
		if err != nil {
			return orUnknown(err, use.missing(arn))
		}
		if use.suits != nil {
			if err := use.suits(&v.ServerCertificate, arn); err != nil {
				return err
			}
		}
		v.Users = append(v.Users, use.user)
		if err := v.put(s); err != nil {
			return err
		}
	}
	for _, arn := range use.before {
		if slices.Contains(use.after, arn) {
			continue
		}
		v, err := c.changingServer(ctx, s, arn)
		if apigw.KindOf(err) == apigw.NotFound {
			continue // it was named before certificates were looked up, or in the configuration
		}
		if err != nil {
			return err
		}
		v.Users = slices.DeleteFunc(slices.Clone(v.Users), func(u string) bool { return u == use.user })
		if err := v.put(s); err != nil {
			return err
		}
	}
	return nil
}

// changingServer is usableServer as s leaves it so far: several of whom s changes
// may show it.
func (c *Control) changingServer(ctx context.Context, s *scopeChange, arn apigw.ARN) (*storedServer, error) {
	if v := s.servers[arn]; v != nil {
		return v, nil
	}
	v, err := c.usableServer(ctx, s.scope, arn)
	if err == nil {
		s.servers[arn] = v
	}
	return v, err
}

// usableServer is a certificate of the account, in any region: that of an EDGE
// name is in us-east-1.
func (c *Control) usableServer(ctx context.Context, scope apigw.Scope, arn apigw.ARN) (*storedServer, error) {
	of, _, ok := parseCertificateARN(arn)
	if !ok || of.Account != scope.Account || of.Partition != scope.Partition {
		return nil, c.unknownServerCertificate(arn)
	}
	return c.readServer(ctx, of, arn)
}

// covers says whether one of the names of a certificate stands for name: itself,
// or a wildcard of one label.
func covers(names []string, name string) bool {
	_, under, _ := strings.Cut(name, ".")
	return slices.Contains(names, name) || under != "" && !strings.HasPrefix(name, "*.") && slices.Contains(names, "*."+under)
}

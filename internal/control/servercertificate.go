package control

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// maxServerCertificates is how many an account has in a region (ACM user guide,
// "Quotas": 2500).
const maxServerCertificates = 2500

// CertificateARN names a server certificate.
func CertificateARN(scope apigw.Scope, id string) apigw.ARN {
	return apigw.ARN("arn:" + scope.Partition + ":acm:" + scope.Region + ":" + scope.Account + ":certificate/" + id)
}

// parseCertificateARN takes the ARN of a server certificate apart.
func parseCertificateARN(arn apigw.ARN) (scope apigw.Scope, id string, ok bool) {
	parts := strings.SplitN(string(arn), ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "acm" {
		return scope, "", false
	}
	id, ok = strings.CutPrefix(parts[5], "certificate/")
	return apigw.Scope{Partition: parts[1], Region: parts[3], Account: parts[4]}, id, ok && id != ""
}

func serverCertificateKey(scope apigw.Scope, id string) string {
	return kindPrefix(scope, KeyServerCertificate) + segment(id)
}

func (c *Control) unknownServerCertificate(arn apigw.ARN) *apigw.Error {
	return apigw.Errorf(apigw.NotFound, "Could not find certificate %.300s.", arn)
}

// storedServer is a server certificate with its record.
type storedServer struct {
	apigw.ServerCertificate
	record store.Record
	sealed []byte // the private key
}

// readServer reads a certificate by its ARN, of the scope's account and region
// alone unless anywhere.
func (c *Control) readServer(ctx context.Context, scope apigw.Scope, arn apigw.ARN) (*storedServer, error) {
	of, id, ok := parseCertificateARN(arn)
	if !ok || of != scope {
		return nil, c.unknownServerCertificate(arn)
	}
	r, err := c.store.Get(ctx, serverCertificateKey(scope, id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, c.unknownServerCertificate(arn)
	}
	if err != nil {
		return nil, err
	}
	cert, sealed, err := decodeRecord[apigw.ServerCertificate](r)
	if err != nil {
		return nil, err
	}
	return &storedServer{*cert, r, sealed}, nil
}

// put adds the certificate's write to s, which holds only while the record is
// what was read. A private key that isn't new stays as it is sealed.
func (v *storedServer) put(s *scopeChange) error {
	raw, err := encodeRecord(v.record.Key, &v.ServerCertificate, v.sealed)
	if err != nil {
		return err
	}
	if at := slices.IndexFunc(s.txn.Ops, func(op store.Op) bool { return op.Key == v.record.Key }); at >= 0 {
		s.txn.Ops[at].Value = raw // s changed it before
		return nil
	}
	s.txn.If = append(s.txn.If, store.Condition{Key: v.record.Key, Revision: v.record.Revision})
	s.set(v.record.Key, raw)
	return nil
}

// ServerCertificate returns one certificate.
func (c *Control) ServerCertificate(ctx context.Context, scope apigw.Scope, arn apigw.ARN) (*apigw.ServerCertificate, error) {
	v, err := c.readServer(ctx, scope, arn)
	if err != nil {
		return nil, storeError(err)
	}
	return &v.ServerCertificate, nil
}

// ServerCertificates lists a scope's certificates by age, then ID.
func (c *Control) ServerCertificates(ctx context.Context, scope apigw.Scope) ([]*apigw.ServerCertificate, error) {
	list, err := listRecords[apigw.ServerCertificate](ctx, c, kindPrefix(scope, KeyServerCertificate))
	slices.SortFunc(list, func(a, b *apigw.ServerCertificate) int {
		if d := a.Created.Compare(b.Created); d != 0 {
			return d
		}
		return strings.Compare(a.ID, b.ID)
	})
	return list, storeError(err)
}

// CertificateImport is what ImportCertificate is given, in PEM.
type CertificateImport struct {
	ARN                     apigw.ARN // of the certificate that is replaced; empty: a new one
	Certificate, Key, Chain []byte
	Tags                    map[string]string // of a new one
}

// ImportServerCertificate keeps a certificate that somebody else issued, or
// another one in its place: its ARN stays, and whoever shows it goes on with the
// new one (ACM user guide, "Reimport a certificate").
func (c *Control) ImportServerCertificate(ctx context.Context, scope apigw.Scope, in CertificateImport) (apigw.ARN, error) {
	pair, err := parseImport(in, c.now())
	if err != nil {
		return "", err
	}
	if in.ARN != "" && len(in.Tags) > 0 {
		return "", apigw.Errorf(apigw.BadRequest, "You cannot apply tags when reimporting a certificate. Use AddTagsToCertificate.")
	}
	if err := checkTags(in.Tags); err != nil {
		return "", err
	}
	arn := in.ARN
	err = c.changeScope(ctx, scope, func(s *scopeChange) error {
		v, err := c.importInto(ctx, scope, in)
		if err != nil {
			return err
		}
		arn = CertificateARN(scope, v.ID)
		return c.fill(s, v, pair, func(cert *apigw.ServerCertificate) { cert.Imported = c.seconds() })
	})
	return arn, err
}

// importInto is the certificate that an import replaces, or a new one.
func (c *Control) importInto(ctx context.Context, scope apigw.Scope, in CertificateImport) (*storedServer, error) {
	if in.ARN == "" {
		v, err := c.newServer(ctx, scope)
		if err == nil {
			v.Type, v.Tags = apigw.CertificateImported, in.Tags
		}
		return v, err
	}
	v, err := c.readServer(ctx, scope, in.ARN)
	if err == nil && v.Type != apigw.CertificateImported {
		err = apigw.Errorf(apigw.BadRequest, "The certificate %s wasn't imported, and can't be replaced by one that is", in.ARN)
	}
	return v, err
}

// newServer is an empty certificate with an ID of its own.
func (c *Control) newServer(ctx context.Context, scope apigw.Scope) (*storedServer, error) {
	list, err := c.ServerCertificates(ctx, scope)
	if err != nil {
		return nil, err
	}
	if len(list) >= maxServerCertificates {
		return nil, apigw.Errorf(apigw.LimitExceeded, "Maximum number of certificates has been reached: %d", maxServerCertificates)
	}
	id, err := c.newUUID()
	if err != nil {
		return nil, err
	}
	v := &storedServer{record: store.Record{Key: serverCertificateKey(scope, id)}}
	v.ID, v.Status, v.Created = id, apigw.CertificateIssued, c.seconds()
	return v, nil
}

// fill puts pair into v and writes it.
func (c *Control) fill(s *scopeChange, v *storedServer, pair *keyPair, noted func(*apigw.ServerCertificate)) error {
	sealed, err := c.seal(v.record.Key, pair.key)
	if err != nil {
		return err
	}
	v.sealed = sealed
	pair.describe(&v.ServerCertificate)
	noted(&v.ServerCertificate)
	return v.put(s)
}

// DeleteServerCertificate removes a certificate that no domain name shows.
func (c *Control) DeleteServerCertificate(ctx context.Context, scope apigw.Scope, arn apigw.ARN) error {
	return c.changeScope(ctx, scope, func(s *scopeChange) error {
		v, err := c.readServer(ctx, scope, arn)
		if err != nil {
			return err
		}
		if len(v.Users) > 0 {
			return apigw.Errorf(apigw.Conflict, "Certificate %s in account %s is in use.", arn, scope.Account)
		}
		s.txn.If = append(s.txn.If, store.Condition{Key: v.record.Key, Revision: v.record.Revision})
		s.remove(v.record.Key)
		return nil
	})
}

// TagServerCertificate changes a certificate's tags; change gets a map to change.
func (c *Control) TagServerCertificate(ctx context.Context, scope apigw.Scope, arn apigw.ARN, change func(map[string]string)) error {
	return c.changeScope(ctx, scope, func(s *scopeChange) error {
		v, err := c.readServer(ctx, scope, arn)
		if err != nil {
			return err
		}
		tags := map[string]string{}
		for k, value := range v.Tags {
			tags[k] = value
		}
		change(tags)
		if err := checkTags(tags); err != nil {
			return err
		}
		v.Tags = tags
		return v.put(s)
	})
}

// renewBefore is how long before its end a requested certificate is made anew
// (ACM user guide, "Managed certificate renewal": 60 days).
const renewBefore = 60 * 24 * time.Hour

// RenewServerCertificates makes requested certificates anew that end soon, in
// every account and region.
func (c *Control) RenewServerCertificates(ctx context.Context) error {
	scopes, err := c.Scopes(ctx)
	if err != nil {
		return storeError(err)
	}
	for _, scope := range scopes {
		list, err := c.ServerCertificates(ctx, scope)
		if err != nil {
			return err
		}
		for _, cert := range list {
			if c.endsSoon(cert) {
				err = errors.Join(err, c.renewServer(ctx, scope, CertificateARN(scope, cert.ID)))
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *Control) endsSoon(cert *apigw.ServerCertificate) bool {
	return cert.Type == apigw.CertificateOwn && c.now().Add(renewBefore).After(cert.NotAfter)
}

func (c *Control) renewServer(ctx context.Context, scope apigw.Scope, arn apigw.ARN) error {
	return c.changeScope(ctx, scope, func(s *scopeChange) error {
		v, err := c.readServer(ctx, scope, arn)
		if apigw.KindOf(err) == apigw.NotFound || err == nil && !c.endsSoon(&v.ServerCertificate) {
			return nil // somebody else was first
		}
		if err != nil {
			return err
		}
		pair, err := c.issue(v.Names, v.KeyAlgorithm)
		if err != nil {
			return err
		}
		return c.fill(s, v, pair, func(cert *apigw.ServerCertificate) { cert.Renewed = c.seconds() })
	})
}

// IsCertificateARN says whether an ARN is that of a server certificate.
func IsCertificateARN(arn apigw.ARN) bool {
	_, _, ok := parseCertificateARN(arn)
	return ok
}

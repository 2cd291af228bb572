package control

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// Client certificates (Amazon API Gateway developer guide, "Generate and
// configure an SSL certificate for backend authentication"): self-signed, for
// a year, 60 of an account in a region.
const (
	maxClientCertificates = 60
	certificateLife       = 365 * 24 * time.Hour
	certificateKeyBits    = 2048
	clockSkew             = time.Hour // that a backend's clock may be behind
)

// storedCertificate is a client certificate's record.
type storedCertificate struct {
	apigw.ClientCertificate
	Key []byte `json:"key"` // PKCS #8, sealed
}

func certificateKey(s apigw.Scope, id string) string {
	return ScopePrefix(s) + string(KeyClientCertificate) + "/" + segment(id)
}

func unknownCertificate() *apigw.Error {
	return apigw.Errorf(apigw.NotFound, "Invalid Client Certificate identifier specified")
}

// GenerateClientCertificate makes a certificate with a private key of its own,
// which is kept sealed.
func (c *Control) GenerateClientCertificate(ctx context.Context, scope apigw.Scope, description string, tags map[string]string) (*apigw.ClientCertificate, error) {
	if err := checkTags(tags); err != nil {
		return nil, err
	}
	list, err := c.ClientCertificates(ctx, scope)
	if err != nil {
		return nil, err
	}
	if len(list) >= maxClientCertificates {
		return nil, apigw.Errorf(apigw.LimitExceeded, "Maximum number of client certificates has been reached: %d", maxClientCertificates)
	}
	id, err := c.freeID(6, func(id string) bool {
		return slices.ContainsFunc(list, func(other *apigw.ClientCertificate) bool { return other.ID == id })
	})
	if err != nil {
		return nil, storeError(err)
	}
	made := storedCertificate{ClientCertificate: apigw.ClientCertificate{ID: id, Description: description, Created: c.seconds(), Tags: tags}}
	made.Expires = made.Created.Add(certificateLife)
	private, err := c.sign(&made.ClientCertificate)
	if err != nil {
		return nil, storeError(err)
	}
	key := certificateKey(scope, id)
	if made.Key, err = c.seal(key, private); err != nil {
		return nil, storeError(err)
	}
	if err := c.putCertificate(ctx, key, &made, 0); err != nil {
		return nil, storeError(err)
	}
	return &made.ClientCertificate, nil
}

// sign makes the certificate's PEM and returns its private key.
func (c *Control) sign(to *apigw.ClientCertificate) ([]byte, error) {
	key, err := rsa.GenerateKey(c.rand, certificateKeyBits)
	if err != nil {
		return nil, fmt.Errorf("make a private key: %w", err)
	}
	name := pkix.Name{Organization: []string{"Gatehouse"}, OrganizationalUnit: []string{"ApiGateway"}, CommonName: "ApiGateway " + to.ID}
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes([]byte(to.ID)), Subject: name, NotBefore: to.Created.Add(-clockSkew), NotAfter: to.Expires,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(c.rand, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	to.PEM = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return x509.MarshalPKCS8PrivateKey(key)
}

// seal seals a private key for its record.
func (c *Control) seal(record string, private []byte) ([]byte, error) {
	s, err := c.sealer()
	if errors.Is(err, store.ErrDead) {
		return nil, err
	}
	if err != nil {
		return nil, apigw.Errorf(apigw.BadRequest, "The private key can't be kept: %v", err)
	}
	return s.Seal(record, private), nil
}

func (c *Control) putCertificate(ctx context.Context, key string, cert *storedCertificate, revision int64) error {
	raw, err := json.Marshal(cert)
	if err != nil {
		return fmt.Errorf("encode client certificate %s: %w", cert.ID, err)
	}
	_, err = c.store.Commit(ctx, store.Txn{If: []store.Condition{{Key: key, Revision: revision}}, Ops: []store.Op{{Key: key, Value: raw}}})
	return err
}

func decodeCertificate(raw []byte) (*storedCertificate, error) {
	cert := new(storedCertificate)
	if err := json.Unmarshal(raw, cert); err != nil {
		return nil, fmt.Errorf("decode client certificate: %w", err)
	}
	return cert, nil
}

func (c *Control) readCertificate(ctx context.Context, scope apigw.Scope, id string) (*storedCertificate, store.Record, error) {
	r, err := c.store.Get(ctx, certificateKey(scope, id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, r, unknownCertificate()
	}
	if err != nil {
		return nil, r, err
	}
	cert, err := decodeCertificate(r.Value)
	return cert, r, err
}

// ClientCertificate returns one certificate.
func (c *Control) ClientCertificate(ctx context.Context, scope apigw.Scope, id string) (*apigw.ClientCertificate, error) {
	cert, _, err := c.readCertificate(ctx, scope, id)
	if err != nil {
		return nil, storeError(err)
	}
	return &cert.ClientCertificate, nil
}

// ClientCertificates lists a scope's certificates by ID.
func (c *Control) ClientCertificates(ctx context.Context, scope apigw.Scope) ([]*apigw.ClientCertificate, error) {
	records, _, _, err := c.store.List(ctx, certificateKey(scope, ""), "", 0)
	if err != nil {
		return nil, storeError(err)
	}
	list := make([]*apigw.ClientCertificate, 0, len(records))
	for _, r := range records {
		cert, err := decodeCertificate(r.Value)
		if err != nil {
			return nil, storeError(err)
		}
		list = append(list, &cert.ClientCertificate)
	}
	slices.SortFunc(list, func(a, b *apigw.ClientCertificate) int { return strings.Compare(a.ID, b.ID) })
	return list, nil
}

// UpdateClientCertificate changes a certificate's description.
func (c *Control) UpdateClientCertificate(ctx context.Context, scope apigw.Scope, id string, mutate func(*apigw.ClientCertificate) error) (*apigw.ClientCertificate, error) {
	return retried(func() (*apigw.ClientCertificate, error) {
		cert, r, err := c.readCertificate(ctx, scope, id)
		if err != nil {
			return nil, err
		}
		if err := mutate(&cert.ClientCertificate); err != nil {
			return nil, err
		}
		return &cert.ClientCertificate, c.putCertificate(ctx, r.Key, cert, r.Revision)
	})
}

// DeleteClientCertificate removes a certificate that no stage shows.
func (c *Control) DeleteClientCertificate(ctx context.Context, scope apigw.Scope, id string) error {
	_, err := retried(func() (struct{}, error) {
		_, r, err := c.readCertificate(ctx, scope, id)
		if err != nil {
			return struct{}{}, err
		}
		if err := c.checkUnused(ctx, scope, id); err != nil {
			return struct{}{}, err
		}
		_, err = c.store.Commit(ctx, store.Txn{If: []store.Condition{{Key: r.Key, Revision: r.Revision}}, Ops: []store.Op{{Key: r.Key}}})
		return struct{}{}, err
	})
	return err
}

func (c *Control) checkUnused(ctx context.Context, scope apigw.Scope, id string) error {
	records, _, _, err := c.store.List(ctx, ScopePrefix(scope)+string(KeyStage)+"/", "", 0)
	if err != nil {
		return err
	}
	for _, r := range records {
		s, err := DecodeStage(r.Value)
		if err != nil {
			return err
		}
		if s.ClientCertificateID == id {
			return apigw.Errorf(apigw.BadRequest, "Client certificate %s is in use by stage %s of API %s", id, s.Name, s.APIID)
		}
	}
	return nil
}

// maxCertificateTries is how often a change is tried while others change the
// same certificate.
const maxCertificateTries = 8

// retried does a change anew when another one came between.
func retried[T any](change func() (T, error)) (T, error) {
	for try := 1; ; try++ {
		v, err := change()
		if errors.Is(err, store.ErrConflict) && try < maxCertificateTries {
			continue
		}
		return v, storeError(err)
	}
}

// StageCertificate is the client certificate id as a stage that names it has
// it; nil without an id.
func (c *Control) StageCertificate(ctx context.Context, scope apigw.Scope, id string) (*apigw.StageCertificate, error) {
	if id == "" {
		return nil, nil
	}
	cert, _, err := c.stageCertificate(ctx, scope, id)
	return cert, storeError(err)
}

func (c *Control) stageCertificate(ctx context.Context, scope apigw.Scope, id string) (*apigw.StageCertificate, store.Record, error) {
	cert, r, err := c.readCertificate(ctx, scope, id)
	if err != nil {
		return nil, r, orUnknown(err, apigw.Errorf(apigw.BadRequest, "Invalid Client Certificate identifier specified"))
	}
	return &apigw.StageCertificate{ID: cert.ID, PEM: cert.PEM, Record: r.Key, Key: cert.Key}, r, nil
}

// attachCertificate gives s the client certificate that it names. Its record is
// written again with the stage: whoever deletes it meanwhile notices.
func (c *Control) attachCertificate(ctx context.Context, scope apigw.Scope, s *apigw.Stage, txn *store.Txn) error {
	switch {
	case s.ClientCertificateID == "":
		s.ClientCertificate = nil
		return nil
	case s.ClientCertificate != nil && s.ClientCertificate.ID == s.ClientCertificateID:
		return nil
	}
	cert, r, err := c.stageCertificate(ctx, scope, s.ClientCertificateID)
	if err != nil {
		return err
	}
	s.ClientCertificate = cert
	txn.If = append(txn.If, store.Condition{Key: r.Key, Revision: r.Revision})
	txn.Ops = append(txn.Ops, store.Op{Key: r.Key, Value: r.Value})
	return nil
}

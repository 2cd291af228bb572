package control

import (
	"fmt"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// HeldCertificate is a server certificate as a node that serves needs it.
type HeldCertificate struct {
	apigw.ServerCertificate
	ARN    apigw.ARN
	Record string // the key that Key is sealed with
	Key    []byte // PKCS #8, sealed
}

// Certificates follows server certificates for a node that serves.
type Certificates = Followed[HeldCertificate]

// CertificatesOptions say who follows server certificates.
type CertificatesOptions = FollowOptions[HeldCertificate]

// NewCertificates returns a Certificates over c's store. Make one before c is
// used.
func NewCertificates(c *Control, o CertificatesOptions) *Certificates {
	c.certificates = newFollowed(c, KeyServerCertificate, decodeHeld, o)
	return c.certificates
}

func decodeHeld(r store.Record) (*HeldCertificate, error) {
	k, ok := ParseKey(r.Key)
	if !ok {
		return nil, fmt.Errorf("read %s: %w", r.Key, store.ErrDamaged)
	}
	cert, sealed, err := decodeRecord[apigw.ServerCertificate](r)
	if err != nil {
		return nil, err
	}
	return &HeldCertificate{*cert, CertificateARN(k.Scope, cert.ID), r.Key, sealed}, nil
}

// RememberCertificates reads what Keep was given. What can't be read is left
// out, and named by the error.
func RememberCertificates(raw []byte) ([]*HeldCertificate, error) { return remember(raw, decodeHeld) }

package clientcert

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"
)

// entity is a certificate with its key.
type entity struct {
	*x509.Certificate
	key crypto.Signer
}

func (e *entity) pem() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: e.Raw}))
}

func bundle(list ...*entity) []byte {
	var text strings.Builder
	for _, e := range list {
		text.WriteString(e.pem())
	}
	return []byte(text.String())
}

// now is when tests look at certificates, which are valid for a day before and
// after it unless they say something else.
var now = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func ecKey(t testing.TB) crypto.Signer {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func rsaKey(t testing.TB, bits int) crypto.Signer {
	t.Helper()
	t.Setenv("GODEBUG", "rsa1024min=0")
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func edKey(t testing.TB) crypto.Signer {
	t.Helper()
	_, k, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

type change func(*x509.Certificate)

func ca(c *x509.Certificate) {
	c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign
}

func between(from, until time.Time) change {
	return func(c *x509.Certificate) { c.NotBefore, c.NotAfter = from, until }
}

var serials int64 = 100

// issue makes a certificate for key, signed by issuer; nil: by itself.
func issue(t testing.TB, name string, issuer *entity, key crypto.Signer, changes ...change) *entity {
	t.Helper()
	serials++
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serials), Subject: pkix.Name{CommonName: name}, BasicConstraintsValid: true,
		NotBefore: now.Add(-24 * time.Hour), NotAfter: now.Add(24 * time.Hour),
	}
	for _, c := range changes {
		c(template)
	}
	parent, signer := template, key
	if issuer != nil {
		parent, signer = issuer.Certificate, issuer.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &entity{c, key}
}

// authority is a root.
func authority(t testing.TB, name string, changes ...change) *entity {
	t.Helper()
	return issue(t, name, nil, ecKey(t), append([]change{ca}, changes...)...)
}

// altered is e with its last byte changed: its signature isn't its issuer's.
func altered(t testing.TB, e *entity) *entity {
	t.Helper()
	der := append([]byte(nil), e.Raw...)
	der[len(der)-1] ^= 1
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &entity{c, e.key}
}

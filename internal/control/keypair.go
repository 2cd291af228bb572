package control

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// Bounds of what is imported (ACM API reference, ImportCertificate).
const (
	maxCertificateBytes = 32 << 10
	maxChainBytes       = 256 << 10 // the API takes 2 MB; a record doesn't, and no handshake should
	maxChainLength      = 10
)

// keyPair is a certificate and its private key, found good.
type keyPair struct {
	leaf       *x509.Certificate
	pem, chain string
	key        []byte // PKCS #8
}

// parseImport reads what an import carries, and checks that it belongs
// together. The texts are AWS's as far as they are reported in the field.
func parseImport(in CertificateImport, now time.Time) (*keyPair, error) {
	bad := func(format string, args ...any) (*keyPair, error) {
		return nil, apigw.Errorf(apigw.Validation, format, args...)
	}
	if len(in.Certificate) > maxCertificateBytes || len(in.Chain) > maxChainBytes {
		return bad("The certificate has at most %d bytes, and its chain %d", maxCertificateBytes, maxChainBytes)
	}
	own, err := pemCertificates(in.Certificate)
	switch {
	case err != nil:
		return bad("Could not parse the certificate: %v", err)
	case len(own) != 1:
		return bad("The certificate field contains more than one certificate. You can specify only one certificate in this field.")
	}
	chain, err := pemCertificates(in.Chain)
	if len(in.Chain) > 0 && err != nil {
		return bad("Could not parse the certificate chain: %v", err)
	}
	leaf := own[0]
	switch {
	case now.After(leaf.NotAfter):
		return bad("The certificate has expired: it was valid until %s", leaf.NotAfter.UTC().Format(time.RFC3339))
	case now.Before(leaf.NotBefore):
		return bad("The certificate isn't valid before %s", leaf.NotBefore.UTC().Format(time.RFC3339))
	case keyAlgorithm(leaf.PublicKey) == "":
		return bad("The key algorithm of the certificate is not supported: RSA of 1024, 2048, 3072 or 4096 bits, or ECDSA on P-256, P-384 or P-521")
	case len(certificateNames(leaf)) == 0:
		return bad("The certificate names no domain: it needs one as a subject alternative name or common name")
	}
	if err := checkChain(leaf, chain); err != nil {
		return nil, err
	}
	key, err := parseKey(in.Key)
	if err != nil {
		return bad("The private key can't be read: %v", err)
	}
	if public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !public.Equal(leaf.PublicKey) {
		return bad("The private key doesn't match the certificate")
	}
	return newKeyPair(leaf, chain, key)
}

func newKeyPair(leaf *x509.Certificate, chain []*x509.Certificate, key crypto.Signer) (*keyPair, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode a private key: %w", err)
	}
	return &keyPair{leaf: leaf, pem: pemOf(leaf), chain: pemOf(chain...), key: der}, nil
}

func pemOf(list ...*x509.Certificate) string {
	var b strings.Builder
	for _, c := range list {
		b.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	return b.String()
}

// checkChain wants each certificate to be signed by the one that follows, and
// one without a chain by itself.
func checkChain(leaf *x509.Certificate, chain []*x509.Certificate) error {
	if len(chain) == 0 {
		if leaf.CheckSignature(leaf.SignatureAlgorithm, leaf.RawTBSCertificate, leaf.Signature) != nil {
			return apigw.Errorf(apigw.Validation, "Provided certificate is not a valid self signed. Please provide either a valid self-signed certificate or certificate chain.")
		}
		return nil
	}
	if len(chain) > maxChainLength {
		return apigw.Errorf(apigw.Validation, "The certificate chain has %d certificates, %d are the most", len(chain), maxChainLength)
	}
	for _, by := range chain {
		if !bytes.Equal(leaf.RawIssuer, by.RawSubject) || leaf.CheckSignatureFrom(by) != nil {
			return apigw.Errorf(apigw.Validation, "Could not validate the certificate with the certificate chain.")
		}
		leaf = by
	}
	return nil
}

// pemCertificates reads certificates in PEM and nothing else.
func pemCertificates(text []byte) (list []*x509.Certificate, err error) {
	for rest := bytes.TrimSpace(text); len(rest) > 0; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil || block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("it isn't in PEM (-----BEGIN CERTIFICATE-----)")
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		list, rest = append(list, c), bytes.TrimSpace(rest)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("it is empty")
	}
	return list, nil
}

// parseKey reads a private key in PEM: PKCS #8, PKCS #1 or SEC 1, not encrypted.
func parseKey(text []byte) (crypto.Signer, error) {
	for rest := text; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return nil, fmt.Errorf("it isn't in PEM")
		}
		switch block.Type {
		case "EC PARAMETERS": // OpenSSL writes them before the key
			continue
		case "ENCRYPTED PRIVATE KEY":
			return nil, fmt.Errorf("it is encrypted")
		}
		if strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
			return nil, fmt.Errorf("it is encrypted")
		}
		return keyOfDER(block.Bytes)
	}
}

func keyOfDER(der []byte) (crypto.Signer, error) {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		if s, ok := key.(crypto.Signer); ok {
			return s, nil
		}
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key, nil
	}
	return nil, fmt.Errorf("it is neither PKCS #8, PKCS #1 nor SEC 1") // no more: it might quote the key
}

// keyAlgorithm is how ACM spells a key's algorithm; empty: it has none.
func keyAlgorithm(public any) string {
	switch k := public.(type) {
	case *rsa.PublicKey:
		if bits := k.N.BitLen(); bits == 1024 || bits == 2048 || bits == 3072 || bits == 4096 {
			return fmt.Sprintf("RSA_%d", bits)
		}
	case *ecdsa.PublicKey:
		return map[elliptic.Curve]string{elliptic.P256(): "EC_prime256v1", elliptic.P384(): "EC_secp384r1", elliptic.P521(): "EC_secp521r1"}[k.Curve]
	}
	return ""
}

// certificateNames are the domain names of a certificate, that of its subject
// first.
func certificateNames(c *x509.Certificate) []string {
	var names []string
	add := func(name string) {
		if name = strings.ToLower(name); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if cn := c.Subject.CommonName; strings.Contains(cn, ".") && !strings.Contains(cn, " ") {
		add(cn)
	}
	for _, name := range c.DNSNames {
		add(name)
	}
	return names
}

// describe puts the certificate, but for its key, into to.
func (p *keyPair) describe(to *apigw.ServerCertificate) {
	to.Names = certificateNames(p.leaf)
	to.DomainName = to.Names[0]
	to.PEM, to.Chain, to.KeyAlgorithm = p.pem, p.chain, keyAlgorithm(p.leaf.PublicKey)
	to.NotBefore, to.NotAfter = p.leaf.NotBefore.UTC(), p.leaf.NotAfter.UTC()
}

// ownLife is how long a requested certificate is valid (ACM user guide: 13
// months).
const ownLife = 395 * 24 * time.Hour

// issue makes a certificate for names that vouches for itself: no authority is
// asked, and there is none here whose key would vouch for every name.
func (c *Control) issue(names []string, algorithm string) (*keyPair, error) {
	key, err := newKey(c.rand, algorithm)
	if err != nil {
		return nil, fmt.Errorf("make a private key: %w", err)
	}
	serial, err := c.newSerial()
	if err != nil {
		return nil, err
	}
	begins := c.seconds().Add(-clockSkew)
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{Organization: []string{"Gatehouse"}, CommonName: shortName(names)}, DNSNames: names,
		NotBefore: begins, NotAfter: begins.Add(ownLife),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(c.rand, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make a certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("read a certificate: %w", err)
	}
	return newKeyPair(leaf, nil, key)
}

// shortName is the first name that fits into a common name (64 characters), or
// none.
func shortName(names []string) string {
	if len(names[0]) <= 64 {
		return names[0]
	}
	return ""
}

func newKey(random io.Reader, algorithm string) (crypto.Signer, error) {
	switch algorithm {
	case "EC_prime256v1":
		return ecdsa.GenerateKey(elliptic.P256(), random)
	case "EC_secp384r1":
		return ecdsa.GenerateKey(elliptic.P384(), random)
	}
	return rsa.GenerateKey(random, certificateKeyBits)
}

func (c *Control) newSerial() (*big.Int, error) {
	var raw [16]byte
	if _, err := io.ReadFull(c.rand, raw[:]); err != nil {
		return nil, fmt.Errorf("draw a serial number: %w", err)
	}
	raw[0] &= 0x7f
	return new(big.Int).SetBytes(raw[:]), nil
}

// newUUID is a random UUID, as ACM's IDs are.
func (c *Control) newUUID() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(c.rand, b[:]); err != nil {
		return "", fmt.Errorf("draw an identifier: %w", err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}

// TLS is the certificate as a handshake shows it; open opens what is sealed for
// a record.
func (h *HeldCertificate) TLS(open func(record string, sealed []byte) ([]byte, error)) (*tls.Certificate, error) {
	der, err := open(h.Record, h.Key)
	if err != nil {
		return nil, fmt.Errorf("open the private key of %s: %w", h.ARN, err)
	}
	key, err := keyOfDER(der)
	if err != nil {
		return nil, fmt.Errorf("read the private key of %s: %w", h.ARN, err)
	}
	list, err := pemCertificates([]byte(h.PEM + h.Chain))
	if err != nil {
		return nil, fmt.Errorf("read the certificate %s: %w", h.ARN, err)
	}
	made := &tls.Certificate{PrivateKey: key, Leaf: list[0]}
	for _, c := range list {
		made.Certificate = append(made.Certificate, c.Raw)
	}
	return made, nil
}

package cluster

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// Trust is how nodes know each other: by TLS in which both sides show that they
// have a key that is derived from the same master key. No authority is asked,
// and nothing but the master key is configured.
type Trust struct {
	certificates []tls.Certificate // the current key's comes first
	names        []string          // of the keys, likewise
	known        *x509.CertPool
}

var errStranger = errors.New("it doesn't have this node's master key: store.masterKey must be the same on every node")

// NewTrust trusts who has one of the keys, each of 32 bytes. The first is the
// current one; there are several while a master key is being replaced.
func NewTrust(keys ...[]byte) (*Trust, error) {
	t := &Trust{known: x509.NewCertPool()}
	for _, key := range keys {
		if len(key) != ed25519.SeedSize {
			return nil, fmt.Errorf("a key of nodes has %d bytes", len(key))
		}
		sum := sha256.Sum256(append([]byte("gatehouse node "), key...))
		name := hex.EncodeToString(sum[:8])
		c, err := certificate(ed25519.NewKeyFromSeed(key), name)
		if err != nil {
			return nil, err
		}
		t.certificates, t.names = append(t.certificates, c), append(t.names, name)
		t.known.AddCert(c.Leaf)
	}
	if len(keys) == 0 {
		return nil, errors.New("nodes have no key")
	}
	return t, nil
}

// certificate carries the public key; nothing else of it counts, so it never
// has to be renewed.
func certificate(key ed25519.PrivateKey, name string) (c tls.Certificate, err error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC),
		KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return c, fmt.Errorf("certificate of a node: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, err
}

// Server is for who is called. Callers name the key that they have now: a node
// that has it shows it, too.
func (t *Trust) Server() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, NextProtos: []string{"http/1.1"}, ClientAuth: tls.RequireAnyClientCert, ClientCAs: t.known,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			for i, name := range t.names {
				if name == hello.ServerName {
					return &t.certificates[i], nil
				}
			}
			return &t.certificates[0], nil
		},
		VerifyConnection: t.verify,
	}
}

// Client is for who calls.
func (t *Trust) Client() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, NextProtos: []string{"http/1.1"}, ServerName: t.names[0],
		ClientSessionCache: tls.NewLRUClientSessionCache(maxNodes),
		GetClientCertificate: func(r *tls.CertificateRequestInfo) (*tls.Certificate, error) {
			for i := range t.certificates { // the one that the other node knows
				if r.SupportsCertificate(&t.certificates[i]) == nil {
					return &t.certificates[i], nil
				}
			}
			return &t.certificates[0], nil
		},
		InsecureSkipVerify: true, // names and authorities mean nothing here: verify decides
		VerifyConnection:   t.verify,
	}
}

// verify wants the peer to hold one of the keys, which the handshake has proved
// for the certificate that it showed.
func (t *Trust) verify(state tls.ConnectionState) error {
	if len(state.PeerCertificates) == 0 {
		return errStranger
	}
	shown, ok := state.PeerCertificates[0].PublicKey.(ed25519.PublicKey)
	if !ok {
		return errStranger
	}
	for _, c := range t.certificates {
		if hmac.Equal(shown, c.Leaf.PublicKey.(ed25519.PublicKey)) {
			return nil
		}
	}
	return errStranger
}

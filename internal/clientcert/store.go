// Package clientcert is mutual TLS without the TLS: stores of certificates
// that are trusted, whether a client's certificate is vouched for by one, and
// how API Gateway shows that certificate. It must not know a listener, a
// domain name, or where a store is kept.
package clientcert

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"
)

// The limits of a trust store (Amazon API Gateway quotas: "1000 certificates
// or 1 MB").
const (
	MaxBytes        = 1 << 20
	MaxCertificates = 1000
)

// maxChain is the most certificates from a client's to a root, both counted
// (developer guide, "mutual TLS": a maximum chain length of four).
const maxChain = 4

// Store is a trust store: the certificates that vouch for clients. It never
// changes.
type Store struct {
	// Version names this content: the first 16 hexadecimal digits of its
	// SHA-256.
	Version string
	// Trusted is how many certificates vouch for clients.
	Trusted int
	// Warnings are what is wrong with certificates of the store: such a
	// certificate vouches for nobody, and the others do (developer guide,
	// truststoreWarnings: "Mutual TLS is still enabled, but some clients might
	// not be able to access your API").
	Warnings []string

	roots, between *x509.CertPool
	cas            *x509.CertPool    // all that vouch, as TLS names them to clients; nil: too many to name
	names          map[string]bool   // their raw subjects
	passedOver     map[string]string // raw subject of one that doesn't vouch, and why
}

// Version is that of a store with this content.
func Version(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:8])
}

// Parse reads a store: PEM, any text between the certificates. What isn't a
// certificate in PEM, or can't be read, is an error that says which it is,
// counted from 1, and in which line it begins; so is a store that vouches for
// nobody at now.
func Parse(content []byte, now time.Time) (*Store, error) {
	if len(content) > MaxBytes {
		return nil, fmt.Errorf("%d bytes; a trust store has at most %d", len(content), MaxBytes)
	}
	found, err := certificates(content)
	if err != nil {
		return nil, err
	}
	s := &Store{Version: Version(content), roots: x509.NewCertPool(), between: x509.NewCertPool(), names: map[string]bool{}, passedOver: map[string]string{}}
	(&chaining{store: s, now: now, found: found}).run()
	if s.Trusted == 0 {
		return nil, errors.New("no certificate vouches for clients: " + strings.Join(s.Warnings, "; "))
	}
	return s, nil
}

// found is a certificate of a store and its place there.
type found struct {
	*x509.Certificate
	number, line int
}

// String is how a warning names it.
func (f *found) String() string {
	return fmt.Sprintf("certificate %d (line %d, %s)", f.number, f.line, shortDN(f.RawSubject))
}

var (
	beginning = []byte("-----BEGIN ")
	pemBegin  = []byte("\n-----BEGIN ")
)

// certificates reads every block of content. Each is decoded by itself: the
// standard decoder passes over one that is damaged.
func certificates(content []byte) ([]*found, error) {
	var list []*found
	line, number := 1, 0
	for rest := content; ; {
		at := 0
		if !bytes.HasPrefix(rest, beginning) {
			if at = bytes.Index(rest, pemBegin) + 1; at == 0 {
				break
			}
		}
		line += bytes.Count(rest[:at], pemBegin[:1])
		rest = rest[at:]
		end := len(rest)
		if next := bytes.Index(rest, pemBegin); next >= 0 {
			end = next + 1
		}
		if number++; number > MaxCertificates {
			return nil, fmt.Errorf("more than %d certificates", MaxCertificates)
		}
		c, err := certificate(rest[:end])
		if err != nil {
			return nil, fmt.Errorf("certificate %d (line %d): %w", number, line, err)
		}
		list = append(list, &found{c, number, line})
		line += bytes.Count(rest[:end], pemBegin[:1])
		rest = rest[end:]
	}
	switch {
	case number == 0:
		return nil, errors.New("there is no certificate in PEM (-----BEGIN CERTIFICATE-----)")
	case bytes.Count(content, beginning) != number || bytes.Count(content, []byte("-----END ")) != number:
		return nil, errors.New("the lines -----BEGIN CERTIFICATE----- and -----END CERTIFICATE----- don't fit together: one isn't at the beginning of its line, or missing")
	}
	return list, nil
}

// certificate reads the block that text begins with.
func certificate(text []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(text)
	switch {
	case block == nil:
		return nil, errors.New("the PEM block is damaged or cut off")
	case block.Type != "CERTIFICATE":
		return nil, fmt.Errorf("the PEM block is of type %q; a trust store holds certificates alone, and never a private key", block.Type)
	case len(block.Headers) > 0:
		return nil, errors.New("the PEM block has headers; a certificate has none")
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("it can't be read: %w", err)
	}
	return c, nil
}

// maxHint bounds the names that a handshake tells clients, in bytes: TLS has
// room for 64 KB, and every handshake carries them.
const maxHint = 8 << 10

// CAs are the names by which a client may choose its certificate. nil: there
// are too many of them to tell.
func (s *Store) CAs() *x509.CertPool { return s.cas }

package clientcert

import (
	"bytes"
	"cmp"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"slices"
	"time"
)

// maxSignatures bounds the work of finding who signed whom, for stores whose
// certificates all have the same name.
const maxSignatures = 4 * MaxCertificates

// chaining finds which certificates of a store vouch for clients: those that
// are sound and reach a root within the store.
type chaining struct {
	store *Store
	now   time.Time
	found []*found

	named    map[string][]*found // those that reach a root, by their raw subject
	depth    map[*found]int      // and how many certificates that takes, both counted
	verified int                 // signatures so far
	hint     int                 // bytes of names
	warnings []warning
}

type warning struct {
	about *found
	text  string
}

func (c *chaining) run() {
	c.named, c.depth = map[string][]*found{}, map[*found]int{}
	c.store.cas = x509.NewCertPool()
	var waiting []*found
	for _, f := range c.found {
		switch why := weakness(f.Certificate); {
		case why != "":
			c.passOver(f, why)
		case selfSigned(f.Certificate):
			c.add(f, 1)
			c.store.roots.AddCert(f.Certificate)
		case selfIssued(f.Certificate) && f.verifyFails():
			c.passOver(f, "its signature isn't its own: it was altered")
		case !f.BasicConstraintsValid || !f.IsCA:
			c.passOver(f, "it is no certificate authority, and vouches for nobody; the certificate of its issuer lets it in")
		default:
			waiting = append(waiting, f)
		}
	}
	for depth := 1; depth+1 < maxChain; depth++ {
		var still []*found
		for _, f := range waiting {
			if parent := c.parent(f); parent != nil && c.depth[parent] == depth {
				c.add(f, depth+1)
				c.store.between.AddCert(f.Certificate)
			} else {
				still = append(still, f)
			}
		}
		waiting = still
	}
	for _, f := range waiting {
		c.passOver(f, c.missing(f))
	}
	if c.hint > maxHint {
		c.store.cas = nil
	}
	slices.SortStableFunc(c.warnings, func(a, b warning) int { return cmp.Compare(a.about.number, b.about.number) })
	for _, w := range c.warnings {
		c.store.Warnings = append(c.store.Warnings, w.about.String()+": "+w.text)
	}
}

// add takes f among those that vouch.
func (c *chaining) add(f *found, depth int) {
	if _, ok := c.depth[f]; ok {
		return
	}
	c.depth[f] = depth
	c.named[string(f.RawSubject)] = append(c.named[string(f.RawSubject)], f)
	c.store.names[string(f.RawSubject)] = true
	c.store.Trusted++
	c.store.cas.AddCert(f.Certificate)
	c.hint += len(f.RawSubject) + 2
	switch {
	case c.now.After(f.NotAfter):
		c.warn(f, "it expired on "+f.NotAfter.UTC().Format(time.RFC3339)+": whom it vouches for is refused")
	case c.now.Before(f.NotBefore):
		c.warn(f, "it isn't valid before "+f.NotBefore.UTC().Format(time.RFC3339)+": whom it vouches for is refused until then")
	}
}

// parent is who signed f among those that reach a root; of several the one
// nearest to its root.
func (c *chaining) parent(f *found) (parent *found) {
	for _, p := range c.named[string(f.RawIssuer)] {
		if parent != nil && c.depth[p] >= c.depth[parent] || len(f.AuthorityKeyId) > 0 && len(p.SubjectKeyId) > 0 && !bytes.Equal(f.AuthorityKeyId, p.SubjectKeyId) {
			continue
		}
		if c.verified++; c.verified > maxSignatures {
			return nil
		}
		if f.CheckSignatureFrom(p.Certificate) == nil {
			parent = p
		}
	}
	return parent
}

// missing says why f reaches no root.
func (c *chaining) missing(f *found) string {
	issuer := shortDN(f.RawIssuer)
	switch parent := c.parent(f); {
	case c.verified > maxSignatures:
		return "too many certificates of the store have the same name"
	case parent != nil:
		return fmt.Sprintf("it is %d certificates away from its root; a client's is the fourth at most", c.depth[parent])
	case c.store.names[string(f.RawIssuer)]:
		return "it isn't signed by " + issuer + " as the store has it: it was altered, or that one was renewed"
	case slices.ContainsFunc(c.found, func(other *found) bool { return bytes.Equal(other.RawSubject, f.RawIssuer) }):
		return "its issuer " + issuer + " is in the store, but vouches for nobody"
	}
	return "its issuer " + issuer + " isn't in the store, which must have the whole chain to a root"
}

func (c *chaining) passOver(f *found, why string) {
	c.store.passedOver[string(f.RawSubject)] = why
	c.warn(f, why)
}

func (c *chaining) warn(f *found, why string) {
	c.warnings = append(c.warnings, warning{f, why})
}

func selfIssued(c *x509.Certificate) bool { return bytes.Equal(c.RawSubject, c.RawIssuer) }

// selfSigned says whether c is a root: signed with its own key.
func selfSigned(c *x509.Certificate) bool {
	return selfIssued(c) && c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}

// verifyFails says that a certificate of its own issuer, which names no other
// key, doesn't bear its signature.
func (f *found) verifyFails() bool {
	return len(f.AuthorityKeyId) == 0 || bytes.Equal(f.AuthorityKeyId, f.SubjectKeyId)
}

// The least key sizes in bits (developer guide, "mutual TLS": RSA-2048 or
// stronger, ECDSA-256 or ECDSA-384, and SHA-256 or stronger).
const (
	leastRSA   = 2048
	leastECDSA = 256
)

// weakness says what of c's key or signature isn't trusted; empty: nothing.
func weakness(c *x509.Certificate) string {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		if n := key.N.BitLen(); n < leastRSA {
			return fmt.Sprintf("its RSA key has %d bits; %d are the least", n, leastRSA)
		}
	case *ecdsa.PublicKey:
		if n := key.Curve.Params().BitSize; n < leastECDSA {
			return fmt.Sprintf("its ECDSA key has %d bits; %d are the least", n, leastECDSA)
		}
	default:
		return "its key is " + c.PublicKeyAlgorithm.String() + "; only RSA and ECDSA keys are trusted"
	}
	switch c.SignatureAlgorithm {
	case x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA, x509.SHA256WithRSAPSS, x509.SHA384WithRSAPSS, x509.SHA512WithRSAPSS,
		x509.ECDSAWithSHA256, x509.ECDSAWithSHA384, x509.ECDSAWithSHA512:
		return ""
	}
	return "it is signed with " + c.SignatureAlgorithm.String() + "; only RSA and ECDSA with SHA-256 or stronger are trusted"
}

package clientcert

import (
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// Reason is why a client is refused, as metrics name it.
type Reason string

// The reasons.
const (
	Missing       Reason = "missing"        // it shows no certificate
	Malformed     Reason = "malformed"      // what it shows is none, or isn't its own
	Expired       Reason = "expired"        // its certificate, or one of the chain
	NotYetValid   Reason = "not_yet_valid"  // likewise
	UnknownIssuer Reason = "unknown_issuer" // nobody in the store vouches for it
	Altered       Reason = "altered"        // its signature isn't that of the issuer in the store
	Weak          Reason = "weak"           // its key or its signature
	Chain         Reason = "chain"          // its chain is too long, or a constraint of it is violated
)

// Reasons are all of them.
var Reasons = []Reason{Missing, Malformed, Expired, NotYetValid, UnknownIssuer, Altered, Weak, Chain}

// Refusal is why a client isn't trusted.
type Refusal struct {
	Reason Reason
	Text   string
}

func (r *Refusal) Error() string { return "the client's certificate isn't trusted: " + r.Text }

func refuse(reason Reason, format string, args ...any) *Refusal {
	return &Refusal{reason, fmt.Sprintf(format, args...)}
}

// Verify checks a client that showed certificates, its own first, at now:
// signature, dates and chain, as AWS does; no extended key usage is asked for
// and no revocation looked up. Only the store's certificates stand between
// the client's and a root: AWS wants the whole chain there, and what a client
// sends besides is passed over. It returns when the client must be verified
// anew at the latest: the end of the first certificate to expire. The error is
// a *Refusal.
func (s *Store) Verify(shown []*x509.Certificate, now time.Time) (until time.Time, err error) {
	if len(shown) == 0 {
		return until, refuse(Missing, "it shows none")
	}
	leaf := shown[0]
	if s.roots == nil { // of a store without a content; crypto/x509 would ask the system's
		return until, refuse(UnknownIssuer, "there is no trust store that can be used")
	}
	switch {
	case now.After(leaf.NotAfter):
		return until, refuse(Expired, "it expired on %s", leaf.NotAfter.UTC().Format(time.RFC3339))
	case now.Before(leaf.NotBefore):
		return until, refuse(NotYetValid, "it isn't valid before %s", leaf.NotBefore.UTC().Format(time.RFC3339))
	}
	if why := weakness(leaf); why != "" {
		return until, refuse(Weak, "%s", why)
	}
	chains, err := leaf.Verify(x509.VerifyOptions{
		Roots: s.roots, Intermediates: s.between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return until, s.refusal(leaf, now, err)
	}
	for _, chain := range chains {
		if end := firstEnd(chain); len(chain) <= maxChain && end.After(until) {
			until = end
		}
	}
	if until.IsZero() {
		return until, refuse(Chain, "its chain has %d certificates; %d are the most", len(chains[0]), maxChain)
	}
	return until, nil
}

// firstEnd is when the first certificate of a chain expires.
func firstEnd(chain []*x509.Certificate) time.Time {
	end := chain[0].NotAfter
	for _, c := range chain[1:] {
		if c.NotAfter.Before(end) {
			end = c.NotAfter
		}
	}
	return end
}

// refusal tells why there is no chain.
func (s *Store) refusal(leaf *x509.Certificate, now time.Time, err error) *Refusal {
	issuer := shortDN(leaf.RawIssuer)
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		switch {
		case invalid.Reason != x509.Expired:
			return refuse(Chain, "%v", err)
		case now.Before(invalid.Cert.NotBefore):
			return refuse(NotYetValid, "its issuer %s isn't valid before %s", issuer, invalid.Cert.NotBefore.UTC().Format(time.RFC3339))
		}
		return refuse(Expired, "its issuer %s has expired on %s", issuer, invalid.Cert.NotAfter.UTC().Format(time.RFC3339))
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); !ok {
		return refuse(Chain, "%v", err) // an extension that must be understood and isn't, for one
	}
	if s.names[string(leaf.RawIssuer)] {
		return refuse(Altered, "its signature isn't that of %s as the trust store has it", issuer)
	}
	if why := s.passedOver[string(leaf.RawIssuer)]; why != "" {
		return refuse(UnknownIssuer, "its issuer %s is in the trust store, but vouches for nobody: %s", issuer, why)
	}
	return refuse(UnknownIssuer, "its issuer %s isn't in the trust store", issuer)
}

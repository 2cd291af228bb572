package gateway

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/tlspolicy"
)

// CertificateConfig is a certificate in files, which are read again when they
// change. It is shown for every name that it covers and, with an ARN, for custom
// domain names that name it.
type CertificateConfig struct {
	ARN               apigw.ARN // empty: none
	CertFile, KeyFile string
}

// certificateTable is what handshakes choose from.
type certificateTable struct {
	files []fileCertificate
	held  atomic.Pointer[map[apigw.ARN]*tls.Certificate] // ACM's

	automatic atomic.Pointer[Automatic] // nil: none
}

// Automatic are certificates that somebody has issued for names.
type Automatic struct {
	Names []string // in lower case
	// Get is the certificate for a handshake: of the names, or what proves to the
	// authority that they lead here (RFC 8737). An error: there is none yet.
	Get func(*tls.ClientHelloInfo) (*tls.Certificate, error)
}

// acmeProtocol is what an authority offers, and nothing beside it, when it asks
// for the proof.
const acmeProtocol = "acme-tls/1"

// SetAutomatic has the gateway show these certificates for their names.
func (g *Gateway) SetAutomatic(a *Automatic) { g.certificates.automatic.Store(a) }

// proves says whether a handshake asks for the proof of a name.
func (t *certificateTable) proves(hello *tls.ClientHelloInfo) *Automatic {
	if len(hello.SupportedProtos) != 1 || hello.SupportedProtos[0] != acmeProtocol {
		return nil
	}
	return t.automatic.Load()
}

// issued is the certificate of the automatic ones for a name, nil: there is none.
func (t *certificateTable) issued(hello *tls.ClientHelloInfo) shownCertificate {
	a := t.automatic.Load()
	if a == nil || !slices.Contains(a.Names, strings.ToLower(hello.ServerName)) {
		return nil
	}
	c, err := a.Get(hello)
	if err != nil || c == nil {
		return nil
	}
	return heldCertificate{c}
}

type fileCertificate struct {
	arn apigw.ARN
	*certificate
}

// shownCertificate is a certificate that may change.
type shownCertificate interface {
	get(*tls.ClientHelloInfo) (*tls.Certificate, error)
}

// heldCertificate is one that doesn't change.
type heldCertificate struct{ *tls.Certificate }

func (h heldCertificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return h.Certificate, nil
}

func (t *certificateTable) open(list []CertificateConfig, log *slog.Logger) error {
	t.held.Store(&map[apigw.ARN]*tls.Certificate{})
	for _, c := range list {
		source := &certificate{certFile: c.CertFile, keyFile: c.KeyFile, log: log}
		if err := source.load(); err != nil {
			return fmt.Errorf("certificate %s: %w", c.CertFile, err)
		}
		t.files = append(t.files, fileCertificate{c.ARN, source})
	}
	return nil
}

// SetCertificates has the gateway show these certificates, by ARN, and those of
// files. Handshakes under way go on with what they chose.
func (g *Gateway) SetCertificates(held map[apigw.ARN]*tls.Certificate) {
	g.certificates.held.Store(&held)
}

// FileCertificate is the certificate of files with an ARN, as the files are now;
// nil: there is none.
func (g *Gateway) FileCertificate(arn apigw.ARN) *tls.Certificate {
	for _, f := range g.certificates.files {
		if f.arn == arn {
			c, _ := f.get(nil) // files never fail once they were read
			return c
		}
	}
	return nil
}

// find is the certificate for a server name: one that was issued for it, the one
// that its domain name names, else a file that covers it, else nil, which is the listener's own.
func (t *certificateTable) find(d *domain, hello *tls.ClientHelloInfo) shownCertificate {
	if c := t.issued(hello); c != nil {
		return c
	}
	if d != nil {
		held := *t.held.Load()
		for _, arn := range d.certificates {
			if c := held[arn]; c != nil {
				return heldCertificate{c}
			}
			for _, f := range t.files {
				if f.arn == arn {
					return f
				}
			}
		}
	}
	for _, f := range t.files {
		if c, err := f.get(hello); err == nil && c.Leaf.VerifyHostname(hello.ServerName) == nil {
			return f
		}
	}
	return nil
}

// domainTLS is what handshakes for a custom domain name, and requests to it, are
// held to.
type domainTLS struct {
	certificates []apigw.ARN       // that it names, the first that is there is shown
	policy       *tlspolicy.Policy // nil: it can't be enforced, and no handshake succeeds
	strict       bool              // Host must be the server name of the handshake
	trust        *trustStore       // nil: clients need no certificate
}

func (g *Gateway) domainTLS(d *apigw.DomainName) domainTLS {
	t := domainTLS{strict: d.AccessMode == "STRICT"}
	for _, arn := range []apigw.ARN{d.RegionalCertificateARN, d.CertificateARN} {
		if arn != "" {
			t.certificates = append(t.certificates, arn)
		}
	}
	name := d.SecurityPolicy
	if name == "" {
		name = "TLS_1_2"
	}
	var err error
	if t.policy, err = tlspolicy.Find(name); err != nil {
		g.log.Error("the security policy of a custom domain name can't be enforced; its TLS connections are refused", "domainName", d.Name, "securityPolicy", name, "error", err)
	}
	if d.MutualTLS != nil {
		t.trust = g.domainTrust.of(d)
	}
	return t
}

type handshakeKey struct{}

// tlsFor is the TLS of one handshake with l, whose context has its peer; nil is
// the listener's own. The ticket keys are those of the listener's own
// configuration (crypto/tls: of the original Config when the one returned has
// none).
func (g *Gateway) tlsFor(l *listener, hello *tls.ClientHelloInfo) (*tls.Config, error) {
	p, ok := hello.Context().Value(handshakeKey{}).(*peer)
	if !ok {
		return nil, errors.New("gateway: a handshake without its peer")
	}
	if a := g.certificates.proves(hello); a != nil && !l.private() {
		return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{acmeProtocol}, GetCertificate: a.Get}, nil
	}
	d := g.domainOf(l, hello.ServerName)
	show := g.certificates.find(d, hello)
	if d == nil && show == nil && l.trust == nil {
		return nil, nil
	}
	cfg := l.tls.Clone()
	cfg.GetConfigForClient = nil
	if show != nil {
		cfg.GetCertificate = show.get
	}
	if d != nil {
		if d.policy == nil {
			return nil, fmt.Errorf("gateway: %.100s: its security policy can't be enforced", hello.ServerName)
		}
		d.policy.Apply(cfg)
	}
	switch {
	case d != nil && d.trust != nil && l.trust != nil: // whose listener it is may want more than whose name it is
		requireClient(cfg, p, d.trust, l.trust)
	case d != nil && d.trust != nil:
		requireClient(cfg, p, d.trust)
	case l.trust != nil:
		requireClient(cfg, p, l.trust)
	}
	return cfg, nil
}

// domainOf is the custom domain name that a server name means at l.
func (g *Gateway) domainOf(l *listener, name string) *domain {
	if name == "" || len(name) > maxDomain {
		return nil
	}
	var host, memory [maxDomain]byte
	return g.domains.Load().at(l.cfg.Endpoint).find(host[:copy(host[:], name)], &memory)
}

// mayAsk answers requests that a domain name doesn't take from this connection.
// Nobody may come to a name that wants certificates past the handshake that asks
// for them: by another server name, or without TLS. What AWS answers isn't
// known. 421 tells a client that it may try on a connection of its own (RFC
// 9110, section 15.5.20), as one of HTTP/2 must that reused a connection because
// its certificate covers both names.
func (f *finder) mayAsk(g *Gateway, x *exchange.Exchange, d *domain) bool {
	switch why := d.refuses(f.peer, hostName(x.Host)); why {
	case "":
		if d.trust != nil {
			x.Client.Cert = f.peer.shown
		}
		return true
	case overTLSAlone:
		x.Decide("address", "none", why)
		g.kindFor(d).NoStage(x)
	default:
		x.Decide("address", "none", why)
		plain(x, 421, "MisdirectedRequestException", "Misdirected Request")
	}
	return false
}

const overTLSAlone = "the custom domain name is served over TLS alone"

// refuses says why what p sends to host isn't for the domain name; empty: it is.
// A nil p has no connection.
func (t *domainTLS) refuses(p *peer, host []byte) string {
	switch {
	case t.trust == nil && !t.strict:
		return ""
	case p == nil || p.info.TLS == nil:
		return overTLSAlone
	case t.trust != nil && !p.vouchedBy(t.trust):
		return "the connection was made for another name, which asks for no certificate of this one's"
	case t.strict && !bytes.EqualFold(bytes.TrimSuffix(host, []byte{'.'}), []byte(p.info.TLS.ServerName)):
		return "the connection was made for another server name"
	}
	return ""
}

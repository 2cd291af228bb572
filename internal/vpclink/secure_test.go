package vpclink

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// selfSigned makes a certificate for name that is valid until until.
func selfSigned(t *testing.T, name string, until time.Time) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: until.Add(-48 * time.Hour), NotAfter: until,
		DNSNames: []string{name}, BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func secureServer(t *testing.T, c *tls.Certificate) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "sni "+r.TLS.ServerName+" proto "+r.Header.Get("X-Forwarded-Proto"))
	}))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{*c}}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// TestListenersOfTLS: a listener's certificate must be for the name that the
// integration's URI has, or tlsConfig names (5.1 of the sheet); what is behind it
// isn't verified (6 and 7.3 of the sheet), and what speaks plain isn't heard.
func TestListenersOfTLS(t *testing.T) {
	later := time.Now().Add(24 * time.Hour)
	certificates := map[apigw.ARN]*tls.Certificate{
		"good": selfSigned(t, "private.example", later), "wild": selfSigned(t, "*.example", later), "old": selfSigned(t, "private.example", time.Now().Add(-time.Hour)), "other": selfSigned(t, "other.example", later),
	}
	behind := secureServer(t, selfSigned(t, "whatever.example", later))
	plainTarget := served(t, "plain", nil)
	for _, tc := range []struct {
		name, listener, group, uri, server string
		certificates                       []apigw.ARN
		body                               string
		status                             int
		kind                               exchange.FaultKind
	}{
		{"ALB", "HTTPS", "HTTPS", "https://private.example/", "", []apigw.ARN{"good"}, "sni  proto https", 200, ""},
		{"ALB to plain targets", "HTTPS", "HTTP", "https://private.example/", "", []apigw.ARN{"other", "wild"}, "plain", 200, ""},
		{"plain ALB to targets of TLS", "HTTP", "HTTPS", "http://private.example:443/", "", nil, "sni  proto http", 200, ""},
		{"ALB with another name", "HTTPS", "HTTPS", "https://private.example/", "", []apigw.ARN{"other"}, "", 0, exchange.APIConfigurationError},
		{"ALB whose certificate expired", "HTTPS", "HTTPS", "https://private.example/", "", []apigw.ARN{"old"}, "", 0, exchange.APIConfigurationError},
		{"ALB whose certificate is gone", "HTTPS", "HTTPS", "https://private.example/", "", []apigw.ARN{"gone"}, "", 0, exchange.APIConfigurationError},
		{"ALB that is spoken to in plain", "HTTPS", "HTTP", "http://private.example:443/", "", []apigw.ARN{"good"}, "", 400, ""},
		{"plain ALB that is spoken to over TLS", "HTTP", "HTTP", "https://private.example/", "", nil, "", 0, exchange.APIConfigurationError},
		{"ALB by a listener and a name", "HTTPS", "HTTP", "", "private.example", []apigw.ARN{"good"}, "plain", 200, ""},
		{"ALB by a listener and another name", "HTTPS", "HTTP", "", "wrong.example", []apigw.ARN{"good"}, "", 0, exchange.APIConfigurationError},
		{"NLB that ends TLS", "TLS", "TCP", "https://private.example/", "", []apigw.ARN{"good"}, "plain", 200, ""},
		{"NLB that encrypts again", "TLS", "TLS", "https://private.example/", "", []apigw.ARN{"good"}, "sni  proto ", 200, ""},
		{"NLB with another name", "TLS", "TLS", "https://private.example/", "", []apigw.ARN{"other"}, "", 0, exchange.APIConfigurationError},
		{"NLB that is spoken to in plain", "TLS", "TCP", "http://private.example:443/", "", []apigw.ARN{"good"}, "", 0, exchange.IntegrationFailure},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBook(t, Config{})
			b.SetCertificates(certificates)
			at := behind
			if tc.group == "HTTP" || tc.group == "TCP" {
				at = plainTarget
			}
			b.SetTargetGroups([]*apigw.TargetGroup{targetGroup(groupARN, tc.group, target(addressOf(t, at)))})
			lb := applicationBalancer(forwardTo(groupARN))
			if tc.listener == "TLS" {
				lb = networkBalancer("TLS", 443, groupARN)
			}
			lb.Listeners[0].Protocol, lb.Listeners[0].Port, lb.Listeners[0].Certificates = tc.listener, 443, tc.certificates
			b.SetLoadBalancers([]*apigw.LoadBalancer{lb})
			p := Place{Scope: scope, Link: "v2link", Target: lb.ARN, ServerName: tc.server}
			if tc.uri != "" {
				p.URI = parseURI(t, tc.uri)
			} else {
				p.Target = lb.Listeners[0].ARN
			}
			a := get(t, b, p, "GET http://private.example/")
			switch {
			case tc.kind != "" && (a.fault == nil || a.fault.Kind != tc.kind), tc.kind == "" && a.fault != nil:
				t.Errorf("%+v: %v", a, a.fault)
			case a.status != tc.status || tc.body != "" && a.body != tc.body:
				t.Errorf("%+v", a)
			}
		})
	}
}

// TestPassedThrough: through a TCP listener the integration speaks TLS with the
// target itself, whose certificate must be for the URI's name and from an
// authority that is trusted (5.1 of the sheet: insecureSkipVerification relaxes
// the chain, not the name).
func TestPassedThrough(t *testing.T) {
	later := time.Now().Add(24 * time.Hour)
	good, other := selfSigned(t, "private.example", later), selfSigned(t, "other.example", later)
	trusted := x509.NewCertPool()
	for _, c := range []*tls.Certificate{good, other} {
		leaf, err := x509.ParseCertificate(c.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		trusted.AddCert(leaf)
	}
	for _, tc := range []struct {
		name     string
		shows    *tls.Certificate
		roots    *x509.CertPool
		insecure bool
		ok       bool
	}{
		{"trusted", good, trusted, false, true}, {"another name", other, trusted, false, false}, {"untrusted", good, x509.NewCertPool(), false, false},
		{"untrusted, not checked", good, x509.NewCertPool(), true, true}, {"another name, not checked", other, x509.NewCertPool(), true, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBook(t, Config{Pools: integration.NewPools(integration.PoolConfig{RootCAs: tc.roots})})
			b.SetTargetGroups([]*apigw.TargetGroup{targetGroup(groupARN, "TCP", target(addressOf(t, secureServer(t, tc.shows))))})
			b.SetLoadBalancers([]*apigw.LoadBalancer{networkBalancer("TCP", 443, groupARN)})
			a := get(t, b, Place{Scope: scope, Link: "v1link", URI: parseURI(t, "https://private.example/"), Insecure: tc.insecure}, "GET https://private.example/")
			if tc.ok && a.body != "sni private.example proto " || !tc.ok && (a.fault == nil || a.fault.Kind != exchange.APIConfigurationError) {
				t.Errorf("%+v: %v", a, a.fault)
			}
		})
	}
}

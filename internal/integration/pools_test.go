package integration

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
)

func parse(t testing.TB, uri string) *URI {
	t.Helper()
	u, err := ParseURI(uri, nil)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestPoolsShare(t *testing.T) {
	p := NewPools(PoolConfig{Linger: time.Minute})
	a := p.Acquire(parse(t, "http://a/x"), false, nil)
	if b := p.Acquire(parse(t, "http://a:80/y?z"), true, nil); b != a {
		t.Error("one plain backend is two")
	}
	if b := p.Acquire(parse(t, "https://a:80/"), false, nil); b == a {
		t.Error("TLS and plain are one")
	}
	a.Release()
	p.sweep(time.Now().Add(time.Hour))
	if p.Acquire(parse(t, "http://a/"), false, nil) != a {
		t.Error("a backend that is in use was dropped")
	}
	a.Release()
	a.Release()
	p.sweep(time.Now())
	if len(p.backends) != 2 {
		t.Error("a backend does not linger")
	}
	p.sweep(time.Now().Add(time.Hour))
	if len(p.backends) != 1 {
		t.Error("a backend that nobody wants stays")
	}
	p.Close()
}

func TestEgressRules(t *testing.T) {
	rules := &EgressRules{
		Own:     []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:4566"), netip.MustParseAddrPort("0.0.0.0:7000"), netip.MustParseAddrPort("192.0.2.7:8000")},
		Local:   []netip.Addr{netip.MustParseAddr("192.0.2.1")},
		Allowed: []string{"169.254.169.254:80", "localhost:4566"},
	}
	tests := []struct {
		backend, addr string
		allowed       bool
	}{
		{"backend:8080", "10.0.0.1:8080", true},
		{"backend:8080", "127.0.0.1:8080", true},
		{"sneaky:4566", "127.0.0.1:4566", false},
		{"sneaky:4566", "127.0.0.2:4566", false},
		{"sneaky:4566", "[::1]:4566", false},
		{"sneaky:4566", "[::ffff:127.0.0.1]:4566", false},
		{"0.0.0.0:4566", "0.0.0.0:4566", false},
		{"localhost:4566", "127.0.0.1:4566", true},
		{"sneaky:7000", "192.0.2.1:7000", false},
		{"sneaky:7000", "192.0.2.2:7000", true},
		{"sneaky:8000", "192.0.2.7:8000", false},
		{"metadata:80", "169.254.169.254:80", false},
		{"metadata:80", "[::ffff:169.254.169.254]:80", false},
		{"metadata:80", "[fe80::1%eth0]:80", false},
		{"metadata:80", "[fd00:ec2::254]:80", false},
		{"169.254.169.254:80", "169.254.169.254:80", true},
		{"m:80", "224.0.0.1:80", false},
	}
	for _, tt := range tests {
		err := rules.Check(tt.backend, netip.MustParseAddrPort(tt.addr))
		if (err == nil) != tt.allowed {
			t.Errorf("%s at %s: %v", tt.backend, tt.addr, err)
		}
	}
}

// get calls uri through p.
func get(t testing.TB, p *Pools, uri string, insecure bool) (string, *exchange.Fault) {
	t.Helper()
	u := parse(t, uri)
	b := p.Acquire(u, insecure, nil)
	defer b.Release()
	c := NewCall()
	c.Request.Method, c.Request.Target, c.Request.Host = "GET", []byte("/"), []byte(u.Host)
	body, f := c.Do(new(exchange.Exchange), b, time.Now().Add(10*time.Second), nil)
	return string(body), f
}

func TestEgressStopsDial(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok")) }))
	defer s.Close()
	var asked []string
	refuse := errors.New("no")
	p := NewPools(PoolConfig{Egress: func(backend string, addr netip.AddrPort) error {
		asked = append(asked, backend+" "+addr.String())
		return refuse
	}})
	_, f := get(t, p, s.URL, false)
	if f == nil || f.Kind != exchange.APIConfigurationError || !errors.Is(f.Cause, refuse) {
		t.Errorf("got %v", f)
	}
	address := strings.TrimPrefix(s.URL, "http://")
	if len(asked) != 1 || asked[0] != address+" "+address {
		t.Errorf("asked %v", asked)
	}
}

// certificate makes a certificate for name that is valid until until, signed
// by itself.
func certificate(t testing.TB, name string, until time.Time) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: until,
		IPAddresses: []net.IP{net.ParseIP(name)}, BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// issued makes a certificate for name that root signed; withRoot sends root too.
func issued(t testing.TB, root tls.Certificate, name string, withRoot bool) tls.Certificate {
	t.Helper()
	parent, err := x509.ParseCertificate(root.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "leaf"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.ParseIP(name)}, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, root.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	c := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	if withRoot {
		c.Certificate = append(c.Certificate, root.Certificate[0])
	}
	return c
}

// TestInsecureSkipVerification: the authority is not checked; host name,
// dates and that there is a root are (API reference, TlsConfig).
func TestInsecureSkipVerification(t *testing.T) {
	later := time.Now().Add(time.Hour)
	private := certificate(t, "127.0.0.7", later)
	tests := map[string]struct {
		cert     tls.Certificate
		insecure bool
		ok       bool
	}{
		"untrusted, checked":     {certificate(t, "127.0.0.1", later), false, false},
		"untrusted, not checked": {certificate(t, "127.0.0.1", later), true, true},
		"another host":           {certificate(t, "127.0.0.9", later), true, false},
		"private root sent":      {issued(t, private, "127.0.0.1", true), true, true},
		"its other host":         {issued(t, private, "127.0.0.9", true), true, false},
		"private root not sent":  {issued(t, private, "127.0.0.1", false), true, false},
		"expired":                {certificate(t, "127.0.0.1", time.Now().Add(-time.Hour)), true, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok")) }))
			s.TLS = &tls.Config{Certificates: []tls.Certificate{tt.cert}}
			s.Config.ErrorLog = quiet
			s.StartTLS()
			defer s.Close()
			body, f := get(t, NewPools(PoolConfig{}), s.URL, tt.insecure)
			if tt.ok && (f != nil || body != "ok") {
				t.Errorf("%q, %v", body, f)
			}
			if !tt.ok && (f == nil || f.Kind != exchange.APIConfigurationError) {
				t.Errorf("%q, %v", body, f)
			}
		})
	}
}

func TestRequestFields(t *testing.T) {
	for _, name := range []string{"Content-Length", "Transfer-Encoding", "Authorization", "Connection", "Expect", "Proxy-Authenticate", "TE"} {
		if fails, _ := MappedRequestField(http1.Lookup(name), AWS); !fails {
			t.Errorf("%s is mapped to AWS", name)
		}
	}
	for _, name := range []string{"Accept", "Host", "X-Own", "Via", "Authorization"} {
		if fails, _ := MappedRequestField(http1.Lookup(name), HTTP); fails {
			t.Errorf("%s can't be mapped", name)
		}
	}
	for _, name := range []string{"Connection", "Expect", "Proxy-Authenticate", "TE", "Via"} {
		if _, drops := MappedRequestField(http1.Lookup(name), HTTP); !drops {
			t.Errorf("%s is sent", name)
		}
	}
}

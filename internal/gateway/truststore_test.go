package gateway

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/clientcert"
	"github.com/gatehouse/gatehouse/internal/exchange"
)

// signer issues certificates; its own signs itself.
type signer struct {
	cert *x509.Certificate
	key  crypto.Signer
}

func newKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// sign makes a certificate for key, good for an hour, unless change says
// something else; without issuer it signs itself.
func sign(t testing.TB, issuer *signer, name string, key crypto.Signer, change func(*x509.Certificate)) *signer {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: name}, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	if change != nil {
		change(template)
	}
	parent := issuer
	if parent == nil {
		parent = &signer{template, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent.cert, key.Public(), parent.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &signer{cert, key}
}

func newAuthority(t testing.TB, name string) *signer {
	t.Helper()
	return sign(t, nil, name, newKey(t), func(c *x509.Certificate) { c.IsCA = true })
}

func (s *signer) client(t testing.TB, name string) *signer {
	t.Helper()
	return sign(t, s, name, newKey(t), nil)
}

func (s *signer) pair() []tls.Certificate {
	return []tls.Certificate{{Certificate: [][]byte{s.cert.Raw}, PrivateKey: s.key}}
}

// secured is an edge whose listener wants certificates.
type secured struct {
	*edge
	t    testing.TB
	file string
	log  *logLines
}

func secure(t testing.TB, change func(*Config), trusted ...*signer) *secured {
	t.Helper()
	s := &secured{t: t, file: filepath.Join(t.TempDir(), "trust.pem"), log: &logLines{}}
	s.write(trusted...)
	s.edge = startEdge(t, &fakeKind{serve: mirror}, func(c *Config) {
		c.Logger = slog.New(slog.NewTextHandler(s.log, nil))
		c.Listeners[0].TLS = &TLSConfig{SelfSigned: true, TrustFile: s.file}
		if change != nil {
			change(c)
		}
	})
	return s
}

// write writes the trust store.
func (s *secured) write(trusted ...*signer) {
	s.t.Helper()
	var b bytes.Buffer
	for _, c := range trusted {
		pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: c.cert.Raw})
	}
	if err := os.WriteFile(s.file, b.Bytes(), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *secured) store() *trustStore { return s.listeners[0].trust }

// take looks at the file as often as it takes for a change.
func (s *secured) take() {
	for range 2 {
		s.store().look()
	}
}

// later sets the trust store's clock forward.
func (s *secured) later(by time.Duration) {
	t := s.store()
	t.looking.Lock()
	defer t.looking.Unlock()
	t.now = func() time.Time { return time.Now().Add(by) }
}

func (s *secured) let() int {
	t := s.store()
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.let)
}

// showing is the TLS of a client with a certificate; nil: without.
func showing(c *signer) *tls.Config {
	cfg := &tls.Config{InsecureSkipVerify: true}
	if c != nil { // whatever the listener asks for
		cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &c.pair()[0], nil }
	}
	return cfg
}

// ask makes one request on a connection of its own.
func (s *secured) ask(cfg *tls.Config) (answer string, state tls.ConnectionState, err error) {
	nc, err := net.Dial("tcp", s.addr())
	if err != nil {
		return "", state, err
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(10 * time.Second))
	c := tls.Client(nc, cfg)
	if err := c.Handshake(); err != nil {
		return "", state, err
	}
	io.WriteString(c, "GET /prod/ HTTP/1.1\r\nHost: "+apiHost+"\r\nConnection: close\r\n\r\n")
	text, err := io.ReadAll(c)
	return string(text), c.ConnectionState(), err
}

func TestMutualTLS(t *testing.T) {
	root := newAuthority(t, "root")
	s := secure(t, nil, root)
	client1 := root.client(t, "alice")
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, h2 := range []bool{false, true} {
			c := client(t, func(tr *http.Transport) {
				tr.TLSClientConfig = showing(client1)
				tr.TLSClientConfig.MaxVersion = version
				tr.ForceAttemptHTTP2 = h2
			})
			for range 3 {
				got, resp := send(t, c, "GET", "https://"+s.addr()+"/prod/x", "")
				if (resp.ProtoMajor == 2) != h2 || got.Subject != "CN=alice" || got.TLSProto != tlsProto(version) {
					t.Errorf("%s %+v", resp.Proto, got)
				}
			}
			c.CloseIdleConnections()
		}
	}
	if got, want := s.TrustStores(), []TrustStore{{Listener: "127.0.0.1:0", File: s.file, Version: s.store().current.Load().Version, Certificates: 1}}; !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
	eventually(t, "nobody is left", func() bool { return s.let() == 0 })
	plain := startEdge(t, &fakeKind{serve: mirror}, func(c *Config) { c.Listeners[0].TLS = &TLSConfig{SelfSigned: true} })
	c := client(t, func(tr *http.Transport) { tr.TLSClientConfig = showing(client1) })
	if got, _ := send(t, c, "GET", "https://"+plain.addr()+"/prod/x", ""); got.Subject != "" {
		t.Errorf("a listener that asks for no certificate has seen %s", got.Subject)
	}
}

func TestMutualTLSRefuses(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0")
	root, foreign := newAuthority(t, "root"), newAuthority(t, "foreign")
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	stolen := root.client(t, "stolen")
	s, began := secure(t, nil, root), time.Now()
	for _, c := range []struct {
		name   string
		shown  *signer
		reason clientcert.Reason
	}{
		{"none", nil, clientcert.Missing},
		{"a foreigner's", foreign.client(t, "mallory"), clientcert.UnknownIssuer},
		{"the foreigner's own", foreign, clientcert.UnknownIssuer},
		{"one of a namesake of the root", newAuthority(t, "root").client(t, "mallory"), clientcert.Altered},
		{"expired", sign(t, root, "old", newKey(t), func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }), clientcert.Expired},
		{"not valid yet", sign(t, root, "new", newKey(t), func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) }), clientcert.NotYetValid},
		{"RSA of 1024 bits", sign(t, root, "weak", small, nil), clientcert.Weak},
		{"Ed25519", sign(t, root, "ed", ed, nil), clientcert.Weak},
		{"without its key", &signer{stolen.cert, newKey(t)}, clientcert.Malformed},
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(c.name+" "+tls.VersionName(version), func(t *testing.T) {
				before := s.RefusedClients()[c.reason]
				cfg := showing(c.shown)
				cfg.MaxVersion = version
				if answer, _, err := s.ask(cfg); err == nil || answer != "" {
					t.Errorf("answered %q", answer)
				}
				eventually(t, "it is counted", func() bool { return s.RefusedClients()[c.reason] == before+1 })
			})
		}
	}
	if told := s.log.count("a client was refused at the handshake"); told == 0 || told > 1+int(time.Since(began)/tellEvery) || s.log.count("reason=missing") == 0 {
		t.Errorf("told %d times within %v", told, time.Since(began))
	}
	if answer, _, err := s.ask(showing(stolen)); !strings.Contains(answer, "CN=stolen") {
		t.Errorf("after all that: %q %v", answer, err)
	}
	eventually(t, "nobody is left", func() bool { return s.let() == 0 })
}

// TestResumedSessions: what a client was given before the trust store changed
// doesn't let it in afterwards.
func TestResumedSessions(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			root, other := newAuthority(t, "root"), newAuthority(t, "other")
			s := secure(t, nil, root)
			cfg := showing(root.client(t, "alice"))
			cfg.MaxVersion, cfg.ClientSessionCache = version, tls.NewLRUClientSessionCache(4)
			for i := range 3 {
				answer, state, err := s.ask(cfg)
				if !strings.Contains(answer, "CN=alice") || state.DidResume != (i > 0) {
					t.Fatalf("%d: resumed %v: %q %v", i, state.DidResume, answer, err)
				}
			}
			s.write(root, other)
			s.take()
			if answer, state, err := s.ask(cfg); !strings.Contains(answer, "CN=alice") || !state.DidResume {
				t.Errorf("still trusted: resumed %v: %q %v", state.DidResume, answer, err)
			}
			s.write(other)
			s.take()
			if answer, _, err := s.ask(cfg); err == nil || answer != "" {
				t.Errorf("not trusted any more: %q", answer)
			}
			eventually(t, "it is counted", func() bool { return s.RefusedClients()[clientcert.UnknownIssuer] == 1 })
			s.later(2 * time.Hour)
			s.write(root)
			s.take()
			if answer, _, err := s.ask(cfg); err == nil || answer != "" {
				t.Errorf("expired meanwhile: %q", answer)
			}
			eventually(t, "it is counted", func() bool { return s.RefusedClients()[clientcert.Expired] == 1 })
		})
	}
}

// TestEstablishedConnections: who isn't trusted any more loses the connection,
// whoever else is there keeps it.
func TestEstablishedConnections(t *testing.T) {
	root, other := newAuthority(t, "root"), newAuthority(t, "other")
	s := secure(t, nil, root, other)
	connect := func(cfg *tls.Config) *tls.Conn {
		c, err := tls.Dial("tcp", s.addr(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		c.SetDeadline(time.Now().Add(10 * time.Second))
		return c
	}
	serves := func(c *tls.Conn) bool {
		io.WriteString(c, "HEAD /prod/ HTTP/1.1\r\nHost: "+apiHost+"\r\n\r\n")
		head := make([]byte, 4096)
		n, err := c.Read(head)
		return err == nil && strings.Contains(string(head[:n]), "200")
	}
	h2 := client(t, func(tr *http.Transport) {
		tr.TLSClientConfig, tr.ForceAttemptHTTP2 = showing(other.client(t, "carol")), true
	})
	alice, bob := connect(showing(root.client(t, "alice"))), connect(showing(other.client(t, "bob")))
	got, _ := send(t, h2, "GET", "https://"+s.addr()+"/prod/", "")
	if !serves(alice) || !serves(bob) || got.Subject != "CN=carol" || s.let() != 3 {
		t.Fatalf("not everybody is let in: %d", s.let())
	}
	s.write(root)
	s.take()
	if !serves(alice) {
		t.Error("who is still trusted lost its connection")
	}
	if serves(bob) {
		t.Error("who isn't trusted any more is served")
	}
	if resp, err := h2.Get("https://" + s.addr() + "/prod/"); err == nil {
		t.Errorf("HTTP/2: who isn't trusted any more is served: %s", resp.Status)
	}
	eventually(t, "one is left", func() bool { return s.let() == 1 })
	s.later(61 * time.Minute)
	s.take()
	if serves(alice) {
		t.Error("who has an expired certificate is served")
	}
	eventually(t, "nobody is left", func() bool { return s.let() == 0 })
}

// TestTrustStoreIsReadAgain: content that can't be used replaces nothing, and
// is told of once.
func TestTrustStoreIsReadAgain(t *testing.T) {
	root, other := newAuthority(t, "root"), newAuthority(t, "other")
	s := secure(t, nil, root)
	first := s.store().current.Load().Version
	lets := func(c *signer) bool {
		answer, _, _ := s.ask(showing(c.client(t, "x")))
		return answer != ""
	}
	state := func(what string, version bool, failed bool, told int) {
		t.Helper()
		got := s.TrustStores()[0]
		if (got.Version == first) != version || got.Failed != failed || s.log.count("can't be used") != told {
			t.Errorf("%s: %+v, told %d times", what, got, s.log.count("can't be used"))
		}
	}
	s.store().look()
	state("unchanged", true, false, 0)
	os.WriteFile(s.file, []byte("-----BEGIN CERTIFICATE-----\nhalf"), 0o600)
	for range 3 {
		s.take()
	}
	state("half a file", true, true, 1)
	os.Remove(s.file)
	for range 3 {
		s.take()
	}
	state("no file", true, true, 2)
	if !lets(root) || lets(other) {
		t.Error("the former version isn't in force")
	}
	s.write(root)
	s.take()
	state("as before", true, false, 2)
	s.write(other)
	s.store().look()
	state("perhaps still being written", true, false, 2)
	s.store().look()
	state("another one", false, false, 2)
	if lets(root) || !lets(other) {
		t.Error("the new version isn't in force")
	}
	if n := s.log.count("the trust store was renewed"); n != 1 || s.log.count("version="+first) == 0 {
		t.Errorf("told %d times", n)
	}
}

// TestTrustStoreIsWatched: no handshake is needed for a change.
func TestTrustStoreIsWatched(t *testing.T) {
	root, other := newAuthority(t, "root"), newAuthority(t, "other")
	s := secure(t, nil, root)
	s.write(other)
	for range 2 { // two looks, seconds apart
		if s.log.count("the trust store was renewed") == 0 {
			time.Sleep(recheck)
		}
	}
	eventually(t, "the new version is taken up", func() bool { return s.log.count("the trust store was renewed") == 1 })
}

func TestTrustStoreAtTheStart(t *testing.T) {
	root := newAuthority(t, "root")
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.pem")
	os.WriteFile(bad, []byte("-----BEGIN CERTIFICATE-----\nhalf"), 0o600)
	for file, want := range map[string]string{
		bad:                           "trust store " + bad + ": certificate 1 (line 1): the PEM block is damaged or cut off",
		filepath.Join(dir, "missing"): "trust store: open",
	} {
		g := newGateway(t, &fakeKind{}, func(c *Config) {
			c.DataDir, c.Listeners = dir, []ListenerConfig{{Address: "127.0.0.1:0", TLS: &TLSConfig{SelfSigned: true, TrustFile: file}}}
		})
		if err := g.Listen(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	private := ListenerConfig{Address: ":0", Endpoint: &exchange.Endpoint{ID: "vpce-1"}, TLS: &TLSConfig{SelfSigned: true, TrustFile: bad}}
	if _, err := New(Config{REST: (&fakeKind{}).kind(), Listeners: []ListenerConfig{private}}); err == nil || !strings.Contains(err.Error(), "private endpoints have no mutual TLS") {
		t.Errorf("a private endpoint with mutual TLS: %v", err)
	}
	weak := sign(t, root, "not an authority", newKey(t), nil)
	if s := secure(t, nil, root, weak); s.log.count("it is no certificate authority") != 1 {
		t.Error("no warning of a certificate that vouches for nobody")
	}
}

func TestMutualTLSBehindProxy(t *testing.T) {
	root := newAuthority(t, "root")
	s := secure(t, func(c *Config) {
		c.Listeners[0].ProxyProtocol, c.Listeners[0].TrustedProxies = true, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	}, root)
	for _, c := range []*signer{root.client(t, "alice"), newAuthority(t, "other").client(t, "mallory")} {
		nc, err := net.Dial("tcp", s.addr())
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		nc.SetDeadline(time.Now().Add(10 * time.Second))
		io.WriteString(nc, "PROXY TCP4 198.51.100.7 203.0.113.1 4711 8443\r\n")
		tc := tls.Client(nc, showing(c))
		io.WriteString(tc, "GET /prod/ HTTP/1.1\r\nHost: "+apiHost+"\r\nConnection: close\r\n\r\n")
		answer, _ := io.ReadAll(tc)
		if known := c.cert.Subject.CommonName == "alice"; strings.Contains(string(answer), `"IP":"198.51.100.7"`) != known || strings.Contains(string(answer), "CN=alice") != known {
			t.Errorf("%s: %q", c.cert.Subject, answer)
		}
	}
	eventually(t, "it is told", func() bool { return s.log.count("remote=198.51.100.7:4711") == 1 })
}

// TestSlowHandshakes: a client that shows no certificate in time is cut, and
// nothing of it is left.
func TestSlowHandshakes(t *testing.T) {
	root := newAuthority(t, "root")
	s := secure(t, func(c *Config) { c.HandshakeTimeout = 200 * time.Millisecond }, root)
	before := runtime.NumGoroutine()
	for i := range 20 {
		nc, err := net.Dial("tcp", s.addr())
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		if i%2 == 0 { // up to the certificate, which doesn't come
			cfg := showing(nil)
			stuck := make(chan struct{})
			t.Cleanup(func() { close(stuck) })
			cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				<-stuck
				return nil, fmt.Errorf("too late")
			}
			go tls.Client(nc, cfg).Handshake()
		}
	}
	eventually(t, "all are cut", func() bool { return s.Connections() == 0 && s.let() == 0 })
	refused := showing(newAuthority(t, "other").client(t, "mallory"))
	for range 50 {
		s.ask(refused)
	}
	eventually(t, "nothing is left of them", func() bool { return s.Connections() == 0 && runtime.NumGoroutine() < before+30 })
}

// TestRenewalUnderLoad: while the store is renewed again and again, who is
// trusted all the time is never refused, and who isn't at the end isn't served.
func TestRenewalUnderLoad(t *testing.T) {
	root, other := newAuthority(t, "root"), newAuthority(t, "other")
	s := secure(t, nil, root)
	stop := make(chan struct{})
	var clients sync.WaitGroup
	var served, refused atomic.Int64
	for i := range 4 {
		who, counts := root.client(t, "alice"), true
		if i == 3 {
			who, counts = other.client(t, "bob"), false
		}
		cfg := showing(who)
		cfg.ClientSessionCache = tls.NewLRUClientSessionCache(1)
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				answer, _, err := s.ask(cfg)
				switch {
				case counts && !strings.Contains(answer, "CN=alice"):
					t.Errorf("refused: %q %v", answer, err)
					return
				case answer != "":
					served.Add(1)
				default:
					refused.Add(1)
				}
			}
		})
	}
	for range 20 {
		s.write(root, other)
		s.take()
		s.write(root)
		s.take()
	}
	close(stop)
	clients.Wait()
	eventually(t, "nobody is left", func() bool { return s.let() == 0 })
	t.Logf("%d served, %d of bob's refused", served.Load(), refused.Load())
}

// BenchmarkHandshake: full handshakes and resumed ones, with one request each.
func BenchmarkHandshake(b *testing.B) {
	root := newAuthority(b, "root")
	mutual := secure(b, nil, root)
	oneWay := &secured{t: b, edge: startEdge(b, &fakeKind{serve: mirror}, func(c *Config) { c.Listeners[0].TLS = &TLSConfig{SelfSigned: true} })}
	for name, s := range map[string]*secured{"one-way": oneWay, "mutual": mutual} {
		for _, resumed := range []bool{false, true} {
			b.Run(fmt.Sprint(name, " resumed=", resumed), func(b *testing.B) {
				cfg := showing(root.client(b, "alice"))
				if resumed {
					cfg.ClientSessionCache = tls.NewLRUClientSessionCache(1)
				}
				for b.Loop() {
					if answer, _, err := s.ask(cfg); answer == "" {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

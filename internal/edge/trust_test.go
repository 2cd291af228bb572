package edge

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/http1"
)

// issued is a certificate of an authority of its own, for the names, and that
// authority's.
func issued(t *testing.T, names ...string) (shown *tls.Certificate, authority []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	valid := x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true}
	root, leaf := valid, valid
	root.Subject, root.IsCA, root.KeyUsage = pkix.Name{CommonName: "Root"}, true, x509.KeyUsageCertSign
	leaf.DNSNames, leaf.IPAddresses = names, []net.IP{net.IPv4(127, 0, 0, 2)}
	rootDER, err := x509.CreateCertificate(rand.Reader, &root, &root, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, &leaf, &root, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{leafDER}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: rootDER})
}

// TestTrust: origins are called whose certificates are for their name and of an
// authority that the file holds now.
func TestTrust(t *testing.T) {
	one, first := issued(t, "localhost")
	two, second := issued(t, "localhost")
	other, _ := issued(t, "other.example.com")
	var shown atomic.Pointer[tls.Certificate]
	shown.Store(one)
	region := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") }))
	region.Listener = tls.NewListener(region.Listener, &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return shown.Load(), nil }})
	region.Config.SetKeepAlivesEnabled(false) // each call is a handshake
	region.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	region.Start()
	defer region.Close()
	_, port, _ := net.SplitHostPort(region.Listener.Addr().String())

	file := filepath.Join(t.TempDir(), "ca.pem")
	hold := func(content []byte) {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	hold(first)
	var log strings.Builder
	trust, err := OpenTrust(file, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	call := func(host string) error {
		t.Helper()
		config, err := origin("https://"+net.JoinHostPort(host, port), trust)
		if err != nil {
			t.Fatal(err)
		}
		e := http1.NewEndpoint(config)
		defer e.Close()
		var c http1.Call
		var resp http1.ClientResponse
		c.Reset()
		c.Deadline = time.Now().Add(20 * time.Second)
		err = e.Do(&c, &http1.ClientRequest{Method: "GET", Target: []byte("/"), Host: []byte(host)}, &resp)
		if err == nil {
			resp.Close()
		}
		return err
	}
	called := func(when, host, refusal string) {
		t.Helper()
		err := call(host)
		if refusal == "" && err != nil || refusal != "" && (err == nil || !strings.Contains(err.Error(), refusal)) {
			t.Errorf("%s: %v, want %q", when, err, refusal)
		}
	}
	called("by its authority", "localhost", "")
	called("by another address than it is for", "127.0.0.1", "certificate is valid for 127.0.0.2")
	shown.Store(other)
	called("for another name", "localhost", "certificate is valid for other.example.com")
	shown.Store(two)
	called("by another authority", "localhost", "unknown authority")
	hold(append(first, second...))
	trust.look()
	called("while the file may be half written", "localhost", "unknown authority")
	trust.look()
	called("by the authority that came", "localhost", "")
	hold([]byte("nothing"))
	trust.look()
	trust.look()
	trust.look()
	called("with a file that can't be used", "localhost", "")
	if n := strings.Count(log.String(), "holds no certificate"); n != 1 {
		t.Errorf("told %d times:\n%s", n, log.String())
	}
	hold(second)
	trust.look()
	trust.look()
	shown.Store(one)
	called("by the authority that went", "localhost", "unknown authority")
}

package main

import (
	"crypto/tls"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/freeport"
)

// TestEdgeACME: an edge has the certificate of a name issued, shows it also
// after a restart without the authority, and keeps its key sealed.
func TestEdgeACME(t *testing.T) {
	secure := freeport.Address(t)
	authority := newPebble(t, secure)
	file := apiFile(t, greeting("hi"))
	s := serveWith(t, file)
	s.mapped(s.api(file), "acme.example.com", s.certificate("acme.example.com"), nil)
	data := filepath.Join(t.TempDir(), "data")
	config := write(t, "edge.yaml", fmt.Sprintf("listen: [{address: '%s', tls: development}]\norigins: ['%s']\n", secure, s.invoke)+authority.configuration("acme.example.com"))
	check := func(when string) {
		t.Helper()
		eventually(t, when, func() bool {
			status, _, err := askTLS(clientAt(t, secure, &tls.Config{RootCAs: roots(authority.root())}), "https://acme.example.com/hello")
			return err == nil && status == 200
		})
	}
	_, stop := stoppableEdge(t, "--config", config, "--data", data)
	check("issued")
	authority.server.Close()
	stop()
	edgeOf(t, "--config", config, "--data", data)
	check("after a restart without the authority")
	sealedKeys(t, data)
}

// TestEdgeScanned: what an independent scanner is let in with, at an edge whose
// listener has a key of its own and that has a certificate for another name.
func TestEdgeScanned(t *testing.T) {
	t.Parallel()
	cert, key := newTestAuthority(t, "Servers").pair("shop.example.com")
	shop := write(t, "pair.pem", string(cert)+string(key))
	base := edgeOf(t, "--config", write(t, "edge.yaml", "listen: [{address: '127.0.0.1:0', tls: development}]\norigins: [https://region.example.com]\ncertificates: [{cert: "+shop+", key: "+shop+"}]\n"))
	want := scanned{[]string{"TLSv1.2", "TLSv1.3"}, []string{"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES256-SHA", "ECDHE-ECDSA-CHACHA20-POLY1305",
		"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}}
	for _, name := range []string{"shop.example.com", "other.example.com"} {
		if diff := cmp.Diff(want, scan(t, address(t, base), name)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// TestEdgeRotationUnderLoad: while clients shake hands with an edge, the
// certificates of its listener and of another name are replaced: no handshake and
// no request fails, and the new ones are shown. (That the region's may be, too, is
// shown by TestTrust of internal/edge.)
func TestEdgeRotationUnderLoad(t *testing.T) {
	t.Parallel()
	file := apiFile(t, greeting("hi"))
	a, dir := newTestAuthority(t, "Servers"), t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	pair := func(name string, names ...string) { // both in one file: no handshake sees half of a change
		cert, key := a.pair(names...)
		replaceFile(t, path(name), string(cert)+string(key))
	}
	pair("listener.pem", "first.example.com")
	pair("other.pem", "second.example.com")
	s := serveWith(t, file)
	certificate := s.certificate("*.example.com")
	for _, name := range []string{"first.example.com", "second.example.com"} {
		s.mapped(s.api(file), name, certificate, nil)
	}
	base := edgeOf(t, "--config", write(t, "edge.yaml", fmt.Sprintf("listen: [{address: '127.0.0.1:0', tls: {cert: %[1]s, key: %[1]s}}]\ncertificates: [{cert: %[2]s, key: %[2]s}]\norigins: ['%[3]s']\n",
		path("listener.pem"), path("other.pem"), s.invoke)))

	var saw sync.Map
	stop := make(chan struct{})
	var load sync.WaitGroup
	for _, name := range []string{"first.example.com", "second.example.com"} {
		load.Go(func() {
			trust := &tls.Config{RootCAs: roots(a.pem())}
			for held := clientAt(t, address(t, base), trust); ; {
				select {
				case <-stop:
					return
				default:
				}
				fresh := clientAt(t, address(t, base), trust)
				if status, _, err := askTLS(held, "https://"+name+"/hello"); err != nil || status != 200 {
					t.Errorf("a held connection to %s: %d %v", name, status, err)
				}
				status, serial, err := askTLS(fresh, "https://"+name+"/hello")
				if err != nil || status != 200 {
					t.Errorf("a new connection to %s: %d %v", name, status, err)
				}
				saw.Store(name+" "+serial, true)
				fresh.CloseIdleConnections()
			}
		})
	}
	shown := func() (n int) {
		saw.Range(func(any, any) bool { n++; return true })
		return n
	}
	eventually(t, "the first certificates are shown", func() bool { return shown() == 2 })
	for i := range 3 {
		pair("listener.pem", "first.example.com")
		pair("other.pem", "second.example.com")
		eventually(t, "new certificates are shown", func() bool { return shown() == 4+2*i })
	}
	close(stop)
	load.Wait()
}

package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"

	"github.com/gatehouse/gatehouse/internal/freeport"
)

// localNames is the address of a DNS server by which every name is this machine.
func localNames(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &dns.Server{Listener: l, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		if len(q.Question) == 1 && q.Question[0].Qtype == dns.TypeA {
			m.Answer = []dns.RR{&dns.A{Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 1}, A: net.IPv4(127, 0, 0, 1)}}
		}
		_ = w.WriteMsg(m)
	})}
	go func() { _ = s.ActivateAndServe() }()
	t.Cleanup(func() { _ = s.Shutdown() })
	return l.Addr().String()
}

// pebble is Let's Encrypt's own ACME server for tests.
type pebble struct {
	server *httptest.Server
	ca     *ca.CAImpl
	trust  string // file, for who asks it
}

// newPebble runs one, by which all names lead to an address of this machine.
func newPebble(t *testing.T, address string) *pebble {
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	t.Setenv("PEBBLE_WFE_NONCEREJECT", "0")
	_, text, _ := net.SplitHostPort(address)
	port, _ := strconv.Atoi(text)
	quiet, state := log.New(io.Discard, "", 0), db.NewMemoryStore()
	issuing := ca.New(quiet, state, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {Description: "default", ValidityPeriod: 7776000}})
	front := wfe.New(quiet, state, va.New(quiet, 1, port, false, localNames(t), state), issuing, []string{"pebble.example"}, false, false, 1, 1)
	p := &pebble{httptest.NewTLSServer(front.Handler()), issuing, filepath.Join(t.TempDir(), "acme.pem")}
	t.Cleanup(p.server.Close)
	os.WriteFile(p.trust, pemOf("CERTIFICATE", p.server.Certificate().Raw), 0o600)
	return p
}

// configuration has it issue the certificate of a name.
func (p *pebble) configuration(name string) string {
	return fmt.Sprintf("acme: {directory: '%s', ca: %s, agree: true, names: [%s]}\n", p.server.URL+wfe.DirectoryPath, p.trust, name)
}

// root is of the certificates that it issues.
func (p *pebble) root() []byte { return pemOf("CERTIFICATE", p.ca.GetRootCert(0).DER) }

// sealedKeys: the keys of a data folder are there, and none lies open.
func sealedKeys(t *testing.T, data string) {
	t.Helper()
	keys := 0
	filepath.WalkDir(filepath.Join(data, "acme"), func(path string, d os.DirEntry, err error) error {
		if content, _ := os.ReadFile(path); err == nil && !d.IsDir() && strings.HasSuffix(path, ".key") {
			if keys++; strings.Contains(string(content), "PRIVATE KEY") {
				t.Errorf("%s lies open", path)
			}
		}
		return nil
	})
	if keys == 0 {
		t.Error("no key is kept")
	}
}

// TestACME: the authority asks whether the names lead here and issues their
// certificates. They are shown also to clients after a restart without the
// authority, their keys lie sealed, and who asks for the proof gets nothing beside
// it, on a listener for known clients either.
func TestACME(t *testing.T) {
	secure := freeport.Address(t)
	authority := newPebble(t, secure)
	file := apiFile(t, greeting("hi"))
	s := serveListening(t, fmt.Sprintf("invoke: [{address: '%s', tls: development}]\n", secure)+authority.configuration("acme.example.com"), file)
	s.mapped(s.api(file), "acme.example.com", s.certificate("acme.example.com"), nil)
	check := func(when string) {
		t.Helper()
		var status int
		var err error
		for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
			if status, _, err = askTLS(clientOf(t, s, &tls.Config{RootCAs: roots(authority.root())}), "https://acme.example.com/hello"); err == nil && status == 200 {
				return
			}
		}
		t.Errorf("%s: %d %v", when, status, err)
	}
	check("issued")
	authority.server.Close()
	s.kill()
	s.restart()
	check("after a restart without the authority")

	c, err := tls.Dial("tcp", secure, &tls.Config{ServerName: "acme.example.com", InsecureSkipVerify: true, NextProtos: []string{"acme-tls/1"}})
	if err == nil {
		fmt.Fprintf(c, "GET /hello HTTP/1.1\r\nHost: acme.example.com\r\n\r\n")
		c.SetReadDeadline(time.Now().Add(5 * time.Second))
		if answer, _ := io.ReadAll(c); len(answer) > 0 {
			t.Errorf("who asked for the proof was answered %q", answer)
		}
		c.Close()
	}
	sealedKeys(t, s.data)
}

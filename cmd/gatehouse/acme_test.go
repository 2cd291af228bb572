package main

import (
	"crypto/tls"
	"encoding/pem"
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

// TestACME: Pebble, Let's Encrypt's own ACME server for tests, asks whether the
// names lead here and issues their certificates. They are shown also to clients
// after a restart without the authority, their keys lie sealed, and who asks for
// the proof gets nothing beside it, on a listener for known clients either.
func TestACME(t *testing.T) {
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	t.Setenv("PEBBLE_WFE_NONCEREJECT", "0")
	secure := freeport.Address(t)
	_, text, _ := net.SplitHostPort(secure)
	port, _ := strconv.Atoi(text)
	quiet, state := log.New(io.Discard, "", 0), db.NewMemoryStore()
	issuing := ca.New(quiet, state, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {Description: "default", ValidityPeriod: 7776000}})
	front := wfe.New(quiet, state, va.New(quiet, 1, port, false, localNames(t), state), issuing, []string{"pebble.example"}, false, false, 1, 1)
	authorityServer := httptest.NewTLSServer(front.Handler())
	t.Cleanup(authorityServer.Close)
	dir := t.TempDir()
	trust := filepath.Join(dir, "acme.pem")
	os.WriteFile(trust, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authorityServer.Certificate().Raw}), 0o600)

	file := apiFile(t, greeting("hi"))
	s := serveListening(t, fmt.Sprintf("invoke: [{address: '%s', tls: development}]\nacme: {directory: '%s', ca: %s, agree: true, names: [acme.example.com]}\n",
		secure, authorityServer.URL+wfe.DirectoryPath, trust), file)
	s.mapped(s.api(file), "acme.example.com", s.certificate("acme.example.com"), nil)
	root := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: issuing.GetRootCert(0).DER})
	check := func(when string) {
		t.Helper()
		var status int
		var err error
		for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
			if status, _, err = askTLS(clientOf(t, s, &tls.Config{RootCAs: roots(root)}), "https://acme.example.com/hello"); err == nil && status == 200 {
				return
			}
		}
		t.Errorf("%s: %d %v", when, status, err)
	}
	check("issued")
	authorityServer.Close()
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
	keys := 0
	filepath.WalkDir(filepath.Join(s.data, "acme"), func(path string, d os.DirEntry, err error) error {
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

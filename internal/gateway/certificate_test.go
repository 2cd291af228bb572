package gateway

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func readLeaf(t *testing.T, path string) *x509.Certificate {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(path, filepath.Join(filepath.Dir(path), "k"))
	if err != nil {
		t.Fatal(err)
	}
	return pair.Leaf
}

func TestDevelopmentCertificate(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "sub", "c"), filepath.Join(dir, "sub", "k")
	now := time.Now()
	if err := developmentCertificate(cert, key, now); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(key); err != nil || info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		t.Errorf("the key's mode is %v, %v", info.Mode(), err)
	}
	first := readLeaf(t, cert)
	roots := x509.NewCertPool()
	roots.AddCert(first)
	for _, name := range []string{"localhost", "x.localhost", "a1b2c3d4e5.execute-api.localhost", "127.0.0.1", "::1"} {
		if _, err := first.Verify(x509.VerifyOptions{Roots: roots, DNSName: name}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := first.Verify(x509.VerifyOptions{Roots: roots, DNSName: "example.com"}); err == nil {
		t.Error("it is good for any name")
	}
	cases := []struct {
		name   string
		at     time.Time
		before func()
		renew  bool
	}{
		{"a good one stays", now.Add(300 * 24 * time.Hour), func() {}, false},
		{"the last month", now.Add(340 * 24 * time.Hour), func() {}, true},
		{"a damaged file", now, func() { os.WriteFile(cert, []byte("x"), 0o600) }, true},
		{"a lost key", now, func() { os.Remove(key) }, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if err := developmentCertificate(cert, key, now); err != nil {
				t.Fatal(err)
			}
			old := readLeaf(t, cert)
			c.before()
			if err := developmentCertificate(cert, key, c.at); err != nil {
				t.Fatal(err)
			}
			if changed := !readLeaf(t, cert).Equal(old); changed != c.renew {
				t.Errorf("renewed: %v", changed)
			}
		})
	}
	left, _ := filepath.Glob(filepath.Join(dir, "sub", ".new-*"))
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestCertificateIsReadAgain(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "c"), filepath.Join(dir, "k")
	make := func(at time.Time) *x509.Certificate {
		t.Helper()
		os.Remove(cert)
		if err := developmentCertificate(cert, key, at); err != nil {
			t.Fatal(err)
		}
		return readLeaf(t, cert)
	}
	log := &logLines{}
	c := &certificate{certFile: cert, keyFile: key, log: slog.New(slog.NewTextHandler(log, nil))}
	if err := c.load(); err == nil {
		t.Fatal("no file, no error")
	}
	first := make(time.Now())
	if err := c.load(); err != nil {
		t.Fatal(err)
	}
	shown := func() *x509.Certificate {
		t.Helper()
		c.checked.Store(0) // as if the files hadn't been looked at for long
		pair, err := c.get(nil)
		if err != nil {
			t.Fatal(err)
		}
		return pair.Leaf
	}
	if !shown().Equal(first) {
		t.Error("another certificate is shown")
	}
	os.WriteFile(cert, []byte("half a certif"), 0o600)
	for range 3 {
		if !shown().Equal(first) {
			t.Error("a file that can't be used replaced a good one")
		}
	}
	if n := log.count("can't be used"); n != 1 {
		t.Errorf("reported %d times", n)
	}
	if second := make(time.Now().Add(-48 * time.Hour)); !shown().Equal(second) {
		t.Error("the new certificate isn't shown")
	}
	os.Remove(key)
	shown()
	if c.current.Load() == nil {
		t.Error("a lost file takes the certificate away")
	}
}

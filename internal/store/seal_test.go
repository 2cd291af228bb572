package store

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func testSealer(t *testing.T, keys ...byte) *Sealer {
	t.Helper()
	var all [][]byte
	for _, k := range keys {
		all = append(all, bytes.Repeat([]byte{k}, 32))
	}
	s, err := NewSealer(all...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSeal(t *testing.T) {
	s := testSealer(t, 1)
	sealed := s.Seal("record", []byte("secret"))
	if bytes.Contains(sealed, []byte("secret")) || bytes.Equal(sealed, s.Seal("record", []byte("secret"))) {
		t.Error("the secret shows")
	}
	altered := bytes.Clone(sealed)
	altered[len(altered)-1] ^= 1
	newer := append([]byte{2}, sealed[1:]...)
	cases := []struct {
		name   string
		with   *Sealer
		aad    string
		sealed []byte
		want   error
	}{
		{"as sealed", s, "record", sealed, nil},
		{"after the key was replaced", testSealer(t, 2, 1), "record", sealed, nil},
		{"another record", s, "other", sealed, ErrNotSeal},
		{"altered", s, "record", altered, ErrNotSeal},
		{"cut", s, "record", sealed[:20], ErrNotSeal},
		{"empty", s, "record", nil, ErrNotSeal},
		{"another key", testSealer(t, 2), "record", sealed, ErrOtherKey},
		{"newer", s, "record", newer, ErrNewer},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.with.Open(c.aad, c.sealed)
			wantIs(t, err, c.want)
			if c.want == nil && string(got) != "secret" {
				t.Errorf("got %q", got)
			}
		})
	}
}

func wantIs(t *testing.T, err, want error) {
	t.Helper()
	if want == nil && err != nil {
		t.Fatal(err)
	}
	if want != nil {
		wantError(t, err, want)
	}
}

func TestLoadMasterKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.key")
	first, err := LoadMasterKey(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := LoadMasterKey(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.Open("a", first.Seal("a", nil)); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(path + ".*"); left != nil {
		t.Errorf("left %v", left)
	}
	if runtime.GOOS == "windows" {
		return
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o644} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadMasterKey(path); err == nil {
			t.Errorf("a file of mode %o was read", mode)
		}
	}
}

func TestParseMasterKey(t *testing.T) {
	key := bytes.Repeat([]byte{7}, 32)
	h, b := hex.EncodeToString(key), base64.StdEncoding.EncodeToString(key)
	cases := map[string]bool{
		h: true, b: true, h + "\n": true, "\n " + b + "\r\n" + h: true,
		"": false, h[:62]: false, "secret": false, h + "\nxx": false, b[:40]: false,
	}
	for text, good := range cases {
		s, err := ParseMasterKey(text)
		if (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
		if err == nil {
			if _, err := s.Open("a", testSealer(t, 7).Seal("a", nil)); err != nil {
				t.Errorf("%q: %v", text, err)
			}
		}
	}
}

func TestFingerprints(t *testing.T) {
	a, b := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	old, err := NewSealer(a)
	if err != nil {
		t.Fatal(err)
	}
	both, err := NewSealer(b, a)
	if err != nil {
		t.Fatal(err)
	}
	one, two := old.Fingerprints("key", "secret"), both.Fingerprints("key", "secret")
	if len(one) != 1 || len(two) != 2 || one[0] != two[1] || two[0] == two[1] || len(one[0]) != 64 {
		t.Error(one, two)
	}
	if old.Fingerprints("other", "secret")[0] == one[0] || old.Fingerprints("key", "secrets")[0] == one[0] {
		t.Error("another secret has the same fingerprint")
	}
}

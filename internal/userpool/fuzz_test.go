package userpool

import (
	"encoding/base64"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzFilter: a filter is refused or finds users as its text says.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{`username = "ann"`, `email ^= "a\"b"`, `"sub"="x"`, `status = "Enabled"`, `name = "\\"`, `=`, `^=""`, `username = "a" b"`} {
		f.Add(seed)
	}
	u := &User{Username: "ann", Sub: "s", Status: Confirmed, Attributes: []Value{{"email", `a"b`}, {"name", `\`}}}
	f.Fuzz(func(t *testing.T, text string) {
		matches, err := parseFilter(text)
		if err != nil {
			if codeOf(err) != invalidParameter {
				t.Fatal(err)
			}
			return
		}
		if matches(u) && strings.TrimSpace(text) != "" && !strings.Contains(text, `"`) {
			t.Errorf("%q finds a user", text)
		}
	})
}

// FuzzPublic: a client's number is refused or one of the group.
func FuzzPublic(f *testing.F) {
	for _, seed := range []string{"1", "0", srpN.Text(16), strings.Repeat("f", 768), "-1", "0x1", "_1", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if a, err := parsePublic(text); err == nil && (a.Sign() <= 0 || a.Cmp(srpN) >= 0) {
			t.Errorf("%q is %v", text, a)
		}
	})
}

// FuzzTokens: what is no token of ours is refused, and nothing that a client
// sends as one ends the process.
func FuzzTokens(f *testing.F) {
	w := newWorld(f)
	pool := w.pool()
	app := w.app(pool)
	w.ann(pool)
	tokens := must[*Result](f)(w.login(app, "ann", goodPassword)).Tokens
	known := map[string]bool{tokens.Access: true, tokens.Refresh: true}
	for _, seed := range []string{tokens.Access, tokens.ID, tokens.Refresh, "", "..", "a.b.c", "e30.e30.e30", base64.RawURLEncoding.EncodeToString([]byte(`{"p":"x","s":"y","i":"z","k":"AAAA"}`))} {
		f.Add(seed)
	}
	at, c, err := w.catalog.client(app)
	w.ok(err)
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := w.GetUser(t.Context(), text); err == nil && !known[text] {
			t.Errorf("%q is an access token", text)
		}
		if r, err := w.refresh(t.Context(), at, c, text, func(*User) error { return nil }); err == nil && !known[text] {
			t.Errorf("%q is a refresh token: %v", text, r)
		}
		if s, err := w.openSession(at, text, passwordVerifier, c); err == nil {
			t.Errorf("%q is a session: %v", text, s)
		}
	})
}

// FuzzNames: a user is found under the name they were made with, and no name
// reaches into another pool's records.
func FuzzNames(f *testing.F) {
	for _, seed := range []string{"ann", "a/b", "..", "%2f", "ann@example.com", "+4912345678", "\x00", "ÄÖÜ", "a b", strings.Repeat("x", 128)} {
		f.Add(seed)
	}
	w := newWorld(f)
	first, second := w.pool(), w.pool()
	f.Fuzz(func(t *testing.T, name string) {
		u, err := w.User(t.Context(), testScope, second, name)
		if err == nil || u != nil {
			t.Fatalf("%q is in a pool that is empty", name)
		}
		if !utf8.ValidString(name) || checkUsername(name) != nil {
			return
		}
		p := w.catalog.pool(first).pool
		key := p.userKey(name)
		if !strings.HasPrefix(key, usersOf(first)) || strings.Count(key, "/") != strings.Count(usersOf(first), "/") {
			t.Errorf("%q is kept as %s", name, key)
		}
		if _, err := p.nameOfNew(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	})
}

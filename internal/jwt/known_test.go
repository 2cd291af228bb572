package jwt

import (
	"testing"
	"time"
)

// TestKnownKeys has an issuer whose keys are at hand for a while: nothing is
// fetched then, whatever a token says, and tokens are refused once they are
// gone and the issuer has others.
func TestKnownKeys(t *testing.T) {
	ours, theirs := newSigner(t, "k1"), newSigner(t, "k1")
	web := &site{}
	web.set(false, theirs)
	keys, err := ParseKeys([]byte(`{"keys":[` + ours.jwk() + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	issuer := NewIssuer(Config{URL: issuerURL, Fetch: web.fetch, Verified: NewVerified(), Known: func() *Keys { return keys }, Now: func() time.Time { return now }})
	for range 2 {
		if _, err := issuer.Verify(t.Context(), ours.token(t, claims(""))); err != nil {
			t.Error(err)
		}
	}
	for name, token := range map[string]string{"another's key": theirs.token(t, claims("")), "an unknown key": newSigner(t, "k2").token(t, claims(""))} {
		if _, err := issuer.Verify(t.Context(), token); err == nil {
			t.Errorf("%s: let in", name)
		}
	}
	if n := web.fetches.Load(); n != 0 {
		t.Errorf("%d fetches", n)
	}
	keys = nil
	if _, err := issuer.Verify(t.Context(), ours.token(t, claims(""))); err == nil {
		t.Error("a token is believed whose keys are gone")
	}
}

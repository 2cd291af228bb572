package jwt

import (
	"fmt"
	"testing"
	"time"
)

// TestVerifiedTokens: a token that was found good isn't verified again while
// nothing changed, and not a moment longer.
func TestVerifiedTokens(t *testing.T) {
	first, second := newSigner(t, "k1"), newSigner(t, "k2")
	web, clock, verified := &site{}, now, NewVerified()
	web.set(false, first)
	issuer := NewIssuer(Config{URL: issuerURL, Fetch: web.fetch, Now: func() time.Time { return clock }, Verified: verified})
	token := first.token(t, fmt.Sprintf(`{"iss":%q,"iat":%d,"exp":%d}`, issuerURL, now.Unix(), now.Add(5*time.Hour).Unix()))
	verify := func(want string) *Token {
		t.Helper()
		found, err := issuer.Verify(t.Context(), token)
		for issuer.busy() {
			time.Sleep(time.Millisecond)
		}
		if err == nil && want != "" || err != nil && err.(*Error).Text != want {
			t.Fatalf("%v, want %q", err, want)
		}
		return found
	}
	whole := verify("")
	if verify("") != whole {
		t.Error("verified again")
	}
	if issuer.Recall([]byte(token)) != whole || issuer.Recall([]byte(token)[1:]) != nil {
		t.Error("recalled otherwise")
	}
	for i := range len(token) {
		changed := []byte(token)
		changed[i] ^= 1
		if _, err := issuer.Verify(t.Context(), string(changed)); err == nil {
			t.Fatalf("believed with byte %d changed", i)
		}
	}
	elsewhere := NewIssuer(Config{URL: issuerURL + "/other", KeysURL: "https://keys.example/", Fetch: web.fetch, Now: func() time.Time { return clock }, Verified: verified})
	if _, err := elsewhere.Verify(t.Context(), token); err == nil {
		t.Error("believed of another issuer who has the same key")
	}
	clock = now.Add(-time.Second)
	verify("the token was issued in the future")
	clock = now.Add(70 * time.Minute)
	verify("") // has the keys fetched, the same
	if verify("") != whole {
		t.Error("verified again with the same key")
	}
	web.set(false, second)
	clock = clock.Add(70 * time.Minute)
	verify("") // has the keys fetched, others
	verify("the token's key is not among the issuer's keys")
	web.set(false, first)
	clock = clock.Add(time.Minute)
	verify("")
	web.set(true)
	clock = clock.Add(2 * time.Hour)
	verify(discoveryFailed)
	web.set(false, first)
	clock = now.Add(5 * time.Hour)
	verify("the token has expired")
}

// TestVerifiedIsBounded: what is remembered doesn't grow with what is sent.
func TestVerifiedIsBounded(t *testing.T) {
	v := NewVerified()
	payload := make([]byte, 4096)
	for i := range 10_000 {
		key, _ := v.sum(nil, fmt.Append(nil, i))
		v.remember(key, &Token{Payload: payload}, nil, time.Hour)
	}
	v.tokens.CleanUp()
	if weight := v.tokens.WeightedSize(); weight > maxVerified {
		t.Errorf("%d bytes", weight)
	}
}

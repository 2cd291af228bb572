package jwt

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var now = time.Date(2026, 5, 31, 12, 0, 0, 0, time.UTC)

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// signer has one RSA key.
type signer struct {
	id  string
	key *rsa.PrivateKey
}

func newSigner(t testing.TB, id string) *signer {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return &signer{id, k}
}

func (s *signer) jwk() string {
	return fmt.Sprintf(`{"kty":"RSA","use":"sig","alg":"RS256","kid":%q,"n":%q,"e":%q}`, s.id, b64(s.key.N.Bytes()), b64(big.NewInt(int64(s.key.E)).Bytes()))
}

func (s *signer) sign(t testing.TB, header, claims string) string {
	t.Helper()
	text := b64([]byte(header)) + "." + b64([]byte(claims))
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + b64(signature)
}

func (s *signer) token(t testing.TB, claims string) string {
	return s.sign(t, fmt.Sprintf(`{"alg":"RS256","kid":%q}`, s.id), claims)
}

const issuerURL = "https://issuer.example/pool"

func claims(more string) string {
	return fmt.Sprintf(`{"iss":%q,"exp":%d%s}`, issuerURL, now.Add(time.Hour).Unix(), more)
}

// site is an issuer's web site.
type site struct {
	mu       sync.Mutex
	keys     string
	down     bool
	fetches  atomic.Int32
	released chan struct{} // nil: answers at once
}

func (s *site) fetch(ctx context.Context, address string, limit int64) ([]byte, error) {
	s.fetches.Add(1)
	if s.released != nil {
		<-s.released
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.down:
		return nil, errors.New("connection refused")
	case address == issuerURL+"/.well-known/openid-configuration":
		return []byte(`{"issuer":"` + issuerURL + `","jwks_uri":"https://keys.example/"}`), nil
	case address == "https://keys.example/":
		return []byte(s.keys), nil
	}
	return nil, fmt.Errorf("404 %s", address)
}

func (s *site) set(down bool, signers ...*signer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for _, one := range signers {
		list = append(list, one.jwk())
	}
	s.down, s.keys = down, `{"keys":[`+strings.Join(list, ",")+`]}`
}

func TestVerify(t *testing.T) {
	s, other := newSigner(t, "k1"), newSigner(t, "k1")
	web := &site{}
	web.set(false, s)
	issuer := NewIssuer(Config{URL: issuerURL, Fetch: web.fetch, Now: func() time.Time { return now }, Verified: NewVerified()})
	good := s.token(t, claims(`,"scope":"a b","aud":["x","y"]`))
	head, rest, _ := strings.Cut(good, ".")
	body, signature, _ := strings.Cut(rest, ".")
	for name, c := range map[string]struct{ token, want string }{
		"good":              {good, ""},
		"two segments":      {head + "." + body, "token contains an invalid number of segments"},
		"four segments":     {good + ".x", "token contains an invalid number of segments"},
		"empty":             {"", "token contains an invalid number of segments"},
		"another's key":     {other.token(t, claims("")), "the token signature is invalid"},
		"changed claims":    {head + "." + b64([]byte(claims(`,"admin":true`))) + "." + signature, "the token signature is invalid"},
		"padded":            {good + "==", "the token is malformed"},
		"line break":        {head + ".\n" + body + "." + signature, "the token is malformed"},
		"none":              {b64([]byte(`{"alg":"none"}`)) + "." + body + ".", "signing method none is invalid"},
		"HMAC with the key": {b64([]byte(`{"alg":"HS256","kid":"k1"}`)) + "." + body + "." + signature, "signing method HS256 is invalid"},
		"ES256":             {s.sign(t, `{"alg":"ES256","kid":"k1"}`, claims("")), "signing method ES256 is invalid"},
		"other algorithm":   {s.sign(t, `{"alg":"RS512","kid":"k1"}`, claims("")), "signing method RS512 is invalid"},
		"lower case":        {s.sign(t, `{"alg":"rs256","kid":"k1"}`, claims("")), "signing method rs256 is invalid"},
		"critical":          {s.sign(t, `{"alg":"RS256","kid":"k1","crit":["b64"],"b64":false}`, claims("")), "the token has critical extensions that are not understood"},
		"no key ID":         {s.sign(t, `{"alg":"RS256"}`, claims("")), "the token has no key ID"},
		"unknown key":       {s.sign(t, `{"alg":"RS256","kid":"k2"}`, claims("")), "the token's key is not among the issuer's keys"},
		"expired":           {s.token(t, fmt.Sprintf(`{"iss":%q,"exp":%d}`, issuerURL, now.Unix())), "the token has expired"},
		"never expires":     {s.token(t, `{"iss":"`+issuerURL+`"}`), "the token has no valid expiration time"},
		"exp as text":       {s.token(t, `{"iss":"`+issuerURL+`","exp":"9999999999"}`), "the token has no valid expiration time"},
		"exp out of range":  {s.token(t, `{"iss":"`+issuerURL+`","exp":1e300}`), "the token has no valid expiration time"},
		"not yet":           {s.token(t, claims(fmt.Sprintf(`,"nbf":%d`, now.Unix()+1))), "the token is not valid yet"},
		"issued later":      {s.token(t, claims(fmt.Sprintf(`,"iat":%d`, now.Unix()+1))), "the token was issued in the future"},
		"another issuer":    {s.token(t, fmt.Sprintf(`{"iss":%q,"exp":%d}`, issuerURL+"/", now.Unix()+9)), "the token has an invalid issuer"},
		"no issuer":         {s.token(t, fmt.Sprintf(`{"exp":%d}`, now.Unix()+9)), "the token has an invalid issuer"},
		"claims are a list": {s.token(t, `[1]`), "the token is malformed"},
		"claims are null":   {s.token(t, `null`), "the token is malformed"},
		"more than claims":  {s.token(t, claims("")+"{}"), "the token is malformed"},
		"too long":          {strings.Repeat("a", maxToken) + good, fmt.Sprintf("token is longer than %d bytes", maxToken)},
	} {
		t.Run(name, func(t *testing.T) {
			token, err := issuer.Verify(t.Context(), c.token)
			got := ""
			if err != nil {
				own, ok := errors.AsType[*Error](err)
				if !ok {
					t.Fatalf("%T %v", err, err)
				}
				got = own.Text
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if err == nil {
				if d := cmp.Diff([][]string{{"x", "y"}, {"a", "b"}}, [][]string{token.Audience(), token.Scopes()}); d != "" {
					t.Error(d)
				}
			}
		})
	}
}

// TestKeys follows an issuer through rotation and outage, with and without
// tokens that are remembered.
func TestKeys(t *testing.T) {
	for name, verified := range map[string]*Verified{"verified each time": nil, "remembered": NewVerified()} {
		t.Run(name, func(t *testing.T) { testKeys(t, verified) })
	}
}

func testKeys(t *testing.T, verified *Verified) {
	first, second := newSigner(t, "k1"), newSigner(t, "k2")
	web, clock := &site{}, now
	var mu sync.Mutex
	issuer := NewIssuer(Config{URL: issuerURL, Fetch: web.fetch, Verified: verified, Now: func() time.Time { mu.Lock(); defer mu.Unlock(); return clock }})
	far := fmt.Sprintf(`{"iss":%q,"exp":%d}`, issuerURL, now.Add(24*time.Hour).Unix())
	old, fresh := first.token(t, far), second.token(t, far)
	const fine = ""
	step := func(name string, after time.Duration, token, want string, fetches int32) {
		t.Helper()
		mu.Lock()
		clock = clock.Add(after)
		mu.Unlock()
		_, err := issuer.Verify(t.Context(), token)
		for issuer.busy() {
			time.Sleep(time.Millisecond)
		}
		got := fine
		if own, ok := errors.AsType[*Error](err); ok {
			got = own.Text
		}
		if got != want || web.fetches.Swap(0) != fetches {
			t.Errorf("%s: %q, want %q with %d fetches", name, got, want, fetches)
		}
	}
	web.set(true)
	step("down from the start", 0, old, discoveryFailed, 1)
	step("not asked at once again", time.Second, old, discoveryFailed, 0)
	web.set(false, first)
	step("there", 2*time.Second, old, fine, 2)
	step("kept", time.Minute, old, fine, 0)
	step("unknown key", 0, fresh, "the token's key is not among the issuer's keys", 2)
	web.set(false, first, second)
	step("too early to look again", 5*time.Second, fresh, "the token's key is not among the issuer's keys", 0)
	step("rotated", 10*time.Second, fresh, fine, 2)
	step("looked after in the background", 70*time.Minute, old, fine, 2)
	web.set(true)
	step("away", 119*time.Minute, fresh, fine, 1)
	step("away for long", 2*time.Minute, fresh, discoveryFailed, 1)
	web.set(false, second)
	step("back", 3*time.Second, fresh, fine, 2)
	step("retired key", time.Minute, old, "the token's key is not among the issuer's keys", 2)
}

func (i *Issuer) busy() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.fetching != nil
}

// TestOneFetchForAll has many first tokens at once.
func TestOneFetchForAll(t *testing.T) {
	s := newSigner(t, "k1")
	web := &site{released: make(chan struct{})}
	web.set(false, s)
	issuer := NewIssuer(Config{URL: issuerURL, Fetch: web.fetch, Now: func() time.Time { return now }})
	token := s.token(t, claims(""))
	var callers sync.WaitGroup
	for range 50 {
		callers.Go(func() {
			if _, err := issuer.Verify(context.Background(), token); err != nil {
				t.Error(err)
			}
		})
	}
	leaves, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := issuer.Verify(leaves, token); err == nil {
		t.Error("a caller that left was answered")
	}
	close(web.released)
	callers.Wait()
	if n := web.fetches.Load(); n != 2 {
		t.Errorf("%d fetches", n)
	}
}

func TestParseKeys(t *testing.T) {
	s := newSigner(t, "k1")
	for name, c := range map[string]struct{ document, want string }{
		"good":            {`{"keys":[` + s.jwk() + `]}`, ""},
		"with others":     {`{"keys":[{"kty":"EC","kid":"e"},` + s.jwk() + `,{"kty":"RSA","use":"enc"},{"kty":"RSA","kid":"p","alg":"PS256"}]}`, ""},
		"only others":     {`{"keys":[{"kty":"oct","k":"aaaa","kid":"o"}]}`, "no RSA key"},
		"for encryption":  {`{"keys":[{"kty":"RSA","kid":"a","key_ops":["encrypt"]}]}`, "no RSA key"},
		"no JSON":         {`<html>`, "no JSON"},
		"too many":        {`{"keys":[` + strings.Repeat(`{},`, maxKeys) + `{}]}`, "more than"},
		"too long":        {strings.Repeat(" ", maxDocument+1), "longer"},
		"small":           {`{"keys":[{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"}]}`, "a modulus of 17 bits"},
		"one unusable":    {`{"keys":[{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"},` + s.jwk() + `]}`, ""},
		"exponent 1":      {`{"keys":[` + strings.Replace(s.jwk(), `"e":"AQAB"`, `"e":"AQ"`, 1) + `]}`, "no exponent"},
		"n is no base64":  {`{"keys":[{"kty":"RSA","kid":"a","n":"+","e":"AQAB"}]}`, "n is no base64url"},
		"keys are a list": {`[]`, "no JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseKeys([]byte(c.document))
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// TestWycheproof has the RSA vectors of Project Wycheproof. Of the keys for
// RSASSA-PSS, which API Gateway doesn't take, every token is refused; so is a
// valid one of PKCS #1 under a key that says it is for something else.
func TestWycheproof(t *testing.T) {
	text, err := os.ReadFile("testdata/wycheproof_rsa.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		TestGroups []struct {
			Comment string
			Public  json.RawMessage
			Tests   []struct {
				TcID                 int
				Comment, JWS, Result string
			}
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	accepted, refused, otherKey := 0, 0, 0
	for _, g := range file.TestGroups {
		keys, err := ParseKeys([]byte(`{"keys":[` + string(g.Public) + `]}`))
		for _, test := range g.Tests {
			valid := test.Result == "valid"
			if err != nil {
				otherKey++
				continue
			}
			_, _, err := verifySignature(test.JWS, func(string) ([]*key, error) {
				for _, k := range keys.byID {
					return k, nil
				}
				return nil, errors.New("none")
			})
			if (err == nil) != valid {
				t.Errorf("%s %d, %s: %v, but it is %s", g.Comment, test.TcID, test.Comment, err, test.Result)
			}
			if valid {
				accepted++
			} else {
				refused++
			}
		}
	}
	if accepted != 16 || refused != 225 || otherKey != 77 {
		t.Errorf("%d accepted, %d refused, %d with keys that API Gateway doesn't take", accepted, refused, otherKey)
	}
}

// FuzzVerify: whatever isn't signed is refused, without a panic.
func FuzzVerify(f *testing.F) {
	s := newSigner(f, "k1")
	good := s.token(f, claims(""))
	for _, seed := range []string{good, "a.b.c", "..", good[:len(good)-1], strings.ToUpper(good)} {
		f.Add(seed)
	}
	keys, err := ParseKeys([]byte(`{"keys":[` + s.jwk() + `]}`))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, token string) {
		_, _, err := verify(token, now, func(id string) ([]*key, error) {
			if k := keys.byID[id]; k != nil {
				return k, nil
			}
			return nil, errorf("unknown")
		})
		if (err == nil) != (token == good) {
			t.Fatalf("%q: %v", token, err)
		}
	})
}

func FuzzParseKeys(f *testing.F) {
	s := newSigner(f, "k1")
	f.Add([]byte(`{"keys":[` + s.jwk() + `]}`))
	f.Add([]byte(`{"keys":[{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"}]}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		k, err := ParseKeys(document)
		if err == nil && slices.Contains([]int{0}, len(k.byID)) {
			t.Fatal("no key and no error")
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	s := newSigner(b, "k1")
	web := &site{}
	web.set(false, s)
	token := s.token(b, claims(`,"aud":"3fkkg2s0pqvb1k1n8qk2n1u0aa","auth_time":1780230913,"client_id":"3fkkg2s0pqvb1k1n8qk2n1u0aa","cognito:groups":["admin","dev"],"event_id":"8ff7f9cf-5c5f-4b39-b0a3-3a0f3a3a1111","iat":1780228800,"jti":"0f0f9a3a-5a5a-4a4a-8a8a-1a2b3c4d5e6f","scope":"aws.cognito.signin.user.admin notes/read","sub":"6418b458-d091-705e-122e-04bf2945fcdf","token_use":"access","username":"ann"`))
	for name, verified := range map[string]*Verified{"signature": nil, "remembered": NewVerified()} {
		b.Run(name, func(b *testing.B) {
			issuer := NewIssuer(Config{URL: issuerURL, Fetch: web.fetch, Now: func() time.Time { return now }, Verified: verified})
			b.SetParallelism(64)
			b.ReportAllocs()
			b.RunParallel(func(each *testing.PB) {
				for each.Next() {
					if _, err := issuer.Verify(b.Context(), token); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

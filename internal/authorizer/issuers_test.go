package authorizer

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/jwt"
)

// signer has one RSA key.
type signer struct {
	id  string
	key *rsa.PrivateKey
}

func newSigner(t testing.TB, id string) *signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return &signer{id, key}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (s *signer) jwk() string {
	return fmt.Sprintf(`{"kty":"RSA","use":"sig","kid":%q,"n":%q,"e":%q}`, s.id, b64(s.key.N.Bytes()), b64(big.NewInt(int64(s.key.E)).Bytes()))
}

func keySet(signers ...*signer) string {
	var list []string
	for _, s := range signers {
		list = append(list, s.jwk())
	}
	return `{"keys":[` + strings.Join(list, ",") + `]}`
}

func (s *signer) token(t testing.TB, claims string) string {
	t.Helper()
	text := b64(fmt.Appendf(nil, `{"alg":"RS256","kid":%q}`, s.id)) + "." + b64([]byte(claims))
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + b64(signature)
}

const discoveryPath, keysPath = "/.well-known/openid-configuration", "/keys"

// web is an issuer's web site, which misbehaves while lies says so.
type web struct {
	*httptest.Server
	mu      sync.Mutex
	keys    string
	lies    func(w http.ResponseWriter, r *http.Request) bool // true: it answered
	fetches atomic.Int32                                      // of discovery documents
}

func newWeb(t testing.TB, start func(http.Handler) *httptest.Server, signers ...*signer) *web {
	t.Helper()
	w := &web{keys: keySet(signers...)}
	w.Server = start(w)
	w.Server.Config.ErrorLog = nil
	t.Cleanup(w.Close)
	return w
}

func (s *web) set(keys string, lies func(http.ResponseWriter, *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys, s.lies = keys, lies
}

func (s *web) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == discoveryPath {
		s.fetches.Add(1)
	}
	s.mu.Lock()
	keys, lies := s.keys, s.lies
	s.mu.Unlock()
	switch {
	case lies != nil && lies(w, r):
	case r.URL.Path == discoveryPath:
		fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, s.URL, s.URL+keysPath)
	case r.URL.Path == keysPath:
		fmt.Fprint(w, keys)
	default:
		http.NotFound(w, r)
	}
}

// clock is the real one with an offset.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time               { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) advance(d time.Duration)      { c.ahead.Add(int64(d)) }
func (c *clock) valid(of time.Duration) int64 { return c.now().Add(of).Unix() }

// issuersFor reach what integrations may, too.
func issuersFor(c *clock) *Issuers {
	return &Issuers{Client: NewClient((&integration.EgressRules{}).Check), Now: c.now}
}

func (s *web) claims(c *clock) string {
	return fmt.Sprintf(`{"iss":%q,"aud":"api","exp":%d}`, s.URL, c.valid(24*time.Hour))
}

// on answers with f where path is asked.
func on(path string, f http.HandlerFunc) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != path {
			return false
		}
		f(w, r)
		return true
	}
}

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }
}

func endless(piece string, pause time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := fmt.Fprint(w, piece); err != nil {
				return
			}
			w.(http.Flusher).Flush()
			time.Sleep(pause)
		}
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
}

func hangs(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// breaksOff promises more than it sends.
func breaksOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	fmt.Fprint(w, `{"keys":[`)
	panic(http.ErrAbortHandler)
}

// TestMisbehavingIssuer has an issuer in every way that one can misbehave,
// from the start and while its keys are kept: nobody is let in whom its keys
// don't prove, kept keys serve until they are two hours old, and all is well
// again when the issuer is.
func TestMisbehavingIssuer(t *testing.T) {
	own, other := newSigner(t, "k"), newSigner(t, "k")
	const discovery, keys = "OIDC discovery endpoint communication error", "JWKS communication error"
	for name, c := range map[string]struct {
		lies    func(http.ResponseWriter, *http.Request) bool
		want    string
		because string // in words for the operator
		credits bool   // what it says is well-formed: it counts at once
	}{
		"discovery hangs":             {on(discoveryPath, hangs), discovery, "deadline exceeded", false},
		"keys hang":                   {on(keysPath, hangs), keys, "deadline exceeded", false},
		"discovery drips for ever":    {on(discoveryPath, endless(" ", 50*time.Millisecond)), discovery, "deadline exceeded", false},
		"keys never end":              {on(keysPath, endless(strings.Repeat(" ", 4096), 0)), keys, "longer than 150000 bytes", false},
		"discovery is huge":           {on(discoveryPath, says(strings.Repeat(" ", 1<<20))), discovery, "longer than", false},
		"keys are huge":               {on(keysPath, says(strings.Repeat(" ", 1<<20))), keys, "longer than", false},
		"a web page for discovery":    {on(discoveryPath, says("<!doctype html><title>Welcome</title>")), discovery, "no discovery document", false},
		"a web page for keys":         {on(keysPath, says("<!doctype html><title>Welcome</title>")), keys, "no JSON", false},
		"500 for discovery":           {on(discoveryPath, status(500)), discovery, "500 Internal Server Error", false},
		"500 for keys":                {on(keysPath, status(500)), keys, "500 Internal Server Error", false},
		"204 for keys":                {on(keysPath, status(204)), keys, "204 No Content", false},
		"keys break off":              {on(keysPath, breaksOff), keys, "EOF", false},
		"no keys":                     {on(keysPath, says(`{"keys":[]}`)), keys, "no RSA key", false},
		"no key set":                  {on(keysPath, says(`{}`)), keys, "no RSA key", false},
		"null":                        {on(keysPath, says(`null`)), keys, "no RSA key", false},
		"no key for signatures":       {on(keysPath, says(strings.ReplaceAll(keySet(own), `"sig"`, `"enc"`))), keys, "no RSA key", false},
		"another issuer's discovery":  {on(discoveryPath, says(`{"issuer":"https://other.example","jwks_uri":"https://other.example/keys"}`)), discovery, `for another issuer: "https://other.example"`, false},
		"an issuer without a name":    {on(discoveryPath, says(`{"jwks_uri":"https://other.example/keys"}`)), discovery, "for another issuer", false},
		"keys in a file":              {on(discoveryPath, nil), discovery, "its jwks_uri is none", false},
		"discovery elsewhere":         {on(discoveryPath, redirect("http://169.254.169.254/latest/meta-data/")), discovery, "link-local", false},
		"keys elsewhere":              {on(keysPath, redirect("http://[fd00:ec2::254]/latest/meta-data/")), keys, "link-local", false},
		"keys round and round":        {on(keysPath, redirect(keysPath)), keys, "more than 3 redirects", false},
		"keys by another protocol":    {on(keysPath, redirect("ftp://issuer.example/keys")), keys, "redirected away", false},
		"another issuer's keys":       {on(keysPath, says(keySet(other))), "the token signature is invalid", "", true},
		"keys of other IDs":           {on(keysPath, says(keySet(&signer{"l", own.key}))), "the token's key is not among the issuer's keys", "", true},
		"a symmetric key of that ID":  {on(keysPath, says(`{"keys":[{"kty":"oct","kid":"k","k":"AAAA"}]}`)), keys, "no RSA key", false},
		"the connection is torn down": {on(discoveryPath, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), discovery, "EOF", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site, at := newWeb(t, httptest.NewServer, own), &clock{}
			issuer := issuersFor(at).Of(site.URL)
			lies := c.lies
			if name == "keys in a file" {
				lies = on(discoveryPath, says(fmt.Sprintf(`{"issuer":%q,"jwks_uri":"file:///etc/passwd"}`, site.URL)))
			}
			authorizer, token := JWT{Issuer: issuer, Audience: []string{"api"}}, own.token(t, site.claims(at))
			step := func(when, want string) {
				t.Helper()
				_, err := authorizer.Ask(t, []byte(token), nil)
				refusal, _ := errors.AsType[*Error](err)
				switch {
				case err == nil && want == "":
				case refusal == nil || refusal.Kind != Unauthorized || refusal.Text != want:
					t.Errorf("%s: %v, want %q", when, err, want)
				case !strings.Contains(refusal.Error(), c.because):
					t.Errorf("%s: %v doesn't say %q", when, err, c.because)
				}
			}
			site.set(keySet(own), lies)
			step("from the start", c.want)
			heals := 11 * time.Second
			if strings.Contains(c.want, "signature") { // nobody can tell before the keys are too old
				heals = 2 * time.Hour
			}
			site.set(keySet(own), nil)
			at.advance(heals)
			step("well again", "")
			site.set(keySet(own), lies)
			at.advance(100 * time.Minute)
			step("keys are looked after", "")
			kept := ""
			if c.credits {
				for until := time.Now().Add(5 * time.Second); time.Now().Before(until); time.Sleep(time.Millisecond) {
					if _, err := authorizer.Ask(t, []byte(token), nil); err != nil {
						break
					}
				}
				kept = c.want
			}
			step("kept keys", kept)
			at.advance(30 * time.Minute)
			step("keys are too old", c.want)
			site.set(keySet(own), nil)
			at.advance(heals)
			step("well at last", "")
		})
	}
}

// TestUnreachableIssuer has issuers that no connection comes to, or none that
// may be believed.
func TestUnreachableIssuer(t *testing.T) {
	own := newSigner(t, "k")
	at := &clock{}
	ask := func(issuers *Issuers, url, token string) string {
		_, err := (&JWT{Issuer: issuers.Of(url), Audience: []string{"api"}}).Ask(t, []byte(token), nil)
		return fmt.Sprint(err)
	}
	down := newWeb(t, httptest.NewServer, own)
	token := own.token(t, down.claims(at))
	down.Close()
	if got := ask(issuersFor(at), down.URL, token); !strings.Contains(got, "refused") {
		t.Errorf("down: %s", got)
	}
	secure := newWeb(t, httptest.NewTLSServer, own)
	token = own.token(t, secure.claims(at))
	if got := ask(issuersFor(at), secure.URL, token); !strings.Contains(got, "certificate") {
		t.Errorf("a certificate of nobody's: %s", got)
	}
	trusting := issuersFor(at)
	trusting.Client.Transport.(*http.Transport).TLSClientConfig = secure.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	if got := ask(trusting, secure.URL, token); got != "<nil>" {
		t.Errorf("a certificate that is trusted: %s", got)
	}
	plain := newWeb(t, httptest.NewServer, own)
	for name, lies := range map[string]func(http.ResponseWriter, *http.Request) bool{
		"redirected away from https": on(discoveryPath, redirect(plain.URL+discoveryPath)),
		"its jwks_uri is none":       on(discoveryPath, says(fmt.Sprintf(`{"issuer":%q,"jwks_uri":%q}`, secure.URL, plain.URL+keysPath))),
	} {
		secure.set(keySet(own), lies)
		fresh := issuersFor(at)
		fresh.Client.Transport = trusting.Client.Transport
		if got := ask(fresh, secure.URL, token); !strings.Contains(got, name) {
			t.Errorf("%s: %s", name, got)
		}
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	began := time.Now()
	url := "https://" + silent.Addr().String()
	if got := ask(issuersFor(at), url, own.token(t, fmt.Sprintf(`{"iss":%q,"exp":%d}`, url, at.valid(time.Hour)))); !strings.Contains(got, "deadline exceeded") || time.Since(began) > 3*time.Second {
		t.Errorf("silent: %s after %v", got, time.Since(began))
	}
}

// TestIssuerIsAskedSeldom: clients who come at once are one fetch, also when
// it fails; key IDs that nobody knows, and an issuer who has others every
// second, have the keys fetched once in ten seconds.
func TestIssuerIsAskedSeldom(t *testing.T) {
	own := newSigner(t, "k0")
	site, at := newWeb(t, httptest.NewServer, own), &clock{}
	authorizer := JWT{Issuer: issuersFor(at).Of(site.URL), Audience: []string{"api"}}
	crowd := func(token string) (let int32) {
		var clients sync.WaitGroup
		var n atomic.Int32
		for range 64 {
			clients.Go(func() {
				if _, err := authorizer.Ask(t, []byte(token), nil); err == nil {
					n.Add(1)
				}
			})
		}
		clients.Wait()
		return n.Load()
	}
	token := own.token(t, site.claims(at))
	site.set("", on(keysPath, func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(200 * time.Millisecond)
		w.WriteHeader(500)
	}))
	if let := crowd(token); let != 0 || site.fetches.Swap(0) != 1 {
		t.Errorf("failing: %d let in", let)
	}
	at.advance(3 * time.Second)
	site.set(keySet(own), on(discoveryPath, func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(200 * time.Millisecond)
		fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, site.URL, site.URL+keysPath)
	}))
	if let, fetched := crowd(token), site.fetches.Swap(0); let != 64 || fetched != 1 {
		t.Errorf("well: %d let in with %d fetches", let, fetched)
	}
	site.set(keySet(own), nil)
	for i := range 200 {
		if _, err := authorizer.Ask(t, []byte((&signer{fmt.Sprint("guess", i), own.key}).token(t, site.claims(at))), nil); err == nil {
			t.Error("an unknown key was believed")
		}
		at.advance(100 * time.Millisecond)
	}
	if fetched := site.fetches.Swap(0); fetched > 3 {
		t.Errorf("%d fetches for key IDs that nobody has, in 20 s", fetched)
	}
	let := 0
	for second := range 60 {
		now := &signer{fmt.Sprint("r", second), own.key}
		site.set(keySet(now), nil)
		if _, err := authorizer.Ask(t, []byte(now.token(t, site.claims(at))), nil); err == nil {
			let++
		}
		at.advance(time.Second)
	}
	if fetched := site.fetches.Load(); fetched > 7 || let < 5 {
		t.Errorf("rotating every second: %d fetches, %d let in, in 60 s", fetched, let)
	}
}

// TestKeysOfOneID: an issuer that names two keys alike is believed by either,
// and one that doesn't say JSON by what it sends.
func TestKeysOfOneID(t *testing.T) {
	one, two, third := newSigner(t, "k"), newSigner(t, "k"), newSigner(t, "k")
	site, at := newWeb(t, httptest.NewServer, one, two), &clock{}
	site.set(keySet(one, two), on(keysPath, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, keySet(one, two))
	}))
	authorizer := JWT{Issuer: issuersFor(at).Of(site.URL), Audience: []string{"api"}}
	for s, want := range map[*signer]bool{one: true, two: true, third: false} {
		if _, err := authorizer.Ask(t, []byte(s.token(t, site.claims(at))), nil); (err == nil) != want {
			t.Error(err)
		}
	}
}

// TestMisbehavingPool is a user pool's key server in some of those ways: a
// Cognito authorizer answers 401 without words, but for what has expired.
func TestMisbehavingPool(t *testing.T) {
	own, other := newSigner(t, "k"), newSigner(t, "k")
	for name, f := range map[string]http.HandlerFunc{
		"hangs": hangs, "fails": status(500), "never ends": endless(strings.Repeat(" ", 4096), 0), "is a page": says("<html>"),
		"has no keys": says(`{"keys":[]}`), "goes elsewhere": redirect("http://169.254.169.254/"), "has another's keys": says(keySet(other)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := &clock{}
			site := newWeb(t, httptest.NewServer, own)
			good := on("/p_1/.well-known/jwks.json", says(keySet(own)))
			site.set("", on("/p_1/.well-known/jwks.json", f))
			issuers := issuersFor(at)
			issuers.Pools = site.URL
			issuer, err := issuers.Pool("arn:aws:cognito-idp:us-east-1:123456789012:userpool/p_1")
			if err != nil {
				t.Fatal(err)
			}
			pools := Pools{Issuers: []*jwt.Issuer{issuer}}
			token := own.token(t, fmt.Sprintf(`{"iss":"https://cognito-idp.us-east-1.amazonaws.com/p_1","exp":%d}`, at.valid(24*time.Hour)))
			_, err = pools.Ask(t, []byte(token))
			if refusal, ok := errors.AsType[*Error](err); !ok || refusal.Kind != Unauthorized || refusal.Text != "" {
				t.Errorf("%v", err)
			}
			site.set("", good)
			at.advance(2 * time.Hour)
			if _, err := pools.Ask(t, []byte(token)); err != nil {
				t.Errorf("well again: %v", err)
			}
		})
	}
}

// TestIssuersAreForgotten: issuers that nobody has any more take no room but
// for the last, and one that somebody has is shared.
func TestIssuersAreForgotten(t *testing.T) {
	issuers := issuersFor(&clock{})
	kept := issuers.Of("https://kept.example")
	for i := range 3 * maxRecent {
		issuers.Of(fmt.Sprintf("https://%d.example", i))
	}
	count := func() int {
		issuers.recent.CleanUp()
		issuers.mu.Lock()
		defer issuers.mu.Unlock()
		return len(issuers.known)
	}
	for until := time.Now().Add(20 * time.Second); count() > maxRecent+1 && time.Now().Before(until); time.Sleep(time.Millisecond) {
		runtime.GC()
	}
	if n := count(); n > maxRecent+1 {
		t.Errorf("%d issuers are known", n)
	}
	if issuers.Of("https://kept.example") != kept {
		t.Error("there are two of one issuer")
	}
	runtime.KeepAlive(kept)
}

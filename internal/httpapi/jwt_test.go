package httpapi

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/authorizer"
	"github.com/gatehouse/gatehouse/internal/lambda"
)

// issuer is one with a key, and a web site.
type issuer struct {
	*httptest.Server
	key *rsa.PrivateKey
}

func newIssuer(t testing.TB) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{key: key}
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/.well-known/openid-configuration" {
			fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":"%s/keys"}`, i.URL, i.URL)
			return
		}
		fmt.Fprintf(w, `{"keys":[{"kty":"RSA","kid":"k","n":%q,"e":%q}]}`, b64(key.N.Bytes()), b64(big.NewInt(int64(key.E)).Bytes()))
	}))
	t.Cleanup(i.Close)
	return i
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// token is one of the issuer's for an hour, with more claims: `"a":"b"`.
func (i *issuer) token(t testing.TB, more string) string {
	if more != "" {
		more = "," + more
	}
	return i.sign(t, `{"alg":"RS256","kid":"k"}`, fmt.Sprintf(`{"iss":%q,"sub":"u-1","exp":%d%s}`, i.URL, time.Now().Add(time.Hour).Unix(), more))
}

func (i *issuer) sign(t testing.TB, header, claims string) string {
	t.Helper()
	text := b64([]byte(header)) + "." + b64([]byte(claims))
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, i.key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + b64(signature)
}

func jwtEnv() *Env {
	env := testEnv(functions(func(*lambda.Invocation, *lambda.Result) error { panic("a function was called") }))
	env.Issuers.Client = http.DefaultClient
	return env
}

// TestTokens has the answers to tokens, good and bad, with the field
// www-authenticate: for a wrong audience as the developer guide has it
// ("Troubleshooting HTTP API JWT authorizers"), others in that form.
func TestTokens(t *testing.T) {
	own, other := newIssuer(t), newIssuer(t)
	s := testStage(jwtEnv())
	invalid := func(scope, text string) answer {
		return answer{401, `{"message":"Unauthorized"}`, `Bearer scope="` + scope + `" error="invalid_token" error_description="` + text + `"`}
	}
	short := answer{403, `{"message":"Forbidden"}`, `Bearer scope="read write" error="insufficient_scope" error_description="the token does not have a scope that the route requires"`}
	at := func(after time.Duration) string { return fmt.Sprint(time.Now().Add(after).Unix()) }
	head, rest, _ := strings.Cut(own.token(t, `"aud":"api"`), ".")
	for name, c := range map[string]struct {
		value  string // of the field Authorization
		scopes string
		want   answer
	}{
		"none":                       {"", "", answer{401, `{"message":"Unauthorized"}`, "Bearer"}},
		"none, for scopes":           {"", "read write", answer{401, `{"message":"Unauthorized"}`, "Bearer"}},
		"a scheme alone":             {"Bearer ", "", invalid("", "token contains an invalid number of segments")},
		"bare":                       {own.token(t, `"aud":"api"`), "", allowed},
		"with a scheme":              {"Bearer " + own.token(t, `"aud":"api"`), "", allowed},
		"with another scheme":        {"Basic " + own.token(t, `"aud":"api"`), "", invalid("", "the token is malformed")},
		"one of several audiences":   {own.token(t, `"aud":["x","api"]`), "", allowed},
		"another audience":           {own.token(t, `"aud":"x"`), "", invalid("", "the token does not have a valid audience")},
		"part of an audience":        {own.token(t, `"aud":"ap"`), "", invalid("", "the token does not have a valid audience")},
		"no audience":                {own.token(t, ""), "", invalid("", "the token does not have a valid audience")},
		"a client":                   {own.token(t, `"client_id":"web"`), "", allowed},
		"another client":             {own.token(t, `"client_id":"x"`), "", invalid("", "the token does not have a valid audience")},
		"aud is before the client":   {own.token(t, `"aud":"x","client_id":"web"`), "", invalid("", "the token does not have a valid audience")},
		"an empty aud":               {own.token(t, `"aud":"","client_id":"web"`), "", invalid("", "the token does not have a valid audience")},
		"aud is null":                {own.token(t, `"aud":null,"client_id":"web"`), "", invalid("", "the token does not have a valid audience")},
		"aud is a number":            {own.token(t, `"aud":1,"client_id":"web"`), "", invalid("", "the token does not have a valid audience")},
		"client is a list":           {own.token(t, `"client_id":["web"]`), "", invalid("", "the token does not have a valid audience")},
		"a scope":                    {own.token(t, `"aud":"api","scope":"openid read"`), "read write", allowed},
		"a scope in scp":             {own.token(t, `"aud":"api","scp":["openid","write"]`), "read write", allowed},
		"scopes in scp as text":      {own.token(t, `"aud":"api","scp":"openid write"`), "read write", allowed},
		"other scopes":               {own.token(t, `"aud":"api","scope":"openid reads"`), "read write", short},
		"no scopes":                  {own.token(t, `"aud":"api"`), "read write", short},
		"wrong audience and scope":   {own.token(t, `"aud":"x"`), "read write", invalid("read write", "the token does not have a valid audience")},
		"an identity token":          {own.token(t, `"aud":"api","token_use":"id"`), "", allowed},
		"expired":                    {own.sign(t, `{"alg":"RS256","kid":"k"}`, `{"iss":"`+own.URL+`","aud":"api","exp":`+at(-time.Second)+`}`), "", invalid("", "the token has expired")},
		"not yet":                    {own.token(t, `"aud":"api","nbf":`+at(time.Minute)), "", invalid("", "the token is not valid yet")},
		"issued later":               {own.token(t, `"aud":"api","iat":`+at(time.Minute)), "", invalid("", "the token was issued in the future")},
		"another issuer":             {other.token(t, `"aud":"api"`), "", invalid("", "the token signature is invalid")},
		"another issuer's name":      {own.sign(t, `{"alg":"RS256","kid":"k"}`, `{"iss":"`+other.URL+`","aud":"api","exp":`+at(time.Hour)+`}`), "", invalid("", "the token has an invalid issuer")},
		"not a token":                {"secret", "", invalid("", "token contains an invalid number of segments")},
		"alg none":                   {b64([]byte(`{"alg":"none","kid":"k"}`)) + "." + strings.Split(rest, ".")[0] + ".", "", invalid("", "signing method none is invalid")},
		"alg with the key as secret": {b64([]byte(`{"alg":"HS256","kid":"k"}`)) + "." + rest, "", invalid("", "signing method HS256 is invalid")},
		"ES256":                      {b64([]byte(`{"alg":"ES256","kid":"k"}`)) + "." + rest, "", invalid("", "signing method ES256 is invalid")},
		"alg that is syntax":         {b64([]byte(`{"alg":"x\", Basic realm=\"\r\nSet-Cookie: a=b"}`)) + "." + rest, "", invalid("", `signing method x?,?Basic?realm=???Set-Cookie:?a=b is invalid`)},
		"a key of another place":     {own.sign(t, `{"alg":"RS256","kid":"k","jku":"https://other.example/keys","jwk":{"kty":"RSA"}}`, "{}"), "", invalid("", "the token has no valid expiration time")},
		"another key":                {own.sign(t, `{"alg":"RS256","kid":"l"}`, "{}"), "", invalid("", "the token's key is not among the issuer's keys")},
		"no signature":               {head + "." + strings.Split(rest, ".")[0] + ".", "", invalid("", "the token signature is invalid")},
		"oversized":                  {strings.Repeat("a", 20_000), "", invalid("", "token is longer than 16384 bytes")},
		"two":                        {own.token(t, `"aud":"api"`) + "," + own.token(t, `"aud":"api"`), "", invalid("", "token contains an invalid number of segments")},
	} {
		t.Run(name, func(t *testing.T) {
			a := compileAuthorizer(t, s, apigw.RouteAuthorizer{Type: "JWT", Issuer: own.URL, Audience: []string{"api", "web"}, IdentitySource: []string{"$request.header.Authorization"}})
			header := ""
			if c.value != "" {
				header = "authorization: " + c.value
			}
			r := newRequest(t, s, routeOf(t, "GET /pets", a, strings.Fields(c.scopes)...), "GET", "/pets", header)
			if d := cmp.Diff(c.want, ask(t, r)); d != "" {
				t.Error(d)
			}
			if _, text, _ := strings.Cut(c.want.Authenticate, `error_description="`); text != "" && !strings.HasSuffix(r.Problem, ": "+strings.TrimSuffix(text, `"`)) {
				t.Errorf("$context.authorizer.error is %q", r.Problem)
			}
		})
	}
}

// TestTokenInQuery takes the token from where the definition says.
func TestTokenInQuery(t *testing.T) {
	own := newIssuer(t)
	s := testStage(jwtEnv())
	route := routeOf(t, "GET /pets", compileAuthorizer(t, s, apigw.RouteAuthorizer{Type: "JWT", Issuer: own.URL, Audience: []string{"api"}, IdentitySource: []string{"$request.querystring.token"}}))
	token := own.token(t, `"aud":"api"`)
	if got := ask(t, newRequest(t, s, route, "GET", "/pets?token="+token, "")); got != allowed {
		t.Errorf("%+v", got)
	}
	if got := ask(t, newRequest(t, s, route, "GET", "/pets", "Authorization: "+token)); got.Authenticate != "Bearer" {
		t.Errorf("%+v", got)
	}
}

// TestClaims is what backends and logs learn of a token (events and logs seen
// on AWS): every claim as text, and the token's scopes where the route wants
// some.
func TestClaims(t *testing.T) {
	own := newIssuer(t)
	s := testStage(jwtEnv())
	from := apigw.RouteAuthorizer{Type: "JWT", Issuer: own.URL, Audience: []string{"api"}, IdentitySource: []string{"$request.header.Authorization"}}
	exp := fmt.Sprint(time.Now().Add(time.Hour).Unix())
	token := own.sign(t, `{"alg":"RS256","kid":"k"}`, `{"iss":"`+own.URL+`","exp":`+exp+`,"aud":"api","scope":"openid read","groups":["admin","dev"],"verified":true,"realm_access":{"roles":["admin"]},"level":1.50,"none":null,"quote\"d":"a\"b"}`)
	claims := `{"claims":{"aud":"api","exp":"` + exp + `","groups":"[admin dev]","iss":"` + own.URL + `","level":"1.50","quote\"d":"a\"b","realm_access":"map[roles:[admin]]","scope":"openid read","verified":"true"},"scopes":`
	for scope, want := range map[string]string{"": claims + "null}", "read": claims + `["openid","read"]}`} {
		r := newRequest(t, s, routeOf(t, "GET /pets", compileAuthorizer(t, s, from), strings.Fields(scope)...), "GET", "/pets", "Authorization: "+token)
		if got := string(r.AppendAuthorizer1(nil)); got != `{"claims":null,"scopes":null}` {
			t.Errorf("before: %s", got)
		}
		if got := ask(t, r); got != allowed {
			t.Fatalf("%+v", got)
		}
		if got := string(r.AppendAuthorizer1(nil)); got != want {
			t.Errorf("1.0: %s", got)
		}
		if got, ok := r.AppendAuthorizer2(nil); !ok || string(got) != `{"jwt":`+want+`}` {
			t.Errorf("2.0: %s", got)
		}
		for name, want := range map[string]string{"claims.groups": "[admin dev]", "claims.exp": exp} {
			if got, ok := r.appendAuthorizerVariable(nil, name); !ok || string(got) != want {
				t.Errorf("$context.authorizer.%s is %s", name, got)
			}
		}
		for _, name := range []string{"claims", "claims.none", "claims.other", "sub"} {
			if got, ok := r.appendAuthorizerVariable(nil, name); ok {
				t.Errorf("$context.authorizer.%s is %s", name, got)
			}
		}
	}
}

// FuzzToken: whatever is sent for a token, only the one that is signed is let
// in, and the answer is one field without line breaks and with its quotes
// closed.
func FuzzToken(f *testing.F) {
	own := newIssuer(f)
	s := testStage(jwtEnv())
	route := routeOf(f, "GET /pets", compileAuthorizer(f, s, apigw.RouteAuthorizer{Type: "JWT", Issuer: own.URL, Audience: []string{"api"}, IdentitySource: []string{"$request.header.Authorization"}}))
	good := own.token(f, `"aud":"api"`)
	for _, seed := range []string{good, "Bearer " + good, "", "Bearer", "a.b.c", b64([]byte(`{"alg":"\"\r\n"}`)) + ".e30.", good[1:]} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		r := newRequest(t, s, route, "GET", "/pets", "")
		r.X.Header.Add("Authorization", value)
		got := ask(t, r)
		if (got == allowed) != (string(authorizer.Bearer([]byte(value))) == good) {
			t.Fatalf("%q: %+v", value, got)
		}
		if strings.ContainsAny(got.Authenticate, "\r\n\x00") || got.Authenticate != "" && got.Authenticate != "Bearer" && strings.Count(got.Authenticate, `"`) != 6 {
			t.Fatalf("%q: %q", value, got.Authenticate)
		}
	})
}

// BenchmarkAuthorize is one request with a kept answer or a token that was
// seen before, at 64 clients at once.
func BenchmarkAuthorize(b *testing.B) {
	own := newIssuer(b)
	env := testEnv(answering(policyFor("Allow", "arn:aws:execute-api:*:*:*/test/GET/pets")))
	env.Issuers.Client = http.DefaultClient
	s := testStage(env)
	function := compileAuthorizer(b, s, apigw.RouteAuthorizer{PayloadFormat: "2.0", IdentitySource: []string{"$request.header.Authorization"}, TTLSeconds: 3600})
	jwt := compileAuthorizer(b, s, apigw.RouteAuthorizer{Type: "JWT", Issuer: own.URL, Audience: []string{"api"}, IdentitySource: []string{"$request.header.Authorization"}})
	token := own.token(b, `"aud":"api","auth_time":1780230913,"client_id":"3fkkg2s0pqvb1k1n8qk2n1u0aa","cognito:groups":["admin","dev"],"event_id":"8ff7f9cf-5c5f-4b39-b0a3-3a0f3a3a1111","jti":"0f0f9a3a-5a5a-4a4a-8a8a-1a2b3c4d5e6f","scope":"openid notes/read","token_use":"access","username":"ann"`)
	for name, route := range map[string]*Route{"function": routeOf(b, "GET /pets", function), "jwt": routeOf(b, "GET /pets", jwt, "notes/read", "notes/write")} {
		b.Run(name, func(b *testing.B) {
			b.SetParallelism(64)
			b.ReportAllocs()
			b.RunParallel(func(each *testing.PB) {
				r := newRequest(b, s, route, "GET", "/pets", "Authorization: Bearer "+token)
				for each.Next() {
					if f := r.Authorize(); f != nil {
						b.Error(f)
					}
				}
			})
		})
	}
}

// TestReachable: an authorizer isn't made for an issuer that can't be asked.
func TestReachable(t *testing.T) {
	own := newIssuer(t)
	issuers := &authorizer.Issuers{Client: http.DefaultClient}
	if err := Reachable(t.Context(), issuers, own.URL); err != nil {
		t.Error(err)
	}
	gone := newIssuer(t)
	gone.Close()
	err := Reachable(t.Context(), issuers, gone.URL)
	want := "Caught exception when connecting to " + gone.URL + "/.well-known/openid-configuration for issuer " + gone.URL + ". Please try again later. Error: Invalid issuer: " + gone.URL + ". Issuer must have a valid discovery endpoint ended with '/.well-known/openid-configuration'"
	if own, ok := errors.AsType[*apigw.Error](err); !ok || own.Kind != apigw.BadRequest || own.Message != want {
		t.Errorf("%v", err)
	}
	if err := Reachable(t.Context(), issuers, "http://issuer.example"); err == nil {
		t.Error("an issuer without TLS")
	}
}

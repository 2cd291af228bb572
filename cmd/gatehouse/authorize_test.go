package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// asks sends a GET for path with a field, and gives status and body.
func asks(t *testing.T, base, path, name, value string, sign func(*http.Request)) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if name != "" {
		request.Header.Set(name, value)
	}
	if sign != nil {
		sign(request)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// baseOf is the base URL by path of the one definition that s serves.
func baseOf(t *testing.T, s *server) string {
	t.Helper()
	var records []map[string]any
	eventually(t, "the definition is announced", func() bool {
		records = s.records("serving")
		return len(records) > 0
	})
	if len(records) != 1 {
		t.Fatalf("%d definitions are served:\n%s", len(records), s.log.String())
	}
	urls, _ := records[0]["urls"].([]any)
	if len(urls) < 2 {
		t.Fatalf("served at %v", urls)
	}
	return fmt.Sprint(urls[1])
}

// TestAuthorizersExample does what the example's text says.
func TestAuthorizersExample(t *testing.T) {
	need(t, "node")
	base := baseOf(t, serveExample(t, "examples/authorizers/openapi.yaml"))
	user := func(id, secret string) func(*http.Request) {
		return func(r *http.Request) {
			new(sigv4.Signer).SignHTTP(r, sha256.Sum256(nil), sigv4.Credentials{AccessKeyID: id, SecretAccessKey: secret}, "us-east-1", "execute-api", time.Now())
		}
	}
	ann, bob := user("AKIAEXAMPLEANN", "ann-secret-of-the-example"), user("AKIAEXAMPLEBOB", "bob-secret-of-the-example")
	for _, c := range []struct {
		path, token string
		sign        func(*http.Request)
		status      int
		body        string
	}{
		{"/notes/7", "Bearer ann", nil, 200, `{"note":"7","tenant":"blue","user":"ann"}`},
		{"/notes/77", "Bearer ann", nil, 403, "because no identity-based policy allows"},
		{"/notes/7", "Bearer eve", nil, 401, `{"message":"Unauthorized"}`},
		{"/notes/7", "Basic YTpi", nil, 401, `{"message":"Unauthorized"}`},
		{"/notes/7", "", nil, 401, `{"message":"Unauthorized"}`},
		{"/signed/in", "", ann, 200, `user/ann"`},
		{"/signed/in", "", bob, 200, `user/bob"`},
		{"/signed/private", "", ann, 200, `user/ann"`},
		{"/signed/private", "", bob, 403, "with an explicit deny in a resource-based policy"},
		{"/signed/in", "", user("AKIAEXAMPLEBOB", "guessed"), 403, "The request signature we calculated does not match"},
		{"/signed/in", "", nil, 403, "Missing Authentication Token"},
	} {
		name := ""
		if c.token != "" {
			name = "Authorization"
		}
		status, body := asks(t, base, c.path, name, c.token, c.sign)
		if status != c.status || !strings.Contains(body, c.body) {
			t.Errorf("%s %s: %d %s, want %d %s", c.path, c.token, status, body, c.status, c.body)
		}
	}
}

// pool is a user pool's web site.
type pool struct {
	key    *rsa.PrivateKey
	server *httptest.Server
}

func newPool(t *testing.T) *pool {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &pool{key: key}
	p.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/us-east-1_abc/.well-known/jwks.json" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprintf(w, `{"keys":[{"kty":"RSA","kid":"k","alg":"RS256","use":"sig","n":%q,"e":%q}]}`,
			base64.RawURLEncoding.EncodeToString(key.N.Bytes()), base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()))
	}))
	t.Cleanup(p.server.Close)
	return p
}

func (p *pool) token(t *testing.T, use string, valid time.Duration) string {
	t.Helper()
	b64 := base64.RawURLEncoding.EncodeToString
	text := b64([]byte(`{"alg":"RS256","kid":"k"}`)) + "." + b64(fmt.Appendf(nil,
		`{"iss":"https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc","sub":"u-1","token_use":%q,"exp":%d,"cognito:groups":["a","b"],"scope":"notes/read"}`,
		use, time.Now().Add(valid).Unix()))
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, p.key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + b64(signature)
}

// TestUserPools has a user pool elsewhere, whose tokens a Cognito authorizer
// takes: identity tokens where a method has no scopes, access tokens with one
// of them where it has (developer guide, "Control access to REST APIs using
// Amazon Cognito user pools").
func TestUserPools(t *testing.T) {
	p := newPool(t)
	dir := t.TempDir()
	definition := filepath.Join(dir, "openapi.yaml")
	method := `
    get:
      security: [{pool: [%s]}]
      responses: {"200": {description: ok}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses: {default: {statusCode: "200", responseTemplates: {application/json: '$context.authorizer.claims.sub $context.authorizer.claims["cognito:groups"]'}}}`
	text := "openapi: 3.0.1\ninfo: {title: pools, version: '1'}\npaths:\n  /me:" + fmt.Sprintf(method, "") + "\n  /scoped:" + fmt.Sprintf(method, "notes/read, notes/write") +
		"\n  /other:" + fmt.Sprintf(method, "notes/write") + `
components:
  securitySchemes:
    pool:
      type: apiKey
      name: Authorization
      in: header
      x-amazon-apigateway-authtype: cognito_user_pools
      x-amazon-apigateway-authorizer: {type: cognito_user_pools, providerARNs: ['arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_abc']}
`
	if err := os.WriteFile(definition, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "gatehouse.yaml")
	if err := os.WriteFile(config, []byte("endpoints: {cognito-idp: '"+p.server.URL+"'}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	base := baseOf(t, serveWith(t, "--config", config, definition))
	const ok, refused = "u-1 a,b", `{"message":"Unauthorized"}`
	for _, c := range []struct {
		path, token string
		status      int
		body        string
	}{
		{"/me", p.token(t, "id", time.Hour), 200, ok},
		{"/me", "Bearer " + p.token(t, "id", time.Hour), 200, ok},
		{"/me", p.token(t, "access", time.Hour), 401, refused},
		{"/scoped", p.token(t, "access", time.Hour), 200, ok},
		{"/scoped", p.token(t, "id", time.Hour), 401, refused},
		{"/other", p.token(t, "access", time.Hour), 401, refused},
		{"/me", p.token(t, "id", -time.Minute), 401, `{"message":"The incoming token has expired"}`},
		{"/me", p.token(t, "id", time.Hour) + "x", 401, refused},
		{"/me", "", 401, refused},
	} {
		status, body := asks(t, base, c.path, "Authorization", c.token, nil)
		if status != c.status || body != c.body {
			t.Errorf("%s: %d %s, want %d %s", c.path, status, body, c.status, c.body)
		}
	}
}

package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/authorizer"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/httpapi"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/serving"
	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// provider is node-oidc-provider, an OpenID Connect provider that is certified
// as one, as another process.
type provider struct {
	url   string
	input io.WriteCloser
	lines *bufio.Scanner
	end   func()
}

func startProvider(t *testing.T) *provider {
	t.Helper()
	dir := npmFolder(t, filepath.Join("testdata", "oidc"), "provider.mjs")
	cmd := exec.CommandContext(t.Context(), "node", filepath.Join(dir, "provider.mjs"))
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &provider{input: input, lines: bufio.NewScanner(output)}
	p.end = func() { input.Close(); _ = cmd.Wait() }
	t.Cleanup(p.end)
	p.url = p.line(t)
	return p
}

func (p *provider) line(t *testing.T) string {
	t.Helper()
	if !p.lines.Scan() {
		t.Fatal("the provider ended")
	}
	return p.lines.Text()
}

// rotate makes the provider sign with a new key.
func (p *provider) rotate(t *testing.T) {
	t.Helper()
	fmt.Fprintln(p.input)
	p.line(t)
}

const resource = "https://api.example"

// tokens asks the provider's token endpoint.
func (p *provider) tokens(t *testing.T, form url.Values, user, password string) map[string]any {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if user != "" {
		request.SetBasicAuth(user, password)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var found map[string]any
	if err := json.NewDecoder(response.Body).Decode(&found); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s %v %v", response.Status, found, err)
	}
	return found
}

// machine is an access token by client credentials.
func (p *provider) machine(t *testing.T, scope string) string {
	t.Helper()
	found := p.tokens(t, url.Values{"grant_type": {"client_credentials"}, "scope": {scope}, "resource": {resource}}, "machine", "machine-secret")
	return fmt.Sprint(found["access_token"])
}

// signIn is what a browser does for a user: it follows the provider's pages,
// gives a name and consent, and trades the code that comes back for tokens.
func (p *provider) signIn(t *testing.T, user string) (identity, access string) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	const callback, verifier = "http://127.0.0.1/callback", "a-verifier-of-proof-keys-for-code-exchange-in-tests"
	var code string
	browser := &http.Client{Jar: jar, CheckRedirect: func(to *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(to.URL.String(), callback) {
			code = to.URL.Query().Get("code")
			return http.ErrUseLastResponse
		}
		return nil
	}}
	visit := func(response *http.Response, err error) *url.URL {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode >= 400 {
			t.Fatalf("%s: %s %v", response.Request.URL, response.Status, err)
		}
		return response.Request.URL
	}
	challenge := sha256.Sum256([]byte(verifier))
	page := visit(browser.Get(p.url + "/auth?" + url.Values{
		"client_id": {"app"}, "response_type": {"code"}, "scope": {"openid notes/read"}, "redirect_uri": {callback}, "resource": {resource},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}.Encode()))
	page = visit(browser.PostForm(page.String(), url.Values{"prompt": {"login"}, "login": {user}, "password": {"any"}}))
	if code == "" {
		visit(browser.PostForm(page.String(), url.Values{"prompt": {"consent"}}))
	}
	found := p.tokens(t, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}, "client_id": {"app"}, "code_verifier": {verifier}, "resource": {resource}}, "", "")
	return fmt.Sprint(found["id_token"]), fmt.Sprint(found["access_token"])
}

// gatekeeper asks a JWT authorizer of an HTTP API. No data plane serves HTTP
// APIs yet, so it is asked as one will.
type gatekeeper struct {
	stage *httpapi.Stage
	route *httpapi.Route
}

func newGatekeeper(t *testing.T, issuers *authorizer.Issuers, issuer, audience string, scopes ...string) *gatekeeper {
	t.Helper()
	s := httpapi.NewStage(&httpapi.Env{Env: &serving.Env{Scope: apigw.Scope{Partition: "aws", Region: "us-east-1", Account: "000000000000"}, Issuers: issuers}}, httpapi.Stage{API: "a1b2c3d4e5", Name: "$default"})
	a, _, err := httpapi.NewAuthorizer(s, &apigw.RouteAuthorizer{ID: "auth01", Name: "oidc", Type: "JWT", Issuer: issuer, Audience: []string{audience}, IdentitySource: []string{"$request.header.Authorization"}})
	if err != nil {
		t.Fatal(err)
	}
	route, err := httpapi.NewRoute("GET /notes", a, scopes)
	if err != nil {
		t.Fatal(err)
	}
	return &gatekeeper{s, route}
}

// ask is the status and the challenge for a token, or 200 and what a backend
// learns of the client.
func (g *gatekeeper) ask(t *testing.T, token string) (int, string) {
	t.Helper()
	x := new(exchange.Exchange)
	x.Begin(nil)
	defer x.End()
	x.Method, x.Header = "GET", new(http1.Header)
	x.Header.Add("Authorization", "Bearer "+token)
	r := &httpapi.Request{X: x, Stage: g.stage, Route: g.route}
	x.Vars = r
	if f := r.Authorize(); f != nil {
		r.Refuse(f)
		return x.Response.Status, string(x.Response.Header.Get("www-authenticate"))
	}
	event, _ := r.AppendAuthorizer2(nil)
	return 200, string(event)
}

// TestOpenIDConnect logs in at a real provider, by a machine's credentials and
// as a user in a browser, and comes with the tokens to a JWT authorizer, through
// a rotation of keys and the provider's end.
func TestOpenIDConnect(t *testing.T) {
	p := startProvider(t)
	var ahead atomic.Int64
	issuers := &authorizer.Issuers{Client: authorizer.NewClient((&integration.EgressRules{}).Check), Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }}
	reads, writes := newGatekeeper(t, issuers, p.url, resource, "notes/read"), newGatekeeper(t, issuers, p.url, resource, "notes/write")
	elsewhere, identities := newGatekeeper(t, issuers, p.url, "https://other.example"), newGatekeeper(t, issuers, p.url, "app")
	expect := func(g *gatekeeper, token string, status int, text string) {
		t.Helper()
		if got, said := g.ask(t, token); got != status || !strings.Contains(said, text) {
			t.Errorf("%d %s, want %d %s", got, said, status, text)
		}
	}
	machine := p.machine(t, "notes/read")
	expect(reads, machine, 200, `"client_id":"machine"`)
	expect(reads, machine, 200, `"scopes":["notes/read"]`)
	expect(writes, machine, 403, `error="insufficient_scope"`)
	expect(elsewhere, machine, 401, `error_description="the token does not have a valid audience"`)
	expect(reads, machine[:len(machine)-4]+"AAAA", 401, `error="invalid_token"`)
	identity, access := p.signIn(t, "ann")
	expect(reads, access, 200, `"sub":"ann"`)
	expect(identities, identity, 200, `"aud":"app"`)
	expect(reads, identity, 401, "valid audience")

	p.rotate(t)
	ahead.Add(int64(time.Minute))
	rotated := p.machine(t, "notes/read notes/write")
	expect(writes, rotated, 200, `"scope":"notes/read notes/write"`)
	expect(reads, machine, 200, `"client_id":"machine"`) // the old key is still among the provider's
	p.end()
	ahead.Add(int64(50 * time.Minute))
	expect(writes, rotated, 200, "machine")
	ahead.Add(int64(3 * time.Hour))
	expect(writes, rotated, 401, `error="invalid_token" error_description="`)
}

// TestWebIdentity trades a user's token of a real provider for credentials of
// a role, by AWS CLI, and calls an API with them.
func TestWebIdentity(t *testing.T) {
	need(t, "aws")
	p := startProvider(t)
	host := strings.TrimPrefix(p.url, "http://")
	config := write(t, "gatehouse.yaml", fmt.Sprintf(`
identities:
  providers: [{url: %q, clientIds: [app]}]
  roles:
    - name: reader
      trust:
        Statement:
          Effect: Allow
          Principal: {Federated: "arn:aws:iam::000000000000:oidc-provider/%s"}
          Action: sts:AssumeRoleWithWebIdentity
          Condition: {StringEquals: {"%s:aud": app, "%s:sub": ann}}
      policies:
        - name: reads
          document: {Version: "2012-10-17", Statement: {Effect: Allow, Action: execute-api:Invoke, Resource: "arn:aws:execute-api:*:*:*/*/GET/who"}}
`, p.url, host, host, host))
	method := `
      security: [{sigv4: []}]
      responses: {"200": {description: ok}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses: {default: {statusCode: "200", responseTemplates: {application/json: '$context.identity.userArn'}}}`
	definition := write(t, "openapi.yaml", "openapi: 3.0.1\ninfo: {title: who, version: '1'}\npaths:\n  /who:\n    get:"+method+"\n    delete:"+method+`
components: {securitySchemes: {sigv4: {type: apiKey, name: Authorization, in: header, x-amazon-apigateway-authtype: awsSigv4}}}
`)
	s := serveWith(t, "--config", config, definition)
	base := baseOf(t, s)
	ann, _ := p.signIn(t, "ann")
	bob, access := p.signIn(t, "bob")
	assume := func(token string) (sigv4.Credentials, string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "aws", "--endpoint-url", s.control, "--region", "us-east-1", "--output", "json", "sts", "assume-role-with-web-identity",
			"--role-arn", "arn:aws:iam::000000000000:role/reader", "--role-session-name", "notes", "--web-identity-token", token)
		out, err := cmd.CombinedOutput()
		var found struct {
			Credentials struct{ AccessKeyId, SecretAccessKey, SessionToken string }
		}
		if err == nil {
			err = json.Unmarshal(out, &found)
		}
		if err != nil {
			return sigv4.Credentials{}, string(out)
		}
		return sigv4.Credentials{AccessKeyID: found.Credentials.AccessKeyId, SecretAccessKey: found.Credentials.SecretAccessKey, SessionToken: found.Credentials.SessionToken}, ""
	}
	for who, c := range map[string]struct{ token, want string }{
		"another user": {bob, "AccessDenied"}, "an access token": {access, "InvalidIdentityToken"}, "a changed token": {ann[:len(ann)-4] + "AAAA", "InvalidIdentityToken"},
	} {
		if _, said := assume(c.token); !strings.Contains(said, c.want) {
			t.Errorf("%s: %q, want %s", who, said, c.want)
		}
	}
	credentials, said := assume(ann)
	if said != "" {
		t.Fatal(said)
	}
	sign := func(r *http.Request) {
		new(sigv4.Signer).SignHTTP(r, sha256.Sum256(nil), credentials, "us-east-1", "execute-api", time.Now())
	}
	if status, body := asks(t, base, "/who", "", "", sign); status != 200 || body != "arn:aws:sts::000000000000:assumed-role/reader/notes" {
		t.Errorf("%d %s", status, body)
	}
	if status, body := asks(t, base, "/who", "", "", func(r *http.Request) { r.Method = http.MethodDelete; sign(r) }); status != 403 {
		t.Errorf("%d %s", status, body)
	}
}

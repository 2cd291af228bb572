package main

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/awsapi/cognitoidp"
)

// poolsExample is what setup.sh of the example made, by variable.
type poolsExample map[string]string

var exported = regexp.MustCompile(`([A-Z_]+)=(\S+)`)

// setUpPools runs the example's script against s.
func setUpPools(t *testing.T, s *server) poolsExample {
	t.Helper()
	need(t, "aws", "sh")
	cmd := exec.CommandContext(t.Context(), "sh", filepath.Join("..", "..", "examples", "user-pools", "setup.sh"))
	cmd.Env = s.clientEnv()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("setup.sh: %v\n%s", err, out)
	}
	e := poolsExample{}
	for _, m := range exported.FindAllStringSubmatch(string(out), -1) {
		e[m[1]] = m[2]
	}
	return e
}

// clientEnv leads AWS's clients to s.
func (s *server) clientEnv(more ...string) []string {
	return append(append(os.Environ(), "AWS_ENDPOINT_URL="+s.control, "AWS_ACCESS_KEY_ID=any", "AWS_SECRET_ACCESS_KEY=any", "AWS_DEFAULT_REGION=us-east-1", "AWS_PAGER="), more...)
}

// cognito calls an operation as clients do: without a signature, or with any
// credentials when sign is set.
func (s *server) cognito(sign bool, operation string, in map[string]any) (status int, out map[string]any) {
	s.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		s.t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, s.control+"/", strings.NewReader(string(body)))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	if sign {
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=any/20260531/us-east-1/cognito-idp/aws4_request, SignedHeaders=host, Signature=00")
	}
	return s.json(r)
}

func (s *server) json(r *http.Request) (status int, out map[string]any) {
	s.t.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &out); err != nil {
			s.t.Fatalf("%s: %v", raw, err)
		}
	}
	return response.StatusCode, out
}

// TestUserPoolsExample signs a user in by SRP with AWS's own libraries for
// JavaScript, and calls a REST API with the tokens, before and after kill -9.
func TestUserPoolsExample(t *testing.T) {
	s := serveWith(t)
	e := setUpPools(t, s)
	folder := npmFolder(t, filepath.Join("..", "..", "examples", "user-pools"), "login.mjs")
	login := func(more ...string) string {
		cmd := exec.CommandContext(t.Context(), "node", "login.mjs")
		cmd.Dir = folder
		cmd.Env = s.clientEnv(append([]string{"POOL=" + e["POOL"], "APP=" + e["APP"], "API=" + e["API"], "INVOKE=" + s.invoke, "USERNAME=ann"}, more...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			return string(out)
		}
		return strings.TrimSpace(string(out))
	}
	want := strings.Join([]string{
		`/me 200 {"user": "ann", "mail": "ann@example.com", "groups": "editors"}`,
		`/me 200 {"user": "ann", "mail": "ann@example.com", "groups": "editors"}`,
		`/notes 200 {"notes": [], "client": "` + e["APP"] + `"}`,
		`/me 401 {"message":"Unauthorized"}`,
		`/me 401 {"message":"Unauthorized"}`,
		`user ann ann@example.com`,
	}, "\n")
	if d := cmp.Diff(want, login()); d != "" {
		t.Error(d)
	}
	if out := login("PASSWORD=Wrong-Horse-1"); !strings.Contains(out, "NotAuthorizedException") || !strings.Contains(out, "Incorrect username or password.") {
		t.Errorf("a wrong password: %s", out)
	}
	s.machine(e)

	status, out := s.cognito(true, "AdminCreateUser", map[string]any{"UserPoolId": e["POOL"], "Username": "bob", "TemporaryPassword": "Temporary-1",
		"UserAttributes": []map[string]string{{"Name": "email", "Value": "ann@example.com"}}})
	if status != 200 {
		t.Fatal(out)
	}
	s.kill()
	s.restart()
	if d := cmp.Diff(want, login()); d != "" {
		t.Errorf("after kill -9: %s", d)
	}
	bob := strings.ReplaceAll(strings.ReplaceAll(want, `"ann"`, `"bob"`), `"groups": "editors"`, `"groups": ""`)
	bob = strings.ReplaceAll(bob, "user ann", "user bob")
	_ = login("USERNAME=bob", "PASSWORD=Temporary-1", "NEW_PASSWORD=Chosen-Horse-2") // ends where the SDK's commands meet the old password
	if d := cmp.Diff(bob, login("USERNAME=bob", "PASSWORD=Chosen-Horse-2")); d != "" {
		t.Errorf("a user who had to choose a password: %s", d)
	}
}

// machine gets a token for a client that acts for itself.
func (s *server) machine(e poolsExample) {
	s.t.Helper()
	form := func(change url.Values) (int, map[string]any) {
		v := url.Values{"grant_type": {"client_credentials"}, "client_id": {e["MACHINE"]}, "client_secret": {e["MACHINE_SECRET"]}}
		for name, values := range change {
			v[name] = values
		}
		r, err := http.NewRequest(http.MethodPost, s.control+"/oauth2/token", strings.NewReader(v.Encode()))
		if err != nil {
			s.t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return s.json(r)
	}
	status, out := form(url.Values{"scope": {"notes/read"}})
	if status != 200 || out["token_type"] != "Bearer" || out["expires_in"] != 3600.0 {
		s.t.Fatal(status, out)
	}
	r, err := http.NewRequest(http.MethodGet, s.invoke+"/_aws/execute-api/"+e["API"]+"/dev/notes", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", out["access_token"].(string))
	if status, got := s.json(r); status != 200 || got["client"] != e["MACHINE"] {
		s.t.Error(status, got)
	}
	for name, c := range map[string]struct {
		change url.Values
		want   string
	}{
		"wrong secret":       {url.Values{"client_secret": {"x"}}, "invalid_client"},
		"unknown client":     {url.Values{"client_id": {"x"}}, "invalid_client"},
		"another scope":      {url.Values{"scope": {"notes/write"}}, "invalid_scope"},
		"a user's scope":     {url.Values{"scope": {"aws.cognito.signin.user.admin"}}, "invalid_scope"},
		"code":               {url.Values{"grant_type": {"authorization_code"}, "code": {"x"}}, "unsupported_grant_type"},
		"password":           {url.Values{"grant_type": {"password"}}, "unsupported_grant_type"},
		"given twice":        {url.Values{"grant_type": {"client_credentials", "refresh_token"}}, "invalid_request"},
		"an unknown one":     {url.Values{"audience": {"x"}}, "invalid_request"},
		"no refresh token":   {url.Values{"grant_type": {"refresh_token"}}, "invalid_grant"},
		"no grant":           {url.Values{"grant_type": {""}}, "invalid_request"},
		"the app's":          {url.Values{"client_id": {e["APP"]}, "client_secret": {""}}, "unauthorized_client"},
		"the app's, by rate": {url.Values{"client_id": {e["APP"]}, "client_secret": {"x"}}, "invalid_client"},
	} {
		if status, out := form(c.change); status != 400 || out["error"] != c.want {
			s.t.Errorf("%s: %d %v, want %s", name, status, out, c.want)
		}
	}
}

// TestUserPoolsKeys: a pool's tokens are verified without a call to anywhere,
// and those of another pool, of a pool that is gone, or for another client are
// refused.
func TestUserPoolsKeys(t *testing.T) {
	s := serveWith(t)
	call := func(operation string, in map[string]any) map[string]any {
		t.Helper()
		status, out := s.cognito(true, operation, in)
		if status != 200 {
			t.Fatalf("%s: %d %v", operation, status, out)
		}
		return out
	}
	token, pools, apps := map[string]string{}, map[string]string{}, map[string]string{}
	for _, name := range []string{"ours", "theirs"} {
		var tokens map[string]any
		pools[name], apps[name], tokens = s.newPoolUser(name)
		token[name], token[name+" access"] = tokens["IdToken"].(string), tokens["AccessToken"].(string)
	}
	need(t, "aws")
	definition := filepath.Join(t.TempDir(), "api.yaml")
	const method = `
    get:
      security: [{%s: []}]
      responses: {'200': {description: ok}}
      x-amazon-apigateway-integration: {type: mock, requestTemplates: {application/json: '{"statusCode": 200}'}, responses: {default: {statusCode: '200'}}}`
	scheme := func(name, more string) string {
		return fmt.Sprintf("    %s: {type: apiKey, name: Authorization, in: header, x-amazon-apigateway-authtype: cognito_user_pools, x-amazon-apigateway-authorizer: {type: cognito_user_pools, providerARNs: ['arn:aws:cognito-idp:us-east-1:000000000000:userpool/%s']%s}}\n", name, pools["ours"], more)
	}
	text := "openapi: 3.0.1\ninfo: {title: keys, version: '1'}\npaths:\n  /any:" + fmt.Sprintf(method, "any") + "\n  /other:" + fmt.Sprintf(method, "other") +
		"\ncomponents:\n  securitySchemes:\n" + scheme("any", "") + scheme("other", ", identityValidationExpression: 'someotherclient'")
	if err := os.WriteFile(definition, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	api := s.aws("import-rest-api", "--body", "fileb://"+definition, "--query", "id")
	s.aws("create-deployment", "--rest-api-id", api, "--stage-name", "dev")
	get := func(path, token string) string {
		r, err := http.NewRequest(http.MethodGet, s.invoke+"/_aws/execute-api/"+api+"/dev"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", token)
		status, out := s.json(r)
		return fmt.Sprint(status, " ", out["message"])
	}
	parts := strings.Split(token["ours"], ".")
	expect := func(when string, want map[string][2]string) {
		t.Helper()
		for name, c := range want {
			if got := get(c[0], token[name]); got != c[1] {
				t.Errorf("%s: %s at %s: %s, want %s", when, name, c[0], got, c[1])
			}
		}
	}
	token["swapped"] = parts[0] + "." + strings.Split(token["theirs"], ".")[1] + "." + parts[2]
	expect("at first", map[string][2]string{
		"ours": {"/any", "200 <nil>"}, "ours access": {"/any", "401 Unauthorized"}, "theirs": {"/any", "401 Unauthorized"}, "swapped": {"/any", "401 Unauthorized"},
	})
	expect("for another client", map[string][2]string{"ours": {"/other", "401 Unauthorized"}})

	// Who is disabled can't sign in or refresh, but has tokens until they run
	// out (developer guide, "Revoking tokens": API Gateway doesn't look).
	call("AdminDisableUser", map[string]any{"UserPoolId": pools["ours"], "Username": "ann"})
	if status, out := s.cognito(true, "AdminInitiateAuth", map[string]any{"UserPoolId": pools["ours"], "ClientId": apps["ours"], "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
		"AuthParameters": map[string]string{"USERNAME": "ann", "PASSWORD": "Correct-Horse-1"}}); status != 400 || out["message"] != "User is disabled." {
		t.Error(status, out)
	}
	if status, out := s.cognito(false, "GetUser", map[string]any{"AccessToken": token["ours access"]}); status != 400 || out["message"] != "User is disabled." {
		t.Error(status, out)
	}
	expect("disabled", map[string][2]string{"ours": {"/any", "200 <nil>"}})

	call("DeleteUserPool", map[string]any{"UserPoolId": pools["ours"]})
	expect("the pool is gone", map[string][2]string{"ours": {"/any", "401 Unauthorized"}})
}

// TestUserPoolsBoto3 walks every operation with boto3.
func TestUserPoolsBoto3(t *testing.T) {
	needBoto(t)
	s := serveWith(t)
	cmd := exec.CommandContext(t.Context(), "python3", filepath.Join("testdata", "userpools", "walk.py"), s.control, filepath.Join(s.data, "user-pools", "messages.jsonl"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var ops cognitoidp.Operations
	if want := fmt.Sprintf("walked %d", len(ops.Table())); strings.TrimSpace(string(out)) != want {
		t.Errorf("%s; want %s", out, want)
	}
	for _, secret := range []string{"temporary-1", "chosen-horse-2", "bobs-horse-1"} {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("%s is in the log", secret)
		}
	}
	if info, err := os.Stat(filepath.Join(s.data, "user-pools", "messages.jsonl")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("messages: %v %v", info, err)
	}
	_ = filepath.WalkDir(filepath.Join(s.data, "logs"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		for _, secret := range []string{"temporary-1", "chosen-horse-2", "bobs-horse-1", "eyJ"} {
			if err == nil && strings.Contains(string(raw), secret) {
				t.Errorf("%s is in %s", secret, path)
			}
		}
		return nil
	})
}

// TestUserPoolsListener: a listener for clients serves them alone, over TLS,
// from pages of any origin, and is handed on at a restart.
func TestUserPoolsListener(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "gatehouse.yaml"), []byte("userPools: {listen: [{address: '127.0.0.1:0', tls: development}, '127.0.0.1:0']}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serveWith(t, "--config", filepath.Join(folder, "gatehouse.yaml"))
	var addresses []string
	eventually(t, "the listeners are announced", func() bool {
		addresses = nil
		for _, r := range s.records("clients of user pools are served") {
			addresses = append(addresses, r["address"].(string))
		}
		return len(addresses) == 2
	})
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	call := func(address, operation string) string {
		r, err := http.NewRequest(http.MethodPost, address, strings.NewReader(`{"ClientId":"abc","AuthFlow":"USER_SRP_AUTH","MaxResults":1}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
		r.Header.Set("Origin", "https://page.example")
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=any/20260531/us-east-1/cognito-idp/aws4_request, SignedHeaders=host, Signature=00")
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		return fmt.Sprint(response.StatusCode, " ", response.Header.Get("Access-Control-Allow-Origin"), " ", string(body))
	}
	for _, address := range addresses {
		if got := call(address, "InitiateAuth"); !strings.HasPrefix(got, "400 * ") || !strings.Contains(got, "Unknown member") {
			t.Error(got)
		}
		if got := call(address, "ListUserPools"); !strings.HasPrefix(got, "403  ") {
			t.Error(got)
		}
	}
}

// newPoolUser makes a pool with a client and a user, ann, and signs her in.
func (s *server) newPoolUser(name string) (pool, app string, tokens map[string]any) {
	s.t.Helper()
	call := func(operation string, in map[string]any) map[string]any {
		s.t.Helper()
		status, out := s.cognito(true, operation, in)
		if status != 200 {
			s.t.Fatalf("%s: %d %v", operation, status, out)
		}
		return out
	}
	pool = call("CreateUserPool", map[string]any{"PoolName": name})["UserPool"].(map[string]any)["Id"].(string)
	app = call("CreateUserPoolClient", map[string]any{"UserPoolId": pool, "ClientName": "app", "ExplicitAuthFlows": []string{"ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_USER_PASSWORD_AUTH"}})["UserPoolClient"].(map[string]any)["ClientId"].(string)
	call("AdminCreateUser", map[string]any{"UserPoolId": pool, "Username": "ann", "MessageAction": "SUPPRESS"})
	call("AdminSetUserPassword", map[string]any{"UserPoolId": pool, "Username": "ann", "Password": "Correct-Horse-1", "Permanent": true})
	return pool, app, call("AdminInitiateAuth", map[string]any{"UserPoolId": pool, "ClientId": app, "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
		"AuthParameters": map[string]string{"USERNAME": "ann", "PASSWORD": "Correct-Horse-1"}})["AuthenticationResult"].(map[string]any)
}

// TestUserPoolsWithoutStore: users survive kill -9 and a restored backup, which
// tells no password; and with the store damaged, tokens are believed as before,
// and nobody signs in.
func TestUserPoolsWithoutStore(t *testing.T) {
	t.Parallel()
	s := serveWith(t)
	pool, app, tokens := s.newPoolUser("kept")
	c, ctx := s.sdk(), t.Context()
	definition := fmt.Sprintf(`{"openapi": "3.0.1", "info": {"title": "kept", "version": "1"}, "paths": {"/me": {"get": {"security": [{"p": []}], "responses": {"200": {"description": "ok"}},
		"x-amazon-apigateway-integration": {"type": "mock", "requestTemplates": {"application/json": "{\"statusCode\": 200}"}, "responses": {"default": {"statusCode": "200"}}}}}},
		"components": {"securitySchemes": {"p": {"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "cognito_user_pools",
		"x-amazon-apigateway-authorizer": {"type": "cognito_user_pools", "providerARNs": ["arn:aws:cognito-idp:us-east-1:000000000000:userpool/%s"]}}}}}`, pool)
	imported, err := c.ImportRestApi(ctx, &apigateway.ImportRestApiInput{Body: []byte(definition)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: imported.Id, StageName: aws.String("dev")}); err != nil {
		t.Fatal(err)
	}
	opens := func(when string, s *server) {
		t.Helper()
		r, err := http.NewRequest(http.MethodGet, s.invoke+"/_aws/execute-api/"+*imported.Id+"/dev/me", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", tokens["IdToken"].(string))
		if status, out := s.json(r); status != 200 {
			t.Errorf("%s: %d %v", when, status, out)
		}
	}
	login := func(s *server) (int, map[string]any) {
		return s.cognito(false, "InitiateAuth", map[string]any{"ClientId": app, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": map[string]string{"USERNAME": "ann", "PASSWORD": "Correct-Horse-1"}})
	}
	opens("at first", s)
	s.keeps(*imported.Id)
	s.kill()
	s.restart()
	if status, out := login(s); status != 200 {
		t.Error("after kill -9", status, out)
	}
	s.terminate()

	saved := filepath.Join(t.TempDir(), "backup")
	succeeds(t, "backup", "--data", s.data, saved)
	if raw, err := os.ReadFile(saved); err != nil || bytes.Contains(raw, []byte("Correct-Horse-1")) || bytes.Contains(raw, []byte(tokens["RefreshToken"].(string))) {
		t.Error("the backup tells what signs in", err)
	}
	restored := newServer(t)
	succeeds(t, "restore", "--data", restored.data, saved)
	copyFiles(t, s.data, restored.data, "master.key")
	restored.start()
	t.Cleanup(restored.kill)
	opens("restored", restored)
	if status, out := login(restored); status != 200 {
		t.Error("restored", status, out)
	}

	damage(t, filepath.Join(s.data, "store"), "*.wal")
	s.restart()
	opens("without the store", s)
	if status, out := login(s); status != 503 || !strings.Contains(fmt.Sprint(out["message"]), "can't open its store") {
		t.Error("without the store", status, out)
	}
}

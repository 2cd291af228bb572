package main

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awscredentials "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/gatehouse/gatehouse/internal/config"
	"github.com/gatehouse/gatehouse/internal/sigv4"
)

const everything = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`

// identity runs a command of the operator's on s.
func (s *server) identity(args ...string) (string, error) {
	s.t.Helper()
	cmd := command(append([]string{"identity", "--data", s.data, "--control", strings.TrimPrefix(s.control, "http://")}, args...)...)
	cmd.Env = append(cmd.Env, s.env...)
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	err := cmd.Run()
	return out.String() + log.String(), err
}

func (s *server) mustIdentity(args ...string) string {
	s.t.Helper()
	out, err := s.identity(args...)
	if err != nil {
		s.t.Fatalf("identity %v: %v\n%s", args, err, out)
	}
	return out
}

// newKey makes an access key of a user.
func (s *server) newKey(user string) (id, secret string) {
	s.t.Helper()
	for line := range strings.Lines(s.mustIdentity("create", "key", user)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch name {
		case "AWS_ACCESS_KEY_ID":
			id = value
		case "AWS_SECRET_ACCESS_KEY":
			secret = value
		}
	}
	return id, secret
}

// TestIdentityCommands: what commands make on a running gatehouse is live at
// once, survives a crash, and what the configuration has they can't touch.
func TestIdentityCommands(t *testing.T) {
	t.Parallel()
	s := serveWith(t)
	list := func(id, secret string) error {
		_, err := s.sdkAs(id, secret).GetRestApis(t.Context(), nil)
		return err
	}
	if err := list("any", "any"); err != nil {
		t.Fatal(err)
	}
	all := write(t, "all.json", everything)
	if out := s.mustIdentity("create", "user", "ann", "--policy", "all="+all); !strings.Contains(out, "From now on every management call must be signed") {
		t.Error(out)
	}
	if err := list("any", "any"); err == nil {
		t.Error("any credentials are accepted beside a user")
	}
	id, secret := s.newKey("ann")
	if err := list(id, secret); err != nil {
		t.Error(err)
	}
	if out := s.mustIdentity("list", "--json"); strings.Contains(out, secret) || strings.Contains(out, "sealed") || !strings.Contains(out, id) {
		t.Error(out)
	}
	s.kill()
	s.restart()
	if err := list(id, secret); err != nil {
		t.Errorf("after a crash: %v", err)
	}
	if err := list("any", "any"); err == nil {
		t.Error("any credentials are accepted after a restart")
	}
	if out, err := s.identity("delete", "user", "ann"); err == nil || !strings.Contains(out, "ann is the last user") {
		t.Errorf("%v: %s", err, out)
	}
	s.mustIdentity("delete", "key", id)
	if err := list(id, secret); err == nil {
		t.Error("a deleted key is accepted")
	}
	records, _ := s.audited()
	for _, want := range []string{"  Operator  127.0.0.1  CreateUser account=000000000000 name=ann", "CreateKey account=000000000000 name=ann", "DeleteUser account=000000000000 name=ann", "Refused: ", "ann is the last user", "DeleteKey account=000000000000 name=" + id} {
		if !strings.Contains(records, want) {
			t.Errorf("no %q among the records\n%s", want, records)
		}
	}
	if raw, err := os.ReadFile(filepath.Join(s.data, "audit", "management.log")); err != nil || strings.Contains(string(raw), secret) {
		t.Errorf("a secret is recorded, or nothing: %v", err)
	}
	s.mustIdentity("delete", "user", "ann", "--open")
	if err := list("any", "any"); err != nil {
		t.Errorf("without users: %v", err)
	}
	s.terminate()
	if out := s.mustIdentity("create", "user", "bob"); !strings.Contains(out, "created") {
		t.Errorf("without a running gatehouse: %s", out)
	}
	s.args = append(s.args, "--config", write(t, "gatehouse.yaml", "identities: {users: [{name: carl, accessKeys: [{id: AKIACARL, secret: s}]}]}\n"))
	s.restart()
	for _, text := range []string{s.log.String(), s.stdout.String()} {
		if strings.Contains(text, secret) {
			t.Error("a secret is in the log")
		}
	}
}

// TestOnlyTheOperator: without the master key nobody makes identities, neither
// with a signature of an administrator nor with one that was changed.
func TestOnlyTheOperator(t *testing.T) {
	t.Parallel()
	s := serveWith(t)
	s.mustIdentity("create", "user", "ann", "--policy", "all="+write(t, "all.json", everything))
	id, secret := s.newKey("ann")
	const edit = `{"edit":{"verb":"create","what":"user","account":"000000000000","name":"eve"}}`
	post := func(sign func(*http.Request), body string, change func(*http.Request)) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.control+operatorPath, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if sign != nil {
			sign(r)
		}
		if change != nil {
			change(r)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, _ := io.ReadAll(response.Body)
		return response.StatusCode, string(text)
	}
	as := func(c sigv4.Credentials, service string) func(*http.Request) {
		return func(r *http.Request) {
			new(sigv4.Signer).SignHTTP(r, sha256.Sum256([]byte(edit)), c, "us-east-1", service, time.Now())
		}
	}
	key, err := (&program{config: configOf(t, s.data)}).sealer()
	if err != nil {
		t.Fatal(err)
	}
	proof := key.Proofs()[0]
	operator := sigv4.Credentials{AccessKeyID: proof.KeyID, SecretAccessKey: proof.Secret}
	for name, c := range map[string]struct {
		sign   func(*http.Request)
		body   string
		change func(*http.Request)
		status int
	}{
		"nobody":                 {nil, edit, nil, 403},
		"an administrator":       {as(sigv4.Credentials{AccessKeyID: id, SecretAccessKey: secret}, operatorService), edit, nil, 403},
		"for another service":    {as(operator, "apigateway"), edit, nil, 403},
		"another body":           {as(operator, operatorService), strings.Replace(edit, "eve", "eva", 1), nil, 403},
		"another secret":         {as(sigv4.Credentials{AccessKeyID: proof.KeyID, SecretAccessKey: "x"}, operatorService), edit, nil, 403},
		"with a session's token": {as(operator, operatorService), edit, func(r *http.Request) { r.Header.Set("X-Amz-Security-Token", "x") }, 403},
		"the operator":           {as(operator, operatorService), edit, nil, 200},
	} {
		if status, body := post(c.sign, c.body, c.change); status != c.status {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	if out := s.mustIdentity("list"); !strings.Contains(out, "eve") || strings.Contains(out, "eva") {
		t.Error(out)
	}
}

// TestStoredIdentitiesForOtherMachines: with a user that a command made, the
// control address may be reachable from other machines.
func TestStoredIdentitiesForOtherMachines(t *testing.T) {
	t.Parallel()
	s := newServer(t, "--control", "0.0.0.0:0")
	s.control = "http://127.0.0.1:1"
	s.mustIdentity("create", "user", "ann", "--policy", "all="+write(t, "all.json", everything))
	id, secret := s.newKey("ann")
	s.start()
	t.Cleanup(s.kill)
	_, port, _ := strings.Cut(address(t, s.control), "]:")
	if port == "" {
		_, port, _ = strings.Cut(address(t, s.control), ":")
	}
	s.control = "http://127.0.0.1:" + port
	if _, err := s.sdkAs(id, secret).GetRestApis(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if a := call(t, "GET", s.control+"/restapis", "gateway.example", "", "Authorization", unverified); a.status != 403 {
		t.Errorf("unverified credentials: %v", a)
	}
	s.mustIdentity("delete", "user", "ann", "--open")
	if a := call(t, "GET", s.control+"/restapis", "gateway.example", "", "Authorization", unverified); a.status != 403 || !strings.Contains(a.body, "nobody may call from another machine") {
		t.Errorf("without users: %v", a)
	}
}

const roleConfiguration = `
identities:
  users:
    - name: ann
      accessKeys: [{id: AKIAANN, secret: ann-secret}]
      policies:
        - {name: assume, document: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "sts:AssumeRole", Resource: "arn:aws:iam::*:role/deployer"}]}}
  roles:
    - name: deployer
      trust: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {AWS: "000000000000"}, Action: "sts:AssumeRole"}]}
      policies:
        - name: apis
          document: {Version: "2012-10-17", Statement: [
            {Effect: Allow, Action: ["apigateway:*", "execute-api:Invoke"], Resource: "*"},
            {Effect: Allow, Action: "iam:PassRole", Resource: "arn:aws:iam::000000000000:role/passed", Condition: {StringEquals: {"iam:PassedToService": apigateway.amazonaws.com}}}]}
`

const roleAPI = `{"openapi": "3.0.1", "info": {"title": "signed", "version": "1"}, "paths": {
	"/me": {"get": {"x-amazon-apigateway-auth": {"type": "AWS_IAM"}, "responses": {"200": {"description": ""}},
		"x-amazon-apigateway-integration": {"type": "mock", "requestTemplates": {"application/json": "{\"statusCode\": 200}"}, "responses": {"default": {"statusCode": "200",
			"responseTemplates": {"application/json": "$context.identity.userArn $context.identity.caller $context.identity.user $context.identity.accessKey $context.identity.accountId"}}}}}},
	"/own": {"get": {"x-amazon-apigateway-auth": {"type": "AWS_IAM"}, "responses": {"200": {"description": ""}},
		"x-amazon-apigateway-integration": {"type": "mock", "requestTemplates": {"application/json": "{\"statusCode\": 200}"}, "responses": {"default": {"statusCode": "200"}}}}}}}`

// TestProfilesWithRoles: AWS's SDK for Go, its CLI and boto3 take a role by
// their own means, manage APIs with it, and invoke one as its session.
func TestProfilesWithRoles(t *testing.T) {
	need(t, "aws", "python3")
	t.Parallel()
	file := write(t, "openapi.json", roleAPI)
	s := serveWith(t, "--config", write(t, "gatehouse.yaml", roleConfiguration), file)
	const role = "arn:aws:iam::000000000000:role/deployer"
	ann := sts.New(sts.Options{Region: "us-east-1", BaseEndpoint: &s.control, Credentials: awscredentials.NewStaticCredentialsProvider("AKIAANN", "ann-secret", "")})
	provider := aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(ann, role, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = "go"
		o.Policy = aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"execute-api:Invoke","Resource":"*/GET/own"}]}`)
	}))
	if _, err := provider.Retrieve(t.Context()); err == nil {
		t.Fatal("a resource that is no ARN was taken")
	}
	provider = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(ann, role, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = "go"
		o.Policy = aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:*/GET/own"}]}`)
	}))
	c, err := provider.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	client := apigateway.New(apigateway.Options{Region: "us-east-1", BaseEndpoint: &s.control, Credentials: provider})
	if _, err := client.CreateRestApi(t.Context(), &apigateway.CreateRestApiInput{Name: aws.String("by a role")}); err != nil {
		t.Error(err)
	}
	sign := func(c aws.Credentials) func(*http.Request) {
		return func(r *http.Request) {
			new(sigv4.Signer).SignHTTP(r, sha256.Sum256(nil), sigv4.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}, "us-east-1", "execute-api", time.Now())
		}
	}
	base := baseOf(t, s)
	status, body := asks(t, base, "/me", "", "", sign(c))
	id, err := sts.New(sts.Options{Region: "us-east-1", BaseEndpoint: &s.control, Credentials: provider}).GetCallerIdentity(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := *id.Arn + " " + *id.UserId + " " + *id.UserId + " " + c.AccessKeyID + " 000000000000"; status != 200 || body != want || *id.Arn != "arn:aws:sts::000000000000:assumed-role/deployer/go" {
		t.Errorf("%d %s, want %s", status, body, want)
	}
	if status, body := asks(t, base, "/own", "", "", sign(c)); status != 403 || !strings.Contains(body, "with an explicit deny in a session policy") {
		t.Errorf("%d %s", status, body)
	}
	changed := c
	changed.SessionToken = c.SessionToken[:len(c.SessionToken)-1] + "A"
	if changed.SessionToken == c.SessionToken {
		changed.SessionToken = c.SessionToken[:len(c.SessionToken)-1] + "Q"
	}
	for name, c := range map[string]aws.Credentials{"a changed token": changed, "no token": {AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey}} {
		if status, body := asks(t, base, "/me", "", "", sign(c)); status != 403 || !strings.Contains(body, "The security token included in the request is invalid") {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	s.withProfiles(t, base)
}

// withProfiles drives AWS's command line and boto3 with a profile that has a
// role.
func (s *server) withProfiles(t *testing.T, base string) {
	dir := t.TempDir()
	files := map[string]string{
		"config":      "[profile ann]\nregion = us-east-1\n[profile deployer]\nrole_arn = arn:aws:iam::000000000000:role/deployer\nsource_profile = ann\nregion = us-east-1\n",
		"credentials": "[ann]\naws_access_key_id = AKIAANN\naws_secret_access_key = ann-secret\n",
		"boto.py": `
import sys, boto3, requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
session = boto3.Session(profile_name="deployer")
print(session.client("sts").get_caller_identity()["Arn"].rsplit("/", 1)[0])
request = AWSRequest(method="GET", url=sys.argv[1] + "/me")
SigV4Auth(session.get_credentials(), "execute-api", "us-east-1").add_auth(request)
print(requests.get(request.url, headers=dict(request.headers)).text.split("/")[1])
`,
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(name string, args ...string) string {
		cmd := exec.Command(name, args...)
		cmd.Env = append(os.Environ(), "AWS_CONFIG_FILE="+filepath.Join(dir, "config"), "AWS_SHARED_CREDENTIALS_FILE="+filepath.Join(dir, "credentials"),
			"AWS_ENDPOINT_URL="+s.control, "AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=", "AWS_PAGER=", "HOME="+dir)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s %v: %v\n%s", name, args, err, out)
		}
		return string(out)
	}
	var who struct{ Arn string }
	if out := run("aws", "--profile", "deployer", "sts", "get-caller-identity"); json.Unmarshal([]byte(out), &who) != nil || !strings.HasPrefix(who.Arn, "arn:aws:sts::000000000000:assumed-role/deployer/botocore-session-") {
		t.Error(out)
	}
	if out := run("aws", "--profile", "deployer", "apigateway", "get-rest-apis", "--query", "length(items)"); strings.TrimSpace(out) != "2" {
		t.Error(out)
	}
	if out := run("python3", filepath.Join(dir, "boto.py"), base); out != "arn:aws:sts::000000000000:assumed-role/deployer\ndeployer\n" {
		t.Error(out)
	}
}

// TestPassRole: who hands a role over must be allowed to (IAM user guide, "Grant
// a user permissions to pass a role to an AWS service"), in a definition as well
// as in a call.
func TestPassRole(t *testing.T) {
	t.Parallel()
	s := serveWith(t, "--config", write(t, "gatehouse.yaml", strings.Replace(roleConfiguration, "sts:AssumeRole\", Resource: \"arn:aws:iam::*:role/deployer\"", "*\", Resource: \"*\"}, {Effect: Deny, Action: \"iam:PassRole\", Resource: \"arn:aws:iam::*:role/kept\"", 1)))
	c := s.sdkAs("AKIAANN", "ann-secret")
	definition := func(credentials string) []byte {
		return []byte(`{"openapi": "3.0.1", "info": {"title": "t", "version": "1"}, "paths": {"/a": {"get": {"responses": {"200": {"description": ""}}, "x-amazon-apigateway-integration":
			{"type": "aws", "httpMethod": "POST", "uri": "arn:aws:apigateway:us-east-1:sqs:path/q", "credentials": "` + credentials + `", "responses": {"default": {"statusCode": "200"}}}}}}}`)
	}
	for credentials, want := range map[string]string{
		"arn:aws:iam::000000000000:role/free": "",
		"arn:aws:iam::*:user/*":               "",
		"arn:aws:iam::000000000000:role/kept": "User: arn:aws:iam::000000000000:user/ann is not authorized to perform: iam:PassRole on resource: arn:aws:iam::000000000000:role/kept with an explicit deny in an identity-based policy",
		"arn:aws:iam::111122223333:role/kept": "Cross-account pass role is not allowed.",
	} {
		_, err := c.ImportRestApi(t.Context(), &apigateway.ImportRestApiInput{Body: definition(credentials)})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), "AccessDeniedException: "+want)) {
			t.Errorf("%s: %v", credentials, err)
		}
	}
}

// configOf is the configuration of a data folder and nothing else.
func configOf(t *testing.T, data string) *config.Config {
	t.Helper()
	c, err := config.Load(config.Overrides{Data: data}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestIdentitiesExample does what the example's text says.
func TestIdentitiesExample(t *testing.T) {
	need(t, "aws")
	t.Parallel()
	s := serveExample(t, "examples/identities/openapi.yaml")
	base := baseOf(t, s)
	run := func(want string, args ...string) string {
		cmd := exec.Command("aws", args...)
		cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+s.control, "AWS_CONFIG_FILE="+filepath.Join(repository(t), "examples/identities/aws.config"),
			"AWS_ACCESS_KEY_ID=AKIAEXAMPLEANN", "AWS_SECRET_ACCESS_KEY=ann-secret-of-the-example", "AWS_DEFAULT_REGION=us-east-1", "AWS_PAGER=", "HOME="+t.TempDir())
		out, _ := cmd.CombinedOutput()
		if !strings.Contains(string(out), want) {
			t.Errorf("aws %v: %s, want %s", args, out, want)
		}
		return string(out)
	}
	run("arn:aws:iam::000000000000:user/ann", "sts", "get-caller-identity")
	run("because no identity-based policy allows the apigateway:GET action", "apigateway", "get-rest-apis")
	run(`"name": "identities"`, "apigateway", "get-rest-apis", "--profile", "release")
	run("is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::000000000000:role/clerk", "sts", "assume-role", "--role-arn", "arn:aws:iam::000000000000:role/clerk", "--role-session-name", "shop", "--external-id", "guess")
	clerk := strings.Fields(run("ASIA", "sts", "assume-role", "--role-arn", "arn:aws:iam::000000000000:role/clerk", "--role-session-name", "shop", "--external-id", "shop-7",
		"--query", "Credentials.[AccessKeyId,SecretAccessKey,SessionToken]", "--output", "text"))
	if len(clerk) != 3 {
		t.Fatal(clerk)
	}
	sign := func(r *http.Request) {
		new(sigv4.Signer).SignHTTP(r, sha256.Sum256(nil), sigv4.Credentials{AccessKeyID: clerk[0], SecretAccessKey: clerk[1], SessionToken: clerk[2]}, "us-east-1", "execute-api", time.Now())
	}
	if status, body := asks(t, base, "/orders", "", "", sign); status != 200 || body != `{"caller": "arn:aws:sts::000000000000:assumed-role/clerk/shop"}` {
		t.Errorf("%d %s", status, body)
	}
	if status, body := asks(t, base, "/prices", "", "", sign); status != 403 || !strings.Contains(body, "because no identity-based policy allows") {
		t.Errorf("%d %s", status, body)
	}
}

// TestTokenOfAProvider: a token of an OpenID Connect issuer is traded for a
// role's credentials, by AWS's SDK and without a signature, and so is none that
// the role doesn't trust.
func TestTokenOfAProvider(t *testing.T) {
	t.Parallel()
	p := newPool(t) // its keys, under discovery of our own
	mux := http.NewServeMux()
	idp := httptest.NewServer(mux)
	t.Cleanup(idp.Close)
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, idp.URL, idp.URL+"/us-east-1_abc/.well-known/jwks.json")
	})
	mux.Handle("/us-east-1_abc/", p.server.Config.Handler)
	host := strings.TrimPrefix(idp.URL, "http://")
	s := serveWith(t, "--config", write(t, "gatehouse.yaml", `
identities:
  providers: [{url: "`+idp.URL+`", clientIds: [app]}]
  roles:
    - name: web
      trust: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {Federated: "arn:aws:iam::000000000000:oidc-provider/`+host+`"}, Action: "sts:AssumeRoleWithWebIdentity",
        Condition: {StringEquals: {"`+host+`:aud": app, "`+host+`:sub": u-1}}}]}
`))
	token := func(subject string, valid time.Duration) string {
		b64 := base64.RawURLEncoding.EncodeToString
		text := b64([]byte(`{"alg":"RS256","kid":"k"}`)) + "." + b64(fmt.Appendf(nil, `{"iss":%q,"sub":%q,"aud":"app","exp":%d}`, idp.URL, subject, time.Now().Add(valid).Unix()))
		sum := sha256.Sum256([]byte(text))
		signature, err := rsa.SignPKCS1v15(rand.Reader, p.key, crypto.SHA256, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return text + "." + b64(signature)
	}
	client := sts.New(sts.Options{Region: "us-east-1", BaseEndpoint: &s.control, Credentials: aws.AnonymousCredentials{}})
	for name, c := range map[string]struct{ token, want string }{
		"let in":            {token("u-1", time.Hour), ""},
		"another subject":   {token("u-2", time.Hour), "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		"expired":           {token("u-1", -time.Hour), "ExpiredTokenException: Token expired"},
		"a changed payload": {strings.Replace(token("u-1", time.Hour), ".", ".e", 1), "InvalidIdentityToken: "},
	} {
		out, err := client.AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
			RoleArn: aws.String("arn:aws:iam::000000000000:role/web"), RoleSessionName: aws.String("s1"), WebIdentityToken: &c.token,
		})
		if c.want != "" {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if *out.AssumedRoleUser.Arn != "arn:aws:sts::000000000000:assumed-role/web/s1" || *out.SubjectFromWebIdentityToken != "u-1" || *out.Audience != "app" {
			t.Errorf("%+v", out)
		}
	}
	if strings.Contains(s.log.String(), "eyJ") {
		t.Error("a token is in the log")
	}
}

package httpapi

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/identity"
	"github.com/gatehouse/gatehouse/internal/lambda"
	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// people are identities by access key.
type people map[string]*identity.Caller

func (people) Open() bool { return false }

func (p people) Find(id, token string) (string, *identity.Caller, error) {
	switch c := p[id]; {
	case id == "AKIADOWN":
		return "", nil, errors.New("the store is away")
	case c == nil || token != "":
		return "", nil, &sigv4.Error{Kind: sigv4.UnrecognizedClient, Message: "The security token included in the request is invalid."}
	default:
		return "secret of " + id, c, nil
	}
}

// user is one in account whose policy is text.
func user(t testing.TB, id, account, text string) *identity.Caller {
	t.Helper()
	p, err := iam.Parse(text, iam.Identity)
	if err != nil {
		t.Fatal(err)
	}
	return &identity.Caller{AccessKeyID: id, Account: account, ID: "AIDA" + id, ARN: "arn:aws:iam::" + account + ":user/" + id, UserName: id, Kind: identity.KindUser, Policies: []*iam.Policy{p}}
}

func may(action, resource string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"` + action + `","Resource":"` + resource + `"}]}`
}

var signingTime = time.Date(2026, 5, 31, 12, 35, 13, 0, time.UTC)

// signature is the header lines that sign a request to the stage $default.
func signature(key, method, target, body string) string {
	path, query, _ := strings.Cut(target, "?")
	date := sigv4.Date(signingTime)
	r := &sigv4.Request{Method: method, Path: path, Query: query, Host: "abcdef123.execute-api.us-east-1.amazonaws.com", PayloadHash: sha256.Sum256([]byte(body)),
		Header: func(name string) []string {
			if name == "x-amz-date" {
				return []string{date}
			}
			return nil
		}}
	authorization := new(sigv4.Signer).Sign(r, sigv4.Credentials{AccessKeyID: key, SecretAccessKey: "secret of " + key}, "us-east-1", "execute-api", signingTime, "host", "x-amz-date")
	return "X-Amz-Date: " + date + "\nAuthorization: " + authorization
}

// signedStage is a stage whose routes want signatures.
func signedStage(t testing.TB, who people, f lambda.Invoker, i *apigw.RouteIntegration, keys ...string) *Stage {
	t.Helper()
	env := testEnv(f)
	env.Identities, env.Now = who, func() time.Time { return signingTime }
	routes := map[string]string{}
	for _, key := range keys {
		routes[key] = string(i.ID)
	}
	def := definition(routes, i)
	for _, r := range def.Routes {
		r.AuthorizationType = "AWS_IAM"
	}
	return compileStage(t, def, nil, env)
}

// TestSignedRoutes: whoever isn't let in by AWS_IAM reads 403
// {"message":"Forbidden"} (seen on AWS; developer guide, "Control access to HTTP
// APIs with IAM authorization").
func TestSignedRoutes(t *testing.T) {
	const api = "arn:aws:execute-api:us-east-1:123456789012:abcdef123/$default/"
	who := people{
		"AKIAALL":     user(t, "AKIAALL", "123456789012", may("execute-api:Invoke", "*")),
		"AKIAONE":     user(t, "AKIAONE", "123456789012", may("execute-api:Invoke", api+"POST/pets/*")),
		"AKIADEFAULT": user(t, "AKIADEFAULT", "123456789012", may("execute-api:Invoke", api+"$default")),
		"AKIANONE":    user(t, "AKIANONE", "123456789012", may("s3:*", "*")),
		"AKIAOTHER":   user(t, "AKIAOTHER", "210987654321", may("*", "*")),
	}
	s := signedStage(t, who, answering(`{"statusCode":204}`), functionCall("2.0"), "POST /pets/{id}", "$default")
	for name, tt := range map[string]struct {
		header string
		target string
		status int
	}{
		"allowed":             {signature("AKIAALL", "POST", "/pets/1?a=b", "x"), "/pets/1?a=b", 204},
		"allowed the route":   {signature("AKIAONE", "POST", "/pets/1", "x"), "/pets/1", 204},
		"not this route":      {signature("AKIAONE", "POST", "/other", "x"), "/other", 403},
		"the default route":   {signature("AKIADEFAULT", "POST", "/other", "x"), "/other", 204},
		"no policy":           {signature("AKIANONE", "POST", "/pets/1", "x"), "/pets/1", 403},
		"another account":     {signature("AKIAOTHER", "POST", "/pets/1", "x"), "/pets/1", 403},
		"nobody's key":        {signature("AKIANOBODY", "POST", "/pets/1", "x"), "/pets/1", 403},
		"another body":        {signature("AKIAALL", "POST", "/pets/1", "y"), "/pets/1", 403},
		"another path":        {signature("AKIAALL", "POST", "/pets/2", "x"), "/pets/1", 403},
		"unsigned":            {"", "/pets/1", 403},
		"a token":             {"Authorization: Bearer x", "/pets/1", 403},
		"nobody can say":      {signature("AKIADOWN", "POST", "/pets/1", "x"), "/pets/1", 500},
		"a signature without": {"Authorization: AWS4-HMAC-SHA256 Credential=a", "/pets/1", 403},
	} {
		got := serve(t, s, "POST", tt.target, tt.header, "x")
		if got.Status != tt.status || tt.status == 403 && got.Body != `{"message":"Forbidden"}` || strings.Contains(got.Body, "AKIA") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestSignedEvent: who has signed is in the event and in variables.
func TestSignedEvent(t *testing.T) {
	var in lambda.Invocation
	i := functionCall("2.0")
	i.RequestParameters = map[string]string{"append:header.who": "${context.identity.accessKey} ${context.identity.accountId} ${context.identity.caller} ${context.identity.user} ${context.identity.userArn}"}
	s := signedStage(t, people{"AKIAALL": user(t, "AKIAALL", "123456789012", may("execute-api:Invoke", "*"))}, capture(&in), i, "GET /pets")
	if got := serve(t, s, "GET", "/pets", signature("AKIAALL", "GET", "/pets", ""), ""); got.Status != 204 {
		t.Fatalf("%+v", got)
	}
	var event struct {
		Headers        map[string]string
		RequestContext struct{ Authorizer json.RawMessage }
	}
	if err := json.Unmarshal(in.Payload, &event); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff("AKIAALL 123456789012 AIDAAKIAALL AIDAAKIAALL arn:aws:iam::123456789012:user/AKIAALL", event.Headers["who"]); d != "" {
		t.Error(d)
	}
	wantJSON(t, event.RequestContext.Authorizer, `{"iam":{"accessKey":"AKIAALL","accountId":"123456789012","callerId":"AIDAAKIAALL","cognitoIdentity":null,"principalOrgId":null,
		"userArn":"arn:aws:iam::123456789012:user/AKIAALL","userId":"AIDAAKIAALL"}}`)
}

// TestFunctionAsCaller: with credentials arn:aws:iam::*:user/* the caller's own
// policies decide whether the function is called.
func TestFunctionAsCaller(t *testing.T) {
	i := functionCall("2.0")
	i.Credentials = "arn:aws:iam::*:user/*"
	both := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["execute-api:Invoke","lambda:InvokeFunction"],"Resource":"*"}]}`
	who := people{"AKIABOTH": user(t, "AKIABOTH", "123456789012", both), "AKIAAPI": user(t, "AKIAAPI", "123456789012", may("execute-api:Invoke", "*"))}
	var in lambda.Invocation
	s := signedStage(t, who, capture(&in), i, "GET /pets")
	for key, want := range map[string]int{"AKIABOTH": 204, "AKIAAPI": 500} {
		if got := serve(t, s, "GET", "/pets", signature(key, "GET", "/pets", ""), ""); got.Status != want {
			t.Errorf("%s: %+v", key, got)
		}
	}
	if !in.AsCaller || in.Session == nil || in.Header["X-Amz-Source-Arn"] != "" {
		t.Errorf("%+v", in)
	}
}

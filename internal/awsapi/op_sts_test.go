package awsapi

import (
	"context"
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/sts"
	"github.com/gatehouse/gatehouse/internal/identity"
	"github.com/gatehouse/gatehouse/internal/sigv4"
	"github.com/gatehouse/gatehouse/internal/store"
)

// stsServer has a user and a role.
func stsServer(t *testing.T) http.Handler {
	t.Helper()
	sealer, err := store.NewSealer(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	d, err := identity.New(identity.Config{Scope: testScope, Sealer: func() (identity.Sealer, error) { return sealer, nil }, Configured: &apigw.IdentitySet{
		Users: []*apigw.User{{Name: "ann", Keys: []apigw.UserKey{{ID: "AKIAANN", Secret: "ann"}}}},
		Roles: []*apigw.Role{{Name: "r", Trust: `{"Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:user/ann"},"Action":["sts:AssumeRole","sts:TagSession"]}}`}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return newServer(t, new(fake), func(c *Config) { c.Identities, c.Sessions = d, NewSessionOperations(d) }).Loopback()
}

// stsCall sends a form, signed unless key is empty.
func stsCall(h http.Handler, form, key, secret string, change func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", "http://localhost:4566/", strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	if key != "" {
		new(sigv4.Signer).SignHTTP(r, sha256.Sum256([]byte(form)), sigv4.Credentials{AccessKeyID: key, SecretAccessKey: secret}, "us-east-1", sts.Service, time.Now())
	}
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

var changing = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// TestSTSAnswers has results and errors as they travel (STS API reference; the
// shapes of the query protocol).
func TestSTSAnswers(t *testing.T) {
	h := stsServer(t)
	const version = "&Version=2011-06-15"
	failed := func(code, message string) string {
		return `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>` + code + `</Code><Message>` + message + `</Message></Error><RequestId>ID</RequestId></ErrorResponse>`
	}
	const assume = "Action=AssumeRole&RoleArn=arn%3Aaws%3Aiam%3A%3A000000000000%3Arole%2Fr&RoleSessionName=s1"
	cases := map[string]struct {
		form, key, secret string
		change            func(*http.Request)
		status            int
		want              string
	}{
		"who": {"Action=GetCallerIdentity" + version, "AKIAANN", "ann", nil, 200, `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetCallerIdentityResult>
    <UserId>` + identity.ID("AIDA", "000000000000", "ann") + `</UserId>
    <Account>000000000000</Account>
    <Arn>arn:aws:iam::000000000000:user/ann</Arn>
  </GetCallerIdentityResult>
  <ResponseMetadata>
    <RequestId>ID</RequestId>
  </ResponseMetadata>
</GetCallerIdentityResponse>
`},
		"no signature":          {"Action=GetCallerIdentity" + version, "", "", nil, 403, failed("MissingAuthenticationToken", "Request is missing Authentication Token")},
		"an unknown key":        {"Action=GetCallerIdentity" + version, "AKIAEVE", "ann", nil, 403, failed("InvalidClientTokenId", "The security token included in the request is invalid.")},
		"a token that is none":  {"Action=GetCallerIdentity" + version, "AKIAANN", "ann", func(r *http.Request) { r.Header.Set("X-Amz-Security-Token", "x") }, 403, failed("InvalidClientTokenId", "The security token included in the request is invalid")},
		"another version":       {"Action=GetCallerIdentity&Version=2010-01-01", "AKIAANN", "ann", nil, 400, failed("InvalidAction", "Could not find operation GetCallerIdentity for version 2010-01-01")},
		"not served":            {"Action=GetFederationToken&Name=x" + version, "AKIAANN", "ann", nil, 403, failed("AccessDenied", "User: arn:aws:iam::000000000000:user/ann is not authorized to perform: sts:GetFederationToken on resource: * because no identity-based policy allows the sts:GetFederationToken action")},
		"a parameter not taken": {assume + "&SourceIdentity=me" + version, "AKIAANN", "ann", nil, 400, failed("ValidationError", "Gatehouse doesn&#39;t take SourceIdentity")},
		"an unknown parameter":  {assume + "&Magic=1" + version, "AKIAANN", "ann", nil, 400, failed("ValidationError", "Unknown member &#39;assumeRoleInput.Magic&#39; in the request body")},
		"a parameter twice":     {assume + "&RoleSessionName=s2" + version, "AKIAANN", "ann", nil, 400, failed("MalformedInput", "Parameter &#39;RoleSessionName&#39; must be given once")},
		"too short a session":   {assume + "&DurationSeconds=60" + version, "AKIAANN", "ann", nil, 400, failed("ValidationError", "1 validation error detected: Value &#39;60&#39; at &#39;durationSeconds&#39; failed to satisfy constraint: Member must have value greater than or equal to 900")},
		"no number":             {assume + "&DurationSeconds=x" + version, "AKIAANN", "ann", nil, 400, failed("MalformedInput", "class java.lang.String can not be converted to an Integer")},
		"managed policies":      {assume + "&PolicyArns.member.1.arn=arn%3Aaws%3Aiam%3A%3Aaws%3Apolicy%2FReadOnlyAccess" + version, "AKIAANN", "ann", nil, 400, failed("ValidationError", "Gatehouse doesn&#39;t take PolicyArns")},
		"a page's form":         {"Action=AssumeRoleWithWebIdentity" + version, "", "", func(r *http.Request) { r.Header.Set("Origin", "https://attacker.example") }, 403, `{"message":"A web page of another origin may not call the management API"}`},
		"another unsigned call": {"Action=AssumeRole" + version, "", "", nil, 403, failed("MissingAuthenticationToken", "Request is missing Authentication Token")},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := stsCall(h, c.form, c.key, c.secret, c.change)
			if d := cmp.Diff(c.want, changing.ReplaceAllString(w.Body.String(), "ID")); d != "" || w.Code != c.status {
				t.Errorf("%d %s", w.Code, d)
			}
		})
	}
	w := stsCall(h, assume+"&Tags.member.2.Key=b&Tags.member.2.Value=&Tags.member.1.Key=a&Tags.member.1.Value=1&PolicyArns="+version, "AKIAANN", "ann", nil)
	for _, part := range []string{"<AssumeRoleResult>", "<AccessKeyId>ASIA", "<Expiration>20", "Z</Expiration>", "<Arn>arn:aws:sts::000000000000:assumed-role/r/s1</Arn>", "<PackedPolicySize>1</PackedPolicySize>"} {
		if w.Code != 200 || !strings.Contains(w.Body.String(), part) || w.Header().Get("Content-Type") != "text/xml" {
			t.Errorf("%d, no %s in %s", w.Code, part, w.Body)
		}
	}
	if strings.Count(w.Body.String(), "Request is missing") > 0 {
		t.Error(w.Body)
	}
}

// TestOpenSTS: while nobody may sign, callers are their account, which no role
// trusts.
func TestOpenSTS(t *testing.T) {
	d, err := identity.New(identity.Config{Scope: testScope})
	if err != nil {
		t.Fatal(err)
	}
	h := newServer(t, new(fake), func(c *Config) { c.Identities, c.Sessions = d, NewSessionOperations(d) }).Loopback()
	for form, want := range map[string]string{
		"Action=GetCallerIdentity": "<Arn>arn:aws:iam::000000000000:root</Arn>",
		"Action=AssumeRole&RoleArn=arn%3Aaws%3Aiam%3A%3A000000000000%3Arole%2Fr&RoleSessionName=s1": "Roles may not be assumed by root accounts.",
		"Action=GetSessionToken": "Gatehouse gives session tokens to users alone",
		"Action=AssumeRoot":      "Gatehouse doesn&#39;t serve AssumeRoot of sts yet",
	} {
		if w := stsCall(h, form+"&Version=2011-06-15", "any", "any", nil); !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %s", form, w.Body)
		}
	}
}

// TestOwnQuestionsAreAuthorized: what Gatehouse answers beside AWS's operations
// is for callers whose policies allow it, too.
func TestOwnQuestionsAreAuthorized(t *testing.T) {
	d := directoryOf(t,
		&apigw.User{Name: "ann", Keys: []apigw.UserKey{{ID: "AKIAANN", Secret: "ann"}}, Policies: []apigw.NamedPolicy{{Name: "p", Document: `{"Statement":{"Effect":"Allow","Action":"apigateway:GET","Resource":"arn:aws:apigateway:us-east-1::/restapis/a/*"}}`}}},
	)
	h := newServer(t, new(fake), func(c *Config) {
		c.Identities = d
		c.Review = func(context.Context, apigw.Scope, apigw.APIID, string, string) ([]byte, error) {
			return []byte("told"), nil
		}
	}).Loopback()
	for path, want := range map[string]int{"/_gatehouse/deployments/a/1/2": 200, "/_gatehouse/deployments/b/1/2": 403} {
		r := httptest.NewRequest("GET", "http://localhost:4566"+path, nil)
		new(sigv4.Signer).SignHTTP(r, sha256.Sum256(nil), sigv4.Credentials{AccessKeyID: "AKIAANN", SecretAccessKey: "ann"}, "us-east-1", "apigateway", time.Now())
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

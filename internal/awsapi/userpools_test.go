package awsapi

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gatehouse/gatehouse/internal/awsapi/cognitoidp"
	"github.com/gatehouse/gatehouse/internal/userpool"
)

// poolServer serves one operation of clients and one of management.
func poolServer(t *testing.T, change func(*Config)) *Server {
	t.Helper()
	return newServer(t, &fake{}, func(c *Config) {
		c.UserPools = UserPoolOperations{
			InitiateAuth: func(_ context.Context, c *Call, in *cognitoidp.InitiateAuthRequest) (*cognitoidp.InitiateAuthResponse, error) {
				if *in.ClientId == "none" {
					return nil, &userpool.Error{Code: "ResourceNotFoundException", Message: "User pool client none does not exist."}
				}
				return &cognitoidp.InitiateAuthResponse{ChallengeName: ptr(string(c.Caller.ARN))}, nil
			},
			DeleteUserPool: func(context.Context, *Call, *cognitoidp.DeleteUserPoolRequest) error { return nil },
		}
		c.UserPoolWeb = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "web "+r.URL.Path) })
		if change != nil {
			change(c)
		}
	})
}

// TestPoolClients: who may call what without a signature, on which listener.
func TestPoolClients(t *testing.T) {
	const signed = "AWS4-HMAC-SHA256 Credential=any/20260531/us-east-1/cognito-idp/aws4_request, SignedHeaders=host, Signature=00"
	const begin, remove = `{"ClientId":"abc","AuthFlow":"USER_SRP_AUTH"}`, `{"UserPoolId":"us-east-1_abc"}`
	page := http.Header{"Origin": {"https://page.example"}, "Sec-Fetch-Site": {"cross-site"}}
	with := func(h http.Header, more ...string) http.Header {
		h = h.Clone()
		if h == nil {
			h = http.Header{}
		}
		for i := 0; i < len(more); i += 2 {
			h.Set(more[i], more[i+1])
		}
		return h
	}
	preflight := func(headers string) http.Header {
		return with(page, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", headers)
	}
	const plain, anonymous = "content-type,x-amz-target,x-amz-user-agent", `200 {"ChallengeName":"anonymous"}`
	for name, c := range map[string]struct {
		clients             bool
		method, target      string
		path, host, body    string
		header              http.Header
		want, origin, allow string
	}{
		"unsigned":              {target: "InitiateAuth", body: begin, want: anonymous},
		"from a page":           {target: "InitiateAuth", body: begin, header: page, want: anonymous, origin: "*"},
		"signed":                {target: "InitiateAuth", body: begin, header: with(nil, "Authorization", signed), want: `200 {"ChallengeName":"arn:aws:iam::000000000000:root"}`},
		"signed by a page":      {target: "InitiateAuth", body: begin, header: with(page, "Authorization", signed), want: `403 {"message":"A web page of another origin may not call the management API"}`},
		"rebound name":          {target: "InitiateAuth", body: begin, host: "evil.example", want: `403 {"message":"The Host header names none of our hosts: call localhost, or name the host in the configuration"}`},
		"another path":          {target: "InitiateAuth", body: begin, path: "/restapis", want: `403 {"message":"Missing Authentication Token"}`},
		"another service":       {target: "X.InitiateAuth", body: begin, want: `403 {"message":"Missing Authentication Token"}`},
		"management":            {target: "DeleteUserPool", body: remove, want: `403 {"message":"Missing Authentication Token"}`},
		"management, signed":    {target: "DeleteUserPool", body: remove, header: with(nil, "Authorization", signed), want: `200 `},
		"management, from page": {target: "DeleteUserPool", body: remove, header: page, want: `403 {"message":"A web page of another origin may not call the management API"}`},
		"error":                 {target: "InitiateAuth", body: `{"ClientId":"none","AuthFlow":"USER_SRP_AUTH"}`, want: `400 {"__type":"ResourceNotFoundException","message":"User pool client none does not exist."}`},
		"constraint":            {target: "InitiateAuth", body: `{"ClientId":"a b","AuthFlow":"X"}`, want: `400 {"__type":"InvalidParameterException","message":"2 validation errors detected: Value 'X' at 'authFlow' failed to satisfy constraint: Member must satisfy enum value set: [USER_SRP_AUTH, REFRESH_TOKEN_AUTH, REFRESH_TOKEN, CUSTOM_AUTH, ADMIN_NO_SRP_AUTH, USER_PASSWORD_AUTH, ADMIN_USER_PASSWORD_AUTH, USER_AUTH]; Value at 'clientId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+]+"}`},
		"no JSON":               {target: "InitiateAuth", body: `{`, want: `400 {"__type":"SerializationException","message":"The request body is not valid JSON: EOF"}`},
		"unknown member":        {target: "InitiateAuth", body: `{"ClientId":"abc","AuthFlow":"USER_SRP_AUTH","Extra":1}`, want: `400 {"__type":"InvalidParameterException","message":"Unknown member 'initiateAuthInput.Extra' in the request body"}`},
		"too long":              {target: "InitiateAuth", body: `{"ClientId":"` + strings.Repeat("a", maxUnsigned) + `"}`, want: `413 {"message":"The request body is larger than 262144 bytes"}`},
		"unknown operation":     {target: "SetUserPoolMfaConfig", body: `{}`, header: with(nil, "Authorization", signed), want: `501 {"__type":"NotImplementedException","message":"Gatehouse doesn't serve SetUserPoolMfaConfig of cognito-idp yet"}`},
		"preflight":             {method: "OPTIONS", header: preflight(plain), want: `200 `, origin: "*", allow: plain},
		"preflight to sign":     {method: "OPTIONS", header: preflight("Authorization, x-amz-target"), want: `403 {"message":"A web page of another origin may not call the management API"}`},
		"preflight of no call":  {method: "OPTIONS", header: preflight("content-type"), want: `403 {"message":"A web page of another origin may not call the management API"}`},
		"preflight, rebound":    {method: "OPTIONS", header: preflight(plain), host: "evil.example", want: `403 {"message":"A web page of another origin may not call the management API"}`},
		"web":                   {method: "GET", path: "/us-east-1_abc/.well-known/jwks.json", want: "200 web /us-east-1_abc/.well-known/jwks.json"},
		"web, rebound":          {method: "GET", path: "/us-east-1_abc/.well-known/jwks.json", host: "evil.example", want: `403 {"message":"The Host header names none of our hosts: call localhost, or name the host in the configuration"}`},
		"token by domain":       {path: "/oauth2/token", host: "notes.auth.us-east-1.amazoncognito.com", want: "200 web /oauth2/token"},

		"clients: unsigned":       {clients: true, target: "InitiateAuth", body: begin, host: "login.example", header: page, want: anonymous, origin: "*"},
		"clients: signed":         {clients: true, target: "InitiateAuth", body: begin, host: "login.example", header: with(nil, "Authorization", signed), want: anonymous},
		"clients: management":     {clients: true, target: "DeleteUserPool", body: remove, header: with(nil, "Authorization", signed), want: `403 {"message":"Only what the clients of user pools call without a signature is served here"}`},
		"clients: another API":    {clients: true, method: "GET", path: "/restapis", header: with(nil, "Authorization", signed), want: `403 {"message":"Only what the clients of user pools call without a signature is served here"}`},
		"clients: metrics":        {clients: true, method: "GET", path: "/_gatehouse/metrics", header: with(nil, "Authorization", signed), want: `403 {"message":"Only what the clients of user pools call without a signature is served here"}`},
		"clients: explanations":   {clients: true, method: "GET", path: "/_gatehouse/explain/x", header: with(nil, "Authorization", signed), want: `403 {"message":"Only what the clients of user pools call without a signature is served here"}`},
		"clients: preflight":      {clients: true, method: "OPTIONS", host: "login.example", header: preflight(plain), want: `200 `, origin: "*", allow: plain},
		"clients: web":            {clients: true, path: "/oauth2/token", host: "login.example", want: "200 web /oauth2/token"},
		"clients: no pool's path": {clients: true, method: "GET", path: "/us-east-1_abc/.well-known/../../x", want: `403 {"message":"Only what the clients of user pools call without a signature is served here"}`},
	} {
		t.Run(name, func(t *testing.T) {
			s := poolServer(t, nil)
			h := s.Loopback()
			if c.clients {
				h = s.Clients()
			}
			r := httptest.NewRequest(or(c.method, "POST"), "http://localhost"+or(c.path, "/"), strings.NewReader(c.body))
			r.Host = or(c.host, "localhost:4566")
			if c.header != nil {
				r.Header = c.header.Clone()
			}
			if c.target != "" {
				target := c.target
				if !strings.Contains(target, ".") {
					target = cognitoidp.Target + "." + target
				}
				r.Header.Set("X-Amz-Target", target)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			body, _ := io.ReadAll(w.Body)
			if got := fmt.Sprintf("%d %s", w.Code, body); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if got := w.Header().Get("Access-Control-Allow-Origin"); got != c.origin {
				t.Errorf("Access-Control-Allow-Origin %q, want %q", got, c.origin)
			}
			if got := w.Header().Get("Access-Control-Allow-Headers"); got != c.allow {
				t.Errorf("Access-Control-Allow-Headers %q, want %q", got, c.allow)
			}
		})
	}
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// TestPoolPermissions: with identities, management of pools is asked for by
// operation and pool, and what clients call isn't.
func TestPoolPermissions(t *testing.T) {
	var asked []string
	s := poolServer(t, func(c *Config) {
		c.Authorize = func(_ context.Context, c *Call) error {
			asked = append(asked, c.Action+" "+string(c.Resource))
			return denied("no")
		}
	})
	for _, target := range []string{"DeleteUserPool", "InitiateAuth", "CreateUserPool"} {
		body := `{"UserPoolId":"us-east-1_abc"}`
		r := httptest.NewRequest("POST", "http://localhost/", strings.NewReader(body))
		r.Header.Set("X-Amz-Target", cognitoidp.Target+"."+target)
		if !cognitoidp.Unsigned(target) {
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=123456789012/20260531/eu-west-1/cognito-idp/aws4_request, SignedHeaders=host, Signature=00")
		}
		s.Loopback().ServeHTTP(httptest.NewRecorder(), r)
	}
	want := []string{
		"cognito-idp:DeleteUserPool arn:aws:cognito-idp:eu-west-1:123456789012:userpool/us-east-1_abc",
		"cognito-idp:CreateUserPool *",
	}
	if fmt.Sprint(asked) != fmt.Sprint(want) {
		t.Errorf("asked for %v, want %v", asked, want)
	}
}

package restapi

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/identity"
	"github.com/gatehouse/gatehouse/internal/lambda"
	"github.com/gatehouse/gatehouse/internal/serving"
	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// people are configured identities.
type people map[string]*identity.Caller

func (people) Open() bool { return false }

func (p people) Find(id, token string) (string, *identity.Caller, error) {
	c := p[id]
	if c == nil || token != "" {
		return "", nil, &sigv4.Error{Kind: sigv4.UnrecognizedClient, Message: "The security token included in the request is invalid."}
	}
	return "secret of " + id, c, nil
}

func policyOf(t testing.TB, kind iam.Kind, text string) []*iam.Policy {
	t.Helper()
	if text == "" {
		return nil
	}
	p, err := iam.Parse(text, kind)
	if err != nil {
		t.Fatal(err)
	}
	return []*iam.Policy{p}
}

// signed adds a signature of an access key to c.
func signed(c call, key string) call {
	path, query, _ := strings.Cut(c.target, "?")
	date := sigv4.Date(testTime)
	r := &sigv4.Request{Method: c.method, Path: "/prod" + path, Query: query, Host: "a1b2c3d4e5.execute-api.localhost", PayloadHash: hashOf(c.body),
		Header: func(name string) []string {
			if name == "x-amz-date" {
				return []string{date}
			}
			return nil
		}}
	authorization := new(sigv4.Signer).Sign(r, sigv4.Credentials{AccessKeyID: key, SecretAccessKey: "secret of " + key}, "us-east-1", "execute-api", testTime, "host", "x-amz-date")
	c.header += "\nX-Amz-Date: " + date + "\nAuthorization: " + authorization
	return c
}

const (
	invokeAll  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"}]}`
	invokeNone = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"execute-api:*","Resource":"*"}]}`
	silentOne  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}`
	arn        = "arn:aws:execute-api:us-east-1:********9012:a1b2c3d4e5/prod/GET/r/7"
)

// resourcePolicy makes the policy of an API of one for an identity.
func resourcePolicy(text string) string {
	return strings.Replace(text, `"Effect"`, `"Principal":"*","Effect"`, 1)
}

// TestSignedCalls has the developer guide's tables A (caller and API in one
// account) and B (in two), cell by cell ("How API Gateway resource policies
// affect authorization workflow").
func TestSignedCalls(t *testing.T) {
	const ok, implicit, byIdentity, byResource, crossResource = "", " because no identity-based policy allows the execute-api:Invoke action",
		" with an explicit deny in an identity-based policy", " with an explicit deny in a resource-based policy",
		" because no resource-based policy allows the execute-api:Invoke action"
	for _, c := range []struct{ identity, resource, same, cross string }{
		{invokeAll, invokeAll, ok, ok}, {invokeAll, silentOne, ok, crossResource}, {invokeAll, invokeNone, byResource, byResource},
		{silentOne, invokeAll, ok, implicit}, {silentOne, silentOne, implicit, implicit}, {silentOne, invokeNone, byResource, byResource},
		{invokeNone, invokeAll, byIdentity, byIdentity}, {invokeNone, silentOne, byIdentity, byIdentity}, {invokeNone, invokeNone, byIdentity, byIdentity},
		{invokeAll, "", ok, crossResource}, {silentOne, "", implicit, implicit},
	} {
		for account, want := range map[string]string{"123456789012": c.same, "210987654321": c.cross} {
			user := "arn:aws:iam::" + account + ":user/ann"
			env := testEnv(nil)
			env.Identities = people{"AKIA1": {AccessKeyID: "AKIA1", Account: account, ARN: user, Policies: policyOf(t, iam.Identity, c.identity)}}
			m := mockMethod("in")
			m.AuthorizationType = "AWS_IAM"
			def := define(map[string]*apigw.Method{"GET /r/{id}": m})
			def.API.Policy = resourcePolicy(c.resource)
			_, got := serve(compileStage(t, def, nil, env), signed(call{method: "GET", target: "/r/7?a=b&c=%2F"}, "AKIA1"))
			expected := reply{200, "in", ""}
			if want != ok {
				expected = reply{403, `{"Message":"User: ` + user + ` is not authorized to perform: execute-api:Invoke on resource: ` + arn + want + `"}`, "AccessDeniedException"}
			}
			if d := cmp.Diff(expected, got); d != "" {
				t.Errorf("identity %s, resource %s, account %s: %s", c.identity, c.resource, account, d)
			}
		}
	}
}

// TestAPIOfAnotherAccount: who is of the same account is told by the API's own,
// whatever account the process has, and so is what a signature must be for.
func TestAPIOfAnotherAccount(t *testing.T) {
	env := testEnv(nil)
	env.Identities = people{}
	for _, account := range []string{"123456789012", "210987654321"} {
		env.Identities.(people)["AKIA"+account] = &identity.Caller{Account: account, ARN: "arn:aws:iam::" + account + ":user/ann", Policies: policyOf(t, iam.Identity, invokeAll)}
	}
	m := mockMethod("$context.accountId")
	m.AuthorizationType = "AWS_IAM"
	for _, c := range []struct {
		region, account string
		want            reply
	}{
		{"us-east-1", "210987654321", reply{200, "210987654321", ""}},
		{"us-east-1", "123456789012", reply{403, `{"Message":"User: arn:aws:iam::123456789012:user/ann is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********4321:a1b2c3d4e5/prod/GET/r/7 because no resource-based policy allows the execute-api:Invoke action"}`, "AccessDeniedException"}},
		{"eu-west-1", "210987654321", reply{403, `{"message":"Credential should be scoped to a valid region. "}`, "InvalidSignatureException"}},
	} {
		def := define(map[string]*apigw.Method{"GET /r/{id}": m})
		def.Scope = apigw.Scope{Partition: "aws", Account: "210987654321", Region: c.region}
		_, got := serve(compileStage(t, def, nil, env), signed(call{method: "GET", target: "/r/7"}, "AKIA"+c.account))
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("a caller of %s, an API in %s: %s", c.account, c.region, d)
		}
	}
}

func TestSignatures(t *testing.T) {
	env := testEnv(nil)
	env.Identities = people{"AKIA1": {AccessKeyID: "AKIA1", Account: "123456789012", ID: "AIDA1", ARN: "arn:aws:iam::123456789012:user/ann", Policies: policyOf(t, iam.Identity, invokeAll)}}
	m := mockMethod("in")
	m.AuthorizationType = "AWS_IAM"
	s := compileStage(t, define(map[string]*apigw.Method{"POST /r": m}), nil, env)
	good := signed(call{method: "POST", target: "/r", body: "hello"}, "AKIA1")
	changed, unknown := good, signed(call{method: "POST", target: "/r"}, "AKIA2")
	changed.body = "hallo"
	for name, c := range map[string]struct {
		call call
		want reply
	}{
		"good":        {good, reply{200, "in", ""}},
		"none":        {call{method: "POST", target: "/r"}, reply{403, `{"message":"Missing Authentication Token"}`, "MissingAuthenticationTokenException"}},
		"unknown key": {unknown, reply{403, `{"message":"The security token included in the request is invalid."}`, "UnrecognizedClientException"}},
		"bearer": {call{method: "POST", target: "/r", header: "Authorization: Bearer x"},
			reply{403, `{"message":"Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): 'Y2hgUaCMVPL5uqKLqMJwJsPdw9XrsLjfBPnbbYiDUk8='."}`, "IncompleteSignatureException"}},
		"changed body": {changed, reply{403, "The request signature we calculated does not match", "InvalidSignatureException"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := serve(s, c.call)
			if got.Status != c.want.Status || got.Error != c.want.Error || name != "bearer" && !strings.Contains(got.Body, c.want.Body) {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// TestResourcePolicy is of methods without an authorizer: with a policy, it
// must allow.
func TestResourcePolicy(t *testing.T) {
	vpce := `{"Version":"2012-10-17","Statement":[{"Principal":"*","Effect":"Allow","Action":"execute-api:Invoke","Resource":"execute-api:/*"},
		{"Principal":"*","Effect":"Deny","Action":"execute-api:Invoke","Resource":"execute-api:/*","Condition":{"StringNotEquals":{"aws:SourceVpce":"vpce-1"}}}]}`
	from := `{"Version":"2012-10-17","Statement":{"Principal":"*","Effect":"Allow","Action":"execute-api:Invoke","Resource":"execute-api:/prod/GET/r/*","Condition":{"IpAddress":{"aws:SourceIp":"%s"},"Bool":{"aws:SecureTransport":"true"}}}}`
	for name, c := range map[string]struct{ policy, want string }{
		"none":              {"", ""},
		"allowed":           {resourcePolicy(invokeAll), ""},
		"silent":            {resourcePolicy(silentOne), " because no resource-based policy allows the execute-api:Invoke action"},
		"denied":            {resourcePolicy(invokeNone), " with an explicit deny in a resource-based policy"},
		"address":           {fmt.Sprintf(from, "198.51.100.0/24"), ""},
		"another address":   {fmt.Sprintf(from, "10.0.0.0/8"), " because no resource-based policy allows the execute-api:Invoke action"},
		"only an endpoint":  {vpce, " with an explicit deny in a resource-based policy"},
		"only this account": {strings.Replace(resourcePolicy(invokeAll), `"*"`, `{"AWS":"123456789012"}`, 1), " because no resource-based policy allows the execute-api:Invoke action"},
	} {
		t.Run(name, func(t *testing.T) {
			def := define(map[string]*apigw.Method{"GET /r/{id}": mockMethod("in")})
			def.API.Policy = c.policy
			_, got := serve(compileStage(t, def, nil, nil), call{method: "GET", target: "/r/7"})
			want := reply{200, "in", ""}
			if c.want != "" {
				want = reply{403, `{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: ` + arn + c.want + `"}`, "AccessDeniedException"}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestEndpointKeys: the keys of private endpoints are what the listener says,
// and an address is one of the VPC then (developer guide, "AWS condition keys
// that can be used in API Gateway resource policies").
func TestEndpointKeys(t *testing.T) {
	policy := func(condition string) string {
		return `{"Version":"2012-10-17","Statement":{"Principal":"*","Effect":"Allow","Action":"execute-api:Invoke","Resource":"*","Condition":` + condition + `}}`
	}
	mine := &exchange.Endpoint{ID: "vpce-1", VPC: "vpc-1"}
	for name, c := range map[string]struct {
		condition string
		through   *exchange.Endpoint
		want      int
	}{
		"endpoint":            {`{"StringEquals":{"aws:SourceVpce":"vpce-1"}}`, mine, 200},
		"another endpoint":    {`{"StringEquals":{"aws:SourceVpce":"vpce-1"}}`, &exchange.Endpoint{ID: "vpce-2"}, 403},
		"no endpoint":         {`{"StringEquals":{"aws:SourceVpce":"vpce-1"}}`, nil, 403},
		"VPC":                 {`{"StringEquals":{"aws:SourceVpc":"vpc-1"}}`, mine, 200},
		"an unknown VPC":      {`{"StringNotEquals":{"aws:SourceVpc":"vpc-1"}}`, &exchange.Endpoint{ID: "vpce-2"}, 200},
		"address in it":       {`{"IpAddress":{"aws:VpcSourceIp":"198.51.100.0/24"}}`, mine, 200},
		"address outside":     {`{"IpAddress":{"aws:VpcSourceIp":"198.51.100.0/24"}}`, nil, 403},
		"no public address":   {`{"IpAddress":{"aws:SourceIp":"198.51.100.0/24"}}`, mine, 403},
		"the client's word":   {`{"StringEquals":{"aws:Referer":"x","aws:SourceVpce":"vpce-1"}}`, nil, 403},
		"but a public client": {`{"IpAddress":{"aws:SourceIp":"198.51.100.0/24"}}`, nil, 200},
	} {
		t.Run(name, func(t *testing.T) {
			def := define(map[string]*apigw.Method{"GET /r/{id}": mockMethod("in")})
			def.API.Policy = policy(c.condition)
			x := newExchange(call{method: "GET", target: "/r/7", header: "X-Amzn-Vpce-Id: vpce-1\nReferer: x"})
			x.Client.Endpoint = c.through
			compileStage(t, def, nil, nil).Serve(x)
			if got := replyOf(x); got.Status != c.want {
				t.Errorf("%+v, want %d", got, c.want)
			}
			x.End()
		})
	}
}

// TestOrganizationKeys: an API may be for one's own organization.
func TestOrganizationKeys(t *testing.T) {
	of := func(id, path string) *identity.Organization { return &identity.Organization{ID: id, Path: path} }
	for name, c := range map[string]struct {
		condition string
		of        *identity.Organization
		want      int
	}{
		"own":          {`{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}`, of("o-a1b2c3d4e5", "o-a1b2c3d4e5/"), 200},
		"another":      {`{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}`, of("o-b1b2c3d4e5", "o-b1b2c3d4e5/"), 403},
		"none":         {`{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}`, nil, 403},
		"unit":         {`{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*"}}`, of("o-a1b2c3d4e5", "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/ou-ab12-22222222/"), 200},
		"another unit": {`{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*"}}`, of("o-a1b2c3d4e5", "o-a1b2c3d4e5/r-ab12/"), 403},
	} {
		t.Run(name, func(t *testing.T) {
			env := testEnv(nil)
			env.Identities = people{"AKIA1": {AccessKeyID: "AKIA1", Account: "210987654321", ARN: "arn:aws:iam::210987654321:user/ann", Policies: policyOf(t, iam.Identity, invokeAll), Organization: c.of}}
			m := mockMethod("in")
			m.AuthorizationType = "AWS_IAM"
			def := define(map[string]*apigw.Method{"GET /r/{id}": m})
			def.API.Policy = `{"Version":"2012-10-17","Statement":{"Principal":"*","Effect":"Allow","Action":"execute-api:Invoke","Resource":"*","Condition":` + c.condition + `}}`
			if _, got := serve(compileStage(t, def, nil, env), signed(call{method: "GET", target: "/r/7"}, "AKIA1")); got.Status != c.want {
				t.Errorf("%+v, want %d", got, c.want)
			}
		})
	}
}

// guarded is an API whose method an authorizer guards.
func guarded(a apigw.Authorizer, m *apigw.Method) *apigw.Definition {
	a.ID, a.Name = "auth01", "guard"
	if a.URI == "" {
		a.URI = strings.Replace(functionURI, ":fn/", ":guard/", 1)
	}
	m.AuthorizationType, m.AuthorizerID = "CUSTOM", a.ID
	def := define(map[string]*apigw.Method{"GET /r/{id}": m})
	def.Authorizers = map[apigw.AuthorizerID]*apigw.Authorizer{a.ID: &a}
	return def
}

func answering(policy, more string) string {
	return `{"principalId":"user-1","policyDocument":` + policy + more + `}`
}

// TestFunctionAuthorizer is of outcomes (developer guide, "Output from an API
// Gateway Lambda authorizer" and "Configure a Lambda authorizer"; bodies seen
// on AWS by many).
func TestFunctionAuthorizer(t *testing.T) {
	const config = "AuthorizerConfigurationException"
	broken := reply{500, `{"message":null}`, config}
	refused := reply{401, `{"message":"Unauthorized"}`, "UnauthorizedException"}
	failing := func(message string) fakeFunctions {
		return func(_ *lambda.Invocation, out *lambda.Result) error {
			out.FunctionError, out.Payload = "Unhandled", append(out.Payload, `{"errorMessage":"`+message+`"}`...)
			return nil
		}
	}
	none := reply{403, `{"Message":"User is not authorized to access this resource because no identity-based policy allows the execute-api:Invoke action"}`, "AccessDeniedException"}
	token := apigw.Authorizer{Type: "TOKEN"}
	for name, c := range map[string]struct {
		authorizer apigw.Authorizer
		resource   string
		functions  fakeFunctions
		header     string
		want       reply
	}{
		"allowed":     {token, "", returning(answering(invokeAll, "")), "Authorization: t", reply{200, "in", ""}},
		"no token":    {token, "", returning(answering(invokeAll, "")), "", refused},
		"empty token": {token, "", returning(answering(invokeAll, "")), "Authorization:", refused},
		"token of another form": {apigw.Authorizer{Type: "TOKEN", IdentityValidationExpression: "Bearer .+"}, "", returning(answering(invokeAll, "")),
			"Authorization: Basic x", refused},
		"token of the form": {apigw.Authorizer{Type: "TOKEN", IdentityValidationExpression: "Bearer .+"}, "", returning(answering(invokeAll, "")),
			"Authorization: Bearer x", reply{200, "in", ""}},
		"denied": {token, "", returning(answering(invokeNone, "")), "Authorization: t",
			reply{403, `{"Message":"User is not authorized to access this resource with an explicit deny in an identity-based policy"}`, "AccessDeniedException"}},
		"another path": {token, "", returning(answering(strings.Replace(invokeAll, `"*"`, `"arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/prod/GET/other"`, 1), "")), "Authorization: t", none},
		"this path": {token, "", returning(answering(strings.Replace(invokeAll, `"*"`, `"arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/prod/GET/r/7"`, 1), "")),
			"Authorization: t", reply{200, "in", ""}},
		"nothing said, resource allows": {token, resourcePolicy(invokeAll), returning(answering(silentOne, "")), "Authorization: t", reply{200, "in", ""}},
		"allowed, resource silent":      {token, resourcePolicy(silentOne), returning(answering(invokeAll, "")), "Authorization: t", reply{200, "in", ""}},
		"resource denies first": {token, resourcePolicy(invokeNone), failing("not asked"), "Authorization: t",
			reply{403, `{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: ` + arn + ` with an explicit deny in a resource-based policy"}`, "AccessDeniedException"}},
		"says Unauthorized": {token, "", failing("Unauthorized"), "Authorization: t", refused},
		"fails":             {token, "", failing("Unauthorized!"), "Authorization: t", broken},
		"can't be called": {token, "", func(*lambda.Invocation, *lambda.Result) error {
			return &lambda.Error{Kind: lambda.Unreachable, Cause: errors.New("x")}
		}, "Authorization: t", broken},
		"no JSON":           {token, "", returning("yes"), "Authorization: t", broken},
		"no principal":      {token, "", returning(`{"policyDocument":` + invokeAll + `}`), "Authorization: t", broken},
		"no policy":         {token, "", returning(`{"principalId":"a"}`), "Authorization: t", broken},
		"no policy at all":  {token, "", returning(answering(`{"Statement":[{"Effect":"Perhaps"}]}`, "")), "Authorization: t", broken},
		"list in context":   {token, "", returning(answering(invokeAll, `,"context":{"a":[1]}`)), "Authorization: t", broken},
		"object in context": {token, "", returning(answering(invokeAll, `,"context":{"a":{}}`)), "Authorization: t", broken},
		"request sources": {apigw.Authorizer{Type: "REQUEST", IdentitySource: "method.request.header.X-A, method.request.querystring.q"}, "", returning(answering(invokeAll, "")),
			"X-A: 1", reply{200, "in", ""}},
		"a source is missing": {apigw.Authorizer{Type: "REQUEST", IdentitySource: "method.request.header.X-A,method.request.querystring.p"}, "", returning(answering(invokeAll, "")),
			"X-A: 1", refused},
	} {
		t.Run(name, func(t *testing.T) {
			def := guarded(c.authorizer, mockMethod("in"))
			def.API.Policy = c.resource
			_, got := serve(compileStage(t, def, nil, testEnv(c.functions)), call{method: "GET", target: "/r/7?q=1", header: c.header})
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestAuthorizerEvents is what a function is given, and what its answer
// becomes in the event of the integration (developer guide, "Input to an API
// Gateway Lambda authorizer").
func TestAuthorizerEvents(t *testing.T) {
	var asked, event map[string]any
	functions := fakeFunctions(func(in *lambda.Invocation, out *lambda.Result) error {
		if strings.HasSuffix(in.Function, ":guard") {
			asked = decode(t, string(in.Payload))
			if got := in.Header["X-Amz-Source-Arn"]; got != "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/authorizers/auth01" {
				t.Errorf("source %s", got)
			}
			out.Payload = append(out.Payload, answering(invokeAll, `,"context":{"tenant":"t9","level":3,"admin":true,"none":null}`)...)
			return nil
		}
		event = decode(t, string(in.Payload))
		out.Payload = append(out.Payload, "{}"...)
		return nil
	})
	serve(compileStage(t, guarded(apigw.Authorizer{Type: "TOKEN"}, lambdaMethod()), nil, testEnv(functions)), call{method: "GET", target: "/r/7", header: "Authorization: Bearer x"})
	want := map[string]any{"type": "TOKEN", "authorizationToken": "Bearer x", "methodArn": "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/prod/GET/r/7"}
	if d := cmp.Diff(want, asked); d != "" {
		t.Error(d)
	}
	found := event["requestContext"].(map[string]any)["authorizer"].(map[string]any)
	if _, ok := found["integrationLatency"].(float64); !ok {
		t.Errorf("integrationLatency is %v", found["integrationLatency"])
	}
	delete(found, "integrationLatency")
	if d := cmp.Diff(map[string]any{"principalId": "user-1", "tenant": "t9", "level": "3", "admin": "true"}, found); d != "" {
		t.Error(d)
	}

	serve(compileStage(t, guarded(apigw.Authorizer{Type: "REQUEST", IdentitySource: "method.request.header.X-A"}, lambdaMethod()), nil, testEnv(functions)), call{method: "GET", target: "/r/7?v=1&v=2", header: "X-A: a\nx-a: b"})
	delete(asked, "requestContext")
	header := asked["headers"].(map[string]any)
	want = map[string]any{
		"type": "REQUEST", "methodArn": "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/prod/GET/r/7", "resource": "/r/{id}", "path": "/r/7", "httpMethod": "GET",
		"headers": header, "multiValueHeaders": asked["multiValueHeaders"], "queryStringParameters": map[string]any{"v": "2"},
		"multiValueQueryStringParameters": map[string]any{"v": []any{"1", "2"}}, "pathParameters": map[string]any{"id": "7"}, "stageVariables": map[string]any{},
	}
	if d := cmp.Diff(want, asked); d != "" || header["X-A"] != "b" {
		t.Errorf("%v %s", header, d)
	}
}

// TestAuthorizerCache: an answer is kept for the client's identity and asked
// about each resource; failures aren't kept; simultaneous misses are one call.
func TestAuthorizerCache(t *testing.T) {
	var calls atomic.Int32
	hold := make(chan struct{})
	policy := strings.Replace(invokeAll, `"*"`, `"arn:aws:execute-api:*:*:*/prod/GET/r/7"`, 1)
	functions := fakeFunctions(func(in *lambda.Invocation, out *lambda.Result) error {
		calls.Add(1)
		<-hold
		if strings.Contains(string(in.Payload), `"bad"`) {
			out.FunctionError, out.Payload = "Unhandled", append(out.Payload, `{"errorMessage":"Unauthorized"}`...)
			return nil
		}
		out.Payload = append(out.Payload, answering(policy, "")...)
		return nil
	})
	env := testEnv(functions)
	ttl := 60
	def := guarded(apigw.Authorizer{Type: "TOKEN", TTLSeconds: &ttl}, mockMethod("in"))
	stage := &apigw.Stage{Name: "prod"}
	s := compileStage(t, def, stage, env)
	status := func(s *Stage, target, token string) int {
		_, r := serve(s, call{method: "GET", target: target, header: "Authorization: " + token})
		return r.Status
	}
	var clients sync.WaitGroup
	for range 20 {
		clients.Go(func() {
			if got := status(s, "/r/7", "a"); got != 200 {
				t.Errorf("status %d", got)
			}
		})
	}
	gate := matchedMethod(s, "/r/7").authorization.function.Gate
	for inside, _, _ := gate.Stats(); inside < 20 || calls.Load() == 0; inside, _, _ = gate.Stats() {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(20 * time.Millisecond) // from the gate to the function
	close(hold)
	clients.Wait()
	expect := func(what string, s *Stage, target, token string, wantStatus int, wantCalls int32) {
		t.Helper()
		if got := status(s, target, token); got != wantStatus || calls.Load() != wantCalls {
			t.Errorf("%s: status %d after %d calls, want %d after %d", what, got, calls.Load(), wantStatus, wantCalls)
		}
	}
	expect("kept", s, "/r/7", "a", 200, 1)
	expect("kept, another resource", s, "/r/8", "a", 403, 1)
	expect("another token", s, "/r/7", "b", 200, 2)
	expect("refused", s, "/r/7", "bad", 401, 3)
	expect("refused again", s, "/r/7", "bad", 401, 4)
	again := compileStage(t, def, stage, env)
	expect("a deployment later", again, "/r/7", "a", 200, 4)
	flushed := compileStage(t, def, &apigw.Stage{Name: "prod", AuthorizersFlushed: 1}, env)
	expect("after a flush", flushed, "/r/7", "a", 200, 5)
	other := compileStage(t, def, &apigw.Stage{Name: "test"}, env)
	expect("another stage", other, "/r/7", "a", 403, 6)
	never := 0
	def.Authorizers["auth01"].TTLSeconds = &never
	expect("never kept", compileStage(t, def, stage, env), "/r/7", "a", 200, 7)
}

// matchedMethod is the method that a GET of path is for.
func matchedMethod(s *Stage, path string) *method {
	return match(&s.root, &serving.Search{Path: trimPath([]byte(path)), Verb: serving.ParseVerb("GET")})
}

func BenchmarkCachedAuthorizer(b *testing.B) {
	s := compileStage(b, guarded(apigw.Authorizer{Type: "TOKEN"}, mockMethod("in")), nil, testEnv(returning(answering(invokeAll, ""))))
	open := compileStage(b, define(map[string]*apigw.Method{"GET /r/{id}": mockMethod("in")}), nil, nil)
	for name, s := range map[string]*Stage{"with": s, "without": open} {
		b.Run(name, func(b *testing.B) {
			x := newExchange(call{method: "GET", target: "/r/7", header: "Authorization: Bearer abcdefghijklmnopqrstuvwxyz"})
			h := x.Header
			b.ReportAllocs()
			for b.Loop() {
				fillExchangeAgain(x, h)
				s.Serve(x)
				x.End()
			}
		})
	}
}

// fillExchangeAgain readies x for one more request like the one before.
func fillExchangeAgain(x *exchange.Exchange, h *http1.Header) {
	method, path, host, address := x.Method, x.Path, x.Host, x.Address
	x.Begin(nil)
	x.Method, x.Path, x.Host, x.Address, x.Header, x.Protocol, x.Received = method, path, host, address, h, "HTTP/1.1", testTime
}

func hashOf(body string) [32]byte { return sha256.Sum256([]byte(body)) }

// TestTestAuthorizer asks authorizers outside of any request
// (TestInvokeAuthorizer).
func TestTestAuthorizer(t *testing.T) {
	env := testEnv(func() fakeFunctions {
		return func(in *lambda.Invocation, out *lambda.Result) error {
			if !strings.Contains(string(in.Payload), `"methodArn":"arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/test-invoke-stage/GET/"`) {
				t.Errorf("event %s", in.Payload)
			}
			out.Payload = append(out.Payload, answering(invokeNone, `,"context":{"tenant":"t9"}`)...)
			return nil
		}
	}())
	def := guarded(apigw.Authorizer{Type: "TOKEN", IdentityValidationExpression: "[a-z]+"}, mockMethod("in"))
	ask := func(token string) *apigw.AuthorizerResult {
		t.Helper()
		got, err := TestAuthorizer(t.Context(), def, "auth01", &apigw.TestRequest{HTTPMethod: "GET", Path: "/", RequestID: strings.Repeat("0", 36), Header: []apigw.TestField{{Name: "Authorization", Value: token}}}, env)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	got := ask("abc")
	for _, line := range []string{"Starting authorizer: auth01 for request: ", "Authorizer result body before parsing: {", "Successfully completed authorizer execution"} {
		if !strings.Contains(got.Log, line) {
			t.Errorf("no %q in\n%s", line, got.Log)
		}
	}
	want := &apigw.AuthorizerResult{PrincipalID: "user-1", Policy: invokeNone, Context: map[string]string{"tenant": "t9"}, Log: got.Log, Latency: got.Latency}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if got := ask("ABC"); got.Status != 401 {
		t.Errorf("status %d for a token of another form", got.Status)
	}
	if _, err := TestAuthorizer(t.Context(), def, "other", &apigw.TestRequest{}, env); err == nil {
		t.Error("an unknown authorizer answered")
	}
}

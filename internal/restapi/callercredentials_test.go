package restapi

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/identity"
	"github.com/gatehouse/gatehouse/internal/lambda"
)

const callersOwn = "arn:aws:iam::*:user/*"

// allows is a policy that lets its holder call the test's API, and do action
// on resource.
func allows(action, resource string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"},
		{"Effect":"Allow","Action":"` + action + `","Resource":"` + resource + `"}]}`
}

func ann(t *testing.T, account, policy string) people {
	t.Helper()
	return people{"AKIA1": &identity.Caller{AccessKeyID: "AKIA1", Account: account, ID: "AIDA1", ARN: "arn:aws:iam::" + account + ":user/ann",
		Policies: policyOf(t, iam.Identity, policy)}}
}

// TestFunctionAsCaller: with credentials arn:aws:iam::*:user/* the caller's own
// policies decide whether a function is invoked (API reference, Integration:
// credentials); otherwise it is 500 (seen on AWS).
func TestFunctionAsCaller(t *testing.T) {
	const function = "arn:aws:lambda:us-east-1:123456789012:function:fn"
	ok, refused := reply{200, "in", ""}, reply{500, `{"message": "Internal server error"}`, "InternalServerErrorException"}
	for name, c := range map[string]struct {
		account, policy string
		qualifier       string
		want            reply
		session         string // a policy that bounds the caller's session
	}{
		"allowed":            {"123456789012", allows("lambda:InvokeFunction", function), "", ok, ""},
		"allowed widely":     {"123456789012", allows("lambda:*", "*"), "", ok, ""},
		"silent":             {"123456789012", invokeAll, "", refused, ""},
		"another function":   {"123456789012", allows("lambda:InvokeFunction", function+"2"), "", refused, ""},
		"another action":     {"123456789012", allows("lambda:GetFunction", function), "", refused, ""},
		"denied":             {"123456789012", strings.Replace(allows("lambda:*", "*"), `"Statement":[`, `"Statement":[{"Effect":"Deny","Action":"lambda:InvokeFunction","Resource":"`+function+`"},`, 1), "", refused, ""},
		"an alias":           {"123456789012", allows("lambda:InvokeFunction", function+":live"), "live", ok, ""},
		"not the alias":      {"123456789012", allows("lambda:InvokeFunction", function), "live", refused, ""},
		"of another account": {"210987654321", allows("lambda:*", "*"), "", refused, ""},
		"in a session":       {"123456789012", allows("lambda:*", "*"), "", ok, allows("lambda:InvokeFunction", function)},
		"bounded by one":     {"123456789012", allows("lambda:*", "*"), "", refused, invokeAll},
	} {
		for _, kind := range []apigw.IntegrationType{apigw.IntegrationAWSProxy, apigw.IntegrationAWS} {
			t.Run(name+"/"+string(kind), func(t *testing.T) {
				var got []*lambda.Invocation
				env := testEnv(fakeFunctions(func(in *lambda.Invocation, out *lambda.Result) error {
					got = append(got, in)
					out.Status = 200
					out.Payload = append(out.Payload, `{"statusCode":200,"body":"in"}`...)
					return nil
				}))
				who := ann(t, c.account, c.policy)
				who["AKIA1"].Session = policyOf(t, iam.Identity, c.session)
				env.Identities = who
				m := lambdaMethod()
				m.AuthorizationType, m.Integration.Type, m.Integration.Credentials = "AWS_IAM", kind, callersOwn
				if kind == apigw.IntegrationAWS {
					m.Responses = map[apigw.StatusCode]*apigw.MethodResponse{"200": {StatusCode: "200"}}
					m.Integration.Responses = map[apigw.StatusCode]*apigw.IntegrationResponse{"200": {StatusCode: "200", ResponseTemplates: map[string]*string{"application/json": text("in")}}}
					if c.qualifier != "" {
						m.Integration.RequestParameters = map[string]string{"integration.request.querystring.Qualifier": "'" + c.qualifier + "'"}
					}
				} else if c.qualifier != "" {
					m.Integration.URI = strings.Replace(m.Integration.URI, ":fn/", ":fn:"+c.qualifier+"/", 1)
				}
				def := define(map[string]*apigw.Method{"GET /r": m})
				if c.account != "123456789012" {
					def.API.Policy = resourcePolicy(invokeAll)
				}
				_, answered := serve(compileStage(t, def, nil, env), signed(call{method: "GET", target: "/r"}, "AKIA1"))
				if answered.Status != c.want.Status || answered.Error != c.want.Error {
					t.Fatalf("%+v, want %+v", answered, c.want)
				}
				if c.want != ok {
					if len(got) > 0 {
						t.Error("the function was called")
					}
					return
				}
				keys, err := got[0].Session.Credentials(t.Context())
				if err != nil || keys.AccessKeyID != "AKIA1" || keys.SecretAccessKey != "secret of AKIA1" || !got[0].AsCaller || got[0].Header["X-Amz-Source-Arn"] != "" {
					t.Errorf("%+v as %v, %v", got[0], keys, err)
				}
			})
		}
	}
}

// TestServiceAsCaller: a server under endpoints gets a signature of the
// caller's own; on AWS the caller is nobody, and none is called.
func TestServiceAsCaller(t *testing.T) {
	address, requests := seen(t)
	env := servicesEnv(address, nil)
	env.Identities = ann(t, "123456789012", invokeAll)
	m := awsMethod("sqs:path/1/q", nil)
	m.AuthorizationType, m.Integration.Credentials = "AWS_IAM", callersOwn
	def := define(map[string]*apigw.Method{"GET /r": m})
	_, got := serve(compileStage(t, def, nil, env), signed(call{method: "GET", target: "/r"}, "AKIA1"))
	if got.Status != 200 {
		t.Fatal(got)
	}
	if sent := <-requests; !strings.Contains(sent, "Credential=AKIA1/") || strings.Contains(sent, "secret of") {
		t.Errorf("sent %s", sent)
	}
	if _, got := serve(compileStage(t, def, nil, env), call{method: "GET", target: "/r"}); got.Status != 403 {
		t.Errorf("without a signature: %+v", got)
	}

	env.Services.Endpoints = map[string]string{"sqs": "https://vpce-1.sqs.us-east-1.vpce.amazonaws.com"}
	for _, endpoints := range []map[string]string{nil, env.Services.Endpoints} {
		env.Services.Endpoints = endpoints
		if _, got := serve(compileStage(t, def, nil, env), signed(call{method: "GET", target: "/r"}, "AKIA1")); got.Status != 500 {
			t.Errorf("endpoints %v: %+v", endpoints, got)
		}
	}
}

// TestCachedAsCaller: what was answered to one caller's credentials isn't
// another's, nor that of a method that shares the cache's namespace.
func TestCachedAsCaller(t *testing.T) {
	var calls atomic.Int64
	env := testEnv(counting(&calls))
	env.Identities = ann(t, "123456789012", allows("lambda:*", "*"))
	second := *env.Identities.(people)["AKIA1"]
	second.AccessKeyID = "AKIA2"
	env.Identities.(people)["AKIA2"] = &second
	m, open := lambdaMethod(), cachedBy(lambdaMethod(), "method.request.header.X-Key")
	m.AuthorizationType, m.Integration.Credentials = "AWS_IAM", callersOwn
	m.Integration.CacheNamespace, open.Integration.CacheNamespace = "one", "one"
	s := compileStage(t, define(map[string]*apigw.Method{"GET /r": m, "GET /open": open}), cachingStage(cacheAll()), env)
	for i, c := range []struct{ key, want string }{{"AKIA1", "1"}, {"AKIA2", "2"}, {"AKIA1", "1"}, {"AKIA2", "2"}} {
		if _, got := serve(s, signed(call{method: "GET", target: "/r"}, c.key)); got.Body != c.want {
			t.Errorf("call %d by %s: %+v, want the answer %s", i, c.key, got, c.want)
		}
	}
	if _, got := serve(s, call{method: "GET", target: "/open", header: "X-Key: AKIA1"}); got.Body != "3" {
		t.Errorf("an open method: %+v", got)
	}
}

// TestTestedAsCaller: a method that is tested has no caller.
func TestTestedAsCaller(t *testing.T) {
	m := lambdaMethod()
	m.AuthorizationType, m.Integration.Credentials = "AWS_IAM", callersOwn
	env := testEnv(fakeFunctions(func(*lambda.Invocation, *lambda.Result) error {
		t.Error("called")
		return nil
	}))
	got, err := TestInvoke(t.Context(), define(map[string]*apigw.Method{"GET /r": m}), trialRequest(apigw.TestRequest{Resource: "id:/r"}), env)
	if err != nil || got.Status != 500 || !strings.Contains(got.Log, "no caller's credentials to use") {
		t.Errorf("%+v, %v", got, err)
	}
}

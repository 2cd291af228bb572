package restapi

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/authorizer"
	"github.com/gatehouse/gatehouse/internal/clientcert"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/identity"
	"github.com/gatehouse/gatehouse/internal/lambda"
)

// identityFields are the variables of who calls, and what an event has without
// them: twelve are always there (recorded on AWS), the others when they are set
// (developer guide, "Variables for data transformations" and "Input format of
// a Lambda function for proxy integration").
var identityFields = map[string]string{
	"identity.accessKey": "null", "identity.accountId": "null", "identity.caller": "null", "identity.cognitoAuthenticationProvider": "null",
	"identity.cognitoAuthenticationType": "null", "identity.cognitoIdentityId": "null", "identity.cognitoIdentityPoolId": "null",
	"identity.principalOrgId": "null", "identity.sourceIp": "null", "identity.user": "null", "identity.userAgent": "null", "identity.userArn": "null",
	"identity.apiKey": "absent", "identity.apiKeyId": "absent", "identity.vpcId": "absent", "identity.vpceId": "absent",
	"identity.clientCert": "absent", "identity.clientCert.clientCertPem": "absent", "identity.clientCert.subjectDN": "absent",
	"identity.clientCert.issuerDN": "absent", "identity.clientCert.serialNumber": "absent",
	"identity.clientCert.validity.notBefore": "absent", "identity.clientCert.validity.notAfter": "absent",
	"authorizer": "absent", "authorizer.principalId": "absent", "authorizer.tenant": "absent", "authorizer.level": "absent",
	"authorizer.claims": "absent", "authorizer.claims.sub": "absent", "authorizer.claims.custom:role": "absent",
}

// client is who calls in a test.
type client struct {
	authorization string // of the method
	authorizer    apigw.Authorizer
	key           bool // the method needs an API key
	cert          *clientcert.Certificate
	header        string
	signs         bool
	endpoint      *exchange.Endpoint
}

// poolTokens serves the keys of a user pool and makes its tokens.
func poolTokens(t *testing.T) (url string, token func(claims string) string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"keys":[{"kty":"RSA","use":"sig","alg":"RS256","kid":"k","n":%q,"e":%q}]}`, b64(key.N.Bytes()), b64(big.NewInt(int64(key.E)).Bytes()))
	}))
	t.Cleanup(site.Close)
	return site.URL, func(claims string) string {
		text := b64([]byte(`{"alg":"RS256","kid":"k"}`)) + "." + b64([]byte(claims))
		sum := sha256.Sum256([]byte(text))
		signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return text + "." + b64(signature)
	}
}

// shown is what the three places say of a variable.
type shown struct{ Template, Log, Event string }

// identityEnv is an Env that knows a signer, a pool, a key and functions; the
// event of the proxy integration is left in event.
func identityEnv(t *testing.T, pools string, event *map[string]any) *Env {
	t.Helper()
	env := withPlan(t, fakeFunctions(func(in *lambda.Invocation, out *lambda.Result) error {
		out.RequestID = "lambda-id"
		if strings.HasSuffix(in.Function, ":guard") {
			out.Payload = append(out.Payload, answering(invokeAll, `,"context":{"tenant":"t9","level":3}`)...)
			return nil
		}
		*event = decode(t, string(in.Payload))
		out.Payload = append(out.Payload, `{"statusCode":200}`...)
		return nil
	}), apigw.UsagePlan{})
	env.Identities = people{"AKIA1": {AccessKeyID: "AKIA1", Account: "123456789012", ID: "AIDA1", ARN: "arn:aws:iam::123456789012:user/ann", Policies: policyOf(t, iam.Identity, invokeAll),
		Organization: &identity.Organization{ID: "o-a1b2c3d4e5", Path: "o-a1b2c3d4e5/r-ab12/"}}}
	env.Issuers = &authorizer.Issuers{Client: http.DefaultClient, Pools: pools, Now: env.Now}
	return env
}

// look serves a request of c by a template, and one by a function, and returns
// what they and the access log say.
func look(t *testing.T, c client, pools string) map[string]shown {
	t.Helper()
	names := slices.Sorted(maps.Keys(identityFields))
	var template, format strings.Builder
	format.WriteString("$context.requestId")
	for _, name := range names {
		reference := "$context." + name
		if member, ok := strings.CutPrefix(name, "authorizer.claims."); ok {
			reference = "$context.authorizer.claims['" + member + "']" // as the developer guide writes odd names
		}
		fmt.Fprintf(&template, "%s=%s\n", name, reference)
		fmt.Fprintf(&format, "\t%s=$context.%s", name, name)
	}
	var event map[string]any
	env := identityEnv(t, pools, &event)
	logs, logged := testLogs(t)
	env.Logs = logs
	serveOf := func(m *apigw.Method) reply {
		m.APIKeyRequired = c.key
		def := guarded(c.authorizer, m)
		m.AuthorizationType = c.authorization
		s := compileStage(t, def, accessStage(format.String()), env)
		asked := call{method: "GET", target: "/r/7", header: c.header}
		if c.signs {
			asked = signed(asked, "AKIA1")
		}
		x := newExchange(asked)
		x.Client.Cert, x.Client.Endpoint = c.cert, c.endpoint
		s.Serve(x)
		answer := replyOf(x)
		x.End()
		if answer.Status != 200 {
			t.Fatalf("%+v", answer)
		}
		return answer
	}
	body := serveOf(mockMethod(template.String())).Body
	serveOf(lambdaMethod())
	lines := strings.Split(strings.TrimSpace(logged()), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines of log: %q", len(lines), lines)
	}
	found := map[string]shown{}
	for i, name := range names {
		rest := body[strings.Index(body, name+"=")+len(name)+1:]
		end := "\n"
		if i+1 < len(names) {
			end = "\n" + names[i+1] + "="
		}
		value, _, _ := strings.Cut(rest, end)
		_, log, _ := strings.Cut(strings.Split(lines[0], "\t")[i+1], "=")
		found[name] = shown{strings.TrimSuffix(value, "\n"), log, member(event["requestContext"], name)}
	}
	return found
}

// member is what an event has at a path.
func member(from any, path string) string {
	for path != "" {
		m, ok := from.(map[string]any)
		if !ok {
			return "absent"
		}
		name, rest, _ := strings.Cut(path, ".")
		if _, ok := m[name]; !ok {
			return "absent"
		}
		from, path = m[name], rest
	}
	switch v := from.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "map"
	default:
		return fmt.Sprint(v)
	}
}

// TestIdentity walks every variable of who calls, in templates, access logs and
// events, for every way of authorization: what isn't known is empty in a
// template, - in a log, and null or absent in an event.
func TestIdentity(t *testing.T) {
	pools, token := poolTokens(t)
	cert := &clientcert.Certificate{PEM: "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n", SubjectDN: `C=US,O=a\,b,CN=alice`,
		IssuerDN: "CN=root", SerialNumber: "0a:1b", Validity: clientcert.Validity{NotBefore: "May 28 12:30:02 2019 GMT", NotAfter: "Aug  5 09:36:04 2021 GMT"},
		JSON: []byte(`{"clientCertPem":"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n","subjectDN":"C=US,O=a\\,b,CN=alice","issuerDN":"CN=root",` +
			`"serialNumber":"0a:1b","validity":{"notBefore":"May 28 12:30:02 2019 GMT","notAfter":"Aug  5 09:36:04 2021 GMT"}}`)}
	claims := fmt.Sprintf(`{"iss":"https://cognito-idp.us-east-1.amazonaws.com/us-east-1_a","token_use":"id","sub":"s1","custom:role":"cook","exp":%d}`, testTime.Unix()+100)
	for name, c := range map[string]struct {
		client client
		want   map[string]string
		differ map[string]shown // where the three don't say the same
	}{
		"nobody": {client{authorization: "NONE"}, nil, nil},
		"through a private endpoint": {client{authorization: "NONE", endpoint: &exchange.Endpoint{ID: "vpce-1", VPC: "vpc-1"}},
			map[string]string{"identity.vpceId": "vpce-1", "identity.vpcId": "vpc-1"}, nil},
		"a client with a name": {client{authorization: "NONE", header: "User-Agent: curl/8"},
			map[string]string{"identity.userAgent": "curl/8"}, nil},
		"a certificate": {client{authorization: "NONE", cert: cert}, map[string]string{
			"identity.clientCert.subjectDN": cert.SubjectDN, "identity.clientCert.issuerDN": "CN=root", "identity.clientCert.serialNumber": "0a:1b",
			"identity.clientCert.validity.notBefore": "May 28 12:30:02 2019 GMT", "identity.clientCert.validity.notAfter": "Aug  5 09:36:04 2021 GMT",
		}, map[string]shown{
			"identity.clientCert":               {"", "-", "map"},
			"identity.clientCert.clientCertPem": {strings.TrimSuffix(cert.PEM, "\n"), strings.ReplaceAll(cert.PEM, "\n", `\n`), cert.PEM},
		}},
		"an API key": {client{authorization: "NONE", key: true, header: "x-api-key: " + goodKey}, map[string]string{"identity.apiKeyId": "keyid12345"},
			map[string]shown{"identity.apiKey": {goodKey, strings.Repeat("*", len(goodKey)-6) + "od-key", goodKey}}},
		"a signature": {client{authorization: "AWS_IAM", signs: true}, map[string]string{
			"identity.principalOrgId": "o-a1b2c3d4e5",
			"identity.accessKey":      "AKIA1", "identity.accountId": "123456789012", "identity.caller": "AIDA1", "identity.user": "AIDA1",
			"identity.userArn": "arn:aws:iam::123456789012:user/ann"}, nil},
		"a function": {client{authorization: "CUSTOM", authorizer: apigw.Authorizer{Type: "TOKEN"}, header: "Authorization: Bearer x"},
			map[string]string{"authorizer.principalId": "user-1", "authorizer.tenant": "t9", "authorizer.level": "3"},
			map[string]shown{"authorizer": {"", "-", "map"}}},
		"a user pool": {client{authorization: "COGNITO_USER_POOLS", header: "Authorization: " + token(claims),
			authorizer: apigw.Authorizer{Type: "COGNITO_USER_POOLS", ProviderARNs: []string{"arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_a"}}},
			map[string]string{"authorizer.claims.sub": "s1"},
			map[string]shown{
				"authorizer": {"", "-", "map"}, "authorizer.claims": {"", "-", "map"},
				"authorizer.claims.custom:role": {"cook", "-:role", "cook"}, // no name in a format has a colon
			}},
	} {
		t.Run(name, func(t *testing.T) {
			want := map[string]shown{}
			for name, without := range identityFields {
				want[name] = shown{"", "-", without}
			}
			want["identity.sourceIp"] = shown{"198.51.100.7", "198.51.100.7", "198.51.100.7"}
			want["authorizer.claims.custom:role"] = shown{"", "-:role", "absent"}
			for name, value := range c.want {
				want[name] = shown{value, value, value}
			}
			maps.Copy(want, c.differ)
			if d := cmp.Diff(want, look(t, c.client, pools)); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestIdentityMembers: what loops over $context.identity find.
func TestIdentityMembers(t *testing.T) {
	s := compileStage(t, define(map[string]*apigw.Method{"GET /r/{id}": mockMethod(
		`#foreach($k in $context.identity.clientCert.keySet())$k #end/#foreach($k in $context.identity.keySet())#if($k == "clientCert")$k#end#end`)}), nil, nil)
	for _, cert := range []*clientcert.Certificate{nil, {PEM: "x"}} {
		x := newExchange(call{method: "GET", target: "/r/7"})
		x.Client.Cert = cert
		s.Serve(x)
		want := "/"
		if cert != nil {
			want = "clientCertPem serialNumber issuerDN validity subjectDN /clientCert" // in the order of a Java map
		}
		if got := string(x.Response.Body); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestCertificateOfAuthorizer: a REQUEST authorizer sees the certificate; a
// parameter mapping passes on what fits into a field.
func TestCertificateOfAuthorizer(t *testing.T) {
	var asked map[string]any
	env := testEnv(fakeFunctions(func(in *lambda.Invocation, out *lambda.Result) error {
		asked = decode(t, string(in.Payload))
		out.Payload = append(out.Payload, answering(invokeAll, "")...)
		return nil
	}))
	for _, source := range []string{"context.identity.clientCert.serialNumber", "method.request.header.X-A"} {
		s := compileStage(t, guarded(apigw.Authorizer{Type: "REQUEST", IdentitySource: source}, mockMethod("in")), nil, env)
		x := newExchange(call{method: "GET", target: "/r/7", header: "X-A: a"})
		x.Client.Cert = &clientcert.Certificate{SubjectDN: "CN=alice", SerialNumber: "1", JSON: []byte(`{"subjectDN":"CN=alice"}`)}
		s.Serve(x)
		if got := member(asked["requestContext"], "identity.clientCert.subjectDN"); got != "CN=alice" || x.Response.Status != 200 {
			t.Errorf("%s: %d, the authorizer sees %s", source, x.Response.Status, got)
		}
	}
	_, got := serve(compileStage(t, guarded(apigw.Authorizer{Type: "REQUEST", IdentitySource: "context.identity.clientCert.serialNumber"}, mockMethod("in")), nil, env), call{method: "GET", target: "/r/7"})
	if got.Status != 401 {
		t.Errorf("without a certificate, which is what identifies: %+v", got)
	}
}

// TestPhases: what access logs tell of authorization, phase by phase ("Variables
// for access logging").
func TestPhases(t *testing.T) {
	const format = "$context.requestId $context.authenticate.status $context.authenticate.error | $context.authorizer.status $context.authorizer.integrationStatus " +
		"$context.authorizer.requestId $context.authorizer.error | $context.authorize.status $context.authorize.error"
	pools, token := poolTokens(t)
	expired := token(`{"iss":"https://cognito-idp.us-east-1.amazonaws.com/us-east-1_a","token_use":"id","exp":1}`)
	function := apigw.Authorizer{Type: "TOKEN"}
	pool := apigw.Authorizer{Type: "COGNITO_USER_POOLS", ProviderARNs: []string{"arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_a"}}
	refusedHere := "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: execute-api:Invoke on resource: " + arn + " with an explicit deny in a resource-based policy"
	for name, c := range map[string]struct {
		client client
		policy string
		want   string
	}{
		"open":                   {client{authorization: "NONE"}, "", "- - | - - - - | - -"},
		"signed":                 {client{authorization: "AWS_IAM", signs: true}, "", "200 - | - - - - | 200 -"},
		"unsigned":               {client{authorization: "AWS_IAM"}, "", "403 Missing Authentication Token | - - - - | - -"},
		"signed, denied":         {client{authorization: "AWS_IAM", signs: true}, resourcePolicy(invokeNone), "200 - | - - - - | 403 " + refusedHere},
		"a function":             {client{authorization: "CUSTOM", authorizer: function, header: "Authorization: x"}, "", "- - | 200 200 lambda-id - | 200 -"},
		"no token":               {client{authorization: "CUSTOM", authorizer: function}, "", "- - | 401 - - Unauthorized | - -"},
		"denied before":          {client{authorization: "CUSTOM", authorizer: function, header: "Authorization: x"}, resourcePolicy(invokeNone), "- - | - - - - | 403 User: anonymous is not authorized to perform: execute-api:Invoke on resource: " + arn + " with an explicit deny in a resource-based policy"},
		"a function that breaks": {client{authorization: "CUSTOM", authorizer: function, header: "Authorization: break"}, "", `- - | 500 200 lambda-id the function failed: boom\nforged | - -`},
		"a user pool, expired":   {client{authorization: "COGNITO_USER_POOLS", authorizer: pool, header: "Authorization: " + expired}, "", "- - | 401 - - The incoming token has expired | - -"},
	} {
		t.Run(name, func(t *testing.T) {
			var event map[string]any
			env := identityEnv(t, pools, &event)
			inner := env.Functions.(fakeFunctions)
			env.Functions = fakeFunctions(func(in *lambda.Invocation, out *lambda.Result) error {
				if strings.Contains(string(in.Payload), `"break"`) {
					out.RequestID, out.FunctionError, out.Payload = "lambda-id", "Unhandled", append(out.Payload, `{"errorMessage":"boom\nforged"}`...)
					return nil
				}
				return inner(in, out)
			})
			logs, logged := testLogs(t)
			env.Logs = logs
			m := mockMethod("in")
			def := guarded(c.client.authorizer, m)
			m.AuthorizationType, def.API.Policy = c.client.authorization, c.policy
			asked := call{method: "GET", target: "/r/7", header: c.client.header}
			if c.client.signs {
				asked = signed(asked, "AKIA1")
			}
			s := compileStage(t, def, accessStage(format), env)
			x := newExchange(asked)
			s.Serve(x)
			x.End()
			_, got, _ := strings.Cut(strings.TrimSuffix(logged(), "\n"), " ")
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

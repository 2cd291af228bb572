package websocketapi

import (
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/identity"
	"github.com/gatehouse/gatehouse/internal/serving"
	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// people are identities by access key.
type people map[string]*identity.Caller

func (people) Open() bool { return false }

func (p people) Find(id, token string) (string, *identity.Caller, error) {
	c := p[id]
	if c == nil || token != "" {
		return "", nil, &sigv4.Error{Kind: sigv4.UnrecognizedClient, Message: "The security token included in the request is invalid."}
	}
	return "secret of " + id, c, nil
}

func user(t testing.TB, id, action, resource string) *identity.Caller {
	t.Helper()
	p, err := iam.Parse(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"`+action+`","Resource":"`+resource+`"}]}`, iam.Identity)
	if err != nil {
		t.Fatal(err)
	}
	return &identity.Caller{AccessKeyID: id, Account: "123456789012", ID: "AIDA" + id, ARN: "arn:aws:iam::123456789012:user/" + id, UserName: id, Kind: identity.KindUser, Policies: []*iam.Policy{p}}
}

// sign makes the fields that sign a request with key.
func sign(key, method, host, path, body string) (date, authorization string) {
	now := time.Now().UTC()
	date = sigv4.Date(now)
	r := &sigv4.Request{Method: method, Path: path, Host: host, PayloadHash: sha256.Sum256([]byte(body)), Header: func(name string) []string {
		if name == "x-amz-date" {
			return []string{date}
		}
		return nil
	}}
	return date, new(sigv4.Signer).Sign(r, sigv4.Credentials{AccessKeyID: key, SecretAccessKey: "secret of " + key}, "us-east-1", "execute-api", now, "host", "x-amz-date")
}

// manage makes a call of @connections; an empty key signs nothing.
func (w *world) manage(key, method, path, body string) *http.Response {
	w.t.Helper()
	r, err := http.NewRequest(method, "http://"+w.addr+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if key != "" {
		date, authorization := sign(key, method, w.addr, path, body)
		r.Header.Set("X-Amz-Date", date)
		r.Header.Set("Authorization", authorization)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// everybody is no identities.
type everybody struct{ people }

func (everybody) Open() bool { return true }

// While no identities are configured, programs of this machine manage connections
// by signatures of any kind; web pages that are open on it don't: a browser sends
// a POST of theirs without asking, with a signature in its query.
func TestAnybody(t *testing.T) {
	s := &Stage{env: &Env{Env: &serving.Env{Identities: everybody{}}}}
	for _, tt := range []struct {
		ip, query string
		header    []string
		want      bool
	}{
		{"127.0.0.1", "", []string{"Authorization", "AWS4-HMAC-SHA256 Credential=any"}, true},
		{"::1", "X-Amz-Signature=any", nil, true},
		{"127.0.0.1", "", nil, false},
		{"10.0.0.9", "", []string{"Authorization", "AWS4-HMAC-SHA256 Credential=any"}, false},
		{"127.0.0.1", "X-Amz-Signature=any", []string{"Origin", "https://attacker.example"}, false},
		{"127.0.0.1", "X-Amz-Signature=any", []string{"Origin", "null"}, false},
		{"127.0.0.1", "", []string{"Authorization", "AWS4-HMAC-SHA256 Credential=any", "Origin", "http://rebound.example:8080"}, false},
	} {
		var h http1.Header
		for pair := range slices.Chunk(tt.header, 2) {
			h.Add(pair[0], pair[1])
		}
		x := exchange.Exchange{Header: &h, Query: []byte(tt.query), Client: exchange.Client{IP: netip.MustParseAddr(tt.ip)}}
		if got := s.anybody(&x); got != tt.want {
			t.Errorf("%s ?%s %v: %v", tt.ip, tt.query, tt.header, got)
		}
	}
}

// A policy that denies one connection does so however its ID and the path are
// spelled.
func TestCallbackDenied(t *testing.T) {
	def := definition(map[string]*apigw.RouteIntegration{"$connect": lambdaProxyOf("chat")})
	id := connectionID{0xfb, 0xff, 0xbf, 0xfb, 0xff, 0xbf, 0xfb, 0xff, 0xbf, 0xfb, 0xff}
	w := newWorld(t, def, always(allOK), func(env *Env, _ *apigw.Stage) {
		some := user(t, "SOME", "execute-api:ManageConnections", "*")
		denied, err := iam.Parse(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"arn:aws:execute-api:*:*:`+testAPI+`/prod/*/@connections/`+id.String()+`"}]}`, iam.Identity)
		if err != nil {
			t.Fatal(err)
		}
		some.Policies = append(some.Policies, denied)
		env.Identities = people{"SOME": some}
	})
	for _, path := range []string{
		"@connections/-_-_-_-_-_-_-_8=",
		"%40connections/-_-_-_-_-_-_-_8%3D",
		"@Connections/-_-_-_-_-_-_-_8=",
		"@CONNECTIONS/-_-_-_-_-_-_-_8=",
		"@connections/%2B%2F%2B%2F%2B%2F%2B%2F%2B%2F%2B%2F%2B%2F8=",
		"@connections/-_-_-_-_-_-_-_9=",
		"@connections/-_-_-_-_-_-_-_8=%0A",
	} {
		if resp := w.manage("SOME", "GET", "/prod/"+path, ""); resp.StatusCode != 403 {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
	if resp := w.manage("SOME", "GET", "/prod/@connections/AAAAAAAAAAAAAAA=", ""); resp.StatusCode != 410 {
		t.Errorf("another connection: %d", resp.StatusCode)
	}
}

// What is wrong with a signature is JSON, whatever bytes it repeats.
func TestCallbackOddSignature(t *testing.T) {
	w := newWorld(t, definition(nil), always(allOK), func(env *Env, _ *apigw.Stage) { env.Identities = people{} })
	r, err := http.NewRequest("GET", "http://"+w.addr+"/prod/@connections/AAAAAAAAAAAAAAA=", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=\xe9\x80, SignedHeaders=host, Signature=00")
	r.Header.Set("X-Amz-Date", "\xff")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct{ Message string }
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || resp.StatusCode != 403 || !strings.Contains(answer.Message, "\uFFFD") {
		t.Errorf("%d %q %v", resp.StatusCode, answer.Message, err)
	}
}

// @connections: answers and errors as AWS documents them and as they were seen
// there.
func TestCallback(t *testing.T) {
	const arn = "arn:aws:execute-api:us-east-1:123456789012:" + testAPI + "/prod/"
	def := definition(map[string]*apigw.RouteIntegration{"$connect": lambdaProxyOf("chat"), "$disconnect": lambdaProxyOf("chat")})
	w := newWorld(t, def, always(allOK), func(env *Env, _ *apigw.Stage) {
		env.Identities = people{
			"ALL":  user(t, "ALL", "execute-api:ManageConnections", "*"),
			"POST": user(t, "POST", "execute-api:ManageConnections", arn+"POST/@connections/*"),
			"NONE": user(t, "NONE", "execute-api:Invoke", "*"),
		}
	})
	s := w.connect("")
	id := w.event()["requestContext"].(map[string]any)["connectionId"].(string)
	at := "/prod/@connections/" + url.PathEscape(id)
	at = strings.ReplaceAll(at, "=", "%3D")
	unknown := "/prod/@connections/AAAAAAAAAAAAAAA="
	cases := []struct {
		name, key, method, path, body string
		status                        int
		kind, want                    string // x-amzn-ErrorType, and a part of the body
	}{
		{"unsigned", "", "POST", at, "x", 403, "MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`},
		{"unknown key", "OTHER", "POST", at, "x", 403, "InvalidSignatureException", `"message"`},
		{"no permission", "NONE", "POST", at, "x", 403, "AccessDeniedException", `{"Message":"User: arn:aws:iam::123456789012:user/NONE is not authorized to perform: execute-api:ManageConnections on resource: arn:aws:execute-api:us-east-1:********9012:` + testAPI + `/prod/POST/@connections/{connectionId}"}`},
		{"of another method", "POST", "DELETE", at, "", 403, "AccessDeniedException", ""},
		{"post", "POST", "POST", at, "hello", 200, "", ""},
		{"post, all escaped", "ALL", "POST", strings.Replace(at, "@", "%40", 1), "again", 200, "", ""},
		{"post nothing", "ALL", "POST", at, "", 200, "", ""},
		{"post the most", "ALL", "POST", at, strings.Repeat("a", 128<<10), 200, "", ""},
		{"post more", "ALL", "POST", at, strings.Repeat("a", 128<<10+1), 413, "PayloadTooLargeException", "message"},
		{"gone", "ALL", "POST", unknown, "x", 410, "GoneException", ""},
		{"no ID", "ALL", "GET", "/prod/@connections/xyz", "", 400, "BadRequestException", `{"message":"Invalid connectionId: xyz"`},
		{"another method", "ALL", "PUT", at, "", 403, "MissingAuthenticationTokenException", ""},
		{"get", "ALL", "GET", at, "", 200, "", `"identity":{"sourceIp":"203.0.113.9","userAgent":"ExampleClient/2.1"},"lastActiveAt":"`},
		{"delete", "ALL", "DELETE", at, "", 204, "", ""},
	}
	for _, tt := range cases {
		resp := w.manage(tt.key, tt.method, tt.path, tt.body)
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != tt.status || resp.Header.Get("x-amzn-ErrorType") != tt.kind || !strings.Contains(string(body), tt.want) {
			t.Errorf("%s: %d %s %s", tt.name, resp.StatusCode, resp.Header.Get("x-amzn-ErrorType"), body)
		}
		if tt.want == "" && tt.kind != "AccessDeniedException" && tt.kind != "MissingAuthenticationTokenException" && len(body) > 0 {
			t.Errorf("%s: the body is %q", tt.name, body)
		}
	}
	for _, want := range []string{"hello", "again", ""} {
		if got := s.hear(); got != want {
			t.Errorf("heard %q, not %q", got, want)
		}
	}
	if got := s.hear(); len(got) != 128<<10 {
		t.Errorf("heard %d bytes", len(got))
	}
	if code, _ := s.ended(); code != 1000 {
		t.Errorf("closed with %d", code)
	}
	s.nc.Write([]byte("\x88\x80\x00\x00\x00\x00"))
	gone := w.event()["requestContext"].(map[string]any)
	if gone["disconnectStatusCode"] != 1000.0 || gone["disconnectReason"] != "Connection Closed Normally" {
		t.Errorf("after DELETE: %v", gone)
	}
	if resp := w.manage("ALL", "GET", at, ""); resp.StatusCode != 410 {
		t.Errorf("after it is gone: %d", resp.StatusCode)
	}
}

// While $connect runs, the connection isn't there yet: posting to it is 410
// (seen on AWS).
func TestNoConnectionBeforeTheAnswer(t *testing.T) {
	var w *world
	status := make(chan int, 1)
	calls := newFunctions(func(_ string, event map[string]any) (string, string) {
		id := event["requestContext"].(map[string]any)["connectionId"].(string)
		status <- w.manage("ALL", "POST", "/prod/@connections/"+strings.ReplaceAll(id, "=", "%3D"), "x").StatusCode
		return allOK, ""
	})
	w = newWorld(t, definition(map[string]*apigw.RouteIntegration{"$connect": lambdaProxyOf("chat")}), calls, func(env *Env, _ *apigw.Stage) {
		env.Identities = people{"ALL": user(t, "ALL", "execute-api:*", "*")}
	})
	w.connect("")
	if got := <-status; got != 410 {
		t.Errorf("status %d", got)
	}
}

// AWS_IAM on $connect: the route's ARN has no method (developer guide, "Control
// access to WebSocket APIs with IAM authorization").
func TestSignedConnect(t *testing.T) {
	def := definition(map[string]*apigw.RouteIntegration{"$connect": lambdaProxyOf("chat")})
	route(def, "$connect").AuthorizationType = "AWS_IAM"
	w := newWorld(t, def, always(allOK), func(env *Env, _ *apigw.Stage) {
		env.Identities = people{
			"MAY":   user(t, "MAY", "execute-api:Invoke", "arn:aws:execute-api:us-east-1:123456789012:"+testAPI+"/prod/$connect"),
			"OTHER": user(t, "OTHER", "execute-api:Invoke", "arn:aws:execute-api:us-east-1:123456789012:"+testAPI+"/prod/send"),
		}
	})
	for key, want := range map[string]int{"MAY": 101, "OTHER": 403, "NOBODY": 403} {
		date, authorization := sign(key, "GET", testHost, "/prod", "")
		if got := w.refused("", "X-Amz-Date", date, "Authorization", authorization); got != want {
			t.Errorf("%s: %d", key, got)
		}
	}
	identity := w.event()["requestContext"].(map[string]any)["identity"].(map[string]any)
	if text, _ := json.Marshal(identity); !strings.Contains(string(text), `"userArn":"arn:aws:iam::123456789012:user/MAY"`) || identity["accessKey"] != "MAY" {
		t.Errorf("identity is %s", text)
	}
}

// Calls of @connections are limited by the settings of all routes, with
// LimitExceededException as AWS names it (API reference, POST @connections), and
// who may not call takes nothing from who may. A client that connects is held to
// them where no $connect route is, too.
func TestCallbackThrottle(t *testing.T) {
	def := definition(map[string]*apigw.RouteIntegration{"$default!": lambdaProxyOf("chat")})
	w := newWorld(t, def, echoRoute(), func(env *Env, st *apigw.Stage) {
		burst, rate := 1, 0.0001
		st.Routes.DefaultSettings = &apigw.RouteSettings{ThrottlingBurstLimit: &burst, ThrottlingRateLimit: &rate}
		env.Identities = people{"ALL": user(t, "ALL", "execute-api:ManageConnections", "*"), "NONE": user(t, "NONE", "execute-api:Invoke", "*")}
	})
	s := w.connect("")
	if status := w.refused(""); status != 429 {
		t.Errorf("the second client: %d", status)
	}
	w.env.Hub.mu.RLock()
	var path string
	for id := range w.env.Hub.conns {
		path = "/prod/@connections/" + url.PathEscape(id.String())
	}
	w.env.Hub.mu.RUnlock()
	for _, c := range []struct {
		key, method, path string
		status            int
		name              string
	}{
		{"NONE", "POST", path, 403, "AccessDeniedException"},
		{"", "POST", path, 403, "MissingAuthenticationTokenException"},
		{"ALL", "POST", path, 200, ""},
		{"ALL", "POST", path, 429, "LimitExceededException"},
		{"ALL", "GET", path, 429, "LimitExceededException"},
		{"ALL", "POST", "/prod/@connections", 429, "LimitExceededException"},
	} {
		got := w.manage(c.key, c.method, c.path, "hello")
		if body, _ := io.ReadAll(got.Body); got.StatusCode != c.status || got.Header.Get("x-amzn-ErrorType") != c.name || c.status == 429 && len(body) > 0 {
			t.Errorf("%s %s %s: %s %v %s", c.key, c.method, c.path, got.Status, got.Header, body)
		}
	}
	if text := s.hear(); text != "hello" {
		t.Errorf("heard %q", text)
	}
}

package main

import (
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/smithy-go"
	"github.com/gatehouse/gatehouse/internal/freeport"
)

// unverified is what any client sends: credentials that nobody checks while
// no identities are configured.
const unverified = "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/apigateway/aws4_request, SignedHeaders=host, Signature=0"

// TestControlKeepsPagesOut: no web page reaches the control address.
func TestControlKeepsPagesOut(t *testing.T) {
	t.Parallel()
	s := serveWith(t)
	cases := []struct {
		name, path, host string
		header           []string
		status           int
		body             string // part of it
	}{
		{"no credentials", "/restapis", "", nil, 403, "Missing Authentication Token"},
		{"a foreign origin", "/restapis", "", []string{"Authorization", unverified, "Origin", "https://example.com"}, 403, "web page"},
		{"a sandboxed page", "/restapis", "", []string{"Authorization", unverified, "Origin", "null"}, 403, "web page"},
		{"a cross-site request", "/restapis", "", []string{"Authorization", unverified, "Sec-Fetch-Site", "cross-site"}, 403, "web page"},
		{"a foreign Host", "/restapis", "attacker.example", []string{"Authorization", unverified}, 403, "Host"},
		{"an operation that isn't served", "/v2/portals", "", []string{"Authorization", unverified}, 501, "ListPortals"},
		{"any credentials", "/restapis", "", []string{"Authorization", unverified}, 200, `"item":[]`},
		{"by another name of this machine", "/restapis", "localhost:4566", []string{"Authorization", unverified}, 200, ""},
		{"health", "/_gatehouse/health", "", nil, 200, `{"status":"ok"}`},
		{"readiness", "/_gatehouse/ready", "", nil, 200, `{"status":"ready"}`},
		{"health from a page", "/_gatehouse/health", "", []string{"Origin", "https://example.com"}, 404, ""},
	}
	for _, c := range cases {
		if a := call(t, "GET", s.control+c.path, c.host, "", c.header...); a.status != c.status || !strings.Contains(a.body, c.body) {
			t.Errorf("%s: %v, want %d with %q", c.name, a, c.status, c.body)
		}
	}
	preflight := call(t, "OPTIONS", s.control+"/restapis", "", "", "Origin", "https://example.com", "Access-Control-Request-Method", "POST")
	if preflight.status != http.StatusForbidden || preflight.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("a page's preflight: %v %v", preflight, preflight.header)
	}
}

const identities = `
identities:
  users:
    - name: root
      accessKeys: [{id: AKIAROOT, secret: "env:ROOT_SECRET"}]
      policies:
        - name: all
          document: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "apigateway:*", Resource: "*"}]}
    - name: reader
      groups: [readers]
      accessKeys: [{id: AKIAREADER, secret: reader-secret}]
    - name: other
      account: "111122223333"
      accessKeys: [{id: AKIAOTHER, secret: other-secret}]
      policies:
        - {name: all, document: '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'}
  groups:
    - name: readers
      policies:
        - name: read
          document: {Version: "2012-10-17", Statement: [
            {Effect: Allow, Action: "apigateway:GET", Resource: "arn:aws:apigateway:us-east-1::/restapis*"},
            {Effect: Deny, Action: "*", Resource: "arn:aws:apigateway:*::/restapis/*/stages*"}]}
`

// TestIdentities: with identities, every call is verified and decided on.
func TestIdentities(t *testing.T) {
	t.Parallel()
	s := newServer(t, "--config", write(t, "gatehouse.yaml", identities))
	s.env = []string{"ROOT_SECRET=root-secret"}
	s.start()
	t.Cleanup(s.kill)
	ctx, root := t.Context(), s.sdkAs("AKIAROOT", "root-secret")
	api, err := root.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: aws.String("guarded")})
	if err != nil {
		t.Fatal(err)
	}
	read := func(c *apigateway.Client) error {
		_, err := c.GetRestApi(ctx, &apigateway.GetRestApiInput{RestApiId: api.Id})
		return err
	}
	cases := []struct {
		name string
		err  error
		code string // empty: allowed
		text string
	}{
		{"the owner reads", read(root), "", ""},
		{"a reader reads", read(s.sdkAs("AKIAREADER", "reader-secret")), "", ""},
		{"a wrong secret", read(s.sdkAs("AKIAROOT", "wrong")), "InvalidSignatureException", "signature"},
		{"another's secret", read(s.sdkAs("AKIAREADER", "root-secret")), "InvalidSignatureException", "signature"},
		{"an unknown key", read(s.sdkAs("AKIANOBODY", "root-secret")), "UnrecognizedClientException", "security token"},
		{"another account's API", read(s.sdkAs("AKIAOTHER", "other-secret")), "NotFoundException", *api.Id},
		{"a reader writes", func() error {
			_, err := s.sdkAs("AKIAREADER", "reader-secret").DeleteRestApi(ctx, &apigateway.DeleteRestApiInput{RestApiId: api.Id})
			return err
		}(), "AccessDeniedException", "user/reader is not authorized to perform: apigateway:DELETE"},
		{"a reader reads what is denied", func() error {
			_, err := s.sdkAs("AKIAREADER", "reader-secret").GetStages(ctx, &apigateway.GetStagesInput{RestApiId: api.Id})
			return err
		}(), "AccessDeniedException", "explicit deny"},
	}
	for _, c := range cases {
		var e smithy.APIError
		switch {
		case c.code == "" && c.err != nil:
			t.Errorf("%s: %v", c.name, c.err)
		case c.code != "" && (!errors.As(c.err, &e) || e.ErrorCode() != c.code || !strings.Contains(e.ErrorMessage(), c.text)):
			t.Errorf("%s: %v, want %s with %q", c.name, c.err, c.code, c.text)
		}
	}
	if a := call(t, "GET", s.control+"/restapis", "", "", "Authorization", unverified); a.status != 403 {
		t.Errorf("unverified credentials: %v, want 403", a)
	}
	if strings.Contains(s.log.String(), "secret") {
		t.Errorf("a secret is in the log:\n%s", s.log.String())
	}
}

// TestControlForOtherMachines: reachable from elsewhere only with identities.
func TestControlForOtherMachines(t *testing.T) {
	t.Parallel()
	s := newServer(t, "--control", "0.0.0.0:0")
	err := s.launch()
	if err == nil {
		s.kill()
		t.Fatal("it started")
	}
	if !strings.Contains(err.Error(), "control 0.0.0.0:0: reachable from other machines: configure identities, or listen on loopback") {
		t.Error(err)
	}
	s = newServer(t, "--control", "0.0.0.0:0", "--config", write(t, "gatehouse.yaml", identities))
	s.env = []string{"ROOT_SECRET=root-secret"}
	s.start()
	t.Cleanup(s.kill)
	_, port, _ := net.SplitHostPort(address(t, s.control))
	s.control = "http://127.0.0.1:" + port
	if a := call(t, "GET", s.control+"/restapis", "gateway.example", "", "Authorization", unverified); a.status != 403 {
		t.Errorf("unverified credentials: %v, want 403", a)
	}
	if _, err := s.sdkAs("AKIAROOT", "root-secret").GetRestApis(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// TestOneProcessPerFolder: a second process refuses and says which folder.
func TestOneProcessPerFolder(t *testing.T) {
	t.Parallel()
	s := serveWith(t)
	second := newServer(t, "--data", s.data)
	err := second.launch()
	if err == nil {
		second.kill()
		t.Fatal("a second process started on the same data")
	}
	if code := second.cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(err.Error(), s.data) || !strings.Contains(err.Error(), "in use") {
		t.Errorf("exit code %d: %v", code, err)
	}
	if _, err := s.sdk().CreateRestApi(t.Context(), &apigateway.CreateRestApiInput{Name: aws.String("first")}); err != nil {
		t.Errorf("the first process is disturbed: %v", err)
	}
}

// TestNewerData: an older version doesn't touch what it can't read.
func TestNewerData(t *testing.T) {
	t.Parallel()
	s := serveWith(t)
	s.terminate()
	if err := os.WriteFile(filepath.Join(s.data, "store", "FORMAT"), []byte(`{"format":9,"oldestReader":8}`), 0o600); err != nil {
		t.Fatal(err)
	}
	err := s.launch()
	if err == nil {
		t.Fatal("it started")
	}
	if code := s.cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(err.Error(), "newer version") || !strings.Contains(err.Error(), s.data) {
		t.Errorf("exit code %d: %v", code, err)
	}
}

// TestMasterKey: a configured key that isn't the store's is refused.
func TestMasterKey(t *testing.T) {
	t.Parallel()
	config := func(digit string) string {
		return write(t, "gatehouse.yaml", "store: {masterKey: '"+strings.Repeat(digit, 64)+"'}\n")
	}
	s := serveWith(t, "--config", config("1"))
	s.terminate()
	s.restart()
	s.terminate()
	s.args = append(s.args, "--config", config("2"))
	err := s.launch()
	if err == nil {
		t.Fatal("it started with another key")
	}
	if code := s.cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(err.Error(), "store: masterKey") || strings.Contains(err.Error(), "2222") {
		t.Errorf("exit code %d: %v", code, err)
	}
}

// TestNewMasterKey: a key above the old one takes its place, and the old one
// can be taken away.
func TestNewMasterKey(t *testing.T) {
	t.Parallel()
	one, two := strings.Repeat("1", 64), strings.Repeat("2", 64)
	config := func(keys ...string) string {
		return write(t, "gatehouse.yaml", "store: {masterKey: \""+strings.Join(keys, "\\n")+"\"}\n")
	}
	s := serveWith(t, "--config", config(one))
	s.terminate()
	s.args = append(s.args, "--config", config(two, one))
	s.restart()
	eventually(t, "everything is sealed with the new key", func() bool {
		return len(s.records("every secret is sealed with the first master key; the others may be taken away once every node says so")) > 0
	})
	s.terminate()
	s.args = append(s.args, "--config", config(two))
	s.restart()
	s.terminate()
	s.args = append(s.args, "--config", config(one))
	if err := s.launch(); err == nil {
		t.Error("it started with the old key")
	}
}

// TestIntegrationsStayOut: no integration reaches our own control address or
// a metadata service, unless the configuration names it.
func TestIntegrationsStayOut(t *testing.T) {
	t.Parallel()
	control := freeport.Address(t)
	file := apiFile(t, calling("/control", "http://"+control+"/_gatehouse/health")+calling("/metadata", "http://169.254.169.254/latest/"))
	s := serveWith(t, "--control", control, file)
	for _, path := range []string{"/control", "/metadata"} {
		a := call(t, "GET", s.invoke+"/_aws/execute-api/"+s.api(file)+"/dev"+path, "", "")
		if a.status != 500 || a.body != internalError {
			t.Errorf("%s: %v, want 500", path, a)
		}
	}
	allowed := write(t, "gatehouse.yaml", "endpoints: {default: 'http://"+control+"'}\n")
	s.terminate()
	s.args = append(s.args, "--config", allowed)
	s.restart()
	if a := call(t, "GET", s.invoke+"/_aws/execute-api/"+s.api(file)+"/dev/control", "", ""); a.status != 200 {
		t.Errorf("an address that the configuration names: %v", a)
	}
}

// calling is a definition whose GET path calls uri.
func calling(path, uri string) string {
	return "  " + path + `:
    get:
      responses: {"200": {description: ok}}
      x-amazon-apigateway-integration: {type: http_proxy, httpMethod: GET, timeoutInMillis: 2000, uri: "` + uri + `"}
`
}

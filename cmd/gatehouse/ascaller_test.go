package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// TestAsCaller has a function and a service called with the credentials of who
// signed the request ("credentials": "arn:aws:iam::*:user/*").
func TestAsCaller(t *testing.T) {
	t.Parallel()
	need(t, "node")
	secrets := map[string]string{"AKIAANN": "ann's secret", "AKIABOB": "bob's secret"}
	queue := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		v := sigv4.Verifier{Service: "sqs", Region: "us-east-1", Now: time.Now}
		who, err := v.Verify(sigv4.FromHTTP(r, sha256.Sum256(body)), func(id, _ string) (string, bool, error) { return secrets[id], secrets[id] != "", nil })
		if err != nil {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, err)
			return
		}
		fmt.Fprint(w, "queued by "+who.Scope.AccessKeyID)
	}))
	t.Cleanup(queue.Close)
	code := t.TempDir()
	if err := os.WriteFile(filepath.Join(code, "index.js"), []byte("exports.handler = async () => ({statusCode: 200, body: 'hello'});"), 0o600); err != nil {
		t.Fatal(err)
	}
	config := write(t, "gatehouse.yaml", fmt.Sprintf(`
functions:
  hello: {runtime: nodejs20.x, code: %q, handler: index.handler}
endpoints: {sqs: %q}
identities:
  users:
    - name: ann
      accessKeys: [{id: AKIAANN, secret: "ann's secret"}]
      policies: [{name: all, document: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: ["execute-api:Invoke", "lambda:InvokeFunction"], Resource: "*"}]}}]
    - name: bob
      accessKeys: [{id: AKIABOB, secret: "bob's secret"}]
      policies: [{name: invoke, document: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "execute-api:Invoke", Resource: "*"}]}}]
`, code, queue.URL))
	definition := func(uri, kind string) string {
		return `{"get": {"security": [{"sigv4": []}], "responses": {"200": {"description": ""}}, "x-amazon-apigateway-integration": {"type": "` + kind + `", "httpMethod": "POST",
			"uri": "arn:aws:apigateway:us-east-1:` + uri + `", "credentials": "arn:aws:iam::*:user/*", "responses": {"default": {"statusCode": "200"}}}}}`
	}
	api := func(paths string) string {
		return write(t, "api.json", `{"openapi": "3.0.1", "info": {"title": "t", "version": "1"}, "paths": {`+paths+`},
			"components": {"securitySchemes": {"sigv4": {"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4"}}}}`)
	}
	function := definition("lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:hello/invocations", "aws_proxy")
	file := api(`"/function": ` + function + `, "/queue": ` + definition("sqs:path/q", "aws"))
	s := serveWith(t, "--config", config, file)
	host := s.api(file) + ".execute-api.localhost"
	for _, c := range []struct {
		path, key string
		status    int
		body      string
	}{
		{"/function", "AKIAANN", 200, "hello"},
		{"/function", "AKIABOB", 500, "Internal server error"},
		{"/function", "", 403, "Missing Authentication Token"},
		{"/queue", "AKIAANN", 200, "queued by AKIAANN"},
		{"/queue", "AKIABOB", 200, "queued by AKIABOB"},
	} {
		var signed signedRequest
		signed.Target = "/dev" + c.path
		if c.key != "" {
			signed = signGo(t, host, toSign{Method: "GET", Target: signed.Target, Key: c.key, Secret: secrets[c.key]}, time.Now())
		}
		if a := sendRaw(t, s.invoke, host, "GET", signed, nil); a.status != c.status || !strings.Contains(a.body, c.body) {
			t.Errorf("%s by %q: %v", c.path, c.key, a)
		}
	}

	for name, c := range map[string]struct{ paths, want string }{
		"a service of AWS's": {`"/s": ` + definition("sns:action/Publish", "aws"), "callers are known to identities here and have no credentials on AWS"},
		"nobody signs":       {`"/f": ` + strings.Replace(function, `"security": [{"sigv4": []}], `, "", 1), "whom only authorizationType AWS_IAM knows"},
	} {
		refused := newServer(t, "--config", config, api(c.paths))
		err := refused.launch()
		if err == nil {
			refused.kill()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

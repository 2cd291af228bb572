package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestHTTPAPISigners: a route with AWS_IAM takes what AWS's own clients sign, and
// says no more than Forbidden to anybody else.
func TestHTTPAPISigners(t *testing.T) {
	t.Parallel()
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode([]string{r.Method, r.RequestURI, r.Header.Get("X-Caller")})
	}))
	t.Cleanup(backend.Close)
	config := write(t, "gatehouse.yaml", `
identities:
  users:
    - name: signer
      accessKeys: [{id: `+signerKey+`, secret: "`+signerSecret+`"}]
      policies: [{name: some, document: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "execute-api:Invoke", Resource: "arn:aws:execute-api:*:*:*/$default/*/items/*"}]}}]
`)
	file := write(t, "api.yaml", `
openapi: 3.0.1
info: {title: signed, version: "1"}
paths:
  /items/{proxy+}:
    x-amazon-apigateway-any-method:
      x-amazon-apigateway-auth: {type: AWS_IAM}
      x-amazon-apigateway-integration: {type: http_proxy, httpMethod: ANY, uri: '`+backend.URL+`/{proxy}', payloadFormatVersion: "1.0",
        requestParameters: {"append:header.x-caller": "$context.identity.userArn"}}
  /other:
    get:
      x-amazon-apigateway-auth: {type: AWS_IAM}
      x-amazon-apigateway-integration: {type: http_proxy, httpMethod: GET, uri: '`+backend.URL+`', payloadFormatVersion: "1.0"}
`)
	s := serveWith(t, "--kind", "http", "--config", config, file)
	host := s.api(file) + ".execute-api.localhost"
	var cases []toSign
	var want []string
	add := func(c toSign, status int) {
		c.Key, c.Secret = signerKey, signerSecret
		cases, want = append(cases, c), append(want, fmt.Sprint(status))
	}
	for _, presign := range []bool{false, true} {
		for _, target := range []string{"/items/plain", "/items/a%20b/c", "/items/caf%C3%A9?a=b%20c&d=%2F", "/items/x?k=2&k=1"} {
			add(toSign{Method: "GET", Target: target, Presign: presign}, 200)
		}
		add(toSign{Method: "GET", Target: "/other", Presign: presign}, 403)
	}
	add(toSign{Method: "POST", Target: "/items/b", Body: []byte(`{"name":"Ann"}`), Headers: map[string]string{"Content-Type": jsonType}}, 200)
	for _, by := range signers(t) {
		t.Run(by.name, func(t *testing.T) {
			for i, signed := range by.sign(t, host, cases) {
				c := cases[i]
				name := fmt.Sprintf("%s %s presigned=%t", c.Method, c.Target, c.Presign)
				a := sendRaw(t, s.invoke, host, c.Method, signed, c.Body)
				var got []string
				_ = json.Unmarshal([]byte(a.body), &got)
				switch {
				case fmt.Sprint(a.status) != want[i], a.status == 403 && a.body != `{"message":"Forbidden"}`:
					t.Errorf("%s: %v", name, a)
				case a.status == 200 && (len(got) != 3 || got[2] != "arn:aws:iam::000000000000:user/signer"):
					t.Errorf("%s: the backend got %v", name, got)
				}
				signed.Target += "/more"
				if a := sendRaw(t, s.invoke, host, c.Method, signed, c.Body); a.status == 200 {
					t.Errorf("%s: taken for another path: %v", name, a)
				}
			}
		})
	}
}

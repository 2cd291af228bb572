package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestRoles: calls are signed as a declared role, assumed where STS is with the
// process's own credentials; a role that trusts other APIs is none for this one.
func TestRoles(t *testing.T) {
	t.Parallel()
	seen := make(chan string, 16)
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, credential, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
		key, _, _ := strings.Cut(credential, "/")
		seen <- key + " " + r.Header.Get("X-Amz-Security-Token") + " " + r.URL.Path
		if strings.Contains(string(body), "Action=AssumeRole") {
			fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
				<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>token</SessionToken><Expiration>%s</Expiration>
				</Credentials></AssumeRoleResult></AssumeRoleResponse>`, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
		}
	}))
	defer fake.Close()
	config := write(t, "gatehouse.yaml", `
endpoints: {sts: "`+fake.URL+`/sts", sqs: "`+fake.URL+`"}
identities:
  roles:
    - name: mailbox
      trust: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {Service: apigateway.amazonaws.com}, Action: "sts:AssumeRole"}]}
    - name: theirs
      trust:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Service: apigateway.amazonaws.com}
            Action: sts:AssumeRole
            Condition: {ArnLike: {"aws:SourceArn": "arn:aws:execute-api:*:*:other/*"}}
`)
	method := func(role string) string {
		return `{"get": {"responses": {"200": {"description": ""}}, "x-amazon-apigateway-integration": {"type": "aws", "httpMethod": "POST",
			"uri": "arn:aws:apigateway:us-east-1:sqs:path/q", "credentials": "arn:aws:iam::000000000000:role/` + role + `", "responses": {"default": {"statusCode": "200"}}}}}`
	}
	file := write(t, "openapi.json", `{"openapi": "3.0.1", "info": {"title": "t", "version": "1"}, "paths": {
		"/declared": `+method("mailbox")+`, "/theirs": `+method("theirs")+`, "/undeclared": `+method("nobody")+`}}`)
	s := newServer(t, "--config", config, file)
	s.env = []string{"AWS_ACCESS_KEY_ID=AKIAPROCESS", "AWS_SECRET_ACCESS_KEY=secret", "AWS_SESSION_TOKEN="}
	s.start()
	t.Cleanup(s.kill)
	api := s.api(file)
	eventually(t, "the deployment tells of the role that trusts others", func() bool {
		for _, r := range s.records("deployed as on AWS, but the place that the problem begins with won't work as written") {
			if strings.Contains(r["problem"].(string), "role/theirs: its declared trust doesn't allow apigateway.amazonaws.com for arn:aws:execute-api:us-east-1:000000000000:"+api) {
				return true
			}
		}
		return false
	})
	for _, tt := range []struct {
		path   string
		status int
		seen   []string
	}{
		{"/declared", 200, []string{"AKIAPROCESS  /sts", "ASIAROLE token /q"}},
		{"/declared", 200, []string{"ASIAROLE token /q"}},
		{"/theirs", 500, nil},
		{"/undeclared", 200, []string{"000000000000  /q"}},
	} {
		if a := call(t, "GET", s.invoke+"/dev"+tt.path, api+".execute-api.localhost", ""); a.status != tt.status {
			t.Errorf("%s: %v", tt.path, a)
		}
		for _, want := range tt.seen {
			if got := <-seen; got != want {
				t.Errorf("%s: %q, want %q", tt.path, got, want)
			}
		}
		if len(seen) > 0 {
			t.Errorf("%s: %q besides", tt.path, <-seen)
		}
	}
}

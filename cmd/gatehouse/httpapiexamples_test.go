package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestHTTPAPIFunctionsExample calls every route of the example: Node.js, Python
// and Go behind one HTTP API.
func TestHTTPAPIFunctionsExample(t *testing.T) {
	t.Parallel()
	need(t, "node", "python3")
	const file = "examples/http-api-functions/openapi.yaml"
	s := serveExample(t, file)
	base := s.invoke + "/_aws/execute-api/" + s.api(file)
	for _, c := range []struct {
		method, path, body string
		send               []string
		status             int
		header             map[string][]string
		want               string
	}{
		{"GET", "/greetings/Ada", "", []string{"Accept-Language", "fr", "User-Agent", "test"}, 200, map[string][]string{"Content-Type": {jsonType}, "X-Greeted": {"Ada"}, "Cache-Control": {"no-store"}},
			`{"name":"Ada","greeting":"Bonjour","route":"GET /greetings/{name} by test"}`},
		{"POST", "/sessions", "in words", []string{"Cookie", "a=1; b=2", "Content-Type", "application/x-www-form-urlencoded"}, 201,
			map[string][]string{"Content-Type": {"text/plain"}, "X-Encoded": {"true"}, "Set-Cookie": {"session=1; HttpOnly", "seen=2"}}, "in words"},
		{"POST", "/sessions", "in words", []string{"Content-Type", "text/plain"}, 201, map[string][]string{"X-Encoded": {"false"}}, "in words"},
		{"POST", "/baskets/7%20a", "[1,2]", []string{"Content-Type", jsonType}, 200, map[string][]string{"X-Tag": {"a", "b"}}, `{"id": "7 a", "items": 2, "resource": "/baskets/{id}"}`},
		{"POST", "/baskets/7", "no list", []string{"Content-Type", jsonType}, 500, map[string][]string{"Content-Type": {jsonType}}, `{"message":"Internal Server Error"}`},
		{"PUT", "/any/thing?else=1", "", nil, 404, map[string][]string{"Content-Type": {jsonType}}, `["$default","PUT","/any/thing","else=1","$default"]`},
	} {
		got := call(t, c.method, base+c.path, "", c.body, append(c.send, "x-gatehouse-explain", "1")...)
		if out, errs := s.explainCommand(got.header.Get("Apigw-Requestid")); !strings.Contains(out, "AWS_PROXY") {
			t.Errorf("%s %s is explained: %s%s", c.method, c.path, out, errs)
		}
		if got.status != c.status || got.body != c.want {
			t.Errorf("%s %s: %d %s", c.method, c.path, got.status, got.body)
		}
		for name, values := range c.header {
			if d := cmp.Diff(values, got.header.Values(name)); d != "" {
				t.Errorf("%s %s: %s: %s", c.method, c.path, name, d)
			}
		}
	}
}

// TestExplainAnyID explains requests whose ID begins with a slash: IDs of HTTP
// APIs are base64.
func TestExplainAnyID(t *testing.T) {
	t.Parallel()
	file := write(t, "api.yaml", `openapi: 3.0.1
info: {title: any}
paths:
  /a:
    get:
      x-amazon-apigateway-integration: {type: HTTP_PROXY, httpMethod: GET, uri: "http://127.0.0.1:1/", payloadFormatVersion: "1.0"}
`)
	s := serveWith(t, "--kind", "http", "--explain", file)
	for range 10_000 {
		id := call(t, "GET", s.invoke+"/_aws/execute-api/"+s.api(file)+"/a", "", "").header.Get("Apigw-Requestid")
		if !strings.HasPrefix(id, "/") {
			continue
		}
		if out, errs := s.explainCommand(id); !strings.Contains(out, "GET /a") {
			t.Errorf("%s is explained: %s%s", id, out, errs)
		}
		return
	}
	t.Error("no ID begins with a slash")
}

// servicesExample serves the example before services at address.
func servicesExample(t *testing.T, address string) (post func(path, body string) answer, get func(path string) answer) {
	t.Helper()
	file := filepath.Join(repository(t), "examples", "http-api-services", "openapi.yaml")
	s := serveWith(t, "--config", write(t, "gatehouse.yaml", "endpoints: {default: \"http://"+address+"\"}\n"), file)
	base := s.invoke + "/_aws/execute-api/" + s.api(file)
	post = func(path, body string) answer {
		return call(t, "POST", base+path, "", body, "Content-Type", jsonType, "User-Agent", "test")
	}
	return post, func(path string) answer { return call(t, "GET", base+path, "", "") }
}

// TestHTTPAPIServicesExample: what the services get of the example.
func TestHTTPAPIServicesExample(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var seen []string
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		line := r.Header.Get("X-Amz-Target") + " " + string(body)
		if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
			form, _ := url.ParseQuery(string(body))
			line = form.Get("Action") + " " + form.Get("MessageBody") + " " + form.Get("MessageAttribute.1.Value.StringValue")
		}
		seen = append(seen, line)
		if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=000000000000/") {
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	defer fake.Close()
	post, get := servicesExample(t, fake.Listener.Addr().String())
	got := []int{post("/messages", `{"n":1}`).status, get("/messages").status, post("/events/order", `{"n":2}`).status, post("/records/cellar", `{"data":"aGk="}`).status, post("/executions", `{"n":3}`).status}
	missing := post("/records/cellar", `{}`)
	if d := cmp.Diff([]int{200, 200, 200, 200, 202}, got); d != "" {
		t.Error(d)
	}
	if !strings.Contains(missing.body, "Unable to resolve property Data from source $request.body.data") || missing.status != 400 {
		t.Errorf("%+v", missing)
	}
	want := []string{
		`SendMessage {"n":1} test`, "ReceiveMessage  ",
		`AWSEvents.PutEvents {"Entries":[{"Detail":"{\"n\":2}","DetailType":"order","Source":"shop"}]}`,
		`Kinesis_20131202.PutRecord {"Data":"aGk=","PartitionKey":"cellar","StreamName":"temperatures"}`,
		`AWSStepFunctions.StartExecution {"input":"{\"n\":3}","stateMachineArn":"arn:aws:states:us-east-1:000000000000:stateMachine:orders"}`,
	}
	if d := cmp.Diff(want, seen); d != "" {
		t.Error(d)
	}
}

// TestHTTPAPIServicesExampleAgainstMoto runs the example against a server that
// speaks the services' protocols.
func TestHTTPAPIServicesExampleAgainstMoto(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"moto_server", "aws"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s isn't installed", tool)
		}
	}
	address := motoServer(t)
	for _, args := range [][]string{
		{"kinesis", "create-stream", "--stream-name", "temperatures", "--shard-count", "1"},
		{"sqs", "create-queue", "--queue-name", "mailbox"},
		{"stepfunctions", "create-state-machine", "--name", "orders", "--role-arn", "arn:aws:iam::000000000000:role/x", "--definition", `{"StartAt":"P","States":{"P":{"Type":"Pass","End":true}}}`},
	} {
		cmd := exec.Command("aws", append([]string{"--endpoint-url", "http://" + address, "--region", "us-east-1"}, args...)...)
		cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=000000000000", "AWS_SECRET_ACCESS_KEY=x", "AWS_PAGER=")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("aws %v: %v\n%s", args, err, out)
		}
	}
	post, get := servicesExample(t, address)
	for _, c := range []struct {
		got    answer
		status int
		want   string
	}{
		{post("/messages", "it's <me>"), 200, `<SendMessageResponse.*<MessageId>[0-9a-f-]{36}</MessageId>`},
		{get("/messages"), 200, `<Body>it's &lt;me&gt;</Body>.*<Name>agent</Name>.*<StringValue>test</StringValue>`},
		{post("/events/order", `{"n":2}`), 200, `"FailedEntryCount": ?0`},
		{post("/records/cellar", `{"data":"aGk="}`), 200, `"SequenceNumber"`},
		{post("/executions", `{"n":3}`), 202, `"executionArn"`},
	} {
		if !regexp.MustCompile(`(?s)`+c.want).MatchString(c.got.body) || c.got.status != c.status {
			t.Errorf("%+v, want %d %s", c.got, c.status, c.want)
		}
	}
}

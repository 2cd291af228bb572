package httpapi

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/lambda"
)

// reflect is a backend that shows its request's line, host and fields whose
// names begin with X- or are Accept, and answers with X-Status.
func reflect(t testing.TB) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, name := range slices.Sorted(maps.Keys(r.Header)) {
			if strings.HasPrefix(name, "X-") && name != "X-Amzn-Trace-Id" || name == "Accept" {
				w.Header().Add("Got", name+"="+strings.Join(r.Header[name], "|"))
			}
		}
		w.Header().Set("X-Line", r.Method+" "+r.RequestURI)
		w.Header().Set("X-Host", r.Host)
		w.Header().Set("Content-Type", "application/json")
		status := 200
		_, _ = fmt.Sscan(r.Header.Get("X-Status"), &status)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"id":7,"pad":"`+strings.Repeat("x", 10)+`"}`)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestRequestParameters: developer guide, "Transform API requests and responses
// for HTTP APIs", on an HTTP backend.
func TestRequestParameters(t *testing.T) {
	backend := reflect(t)
	for name, tt := range map[string]struct {
		params       map[string]string
		header, body string
		line         string // GET /v2/pets/a%2Fb?n=1&n=2 when nothing changes it
		got          string // of the fields
		status       int
	}{
		"nothing":          {nil, "X-A: 1", "", "", "X-A=1", 200},
		"append a field":   {map[string]string{"append:header.x-a": "$request.querystring.n"}, "X-A: 1", "", "", "X-A=1|1,2", 200},
		"overwrite":        {map[string]string{"overwrite:header.x-a": "$request.path.id"}, "X-A: 1\nx-a: 2", "", "", "X-A=a/b", 200},
		"remove":           {map[string]string{"remove:header.x-a": "''"}, "X-A: 1", "", "", "", 200},
		"rename":           {map[string]string{"append:header.x-b": "$request.header.x-a", "remove:header.x-a": ""}, "X-A: 1", "", "", "X-B=1", 200},
		"missing is none":  {map[string]string{"overwrite:header.x-a": "$request.header.x-none"}, "X-A: 1", "", "", "X-A=1", 200},
		"from the body":    {map[string]string{"append:header.x-a": "$request.body.tags[1]"}, "", `{"tags":["p","q"]}`, "", "X-A=q", 200},
		"context":          {map[string]string{"append:header.x-a": "${context.routeKey} ${context.stage} ${context.path}"}, "", "", "", "X-A=GET /pets/{id} test /test/pets/a%2Fb", 200},
		"query":            {map[string]string{"append:querystring.m": "a b&c=d", "remove:querystring.n": ""}, "", "", "/v2/pets/a%2Fb?m=a%20b%26c%3Dd", "", 200},
		"overwrite query":  {map[string]string{"overwrite:querystring.n": "9", "append:querystring.n": "10"}, "", "", "/v2/pets/a%2Fb?n=9&n=10", "", 200},
		"query unresolved": {map[string]string{"overwrite:querystring.n": "$request.header.x-none"}, "", "", "/v2/pets/a%2Fb?n=1&n=2", "", 200},
		"path":             {map[string]string{"overwrite:path": "$request.path"}, "", "", "/pets/a%2Fb?n=1&n=2", "", 200},
		"path of parts":    {map[string]string{"overwrite:path": "/${stageVariables.base}/${request.path.id}"}, "", "", "/shop/a%2Fb?n=1&n=2", "", 200},
		"broken value":     {map[string]string{"append:header.x-a": "$request.body.x"}, "", `{"x":"1\r\nX-Evil: 1"}`, "", "", 400},
		"too long a value": {map[string]string{"append:header.x-a": "$request.body"}, "", strings.Repeat("x", 11000), "", "", 400},
		"too long a path":  {map[string]string{"overwrite:path": "/${request.body}"}, "", strings.Repeat("x", 21000), "", "", 400},
		"too long a query": {map[string]string{"append:querystring.q": "$request.body"}, "", strings.Repeat("x", 21000), "", "", 400},
		"host":             {map[string]string{"overwrite:header.Host": "other.example"}, "", "", "", "", 200},
	} {
		t.Run(name, func(t *testing.T) {
			i := proxyTo("i", backend+"/v2/pets/{id}")
			i.RequestParameters = tt.params
			st := &apigw.Stage{Name: "test", Routes: &apigw.RouteStage{}, Variables: map[string]string{"base": "shop"}}
			got := serve(t, compileStage(t, definition(map[string]string{"GET /pets/{id}": "i"}, i), st, nil), "GET", "/pets/a%2Fb?n=1&n=2", tt.header, tt.body)
			if got.Status != tt.status {
				t.Fatalf("%+v", got)
			}
			if tt.status != 200 {
				return
			}
			if tt.line == "" {
				tt.line = "/v2/pets/a%2Fb?n=1&n=2"
			}
			host := strings.TrimPrefix(backend, "http://")
			if name == "host" {
				host = "other.example"
			}
			if d := cmp.Diff([]string{"GET " + tt.line, host, tt.got}, []string{got.Header["X-Line"], got.Header["X-Host"], got.Header["Got"]}); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestMappedAgainstConnection: a client that calls a field hop-by-hop keeps its
// own from the backend, never what the API sets.
func TestMappedAgainstConnection(t *testing.T) {
	i := proxyTo("i", reflect(t))
	i.RequestParameters = map[string]string{"overwrite:header.X-User": "$context.routeKey", "append:header.x-from": "gateway"}
	s := compileStage(t, definition(map[string]string{"GET /": "i"}, i), nil, nil)
	got := serve(t, s, "GET", "/", "Connection: close, x-user, X-From, x-own\nX-User: admin\nX-From: client\nX-Own: 1\nX-Other: 2", "")
	if want := "X-User=GET /"; got.Status != 200 || got.Header["Got"] != want {
		t.Errorf("%+v", got)
	}
	i.RequestParameters = map[string]string{"append:header.x-from": "gateway"}
	s = compileStage(t, definition(map[string]string{"GET /": "i"}, i), nil, nil)
	if got := serve(t, s, "GET", "/", "Connection: x-from, x-own\nX-From: client\nX-Own: 1", ""); got.Header["Got"] != "X-From=gateway" {
		t.Errorf("appended: %+v", got)
	}
}

// TestMappedEvent: a function sees the request as it was mapped.
func TestMappedEvent(t *testing.T) {
	var in lambda.Invocation
	i := functionCall("2.0")
	i.RequestParameters = map[string]string{"append:header.X-New": "$request.querystring.a", "overwrite:querystring.a": "changed", "overwrite:path": "/other", "remove:header.x-old": ""}
	s := compileStage(t, definition(map[string]string{"GET /pets": "fn"}, i), nil, testEnv(capture(&in)))
	serve(t, s, "GET", "/pets?a=1&b=2", "X-Old: 1", "")
	var event struct {
		RawPath, RawQueryString string
		Headers                 map[string]string
		QueryStringParameters   map[string]string
	}
	if err := json.Unmarshal(in.Payload, &event); err != nil {
		t.Fatal(err)
	}
	got := []any{event.RawPath, event.RawQueryString, event.Headers["x-new"], event.Headers["x-old"], event.QueryStringParameters}
	if d := cmp.Diff([]any{"/other", "b=2&a=changed", "1", "", map[string]string{"a": "changed", "b": "2"}}, got); d != "" {
		t.Error(d)
	}
}

// TestResponseParameters: by the integration's status alone; an answer of the
// gateway's own isn't changed.
func TestResponseParameters(t *testing.T) {
	backend := reflect(t)
	changes := map[apigw.StatusCode]map[string]string{
		"200": {"append:header.x-id": "$response.body.id", "overwrite:header.x-line": "$response.header.x-host", "remove:header.Got": "", "append:header.x-stage": "$context.stage"},
		"404": {"overwrite:statuscode": "403", "overwrite:header.Content-Type": "text/plain"},
		"500": {"overwrite:statuscode": "$response.body.id"},
		"503": {"overwrite:statuscode": "200"},
	}
	stageOf := func(uri string) *Stage {
		i := proxyTo("i", uri)
		i.ResponseParameters = changes
		return compileStage(t, definition(map[string]string{"GET /": "i"}, i), nil, nil)
	}
	s := stageOf(backend)
	host := strings.TrimPrefix(backend, "http://")
	got := serve(t, s, "GET", "/", "X-A: 1", "")
	want := []string{"7", host, "", "$default"}
	if d := cmp.Diff(want, []string{got.Header["x-id"], got.Header["x-line"], got.Header["Got"], got.Header["x-stage"]}); d != "" || got.Status != 200 {
		t.Errorf("%+v %s", got, d)
	}
	if got := serve(t, s, "GET", "/", "X-Status: 404", ""); got.Status != 403 || got.Header["Content-Type"] != "text/plain" {
		t.Errorf("404: %+v", got)
	}
	if got := serve(t, s, "GET", "/", "X-Status: 500", ""); got.Status != 500 || got.Body != `{"message":"Internal Server Error"}` {
		t.Errorf("a status of 7: %+v", got)
	}
	if got := serve(t, s, "GET", "/", "X-Status: 201", ""); got.Status != 201 || got.Header["x-id"] != "" {
		t.Errorf("201: %+v", got)
	}
	if got := serve(t, stageOf("http://127.0.0.1:1/"), "GET", "/", "", ""); got.Status != 503 {
		t.Errorf("the gateway's own: %+v", got)
	}
}

// TestLargeAnswerRefused: an answer that a mapping fails on reaches nobody, also
// when it was to be passed on as it comes, and its backend is let go of.
func TestLargeAnswerRefused(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100000")
		w.Header().Set("X-Status", "7")
		_, _ = io.WriteString(w, strings.Repeat("x", 100000))
	}))
	defer server.Close()
	i := proxyTo("i", server.URL)
	i.ResponseParameters = map[apigw.StatusCode]map[string]string{"200": {"overwrite:statuscode": "$response.header.x-status"}}
	s := compileStage(t, definition(map[string]string{"GET /": "i"}, i), nil, nil)
	if got := serve(t, s, "GET", "/", "", ""); got.Status != 500 || got.Body != `{"message":"Internal Server Error"}` {
		t.Errorf("%d, %d bytes", got.Status, len(got.Body))
	}
}

// TestParametersRefused: what AWS refuses when it is set is refused by name, and
// what depends on stage variables isn't before they are known.
func TestParametersRefused(t *testing.T) {
	for want, i := range map[string]*apigw.RouteIntegration{
		"append:header.x-amz-date":       {Type: apigw.IntegrationHTTPProxy, RequestParameters: map[string]string{"append:header.x-amz-date": "1"}},
		"responseParameters of 200":      {Type: apigw.IntegrationHTTPProxy, ResponseParameters: map[apigw.StatusCode]map[string]string{"200": {"append:header.via": "1"}}},
		`"abc" is no status code`:        {Type: apigw.IntegrationHTTPProxy, ResponseParameters: map[apigw.StatusCode]map[string]string{"abc": {}}},
		"lack MessageBody":               {Type: apigw.IntegrationAWSProxy, Subtype: "SQS-SendMessage", Credentials: "arn:aws:iam::123456789012:role/r", RequestParameters: map[string]string{"QueueUrl": "u"}},
		"requestParameters Extra of SQS": {Type: apigw.IntegrationAWSProxy, Subtype: "SQS-PurgeQueue", Credentials: "arn:aws:iam::123456789012:role/r", RequestParameters: map[string]string{"QueueUrl": "u", "Extra": "1"}},
		`"SQS-Nothing" is none of`:       {Type: apigw.IntegrationAWSProxy, Subtype: "SQS-Nothing"},
		"credentialsArn must":            {Type: apigw.IntegrationAWSProxy, Subtype: "SQS-PurgeQueue", RequestParameters: map[string]string{"QueueUrl": "u"}},
	} {
		i.ID, i.URI = "i", map[bool]string{true: "http://127.0.0.1/"}[i.Subtype == ""]
		problems := Check(definition(map[string]string{"GET /": "i"}, i), nil)
		if len(problems) != 1 || problems[0].Warning || !strings.Contains(problems[0].Text, want) {
			t.Errorf("%s: %v", want, problems)
		}
	}
	i := proxyTo("i", "http://127.0.0.1/")
	i.RequestParameters = map[string]string{"overwrite:path": "/${stageVariables.x}"}
	if problems := Check(definition(map[string]string{"GET /": "i"}, i), nil); len(problems) != 0 {
		t.Error(problems)
	}
}

package vpclink

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/lambda"
)

const functionARN = "arn:aws:lambda:eu-central-1:123456789012:function:orders"

// functionBook has a load balancer before a function that a service of Lambda's
// API answers with what it returns for an event.
func functionBook(t *testing.T, attributes map[string]string, answer func(payload []byte) string) *Book {
	t.Helper()
	s := served(t, "", func(w http.ResponseWriter, r *http.Request) {
		payload, _ := io.ReadAll(r.Body)
		text := answer(payload)
		if strings.HasPrefix(text, "!") {
			w.Header().Set("X-Amz-Function-Error", "Unhandled")
		}
		io.WriteString(w, strings.TrimPrefix(text, "!"))
	})
	f, err := lambda.New(lambda.Config{Partition: scope.Partition, Account: scope.Account, Region: scope.Region, Endpoint: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	b := newBook(t, Config{Functions: f})
	b.SetTargetGroups([]*apigw.TargetGroup{{ARN: groupARN, TargetType: apigw.TargetLambda, Attributes: attributes, Targets: []apigw.Target{{ID: functionARN}}}})
	b.SetLoadBalancers([]*apigw.LoadBalancer{applicationBalancer(forwardTo(groupARN))})
	return b
}

// TestFunctionEvent: what a function is given, as AWS's library for functions
// reads it, with nothing that it doesn't know ("Lambda functions as targets").
func TestFunctionEvent(t *testing.T) {
	for _, multi := range []string{"false", "true"} {
		var got events.ALBTargetGroupRequest
		b := functionBook(t, map[string]string{"lambda.multi_value_headers.enabled": multi}, func(payload []byte) string {
			d := json.NewDecoder(bytes.NewReader(payload))
			d.DisallowUnknownFields()
			if err := d.Decode(&got); err != nil {
				t.Error(err)
			}
			return `{"statusCode":200}`
		})
		a := get(t, b, albPlace(t, "http://x/"), "GET http://shop.example/orders/a%20b?n=1&n=2%20", "X-Tag: a", "x-tag: b", "X-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793")
		if a.status != 200 {
			t.Fatalf("%+v", a)
		}
		headers, multiHeaders := got.Headers, got.MultiValueHeaders
		if multi == "true" {
			want := map[string][]string{"n": {"1", "2%20"}}
			if got.QueryStringParameters != nil || headers != nil || cmp.Diff(want, got.MultiValueQueryStringParameters) != "" || cmp.Diff([]string{"a", "b"}, multiHeaders["x-tag"]) != "" {
				t.Errorf("multi: %+v", got)
			}
			continue
		}
		if multiHeaders != nil || headers["x-tag"] != "b" || headers["host"] != "shop.example" || headers["x-forwarded-for"] != "127.0.0.1" || headers["x-forwarded-port"] != "80" ||
			got.HTTPMethod != "GET" || got.Path != "/orders/a%20b" || got.QueryStringParameters["n"] != "2%20" || got.RequestContext.ELB.TargetGroupArn != string(groupARN) || got.IsBase64Encoded {
			t.Errorf("%+v", got)
		}
	}
}

// TestFunctionBody: which bodies are base64 ("Receive events from the load
// balancer"), and the most that there may be.
func TestFunctionBody(t *testing.T) {
	var got events.ALBTargetGroupRequest
	b := functionBook(t, nil, func(payload []byte) string {
		got = events.ALBTargetGroupRequest{}
		if err := json.Unmarshal(payload, &got); err != nil {
			t.Error(err)
		}
		return `{"statusCode":200}`
	})
	backend := b.Acquire(albPlace(t, "http://x/"))
	defer backend.Release()
	c := newCaller()
	post := func(body string, fields ...string) answer {
		c.body = []byte(body)
		return c.send(backend, "POST http://x/", fields...)
	}
	for _, tc := range []struct {
		fields []string
		want   string
		base64 bool
	}{
		{[]string{"Content-Type: application/json; charset=utf-8"}, "{}", false}, {[]string{"Content-Type: TEXT/plain"}, "{}", false},
		{[]string{"Content-Type: application/octet-stream"}, "e30=", true}, {[]string{"Content-Type: application/json", "Content-Encoding: gzip"}, "e30=", true}, {nil, "e30=", true},
	} {
		if a := post("{}", tc.fields...); a.status != 200 || got.Body != tc.want || got.IsBase64Encoded != tc.base64 {
			t.Errorf("%v: %+v; %+v", tc.fields, a, got)
		}
	}
	if a := post(strings.Repeat("a", maxFunctionBody+1)); a.status != 413 {
		t.Errorf("too large: %+v", a)
	}
}

// TestFunctionAnswers: what becomes of what a function answers ("Respond to the
// load balancer"; 7.6 of the sheet: a Lambda error is 502).
func TestFunctionAnswers(t *testing.T) {
	for _, tc := range []struct {
		answer, multi, body, field string
		status                     int
	}{
		{`{"statusCode":201,"statusDescription":"201 Created","headers":{"X-A":"1"},"body":"made"}`, "false", "made", "1", 201},
		{`{"statusCode":200,"isBase64Encoded":true,"headers":{"X-A":"1"},"body":"e30="}`, "false", "{}", "1", 200},
		{`{"statusCode":200,"multiValueHeaders":{"X-A":["1","2"]},"headers":{"X-A":"3"}}`, "true", "", "1,2", 200},
		{`{"statusCode":200,"multiValueHeaders":{"X-A":["1","2"]}}`, "false", "", "", 200},
		{`{"body":"no status"}`, "false", "", "", 502}, {`"text"`, "false", "", "", 502}, {`{"statusCode":99}`, "false", "", "", 502},
		{`{"statusCode":200,"isBase64Encoded":true,"body":"%"}`, "false", "", "", 502}, {`{"statusCode":200,"headers":{"a b":"c"}}`, "false", "", "", 502},
		{`{"statusCode":200,"headers":{"Content-Length":1000000}}`, "false", "", "", 502}, {`{"statusCode":200,"headers":{"A":true}}`, "false", "", "", 502},
		{`{"statusCode":200,"headers":{"A":"b\r\nC: d"}}`, "false", "", "", 502}, {`!{"errorMessage":"no"}`, "false", "", "", 502},
		{`{"statusCode":200,"body":"` + strings.Repeat("a", maxFunctionBody) + `"}`, "false", "", "", 502},
	} {
		b := functionBook(t, map[string]string{"lambda.multi_value_headers.enabled": tc.multi}, func([]byte) string { return tc.answer })
		a := get(t, b, albPlace(t, "http://x/"), "GET http://x/")
		if a.status != tc.status || tc.status != 502 && (a.body != tc.body || strings.Join(a.header.Values("X-A"), ",") != tc.field) {
			t.Errorf("%.80s: %+v", tc.answer, a)
		}
	}
}

// TestFunctionHealth: a function's checks are off unless they are turned on, and
// have an event of their own.
func TestFunctionHealth(t *testing.T) {
	seen := make(chan events.ALBTargetGroupRequest, 100)
	b := functionBook(t, nil, func(payload []byte) string {
		var e events.ALBTargetGroupRequest
		_ = json.Unmarshal(payload, &e)
		seen <- e
		return `{"statusCode":500}`
	})
	if h := b.Health(groupARN); len(h) != 1 || h[0].State != "unavailable" || h[0].Reason != "Target.HealthCheckDisabled" {
		t.Errorf("%+v", h)
	}
	b.SetTargetGroups([]*apigw.TargetGroup{{ARN: groupARN, TargetType: apigw.TargetLambda, Targets: []apigw.Target{{ID: functionARN}}, Health: apigw.HealthCheck{
		Enabled: true, Path: "/up", IntervalSeconds: 1, TimeoutSeconds: 1, HealthyThreshold: 2, UnhealthyThreshold: 2, Matcher: "200",
	}}})
	if e := <-seen; e.Path != "/up" || e.Headers["user-agent"] != "ELB-HealthChecker/2.0" {
		t.Errorf("%+v", e)
	}
	eventually(t, "unhealthy", func() bool {
		h := b.Health(groupARN)[0]
		return h.State == "unhealthy" && h.Reason == "Target.ResponseCodeMismatch"
	})
}

// FuzzFunctionAnswer: whatever a function answers, it is an answer that can be
// sent, or refused.
func FuzzFunctionAnswer(f *testing.F) {
	for _, seed := range []string{`{"statusCode":200,"headers":{"A":1}}`, `{"statusCode":204,"multiValueHeaders":{"A":["b",""]}}`, `{"statusCode":"200"}`, `null`, `{"statusCode":200,"body":"e30=","isBase64Encoded":true}`} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, payload []byte, multi bool) {
		spec := &groupSpec{TargetGroup: &apigw.TargetGroup{TargetType: apigw.TargetLambda, Attributes: map[string]string{"lambda.multi_value_headers.enabled": map[bool]string{true: "true", false: "false"}[multi]}}}
		call := integration.NewCall()
		v := &visit{req: &call.Request, resp: &call.Response}
		if err := v.answerOf(spec, &lambda.Result{Payload: payload}); err != nil {
			return
		}
		if s := call.Response.Status; s < 200 || s > 599 {
			t.Errorf("%d", s)
		}
		for i := range call.Response.Header.Len() {
			name, value := call.Response.Header.At(i)
			if strings.ContainsAny(string(name)+string(value), "\r\n\x00") || len(name) == 0 {
				t.Errorf("%q: %q", name, value)
			}
		}
	})
}

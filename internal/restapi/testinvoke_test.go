package restapi

import (
	"context"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/lambda"
)

// trialTime is what the lines of a test's log begin with (recorded on AWS).
var trialTime = regexp.MustCompile(`(?m)^[A-Z][a-z]{2} [A-Z][a-z]{2} \d{2} \d{2}:\d{2}:\d{2} UTC \d{4} : `)

var trialLatency = regexp.MustCompile(`latency: \d+ ms|Root=1-[0-9a-f]{8}-[0-9a-f]{24}|;Parent=[0-9a-f]{16}|127\.0\.0\.1:\d+`)

// plainLog is a test's log without what differs from call to call.
func plainLog(log string) []string {
	log = trialLatency.ReplaceAllString(trialTime.ReplaceAllString(log, "@ "), "~")
	return strings.Split(log, "\n")
}

func trialRequest(in apigw.TestRequest) *apigw.TestRequest {
	in.RequestID = testID
	if in.Resource == "" {
		in.Resource = "id:/pets/{petId}"
	}
	if in.Verb == "" {
		in.Verb = "GET"
	}
	if in.HTTPMethod == "" {
		in.HTTPMethod = string(in.Verb)
	}
	return &in
}

// TestTestInvokeLog has the log and the answer of tests line by line as
// recorded on AWS, and for functions and failures as shown by AWS's console in
// public transcripts.
func TestTestInvokeLog(t *testing.T) {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Date"] = nil
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write([]byte("one\ntwo"))
	}))
	defer backend.Close()
	mock := mockMethod(`all the pets`)
	mock.AuthorizationType, mock.APIKeyRequired = "AWS_IAM", true
	tests := map[string]struct {
		method    *apigw.Method
		functions lambda.Invoker
		in        apigw.TestRequest
		status    int
		body      string
		header    []apigw.TestField
		log       []string
	}{
		"no path": {
			method: mock, status: 200, body: "all the pets", header: []apigw.TestField{{Name: "Content-Type", Value: "application/json"}},
			log: []string{
				"Execution log for request " + testID,
				"@ Starting execution for request: " + testID,
				"@ HTTP Method: GET, Resource Path: /pets/{petId}",
				"@ Method request path: {petId={petId}}",
				"@ Method request query string: {}",
				"@ Method request headers: {}",
				"@ Method request body before transformations: ",
				"@ Method response body after transformations: all the pets",
				"@ Method response headers: {Content-Type=application/json}",
				"@ Successfully completed execution",
				"@ Method completed with status: 200",
				"",
			},
		},
		"unrelated path": {
			method: mock, in: apigw.TestRequest{Path: "/random/test?foo=bar"}, status: 200, body: "all the pets",
			header: []apigw.TestField{{Name: "Content-Type", Value: "application/json"}},
			log: []string{
				"Execution log for request " + testID,
				"@ Starting execution for request: " + testID,
				"@ HTTP Method: GET, Resource Path: /random/test",
				"@ Method request path: {}",
				"@ Method request query string: {foo=bar}",
				"@ Method request headers: {}",
				"@ Method request body before transformations: ",
				"@ Method response body after transformations: all the pets",
				"@ Method response headers: {Content-Type=application/json}",
				"@ Successfully completed execution",
				"@ Method completed with status: 200",
				"",
			},
		},
		"backend": {
			method: &apigw.Method{Integration: &apigw.Integration{Type: "HTTP_PROXY", HTTPMethod: "GET", URI: backend.URL + "/up"}},
			in:     apigw.TestRequest{Path: "/pets/7", Body: "in", Header: []apigw.TestField{{Name: "X-A", Value: "1"}}}, status: 200, body: "one\ntwo",
			header: []apigw.TestField{{Name: "Content-Type", Value: "text/plain"}, {Name: "x-amzn-Remapped-Content-Length", Value: "7"}},
			log: []string{
				"Execution log for request " + testID,
				"@ Starting execution for request: " + testID,
				"@ HTTP Method: GET, Resource Path: /pets/7",
				"@ Method request path: {petId=7}",
				"@ Method request query string: {}",
				"@ Method request headers: {X-A=1}",
				"@ Method request body before transformations: in",
				"@ Endpoint request URI: http://~/up",
				"@ Endpoint request headers: {X-A=1, User-Agent=AmazonAPIGateway_a1b2c3d4e5, x-amzn-apigateway-api-id=a1b2c3d4e5, X-Amzn-Trace-Id=~}",
				"@ Endpoint request body after transformations: in",
				"@ Sending request to http://~/up",
				"@ Received response. Status: 200, Integration ~",
				"@ Endpoint response headers: {Content-Type=text/plain, Content-Length=7}",
				"@ Endpoint response body before transformations: one", "two",
				"@ Method response body after transformations: one", "two",
				"@ Method response headers: {Content-Type=text/plain, x-amzn-Remapped-Content-Length=7}",
				"@ Successfully completed execution",
				"@ Method completed with status: 200",
				"",
			},
		},
		"endpoint that can't be": {
			method: &apigw.Method{Integration: &apigw.Integration{Type: "HTTP_PROXY", HTTPMethod: "GET", URI: "http://${stageVariables.host}"}},
			status: 500, body: `{"message": "Internal server error"}`,
			header: []apigw.TestField{{Name: "x-amzn-ErrorType", Value: "InternalServerErrorException"}},
			log: []string{
				"Execution log for request " + testID,
				"@ Starting execution for request: " + testID,
				"@ HTTP Method: GET, Resource Path: /pets/{petId}",
				"@ Method request path: {petId={petId}}",
				"@ Method request query string: {}",
				"@ Method request headers: {}",
				"@ Method request body before transformations: ",
				"@ Execution failed due to configuration error: Invalid endpoint address",
				"@ Method completed with status: 500",
				"",
			},
		},
		"function that answers in no form": {
			method: lambdaMethod(), functions: returning(`"text"`), status: 502, body: `{"message": "Internal server error"}`,
			header: []apigw.TestField{
				{Name: "x-amzn-ErrorType", Value: "InternalServerErrorException"}, {Name: "X-Amzn-Trace-Id", Value: "~~;Sampled=0"},
			},
			log: nil,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			def := define(map[string]*apigw.Method{"GET /pets/{petId}": test.method, "GET /other": {}})
			got, err := TestInvoke(context.Background(), def, trialRequest(test.in), testEnv(test.functions))
			if err != nil {
				t.Fatal(err)
			}
			for i := range got.Header {
				got.Header[i].Value = trialLatency.ReplaceAllString(got.Header[i].Value, "~")
			}
			want := &apigw.TestResult{Status: test.status, Body: test.body, Header: test.header}
			log := got.Log
			got.Log, got.Latency = "", 0
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.log, plainLog(log)); diff != "" && test.log != nil {
				t.Error(diff)
			}
		})
	}
}

// TestTestInvokeEvent has the event of a test as AWS's functions logged it in
// public transcripts.
func TestTestInvokeEvent(t *testing.T) {
	var event map[string]any
	in := trialRequest(apigw.TestRequest{
		Path: "/pets/7", StageVariables: map[string]string{"v": "1"},
		Caller: apigw.TestCaller{Account: "123456789012", ARN: "arn:aws:iam::123456789012:root", User: "123456789012", AccessKey: "AKIAIOSFODNN7EXAMPLE", UserAgent: "aws-cli"},
	})
	_, err := TestInvoke(context.Background(), define(map[string]*apigw.Method{"GET /pets/{petId}": lambdaMethod()}), in, testEnv(capture(t, &event)))
	if err != nil {
		t.Fatal(err)
	}
	c := event["requestContext"].(map[string]any)
	for _, name := range []string{"extendedRequestId", "requestTime", "requestTimeEpoch"} {
		if c[name] == nil {
			t.Errorf("requestContext has no %s", name)
		}
		delete(c, name)
	}
	want := map[string]any{
		"resource": "/pets/{petId}", "path": "/pets/7", "httpMethod": "GET", "headers": nil, "multiValueHeaders": nil,
		"queryStringParameters": nil, "multiValueQueryStringParameters": nil, "pathParameters": map[string]any{"petId": "7"},
		"stageVariables": map[string]any{"v": "1"}, "body": nil, "isBase64Encoded": false,
		"requestContext": map[string]any{
			"resourceId": "id:/pets/{petId}", "resourcePath": "/pets/{petId}", "httpMethod": "GET", "path": "/pets/{petId}", "accountId": "123456789012",
			"protocol": "HTTP/1.1", "stage": "test-invoke-stage", "domainPrefix": "testPrefix", "requestId": testID, "domainName": "testPrefix.testDomainName",
			"apiId": "a1b2c3d4e5",
			"identity": map[string]any{
				"cognitoIdentityPoolId": nil, "cognitoIdentityId": nil, "apiKey": "test-invoke-api-key", "principalOrgId": nil, "cognitoAuthenticationType": nil,
				"userArn": "arn:aws:iam::123456789012:root", "apiKeyId": "test-invoke-api-key-id", "userAgent": "aws-cli", "accountId": "123456789012",
				"caller": "123456789012", "sourceIp": "test-invoke-source-ip", "accessKey": "AKIAIOSFODNN7EXAMPLE", "cognitoAuthenticationProvider": nil, "user": "123456789012",
			},
		},
	}
	if diff := cmp.Diff(want, event); diff != "" {
		t.Error(diff)
	}
}

func TestTestInvokeRefuses(t *testing.T) {
	tests := map[string]struct {
		method *apigw.Method
		in     apigw.TestRequest
		want   string
	}{
		"no integration":     {&apigw.Method{}, apigw.TestRequest{}, "No integration defined for method"},
		"other verb":         {mockMethod(""), apigw.TestRequest{Verb: "POST"}, "Invalid Method identifier specified"},
		"line break":         {mockMethod(""), apigw.TestRequest{Header: []apigw.TestField{{Name: "X-A", Value: "1\r\nX-B: 2"}}}, `Invalid header specified: "X-A"`},
		"name that is none":  {mockMethod(""), apigw.TestRequest{Header: []apigw.TestField{{Name: "X A", Value: "1"}}}, `Invalid header specified: "X A"`},
		"what can't be done": {&apigw.Method{Integration: &apigw.Integration{Type: "NONE"}}, apigw.TestRequest{}, `Gatehouse can't serve this yet: GET /pets/{petId}: the integration type "NONE" is none that API Gateway has`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := TestInvoke(context.Background(), define(map[string]*apigw.Method{"GET /pets/{petId}": test.method}), trialRequest(test.in), testEnv(nil))
			if err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// TestTestInvokeEnds ends the call of a backend with the call that asked for
// the test.
func TestTestInvokeEnds(t *testing.T) {
	called, gone := make(chan struct{}), make(chan struct{})
	backend := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(called)
		<-r.Context().Done()
		close(gone)
	}))
	defer backend.Close()
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-called
		cancel()
	}()
	def := define(map[string]*apigw.Method{"GET /pets/{petId}": {Integration: &apigw.Integration{Type: "HTTP_PROXY", HTTPMethod: "GET", URI: backend.URL}}})
	if _, err := TestInvoke(ctx, def, trialRequest(apigw.TestRequest{}), testEnv(nil)); err != nil {
		t.Fatal(err)
	}
	select {
	case <-gone:
	case <-time.After(10 * time.Second):
		t.Error("the backend still works")
	}
}

// TestTestInvokeStreamed: a streamed answer is collected, up to a bound, and has
// no log; one that doesn't begin in time has the status 0 (developer guide,
// "Stream the integration response for your proxy integrations").
func TestTestInvokeStreamed(t *testing.T) {
	const half = trialStreamSize / 2
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/silent" {
			<-r.Context().Done()
			return
		}
		_, _ = w.Write([]byte(strings.Repeat("x", half)))
		w.(http.Flusher).Flush()
		if r.URL.Path == "/hangs" {
			<-r.Context().Done()
			return
		}
		_, _ = w.Write([]byte(strings.Repeat("y", half+1)))
	}))
	defer backend.Close()
	tests := map[string]struct {
		time   time.Duration
		status int
		body   string
	}{
		"/large":  {time.Minute, 200, strings.Repeat("x", half) + strings.Repeat("y", half)},
		"/hangs":  {200 * time.Millisecond, 200, strings.Repeat("x", half)},
		"/silent": {50 * time.Millisecond, 0, ""},
	}
	for path, tt := range tests {
		t.Run(path, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), tt.time)
			defer cancel()
			m := &apigw.Method{Integration: &apigw.Integration{Type: "HTTP_PROXY", HTTPMethod: "GET", URI: backend.URL + path, ResponseMode: "STREAM"}}
			got, err := TestInvoke(ctx, define(map[string]*apigw.Method{"GET /pets/{petId}": m}), trialRequest(apigw.TestRequest{}), testEnv(nil))
			if err != nil {
				t.Fatal(err)
			}
			if got.Status != tt.status || got.Body != tt.body || got.Log != "" {
				t.Errorf("%d, %d bytes, log %q; want %d, %d bytes", got.Status, len(got.Body), got.Log, tt.status, len(tt.body))
			}
		})
	}
}

package restapi

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/credentials"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/lambda"
)

const (
	testRole   = "arn:aws:iam::123456789012:role/r"
	serviceARN = "arn:aws:apigateway:us-east-1:"
)

// servicesEnv has every AWS service at address.
func servicesEnv(address string, functions lambda.Invoker) *Env {
	env := testEnv(functions)
	env.Services = &integration.Services{
		Endpoints: map[string]string{"default": "http://" + address},
		Roles:     credentials.NewRoles(credentials.Config{Partition: "aws", Account: "123456789012", Region: "us-east-1"}),
	}
	return env
}

func awsMethod(uri string, params map[string]string) *apigw.Method {
	m := httpMethod(apigw.IntegrationAWS, serviceARN+uri, params)
	m.Integration.Credentials = testRole
	return m
}

var varying = regexp.MustCompile(`(X-Amz-Date: )\d{8}T\d{6}Z|(Credential=\d{12}/)\d{8}|(Signature=)[0-9a-f]{64}|(Parent=)[0-9a-f]{16}`)

// TestAWSRequest covers what an AWS service receives.
func TestAWSRequest(t *testing.T) {
	const (
		own     = "User-Agent: AmazonAPIGateway_a1b2c3d4e5"
		id      = "x-amzn-apigateway-api-id: a1b2c3d4e5"
		trace   = "X-Amzn-Trace-Id: TRACE;Parent=;Sampled=0"
		form    = "application/x-www-form-urlencoded"
		date    = "X-Amz-Date: "
		auth    = "Authorization: AWS4-HMAC-SHA256 Credential=123456789012//us-east-1/"
		accept  = "Accept: application/json"
		json    = "Content-Type: application/json"
		targets = "integration.request.header.X-Amz-Target"
		types   = "integration.request.header.Content-Type"
	)
	tests := map[string]struct {
		uri    string
		params map[string]string
		method string
		body   string
		want   []string
	}{
		"a path": {uri: "sqs:path/123456789012/{queue}", body: "a=b",
			params: map[string]string{"integration.request.path.queue": "method.request.querystring.q", types: "'" + form + "'"},
			want: []string{"POST /123456789012/a%20b HTTP/1.1", "Host: BACKEND", accept, own, id, trace, "Content-Type: " + form, date,
				auth + "sqs/aws4_request, SignedHeaders=accept;content-type;host;x-amz-date;x-amzn-apigateway-api-id, Signature=", "Content-Length: 3", "", "a=b"}},
		"an action as a query": {uri: "sns:action/Publish&Subject=s", params: map[string]string{"integration.request.querystring.Message": "'a b'"},
			want: []string{"POST /?Action=Publish&Subject=s&Message=a%20b HTTP/1.1", "Host: BACKEND", accept, own, id, trace, date,
				auth + "sns/aws4_request, SignedHeaders=accept;host;x-amz-date;x-amzn-apigateway-api-id, Signature=", "Content-Length: 0", "", ""}},
		"an action as JSON": {uri: "kinesis:action/PutRecord", body: `{"a":1}`,
			want: []string{"POST / HTTP/1.1", "Host: BACKEND", accept, own, "Content-Type: application/x-amz-json-1.1", "X-Amz-Target: Kinesis_20131202.PutRecord", id, trace, date,
				auth + "kinesis/aws4_request, SignedHeaders=accept;content-type;host;x-amz-date;x-amz-target;x-amzn-apigateway-api-id, Signature=", "Content-Length: 7", "", `{"a":1}`}},
		"an action as JSON without a body": {uri: "kinesis:action/ListStreams",
			want: []string{"POST / HTTP/1.1", "Host: BACKEND", accept, own, "Content-Type: application/x-amz-json-1.1", "X-Amz-Target: Kinesis_20131202.ListStreams", id, trace, date,
				auth + "kinesis/aws4_request, SignedHeaders=accept;content-type;host;x-amz-date;x-amz-target;x-amzn-apigateway-api-id, Signature=", "Content-Length: 2", "", `{}`}},
		"another service without a body": {uri: "ssm:action/GetParameter",
			want: []string{"POST /?Action=GetParameter HTTP/1.1", "Host: BACKEND", accept, own, id, trace, date,
				auth + "ssm/aws4_request, SignedHeaders=accept;host;x-amz-date;x-amzn-apigateway-api-id, Signature=", "Content-Length: 0", "", ""}},
		"another service with a body": {uri: "ssm:action/GetParameter", body: "{}",
			want: []string{"POST / HTTP/1.1", "Host: BACKEND", accept, own, "Content-Type: application/x-amz-json-1.1", "X-Amz-Target: AmazonSSM.GetParameter", id, trace, date,
				auth + "ssm/aws4_request, SignedHeaders=accept;content-type;host;x-amz-date;x-amz-target;x-amzn-apigateway-api-id, Signature=", "Content-Length: 2", "", "{}"}},
		"a mapped target": {uri: "events:action/PutEvents", body: "{}", params: map[string]string{targets: "'AWSEvents.PutEvents'", types: "'application/x-amz-json-1.1'"},
			want: []string{"POST / HTTP/1.1", "Host: BACKEND", accept, own, id, trace, "Content-Type: application/x-amz-json-1.1", "X-Amz-Target: AWSEvents.PutEvents", date,
				auth + "events/aws4_request, SignedHeaders=accept;content-type;host;x-amz-date;x-amz-target;x-amzn-apigateway-api-id, Signature=", "Content-Length: 2", "", "{}"}},
		"a form to a JSON service": {uri: "dynamodb:action/Scan", body: "a=b", params: map[string]string{types: "'" + form + "'"},
			want: []string{"POST /?Action=Scan HTTP/1.1", "Host: BACKEND", accept, own, id, trace, "Content-Type: " + form, date,
				auth + "dynamodb/aws4_request, SignedHeaders=accept;content-type;host;x-amz-date;x-amzn-apigateway-api-id, Signature=", "Content-Length: 3", "", "a=b"}},
		"S3, with the client's method": {uri: "s3:path/bucket/k", method: "ANY",
			params: map[string]string{"integration.request.header.Accept": "'image/png'", "integration.request.header.User-Agent": "'me'", "integration.request.header.X-Amz-Acl": "'private'"},
			want: []string{"PUT /bucket/k HTTP/1.1", "Host: BACKEND", id, trace, "Accept: image/png", "User-Agent: me", "X-Amz-Acl: private", date,
				"X-Amz-Content-Sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
				auth + "s3/aws4_request, SignedHeaders=accept;host;x-amz-acl;x-amz-content-sha256;x-amz-date;x-amzn-apigateway-api-id, Signature=", "Content-Length: 0", "", ""}},
		"JSON as what it is not": {uri: "sqs:path/1/q", body: "{}",
			want: []string{"POST /1/q HTTP/1.1", "Host: BACKEND", accept, own, json, id, trace, date,
				auth + "sqs/aws4_request, SignedHeaders=accept;content-type;host;x-amz-date;x-amzn-apigateway-api-id, Signature=", "Content-Length: 2", "", "{}"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			address, requests := seen(t)
			m := awsMethod(tt.uri, tt.params)
			if tt.method != "" {
				m.Integration.HTTPMethod = tt.method
			}
			s := compileStage(t, define(map[string]*apigw.Method{"PUT /r": m}), nil, servicesEnv(address, nil))
			_, got := serve(s, call{method: "PUT", target: "/r?q=a+b&other=1", header: "X-Client: no", body: tt.body})
			if got.Status != 200 {
				t.Fatalf("answered %v", got)
			}
			sent := varying.ReplaceAllString(<-requests, "$1$2$3$4")
			if d := cmp.Diff(tt.want, lines(sent, address)); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestAWSLog: the log of a call to a service shows what signs it masked, and
// that of a role that can't be assumed AWS's words for it (seen on AWS).
func TestAWSLog(t *testing.T) {
	address, _ := seen(t)
	m := awsMethod("kinesis:action/ListStreams", nil)
	def := define(map[string]*apigw.Method{"GET /r": m})
	in := trialRequest(apigw.TestRequest{Resource: "id:/r"})
	got, err := TestInvoke(t.Context(), def, in, servicesEnv(address, nil))
	if err != nil {
		t.Fatal(err)
	}
	log := varying.ReplaceAllString(got.Log, "$1")
	for _, want := range []string{
		"Endpoint request URI: http://" + address + "/\n",
		"X-Amz-Target=Kinesis_20131202.ListStreams",
		"Endpoint request body after transformations: {}\n",
		"Method completed with status: 200\n",
	} {
		if !strings.Contains(log, want) {
			t.Errorf("no %q in %s", want, log)
		}
	}
	if strings.Contains(log, "AWS4-HMAC") || !regexp.MustCompile(`Authorization=\*{60,}[0-9a-f]{6}[,}]`).MatchString(log) {
		t.Errorf("the signature shows: %s", log)
	}

	refused := integration.Misconfigured(fmt.Errorf("sign: %w", &credentials.RoleError{Role: testRole, Why: credentials.ErrUndeclared}))
	if got := faultText(refused); got != "Execution failed due to configuration error: API Gateway does not have permission to assume the provided role "+testRole {
		t.Errorf("a role that can't be assumed: %s", got)
	}
}

// TestAWSAnswer: patterns see the service's status, its body passes as it is
// (recorded on AWS: S3's 404 with only a default response is 200 with S3's
// document).
func TestAWSAnswer(t *testing.T) {
	address := rawBackend(t, func(request string) string {
		if strings.HasPrefix(request, "POST /missing") {
			return "HTTP/1.1 404 Not Found\r\nContent-Type: application/xml\r\nContent-Length: 7\r\nETag: e\r\n\r\n<Error>"
		}
		return "HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\n\r\n"
	})
	m := awsMethod("s3:path/{key}", map[string]string{"integration.request.path.key": "method.request.path.key"})
	pattern := "5.."
	m.Responses["502"] = &apigw.MethodResponse{StatusCode: "502"}
	m.Integration.Responses["502"] = &apigw.IntegrationResponse{StatusCode: "502", SelectionPattern: &pattern}
	m.Integration.Responses["200"].ResponseParameters = map[string]string{"method.response.header.ETag": "integration.response.header.ETag"}
	s := compileStage(t, define(map[string]*apigw.Method{"GET /{key}": m}), nil, servicesEnv(address, nil))
	x, got := serve(s, call{method: "GET", target: "/missing"})
	if d := cmp.Diff(reply{200, "<Error>", ""}, got); d != "" {
		t.Error(d)
	}
	if etag := fields(&x.Response.Header, "ETag"); len(etag) != 1 || etag[0] != "e" || len(fields(&x.Response.Header, "X-Amzn-Trace-Id")) != 1 {
		t.Errorf("fields %v", &x.Response.Header)
	}
	if _, got := serve(s, call{method: "GET", target: "/busy"}); got.Status != 502 {
		t.Errorf("answered %v", got)
	}
}

// TestAWSFailures: what can't be called is 500, as seen on AWS for roles.
func TestAWSFailures(t *testing.T) {
	internal := reply{500, `{"message": "Internal server error"}`, "InternalServerErrorException"}
	address, _ := seen(t)
	local := servicesEnv(address, nil)
	own := servicesEnv(address, nil)
	own.Services.Endpoints = nil
	tests := map[string]struct {
		uri    string
		params map[string]string
		vars   map[string]string
		env    *Env
		want   reply
	}{
		"a role nobody declared, on AWS": {uri: "sqs:path/1/q", env: own, want: internal},
		"a mapped Authorization":         {uri: "sqs:path/1/q", params: map[string]string{"integration.request.header.Authorization": "'x'"}, env: local, want: internal},
		"a mapped Connection":            {uri: "sqs:path/1/q", params: map[string]string{"integration.request.header.Connection": "'x'"}, env: local, want: internal},
		"variables make the URI none":    {uri: "${stageVariables.s}:path/1/q", env: local, want: internal},
		"variables name the service":     {uri: "${stageVariables.s}:path/1/q", vars: map[string]string{"s": "sqs"}, env: local, want: reply{200, "ok", ""}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := compileStage(t, define(map[string]*apigw.Method{"GET /r": awsMethod(tt.uri, tt.params)}), &apigw.Stage{Name: "prod", Variables: tt.vars}, tt.env)
			if _, got := serve(s, call{method: "GET", target: "/r"}); got != tt.want {
				t.Errorf("answered %v, want %v", got, tt.want)
			}
		})
	}
}

func BenchmarkServeAWS(b *testing.B) {
	m := awsMethod("kinesis:action/ListStreams", nil)
	s := compileStage(b, define(map[string]*apigw.Method{"GET /r": m}), nil, servicesEnv(fastBackend(b), nil))
	e := newReused("/r")
	b.ReportAllocs()
	for b.Loop() {
		e.serve(b, s)
	}
}

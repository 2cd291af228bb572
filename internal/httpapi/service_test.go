package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/credentials"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/sigv4"
)

const serviceRole = "arn:aws:iam::123456789012:role/caller"

// asked is what a service was asked.
type asked struct {
	Method, Path, Query, Body, Target, Type string

	request *http.Request
}

// service records what it is asked and answers with status and body.
func service(t testing.TB, got *asked, status int, body string) *Env {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		*got = asked{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, string(text), r.Header.Get("X-Amz-Target"), r.Header.Get("Content-Type"), r}
		w.Header().Set("Content-Type", "text/xml")
		w.Header().Set("Configuration-Version", "7")
		w.Header().Set("x-amzn-RequestId", "secret-ish")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	env := testEnv(nil)
	env.Services = &integration.Services{
		Endpoints: map[string]string{"default": server.URL},
		Roles:     credentials.NewRoles(credentials.Config{Partition: "aws", Account: "123456789012", Region: "us-east-1"}),
	}
	return env
}

func actionOf(subtype string, params map[string]string) *apigw.RouteIntegration {
	return &apigw.RouteIntegration{ID: "s", Type: apigw.IntegrationAWSProxy, Subtype: subtype, Credentials: serviceRole, PayloadFormat: "1.0", ConnectionType: "INTERNET", RequestParameters: params}
}

// TestServices sends every subtype with all of its parameters, and wants the
// request that AWS's SDK for Python makes of them.
func TestServices(t *testing.T) {
	const queue, machine = "https://sqs.us-east-1.amazonaws.com/123456789012/orders", "arn:aws:states:us-east-1:123456789012:stateMachine:m"
	attributes := `{"a":{"DataType":"String","StringValue":"x & y"},"n":{"DataType":"Number","StringValue":"5"}}`
	type values = map[string]any
	cases := []struct {
		subtype           string
		params            map[string]string // all values from the body
		service, protocol string
		sdk               values
	}{
		{"EventBridge-PutEvents", map[string]string{"Detail": `{"id":1,"text":"ü\""}`, "DetailType": "order", "Source": "shop", "Time": "2026-05-31T12:35:13Z", "EventBusName": "bus", "Resources": `["arn:a","arn:b"]`, "TraceHeader": "Root=1"},
			"events", "json", values{"Entries": []any{values{"Detail": `{"id":1,"text":"ü\""}`, "DetailType": "order", "Source": "shop", "Time": 1780230913, "EventBusName": "bus", "Resources": []string{"arn:a", "arn:b"}, "TraceHeader": "Root=1"}}}},
		{"SQS-SendMessage", map[string]string{"QueueUrl": queue, "MessageBody": "a=b&c <ü>", "DelaySeconds": "5", "MessageAttributes": attributes, "MessageDeduplicationId": "d", "MessageGroupId": "g",
			"MessageSystemAttributes": `{"AWSTraceHeader":{"DataType":"String","StringValue":"Root=1"}}`},
			"sqs", "query", values{"QueueUrl": queue, "MessageBody": "a=b&c <ü>", "DelaySeconds": 5, "MessageDeduplicationId": "d", "MessageGroupId": "g",
				"MessageAttributes":       values{"a": values{"DataType": "String", "StringValue": "x & y"}, "n": values{"DataType": "Number", "StringValue": "5"}},
				"MessageSystemAttributes": values{"AWSTraceHeader": values{"DataType": "String", "StringValue": "Root=1"}}}},
		{"SQS-ReceiveMessage", map[string]string{"QueueUrl": queue, "AttributeNames": "All, SentTimestamp", "MaxNumberOfMessages": "3", "MessageAttributeNames": `["a","b"]`, "ReceiveRequestAttemptId": "r", "VisibilityTimeout": "9", "WaitTimeSeconds": "0"},
			"sqs", "query", values{"QueueUrl": queue, "AttributeNames": []string{"All", "SentTimestamp"}, "MaxNumberOfMessages": 3, "MessageAttributeNames": []string{"a", "b"}, "ReceiveRequestAttemptId": "r", "VisibilityTimeout": 9, "WaitTimeSeconds": 0}},
		{"SQS-DeleteMessage", map[string]string{"QueueUrl": queue, "ReceiptHandle": "h+/="}, "sqs", "query", values{"QueueUrl": queue, "ReceiptHandle": "h+/="}},
		{"SQS-PurgeQueue", map[string]string{"QueueUrl": queue}, "sqs", "query", values{"QueueUrl": queue}},
		{"AppConfig-GetConfiguration", map[string]string{"Application": "shop/x", "Environment": "prod", "Configuration": "main", "ClientId": "c 1", "ClientConfigurationVersion": "7"},
			"appconfig", "rest-json", values{"Application": "shop/x", "Environment": "prod", "Configuration": "main", "ClientId": "c 1", "ClientConfigurationVersion": "7"}},
		{"Kinesis-PutRecord", map[string]string{"StreamName": "s", "Data": "aGVsbG8=", "PartitionKey": "p", "SequenceNumberForOrdering": "1", "ExplicitHashKey": "2"},
			"kinesis", "json", values{"StreamName": "s", "Data": "aGVsbG8=", "PartitionKey": "p", "SequenceNumberForOrdering": "1", "ExplicitHashKey": "2"}},
		{"StepFunctions-StartExecution", map[string]string{"StateMachineArn": machine, "Name": "n", "Input": `{"a":1}`}, "stepfunctions", "json", values{"stateMachineArn": machine, "name": "n", "input": `{"a":1}`}},
		{"StepFunctions-StartSyncExecution", map[string]string{"StateMachineArn": machine, "Name": "n", "Input": `{"a":1}`, "TraceHeader": "Root=1"},
			"stepfunctions", "json", values{"stateMachineArn": machine, "name": "n", "input": `{"a":1}`, "traceHeader": "Root=1"}},
		{"StepFunctions-StopExecution", map[string]string{"ExecutionArn": machine, "Cause": "c", "Error": "e"}, "stepfunctions", "json", values{"executionArn": machine, "cause": "c", "error": "e"}},
	}
	var questions []any
	for _, c := range cases {
		_, action, _ := strings.Cut(c.subtype, "-")
		questions = append(questions, map[string]any{"service": c.service, "protocol": c.protocol, "action": action, "params": c.sdk})
	}
	sdk := serialized(t, questions)
	if len(cases) != len(actions) {
		t.Errorf("%d of %d subtypes", len(cases), len(actions))
	}
	for n, c := range cases {
		for _, how := range []string{"from the body", "static"} {
			t.Run(c.subtype+" "+how, func(t *testing.T) {
				params := map[string]string{"Region": "eu-west-1"}
				for name, value := range c.params {
					if params[name] = value; how != "static" {
						params[name] = "$request.body." + name
					}
				}
				body, _ := json.Marshal(c.params)
				var got asked
				s := compileStage(t, definition(map[string]string{"POST /": "s"}, actionOf(c.subtype, params)), nil, service(t, &got, 202, "<ok/>"))
				answer := serve(t, s, "POST", "/", "Content-Type: application/json", string(body))
				if answer.Status != 202 || answer.Body != "<ok/>" {
					t.Fatalf("%+v", answer)
				}
				sameRequest(t, sdk[n], got)
				checkSignature(t, &got, map[string]string{"stepfunctions": "states"}[c.service]+map[bool]string{true: c.service}[c.service != "stepfunctions"])
			})
		}
	}
}

// sameRequest compares what a service was asked with what an SDK asks: JSON and
// forms by what they hold.
func sameRequest(t *testing.T, want, got asked) {
	t.Helper()
	read := func(a asked) []any {
		var object any
		form, _ := url.ParseQuery(a.Body)
		query, _ := url.ParseQuery(a.Query)
		kind, _, _ := strings.Cut(a.Type, ";")
		switch {
		case strings.HasPrefix(a.Body, "{"):
			_ = json.Unmarshal([]byte(a.Body), &object)
			form = nil
		case a.Body == "" || a.Method == "GET":
			form, kind = nil, ""
		}
		return []any{a.Method, a.Path, query, form, object, a.Target, kind}
	}
	if d := cmp.Diff(read(want), read(got)); d != "" {
		t.Errorf("%s\nin %s", d, got.Body)
	}
}

func checkSignature(t *testing.T, got *asked, name string) {
	t.Helper()
	r := got.request
	in := sigv4.Request{Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Host: r.Host, PayloadHash: sha256.Sum256([]byte(got.Body)),
		Header: func(name string) []string { return r.Header.Values(name) }}
	_, err := (&sigv4.Verifier{Service: name, Region: "eu-west-1", Now: time.Now}).Verify(&in, func(id, _ string) (string, bool, error) {
		return credentials.Local("123456789012").SecretAccessKey, id == "123456789012", nil
	})
	if err != nil {
		t.Errorf("%v: %s", err, r.Header.Get("Authorization"))
	}
}

// serialized are the requests that AWS's SDK for Python makes.
func serialized(t *testing.T, questions []any) []asked {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "python3", "-c", "import boto3").CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("boto3 is not installed: %s", out)
		}
		t.Skipf("boto3 is not installed: %s", out)
	}
	in, _ := json.Marshal(questions)
	cmd := exec.CommandContext(t.Context(), "python3", filepath.Join("testdata", "serialize.py"))
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	var list []asked
	if err := json.Unmarshal(out, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// TestServiceAnswer: status, body and fields are the service's, but for AWS's own;
// answers are mapped by their status.
func TestServiceAnswer(t *testing.T) {
	var got asked
	i := actionOf("SQS-PurgeQueue", map[string]string{"QueueUrl": "u"})
	i.ResponseParameters = map[apigw.StatusCode]map[string]string{"400": {"overwrite:statuscode": "422", "append:header.x-why": "$response.header.configuration-version"}}
	s := compileStage(t, definition(map[string]string{"POST /": "s"}, i), nil, service(t, &got, 400, "<no/>"))
	answer := serve(t, s, "POST", "/", "", "")
	delete(answer.Header, "Apigw-Requestid")
	if d := cmp.Diff(reply{422, map[string]string{"Content-Type": "text/xml", "Configuration-Version": "7", "x-why": "7"}, "<no/>"}, answer); d != "" {
		t.Error(d)
	}
}

// TestUnresolved: what comes to nothing is 400 with AWS's text (seen on AWS), also
// for a parameter that the action could do without, and nothing is sent.
func TestUnresolved(t *testing.T) {
	const queue = "https://sqs.us-east-1.amazonaws.com/123456789012/orders"
	for name, tt := range map[string]struct {
		params     map[string]string
		body       string
		name, from string
	}{
		"required":      {map[string]string{"QueueUrl": queue, "MessageBody": "$request.body.msg"}, `{}`, "MessageBody", "$request.body.msg"},
		"optional":      {map[string]string{"QueueUrl": queue, "MessageBody": "x", "MessageAttributes": "$context.authorizer.a"}, ``, "MessageAttributes", "$context.authorizer.a"},
		"no attributes": {map[string]string{"QueueUrl": queue, "MessageBody": "x", "MessageAttributes": "$request.body.a"}, `{"a":"text"}`, "MessageAttributes", "$request.body.a"},
		"several":       {map[string]string{"QueueUrl": queue, "MessageBody": "${request.header.a}${request.header.b}"}, ``, "MessageBody", "${request.header.a}${request.header.b}"},
	} {
		var got asked
		s := compileStage(t, definition(map[string]string{"POST /": "s"}, actionOf("SQS-SendMessage", tt.params)), nil, service(t, &got, 200, ""))
		answer := serve(t, s, "POST", "/", "Content-Type: application/json", tt.body)
		want := `{"message":"Unable to resolve property ` + tt.name + ` from source ` + tt.from +
			`. Please make sure that the request to API Gateway contains all the necessary fields specified in request parameters."}`
		if answer.Status != 400 || answer.Body != want || got.request != nil {
			t.Errorf("%s: %+v", name, answer)
		}
	}
}

// TestServiceValues: a client's value stays in its place, whatever it holds.
func TestServiceValues(t *testing.T) {
	for name, tt := range map[string]struct {
		subtype string
		params  map[string]string
		header  string
		want    string // in path, query and body
		status  int
	}{
		"attribute of a header (seen on AWS)": {"SQS-SendMessage", map[string]string{"QueueUrl": "u", "MessageBody": "b", "MessageAttributes": `{"Agent":{"DataType":"String","StringValue":"${request.header.x}"}}`},
			`X: "},"Evil":{"DataType":"String","StringValue":"1`, "MessageAttribute.1.Value.StringValue=%22%7D%2C%22Evil%22%3A%7B%22DataType%22%3A%22String%22%2C%22StringValue%22%3A%221", 200},
		"form":               {"SQS-SendMessage", map[string]string{"QueueUrl": "u", "MessageBody": "$request.header.x"}, "X: 1&Action=PurgeQueue", "MessageBody=1%26Action%3DPurgeQueue", 200},
		"part of a path":     {"AppConfig-GetConfiguration", map[string]string{"Application": "$request.header.x", "Environment": "e", "Configuration": "c", "ClientId": "i"}, "X: a/../b?c", "/applications/a%2F..%2Fb%3Fc/environments/e/configurations/c?client_id=i", 200},
		"list":               {"SQS-ReceiveMessage", map[string]string{"QueueUrl": "u", "AttributeNames": "$request.header.x"}, "X: a, b&c", "AttributeName.1=a&AttributeName.2=b%26c", 200},
		"list of too many":   {"SQS-ReceiveMessage", map[string]string{"QueueUrl": "u", "AttributeNames": "$request.header.x"}, "X: " + strings.Repeat("a,", 100) + "a", "", 400},
		"upwards":            {"AppConfig-GetConfiguration", map[string]string{"Application": "$request.header.x", "Environment": "e", "Configuration": "c", "ClientId": "i"}, "X: ..", "", 400},
		"time of the client": {"EventBridge-PutEvents", map[string]string{"Detail": "{}", "DetailType": "t", "Source": "s", "Time": "$request.header.x"}, "X: 5}]", "", 400},
		"seconds":            {"EventBridge-PutEvents", map[string]string{"Detail": "{}", "DetailType": "t", "Source": "s", "Time": "$request.header.x"}, "X: 1780230913.5", `"Time":1780230913.5`, 200},
	} {
		t.Run(name, func(t *testing.T) {
			var got asked
			s := compileStage(t, definition(map[string]string{"POST /": "s"}, actionOf(tt.subtype, tt.params)), nil, service(t, &got, 200, ""))
			if answer := serve(t, s, "POST", "/", tt.header, ""); answer.Status != tt.status {
				t.Fatalf("%+v", answer)
			}
			if all := got.Path + "?" + got.Query + " " + got.Body; !strings.Contains(all, tt.want) || strings.Contains(all, "MessageAttribute.2") {
				t.Error(all)
			}
		})
	}
}

// TestServicesRefused: what a subtype doesn't take is refused by name at
// deployment.
func TestServicesRefused(t *testing.T) {
	for want, i := range map[string]*apigw.RouteIntegration{
		"Region of SQS-PurgeQueue":  actionOf("SQS-PurgeQueue", map[string]string{"QueueUrl": "u", "Region": "$request.header.region"}),
		"lack PartitionKey":         actionOf("Kinesis-PutRecord", map[string]string{"StreamName": "s", "Data": "d"}),
		"Nothing of SQS-PurgeQueue": actionOf("SQS-PurgeQueue", map[string]string{"QueueUrl": "u", "Nothing": "x"}),
		"DynamoDB-PutItem":          actionOf("DynamoDB-PutItem", nil),
		"is no time":                actionOf("EventBridge-PutEvents", map[string]string{"Detail": "{}", "DetailType": "t", "Source": "s", "Time": "noon"}),
		"JSON object of attributes": actionOf("SQS-SendMessage", map[string]string{"QueueUrl": "u", "MessageBody": "b", "MessageAttributes": "[]"}),
		"MessageBody of SQS":        actionOf("SQS-SendMessage", map[string]string{"QueueUrl": "u", "MessageBody": "$request.body..a"}),
	} {
		problems := Check(definition(map[string]string{"POST /": "s"}, i), nil)
		if len(problems) != 1 || problems[0].Warning || !strings.Contains(problems[0].Text, want) {
			t.Errorf("%s: %v", want, problems)
		}
	}
	if problems := Check(definition(map[string]string{"POST /": "s"}, actionOf("SQS-PurgeQueue", map[string]string{"QueueUrl": "${stageVariables.queue}", "Region": "${stageVariables.region}"})), nil); len(problems) != 0 {
		t.Error(problems)
	}
}

func BenchmarkService(b *testing.B) {
	var got asked
	s := compileStage(b, definition(map[string]string{"POST /": "s"}, actionOf("SQS-SendMessage", map[string]string{"QueueUrl": "u", "MessageBody": "$request.body", "MessageAttributes": `{"a":{"DataType":"String","StringValue":"x"}}`})), nil, service(b, &got, 200, ""))
	b.ReportAllocs()
	for b.Loop() {
		serve(b, s, "POST", "/", "Content-Type: application/json", `{"a":1}`)
	}
}

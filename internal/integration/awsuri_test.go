package integration

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/mapping"
)

func TestParseAWSURI(t *testing.T) {
	const head = "arn:aws:apigateway:eu-west-1:"
	tests := []struct {
		uri  string
		want AWSURI
		err  string
	}{
		{uri: head + "sqs:path/123456789012/queue", want: AWSURI{Service: "sqs", Path: "/123456789012/queue"}},
		{uri: head + "sqs:path//123456789012/queue", want: AWSURI{Service: "sqs", Path: "/123456789012/queue"}},
		{uri: head + "s3:path/bucket/{key}?list-type=2#x", want: AWSURI{Service: "s3", Path: "/bucket/{key}", Query: "list-type=2"}},
		{uri: head + "s3:path//key", want: AWSURI{Service: "s3", Path: "//key"}},
		{uri: head + "kinesis:action/PutRecord", want: AWSURI{Service: "kinesis", Action: "PutRecord", Path: "/"}},
		{uri: head + "s3:action/GetObject&Bucket={b}&Key={k}", want: AWSURI{Service: "s3", Action: "GetObject", Path: "/", Query: "Bucket={b}&Key={k}"}},
		{uri: head + "runtime.sagemaker:path/endpoints/e/invocations", want: AWSURI{Subdomain: "runtime", Service: "sagemaker", Path: "/endpoints/e/invocations"}},
		{uri: head + "lambda:path/2015-03-31/functions/arn:aws:lambda:r:1:function:f/invocations",
			want: AWSURI{Service: "lambda", Path: "/2015-03-31/functions/arn:aws:lambda:r:1:function:f/invocations"}},
		{uri: head + "sqs:queue", err: "AWS ARN for integration must contain path or action"},
		{uri: "http://sqs", err: "Invalid ARN specified in the request"},
		{uri: "arn:aws:execute-api:r:sqs:path/x", err: "Invalid ARN specified in the request"},
		{uri: head + "sqs:action/", err: "Invalid ARN specified in the request"},
		{uri: head + "sqs:action/Send Message", err: "no action's name"},
		{uri: head + "{service}:path/x", err: "Invalid ARN specified in the request"},
		{uri: head + "evil.com/x:path/x", err: "Invalid ARN specified in the request"},
		{uri: head + ".sqs:path/x", err: "Invalid ARN specified in the request"},
		{uri: "arn:aws:apigateway::sqs:path/x", err: "Invalid ARN specified in the request"},
		{uri: head + "sqs:path/" + strings.Repeat("a", maxAWSURI), err: "longer than"},
	}
	for _, tt := range tests {
		t.Run(tt.uri[:min(len(tt.uri), 80)], func(t *testing.T) {
			got, err := ParseAWSURI(tt.uri)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("error %v, want %s", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			tt.want.Partition, tt.want.Region = "aws", "eu-west-1"
			if d := cmp.Diff(&tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestFind: where calls go and what they are signed for.
func TestFind(t *testing.T) {
	type where struct{ Address, Host, Target, Region, Signed string }
	services := &Services{Endpoints: map[string]string{"sns": "http://127.0.0.1:4100/base/", "s3": "http://127.0.0.1:9000", "streams.dynamodb": "http://127.0.0.1:8001",
		"dynamodb": "http://127.0.0.1:8000", "email": "https://vpce-1.email.eu-west-1.vpce.amazonaws.com"}}
	tests := map[string]where{
		"arn:aws:apigateway:eu-west-1:sqs:path/1/q":                     {"sqs.eu-west-1.amazonaws.com:443", "sqs.eu-west-1.amazonaws.com", "/1/q", "eu-west-1", "sqs"},
		"arn:aws-cn:apigateway:cn-north-1:sqs:path/1/q":                 {"sqs.cn-north-1.amazonaws.com.cn:443", "sqs.cn-north-1.amazonaws.com.cn", "/1/q", "cn-north-1", "sqs"},
		"arn:aws:apigateway:eu-west-1:sqs:action/SendMessage&A=b c":     {"sqs.eu-west-1.amazonaws.com:443", "sqs.eu-west-1.amazonaws.com", "/?Action=SendMessage&A=b%20c", "eu-west-1", "sqs"},
		"arn:aws:apigateway:eu-west-1:iam:action/ListUsers":             {"iam.amazonaws.com:443", "iam.amazonaws.com", "/?Action=ListUsers", "us-east-1", "iam"},
		"arn:aws:apigateway:eu-west-1:runtime.lex:path/bot":             {"runtime.lex.eu-west-1.amazonaws.com:443", "runtime.lex.eu-west-1.amazonaws.com", "/bot", "eu-west-1", "lex"},
		"arn:aws:apigateway:eu-west-1:states:action/StartSyncExecution": {"sync-states.eu-west-1.amazonaws.com:443", "sync-states.eu-west-1.amazonaws.com", "/?Action=StartSyncExecution", "eu-west-1", "states"},
		"arn:aws:apigateway:eu-west-1:a1b2-ats.iotdata:path/topics/t":   {"a1b2-ats.iot.eu-west-1.amazonaws.com:443", "a1b2-ats.iot.eu-west-1.amazonaws.com", "/topics/t", "eu-west-1", "iotdata"},
		"arn:aws:apigateway:eu-west-1:sns:path//":                       {"127.0.0.1:4100", "127.0.0.1:4100", "/base/", "eu-west-1", "sns"},
		"arn:aws:apigateway:eu-west-1:bucket.s3:path/a/b":               {"127.0.0.1:9000", "127.0.0.1:9000", "/bucket/a/b", "eu-west-1", "s3"},
		"arn:aws:apigateway:eu-west-1:streams.dynamodb:action/X":        {"127.0.0.1:8001", "127.0.0.1:8001", "/?Action=X", "eu-west-1", "dynamodb"},
		"arn:aws:apigateway:eu-west-1:dynamodb:action/X":                {"127.0.0.1:8000", "127.0.0.1:8000", "/?Action=X", "eu-west-1", "dynamodb"},
		"arn:aws:apigateway:eu-west-1:email:action/SendEmail": {"vpce-1.email.eu-west-1.vpce.amazonaws.com:443", "vpce-1.email.eu-west-1.vpce.amazonaws.com",
			"/?Action=SendEmail", "eu-west-1", "ses"},
	}
	for uri, want := range tests {
		t.Run(uri, func(t *testing.T) {
			parsed, err := ParseAWSURI(uri)
			if err != nil {
				t.Fatal(err)
			}
			s, err := services.Find(parsed, nil)
			if err != nil {
				t.Fatal(err)
			}
			got := where{s.URI.Address, s.URI.Host, string(s.URI.AppendTarget(nil, &mapping.Input{})), s.Region, s.Signed}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			if own := strings.HasSuffix(s.URI.Name, ".amazonaws.com") || strings.HasSuffix(s.URI.Name, ".amazonaws.com.cn"); own != s.AWS {
				t.Errorf("AWS %v", s.AWS)
			}
		})
	}
}

// FuzzParseAWSURI: what is taken leads to a host that the service's name makes,
// and nowhere else.
func FuzzParseAWSURI(f *testing.F) {
	for _, seed := range []string{
		"arn:aws:apigateway:us-east-1:sqs:path/1/q", "arn:aws:apigateway:us-east-1:s3:path/{b}/{k}?x=y#z",
		"arn:aws:apigateway:us-east-1:runtime.lex:action/A&b={c}", "arn:aws:apigateway:us-east-1:a@b:path/", "arn:::::action/",
	} {
		f.Add(seed)
	}
	services := new(Services)
	f.Fuzz(func(t *testing.T, uri string) {
		u, err := ParseAWSURI(uri)
		if err != nil {
			return
		}
		s, err := services.Find(u, nil)
		if err != nil {
			return
		}
		if want := ownHost(u); s.URI.Host != want || s.URI.Address != want+":443" {
			t.Errorf("%q leads to %q at %q", uri, s.URI.Host, s.URI.Address)
		}
		for _, c := range s.URI.AppendTarget(nil, &mapping.Input{}) {
			if c <= ' ' || c >= 0x7f {
				t.Fatalf("%q makes a target with byte %#x", uri, c)
			}
		}
	})
}

func TestAppendS3Target(t *testing.T) {
	for target, want := range map[string]string{
		"/bucket/a.txt":                  "/bucket/a.txt",
		"/bucket/it%27s+a@b:c(1)?x=%27+": "/bucket/it%27s%2Ba%40b%3Ac%281%29?x=%27+",
		"/b/%e2%82%ac%2fd/%zz%2":         "/b/%E2%82%AC/d/%25zz%252",
		"?list":                          "?list",
	} {
		if got := string(AppendS3Target(nil, []byte(target))); got != want {
			t.Errorf("%s: %s, want %s", target, got, want)
		}
	}
}

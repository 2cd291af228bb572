package awsapi

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/lambda"
)

// fakeHost has one function of the configuration.
type fakeHost struct{ calls []lambda.Invocation }

func (h *fakeHost) Invoke(_ context.Context, in *lambda.Invocation, out *lambda.Result) error {
	h.calls = append(h.calls, *in)
	switch string(in.Payload) {
	case `"throttle"`:
		return &lambda.Error{Kind: lambda.Throttled, Status: 429, Type: "TooManyRequestsException", Message: "Rate Exceeded."}
	case `"broken"`:
		return &lambda.Error{Kind: lambda.Broken, Function: in.Function, Message: "no bootstrap"}
	}
	*out = lambda.Result{Status: http.StatusOK, Payload: []byte(`{"ok":true}`), ExecutedVersion: "$LATEST"}
	if in.Type == lambda.Event {
		*out = lambda.Result{Status: http.StatusAccepted}
	}
	return nil
}

func (h *fakeHost) InvokeStream(context.Context, *lambda.Invocation) (*lambda.Stream, error) {
	return nil, &lambda.Error{Kind: lambda.Throttled, Status: 429, Type: "TooManyRequestsException", Message: "Rate Exceeded."}
}

func (h *fakeHost) Configured() []lambda.Configured {
	name := lambda.Name{Partition: "aws", Region: "us-east-1", Account: "000000000000", Name: "f"}
	return []lambda.Configured{{Name: name, Function: lambda.Function{Runtime: "go", Timeout: 3 * time.Second, Memory: 128}}}
}

func (h *fakeHost) FindConfigured(identifier string) (lambda.Configured, bool) {
	n, err := lambda.ParseName(identifier)
	return h.Configured()[0], err == nil && n.Name == "f"
}

func (h *fakeHost) IsStored(string) bool { return false }

const lambdaCredentials = "AWS4-HMAC-SHA256 Credential=test/20260531/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=00"

// TestFunctionAnswers: statuses, error types and bodies as Lambda writes them.
func TestFunctionAnswers(t *testing.T) {
	const invoke = "/2015-03-31/functions/f/invocations"
	cases := map[string]struct {
		method, target, body string
		header               []string
		want                 answer
	}{
		"invoked":            {"POST", invoke, `1`, nil, answer{200, "", `{"ok":true}`}},
		"by its ARN":         {"POST", "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af/invocations", `1`, nil, answer{200, "", `{"ok":true}`}},
		"an event":           {"POST", invoke, `1`, []string{"X-Amz-Invocation-Type", "Event"}, answer{202, "", ""}},
		"of no type":         {"POST", invoke, `1`, []string{"X-Amz-Invocation-Type", "Later"}, answer{400, "ValidationException", `{"message":"1 validation error detected: Value 'Later' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]"}`}},
		"throttled":          {"POST", invoke, `"throttle"`, nil, answer{429, "TooManyRequestsException", `{"Message":"Rate Exceeded.","Type":"User"}`}},
		"a throttled stream": {"POST", "/2021-11-15/functions/f/response-streaming-invocations", `1`, nil, answer{429, "TooManyRequestsException", `{"Message":"Rate Exceeded.","Type":"User"}`}},
		"broken":             {"POST", invoke, `"broken"`, nil, answer{502, "InvalidRuntimeException", `{"Message":"function arn:aws:lambda:us-east-1:000000000000:function:f: no bootstrap","Type":"Service"}`}},
		"of nobody":          {"POST", "/2015-03-31/functions/g/invocations", `1`, nil, answer{404, "ResourceNotFoundException", `{"Message":"Function not found: arn:aws:lambda:us-east-1:000000000000:function:g","Type":"User"}`}},
		"of another region":  {"POST", "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A000000000000%3Afunction%3Af/invocations", `1`, nil, answer{404, "ResourceNotFoundException", `{"Message":"Functions from 'eu-west-1' are not reachable in this region ('us-east-1')","Type":"User"}`}},
		"two qualifiers":     {"POST", "/2015-03-31/functions/f:1/invocations?Qualifier=2", `1`, nil, answer{400, "InvalidParameterValueException", `{"Message":"The derived qualifier from the function name does not match the specified qualifier.","Type":"User"}`}},
		"a log":              {"POST", invoke, `1`, []string{"X-Amz-Log-Type", "Tail"}, answer{200, "", `{"ok":true}`}},
		"changed":            {"DELETE", "/2015-03-31/functions/f", "", nil, answer{400, "InvalidParameterValueException", `{"Message":"Function f comes from Gatehouse's configuration file, and is changed there","Type":"User"}`}},
		"its policy":         {"GET", "/2015-03-31/functions/f/policy", "", nil, answer{404, "ResourceNotFoundException", `{"Message":"The resource you requested does not exist.","Type":"User"}`}},
		"an unknown member":  {"POST", "/2015-03-31/functions", `{"FunctionName":"n","Role":"` + "arn:aws:iam::000000000000:role/r" + `","Code":{},"Magic":1}`, nil, answer{400, "InvalidParameterValueException", `{"Message":"Unknown member 'createFunctionInput.Magic' in the request body","Type":"User"}`}},
		"missing members":    {"POST", "/2015-03-31/functions", `{"FunctionName":"n","Code":{}}`, nil, answer{400, "ValidationException", `{"message":"1 validation error detected: Value null at 'role' failed to satisfy constraint: Member must not be null"}`}},
		"bad base64":         {"PUT", "/2015-03-31/functions/g/code", `{"ZipFile":"?"}`, nil, answer{400, "SerializationException", `{"message":"The member updateFunctionCodeInput.ZipFile is not valid base64"}`}},
		"too large a body":   {"POST", invoke, strings.Repeat("x", maxBody+1), nil, answer{413, "RequestEntityTooLargeException", `{"message":"The request body is larger than 10485760 bytes"}`}},
		"code of an alias":   {"PUT", "/2015-03-31/functions/g:live/code", `{"ZipFile":"eA=="}`, nil, answer{400, "InvalidParameterValueException", `{"Message":"UpdateFunctionCode takes a function's name or ARN without a qualifier, not with :live","Type":"User"}`}},
		"aliases of one":     {"DELETE", "/2015-03-31/functions/g:live/aliases/other", "", nil, answer{400, "InvalidParameterValueException", `{"Message":"DeleteAlias takes a function's name or ARN without a qualifier, not with :live","Type":"User"}`}},
		"a list's end slash": {"GET", "/2015-03-31/functions/f/versions/?MaxItems=0", "", nil, answer{400, "ValidationException", `{"message":"1 validation error detected: Value '0' at 'maxItems' failed to satisfy constraint: Member must have value between 1 and 10000"}`}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, new(fake), func(c *Config) { c.Functions = NewFunctionOperations(new(fakeHost), nil) })
			got, _ := do(s.Loopback(), c.method, c.target, c.body, append([]string{"Authorization", lambdaCredentials}, c.header...)...)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestFunctionActions: what a policy must allow.
func TestFunctionActions(t *testing.T) {
	const arn = "arn:aws:lambda:us-east-1:000000000000:function:"
	cases := map[string]struct{ method, target, body, action, resource string }{
		"invoke":          {"POST", "/2015-03-31/functions/f/invocations", "1", "lambda:InvokeFunction", arn + "f"},
		"invoke an alias": {"POST", "/2015-03-31/functions/f/invocations?Qualifier=live", "1", "lambda:InvokeFunction", arn + "f:live"},
		"stream":          {"POST", "/2021-11-15/functions/f/response-streaming-invocations", "1", "lambda:InvokeFunction", arn + "f"},
		"by ARN":          {"GET", "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af", "", "lambda:GetFunction", arn + "f"},
		"create":          {"POST", "/2015-03-31/functions", `{"FunctionName":"new"}`, "lambda:CreateFunction", arn + "new"},
		"list":            {"GET", "/2015-03-31/functions", "", "lambda:ListFunctions", "*"},
		"tags":            {"GET", "/2017-03-31/tags/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af", "", "lambda:ListTags", arn + "f"},
		"permission":      {"DELETE", "/2015-03-31/functions/f/policy/s", "", "lambda:RemovePermission", arn + "f"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var asked *Call
			host := new(fakeHost)
			s := newServer(t, new(fake), func(config *Config) {
				config.Functions = NewFunctionOperations(host, nil)
				config.Authorize = func(_ context.Context, c *Call) error { asked = c; return denied("no") }
			})
			got, _ := do(s.Loopback(), c.method, c.target, c.body, "Authorization", lambdaCredentials)
			if diff := cmp.Diff(answer{403, "AccessDeniedException", `{"Message":"no"}`}, got); diff != "" {
				t.Error(diff)
			}
			if asked == nil || asked.Action != c.action || string(asked.Resource) != c.resource || len(host.calls) != 0 {
				t.Errorf("asked for %+v", asked)
			}
		})
	}
}

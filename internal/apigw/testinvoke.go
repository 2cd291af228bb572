package apigw

// TestStage is the stage that test invocations run on; no deployment has it
// (seen on AWS by many: the stage in events and source ARNs of tests).
const TestStage StageName = "test-invoke-stage"

// TestRequest is a request that is simulated against a method of an API as it
// is being edited (TestInvokeMethod).
type TestRequest struct {
	Resource       ResourceID
	Verb           Verb   // as stored: ANY for a method ANY that stands for the one asked
	HTTPMethod     string // what the request counts as sent with
	Path           string // escaped, with the query; empty: the resource's own path, braces and all
	Body           string
	Header         []TestField
	StageVariables map[string]string
	Context        map[string]string // of $context, by name ("identity.sourceIp"): instead of what the test has
	Caller         TestCaller
	RequestID      string // 36 characters

	ClientCertificate *StageCertificate // shown to HTTP backends; may be nil
}

// TestField is one header field.
type TestField struct{ Name, Value string }

// TestCaller is who asks for the test: the identity that the method sees.
type TestCaller struct {
	Account, ARN, User, AccessKey, UserAgent string
}

// TestResult is what came of a test.
type TestResult struct {
	Status  int // 0: a streamed answer didn't begin in time
	Body    string
	Header  []TestField // in the order of the answer; names may repeat
	Log     string
	Latency int64 // in milliseconds
}

// AuthorizerResult is what came of the test of an authorizer
// (TestInvokeAuthorizer).
type AuthorizerResult struct {
	Status      int // 0: it answered; else what a client would be answered with
	Log         string
	Latency     int64 // in milliseconds
	PrincipalID string
	Policy      string            // JSON
	Context     map[string]string // what a function hands on
	Claims      map[string]string // of a user pool's token
}

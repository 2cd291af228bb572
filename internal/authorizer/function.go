package authorizer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/jsonpath"
	"github.com/gatehouse/gatehouse/internal/lambda"
)

// Function asks a function who a client is.
type Function struct {
	Name    string // ARN or name
	Invoker lambda.Invoker
	Cache   *Cache
	TTL     time.Duration // how long answers are kept; 0: they aren't
	Timeout time.Duration
	// SourceARN is what the function's permission is checked against.
	SourceARN string
}

// Ask is the answer for the client that key names; event makes what the
// function is given, and is called when it is asked. The error is an *Error.
func (f *Function) Ask(ctx context.Context, key Key, call Call) (*Answer, error) {
	load := func(ctx context.Context) (*Answer, time.Duration, error) {
		answer, err := f.invoke(ctx, call)
		return answer, f.TTL, err
	}
	if f.TTL <= 0 {
		answer, _, err := load(ctx)
		return answer, err
	}
	return f.Cache.get(ctx, key, load)
}

// Call is what one invocation of the function carries.
type Call struct {
	Event              func() []byte
	RequestID, TraceID string
	// Called, which may be nil, hears of the function's answer as it came, for
	// logs.
	Called func(result *lambda.Result, took time.Duration)
}

func (f *Function) invoke(ctx context.Context, call Call) (*Answer, error) {
	if f.Invoker == nil {
		return nil, &Error{Kind: Broken, Cause: errors.New("no functions are configured")}
	}
	began := time.Now()
	until := began.Add(f.Timeout)
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	in := lambda.Invocation{
		Function: f.Name, Payload: call.Event(), RequestID: call.RequestID, TraceID: call.TraceID, Deadline: until,
		Header: map[string]string{"X-Amz-Source-Arn": f.SourceARN},
	}
	var result lambda.Result
	err := f.Invoker.Invoke(ctx, &in, &result)
	if call.Called != nil {
		call.Called(&result, time.Since(began))
	}
	if err != nil {
		return nil, &Error{Kind: Broken, Cause: err}
	}
	if result.FunctionError != "" {
		return nil, functionFailed(result.Payload)
	}
	answer, err := ParseAnswer(result.Payload)
	if err != nil {
		return nil, &Error{Kind: Broken, Cause: fmt.Errorf("authorizer %s: %w", f.Name, err)}
	}
	return answer, nil
}

// functionFailed tells the one failure that is an answer: a function that
// fails with "Unauthorized" refuses the client (developer guide, "Output from
// an API Gateway Lambda authorizer").
func functionFailed(payload []byte) error {
	var doc struct {
		ErrorMessage string `json:"errorMessage"`
	}
	if json.Unmarshal(payload, &doc) == nil && doc.ErrorMessage == "Unauthorized" {
		return &Error{Kind: Unauthorized}
	}
	return &Error{Kind: Broken, Cause: fmt.Errorf("the function failed: %.512s", doc.ErrorMessage)}
}

// Limits of an answer.
var answerLimits = jsonpath.Limits{Depth: 32, Nodes: 10_000}

const (
	maxAnswer  = 64 << 10 // bytes
	maxContext = 500      // entries
)

// ParseAnswer reads a function's answer: principalId, policyDocument, a flat
// context and usageIdentifierKey (developer guide, "Output from an API Gateway
// Lambda authorizer"). Other members are ignored.
func ParseAnswer(payload []byte) (*Answer, error) {
	if len(payload) > maxAnswer {
		return nil, fmt.Errorf("its answer is longer than %d bytes", maxAnswer)
	}
	doc, err := jsonpath.Parse(payload, answerLimits)
	if err != nil {
		return nil, fmt.Errorf("its answer is no JSON: %w", err)
	}
	if doc.Kind != jsonpath.Object {
		return nil, errors.New("its answer is no object")
	}
	a := new(Answer)
	principal := doc.Member("principalId")
	if principal == nil || principal.Kind != jsonpath.String {
		return nil, errors.New("its answer has no principalId, which must be text")
	}
	a.PrincipalID = principal.Text
	policy := doc.Member("policyDocument")
	if policy == nil || policy.Kind != jsonpath.Object {
		return nil, errors.New("its answer has no policyDocument, which must be an object")
	}
	a.Policy = string(policy.AppendJSON(nil))
	compiled, err := iam.Parse(a.Policy, iam.Identity)
	if err != nil {
		return nil, fmt.Errorf("its policyDocument: %w", err)
	}
	a.policies = []*iam.Policy{compiled}
	if key := doc.Member("usageIdentifierKey"); key != nil && key.Kind == jsonpath.String {
		a.UsageKey = key.Text
	}
	return a, a.readContext(doc.Member("context"))
}

// readContext makes text of every value. A list or an object is no value that
// can be handed on; null is none at all.
func (a *Answer) readContext(context *jsonpath.Value) error {
	if context == nil || context.Kind == jsonpath.Null {
		return nil
	}
	if context.Kind != jsonpath.Object || len(context.Items) > maxContext {
		return fmt.Errorf("its context is no object of at most %d members", maxContext)
	}
	for i, name := range context.Names {
		v := &context.Items[i]
		switch v.Kind {
		case jsonpath.String, jsonpath.Number:
			a.Context = append(a.Context, Entry{name, v.Text})
		case jsonpath.Bool:
			a.Context = append(a.Context, Entry{name, fmt.Sprint(v.Bool)})
		case jsonpath.Null:
		default:
			return fmt.Errorf("its context's %.80q is a list or an object, not text, a number or a boolean", name)
		}
	}
	return nil
}

package authorizer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse/gatehouse/internal/admission"
	"github.com/gatehouse/gatehouse/internal/lambda"
)

// Function asks a function who a client is.
type Function struct {
	Name    string // ARN or name
	Invoker lambda.Invoker
	Cache   *Cache
	TTL     time.Duration // how long answers are kept; 0: they aren't
	Timeout time.Duration
	Form    Form
	Gate    *admission.Gate // of the calls in flight; nil: there is none
	// SourceARN is what the function's permission is checked against.
	SourceARN string
}

// Kept is the answer for the client that key names; nil: the function must be
// asked.
func (f *Function) Kept(key Key) *Answer {
	if f.TTL <= 0 {
		return nil
	}
	return f.Cache.Kept(key)
}

// Ask is the answer for the client that key names: the kept one, or what the
// function says now. Clients who come at once are one call; failures aren't
// kept. The error is an *Error.
func (f *Function) Ask(client Client, key Key, call Call) (*Answer, error) {
	if answer := f.Kept(key); answer != nil {
		return answer, nil
	}
	if f.Gate != nil {
		if !f.Gate.Enter(time.Now().Add(f.Timeout)) {
			return nil, &Error{Kind: Busy, Cause: errors.New("too many calls of the authorizer")}
		}
		defer f.Gate.Leave()
	}
	if f.TTL <= 0 {
		return f.invoke(client.Context(), call)
	}
	return f.Cache.get(client.Context(), key, func(ctx context.Context) (*Answer, time.Duration, error) {
		answer, err := f.invoke(ctx, call)
		return answer, f.TTL, err
	})
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
	answer, err := f.Form.Parse(result.Payload)
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

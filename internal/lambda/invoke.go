package lambda

import (
	"context"
	"time"

	"github.com/gatehouse/gatehouse/internal/credentials"
)

// Invoker calls functions synchronously.
type Invoker interface {
	// Invoke runs a function and fills out. A function that failed is no
	// error: out.FunctionError says so and out.Payload tells what. An error is
	// an *Error: the call did not reach the function, or its answer did not
	// come in time. out.Status and out.RequestID are set also then, when the
	// service answered.
	Invoke(ctx context.Context, in *Invocation, out *Result) error
}

// InvocationType says whether the caller waits for the function's answer.
type InvocationType string

// The invocation types.
const (
	RequestResponse InvocationType = "RequestResponse" // the zero value means it too
	Event           InvocationType = "Event"           // queued: answered with 202 and no payload
	DryRun          InvocationType = "DryRun"          // checked only: answered with 204
)

// Invocation is one call of a function. Nothing in it is kept after Invoke.
type Invocation struct {
	Function      string // ARN, partial ARN or name, with its qualifier when it has one
	Type          InvocationType
	Payload       []byte // JSON; empty is allowed
	RequestID     string // the caller's, for logs
	TraceID       string // X-Amzn-Trace-Id, passed on; empty sends none
	Deadline      time.Time
	ClientContext string // base64 JSON, as the X-Amz-Client-Context header carries it
	LogTail       bool   // the end of the function's log is wanted

	// Session is what a call elsewhere is signed with: a role's credentials. Nil:
	// the process's own.
	Session *credentials.Session
	// AsCaller says that Session is a caller's of ours, who is nobody on AWS:
	// a function there isn't called.
	AsCaller bool

	// Header holds further fields for a remote endpoint, such as
	// X-Amz-Source-Arn or x-amzn-lambda-integration-tag; may be nil.
	Header map[string]string
}

// Result is a function's answer. Invoke reuses Payload's memory: it belongs to
// the caller until the next Invoke with the same Result.
type Result struct {
	Status          int    // of the Lambda service: 200, 202, 204, 404, 429 …
	FunctionError   string // X-Amz-Function-Error: Unhandled or Handled; empty on success
	Payload         []byte // the function's answer, or its error document
	RequestID       string // Lambda's own
	ExecutedVersion string
	LogTail         []byte // the last 4 KB of the function's log, when that was wanted
}

func (r *Result) reset() {
	*r = Result{Payload: r.Payload[:0]}
}

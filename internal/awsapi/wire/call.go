// Package wire is what the generated services of the management API share:
// the call in flight, REST-JSON decoding and encoding, and the texts of AWS's
// framework for what breaks a shape's constraints. It knows no service, no
// operation and no rule of API Gateway.
package wire

import (
	"context"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/identity"
)

// Caller is who made a call.
type Caller struct {
	AccessKeyID string
	Account     string // 12 digits
	ARN         apigw.ARN
	UserID      string // principal ID, AIDA… of a configured user
	UserName    string
	Verified    bool // the signature was checked against a known secret
	// Identity is who was verified; nil while nobody may sign yet.
	Identity *identity.Caller
}

// Call is one management call in flight, known before its operation runs.
type Call struct {
	Caller    Caller
	Scope     apigw.Scope // whose things the call means
	RequestID string      // UUID, also sent as x-amzn-RequestId
	Service   string      // "apigateway"
	Operation string      // "CreateRestApi"
	Action    string      // what a policy must allow: "apigateway:POST"
	Resource  apigw.ARN   // on what: "arn:aws:apigateway:us-east-1::/restapis/a1b2c3d4e5"
	// Keys are the condition keys that the service has for the call, in lower
	// case.
	Keys      map[string]string
	Source    string // address of the client, without its port
	UserAgent string
	Time      time.Time // when the call arrived

	// Ask decides on a further action that the call takes, on another resource:
	// nil, or a refusal in AWS's words. key and value are a condition key of that
	// action. A nil Ask allows.
	Ask func(action string, resource apigw.ARN, key, value string) error
}

// May says whether the caller may also do action on resource.
func (c *Call) May(action string, resource apigw.ARN) error {
	if c.Ask == nil {
		return nil
	}
	return c.Ask(action, resource, "", "")
}

// PassRole refuses a caller who hands role to service and may not (IAM user
// guide, "Grant a user permissions to pass a role to an AWS service"). No role,
// or the caller's own identity (arn:aws:iam::*:user/*), is nothing to hand over.
func (c *Call) PassRole(role, service string) error {
	if c.Ask == nil || role == "" || strings.HasSuffix(role, ":iam::*:user/*") {
		return nil
	}
	return c.Ask("iam:PassRole", apigw.ARN(role), "iam:passedtoservice", service)
}

// Operation is one row of a service's table.
type Operation struct {
	Name   string // "CreateRestApi"
	Method string // "POST"
	// Path is the URI template, segments as in "/restapis/{restapi_id}".
	Path string
	// Query must be in the request for the operation to be meant, as
	// "mode=import"; empty: none.
	Query  string
	Status int  // of a successful answer
	Raw    bool // the body is a document, not JSON members
	// Serve decodes the request, checks the shapes' constraints, runs the
	// operation and encodes its result. Nil: not served yet.
	Serve func(ctx context.Context, c *Call, r *Request, w *Response) error
}

// Input is a generated request shape.
type Input[T any] interface {
	*T
	Decode(*Request)
	Check(*Violations)
}

// Output is a generated result shape.
type Output[T any] interface {
	*T
	Encode(*Response)
}

// Serve makes a row's Serve of an operation that answers with a shape.
func Serve[In, Out any, PIn Input[In], POut Output[Out]](run func(context.Context, *Call, *In) (*Out, error)) func(context.Context, *Call, *Request, *Response) error {
	if run == nil {
		return nil
	}
	return func(ctx context.Context, c *Call, r *Request, w *Response) error {
		in, err := decode[In, PIn](r)
		if err != nil {
			return err
		}
		out, err := run(ctx, c, in)
		if err != nil {
			return err
		}
		POut(out).Encode(w)
		return nil
	}
}

// ServeEmpty makes a row's Serve of an operation whose answer has no body.
func ServeEmpty[In any, PIn Input[In]](run func(context.Context, *Call, *In) error) func(context.Context, *Call, *Request, *Response) error {
	if run == nil {
		return nil
	}
	return func(ctx context.Context, c *Call, r *Request, _ *Response) error {
		in, err := decode[In, PIn](r)
		if err != nil {
			return err
		}
		return run(ctx, c, in)
	}
}

// decode reads the shape from the request. What can't be read comes before
// what breaks a constraint, and that before everything an operation looks up
// (recorded on AWS).
func decode[In any, PIn Input[In]](r *Request) (*In, error) {
	in := new(In)
	PIn(in).Decode(r)
	if r.err != nil {
		return nil, r.err
	}
	v := r.violations
	PIn(in).Check(&v)
	if err := v.err(); err != nil {
		return nil, err
	}
	return in, r.unknown()
}

package integration

import (
	"fmt"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/credentials"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/identity"
	"github.com/gatehouse/gatehouse/internal/lambda"
	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// Client is a request as the calls that are made for it see it.
type Client struct {
	X     *exchange.Exchange
	Scope apigw.Scope // the API's
	ID    string      // what the call is known by: the request's ID
	Trace []byte      // X-Amzn-Trace-Id with Parent and Sampled

	// Who has signed the request, with what, and the condition keys of policies
	// that are asked about it; nil: nobody has.
	Who     *identity.Caller
	Signed  *sigv4.Credentials
	Context iam.Keys
}

// FunctionCaller is whom a function is invoked as.
type FunctionCaller struct {
	// session signs calls elsewhere; nil: the process's own credentials do.
	session *credentials.Session
	// source is the method or route, which the policy of the function must allow;
	// empty: the role's own do.
	source string
	// own: the client's own credentials sign, and the client's own policies must
	// allow it.
	own bool
}

// FunctionCaller is whom an integration invokes a function as, with a role (or
// none) and for the method or route that source, an ARN, names, of an API in
// scope. An error means that it may not use the role. A nil Services has no
// roles.
func (s *Services) FunctionCaller(role, source, function string, scope apigw.Scope) (FunctionCaller, error) {
	who := FunctionCaller{source: source}
	switch {
	case IsCaller(role):
		return FunctionCaller{own: true}, nil
	case role == "" || s == nil:
		return who, nil
	}
	var err error
	if who.session, err = s.FunctionSession(role, source); err != nil || who.session == nil {
		return who, err
	}
	name, err := lambda.ParseName(function)
	if err != nil {
		return who, err
	}
	if s.Roles.Permits(role, invokeFunction, functionARN(&name, scope)) {
		who.source = ""
	}
	return who, nil
}

func functionARN(name *lambda.Name, s apigw.Scope) string {
	return name.ARN(&lambda.Config{Partition: s.Partition, Region: s.Region, Account: s.Account})
}

// Invocation is a call of a function with what API Gateway sends of its own.
func (w *FunctionCaller) Invocation(c *Client, function string, event []byte, until time.Time) *lambda.Invocation {
	in := &lambda.Invocation{
		Function: function, Payload: event, RequestID: c.ID, TraceID: string(c.Trace), Deadline: until,
		Session: w.session, Header: map[string]string{"x-amzn-lambda-integration-tag": c.ID},
	}
	if w.source != "" {
		in.Header["X-Amz-Source-Arn"] = w.source
	}
	if in.AsCaller = w.own; w.own && c.Signed != nil {
		in.Session = credentials.Fixed(*c.Signed)
	}
	return in
}

// Forbids is the fault of a call that a client may not make by itself: its own
// policies, with those of its session, must allow lambda:InvokeFunction, and a
// function of another account is out of its reach, as functions' policies are
// asked for API Gateway alone. It shows as a configuration error (seen on AWS:
// "Invalid permissions on Lambda function").
func (w *FunctionCaller) Forbids(c *Client, in *lambda.Invocation) *exchange.Fault {
	if !w.own {
		return nil
	}
	who := c.Who
	if who == nil || in.Session == nil {
		return Misconfigured(ErrNoCaller)
	}
	name, err := lambda.ParseName(in.Function)
	if err != nil {
		return Misconfigured(err)
	}
	arn := functionARN(&name, c.Scope)
	ask := iam.Request{Action: invokeFunction, Resource: arn, Principal: who.Principal(), Keys: c.Context}
	owner := name.Account
	if owner == "" {
		owner = c.Scope.Account
	}
	if who.Decide(&ask, nil, owner).Effect == iam.Allow {
		c.X.Decide("credentials", "access key "+who.AccessKeyID, "the caller's own")
		return nil
	}
	return InvokeFault(&lambda.Error{Kind: lambda.AccessDenied, Function: in.Function, Status: 403,
		Message: "Invalid permissions on Lambda function: no policy of its caller " + who.ARN + " allows " + invokeFunction + " on " + arn})
}

const invokeFunction = "lambda:InvokeFunction"

// SourceARN is a method or route as those that it calls see it: what the permission of a
// function and the trust of a role are checked against.
func SourceARN(s apigw.Scope, api apigw.APIID, stage apigw.StageName, verb, path string) string {
	if verb == "ANY" {
		verb = "*"
	}
	return fmt.Sprintf("arn:%s:execute-api:%s:%s:%s/%s/%s%s", s.Partition, s.Region, s.Account, api, stage, verb, path)
}

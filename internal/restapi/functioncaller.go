package restapi

import (
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/credentials"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/lambda"
)

// functionCaller is whom a function is invoked as.
type functionCaller struct {
	// session signs calls elsewhere; nil: the process's own credentials do.
	session *credentials.Session
	// source is the method, which the policy of the function must allow; empty:
	// the role's own do.
	source string
	// own: the client's own credentials sign, and the client's own policies must
	// allow it.
	own bool
}

// functionCaller is whom i invokes its function as. An error means that i may
// not use the role that it names.
func (c *compiler) functionCaller(m *method, i *apigw.Integration, function string) (functionCaller, error) {
	who := functionCaller{source: c.sourceARN(m)}
	role := integration.Substitute(i.Credentials, c.vars)
	switch {
	case integration.IsCaller(role):
		return functionCaller{own: true}, nil
	case role == "" || c.env.Services == nil:
		return who, nil
	}
	var err error
	if who.session, err = c.env.Services.FunctionSession(role, who.source); err != nil || who.session == nil {
		return who, err
	}
	name, err := lambda.ParseName(function)
	if err != nil {
		return who, err
	}
	s := c.out.scope
	arn := name.ARN(&lambda.Config{Partition: s.Partition, Region: s.Region, Account: s.Account})
	if c.env.Services.Roles.Permits(role, invokeFunction, arn) {
		who.source = ""
	}
	return who, nil
}

// invocation is a call of a function with what API Gateway sends of its own.
func (w *functionCaller) invocation(r *request, function string, event []byte, until time.Time) *lambda.Invocation {
	in := &lambda.Invocation{
		Function: function, Payload: event, RequestID: string(r.x.RequestID[:]), TraceID: string(r.trace.full), Deadline: until,
		Session: w.session, Header: map[string]string{"x-amzn-lambda-integration-tag": string(r.x.RequestID[:])},
	}
	if w.source != "" {
		in.Header["X-Amz-Source-Arn"] = w.source
	}
	if in.AsCaller = w.own; w.own && r.identity.keys != nil {
		in.Session = credentials.Fixed(*r.identity.keys)
	}
	return in
}

// forbids is the fault of a call that a client may not make by itself: its own
// policies, with those of its session, must allow lambda:InvokeFunction, and a function of another account
// is out of its reach, as functions' policies are asked for API Gateway alone.
// It shows as a configuration error (seen on AWS: "Invalid permissions on
// Lambda function").
func (w *functionCaller) forbids(r *request, in *lambda.Invocation) *exchange.Fault {
	if !w.own {
		return nil
	}
	who := r.identity.caller
	if who == nil || in.Session == nil {
		return integration.Misconfigured(integration.ErrNoCaller)
	}
	name, err := lambda.ParseName(in.Function)
	if err != nil {
		return integration.Misconfigured(err)
	}
	s := r.stage.scope
	arn := name.ARN(&lambda.Config{Partition: s.Partition, Region: s.Region, Account: s.Account})
	ask := iam.Request{Action: invokeFunction, Resource: arn, Principal: who.Principal(), Keys: (*policyKeys)(r)}
	owner := name.Account
	if owner == "" {
		owner = s.Account
	}
	if who.Decide(&ask, nil, owner).Effect == iam.Allow {
		r.x.Decide("credentials", "access key "+who.AccessKeyID, "the caller's own")
		return nil
	}
	return invokeFault(&lambda.Error{Kind: lambda.AccessDenied, Function: in.Function, Status: 403,
		Message: "Invalid permissions on Lambda function: no policy of its caller " + who.ARN + " allows " + invokeFunction + " on " + arn})
}

const invokeFunction = "lambda:InvokeFunction"

package restapi

import (
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/credentials"
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
}

// functionCaller is whom i invokes its function as. An error means that i may
// not use the role that it names.
func (c *compiler) functionCaller(m *method, i *apigw.Integration, function string) (functionCaller, error) {
	who := functionCaller{source: c.sourceARN(m)}
	role := integration.Substitute(i.Credentials, c.vars)
	if role == "" || c.env.Services == nil || integration.IsCaller(role) {
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
	if c.env.Services.Roles.Permits(role, "lambda:InvokeFunction", arn) {
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
	return in
}

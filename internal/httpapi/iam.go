package httpapi

import (
	"errors"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/jsonpath"
	"github.com/gatehouse/gatehouse/internal/serving"
	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// bySignature wants a signature of a known identity whose policies allow the call
// (developer guide, "Control access to HTTP APIs with IAM authorization"). HTTP
// APIs have no policies of their own, so that nobody of another account is let in,
// and whatever fails is 403 {"message":"Forbidden"}.
func (r *Request) bySignature() *exchange.Fault {
	if f := r.readBody(); f != nil {
		return f
	}
	s := r.Stage
	who, keys, err := serving.VerifyCaller(s.env.Verifier(s.scope.Region), s.env.Identities, r.X, r.body)
	if err != nil {
		return r.unsigned(err)
	}
	r.caller, r.keys = who, keys
	r.ask = iam.Request{Action: invoke, Resource: r.routeARN(), Principal: who.Principal(), Keys: r.policyKeys()}
	verdict := who.Decide(&r.ask, nil, s.scope.Account)
	if verdict.Effect == iam.Allow {
		r.X.Decide("authorize", "allowed", "")
		return nil
	}
	r.caller, r.keys = nil, nil
	r.Problem = "User: " + who.ARN + " is not authorized to perform: execute-api:Invoke on resource: " + r.ask.Resource + verdict.Why("execute-api:Invoke")
	r.X.Decide("authorize", "denied", r.Problem)
	return forbidden
}

// unsigned is the fault of a request without a good signature.
func (r *Request) unsigned(err error) *exchange.Fault {
	own, ok := errors.AsType[*sigv4.Error](err)
	if !ok {
		return &exchange.Fault{Kind: exchange.AuthorizerFailure, Cause: err}
	}
	r.Problem = own.Message
	r.X.Decide("authorize", "refused", "the request's signature: "+own.Message)
	return forbidden
}

// policyKeys are the condition keys of r, as they are now.
func (r *Request) policyKeys() *serving.PolicyKeys {
	r.conditions = serving.PolicyKeys{X: r.X, At: r.start, Region: r.Stage.scope.Region, Caller: r.caller}
	return &r.conditions
}

// client is r as the calls that are made for it see it.
func (r *Request) client() *integration.Client {
	return &integration.Client{
		X: r.X, Scope: r.Stage.scope, ID: string(r.X.ExtendedID[:]), Trace: r.Trace,
		Who: r.caller, Signed: r.keys, Context: r.policyKeys(),
	}
}

// appendIAM appends authorizer.iam of an event in format 2.0. There are no
// identity pools, so that cognitoIdentity is null.
func (r *Request) appendIAM(dst []byte) []byte {
	c := r.caller
	dst = jsonpath.AppendText(append(dst, `{"iam":{"accessKey":`...), c.AccessKeyID)
	dst = jsonpath.AppendText(append(dst, `,"accountId":`...), c.Account)
	dst = jsonpath.AppendText(append(dst, `,"callerId":`...), c.ID)
	dst = serving.AppendOrNull(append(dst, `,"cognitoIdentity":null,"principalOrgId":`...), organization(c))
	dst = jsonpath.AppendText(append(dst, `,"userArn":`...), c.ARN)
	dst = jsonpath.AppendText(append(dst, `,"userId":`...), c.ID)
	return append(dst, `}}`...)
}

package restapi

import (
	"errors"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/authorizer"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/identity"
	"github.com/gatehouse/gatehouse/internal/mapping"
	"github.com/gatehouse/gatehouse/internal/serving"
	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// authorization is how a method's callers are checked; nil: anyone may call.
type authorization struct {
	signed   bool // AWS_IAM
	function *functionAuthorizer
	pools    *poolAuthorizer
}

// clientIdentity is what authorization found out about a client.
type clientIdentity struct {
	caller  *identity.Caller   // of a signed request
	answer  *authorizer.Answer // of an authorizer
	latency time.Duration      // of the authorizer
	phases  phases
	keys    *sigv4.Credentials // caller's, for a backend that is called as the caller; else nil
}

const (
	invokeAction = "execute-api:Invoke"
	invokeLower  = "execute-api:invoke" // as policies compare it
)

// authorize decides whether the client may call the method (developer guide,
// "How API Gateway resource policies affect authorization workflow"). A method
// that is tested is not protected.
func (r *request) authorize() *exchange.Fault {
	a := r.route.authorization
	if a == nil || r.stage.trial != nil {
		return nil
	}
	ask := &r.ask
	ask.Action, ask.Resource, ask.Principal, ask.Keys = invokeLower, r.methodARN(), iam.Principal{}, r.policyKeys()
	var f *exchange.Fault
	r.identity.phases.began = r.tick()
	switch {
	case a.signed:
		f = r.authorizeSigned(ask)
	case a.function != nil:
		f = r.authorizeByFunction(a.function, ask)
	case a.pools != nil:
		if f = r.authorizeByToken(a.pools); f == nil {
			f = r.allowedByResource(ask)
		}
	default:
		f = r.allowedByResource(ask)
	}
	r.identity.phases.ended, r.identity.phases.fault = r.tick(), f
	if f == nil {
		r.x.Decide("authorize", "allowed", "")
	}
	return f
}

// methodARN is what a request is authorized for: the path is the client's, in
// its plainest spelling.
func (r *request) methodARN() string {
	s := r.stage
	b := make([]byte, 0, s.arnLength+len(r.httpMethod)+1+len(r.search.Path))
	scope := &s.scope
	b = append(append(append(append(b, "arn:"...), scope.Partition...), ":execute-api:"...), scope.Region...)
	b = append(append(append(append(b, ':'), scope.Account...), ':'), s.apiID...)
	b = append(append(append(append(b, '/'), s.name...), '/'), r.httpMethod...)
	path := r.search.Path
	for len(path) > 0 && path[0] == '/' {
		path = path[1:]
	}
	return string(mapping.AppendPlainPath(append(b, '/'), path))
}

// byResource is what the API's policy says; nothing without one.
func (r *request) byResource(ask *iam.Request) iam.Decision {
	if r.stage.policy == nil {
		return iam.Decision{}
	}
	return iam.Evaluate(r.stage.policy, ask)
}

// allowedByResource asks the policy alone: without one anyone may call, with
// one it must say so.
func (r *request) allowedByResource(ask *iam.Request) *exchange.Fault {
	if r.stage.policy == nil {
		return nil
	}
	d := r.byResource(ask)
	if d.Effect == iam.Allow {
		return nil
	}
	return r.deniedByResource(ask, d)
}

func (r *request) deniedByResource(ask *iam.Request, d iam.Decision) *exchange.Fault {
	why := " because no resource-based policy allows the execute-api:Invoke action"
	if d.Effect == iam.ExplicitDeny {
		why = " with an explicit deny in a resource-based policy"
	}
	return r.denied(d, "User: "+who(ask)+" is not authorized to perform: "+invokeAction+" on resource: "+masked(ask.Resource)+why)
}

func who(ask *iam.Request) string {
	if ask.Principal.ARN == "" {
		return "anonymous"
	}
	return ask.Principal.ARN
}

// masked is an ARN as denials show it: of the account the last four digits
// (seen on AWS by many).
func masked(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || len(parts[4]) != 12 {
		return arn
	}
	parts[4] = "********" + parts[4][8:]
	return strings.Join(parts, ":")
}

func (r *request) denied(d iam.Decision, message string) *exchange.Fault {
	if r.x.Explaining() {
		why := "no statement of a policy allows it"
		if d.Statement != "" {
			why = d.Statement
		}
		r.x.Decide("authorize", "denied", why)
	}
	return &exchange.Fault{Kind: exchange.AccessDenied, Message: message}
}

// authorizeSigned wants a signature of a configured identity, and a policy
// that allows the call: one of either side within the account, one of each
// from another.
func (r *request) authorizeSigned(ask *iam.Request) *exchange.Fault {
	if f := r.verify(); f != nil {
		return f
	}
	r.identity.phases.met = r.tick()
	c := r.identity.caller
	ask.Principal, ask.Keys = c.Principal(), r.policyKeys()
	v := c.Decide(ask, r.stage.policy, r.stage.scope.Account)
	if v.Effect == iam.Allow {
		return nil
	}
	return r.denied(v.Decision, "User: "+who(ask)+" is not authorized to perform: "+invokeAction+" on resource: "+masked(ask.Resource)+v.Why(invokeAction))
}

// verify finds out who signed the request, for all that follows.
func (r *request) verify() *exchange.Fault {
	f := r.findSigner()
	if r.identity.caller = r.signer.caller; r.route.asCaller {
		r.identity.keys = r.signer.keys
	}
	return f
}

// badSignature is the fault for a signature that isn't accepted: AWS's words
// and error type under the gateway response that is nearest.
func (r *request) badSignature(err error) *exchange.Fault {
	r.x.Decide("authorize", "refused", "the request's signature")
	own, ok := errors.AsType[*sigv4.Error](err)
	if !ok {
		return &exchange.Fault{Kind: exchange.AuthorizerFailure, Cause: err}
	}
	kind := exchange.InvalidSignature
	switch own.Kind {
	case sigv4.MissingToken, sigv4.Incomplete:
		kind = exchange.MissingAuthenticationToken
	case sigv4.ExpiredToken:
		kind = exchange.ExpiredToken
	}
	r.errorType = string(own.Kind)
	return &exchange.Fault{Kind: kind, Message: own.Message}
}

// policyKeys are the condition keys of r, as they are now.
func (r *request) policyKeys() *serving.PolicyKeys {
	r.keys = serving.PolicyKeys{X: r.x, At: r.start, Region: r.stage.scope.Region, Owner: r.stage.scope.Account, Caller: r.identity.caller}
	return &r.keys
}

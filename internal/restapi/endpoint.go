package restapi

import (
	"bytes"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/identity"
	"github.com/gatehouse/gatehouse/internal/serving"
	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// signer is who signed a request, once that was looked for.
type signer struct {
	known  bool
	caller *identity.Caller
	keys   *sigv4.Credentials
	err    error
}

// signedPrefix begins an Authorization field of Signature Version 4, and of 4A,
// which nobody here can verify.
var signedPrefix = []byte("AWS4-")

// enter takes a request through the gates in front of a private API: the policy
// of the endpoint that it came through, which comes before everything else, and
// that of the private domain name that it came by. Who asks is told by the
// Authorization field: a signature has to be right, even where the method wants
// none, and without one nobody asks (developer guide, "Use VPC endpoint policies
// for private APIs").
func (r *request) enter() *exchange.Fault {
	e, domain := r.x.Client.Endpoint, r.x.Address.Private
	if e == nil || r.stage.trial != nil {
		return nil
	}
	ask := &r.ask
	ask.Action, ask.Principal, ask.Keys = invokeLower, iam.Principal{}, r.policyKeys()
	if bytes.HasPrefix(r.x.Header.GetKnown(http1.NameAuthorization), signedPrefix) {
		if f := r.findSigner(); f != nil {
			return f
		}
		ask.Principal, r.keys.Caller = r.signer.caller.Principal(), r.signer.caller
	}
	if domain != nil {
		ask.Resource = domain.ARN
		if f := r.allowedByEndpoint(e, ask); f != nil {
			return f
		}
		if d := iam.Evaluate(domain.Policies, ask); !passes(d) {
			return r.deniedByResource(ask, d)
		}
	}
	if e.Policies == nil {
		return nil
	}
	r.search.Path = trimPath(r.x.Address.StagePath)
	ask.Resource = r.methodARN()
	return r.allowedByEndpoint(e, ask)
}

// passes says whether a gate lets through. A gate grants nothing, so that whose
// account is allowed needs no policy of that account.
func passes(d iam.Decision) bool { return d.Effect == iam.Allow || d.Effect == iam.AllowAccount }

// allowedByEndpoint asks the endpoint's policy.
func (r *request) allowedByEndpoint(e *exchange.Endpoint, ask *iam.Request) *exchange.Fault {
	if e.Policies == nil {
		return nil
	}
	d := iam.Evaluate(e.Policies, ask)
	if passes(d) {
		return nil
	}
	why := " because no VPC endpoint policy allows the execute-api:Invoke action"
	if d.Effect == iam.ExplicitDeny {
		why = " with an explicit deny in a VPC endpoint policy"
	}
	return r.denied(d, "User: "+who(ask)+" is not authorized to perform: "+invokeAction+" on resource: "+masked(ask.Resource)+why)
}

// findSigner finds out who signed the request, once.
func (r *request) findSigner() *exchange.Fault {
	if f := r.readBody(); f != nil {
		return f
	}
	if s := &r.signer; !s.known {
		body := r.body
		if r.sentBody != nil {
			body = r.sentBody
		}
		s.known = true
		s.caller, s.keys, s.err = serving.VerifyCaller(r.stage.signed, r.stage.env.Identities, r.x, body)
	}
	if r.signer.err != nil {
		return r.badSignature(r.signer.err)
	}
	return nil
}

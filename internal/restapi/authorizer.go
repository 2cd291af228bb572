package restapi

import (
	"errors"
	"time"

	"github.com/gatehouse/gatehouse/internal/authorizer"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/javaregex"
	"github.com/gatehouse/gatehouse/internal/lambda"
	"github.com/gatehouse/gatehouse/internal/mapping"
)

// functionAuthorizer is a Lambda authorizer on a stage.
type functionAuthorizer struct {
	authorizer.Function
	id      string
	token   bool // TOKEN; else REQUEST
	sources authorizer.Sources
	pattern *javaregex.Pattern // of a TOKEN's token; nil: any
	scope   []byte             // what an answer is kept for, beside the client's identity
}

// poolAuthorizer is a Cognito authorizer on a stage, for one method.
type poolAuthorizer struct {
	authorizer.Pools
	source  mapping.Source
	pattern *javaregex.Pattern // of an identity token's aud; nil: any
	scopes  []string           // one of them must be an access token's; none: an identity token is wanted
}

var unauthorized = &exchange.Fault{Kind: exchange.Unauthorized}

// authorizeByFunction is the flow of Lambda authorizers: the API's policy may
// deny at once; then both are taken together.
func (r *request) authorizeByFunction(a *functionAuthorizer, ask *iam.Request) *exchange.Fault {
	byResource := r.byResource(ask)
	if byResource.Effect == iam.ExplicitDeny {
		return r.deniedByResource(ask, byResource)
	}
	key, f := r.identify(a)
	if f != nil {
		return f
	}
	answer, err := r.answerOf(a, key)
	if err != nil {
		return r.authorizerFault(err)
	}
	r.identity.answer, r.identity.phases.met = answer, r.tick()
	d := iam.Together(answer.Decide(ask), byResource)
	if r.exec != nil {
		r.exec.authorized(answer.PrincipalID, d.Effect == iam.Allow)
	}
	switch d.Effect {
	case iam.Allow:
		return nil
	case iam.ExplicitDeny:
		return r.denied(d, "User is not authorized to access this resource with an explicit deny in an identity-based policy")
	}
	return r.denied(d, "User is not authorized to access this resource because no identity-based policy allows the execute-api:Invoke action")
}

// answerOf is the kept answer, or what the function says now.
func (r *request) answerOf(a *functionAuthorizer, key authorizer.Key) (*authorizer.Answer, error) {
	if answer := a.Kept(key); answer != nil {
		return answer, nil
	}
	began := time.Now()
	defer func() { r.identity.latency = time.Since(began) }()
	return a.Ask(r.x, key, authorizer.Call{
		Event:     func() []byte { return a.event(r, r.ask.Resource) },
		RequestID: string(r.x.RequestID[:]), TraceID: string(r.trace.Full),
		Called: func(result *lambda.Result, took time.Duration) {
			r.identity.phases.functionAnswered(result)
			if r.exec != nil {
				r.exec.authorizerAnswered(result, took)
			}
		},
	})
}

// identify is the key of the client's identity. Every source must say
// something, and a token must look as the definition wants it: otherwise the
// function isn't called (developer guide, "Configure a Lambda authorizer").
func (r *request) identify(a *functionAuthorizer) (authorizer.Key, *exchange.Fault) {
	if r.exec != nil {
		r.exec.authorizes(a, r)
	}
	key, room, missing := a.sources.Key(r.scratch, a.scope, &r.input)
	r.scratch = room
	if missing != "" {
		r.x.Decide("authorize", "refused", missing+" is missing")
		return key, unauthorized
	}
	if a.pattern == nil {
		return key, nil
	}
	r.scratch = a.sources.Append(r.scratch[:0], 0, &r.input)
	if ok, err := a.pattern.Match(r.scratch); err != nil || !ok {
		r.x.Decide("authorize", "refused", "the token doesn't match identityValidationExpression")
		return key, unauthorized
	}
	return key, nil
}

// authorizerFault is the fault for an authorizer without an answer.
func (r *request) authorizerFault(err error) *exchange.Fault {
	if r.exec != nil {
		r.exec.authorizerFailed(err)
	}
	own, ok := errors.AsType[*authorizer.Error](err)
	if ok && own.Kind == authorizer.Busy {
		return integration.Busy()
	}
	if ok && own.Kind == authorizer.Unauthorized {
		r.x.Decide("authorize", "refused", own.Error())
		return &exchange.Fault{Kind: exchange.Unauthorized, Message: own.Text}
	}
	return &exchange.Fault{Kind: exchange.AuthorizerConfigurationError, Cause: err}
}

// authorizeByToken is the flow of Cognito authorizers (developer guide,
// "Control access to REST APIs using Amazon Cognito user pools").
func (r *request) authorizeByToken(a *poolAuthorizer) *exchange.Fault {
	v, ok := a.source.Append(r.scratch[:0], &r.input)
	r.scratch = v
	token := authorizer.Bearer(v)
	if !ok || len(token) == 0 {
		r.x.Decide("authorize", "refused", "the token is missing")
		return unauthorized
	}
	began := time.Now()
	answer, err := a.Ask(r.x, token)
	r.identity.latency = time.Since(began)
	if err != nil {
		return r.authorizerFault(err)
	}
	if why := a.wanted(answer); why != "" {
		r.x.Decide("authorize", "refused", why)
		return unauthorized
	}
	r.identity.answer, r.identity.phases.met = answer, r.tick()
	return nil
}

// wanted says why a verified token is not of the kind that the method wants.
func (a *poolAuthorizer) wanted(answer *authorizer.Answer) string {
	t := answer.Token
	if len(a.scopes) > 0 {
		if t.Text("token_use") != "access" {
			return "the method has scopes, and the token is no access token"
		}
		for _, have := range t.Scopes() {
			for _, want := range a.scopes {
				if have == want {
					return ""
				}
			}
		}
		return "the token has none of the method's scopes"
	}
	if t.Text("token_use") != "id" {
		return "the method has no scopes, and the token is no identity token"
	}
	if a.pattern != nil {
		for _, audience := range t.Audience() {
			if ok, err := a.pattern.Match([]byte(audience)); err == nil && ok {
				return ""
			}
		}
		return "the token's aud doesn't match identityValidationExpression"
	}
	return ""
}

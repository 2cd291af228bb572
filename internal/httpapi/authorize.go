package httpapi

import (
	"errors"
	"time"

	"github.com/gatehouse/gatehouse/internal/authorizer"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/mapping"
)

// Authorize says whether the client may call the route; nil: it may
// (developer guide, "Control access to HTTP APIs with Lambda authorizers", "…
// with JWT authorizers").
func (r *Request) Authorize() *exchange.Fault {
	if r.Route.signed {
		return r.bySignature()
	}
	a := r.Route.Authorizer
	if a == nil {
		return nil
	}
	r.input = mapping.Input{X: r.X, Params: r.Params, Query: &r.Query, Trace: r.Trace}
	if a.jwt != nil {
		return r.byToken(a)
	}
	return r.byFunction(a)
}

var (
	unauthorized = &exchange.Fault{Kind: exchange.Unauthorized}
	forbidden    = &exchange.Fault{Kind: exchange.AccessDenied}
)

// byToken challenges whoever has no token without words, and a token that
// isn't good with AWS's, attributes without commas between (seen on AWS).
func (r *Request) byToken(a *Authorizer) *exchange.Fault {
	r.room = a.sources.Append(r.room[:0], 0, &r.input)
	token := authorizer.Bearer(r.room)
	if len(token) == 0 {
		r.Challenge = "Bearer"
		r.X.Decide("authorize", "refused", "the token is missing")
		return unauthorized
	}
	answer, err := a.jwt.Ask(r.X, token, r.Route.scopes)
	if err == nil {
		r.Answer = answer
		r.X.Decide("authorize", "allowed", "")
		return nil
	}
	fault, code, text := unauthorized, "invalid_token", err.Error()
	if own, ok := errors.AsType[*authorizer.Error](err); ok {
		text = own.Text
		if own.Kind == authorizer.Forbidden {
			fault, code = forbidden, "insufficient_scope"
		}
	}
	r.Problem = code + ": " + text
	r.Challenge = r.Route.challenge + ` error="` + code + `" error_description="` + text + `"`
	r.X.Decide("authorize", "refused", err.Error())
	return fault
}

// byFunction asks the function, or its kept answer, and the answer about the
// route: also what was kept is asked for every route.
func (r *Request) byFunction(a *Authorizer) *exchange.Fault {
	key, room, missing := a.sources.Key(r.room, a.scope, &r.input)
	r.room = room
	if missing != "" {
		r.X.Decide("authorize", "refused", missing+" is missing")
		return unauthorized
	}
	r.ask = iam.Request{Action: invoke, Resource: r.routeARN()}
	answer := a.function.Kept(key)
	if answer == nil {
		var err error
		if answer, err = r.askFunction(a, key); err != nil {
			return r.unanswered(err)
		}
	}
	d := answer.Decide(&r.ask)
	if d.Effect != iam.Allow {
		r.X.Decide("authorize", "denied", d.Statement)
		return forbidden
	}
	r.Answer = answer
	r.X.Decide("authorize", "allowed", "")
	return nil
}

func (r *Request) askFunction(a *Authorizer, key authorizer.Key) (*authorizer.Answer, error) {
	began := time.Now()
	defer func() { r.Latency = time.Since(began) }()
	return a.function.Ask(r.X, key, authorizer.Call{
		Event:     func() []byte { return a.event(r) },
		RequestID: string(r.X.ExtendedID[:]), TraceID: string(r.Trace),
	})
}

const invoke = "execute-api:invoke" // as policies compare it

func (r *Request) unanswered(err error) *exchange.Fault {
	r.Problem = err.Error()
	own, ok := errors.AsType[*authorizer.Error](err)
	switch {
	case ok && own.Kind == authorizer.Unauthorized:
		r.X.Decide("authorize", "refused", "the function says Unauthorized")
		return unauthorized
	case ok && own.Kind == authorizer.Busy:
		return integration.Busy()
	}
	return &exchange.Fault{Kind: exchange.AuthorizerFailure, Cause: err}
}

// routeARN is what a request is authorized for: of the default route its key,
// of any other the client's method and path. Escapes that needn't be are
// undone, so that policies see one spelling of a path.
func (r *Request) routeARN() string {
	s, scope := r.Stage, &r.Stage.scope
	b := append(append(append(append([]byte("arn:"), scope.Partition...), ":execute-api:"...), scope.Region...), ':')
	b = append(append(append(append(append(append(b, scope.Account...), ':'), s.API...), '/'), s.Name...), '/')
	if r.Route.Key == "$default" {
		return string(append(b, r.Route.Key...))
	}
	b = append(append(b, r.X.Method...), '/')
	path := r.X.Address.StagePath
	for len(path) > 0 && path[0] == '/' {
		path = path[1:]
	}
	return string(mapping.AppendPlainPath(b, path))
}

package websocketapi

import (
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/authorizer"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/jsonpath"
	"github.com/gatehouse/gatehouse/internal/lambda"
	"github.com/gatehouse/gatehouse/internal/mapping"
	"github.com/gatehouse/gatehouse/internal/serving"
	"github.com/gatehouse/gatehouse/internal/sigv4"
	"github.com/gatehouse/gatehouse/internal/usageplan"
)

// authorizerTimeout is how long an authorizer's function may take.
const authorizerTimeout = 29 * time.Second

// authorizing is how clients that connect are checked. Nothing is kept of what
// an authorizer answers but with the connection (API Gateway V2 reference,
// "Authorizer": no results are cached for WebSocket APIs).
type authorizing struct {
	signed   bool // AWS_IAM
	function *authorizer.Function
	sources  authorizer.Sources
}

// newAuthorizing compiles a route's authorization; nil: anyone may connect.
func (c *compiler) newAuthorizing(place string, route *apigw.Route) *authorizing {
	switch route.AuthorizationType {
	case "", "NONE":
		return nil
	case "AWS_IAM":
		return &authorizing{signed: true}
	case "CUSTOM":
	default:
		c.refuse(place, "authorizationType "+route.AuthorizationType+" is none that a WebSocket API has")
		return nil
	}
	from := c.def.RouteAuthorizers[route.AuthorizerID]
	if from == nil {
		c.refuse(place, "authorizationType CUSTOM: there is no authorizer "+string(route.AuthorizerID))
		return nil
	}
	place = "authorizer " + from.Name
	if from.Type != "REQUEST" {
		c.refuse(place, "authorizerType "+from.Type+" is none that a WebSocket API has: REQUEST")
		return nil
	}
	a := new(authorizing)
	for _, expr := range from.IdentitySource {
		source, err := mapping.ParseConnectSource(expr, c.vars)
		if err != nil {
			c.refuse(place, "identitySource: "+err.Error())
			continue
		}
		a.sources.Add(expr, source)
	}
	if from.Credentials != "" {
		c.warn(place, "authorizerCredentialsArn "+from.Credentials+": the role is not assumed; the function is called with the process's own credentials")
	}
	s := c.out
	a.function = &authorizer.Function{
		Invoker: s.env.Functions, Cache: s.env.Answers(), Timeout: authorizerTimeout, Form: authorizer.ConnectPolicy,
		SourceARN: fmt.Sprintf("arn:%s:execute-api:%s:%s:%s/authorizers/%s", s.scope.Partition, s.scope.Region, s.scope.Account, s.API, from.ID),
	}
	if s.env.Pools != nil {
		a.function.Gate = s.env.Pools.NewGate()
	}
	var err error
	if a.function.Name, err = lambda.ParseURI(integration.Substitute(from.URI, c.vars)); err != nil && !c.unknownYet(from.URI) {
		c.warn(place, "authorizerUri: "+err.Error()+"; every client will be answered with 500")
	}
	return a
}

var (
	unauthorized = &exchange.Fault{Kind: exchange.Unauthorized}
	forbidden    = &exchange.Fault{Kind: exchange.AccessDenied}
	noKey        = &exchange.Fault{Kind: exchange.InvalidAPIKey}
	overQuota    = &exchange.Fault{Kind: exchange.QuotaExceeded}
)

// invoke is the action of who connects, as policies compare it.
const invoke = "execute-api:invoke"

// authorize says whether the client may connect; nil: it may.
func (e *Event) authorize() (f *exchange.Fault) {
	a := e.Route.authorizer
	if a == nil {
		return nil
	}
	e.phases.began = time.Now()
	if a.signed {
		f = e.bySignature()
	} else {
		f = e.byFunction(a)
	}
	e.phases.ended, e.phases.fault = time.Now(), f
	return f
}

// byFunction asks the function (developer guide, "Control access to WebSocket
// APIs with AWS Lambda REQUEST authorizers").
func (e *Event) byFunction(a *authorizing) *exchange.Fault {
	key, room, missing := a.sources.Key(e.scratch, nil, &e.input)
	e.scratch = room
	if missing != "" {
		e.X.Decide("authorize", "refused", missing+" is missing")
		return unauthorized
	}
	arn := e.Stage.routeARN(connectKey)
	began := time.Now()
	answer, err := a.function.Ask(e.X, key, authorizer.Call{
		Event:     func() []byte { return e.authorizerEvent(arn) },
		RequestID: string(e.X.ExtendedID[:]), TraceID: string(e.Trace), Called: e.phases.functionAnswered,
	})
	if err != nil {
		return e.unanswered(err)
	}
	e.phases.met = time.Now()
	e.who.answer, e.who.latency = answer, e.phases.met.Sub(began)
	ask := iam.Request{Action: invoke, Resource: arn}
	if d := answer.Decide(&ask); d.Effect != iam.Allow {
		e.problem = "the authorizer's policy doesn't allow execute-api:Invoke on resource: " + arn
		e.X.Decide("authorize", "denied", d.Statement)
		return forbidden
	}
	e.X.Decide("authorize", "allowed", "")
	return nil
}

func (e *Event) unanswered(err error) *exchange.Fault {
	e.problem = err.Error()
	own, ok := errors.AsType[*authorizer.Error](err)
	switch {
	case ok && own.Kind == authorizer.Unauthorized:
		e.X.Decide("authorize", "refused", "the function says Unauthorized")
		return unauthorized
	case ok && own.Kind == authorizer.Busy:
		return integration.Busy()
	}
	return &exchange.Fault{Kind: exchange.AuthorizerFailure, Cause: err}
}

// authorizerEvent is what the function gets: unlike a REST API's, without path
// and method (developer guide's sample).
func (e *Event) authorizerEvent(arn string) []byte {
	dst := jsonpath.AppendText([]byte(`{"type":"REQUEST","methodArn":`), arn)
	dst = e.appendRequest(append(dst, ','), e.eventFields(true))
	if e.Query.Len() == 0 {
		dst = append(dst, `"queryStringParameters":{},"multiValueQueryStringParameters":{},`...)
	}
	variables := e.Stage.variablesJSON
	if variables == "" {
		variables = "{}"
	}
	dst = append(append(append(dst, `"stageVariables":`...), variables...), `,"requestContext":`...)
	return append(e.appendContext(dst), '}')
}

// routeARN is a route as policies see it: without a method.
func (s *Stage) routeARN(key string) string {
	return fmt.Sprintf("arn:%s:execute-api:%s:%s:%s/%s/%s", s.scope.Partition, s.scope.Region, s.scope.Account, s.API, s.Name, key)
}

// bySignature wants a signature of a known identity whose policies allow it to
// connect (developer guide, "Control access to WebSocket APIs with IAM
// authorization").
func (e *Event) bySignature() *exchange.Fault {
	s := e.Stage
	who, keys, err := serving.VerifyCaller(s.env.Verifier(s.scope.Region), s.env.Identities, e.X, nil)
	if err != nil {
		return e.unsigned(err)
	}
	e.phases.met = time.Now()
	e.who.caller, e.keys = who, keys
	ask := iam.Request{Action: invoke, Resource: s.routeARN(connectKey), Principal: who.Principal(), Keys: e.policyKeys()}
	verdict := who.Decide(&ask, nil, s.scope.Account)
	if verdict.Effect == iam.Allow {
		e.X.Decide("authorize", "allowed", "")
		return nil
	}
	e.keys = nil
	e.problem = "User: " + who.ARN + " is not authorized to perform: execute-api:Invoke on resource: " + ask.Resource + verdict.Why("execute-api:Invoke")
	e.X.Decide("authorize", "denied", e.problem)
	return forbidden
}

func (e *Event) unsigned(err error) *exchange.Fault {
	own, ok := errors.AsType[*sigv4.Error](err)
	if !ok {
		return &exchange.Fault{Kind: exchange.AuthorizerFailure, Cause: err}
	}
	e.problem = own.Message
	e.X.Decide("authorize", "refused", "the request's signature: "+own.Message)
	return forbidden
}

// checkKey wants an API key of a usage plan that has the stage.
func (e *Event) checkKey() *exchange.Fault {
	s := e.Stage
	if !e.Route.needsKey {
		return nil
	}
	value := e.X.Header.GetKnown(http1.NameXAPIKey)
	if s.keyFromAnswer {
		value = nil
		if e.who.answer != nil {
			value = []byte(e.who.answer.UsageKey)
		}
	}
	if s.env.Plans == nil {
		return noKey
	}
	use, why := s.env.Plans.Find(value, usageplan.Stage{API: s.API, Stage: s.Name})
	if why != usageplan.NotRefused {
		e.X.Decide("API key", "refused", "nobody has this one, or no usage plan has it and the stage")
		return noKey
	}
	verdict, _ := use.Take(&usageplan.Request{Path: connectKey, Now: serving.ClockAt(e.start), Unix: e.start.Unix()})
	switch verdict {
	case usageplan.Admitted:
		e.who.key = &apiKey{string(value), use.Key}
		return nil
	case usageplan.OverQuota:
		return overQuota
	}
	return tooMany
}

package restapi

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/authorizer"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/jwt"
)

// TestAuthorizer asks an authorizer of def about a request to the API's root,
// and returns what it answered with the log. Nothing is kept. That an
// authorizer refuses or fails is a result; that it can't be deployed is an
// apigw.BadRequest.
func TestAuthorizer(ctx context.Context, def *apigw.Definition, id apigw.AuthorizerID, in *apigw.TestRequest, env *Env) (*apigw.AuthorizerResult, error) {
	began := time.Now()
	from := def.Authorizers[id]
	if from == nil {
		return nil, apigw.Errorf(apigw.NotFound, "Invalid Authorizer identifier specified")
	}
	root := apigw.ResourceID("root")
	one := *def
	one.Resources = map[apigw.ResourceID]*apigw.Resource{root: {ID: root, Path: "/", Methods: map[apigw.Verb]*apigw.Method{
		"GET": {Verb: "GET", Integration: &apigw.Integration{Type: apigw.IntegrationMock}},
	}}}
	in.Resource, in.Verb = root, "GET"
	variables, err := trialContext(in.Context)
	if err != nil {
		return nil, err
	}
	s, a, err := compileAuthorizerTrial(&one, from, in, env)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	s.trial.context = variables
	x, err := trialExchange(ctx, &one, in)
	if err != nil {
		return nil, err
	}
	r := s.begin(x)
	defer x.End()
	r.trialRoute()
	r.logged()
	answer, f := r.testAuthorizer(a)
	out := &apigw.AuthorizerResult{Latency: time.Since(began).Milliseconds(), Log: string(s.trial.exec.lines)}
	if f != nil {
		out.Status = kindRules[f.Kind].status
		return out, nil
	}
	out.PrincipalID, out.Policy = answer.PrincipalID, answer.Policy
	for _, e := range answer.Context {
		if out.Context == nil {
			out.Context = map[string]string{}
		}
		out.Context[e.Name] = e.Value
	}
	if answer.Token != nil {
		out.Claims = map[string]string{}
		for _, c := range answer.Token.Flat(jwt.Commas) {
			out.Claims[c.Name] = c.Value
		}
	}
	return out, nil
}

// compileAuthorizerTrial compiles a stage for the test, and the authorizer as
// one that keeps nothing.
func compileAuthorizerTrial(def *apigw.Definition, from *apigw.Authorizer, in *apigw.TestRequest, env *Env) (*Stage, *authorization, error) {
	kind := "CUSTOM"
	if from.Type == "COGNITO_USER_POOLS" {
		kind = from.Type
	}
	c := newCompiler(def, &apigw.Stage{APIID: def.API.ID, Name: apigw.TestStage, Variables: in.StageVariables}, env)
	c.trial = &trial{request: in}
	s := c.compile("")
	before := len(c.problems) // of what isn't tested
	a := c.authorization("authorizer", &apigw.Method{AuthorizationType: kind, AuthorizerID: from.ID})
	for _, p := range c.problems[before:] {
		if !p.Warning {
			s.Close()
			return nil, nil, apigw.Errorf(apigw.BadRequest, "Gatehouse can't serve this yet: %s", p)
		}
	}
	if a.function != nil {
		a.function.TTL = 0
	}
	return s, a, nil
}

// testAuthorizer is the answer of an authorizer, whatever it allows.
func (r *request) testAuthorizer(a *authorization) (*authorizer.Answer, *exchange.Fault) {
	r.ask.Resource = r.methodARN()
	if a.pools != nil {
		f := r.authorizeByToken(a.pools)
		return r.identity.answer, f
	}
	key, f := r.identify(a.function)
	if f != nil {
		return nil, f
	}
	answer, err := r.answerOf(a.function, key)
	if err != nil {
		return nil, r.authorizerFault(err)
	}
	r.exec.authorized(answer.PrincipalID, true)
	return answer, nil
}

// trialContext reads additionalContext, of which AWS says no more than that it
// holds context variables: their names are those of identity sources, with
// "context." before them or without. What an authorizer itself answers can't be
// set.
func trialContext(values map[string]string) (map[exchange.Variable]string, error) {
	variables := make(map[exchange.Variable]string, len(values))
	for key, value := range values {
		name := strings.TrimPrefix(key, "context.")
		v, err := exchange.ParseVariable(name)
		if err != nil || v.Name == exchange.VarAuthorizer {
			return nil, apigw.Errorf(apigw.BadRequest, "additionalContext: %q is no context variable that a request has when its authorizer is asked", key)
		}
		if _, twice := variables[v]; twice {
			return nil, apigw.Errorf(apigw.BadRequest, "additionalContext: %q is there twice", name)
		}
		variables[v] = value
	}
	return variables, nil
}

// withContext is an event's requestContext with what the test sets. The names
// of variables are the paths in it.
func (t *trial) withContext(requestContext []byte) []byte {
	if len(t.context) == 0 {
		return requestContext
	}
	var doc map[string]any
	d := json.NewDecoder(bytes.NewReader(requestContext))
	d.UseNumber()
	if err := d.Decode(&doc); err != nil {
		return requestContext // never: it is ours
	}
	for key, value := range t.request.Context {
		at := doc
		name := strings.TrimPrefix(key, "context.")
		if part, rest, nested := strings.Cut(name, "."); nested {
			inner, ok := at[part].(map[string]any)
			if !ok {
				inner = map[string]any{}
				at[part] = inner
			}
			at, name = inner, rest
		}
		at[name] = value
	}
	out, err := json.Marshal(doc)
	if err != nil {
		return requestContext // never, as before
	}
	return out
}

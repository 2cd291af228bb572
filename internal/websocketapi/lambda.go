package websocketapi

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse/gatehouse/internal/admission"
	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/jsonpath"
	"github.com/gatehouse/gatehouse/internal/lambda"
)

// function is a function that a route calls.
type function struct {
	arn     string
	name    string // for logs
	timeout time.Duration
	gate    *admission.Gate // of the calls in flight; nil when only checked
	caller  integration.FunctionCaller
}

// compileFunction finds the function of a URI. Each route has its own, as the
// function's policy is asked about the route.
func (c *compiler) compileFunction(route *apigw.Route, i *apigw.RouteIntegration) (*function, error) {
	f := &function{timeout: timeout(i)}
	if c.unknownYet(i.URI + i.Credentials) {
		return f, nil
	}
	var err error
	if f.arn, f.name, err = integration.RouteFunction(i.URI, c.vars, c.out.scope.Account); err != nil || c.env == nil {
		return f, err
	}
	if c.env.Pools != nil {
		f.gate = c.env.Pools.NewGate()
	}
	f.caller, err = c.env.Services.FunctionCaller(integration.Substitute(i.Credentials, c.vars), c.sourceARN(route), f.arn, c.out.scope)
	return f, err
}

var errNoFunctions = errors.New("no functions are configured")

// invoke calls the function with a payload.
func (f *function) invoke(e *Event, payload []byte, result *lambda.Result, kind apigw.IntegrationType) *exchange.Fault {
	if e.Stage.env.Functions == nil {
		return integration.Misconfigured(errNoFunctions)
	}
	until := time.Now().Add(f.timeout)
	if f.gate != nil {
		if !f.gate.Enter(until) {
			return integration.Busy()
		}
		defer f.gate.Leave()
	}
	client := e.caller()
	in := f.caller.Invocation(client, f.arn, payload, until)
	if fault := f.caller.Forbids(client, in); fault != nil {
		return fault
	}
	ctx, cancel := context.WithDeadline(e.X.Context(), until)
	defer cancel()
	called := &e.X.Outcome.Integration
	called.Begin(e.X, string(kind), f.name)
	err := e.Stage.env.Functions.Invoke(ctx, in, result)
	called.End(e.X, result.Status, result.RequestID)
	if err != nil {
		return integration.InvokeFault(err)
	}
	return nil
}

// lambdaProxy hands an event to a function as it is (developer guide, "Set up a
// WebSocket API integration request").
type lambdaProxy struct{ *function }

func (c *compiler) lambdaProxy(place string, route *apigw.Route, i *apigw.RouteIntegration) backend {
	if i.Method != "" && i.Method != "POST" {
		c.warn(place, "integrationMethod "+i.Method+": functions are invoked with POST")
	}
	f, err := c.compileFunction(route, i)
	if err != nil {
		return c.broken(place, err)
	}
	return lambdaProxy{f}
}

func (p lambdaProxy) call(e *Event) (r reply, f *exchange.Fault) {
	e.event = e.appendEvent(e.event[:0])
	var result lambda.Result
	if f := p.invoke(e, e.event, &result, apigw.IntegrationAWSProxy); f != nil {
		return r, f
	}
	if result.FunctionError != "" {
		return r, failedFunction(integration.NewFunctionError(result.Status, result.Payload, result.RequestID))
	}
	if e.kind == connectEvent {
		return connectReply(result.Payload)
	}
	if e.kind == messageEvent && !e.Route.twoWay {
		return reply{none: true}, nil
	}
	return messageReply(result.Payload)
}

// failedFunction is the fault of a function that failed, or whose answer is
// none: 502 to a client that connects (seen on AWS).
func failedFunction(err error) *exchange.Fault { return integration.Unreachable(err) }

// connectReply reads what a function answered a client that connects: a
// statusCode there must be.
func connectReply(payload []byte) (reply, *exchange.Fault) {
	out, inferred, err := integration.ParseRouteOutput(payload, true)
	if err == nil && inferred {
		err = errors.New("the function's answer has no statusCode")
	}
	if err != nil {
		return reply{}, failedFunction(err)
	}
	r := reply{status: out.Status, header: new(http1.Header), body: out.Body}
	for _, list := range [][]integration.OutputField{out.Multi, out.Headers} {
		for _, field := range list {
			if len(out.Multi) == 0 || &list[0] == &out.Multi[0] || !out.Repeats(field.Name) {
				r.header.AddBytes(field.Name, field.Value)
			}
		}
	}
	return r, nil
}

// maxText is the most bytes of a text that is made of an answer.
const maxText = 10 << 20

// messageReply reads the text that a function answers a message with: its body,
// whatever its statusCode; without one nothing is sent (seen on AWS).
func messageReply(payload []byte) (r reply, f *exchange.Fault) {
	if len(payload) > maxText {
		return r, failedFunction(fmt.Errorf("the function answered with more than %d bytes", maxText))
	}
	doc, err := jsonpath.Parse(payload, jsonpath.Limits{})
	if err != nil {
		return r, failedFunction(fmt.Errorf("the function's answer is no JSON: %w", err))
	}
	body := doc.Member("body")
	if body == nil || body.Kind == jsonpath.Null {
		return reply{none: true}, nil
	}
	if body.Kind != jsonpath.String {
		return r, failedFunction(errors.New("the function's body is no text"))
	}
	r.body = []byte(body.Text)
	if b := doc.Member("isBase64Encoded"); b != nil && b.Kind == jsonpath.Bool && b.Bool {
		if r.body, err = integration.AppendBase64Decoded(nil, r.body); err != nil {
			return r, failedFunction(fmt.Errorf("the function's body is no base64: %w", err))
		}
	}
	return r, nil
}

package httpapi

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/admission"
	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/lambda"
)

// maxOutput is the most bytes that a function answers with (AWS Lambda quotas: 6 MB
// of a synchronous invocation, which is 6 MiB and 100 bytes as seen on AWS).
const maxOutput = 6<<20 + 100

// lambdaProxy hands the client's request to a function as an event and makes the
// client's answer of what the function returns (developer guide, "AWS Lambda
// integrations for HTTP APIs").
type lambdaProxy struct {
	function string
	name     string // of the function, for logs
	timeout  time.Duration
	gate     *admission.Gate // of the calls in flight; nil when only checked
	caller   integration.FunctionCaller
	event    eventForm
}

// compileLambda is the backend of a function. Each route has its own, as the
// function's policy is asked about the route.
func (c *compiler) compileLambda(place string, route *apigw.Route, i *apigw.RouteIntegration) backend {
	if i.PayloadFormat != "1.0" && i.PayloadFormat != "2.0" {
		c.refuse(place, fmt.Sprintf("payloadFormatVersion %q is not 1.0 or 2.0", i.PayloadFormat))
		return nil
	}
	if i.Method != "" && i.Method != "POST" {
		c.warn(place, "integrationMethod "+i.Method+": functions are invoked with POST")
	}
	p := &lambdaProxy{timeout: timeout(i)}
	if c.unknownYet(i.URI + i.Credentials) {
		return p
	}
	var err error
	if p.function, p.name, err = integration.RouteFunction(i.URI, c.vars, c.out.scope.Account); err != nil {
		return c.broken(place, err)
	}
	p.event = newEventForm(c.out, route.Key, i.PayloadFormat)
	if c.env == nil {
		return p
	}
	if c.env.Pools != nil {
		p.gate = c.env.Pools.NewGate()
	}
	p.caller, err = c.env.Services.FunctionCaller(integration.Substitute(i.Credentials, c.vars), c.sourceARN(route), p.function, c.out.scope)
	if err != nil {
		return c.broken(place, err)
	}
	return p
}

// sourceARN is a route as what it calls sees it.
func (c *compiler) sourceARN(route *apigw.Route) string {
	verb, path, ok := strings.Cut(route.Key, " ")
	if !ok {
		verb, path = defaultRoute, ""
	}
	return integration.SourceARN(c.out.scope, c.out.API, c.out.Name, verb, path)
}

var errNoFunctions = errors.New("no functions are configured")

func (p *lambdaProxy) serve(r *Request) *exchange.Fault {
	if f := r.readBody(); f != nil {
		return f
	}
	if r.Stage.env.Functions == nil {
		return integration.Misconfigured(errNoFunctions)
	}
	until := time.Now().Add(p.timeout)
	if p.gate != nil {
		if !p.gate.Enter(until) {
			return integration.Busy()
		}
		defer p.gate.Leave()
	}
	r.event.text = p.event.append(r.event.text[:0], r)
	client := r.client()
	in := p.caller.Invocation(client, p.function, r.event.text, until)
	if f := p.caller.Forbids(client, in); f != nil {
		return f
	}
	ctx, cancel := context.WithDeadline(r.X.Context(), until)
	defer cancel()
	result := &r.event.result
	r.callBegins(apigw.IntegrationAWSProxy, p.name)
	err := r.Stage.env.Functions.Invoke(ctx, in, result)
	r.callEnded(result.Status, result.RequestID)
	if err != nil {
		return invokeFault(err)
	}
	return p.answer(r, result)
}

// notPermitted is AWS's text for a function that doesn't let the API call it
// (seen on AWS in $context.integrationErrorMessage).
const notPermitted = "The IAM role configured on the integration or API Gateway doesn't have permissions to call the integration. Check the permissions and try again."

func invokeFault(err error) *exchange.Fault {
	if lambda.KindOf(err) == lambda.AccessDenied {
		err = fmt.Errorf("%s (%w)", notPermitted, err)
	}
	return integration.InvokeFault(err)
}

// answer makes the client's answer of the function's. A function that failed, or
// answered in no form, shows as 500 (developer guide, "Troubleshooting HTTP API
// Lambda integrations").
func (p *lambdaProxy) answer(r *Request, result *lambda.Result) *exchange.Fault {
	switch {
	case result.FunctionError != "":
		return integration.Misconfigured(integration.NewFunctionError(result.Status, result.Payload, result.RequestID))
	case len(result.Payload) > maxOutput:
		return integration.Misconfigured(fmt.Errorf("the function answered with more than %d bytes", maxOutput))
	}
	out, inferred, err := integration.ParseRouteOutput(result.Payload, p.event.format2)
	if err != nil {
		return integration.Misconfigured(err)
	}
	r.functionStatus = out.Status
	body := r.X.Response.Body[:0]
	if out.Base64 { // decoded always, whatever the types (seen on AWS)
		if body, err = integration.AppendBase64Decoded(body, out.Body); err != nil {
			return integration.Misconfigured(fmt.Errorf("the function's body is no base64: %w", err))
		}
	} else {
		body = append(body, out.Body...)
	}
	addOutput(open(r.X, out.Status), out, inferred)
	r.X.Response.Body = body
	return nil
}

var fieldContentType = []byte("Content-Type")

// addOutput adds a function's fields. multiValueHeaders win over headers of the
// same name, in any case; cookies are beside what headers say (seen on AWS). What
// has no Content-Type is text, and what was inferred JSON.
func addOutput(h *http1.Header, out *integration.Output, inferred bool) {
	for _, field := range out.Multi {
		addOwned(h, field)
	}
	for _, field := range out.Headers {
		if !out.Repeats(field.Name) {
			addOwned(h, field)
		}
	}
	switch {
	case h.IndexKnown(http1.NameContentType, 0) >= 0:
	case inferred:
		h.AddBytes(fieldContentType, mediaJSON)
	default:
		h.AddBytes(fieldContentType, mediaText)
	}
}

var (
	mediaJSON = []byte("application/json")
	mediaText = []byte("text/plain;charset=UTF-8")
)

// addOwned adds a field of a function's, but for those of the client's connection
// and the gateway's own.
func addOwned(h *http1.Header, field integration.OutputField) {
	if !ownAnswerField(field.Name, http1.Lookup(string(field.Name))) {
		h.AddBytes(field.Name, field.Value)
	}
}

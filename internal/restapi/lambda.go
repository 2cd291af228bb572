package restapi

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/admission"
	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/lambda"
	"github.com/gatehouse/gatehouse/internal/mapping"
)

// lambdaProxy hands the client's request to a function as an event and its
// output to the client.
type lambdaProxy struct {
	function    string
	name        string // of the function, for logs
	timeout     time.Duration
	idle        time.Duration       // of an answer that is streamed; 0: it is collected
	gate        *admission.Gate     // of the calls in flight; nil when only checked
	fatal       []mapping.Parameter // headers whose mapping fails every request
	head        string              // the beginning of the event, up to the path
	contextHead string              // of requestContext, up to the method
	caller      integration.FunctionCaller
}

func (c *compiler) lambdaProxy(m *method, i *apigw.Integration) backend {
	place := m.place()
	if i.ContentHandling == "CONVERT_TO_BINARY" {
		c.refuse(place, "contentHandling CONVERT_TO_BINARY on an AWS_PROXY integration is not supported")
	}
	params := c.parameters(place, i.RequestParameters)
	if i.HTTPMethod != "POST" {
		return c.broken(place, errors.New("functions are invoked with POST, and integrationHttpMethod is "+i.HTTPMethod))
	}
	p := &lambdaProxy{timeout: timeout(i), idle: c.streamIdle(i)}
	for n := range params {
		fails, _ := integration.MappedRequestField(http1.Lookup(params[n].Name), integration.AWS)
		if params[n].Place == mapping.InHeader && fails {
			p.fatal = append(p.fatal, params[n])
		}
	}
	p.head = string(append(appendJSONString([]byte(`{"resource":`), m.resource.path), `,"path":`...))
	context := appendJSONString([]byte(`{"resourceId":`), string(m.resource.id))
	context = appendJSONString(append(context, `,"resourcePath":`...), m.resource.path)
	p.contextHead = string(append(context, `,"httpMethod":`...))
	if c.env != nil && c.env.Pools != nil {
		p.gate = c.env.Pools.NewGate()
	}
	if c.stage == nil && strings.Contains(i.URI, "${stageVariables.") {
		return p
	}
	var err error
	p.function, err = c.function(i)
	p.name = functionName(p.function)
	if err != nil {
		if !strings.Contains(i.URI, ":lambda:path/") {
			c.refuse(place, "an AWS_PROXY integration other than a Lambda function is not supported yet: "+err.Error())
		}
		return c.broken(place, err)
	}
	if c.env == nil {
		return p
	}
	if p.caller, err = c.functionCaller(m, i, p.function); err != nil {
		return c.broken(place, err)
	}
	return p
}

func (c *compiler) sourceARN(m *method) string {
	return integration.SourceARN(c.out.scope, c.out.apiID, c.out.name, string(m.verb), m.resource.path)
}

var errNoFunctions = errors.New("no functions are configured")

func (p *lambdaProxy) serve(r *request) *exchange.Fault {
	if f := failing(r, p.fatal); f != nil {
		return f
	}
	if f := r.readBody(); f != nil {
		return f
	}
	if r.stage.env.Functions == nil {
		return integration.Misconfigured(errNoFunctions)
	}
	until := time.Now().Add(p.timeout - r.waited)
	if p.gate != nil {
		if !p.gate.Enter(until) {
			return integration.Busy()
		}
	}
	event := p.appendEvent(nil, r)
	r.called = true
	in := p.caller.Invocation(r.client(), p.function, event, until)
	if f := p.caller.Forbids(r.client(), in); f != nil {
		p.leave()
		return f
	}
	if r.exec != nil {
		r.exec.callsFunction(r, in, p.idle > 0)
	}
	if p.idle > 0 {
		return p.stream(r, in)
	}
	return p.call(r, in)
}

// call calls the function and makes the client's answer of its output.
func (p *lambdaProxy) call(r *request, in *lambda.Invocation) *exchange.Fault {
	defer p.leave()
	ctx, cancel := context.WithDeadline(r.x.Context(), in.Deadline)
	defer cancel()
	r.callBegins(apigw.IntegrationAWSProxy, p.name)
	var result lambda.Result
	err := r.stage.env.Functions.Invoke(ctx, in, &result)
	r.callEnded(result.Status, result.RequestID)
	if err != nil {
		return integration.InvokeFault(err)
	}
	if r.exec != nil {
		r.exec.answered(r, nil, result.Payload)
	}
	return p.answer(r, &result)
}

// badGateway is the fault for a function that failed or answered in a form
// that is none: 502 (recorded on AWS).
func badGateway(cause error) *exchange.Fault {
	return &exchange.Fault{Kind: exchange.Default5XX, Status: 502, AfterIntegration: true, Cause: cause}
}

func (p *lambdaProxy) answer(r *request, result *lambda.Result) *exchange.Fault {
	if result.FunctionError != "" {
		return badGateway(integration.NewFunctionError(result.Status, result.Payload, result.RequestID))
	}
	if len(result.Payload) > integration.MaxBody {
		return integration.Misconfigured(integration.ErrResponseTooLarge)
	}
	output, err := integration.ParseOutput(result.Payload)
	if err != nil {
		return badGateway(&worded{malformed, err})
	}
	r.codeStatus = output.Status
	return answerOutput(output, r)
}

package restapi

import (
	"context"
	"encoding/json"
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

// lambdaCall serves integrations of type AWS with a function: the mapped body
// is the event, and the function's answer is mapped.
type lambdaCall struct {
	*shape
	function, name string // name: without what is around it, for logs
	qualifier      *mapping.Source
	kind           *mapping.Source // X-Amz-Invocation-Type
	context        *mapping.Source // X-Amz-Client-Context
	headers        []mappedHeader  // other mapped fields, for a function elsewhere
	fatal          []mapping.Parameter
	readsBody      bool // a mapping reads the client's body
	timeout        time.Duration
	gate           *admission.Gate
	caller         integration.FunctionCaller
}

// lambdaCall compiles an integration with a function.
func (c *compiler) lambdaCall(m *method, i *apigw.Integration, shape *shape) backend {
	place := m.place()
	l := &lambdaCall{shape: shape, timeout: timeout(i)}
	t, params := c.mappedTarget(place, i, integration.AWS)
	l.fatal, l.readsBody = t.fatal, t.readsBody
	c.lambdaParameters(place, l, t, params)
	if i.HTTPMethod != "POST" {
		return c.broken(place, errors.New("functions are invoked with POST, and integrationHttpMethod is "+i.HTTPMethod))
	}
	var err error
	if strings.ContainsAny(integration.Substitute(i.URI, c.vars), "{}") {
		c.refuse(place, "a function that is named by path parameters is not supported: "+i.URI)
		return l
	}
	if l.function, err = c.function(i); err != nil {
		return c.malformed(place, i, err)
	}
	l.name = functionName(l.function)
	if c.env == nil {
		return l
	}
	if c.env.Pools != nil {
		l.gate = c.env.Pools.NewGate()
	}
	if l.caller, err = c.functionCaller(m, i, l.function); err != nil {
		return c.broken(place, err)
	}
	return l
}

// lambdaParameters finds what the mappings mean to Lambda's Invoke call (AWS
// Lambda API reference, "Invoke").
func (c *compiler) lambdaParameters(place string, l *lambdaCall, t httpTarget, params []mapping.Parameter) {
	for n := range t.queries {
		if t.queries[n].Name == "Qualifier" {
			l.qualifier = &t.queries[n].Source
			continue
		}
		c.warn(place, "requestParameters map the query parameter "+t.queries[n].Name+", which Lambda doesn't read")
	}
	for n := range t.headers {
		h := &t.headers[n]
		switch name := string(h.name); {
		case strings.EqualFold(name, "X-Amz-Invocation-Type"):
			l.kind = &h.source
		case strings.EqualFold(name, "X-Amz-Client-Context"):
			l.context = &h.source
		case strings.EqualFold(name, "X-Amz-Log-Type"):
			if text, _ := h.source.Literal(); text != "None" {
				c.refuse(place, "requestParameters map X-Amz-Log-Type: a function's log in its answer is not supported")
			}
		default:
			l.headers = append(l.headers, *h)
		}
	}
	for n := range params {
		if params[n].Place == mapping.InPath {
			c.warn(place, "requestParameters map the path parameter "+params[n].Name+", which the URI of a function doesn't use")
		}
	}
}

func (l *lambdaCall) serve(r *request) *exchange.Fault {
	event, _, f := l.request.render(r)
	if f != nil {
		return f
	}
	if l.readsBody {
		if f := r.mapClientBody(l.request.convert); f != nil {
			return f
		}
	}
	if f := failing(r, l.fatal); f != nil {
		return f
	}
	if r.stage.env.Functions == nil {
		return integration.Misconfigured(errNoFunctions)
	}
	until := time.Now().Add(l.timeout - r.waited)
	if l.gate != nil {
		if !l.gate.Enter(until) {
			return integration.Busy()
		}
		defer l.gate.Leave()
	}
	in, f := l.invocation(r, event, until)
	if f != nil {
		return f
	}
	if f := l.caller.Forbids(r.client(), in); f != nil {
		return f
	}
	var result lambda.Result
	if f := l.invoke(r, in, &result); f != nil {
		return f
	}
	return l.answer(r, &result)
}

// invocation is the call that r makes of the function.
func (l *lambdaCall) invocation(r *request, event []byte, until time.Time) (*lambda.Invocation, *exchange.Fault) {
	in := l.caller.Invocation(r.client(), l.function, event, until)
	for i := range l.headers {
		h := &l.headers[i]
		v, ok := h.source.Append(r.scratch[:0], &r.input)
		r.scratch = v[:0]
		if !ok {
			continue
		}
		if f := checkValue(v); f != nil {
			return nil, f
		}
		in.Header[string(h.name)] = string(v)
	}
	in.Type = lambda.InvocationType(r.mapped(l.kind))
	in.ClientContext = r.mapped(l.context)
	qualifier := r.mapped(l.qualifier)
	if f := r.overrideInvocation(in, &qualifier); f != nil {
		return nil, f
	}
	if qualifier != "" {
		in.Function += ":" + qualifier
	}
	if f := r.mappingFault(); f != nil {
		return nil, f
	}
	switch in.Type {
	case "", lambda.RequestResponse, lambda.Event, lambda.DryRun:
		return in, nil
	}
	return nil, integration.Misconfigured(errors.New("Lambda has no invocation type " + string(in.Type[:min(len(in.Type), 64)])))
}

// overrideInvocation makes what the request template overrides part of a call
// of a function.
func (r *request) overrideInvocation(in *lambda.Invocation, qualifier *string) *exchange.Fault {
	o := r.overridden()
	if o == nil {
		return nil
	}
	for name, value := range o.Header.All() {
		fails, _ := integration.MappedRequestField(http1.Lookup(name), integration.AWS)
		switch {
		case fails, isOwn(name), !mapping.SendableName(name), !http1.ValidValue(value), strings.EqualFold(name, "X-Amz-Log-Type") && value != "None":
			return errOverride
		case strings.EqualFold(name, "X-Amz-Invocation-Type"):
			in.Type = lambda.InvocationType(value)
		case strings.EqualFold(name, "X-Amz-Client-Context"):
			in.ClientContext = value
		default:
			in.Header[name] = value
		}
	}
	if q, ok := o.Query.Text("Qualifier"); ok {
		*qualifier = q
	}
	return nil
}

// mapped is the value of a mapping that may not be there.
func (r *request) mapped(s *mapping.Source) string {
	if s == nil {
		return ""
	}
	v, _ := s.Append(r.scratch[:0], &r.input)
	r.scratch = v[:0]
	return string(v)
}

// invoke calls the function.
func (l *lambdaCall) invoke(r *request, in *lambda.Invocation, result *lambda.Result) *exchange.Fault {
	r.called = true
	ctx, cancel := context.WithDeadline(r.x.Context(), in.Deadline)
	defer cancel()
	if r.exec != nil {
		r.exec.callsFunction(r, in, false)
	}
	r.callBegins(apigw.IntegrationAWS, l.name)
	err := r.stage.env.Functions.Invoke(ctx, in, result)
	r.callEnded(result.Status, result.RequestID)
	switch {
	case err != nil:
		return integration.InvokeFault(err)
	case len(result.Payload) > integration.MaxBody:
		return integration.Misconfigured(integration.ErrResponseTooLarge)
	case r.exec != nil:
		r.exec.answered(r, nil, result.Payload)
	}
	return nil
}

// answer makes the client's answer of the function's. Patterns see the
// errorMessage of one that failed; one that didn't has nothing to see, and
// takes the default response (recorded on AWS).
func (l *lambdaCall) answer(r *request, result *lambda.Result) *exchange.Fault {
	h := &r.call.Response.Header
	h.Reset()
	h.Add("x-amzn-RequestId", result.RequestID)
	h.Add("X-Amz-Executed-Version", result.ExecutedVersion)
	if len(result.Payload) > 0 {
		h.Add("Content-Type", "application/json")
	}
	from := backendAnswer{header: h, body: result.Payload, function: true}
	if result.FunctionError == "" {
		return l.answers.answerDefault(r, from)
	}
	h.Add("X-Amz-Function-Error", result.FunctionError)
	return l.answers.answer(r, errorMessageOf(result.Payload), from)
}

// errorMessageOf is the message in a function's error document; nil when it has
// none.
func errorMessageOf(payload []byte) []byte {
	var doc struct {
		ErrorMessage *string `json:"errorMessage"`
	}
	if json.Unmarshal(payload, &doc) != nil || doc.ErrorMessage == nil {
		return nil
	}
	return []byte(*doc.ErrorMessage)
}

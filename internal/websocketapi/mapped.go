package websocketapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/javaregex"
	"github.com/gatehouse/gatehouse/internal/lambda"
	"github.com/gatehouse/gatehouse/internal/mapping"
)

// shape is what an integration that isn't a proxy makes of a message, and of
// the backend's answer.
type shape struct {
	selection *selection // of a request template; nil: $default's
	templates map[string]*mapping.Program
	none      string // passthroughBehavior
	convert   integration.Conversion
	answers   []answer
	fallback  *mapped // $default; nil: the answer as it is
}

// answer is an integration response with a key of its own.
type answer struct {
	exact   string
	pattern *javaregex.Pattern // nil: exact
	*mapped
}

// mapped is what an integration response makes of an answer.
type mapped struct {
	selection *selection // nil: $default's
	templates map[string]*mapping.Program
	convert   integration.Conversion
}

func (c *compiler) shape(place string, i *apigw.RouteIntegration) *shape {
	s := &shape{none: i.Passthrough}
	s.selection = c.selection(place+" templateSelectionExpression", i.TemplateSelection, false)
	s.templates = c.templates(place+" requestTemplates", i.RequestTemplates)
	s.convert = c.conversion(place, i.ContentHandling)
	switch i.Passthrough {
	case "", "WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER":
	default:
		c.refuse(place, "passthroughBehavior "+i.Passthrough+" is none that API Gateway has")
	}
	responses := slices.SortedFunc(maps.Values(i.Responses), func(a, b *apigw.RouteIntegrationResponse) int { return strings.Compare(a.Key, b.Key) })
	for _, from := range responses {
		at := place + " integration response " + from.Key
		if len(from.ResponseParameters) > 0 {
			c.refuse(at, "responseParameters: a message has no fields that they could be sent in")
		}
		m := &mapped{
			selection: c.selection(at+" templateSelectionExpression", from.TemplateSelection, true),
			templates: c.templates(at+" responseTemplates", from.ResponseTemplates),
			convert:   c.conversion(at, from.ContentHandling),
		}
		if from.Key == defaultKey {
			s.fallback = m
			continue
		}
		a := answer{exact: from.Key, mapped: m}
		if key := from.Key; len(key) >= 2 && key[0] == '/' && key[len(key)-1] == '/' {
			var err error
			if a.pattern, err = javaregex.Compile(key[1 : len(key)-1]); err != nil {
				c.refuse(at, "integrationResponseKey: "+err.Error())
				continue
			}
		}
		s.answers = append(s.answers, a)
	}
	return s
}

func (c *compiler) conversion(place, text string) integration.Conversion {
	convert, ok := integration.ParseConversion(text)
	if !ok {
		c.refuse(place, "contentHandlingStrategy "+text+" is none that API Gateway has")
	}
	return convert
}

func (c *compiler) selection(place, text string, answers bool) *selection {
	if text == "" {
		return nil
	}
	s, err := parseSelection(text, answers)
	if err != nil {
		c.refuse(place, err.Error())
		return nil
	}
	return s
}

func (c *compiler) templates(place string, from map[string]string) map[string]*mapping.Program {
	list := make(map[string]*mapping.Program, len(from))
	for _, key := range slices.Sorted(maps.Keys(from)) {
		p, err := mapping.CompileProgram(from[key])
		if err != nil {
			c.warn(place+" "+key, err.Error()+"; every message that uses it will be answered with an error")
			list[key] = nil
			continue
		}
		for _, text := range p.Warnings {
			c.warn(place+" "+key, text)
		}
		list[key] = p
	}
	return list
}

var (
	unsupported = &exchange.Fault{Kind: exchange.UnsupportedMediaType}
	errTemplate = errors.New("the template can't be compiled")
)

// request is the payload that the integration gets.
func (s *shape) request(e *Event) (payload []byte, f *exchange.Fault) {
	program, found := s.pick(e)
	if !found {
		if s.none == "NEVER" || s.none == "WHEN_NO_TEMPLATES" && len(s.templates) > 0 {
			return nil, unsupported
		}
		return s.converted(e.body)
	}
	if program == nil {
		return nil, integration.Misconfigured(errTemplate)
	}
	e.document()
	run := e.render()
	if run.Body = nil; len(e.body) > 0 {
		run.Body = &e.client
	}
	var err error
	e.event, err = program.Render(e.event[:0], run)
	switch {
	case errors.Is(err, mapping.ErrInvalidJSON):
		return nil, &exchange.Fault{Kind: exchange.Default4XX, Status: 400, Message: "Could not parse request body into json: " + err.Error()}
	case err != nil:
		return nil, integration.Misconfigured(fmt.Errorf("unable to transform request: %w", err))
	}
	return s.converted(e.event)
}

// converted is payload as the integration gets it: a text of base64 becomes the
// bytes that it means.
func (s *shape) converted(payload []byte) ([]byte, *exchange.Fault) {
	if s.convert != integration.ToBinary {
		return payload, nil
	}
	out, err := integration.AppendBase64Decoded(nil, payload)
	if err != nil {
		return nil, integration.Misconfigured(err)
	}
	return out, nil
}

// pick finds the request template; not found: there is none for the message.
func (s *shape) pick(e *Event) (p *mapping.Program, found bool) {
	if s.selection != nil {
		e.scratch = s.selection.append(e.scratch[:0], e)
		if p, found = s.templates[string(e.scratch)]; found {
			return p, true
		}
	}
	p, found = s.templates[defaultKey]
	return p, found
}

// render is the rendering of e's templates.
func (e *Event) render() *mapping.Rendering {
	if e.rendering == nil {
		e.rendering = mapping.NewRendering()
	}
	if !e.rendered {
		e.rendered, e.context.e = true, e
		e.rendering.Begin(&e.input, e.Stage.variables, &e.context)
	}
	return e.rendering
}

// response makes the message of an answer: by its key, which is the text of a
// status or of a function's error.
func (s *shape) response(e *Event, key, body []byte) (r reply, f *exchange.Fault) {
	r = reply{status: e.answered.status, header: e.answered.header, body: body}
	if e.kind != messageEvent || !e.Route.twoWay {
		return r, nil
	}
	m, f := s.answerFor(key)
	if f != nil || m == nil {
		return r, f
	}
	program, found := m.templates[defaultKey]
	if m.selection != nil {
		e.scratch = m.selection.append(e.scratch[:0], e)
		if p, ok := m.templates[string(e.scratch)]; ok {
			program, found = p, true
		}
	}
	if found {
		if r.body, f = e.transform(program, body); f != nil {
			return r, f
		}
	}
	r.body, f = m.converted(r.body)
	return r, f
}

func (e *Event) transform(program *mapping.Program, body []byte) ([]byte, *exchange.Fault) {
	if program == nil {
		return nil, integration.Misconfigured(errTemplate)
	}
	e.backend.Set(body)
	e.input.ResponseBody = &e.backend
	run := e.render()
	run.Body = &e.backend
	out, err := program.Render(nil, run)
	if err != nil {
		return nil, integration.Misconfigured(fmt.Errorf("unable to transform response: %w", err))
	}
	return out, nil
}

// answerFor is the integration response of a key; nil: the answer stays as it
// is.
func (s *shape) answerFor(key []byte) (*mapped, *exchange.Fault) {
	for i := range s.answers {
		a := &s.answers[i]
		if a.pattern == nil {
			if a.exact == string(key) {
				return a.mapped, nil
			}
			continue
		}
		matched, err := a.pattern.Match(key)
		if err != nil {
			return nil, integration.Misconfigured(err)
		}
		if matched {
			return a.mapped, nil
		}
	}
	return s.fallback, nil
}

func (m *mapped) converted(body []byte) ([]byte, *exchange.Fault) {
	switch m.convert {
	case integration.ToText:
		out, _, f := integration.ConvertRequest(nil, body, true, integration.ToText)
		return out, f
	case integration.ToBinary:
		out, err := integration.AppendBase64Decoded(nil, body)
		if err != nil {
			return nil, integration.Misconfigured(err)
		}
		return out, nil
	}
	return body, nil
}

// mock answers without a backend.
type mock struct{ *shape }

func (m mock) call(e *Event) (r reply, f *exchange.Fault) {
	e.X.Outcome.Integration.Type = string(apigw.IntegrationMock)
	doc, f := m.request(e)
	if f != nil {
		return r, f
	}
	status := []byte("200")
	if len(doc) > 0 {
		var err error
		if status, err = integration.MockStatus(doc); err != nil {
			return r, integration.Misconfigured(err)
		}
	}
	e.answered.status, _ = strconv.Atoi(string(status))
	e.X.Outcome.Integration.Status = e.answered.status
	return m.response(e, status, nil)
}

// httpCall is an integration of type HTTP.
type httpCall struct {
	*shape
	target
}

func (c *compiler) httpCall(place string, i *apigw.RouteIntegration) backend {
	t, err := c.httpTarget(place, i)
	if err != nil {
		return c.broken(place, err)
	}
	return &httpCall{c.shape(place, i), t}
}

func (h *httpCall) call(e *Event) (r reply, f *exchange.Fault) {
	body, f := h.request(e)
	if f != nil {
		return r, f
	}
	if f := h.begin(e, h.uri, nil); f != nil {
		return r, f
	}
	if e.call.Request.Body = body; len(body) > 0 {
		h.add(e, "Content-Type", "application/json")
	}
	h.add(e, "Accept", "application/json")
	h.addOwn(e)
	if f := h.do(e, apigw.IntegrationHTTP, h.uri.Address, 0); f != nil {
		return r, f
	}
	return h.response(e, statusText(nil, e.answered.status), e.out)
}

// lambdaCall is an integration of type AWS with a function: the mapped message
// is the function's event.
type lambdaCall struct {
	*shape
	*function
}

func (l *lambdaCall) call(e *Event) (r reply, f *exchange.Fault) {
	body, f := l.request(e)
	if f != nil {
		return r, f
	}
	if len(body) == 0 {
		body = []byte("{}")
	}
	var result lambda.Result
	if f := l.invoke(e, body, &result, apigw.IntegrationAWS); f != nil {
		return r, f
	}
	e.answered.status = 200
	if result.FunctionError == "" {
		return l.response(e, nil, result.Payload)
	}
	failed := integration.NewFunctionError(result.Status, result.Payload, result.RequestID)
	var doc struct {
		ErrorMessage *string `json:"errorMessage"`
	}
	if json.Unmarshal(result.Payload, &doc) == nil && doc.ErrorMessage != nil && e.kind == messageEvent {
		if m, f := l.answerFor([]byte(*doc.ErrorMessage)); f == nil && m != nil {
			return l.response(e, []byte(*doc.ErrorMessage), result.Payload)
		}
	}
	return r, failedFunction(failed)
}

// awsCall is an integration of type AWS with any other service: the call is
// signed.
type awsCall struct {
	*shape
	target
	service *integration.Service
	caller  integration.ServiceCaller
}

func (c *compiler) aws(place string, route *apigw.Route, i *apigw.RouteIntegration) backend {
	s := c.shape(place, i)
	if c.unknownYet(i.URI + i.Credentials) {
		return broken{}
	}
	uri, err := integration.ParseAWSURI(integration.Substitute(i.URI, c.vars))
	if err != nil {
		return c.broken(place, err)
	}
	if uri.Service == "lambda" && strings.Contains(uri.Path, "/functions/") {
		f, err := c.compileFunction(route, i)
		if err != nil {
			return c.broken(place, err)
		}
		return &lambdaCall{s, f}
	}
	if i.Credentials == "" {
		c.refuse(place, "credentialsArn is required for AWS integrations")
	}
	t, params := c.target(place, i, integration.AWS)
	if c.env == nil {
		return broken{}
	}
	if c.env.Services == nil {
		return c.broken(place, errNoServices)
	}
	a := &awsCall{shape: s, target: t}
	if a.service, err = c.env.Services.Find(uri, params); err == nil {
		a.caller, err = c.env.Services.ServiceCaller(a.service, integration.Substitute(i.Credentials, c.vars), c.sourceARN(route))
	}
	if err != nil {
		return c.broken(place, err)
	}
	a.uri, a.backend = a.service.URI, c.acquire(a.service.URI)
	return a
}

func (a *awsCall) call(e *Event) (r reply, f *exchange.Fault) {
	body, f := a.request(e)
	if f != nil {
		return r, f
	}
	uri, asJSON := a.uri, a.service.JSON != nil && (a.service.JSONOnly || len(body) > 0)
	if asJSON {
		uri = a.service.Plain
	}
	if f := a.begin(e, uri, nil); f != nil {
		return r, f
	}
	req := &e.call.Request
	if a.service.S3 {
		req.Target = integration.AppendS3Target(nil, req.Target)
	}
	req.Body = body
	contentType := "application/json"
	if asJSON {
		if len(body) == 0 {
			req.Body = []byte("{}")
		}
		contentType = a.service.JSON.ContentType
		a.add(e, "X-Amz-Target", a.service.JSON.Target)
	}
	if len(req.Body) > 0 {
		a.add(e, "Content-Type", contentType)
	}
	a.add(e, "Accept", "application/json")
	a.addOwn(e)
	waited, f := a.sign(e, req)
	if f != nil {
		return r, f
	}
	if f := a.do(e, apigw.IntegrationAWS, a.uri.Address, waited); f != nil {
		return r, f
	}
	return a.response(e, statusText(nil, e.answered.status), e.out)
}

func (a *awsCall) sign(e *Event, req *http1.ClientRequest) (time.Duration, *exchange.Fault) {
	if e.signing == nil {
		e.signing = new(integration.Signing)
	}
	return a.caller.Sign(e.caller(), req, &e.Stage.env.signer, e.signing, a.timeout)
}

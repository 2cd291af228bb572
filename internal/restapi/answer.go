package restapi

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/javaregex"
	"github.com/gatehouse/gatehouse/internal/mapping"
)

// answers are the integration responses of a non-proxy method: which one fits
// a backend's answer, and what the client gets of it.
type answers struct {
	list     []answer // by ascending status code, defaults left out
	fallback *answer  // the default, or nil
}

// answer is one integration response.
type answer struct {
	pattern   *javaregex.Pattern
	status    int
	declared  bool // the method has a response of that status
	params    []mapping.Parameter
	readsBody bool // one of params reads the backend's body
	templates *mapping.Templates
	convert   integration.Conversion
}

// backendAnswer is what came back from a backend.
type backendAnswer struct {
	header   *http1.Header
	body     []byte
	function bool // a Lambda function's
}

func (c *compiler) answers(place string, m *apigw.Method) answers {
	var a answers
	for _, code := range slices.Sorted(maps.Keys(m.Integration.Responses)) {
		from := m.Integration.Responses[code]
		one := c.answer(place+" response "+string(code), m, from)
		// ".*" counts as a default too (API reference, IntegrationResponse).
		if from.SelectionPattern == nil || *from.SelectionPattern == "" || *from.SelectionPattern == ".*" {
			if a.fallback == nil {
				a.fallback = &one
			}
			continue
		}
		var err error
		if one.pattern, err = javaregex.Compile(*from.SelectionPattern); err != nil {
			c.refuse(place+" response "+string(code), "selectionPattern: "+err.Error())
		}
		a.list = append(a.list, one)
	}
	return a
}

func (c *compiler) answer(place string, m *apigw.Method, from *apigw.IntegrationResponse) answer {
	status, err := strconv.Atoi(string(from.StatusCode))
	if err != nil || status < 200 || status > 599 {
		c.refuse(place, fmt.Sprintf("the status code %q can't be answered", from.StatusCode))
	}
	convert, ok := integration.ParseConversion(from.ContentHandling)
	if !ok {
		c.refuse(place, fmt.Sprintf("contentHandling %q is none that API Gateway has", from.ContentHandling))
	}
	a := answer{
		status: status, declared: m.Responses[from.StatusCode] != nil, convert: convert,
		templates: c.templates(place, "responseTemplates", from.ResponseTemplates, from.TemplateOrder),
	}
	for _, key := range slices.Sorted(maps.Keys(from.ResponseParameters)) {
		p, err := mapping.ParseParameter(key, from.ResponseParameters[key], mapping.ResponsePhase, c.vars)
		if err != nil {
			c.refuse(place, fmt.Sprintf("responseParameters %s: %v", key, err))
			continue
		}
		if p.Name = integration.MappedResponseField(p.Name); p.Name != "" {
			a.params = append(a.params, p)
		}
	}
	a.readsBody = readBodies(a.params)
	return a
}

var (
	errNoMatch    = errors.New("No match for output mapping and no default output mapping configured")
	errUndeclared = errors.New("Output mapping refers to an invalid method response")
)

// answer makes the client's answer of what a backend answered; value is what
// selection patterns see. Several that fit: the lowest status code wins
// (recorded on AWS).
func (a *answers) answer(r *request, value []byte, from backendAnswer) *exchange.Fault {
	chosen, err := a.choose(value)
	if err != nil {
		return integration.Misconfigured(err)
	}
	if chosen == nil {
		return r.noMatch()
	}
	return chosen.answer(r, from)
}

// answerDefault makes the client's answer when there is no value to select by.
func (a *answers) answerDefault(r *request, from backendAnswer) *exchange.Fault {
	if a.fallback == nil {
		return r.noMatch()
	}
	return a.fallback.answer(r, from)
}

// noMatch is the fault of an answer that no integration response is for. Its
// status is the service's: Lambda's own for a function that failed (seen on
// AWS).
func (r *request) noMatch() *exchange.Fault {
	return integration.Misconfigured(fmt.Errorf("%w. Endpoint Response Status Code: %d", errNoMatch, r.x.Outcome.Integration.Status))
}

func (a *answer) answer(r *request, from backendAnswer) *exchange.Fault {
	if !a.declared {
		return integration.Misconfigured(fmt.Errorf("%w: %d", errUndeclared, a.status))
	}
	if f := a.setBody(r, from); f != nil {
		return f
	}
	h := open(r.x, r.answerStatus(a.status))
	r.input.Response = from.header
	for i := range a.params {
		p := &a.params[i]
		if r.answerOverrides(p.Name) {
			continue
		}
		v, ok := p.Source.Append(r.scratch[:0], &r.input)
		r.scratch = v[:0]
		if ok && http1.ValidValue(v) {
			r.addMapped(h, p.Name, v)
		}
	}
	if f := r.mappingFault(); f != nil {
		return f
	}
	return r.overrideAnswer(h)
}

// addMapped adds a field whose name the definition gives.
func (r *request) addMapped(h *http1.Header, name string, value []byte) {
	at := len(value)
	value = append(value, name...)
	h.AddBytes(value[at:], value[:at])
	r.scratch = value[:0]
}

// choose finds the answer whose pattern matches all of value. The error is
// that of a pattern: it took too many steps.
func (a *answers) choose(value []byte) (*answer, error) {
	for i := range a.list {
		switch ok, err := a.list[i].pattern.Match(value); {
		case err != nil:
			return nil, fmt.Errorf("selectionPattern %q: %w", a.list[i].pattern, err)
		case ok:
			return &a.list[i], nil
		}
	}
	return a.fallback, nil
}

// setBody makes the client's body: a template's text, or the backend's body
// converted.
func (a *answer) setBody(r *request, from backendAnswer) *exchange.Fault {
	binary := len(r.stage.binary) > 0 && r.stage.binary.Match(mapping.MediaType(from.header.GetKnown(http1.NameContentType)))
	resp := &r.x.Response
	body, bytes, f := integration.ConvertResponse(resp.Body[:0], from.body, binary, r.binaryWanted(), a.convert)
	resp.Body = body
	if f != nil {
		return f
	}
	if a.readsBody && !bytes {
		if f := r.mapBackendBody(body, from); f != nil {
			return f
		}
		resp.Body = nil // the mappings read it until the answer is made
	}
	t := a.templates.ForResponse(mapping.MediaType(r.x.Header.GetKnown(http1.NameAccept)))
	if r.x.Explaining() {
		r.decideResponseMapping(a, t)
	}
	if t == nil || t.Passes() {
		resp.Body = body
		return nil
	}
	if bytes {
		return bytesResponse
	}
	if text, ok := t.Fixed(); ok {
		resp.Body = append(resp.Body[:0], text...)
		return nil
	}
	return r.transformResponse(t, body)
}

package restapi

import (
	"errors"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/mapping"
)

// templating is what a request needs memory for once a template is rendered
// for it.
type templating struct {
	rendering *mapping.Rendering
	context   mapping.RequestContext
	active    bool   // rendering has begun for this request
	out       []byte // a template's text
}

// begin is the rendering of r's templates: both phases have the same, so that
// what the request template overrides reaches the response (recorded on AWS).
func (t *templating) begin(r *request) *mapping.Rendering {
	if t.rendering == nil {
		t.rendering = mapping.NewRendering()
	}
	if !t.active {
		t.active, t.context.In = true, &r.input
		t.rendering.Begin(&r.input, r.stage.variables, &t.context)
		r.input.Overrides = &t.rendering.Request
	}
	return t.rendering
}

// end forgets the request: its memory too when bodies, and so what templates
// made of them, were large.
func (t *templating) end(r *request) {
	if !t.active {
		return
	}
	t.rendering.Begin(nil, nil, nil)
	t.active, t.context.In, t.out = false, nil, t.out[:0]
	if cap(t.out) > keepMemory || len(r.body) > keepMemory || len(r.x.Response.Body) > keepMemory {
		*t = templating{}
	}
}

// untransformed is the fault of a template that failed, in a phase: "request"
// or "response".
func untransformed(phase string, cause error) *exchange.Fault {
	return integration.Misconfigured(&worded{"Unable to transform " + phase, cause})
}

var errBinary = errors.New("a mapping template can't take a binary body")

// The faults of templates (recorded on AWS; the log's words as seen by many).
var (
	bytesRequest  = untransformed("request", errBinary)
	bytesResponse = untransformed("response", errBinary)
)

// transformRequest is the text of t for the client's body.
func (r *request) transformRequest(t *mapping.Template, convert integration.Conversion) ([]byte, *exchange.Fault) {
	if f := r.readClientBody(convert); f != nil {
		return nil, f
	}
	run := r.templates.begin(r)
	run.Body = r.input.Body
	out, err := t.Render(r.templates.out[:0], run)
	r.templates.out = out[:0]
	switch {
	case errors.Is(err, mapping.ErrInvalidJSON):
		return nil, invalidJSON
	case err != nil:
		return nil, untransformed("request", err)
	}
	return out, nil
}

// transformResponse makes the client's body the text of t for body, which is
// the integration's as text.
func (r *request) transformResponse(t *mapping.Template, body []byte) *exchange.Fault {
	if r.input.ResponseBody == nil {
		r.input.ResponseBody = &r.mappedBodies().backend
		r.input.ResponseBody.Set(body)
	}
	run := r.templates.begin(r)
	run.Body = r.input.ResponseBody
	out, err := t.Render(r.templates.out[:0], run)
	if err != nil {
		r.templates.out = out[:0]
		return untransformed("response", err)
	}
	// Mappings may still read body: its memory is for the next request.
	r.templates.out, r.x.Response.Body = body[:0], out
	return nil
}

// errWholePath is the fault of a template that sets $context.requestOverride.path
// itself where that means nothing.
var errWholePath = integration.Misconfigured(errors.New("a template sets $context.requestOverride.path, which is for integrations over VPC links V2; elsewhere its members are set, as path.name"))

// errOverride is the fault of an override that can't be sent.
var errOverride = integration.Misconfigured(errors.New("a template overrides a header that can't be sent, or with a text that no header may hold"))

// overridden are the request's overrides, nil when there are none.
func (r *request) overridden() *mapping.Overrides {
	if !r.templates.active {
		return nil
	}
	return &r.templates.rendering.Request
}

// overrides says whether the request template overrides the header that is
// known as k.
func (r *request) overrides(k http1.Known) bool {
	o := r.overridden()
	if o == nil {
		return false
	}
	_, ok := o.Header.Known(k)
	return ok
}

// addOverridden adds the fields that the request template overrides, as an
// integration of a kind takes mapped ones. Host is not among them.
func (r *request) addOverridden(h *http1.Header, kind integration.Type) *exchange.Fault {
	o := r.overridden()
	if o == nil {
		return nil
	}
	for name, value := range o.Header.All() {
		known := http1.Lookup(name)
		fails, drops := integration.MappedRequestField(known, kind)
		switch {
		case fails, kind == integration.AWS && isOwn(name), !mapping.SendableName(name), !http1.ValidValue(value):
			return errOverride
		case drops, known == http1.NameHost:
		default:
			h.Add(name, value)
		}
	}
	return nil
}

// overriddenField is what the request template overrides a field with, whose
// name may be in any case.
func (r *request) overriddenField(name []byte) (string, bool) {
	if o := r.overridden(); o != nil {
		for n, value := range o.Header.All() {
			if equalFold(name, n) {
				return value, true
			}
		}
	}
	return "", false
}

// overrideAnswer gives the answer the fields that templates override.
func (r *request) overrideAnswer(h *http1.Header) *exchange.Fault {
	if !r.templates.active {
		return nil
	}
	for name, value := range r.templates.rendering.Response.Header.All() {
		field := integration.MappedResponseField(name)
		switch {
		case field == "":
		case !mapping.SendableName(field), !http1.ValidValue(value):
			return errOverride
		default:
			h.Add(field, value)
		}
	}
	return nil
}

// answerStatus is the status of an answer whose integration response has
// status: what a template overrides it with.
func (r *request) answerStatus(status int) int {
	if !r.templates.active {
		return status
	}
	if s := r.templates.rendering.Response.Status(); s != 0 {
		return s
	}
	return status
}

// answerOverrides says whether a template overrides a field of the answer.
func (r *request) answerOverrides(field string) bool {
	if !r.templates.active {
		return false
	}
	for name := range r.templates.rendering.Response.Header.All() {
		if integration.MappedResponseField(name) == field {
			return true
		}
	}
	return false
}

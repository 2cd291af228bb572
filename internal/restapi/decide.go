package restapi

import (
	"strconv"

	"github.com/gatehouse/gatehouse/internal/mapping"
)

// The decisions of the pipeline in words. All of this is only called for
// requests that are explained.

// decideRequestMapping tells what becomes of the client's body.
func (r *request) decideRequestMapping(p *payloadRule, t *mapping.Template) {
	switch {
	case t != nil && !t.Passes():
		r.x.Decide("request mapping", "template "+t.MediaType, "it is for the request's Content-Type")
	case t != nil:
		r.x.Decide("request mapping", "passthrough", "the template "+t.MediaType+" is empty")
	case p.passthrough == never || p.passthrough == whenNoTemplates && p.templates.Len() > 0:
		r.x.Decide("request mapping", "refused", "no template is for the request's Content-Type, and passthroughBehavior is "+p.passthrough)
	default:
		r.x.Decide("request mapping", "passthrough", "no template is for the request's Content-Type, and passthroughBehavior is "+p.passthrough)
	}
}

// decideResponseMapping tells which integration response and template make
// the answer.
func (r *request) decideResponseMapping(a *answer, t *mapping.Template) {
	why := "it is the default"
	if a.pattern != nil {
		why = "its selectionPattern matches"
	}
	r.x.Decide("response mapping", "integration response "+strconv.Itoa(a.status), why)
	switch {
	case t == nil:
		r.x.Decide("response mapping", "passthrough", "the integration response has no template")
	case t.Passes():
		r.x.Decide("response mapping", "passthrough", "the template "+t.MediaType+" is empty")
	default:
		r.x.Decide("response mapping", "template "+t.MediaType, "the first that fits the client's Accept")
	}
}

package restapi

import (
	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/mapping"
)

// The passthrough behaviours.
const (
	whenNoMatch     = "WHEN_NO_MATCH"
	whenNoTemplates = "WHEN_NO_TEMPLATES"
	never           = "NEVER"
)

// payloadRule is what becomes of a client's body on its way to a non-proxy
// integration.
type payloadRule struct {
	templates   *mapping.Templates
	passthrough string
	convert     integration.Conversion
}

func (c *compiler) payloadRule(place string, i *apigw.Integration) payloadRule {
	convert, _ := integration.ParseConversion(i.ContentHandling)
	p := payloadRule{
		templates:   c.templates(place, "requestTemplates", i.RequestTemplates, i.TemplateOrder),
		passthrough: i.PassthroughBehavior,
		convert:     convert,
	}
	if p.passthrough == "" {
		p.passthrough = whenNoMatch
	}
	return p
}

var unsupported = &exchange.Fault{Kind: exchange.UnsupportedMediaType}

// render is the body for the integration, and the template it is the text of,
// if any: that is not to be changed. Otherwise it is r.body or r.payload. What
// the template overrides is to be had from r.overridden.
func (p *payloadRule) render(r *request) ([]byte, *mapping.Template, *exchange.Fault) {
	t := p.templates.ForRequest(mapping.MediaType(r.x.Header.GetKnown(http1.NameContentType)))
	if r.x.Explaining() {
		r.decideRequestMapping(p, t)
	}
	if t == nil && (p.passthrough == never || p.passthrough == whenNoTemplates && p.templates.Len() > 0) {
		return nil, nil, unsupported
	}
	binary := r.binaryRequest()
	if t != nil && !t.Passes() {
		// A template takes text only: a body that is, or becomes, bytes fails,
		// an empty one too (recorded on AWS).
		if binary && p.convert != integration.ToText || p.convert == integration.ToBinary {
			return nil, nil, bytesRequest
		}
		if text, ok := t.Fixed(); ok {
			return text, t, nil
		}
		text, f := r.transformRequest(t, p.convert)
		return text, t, f
	}
	if f := r.readBody(); f != nil || len(r.body) == 0 {
		return nil, nil, f
	}
	if binary && p.convert != integration.ToText {
		return r.body, nil, nil
	}
	var f *exchange.Fault
	r.payload, _, f = integration.ConvertRequest(r.payload[:0], r.body, binary, p.convert)
	return r.payload, nil, f
}

// binaryRequest says whether the client's Content-Type is a binary one.
func (r *request) binaryRequest() bool {
	return len(r.stage.binary) > 0 && r.stage.binary.Match(mapping.MediaType(r.x.Header.GetKnown(http1.NameContentType)))
}

// binaryWanted says whether the first type of the client's Accept is a binary
// one: only the first counts (recorded on AWS).
func (r *request) binaryWanted() bool {
	return len(r.stage.binary) > 0 && r.stage.binary.Match(mapping.MediaType(r.x.Header.GetKnown(http1.NameAccept)))
}

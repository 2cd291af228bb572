package restapi

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/mapping"
)

// gatewayResponse is how an API shows one kind of fault.
type gatewayResponse struct {
	status    int // 0: the kind's own
	params    []gatewayParameter
	templates []gatewayTemplate // none: the stock body
}

// gatewayParameter is a field and its value.
type gatewayParameter struct {
	name  string
	value textPart
}

type gatewayTemplate struct {
	mediaType string
	parts     []textPart
}

// textPart is a piece of a gateway response's template: text, or a value put
// in its place. The template is no Velocity: values are substituted and
// nothing else is done (developer guide, "Set up gateway responses").
type textPart struct {
	text   string
	source *mapping.Source
	errorv errorVariable
}

// errorVariable is one of $context.error.*.
type errorVariable uint8

const (
	noErrorVariable errorVariable = iota
	errorMessage
	errorMessageString
	errorResponseType
	errorValidation
)

var errorVariables = map[string]errorVariable{
	"context.error.message": errorMessage, "context.error.messageString": errorMessageString,
	"context.error.responseType": errorResponseType, "context.error.validationErrorString": errorValidation,
}

// gatewayResponses compiles def's, by kind of fault. A kind the API did not
// set takes all of DEFAULT_4XX's or DEFAULT_5XX's, one that it did set takes
// nothing of them (recorded on AWS).
func (c *compiler) gatewayResponses(def *apigw.Definition) map[exchange.FaultKind]*gatewayResponse {
	if len(def.GatewayResponses) == 0 {
		return nil
	}
	set := map[exchange.FaultKind]*gatewayResponse{}
	for _, key := range slices.Sorted(maps.Keys(def.GatewayResponses)) {
		kind := exchange.FaultKind(key)
		place := "gateway response " + key
		if _, known := kindRules[kind]; !known || kind == exchange.Forbidden {
			c.refuse(place, "no gateway response has that type")
			continue
		}
		if kind == exchange.RequestTooLarge {
			// Stored by AWS, and without effect: not customisable.
			c.warn(place, "AWS answers REQUEST_TOO_LARGE in its own way, whatever is set")
			continue
		}
		set[kind] = c.gatewayResponse(place, def.GatewayResponses[key])
	}
	for kind, rule := range kindRules {
		if set[kind] == nil && rule.fallback != "" && set[rule.fallback] != nil {
			set[kind] = set[rule.fallback]
		}
	}
	return set
}

func (c *compiler) gatewayResponse(place string, from *apigw.GatewayResponse) *gatewayResponse {
	g := new(gatewayResponse)
	if from.StatusCode != "" {
		status, err := strconv.Atoi(from.StatusCode)
		if err != nil || status < 200 || status > 599 {
			c.refuse(place, fmt.Sprintf("%q is no status that can be answered", from.StatusCode))
		}
		g.status = status
	}
	for _, key := range slices.Sorted(maps.Keys(from.ResponseParameters)) {
		p, err := c.gatewayParameter(key, from.ResponseParameters[key])
		if err != nil {
			c.refuse(place, fmt.Sprintf("responseParameters %s: %v", key, err))
			continue
		}
		// A gateway response asks browsers for a password under the field's own
		// name, where an integration's would be remapped (people whose APIs on AWS
		// do so: Zappa's issue 1875, aws-simple's pull request 71).
		if !strings.EqualFold(p.name, "WWW-Authenticate") {
			p.name = integration.MappedResponseField(p.name)
		}
		if p.name != "" {
			g.params = append(g.params, p)
		}
	}
	for _, mediaType := range slices.Sorted(maps.Keys(from.ResponseTemplates)) {
		parts, err := c.textParts(from.ResponseTemplates[mediaType])
		if err != nil {
			c.refuse(place, fmt.Sprintf("responseTemplates %s: %v", mediaType, err))
		}
		g.templates = append(g.templates, gatewayTemplate{mediaType, parts})
	}
	return g
}

// gatewayParameter compiles one mapping; $context.error can be mapped, too.
func (c *compiler) gatewayParameter(target, source string) (gatewayParameter, error) {
	v := errorVariables[source]
	if v != noErrorVariable {
		source = "''"
	}
	p, err := mapping.ParseParameter(target, source, mapping.GatewayPhase, c.vars)
	if err != nil {
		return gatewayParameter{}, err
	}
	if v != noErrorVariable {
		return gatewayParameter{p.Name, textPart{errorv: v}}, nil
	}
	return gatewayParameter{p.Name, textPart{source: &p.Source}}, nil
}

// textParts splits a template at its $context., $stageVariables. and
// $method.request. values; any other '$' is text.
func (c *compiler) textParts(template string) ([]textPart, error) {
	var parts []textPart
	text := 0
	for i := 0; i < len(template); i++ {
		if template[i] != '$' {
			continue
		}
		name, end := valueName(template, i)
		if name == "" {
			continue
		}
		part, err := c.valuePart(name)
		if err != nil {
			return nil, err
		}
		if text < i {
			parts = append(parts, textPart{text: template[text:i]})
		}
		parts = append(parts, part)
		text, i = end, end-1
	}
	if text < len(template) {
		parts = append(parts, textPart{text: template[text:]})
	}
	return parts, nil
}

// valueName is the name after the '$' at i, in braces or not, and where it
// ends; "" when none of the three kinds begins there.
func valueName(template string, i int) (name string, end int) {
	rest := template[i+1:]
	braces := strings.HasPrefix(rest, "{")
	if braces {
		rest = rest[1:]
	}
	n := 0
	for n < len(rest) && nameChar(rest[n]) {
		n++
	}
	name = strings.TrimRight(rest[:n], ".-")
	end = i + 1 + len(name)
	if braces {
		if n != len(name) || !strings.HasPrefix(rest[n:], "}") {
			return "", 0
		}
		end += 2
	}
	for _, prefix := range []string{"context.", "stageVariables.", "method.request."} {
		if strings.HasPrefix(name, prefix) {
			return name, end
		}
	}
	return "", 0
}

func nameChar(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '.' || c == '-'
}

func (c *compiler) valuePart(name string) (textPart, error) {
	if v := errorVariables[name]; v != noErrorVariable {
		return textPart{errorv: v}, nil
	}
	source, err := mapping.ParseSource(name, mapping.GatewayPhase, c.vars)
	return textPart{source: &source}, err
}

// render makes g the answer for f.
func (g *gatewayResponse) render(r *request, f *exchange.Fault, status int, message, errorType string) {
	if g.status != 0 {
		status = g.status
	}
	h := open(r.x, status)
	h.Add("x-amzn-ErrorType", errorType)
	for i := range g.params {
		p := &g.params[i]
		value, ok := p.value.append(r.scratch[:0], r, f, message)
		r.scratch = value[:0]
		// A value that would break the header apart is left out: an answer to
		// a fault can't fail.
		if ok && http1.ValidValue(value) {
			h.AddBytes([]byte(p.name), value)
		}
	}
	r.x.Response.Body = g.appendBody(r.x.Response.Body[:0], r, f, message)
}

func (g *gatewayResponse) appendBody(dst []byte, r *request, f *exchange.Fault, message string) []byte {
	t := g.choose(mapping.MediaType(r.x.Header.GetKnown(http1.NameAccept)))
	if t == nil {
		return appendDefault(dst, f, message)
	}
	if r.x.Response.Header.IndexKnown(http1.NameContentType, 0) < 0 {
		r.x.Response.Header.Add("Content-Type", t.mediaType)
	}
	for i := range t.parts {
		dst, _ = t.parts[i].append(dst, r, f, message)
	}
	return dst
}

// append appends the part's text; false when it is a value that is missing.
func (p *textPart) append(dst []byte, r *request, f *exchange.Fault, message string) ([]byte, bool) {
	switch {
	case p.source != nil:
		return p.source.Append(dst, &r.input)
	case p.errorv == noErrorVariable:
		return append(dst, p.text...), true
	case p.errorv == errorMessage:
		return append(dst, message...), true
	case p.errorv == errorMessageString:
		return appendMessage(dst, message), true
	case p.errorv == errorResponseType:
		return append(dst, f.Kind...), true
	case p.errorv == errorValidation:
		return r.appendInvalid(dst)
	}
	return dst, false
}

// choose is the template for the first type of Accept, else that of
// application/json, else the first.
func (g *gatewayResponse) choose(accept []byte) *gatewayTemplate {
	var jsonOne *gatewayTemplate
	for i := range g.templates {
		t := &g.templates[i]
		if strings.EqualFold(t.mediaType, string(accept)) {
			return t
		}
		if t.mediaType == "application/json" {
			jsonOne = t
		}
	}
	if jsonOne == nil && len(g.templates) > 0 {
		return &g.templates[0]
	}
	return jsonOne
}

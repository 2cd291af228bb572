package restapi

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/mapping"
	"github.com/gatehouse/gatehouse/internal/schema"
)

// validation is what a method's request validator asks of requests (developer
// guide, "Request validation for REST APIs in API Gateway").
type validation struct {
	required []requiredParameter
	models   []bodyModel
}

type requiredParameter struct {
	name   string
	header bool
	source mapping.Source
}

// bodyModel is the model for bodies of a media type; $default is for any type
// that has none.
type bodyModel struct {
	mediaType string
	schema    *schema.Schema
}

const anyMediaType = "$default"

// validation compiles what m's validator asks; nil when that is nothing. A
// required parameter has no effect without a validator (recorded on AWS).
func (c *compiler) validation(place string, m *apigw.Method) *validation {
	if m.RequestValidatorID == "" {
		return nil
	}
	from := c.def.Validators[m.RequestValidatorID]
	if from == nil {
		c.refuse(place, fmt.Sprintf("Invalid Request Validator identifier specified: %s", m.RequestValidatorID))
		return nil
	}
	v := new(validation)
	if from.ValidateParameters {
		v.required = c.requiredParameters(place, m)
	}
	if from.ValidateBody {
		v.models = c.bodyModels(place, m)
	}
	if len(v.required)+len(v.models) == 0 {
		return nil
	}
	return v
}

// requiredParameters are in the order of their keys, which is that of AWS's
// message: header, path, query (recorded on AWS).
func (c *compiler) requiredParameters(place string, m *apigw.Method) (list []requiredParameter) {
	for _, key := range slices.Sorted(maps.Keys(m.RequestParameters)) {
		if !m.RequestParameters[key] {
			continue
		}
		source, err := mapping.ParseSource(key, mapping.RequestPhase, nil)
		where, name, _ := strings.Cut(strings.TrimPrefix(key, "method.request."), ".")
		if err != nil || name == "" || source.ReadsBody() {
			c.refuse(place, fmt.Sprintf("requestParameters %s is no parameter of a request", key))
			continue
		}
		list = append(list, requiredParameter{name, where == "header", source})
	}
	return list
}

func (c *compiler) bodyModels(place string, m *apigw.Method) (list []bodyModel) {
	for _, mediaType := range slices.Sorted(maps.Keys(m.RequestModels)) {
		name := m.RequestModels[mediaType]
		model := c.def.Models[name]
		if model == nil {
			c.refuse(place, fmt.Sprintf("requestModels %s: Invalid model identifier specified: %s", mediaType, name))
			continue
		}
		if main, sub, _ := strings.Cut(mediaType, "/"); mediaType != anyMediaType && !strings.HasSuffix(sub, "json") {
			c.warn(place, "requestModels "+mediaType+": models are JSON schemas, so a body of "+main+"/"+sub+" must be JSON to pass")
		}
		if s := c.schema(model); s != nil {
			list = append(list, bodyModel{mediaType, s})
		}
	}
	return list
}

// schema compiles a model, once for all methods of a stage, and for all stages
// whose models are the same. It is nil for one that can't be compiled.
func (c *compiler) schema(m *apigw.Model) *schema.Schema {
	if s, ok := c.schemas[m.Name]; ok {
		return s
	}
	compile := func() (*schema.Schema, bool) {
		s, err := schema.Compile([]byte(m.Schema), c.modelText)
		if err != nil {
			c.refuse("model "+string(m.Name), "Invalid model schema specified: "+err.Error())
		}
		return s, err == nil
	}
	var s *schema.Schema
	if key, err := c.schemaKey(m); err == nil && c.env != nil {
		s = c.env.schemas.get(key, compile)
	} else {
		s, _ = compile()
	}
	if s != nil {
		for _, keyword := range s.Ignored {
			c.warn("model "+string(m.Name), keyword+": models are JSON Schema draft 4, where that means nothing")
		}
	}
	if c.schemas == nil {
		c.schemas = map[apigw.ModelName]*schema.Schema{}
	}
	c.schemas[m.Name] = s
	return s
}

// schemaKey is of everything that schema reads: where a model refers to others,
// of all of the API's.
func (c *compiler) schemaKey(m *apigw.Model) (contentKey, error) {
	content := struct {
		Schema string
		API    apigw.APIID                      `json:",omitempty"`
		Others map[apigw.ModelName]*apigw.Model `json:",omitempty"`
	}{Schema: m.Schema}
	if strings.Contains(m.Schema, "$ref") {
		content.API, content.Others = c.def.API.ID, c.def.Models
	}
	raw, err := json.Marshal(content)
	return sha256.Sum256(raw), err
}

// modelText is the schema of the model that a reference names in AWS's
// canonical form.
func (c *compiler) modelText(ref string) ([]byte, error) {
	rest, ok := strings.CutPrefix(ref, "https://apigateway.amazonaws.com/restapis/")
	api, name, found := strings.Cut(rest, "/models/")
	if !ok || !found || api != string(c.def.API.ID) {
		return nil, fmt.Errorf("Model reference must be in canonical form")
	}
	m := c.def.Models[apigw.ModelName(name)]
	if m == nil {
		return nil, fmt.Errorf("Invalid model identifier specified: %s", name)
	}
	return []byte(m.Schema), nil
}

// validate checks the request's parameters, then its body: a request that lacks
// parameters isn't told of its body (recorded on AWS).
func (r *request) validate() *exchange.Fault {
	v := r.route.validation
	if v == nil {
		return nil
	}
	if f := r.validateParameters(v); f != nil {
		return f
	}
	if f := r.validateBody(v); f != nil {
		return f
	}
	r.x.Decide("validation", "passed", "parameters and body are as the request validator asks")
	return nil
}

// validateParameters finds the required parameters that are missing or blank.
// A path parameter that the resource's path doesn't have always is (recorded
// on AWS).
func (r *request) validateParameters(v *validation) *exchange.Fault {
	var missing []string
	for i := range v.required {
		if !r.has(&v.required[i]) {
			missing = append(missing, v.required[i].name)
		}
	}
	if missing == nil {
		return nil
	}
	f := &exchange.Fault{Kind: exchange.BadRequestParameters, Message: "Missing required request parameters: [" + strings.Join(missing, ", ") + "]"}
	if r.exec != nil {
		r.exec.say(f.Message)
	}
	return f
}

// has says whether the request has the parameter, and not just blanks. Names of
// headers are compared as HTTP does, whatever their case: clients of HTTP/2 have
// no upper case, and a header that AWS's mappings wouldn't find is still one
// that the client sent.
func (r *request) has(p *requiredParameter) bool {
	if p.header {
		return !isBlank(r.x.Header.Get(p.name))
	}
	value, ok := p.source.Append(r.scratch[:0], &r.input)
	r.scratch = value[:0]
	return ok && !isBlank(value)
}

func isBlank(value []byte) bool {
	for _, c := range value {
		if c != ' ' && c != '\t' {
			return false
		}
	}
	return true
}

var badBody = &exchange.Fault{Kind: exchange.BadRequestBody}

// validateBody holds the body against the model of its media type; where there
// is none it goes on as it is (seen on AWS).
func (r *request) validateBody(v *validation) *exchange.Fault {
	if len(v.models) == 0 {
		return nil
	}
	mediaType := mapping.MediaType(r.x.Header.GetKnown(http1.NameContentType))
	s := v.model(mediaType)
	if s == nil {
		r.x.Decide("validation", "body not checked", "no model is for the request's Content-Type")
		return nil
	}
	if f := r.readBody(); f != nil {
		return f
	}
	problems := r.bodyProblems(s)
	if problems == nil {
		return nil
	}
	r.invalid = "[" + strings.Join(problems, ", ") + "]"
	if r.exec != nil {
		r.exec.say("Request body does not match model schema for content type " + string(mediaType) + ": " + r.invalid)
	}
	if r.x.Explaining() {
		r.x.Decide("validation", "refused", "the body doesn't match its model: "+r.invalid)
	}
	return badBody
}

func (v *validation) model(mediaType []byte) *schema.Schema {
	var fallback *schema.Schema
	for i := range v.models {
		switch m := &v.models[i]; {
		case strings.EqualFold(m.mediaType, string(mediaType)):
			return m.schema
		case m.mediaType == anyMediaType:
			fallback = m.schema
		}
	}
	return fallback
}

// unparsed is what API Gateway says of a body that is empty (seen on AWS), and
// here of any that is no JSON.
const unparsed = "Unknown error parsing request body"

func (r *request) bodyProblems(s *schema.Schema) []string {
	if len(r.body) == 0 {
		return []string{unparsed}
	}
	body := &r.mappedBodies().client
	body.Set(r.body)
	doc, err := body.JSON()
	if doc == nil || err != nil {
		return []string{unparsed}
	}
	return s.Validate(doc)
}

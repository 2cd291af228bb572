package openapi

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// methodExport writes one operation.
type methodExport struct {
	*exporter
	r *apigw.Resource
	m *apigw.Method
}

func (x *methodExport) at(kind string) apigw.DocumentationLocation {
	return apigw.DocumentationLocation{Type: kind, Path: x.r.Path, Method: string(x.m.Verb)}
}

func (x *methodExport) operation() (*node, error) {
	op := newObject()
	x.describe(op, x.at("METHOD"), "tags", "summary", "description", "externalDocs", "deprecated")
	op.putText("operationId", x.m.OperationName)
	parameters := x.parameters()
	if x.o.Swagger {
		op.put("consumes", newTexts(x.consumes()).orNil())
		op.put("produces", newTexts(x.produces()).orNil())
		body, err := x.bodyParameter()
		if err != nil {
			return nil, err
		}
		if body != nil {
			parameters.items = append(parameters.items, body)
		}
		op.put("parameters", parameters.orNil())
	} else {
		op.put("parameters", parameters.orNil())
		op.put("requestBody", x.requestBody())
	}
	op.put("responses", x.responses())
	op.put("security", x.security())
	if v := x.def.Validators[x.m.RequestValidatorID]; v != nil && x.o.Extensions {
		op.put(extValidator, newText(validatorName(v)))
	}
	if x.m.Integration != nil && (x.o.Integrations || x.o.Extensions) {
		op.put(extIntegration, x.integration())
	}
	return op, nil
}

// consumes are the types of bodies that the method has models for (recorded on
// AWS), else those that its integration has templates for. Templates add none
// to models: a body's schema would be a model of their types, too, once the
// document is imported.
func (x *methodExport) consumes() []string {
	types := map[string]bool{}
	for t := range x.m.RequestModels {
		types[t] = true
	}
	if i := x.m.Integration; i != nil && len(types) == 0 {
		for t := range i.RequestTemplates {
			types[t] = true
		}
	}
	return javaOrder(types)
}

// produces are the same of answers.
func (x *methodExport) produces() []string {
	types := map[string]bool{}
	for _, r := range x.m.Responses {
		for t := range r.ResponseModels {
			types[t] = true
		}
	}
	if i := x.m.Integration; i != nil && len(types) == 0 {
		for _, r := range i.Responses {
			for t := range r.ResponseTemplates {
				types[t] = true
			}
		}
	}
	return javaOrder(types)
}

// documentPlaces are where parameters stand in a document, with the type of
// their documentation.
var documentPlaces = map[string][2]string{
	"path": {"path", "PATH_PARAMETER"}, "querystring": {"query", "QUERY_PARAMETER"}, "header": {"header", "REQUEST_HEADER"},
}

func (x *methodExport) parameters() *node {
	all := newList()
	for _, key := range javaOrder(x.m.RequestParameters) {
		location, name, ok := strings.Cut(strings.TrimPrefix(key, "method.request."), ".")
		place := documentPlaces[location]
		if !ok || place[0] == "" {
			continue
		}
		required := x.m.RequestParameters[key] || location == "path"
		p, l := newObject(), x.at(place[1])
		l.Name = name
		p.put("name", newText(name))
		p.put("in", newText(place[0]))
		x.describe(p, l, "description")
		if x.o.Swagger {
			p.put("required", newBool(required))
			p.put("type", newText("string"))
		} else {
			if required {
				p.put("required", newBool(true))
			}
			p.put("schema", typeString())
		}
		all.items = append(all.items, p)
	}
	return all
}

func typeString() *node {
	n := newObject()
	n.put("type", newText("string"))
	return n
}

// bodyParameter is the one body that Swagger lets an operation have: the JSON
// one.
func (x *methodExport) bodyParameter() (*node, error) {
	if len(x.m.RequestModels) == 0 {
		return nil, nil
	}
	model, ok := x.m.RequestModels["application/json"]
	for _, t := range slices.Sorted(maps.Keys(x.m.RequestModels)) {
		if !ok && (strings.HasSuffix(t, "+json") || strings.HasPrefix(t, "application/json")) {
			model, ok = x.m.RequestModels[t], true
		}
	}
	if !ok {
		return nil, apigw.Errorf(apigw.BadRequest, "Only found non-JSON body models for %s %s", x.m.Verb, x.r.Path)
	}
	p := newObject()
	p.put("in", newText("body"))
	p.put("name", newText(string(model)))
	x.describe(p, x.at("REQUEST_BODY"), "description")
	p.put("required", newBool(true))
	p.put("schema", x.schemaRef(string(model)))
	return p, nil
}

func (x *methodExport) requestBody() *node {
	if len(x.m.RequestModels) == 0 {
		return nil
	}
	body := newObject()
	x.describe(body, x.at("REQUEST_BODY"), "description")
	body.put("content", x.content(x.m.RequestModels))
	body.put("required", newBool(true))
	return body
}

// content is an object by content type, empty without models (recorded on
// AWS).
func (x *methodExport) content(models map[string]apigw.ModelName) *node {
	n := newObject()
	for _, t := range javaOrder(models) {
		media := newObject()
		media.put("schema", x.schemaRef(string(models[t])))
		n.put(t, media)
	}
	return n
}

// schemaRef refers to a model, which the document then has.
func (x *methodExport) schemaRef(model string) *node {
	x.need(model)
	ref := newObject()
	ref.put("$ref", newText(x.schemaHome()+model))
	return ref
}

func (e *exporter) schemaHome() string {
	if e.o.Swagger {
		return "#/definitions/"
	}
	return "#/components/schemas/"
}

// need adds a model's schema to the document, and those it refers to. What no
// method leads to isn't exported.
func (e *exporter) need(model string) {
	m := e.def.Models[apigw.ModelName(model)]
	if e.models[model] != nil || m == nil {
		return
	}
	n := parsed(m.Schema)
	if n == nil || n.kind != object {
		n = newObject() // a schema of another kind than JSON's
	}
	n.items = slices.DeleteFunc(n.items, func(i *node) bool { return i.name == "$schema" })
	e.models[model] = n
	e.describe(n, apigw.DocumentationLocation{Type: "MODEL", Name: model}, "title", "description")
	e.rebase(n)
}

// rebase points a schema's references to the document's own schemas.
func (e *exporter) rebase(n *node) {
	for _, i := range n.items {
		if n.kind == object && i.name == "$ref" && i.kind == text {
			if rest, ok := strings.CutPrefix(i.text, modelURL); ok {
				model := rest[strings.LastIndexByte(rest, '/')+1:]
				i.text = e.schemaHome() + model
				e.need(model)
			}
			continue
		}
		e.rebase(i)
	}
}

func (x *methodExport) responses() *node {
	all := newObject()
	for _, code := range slices.Sorted(maps.Keys(x.m.Responses)) {
		all.put(string(code), x.response(x.m.Responses[code]))
	}
	return all
}

func (x *methodExport) response(r *apigw.MethodResponse) *node {
	n, at := newObject(), x.at("RESPONSE")
	at.StatusCode = r.StatusCode
	n.put("description", newText(string(r.StatusCode)+" response"))
	x.describe(n, at, "description")
	headers := x.headers(r).orNil()
	if !x.o.Swagger {
		n.put("headers", headers)
		n.put("content", x.content(r.ResponseModels))
		return n
	}
	if len(r.ResponseModels) > 0 {
		model := cmp.Or(r.ResponseModels["application/json"], r.ResponseModels[javaOrder(r.ResponseModels)[0]])
		n.put("schema", x.schemaRef(string(model)))
	}
	n.put("headers", headers)
	return n
}

func (x *methodExport) headers(r *apigw.MethodResponse) *node {
	names := map[string]bool{}
	for key := range r.ResponseParameters {
		names[strings.TrimPrefix(key, "method.response.header.")] = true
	}
	all := newObject()
	for _, name := range javaOrder(names) {
		h, at := newObject(), x.at("RESPONSE_HEADER")
		at.StatusCode, at.Name = r.StatusCode, name
		if x.o.Swagger {
			h.put("type", newText("string"))
		}
		x.describe(h, at, "description")
		if !x.o.Swagger {
			h.put("schema", typeString())
		}
		all.put(name, h)
	}
	return all
}

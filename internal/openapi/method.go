package openapi

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// operationImport translates one operation.
type operationImport struct {
	*importer
	node *node
	path string
	verb apigw.Verb
}

// name is how AWS's warnings call the method.
func (o *operationImport) name() string { return string(o.verb) + " " + o.path }

// problem is one that AWS would have when it puts the method.
func (o *operationImport) methodProblem(n *node, format string, args ...any) {
	o.problem(n, "Unable to put method '%s' on resource at path '%s': %s", o.verb, o.path, fmt.Sprintf(format, args...))
}

// method translates the operation; shared are the parameters of its path.
func (o *operationImport) method(shared *node) *apigw.Method {
	m := &apigw.Method{
		Verb:              o.verb,
		AuthorizationType: "NONE",
		OperationName:     o.text(o.node.get("operationId"), "operationId"),
	}
	if d := o.node.peek("isDefaultRoute"); d != nil {
		o.problem(d, "isDefaultRoute belongs to HTTP APIs: take it out of the definition of a REST API")
	}
	o.describe(apigw.DocumentationLocation{Type: "METHOD", Path: o.path, Method: string(o.verb)},
		described{"summary", o.node.peek("summary")}, described{"description", o.node.peek("description")})
	o.security(m)
	o.parameters(m, shared)
	o.requestBody(m)
	o.responses(m)
	m.RequestValidatorID = o.validator(o.root.get(extValidator))
	if v := o.node.get(extValidator); v.present() {
		m.RequestValidatorID = o.validator(v)
	}
	if i := o.node.get(extIntegration); i != nil {
		m.Integration = o.integration(i)
	}
	o.unknownMembers(o.node, operationMembers, "attribute paths.'%s'(%s).%s is unexpected", o.path, strings.ToLower(string(o.verb)))
	return m
}

var operationMembers = []string{"tags", "summary", "description", "externalDocs", "operationId", "consumes", "produces",
	"parameters", "requestBody", "responses", "callbacks", "schemes", "deprecated", "security", "servers", "isDefaultRoute"}

// parameterLocations are where AWS takes request parameters from.
var parameterLocations = map[string]string{"path": "path", "query": "querystring", "header": "header"}

// parameterName is what AWS lets a parameter be called (recorded on AWS).
var parameterName = regexp.MustCompile(`^[a-zA-Z0-9:._$-]+$`)

// parameters translates the operation's parameters and those of its path that
// the operation doesn't define itself.
func (o *operationImport) parameters(m *apigw.Method, shared *node) {
	all := o.resolved(o.node.get("parameters"))
	own := make(map[[2]string]bool, len(all))
	for _, p := range all {
		own[parameterKey(p)] = true
	}
	for _, p := range o.resolved(shared) {
		if !own[parameterKey(p)] {
			all = append(all, p)
		}
	}
	seen := map[string]string{}
	for _, p := range all {
		name, in := o.text(p.get("name"), "name"), o.text(p.get("in"), "in")
		location := parameterLocations[in]
		switch {
		case in == "body" && o.swagger:
			o.requestModels(m, p.get("schema"), o.mediaTypes("consumes"))
		case location == "":
			o.unsupportedParameter(p, name, in)
		case !parameterName.MatchString(name):
			o.methodProblem(p, "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Parameter name should match the following regular expression: %s]", parameterName)
		case seen[name] != "" && seen[name] != location:
			o.methodProblem(p, "Parameter names must be unique across querystring, header and path")
		default:
			seen[name] = location
			required := o.boolean(p.get("required"), "required")
			o.parameter(m, location, name, in == "path" || required != nil && *required)
			o.describe(apigw.DocumentationLocation{Type: parameterParts[location], Path: o.path, Method: string(o.verb), Name: name},
				described{"description", p.peek("description")})
		}
	}
	o.pathVariables(m, seen)
}

// pathVariables declares the variables of the path that the document doesn't
// declare as parameters (recorded on AWS).
func (o *operationImport) pathVariables(m *apigw.Method, declared map[string]string) {
	for _, part := range segments(o.path) {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			name = strings.TrimSuffix(strings.TrimSuffix(name, "}"), "+")
			if declared[name] == "" {
				o.parameter(m, "path", name, true)
			}
		}
	}
}

func (o *operationImport) parameter(m *apigw.Method, location, name string, required bool) {
	if m.RequestParameters == nil {
		m.RequestParameters = map[string]bool{}
	}
	m.RequestParameters["method.request."+location+"."+name] = required
}

func (o *operationImport) unsupportedParameter(p *node, name, in string) {
	switch in {
	case "cookie", "formData":
		o.warn("Unsupported parameter type '%s' for parameter '%s' of method '%s'. Ignoring.", in, name, o.name())
	default:
		o.problem(p, "a parameter must say that it is in path, query or header")
	}
}

// parameterKey is what an operation's parameter replaces its path's by.
func parameterKey(p *node) [2]string {
	return [2]string{textOf(p.peek("name")), textOf(p.peek("in"))}
}

func textOf(n *node) string {
	if n == nil {
		return ""
	}
	return n.text
}

// resolved is a list of parameters with its references followed.
func (o *operationImport) resolved(n *node) []*node {
	if !o.isList(n, "parameters") {
		return nil
	}
	var all []*node
	for _, p := range n.items {
		if p = o.resolve(p, "a parameter"); p != nil {
			all = append(all, p)
		}
	}
	return all
}

// mediaTypes is Swagger's consumes or produces, the operation's over the root's.
func (o *operationImport) mediaTypes(member string) []string {
	n := o.node.get(member)
	if !n.present() {
		n = o.root.get(member)
	}
	if t := o.texts(n, member); len(t) > 0 {
		return t
	}
	return []string{"application/json"}
}

// requestBody translates OpenAPI's request body.
func (o *operationImport) requestBody(m *apigw.Method) {
	if o.swagger {
		return
	}
	body := o.resolve(o.node.get("requestBody"), "a request body")
	content := body.get("content")
	if !o.isObject(content, "content") {
		return
	}
	for _, c := range content.items {
		if o.isObject(c, "a media type") {
			o.requestModels(m, c.get("schema"), []string{c.name})
		}
	}
}

func (o *operationImport) requestModels(m *apigw.Method, schema *node, types []string) {
	name := o.model(schema)
	if name == "" {
		return
	}
	if m.RequestModels == nil {
		m.RequestModels = map[string]apigw.ModelName{}
	}
	for _, t := range types {
		m.RequestModels[t] = name
	}
}

var statusRange = regexp.MustCompile(`^[1-5]XX$`)

// responses translates what the method may answer.
func (o *operationImport) responses(m *apigw.Method) {
	all := o.node.get("responses")
	if !o.isObject(all, "responses") {
		return
	}
	for _, n := range all.items {
		switch {
		case strings.HasPrefix(n.name, "x-"):
		case n.name == "default" || statusRange.MatchString(n.name):
			o.warn("Unsupported response '%s' for method '%s'. Ignoring.", n.name, o.name())
		case !statusCode.MatchString(n.name):
			o.problem(n, "Unable to put method response '%s' on '%s' for resource at path '%s': it must be a status code of 100 to 599", n.name, o.verb, o.path)
		default:
			if m.Responses == nil {
				m.Responses = map[apigw.StatusCode]*apigw.MethodResponse{}
			}
			code := apigw.StatusCode(n.name)
			m.Responses[code] = o.response(code, o.resolve(n, "a response"))
		}
	}
}

// response translates one response. Headers and models it doesn't have stay
// nil: AWS then shows no such members.
func (o *operationImport) response(code apigw.StatusCode, n *node) *apigw.MethodResponse {
	r := &apigw.MethodResponse{StatusCode: code}
	if headers := n.get("headers"); o.isObject(headers, "headers") && len(headers.items) > 0 {
		r.ResponseParameters = map[string]bool{}
		for _, h := range headers.items {
			r.ResponseParameters["method.response.header."+h.name] = false
		}
	}
	if o.swagger {
		for _, t := range o.mediaTypes("produces") {
			o.responseModel(r, t, n.get("schema"))
		}
	} else if content := n.get("content"); o.isObject(content, "content") {
		for _, c := range content.items {
			o.responseModel(r, c.name, c.get("schema"))
		}
	}
	return r
}

// primitiveSchemas are the schemas AWS makes no response model of, by its
// name for them.
var primitiveSchemas = map[string]string{"string": "StringSchema", "number": "NumberSchema",
	"integer": "IntegerSchema", "boolean": "BooleanSchema"}

func (o *operationImport) responseModel(r *apigw.MethodResponse, mediaType string, schema *node) {
	if kind := primitiveSchemas[textOf(schema.peek("type"))]; kind != "" {
		o.warn("Unsupported model type '%s' in %s response to method '%s'. Ignoring.", kind, r.StatusCode, o.name())
		return
	}
	name := o.model(schema)
	if name == "" {
		return
	}
	if r.ResponseModels == nil {
		r.ResponseModels = map[string]apigw.ModelName{}
	}
	r.ResponseModels[mediaType] = name
}

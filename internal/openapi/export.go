package openapi

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// ExportOptions say what an export holds and how it is written.
type ExportOptions struct {
	Swagger bool   // Swagger 2.0, else OpenAPI 3.0.1
	YAML    bool   // else JSON
	Host    string // where the API is served
	Stage   string
	Version string // of a document whose API has none
	// Integrations and Authorizers add x-amazon-apigateway-integration and
	// x-amazon-apigateway-authorizer, Extensions all there are.
	Integrations, Authorizers, Extensions bool
	// Documentation is put where a document can say it, and added whole; nil:
	// none.
	Documentation *apigw.DocumentationVersion
}

// Export writes a definition as a document that Parse reads. The layout and
// the order of members are AWS's (recorded on AWS). A method that takes bodies
// of which none is JSON can't be said in Swagger and is an error, as on AWS.
func Export(def *apigw.Definition, o ExportOptions) ([]byte, error) {
	e := &exporter{def: def, o: o, root: newObject(), schemes: map[string]*node{}, models: map[string]*node{},
		parts: map[apigw.DocumentationLocation]*apigw.DocumentationPart{}}
	if o.Documentation != nil {
		for _, p := range o.Documentation.Parts {
			e.parts[p.Location.Complete()] = p
		}
	}
	if err := e.document(); err != nil {
		return nil, err
	}
	if o.YAML {
		return appendYAML(e.root)
	}
	return appendPretty(nil, e.root, ""), nil
}

type exporter struct {
	def     *apigw.Definition
	o       ExportOptions
	root    *node
	schemes map[string]*node // security schemes that methods need
	models  map[string]*node // schemas of models that methods need, and theirs

	parts map[apigw.DocumentationLocation]*apigw.DocumentationPart // by complete location
}

func (e *exporter) document() error {
	e.head()
	paths, err := e.paths()
	if err != nil {
		return err
	}
	e.root.put("paths", paths)
	e.components()
	if e.o.Extensions {
		e.settings()
	}
	e.documentation()
	return nil
}

// head writes what stands before the paths.
func (e *exporter) head() {
	api, info := &e.def.API, newObject()
	version := newText(cmp.Or(api.Version, e.o.Version))
	if e.o.Swagger {
		e.root.put("swagger", newText("2.0"))
		info.putText("description", api.Description)
		info.put("version", version)
		info.put("title", newText(api.Name))
		e.root.put("info", info)
		e.root.put("host", newText(e.o.Host))
		e.root.put("basePath", newText("/"+e.o.Stage))
		e.root.put("schemes", newTexts([]string{"https"}))
	} else {
		e.root.put("openapi", newText("3.0.1"))
		info.put("title", newText(api.Name))
		info.putText("description", api.Description)
		info.put("version", version)
		e.root.put("info", info)
		e.root.put("servers", newList(e.server()))
	}
	e.describeAPI()
}

func (e *exporter) server() *node {
	s := serverNode(e.o.Host, e.o.Stage)
	if e.o.Extensions {
		s.put(extEndpoint, e.endpoint())
	}
	return s
}

// serverNode is where a document says its API is served, below a base path.
func serverNode(host, base string) *node {
	path, variables, s := newObject(), newObject(), newObject()
	path.put("default", newText(base))
	variables.put("basePath", path)
	s.put("url", newText("https://"+host+"/{basePath}"))
	s.put("variables", variables)
	return s
}

// endpoint is what of the endpoint's settings isn't the default. Its type
// isn't exported.
func (e *exporter) endpoint() *node {
	api, n := &e.def.API, newObject()
	if api.DisableExecuteAPIEndpoint {
		n.put("disableExecuteApiEndpoint", newBool(true))
	}
	if len(api.Endpoint.VPCEndpointIDs) > 0 {
		n.put("vpcEndpointIds", newTexts(api.Endpoint.VPCEndpointIDs))
	}
	if api.Endpoint.IPAddressType == "dualstack" && api.Endpoint.Type != "PRIVATE" {
		n.put("ipAddressType", newText("dualstack"))
	}
	return n.orNil()
}

// verbOrder is how a path lists its operations.
var verbOrder = []apigw.Verb{"GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "ANY"}

// paths are the resources with methods, and those at the end of a branch
// without: the others come back with what is below them.
func (e *exporter) paths() (*node, error) {
	byPath, parents := map[string]*apigw.Resource{}, map[apigw.ResourceID]bool{}
	for _, r := range e.def.Resources {
		parents[r.ParentID] = true
	}
	for _, r := range e.def.Resources {
		if len(r.Methods) > 0 || !parents[r.ID] && r.ParentID != "" {
			byPath[r.Path] = r
		}
	}
	order := javaOrder(byPath)
	if e.o.Swagger {
		slices.Sort(order)
	}
	paths := newObject()
	for _, path := range order {
		item, err := e.path(byPath[path])
		if err != nil {
			return nil, err
		}
		paths.put(path, item)
	}
	return paths, nil
}

func (e *exporter) path(r *apigw.Resource) (*node, error) {
	item := newObject()
	if !e.o.Swagger {
		e.describe(item, apigw.DocumentationLocation{Type: "RESOURCE", Path: r.Path}, "summary", "description")
	}
	for _, verb := range verbOrder {
		m := r.Methods[verb]
		if m == nil {
			continue
		}
		x := &methodExport{exporter: e, r: r, m: m}
		op, err := x.operation()
		if err != nil {
			return nil, err
		}
		name := strings.ToLower(string(verb))
		if verb == "ANY" {
			name = extAnyMethod
		}
		item.put(name, op)
	}
	return item, nil
}

// components writes the schemes and schemas that methods came to need. In
// OpenAPI there are always components (recorded on AWS).
func (e *exporter) components() {
	schemes, models := newObject(), newObject()
	for _, name := range javaOrder(e.schemes) {
		schemes.put(name, e.schemes[name])
	}
	for _, name := range javaOrder(e.models) {
		models.put(name, e.models[name])
	}
	if e.o.Swagger {
		e.root.put("securityDefinitions", schemes.orNil())
		e.root.put("definitions", models.orNil())
		return
	}
	c := newObject()
	c.put("schemas", models.orNil())
	c.put("securitySchemes", schemes.orNil())
	e.root.put("components", c)
}

// settings writes the extensions of the root.
func (e *exporter) settings() {
	api := &e.def.API
	if api.APIKeySource != "" && api.APIKeySource != "HEADER" {
		e.root.put(extKeySource, newText(api.APIKeySource))
	}
	e.root.put(extValidators, e.validators())
	e.root.put(extGatewayResponses, e.gatewayResponses())
	if api.Policy != "" {
		e.root.put(extPolicy, parsed(api.Policy))
	}
	if len(api.BinaryMediaTypes) > 0 {
		e.root.put(extBinary, newTexts(api.BinaryMediaTypes))
	}
	if api.MinimumCompressionSize != nil {
		e.root.put(extCompression, newNumber(*api.MinimumCompressionSize))
	}
	e.root.putText(extSecurityPolicy, api.SecurityPolicy)
	e.root.putText(extAccessMode, api.EndpointAccessMode)
	if e.o.Swagger {
		e.root.put(extEndpoint, e.endpoint())
	}
}

// parsed is a JSON text as a node; nil when it is none.
func parsed(text string) *node {
	n, problems, err := read([]byte(text), Options{})
	if err != nil || len(problems) > 0 {
		return nil
	}
	return n
}

func (e *exporter) validators() *node {
	all := newObject()
	byName := map[string]*apigw.RequestValidator{}
	for _, v := range e.def.Validators {
		byName[validatorName(v)] = v
	}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		n := newObject()
		n.put("validateRequestParameters", newBool(byName[name].ValidateParameters))
		n.put("validateRequestBody", newBool(byName[name].ValidateBody))
		all.put(name, n)
	}
	return all.orNil()
}

// validatorName is what a document calls a validator; one without a name is
// called by its ID.
func validatorName(v *apigw.RequestValidator) string { return cmp.Or(v.Name, string(v.ID)) }

func (e *exporter) gatewayResponses() *node {
	all := newObject()
	for _, kind := range slices.Sorted(maps.Keys(e.def.GatewayResponses)) {
		g, n := e.def.GatewayResponses[kind], newObject()
		n.putText("statusCode", g.StatusCode)
		n.put("responseParameters", textObject(g.ResponseParameters))
		n.put("responseTemplates", textObject(g.ResponseTemplates))
		all.put(kind, n)
	}
	return all.orNil()
}

// textObject is an object of texts; nil for none.
func textObject(m map[string]string) *node {
	n := newObject()
	for _, k := range javaOrder(m) {
		n.put(k, newText(m[k]))
	}
	return n.orNil()
}

// documentation adds the documentation whole.
func (e *exporter) documentation() {
	v := e.o.Documentation
	if v == nil {
		return
	}
	parts := newList()
	for _, p := range v.Parts {
		location, n := newObject(), newObject()
		location.put("type", newText(p.Location.Type))
		location.putText("path", p.Location.Path)
		location.putText("method", p.Location.Method)
		location.putText("statusCode", string(p.Location.StatusCode))
		location.putText("name", p.Location.Name)
		n.put("location", location)
		n.put("properties", parsed(p.Properties))
		parts.items = append(parts.items, n)
	}
	all := newObject()
	all.put("version", newText(v.Version))
	all.put("createdDate", newText(v.Created.UTC().Format(time.RFC3339)))
	all.put("documentationParts", parts)
	e.root.put(extDocumentation, all)
}

// describeAPI puts the documentation of the API into info and the root.
func (e *exporter) describeAPI() {
	properties := e.properties(apigw.DocumentationLocation{Type: "API"})
	for _, m := range properties.members() {
		switch {
		case m.name == "info" && m.kind == object:
			info := e.root.member("info")
			for _, i := range m.items {
				if i.name == "description" || i.name == "termsOfService" || i.name == "contact" || i.name == "license" {
					info.put(i.name, i)
				}
			}
		case m.name == "tags" || m.name == "externalDocs":
			e.root.put(m.name, m)
		}
	}
}

// describe puts what the documentation says of an entity into n, as far as a
// document has a place for it.
func (e *exporter) describe(n *node, l apigw.DocumentationLocation, places ...string) {
	for _, m := range e.properties(l).members() {
		if slices.Contains(places, m.name) {
			n.put(m.name, m)
		}
	}
}

// properties are those of the most specific part that applies; nil when none
// does.
func (e *exporter) properties(l apigw.DocumentationLocation) *node {
	if e.o.Documentation == nil {
		return nil
	}
	for _, at := range l.Applicable() {
		if p := e.parts[at]; p != nil {
			return parsed(p.Properties)
		}
	}
	return nil
}

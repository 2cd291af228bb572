package openapi

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// HTTPExportOptions say what the export of an HTTP API holds and how it is
// written.
type HTTPExportOptions struct {
	YAML       bool // else JSON
	Extensions bool // AWS's, with which the document imports as an equal API
	Host       string
	Stage      string // empty: of no stage; $default has no base path either
	Version    string // of a document whose API has none
}

// HTTPVersionTime is the layout of the time that is the version of a document
// whose API has none (as in published exports: "2025-06-20 17:22:45UTC").
const HTTPVersionTime = "2006-01-02 15:04:05UTC"

// ExportHTTP writes an HTTP API as an OpenAPI 3.0.1 document that ParseHTTP
// reads. The layout is AWS's (as in published exports). Descriptions of
// integrations have no place in it. An API of another protocol is an error.
func ExportHTTP(def *apigw.Definition, o HTTPExportOptions) ([]byte, error) {
	if def.RouteAPI == nil || def.RouteAPI.Protocol != apigw.ProtocolHTTP {
		return nil, apigw.Errorf(apigw.BadRequest, "Only HTTP APIs can be exported")
	}
	e := &httpExporter{def: def, o: o, root: newObject(), routes: sortedRoutes(def), used: map[apigw.RouteIntegrationID]int{}}
	for _, r := range e.routes {
		e.used[r.Target]++
	}
	e.document()
	if o.YAML {
		return appendYAML(e.root)
	}
	return appendPretty(nil, e.root, ""), nil
}

type httpExporter struct {
	def    *apigw.Definition
	o      HTTPExportOptions
	root   *node
	routes []*apigw.Route
	used   map[apigw.RouteIntegrationID]int // by how many routes
	sigv4  string                           // the scheme of IAM; empty: not needed
}

func (e *httpExporter) document() {
	api, info := e.def.RouteAPI, newObject()
	e.root.put("openapi", newText("3.0.1"))
	info.put("title", newText(api.Name))
	info.putText("description", api.Description)
	info.put("version", newText(cmp.Or(api.Version, e.o.Version)))
	e.root.put("info", info)
	e.root.put("servers", newList(e.server()))
	e.root.put("tags", e.tags())
	e.root.put("paths", e.paths())
	e.root.put("components", e.components())
	if e.o.Extensions {
		e.root.put(extCORS, e.cors())
		e.root.put(extExportVersion, newText("1.0"))
	}
}

func (e *httpExporter) server() *node {
	s, endpoint := serverNode(e.o.Host, strings.TrimPrefix(e.o.Stage, string(apigw.DefaultStage))), newObject()
	if e.def.RouteAPI.DisableExecuteAPIEndpoint {
		endpoint.put("disableExecuteApiEndpoint", newBool(true))
	}
	if e.def.RouteAPI.IPAddressType == "dualstack" {
		endpoint.put("ipAddressType", newText("dualstack"))
	}
	if e.o.Extensions {
		s.put(extEndpoint, endpoint.orNil())
	}
	return s
}

func (e *httpExporter) tags() *node {
	all := newList()
	for _, key := range javaOrder(e.def.RouteAPI.Tags) {
		t := newObject()
		t.put("name", newText(key))
		if e.o.Extensions {
			t.put(extTagValue, newText(e.def.RouteAPI.Tags[key]))
		}
		all.items = append(all.items, t)
	}
	return all.orNil()
}

// httpPath takes a route key apart; the default route stands at a path of its
// own.
func httpPath(key string) (verb, path string) {
	if verb, path, ok := strings.Cut(key, " "); ok {
		return verb, path
	}
	return "ANY", "/" + key
}

func (e *httpExporter) paths() *node {
	byPath := map[string]map[string]*apigw.Route{}
	for _, r := range e.routes {
		verb, path := httpPath(r.Key)
		if byPath[path] == nil {
			byPath[path] = map[string]*apigw.Route{}
		}
		byPath[path][verb] = r
	}
	all := newObject()
	for _, path := range javaOrder(byPath) {
		item := newObject()
		for _, verb := range verbOrder {
			name := strings.ToLower(string(verb))
			if verb == "ANY" {
				name = extAnyMethod
			}
			if r := byPath[path][string(verb)]; r != nil {
				item.put(name, e.operation(r))
			}
		}
		item.put("parameters", pathParameters(path))
		all.put(path, item)
	}
	return all
}

// pathParameters are the variables of a path; a greedy one keeps its plus (as
// in published exports).
func pathParameters(path string) *node {
	all := newList()
	for _, part := range segments(path) {
		name, ok := strings.CutPrefix(part, "{")
		if !ok {
			continue
		}
		p := newObject()
		name = strings.TrimSuffix(name, "}")
		p.put("name", newText(name))
		p.put("in", newText("path"))
		p.put("description", newText("Generated path parameter for "+name))
		p.put("required", newBool(true))
		p.put("schema", typeString())
		all.items = append(all.items, p)
	}
	return all.orNil()
}

func (e *httpExporter) operation(r *apigw.Route) *node {
	op, answer, answers := newObject(), newObject(), newObject()
	op.putText("operationId", r.OperationName)
	answer.put("description", newText("Default response for "+r.Key))
	answers.put("default", answer)
	op.put("responses", answers)
	op.put("security", e.security(r))
	if r.AuthorizationType == "AWS_IAM" && e.o.Extensions {
		auth := newObject()
		auth.put("type", newText("AWS_IAM"))
		op.put(extAuth, auth)
	}
	if r.Key == defaultRoute {
		op.put("isDefaultRoute", newBool(true))
	}
	if i := e.def.RouteIntegrations[r.Target]; i != nil && e.o.Extensions {
		if e.used[r.Target] == 1 {
			op.put(extIntegration, httpIntegration(i))
		} else {
			ref := newObject()
			ref.put("$ref", newText("#/components/"+extIntegrations+"/"+e.integrationName(i)))
			op.put(extIntegration, ref)
		}
	}
	return op
}

// integrationName is what an integration is called among the components: one
// that several routes share, or none uses.
func (e *httpExporter) integrationName(i *apigw.RouteIntegration) string {
	name := strings.NewReplacer("~", "_", "/", "_", " ", "_").Replace(strings.TrimPrefix(string(i.ID), componentIntegration))
	if e.used[i.ID] == 0 {
		return "unusedIntegration_" + name // as in published exports
	}
	return "integration_" + name
}

// security is what a route demands. Without AWS's extensions a signature is
// told as the header it is in.
func (e *httpExporter) security(r *apigw.Route) *node {
	name := ""
	switch a := e.def.RouteAuthorizers[r.AuthorizerID]; {
	case r.AuthorizationType == "AWS_IAM" && !e.o.Extensions:
		e.sigv4 = e.free(sigv4Scheme)
		name = e.sigv4
	case a != nil && (r.AuthorizationType == "JWT" || r.AuthorizationType == "CUSTOM"):
		name = a.Name
	default:
		return nil
	}
	n := newObject()
	n.put(name, newTexts(r.AuthorizationScopes))
	return newList(n)
}

// free is a scheme's name, or a longer one while an authorizer has it.
func (e *httpExporter) free(name string) string {
	return freeName(name, func(name string) bool {
		for _, a := range e.def.RouteAuthorizers {
			if a.Name == name {
				return true
			}
		}
		return false
	})
}

// components are the security schemes, and the integrations that don't stand
// with one operation; nil without any.
func (e *httpExporter) components() *node {
	authorizers, shared := map[string]*node{}, map[string]*node{}
	for _, a := range e.def.RouteAuthorizers {
		authorizers[a.Name] = e.scheme(a)
	}
	if e.sigv4 != "" {
		authorizers[e.sigv4] = keyScheme("Authorization", "header")
	}
	if e.o.Extensions {
		for id, i := range e.def.RouteIntegrations {
			if e.used[id] != 1 {
				shared[e.integrationName(i)] = httpIntegration(i)
			}
		}
	}
	c := newObject()
	c.put("securitySchemes", nodeObject(authorizers))
	c.put(extIntegrations, nodeObject(shared))
	return c.orNil()
}

func nodeObject(m map[string]*node) *node {
	n := newObject()
	for _, name := range javaOrder(m) {
		n.put(name, m[name])
	}
	return n.orNil()
}

// scheme is an authorizer's security scheme.
func (e *httpExporter) scheme(a *apigw.RouteAuthorizer) *node {
	s, n := newObject(), newObject()
	n.putText("identitySource", strings.Join(a.IdentitySource, ","))
	if a.Type == "JWT" {
		s.put("type", newText("oauth2"))
		s.put("flows", newObject())
		c := newObject()
		c.put("audience", newTexts(a.Audience))
		c.put("issuer", newText(a.Issuer))
		n.put("jwtConfiguration", c)
		n.put("type", newText("jwt"))
	} else {
		s = keyScheme(readFrom(a.IdentitySource))
		n.putText("authorizerUri", a.URI)
		n.putText("authorizerCredentials", a.Credentials)
		n.putText("authorizerPayloadFormatVersion", a.PayloadFormat)
		n.put("authorizerResultTtlInSeconds", newNumber(a.TTLSeconds))
		n.put("type", newText("request"))
		n.put("enableSimpleResponses", newBool(a.SimpleResponses))
	}
	if e.o.Extensions {
		s.put(extAuthorizer, n)
	}
	return s
}

// readFrom is the one parameter that an authorizer reads, or the name Unused
// where it reads others, several or none.
func readFrom(sources []string) (name, in string) {
	if len(sources) == 1 {
		if name, ok := strings.CutPrefix(sources[0], "$request.header."); ok {
			return name, "header"
		}
		if name, ok := strings.CutPrefix(sources[0], "$request.querystring."); ok {
			return name, "query"
		}
	}
	return "Unused", "header"
}

func (e *httpExporter) cors() *node {
	c := e.def.RouteAPI.CORS
	if c == nil {
		return nil
	}
	n := newObject()
	texts := func(name string, list []string) {
		if list != nil {
			n.put(name, newTexts(list))
		}
	}
	texts("allowMethods", c.AllowMethods)
	texts("allowHeaders", c.AllowHeaders)
	texts("exposeHeaders", c.ExposeHeaders)
	if c.MaxAge != nil {
		n.put("maxAge", newNumber(*c.MaxAge))
	}
	if c.AllowCredentials != nil {
		n.put("allowCredentials", newBool(*c.AllowCredentials))
	}
	texts("allowOrigins", c.AllowOrigins)
	return n
}

// httpIntegration writes x-amazon-apigateway-integration, its members in the
// order of published exports. The default timeout isn't said.
func httpIntegration(i *apigw.RouteIntegration) *node {
	n, answers := newObject(), newObject()
	statuses := make([]string, 0, len(i.ResponseParameters))
	for status := range i.ResponseParameters {
		statuses = append(statuses, string(status))
	}
	slices.Sort(statuses)
	for _, status := range statuses {
		if m := textObject(i.ResponseParameters[apigw.StatusCode(status)]); m != nil {
			answers.put(status, m)
		}
	}
	n.put("responseParameters", answers.orNil())
	n.put("requestParameters", textObject(i.RequestParameters))
	n.putText("integrationSubtype", i.Subtype)
	n.putText("credentials", i.Credentials)
	n.putText("payloadFormatVersion", i.PayloadFormat)
	n.putText("connectionId", i.ConnectionID)
	n.put("type", newText(strings.ToLower(string(i.Type))))
	n.putText("httpMethod", i.Method)
	n.putText("uri", i.URI)
	n.putText("connectionType", i.ConnectionType)
	if i.TimeoutMillis != 0 && i.TimeoutMillis != httpTimeout {
		n.put("timeoutInMillis", newNumber(i.TimeoutMillis))
	}
	if i.TLSServerName != nil {
		tls := newObject()
		tls.putText("serverNameToVerify", *i.TLSServerName)
		n.put("tlsConfig", tls)
	}
	return n
}

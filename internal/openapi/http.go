package openapi

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// HTTPAPI is what a document defines as an HTTP API. Names stand where control
// puts identifiers: a route's ID is its key, an authorizer's ID the name of
// its security scheme, an integration's ID the key of the route that it is
// written with, or "components/" and its name among the components. Routes
// and integrations refer to each other by them.
type HTTPAPI struct {
	// Definition holds the API (its ID and Created are for control to fill in),
	// Routes, RouteIntegrations and RouteAuthorizers. A Name that is empty isn't
	// in the document; a new API needs one. Info and Warnings are in it, too.
	Definition *apigw.Definition
	// Info is what the document says that HTTP APIs have no use for, and
	// Warnings what was left out although it was meant (AWS: importInfo and
	// warnings). A route or an integration that is left out is a warning.
	Info, Warnings []string
	// Places tells where each route stands in the document, by route key.
	Places map[string]Place
}

// The settings that every HTTP API has.
const (
	httpRouteSelection  = "$request.method $request.path"
	httpAPIKeySelection = "$request.header.x-api-key"
)

// ParseHTTP reads an OpenAPI 3.0 document, JSON or YAML, as an HTTP API
// (developer guide, "Working with OpenAPI definitions for HTTP APIs"). The
// error is an *Errors that lists everything that was found wrong.
//
// An import answers HTTPError of the error; where it is to fail on warnings,
// FailOnWarnings; else what control makes of the Definition, with Info and
// Warnings. A reimport replaces the API's parts by the Definition's.
//
// As on AWS, an integration that can't be is left out with a warning and its
// route has no target; a route whose authorizer can't be is left out with a
// warning, so that nobody may call what was meant to be guarded.
func ParseHTTP(doc []byte, o Options) (*HTTPAPI, error) {
	o.IgnoreDocumentation = true
	root, problems, err := read(doc, o)
	if err != nil {
		return nil, invalid(o, err)
	}
	swagger, err := version(root)
	if err == nil && swagger {
		err = fatalf(root.peek("swagger").line, "HTTP APIs are imported from OpenAPI 3.0 only, as on AWS: this is Swagger 2.0")
	}
	if err != nil {
		return nil, invalid(o, err)
	}
	im := &httpImporter{
		importer: &importer{o: o, root: root, problems: problems, told: map[problem]bool{}, api: &API{}},
		out: &HTTPAPI{Places: map[string]Place{}, Definition: &apigw.Definition{
			RouteAPI: &apigw.RouteAPI{
				Protocol: apigw.ProtocolHTTP, RouteSelection: httpRouteSelection,
				APIKeySelection: httpAPIKeySelection, IPAddressType: "ipv4",
			},
			Routes:            map[apigw.RouteID]*apigw.Route{},
			RouteIntegrations: map[apigw.RouteIntegrationID]*apigw.RouteIntegration{},
			RouteAuthorizers:  map[apigw.AuthorizerID]*apigw.RouteAuthorizer{},
			RouteModels:       map[apigw.RouteModelID]*apigw.RouteModel{},
		}},
		claimed: map[string]*node{},
	}
	im.foreign = im.unsupported
	im.document()
	if len(im.problems) > 0 {
		return nil, im.errors()
	}
	im.out.Warnings = im.api.Warnings
	im.out.Definition.RouteAPI.Warnings, im.out.Definition.RouteAPI.ImportInfo = im.out.Warnings, im.out.Info
	return im.out, nil
}

// httpImporter translates one document to an HTTP API.
type httpImporter struct {
	*importer
	out     *HTTPAPI
	guards  map[string]*httpScheme // security schemes
	shared  *node                  // components' integrations
	claimed map[string]*node       // route keys, variables without their names → operations
	cut     bool                   // Info is cut off
}

// document translates the parts in the order of their references. What it
// leaves unread is told in AWS's order: components first (recorded on AWS).
func (im *httpImporter) document() {
	im.info()
	im.settings()
	components := im.root.get("components")
	im.ignored(components, "securitySchemes")
	im.ignored(im.root, "openapi", "info", "servers", "paths", "components", "security", "tags")
	im.ignored(im.root.peek("info"), "title", "version", "description")
	im.securitySchemes(components)
	im.components(components)
	im.paths()
	im.unknownMembers(im.root, im.rootMembers(), "Parse issue: attribute %s is unexpected")
	im.leftOver(im.root)
}

// note adds to what is valid but of no use here.
func (im *httpImporter) note(text string) {
	if len(im.out.Info) < maxProblems {
		im.out.Info = append(im.out.Info, text)
	} else if !im.cut {
		im.cut = true
		im.out.Info = append(im.out.Info, "Further keys that are ignored are not listed.")
	}
}

// ignored notes the members of an object that HTTP APIs have no use for
// (recorded on AWS: the text, and the order of a Java HashMap).
func (im *httpImporter) ignored(n *node, known ...string) {
	for _, m := range javaMembers(n) {
		if !slices.Contains(known, m.name) && !strings.HasPrefix(m.name, "x-") && specified(m) {
			im.ignore(m)
		}
	}
}

// ignore notes a key that HTTP APIs have no use for.
func (im *httpImporter) ignore(m *node) {
	where := ""
	if p := m.parent; p != nil && p.parent != nil {
		where = strings.ReplaceAll(pointerUnescape.Replace(strings.ReplaceAll(p.pointer()[1:], "/", ".")), "\n", " ") + ": "
	}
	im.note(where + "key [" + m.name + "] will be ignored by API Gateway")
}

// specified tells whether the specification knows a member of the root; what
// it doesn't know is a warning and no information.
func specified(m *node) bool {
	if m.parent.parent != nil {
		return true
	}
	return m.name == "externalDocs"
}

// javaMembers are an object's members in the order in which AWS goes through
// them.
func javaMembers(n *node) []*node {
	byName := map[string]*node{}
	for _, m := range n.members() {
		byName[m.name] = m
	}
	list := make([]*node, 0, len(byName))
	for _, name := range javaOrder(byName) {
		list = append(list, byName[name])
	}
	return list
}

// The extensions of REST APIs whose loss makes nothing less safe.
var restOnly = []string{extAuthType, extBinary, extCompression, extDocumentation, extGatewayResponses, extKeySource, extValidator, extValidators}

// unsupported tells of an AWS extension that nothing asked for.
func (im *httpImporter) unsupported(m *node) {
	switch {
	case slices.Contains(restOnly, m.name):
		im.ignore(m)
	case m.name == extSecurityPolicy || m.name == extAccessMode:
		im.warn("%s belongs to REST APIs. Ignoring.", m.name)
	case m.name == extPolicy:
		im.problem(m, "%s belongs to REST APIs: an HTTP API has no resource policy, and without it everybody could call the API; take it out", m.name)
	case im.home(m.name) != "":
		im.problem(m, "%s has no meaning here: it belongs to %s", m.name, im.home(m.name))
	default:
		im.problem(m, "%s isn't an extension that is supported", m.name)
	}
}

// FailOnWarnings is the error of an import that is to fail on warnings; nil
// when there are none.
func (a *HTTPAPI) FailOnWarnings() error { return FailOnWarnings(a.Warnings) }

// HTTPError is the error of ParseHTTP for who asked for an import: all that is
// wrong, each with its place, and the warnings.
func HTTPError(err error) error {
	e, ok := errors.AsType[*Errors](err)
	switch {
	case !ok:
		return err
	case e.Invalid:
		return &apigw.Error{Kind: apigw.BadRequest, Message: "Invalid OpenAPI input. " + e.Problems[0].String(), Cause: err}
	}
	return e.Failure()
}

// sortedRoutes are an API's routes by key.
func sortedRoutes(def *apigw.Definition) []*apigw.Route {
	list := make([]*apigw.Route, 0, len(def.Routes))
	for _, r := range def.Routes {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b *apigw.Route) int { return cmp.Compare(a.Key, b.Key) })
	return list
}

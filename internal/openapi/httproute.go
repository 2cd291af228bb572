package openapi

import (
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// defaultRoute is the key of the route that takes what no other takes. In a
// document it is the path /$default; SAM writes $default, which the parser of
// AWS warns of.
const defaultRoute = apigw.DefaultRoute

// paths translates all paths, in the document's order. What of them is ignored
// is told first (recorded on AWS: either order).
func (im *httpImporter) paths() {
	all := im.root.get("paths")
	if !im.isObject(all, "paths") {
		return
	}
	for _, n := range javaMembers(all) {
		if !strings.HasPrefix(n.name, "x-") {
			im.notes(im.resolve(n, "a path"))
		}
	}
	base := segments(im.basePath())
	for _, n := range all.items {
		if strings.HasPrefix(n.name, "x-") {
			continue
		}
		item := im.resolve(n, "a path")
		if strings.TrimPrefix(n.name, "/") == defaultRoute {
			im.defaultItem(n, item)
		} else if path, ok := im.path(n, base); ok {
			im.item(n, item, path)
		}
	}
}

// notes tells what of a path and its operations is ignored.
func (im *httpImporter) notes(item *node) {
	for _, m := range javaMembers(item) {
		if m.name != extAnyMethod && !slices.Contains(httpVerbs, m.name) {
			if slices.Contains(httpPathMembers, m.name) {
				im.ignore(m)
			}
			continue
		}
		if !im.spend(1 + len(m.items)) {
			return
		}
		for _, o := range javaMembers(m) {
			if slices.Contains(httpOperationMembers, o.name) && !slices.Contains([]string{"operationId", "security", "isDefaultRoute"}, o.name) {
				im.ignore(o)
			}
		}
	}
}

// httpPathMembers are what paths may have and routes have no use for.
var httpPathMembers = []string{"parameters", "summary", "description", "servers"}

// path checks a path and is what route keys say: it with the base path.
func (im *httpImporter) path(n *node, base []string) (string, bool) {
	if !strings.HasPrefix(n.name, "/") {
		im.problem(n, "a path begins with /")
		return "", false
	}
	path := n.name
	if len(base) > 0 {
		path = "/" + strings.Join(base, "/") + strings.TrimSuffix(path, "/")
		if n.name != "/" {
			path = "/" + strings.Join(base, "/") + n.name
		}
	}
	// A slash at the end is no error of the document: it costs the route.
	bare := path[:1] + strings.TrimSuffix(path[1:], "/")
	if _, _, err := apigw.ParseRouteKey("ANY " + bare); err != nil {
		im.problem(n, "%s", err)
		return "", false
	}
	return path, true
}

// defaultItem translates the path of the default route.
func (im *httpImporter) defaultItem(n, item *node) {
	if n.name == defaultRoute {
		im.warn("Parse issue: attribute paths. Resource %s should start with /", n.name)
	}
	for _, m := range item.members() {
		switch flag := m.peek("isDefaultRoute"); {
		case strings.HasPrefix(m.name, "x-") && m.name != extAnyMethod:
		case m.name == extAnyMethod && im.isTrue(flag):
			m.read = true
			im.operation(m, defaultRoute)
		case m.name == extAnyMethod || slices.Contains(httpVerbs, m.name):
			m.read = true
			im.problem(m, "the path %s is the default route's: it has one operation, %s, which says isDefaultRoute: true", n.name, extAnyMethod)
		case m.name != "$ref" && !slices.Contains(httpPathMembers, m.name):
			im.problem(m, "%q is no operation of path %s", m.name, n.name)
		}
	}
}

func (im *httpImporter) isTrue(n *node) bool {
	b := im.boolean(n, "isDefaultRoute")
	return b != nil && *b
}

var httpVerbs = []string{"get", "put", "post", "delete", "patch", "head", "options"}

// item translates the operations of a path.
func (im *httpImporter) item(n, item *node, path string) {
	for _, m := range item.members() {
		switch {
		case m.name == extAnyMethod:
			m.read = true
			im.operation(m, "ANY "+path)
		case slices.Contains(httpVerbs, m.name):
			im.operation(m, strings.ToUpper(m.name)+" "+path)
		case m.name == "trace":
			im.problem(m, "HTTP APIs have no routes for TRACE; there are GET, PUT, POST, DELETE, PATCH, OPTIONS, HEAD and %s", extAnyMethod)
		case m.name != "$ref" && !strings.HasPrefix(m.name, "x-") && !slices.Contains(httpPathMembers, m.name):
			im.problem(m, "%q is no operation of path %s", m.name, n.name)
		}
	}
}

var httpOperationMembers = []string{"tags", "summary", "description", "externalDocs", "operationId", "parameters",
	"requestBody", "responses", "callbacks", "deprecated", "security", "servers", "isDefaultRoute"}

// operation translates one operation to a route and its integration.
func (im *httpImporter) operation(n *node, key string) {
	if !im.isObject(n, "an operation") {
		return
	}
	im.unknownMembers(n, httpOperationMembers, "Parse issue: attribute %s.%s is unexpected", where(n))
	im.missingSchemas(n)
	if d := n.peek("isDefaultRoute"); key != defaultRoute && im.isTrue(d) {
		im.problem(d, "isDefaultRoute belongs to the operation %s of the path /%s", extAnyMethod, defaultRoute)
	}
	r := &apigw.Route{
		ID: apigw.RouteID(key), Key: key, AuthorizationType: "NONE",
		OperationName: im.text(n.get("operationId"), "operationId"),
		Target:        im.integration(n.get(extIntegration), key),
	}
	left := im.security(n, r)
	switch _, path, _ := strings.Cut(key, " "); {
	case left != "":
		im.warn("Unable to create route for resource at path '%s': %s. Ignoring.", key, left)
		return
	case path != "/" && strings.HasSuffix(path, "/"):
		// AWS makes the integration and no route.
		im.warn("Unable to create route for resource at path '%s': a path doesn't end with /. Ignoring.", key)
		return
	}
	im.claim(n, r)
}

// where is how the parser of AWS calls an operation.
func where(n *node) string {
	if n.parent == nil {
		return n.name
	}
	return "paths.'" + n.parent.name + "'(" + n.name + ")"
}

// claim enters a route, unless another has its key but for the names of
// variables.
func (im *httpImporter) claim(n *node, r *apigw.Route) {
	key := apigw.RouteShape(r.Key)
	if first := im.claimed[key]; first != nil {
		im.problem(n, "Route with key %s already exists for this API: line %d defines it", r.Key, first.line)
		return
	}
	im.claimed[key] = n
	im.out.Definition.Routes[r.ID] = r
	im.out.Places[r.Key] = im.place(n)
}

// missingSchemas warns of schemas that an operation refers to and that aren't
// there. Nothing here uses them, but AWS's import fails on them when it is to
// fail on warnings (Terraform's acceptance tests).
func (im *httpImporter) missingSchemas(n *node) {
	check := func(place string, body *node) {
		all := body.peek("content").members()
		if !im.spend(1 + len(all)) {
			return
		}
		for _, media := range all {
			ref := textOf(media.peek("schema").peek("$ref"))
			name, ok := strings.CutPrefix(ref, "#/components/schemas/")
			if ok && im.root.peek("components").peek("schemas").peek(pointerUnescape.Replace(name)) == nil {
				im.warn("Parse issue: attribute %s.%s.content.schema.%s is missing", where(n), place, ref)
			}
		}
	}
	check("requestBody", n.peek("requestBody"))
	for _, m := range n.peek("responses").members() {
		if im.work > maxWork {
			return
		}
		check("responses."+m.name, m)
	}
}

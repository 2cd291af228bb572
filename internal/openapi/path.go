package openapi

import (
	"regexp"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// resource is one part of the tree that paths make, to tell which parts
// can't stand side by side.
type resource struct {
	children map[string]*resource
	variable string // the child that is a variable
	defined  *node  // the path of the document that ends here
}

func (r *resource) child(part string) *resource {
	if r.children == nil {
		r.children = map[string]*resource{}
	}
	c := r.children[part]
	if c == nil {
		c = &resource{}
		r.children[part] = c
	}
	return c
}

// paths translates all paths.
func (im *importer) paths() {
	all := im.root.get("paths")
	if !im.isObject(all, "paths") {
		return
	}
	im.resources = &resource{}
	base := segments(im.basePath())
	for _, n := range all.items {
		if strings.HasPrefix(n.name, "x-") {
			continue
		}
		if parts, ok := im.path(n, base); ok {
			im.pathItem(n, "/"+strings.Join(parts, "/"))
		}
	}
}

// basePath is what stands before every path, as the mode says.
func (im *importer) basePath() string {
	var base string
	switch im.o.BasePath {
	case "", "ignore":
		return ""
	case "prepend":
		base = im.documentBase()
	case "split":
		_, base, _ = strings.Cut(strings.TrimPrefix(im.documentBase(), "/"), "/")
	default:
		im.problem(im.root, "base path mode %q is none of ignore, prepend, split", im.o.BasePath)
	}
	return base
}

// documentBase is the document's base path: Swagger's basePath; in OpenAPI a
// server variable basePath even if the URL has none, else the URL's path. Of
// several servers only the first counts.
func (im *importer) documentBase() string {
	if im.swagger {
		return im.text(im.root.get("basePath"), "basePath")
	}
	servers := im.root.get("servers").elements()
	if len(servers) == 0 {
		return ""
	}
	variables := servers[0].get("variables")
	if v := variables.get("basePath").get("default"); v.present() {
		return im.text(v, "default")
	}
	u := im.text(servers[0].get("url"), "url")
	for _, v := range variables.members() {
		u = strings.ReplaceAll(u, "{"+v.name+"}", im.text(v.get("default"), "default"))
	}
	if _, rest, ok := strings.Cut(u, "://"); ok {
		_, u, _ = strings.Cut(rest, "/")
	}
	u, _, _ = strings.Cut(u, "?")
	u, _, _ = strings.Cut(u, "#")
	return u
}

// segments are the parts of a path without empty ones at its ends.
func segments(path string) []string {
	if path = strings.Trim(path, "/"); path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

var pathPart = regexp.MustCompile(`^(?:[a-zA-Z0-9._,:-]+|\{[a-zA-Z0-9._:-]+\+?\})$`)

// path checks a path as AWS does when it creates the path's resources, and
// enters it in the tree.
func (im *importer) path(n *node, base []string) ([]string, bool) {
	refuse := func(why string, args ...any) ([]string, bool) {
		n.refused = true
		im.problem(n, "Unable to create resource at path '"+strings.ReplaceAll(n.name, "%", "%%")+"': "+why, args...)
		return nil, false
	}
	if !strings.HasPrefix(n.name, "/") {
		return refuse("a path begins with /")
	}
	parts := append(append([]string{}, base...), segments(n.name)...)
	r := im.resources
	for i, part := range parts {
		switch {
		case !pathPart.MatchString(part):
			return refuse("Resource's path part only allow a-zA-Z0-9._- and curly braces at the beginning and the end.")
		case i > 0 && strings.HasSuffix(parts[i-1], "+}"):
			return refuse("Cannot create a child of a resource with a greedy path variable: %s", parts[i-1])
		case part[0] == '{' && r.variable != "" && r.variable != part:
			return refuse("A sibling (%s) of this resource already has a variable path part -- only one is allowed", r.variable)
		case part[0] == '{':
			r.variable = part
		}
		r = r.child(part)
	}
	if r.defined != nil {
		return refuse("it is the same as %s on line %d", r.defined.name, r.defined.line)
	}
	r.defined = n
	return parts, true
}

// pathItem translates the methods of a path; full is the path with its base.
func (im *importer) pathItem(n *node, full string) {
	item := im.resolve(n, "a path")
	p := Path{Path: full, Methods: map[apigw.Verb]*apigw.Method{}, Lines: map[apigw.Verb]Place{}}
	shared := item.get("parameters")
	for _, m := range item.members() {
		verb, operation := im.verb(m, full)
		if !operation || !im.isObject(m, "an operation") {
			continue
		}
		o := &operationImport{importer: im, node: m, path: full, verb: verb}
		p.Methods[verb] = o.method(shared)
		p.Lines[verb] = im.place(m)
	}
	im.api.Paths = append(im.api.Paths, p)
}

// verb is the verb of a path's member; false for one that isn't an operation.
func (im *importer) verb(m *node, path string) (apigw.Verb, bool) {
	switch m.name {
	case "get", "put", "post", "delete", "patch", "head", "options":
		return apigw.Verb(strings.ToUpper(m.name)), true
	case extAnyMethod:
		m.read = true
		return "ANY", true
	case "parameters", "summary", "description", "$ref":
		return "", false
	case "servers":
		im.warn("attribute paths.'%s'.servers is not supported. Ignoring.", path)
		return "", false
	}
	if !strings.HasPrefix(m.name, "x-") {
		m.refused = true
		im.problem(m, "Unable to put method '%s' on resource at path '%s': Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY", m.name, path)
	}
	return "", false
}

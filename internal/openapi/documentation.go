package openapi

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// ParseDocumentation reads the documentation of a document and nothing else:
// what else may be wrong with it doesn't matter.
func ParseDocumentation(doc []byte, o Options) (parts []*apigw.DocumentationPart, warnings []string, err error) {
	root, problems, err := read(doc, o)
	if err != nil {
		return nil, nil, invalid(o, err)
	}
	im := &importer{o: o, root: root, problems: problems, told: map[problem]bool{}, api: &API{}}
	if im.swagger, err = version(root); err != nil {
		return nil, nil, invalid(o, err)
	}
	im.info()
	im.securitySchemes()
	im.definitions()
	im.paths()
	im.problems, im.api.Warnings = problems, nil
	im.documentation()
	if len(im.problems) > 0 {
		return nil, nil, im.errors()
	}
	return im.api.Documentation, im.api.Warnings, nil
}

// maxDescriptions and maxDescribed, in bytes, bound the parts that are made of
// descriptions: a large document without any on purpose must be imported, too.
// AWS keeps 2,000 parts for an API.
const (
	maxDescriptions = 10_000
	maxDescribed    = 1 << 20
)

// describe notes what a description of the document says of an entity; each
// of pairs is an attribute and the node that has it.
func (im *importer) describe(l apigw.DocumentationLocation, pairs ...described) {
	if im.o.IgnoreDocumentation {
		return
	}
	var b []byte
	for _, p := range pairs {
		if p.node == nil || p.node.kind != text || p.node.text == "" {
			continue
		}
		if b == nil {
			b = append(b, '{')
		} else {
			b = append(b, ',')
		}
		b = append(appendString(b, p.attribute), ':')
		b = appendString(b, p.node.text)
	}
	if b == nil || !im.spend(1) {
		return
	}
	if im.described += len(b); im.described > maxDescribed || len(im.descriptions) == maxDescriptions {
		im.undescribed = true
		return
	}
	properties := string(append(b, '}'))
	if l.Type == "API" { // its attributes are members of the document
		properties = `{"info":` + properties + `}`
	}
	im.descriptions = append(im.descriptions, &apigw.DocumentationPart{Location: l, Properties: properties})
}

type described struct {
	attribute string
	node      *node
}

var parameterParts = map[string]string{"path": "PATH_PARAMETER", "querystring": "QUERY_PARAMETER", "header": "REQUEST_HEADER"}

// documentation translates x-amazon-apigateway-documentation and adds what
// the descriptions come to that it doesn't cover.
func (im *importer) documentation() {
	n := im.root.get(extDocumentation)
	if im.o.IgnoreDocumentation {
		return
	}
	im.api.Documentation = []*apigw.DocumentationPart{}
	seen := map[apigw.DocumentationLocation]bool{}
	if im.object(n, extDocumentation, "version", "createdDate", "documentationParts") {
		parts := n.get("documentationParts")
		if im.isList(parts, "documentationParts") {
			for _, p := range parts.items {
				im.part(p, seen)
			}
		}
	}
	if im.undescribed {
		im.warn("More than %d descriptions, or more than %d bytes of them. The others don't become documentation parts.", maxDescriptions, maxDescribed)
	}
	rest := slices.Clone(im.descriptions)
	slices.SortStableFunc(rest, func(a, b *apigw.DocumentationPart) int {
		return cmp.Compare(a.Location.String(), b.Location.String())
	})
	for _, p := range rest {
		if at := p.Location.Complete(); !seen[at] {
			seen[at] = true
			im.api.Documentation = append(im.api.Documentation, p)
		}
	}
}

// part translates one documentation part. A path that isn't given is written
// out (recorded on AWS).
func (im *importer) part(n *node, seen map[apigw.DocumentationLocation]bool) {
	if !im.object(n, "a documentation part", "id", "location", "properties") {
		return
	}
	at := n.get("location")
	if !im.object(at, "location", "type", "path", "method", "statusCode", "name") {
		if at == nil {
			im.problem(n, "a documentation part needs a location")
		}
		return
	}
	l := apigw.DocumentationLocation{
		Type: strings.ToUpper(im.text(at.get("type"), "type")), Path: im.text(at.get("path"), "path"),
		Method: strings.ToUpper(im.text(at.get("method"), "method")), StatusCode: apigw.StatusCode(im.text(at.get("statusCode"), "statusCode")),
		Name: im.text(at.get("name"), "name"),
	}
	if err := l.Check(); err != nil {
		im.problem(at, "%s", err)
		return
	}
	if l.HasPath() && l.Path == "" {
		l.Path = "/"
	}
	properties := n.get("properties")
	if !im.isObject(properties, "properties") {
		if properties == nil {
			im.problem(n, "Documentation part properties must be non-empty")
		}
		return
	}
	if seen[l.Complete()] {
		im.problem(at, "Documentation part already exists for the specified location: %s", l)
		return
	}
	seen[l.Complete()] = true
	im.api.Documentation = append(im.api.Documentation, &apigw.DocumentationPart{Location: l, Properties: im.json(properties, nil)})
}

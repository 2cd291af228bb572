package openapi

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// maxProblems bounds how many problems, and how many warnings, are told.
const maxProblems = 1000

// Parse reads a Swagger 2.0 or OpenAPI 3.0 document, JSON or YAML. The error
// is an *Errors that lists everything that was found wrong.
func Parse(doc []byte, o Options) (*API, error) {
	root, problems, err := read(doc, o)
	if err != nil {
		return nil, invalid(o, err)
	}
	im := &importer{o: o, root: root, problems: problems, told: map[problem]bool{}, api: &API{}}
	if im.swagger, err = version(root); err != nil {
		return nil, invalid(o, err)
	}
	im.document()
	if len(im.problems) > 0 {
		return nil, im.errors()
	}
	return im.api, nil
}

// LooksLike tells whether doc is a Swagger or OpenAPI document of a version
// that Parse reads, whatever else may be wrong with it.
func LooksLike(doc []byte) bool {
	root, _, err := read(doc, Options{})
	if err != nil {
		return false
	}
	_, err = version(root)
	return err == nil
}

// namesItself is a line of a document, broken elsewhere perhaps, that says what
// it is.
var namesItself = regexp.MustCompile(`(?m)^\{?[ \t\r\n]{0,8}["']?(?:openapi|swagger)["']?[ \t]*:`)

// IsDefinition tells whether doc means to be a Swagger or OpenAPI document:
// of any version, and also when it can't be read to its end.
func IsDefinition(doc []byte) bool {
	root, _, err := read(doc, Options{})
	if err != nil {
		return namesItself.Match(doc)
	}
	return root.peek("swagger") != nil || root.peek("openapi") != nil
}

// importer translates one document.
type importer struct {
	o       Options
	root    *node
	swagger bool // Swagger 2.0, else OpenAPI 3.0
	api     *API
	foreign func(*node) // tells of an extension that nothing asked for; nil: as a REST API's import does

	problems []problem
	told     map[problem]bool
	warned   bool // warnings are cut off
	work     int  // values looked at, those behind references each time

	models    map[string]bool           // defined in the document
	inPlace   map[*node]apigw.ModelName // models of schemas in place
	generated map[string]string         // their names → schemas
	schemes   map[string]*scheme        // security schemes
	resources *resource                 // the tree of paths

	descriptions []*apigw.DocumentationPart // what descriptions come to
	described    int                        // bytes of them
	undescribed  bool                       // some were left out
}

// maxWork bounds what a document may mean: its values, or many more when
// thousands of operations refer to one that holds thousands.
const maxWork = 3_000_000

// spend counts n values; false: the document means too many, which is said
// once.
func (im *importer) spend(n int) bool {
	was := im.work
	im.work += n
	if im.work > maxWork && was <= maxWork {
		im.problem(im.root, "the document means more than %d values, references resolved", maxWork)
	}
	return im.work <= maxWork
}

// document translates the parts in the order of their references.
func (im *importer) document() {
	im.info()
	im.settings()
	im.validators()
	im.gatewayResponses()
	im.securitySchemes()
	im.definitions()
	im.paths()
	im.documentation()
	im.unknownMembers(im.root, im.rootMembers(), "attribute %s is unexpected")
	im.leftOver(im.root)
	im.sort()
}

func (im *importer) info() {
	info := im.root.get("info")
	if !im.isObject(info, "info") {
		return
	}
	im.api.Name = im.text(info.get("title"), "title")
	im.api.Version = im.text(info.get("version"), "version")
	im.api.Description = im.text(info.get("description"), "description")
	im.describe(apigw.DocumentationLocation{Type: "API"}, described{"description", info.peek("description")})
}

func (im *importer) sort() {
	a := im.api
	slices.SortFunc(a.Paths, func(x, y Path) int { return cmp.Compare(x.Path, y.Path) })
	slices.SortFunc(a.Authorizers, func(x, y *apigw.Authorizer) int { return cmp.Compare(x.Name, y.Name) })
	slices.SortFunc(a.Models, func(x, y *apigw.Model) int { return cmp.Compare(x.Name, y.Name) })
	slices.SortFunc(a.Validators, func(x, y *apigw.RequestValidator) int { return cmp.Compare(x.Name, y.Name) })
	slices.SortFunc(a.GatewayResponses, func(x, y *apigw.GatewayResponse) int { return cmp.Compare(x.Type, y.Type) })
}

// problem notes what is wrong with at, once for all that refer to it.
func (im *importer) problem(at *node, format string, args ...any) {
	p := problem{at, 0, fmt.Sprintf(format, args...)}
	if len(im.problems) < maxProblems && !im.told[p] {
		im.told[p] = true
		im.problems = append(im.problems, p)
	}
}

// warn adds one of AWS's warnings.
func (im *importer) warn(format string, args ...any) {
	if len(im.api.Warnings) < maxProblems {
		im.api.Warnings = append(im.api.Warnings, fmt.Sprintf(format, args...))
	} else if !im.warned {
		im.warned = true
		im.api.Warnings = append(im.api.Warnings, "Further warnings are not listed.")
	}
}

// place is where n stands.
func (im *importer) place(n *node) Place {
	return Place{File: im.o.File, Line: n.line, Pointer: n.pointer()}
}

func (im *importer) errors() *Errors {
	e := &Errors{Warnings: im.api.Warnings}
	for _, p := range im.problems {
		at := im.place(p.at)
		if p.line > 0 {
			at.Line = p.line
		}
		e.Problems = append(e.Problems, Problem{at, p.message})
	}
	slices.SortStableFunc(e.Problems, func(x, y Problem) int { return cmp.Compare(x.Line, y.Line) })
	if len(im.problems) == maxProblems {
		last := e.Problems[len(e.Problems)-1].Place
		e.Problems = append(e.Problems, Problem{last, "further problems are not listed"})
	}
	return e
}

// invalid is the error for a document that can't be read or isn't one.
func invalid(o Options, err error) *Errors {
	line := 1
	if f, ok := errors.AsType[*fatal](err); ok {
		line = f.line
	}
	return &Errors{Invalid: true, Problems: []Problem{{Place{File: o.File, Line: line}, err.Error()}}}
}

// version tells Swagger 2.0 from OpenAPI 3.0; the error says what a document
// of another kind is.
func version(root *node) (swagger bool, err error) {
	s, o := root.peek("swagger"), root.peek("openapi")
	switch {
	case root.kind != object:
		return false, fatalf(root.line, "this isn't a Swagger or OpenAPI document: it isn't an object")
	case s != nil && o != nil:
		return false, fatalf(o.line, "the document says swagger and openapi: keep one of them")
	case s != nil && s.scalar() && (s.text == "2.0" || s.text == "2"):
		return true, nil
	case s != nil:
		return false, fatalf(s.line, "Swagger %q isn't accepted, as on AWS: write 2.0", s.text)
	case o != nil && o.scalar() && (o.text == "3.0" || strings.HasPrefix(o.text, "3.0.")):
		return false, nil
	case o != nil:
		return false, fatalf(o.line, "OpenAPI %q isn't accepted, as on AWS: write 3.0.3", o.text)
	case root.peek("AWSTemplateFormatVersion") != nil || root.peek("Resources") != nil || root.peek("Transform") != nil:
		return false, fatalf(root.line, "this is a CloudFormation template, not an OpenAPI document: take the document out of its Body or DefinitionBody")
	}
	return false, fatalf(root.line, "this isn't a Swagger or OpenAPI document: it has neither swagger nor openapi at its root")
}

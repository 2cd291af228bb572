package awsapi

import (
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
)

// PatchOp is one patch operation with its path taken apart.
type PatchOp struct {
	Op       string   // add, remove, replace, copy, move, test; empty when none was sent
	Path     string   // as sent; "null" in texts when HasPath is false
	HasPath  bool     //
	Segments []string // of Path, with ~1 and ~0 undone
	Value    *string  // nil: absent or null
	From     *string  // of copy and move
}

// Patch takes the operations of an Update call apart.
func Patch(ops []*apigateway.PatchOperation) []PatchOp {
	list := make([]PatchOp, 0, len(ops))
	for _, o := range ops {
		p := PatchOp{Path: "null", Value: o.Value, From: o.From}
		if o.Op != nil {
			p.Op = *o.Op
		}
		if o.Path != nil {
			p.Path, p.HasPath, p.Segments = *o.Path, true, PointerSegments(*o.Path)
		}
		list = append(list, p)
	}
	return list
}

// PointerSegments splits a JSON pointer (RFC 6901): ~1 is a slash, ~0 a tilde.
// A pointer that doesn't begin with a slash has no segments.
func PointerSegments(path string) []string {
	rest, ok := strings.CutPrefix(path, "/")
	if !ok {
		return nil
	}
	segments := strings.Split(rest, "/")
	for i, s := range segments {
		segments[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(s)
	}
	return segments
}

// Text is the value, empty when it is absent or null.
func (p PatchOp) Text() string {
	if p.Value == nil {
		return ""
	}
	return *p.Value
}

// True reads a value as AWS reads booleans: "true" is true and any other text
// is false, without an error (recorded on AWS).
func (p PatchOp) True() bool { return p.Text() == "true" }

// Key is the segment behind the one that the path begins with: "/variables/a"
// has "a" under "variables". A path of more or fewer segments has none.
func (p PatchOp) Key(under string) (key string, ok bool) {
	if len(p.Segments) != 2 || p.Segments[0] != under || p.Segments[1] == "" {
		return "", false
	}
	return p.Segments[1], true
}

// The two families of texts for paths and operations that a resource doesn't
// have (recorded on AWS).

// LongPathError is how Resource, Model, RequestValidator, DocumentationPart,
// ApiKey and their like refuse a path. The two blanks are AWS's. Paths come
// in AWS's order.
func (p PatchOp) LongPathError(paths ...string) error {
	return apigw.Errorf(apigw.BadRequest, "Invalid patch path  '%s' specified for op '%s'. Must be one of: [%s]", p.Path, p.Op, strings.Join(paths, ", "))
}

// LongOpError is how the same resources refuse an operation on a path they
// have.
func (p PatchOp) LongOpError() error {
	return apigw.Errorf(apigw.BadRequest, "Invalid patch path  '%s' specified for op '%s'. Please choose supported operations", p.Path, p.Op)
}

// ShortPathError is how RestApi, Method, MethodResponse, GatewayResponse,
// Integration and IntegrationResponse refuse a path.
func (p PatchOp) ShortPathError() error {
	return apigw.Errorf(apigw.BadRequest, "Invalid patch path %s", p.Path)
}

// ShortOpError is how the same resources refuse an operation on a path they
// have; ops are those it has, AWS's text for most being [replace].
func (p PatchOp) ShortOpError(ops ...string) error {
	return apigw.Errorf(apigw.BadRequest, "Invalid patch operation specified. Must be one of: [%s]", strings.Join(ops, ", "))
}

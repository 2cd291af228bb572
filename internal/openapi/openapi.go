package openapi

import (
	"strconv"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// Options are the parameters of an import.
type Options struct {
	File     string // for messages; may be empty
	BasePath string // ignore (default), prepend, split
	// Scope gives the values of ${AWS::AccountId}, ${AWS::Region} and
	// ${AWS::Partition}, which stand for themselves where a value is empty.
	Scope apigw.Scope
	// MaxBytes bounds the document; 0: 6 MB as on AWS.
	MaxBytes int
	// IgnoreDocumentation leaves documentation parts out (AWS:
	// ignore=documentation).
	IgnoreDocumentation bool
	// Checks are those of management calls for the parts of an HTTP API; nil
	// ones check nothing.
	Checks HTTPChecks
}

// HTTPChecks refuse the parts of an HTTP API that a management call would
// refuse, and fill in its defaults. What they refuse an import leaves out with
// a warning.
type HTTPChecks struct {
	Integration func(*apigw.Definition, *apigw.RouteIntegration) error
	Authorizer  func(*apigw.Definition, *apigw.RouteAuthorizer) error
}

// API is what a document defines, by names instead of identifiers: a
// method's AuthorizerID holds the authorizer's name, its RequestValidatorID
// the validator's name; an integration's empty CacheNamespace means the
// resource's ID; model references in schemas read
// https://apigateway.amazonaws.com/restapis/{apiId}/models/Name, literally
// "{apiId}", and a policy may say execute-api:/* for the API itself. control
// gives everything its ID.
type API struct {
	// Name, Version and Description are those of info; empty: not in the
	// document. A new API needs a name, a merge into an old one does not.
	Name, Version, Description string
	// Paths holds every path with its methods, base path applied, without the
	// resources in between. Sorted by path.
	Paths            []Path
	Authorizers      []*apigw.Authorizer       // sorted by name, used or not
	Models           []*apigw.Model            // sorted by name; compact schemas, members in the document's order
	Validators       []*apigw.RequestValidator // sorted by name
	GatewayResponses []*apigw.GatewayResponse  // sorted by type

	BinaryMediaTypes          []string // nil: not in the document
	MinimumCompressionSize    *int
	APIKeySource              string // empty: not in the document
	Policy                    string // JSON text; empty: not in the document
	DisableExecuteAPIEndpoint *bool
	VPCEndpointIDs            []string
	IPAddressType             string
	SecurityPolicy            string
	EndpointAccessMode        string

	// Documentation are the parts of x-amazon-apigateway-documentation, in the
	// document's order, and those that its ordinary descriptions come to. Nil:
	// left out; else not nil.
	Documentation []*apigw.DocumentationPart

	// Warnings are AWS's, for the response and failonwarnings.
	Warnings []string
}

// Path is one path of a document.
type Path struct {
	Path    string
	Methods map[apigw.Verb]*apigw.Method
	// Lines tells where each method stands in the document, for messages of
	// later steps.
	Lines map[apigw.Verb]Place
}

// Place is where something stands.
type Place struct {
	File    string
	Line    int // from 1
	Pointer string
}

// String is "file:line: pointer", without the parts that are empty.
func (p Place) String() string {
	s := p.File + ":" + strconv.Itoa(p.Line)
	if p.File == "" {
		s = "line " + strconv.Itoa(p.Line)
	}
	if p.Pointer != "" {
		s += ": " + p.Pointer
	}
	return s
}

// Problem is one thing that is wrong with a document. Error (openapi.Errors)
// lists all that were found, each with its place and how to mend it.
type Problem struct {
	Place
	Message string
}

// String is "file:line: pointer: message".
func (p Problem) String() string { return p.Place.String() + ": " + p.Message }

// Errors is the error of Parse.
type Errors struct {
	// Invalid: not parsable or of no known kind; AWS answers "Invalid OpenAPI input."
	Invalid  bool
	Problems []Problem // sorted by line, never empty
	// Warnings were found as well; AWS lists them after the errors.
	Warnings []string
}

// Error is one line for every problem, "file:line: pointer: message".
func (e *Errors) Error() string {
	return strings.Join(e.texts(), "\n")
}

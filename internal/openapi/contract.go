// Package openapi reads Swagger 2.0 and OpenAPI 3.0 documents with the
// x-amazon-apigateway-* extensions and turns them into the domain. It knows
// documents, their places (file, line, pointer) and AWS's translation rules;
// it must not know identifiers, stores or what exists already.
package openapi

import "github.com/gatehouse/gatehouse/internal/apigw"

// Options are the parameters of an import.
type Options struct {
	File     string // for messages; may be empty
	BasePath string // ignore (default), prepend, split
	// Substitute gives the values of ${AWS::AccountId}, ${AWS::Region} and
	// ${AWS::Partition}.
	Scope apigw.Scope
	// MaxBytes bounds the document; 0: 6 MB as on AWS.
	MaxBytes int
}

// API is what a document defines, by names instead of identifiers: a
// method's AuthorizerID holds the authorizer's name, its RequestValidatorID
// the validator's name; an integration's empty CacheNamespace means the
// resource's ID; model references in schemas read
// https://apigateway.amazonaws.com/restapis/{apiId}/models/Name, literally
// "{apiId}". control gives everything its ID.
type API struct {
	Name, Version, Description string
	// Paths holds every path with its methods, base path applied, without the
	// resources in between. Sorted by path.
	Paths            []Path
	Authorizers      []*apigw.Authorizer
	Models           []*apigw.Model
	Validators       []*apigw.RequestValidator
	GatewayResponses []*apigw.GatewayResponse

	BinaryMediaTypes          []string // nil: not in the document
	MinimumCompressionSize    *int
	APIKeySource              string // empty: not in the document
	Policy                    string // JSON text; empty: not in the document
	DisableExecuteAPIEndpoint *bool
	VPCEndpointIDs            []string
	IPAddressType             string
	SecurityPolicy            string
	EndpointAccessMode        string

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

// Problem is one thing that is wrong with a document. Error (openapi.Errors)
// lists all that were found, each with its place and how to mend it.
type Problem struct {
	Place
	Message string
}

// Errors is the error of Parse.
//
//	func Parse(doc []byte, o Options) (*API, error)   // *Errors when the document can't be imported
type Errors struct {
	// Invalid: not parsable or of no known kind; AWS answers "Invalid OpenAPI input."
	Invalid  bool
	Problems []Problem
}

// Package openapi reads Swagger 2.0 and OpenAPI 3.0 documents with the
// x-amazon-apigateway-* extensions and turns them into the domain. It knows
// documents, their places (file, line, pointer) and AWS's translation rules;
// it must not know identifiers, stores or what exists already.
//
// # How a document is read
//
// A document that begins with { is JSON, any other is YAML. JSON isn't left to
// the YAML parser although most JSON is YAML: YAML refuses tabs and reads some
// escapes, numbers and repeated keys differently. encoding/json checks the
// syntax of the whole text first, so that its token stream, which is lax about
// some separators, is only walked over text known to be right. Both end in one
// tree of nodes that know their line and their parent; a number keeps its text,
// so that 9007199254740993 and 1.0 stay what they are. Bytes, nodes, depth and
// the expansion of YAML aliases are bounded.
//
// # What happens to what a document says
//
// Everything AWS documents for REST APIs is translated, whether or not it can
// be enforced when the API is deployed: that is for the deployment to say.
// An AWS extension that is unknown, belongs to HTTP APIs, or stands where it
// has no meaning is a Problem that names it and its place; so is a
// CloudFormation function that nobody resolved. What AWS ignores with a
// warning is ignored with the same warning. Extensions of other vendors are
// ignored as on AWS. References lead within the document only.
//
// What x-amazon-apigateway-documentation holds becomes documentation parts, and
// so do descriptions of the document, its operations, their parameters and its
// schemas where the extension has no part of the same location. The
// descriptions of responses and headers are left unread.
//
// # HTTP APIs
//
// ParseHTTP reads the same documents, by the same reader, as HTTP APIs: apart
// from what is wrong there is what they have no use for (AWS: importInfo) and
// what is left out with a warning. An extension of REST APIs is the former,
// unless leaving it out would let in whom it keeps out. ExportHTTP writes what
// ParseHTTP reads, and Choose tells which kind of API a document is of.
//
// Rules that a document shares with management calls, such as the form of
// mapping expressions, are checked by those who know them.
package openapi

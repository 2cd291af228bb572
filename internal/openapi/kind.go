package openapi

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Kind is the kind of API that a document is taken for.
type Kind string

// The kinds of APIs that documents define.
const (
	REST Kind = "rest"
	HTTP Kind = "http"
)

// Chosen is a kind and why it is the one.
type Chosen struct {
	Kind Kind
	Why  string // "x-amazon-apigateway-cors (line 7)"; empty: nothing speaks for either
}

// Choose tells which kind of API a document defines, by what only one kind has:
//
//   - HTTP APIs: at the root x-amazon-apigateway-cors,
//     x-amazon-apigateway-importexport-version or a tag with
//     x-amazon-apigateway-tag-value; components.x-amazon-apigateway-integrations;
//     the path /$default or $default and isDefaultRoute; an integration with
//     $ref, integrationSubtype, payloadFormatVersion 2.0, responseParameters,
//     tlsConfig.serverNameToVerify, a uri that is the ARN of a listener or a
//     registered service, or a request parameter that begins append:,
//     overwrite: or remove:; an authorizer of type jwt or with
//     jwtConfiguration, enableSimpleResponses or authorizerPayloadFormatVersion
//     2.0.
//   - REST APIs: Swagger 2.0; the root's extensions for request validators,
//     gateway responses, a policy, binary media types, compression, the source
//     of API keys, documentation, the TLS policy or the access mode; a request
//     validator; an integration of type aws, http or mock or with
//     requestTemplates, contentHandling, cacheNamespace, cacheKeyParameters,
//     responseTransferMode or integrationTarget; an authorizer of type token or
//     cognito_user_pools.
//
// A document with nothing of either is a REST API's. One with something of
// both is an error that names one of each, with its line; so is what is no
// document.
func Choose(doc []byte, o Options) (Chosen, error) {
	root, _, err := read(doc, o)
	if err == nil {
		_, err = version(root)
	}
	if err != nil {
		return Chosen{}, invalid(o, err)
	}
	s := &signs{}
	s.root(root)
	switch {
	case s.http != nil && s.rest != nil:
		at := Place{File: o.File, Line: s.http.line, Pointer: s.http.pointer()}
		return Chosen{}, &Errors{Problems: []Problem{{at, fmt.Sprintf(
			"%s belongs to HTTP APIs, but %s on line %d to REST APIs: take one of them out, or say --kind rest or --kind http",
			s.httpWhy, s.restWhy, s.rest.line)}}}
	case s.http != nil:
		return Chosen{HTTP, fmt.Sprintf("%s (line %d)", s.httpWhy, s.http.line)}, nil
	case s.rest != nil:
		return Chosen{REST, fmt.Sprintf("%s (line %d)", s.restWhy, s.rest.line)}, nil
	}
	return Chosen{Kind: REST}, nil
}

// privateARN is where private integrations of HTTP APIs lead to; those of REST
// APIs have a URL.
var privateARN = regexp.MustCompile(`^arn:[^:]+:(elasticloadbalancing|servicediscovery):`)

// signs are the first things found that only one kind of API has.
type signs struct {
	http, rest       *node
	httpWhy, restWhy string
}

func (s *signs) isHTTP(n *node, why string) {
	if n.present() && s.http == nil {
		s.http, s.httpWhy = n, why
	}
}

func (s *signs) isREST(n *node, why string) {
	if n.present() && s.rest == nil {
		s.rest, s.restWhy = n, why
	}
}

func (s *signs) root(root *node) {
	s.isREST(root.peek("swagger"), "Swagger 2.0")
	for _, name := range []string{extValidators, extGatewayResponses, extPolicy, extBinary, extCompression, extKeySource,
		extDocumentation, extSecurityPolicy, extAccessMode, extValidator} {
		s.isREST(root.peek(name), name)
	}
	for _, name := range []string{extCORS, extExportVersion} {
		s.isHTTP(root.peek(name), name)
	}
	for _, t := range root.peek("tags").elements() {
		s.isHTTP(t.peek(extTagValue), extTagValue)
	}
	components := root.peek("components")
	s.isHTTP(components.peek(extIntegrations), extIntegrations)
	for _, n := range components.peek("securitySchemes").members() {
		s.authorizer(n.peek(extAuthorizer))
	}
	for _, item := range root.peek("paths").members() {
		if strings.TrimPrefix(item.name, "/") == defaultRoute {
			s.isHTTP(item, "the path "+item.name)
		}
		for _, m := range item.members() {
			if m.name == extAnyMethod || slices.Contains(httpVerbs, m.name) {
				s.operation(m)
			}
		}
	}
}

func (s *signs) operation(n *node) {
	s.isHTTP(n.peek("isDefaultRoute"), "isDefaultRoute")
	s.isREST(n.peek(extValidator), extValidator)
	i := n.peek(extIntegration)
	for _, name := range []string{"$ref", "integrationSubtype", "responseParameters"} {
		s.isHTTP(i.peek(name), "an integration's "+name)
	}
	if v := i.peek("payloadFormatVersion"); textOf(v) == "2.0" || textOf(v) == "2" {
		s.isHTTP(v, "payloadFormatVersion 2.0")
	}
	s.isHTTP(i.peek("tlsConfig").peek("serverNameToVerify"), "serverNameToVerify")
	if uri := i.peek("uri"); privateARN.MatchString(textOf(uri)) {
		s.isHTTP(uri, "an integration's uri that is the ARN of a listener or a service")
	}
	for _, p := range i.peek("requestParameters").members() {
		verb, _, mapped := strings.Cut(p.name, ":")
		if mapped && slices.Contains([]string{"append", "overwrite", "remove"}, verb) {
			s.isHTTP(p, "the request parameter "+p.name)
		}
	}
	if t := i.peek("type"); slices.Contains([]string{"aws", "http", "mock"}, strings.ToLower(textOf(t))) {
		s.isREST(t, "an integration of type "+t.text)
	}
	for _, name := range []string{"requestTemplates", "contentHandling", "cacheNamespace", "cacheKeyParameters", "responseTransferMode", "integrationTarget"} {
		s.isREST(i.peek(name), "an integration's "+name)
	}
}

func (s *signs) authorizer(n *node) {
	t := n.peek("type")
	switch strings.ToLower(textOf(t)) {
	case "jwt":
		s.isHTTP(t, "an authorizer of type jwt")
	case "token", "cognito_user_pools":
		s.isREST(t, "an authorizer of type "+t.text)
	}
	for _, name := range []string{"jwtConfiguration", "enableSimpleResponses"} {
		s.isHTTP(n.peek(name), "an authorizer's "+name)
	}
	if v := n.peek("authorizerPayloadFormatVersion"); textOf(v) == "2.0" || textOf(v) == "2" {
		s.isHTTP(v, "authorizerPayloadFormatVersion 2.0")
	}
}

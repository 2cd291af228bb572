package openapi

import (
	"errors"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// httpScheme is what a security scheme means for a route.
type httpScheme struct {
	authorizer *apigw.RouteAuthorizer // nil: none
	iam        bool                   // AWS_IAM
	why        string                 // there is neither
}

// securitySchemes reads the schemes; every authorizer in them is made, used or
// not.
func (im *httpImporter) securitySchemes(components *node) {
	im.guards = map[string]*httpScheme{}
	all := components.get("securitySchemes")
	if !im.isObject(all, "the list of security schemes") {
		return
	}
	for _, n := range all.items {
		s := &httpScheme{}
		im.guards[n.name] = s
		def := im.resolve(n, "a security scheme")
		if def == nil {
			continue
		}
		extension, authType := def.get(extAuthorizer), def.get(extAuthType)
		switch {
		case strings.EqualFold(im.text(authType, extAuthType), "awsSigv4"):
			s.iam = true
		case extension == nil:
			s.why = "security scheme '" + n.name + "' has no " + extAuthorizer
		default:
			im.authorizer(s, n.name, def, extension)
		}
		if authType != nil && !s.iam {
			im.ignore(authType) // a label of REST APIs
		}
	}
}

// authorizer translates x-amazon-apigateway-authorizer. One that can't be is
// left out with AWS's warning.
func (im *httpImporter) authorizer(s *httpScheme, name string, def, n *node) {
	if !im.object(n, extAuthorizer, "type", "authorizerUri", "authorizerCredentials", "identitySource",
		"identityValidationExpression", "authorizerResultTtlInSeconds", "providerARNs",
		"jwtConfiguration", "authorizerPayloadFormatVersion", "enableSimpleResponses", "openIdConnectUrl") {
		return
	}
	a := &apigw.RouteAuthorizer{ID: apigw.AuthorizerID(name), Name: name, Type: strings.ToUpper(im.text(n.get("type"), "type"))}
	a.IdentitySource = im.identitySources(n.get("identitySource"), def)
	err := errNoAuthorizer
	switch a.Type {
	case "JWT":
		im.ignored(n, "type", "identitySource", "jwtConfiguration", "openIdConnectUrl")
		im.tokens(a, def, n)
		err = im.checkAuthorizer(a)
	case "REQUEST":
		im.ignored(n, "type", "identitySource", "authorizerUri", "authorizerCredentials",
			"authorizerPayloadFormatVersion", "enableSimpleResponses", "authorizerResultTtlInSeconds")
		im.function(a, n)
		err = im.checkAuthorizer(a)
	}
	if err != nil {
		im.warn("Unable to create Authorizer '%s': %s. Ignoring.", name, reason(err))
		s.why = "its authorizer '" + name + "' could not be created"
		return
	}
	s.authorizer = a
	im.out.Definition.RouteAuthorizers[a.ID] = a
}

var errNoAuthorizer = errors.New("Authorizer type must be one of [REQUEST, JWT]")

func (im *httpImporter) checkAuthorizer(a *apigw.RouteAuthorizer) error {
	if im.o.Checks.Authorizer == nil {
		return nil
	}
	return im.o.Checks.Authorizer(im.out.Definition, a)
}

// identitySources are those an authorizer names, in a text with commas or a
// list; without any, what the scheme itself is read from.
func (im *httpImporter) identitySources(n, def *node) []string {
	if n != nil && n.kind == list {
		return im.texts(n, "identitySource")
	}
	var sources []string
	for s := range strings.SplitSeq(im.text(n, "identitySource"), ",") {
		if s = strings.TrimSpace(s); s != "" {
			sources = append(sources, s)
		}
	}
	if sources != nil {
		return sources
	}
	name := textOf(def.peek("name"))
	switch in := textOf(def.peek("in")); {
	case name == "" || name == "Unused":
		return nil
	case in == "header":
		return []string{"$request.header." + name}
	case in == "query":
		return []string{"$request.querystring." + name}
	}
	return nil
}

// tokens reads what a JWT authorizer believes: the issuer of its
// configuration, else of the openIdConnectUrl, which the scheme has (developer
// guide, "x-amazon-apigateway-authorizer") or, as SAM writes it, the extension.
func (im *httpImporter) tokens(a *apigw.RouteAuthorizer, def, n *node) {
	c := n.get("jwtConfiguration")
	if im.object(c, "jwtConfiguration", "issuer", "audience") {
		a.Issuer = im.address(c.get("issuer"), "issuer")
		a.Audience = im.texts(c.get("audience"), "audience")
	}
	for _, at := range []*node{def, n} {
		url := im.address(at.get("openIdConnectUrl"), "openIdConnectUrl")
		if a.Issuer == "" {
			a.Issuer = strings.TrimSuffix(url, "/.well-known/openid-configuration")
		}
	}
	if a.IdentitySource == nil {
		a.IdentitySource = []string{"$request.header.Authorization"}
	}
}

// function reads how a REQUEST authorizer's function is called.
func (im *httpImporter) function(a *apigw.RouteAuthorizer, n *node) {
	a.URI = im.address(n.get("authorizerUri"), "authorizerUri")
	a.Credentials = im.address(n.get("authorizerCredentials"), "authorizerCredentials")
	// Unlike an integration's, AWS takes it as a number, which SAM writes.
	if a.PayloadFormat = im.text(n.get("authorizerPayloadFormatVersion"), "authorizerPayloadFormatVersion"); len(a.PayloadFormat) == 1 {
		a.PayloadFormat += ".0"
	}
	if ttl := im.ttl(n.get("authorizerResultTtlInSeconds")); ttl != nil {
		a.TTLSeconds = *ttl
	}
	if simple := im.boolean(n.get("enableSimpleResponses"), "enableSimpleResponses"); simple != nil {
		a.SimpleResponses = *simple
	}
}

// security decides who may call a route: the operation's security or, if it
// has none, the document's; x-amazon-apigateway-auth outranks both. left says
// why the route must not be there: what was to guard it isn't.
func (im *httpImporter) security(n *node, r *apigw.Route) (left string) {
	auth, requirements := n.get(extAuth), n.get("security")
	if requirements == nil {
		requirements = im.root.get("security")
	}
	if im.object(auth, extAuth, "type") {
		r.AuthorizationType = im.authType(auth)
		return ""
	}
	if !im.isList(requirements, "security") || len(requirements.items) == 0 {
		return ""
	}
	only := requirements.items[0]
	if !im.isObject(only, "a security requirement") {
		return ""
	}
	if len(requirements.items) > 1 || len(only.items) > 1 {
		im.problem(requirements, "%s: an operation of an HTTP API has one security requirement at most: one of IAM authorization, a Lambda authorizer, or a JWT authorizer", r.Key)
		return ""
	}
	if len(only.items) == 0 {
		return ""
	}
	return im.requirement(only.items[0], r)
}

// requirement makes a route demand what a security scheme is.
func (im *httpImporter) requirement(n *node, r *apigw.Route) (left string) {
	s := im.guards[n.name]
	scopes := im.texts(n, "the scopes of "+n.name)
	switch {
	case s == nil:
		im.problem(n, "security scheme %q isn't defined", n.name)
	case s.why != "":
		return s.why
	case s.iam && len(scopes) > 0, s.authorizer != nil && s.authorizer.Type != "JWT" && len(scopes) > 0:
		im.problem(n, "scopes need a JWT authorizer, which %q isn't", n.name)
	case s.iam:
		r.AuthorizationType = "AWS_IAM"
	case s.authorizer != nil:
		r.AuthorizationType, r.AuthorizerID = "CUSTOM", s.authorizer.ID
		if s.authorizer.Type == "JWT" {
			r.AuthorizationType, r.AuthorizationScopes = "JWT", slices.Clip(scopes)
		}
		if len(r.AuthorizationScopes) == 0 {
			r.AuthorizationScopes = nil
		}
	}
	return ""
}

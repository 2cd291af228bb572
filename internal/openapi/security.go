package openapi

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// scheme is what a security scheme means for a method.
type scheme struct {
	authorizer *apigw.Authorizer // nil: none
	iam        bool              // AWS_IAM
	apiKey     bool              // the method requires an API key
}

// securitySchemes reads the schemes; every authorizer in them is created,
// used or not.
func (im *importer) securitySchemes() {
	im.schemes = map[string]*scheme{}
	all := im.root.get("securityDefinitions")
	if !im.swagger {
		all = im.root.get("components").get("securitySchemes")
	}
	if !im.isObject(all, "the list of security schemes") {
		return
	}
	for _, n := range all.items {
		im.schemes[n.name] = &scheme{}
		if def := im.resolve(n, "a security scheme"); def != nil {
			im.schemes[n.name] = im.scheme(n.name, def)
		}
	}
}

func (im *importer) scheme(name string, def *node) *scheme {
	authType := im.text(def.get(extAuthType), extAuthType)
	kind, key := im.text(def.get("type"), "type"), im.text(def.get("name"), "name")
	extension := def.get(extAuthorizer)
	switch {
	case strings.EqualFold(authType, "awsSigv4"):
		return &scheme{iam: true}
	case extension != nil:
		return &scheme{authorizer: im.authorizer(name, authType, def, extension)}
	case kind == "apiKey" && strings.EqualFold(key, "x-api-key") && textOf(def.peek("in")) == "header":
		return &scheme{apiKey: true}
	case kind == "apiKey":
		im.warn("Unsupported API key '%s' for '%s': a key is read from the header x-api-key. Ignoring.", key, name)
	default:
		im.warn("Unsupported security definition type '%s' for '%s'. Ignoring.", kind, name)
	}
	return &scheme{}
}

// authorizer translates x-amazon-apigateway-authorizer.
func (im *importer) authorizer(name, authType string, def, n *node) *apigw.Authorizer {
	a := &apigw.Authorizer{Name: name, AuthType: authType}
	if !im.object(n, extAuthorizer, "type", "authorizerUri", "authorizerCredentials", "identitySource",
		"identityValidationExpression", "authorizerResultTtlInSeconds", "providerARNs",
		"jwtConfiguration", "authorizerPayloadFormatVersion", "enableSimpleResponses") {
		return a
	}
	if im.httpAuthorizer(n) {
		return a
	}
	a.Type = im.choice(n.get("type"), "type", "TOKEN", "REQUEST", "COGNITO_USER_POOLS")
	a.URI = im.address(n.get("authorizerUri"), "authorizerUri")
	a.Credentials = im.address(n.get("authorizerCredentials"), "authorizerCredentials")
	a.IdentityValidationExpression = im.text(n.get("identityValidationExpression"), "identityValidationExpression")
	a.TTLSeconds = im.ttl(n.get("authorizerResultTtlInSeconds"))
	a.IdentitySource = im.text(n.get("identitySource"), "identitySource")
	if a.IdentitySource == "" {
		a.IdentitySource = im.identitySource(def)
	}
	im.authorizerKind(a, n)
	im.api.Authorizers = append(im.api.Authorizers, a)
	return a
}

// httpAuthorizer refuses what only authorizers of HTTP APIs have.
func (im *importer) httpAuthorizer(n *node) (refused bool) {
	refuse := func(m *node, what string) {
		im.problem(m, "%s belongs to HTTP APIs: a REST API's authorizer is of type token, request or cognito_user_pools", what)
		refused = true
	}
	if t := n.peek("type"); strings.EqualFold(textOf(t), "jwt") {
		refuse(t, "an authorizer of type jwt")
		return
	}
	for _, name := range []string{"jwtConfiguration", "enableSimpleResponses"} {
		if m := n.peek(name); m.present() {
			refuse(m, name)
		}
	}
	if v := n.peek("authorizerPayloadFormatVersion"); v.present() && v.text != "1.0" && v.text != "1" {
		refuse(v, "authorizerPayloadFormatVersion "+v.text)
	}
	return
}

// authorizerKind fills in and checks what depends on the type.
func (im *importer) authorizerKind(a *apigw.Authorizer, n *node) {
	providers := im.texts(n.get("providerARNs"), "providerARNs")
	for _, p := range n.get("providerARNs").elements() {
		im.address(p, "an item of providerARNs")
	}
	switch a.Type {
	case "":
		if t := n.peek("type"); !t.present() || t.kind == text && t.text == "" {
			im.problem(n, "authorizer %q has no type: token, request or cognito_user_pools", a.Name)
		}
	case "COGNITO_USER_POOLS":
		a.ProviderARNs = providers
		if len(providers) == 0 {
			im.problem(n, "authorizer %q has no providerARNs", a.Name)
		}
		if a.AuthType == "" {
			a.AuthType = "cognito_user_pools"
		}
	default:
		if a.URI == "" && !n.peek("authorizerUri").isRefused() {
			im.problem(n, "authorizer %q has no authorizerUri", a.Name)
		}
		if a.AuthType == "" {
			a.AuthType = "custom"
		}
	}
}

func (im *importer) ttl(n *node) *int {
	ttl := im.integer(n, "authorizerResultTtlInSeconds")
	if ttl != nil && (*ttl < 0 || *ttl > 3600) {
		im.problem(n, "authorizerResultTtlInSeconds must be 0 to 3600")
		return nil
	}
	return ttl
}

// identitySource is what the scheme itself says the identity is read from.
func (im *importer) identitySource(def *node) string {
	name, in := textOf(def.peek("name")), textOf(def.peek("in"))
	if name == "" || name == "Unused" {
		return ""
	}
	switch in {
	case "header":
		return "method.request.header." + name
	case "query":
		return "method.request.querystring." + name
	}
	return ""
}

// security decides who may call the method: the operation's security or, if
// it has none, the document's; x-amazon-apigateway-auth outranks both.
func (o *operationImport) security(m *apigw.Method) {
	requirements := o.node.get("security")
	if requirements == nil {
		requirements = o.root.get("security")
	}
	if o.isList(requirements, "security") {
		for _, alternative := range requirements.items {
			if !o.isObject(alternative, "a security requirement") {
				continue
			}
			for _, r := range alternative.items {
				o.requirement(m, r)
			}
		}
	}
	auth := o.node.get(extAuth)
	if !o.object(auth, extAuth, "type") {
		return
	}
	m.AuthorizerID, m.AuthorizationScopes, m.AuthorizationType = "", nil, o.authType(auth)
}

// authType is what x-amazon-apigateway-auth says, in place of all security. One
// that says nothing would let everybody in, and is refused.
func (im *importer) authType(auth *node) string {
	kind := auth.get("type")
	if kind == nil {
		im.problem(auth, "%s needs a type: AWS_IAM, or NONE, which lets everybody in", extAuth)
	}
	return cmp.Or(im.choice(kind, extAuth+" type", "NONE", "AWS_IAM"), "NONE")
}

// requirement applies one requirement. AWS takes alternatives together: an
// authorizer in one and an API key in another are both required (recorded on
// AWS).
func (o *operationImport) requirement(m *apigw.Method, r *node) {
	s := o.schemes[r.name]
	if s == nil {
		o.problem(r, "security scheme %q isn't defined", r.name)
		return
	}
	var kind string
	var id apigw.AuthorizerID
	switch {
	case s.apiKey:
		m.APIKeyRequired = true
		return
	case s.iam:
		kind = "AWS_IAM"
	case s.authorizer != nil && s.authorizer.Type == "COGNITO_USER_POOLS":
		kind, id = "COGNITO_USER_POOLS", apigw.AuthorizerID(s.authorizer.Name)
	case s.authorizer != nil:
		kind, id = "CUSTOM", apigw.AuthorizerID(s.authorizer.Name)
	default:
		return
	}
	if m.AuthorizationType != "NONE" && (m.AuthorizationType != kind || m.AuthorizerID != id) {
		o.problem(r, "method '%s' has one authorizer already: %s", o.name(), describe(m))
		return
	}
	m.AuthorizationType, m.AuthorizerID = kind, id
	m.AuthorizationScopes = append(m.AuthorizationScopes, o.texts(r, "the scopes of "+r.name)...)
}

func describe(m *apigw.Method) string {
	if m.AuthorizerID != "" {
		return fmt.Sprintf("%q", m.AuthorizerID)
	}
	return m.AuthorizationType
}

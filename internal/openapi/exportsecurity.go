package openapi

import (
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// The names of the schemes that aren't authorizers'.
const (
	sigv4Scheme  = "sigv4"
	apiKeyScheme = "api_key"
)

// security is what the method demands, in requirements of one scheme each.
func (x *methodExport) security() *node {
	all := newList()
	require := func(name string, scopes []string) {
		n := newObject()
		n.put(name, newTexts(scopes))
		all.items = append(all.items, n)
	}
	switch x.m.AuthorizationType {
	case "AWS_IAM":
		name := x.free(sigv4Scheme)
		x.schemes[name] = keyScheme("Authorization", "header")
		x.schemes[name].put(extAuthType, newText("awsSigv4"))
		require(name, nil)
	case "CUSTOM", "COGNITO_USER_POOLS":
		if a := x.def.Authorizers[x.m.AuthorizerID]; a != nil {
			x.schemes[a.Name] = x.authorizerScheme(a)
			require(a.Name, x.m.AuthorizationScopes)
		}
	}
	if x.m.APIKeyRequired {
		name := x.free(apiKeyScheme)
		x.schemes[name] = keyScheme("x-api-key", "header")
		require(name, nil)
	}
	return all.orNil()
}

// free is a scheme's name, or a longer one while an authorizer has it.
func (e *exporter) free(name string) string {
	return freeName(name, func(name string) bool {
		for _, a := range e.def.Authorizers {
			if a.Name == name {
				return true
			}
		}
		return false
	})
}

// freeName is name, or a longer one while it is taken.
func freeName(name string, taken func(string) bool) string {
	for taken(name) {
		name += "_"
	}
	return name
}

// keyScheme is a scheme whose key is in a parameter.
func keyScheme(name, in string) *node {
	n := newObject()
	n.put("type", newText("apiKey"))
	n.put("name", newText(name))
	n.put("in", newText(in))
	return n
}

// authorizerScheme is an authorizer's scheme: the header or query parameter
// that it reads, or the name Unused when it reads others or several.
func (e *exporter) authorizerScheme(a *apigw.Authorizer) *node {
	name, in, plain := "Unused", "header", false
	for prefix, place := range map[string]string{"method.request.header.": "header", "method.request.querystring.": "query"} {
		if rest, ok := strings.CutPrefix(a.IdentitySource, prefix); ok && !strings.Contains(rest, ",") {
			name, in, plain = rest, place, true
		}
	}
	s := keyScheme(name, in)
	e.describe(s, apigw.DocumentationLocation{Type: "AUTHORIZER", Name: a.Name}, "description")
	if !e.o.Authorizers && !e.o.Extensions {
		return s
	}
	s.putText(extAuthType, a.AuthType)
	n := newObject()
	n.put("type", newText(strings.ToLower(a.Type)))
	n.putText("authorizerUri", a.URI)
	n.putText("authorizerCredentials", a.Credentials)
	n.putText("identityValidationExpression", a.IdentityValidationExpression)
	if !plain || a.Type == "REQUEST" {
		n.putText("identitySource", a.IdentitySource)
	}
	if a.TTLSeconds != nil {
		n.put("authorizerResultTtlInSeconds", newNumber(*a.TTLSeconds))
	}
	n.put("providerARNs", newTexts(a.ProviderARNs).orNil())
	s.put(extAuthorizer, n)
	return s
}

// integration writes x-amazon-apigateway-integration. What has its default
// isn't exported (recorded on AWS).
func (x *methodExport) integration() *node {
	i, n := x.m.Integration, newObject()
	n.put("type", newText(strings.ToLower(string(i.Type))))
	n.putText("connectionId", i.ConnectionID)
	n.putText("credentials", i.Credentials)
	n.putText("httpMethod", i.HTTPMethod)
	n.putText("uri", i.URI)
	n.put("responses", x.integrationResponses())
	n.put("requestParameters", textObject(i.RequestParameters))
	n.put("requestTemplates", templateObject(i.RequestTemplates, i.TemplateOrder))
	n.putText("passthroughBehavior", strings.ToLower(i.PassthroughBehavior))
	if i.ConnectionType != "INTERNET" {
		n.putText("connectionType", i.ConnectionType)
	}
	if i.TimeoutMillis != 0 && i.TimeoutMillis != defaultTimeout {
		n.put("timeoutInMillis", newNumber(i.TimeoutMillis))
	}
	if i.CacheNamespace != string(x.r.ID) {
		n.putText("cacheNamespace", i.CacheNamespace)
	}
	n.put("cacheKeyParameters", newTexts(i.CacheKeyParameters).orNil())
	n.putText("contentHandling", i.ContentHandling)
	if i.TLSInsecure != nil {
		tls := newObject()
		tls.put("insecureSkipVerification", newBool(*i.TLSInsecure))
		n.put("tlsConfig", tls)
	}
	n.putText("responseTransferMode", i.ResponseMode)
	n.putText("integrationTarget", i.Target)
	return n
}

func (x *methodExport) integrationResponses() *node {
	byPattern := map[string]*apigw.IntegrationResponse{}
	for _, r := range x.m.Integration.Responses {
		pattern := "default"
		if r.SelectionPattern != nil && *r.SelectionPattern != "" {
			pattern = *r.SelectionPattern
		}
		byPattern[pattern] = r
	}
	all := newObject()
	for _, pattern := range javaOrder(byPattern) {
		r, n := byPattern[pattern], newObject()
		n.put("statusCode", newText(string(r.StatusCode)))
		n.put("responseParameters", textObject(r.ResponseParameters))
		n.put("responseTemplates", templateObject(r.ResponseTemplates, r.TemplateOrder))
		n.putText("contentHandling", r.ContentHandling)
		all.put(pattern, n)
	}
	return all.orNil()
}

// templateObject keeps the order, which decides between templates; one that
// is null is the empty text.
func templateObject(m map[string]*string, order []string) *node {
	n := newObject()
	for _, t := range append(order[:len(order):len(order)], javaOrder(m)...) {
		v, ok := m[t]
		switch {
		case !ok || n.member(t) != nil:
		case v == nil:
			n.put(t, newText(""))
		default:
			n.put(t, newText(*v))
		}
	}
	return n.orNil()
}

package openapi

import "strings"

// AWS's extensions.
const (
	extPrefix = "x-amazon-"

	extAccessMode       = "x-amazon-apigateway-endpoint-access-mode"
	extAnyMethod        = "x-amazon-apigateway-any-method"
	extAuth             = "x-amazon-apigateway-auth"
	extAuthorizer       = "x-amazon-apigateway-authorizer"
	extAuthType         = "x-amazon-apigateway-authtype"
	extBinary           = "x-amazon-apigateway-binary-media-types"
	extCompression      = "x-amazon-apigateway-minimum-compression-size"
	extCORS             = "x-amazon-apigateway-cors"
	extDocumentation    = "x-amazon-apigateway-documentation"
	extEndpoint         = "x-amazon-apigateway-endpoint-configuration"
	extExportVersion    = "x-amazon-apigateway-importexport-version"
	extGatewayResponses = "x-amazon-apigateway-gateway-responses"
	extIntegration      = "x-amazon-apigateway-integration"
	extIntegrations     = "x-amazon-apigateway-integrations"
	extKeySource        = "x-amazon-apigateway-api-key-source"
	extPolicy           = "x-amazon-apigateway-policy"
	extSecurityPolicy   = "x-amazon-apigateway-security-policy"
	extTagValue         = "x-amazon-apigateway-tag-value"
	extValidator        = "x-amazon-apigateway-request-validator"
	extValidators       = "x-amazon-apigateway-request-validators"
)

// home says where an extension belongs, for one that stands elsewhere.
func (im *importer) home(extension string) string {
	switch extension {
	case extAnyMethod:
		return "a path"
	case extAuth, extIntegration:
		return "an operation"
	case extAuthorizer, extAuthType:
		return "a security scheme"
	case extValidator:
		return "the root or an operation"
	case extEndpoint:
		if !im.swagger {
			return "the first of the servers"
		}
		return "the root"
	case extIntegrations:
		return "the components"
	case extTagValue:
		return "one of the root's tags"
	case extCORS:
		return "the root"
	case extAccessMode, extBinary, extCompression, extDocumentation, extExportVersion, extGatewayResponses,
		extKeySource, extPolicy, extSecurityPolicy, extValidators:
		return "the root"
	}
	return ""
}

// leftOver reports every AWS extension below n that nothing asked for: a
// misspelt or unknown one, one of HTTP APIs, or one that stands where it has
// no meaning. What an extension holds was checked by whoever read it.
func (im *importer) leftOver(n *node) {
	if n.refused {
		return
	}
	for _, m := range n.items {
		switch {
		case strings.HasPrefix(m.name, extPrefix) && !m.read && im.foreign != nil:
			im.foreign(m)
		case strings.HasPrefix(m.name, extPrefix) && !m.read:
			im.unsupported(m)
		case m.name == extAnyMethod || !strings.HasPrefix(m.name, "x-"):
			im.leftOver(m)
		}
	}
}

func (im *importer) unsupported(m *node) {
	switch m.name {
	case extCORS:
		im.problem(m, "%s belongs to HTTP APIs; a REST API has OPTIONS methods and gateway responses instead", m.name)
		return
	case extIntegrations, extTagValue:
		im.problem(m, "%s belongs to HTTP APIs: take it out of the definition of a REST API", m.name)
		return
	}
	if home := im.home(m.name); home != "" {
		im.problem(m, "%s has no meaning here: it belongs to %s", m.name, home)
		return
	}
	im.problem(m, "%s isn't an extension that is supported", m.name)
}

func (im *importer) rootMembers() []string {
	if im.swagger {
		return []string{"swagger", "info", "host", "basePath", "schemes", "consumes", "produces", "paths", "definitions",
			"parameters", "responses", "securityDefinitions", "security", "tags", "externalDocs"}
	}
	return []string{"openapi", "info", "servers", "paths", "components", "security", "tags", "externalDocs"}
}

// unknownMembers warns of members the specification doesn't know, which AWS
// leaves unread; format has one %s for the name.
func (im *importer) unknownMembers(n *node, known []string, format string, args ...any) {
	im.spend(len(n.items))
next:
	for _, m := range n.members() {
		if strings.HasPrefix(m.name, "x-") {
			continue
		}
		for _, k := range known {
			if m.name == k {
				continue next
			}
		}
		im.warn(format, append(args, m.name)...)
	}
}

package openapi

import (
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// httpTimeout is AWS's for integrations of HTTP APIs, in milliseconds.
const httpTimeout = 30000

// componentIntegration begins the IDs of integrations among the components.
const componentIntegration = "components/"

// httpIntegrationMembers are what an integration of an HTTP API may say.
var httpIntegrationMembers = []string{"type", "httpMethod", "uri", "connectionType", "connectionId", "credentials",
	"requestParameters", "responseParameters", "timeoutInMillis", "tlsConfig", "payloadFormatVersion", "integrationSubtype"}

// components translates the integrations that routes share. One that no route
// refers to is made as well: AWS's exports have them.
func (im *httpImporter) components(components *node) {
	im.shared = components.get(extIntegrations)
	if !im.isObject(im.shared, extIntegrations) {
		return
	}
	for _, n := range im.shared.items {
		im.makeIntegration(n, componentIntegration+n.name, "components/"+n.name)
	}
}

// integration is the ID of an operation's integration; empty without one.
func (im *httpImporter) integration(n *node, key string) apigw.RouteIntegrationID {
	if !im.isObject(n, extIntegration) {
		return ""
	}
	ref := n.peek("$ref")
	if ref == nil {
		return im.makeIntegration(n, key, key)
	}
	name, ok := strings.CutPrefix(im.text(ref, "$ref"), "#/components/"+extIntegrations+"/")
	name = pointerUnescape.Replace(name)
	if !ok || im.shared.peek(name) == nil {
		im.problem(ref, "reference %q leads to none of the integrations in components.%s", ref.text, extIntegrations)
		return ""
	}
	if id := apigw.RouteIntegrationID(componentIntegration + name); im.out.Definition.RouteIntegrations[id] != nil {
		return id
	}
	return "" // it was warned of
}

// makeIntegration translates one integration and enters it as id. What can't
// be is left out with AWS's warning, in which path is its name.
func (im *httpImporter) makeIntegration(n *node, id, path string) apigw.RouteIntegrationID {
	if !im.isObject(n, "an integration") {
		return ""
	}
	i := im.readIntegration(n)
	if why := integrationProblem(i, n); why != "" {
		im.warn("Unable to create integration for resource at path '%s': %s. Ignoring.", path, why)
		return ""
	}
	i.ID = apigw.RouteIntegrationID(id)
	im.out.Definition.RouteIntegrations[i.ID] = i
	return i.ID
}

// readIntegration reads an integration as it stands, with AWS's defaults.
func (im *httpImporter) readIntegration(n *node) *apigw.RouteIntegration {
	for _, m := range javaMembers(n) {
		switch {
		case slices.Contains(httpIntegrationMembers, m.name) || strings.HasPrefix(m.name, "x-"):
		case m.name == "integrationTarget":
			im.problem(m, "integrationTarget belongs to REST APIs: an HTTP API's uri is the listener's ARN")
		default:
			// AWS leaves unread what it doesn't know, without a warning.
			im.ignore(m)
		}
	}
	i := &apigw.RouteIntegration{
		Type:           apigw.IntegrationType(strings.ToUpper(im.text(n.get("type"), "type"))),
		Subtype:        im.text(n.get("integrationSubtype"), "integrationSubtype"),
		URI:            im.address(n.get("uri"), "uri"),
		Method:         strings.ToUpper(im.text(n.get("httpMethod"), "httpMethod")),
		ConnectionType: im.choice(n.get("connectionType"), "connectionType", "INTERNET", "VPC_LINK"),
		ConnectionID:   im.address(n.get("connectionId"), "connectionId"),
		Credentials:    im.address(n.get("credentials"), "credentials"),
		PayloadFormat:  im.formatVersion(n.get("payloadFormatVersion"), "payloadFormatVersion"),
		TimeoutMillis:  httpTimeout,
		TLSServerName:  im.serverName(n.get("tlsConfig")),

		RequestParameters:  im.textMap(n.get("requestParameters"), "requestParameters"),
		ResponseParameters: im.responseParameters(n.get("responseParameters")),
	}
	if t := im.integer(n.get("timeoutInMillis"), "timeoutInMillis"); t != nil {
		i.TimeoutMillis = *t
	}
	if i.ConnectionType == "" {
		i.ConnectionType = "INTERNET"
	}
	if i.PayloadFormat == "" && (i.Type == apigw.IntegrationHTTPProxy || i.Subtype != "") {
		i.PayloadFormat = "1.0"
	}
	if i.Method == "" && i.Type == apigw.IntegrationAWSProxy && i.Subtype == "" {
		i.Method = "POST" // how Lambda is called
	}
	return i
}

// formatVersion is a version that must be text: AWS reads the number 1.0 as 1
// and knows no such version (recorded on AWS).
func (im *httpImporter) formatVersion(n *node, what string) string {
	s := im.text(n, what)
	if n != nil && n.kind == number {
		s = strings.TrimSuffix(s, ".0")
	}
	return s
}

// serverName is tlsConfig's; nil without a tlsConfig.
func (im *httpImporter) serverName(n *node) *string {
	if !im.isObject(n, "tlsConfig") {
		return nil
	}
	im.ignored(n, "serverNameToVerify")
	name := im.text(n.get("serverNameToVerify"), "serverNameToVerify")
	return &name
}

// responseParameters are mappings by the integration's status.
func (im *httpImporter) responseParameters(n *node) map[apigw.StatusCode]map[string]string {
	if !im.isObject(n, "responseParameters") || len(n.items) == 0 {
		return nil
	}
	all := make(map[apigw.StatusCode]map[string]string, len(n.items))
	for _, m := range n.items {
		if !statusCode.MatchString(m.name) {
			im.problem(m, "responseParameters are by status code, 200 to 599: %q is none", m.name)
			continue
		}
		if im.isObject(m, "responseParameters of "+m.name) {
			all[apigw.StatusCode(m.name)] = im.textMap(m, "responseParameters of "+m.name)
		}
	}
	return all
}

// integrationProblem says why an integration can't be one of an HTTP API, in
// AWS's words where they are known; n is what it was read from.
func integrationProblem(i *apigw.RouteIntegration, n *node) string {
	lambda := i.Type == apigw.IntegrationAWSProxy && i.Subtype == ""
	switch {
	case i.Type != apigw.IntegrationAWSProxy && i.Type != apigw.IntegrationHTTPProxy:
		return "Currently, an API with a protocol type of HTTP may only be associated with proxy integrations (AWS_PROXY, HTTP_PROXY)"
	case lambda && i.PayloadFormat == "":
		return "PayloadFormatVersion is a required parameter for Lambda integration"
	case i.PayloadFormat != "1.0" && (i.PayloadFormat != "2.0" || !lambda):
		return "Unsupported PayloadFormatVersion: " + i.PayloadFormat
	case i.TimeoutMillis < 50 || i.TimeoutMillis > httpTimeout:
		return "Timeout should be between 50 ms and 30000 ms"
	case i.Method != "" && !slices.Contains(integrationMethods, i.Method):
		return "Invalid HTTP method specified for the integration: " + n.peek("httpMethod").text
	case i.ConnectionType == "VPC_LINK" && i.ConnectionID == "":
		return "ConnectionId is a required parameter for VPC_LINK connection type"
	}
	return targetProblem(i)
}

var integrationMethods = []string{"ANY", "GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD"}

// targetProblem says what is wrong with what an integration calls.
func targetProblem(i *apigw.RouteIntegration) string {
	switch {
	case i.Subtype != "" && i.Type == apigw.IntegrationHTTPProxy:
		return "An HTTP_PROXY integration has no integrationSubtype"
	case i.Subtype != "" && i.URI != "":
		return "IntegrationUri should not be specified for an integration with integrationSubtype"
	case i.Subtype != "" || strings.HasPrefix(i.URI, "${stageVariables."):
		return ""
	case i.Type == apigw.IntegrationHTTPProxy && i.Method == "":
		return "HttpMethod is required for HTTP_PROXY integrations"
	case i.Type == apigw.IntegrationHTTPProxy && i.ConnectionType == "VPC_LINK":
		if !strings.HasPrefix(i.URI, "arn:") {
			return "For VpcLink V2, integration uri should be a valid ELB listener ARN or a valid Cloud Map service ARN"
		}
		return ""
	case i.Type == apigw.IntegrationHTTPProxy:
		if !strings.HasPrefix(i.URI, "http://") && !strings.HasPrefix(i.URI, "https://") {
			return "Invalid HTTP endpoint specified for URI"
		}
		return ""
	case !strings.HasPrefix(i.URI, "arn:") || !strings.Contains(i.URI, ":lambda:"):
		return "Invalid Lambda function ARN specified for URI"
	}
	return ""
}

package openapi

import (
	"errors"
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
	if err := im.checkIntegration(i); err != nil {
		im.warn("Unable to create integration for resource at path '%s': %s. Ignoring.", path, reason(err))
		return ""
	}
	i.ID = apigw.RouteIntegrationID(id)
	im.out.Definition.RouteIntegrations[i.ID] = i
	return i.ID
}

// checkIntegration says why an integration can't be. The text about the
// version of its payload is AWS's (recorded on AWS).
func (im *httpImporter) checkIntegration(i *apigw.RouteIntegration) error {
	if v := i.PayloadFormat; v != "" && v != "1.0" && v != "2.0" {
		return errors.New("Unsupported PayloadFormatVersion: " + v)
	}
	if im.o.Checks.Integration == nil {
		return nil
	}
	return im.o.Checks.Integration(im.out.Definition, i)
}

// reason is the text of a check's error for a warning, which goes on after it.
func reason(err error) string {
	text := err.Error()
	if e, ok := errors.AsType[*apigw.Error](err); ok {
		text = e.Message
	}
	return strings.TrimSuffix(text, ".")
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
		PayloadFormat:  im.payloadFormat(n.get("payloadFormatVersion")),
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

// payloadFormat is a version that must be text: AWS reads the number 1.0 as 1
// and knows no such version (recorded on AWS).
func (im *httpImporter) payloadFormat(n *node) string {
	s := im.text(n, "payloadFormatVersion")
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

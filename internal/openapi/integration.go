package openapi

import (
	"fmt"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// defaultTimeout is AWS's for integrations, in milliseconds.
const defaultTimeout = 29000

// integrationMembers are what x-amazon-apigateway-integration may hold, those
// of HTTP APIs included: they are refused by name.
var integrationMembers = []string{"type", "httpMethod", "uri", "connectionType", "connectionId", "credentials",
	"requestParameters", "requestTemplates", "passthroughBehavior", "contentHandling", "timeoutInMillis",
	"cacheNamespace", "cacheKeyParameters", "tlsConfig", "responseTransferMode", "integrationTarget", "responses",
	"payloadFormatVersion", "integrationSubtype", "$ref"}

func (o *operationImport) integrationProblem(n *node, format string, args ...any) {
	o.problem(n, "Unable to put integration on '%s' for resource at path '%s': %s", o.verb, o.path, fmt.Sprintf(format, args...))
}

// integration translates x-amazon-apigateway-integration.
func (o *operationImport) integration(n *node) *apigw.Integration {
	if n.kind != object {
		if !n.refused {
			o.problem(n, "Unable to parse API definition because of a malformed integration at path %s", o.path)
		}
		return nil
	}
	if o.httpIntegration(n) || !o.object(n, "an integration", integrationMembers...) {
		return nil
	}
	i := &apigw.Integration{
		Type: apigw.IntegrationType(o.choice(n.get("type"), "integration type", "AWS", "AWS_PROXY", "HTTP", "HTTP_PROXY", "MOCK")),
		HTTPMethod: o.choice(n.get("httpMethod"), "httpMethod",
			"GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY"),
		URI:                o.address(n.get("uri"), "uri"),
		ConnectionType:     o.choice(n.get("connectionType"), "connectionType", "INTERNET", "VPC_LINK"),
		ConnectionID:       o.address(n.get("connectionId"), "connectionId"),
		Credentials:        o.address(n.get("credentials"), "credentials"),
		RequestParameters:  o.mappings(n.get("requestParameters"), "requestParameters"),
		ContentHandling:    o.choice(n.get("contentHandling"), "contentHandling", "CONVERT_TO_TEXT", "CONVERT_TO_BINARY"),
		TimeoutMillis:      defaultTimeout,
		CacheNamespace:     o.text(n.get("cacheNamespace"), "cacheNamespace"),
		CacheKeyParameters: o.texts(n.get("cacheKeyParameters"), "cacheKeyParameters"),
		TLSInsecure:        o.tls(n.get("tlsConfig")),
		ResponseMode:       o.choice(n.get("responseTransferMode"), "responseTransferMode", "BUFFERED", "STREAM"),
		Target:             o.address(n.get("integrationTarget"), "integrationTarget"),
		PassthroughBehavior: o.choice(n.get("passthroughBehavior"), "passthroughBehavior",
			"WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"),
	}
	if t := o.integer(n.get("timeoutInMillis"), "timeoutInMillis"); t != nil {
		i.TimeoutMillis = *t
	}
	if i.PassthroughBehavior == "" {
		i.PassthroughBehavior = "WHEN_NO_MATCH"
	}
	i.RequestTemplates, i.TemplateOrder = o.templates(n.get("requestTemplates"), "requestTemplates")
	o.connection(i)
	o.target(i, n)
	o.integrationResponses(i, n.get("responses"))
	return i
}

// httpIntegration refuses what only integrations of HTTP APIs have.
func (o *operationImport) httpIntegration(n *node) (refused bool) {
	for _, name := range []string{"$ref", "integrationSubtype"} {
		if m := n.peek(name); m.present() {
			o.problem(m, "%s belongs to HTTP APIs: write the integration of a REST API out", name)
			refused = true
		}
	}
	if v := n.peek("payloadFormatVersion"); v.present() && v.text != "1.0" && v.text != "1" {
		o.problem(v, "payloadFormatVersion %s belongs to HTTP APIs: a REST API's is 1.0", v.text)
		refused = true
	}
	return refused
}

// connection sets what AWS shows: INTERNET is said of HTTP types only
// (recorded on AWS).
func (o *operationImport) connection(i *apigw.Integration) {
	switch i.Type {
	case apigw.IntegrationHTTP, apigw.IntegrationHTTPProxy:
		if i.ConnectionType == "" {
			i.ConnectionType = "INTERNET"
		}
	default:
		if i.ConnectionType == "INTERNET" {
			i.ConnectionType = ""
		}
	}
}

// target checks that the integration says what it calls, with AWS's words.
func (o *operationImport) target(i *apigw.Integration, n *node) {
	if i.Type == "" {
		if t := n.peek("type"); !t.present() || t.scalar() && t.text == "" {
			o.problem(n, "Unable to parse API definition because of a malformed integration at path %s: it has no type", o.path)
		}
		return
	}
	if i.Type == apigw.IntegrationMock {
		return
	}
	if i.HTTPMethod == "" && textOf(n.peek("httpMethod")) == "" && !n.peek("httpMethod").isRefused() {
		o.integrationProblem(n, "Enumeration value for HttpMethod must be non-empty")
	}
	uri := n.peek("uri")
	if why := uriProblem(i.Type, i.URI); why != "" && !uri.isRefused() {
		if uri == nil {
			uri = n
		}
		o.integrationProblem(uri, "%s", why)
	}
}

// uriProblem says in AWS's words why a URI can't be an integration's. A stage
// variable may stand for the whole of it.
func uriProblem(t apigw.IntegrationType, uri string) string {
	if strings.HasPrefix(uri, "${stageVariables.") {
		return ""
	}
	if t == apigw.IntegrationHTTP || t == apigw.IntegrationHTTPProxy {
		if !strings.HasPrefix(uri, "http://") && !strings.HasPrefix(uri, "https://") {
			return "Invalid HTTP endpoint specified for URI"
		}
		return ""
	}
	arn := strings.SplitN(uri, ":", 6)
	switch {
	case len(arn) < 6 || arn[0] != "arn":
		return "Invalid ARN specified in the request"
	case !strings.HasPrefix(arn[5], "path/") && !strings.HasPrefix(arn[5], "action/"):
		return "AWS ARN for integration must contain path or action"
	case t == apigw.IntegrationAWSProxy && arn[4] != "lambda" && arn[4] != "firehose":
		return "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations."
	}
	return ""
}

func (o *operationImport) tls(n *node) *bool {
	if m := n.peek("serverNameToVerify"); m.present() {
		o.problem(m, "serverNameToVerify belongs to HTTP APIs: a REST API's tlsConfig has insecureSkipVerification")
		return nil
	}
	if !o.object(n, "tlsConfig", "insecureSkipVerification", "serverNameToVerify") {
		return nil
	}
	insecure := o.boolean(n.get("insecureSkipVerification"), "insecureSkipVerification")
	if insecure == nil {
		insecure = new(bool)
	}
	return insecure
}

// mappings are parameter mappings. What isn't a string is dropped with a
// warning (recorded on AWS).
func (o *operationImport) mappings(n *node, what string) map[string]string {
	if !o.isObject(n, what) {
		return nil
	}
	var all map[string]string
	for _, i := range n.items {
		if i.refused {
			continue
		}
		if i.kind != text {
			o.warn("Invalid format for '%s'. Expected type string for property '%s' of resource '%s' and method '%s' but got '%s'",
				what, i.name, o.path, o.verb, o.json(i, nil))
			continue
		}
		if all == nil {
			all = make(map[string]string, len(n.items))
		}
		all[i.name] = i.text
	}
	return all
}

// templates are mapping templates by content type, and the content types as
// the document has them. An empty template is nil, which AWS shows as null.
func (o *operationImport) templates(n *node, what string) (map[string]*string, []string) {
	if !o.isObject(n, what) || len(n.items) == 0 {
		return nil, nil
	}
	all, order := make(map[string]*string, len(n.items)), make([]string, 0, len(n.items))
	for _, i := range n.items {
		switch {
		case i.refused:
			continue
		case i.kind == text && i.text != "":
			t := i.text // a pointer into the node would keep the whole document
			all[i.name] = &t
		case i.kind == text, i.kind == null:
			all[i.name] = nil
		default:
			o.problem(i, "the template for %s must be a string: put it in quotes or after |", i.name)
			continue
		}
		order = append(order, i.name)
	}
	return all, order
}

// integrationResponses translates the integration's responses: default is the
// one without a pattern, any other key is its pattern.
func (o *operationImport) integrationResponses(i *apigw.Integration, all *node) {
	if !o.isObject(all, "responses") {
		return
	}
	from := map[apigw.StatusCode]string{}
	for _, n := range all.items {
		if strings.HasPrefix(n.name, "x-") || !o.object(n, "an integration response", "statusCode", "responseParameters", "responseTemplates", "contentHandling") {
			continue
		}
		r := o.integrationResponse(n)
		if r.StatusCode == "" {
			continue
		}
		if i.Responses == nil {
			i.Responses = map[apigw.StatusCode]*apigw.IntegrationResponse{}
		}
		if old, ok := from[r.StatusCode]; ok {
			o.warn("Integration response '%s' of method '%s' replaces '%s': both have status code %s", n.name, o.name(), old, r.StatusCode)
		}
		from[r.StatusCode] = n.name
		i.Responses[r.StatusCode] = r
	}
}

func (o *operationImport) integrationResponse(n *node) *apigw.IntegrationResponse {
	code := n.get("statusCode")
	r := &apigw.IntegrationResponse{
		StatusCode:         apigw.StatusCode(o.status(code, "statusCode")),
		ResponseParameters: o.mappings(n.get("responseParameters"), "responseParameters"),
		ContentHandling:    o.choice(n.get("contentHandling"), "contentHandling", "CONVERT_TO_TEXT", "CONVERT_TO_BINARY"),
	}
	r.ResponseTemplates, r.TemplateOrder = o.templates(n.get("responseTemplates"), "responseTemplates")
	if !code.present() || code.scalar() && code.text == "" {
		o.problem(n, "integration response %q has no statusCode", n.name)
	}
	if n.name != "default" {
		pattern := n.name
		r.SelectionPattern = &pattern
	}
	return r
}

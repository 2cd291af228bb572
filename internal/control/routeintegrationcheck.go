package control

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// CheckRouteIntegration refuses an integration of an API of routes that no
// stage could serve: a *apigw.Error for the caller. The API's settings and the
// integration are read-only.
type CheckRouteIntegration func(api *apigw.RouteAPI, i *apigw.RouteIntegration) error

// checkPart refuses what of i no node could serve.
func (c *Control) checkPart(api *apigw.RouteAPI, i *apigw.RouteIntegration) error {
	if c.part == nil {
		return nil
	}
	return c.part(api, i)
}

// checkRouteIntegration fills in AWS's defaults and refuses what AWS refuses.
func (c *Control) checkRouteIntegration(def *apigw.Definition, i *apigw.RouteIntegration) error {
	api := def.RouteAPI
	if err := checkRouteTimeout(api, i); err != nil {
		return err
	}
	i.ConnectionType = cmp.Or(i.ConnectionType, "INTERNET")
	switch {
	case len(i.Description) > 1024:
		return tooLong("Description", len(i.Description), 1024)
	case len(i.URI) > 2048:
		return tooLong("IntegrationUri", len(i.URI), 2048)
	case i.ConnectionType != "INTERNET" && i.ConnectionType != "VPC_LINK":
		return apigw.Errorf(apigw.BadRequest, "Invalid connection type specified: %s. Must be one of [INTERNET, VPC_LINK]", i.ConnectionType)
	case i.ConnectionType == "VPC_LINK" && i.ConnectionID == "":
		return apigw.Errorf(apigw.BadRequest, "A connectionId is required when the connection type is VPC_LINK")
	case i.ConnectionType == "INTERNET" && i.ConnectionID != "":
		return apigw.Errorf(apigw.BadRequest, "A connectionId can only be set when the connection type is VPC_LINK")
	case i.Method != "" && !routeMethod(i.Method):
		return apigw.Errorf(apigw.BadRequest, "Invalid integration method specified: %s", i.Method)
	case i.Credentials != "" && !strings.HasPrefix(i.Credentials, "arn:") && !strings.Contains(i.Credentials, "${stageVariables."):
		return apigw.Errorf(apigw.BadRequest, "Invalid ARN specified in the request: %s", i.Credentials)
	}
	check := checkHTTPIntegration
	if api.Protocol == apigw.ProtocolWebSocket {
		check = checkWebSocketIntegration
	}
	if err := check(api, i); err != nil {
		return err
	}
	return c.checkPart(api, i)
}

func checkRouteTimeout(api *apigw.RouteAPI, i *apigw.RouteIntegration) error {
	most := 30000
	if api.Protocol == apigw.ProtocolWebSocket {
		most = 29000
	}
	i.TimeoutMillis = cmp.Or(i.TimeoutMillis, most)
	if i.TimeoutMillis < 50 || i.TimeoutMillis > most {
		return apigw.Errorf(apigw.BadRequest, "Timeout should be between 50 ms and %d ms", most)
	}
	return nil
}

// checkHTTPIntegration: the first text is AWS's, as reported in the field.
func checkHTTPIntegration(api *apigw.RouteAPI, i *apigw.RouteIntegration) error {
	if i.Type != apigw.IntegrationAWSProxy && i.Type != apigw.IntegrationHTTPProxy {
		return apigw.Errorf(apigw.BadRequest, "Currently, an API with a protocol type of HTTP may only be associated with proxy integrations (AWS_PROXY, HTTP_PROXY)")
	}
	if i.Passthrough == "WHEN_NO_MATCH" {
		i.Passthrough = "" // AWS takes it and shows none: Terraform's AWS provider always sends it
	}
	for _, c := range []struct {
		set  bool
		what string
	}{
		{len(i.RequestTemplates) > 0, "Request templates"},
		{i.TemplateSelection != "", "Template selection expressions"},
		{i.Passthrough != "", "Passthrough behaviors"},
		{i.ContentHandling != "", "Content handling strategies"},
	} {
		if c.set {
			return webSocketOnly(api, c.what)
		}
	}
	if i.TLSServerName != nil && i.ConnectionType != "VPC_LINK" {
		return apigw.Errorf(apigw.BadRequest, "A tlsConfig can only be set for private integrations, whose connection type is VPC_LINK")
	}
	if err := checkResponseStatuses(i.ResponseParameters); err != nil {
		return err
	}
	switch {
	case i.Type == apigw.IntegrationHTTPProxy:
		return checkHTTPProxy(i)
	case i.Subtype != "":
		return checkServiceIntegration(i)
	}
	return checkLambdaIntegration(i)
}

func checkResponseStatuses(parameters map[apigw.StatusCode]map[string]string) error {
	for _, status := range slices.Sorted(maps.Keys(parameters)) {
		if n, err := strconv.Atoi(string(status)); err != nil || len(status) != 3 || n < 200 || n > 599 {
			return apigw.Errorf(apigw.BadRequest, "Invalid status code specified for response parameters: %s. Must be between 200 and 599", status)
		}
	}
	return nil
}

func checkHTTPProxy(i *apigw.RouteIntegration) error {
	i.PayloadFormat = cmp.Or(i.PayloadFormat, "1.0")
	switch {
	case i.PayloadFormat != "1.0":
		return apigw.Errorf(apigw.BadRequest, "Invalid payload format version specified: %s. The one of HTTP_PROXY integrations is 1.0", i.PayloadFormat)
	case i.Subtype != "":
		return apigw.Errorf(apigw.BadRequest, "An integrationSubtype can only be set for AWS_PROXY integrations")
	case i.Method == "":
		return apigw.Errorf(apigw.BadRequest, "HttpMethod must be specified for integration type HTTP_PROXY")
	case i.ConnectionType == "VPC_LINK" && !linkTarget(i.URI) && !strings.HasPrefix(i.URI, "${stageVariables."): // AWS's words, as reported in the field
		return apigw.Errorf(apigw.BadRequest, "For VpcLink VPC_LINK, integration uri should be a valid ELB listener ARN or a valid Cloud Map service ARN.")
	case i.ConnectionType == "INTERNET" && !webAddress(i.URI):
		return apigw.Errorf(apigw.BadRequest, "Invalid HTTP endpoint specified for URI")
	}
	return nil
}

// webAddress says whether uri is one, or begins with a stage variable, which
// may hold the beginning of one.
func webAddress(uri string) bool {
	if strings.HasPrefix(uri, "${stageVariables.") {
		return true
	}
	rest, ok := strings.CutPrefix(uri, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(uri, "http://")
	}
	return ok && rest != "" && rest[0] != '/' && !strings.ContainsAny(uri, " \t\r\n")
}

func checkServiceIntegration(i *apigw.RouteIntegration) error {
	i.PayloadFormat = cmp.Or(i.PayloadFormat, "1.0")
	switch {
	case i.PayloadFormat != "1.0":
		return apigw.Errorf(apigw.BadRequest, "Invalid payload format version specified: %s. The one of integrations with an integrationSubtype is 1.0", i.PayloadFormat)
	case i.URI != "":
		return apigw.Errorf(apigw.BadRequest, "An integrationUri can't be set for integrations with an integrationSubtype")
	case i.Credentials == "":
		return apigw.Errorf(apigw.BadRequest, "A credentialsArn is required for integrations with an integrationSubtype")
	case i.ConnectionType != "INTERNET":
		return apigw.Errorf(apigw.BadRequest, "The connection type of integrations with an integrationSubtype is INTERNET")
	}
	return nil
}

// checkLambdaIntegration: a payload format must be chosen; only the console
// does that for its users (developer guide, "AWS Lambda proxy integrations for
// HTTP APIs").
func checkLambdaIntegration(i *apigw.RouteIntegration) error {
	switch {
	case i.PayloadFormat == "":
		return apigw.Errorf(apigw.BadRequest, "PayloadFormatVersion is a required parameter for Lambda proxy integrations")
	case i.PayloadFormat != "1.0" && i.PayloadFormat != "2.0":
		return apigw.Errorf(apigw.BadRequest, "Invalid payload format version specified: %s. Must be one of [1.0, 2.0]", i.PayloadFormat)
	case i.ConnectionType != "INTERNET":
		return apigw.Errorf(apigw.BadRequest, "The connection type of Lambda integrations is INTERNET")
	}
	i.Method = cmp.Or(i.Method, "POST")
	return checkFunctionURI(i.URI)
}

// checkFunctionURI: a function's ARN, or the one of its invocation, either of
// which may have stage variables in it.
func checkFunctionURI(uri string) error {
	parts := strings.SplitN(uri, ":", 7)
	if len(parts) == 7 && parts[0] == "arn" && parts[2] == "lambda" && parts[5] == "function" && parts[6] != "" {
		return nil
	}
	service, target, err := splitAWSURI(uri)
	if err != nil {
		return err
	}
	if service != "lambda" || !lambdaInvocation(target) {
		return apigw.Errorf(apigw.BadRequest, "Invalid Lambda function ARN specified for URI: %s", uri)
	}
	return nil
}

// checkWebSocketIntegration fills in what AWS shows of an integration of a
// WebSocket API (API Gateway V2 reference, Integration).
func checkWebSocketIntegration(_ *apigw.RouteAPI, i *apigw.RouteIntegration) error {
	i.PayloadFormat = cmp.Or(i.PayloadFormat, "1.0")
	i.Passthrough = cmp.Or(i.Passthrough, "WHEN_NO_MATCH")
	switch {
	case i.PayloadFormat != "1.0":
		return apigw.Errorf(apigw.BadRequest, "Invalid payload format version specified: %s. The one of WebSocket APIs is 1.0", i.PayloadFormat)
	case i.Subtype != "":
		return apigw.Errorf(apigw.BadRequest, "Integration subtypes are not supported on protocolType WEBSOCKET")
	case len(i.ResponseParameters) > 0:
		return apigw.Errorf(apigw.BadRequest, "Response parameters of integrations are not supported on protocolType WEBSOCKET: set them on integration responses")
	case i.TLSServerName != nil:
		return apigw.Errorf(apigw.BadRequest, "A tlsConfig is not supported on protocolType WEBSOCKET")
	case !slices.Contains([]string{"WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"}, i.Passthrough):
		return apigw.Errorf(apigw.BadRequest, "Invalid passthrough behavior specified: %s. Must be one of [WHEN_NO_MATCH, WHEN_NO_TEMPLATES, NEVER]", i.Passthrough)
	}
	if err := checkContentHandling(i.ContentHandling); err != nil {
		return err
	}
	if err := checkRouteTemplates(i.RequestTemplates); err != nil {
		return err
	}
	return checkWebSocketTarget(i)
}

func checkWebSocketTarget(i *apigw.RouteIntegration) error {
	if i.ConnectionType == "VPC_LINK" && i.Type != apigw.IntegrationHTTP && i.Type != apigw.IntegrationHTTPProxy {
		return apigw.Errorf(apigw.BadRequest, "VPC_LINK connections are for integrations of type HTTP and HTTP_PROXY")
	}
	i.ResponseSelection = ""
	switch i.Type {
	case apigw.IntegrationMock:
		i.ResponseSelection = "${integration.response.statuscode}"
		return nil
	case apigw.IntegrationHTTP, apigw.IntegrationHTTPProxy:
		i.ResponseSelection = "${integration.response.statuscode}"
		if i.Method == "" {
			return apigw.Errorf(apigw.BadRequest, "HttpMethod must be specified for integration type %s", i.Type)
		}
		if !webAddress(i.URI) {
			return apigw.Errorf(apigw.BadRequest, "Invalid HTTP endpoint specified for URI")
		}
		return nil
	case apigw.IntegrationAWSProxy:
		i.Method = cmp.Or(i.Method, "POST")
		return checkFunctionURI(i.URI)
	case apigw.IntegrationAWS:
		i.ResponseSelection = "${integration.response.statuscode}"
		if strings.Contains(i.URI, ":lambda:") {
			i.ResponseSelection = "${integration.response.body.errorMessage}"
		}
		_, _, err := splitAWSURI(i.URI)
		return err
	}
	return apigw.Errorf(apigw.BadRequest, "Invalid integration type specified: %s. Must be one of [AWS, AWS_PROXY, HTTP, HTTP_PROXY, MOCK]", i.Type)
}

func checkContentHandling(v string) error {
	if v != "" && v != "CONVERT_TO_TEXT" && v != "CONVERT_TO_BINARY" {
		return apigw.Errorf(apigw.BadRequest, "Invalid content handling strategy specified: %s. Must be one of [CONVERT_TO_TEXT, CONVERT_TO_BINARY]", v)
	}
	return nil
}

func checkRouteTemplates(templates map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(templates)) {
		if len(templates[key]) > maxRouteSchema {
			return tooLong("The template "+key, len(templates[key]), maxRouteSchema)
		}
	}
	return nil
}

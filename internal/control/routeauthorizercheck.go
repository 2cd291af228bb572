package control

import (
	"net/url"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// maxAudiences is AWS's quota (developer guide, "Quotas for HTTP APIs").
const maxAudiences = 50

// checkRouteAuthorizer refuses what AWS refuses in an authorizer of an API of
// routes.
func checkRouteAuthorizer(def *apigw.Definition, a *apigw.RouteAuthorizer) error {
	switch {
	case strings.TrimSpace(a.Name) == "":
		return apigw.Errorf(apigw.BadRequest, "Authorizer name cannot be empty")
	case len(a.Name) > 128:
		return tooLong("Name", len(a.Name), 128)
	case len(a.IdentitySource) > 20:
		return apigw.Errorf(apigw.BadRequest, "An authorizer has at most 20 identity sources")
	}
	for _, other := range def.RouteAuthorizers {
		if other.ID != a.ID && other.Name == a.Name { // AWS's text, as reported in the field
			return apigw.Errorf(apigw.BadRequest, "Authorizer name must be unique. Authorizer %s already exists in this RestApi.", a.Name)
		}
	}
	webSocket := def.RouteAPI.Protocol == apigw.ProtocolWebSocket
	switch {
	case a.Type == "JWT" && webSocket:
		return apigw.Errorf(apigw.BadRequest, "JWT authorizers are not supported on protocolType WEBSOCKET")
	case a.Type == "JWT":
		return checkJWTAuthorizer(a)
	case a.Type == "REQUEST" && webSocket:
		return checkWebSocketAuthorizer(a)
	case a.Type == "REQUEST":
		return checkRequestAuthorizer(a)
	}
	return apigw.Errorf(apigw.BadRequest, "Invalid authorizer type specified: %s. Must be one of [REQUEST, JWT]", a.Type)
}

func checkJWTAuthorizer(a *apigw.RouteAuthorizer) error {
	if a.URI != "" || a.Credentials != "" || a.PayloadFormat != "" || a.SimpleResponses || a.TTLSeconds != 0 {
		return apigw.Errorf(apigw.BadRequest, "AuthorizerUri, AuthorizerCredentialsArn, AuthorizerPayloadFormatVersion, AuthorizerResultTtlInSeconds and EnableSimpleResponses are of REQUEST authorizers")
	}
	if len(a.IdentitySource) != 1 || !identityFrom(a.IdentitySource[0], "$request.header.", "$request.querystring.") {
		return apigw.Errorf(apigw.BadRequest, "Invalid identity source specified for a JWT authorizer: it has one, such as $request.header.Authorization")
	}
	issuer, err := url.Parse(a.Issuer)
	switch {
	case a.Issuer == "":
		return apigw.Errorf(apigw.BadRequest, "Issuer is a required parameter for JWT authorizer")
	case err != nil || issuer.Host == "" || issuer.Scheme != "https" && issuer.Scheme != "http" || issuer.RawQuery != "" || issuer.Fragment != "":
		return apigw.Errorf(apigw.BadRequest, "Invalid issuer specified: %s. It should be the URL that tokens have as their iss", a.Issuer)
	case len(a.Audience) > maxAudiences:
		return apigw.Errorf(apigw.BadRequest, "A JWT authorizer has at most %d audiences", maxAudiences)
	}
	return nil
}

func checkRequestAuthorizer(a *apigw.RouteAuthorizer) error {
	switch {
	case a.PayloadFormat == "":
		return apigw.Errorf(apigw.BadRequest, "AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizer")
	case a.PayloadFormat != "1.0" && a.PayloadFormat != "2.0":
		return apigw.Errorf(apigw.BadRequest, "Invalid authorizer payload format version specified: %s. Must be one of [1.0, 2.0]", a.PayloadFormat)
	case a.SimpleResponses && a.PayloadFormat != "2.0":
		return apigw.Errorf(apigw.BadRequest, "EnableSimpleResponses needs the authorizer payload format version 2.0")
	case a.TTLSeconds < 0 || a.TTLSeconds > 3600:
		return apigw.Errorf(apigw.BadRequest, "Authorizer result TTL must be between 0 and 3600 seconds")
	case a.TTLSeconds > 0 && len(a.IdentitySource) == 0:
		return apigw.Errorf(apigw.BadRequest, "Identity source is required for authorizers of type REQUEST when caching is enabled")
	}
	if err := checkFunctionAuthorizer(a); err != nil {
		return err
	}
	for _, source := range a.IdentitySource {
		if !identityFrom(source, "$request.header.", "$request.querystring.", "$context.", "$stageVariables.") {
			return apigw.Errorf(apigw.BadRequest, "Invalid identity source specified: %s", source)
		}
	}
	return nil
}

// checkWebSocketAuthorizer: authorizers of WebSocket APIs have one format and
// no cache.
func checkWebSocketAuthorizer(a *apigw.RouteAuthorizer) error {
	if a.PayloadFormat != "" || a.SimpleResponses || a.TTLSeconds != 0 {
		return apigw.Errorf(apigw.BadRequest, "AuthorizerPayloadFormatVersion, AuthorizerResultTtlInSeconds and EnableSimpleResponses are not supported on protocolType WEBSOCKET")
	}
	if err := checkFunctionAuthorizer(a); err != nil {
		return err
	}
	for _, source := range a.IdentitySource {
		if !identityFrom(source, "route.request.header.", "route.request.querystring.", "route.request.multivalueheader.", "route.request.multivaluequerystring.", "context.", "stageVariables.") {
			return apigw.Errorf(apigw.BadRequest, "Invalid identity source specified: %s", source)
		}
	}
	return nil
}

func checkFunctionAuthorizer(a *apigw.RouteAuthorizer) error {
	if a.Issuer != "" || len(a.Audience) > 0 {
		return apigw.Errorf(apigw.BadRequest, "A jwtConfiguration is of JWT authorizers")
	}
	if a.URI == "" {
		return apigw.Errorf(apigw.BadRequest, "Authorizer URI cannot be empty for authorizers of type REQUEST")
	}
	if a.Credentials != "" && !strings.HasPrefix(a.Credentials, "arn:") {
		return apigw.Errorf(apigw.BadRequest, "Invalid ARN specified in the request: %s", a.Credentials)
	}
	return checkFunctionURI(a.URI)
}

// identityFrom says whether source names something in one of the places.
func identityFrom(source string, places ...string) bool {
	for _, place := range places {
		if name, ok := strings.CutPrefix(source, place); ok && name != "" && !strings.ContainsAny(name, " ,\t\r\n") {
			return true
		}
	}
	return false
}

package control

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// The expressions that clients expect to read back as they are here, without
// braces (developer guide, "HTTP API routes"; tools compare the texts).
const (
	httpRouteSelection  = "$request.method $request.path"
	apiKeySelection     = "$request.header.x-api-key"
	usageIdentifierKey  = "$context.authorizer.usageIdentifierKey"
	bracedHTTPSelection = "${request.method} ${request.path}"
)

// checkRouteAPI fills in AWS's defaults and refuses what AWS refuses in the
// settings of an API of routes.
func checkRouteAPI(api *apigw.RouteAPI) error {
	if api.Protocol != apigw.ProtocolHTTP && api.Protocol != apigw.ProtocolWebSocket {
		return apigw.Errorf(apigw.BadRequest, "Invalid protocol specified. Must be one of [HTTP, WEBSOCKET]")
	}
	api.APIKeySelection = cmp.Or(api.APIKeySelection, apiKeySelection)
	api.IPAddressType = cmp.Or(api.IPAddressType, "ipv4")
	switch {
	case strings.TrimSpace(api.Name) == "":
		return apigw.Errorf(apigw.BadRequest, "Name cannot be an empty string")
	case len(api.Name) > 128:
		return tooLong("Name", len(api.Name), 128)
	case len(api.Description) > 1024:
		return tooLong("Description", len(api.Description), 1024)
	case len(api.Version) > 64:
		return tooLong("Version", len(api.Version), 64)
	case api.IPAddressType != "ipv4" && api.IPAddressType != "dualstack":
		return apigw.Errorf(apigw.BadRequest, "Invalid ipAddressType specified: %s. Must be one of [ipv4, dualstack]", api.IPAddressType)
	}
	if err := checkTags(api.Tags); err != nil {
		return err
	}
	if api.Protocol == apigw.ProtocolHTTP {
		return checkHTTPAPI(api)
	}
	return checkWebSocketAPI(api)
}

func checkHTTPAPI(api *apigw.RouteAPI) error {
	if api.RouteSelection == "" || api.RouteSelection == bracedHTTPSelection {
		api.RouteSelection = httpRouteSelection
	}
	switch {
	case api.RouteSelection != httpRouteSelection:
		return apigw.Errorf(apigw.BadRequest, "Invalid routeSelectionExpression specified: %s. The one of HTTP APIs is %s", api.RouteSelection, bracedHTTPSelection)
	case api.APIKeySelection != apiKeySelection:
		return webSocketOnly(api, "API key selection expressions")
	case api.DisableSchemaValidation:
		return webSocketOnly(api, "Schema validation settings")
	}
	return checkCORS(api.CORS)
}

func checkWebSocketAPI(api *apigw.RouteAPI) error {
	switch {
	case api.RouteSelection == "":
		return apigw.Errorf(apigw.BadRequest, "A routeSelectionExpression is required for APIs of protocolType WEBSOCKET")
	case api.APIKeySelection != apiKeySelection && api.APIKeySelection != usageIdentifierKey:
		return apigw.Errorf(apigw.BadRequest, "Invalid apiKeySelectionExpression specified: %s. Must be one of [%s, %s]", api.APIKeySelection, apiKeySelection, usageIdentifierKey)
	case api.CORS != nil:
		return apigw.Errorf(apigw.BadRequest, "CORS configuration is not supported on protocolType WEBSOCKET")
	}
	return nil
}

// The most of what a CORS configuration lists; browsers ask with every one of
// them in mind, and every answer is as long.
const (
	maxCORSEntries = 200
	maxCORSEntry   = 512
)

// checkCORS refuses what AWS refuses (the first text is AWS's, as reported in
// the field), and origins that no request could match: one has no path, and a
// wildcard stands alone or for everything behind a scheme (developer guide,
// "Configure CORS for HTTP APIs").
func checkCORS(cors *apigw.CORS) error {
	if cors == nil {
		return nil
	}
	if cors.AllowCredentials != nil && *cors.AllowCredentials && slices.Contains(cors.AllowOrigins, "*") {
		return apigw.Errorf(apigw.BadRequest, "allow-credentials is not supported if 'allow-origin' is *")
	}
	if age := cors.MaxAge; age != nil && (*age < -1 || *age > 86400) {
		return apigw.Errorf(apigw.BadRequest, "Invalid maxAge specified: %d. Must be between -1 and 86400 seconds", *age)
	}
	for _, list := range []struct {
		what string
		of   []string
		ok   func(string) bool
	}{
		{"allowOrigins", cors.AllowOrigins, corsOrigin},
		{"allowMethods", cors.AllowMethods, corsMethod},
		{"allowHeaders", cors.AllowHeaders, corsHeader},
		{"exposeHeaders", cors.ExposeHeaders, corsHeader},
	} {
		if len(list.of) > maxCORSEntries {
			return apigw.Errorf(apigw.BadRequest, "Invalid %s specified: %d entries, %d at most", list.what, len(list.of), maxCORSEntries)
		}
		for _, v := range list.of {
			if len(v) > maxCORSEntry || !list.ok(v) {
				return apigw.Errorf(apigw.BadRequest, "Invalid %s specified: %q", list.what, v)
			}
		}
	}
	return nil
}

func corsOrigin(v string) bool {
	if v == "*" || v == "http://*" || v == "https://*" || v == "null" {
		return true
	}
	u, err := url.Parse(v)
	return err == nil && u.Scheme != "" && u.Host != "" && v == u.Scheme+"://"+u.Host && !strings.Contains(v, "*")
}

// corsMethod takes a method in any case, as AWS does and keeps it (Terraform's
// AWS provider compares them so, and its acceptance tests have "delete").
func corsMethod(v string) bool {
	v = strings.ToUpper(v)
	return v == "*" || v != "ANY" && routeMethod(v)
}

func corsHeader(v string) bool { return v == "*" || token(v) }

// token says whether v is a token of HTTP, such as a header's name.
func token(v string) bool {
	return v != "" && !strings.ContainsFunc(v, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}

package control

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// maxScopesOfRoute is AWS's quota (developer guide, "Quotas for HTTP APIs").
const maxScopesOfRoute = 10

// checkRoute refuses what AWS refuses in a route, and lets go what has no
// meaning beside its authorization type. Old is the route before, nil for a
// new one.
func (e *edit) checkRoute(r, old *apigw.Route) error {
	api := e.def.RouteAPI
	r.AuthorizationType = cmp.Or(r.AuthorizationType, "NONE")
	if err := checkRouteKey(api, r.Key); err != nil {
		return err
	}
	if err := e.checkKeyChange(r, old); err != nil {
		return err
	}
	if len(r.OperationName) > 64 {
		return tooLong("OperationName", len(r.OperationName), 64)
	}
	if r.Target != "" && e.def.RouteIntegrations[r.Target] == nil {
		return apigw.Errorf(apigw.BadRequest, "Invalid Integration identifier specified %s", r.Target)
	}
	if err := e.checkRouteAuthorization(r, old); err != nil {
		return err
	}
	if api.Protocol == apigw.ProtocolHTTP {
		return checkHTTPRoute(api, r)
	}
	return checkWebSocketRoute(e.def, r)
}

// checkKeyChange: a key is the API's only one that matches what it matches
// (recorded on AWS), and the key of a $default route never changes (developer
// guide, "Create routes for HTTP APIs").
func (e *edit) checkKeyChange(r, old *apigw.Route) error {
	if old != nil && old.Key == r.Key {
		return nil
	}
	if old != nil && (old.Key == apigw.DefaultRoute || old.Managed) {
		return apigw.Errorf(apigw.BadRequest, "The key of route %s cannot be changed: %s", old.ID, old.Key)
	}
	var id apigw.RouteID
	if old != nil {
		id = old.ID
	}
	if sameRoute(e.def, r.Key, id) != nil {
		return apigw.Errorf(apigw.Conflict, "Route with key %s already exists for this API", r.Key)
	}
	return nil
}

// checkRouteAuthorization: types other than CUSTOM and JWT have no authorizer,
// and only JWT has scopes. A change of the type drops what the new one can't
// have, because tools send the type alone.
func (e *edit) checkRouteAuthorization(r, old *apigw.Route) error {
	a := e.def.RouteAuthorizers[r.AuthorizerID]
	webSocket := e.def.RouteAPI.Protocol == apigw.ProtocolWebSocket
	if webSocket && len(r.AuthorizationScopes) > 0 {
		return apigw.Errorf(apigw.BadRequest, "AuthorizationScopes are not supported on protocolType WEBSOCKET")
	}
	if r.AuthorizationType != "JWT" && (r.AuthorizationType == "NONE" || old != nil && old.AuthorizationType == "JWT") {
		r.AuthorizationScopes = nil
	}
	switch r.AuthorizationType {
	case "NONE", "AWS_IAM":
		r.AuthorizerID = ""
	case "CUSTOM":
		if a == nil || a.Type != "REQUEST" {
			return apigw.Errorf(apigw.BadRequest, "Invalid authorizer ID specified. Setting the authorization type to CUSTOM requires a valid authorizer.")
		}
	case "JWT":
		if webSocket || a == nil || a.Type != "JWT" { // AWS's text, as reported in the field
			return apigw.Errorf(apigw.BadRequest, "Invalid authorizer ID specified. Setting the authorization type to JWT requires a valid JWT authorizer.")
		}
		return checkScopes(r.AuthorizationScopes)
	default:
		return apigw.Errorf(apigw.BadRequest, "Invalid authorization type specified: %s. Must be one of [NONE, AWS_IAM, CUSTOM, JWT]", r.AuthorizationType)
	}
	if len(r.AuthorizationScopes) > 0 {
		return apigw.Errorf(apigw.BadRequest, "AuthorizationScopes can only be set when the authorization type is JWT")
	}
	return nil
}

func checkScopes(scopes []string) error {
	if len(scopes) > maxScopesOfRoute {
		return apigw.Errorf(apigw.BadRequest, "A route has at most %d authorization scopes", maxScopesOfRoute)
	}
	for _, s := range scopes {
		if s == "" || len(s) > 1024 || strings.ContainsAny(s, " \t\r\n") {
			return apigw.Errorf(apigw.BadRequest, "Invalid authorization scope specified: %q", s)
		}
	}
	return nil
}

// checkHTTPRoute refuses what only routes of WebSocket APIs have (API Gateway
// V2 reference, Route).
func checkHTTPRoute(api *apigw.RouteAPI, r *apigw.Route) error {
	for _, c := range []struct {
		set  bool
		what string
	}{
		{r.APIKeyRequired, "API keys"},
		{r.ModelSelection != "", "Model selection expressions"},
		{len(r.RequestModels) > 0, "Request models"},
		{len(r.RequestParameters) > 0, "Request parameters of routes"},
		{r.ResponseSelection != "", "Route response selection expressions"},
	} {
		if c.set {
			return webSocketOnly(api, c.what)
		}
	}
	return nil
}

func checkWebSocketRoute(def *apigw.Definition, r *apigw.Route) error {
	if r.ResponseSelection != "" && r.ResponseSelection != apigw.DefaultRoute {
		return apigw.Errorf(apigw.BadRequest, "Invalid routeResponseSelectionExpression specified: %s. Must be one of [$default]", r.ResponseSelection)
	}
	for _, name := range slices.Sorted(maps.Keys(r.RequestParameters)) {
		if !routeParameter(name) {
			return apigw.Errorf(apigw.BadRequest, "Invalid request parameter specified: %s. It should be route.request.querystring.NAME or route.request.header.NAME", name)
		}
	}
	return checkModelNames(def, r.RequestModels)
}

func routeParameter(name string) bool {
	for _, place := range []string{"route.request.querystring.", "route.request.header.", "route.request.multivaluequerystring.", "route.request.multivalueheader."} {
		if rest, ok := strings.CutPrefix(name, place); ok && rest != "" {
			return true
		}
	}
	return false
}

// checkModelNames: the models that a map names must exist.
func checkModelNames(def *apigw.Definition, models map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(models)) {
		if !slices.ContainsFunc(slices.Collect(maps.Values(def.RouteModels)), func(m *apigw.RouteModel) bool { return m.Name == models[key] }) {
			return apigw.Errorf(apigw.BadRequest, "Invalid model identifier specified: %s", models[key])
		}
	}
	return nil
}

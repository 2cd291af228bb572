package control

import (
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// maxMessageKey bounds the key of a route of a WebSocket API, in bytes: what a
// message is held against.
const maxMessageKey = 4096

func routeMethod(v string) bool { return slices.Contains(apigw.RouteMethods[:], apigw.Verb(v)) }

// checkRouteKey holds the key of a route to its protocol's grammar. Of a
// WebSocket API it may be any text.
func checkRouteKey(api *apigw.RouteAPI, key string) error {
	switch {
	case key == "":
		return apigw.Errorf(apigw.BadRequest, "Invalid route key specified: it is empty")
	case api.Protocol == apigw.ProtocolWebSocket && len(key) > maxMessageKey:
		return tooLong("Route key", len(key), maxMessageKey)
	case api.Protocol == apigw.ProtocolWebSocket:
		return nil
	}
	if _, _, err := apigw.ParseRouteKey(key); err != nil {
		return apigw.Errorf(apigw.BadRequest, "Invalid route key specified: %s. For protocolType HTTP %v", shorten(key, 200), err)
	}
	return nil
}

// sameRoute is the route of def, other than the one with ID except, that
// matches what key matches; nil: there is none.
func sameRoute(def *apigw.Definition, key string, except apigw.RouteID) *apigw.Route {
	shape := func(key string) string { return key }
	if def.RouteAPI.Protocol == apigw.ProtocolHTTP {
		shape = apigw.RouteShape
	}
	for _, r := range def.Routes {
		if r.ID != except && shape(r.Key) == shape(key) {
			return r
		}
	}
	return nil
}

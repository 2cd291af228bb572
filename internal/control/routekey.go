package control

import (
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// defaultRoute is the key of the route that gets what no other does.
const defaultRoute = "$default"

// maxRouteKey bounds a key, in bytes: clients' request lines end at 10 KB.
const maxRouteKey = 4096

func routeMethod(v string) bool {
	return slices.Contains([]string{"ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}, v)
}

// checkRouteKey holds the key of a route to its protocol's grammar: of an HTTP
// API "$default" or METHOD SP PATH, whose variables are whole segments, the
// greedy one the last (developer guide, "Create routes for HTTP APIs"). A key
// that ends in a slash would match nothing, and AWS refuses it.
func checkRouteKey(api *apigw.RouteAPI, key string) error {
	switch {
	case key == "":
		return apigw.Errorf(apigw.BadRequest, "Invalid route key specified: it is empty")
	case len(key) > maxRouteKey:
		return tooLong("Route key", len(key), maxRouteKey)
	case key == defaultRoute || api.Protocol == apigw.ProtocolWebSocket:
		return nil
	}
	method, path, _ := strings.Cut(key, " ")
	if !routeMethod(method) || !strings.HasPrefix(path, "/") {
		return apigw.Errorf(apigw.BadRequest, "The provided route key is not formatted properly for HTTP protocol: %s. It should be formatted as HTTP METHOD SP PATH or equal to $default", key)
	}
	return checkRoutePath(key, path)
}

func checkRoutePath(key, path string) error {
	bad := func(why string) error {
		return apigw.Errorf(apigw.BadRequest, "Invalid route key specified: %s. %s", key, why)
	}
	if path == "/" {
		return nil
	}
	segments := strings.Split(path[1:], "/")
	names := map[string]bool{}
	for i, segment := range segments {
		name, variable := routeVariable(segment)
		greedy := strings.HasSuffix(name, "+")
		name = strings.TrimSuffix(name, "+")
		switch {
		case segment == "" && i == len(segments)-1:
			return bad("The path must not end in a slash")
		case segment == "":
			return bad("The path has an empty segment")
		case !variable && strings.ContainsAny(segment, "{}"):
			return bad("A variable is a whole segment, {name} or {name+}")
		case strings.ContainsFunc(segment, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '?' || r == '#' }):
			return bad("The path has a character that no path has")
		case !variable:
		case name == "" || strings.ContainsAny(name, "{}+"):
			return bad("A variable needs a name, {name} or {name+}")
		case greedy && i < len(segments)-1:
			return bad("A greedy variable must be the last segment")
		case names[name]:
			return bad("Two variables have the same name")
		default:
			names[name] = true
		}
	}
	return nil
}

// routeVariable is what stands between the braces of a segment that is a
// variable.
func routeVariable(segment string) (name string, ok bool) {
	name, opens := strings.CutPrefix(segment, "{")
	name, closes := strings.CutSuffix(name, "}")
	return name, opens && closes
}

// routeShape is a key without the names of its variables: keys of one shape
// match the same requests.
func routeShape(api *apigw.RouteAPI, key string) string {
	if api.Protocol == apigw.ProtocolWebSocket {
		return key
	}
	segments := strings.Split(key, "/")
	for i, segment := range segments {
		if name, ok := routeVariable(segment); ok {
			segments[i] = "{}"
			if strings.HasSuffix(name, "+") {
				segments[i] = "{+}"
			}
		}
	}
	return strings.Join(segments, "/")
}

// sameRoute is the route of def, other than the one with ID except, that
// matches what key matches; nil: there is none.
func sameRoute(def *apigw.Definition, key string, except apigw.RouteID) *apigw.Route {
	shape := routeShape(def.RouteAPI, key)
	for _, r := range def.Routes {
		if r.ID != except && routeShape(def.RouteAPI, r.Key) == shape {
			return r
		}
	}
	return nil
}

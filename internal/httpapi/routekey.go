package httpapi

import (
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/serving"
)

// defaultRoute is the key of the route for what no other takes, and its name in
// paths and ARNs.
const defaultRoute = apigw.DefaultRoute

// routeKey is a route's key taken apart.
type routeKey struct {
	verb serving.Verb
	path string // template path, "/pets/{id}"; empty: $default
}

// parseRouteKey takes a route key apart.
func parseRouteKey(key string) (routeKey, error) {
	method, path, err := apigw.ParseRouteKey(key)
	if err != nil || path == "" {
		return routeKey{verb: serving.AnyVerb}, err
	}
	return routeKey{serving.Verb(slices.Index(serving.VerbNames[:], string(method))), path}, nil
}

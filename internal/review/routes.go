package review

import (
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// routes collects the parts of an API of routes. What routes refer to by
// identifiers, which an import draws anew, is shown with them by its names.
func (c *collector) routes() {
	api := *c.def.RouteAPI
	api.Tags, api.ImportInfo, api.Warnings = nil, nil, nil // not frozen in what they do
	c.add("API settings", thing{rank: 0}, &api)
	called := map[apigw.RouteIntegrationID]bool{}
	for _, r := range c.def.Routes {
		i := c.def.RouteIntegrations[r.Target]
		called[r.Target] = true
		verb, path, found := strings.Cut(r.Key, " ")
		if !found {
			verb, path = "", r.Key
		}
		c.add(r.Key, thing{rank: 1, path: path, verb: verb, summary: summaryOf(i)}, c.namedRoute(r, i))
	}
	for id, i := range c.def.RouteIntegrations {
		if !called[id] {
			c.add("integration "+string(id)+", which no route calls", thing{rank: 2, name: string(id), summary: summaryOf(i)}, i)
		}
	}
	for _, a := range c.def.RouteAuthorizers {
		c.add("authorizer "+a.Name, thing{rank: 2, name: a.Name, summary: a.Type}, a)
	}
	for _, m := range c.def.RouteModels {
		c.add("model "+m.Name, thing{rank: 4, name: m.Name, summary: m.ContentType}, m)
	}
}

func summaryOf(i *apigw.RouteIntegration) string {
	if i == nil {
		return ""
	}
	return strings.Join(slices.DeleteFunc([]string{string(i.Type), i.Subtype, i.Method, i.URI}, func(s string) bool { return s == "" }), " ")
}

// routeWithIntegration is a route with what it calls in place of the target.
type routeWithIntegration struct {
	*apigw.Route
	Target      string                  `json:"target,omitempty"` // hides the route's
	Integration *apigw.RouteIntegration `json:"integration,omitempty"`
}

func (c *collector) namedRoute(r *apigw.Route, i *apigw.RouteIntegration) routeWithIntegration {
	out := *r
	if a := c.def.RouteAuthorizers[r.AuthorizerID]; a != nil {
		out.AuthorizerID = apigw.AuthorizerID(a.Name)
	}
	if i != nil {
		plain := *i
		plain.ID = ""
		i = &plain
	}
	return routeWithIntegration{Route: &out, Integration: i}
}

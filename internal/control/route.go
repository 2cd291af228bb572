package control

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

var unknownRoute = unknownPartOf[apigw.RouteID]("Route")

func routesOf(def *apigw.Definition) map[apigw.RouteID]*apigw.Route { return def.Routes }

// Route returns one route.
func (c *Control) Route(ctx context.Context, scope apigw.Scope, api apigw.APIID, id apigw.RouteID) (*apigw.Route, error) {
	return part(ctx, c, scope, api, id, routesOf, unknownRoute)
}

// Routes lists an API's routes by ID.
func (c *Control) Routes(ctx context.Context, scope apigw.Scope, api apigw.APIID) ([]*apigw.Route, error) {
	return parts(ctx, c, scope, api, routesOf)
}

// CreateRoute adds a route; its ID is made here. Empty AuthorizationType is
// NONE.
func (c *Control) CreateRoute(ctx context.Context, scope apigw.Scope, api apigw.APIID, route apigw.Route) (*apigw.Route, error) {
	ref := routesRef(scope, api)
	return mutated(ctx, c, ref, ref.unknownAPI(), func(e *edit) (*apigw.Route, error) {
		made := cloneRoute(&route)
		made.Managed, made.Responses = false, nil
		return made, e.addRoute(made)
	})
}

// addRoute gives r an ID and puts it.
func (e *edit) addRoute(r *apigw.Route) (err error) {
	if err := e.checkRoute(r, nil); err != nil {
		return err
	}
	if err := within("Routes", len(e.def.Routes)+1, e.c.limits.Routes); err != nil {
		return err
	}
	if r.ID, err = freePartID(e.c, e.def.Routes, 7); err == nil {
		e.putRoute(r)
	}
	return err
}

// UpdateRoute changes a route.
func (c *Control) UpdateRoute(ctx context.Context, scope apigw.Scope, api apigw.APIID, id apigw.RouteID, mutate func(*apigw.Route) error) (*apigw.Route, error) {
	ref := routesRef(scope, api)
	return mutated(ctx, c, ref, ref.unknownAPI(), func(e *edit) (*apigw.Route, error) {
		old, ok := e.def.Routes[id]
		if !ok {
			return nil, unknownRoute(id)
		}
		changed := cloneRoute(old)
		if err := mutate(changed); err != nil {
			return nil, err
		}
		changed.ID, changed.Managed = old.ID, old.Managed
		if err := e.checkRoute(changed, old); err != nil {
			return nil, err
		}
		e.putRoute(changed)
		return changed, nil
	})
}

// DeleteRoute removes a route. The settings that stages have for its key stay,
// so that a route that is made anew isn't open wider than the one before.
func (c *Control) DeleteRoute(ctx context.Context, scope apigw.Scope, api apigw.APIID, id apigw.RouteID) error {
	ref := routesRef(scope, api)
	return c.mutate(ctx, ref, ref.unknownAPI(), func(e *edit) error {
		r, ok := e.def.Routes[id]
		switch {
		case !ok:
			return unknownRoute(id)
		case r.Managed:
			return managedPart("route", string(id))
		}
		e.deleteRoute(id)
		return nil
	})
}

// managedPart refuses to delete what a quick creation made.
func managedPart(what, id string) *apigw.Error {
	return apigw.Errorf(apigw.BadRequest, "Cannot delete %s %s: it was made with its API and API Gateway manages it", what, id)
}

// routesByKey lists the routes of def by their keys.
func routesByKey(def *apigw.Definition) []*apigw.Route {
	return slices.SortedFunc(maps.Values(def.Routes), func(a, b *apigw.Route) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.ID, b.ID))
	})
}

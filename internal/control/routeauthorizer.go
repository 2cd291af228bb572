package control

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

var unknownRouteAuthorizer = unknownPartOf[apigw.AuthorizerID]("Authorizer")

func authorizersOf(def *apigw.Definition) map[apigw.AuthorizerID]*apigw.RouteAuthorizer {
	return def.RouteAuthorizers
}

// RouteAuthorizer returns one authorizer.
func (c *Control) RouteAuthorizer(ctx context.Context, scope apigw.Scope, api apigw.APIID, id apigw.AuthorizerID) (*apigw.RouteAuthorizer, error) {
	return part(ctx, c, scope, api, id, authorizersOf, unknownRouteAuthorizer)
}

// RouteAuthorizers lists an API's authorizers by ID.
func (c *Control) RouteAuthorizers(ctx context.Context, scope apigw.Scope, api apigw.APIID) ([]*apigw.RouteAuthorizer, error) {
	return parts(ctx, c, scope, api, authorizersOf)
}

// CreateRouteAuthorizer adds an authorizer; its ID is made here.
func (c *Control) CreateRouteAuthorizer(ctx context.Context, scope apigw.Scope, api apigw.APIID, a apigw.RouteAuthorizer) (*apigw.RouteAuthorizer, error) {
	ref := routesRef(scope, api)
	return mutated(ctx, c, ref, ref.unknownAPI(), func(e *edit) (*apigw.RouteAuthorizer, error) {
		made := cloneRouteAuthorizer(&a)
		made.ID = ""
		return made, e.addRouteAuthorizer(made)
	})
}

// addRouteAuthorizer gives a an ID and puts it.
func (e *edit) addRouteAuthorizer(a *apigw.RouteAuthorizer) (err error) {
	if err := checkRouteAuthorizer(e.def, a); err != nil {
		return err
	}
	if err := within("Authorizers", len(e.def.RouteAuthorizers)+1, e.c.limits.RouteAuthorizers); err != nil {
		return err
	}
	if a.ID, err = freePartID(e.c, e.def.RouteAuthorizers, 6); err == nil {
		e.putRouteAuthorizer(a)
	}
	return err
}

// UpdateRouteAuthorizer changes an authorizer. Its type stays while routes use
// it that need the type.
func (c *Control) UpdateRouteAuthorizer(ctx context.Context, scope apigw.Scope, api apigw.APIID, id apigw.AuthorizerID, mutate func(*apigw.RouteAuthorizer) error) (*apigw.RouteAuthorizer, error) {
	ref := routesRef(scope, api)
	return mutated(ctx, c, ref, ref.unknownAPI(), func(e *edit) (*apigw.RouteAuthorizer, error) {
		old, ok := e.def.RouteAuthorizers[id]
		if !ok {
			return nil, unknownRouteAuthorizer(id)
		}
		changed := cloneRouteAuthorizer(old)
		if err := mutate(changed); err != nil {
			return nil, err
		}
		changed.ID = old.ID
		if err := checkRouteAuthorizer(e.def, changed); err != nil {
			return nil, err
		}
		if user := authorizerUser(e.def, id); user != nil && changed.Type != old.Type {
			return nil, apigw.Errorf(apigw.BadRequest, "Cannot change the type of authorizer '%s', is referenced in route: %s", old.Name, user.Key)
		}
		e.putRouteAuthorizer(changed)
		return changed, nil
	})
}

// DeleteRouteAuthorizer removes an authorizer that no route uses.
func (c *Control) DeleteRouteAuthorizer(ctx context.Context, scope apigw.Scope, api apigw.APIID, id apigw.AuthorizerID) error {
	ref := routesRef(scope, api)
	return c.mutate(ctx, ref, ref.unknownAPI(), func(e *edit) error {
		a, ok := e.def.RouteAuthorizers[id]
		if !ok {
			return unknownRouteAuthorizer(id)
		}
		if user := authorizerUser(e.def, id); user != nil {
			return apigw.Errorf(apigw.Conflict, "Cannot delete authorizer '%s', is referenced in route: %s", a.Name, user.Key)
		}
		e.deleteRouteAuthorizer(id)
		return nil
	})
}

// authorizerUser is the first route, by key, that uses an authorizer; nil:
// there is none.
func authorizerUser(def *apigw.Definition, id apigw.AuthorizerID) *apigw.Route {
	for _, r := range routesByKey(def) {
		if r.AuthorizerID == id {
			return r
		}
	}
	return nil
}

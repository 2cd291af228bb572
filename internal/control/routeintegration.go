package control

import (
	"context"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

var unknownRouteIntegration = unknownPartOf[apigw.RouteIntegrationID]("Integration")

func integrationsOf(def *apigw.Definition) map[apigw.RouteIntegrationID]*apigw.RouteIntegration {
	return def.RouteIntegrations
}

// RouteIntegration returns one integration.
func (c *Control) RouteIntegration(ctx context.Context, scope apigw.Scope, api apigw.APIID, id apigw.RouteIntegrationID) (*apigw.RouteIntegration, error) {
	return part(ctx, c, scope, api, id, integrationsOf, unknownRouteIntegration)
}

// RouteIntegrations lists an API's integrations by ID.
func (c *Control) RouteIntegrations(ctx context.Context, scope apigw.Scope, api apigw.APIID) ([]*apigw.RouteIntegration, error) {
	return parts(ctx, c, scope, api, integrationsOf)
}

// CreateRouteIntegration adds an integration; its ID is made here. What is
// zero takes AWS's default.
func (c *Control) CreateRouteIntegration(ctx context.Context, scope apigw.Scope, api apigw.APIID, in apigw.RouteIntegration) (*apigw.RouteIntegration, error) {
	ref := routesRef(scope, api)
	return mutated(ctx, c, ref, ref.unknownAPI(), func(e *edit) (*apigw.RouteIntegration, error) {
		made := cloneRouteIntegration(&in)
		made.Managed, made.Responses = false, nil
		if err := e.addRouteIntegration(made); err != nil {
			return nil, err
		}
		if err := c.checkRouteLinked(ctx, scope, e.def.RouteAPI, made); err != nil {
			return nil, err
		}
		return made, c.checkRouteListener(ctx, scope, made)
	})
}

// addRouteIntegration gives i an ID and puts it.
func (e *edit) addRouteIntegration(i *apigw.RouteIntegration) (err error) {
	if err := e.c.checkRouteIntegration(e.def, i); err != nil {
		return err
	}
	if err := within("Integrations", len(e.def.RouteIntegrations)+1, e.c.limits.RouteIntegrations); err != nil {
		return err
	}
	if i.ID, err = freePartID(e.c, e.def.RouteIntegrations, 7); err == nil {
		e.putRouteIntegration(i)
	}
	return err
}

// UpdateRouteIntegration changes an integration.
func (c *Control) UpdateRouteIntegration(ctx context.Context, scope apigw.Scope, api apigw.APIID, id apigw.RouteIntegrationID, mutate func(*apigw.RouteIntegration) error) (*apigw.RouteIntegration, error) {
	ref := routesRef(scope, api)
	return mutated(ctx, c, ref, ref.unknownAPI(), func(e *edit) (*apigw.RouteIntegration, error) {
		old, ok := e.def.RouteIntegrations[id]
		if !ok {
			return nil, unknownRouteIntegration(id)
		}
		changed := cloneRouteIntegration(old)
		if err := mutate(changed); err != nil {
			return nil, err
		}
		changed.ID, changed.Managed = old.ID, old.Managed
		if err := c.checkRouteIntegration(e.def, changed); err != nil {
			return nil, err
		}
		if err := c.checkRouteLinked(ctx, scope, e.def.RouteAPI, changed); err != nil {
			return nil, err
		}
		if changed.URI != old.URI || changed.ConnectionType != old.ConnectionType {
			if err := c.checkRouteListener(ctx, scope, changed); err != nil {
				return nil, err
			}
		}
		e.putRouteIntegration(changed)
		return changed, nil
	})
}

// DeleteRouteIntegration removes an integration that no route calls.
func (c *Control) DeleteRouteIntegration(ctx context.Context, scope apigw.Scope, api apigw.APIID, id apigw.RouteIntegrationID) error {
	ref := routesRef(scope, api)
	return c.mutate(ctx, ref, ref.unknownAPI(), func(e *edit) error {
		i, ok := e.def.RouteIntegrations[id]
		if !ok {
			return unknownRouteIntegration(id)
		}
		if i.Managed {
			return managedPart("integration", string(id))
		}
		if users := integrationUsers(e.def, id); len(users) > 0 {
			return apigw.Errorf(apigw.Conflict, "Cannot delete Integration because it is referenced by the following Routes with Ids: [%s]", strings.Join(users, ", "))
		}
		e.deleteRouteIntegration(id)
		return nil
	})
}

// integrationUsers are the IDs of the routes that call an integration.
func integrationUsers(def *apigw.Definition, id apigw.RouteIntegrationID) (users []string) {
	for _, r := range def.Routes {
		if r.Target == id {
			users = append(users, string(r.ID))
		}
	}
	slices.Sort(users)
	return users
}

package control

import (
	"context"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// maxResponses bounds the responses of one route or integration.
const maxResponses = 100

var (
	unknownRouteResponse       = unknownPartOf[apigw.RouteResponseID]("Route Response")
	unknownIntegrationResponse = unknownPartOf[apigw.IntegrationResponseID]("Integration Response")
)

// RouteResponse returns one response of a route.
func (c *Control) RouteResponse(ctx context.Context, scope apigw.Scope, api apigw.APIID, route apigw.RouteID, id apigw.RouteResponseID) (*apigw.RouteResponse, error) {
	r, err := c.Route(ctx, scope, api, route)
	if err != nil {
		return nil, err
	}
	response, ok := r.Responses[id]
	if !ok {
		return nil, unknownRouteResponse(id)
	}
	return response, nil
}

// RouteResponses lists the responses of a route by ID.
func (c *Control) RouteResponses(ctx context.Context, scope apigw.Scope, api apigw.APIID, route apigw.RouteID) ([]*apigw.RouteResponse, error) {
	r, err := c.Route(ctx, scope, api, route)
	if err != nil {
		return nil, err
	}
	return byID(r.Responses), nil
}

// changeResponses changes a copy of a route of a WebSocket API.
func changeResponses[T any](ctx context.Context, c *Control, scope apigw.Scope, api apigw.APIID, route apigw.RouteID, change func(e *edit, r *apigw.Route) (*T, error)) (*T, error) {
	ref := routesRef(scope, api)
	return mutated(ctx, c, ref, ref.unknownAPI(), func(e *edit) (*T, error) {
		old, ok := e.def.Routes[route]
		if !ok {
			return nil, unknownRoute(route)
		}
		if err := webSocketOnly(e.def.RouteAPI, "Route responses"); err != nil {
			return nil, err
		}
		r := cloneRoute(old)
		if r.Responses == nil {
			r.Responses = map[apigw.RouteResponseID]*apigw.RouteResponse{}
		}
		result, err := change(e, r)
		if err != nil {
			return nil, err
		}
		e.putRoute(r)
		return result, nil
	})
}

// CreateRouteResponse adds a response to a route; its ID is made here.
func (c *Control) CreateRouteResponse(ctx context.Context, scope apigw.Scope, api apigw.APIID, route apigw.RouteID, in apigw.RouteResponse) (*apigw.RouteResponse, error) {
	return changeResponses(ctx, c, scope, api, route, func(e *edit, r *apigw.Route) (_ *apigw.RouteResponse, err error) {
		made := cloneRouteResponse(&in)
		if made.ID, err = freePartID(c, r.Responses, 7); err != nil {
			return nil, err
		}
		return made, putRouteResponse(e.def, r, made)
	})
}

// UpdateRouteResponse changes a response of a route.
func (c *Control) UpdateRouteResponse(ctx context.Context, scope apigw.Scope, api apigw.APIID, route apigw.RouteID, id apigw.RouteResponseID, mutate func(*apigw.RouteResponse) error) (*apigw.RouteResponse, error) {
	return changeResponses(ctx, c, scope, api, route, func(e *edit, r *apigw.Route) (*apigw.RouteResponse, error) {
		old, ok := r.Responses[id]
		if !ok {
			return nil, unknownRouteResponse(id)
		}
		changed := cloneRouteResponse(old)
		if err := mutate(changed); err != nil {
			return nil, err
		}
		changed.ID = id
		return changed, putRouteResponse(e.def, r, changed)
	})
}

// putRouteResponse puts a response into a route, on $default alone, which is
// the only key there is (API Gateway V2 reference, RouteResponse).
func putRouteResponse(def *apigw.Definition, r *apigw.Route, response *apigw.RouteResponse) error {
	if response.Key != apigw.DefaultRoute {
		return apigw.Errorf(apigw.BadRequest, "Invalid routeResponseKey specified: %s. Must be one of [$default]", response.Key)
	}
	for _, other := range r.Responses {
		if other.ID != response.ID {
			return apigw.Errorf(apigw.Conflict, "Route response with key %s already exists for this route", response.Key)
		}
	}
	r.Responses[response.ID] = response
	return checkModelNames(def, response.ResponseModels)
}

// DeleteRouteResponse removes a response of a route.
func (c *Control) DeleteRouteResponse(ctx context.Context, scope apigw.Scope, api apigw.APIID, route apigw.RouteID, id apigw.RouteResponseID) error {
	_, err := changeResponses(ctx, c, scope, api, route, func(_ *edit, r *apigw.Route) (*apigw.RouteResponse, error) {
		if r.Responses[id] == nil {
			return nil, unknownRouteResponse(id)
		}
		delete(r.Responses, id)
		return nil, nil
	})
	return err
}

// RouteIntegrationResponse returns one response of an integration.
func (c *Control) RouteIntegrationResponse(ctx context.Context, scope apigw.Scope, api apigw.APIID, integration apigw.RouteIntegrationID, id apigw.IntegrationResponseID) (*apigw.RouteIntegrationResponse, error) {
	i, err := c.RouteIntegration(ctx, scope, api, integration)
	if err != nil {
		return nil, err
	}
	response, ok := i.Responses[id]
	if !ok {
		return nil, unknownIntegrationResponse(id)
	}
	return response, nil
}

// RouteIntegrationResponses lists the responses of an integration by ID.
func (c *Control) RouteIntegrationResponses(ctx context.Context, scope apigw.Scope, api apigw.APIID, integration apigw.RouteIntegrationID) ([]*apigw.RouteIntegrationResponse, error) {
	i, err := c.RouteIntegration(ctx, scope, api, integration)
	if err != nil {
		return nil, err
	}
	return byID(i.Responses), nil
}

// changeIntegrationResponses changes a copy of an integration of a WebSocket
// API.
func changeIntegrationResponses[T any](ctx context.Context, c *Control, scope apigw.Scope, api apigw.APIID, integration apigw.RouteIntegrationID, change func(i *apigw.RouteIntegration) (*T, error)) (*T, error) {
	ref := routesRef(scope, api)
	return mutated(ctx, c, ref, ref.unknownAPI(), func(e *edit) (*T, error) {
		old, ok := e.def.RouteIntegrations[integration]
		if !ok {
			return nil, unknownRouteIntegration(integration)
		}
		if err := webSocketOnly(e.def.RouteAPI, "Integration responses"); err != nil {
			return nil, err
		}
		i := cloneRouteIntegration(old)
		if i.Responses == nil {
			i.Responses = map[apigw.IntegrationResponseID]*apigw.RouteIntegrationResponse{}
		}
		result, err := change(i)
		if err != nil {
			return nil, err
		}
		if err := c.checkPart(e.def.RouteAPI, i); err != nil {
			return nil, err
		}
		e.putRouteIntegration(i)
		return result, nil
	})
}

// CreateRouteIntegrationResponse adds a response to an integration; its ID is
// made here.
func (c *Control) CreateRouteIntegrationResponse(ctx context.Context, scope apigw.Scope, api apigw.APIID, integration apigw.RouteIntegrationID, in apigw.RouteIntegrationResponse) (*apigw.RouteIntegrationResponse, error) {
	return changeIntegrationResponses(ctx, c, scope, api, integration, func(i *apigw.RouteIntegration) (_ *apigw.RouteIntegrationResponse, err error) {
		made := cloneRouteIntegrationResponse(&in)
		if made.ID, err = freePartID(c, i.Responses, 7); err != nil {
			return nil, err
		}
		return made, putIntegrationResponse(i, made)
	})
}

// UpdateRouteIntegrationResponse changes a response of an integration.
func (c *Control) UpdateRouteIntegrationResponse(ctx context.Context, scope apigw.Scope, api apigw.APIID, integration apigw.RouteIntegrationID, id apigw.IntegrationResponseID, mutate func(*apigw.RouteIntegrationResponse) error) (*apigw.RouteIntegrationResponse, error) {
	return changeIntegrationResponses(ctx, c, scope, api, integration, func(i *apigw.RouteIntegration) (*apigw.RouteIntegrationResponse, error) {
		old, ok := i.Responses[id]
		if !ok {
			return nil, unknownIntegrationResponse(id)
		}
		changed := cloneRouteIntegrationResponse(old)
		if err := mutate(changed); err != nil {
			return nil, err
		}
		changed.ID = id
		return changed, putIntegrationResponse(i, changed)
	})
}

// putIntegrationResponse puts a response into an integration, on $default or a
// pattern between slashes (API Gateway V2 reference, IntegrationResponse).
func putIntegrationResponse(i *apigw.RouteIntegration, response *apigw.RouteIntegrationResponse) error {
	key := response.Key
	if pattern := len(key) > 2 && strings.HasPrefix(key, "/") && strings.HasSuffix(key, "/"); key != apigw.DefaultRoute && !pattern {
		return apigw.Errorf(apigw.BadRequest, "Invalid integrationResponseKey specified: %s. It should be $default or a pattern between slashes", key)
	}
	for _, other := range i.Responses {
		if other.ID != response.ID && other.Key == key {
			return apigw.Errorf(apigw.Conflict, "Integration response with key %s already exists for this integration", key)
		}
	}
	if err := checkContentHandling(response.ContentHandling); err != nil {
		return err
	}
	i.Responses[response.ID] = response
	if err := within("integration responses", len(i.Responses), maxResponses); err != nil {
		return err
	}
	return checkRouteTemplates(response.ResponseTemplates)
}

// DeleteRouteIntegrationResponse removes a response of an integration.
func (c *Control) DeleteRouteIntegrationResponse(ctx context.Context, scope apigw.Scope, api apigw.APIID, integration apigw.RouteIntegrationID, id apigw.IntegrationResponseID) error {
	_, err := changeIntegrationResponses(ctx, c, scope, api, integration, func(i *apigw.RouteIntegration) (*apigw.RouteIntegrationResponse, error) {
		if i.Responses[id] == nil {
			return nil, unknownIntegrationResponse(id)
		}
		delete(i.Responses, id)
		return nil, nil
	})
	return err
}

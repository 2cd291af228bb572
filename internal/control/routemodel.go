package control

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// maxRouteSchema is the most characters of a schema or template (API Gateway
// V2 reference, Model).
const maxRouteSchema = 32768

var unknownRouteModel = unknownPartOf[apigw.RouteModelID]("Model")

func modelsOf(def *apigw.Definition) map[apigw.RouteModelID]*apigw.RouteModel { return def.RouteModels }

// RouteModel returns one model.
func (c *Control) RouteModel(ctx context.Context, scope apigw.Scope, api apigw.APIID, id apigw.RouteModelID) (*apigw.RouteModel, error) {
	return part(ctx, c, scope, api, id, modelsOf, unknownRouteModel)
}

// RouteModels lists an API's models by ID.
func (c *Control) RouteModels(ctx context.Context, scope apigw.Scope, api apigw.APIID) ([]*apigw.RouteModel, error) {
	return parts(ctx, c, scope, api, modelsOf)
}

// CreateRouteModel adds a model to a WebSocket API; its ID is made here.
func (c *Control) CreateRouteModel(ctx context.Context, scope apigw.Scope, api apigw.APIID, m apigw.RouteModel) (*apigw.RouteModel, error) {
	ref := routesRef(scope, api)
	return mutated(ctx, c, ref, ref.unknownAPI(), func(e *edit) (_ *apigw.RouteModel, err error) {
		made := m
		if err := checkRouteModel(e.def, &made, ""); err != nil {
			return nil, err
		}
		if err := within("Models", len(e.def.RouteModels)+1, e.c.limits.RouteModels); err != nil {
			return nil, err
		}
		if made.ID, err = freePartID(e.c, e.def.RouteModels, 6); err != nil {
			return nil, err
		}
		e.putRouteModel(&made)
		return &made, nil
	})
}

// UpdateRouteModel changes a model.
func (c *Control) UpdateRouteModel(ctx context.Context, scope apigw.Scope, api apigw.APIID, id apigw.RouteModelID, mutate func(*apigw.RouteModel) error) (*apigw.RouteModel, error) {
	ref := routesRef(scope, api)
	return mutated(ctx, c, ref, ref.unknownAPI(), func(e *edit) (*apigw.RouteModel, error) {
		old, ok := e.def.RouteModels[id]
		if !ok {
			return nil, unknownRouteModel(id)
		}
		changed := *old
		if err := mutate(&changed); err != nil {
			return nil, err
		}
		changed.ID = old.ID
		if err := checkRouteModel(e.def, &changed, old.Name); err != nil {
			return nil, err
		}
		e.putRouteModel(&changed)
		return &changed, nil
	})
}

// DeleteRouteModel removes a model that no route uses.
func (c *Control) DeleteRouteModel(ctx context.Context, scope apigw.Scope, api apigw.APIID, id apigw.RouteModelID) error {
	ref := routesRef(scope, api)
	return c.mutate(ctx, ref, ref.unknownAPI(), func(e *edit) error {
		m, ok := e.def.RouteModels[id]
		if !ok {
			return unknownRouteModel(id)
		}
		if user := routeModelUser(e.def, m.Name); user != nil {
			return apigw.Errorf(apigw.Conflict, "Cannot delete model '%s', is referenced in route: %s", m.Name, user.Key)
		}
		e.deleteRouteModel(id)
		return nil
	})
}

// routeModelUser is the first route, by key, that names a model; nil: there is
// none.
func routeModelUser(def *apigw.Definition, name string) *apigw.Route {
	for _, r := range routesByKey(def) {
		if slices.Contains(slices.Collect(maps.Values(r.RequestModels)), name) {
			return r
		}
		for _, response := range r.Responses {
			if slices.Contains(slices.Collect(maps.Values(response.ResponseModels)), name) {
				return r
			}
		}
	}
	return nil
}

// checkRouteModel holds a model to its rules; was is the name it had.
func checkRouteModel(def *apigw.Definition, m *apigw.RouteModel, was string) error {
	if err := webSocketOnly(def.RouteAPI, "Models"); err != nil {
		return err
	}
	switch {
	case !alphanumeric.MatchString(m.Name) || len(m.Name) > 128:
		return apigw.Errorf(apigw.BadRequest, "Model name must be alphanumeric: %s", m.Name)
	case len(m.Description) > 1024:
		return tooLong("Description", len(m.Description), 1024)
	case len(m.Schema) > maxRouteSchema:
		return tooLong("Schema", len(m.Schema), maxRouteSchema)
	case !json.Valid([]byte(m.Schema)):
		return apigw.Errorf(apigw.BadRequest, "Invalid model schema specified")
	}
	if m.Name == was {
		return nil
	}
	for _, other := range def.RouteModels {
		if other.Name == m.Name {
			return apigw.Errorf(apigw.Conflict, "Model name already exists for this API")
		}
	}
	if was != "" && routeModelUser(def, was) != nil {
		return apigw.Errorf(apigw.Conflict, "Cannot rename model '%s', is referenced in route: %s", was, routeModelUser(def, was).Key)
	}
	return nil
}

func tooLong(what string, n, most int) *apigw.Error {
	return apigw.Errorf(apigw.BadRequest, "%s has %d characters, %d at most", what, n, most)
}

// webSocketOnly refuses for HTTP APIs what only WebSocket APIs have.
func webSocketOnly(api *apigw.RouteAPI, what string) error {
	if api.Protocol == apigw.ProtocolWebSocket {
		return nil
	}
	return apigw.Errorf(apigw.BadRequest, "%s are not supported on protocolType %s", what, api.Protocol)
}

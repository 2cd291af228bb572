package control

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/openapi"
)

// ImportChecks are what openapi.ParseHTTP checks the parts of a document with,
// so that what a management call refuses is left out with a warning, as on AWS.
func (c *Control) ImportChecks() openapi.HTTPChecks {
	return openapi.HTTPChecks{Integration: c.checkRouteIntegration, Authorizer: checkRouteAuthorizer}
}

// ImportRouteAPI makes an HTTP API of a definition that wasn't stored: its
// identifiers only tie its parts together, and those that are stored are drawn
// here. It has no stages yet.
func (c *Control) ImportRouteAPI(ctx context.Context, scope apigw.Scope, def *apigw.Definition) (*apigw.RouteAPI, error) {
	made, err := c.importedRoutes(scope, def)
	if err != nil {
		return nil, err
	}
	return c.createRouteDefinition(ctx, scope, made, nil, nil)
}

// importedRoutes is def as it can be stored.
func (c *Control) importedRoutes(scope apigw.Scope, def *apigw.Definition) (*apigw.Definition, error) {
	api := cloneRouteAPI(def.RouteAPI)
	api.Created = c.seconds()
	if err := checkImported(api); err != nil {
		return nil, err
	}
	e := newEdit(c, &snapshot{ref: apiRef{scope: scope, kind: routesKind}, def: newRouteDefinition(scope, *api)})
	return e.def, e.addImported(def)
}

// ReplaceRouteAPI puts a definition in place of everything that an HTTP API
// has but its ID, its stages and, unless the definition has some, its tags:
// all at once or nothing. A route whose key stays keeps its ID. Stages that
// deploy by themselves serve it when the call returns.
func (c *Control) ReplaceRouteAPI(ctx context.Context, scope apigw.Scope, id apigw.APIID, def *apigw.Definition) (*apigw.RouteAPI, error) {
	ref := routesRef(scope, id)
	return mutatedAlone(ctx, c, ref, ref.unknownAPI(), func(e *edit) (*apigw.RouteAPI, error) {
		err := e.replaceRoutes(def)
		return e.def.RouteAPI, err
	})
}

// replaceRoutes is what ReplaceRouteAPI does.
func (e *edit) replaceRoutes(def *apigw.Definition) error {
	old := e.def.RouteAPI
	if err := checkReimport(old); err != nil {
		return err
	}
	api := cloneRouteAPI(def.RouteAPI)
	api.ID, api.Created, api.IPAddressType, api.Managed = old.ID, old.Created, old.IPAddressType, old.Managed
	api.Name = cmp.Or(api.Name, old.Name)
	if len(api.Tags) == 0 {
		api.Tags = old.Tags
	}
	if err := checkImported(api); err != nil {
		return err
	}
	e.putRouteAPI(api)
	kept := map[string]apigw.RouteID{}
	for id, r := range e.def.Routes {
		kept[r.Key] = id
		e.deleteRoute(id)
	}
	for id := range e.def.RouteIntegrations {
		e.deleteRouteIntegration(id)
	}
	for id := range e.def.RouteAuthorizers {
		e.deleteRouteAuthorizer(id)
	}
	if err := e.addImported(def); err != nil {
		return err
	}
	e.keepRouteIDs(kept)
	return nil
}

func checkReimport(api *apigw.RouteAPI) error {
	if api.Protocol != apigw.ProtocolHTTP {
		return apigw.Errorf(apigw.BadRequest, "Import is not supported on protocolType %s", api.Protocol)
	}
	return nil
}

func checkImported(api *apigw.RouteAPI) error {
	api.Protocol = cmp.Or(api.Protocol, apigw.ProtocolHTTP)
	if err := checkReimport(api); err != nil {
		return err
	}
	return checkRouteAPI(api)
}

// addImported puts the parts of def, with IDs of their own.
func (e *edit) addImported(def *apigw.Definition) error {
	integrations := map[apigw.RouteIntegrationID]apigw.RouteIntegrationID{}
	authorizers := map[apigw.AuthorizerID]apigw.AuthorizerID{}
	for _, id := range slices.Sorted(maps.Keys(def.RouteIntegrations)) {
		i := cloneRouteIntegration(def.RouteIntegrations[id])
		i.ID = ""
		if err := e.addRouteIntegration(i); err != nil {
			return ofDocument("integration of "+integrationPlace(def, id), err)
		}
		integrations[id] = i.ID
	}
	for _, id := range slices.Sorted(maps.Keys(def.RouteAuthorizers)) {
		a := cloneRouteAuthorizer(def.RouteAuthorizers[id])
		a.ID = ""
		if err := e.addRouteAuthorizer(a); err != nil {
			return ofDocument("authorizer "+a.Name, err)
		}
		authorizers[id] = a.ID
	}
	for _, route := range routesByKey(def) {
		r := cloneRoute(route)
		r.ID = ""
		if err := tie(&r.Target, integrations, "integration", r.Key); err != nil {
			return err
		}
		if err := tie(&r.AuthorizerID, authorizers, "authorizer", r.Key); err != nil {
			return err
		}
		if err := e.addRoute(r); err != nil {
			return ofDocument("route "+r.Key, err)
		}
	}
	return nil
}

// tie replaces the identifier that a part had in a definition by its own.
func tie[K ~string](id *K, drawn map[K]K, what, key string) error {
	if *id == "" {
		return nil
	}
	own, ok := drawn[*id]
	if !ok {
		return fmt.Errorf("the definition of route %s refers to %s %s, which it doesn't have", key, what, *id)
	}
	*id = own
	return nil
}

// integrationPlace is the key of the first route that calls an integration.
func integrationPlace(def *apigw.Definition, id apigw.RouteIntegrationID) string {
	for _, r := range routesByKey(def) {
		if r.Target == id {
			return r.Key
		}
	}
	return string(id)
}

// ofDocument says what of a document an error is of.
func ofDocument(what string, err error) error {
	if apigw.KindOf(err) != apigw.BadRequest && apigw.KindOf(err) != apigw.Conflict {
		return err
	}
	return openapi.ImportFailure([]string{fmt.Sprintf("Unable to create %s: %s", what, message(err))}, nil)
}

// keepRouteIDs gives routes whose key was there before the ID of that one.
func (e *edit) keepRouteIDs(kept map[string]apigw.RouteID) {
	for _, r := range routesByKey(e.def) {
		id, ok := kept[r.Key]
		if !ok || e.def.Routes[id] != nil {
			continue
		}
		e.deleteRoute(r.ID)
		same := cloneRoute(r)
		same.ID = id
		e.putRoute(same)
	}
}

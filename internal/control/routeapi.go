package control

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// The functions for APIs of routes, HTTP and WebSocket APIs. An update takes a
// function that changes a copy as it likes; what it leaves is checked and
// stored, or refused as a whole.

// NewRouteAPI is what CreateApi takes.
type NewRouteAPI struct {
	// API gives the settings; its ID and Created are made here. Empty
	// selection expressions and IPAddressType take AWS's defaults.
	API apigw.RouteAPI
	// Quick makes the API whole; nil: it begins empty.
	Quick *QuickCreate
}

// CreateRouteAPI makes an API of routes, with a quick creation also its
// integration, route and stage, in one transaction.
func (c *Control) CreateRouteAPI(ctx context.Context, scope apigw.Scope, in NewRouteAPI) (*apigw.RouteAPI, error) {
	api := in.API
	api.Created = c.seconds()
	if err := checkRouteAPI(&api); err != nil {
		return nil, err
	}
	def := newRouteDefinition(scope, api)
	var stages []*apigw.Stage
	if in.Quick != nil {
		stage, err := c.quickParts(def, *in.Quick)
		if err != nil {
			return nil, err
		}
		stages = append(stages, stage)
	}
	return c.createRouteDefinition(ctx, scope, def, stages, nil)
}

// createRouteDefinition stores def under a new ID, with stages that deploy it
// and what finish, if any, adds to the edit. What can't be deployed isn't made.
func (c *Control) createRouteDefinition(ctx context.Context, scope apigw.Scope, def *apigw.Definition, stages []*apigw.Stage, finish func(*edit) error) (*apigw.RouteAPI, error) {
	var made *snapshot
	err := c.withNewID(scope, routesKind, func(ref apiRef) (err error) {
		made, err = c.tryCreateRoutes(ctx, ref, def, stages, finish)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(stages) > 0 {
		c.shown(ctx, made.tree.Revision())
	}
	return made.def.RouteAPI, nil
}

func (c *Control) tryCreateRoutes(ctx context.Context, ref apiRef, def *apigw.Definition, stages []*apigw.Stage, finish func(*edit) error) (*snapshot, error) {
	e := newCreation(c, ref, def)
	err := e.run(func(e *edit) error {
		api := *e.def.RouteAPI
		api.ID = ref.api
		e.putRouteAPI(&api)
		e.touchAll()
		if finish == nil {
			return nil
		}
		return finish(e)
	})
	if err != nil {
		return nil, err
	}
	known, err := c.noteScope(ctx, ref.scope)
	if err != nil {
		return nil, err
	}
	r := &redeployment{c: c, ref: ref, guard: guard{key: ref.key(KeyGuard), says: ref.guardState()}, strict: true}
	for _, s := range stages {
		stage := cloneStage(s)
		stage.APIID = ref.api
		r.due = append(r.due, stageAt{stage: stage})
	}
	s, err := e.store(ctx, func(t *store.Tree) (store.Txn, error) {
		txn, err := r.txn(t, e.def)
		txn.Ops = append(append(txn.Ops, known...), e.ops...)
		return txn, err
	})
	if err == nil {
		c.cache.put(s)
	}
	return s, err
}

// RouteAPI returns one API's settings.
func (c *Control) RouteAPI(ctx context.Context, scope apigw.Scope, id apigw.APIID) (*apigw.RouteAPI, error) {
	def, err := c.RouteDefinition(ctx, scope, id)
	if err != nil {
		return nil, err
	}
	return def.RouteAPI, nil
}

// RouteDefinition returns an API of routes as it is being edited. It is not to
// be changed.
func (c *Control) RouteDefinition(ctx context.Context, scope apigw.Scope, id apigw.APIID) (*apigw.Definition, error) {
	ref := routesRef(scope, id)
	s, err := c.view(ctx, ref, ref.unknownAPI())
	if err != nil {
		return nil, err
	}
	return s.def, nil
}

// RouteAPIs lists at most limit APIs of a scope (0: all), by ID, from the one
// behind after on. More says whether there are others.
func (c *Control) RouteAPIs(ctx context.Context, scope apigw.Scope, after apigw.APIID, limit int) (list []*apigw.RouteAPI, more bool, err error) {
	heads, more, err := c.heads(ctx, scope, routesKind, after, limit)
	for _, def := range heads {
		list = append(list, def.RouteAPI)
	}
	return list, more, err
}

// UpdateRouteAPI changes an API's settings.
func (c *Control) UpdateRouteAPI(ctx context.Context, scope apigw.Scope, id apigw.APIID, mutate func(*apigw.RouteAPI) error) (*apigw.RouteAPI, error) {
	return c.UpdateQuickRouteAPI(ctx, scope, id, QuickCreate{}, mutate)
}

// UpdateQuickRouteAPI is UpdateRouteAPI that also changes what the API was
// quickly created with; what is empty of quick stays.
func (c *Control) UpdateQuickRouteAPI(ctx context.Context, scope apigw.Scope, id apigw.APIID, quick QuickCreate, mutate func(*apigw.RouteAPI) error) (*apigw.RouteAPI, error) {
	ref := routesRef(scope, id)
	return mutated(ctx, c, ref, ref.unknownAPI(), func(e *edit) (*apigw.RouteAPI, error) {
		old := e.def.RouteAPI
		api := cloneRouteAPI(old)
		if err := mutate(api); err != nil {
			return nil, err
		}
		api.ID, api.Created, api.Protocol = old.ID, old.Created, old.Protocol
		if err := checkRouteAPI(api); err != nil {
			return nil, err
		}
		if err := e.quickChange(quick); err != nil {
			return nil, err
		}
		e.putRouteAPI(api)
		return api, nil
	})
}

// DeleteRouteAPI removes an API with everything under it. One that a domain
// name is mapped to stays.
func (c *Control) DeleteRouteAPI(ctx context.Context, scope apigw.Scope, id apigw.APIID) error {
	return c.deleteAPI(ctx, routesRef(scope, id))
}

// part returns one part of an API of routes, of the map that of gives.
func part[K ~string, V any](ctx context.Context, c *Control, scope apigw.Scope, api apigw.APIID, id K, of func(*apigw.Definition) map[K]*V, unknown func(K) *apigw.Error) (*V, error) {
	def, err := c.RouteDefinition(ctx, scope, api)
	if err != nil {
		return nil, err
	}
	v, ok := of(def)[id]
	if !ok {
		return nil, unknown(id)
	}
	return v, nil
}

// parts lists the parts of an API of routes by ID.
func parts[K ~string, V any](ctx context.Context, c *Control, scope apigw.Scope, api apigw.APIID, of func(*apigw.Definition) map[K]*V) ([]*V, error) {
	def, err := c.RouteDefinition(ctx, scope, api)
	if err != nil {
		return nil, err
	}
	return byID(of(def)), nil
}

func byID[K cmp.Ordered, V any](m map[K]*V) []*V {
	list := make([]*V, 0, len(m))
	for _, id := range slices.Sorted(maps.Keys(m)) {
		list = append(list, m[id])
	}
	return list
}

// freePartID draws an ID that no part in m has.
func freePartID[K ~string, V any](c *Control, m map[K]*V, n int) (K, error) {
	id, err := c.freeID(n, func(id string) bool { return m[K(id)] != nil })
	return K(id), err
}

func unknownPartOf[K ~string](what string) func(K) *apigw.Error {
	return func(id K) *apigw.Error {
		return apigw.Errorf(apigw.NotFound, "Invalid %s identifier specified %s", what, id)
	}
}

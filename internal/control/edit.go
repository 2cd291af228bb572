package control

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// edit is a working copy of a definition. Its values are shared with the
// snapshot it began from: a change puts a new value, it never writes into an
// old one.
type edit struct {
	c     *Control
	ref   apiRef
	base  *snapshot
	def   *apigw.Definition // its maps are own once they are in owned
	owned map[string]bool   // kinds of entries
	api   bool              // the API's own settings were changed
	// values are what changed since base as it will be stored; nil: removed.
	values map[store.EntryKey][]byte
	ops    []store.Op // stored together with a creation

	undo    []func()         // of the change that runs
	touched []store.EntryKey // by the change that runs
}

func newEdit(c *Control, s *snapshot) *edit {
	def := *s.def
	return &edit{c: c, ref: s.ref, base: s, def: &def,
		owned: map[string]bool{}, values: map[store.EntryKey][]byte{}}
}

// newCreation begins a definition that isn't stored yet. Def may be shared.
func newCreation(c *Control, ref apiRef, def *apigw.Definition) *edit {
	e := newEdit(c, &snapshot{ref: ref, def: def})
	e.api = true
	return e
}

// touchAll marks every entry as changed.
func (e *edit) touchAll() {
	touch(e, e.def.Resources, entryResource)
	touch(e, e.def.Authorizers, entryAuthorizer)
	touch(e, e.def.Models, entryModel)
	touch(e, e.def.Validators, entryValidator)
	touch(e, e.def.GatewayResponses, entryGatewayResponse)
	touch(e, e.def.Routes, entryRoute)
	touch(e, e.def.RouteIntegrations, entryRouteIntegration)
	touch(e, e.def.RouteAuthorizers, entryRouteAuthorizer)
	touch(e, e.def.RouteModels, entryRouteModel)
	touch(e, e.def.DocumentationVersions, entryDocumentationVersion)
	if len(e.def.Documentation) > 0 {
		e.touched = append(e.touched, store.EntryKey{Kind: entryDocumentation, ID: documentationID})
	}
}

func touch[K ~string, V any](e *edit, m map[K]*V, kind string) {
	for id := range m {
		e.touched = append(e.touched, store.EntryKey{Kind: kind, ID: string(id)})
	}
}

// run applies one change; what a refused one did is undone.
func (e *edit) run(apply func(*edit) error) error {
	e.undo, e.touched = e.undo[:0], e.touched[:0]
	err := recovered(func() error { return apply(e) })
	if err == nil {
		err = e.encode()
	}
	if err != nil {
		for _, undo := range slices.Backward(e.undo) {
			undo()
		}
	}
	return err
}

// encode notes the stored form of what the change touched.
func (e *edit) encode() error {
	values := make(map[store.EntryKey][]byte, len(e.touched))
	for _, k := range e.touched {
		value, err := encodeEntry(e.def, k)
		if err != nil {
			return fmt.Errorf("encode %s %s of API %s: %w", k.Kind, k.ID, e.ref.api, err)
		}
		if len(value) > e.c.limits.EntryBytes {
			return apigw.Errorf(apigw.LimitExceeded, "The %s %s is too large: %d bytes with all it holds, %d at most",
				k.Kind, k.ID, len(value), e.c.limits.EntryBytes)
		}
		values[k] = value
	}
	maps.Copy(e.values, values)
	return nil
}

// commit stores what was changed and returns the snapshot it makes; without
// a change the one it began from. It also deploys what was changed unless
// deploy is nil; deployed says whether it did.
func (e *edit) commit(ctx context.Context, deploy *redeployment) (next *snapshot, deployed bool, err error) {
	if changes, _ := e.changes(); len(changes) == 0 && !e.api {
		return e.base, false, nil
	}
	next, err = e.store(ctx, func(t *store.Tree) (txn store.Txn, err error) {
		if deploy != nil {
			txn, err = deploy.txn(t, e.def)
		}
		deployed = len(txn.Ops) > 0
		return txn, err
	})
	return next, deployed, err
}

// create stores a new definition together with ops.
func (e *edit) create(ctx context.Context, ops []store.Op) (*snapshot, error) {
	return e.store(ctx, func(*store.Tree) (store.Txn, error) {
		return store.Txn{Ops: append(ops, e.ops...)}, nil
	})
}

// store writes what was changed together with extra.
func (e *edit) store(ctx context.Context, extra func(*store.Tree) (store.Txn, error)) (*snapshot, error) {
	meta, err := encodeMeta(e.def)
	if err != nil {
		return nil, fmt.Errorf("encode API %s: %w", e.ref.api, err)
	}
	changes, bytes := e.changes()
	tree, err := e.c.store.WriteTreeWith(ctx, e.ref.base(), e.base.tree, meta, changes, extra)
	if err != nil {
		return nil, err
	}
	return newSnapshot(e.ref, e.def, tree, e.base.bytes+bytes), nil
}

func (e *edit) changes() (changes []store.Change, bytes int) {
	for k, value := range e.values {
		if value == nil && !e.base.has(k) {
			continue
		}
		changes = append(changes, store.Change{EntryKey: k, Value: value})
		bytes += len(value)
	}
	return changes, bytes
}

// putRouteAPI replaces the settings of an API of routes.
func (e *edit) putRouteAPI(api *apigw.RouteAPI) {
	old, was := e.def.RouteAPI, e.api
	e.undo = append(e.undo, func() { e.def.RouteAPI, e.api = old, was })
	e.def.RouteAPI, e.api = api, true
}

func (e *edit) putRoute(r *apigw.Route) { put(e, &e.def.Routes, entryRoute, r.ID, r) }

func (e *edit) deleteRoute(id apigw.RouteID) { put(e, &e.def.Routes, entryRoute, id, nil) }

func (e *edit) putRouteIntegration(i *apigw.RouteIntegration) {
	put(e, &e.def.RouteIntegrations, entryRouteIntegration, i.ID, i)
}

func (e *edit) deleteRouteIntegration(id apigw.RouteIntegrationID) {
	put(e, &e.def.RouteIntegrations, entryRouteIntegration, id, nil)
}

func (e *edit) putRouteAuthorizer(a *apigw.RouteAuthorizer) {
	put(e, &e.def.RouteAuthorizers, entryRouteAuthorizer, a.ID, a)
}

func (e *edit) deleteRouteAuthorizer(id apigw.AuthorizerID) {
	put(e, &e.def.RouteAuthorizers, entryRouteAuthorizer, id, nil)
}

func (e *edit) putRouteModel(m *apigw.RouteModel) {
	put(e, &e.def.RouteModels, entryRouteModel, m.ID, m)
}

func (e *edit) deleteRouteModel(id apigw.RouteModelID) {
	put(e, &e.def.RouteModels, entryRouteModel, id, nil)
}

// putAPI replaces the API's own settings.
func (e *edit) putAPI(api apigw.RestAPI) {
	old, was := e.def.API, e.api
	e.undo = append(e.undo, func() { e.def.API, e.api = old, was })
	e.def.API, e.api = api, true
}

func (e *edit) putResource(r *apigw.Resource) {
	put(e, &e.def.Resources, entryResource, r.ID, r)
}

func (e *edit) deleteResource(id apigw.ResourceID) {
	put(e, &e.def.Resources, entryResource, id, nil)
}

func (e *edit) putAuthorizer(a *apigw.Authorizer) {
	put(e, &e.def.Authorizers, entryAuthorizer, a.ID, a)
}

func (e *edit) deleteAuthorizer(id apigw.AuthorizerID) {
	put(e, &e.def.Authorizers, entryAuthorizer, id, nil)
}

func (e *edit) putModel(m *apigw.Model) { put(e, &e.def.Models, entryModel, m.Name, m) }

func (e *edit) deleteModel(name apigw.ModelName) {
	put(e, &e.def.Models, entryModel, name, nil)
}

func (e *edit) putValidator(v *apigw.RequestValidator) {
	put(e, &e.def.Validators, entryValidator, v.ID, v)
}

func (e *edit) deleteValidator(id apigw.ValidatorID) {
	put(e, &e.def.Validators, entryValidator, id, nil)
}

func (e *edit) putGatewayResponse(r *apigw.GatewayResponse) {
	put(e, &e.def.GatewayResponses, entryGatewayResponse, r.Type, r)
}

func (e *edit) deleteGatewayResponse(kind string) {
	put(e, &e.def.GatewayResponses, entryGatewayResponse, kind, nil)
}

// putDocumentation replaces all documentation parts.
func (e *edit) putDocumentation(parts map[string]*apigw.DocumentationPart) {
	old := e.def.Documentation
	e.undo = append(e.undo, func() { e.def.Documentation = old })
	e.def.Documentation = parts
	e.touched = append(e.touched, store.EntryKey{Kind: entryDocumentation, ID: documentationID})
}

func (e *edit) putDocumentationVersion(v *apigw.DocumentationVersion) {
	put(e, &e.def.DocumentationVersions, entryDocumentationVersion, v.Version, v)
}

func (e *edit) deleteDocumentationVersion(version string) {
	put(e, &e.def.DocumentationVersions, entryDocumentationVersion, version, nil)
}

// put replaces, or with a nil v removes, one value of one of the maps.
func put[K ~string, V any](e *edit, m *map[K]*V, kind string, id K, v *V) {
	if !e.owned[kind] {
		*m = maps.Clone(*m)
		e.owned[kind] = true
	}
	own := *m
	old, had := own[id]
	e.undo = append(e.undo, func() {
		if had {
			own[id] = old
		} else {
			delete(own, id)
		}
	})
	if v == nil {
		delete(own, id)
	} else {
		own[id] = v
	}
	e.touched = append(e.touched, store.EntryKey{Kind: kind, ID: string(id)})
}

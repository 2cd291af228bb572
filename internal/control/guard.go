package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// A guard record stands beside every API and is written with every change of
// its stages and deployments. Whoever makes such a change holds it to the
// guard's revision, so that two nodes can't, say, delete a deployment and
// point a stage to it at once, nor make a stage for an API that is going.
type guard struct {
	key      string
	revision int64
	says     guardState
}

// guardState is what a guard record says beside that something changed.
type guardState struct {
	Routes bool `json:"routes,omitempty"` // it is an API of routes
	// Automatic are the deployments of an API of routes that were made because
	// something of it changed, the latest last.
	Automatic []apigw.DeploymentID `json:"automatic,omitempty"`
}

func (s guardState) kind() apiKind {
	if s.Routes {
		return routesKind
	}
	return restKind
}

// forget: a deployment isn't there any more.
func (s *guardState) forget(id apigw.DeploymentID) {
	s.Automatic = slices.DeleteFunc(s.Automatic, func(other apigw.DeploymentID) bool { return other == id })
}

// guardValue is the value of records that say nothing by their value.
var guardValue = []byte("{}")

func (s guardState) encode() []byte {
	raw, _ := json.Marshal(s) // can't fail
	return raw
}

func guardOp(ref apiRef) store.Op { return guard{key: ref.key(KeyGuard), says: ref.guardState()}.op() }

func (r apiRef) guardState() guardState { return guardState{Routes: r.kind == routesKind} }

// guard reads an API's guard; NotFound when there is no such API of the kind
// that ref means.
func (c *Control) guard(ctx context.Context, ref apiRef) (guard, error) {
	r, err := c.store.Get(ctx, ref.key(KeyGuard))
	if errors.Is(err, store.ErrNotFound) {
		return guard{}, ref.unknownAPI()
	}
	if err != nil {
		return guard{}, err
	}
	g := guard{key: r.Key, revision: r.Revision}
	if err := json.Unmarshal(r.Value, &g.says); err != nil {
		return guard{}, fmt.Errorf("read %s: %w", r.Key, err)
	}
	if !ref.kind.means(g.says.kind()) {
		return guard{}, ref.unknownAPI()
	}
	return g, nil
}

// unchanged is the condition that nothing was changed since the guard was
// read.
func (g guard) unchanged() store.Condition {
	return store.Condition{Key: g.key, Revision: g.revision}
}

// op notes that something changes.
func (g guard) op() store.Op { return store.Op{Key: g.key, Value: g.says.encode()} }

// with begins a transaction that holds only while nothing was changed since
// the guard was read, and the conditions hold too.
func (g guard) with(conditions ...store.Condition) store.Txn {
	return store.Txn{
		If:  append([]store.Condition{g.unchanged()}, conditions...),
		Ops: []store.Op{g.op()},
	}
}

// orUnknown replaces an unknown API by what the call looks up by composite
// key.
func orUnknown(err error, unknown *apigw.Error) error {
	if err != nil && apigw.KindOf(err) == apigw.NotFound {
		return unknown
	}
	return err
}

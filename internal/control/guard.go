package control

import (
	"context"
	"errors"

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
}

var guardValue = []byte("{}")

func guardOp(ref apiRef) store.Op { return store.Op{Key: ref.key(KeyGuard), Value: guardValue} }

// guard reads an API's guard; NotFound when there is no such API.
func (c *Control) guard(ctx context.Context, ref apiRef) (guard, error) {
	r, err := c.store.Get(ctx, ref.key(KeyGuard))
	if errors.Is(err, store.ErrNotFound) {
		return guard{}, ref.unknownAPI()
	}
	return guard{key: r.Key, revision: r.Revision}, err
}

// with begins a transaction that holds only while nothing was changed since
// the guard was read, and the conditions hold too.
func (g guard) with(conditions ...store.Condition) store.Txn {
	return store.Txn{
		If:  append([]store.Condition{{Key: g.key, Revision: g.revision}}, conditions...),
		Ops: []store.Op{{Key: g.key, Value: guardValue}},
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

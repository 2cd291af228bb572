package control

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

const (
	// mostOperations is how many operations are kept of an account and region, the
	// latest; AWS doesn't say how many it keeps.
	mostOperations = 1000
	// tidyOperations is how many operations are noted between two looks for old ones.
	tidyOperations = 64
)

// Types of operations (Cloud Map reference, Operation).
const (
	opCreateNamespace    = "CREATE_NAMESPACE"
	opDeleteNamespace    = "DELETE_NAMESPACE"
	opUpdateNamespace    = "UPDATE_NAMESPACE"
	opUpdateService      = "UPDATE_SERVICE"
	opRegisterInstance   = "REGISTER_INSTANCE"
	opDeregisterInstance = "DEREGISTER_INSTANCE"
)

// newOperation makes the record of an operation, which is done when it is
// stored: with the change that it is of. The ID ends in the time, as AWS's do.
func (c *Control) newOperation(kind string, targets map[string]string) (*apigw.RegistryOperation, error) {
	id, err := c.newID(32)
	if err != nil {
		return nil, err
	}
	now := c.now().UTC()
	return &apigw.RegistryOperation{
		ID: id + "-" + strconv.FormatInt(now.UnixMilli(), 36), Type: kind, Status: "SUCCESS", Created: now, Targets: targets,
	}, nil
}

// operationKey orders operations by their time.
func operationKey(scope apigw.Scope, id string) string {
	random, at, _ := strings.Cut(id, "-")
	return kindPrefix(scope, KeyRegistryOperation) + segment(at) + "-" + segment(random)
}

func operationOp(scope apigw.Scope, o *apigw.RegistryOperation) (store.Op, error) {
	return putOp(operationKey(scope, o.ID), o)
}

// RegistryOperation returns one operation.
func (c *Control) RegistryOperation(ctx context.Context, scope apigw.Scope, id string) (*apigw.RegistryOperation, error) {
	o, err := readStored[apigw.RegistryOperation](ctx, c, operationKey(scope, id))
	if err == nil && (o.value == nil || o.value.ID != id) {
		return nil, apigw.Coded(apigw.NotFound, "OperationNotFound", "Operation %.300s not found.", id)
	}
	return o.value, storeError(err)
}

// RegistryOperations lists the operations that are kept, by their time.
func (c *Control) RegistryOperations(ctx context.Context, scope apigw.Scope) ([]*apigw.RegistryOperation, error) {
	list, err := listRecords[apigw.RegistryOperation](ctx, c, kindPrefix(scope, KeyRegistryOperation))
	return list, storeError(err)
}

// noteOperation removes old operations now and then. That one was noted is
// stored already: an error costs nothing but room, and is logged.
func (c *Control) noteOperation(ctx context.Context, scope apigw.Scope) {
	if c.operations.Add(1)%tidyOperations != 1 {
		return
	}
	if err := c.tidyOperations(ctx, scope); err != nil && ctx.Err() == nil && !errors.Is(err, store.ErrConflict) {
		c.log.Warn("old operations of the service registry can't be removed; trying again later", "error", err)
	}
}

func (c *Control) tidyOperations(ctx context.Context, scope apigw.Scope) error {
	records, _, _, err := c.store.List(ctx, kindPrefix(scope, KeyRegistryOperation), "", 0)
	if err != nil {
		return err
	}
	for old := records[:max(0, len(records)-mostOperations)]; len(old) > 0; {
		n := min(len(old), store.MaxOps)
		var txn store.Txn
		for _, r := range old[:n] {
			txn.Ops = append(txn.Ops, store.Op{Key: r.Key})
		}
		if _, err := c.store.Commit(ctx, txn); err != nil {
			return err
		}
		old = old[n:]
	}
	return nil
}

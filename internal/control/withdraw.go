package control

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// ServedDefinitions are the names of the definition files that a scope serves,
// as they were given to EnsureFromDefinition, in no order.
func (c *Control) ServedDefinitions(ctx context.Context, scope apigw.Scope) ([]string, error) {
	records, _, _, err := c.store.List(ctx, ScopePrefix(scope)+string(KeyDefinition)+"/", "", 0)
	if err != nil {
		return nil, storeError(err)
	}
	var names []string
	for _, r := range records {
		var rec definitionRecord
		if err := json.Unmarshal(r.Value, &rec); err != nil {
			return nil, fmt.Errorf("decode definition record: %w", err)
		}
		if rec.Hash != "" {
			names = append(names, rec.Name)
		}
	}
	return names, nil
}

// WithdrawDefinition takes down the stage to which a definition file was
// deployed. Its API stays: deployed again, it has the ID and URL that it had.
// A stage that a domain name is mapped to stays, too, and is the error.
func (c *Control) WithdrawDefinition(ctx context.Context, scope apigw.Scope, name string) error {
	key := definitionKey(scope, name)
	rec, err := c.definitionRecord(ctx, key)
	if err != nil || rec.Hash == "" {
		return storeError(err)
	}
	if err := c.deleteServed(ctx, scope, rec); err != nil && apigw.KindOf(err) != apigw.NotFound {
		return err
	}
	rec.Hash = ""
	return storeError(c.putRecord(ctx, key, rec))
}

// deleteServed removes the stage of a record, whose API may be of either kind.
func (c *Control) deleteServed(ctx context.Context, scope apigw.Scope, rec definitionRecord) error {
	err := c.DeleteStage(ctx, scope, rec.API, rec.Stage)
	if apigw.KindOf(err) == apigw.NotFound {
		return c.DeleteRouteStage(ctx, scope, rec.API, rec.Stage)
	}
	return err
}

// leave takes down what a definition file was before it became an API of the
// other kind.
func (c *Control) leave(ctx context.Context, scope apigw.Scope, before definitionRecord) {
	if before.API == "" || before.Stage == "" {
		return
	}
	if err := c.deleteServed(ctx, scope, before); err != nil && apigw.KindOf(err) != apigw.NotFound {
		c.log.Warn("a definition is of another API now; what it was goes on", "definition", before.Name, "api", before.API, "stage", before.Stage, "reason", err)
	}
}

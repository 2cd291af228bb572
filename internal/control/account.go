package control

import (
	"context"
	"errors"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

func accountRecord(scope apigw.Scope) string { return ScopePrefix(scope) + string(KeyAccount) }

// Account is the settings of a scope.
func (c *Control) Account(ctx context.Context, scope apigw.Scope) (*apigw.Account, error) {
	r, err := c.store.Get(ctx, accountRecord(scope))
	if errors.Is(err, store.ErrNotFound) {
		return &apigw.Account{}, nil
	}
	if err != nil {
		return nil, storeError(err)
	}
	a, _, err := decodeRecord[apigw.Account](r)
	return a, storeError(err)
}

// UpdateAccount changes the settings of a scope.
func (c *Control) UpdateAccount(ctx context.Context, scope apigw.Scope, mutate func(*apigw.Account) error) (*apigw.Account, error) {
	var changed *apigw.Account
	err := c.changeScope(ctx, scope, func(s *scopeChange) error {
		a, err := c.Account(ctx, scope)
		if err != nil {
			return err
		}
		if err := mutate(a); err != nil {
			return err
		}
		if role := string(a.CloudWatchRole); role != "" && (!strings.HasPrefix(role, "arn:") || !strings.Contains(role, ":role/")) {
			return apigw.Errorf(apigw.BadRequest, "Invalid ARN specified in the request: %q is no role", role)
		}
		changed = a
		raw, err := encodeRecord(accountRecord(scope), a, nil)
		if err == nil {
			s.set(accountRecord(scope), raw)
		}
		return err
	})
	return changed, err
}

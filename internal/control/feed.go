package control

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// scopeRoot begins the records that note which scopes hold anything:
// /gatehouse/-/-/-/scope/{partition}/{account}/{region}. They let a node
// follow the stages of every scope without reading all the rest.
const scopeRoot = KeyRoot + "-/-/-/scope/"

// maxScopes bounds the scopes: callers name regions.
const maxScopes = 1000

func scopeKey(s apigw.Scope) string {
	return scopeRoot + segment(s.Partition) + "/" + segment(s.Account) + "/" + segment(s.Region)
}

// noteScope returns the write that notes a scope, nil when it is noted.
func (c *Control) noteScope(ctx context.Context, s apigw.Scope) ([]store.Op, error) {
	if _, known := c.scopes.Load(s); known {
		return nil, nil
	}
	key := scopeKey(s)
	_, err := c.store.Get(ctx, key)
	if err == nil {
		c.scopes.Store(s, struct{}{})
		return nil, nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	records, _, _, err := c.store.List(ctx, scopeRoot, "", maxScopes)
	if err != nil {
		return nil, err
	}
	if len(records) >= maxScopes {
		return nil, apigw.Errorf(apigw.LimitExceeded, "APIs are kept for at most %d accounts and regions", maxScopes)
	}
	return []store.Op{{Key: key, Value: guardValue}}, nil
}

// Scopes lists the scopes that hold, or held, anything.
func (c *Control) Scopes(ctx context.Context) ([]apigw.Scope, error) {
	records, _, _, err := c.store.List(ctx, scopeRoot, "", 0)
	if err != nil {
		return nil, storeError(err)
	}
	var list []apigw.Scope
	for _, r := range records {
		if s, ok := parseScope(r.Key); ok {
			list = append(list, s)
		}
	}
	return list, nil
}

// Feed is what a node that serves needs of the store: which stages there are,
// as they change, and the definitions they serve.
type Feed struct{ c *Control }

// Feed returns the view of the data plane.
func (c *Control) Feed() Feed { return Feed{c} }

// Stage decodes a stage record.
func (f Feed) Stage(value []byte) (*apigw.Stage, error) { return DecodeStage(value) }

// Name takes the key of a stage record apart.
func (f Feed) Name(key string) (api, stage string, ok bool) {
	k, ok := ParseKey(key)
	return string(k.API), k.Name, ok && k.Kind == KeyStage
}

// Definition is what deployment dep froze of the API whose stage has this key,
// without its documentation.
func (f Feed) Definition(ctx context.Context, stageKey string, dep apigw.DeploymentID) (*apigw.Definition, error) {
	k, ok := ParseKey(stageKey)
	if !ok || k.Kind != KeyStage {
		return nil, fmt.Errorf("read deployment %s: %q is no stage's key", dep, stageKey)
	}
	def, err := f.c.loadDeployment(ctx, anyRef(k.Scope, k.API), dep)
	if err != nil {
		return nil, err
	}
	def.Documentation, def.DocumentationVersions = nil, nil
	return def, nil
}

// Encode writes a definition for the last good state.
func (f Feed) Encode(def *apigw.Definition) ([]byte, error) { return EncodeDefinition(def) }

// Decode reads what Encode wrote.
func (f Feed) Decode(raw []byte) (*apigw.Definition, error) { return DecodeDefinition(raw) }

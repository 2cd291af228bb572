package control

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
	"github.com/gatehouse/gatehouse/internal/userpool"
)

// PoolRecords keeps what user pools hold (userpool.Records), and tells of it.
// Safe for concurrent use.
type PoolRecords struct {
	c      *Control
	sealer func() (*store.Sealer, error)
	loaded chan struct{}
}

// NewPoolRecords keeps them in c's store. Sealer seals their secrets.
func NewPoolRecords(c *Control, sealer func() (*store.Sealer, error)) *PoolRecords {
	return &PoolRecords{c: c, sealer: sealer, loaded: make(chan struct{})}
}

// Get implements userpool.Records.
func (p *PoolRecords) Get(ctx context.Context, scope apigw.Scope, key string) (userpool.Record, error) {
	r, err := p.c.store.Get(ctx, ScopePrefix(scope)+key)
	if errors.Is(err, store.ErrNotFound) {
		return userpool.Record{Key: key}, nil
	}
	return userpool.Record{Key: key, Value: r.Value, Revision: r.Revision}, storeError(err)
}

// List implements userpool.Records.
func (p *PoolRecords) List(ctx context.Context, scope apigw.Scope, prefix, after string, limit int) ([]userpool.Record, bool, error) {
	own := ScopePrefix(scope)
	if after != "" {
		after = own + after
	}
	records, more, _, err := p.c.store.List(ctx, own+prefix, after, limit)
	if err != nil {
		return nil, false, storeError(err)
	}
	list := make([]userpool.Record, len(records))
	for i, r := range records {
		list[i] = userpool.Record{Key: strings.TrimPrefix(r.Key, own), Value: r.Value, Revision: r.Revision}
	}
	return list, more, nil
}

// Commit implements userpool.Records.
func (p *PoolRecords) Commit(ctx context.Context, scope apigw.Scope, change userpool.Change) (int64, error) {
	own := ScopePrefix(scope)
	known, err := p.c.noteScope(ctx, scope)
	if err != nil {
		return 0, storeError(err)
	}
	txn := store.Txn{Ops: known}
	for key, revision := range change.If {
		txn.If = append(txn.If, store.Condition{Key: own + key, Revision: revision})
	}
	for _, prefix := range change.Drop {
		txn.Ops = append(txn.Ops, store.Op{Key: own + prefix, Prefix: true})
	}
	for key, value := range change.Writes {
		if value == nil && dropped(change.Drop, key) {
			continue // no key is written twice
		}
		txn.Ops = append(txn.Ops, store.Op{Key: own + key, Value: value})
	}
	revision, err := p.c.store.Commit(ctx, txn)
	if errors.Is(err, store.ErrConflict) {
		return 0, userpool.ErrConflict
	}
	return revision, storeError(err)
}

func dropped(prefixes []string, key string) bool {
	for _, prefix := range prefixes {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

// Seal implements userpool.Records.
func (p *PoolRecords) Seal(scope apigw.Scope, key string, plain []byte) ([]byte, error) {
	s, err := p.sealer()
	if err != nil {
		return nil, p.sealError(err)
	}
	return s.Seal(ScopePrefix(scope)+key, plain), nil
}

// Open implements userpool.Records.
func (p *PoolRecords) Open(scope apigw.Scope, key string, sealed []byte) ([]byte, error) {
	s, err := p.sealer()
	if err != nil {
		return nil, p.sealError(err)
	}
	return s.Open(ScopePrefix(scope)+key, sealed)
}

func (p *PoolRecords) sealError(err error) error {
	if errors.Is(err, store.ErrDead) {
		return storeError(err)
	}
	return apigw.Errorf(apigw.BadRequest, "Secrets of user pools can't be kept: %v", err)
}

// Loaded is closed once Follow has told of all pools, clients and domains that
// are stored.
func (p *PoolRecords) Loaded() <-chan struct{} { return p.loaded }

// Follow tells apply of every pool, client and domain that is stored, by
// whichever node, until ctx ends.
func (p *PoolRecords) Follow(ctx context.Context, apply func(scope apigw.Scope, key string, value []byte, revision int64) error) {
	for b := range p.c.watchKind(ctx, KeyPool) {
		for _, e := range b.Events {
			k, ok := ParseKey(e.Key)
			if !ok {
				continue
			}
			key := strings.TrimPrefix(e.Key, ScopePrefix(k.Scope))
			if err := apply(k.Scope, key, e.Value, b.Revision); err != nil {
				p.c.log.Error("a record of a user pool can't be read; it is not served", "error", fmt.Errorf("%s: %w", key, err))
			}
		}
		if b.Reset {
			close(p.loaded) // watchKind sends one
		}
	}
}

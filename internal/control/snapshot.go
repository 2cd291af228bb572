package control

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// snapshot is an API's definition at one revision. Immutable.
type snapshot struct {
	ref   apiRef
	def   *apigw.Definition
	tree  *store.Tree
	bytes int // stored text it was made from, roughly

	// byPath lists the resources as GetResources does, ordered by path
	// (recorded on AWS). Made once, for callers that page.
	byPath func() []*apigw.Resource
}

func newSnapshot(ref apiRef, def *apigw.Definition, tree *store.Tree, bytes int) *snapshot {
	return &snapshot{ref: ref, def: def, tree: tree, bytes: bytes,
		byPath: sync.OnceValue(func() []*apigw.Resource { return resourcesByPath(def) })}
}

// has says whether the stored tree has the entry.
func (s *snapshot) has(k store.EntryKey) bool {
	if s.tree == nil {
		return false
	}
	_, ok := s.tree.Lookup(k)
	return ok
}

func resourcesByPath(def *apigw.Definition) []*apigw.Resource {
	list := make([]*apigw.Resource, 0, len(def.Resources))
	for _, r := range def.Resources {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b *apigw.Resource) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.ID, b.ID))
	})
	return list
}

// load returns the latest definition of an API: the kept one when the head is
// still of its revision. Another node may have written since, so the head is
// always looked at. store.ErrNotFound when there is no such API of the kind
// that ref means.
func (c *Control) load(ctx context.Context, ref apiRef) (*snapshot, error) {
	s, err := c.loadAny(ctx, ref)
	if err == nil && !ref.kind.means(s.ref.kind) {
		return nil, store.ErrNotFound
	}
	return s, err
}

func (c *Control) loadAny(ctx context.Context, ref apiRef) (*snapshot, error) {
	for attempt := 1; ; attempt++ {
		head, err := c.store.Get(ctx, ref.key(KeyAPI))
		if err != nil {
			if errors.Is(err, store.ErrNotFound) {
				c.cache.drop(ref)
			}
			return nil, err
		}
		if s := c.cache.get(ref); s != nil && s.tree.Revision() == head.Revision {
			return s, nil
		}
		s, err := c.read(ctx, ref, head)
		if err == nil {
			c.cache.put(s)
			return s, nil
		}
		// A writer elsewhere may have moved the head and had the old values
		// collected in between.
		if attempt == maxAttempts || !c.headMoved(ctx, ref, head.Revision) {
			return nil, err
		}
	}
}

func (c *Control) headMoved(ctx context.Context, ref apiRef, revision int64) bool {
	head, err := c.store.Get(ctx, ref.key(KeyAPI))
	return errors.Is(err, store.ErrNotFound) || err == nil && head.Revision != revision
}

func (c *Control) read(ctx context.Context, ref apiRef, head store.Record) (*snapshot, error) {
	tree, err := store.DecodeTree(head)
	if err != nil {
		return nil, fmt.Errorf("read API %s: %w", ref.api, err)
	}
	def, err := decodeMeta(ref.scope, tree.Meta())
	if err != nil {
		return nil, fmt.Errorf("read API %s: %w", ref.api, err)
	}
	values, err := c.store.Values(ctx, ref.base(), tree)
	if err != nil {
		return nil, fmt.Errorf("read API %s: %w", ref.api, err)
	}
	bytes := len(tree.Meta())
	for _, v := range values {
		bytes += len(v)
	}
	if err := decodeEntries(def, values); err != nil {
		return nil, err
	}
	ref.kind = kindOf(def)
	return newSnapshot(ref, def, tree, bytes), nil
}

// view is load for a reading call: missing is its answer for an unknown API.
func (c *Control) view(ctx context.Context, ref apiRef, missing *apigw.Error) (*snapshot, error) {
	s, err := c.load(ctx, ref)
	if errors.Is(err, store.ErrNotFound) {
		return nil, missing
	}
	return s, storeError(err)
}

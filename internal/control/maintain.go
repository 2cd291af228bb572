package control

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/gatehouse/gatehouse/internal/store"
)

const (
	collectEvery = time.Minute
	// collectPause spreads the work, so that it never competes with calls.
	collectPause = 20 * time.Millisecond
	sweepPage    = 200
)

// garbage notes the APIs that were changed since their unused values were
// last removed.
type garbage struct {
	mu   sync.Mutex
	refs map[apiRef]struct{}
}

func (g *garbage) note(ref apiRef) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.refs == nil {
		g.refs = map[apiRef]struct{}{}
	}
	g.refs[ref.kindless()] = struct{}{}
}

func (g *garbage) take() []apiRef {
	g.mu.Lock()
	defer g.mu.Unlock()
	list := make([]apiRef, 0, len(g.refs))
	for ref := range g.refs {
		list = append(list, ref)
	}
	g.refs = nil
	return list
}

// Maintain removes values that no API and no deployment refers to any more,
// until ctx ends: at first looking at every API, then at those that change.
// It is safe to run on several nodes.
func (c *Control) Maintain(ctx context.Context) {
	if err := c.noteAll(ctx); err != nil && ctx.Err() == nil {
		c.log.Warn("couldn't look for unused values of all APIs", "error", err)
	}
	tick := time.NewTicker(collectEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			c.collect(ctx)
		}
	}
}

// noteAll notes every API of every scope.
func (c *Control) noteAll(ctx context.Context) error {
	scopes, err := c.Scopes(ctx)
	if err != nil {
		return err
	}
	for _, scope := range scopes {
		prefix := ScopePrefix(scope) + string(KeyGuard) + "/"
		for after, more := "", true; more; {
			var records []store.Record
			records, more, _, err = c.store.List(ctx, prefix, after, sweepPage)
			if err != nil {
				return err
			}
			for _, r := range records {
				after = r.Key
				if k, ok := ParseKey(r.Key); ok {
					c.garbage.note(anyRef(k.Scope, k.API))
				}
			}
		}
	}
	return nil
}

// collect works off what was noted; what can't be done now is noted again.
func (c *Control) collect(ctx context.Context) {
	for _, ref := range c.garbage.take() {
		removed, err := c.store.Collect(ctx, ref.base(), []string{ref.key(KeyDeployment) + "/"})
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			c.garbage.note(ref)
			if ctx.Err() == nil && !errors.Is(err, store.ErrConflict) {
				c.log.Warn("couldn't remove unused values", "api", ref.api, "error", err)
			}
		case removed > 0:
			c.log.Debug("removed unused values", "api", ref.api, "packs", removed)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(collectPause):
		}
	}
}

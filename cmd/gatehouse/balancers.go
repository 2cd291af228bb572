package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/control"
)

// Files that remember load balancers and target groups for a start without the
// store.
func (p *program) keptBalancers() string { return filepath.Join(p.config.Data, "load-balancers.json") }
func (p *program) keptGroups() string    { return filepath.Join(p.config.Data, "target-groups.json") }

// keepBalancing makes what writes such a file.
func (p *program) keepBalancing(file, what string) func([]byte) {
	return func(records []byte) {
		if err := writeWhole(file, records); err != nil {
			p.log.Warn(what+" can't be kept: without the store, private integrations won't reach them after a restart", "error", err)
		}
	}
}

func (p *program) newBalancers(c *control.Control) *control.LoadBalancers {
	return control.NewLoadBalancers(c, control.LoadBalancersOptions{Changed: p.parts.book.SetLoadBalancers, Keep: p.keepBalancing(p.keptBalancers(), "load balancers")})
}

func (p *program) newGroups(c *control.Control) *control.TargetGroups {
	return control.NewTargetGroups(c, control.TargetGroupsOptions{Changed: p.parts.book.SetTargetGroups, Keep: p.keepBalancing(p.keptGroups(), "target groups")})
}

// settleBalancing is settleDomains for load balancers and target groups.
func (p *program) settleBalancing(ctx context.Context) {
	pl := p.plane.Load()
	settleFollowed(ctx, p, pl.groups, p.keptGroups(), "target groups", control.RememberTargetGroups, p.parts.book.SetTargetGroups)
	settleFollowed(ctx, p, pl.balancers, p.keptBalancers(), "load balancers", control.RememberLoadBalancers, p.parts.book.SetLoadBalancers)
}

// settleFollowed waits until the store has told of all records of a kind; when it
// doesn't, those that a file remembers count. A nil followed: there is no store.
func settleFollowed[T any](ctx context.Context, p *program, followed *control.Followed[T], file, what string, remember func([]byte) ([]*T, error), changed func([]*T)) {
	if followed != nil && p.tells(ctx, followed.Loaded(), "the store doesn't tell of its "+what+"; using those that it had") {
		return
	}
	raw, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var list []*T
	if err == nil {
		list, err = remember(raw)
	}
	if err != nil {
		p.log.Error(what+" can't be remembered", "error", err)
	}
	if followed == nil {
		changed(list)
		return
	}
	followed.Remember(list)
}

// cookieSecret seals the cookies of load balancers.
func (p *program) cookieSecret() ([]byte, error) {
	key, err := p.sealer()
	if err != nil {
		return nil, err
	}
	return key.Derived("cookies of load balancers"), nil
}

// declareBalancing puts the load balancers and target groups of the configuration
// into the store. While that is away, those that it had are used.
func (p *program) declareBalancing(ctx context.Context) error {
	pl := p.plane.Load()
	groups, balancers := p.config.Balancing()
	if pl.control == nil {
		return nil
	}
	warnings, err := pl.control.DeclareBalancing(ctx, p.config.Scope(), groups, balancers)
	for _, w := range warnings {
		p.log.Warn(w)
	}
	if apigw.KindOf(err) == apigw.Unavailable {
		p.log.Error("load balancers and target groups of the configuration can't be stored now; using those that were", "error", err)
		return nil
	}
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	return nil
}

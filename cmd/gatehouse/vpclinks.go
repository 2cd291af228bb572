package main

import (
	"context"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/control"
	"github.com/gatehouse/gatehouse/internal/vpclink"
)

// linkTable has the VPC links of both versions, which the store tells of apart.
type linkTable struct {
	mu       sync.Mutex // guards versions
	versions [2][]vpclink.Link
}

// setLinks says which links of a version, 1 or 2, there are.
func (p *program) setLinks(version int) func([]*control.HeldLink) {
	return func(held []*control.HeldLink) {
		list := make([]vpclink.Link, 0, len(held))
		for _, l := range held {
			list = append(list, vpclink.Link(*l))
		}
		p.links.mu.Lock()
		defer p.links.mu.Unlock()
		p.links.versions[version-1] = list
		p.parts.env.Links.SetLinks(slices.Concat(p.links.versions[:]...))
	}
}

// keptLinks is the file that remembers links of a version for a start without the
// store.
func (p *program) keptLinks(version int) string {
	return filepath.Join(p.config.Data, "vpc-links-v"+strconv.Itoa(version)+".json")
}

func (p *program) newLinks(c *control.Control) (made [2]*control.Links) {
	for i := range made {
		version := i + 1
		made[i] = control.NewLinks(c, version, control.LinksOptions{Changed: p.setLinks(version), Keep: p.keepBalancing(p.keptLinks(version), "VPC links")})
	}
	return made
}

// settleLinks is settleDomains for VPC links.
func (p *program) settleLinks(ctx context.Context) {
	for i, links := range p.plane.Load().links {
		settleFollowed(ctx, p, links, p.keptLinks(i+1), "VPC links", control.RememberLinks, p.setLinks(i+1))
	}
}

// declareLinks puts the links of the configuration in the store. While that is
// away, those that were there before count.
func (p *program) declareLinks(ctx context.Context) error {
	pl := p.plane.Load()
	if pl.control == nil {
		return nil
	}
	links, private := p.config.Links()
	err := pl.control.DeclareLinks(ctx, p.config.Scope(), links, private)
	if apigw.KindOf(err) == apigw.Unavailable && err != nil {
		p.log.Error("the VPC links of the configuration can't be stored now", "error", err)
		return nil
	}
	return err
}

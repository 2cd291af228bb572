package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/control"
)

// keptDomains is the file that remembers custom domain names for a start
// without the store.
func (p *program) keptDomains() string { return filepath.Join(p.config.Data, "domainnames.json") }

func (p *program) keepDomains(records []byte) {
	if err := writeWhole(p.keptDomains(), records); err != nil {
		p.log.Warn("the custom domain names can't be kept: without the store, they aren't served after a restart", "error", err)
	}
}

// settleDomains waits until the custom domain names are known, for a while.
// When the store says nothing, those that it had are served until it speaks.
func (p *program) settleDomains(ctx context.Context) {
	pl := p.plane.Load()
	if pl.domains != nil && p.tells(ctx, pl.domains.Loaded(), "the store doesn't tell of its custom domain names; serving those that it had") {
		return
	}
	raw, err := os.ReadFile(p.keptDomains())
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var list []*apigw.DomainName
	if err == nil {
		list, err = control.RememberDomains(raw)
	}
	if err != nil {
		p.log.Error("custom domain names can't be remembered; those aren't served", "error", err)
	}
	if pl.domains == nil {
		p.setDomainNames(list)
		return
	}
	pl.domains.Remember(list)
}

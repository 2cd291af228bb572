package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/control"
)

// keepRegistryEvery is how long changes of the registry are gathered before they
// are kept: thousands of instances are written again for each.
const keepRegistryEvery = 10 * time.Second

func (p *program) newRegistry(c *control.Control) *control.Registry {
	return control.NewRegistry(c, control.RegistryOptions{Each: p.parts.records.Changed, Keep: p.keepRegistry, KeepEvery: keepRegistryEvery})
}

// keptRegistry is the file that remembers the registry for a start without the
// store.
func (p *program) keptRegistry() string { return filepath.Join(p.config.Data, "registry.json") }

func (p *program) keepRegistry(records []byte) {
	if err := writeWhole(p.keptRegistry(), records); err != nil {
		p.log.Warn("the service registry can't be kept: without the store, its services aren't found after a restart", "error", err)
	}
}

// settleRegistry is settleDomains for the service registry.
func (p *program) settleRegistry(ctx context.Context) {
	pl := p.plane.Load()
	if pl.registry != nil && p.tells(ctx, pl.registry.Loaded(), "the store doesn't tell of its service registry; finding the services that it had") {
		return
	}
	raw, err := os.ReadFile(p.keptRegistry())
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var list []*control.RegistryRecord
	if err == nil {
		list, err = control.RememberRegistry(raw)
	}
	if err != nil {
		p.log.Error("the service registry can't be remembered; what is missing isn't found", "error", err)
	}
	if pl.registry == nil {
		p.parts.records.Changed(list, nil, true)
		return
	}
	pl.registry.Remember(list)
}

// declareRegistry puts the namespaces of the configuration in the store. While
// that is away, those that were there before count.
func (p *program) declareRegistry(ctx context.Context) error {
	pl := p.plane.Load()
	if pl.control == nil {
		return nil
	}
	err := pl.control.DeclareRegistry(ctx, p.config.Scope(), p.config.Registry.Declared())
	if err == nil {
		return nil
	}
	if apigw.KindOf(err) == apigw.Unavailable {
		p.log.Error("the service registry of the configuration can't be stored now; using what was", "error", err)
		return nil
	}
	return fmt.Errorf("configuration: %w", err)
}

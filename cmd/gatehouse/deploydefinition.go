package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/control"
)

// stageOf is the stage that a definition is deployed to.
func (p *program) stageOf(d definition) apigw.StageName {
	switch {
	case p.stage != "":
		return p.stage
	case d.http != nil:
		return "$default"
	}
	return "dev"
}

// ensure puts a definition into its API and deploys it.
func (p *program) ensure(ctx context.Context, c *control.Control, name string, d definition) (control.Ensured, error) {
	if d.http != nil {
		return c.EnsureHTTPFromDefinition(ctx, p.config.Scope(), name, d.http, p.stageOf(d))
	}
	return c.EnsureFromDefinition(ctx, p.config.Scope(), name, d.rest, p.stageOf(d))
}

// checkOne lists what of a definition can't be served.
func checkOne(d definition) ([]control.Problem, error) {
	if d.http != nil {
		return control.CheckHTTPDefinition(d.http, checkDefinition)
	}
	return control.CheckDefinition(d.rest, checkDefinition)
}

// withdraw takes down what a file in a folder defined.
func (p *program) withdraw(ctx context.Context, file string) error {
	name, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	pl := p.plane.Load()
	if pl.store == nil {
		return pl.missing
	}
	return pl.control.WithdrawDefinition(ctx, p.config.Scope(), name)
}

// withdrawGone takes down what files defined that went from the given folders
// while nothing watched.
func (p *program) withdrawGone(ctx context.Context) error {
	if len(p.folders) == 0 {
		return nil
	}
	c, scope := p.plane.Load().control, p.config.Scope()
	names, err := c.ServedDefinitions(ctx, scope)
	if err != nil {
		return err
	}
	for _, folder := range p.folders {
		absolute, err := filepath.Abs(folder)
		if err != nil {
			return err
		}
		for _, name := range names {
			if filepath.Dir(name) != absolute || !isGone(name) {
				continue
			}
			if err := c.WithdrawDefinition(ctx, scope, name); err != nil {
				return fmt.Errorf("%s is gone, but what it defined can't be taken down: %w", name, err)
			}
			p.screen.withdrawn(name)
		}
	}
	return nil
}

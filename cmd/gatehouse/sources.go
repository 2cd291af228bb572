package main

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/discovery"
)

// discover fills services of the registry from the configured sources until ctx
// ends. What they have found is lost with the process, and found again.
func (p *program) discover(ctx context.Context) {
	for name, source := range p.config.Registry.Discover(p.log) {
		shelf := discovery.NewShelf(p.parts.registry, p.config.Scope(), name, p.log)
		go shelf.Follow(ctx)
		go source.Run(ctx, shelf)
	}
}

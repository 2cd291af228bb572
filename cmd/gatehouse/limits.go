package main

import (
	"time"

	"github.com/gatehouse/gatehouse/internal/admission"
	"github.com/gatehouse/gatehouse/internal/config"
	"github.com/gatehouse/gatehouse/internal/gateway"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// limit gives g the configured bounds.
func (p *program) limit(g *gateway.Config) {
	l := &p.config.Limits
	g.MaxConnections = int(l.Connections)
	g.Requests = queue(l, l.Requests)
}

// poolConfig is how backends are called: within the configured bounds, and
// where egress allows.
func poolConfig(l *config.Limits, egress integration.Egress) integration.PoolConfig {
	c := integration.PoolConfig{Egress: egress, Calls: queue(l, l.BackendConnections), CallsTo: map[string]int{}}
	for address, n := range l.Backends {
		c.CallsTo[address] = int(n)
	}
	return c
}

// queue bounds work by n; what isn't configured keeps admission's default.
func queue(l *config.Limits, n config.Count) admission.Config {
	return admission.Config{Work: int(n), Queue: int(l.Queue), Patience: time.Duration(l.QueueTime)}
}

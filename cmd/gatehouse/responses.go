package main

import (
	"os"

	"github.com/gatehouse/gatehouse/internal/responsecache"
	"github.com/gatehouse/gatehouse/internal/telemetry"
	"github.com/gatehouse/gatehouse/internal/valkey"
)

// openResponses makes the response caches of stages: in memory, within what the
// operator gives them, or on a Valkey server that is configured. There they have
// a connection of their own, so that large answers hold up no counters.
func (p *program) openResponses(s *parts) error {
	c := responsecache.Config{Memory: responsecache.DefaultMemory}
	if m := p.config.Limits.ResponseCache; m > 0 {
		c.Memory = uint64(m)
	}
	if p.config.Valkey != nil {
		if err := p.shareResponses(s, &c); err != nil {
			return err
		}
	}
	s.responses = responsecache.NewPool(c)
	return nil
}

// shareResponses has answers kept on the Valkey server. What goes there is
// sealed with a key of the master key's, which nodes share.
func (p *program) shareResponses(s *parts, c *responsecache.Config) error {
	to, err := valkeyConfig(p.config.Valkey)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(p.config.Data, 0o700); err != nil {
		return err
	}
	key, err := p.sealer()
	if err != nil {
		p.log.Warn("response caches stay in this node's memory, though a Valkey server is configured: there is no master key to seal answers with", "error", err)
		return nil
	}
	to.Logger = p.log.With("for", "response caches")
	s.answers = valkey.Open(to)
	c.Shared, c.Secret = responsecache.InValkey(s.answers, to.Logger), key.Derived("response cache")
	return nil
}

// responseMetrics adds what the response caches keep.
func responseMetrics(m *telemetry.Metrics, s *parts) {
	m.Gauge("gatehouse_response_cache_bytes", "Memory that kept answers take.", func() float64 { return float64(s.responses.Stats().Bytes) })
	m.Gauge("gatehouse_response_cache_entries", "Answers that are kept in memory.", func() float64 { return float64(s.responses.Stats().Entries) })
	m.Gauge("gatehouse_response_caches", "Stages that have a response cache.", func() float64 { return float64(s.responses.Stats().Caches) })
	if s.answers == nil {
		return
	}
	m.Gauge("gatehouse_response_cache_shared_up", "1 while answers are kept on the Valkey server.", func() float64 {
		if s.answers.Up() {
			return 1
		}
		return 0
	})
}

package main

import (
	"github.com/gatehouse/gatehouse/internal/responsecache"
	"github.com/gatehouse/gatehouse/internal/telemetry"
)

// newResponses are the response caches of stages, within the memory that the
// operator gives them.
func (p *program) newResponses() *responsecache.Pool {
	c := responsecache.Config{Memory: responsecache.DefaultMemory}
	if m := p.config.Limits.ResponseCache; m > 0 {
		c.Memory = uint64(m)
	}
	return responsecache.NewPool(c)
}

// responseMetrics adds what the response caches keep.
func responseMetrics(m *telemetry.Metrics, responses *responsecache.Pool) {
	m.Gauge("gatehouse_response_cache_bytes", "Memory that kept answers take.", func() float64 { return float64(responses.Stats().Bytes) })
	m.Gauge("gatehouse_response_cache_entries", "Answers that are kept in memory.", func() float64 { return float64(responses.Stats().Entries) })
	m.Gauge("gatehouse_response_caches", "Stages that have a response cache.", func() float64 { return float64(responses.Stats().Caches) })
}

package telemetry

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// The metrics of namespace AWS/ApiGateway. Those of methods have names of
// their own: under one name, a sum over a stage would count requests twice.
type descriptions struct {
	count, clientErrors, serverErrors, latency, integration, cacheHits, cacheMisses *prometheus.Desc
}

func describe(prefix string, labels ...string) descriptions {
	d := func(name, help string) *prometheus.Desc { return prometheus.NewDesc(prefix+name, help, labels, nil) }
	return descriptions{
		count:        d("count_total", "Requests (CloudWatch: Count)."),
		clientErrors: d("4xx_error_total", "Requests answered with a client error (CloudWatch: 4XXError)."),
		serverErrors: d("5xx_error_total", "Requests answered with a server error (CloudWatch: 5XXError)."),
		cacheHits:    d("cache_hit_count_total", "Requests that the response cache answered (CloudWatch: CacheHitCount)."),
		cacheMisses:  d("cache_miss_count_total", "Requests that the backend answered though caching is on (CloudWatch: CacheMissCount)."),
		latency:      d("latency_milliseconds", "Time from a request's first byte to its answer's last (CloudWatch: Latency)."),
		integration:  d("integration_latency_milliseconds", "Time from the relay to a backend to the end of its answer (CloudWatch: IntegrationLatency)."),
	}
}

// requests collects the series of m.
type requests struct{ m *Metrics }

// Describe implements prometheus.Collector: what series there are is known
// when they are collected.
func (requests) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (r requests) Collect(out chan<- prometheus.Metric) {
	stages := describe("aws_apigateway_", "ApiName", "Stage")
	methods := describe("aws_apigateway_method_", "ApiName", "Stage", "Resource", "Method")
	for _, s := range r.m.all() {
		if s.of.Method == "" {
			s.collect(out, stages, s.of.API, s.of.Stage)
		} else {
			s.collect(out, methods, s.of.API, s.of.Stage, s.of.Resource, s.of.Method)
		}
	}
}

func (m *Metrics) all() []*Series {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]*Series, 0, len(m.series))
	for _, s := range m.series {
		list = append(list, s)
	}
	return list
}

func (s *Series) collect(out chan<- prometheus.Metric, d descriptions, labels ...string) {
	counter := func(desc *prometheus.Desc, v uint64) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(v), labels...)
	}
	below, count, sum := s.latency.read()
	if count == 0 {
		return // as in CloudWatch: no data before the first request
	}
	counter(d.count, count)
	counter(d.clientErrors, s.clientErrors.Load())
	counter(d.serverErrors, s.serverErrors.Load())
	if hits, misses := s.cacheHits.Load(), s.cacheMisses.Load(); hits+misses > 0 {
		counter(d.cacheHits, hits)
		counter(d.cacheMisses, misses)
	}
	out <- prometheus.MustNewConstHistogram(d.latency, count, sum, below, labels...)
	if below, count, sum := s.integration.read(); count > 0 {
		out <- prometheus.MustNewConstHistogram(d.integration, count, sum, below, labels...)
	}
}

// Only is what from gathers under names that begin with one of prefixes.
func Only(from prometheus.Gatherer, prefixes ...string) prometheus.Gatherer {
	return prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		families, err := from.Gather()
		var some []*dto.MetricFamily
		for _, f := range families {
			for _, p := range prefixes {
				if strings.HasPrefix(f.GetName(), p) {
					some = append(some, f)
					break
				}
			}
		}
		return some, err
	})
}

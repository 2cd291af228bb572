package telemetry

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// The metrics of namespace AWS/ApiGateway. Those of methods and of routes have
// names of their own: under one name, a sum over a stage would count requests
// twice. HTTP APIs have other dimensions and other names of errors.
type descriptions struct {
	count, clientErrors, serverErrors, latency, integration, cacheHits, cacheMisses, data *prometheus.Desc
}

func describe(prefix, errors, suffix string, labels ...string) descriptions {
	d := func(name, help string) *prometheus.Desc { return prometheus.NewDesc(prefix+name, help, labels, nil) }
	return descriptions{
		count:        d("count_total", "Requests (CloudWatch: Count)."),
		clientErrors: d("4xx"+errors+"_total", "Requests answered with a client error (CloudWatch: 4"+suffix+")."),
		serverErrors: d("5xx"+errors+"_total", "Requests answered with a server error (CloudWatch: 5"+suffix+")."),
		cacheHits:    d("cache_hit_count_total", "Requests that the response cache answered (CloudWatch: CacheHitCount)."),
		cacheMisses:  d("cache_miss_count_total", "Requests that the backend answered though caching is on (CloudWatch: CacheMissCount)."),
		latency:      d("latency_milliseconds", "Time from a request's first byte to its answer's last (CloudWatch: Latency)."),
		integration:  d("integration_latency_milliseconds", "Time from the relay to a backend to the end of its answer (CloudWatch: IntegrationLatency)."),
		data:         d("data_processed_bytes_total", "Bytes of the bodies of requests and answers (CloudWatch: DataProcessed)."),
	}
}

// requests collects the series of m.
type requests struct{ m *Metrics }

// Describe implements prometheus.Collector: what series there are is known
// when they are collected.
func (requests) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (r requests) Collect(out chan<- prometheus.Metric) {
	r.collectSockets(out)
	const errors, suffix = "_error", "XXError"
	stages := describe("aws_apigateway_", errors, suffix, "ApiName", "Stage")
	methods := describe("aws_apigateway_method_", errors, suffix, "ApiName", "Stage", "Resource", "Method")
	routed := describe("aws_apigateway_http_", "", "xx", "ApiId", "Stage")
	routes := describe("aws_apigateway_http_route_", "", "xx", "ApiId", "Stage", "Route")
	for _, s := range r.m.all() {
		switch of := &s.of; {
		case of.Routes && of.Resource == "":
			s.collect(out, routed, of.API, of.Stage)
		case of.Routes:
			s.collect(out, routes, of.API, of.Stage, of.Resource)
		case of.Method == "":
			s.collect(out, stages, of.API, of.Stage)
		default:
			s.collect(out, methods, of.API, of.Stage, of.Resource, of.Method)
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
	if s.of.Routes {
		counter(d.data, s.data.Load())
	}
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

package telemetry

import (
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are what a process counts. Series are found when a stage is
// deployed; counting a request is a few atomic additions.
type Metrics struct {
	registry *prometheus.Registry
	also     prometheus.Gatherer

	mu      sync.Mutex // guards series and their refs
	series  map[Dimensions]*Series
	sockets map[Dimensions]*SocketSeries // of WebSocket APIs
}

// Dimensions name a series as CloudWatch's dimensions do (developer guide,
// "Amazon API Gateway dimensions and metrics"). Resource and Method are empty
// but for detailed metrics. Of an API of routes, API is its ID, and Resource the
// key of a route.
type Dimensions struct {
	API, Stage, Resource, Method string

	Routes bool // of an API of routes
}

// buckets are the upper bounds of latencies, in milliseconds; more than the
// last lies beyond AWS's longest default timeout.
var buckets = [...]float64{1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 29000}

// Series counts the requests of one stage, or of one of its methods.
type Series struct {
	of   Dimensions
	refs int // guarded by Metrics.mu

	clientErrors, serverErrors atomic.Uint64
	cacheHits, cacheMisses     atomic.Uint64
	data                       atomic.Uint64 // bytes
	latency, integration       histogram
}

// histogram counts latencies. Its parts are read one after the other, so that
// what is read may lack a request that is being counted.
type histogram struct {
	counts [len(buckets) + 1]atomic.Uint64
	sum    atomic.Uint64 // ns
}

func (h *histogram) observe(d time.Duration) {
	i, ms := 0, float64(d)/1e6
	for i < len(buckets) && ms > buckets[i] {
		i++
	}
	h.counts[i].Add(1)
	h.sum.Add(uint64(max(d, 0)))
}

// read returns what is below each bound, and the number and sum of all in ms.
func (h *histogram) read() (below map[float64]uint64, count uint64, sum float64) {
	below = make(map[float64]uint64, len(buckets))
	for i := range h.counts {
		count += h.counts[i].Load()
		if i < len(buckets) {
			below[buckets[i]] = count
		}
	}
	return below, count, float64(h.sum.Load()) / 1e6
}

// Count counts one request. integration is how long the backend took; negative
// when none was called.
func (s *Series) Count(status int, latency, integration time.Duration) {
	s.latency.observe(latency)
	if integration >= 0 {
		s.integration.observe(integration)
	}
	switch status / 100 {
	case 4:
		s.clientErrors.Add(1)
	case 5:
		s.serverErrors.Add(1)
	}
}

// CountCache counts one request to a method whose answers are cached, beside
// Count: hit says that the cache answered it.
func (s *Series) CountCache(hit bool) {
	if hit {
		s.cacheHits.Add(1)
	} else {
		s.cacheMisses.Add(1)
	}
}

// CountData counts the bytes of one request, beside Count.
func (s *Series) CountData(bytes int64) { s.data.Add(uint64(max(bytes, 0))) }

// NewMetrics returns Metrics with those of the process and of Go. also is
// gathered beside them; nil: nothing is.
func NewMetrics(also prometheus.Gatherer) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), also: also, series: map[Dimensions]*Series{}, sockets: map[Dimensions]*SocketSeries{}}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), requests{m})
	return m
}

// Acquire is the series of of. Release it when nothing counts on it any more.
func (m *Metrics) Acquire(of Dimensions) *Series {
	of.API = dimension(of.API)
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.series[of]
	if s == nil {
		s = &Series{of: of}
		m.series[of] = s
	}
	s.refs++
	return s
}

// Release forgets a series that nobody counts on: that of a deleted stage.
func (m *Metrics) Release(s *Series) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s.refs--; s.refs == 0 {
		delete(m.series, s.of)
	}
}

// dimension is name as a dimension's value: of ASCII alone, and at most 255
// characters.
func dimension(name string) string {
	b := make([]byte, 0, len(name))
	for i := range len(name) {
		if c := name[i]; c >= ' ' && c < 0x7f {
			b = append(b, c)
		}
	}
	return string(b[:min(len(b), 255)])
}

// APIName is the ApiName dimension of an API: its name without what isn't
// ASCII, its ID when nothing is left.
func APIName(name, id string) string {
	if d := dimension(name); d != "" {
		return d
	}
	return id
}

// Gauge adds a value that is read when metrics are.
func (m *Metrics) Gauge(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read))
}

// Counter adds a count that is read when metrics are.
func (m *Metrics) Counter(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, read))
}

// Labelled adds values under one name that differ by labels; read emits each
// with its labels' values when metrics are read.
func (m *Metrics) Labelled(kind prometheus.ValueType, name, help string, labels []string, read func(emit func(v float64, values ...string))) {
	m.registry.MustRegister(labelled{kind, prometheus.NewDesc(name, help, labels, nil), read})
}

// labelled collects what Labelled adds.
type labelled struct {
	kind prometheus.ValueType
	desc *prometheus.Desc
	read func(emit func(v float64, values ...string))
}

// Describe implements prometheus.Collector.
func (l labelled) Describe(to chan<- *prometheus.Desc) { to <- l.desc }

// Collect implements prometheus.Collector.
func (l labelled) Collect(to chan<- prometheus.Metric) {
	l.read(func(v float64, values ...string) { to <- prometheus.MustNewConstMetric(l.desc, l.kind, v, values...) })
}

// WatchLogs adds what l wrote and lost.
func (m *Metrics) WatchLogs(l *Logs) {
	m.Counter("gatehouse_log_lines_total", "Lines of access and execution logs that were written.", func() float64 { return float64(l.written.Load()) })
	m.Counter("gatehouse_log_lines_dropped_total", "Lines of access and execution logs that were lost: their destination failed or didn't keep up.",
		func() float64 { return float64(l.dropped.Load()) })
}

// Handler answers with all metrics in Prometheus's text form. log hears of
// what can't be gathered.
func (m *Metrics) Handler(log *slog.Logger) http.Handler {
	from := prometheus.Gatherers{m.registry}
	if m.also != nil {
		from = append(from, m.also)
	}
	return promhttp.HandlerFor(from, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn), ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4,
	})
}

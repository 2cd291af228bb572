package telemetry

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// SocketCount is one of the counters of a WebSocket API (developer guide,
// "Monitor WebSocket API execution with CloudWatch metrics").
type SocketCount uint8

// The counters, by CloudWatch's names.
const (
	ConnectCount     SocketCount = iota // messages sent to the $connect integration
	MessageCount                        // to and from clients
	IntegrationError                    // 4xx and 5xx of integrations
	ClientError                         // 4xx of the gateway's own, before an integration
	ExecutionError                      // calls of integrations that failed
	socketCounts
)

// SocketSeries counts the events of one stage of a WebSocket API, or of one of
// its routes.
type SocketSeries struct {
	of          Dimensions
	refs        int // guarded by Metrics.mu
	counts      [socketCounts]atomic.Uint64
	integration histogram
}

// Count counts one.
func (s *SocketSeries) Count(what SocketCount) { s.counts[what].Add(1) }

// Latency counts a call of an integration.
func (s *SocketSeries) Latency(took time.Duration) { s.integration.observe(took) }

// AcquireSockets is Acquire for a WebSocket API.
func (m *Metrics) AcquireSockets(of Dimensions) *SocketSeries {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.sockets[of]
	if s == nil {
		s = &SocketSeries{of: of}
		m.sockets[of] = s
	}
	s.refs++
	return s
}

// ReleaseSockets forgets a series that nobody counts on.
func (m *Metrics) ReleaseSockets(s *SocketSeries) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s.refs--; s.refs == 0 && m.sockets[s.of] == s {
		delete(m.sockets, s.of)
	}
}

// socketDescriptions are the metrics' names: those of routes have their own, as
// a sum over a stage would count twice.
type socketDescriptions struct {
	counts      [socketCounts]*prometheus.Desc
	integration *prometheus.Desc
}

func describeSockets(prefix string, labels ...string) (d socketDescriptions) {
	for i, text := range [socketCounts][2]string{
		{"connect_count_total", "Messages sent to the integration of $connect (CloudWatch: ConnectCount)."},
		{"message_count_total", "Messages to and from clients (CloudWatch: MessageCount)."},
		{"integration_error_total", "Answers of integrations with a 4xx or 5xx (CloudWatch: IntegrationError)."},
		{"client_error_total", "Events refused with a 4xx before an integration was called (CloudWatch: ClientError)."},
		{"execution_error_total", "Events whose integration couldn't be called, or failed (CloudWatch: ExecutionError)."},
	} {
		d.counts[i] = prometheus.NewDesc(prefix+text[0], text[1], labels, nil)
	}
	d.integration = prometheus.NewDesc(prefix+"integration_latency_milliseconds", "Time from the call of an integration to the end of its answer (CloudWatch: IntegrationLatency).", labels, nil)
	return d
}

func (r requests) collectSockets(out chan<- prometheus.Metric) {
	stages := describeSockets("aws_apigateway_websocket_", "ApiId", "Stage")
	routes := describeSockets("aws_apigateway_websocket_route_", "ApiId", "Stage", "Route")
	r.m.mu.Lock()
	list := make([]*SocketSeries, 0, len(r.m.sockets))
	for _, s := range r.m.sockets {
		list = append(list, s)
	}
	r.m.mu.Unlock()
	for _, s := range list {
		d, labels := &stages, []string{s.of.API, s.of.Stage}
		if s.of.Resource != "" {
			d, labels = &routes, append(labels, s.of.Resource)
		}
		for i := range s.counts {
			out <- prometheus.MustNewConstMetric(d.counts[i], prometheus.CounterValue, float64(s.counts[i].Load()), labels...)
		}
		if below, count, sum := s.integration.read(); count > 0 {
			out <- prometheus.MustNewConstHistogram(d.integration, count, sum, below, labels...)
		}
	}
}

package main

import (
	"log/slog"
	"os"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/gatehouse/gatehouse/internal/config"
	"github.com/gatehouse/gatehouse/internal/gateway"
	"github.com/gatehouse/gatehouse/internal/telemetry"
)

// openLogs starts writing access and execution logs to where c says.
func openLogs(c config.Logs, stdout *os.File, log *slog.Logger) *telemetry.Logs {
	var to telemetry.Destination
	switch {
	case c.Stdout:
		to = telemetry.Stream{W: stdout}
	case c.URL != "":
		to = &telemetry.Remote{URL: c.URL}
	default:
		to = &telemetry.Directory{Path: c.Directory, Size: int64(c.Rotate.Size), Keep: *c.Rotate.Keep}
	}
	return telemetry.NewLogs(to, log)
}

// newMetrics are the metrics of the process, with those that the embedded
// store keeps of itself.
func (p *program) newMetrics(s *parts) *telemetry.Metrics {
	m := telemetry.NewMetrics(telemetry.Only(prometheus.DefaultGatherer, "etcd_disk_", "etcd_mvcc_", "etcd_server_"))
	m.WatchLogs(s.logs)
	m.Counter("gatehouse_audit_records_lost_total", "Records of management calls that couldn't be written.", func() float64 { return float64(s.trail.lost.Load()) })
	m.Gauge("gatehouse_store_up", "1 while changes can be stored.", func() float64 {
		pl := p.plane.Load()
		if pl == nil || pl.err() != nil {
			return 0
		}
		return 1
	})
	if p.config.Valkey != nil {
		m.Gauge("gatehouse_valkey_up", "1 while the Valkey server answers.", func() float64 {
			if p.parts == nil || !p.parts.valkey.Up() {
				return 0
			}
			return 1
		})
		m.Counter("gatehouse_limits_asked_total", "Requests whose throttles and quota the Valkey server was asked for.", func() float64 {
			return float64(p.parts.ledger.Asked())
		})
		m.Counter("gatehouse_limits_unanswered_total", "Of those, how many it didn't answer in time: this node decided.", func() float64 {
			return float64(p.parts.ledger.Alone())
		})
	}
	if p.config.Store.Etcd != nil {
		p.clusterMetrics(m)
	}
	p.gatewayMetrics(m)
	return m
}

// gatewayMetrics are read from the gateway once there is one.
func (p *program) gatewayMetrics(m *telemetry.Metrics) {
	of := func(read func(*gateway.Gateway) float64) func() float64 {
		return func() float64 {
			if p.gateway == nil {
				return 0
			}
			return read(p.gateway)
		}
	}
	p.clientMetrics(m)
	m.Gauge("gatehouse_connections", "Open connections of API clients.", of(func(g *gateway.Gateway) float64 { return float64(g.Connections()) }))
	m.Gauge("gatehouse_compiled_stages", "Stages that are held ready in memory.", of(func(g *gateway.Gateway) float64 { return float64(g.CompiledStages()) }))
	m.Gauge("gatehouse_requests_in_flight", "Requests in work.", of(func(g *gateway.Gateway) float64 {
		working, _, _ := g.Load()
		return float64(working)
	}))
	m.Gauge("gatehouse_requests_waiting", "Requests that wait because there are too many in work.", of(func(g *gateway.Gateway) float64 {
		_, waiting, _ := g.Load()
		return float64(waiting)
	}))
	m.Counter("gatehouse_requests_refused_total", "Requests answered 503 because too many were in work; no API has counted them.", of(func(g *gateway.Gateway) float64 {
		_, _, refused := g.Load()
		return float64(refused)
	}))
}

// clientMetrics are those of mutual TLS.
func (p *program) clientMetrics(m *telemetry.Metrics) {
	m.Labelled(prometheus.CounterValue, "gatehouse_client_certificates_refused_total", "Clients refused at the handshake by listeners with a trust store.",
		[]string{"reason"}, func(emit func(float64, ...string)) {
			if p.gateway == nil {
				return
			}
			for reason, n := range p.gateway.RefusedClients() {
				emit(float64(n), string(reason))
			}
		})
	stores := func(read func(emit func(float64, ...string), s gateway.TrustStore)) func(func(float64, ...string)) {
		return func(emit func(float64, ...string)) {
			if p.gateway == nil {
				return
			}
			for _, s := range p.gateway.TrustStores() {
				read(emit, s)
			}
		}
	}
	m.Labelled(prometheus.GaugeValue, "gatehouse_trust_store_certificates", "Certificates that vouch for clients, by listener and the version of its trust store in force.",
		[]string{"listener", "file", "version"}, stores(func(emit func(float64, ...string), s gateway.TrustStore) {
			emit(float64(s.Certificates), s.Listener, s.File, s.Version)
		}))
	m.Labelled(prometheus.GaugeValue, "gatehouse_trust_store_failed", "1 while a trust store's file has changed and can't be used.",
		[]string{"listener", "file"}, stores(func(emit func(float64, ...string), s gateway.TrustStore) {
			failed := 0.0
			if s.Failed {
				failed = 1
			}
			emit(failed, s.Listener, s.File)
		}))
}

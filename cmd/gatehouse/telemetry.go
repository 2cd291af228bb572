package main

import (
	"log/slog"
	"os"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/gatehouse/gatehouse/internal/config"
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
func (p *program) newMetrics(logs *telemetry.Logs) *telemetry.Metrics {
	m := telemetry.NewMetrics(telemetry.Only(prometheus.DefaultGatherer, "etcd_disk_", "etcd_mvcc_", "etcd_server_"))
	m.WatchLogs(logs)
	m.Gauge("gatehouse_store_up", "1 while changes can be stored.", func() float64 {
		pl := p.plane.Load()
		if pl == nil || pl.err() != nil {
			return 0
		}
		return 1
	})
	m.Gauge("gatehouse_connections", "Open connections of API clients.", func() float64 {
		if p.gateway == nil {
			return 0
		}
		return float64(p.gateway.Connections())
	})
	m.Gauge("gatehouse_compiled_stages", "Stages that are held ready in memory.", func() float64 {
		if p.gateway == nil {
			return 0
		}
		return float64(p.gateway.CompiledStages())
	})
	return m
}

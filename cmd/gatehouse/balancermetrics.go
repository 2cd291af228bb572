package main

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/gatehouse/gatehouse/internal/telemetry"
	"github.com/gatehouse/gatehouse/internal/vpclink"
)

// balancerMetrics are those of target groups behind VPC links, by CloudWatch's
// names and with its dimension.
func balancerMetrics(m *telemetry.Metrics, book *vpclink.Book) {
	add := func(kind prometheus.ValueType, name, help string, read func(*vpclink.GroupMetrics) float64) {
		m.Labelled(kind, name, help, []string{"TargetGroup"}, func(emit func(float64, ...string)) {
			for _, g := range book.Metrics() {
				emit(read(&g), g.Group)
			}
		})
	}
	gauge, counter := prometheus.GaugeValue, prometheus.CounterValue
	add(gauge, "aws_elb_healthy_host_count", "Targets that are healthy (CloudWatch: HealthyHostCount).", func(g *vpclink.GroupMetrics) float64 { return float64(g.Healthy) })
	add(gauge, "aws_elb_unhealthy_host_count", "Targets that aren't (CloudWatch: UnHealthyHostCount).", func(g *vpclink.GroupMetrics) float64 { return float64(g.Unhealthy) })
	add(gauge, "gatehouse_target_group_requests_in_flight", "Requests in work at targets.", func(g *vpclink.GroupMetrics) float64 { return float64(g.InFlight) })
	add(counter, "aws_elb_request_count_total", "Requests that targets answered (CloudWatch: RequestCount).", func(g *vpclink.GroupMetrics) float64 { return float64(g.Requests) })
	add(counter, "aws_elb_target_response_seconds_total", "Time until targets began to answer, of all requests together (CloudWatch: TargetResponseTime, by RequestCount).", func(g *vpclink.GroupMetrics) float64 { return g.ResponseSeconds })
	add(counter, "aws_elb_target_connection_error_count_total", "Connections to targets that failed (CloudWatch: TargetConnectionErrorCount).", func(g *vpclink.GroupMetrics) float64 { return float64(g.ConnectionErrors) })
	add(counter, "aws_elb_httpcode_elb_5xx_count_total", "Server errors that no target answered (CloudWatch: HTTPCode_ELB_5XX_Count).", func(g *vpclink.GroupMetrics) float64 { return float64(g.Invented) })
	add(counter, "gatehouse_target_group_overflow_requests_total", "Requests that came from a group that this one is the overflow of.", func(g *vpclink.GroupMetrics) float64 { return float64(g.Overflows) })
	m.Labelled(counter, "aws_elb_httpcode_target_count_total", "Answers of targets by the class of their status (CloudWatch: HTTPCode_Target_2XX_Count …).", []string{"TargetGroup", "class"}, func(emit func(float64, ...string)) {
		for _, g := range book.Metrics() {
			for class := 2; class < len(g.Statuses); class++ {
				emit(float64(g.Statuses[class]), g.Group, strconv.Itoa(class)+"xx")
			}
		}
	})
}

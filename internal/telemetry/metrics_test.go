package telemetry

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
)

// scrape is what m answers, but for comments and the process's own metrics.
func scrape(t *testing.T, m *Metrics) []string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler(slog.New(slog.DiscardHandler)).ServeHTTP(w, httptest.NewRequest("GET", "/_gatehouse/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("%d: %s", w.Code, w.Body)
	}
	var lines []string
	for line := range strings.Lines(w.Body.String()) {
		if !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "go_") && !strings.HasPrefix(line, "process_") && !strings.Contains(line, "_bucket{") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

func TestMetrics(t *testing.T) {
	also := prometheus.NewRegistry()
	for _, name := range []string{"etcd_server_has_leader", "other"} {
		also.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: "x"}))
	}
	m := NewMetrics(Only(also, "etcd_"))
	stage := m.Acquire(Dimensions{API: "Pets é", Stage: "prod"})
	method := m.Acquire(Dimensions{API: "Pets é", Stage: "prod", Resource: "/pets/{id}", Method: "GET"})
	unused := m.Acquire(Dimensions{API: "Unused", Stage: "prod"})
	again := m.Acquire(Dimensions{API: "Pets ", Stage: "prod"})
	if again != stage {
		t.Error("two APIs of one name have two series")
	}
	m.Release(again)
	for _, status := range []int{200, 404, 500} {
		stage.Count(status, 3*time.Millisecond, 2*time.Millisecond)
	}
	stage.Count(403, time.Millisecond/2, -1)
	method.Count(200, 40*time.Second, 30*time.Second)
	want := []string{
		`aws_apigateway_4xx_error_total{ApiName="Pets ",Stage="prod"} 2`,
		`aws_apigateway_5xx_error_total{ApiName="Pets ",Stage="prod"} 1`,
		`aws_apigateway_count_total{ApiName="Pets ",Stage="prod"} 4`,
		`aws_apigateway_integration_latency_milliseconds_sum{ApiName="Pets ",Stage="prod"} 6`,
		`aws_apigateway_integration_latency_milliseconds_count{ApiName="Pets ",Stage="prod"} 3`,
		`aws_apigateway_latency_milliseconds_sum{ApiName="Pets ",Stage="prod"} 9.5`,
		`aws_apigateway_latency_milliseconds_count{ApiName="Pets ",Stage="prod"} 4`,
		`aws_apigateway_method_4xx_error_total{ApiName="Pets ",Method="GET",Resource="/pets/{id}",Stage="prod"} 0`,
		`aws_apigateway_method_5xx_error_total{ApiName="Pets ",Method="GET",Resource="/pets/{id}",Stage="prod"} 0`,
		`aws_apigateway_method_count_total{ApiName="Pets ",Method="GET",Resource="/pets/{id}",Stage="prod"} 1`,
		`aws_apigateway_method_integration_latency_milliseconds_sum{ApiName="Pets ",Method="GET",Resource="/pets/{id}",Stage="prod"} 30000`,
		`aws_apigateway_method_integration_latency_milliseconds_count{ApiName="Pets ",Method="GET",Resource="/pets/{id}",Stage="prod"} 1`,
		`aws_apigateway_method_latency_milliseconds_sum{ApiName="Pets ",Method="GET",Resource="/pets/{id}",Stage="prod"} 40000`,
		`aws_apigateway_method_latency_milliseconds_count{ApiName="Pets ",Method="GET",Resource="/pets/{id}",Stage="prod"} 1`,
		`etcd_server_has_leader 0`,
	}
	if diff := cmp.Diff(want, scrape(t, m)); diff != "" {
		t.Error(diff)
	}
	for _, s := range []*Series{stage, method, unused} {
		m.Release(s)
	}
	if diff := cmp.Diff([]string{`etcd_server_has_leader 0`}, scrape(t, m)); diff != "" {
		t.Error("after the stage is gone:", diff)
	}
}

func TestAPIName(t *testing.T) {
	for name, want := range map[string]string{"Pets": "Pets", "Grüße": "Gre", "日本": "a1b2c3d4e5", "": "a1b2c3d4e5", strings.Repeat("x", 300): strings.Repeat("x", 255)} {
		if got := APIName(name, "a1b2c3d4e5"); got != want {
			t.Errorf("APIName(%q) is %q, want %q", name, got, want)
		}
	}
}

func TestHistogram(t *testing.T) {
	var h histogram
	for _, d := range []time.Duration{0, time.Millisecond, time.Millisecond + 1, 29 * time.Second, time.Minute} {
		h.observe(d)
	}
	below, count, sum := h.read()
	if below[1] != 2 || below[2] != 3 || below[10000] != 3 || below[29000] != 4 || count != 5 || int(sum) != 89002 {
		t.Errorf("below %v, %d of %v ms", below, count, sum)
	}
}

func BenchmarkCount(b *testing.B) {
	s := NewMetrics(nil).Acquire(Dimensions{API: "a", Stage: "b"})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			s.Count(200, 3*time.Millisecond, 2*time.Millisecond)
		}
	})
}

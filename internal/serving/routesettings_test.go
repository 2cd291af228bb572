package serving

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// A route's own settings win over those of all routes, one by one.
func TestRouteSettings(t *testing.T) {
	rate, burst, low := 10.0, 20, 1
	st := &apigw.Stage{Routes: &apigw.RouteStage{
		DefaultSettings: &apigw.RouteSettings{LoggingLevel: "INFO", ThrottlingRateLimit: &rate, ThrottlingBurstLimit: &burst},
		Settings: map[string]*apigw.RouteSettings{
			"traced":  {DataTrace: true},
			"quiet":   {LoggingLevel: "OFF"},
			"limited": {ThrottlingBurstLimit: &low, DetailedMetrics: true},
		},
	}}
	for key, want := range map[string]apigw.RouteSettings{
		"other":   {LoggingLevel: "INFO", ThrottlingRateLimit: &rate, ThrottlingBurstLimit: &burst},
		"traced":  {LoggingLevel: "INFO", ThrottlingRateLimit: &rate, ThrottlingBurstLimit: &burst, DataTrace: true},
		"quiet":   {LoggingLevel: "OFF", ThrottlingRateLimit: &rate, ThrottlingBurstLimit: &burst},
		"limited": {LoggingLevel: "INFO", ThrottlingRateLimit: &rate, ThrottlingBurstLimit: &low, DetailedMetrics: true},
	} {
		if d := cmp.Diff(want, RouteSettings(st, key)); d != "" {
			t.Errorf("%s: %s", key, d)
		}
	}
}

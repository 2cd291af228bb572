package vpclink

import (
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/balance"
)

var algorithms = map[string]balance.Algorithm{
	"round_robin": balance.RoundRobin, "least_outstanding_requests": balance.LeastOutstanding, "weighted_random": balance.WeightedRandom,
}

// isNetwork says that a group is for Network Load Balancers.
func isNetwork(g *apigw.TargetGroup) bool { return g.Protocol == "TCP" || g.Protocol == "TLS" }

// policyOf is how the attributes of a group choose among its targets. most is
// how many calls a target takes that isn't told otherwise.
func policyOf(g *apigw.TargetGroup, most int64) balance.Policy {
	p := balance.Policy{
		Algorithm:        algorithms[g.Attribute("load_balancing.algorithm.type")],
		SlowStart:        time.Duration(g.Number("slow_start.duration_seconds")) * time.Second,
		Least:            g.Number("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count"),
		LeastPercent:     g.Number("target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage"), // off: 0
		MostInFlight:     int64(g.Number(apigw.AttributeMostInFlight)),
		SaturatedAt:      int64(g.Number(apigw.AttributeOverflowAt)),
		EjectAfter:       int32(g.Number(apigw.AttributeEjectAfter)),
		EjectAfterErrors: int32(g.Number(apigw.AttributeEjectAfter5XX)),
		EjectFor:         time.Duration(g.Number(apigw.AttributeEjectSeconds)) * time.Second,
	}
	if p.MostInFlight == 0 {
		p.MostInFlight = most
	}
	p.Mitigate = p.Algorithm == balance.WeightedRandom && g.Attribute("load_balancing.algorithm.anomaly_mitigation") == "on"
	if isNetwork(g) {
		p.Algorithm = balance.FlowHash
	}
	return p
}

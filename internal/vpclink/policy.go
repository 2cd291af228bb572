package vpclink

import (
	"strconv"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/balance"
)

var algorithms = map[string]balance.Algorithm{
	"round_robin": balance.RoundRobin, "least_outstanding_requests": balance.LeastOutstanding, "weighted_random": balance.WeightedRandom,
}

// policyOf is how the attributes of a group choose among its targets. most is
// how many calls a target takes that isn't told otherwise.
func policyOf(g *apigw.TargetGroup, most int64) balance.Policy {
	p := balance.Policy{
		Algorithm:        algorithms[attribute(g, "load_balancing.algorithm.type")],
		SlowStart:        time.Duration(number(g, "slow_start.duration_seconds")) * time.Second,
		Least:            number(g, "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count"),
		LeastPercent:     number(g, "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage"), // off: 0
		MostInFlight:     int64(number(g, apigw.AttributeMostInFlight)),
		SaturatedAt:      int64(number(g, apigw.AttributeOverflowAt)),
		EjectAfter:       int32(number(g, apigw.AttributeEjectAfter)),
		EjectAfterErrors: int32(number(g, apigw.AttributeEjectAfter5XX)),
		EjectFor:         time.Duration(number(g, apigw.AttributeEjectSeconds)) * time.Second,
	}
	if p.MostInFlight == 0 {
		p.MostInFlight = most
	}
	p.Mitigate = p.Algorithm == balance.WeightedRandom && attribute(g, "load_balancing.algorithm.anomaly_mitigation") == "on"
	if g.Protocol == "TCP" || g.Protocol == "TLS" {
		p.Algorithm = balance.FlowHash
	}
	return p
}

// number is an attribute that is a number; 0 when it is none ("off").
func number(g *apigw.TargetGroup, key string) int {
	n, err := strconv.Atoi(attribute(g, key))
	if err != nil {
		return 0
	}
	return n
}

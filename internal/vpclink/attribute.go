package vpclink

import "github.com/gatehouse/gatehouse/internal/apigw"

// attribute is what an attribute of a group is set to, else its default.
func attribute(g *apigw.TargetGroup, key string) string {
	if v, ok := g.Attributes[key]; ok {
		return v
	}
	return map[string]string{
		"deregistration_delay.timeout_seconds": "300", "stickiness.lb_cookie.duration_seconds": "86400", "stickiness.app_cookie.duration_seconds": "86400",
		"target_health_state.unhealthy.connection_termination.enabled": "true", apigw.AttributeEjectAfter: "3", apigw.AttributeEjectSeconds: "30",
	}[key]
}

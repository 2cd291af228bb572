package apigw

// Attributes of target groups that Gatehouse has beside those of the reference.
// Load balancers of both types heed them.
const (
	// AttributeOverflowGroup is the ARN of the group that takes what a group
	// can't: one with the same protocol and VPC. It takes requests while the group
	// is saturated (each of its targets has as many in flight as it may, or
	// AttributeOverflowAt says so), or has fewer healthy targets than
	// target_group_health.unhealthy_state_routing asks for, as long as one of its
	// own is healthy; before a group fails open. Its own overflow isn't asked.
	AttributeOverflowGroup = "gatehouse.overflow.target_group_arn"
	// AttributeOverflowAt is how many requests (connections, of a Network Load
	// Balancer) in flight for each target in use make a group saturated; 0 (the
	// default) to 1000000, 0: only the targets' own limits do.
	AttributeOverflowAt = "gatehouse.overflow.when_in_flight_per_target"
	// AttributeMostInFlight is how many requests a target takes at once; 0 (the
	// default: limits.backendConnections of the configuration) to 1000000. When no
	// target has room, the gateway answers 503.
	AttributeMostInFlight = "gatehouse.target.max_in_flight"
	// AttributeEjectAfter is after how many connections in a row that fail a
	// target gets no more requests for a while, whatever its health checks say; 0
	// (never) to 100, 3 by default. The last target is never ejected.
	AttributeEjectAfter = "gatehouse.ejection.consecutive_connect_failures"
	// AttributeEjectAfter5XX is AttributeEjectAfter for answers with a status of
	// 500 to 599; 0 (the default: never) to 1000.
	AttributeEjectAfter5XX = "gatehouse.ejection.consecutive_5xx"
	// AttributeEjectSeconds is for how long; 1 to 3600, 30 by default. Each time
	// that it happens again in a row adds as much, up to ten times.
	AttributeEjectSeconds = "gatehouse.ejection.duration_seconds"
)

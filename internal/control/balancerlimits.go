package control

// BalancerLimit is how many of something an account, a load balancer or a rule
// has at most.
type BalancerLimit struct {
	Name string
	Max  int
}

// BalancerLimits are the limits that hold here, by AWS's names (reference,
// Limit), in their order. Load balancers of both types count together.
func BalancerLimits() []BalancerLimit {
	return []BalancerLimit{
		{"application-load-balancers", maxLoadBalancers},
		{"certificates-per-application-load-balancer", maxBalancerCerts},
		{"condition-values-per-alb-rule", maxConditionValues},
		{"condition-wildcards-per-alb-rule", maxWildcards},
		{"listeners-per-application-load-balancer", maxListeners},
		{"listeners-per-network-load-balancer", maxListeners},
		{"network-load-balancers", maxLoadBalancers},
		{"rules-per-application-load-balancer", maxListenerRules},
		{"target-groups", maxTargetGroups},
		{"target-groups-per-action-on-application-load-balancer", maxForwardGroups},
		{"target-groups-per-action-on-network-load-balancer", maxForwardGroups},
		{"target-groups-per-application-load-balancer", maxUniqueGroups},
	}
}

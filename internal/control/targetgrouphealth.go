package control

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// HealthChange is what a call says of health checks; what is nil, zero or empty
// stays as it is.
type HealthChange struct {
	Enabled                              *bool
	Protocol, Port, Path, Matcher        string
	IntervalSeconds, TimeoutSeconds      int
	HealthyThreshold, UnhealthyThreshold int
}

// isFlow says that a Network Load Balancer forwards to the group.
func isFlow(g *apigw.TargetGroup) bool { return g.Protocol == "TCP" || g.Protocol == "TLS" }

// initialHealth are the checks of a new group (reference, CreateTargetGroup, and
// the user guides' "Health checks").
func initialHealth(g *apigw.TargetGroup) apigw.HealthCheck {
	h := apigw.HealthCheck{Enabled: true, Protocol: "HTTP", Port: "traffic-port", Path: "/", IntervalSeconds: 30, TimeoutSeconds: 5, HealthyThreshold: 5, UnhealthyThreshold: 2, Matcher: "200"}
	switch {
	case g.TargetType == apigw.TargetLambda:
		h.Enabled, h.Protocol, h.Port, h.IntervalSeconds, h.TimeoutSeconds = false, "", "", 35, 30
	case g.TargetType == apigw.TargetBalancer:
		h.TimeoutSeconds, h.Matcher = 6, "200-399"
	case isFlow(g):
		h.Protocol, h.Path, h.Matcher, h.TimeoutSeconds = "TCP", "", "", 10
	}
	return h
}

// withHealth is h, of group g, with what change says, checked.
func withHealth(h apigw.HealthCheck, g *apigw.TargetGroup, change HealthChange) (apigw.HealthCheck, error) {
	if change.Protocol != "" && change.Protocol != h.Protocol {
		if err := checkHealthProtocol(g, change.Protocol); err != nil {
			return h, err
		}
		h = ofHealthProtocol(h, change.Protocol)
	}
	if h.Protocol == "TCP" {
		switch {
		case change.Path != "":
			return h, invalidBalancing("Health check paths are not supported for TCP health checks")
		case change.Matcher != "":
			return h, invalidBalancing("Health check matchers are not supported for TCP health checks")
		}
	}
	if change.Enabled != nil {
		h.Enabled = *change.Enabled
	}
	for _, text := range []struct {
		to    *string
		value string
	}{{&h.Port, change.Port}, {&h.Path, change.Path}, {&h.Matcher, change.Matcher}} {
		if text.value != "" {
			*text.to = text.value
		}
	}
	for _, number := range []struct{ to, value *int }{
		{&h.IntervalSeconds, &change.IntervalSeconds}, {&h.TimeoutSeconds, &change.TimeoutSeconds},
		{&h.HealthyThreshold, &change.HealthyThreshold}, {&h.UnhealthyThreshold, &change.UnhealthyThreshold},
	} {
		if *number.value != 0 {
			*number.to = *number.value
		}
	}
	if isFlow(g) && change.TimeoutSeconds == 0 { // a shorter interval alone is taken
		h.TimeoutSeconds = min(h.TimeoutSeconds, h.IntervalSeconds)
	}
	return h, checkHealth(g, &h)
}

// ofHealthProtocol is h with the defaults of another protocol where that has
// others (user guide for Network Load Balancers, "Health checks for target
// groups").
func ofHealthProtocol(h apigw.HealthCheck, protocol string) apigw.HealthCheck {
	switch {
	case protocol == "TCP":
		h.Path, h.Matcher, h.TimeoutSeconds = "", "", 10
	case h.Protocol == "TCP":
		h.Path, h.Matcher = "/", "200-399"
		if protocol == "HTTP" {
			h.TimeoutSeconds = 6
		}
	}
	h.Protocol = protocol
	return h
}

func checkHealthProtocol(g *apigw.TargetGroup, protocol string) error {
	allowed := []string{"HTTP", "HTTPS"}
	switch {
	case g.TargetType == apigw.TargetLambda:
		return invalidBalancing("Health check protocol cannot be specified for target groups with target type 'lambda'")
	case isFlow(g) && g.TargetType != apigw.TargetBalancer:
		allowed = append(allowed, "TCP")
	}
	if !slices.Contains(allowed, protocol) {
		return invalidBalancing("Health check protocol '%.64s' must be one of '[%s]'", protocol, strings.Join(allowed, ", "))
	}
	return nil
}

// checkHealth refuses checks that can't be made.
func checkHealth(g *apigw.TargetGroup, h *apigw.HealthCheck) error {
	for _, number := range []struct {
		name            string
		value, low, top int
	}{
		{"interval", h.IntervalSeconds, 5, 300}, {"timeout", h.TimeoutSeconds, 2, 120},
		{"healthy threshold count", h.HealthyThreshold, 2, 10}, {"unhealthy threshold count", h.UnhealthyThreshold, 2, 10},
	} {
		if number.value < number.low || number.value > number.top {
			return invalid("Health check %s '%d' must be between %d and %d", number.name, number.value, number.low, number.top)
		}
	}
	switch {
	case isFlow(g) && h.TimeoutSeconds > h.IntervalSeconds, !isFlow(g) && h.TimeoutSeconds >= h.IntervalSeconds:
		return invalid("Health check interval must be greater than the timeout.")
	case !h.Enabled && g.TargetType != apigw.TargetLambda:
		return invalidBalancing("Health checks cannot be disabled for target groups with target type '%s'", g.TargetType)
	case g.TargetType == apigw.TargetLambda && h.Port != "":
		return invalidBalancing("Health check port cannot be specified for target groups with target type 'lambda'")
	case g.TargetType != apigw.TargetLambda && h.Port != "traffic-port" && !isPort(h.Port):
		return invalid("Health check port '%.100s' must be 'traffic-port' or in range 1-65535", h.Port)
	case h.Protocol == "TCP":
		return nil
	case !strings.HasPrefix(h.Path, "/") || len(h.Path) > 1024 || strings.ContainsFunc(h.Path, func(c rune) bool { return c <= ' ' || c > '~' }):
		return invalid("Health check path '%.200s' must begin with '/' and have at most 1024 visible characters", h.Path)
	}
	return checkMatcher(g, h.Matcher)
}

// checkMatcher refuses what isn't "200", "200,202" or "200-299" (reference,
// Matcher).
func checkMatcher(g *apigw.TargetGroup, matcher string) error {
	top := 499
	if isFlow(g) {
		top = 599
	}
	for part := range strings.SplitSeq(matcher, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		a, errA := strconv.Atoi(first)
		b, errB := strconv.Atoi(last)
		if errA != nil || errB != nil || len(first) != 3 || len(last) != 3 || a < 200 || b > top || a > b || len(matcher) > 255 {
			return invalid("Health check matcher HTTP code '%.100s' must be within '200-%d'", matcher, top)
		}
	}
	return nil
}

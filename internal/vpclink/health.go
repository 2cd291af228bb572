package vpclink

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/balance"
)

// health is how the targets of g are seen, in the states, reasons and words of
// the reference (TargetHealth).
func (g *group) health() []apigw.TargetHealth {
	spec := g.spec.Load()
	if spec == nil {
		return nil
	}
	g.book.mu.Lock()
	used := g.used
	g.book.mu.Unlock()
	list := make([]apigw.TargetHealth, 0, len(spec.Targets))
	for i := range spec.Targets {
		t := &spec.Targets[i]
		h := apigw.TargetHealth{Target: *t, CheckPort: checkPort(spec.TargetGroup, t)}
		key := targetKey(spec, t)
		found := g.set.Find(key)
		switch {
		case spec.TargetType == apigw.TargetBalancer:
			g.describeBalancer(&h, spec)
		case key == "":
			h.State, h.Reason, h.Description = "unused", "Target.IpUnusable", "Target has no address: the configuration says which one an instance has"
		case found == nil:
			continue // it has drained
		default:
			describe(&h, spec, used, found.Condition())
		}
		list = append(list, h)
	}
	return list
}

// describeBalancer says how a load balancer is seen as a target: it is healthy
// while it has the listener, which this process itself serves.
func (g *group) describeBalancer(h *apigw.TargetHealth, spec *groupSpec) {
	switch {
	case !h.Target.Removed.IsZero():
		h.State, h.Reason, h.Description = "draining", "Target.DeregistrationInProgress", "Target deregistration is in progress"
	case g.book.world.Load().targetListener(spec) == nil:
		h.State, h.Reason, h.Description = "unhealthy", "Target.FailedHealthChecks", "Health checks failed"
	default:
		h.State = "healthy"
	}
}

func describe(h *apigw.TargetHealth, spec *groupSpec, used bool, c balance.Condition) {
	switch {
	case c.Draining:
		h.State, h.Reason, h.Description = "draining", "Target.DeregistrationInProgress", "Target deregistration is in progress"
	case !used:
		h.State, h.Reason, h.Description = "unused", "Target.NotInUse", "Target group is not configured to receive traffic from the load balancer"
	case !spec.Health.Enabled:
		h.State, h.Reason, h.Description = "unavailable", "Target.HealthCheckDisabled", "Health checks are not enabled for this target"
	case c.Health == balance.Healthy || c.Health == balance.Unchecked:
		h.State = "healthy"
	case c.Health == balance.Initial && c.Reason == nil:
		h.State, h.Reason, h.Description = "initial", "Elb.RegistrationInProgress", "Target registration is in progress"
	case c.Health == balance.Initial:
		h.State, h.Reason, h.Description = "initial", "Elb.InitialHealthChecking", "Initial health checks in progress"
	default:
		h.State = "unhealthy"
		h.Reason, h.Description = reason(c.Reason)
	}
}

// reason is why a target is unhealthy.
func reason(err error) (code, description string) {
	e, ok := errors.AsType[*balance.ProbeError](err)
	switch {
	case ok && e.Status != 0:
		return "Target.ResponseCodeMismatch", fmt.Sprintf("Health checks failed with these codes: [%d]", e.Status)
	case ok && e.Timeout:
		return "Target.Timeout", "Request timed out"
	}
	return "Target.FailedHealthChecks", "Health checks failed"
}

func checkPort(g *apigw.TargetGroup, t *apigw.Target) int {
	if port, err := strconv.Atoi(g.Health.Port); err == nil {
		return port
	}
	return targetPort(g, t)
}

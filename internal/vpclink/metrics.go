package vpclink

import (
	"cmp"
	"slices"
	"strings"
)

// GroupMetrics is what there is to say of a target group since the process began
// (CloudWatch metrics for load balancers).
type GroupMetrics struct {
	Group              string // "targetgroup/blue/0123456789abcdef", as CloudWatch's dimension has it, or a service
	Healthy, Unhealthy int
	InFlight           int64
	Requests           uint64    // that a target answered
	Statuses           [6]uint64 // of these, by the first digit; 0: another one
	ResponseSeconds    float64   // until the heads of answers, of all together
	ConnectionErrors   uint64    // with targets
	Overflows          uint64    // calls of another group
	Invented           uint64    // answers of 5xx that the load balancer gave
}

// maxMetrics bounds the groups that are told of.
const maxMetrics = 1000

// Metrics tells of the groups that load balancers lead to and of services, by
// name, the first maxMetrics of them.
func (b *Book) Metrics() []GroupMetrics {
	b.mu.Lock()
	var used []*group
	for g := range b.all() {
		if g.used || isService(g.arn) {
			used = append(used, g)
		}
	}
	b.mu.Unlock()
	slices.SortFunc(used, func(x, y *group) int { return cmp.Compare(x.arn, y.arn) })
	used = slices.CompactFunc(used, func(x, y *group) bool { return x.arn == y.arn }) // one service by several attributes
	list := make([]GroupMetrics, 0, min(len(used), maxMetrics))
	for _, g := range used[:min(len(used), maxMetrics)] {
		list = append(list, g.metrics())
	}
	return list
}

func (g *group) metrics() GroupMetrics {
	name := string(g.arn)
	if parts := strings.SplitN(name, ":", 6); len(parts) == 6 {
		name = parts[5]
	}
	m := GroupMetrics{
		Group: name, InFlight: g.set.InFlight(), ResponseSeconds: float64(g.nanoseconds.Load()) / 1e9,
		ConnectionErrors: g.errors.Load(), Overflows: g.overflows.Load(), Invented: g.inventions.Load(),
	}
	m.Healthy, m.Unhealthy = g.set.Count()
	for i := range m.Statuses {
		m.Statuses[i] = g.statuses[i].Load()
		m.Requests += m.Statuses[i]
	}
	return m
}

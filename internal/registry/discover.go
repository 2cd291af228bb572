package registry

import (
	"math/rand/v2"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// Filters of DiscoverInstances by health.
const (
	OnlyHealthy      = "HEALTHY"
	OnlyUnhealthy    = "UNHEALTHY"
	WhateverHealth   = "ALL"
	HealthyOrElseAll = "HEALTHY_OR_ELSE_ALL"
)

// defaultMost is how many instances a discovery returns unless it says so
// (Cloud Map reference, DiscoverInstances).
const defaultMost = 100

// Query says which instances of a service are meant (Cloud Map reference,
// DiscoverInstances).
type Query struct {
	Attributes map[string]string // that an instance must have, all of them
	Optional   map[string]string // that it must have, too, if any instance does
	// Health is a filter; empty: HealthyOrElseAll, so that a service whose checks
	// all fail is still found (AWS doesn't say).
	Health string
	Most   int // 0: defaultMost
}

// Discover returns the instances that q means: part of them, beginning anywhere,
// when they are more than q wants.
func (v *View) Discover(q Query) []*Instance {
	list := v.healthy(v.matching(v.Instances, q.Attributes), q.Health)
	if preferred := v.matching(list, q.Optional); len(preferred) > 0 {
		list = preferred
	}
	most := q.Most
	if most == 0 {
		most = defaultMost
	}
	if len(list) <= most {
		return list
	}
	part := make([]*Instance, most)
	for i, at := 0, rand.IntN(len(list)); i < most; i, at = i+1, (at+1)%len(list) {
		part[i] = list[at]
	}
	return part
}

// matching are those of list that have all attributes.
func (v *View) matching(list []*Instance, attributes map[string]string) []*Instance {
	if len(attributes) == 0 {
		return list
	}
	return only(list, func(i *Instance) bool { return i.has(attributes) })
}

func (i *Instance) has(attributes map[string]string) bool {
	for key, value := range attributes {
		if own, ok := i.Attributes[key]; !ok || own != value {
			return false
		}
	}
	return true
}

// healthy are those of list that a filter by health lets through. Instances
// that nothing tells of count as healthy: an alias, which is never checked.
// Optional attributes are asked of what is left, so that they never lead to an
// instance that fails while another doesn't; AWS doesn't say.
func (v *View) healthy(list []*Instance, filter string) []*Instance {
	if !v.checked || filter == WhateverHealth {
		return list
	}
	if filter == OnlyUnhealthy {
		return only(list, func(i *Instance) bool { return i.Health == apigw.InstanceUnhealthy })
	}
	healthy := only(list, func(i *Instance) bool { return i.Health != apigw.InstanceUnhealthy })
	if len(healthy) == 0 && filter != OnlyHealthy {
		return list
	}
	return healthy
}

// only are those of list that keep says yes to: list itself when all are.
func only(list []*Instance, keep func(*Instance) bool) []*Instance {
	for n, i := range list {
		if keep(i) {
			continue
		}
		kept := append(make([]*Instance, 0, len(list)-1), list[:n]...)
		for _, i := range list[n+1:] {
			if keep(i) {
				kept = append(kept, i)
			}
		}
		return kept
	}
	return list
}

package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/cluster"
	"github.com/gatehouse/gatehouse/internal/serving"
	"github.com/gatehouse/gatehouse/internal/store"
	"github.com/gatehouse/gatehouse/internal/telemetry"
	"github.com/gatehouse/gatehouse/internal/throttle"
)

// newThrottles is what nodes on one etcd cluster divide; nil with a store of
// our own, which has one node.
func (p *program) newThrottles() *throttle.Group {
	if p.config.Store.Etcd == nil {
		return nil
	}
	return throttle.NewGroup()
}

// newCluster is this node among those on the etcd cluster; nil with a store of
// our own.
func (p *program) newCluster(s *store.Store) (*cluster.Cluster, error) {
	if p.config.Store.Etcd == nil {
		return nil, nil
	}
	id, err := cluster.ID(p.config.Data)
	if err != nil {
		return nil, err
	}
	return cluster.New(cluster.Config{Store: s, ID: id, Version: version, Address: p.nodes.address(), Group: p.parts.throttles, Clock: serving.Clock, Logger: p.log}), nil
}

func (p *program) clusterMetrics(m *telemetry.Metrics) {
	m.Gauge("gatehouse_nodes", "Nodes on the etcd cluster that this one knows of, itself among them.", func() float64 {
		pl := p.plane.Load()
		if pl == nil || pl.cluster == nil {
			return 1
		}
		return float64(len(pl.cluster.Nodes()))
	})
	m.Gauge("gatehouse_node_joined", "1 while the other nodes can know of this one.", func() float64 {
		pl := p.plane.Load()
		if pl == nil || pl.cluster == nil || !pl.cluster.Joined() {
			return 0
		}
		return 1
	})
	m.Counter("gatehouse_throttles_untold_total", "How often a busy throttle was left to each node alone, because there were too many to tell of.", func() float64 {
		return float64(p.parts.throttles.Dropped())
	})
}

// nodes tells which nodes the etcd cluster knows.
func (e *examination) nodes(ctx context.Context, s *store.Store) {
	const subject = "nodes"
	list, err := cluster.List(ctx, s)
	if err != nil {
		e.warn(subject, err.Error(), "")
		return
	}
	versions := map[string]bool{}
	var names []string
	for _, n := range list {
		versions[n.Version] = true
		names = append(names, fmt.Sprintf("%s on %s (%s, since %s)", n.ID, n.Host, n.Version, n.Since.Format(time.RFC3339)))
	}
	finding := fmt.Sprintf("%d serve: %s", len(list), strings.Join(names, ", "))
	switch {
	case len(list) == 0:
		e.ok(subject, "none serves now")
	case len(versions) > 1:
		e.warn(subject, finding, "bring all nodes to one version when the upgrade is done")
	default:
		e.ok(subject, finding)
	}
}

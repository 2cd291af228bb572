package cluster

import (
	"context"
	"strings"

	"github.com/gatehouse/gatehouse/internal/throttle"
)

// divide divides the throttles, a few times a second, by what is known of the
// other nodes.
func (c *Cluster) divide(ctx context.Context) {
	for ctx.Err() == nil {
		c.c.Group.SetNodes(len(c.Nodes()), c.c.Store.Err() != nil)
		report, next := c.c.Group.Tick(c.c.Clock())
		if report != nil {
			c.hand(report.Append(nil))
		}
		wait(ctx, next)
	}
}

// hand gives a report to tell, instead of one that still waits.
func (c *Cluster) hand(report []byte) {
	select {
	case <-c.reports:
	default:
	}
	c.reports <- report // divide alone sends
}

// tell puts reports where the other nodes watch. What can't be told is not
// missed: the next report has it, too.
func (c *Cluster) tell(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case report := <-c.reports:
			if p := c.presence.Load(); p != nil {
				ctx, cancel := context.WithTimeout(ctx, putTime)
				_ = p.Put(ctx, c.key(reportsPrefix), report)
				cancel()
			}
		}
	}
}

// followReports hears what the other nodes tell.
func (c *Cluster) followReports(ctx context.Context) {
	for b := range c.c.Store.Watch(ctx, reportsPrefix, 0) {
		for _, e := range b.Events {
			node := strings.TrimPrefix(e.Key, reportsPrefix)
			if e.Key == c.key(reportsPrefix) {
				continue
			}
			if e.Value == nil {
				c.c.Group.Forget(node)
				continue
			}
			report, err := throttle.ParseReport(e.Value)
			if err != nil {
				if c.odd.CompareAndSwap(false, true) {
					c.log.Warn("this node doesn't understand what another one tells of its throttles: each has the whole limit", "node", node, "error", err)
				}
				continue
			}
			c.c.Group.Hear(node, report, c.c.Clock())
		}
	}
}

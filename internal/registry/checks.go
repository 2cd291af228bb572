package registry

import (
	"context"
	"net"
	"net/netip"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/balance"
)

// How Route 53, which checks for Cloud Map, does so unless it is told otherwise
// (Route 53 developer guide, "How Amazon Route 53 determines the status of
// health checks"): every 30 s; a connection has 10 s, an answer 6 in all.
const (
	checkInterval = 30 * time.Second
	tcpTimeout    = 10 * time.Second
	httpTimeout   = 6 * time.Second
)

// Checks is the Checker that probes over HTTP, HTTPS and TCP.
type Checks struct {
	Checker  *balance.Checker
	Interval time.Duration // 0: checkInterval
	// Dialer returns what connects to an address.
	Dialer func(address string) func(ctx context.Context, network, address string) (net.Conn, error)
}

// Watch implements Checker. It takes as many checks in a row to become healthy
// as it takes to become unhealthy (Cloud Map reference, HealthCheckConfig).
func (c *Checks) Watch(at netip.AddrPort, check apigw.ServiceHealth, tell func(healthy bool)) (stop func()) {
	probe := &balance.Probe{Protocol: check.Type, Path: check.Path, Dial: c.Dialer(at.String())}
	timeout := tcpTimeout
	if check.Type != "TCP" {
		timeout = httpTimeout
		probe.Matcher, _ = balance.ParseMatcher("200-399") // it is well-formed
	}
	interval := c.Interval
	if interval == 0 {
		interval = checkInterval
	}
	set := balance.NewSet(balance.Policy{}, nil, func(_ *balance.Target, h balance.Health) { tell(h != balance.Unhealthy) })
	set.Replace([]balance.Member{{Key: at.String()}}, func(*balance.Target) any { return nil })
	set.SetPlan(c.Checker, &balance.Plan{Interval: interval, Timeout: timeout, Healthy: check.Threshold, Unhealthy: check.Threshold,
		Probe: func(ctx context.Context, _ *balance.Target) error { return probe.Check(ctx, at) }}, false)
	return func() { set.SetPlan(c.Checker, nil, true) }
}

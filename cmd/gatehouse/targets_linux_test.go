package main

import (
	"cmp"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/gatehouse/gatehouse/internal/freeport"
)

// mortal is a target that can be killed. Its health has a listener of its own,
// as every target has a loopback address of its own: so checks are told from
// calls, and those of a dead target are counted.
type mortal struct {
	t       *testing.T
	address string
	process *backendProcess
	ill     atomic.Int32 // checks that fail before others pass
}

// newMortals are targets that answer, and the port of their health.
func newMortals(t *testing.T, n int) (list []*mortal, health string) {
	t.Helper()
	_, port, _ := net.SplitHostPort(freeport.Address(t))
	_, health, _ = net.SplitHostPort(freeport.Address(t))
	for i := range n {
		ip := fmt.Sprintf("127.0.0.%d", i+2)
		m := &mortal{t: t, address: net.JoinHostPort(ip, port)}
		l, err := net.Listen("tcp", net.JoinHostPort(ip, health))
		must(t, err)
		checks := &http.Server{Handler: m}
		go checks.Serve(l)
		t.Cleanup(func() { checks.Close() })
		m.process = startBackend(t, m.address)
		list = append(list, m)
	}
	return list, health
}

// ServeHTTP answers health checks.
func (m *mortal) ServeHTTP(http.ResponseWriter, *http.Request) {
	if m.ill.Add(-1) >= 0 {
		panic(http.ErrAbortHandler) // no answer
	}
}

// kill ends the process, and fails the next two checks. Later ones pass: so if
// the target is found unhealthy, then by these two.
func (m *mortal) kill() {
	m.ill.Store(2)
	m.process.kill()
}

func (m *mortal) revive() { m.process = startBackend(m.t, m.address) }

// become waits until checks say this of targets of a group.
func (s *server) become(group string, state types.TargetHealthStateEnum, targets ...*mortal) {
	s.t.Helper()
	ctx, c := s.t.Context(), s.elb()
	groups, err := c.DescribeTargetGroups(ctx, &elasticloadbalancingv2.DescribeTargetGroupsInput{Names: []string{group}})
	must(s.t, err)
	eventually(s.t, fmt.Sprint("targets of ", group, " become ", state), func() bool {
		out, err := c.DescribeTargetHealth(ctx, &elasticloadbalancingv2.DescribeTargetHealthInput{TargetGroupArn: groups.TargetGroups[0].TargetGroupArn})
		must(s.t, err)
		found := 0
		for _, d := range out.TargetHealthDescriptions {
			at := fmt.Sprintf("%s:%d", *d.Target.Id, aws.ToInt32(d.Target.Port))
			if d.TargetHealth.State == state && slices.ContainsFunc(targets, func(m *mortal) bool { return m.address == at }) {
				found++
			}
		}
		return found == len(targets)
	})
}

// steady is how many call steadily.
const steady = 8

// callers call steadily, each once at a time.
type callers struct {
	t           *testing.T
	dying, dead atomic.Int32 // kills that have begun, and that are over
	mu          sync.Mutex   // guards answers
	answers     map[string]int
	ended       atomic.Bool
	group       sync.WaitGroup
}

// callSteadily calls until end.
func (s *server) callSteadily(t *testing.T, host, path string) *callers {
	c := &callers{t: t, answers: map[string]int{}}
	web := &http.Transport{MaxIdleConnsPerHost: steady}
	t.Cleanup(web.CloseIdleConnections)
	for range steady {
		c.group.Go(func() {
			for pace := time.NewTicker(2 * time.Millisecond); !c.ended.Load(); <-pace.C {
				c.call(web, s.invoke+path, host)
			}
		})
	}
	t.Cleanup(c.end)
	return c
}

// call calls once. It may fail if some target was dying meanwhile: a kernel
// closes the connections of a killed process before its listener, one after the
// other, so whoever calls may meet a dying one more than once.
func (c *callers) call(web http.RoundTripper, url, host string) {
	dead := c.dead.Load()
	r, err := http.NewRequest("GET", url, nil)
	must(c.t, err)
	r.Host = host
	resp, err := web.RoundTrip(r)
	if err != nil {
		c.t.Errorf("the gateway doesn't answer: %v", err)
		return
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	switch {
	case resp.StatusCode == 200 && err == nil:
		c.mu.Lock()
		c.answers[cmp.Or(resp.Header.Get("X-Backend"), string(body))]++
		c.mu.Unlock()
	case c.dying.Load() > dead:
	default:
		c.t.Errorf("%s %q, while no target was being killed: %v", resp.Status, body, err)
	}
}

// kill kills targets.
func (c *callers) kill(targets ...*mortal) {
	for _, m := range targets {
		c.dying.Add(1)
		m.kill()
		c.dead.Add(1)
	}
}

// answeredBy waits until calls are answered by these targets and no others.
func (c *callers) answeredBy(targets ...*mortal) {
	c.t.Helper()
	var want []string
	for _, m := range targets {
		want = append(want, m.address)
	}
	c.answeredWith(want...)
}

// answeredWith waits until these are the answers, sorted: who gives them, or
// their bodies when they don't say.
func (c *callers) answeredWith(want ...string) {
	c.t.Helper()
	eventually(c.t, "answers by "+strings.Join(want, " "), func() bool { return slices.Equal(want, c.next(50)) })
}

// next is who gives the next n answers.
func (c *callers) next(n int) (who []string) {
	c.t.Helper()
	c.mu.Lock()
	clear(c.answers)
	c.mu.Unlock()
	eventually(c.t, "answers", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		sum := 0
		who = who[:0]
		for name, count := range c.answers {
			who = append(who, name)
			sum += count
		}
		return sum >= n
	})
	slices.Sort(who)
	return who
}

// end ends the calls.
func (c *callers) end() {
	c.ended.Store(true)
	c.group.Wait()
}

// TestKilledTargets kills two targets of four under load, and revives them: no
// call fails but those in flight on the killed, two failed checks (the least
// that AWS takes as unhealthyThresholdCount) set them aside, and they serve again.
func TestKilledTargets(t *testing.T) {
	t.Parallel()
	list, health := newMortals(t, 4)
	s := serveWith(t, "--config", write(t, "gatehouse.yaml", `
targetGroups:
  shop:
    protocol: HTTP
    port: 80
    health: {port: "`+health+`", interval: 5, timeout: 4, healthyThreshold: 2, unhealthyThreshold: 2}
    targets: `+addresses(list)+`
loadBalancers:
  front: {listeners: [{port: 80, protocol: HTTP, default: {forward: shop}}]}
vpcLinks:
  link01: {subnets: [subnet-1]}
`))
	host := s.overLinks(s.listenerOf(t.Context(), "front"), "link01")
	s.become("shop", types.TargetHealthStateEnumHealthy, list...)
	calls := s.callSteadily(t, host, "/link01")
	calls.answeredBy(list...)
	calls.kill(list[:2]...)
	calls.answeredBy(list[2:]...)
	s.become("shop", types.TargetHealthStateEnumUnhealthy, list[:2]...)
	for _, m := range list[:2] {
		m.revive()
	}
	calls.answeredBy(list...)
	calls.end()
}

// TestKilledGroup kills all targets of a group under load: its overflow group
// takes the calls before checks notice, and gives them back once they pass.
func TestKilledGroup(t *testing.T) {
	t.Parallel()
	list, health := newMortals(t, 3)
	near, far := list[:2], list[2:]
	s := serveWith(t, "--config", write(t, "gatehouse.yaml", `
targetGroups:
  near:
    protocol: HTTP
    port: 80
    health: {port: "`+health+`", interval: 5, timeout: 4, healthyThreshold: 2, unhealthyThreshold: 2}
    overflow: far
    targets: `+addresses(near)+`
  far: {protocol: HTTP, port: 80, targets: `+addresses(far)+`}
loadBalancers:
  front: {listeners: [{port: 80, protocol: HTTP, default: {forward: near}}]}
vpcLinks:
  link01: {subnets: [subnet-1]}
`))
	host := s.overLinks(s.listenerOf(t.Context(), "front"), "link01")
	s.become("near", types.TargetHealthStateEnumHealthy, near...)
	eventually(t, "the overflow group is healthy", func() bool {
		return slices.ContainsFunc(s.records("a target's health changed"), func(r map[string]any) bool {
			return strings.HasSuffix(r["target"].(string), far[0].address) && r["healthy"] == true
		})
	})
	calls := s.callSteadily(t, host, "/link01")
	calls.answeredBy(near...)
	calls.kill(near...)
	calls.answeredBy(far...)
	s.become("near", types.TargetHealthStateEnumUnhealthy, near...)
	calls.answeredBy(far...)
	for _, m := range near {
		m.revive()
	}
	calls.answeredBy(near...)
	calls.end()
}

// addresses is a list of YAML.
func addresses(list []*mortal) string {
	var text []string
	for _, m := range list {
		text = append(text, `"`+m.address+`"`)
	}
	return "[" + strings.Join(text, ", ") + "]"
}

package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// nodes are gatehouses on one etcd cluster that serve one API with one key.
type nodes struct {
	t    testing.TB
	etcd *etcdServer
	all  []*keyedServer
}

// serveNodes starts n nodes; more is of their configuration.
func serveNodes(t testing.TB, n int, quota *types.QuotaSettings, limit *types.ThrottleSettings, more string) *nodes {
	t.Helper()
	c := &nodes{t: t, etcd: startEtcd(t)}
	config := write(t, "gatehouse.yaml", "store: {masterKey: '"+strings.Repeat("1", 64)+"', etcd: {endpoints: ["+c.etcd.endpoint+"]}}\n"+more)
	first := serveKeyed(t, quota, limit, "--config", config)
	c.all = append(c.all, first)
	for len(c.all) < n {
		s := &keyedServer{server: serveWith(t, "--config", config), t: t, api: first.api, plan: first.plan, key: first.key, value: first.value}
		s.c = s.sdk()
		c.all = append(c.all, s)
	}
	c.know(n)
	for _, s := range c.all {
		eventually(t, "every node serves the API", func() bool { return s.get("/open", "").status == 200 })
	}
	return c
}

// know waits until every node knows of as many.
func (c *nodes) know(n int) {
	c.t.Helper()
	want := fmt.Sprintf("\ngatehouse_nodes %d\n", n)
	for _, s := range c.all[:n] {
		eventually(c.t, "every node knows of the others", func() bool {
			return strings.Contains(call(c.t, "GET", s.control+"/_gatehouse/metrics", "", "").body, want)
		})
	}
}

// answers are what requests got.
type answers struct {
	taken   []int // answered 200, by node
	limited int   // answered 429
	odd     []string
	slowest time.Duration
	took    time.Duration
}

func (o *answers) sum() (n int) {
	for _, v := range o.taken {
		n += v
	}
	return n
}

// flood sends rate requests a second for a time, at the nodes as weights say,
// whatever becomes of those before.
func (c *nodes) flood(path string, rate float64, d time.Duration, weights ...float64) *answers {
	c.t.Helper()
	o := &answers{taken: make([]int, len(c.all))}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: 20 * time.Second}
	defer client.CloseIdleConnections()
	tickets := make(chan int, 4096)
	var mu sync.Mutex // guards o
	var sending sync.WaitGroup
	for range 24 {
		sending.Go(func() {
			for i := range tickets {
				began := time.Now()
				status, err := c.send(client, i, path)
				mu.Lock()
				o.slowest = max(o.slowest, time.Since(began))
				switch {
				case err != nil:
					o.odd = append(o.odd, err.Error())
				case status == 200:
					o.taken[i]++
				case status == 429:
					o.limited++
				default:
					o.odd = append(o.odd, fmt.Sprint(status))
				}
				mu.Unlock()
			}
		})
	}
	random := rand.New(rand.NewPCG(1, 2))
	began := time.Now()
	for n := 0; ; n++ {
		at := time.Duration(float64(n) / rate * float64(time.Second))
		if at >= d {
			break
		}
		time.Sleep(time.Until(began.Add(at)))
		tickets <- draw(random, weights)
	}
	close(tickets)
	o.took = time.Since(began)
	sending.Wait()
	return o
}

func draw(random *rand.Rand, weights []float64) int {
	all := 0.0
	for _, w := range weights {
		all += w
	}
	at := random.Float64() * all
	for i, w := range weights {
		if at -= w; at < 0 {
			return i
		}
	}
	return len(weights) - 1
}

func (c *nodes) send(client *http.Client, i int, path string) (int, error) {
	s := c.all[i]
	request, err := http.NewRequestWithContext(context.Background(), "GET", s.invoke+"/_aws/execute-api/"+s.api+"/dev"+path, nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("x-api-key", s.value)
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}

// loads are where requests come.
var loads = map[string][]float64{"even": {1, 1, 1}, "uneven": {85, 12, 3}, "one node": {0, 1, 0}}

// precise sends twice the rate and says by how many percent what was let in is
// off rate and burst.
func (c *nodes) precise(t testing.TB, rate, burst float64, d time.Duration, weights []float64) (off float64) {
	t.Helper()
	o := c.flood("/pets", 2*rate, d, weights...)
	want := rate*o.took.Seconds() + burst
	off = 100 * (float64(o.sum())/want - 1)
	t.Logf("%v let in, %.0f by rate and burst: %+.2f %%; slowest %v", o.taken, want, off, o.slowest)
	if len(o.odd) > 0 {
		t.Errorf("odd answers: %.300v", o.odd)
	}
	return off
}

// idle waits until a bucket is full and divided no more.
func idle(rate, burst float64) {
	time.Sleep(time.Duration(burst/rate*float64(time.Second)) + 3*time.Second)
}

// TestClusterThrottle: three nodes let in what a plan's rate and burst say,
// wherever requests come; the bench Cluster has precise figures.
func TestClusterThrottle(t *testing.T) {
	t.Parallel()
	const rate, burst = 100, 50
	c := serveNodes(t, 3, nil, &types.ThrottleSettings{RateLimit: rate, BurstLimit: burst}, "")
	for _, name := range []string{"even", "uneven", "one node"} {
		if off := c.precise(t, rate, burst, 6*time.Second, loads[name]); math.Abs(off) > 10 {
			t.Errorf("%s: %+.2f %%", name, off)
		}
		idle(rate, burst)
	}
}

// TestClusterSlowPlan: one request a second is one a second on three nodes.
func TestClusterSlowPlan(t *testing.T) {
	t.Parallel()
	c := serveNodes(t, 3, nil, &types.ThrottleSettings{RateLimit: 1, BurstLimit: 2}, "")
	const d = 12 * time.Second
	o := c.flood("/pets", 12, d, 1, 1, 1)
	t.Logf("%v let in", o.taken)
	if n := o.sum(); n < 9 || n > 18 || len(o.odd) > 0 {
		t.Errorf("%d let in in %v, want about 14; odd: %.300v", n, d, o.odd)
	}
}

// TestClusterMembership: a node that leaves, or is killed, is missed; one that
// comes is known; doctor tells which there are; without etcd, they are those
// that there were, and requests go on.
func TestClusterMembership(t *testing.T) {
	t.Parallel()
	c := serveNodes(t, 3, nil, &types.ThrottleSettings{RateLimit: 1000, BurstLimit: 1000}, "")
	config := c.all[0].args[slices.Index(c.all[0].args, "--config")+1]
	out, err := command("doctor", "--config", config, "--data", t.TempDir(), "--invoke", "127.0.0.1:0", "--control", "127.0.0.1:0").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "3 serve: ") {
		t.Errorf("doctor: %v\n%s", err, out)
	}
	if code := c.all[2].terminate(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	began := time.Now()
	c.know(2)
	if d := time.Since(began); d > 5*time.Second {
		t.Errorf("a node that left is missed after %v", d)
	}
	c.all[2].restart()
	c.know(3)
	c.etcd.kill()
	eventually(t, "etcd is missed", func() bool {
		return strings.Contains(call(t, "GET", c.all[0].control+"/_gatehouse/metrics", "", "").body, "\ngatehouse_node_joined 0\n")
	})
	c.know(3)
	if n := c.all[1].allowed("/pets"); n != 10 {
		t.Errorf("%d of 10 let in without etcd", n)
	}
	c.all[2].kill()
	c.etcd.start()
	c.know(2)
	eventually(t, "the nodes are joined again", func() bool {
		return strings.Contains(call(t, "GET", c.all[0].control+"/_gatehouse/metrics", "", "").body, "\ngatehouse_node_joined 1\n")
	})
}

// TestClusterKeyDisabled: a key that one node disables, or enables, is refused
// or let in on every other one within 250 ms; the bench Cluster has the times.
func TestClusterKeyDisabled(t *testing.T) {
	t.Parallel()
	c := serveNodes(t, 3, nil, nil, "")
	times := c.toggle(t, 20)
	t.Logf("median %v, slowest %v", times[len(times)/2], times[len(times)-1])
	if median := times[len(times)/2]; median > 250*time.Millisecond {
		t.Errorf("half of the changes took longer than %v", median)
	}
}

// toggle disables and enables the key and returns how long after each answer the
// slowest of the nodes did as it says, in order.
func (c *nodes) toggle(t testing.TB, n int) (times []time.Duration) {
	t.Helper()
	for i := range n {
		value, status := "false", 403
		if i%2 == 1 {
			value, status = "true", 200
		}
		c.all[i%len(c.all)].enable(value)
		began := time.Now()
		for _, s := range c.all {
			eventually(t, "every node knows", func() bool { return s.get("/pets", s.value).status == status })
		}
		times = append(times, time.Since(began))
	}
	slices.Sort(times)
	return times
}

// TestClusterDeploy: what one node deployed, all serve within 250 ms.
func TestClusterDeploy(t *testing.T) {
	t.Parallel()
	c := serveNodes(t, 3, nil, nil, "")
	times := c.deploys(t, 20)
	t.Logf("median %v, slowest %v", times[len(times)/2], times[len(times)-1])
	if median := times[len(times)/2]; median > 250*time.Millisecond {
		t.Errorf("half of the deployments took longer than %v", median)
	}
}

// deploys changes a stage's variable and returns how long after each answer the
// slowest of the nodes served it.
func (c *nodes) deploys(t testing.TB, n int) (times []time.Duration) {
	t.Helper()
	root := c.all[0]
	resources := must1(root.c.GetResources(t.Context(), &apigateway.GetResourcesInput{RestApiId: &root.api}))(t)
	i := slices.IndexFunc(resources.Items, func(r types.Resource) bool { return *r.Path == "/open" })
	must1(root.c.UpdateIntegrationResponse(t.Context(), &apigateway.UpdateIntegrationResponseInput{
		RestApiId: &root.api, ResourceId: resources.Items[i].Id, HttpMethod: aws.String("GET"), StatusCode: aws.String("200"),
		PatchOperations: []types.PatchOperation{{Op: types.OpAdd, Path: aws.String("/responseTemplates/application~1json"), Value: aws.String("$stageVariables.turn")}},
	}))(t)
	must1(root.c.CreateDeployment(t.Context(), &apigateway.CreateDeploymentInput{RestApiId: &root.api, StageName: aws.String("dev")}))(t)
	for i := range n {
		turn := fmt.Sprint("turn", i)
		at := c.all[i%len(c.all)]
		must1(at.c.UpdateStage(t.Context(), &apigateway.UpdateStageInput{RestApiId: &root.api, StageName: aws.String("dev"), PatchOperations: []types.PatchOperation{
			{Op: types.OpReplace, Path: aws.String("/variables/turn"), Value: &turn}}}))(t)
		began := time.Now()
		for _, s := range c.all {
			eventually(t, "every node serves it", func() bool { return s.get("/open", "").body == turn })
		}
		times = append(times, time.Since(began))
	}
	slices.Sort(times)
	return times
}

// BenchmarkCluster prints what three nodes let in at twice a rate for 30 s, and
// how long a change takes to reach all of them.
func BenchmarkCluster(b *testing.B) {
	const rate, burst = 200, 100
	for name, weights := range loads {
		b.Run(name, func(b *testing.B) {
			c := serveNodes(b, 3, nil, &types.ThrottleSettings{RateLimit: rate, BurstLimit: burst}, "")
			for b.Loop() {
				b.ReportMetric(c.precise(b, rate, burst, 30*time.Second, weights), "%off")
			}
		})
	}
	b.Run("changes", func(b *testing.B) {
		c := serveNodes(b, 3, nil, nil, "")
		for b.Loop() {
			for what, times := range map[string][]time.Duration{"key": c.toggle(b, 200), "stage": c.deploys(b, 200)} {
				b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, what+"-p50-ms")
				b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, what+"-p99-ms")
			}
		}
	})
}

//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/gatehouse/gatehouse/internal/valkey/valkeytest"
)

// sharing is configuration that names a Valkey server. Machines of tests are
// busy: it has long to answer.
func sharing(v *valkeytest.Server) string {
	return "valkey: {address: '" + v.Address + "', timeout: 2s}\n"
}

// using waits until every node uses the Valkey server.
func (c *nodes) using() {
	c.t.Helper()
	for _, s := range c.all {
		eventually(c.t, "every node uses the Valkey server", func() bool {
			return strings.Contains(call(c.t, "GET", s.control+"/_gatehouse/metrics", "", "").body, "\ngatehouse_valkey_up 1\n")
		})
	}
}

// TestSharedQuota: three nodes let in exactly what a quota says, and count it as
// one usage.
func TestSharedQuota(t *testing.T) {
	t.Parallel()
	const quota = 1000
	c := serveNodes(t, 3, &types.QuotaSettings{Limit: quota, Period: types.QuotaPeriodTypeMonth}, nil, sharing(valkeytest.Start(t)))
	c.using()
	o := c.flood("/pets", 500, 4*time.Second, 5, 3, 1)
	t.Logf("%v let in, %d not; slowest %v", o.taken, o.limited, o.slowest)
	if n := o.sum(); n != quota || len(o.odd) > 0 {
		t.Errorf("%d let in, want %d; odd: %.300v", n, quota, o.odd)
	}
	eventually(t, "all of it is one usage", func() bool { return c.all[2].usage()[0] == quota })
}

// TestSharedThrottle: with a Valkey server, three nodes are one bucket.
func TestSharedThrottle(t *testing.T) {
	t.Parallel()
	const rate, burst = 100, 50
	c := serveNodes(t, 3, nil, &types.ThrottleSettings{RateLimit: rate, BurstLimit: burst}, sharing(valkeytest.Start(t)))
	c.using()
	for name, weights := range loads {
		if off := c.precise(t, rate, burst, 5*time.Second, weights); off > 2 || off < -10 { // less on a machine that keeps requests waiting
			t.Errorf("%s: %+.2f %%", name, off)
		}
		time.Sleep(burst * time.Second / rate)
	}
}

// TestSharedAway: while the Valkey server is killed, paused and back, requests
// are answered, in bounded time, with what docs/cluster.md says more.
func TestSharedAway(t *testing.T) {
	t.Parallel()
	const rate, burst, quota = 150, 50, 100000
	v := valkeytest.Start(t)
	c := serveNodes(t, 3, &types.QuotaSettings{Limit: quota, Period: types.QuotaPeriodTypeMonth}, &types.ThrottleSettings{RateLimit: rate, BurstLimit: burst},
		"valkey: "+v.Address+"\n")
	c.using()
	go func() {
		time.Sleep(2 * time.Second)
		v.Kill()
		time.Sleep(2 * time.Second)
		v.Start()
		time.Sleep(2 * time.Second)
		v.Pause()
		time.Sleep(2 * time.Second)
		v.Resume()
	}()
	const d = 10 * time.Second
	o := c.flood("/pets", 2*rate, d, 1, 1, 1)
	want := rate*d.Seconds() + burst
	t.Logf("%v let in, %.0f by rate and burst; slowest %v", o.taken, want, o.slowest)
	if len(o.odd) > 0 {
		t.Errorf("odd answers: %.300v", o.odd)
	}
	// Each time that the server goes or comes back empty: a burst for each node,
	// and what it is asked for until nodes have heard of each other.
	const more = 3 * (3*burst + rate)
	if n := float64(o.sum()); n < 0.9*want || n > 1.1*want+more {
		t.Errorf("%.0f let in, want %.0f and at most %d more", n, want, more)
	}
	if o.slowest > 5*time.Second {
		t.Errorf("a request took %v", o.slowest)
	}
	for _, s := range c.all {
		eventually(t, "the server is used again", func() bool {
			return strings.Contains(call(t, "GET", s.control+"/_gatehouse/metrics", "", "").body, "\ngatehouse_valkey_up 1\n")
		})
	}
	eventually(t, "every request is counted", func() bool { return c.all[0].usage()[0] == int64(o.sum()) })
}

// BenchmarkShared prints what three nodes with a Valkey server let in: at twice a
// rate for 30 s, and of a quota of 10,000.
func BenchmarkShared(b *testing.B) {
	const rate, burst = 200, 100
	for name, weights := range loads {
		b.Run(name, func(b *testing.B) {
			c := serveNodes(b, 3, nil, &types.ThrottleSettings{RateLimit: rate, BurstLimit: burst}, sharing(valkeytest.Start(b)))
			c.using()
			for b.Loop() {
				b.ReportMetric(c.precise(b, rate, burst, 30*time.Second, weights), "%off")
			}
		})
	}
	b.Run("quota", func(b *testing.B) {
		c := serveNodes(b, 3, &types.QuotaSettings{Limit: 10000, Period: types.QuotaPeriodTypeMonth}, nil, sharing(valkeytest.Start(b)))
		c.using()
		for b.Loop() {
			o := c.flood("/pets", 1000, 15*time.Second, 6, 3, 1)
			b.ReportMetric(float64(o.sum()), "let-in")
			b.ReportMetric(float64(len(o.odd)), "odd")
		}
	})
}

// TestClusterExample runs examples/cluster.
func TestClusterExample(t *testing.T) {
	t.Parallel()
	need(t, "aws", "curl", "bash")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("bash", filepath.Join(repository(t), "examples", "cluster", "run.sh"))
	cmd.Env = append(os.Environ(), helperVariable+"=gatehouse", "GATEHOUSE="+self, "ETCD="+startEtcd(t).endpoint, "VALKEY="+valkeytest.Start(t).Address)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "20 of 30 requests were let in") || !strings.Contains(string(out), "3 serve: ") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestDoctorValkey: doctor asks the Valkey server, and says what to do when it
// doesn't answer.
func TestDoctorValkey(t *testing.T) {
	t.Parallel()
	v := valkeytest.Start(t)
	config := sharing(v) + "data: " + t.TempDir() + "\ninvoke: 127.0.0.1:0\ncontrol: 127.0.0.1:0\n"
	out, _ := diagnose(t, config)
	says(t, out, [3]string{"ok", "valkey", v.Address + " answers"})
	v.Kill()
	out, code := diagnose(t, config)
	says(t, out, [3]string{"fail", "valkey", "refused"})
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
}

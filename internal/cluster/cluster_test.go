package cluster

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/server/v3/embed"

	"github.com/gatehouse/gatehouse/internal/freeport"
	"github.com/gatehouse/gatehouse/internal/store"
	"github.com/gatehouse/gatehouse/internal/throttle"
)

// TestMain runs an etcd when a test asks for one, as a process of its own.
func TestMain(m *testing.M) {
	if address := os.Getenv("ETCD_ADDRESS"); address != "" {
		if err := runEtcd(os.Getenv("ETCD_DIR"), address); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func runEtcd(dir, address string) error {
	cfg := embed.NewConfig()
	cfg.Dir, cfg.LogLevel = filepath.Join(dir, "data"), "fatal"
	client := url.URL{Scheme: "http", Host: address}
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{client}, []url.URL{client}
	peer := url.URL{Scheme: "unix", Host: "localhost:1"}
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = []url.URL{peer}, []url.URL{peer}
	cfg.InitialCluster = cfg.InitialClusterFromName("")
	cfg.TickMs, cfg.ElectionMs = 10, 100
	e, err := embed.StartEtcd(cfg)
	if err != nil {
		return err
	}
	<-e.Server.ReadyNotify()
	fmt.Println("ready")
	return <-e.Err()
}

// etcd is an etcd server that a test starts and kills.
type etcd struct {
	t            testing.TB
	dir, address string
	cmd          *exec.Cmd
}

func startEtcd(t testing.TB) *etcd {
	t.Helper()
	e := &etcd{t: t, dir: t.TempDir(), address: freeport.Address(t)}
	e.start()
	t.Cleanup(e.kill)
	return e
}

func (e *etcd) start() {
	e.t.Helper()
	self, err := os.Executable()
	if err != nil {
		e.t.Fatal(err)
	}
	e.cmd = exec.Command(self)
	e.cmd.Dir = e.dir
	e.cmd.Env = append(os.Environ(), "ETCD_DIR="+e.dir, "ETCD_ADDRESS="+e.address)
	e.cmd.Stderr = e.t.Output()
	out, err := e.cmd.StdoutPipe()
	if err != nil {
		e.t.Fatal(err)
	}
	if err := e.cmd.Start(); err != nil {
		e.t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		e.t.Fatalf("etcd: %q, %v", line, err)
	}
}

func (e *etcd) kill() {
	_ = e.cmd.Process.Kill()
	_ = e.cmd.Wait()
}

func (e *etcd) open() *store.Store {
	e.t.Helper()
	s, err := store.OpenExternal(e.t.Context(), store.ExternalConfig{Endpoints: []string{e.address}})
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() { s.Close() })
	return s
}

// member is a node that runs.
type member struct {
	*Cluster
	group *throttle.Group
	stop  func() // returns once it has left
}

func (e *etcd) run(id string) *member {
	e.t.Helper()
	m := &member{group: throttle.NewGroup()}
	epoch := time.Now()
	m.Cluster = New(Config{Store: e.open(), ID: id, Version: "1.0", Group: m.group,
		Clock: func() int64 { return int64(time.Since(epoch)) }, Logger: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		m.Run(ctx)
	}()
	m.stop = func() { cancel(); <-ended }
	e.t.Cleanup(m.stop)
	return m
}

func await(t testing.TB, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it takes too long: %s", what)
		}
	}
}

// names are the IDs of the nodes that a node knows.
func (m *member) names() string {
	var list []string
	for _, n := range m.Nodes() {
		list = append(list, n.ID)
	}
	return strings.Join(list, " ")
}

// TestMembers: nodes know of each other while they are there; two processes with
// one data folder are two; a node that has left is gone at once.
func TestMembers(t *testing.T) {
	t.Parallel()
	e := startEtcd(t)
	a, b := e.run("aaaaaaaaaa"), e.run("bbbbbbbbbb")
	await(t, "both know both", func() bool {
		return a.names() == "aaaaaaaaaa bbbbbbbbbb" && b.names() == a.names() && a.Joined() && b.Joined()
	})
	other := e.run("aaaaaaaaaa")
	await(t, "a second process counts", func() bool { return b.names() == "aaaaaaaaaa aaaaaaaaaa bbbbbbbbbb" })
	other.stop()
	began := time.Now()
	await(t, "it left", func() bool { return b.names() == "aaaaaaaaaa bbbbbbbbbb" })
	if d := time.Since(began); d > lease/2 {
		t.Errorf("that it left is known after %v", d)
	}
	list, err := List(t.Context(), e.open())
	if err != nil || len(list) != 2 || list[0].Version != "1.0" || list[0].Since.IsZero() {
		t.Errorf("List: %v, %v", list, err)
	}
}

// TestAway: while etcd is away the nodes are those that there were, and they
// join again when it is back, also when it has forgotten them.
func TestAway(t *testing.T) {
	t.Parallel()
	e := startEtcd(t)
	a, b := e.run("aaaaaaaaaa"), e.run("bbbbbbbbbb")
	await(t, "both know both", func() bool { return len(a.Nodes()) == 2 && len(b.Nodes()) == 2 })
	e.kill()
	await(t, "it is missed", func() bool { return !a.Joined() && !b.Joined() })
	if len(a.Nodes()) != 2 || len(b.Nodes()) != 2 {
		t.Errorf("without etcd: %v, %v", a.names(), b.names())
	}
	if err := os.RemoveAll(filepath.Join(e.dir, "data")); err != nil { // as a restored backup would
		t.Fatal(err)
	}
	e.start()
	await(t, "they join again", func() bool {
		list, err := List(t.Context(), a.c.Store)
		return err == nil && len(list) == 2 && a.Joined() && b.Joined()
	})
}

// TestVersions: what a newer version says more of a node is passed over, and a
// report in a form that isn't known is no use of anything.
func TestVersions(t *testing.T) {
	t.Parallel()
	e := startEtcd(t)
	a := e.run("aaaaaaaaaa")
	s := e.open()
	p, err := s.Join(t.Context(), lease)
	if err != nil {
		t.Fatal(err)
	}
	for key, value := range map[string]string{
		nodesPrefix + "newer/1":   `{"id":"newer","instance":"1","version":"9.0","planet":"Mars"}`,
		nodesPrefix + "odd/1":     `no JSON`,
		reportsPrefix + "newer/1": "\xffnew form",
	} {
		if err := p.Put(t.Context(), key, []byte(value)); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "the newer node is known", func() bool { return a.names() == "aaaaaaaaaa newer" })
	await(t, "the report is looked at", a.odd.Load)
	if err := p.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	await(t, "it left", func() bool { return a.names() == "aaaaaaaaaa" })
	if err := p.Renew(t.Context()); err != store.ErrLost {
		t.Errorf("a presence that has ended is renewed: %v", err)
	}
}

// TestDivided: nodes that tell each other by etcd let in what one bucket would.
func TestDivided(t *testing.T) {
	t.Parallel()
	e := startEtcd(t)
	members := []*member{e.run("aaaaaaaaaa"), e.run("bbbbbbbbbb"), e.run("cccccccccc")}
	limit := throttle.Limit{Rate: 200, Burst: 20}
	var buckets []*throttle.Bucket
	for _, m := range members {
		await(t, "all know all", func() bool { return len(m.Nodes()) == 3 })
		buckets = append(buckets, m.group.New("key", limit))
	}
	taken, began := 0, time.Now()
	for i := 0; time.Since(began) < 6*time.Second; i++ {
		time.Sleep(time.Until(began.Add(time.Duration(i) * time.Second / 600)))
		at := i % 4 % 3 // one of them twice as often
		if buckets[at].Take(members[at].c.Clock()) {
			taken++
		}
	}
	want := limit.Rate*time.Since(began).Seconds() + float64(limit.Burst)
	t.Logf("%d taken, %.0f by rate and burst", taken, want)
	if off := float64(taken)/want - 1; off < -0.1 || off > 0.1 {
		t.Errorf("%d taken, %.0f by rate and burst", taken, want)
	}
}

func TestID(t *testing.T) {
	dir := t.TempDir()
	id, err := ID(dir)
	if err != nil || !nodeID.MatchString(id) {
		t.Fatalf("%q, %v", id, err)
	}
	if again, err := ID(dir); again != id || err != nil {
		t.Errorf("%q, then %q, %v", id, again, err)
	}
	if other, _ := ID(t.TempDir()); other == id {
		t.Error("two folders have one ID")
	}
	if err := os.WriteFile(filepath.Join(dir, FileName), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ID(dir); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("an empty file: %v", err)
	}
	if _, err := ID(filepath.Join(dir, "absent")); err == nil {
		t.Error("a folder that isn't there")
	}
}

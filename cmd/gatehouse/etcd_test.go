package main

import (
	"bufio"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/gatehouse/gatehouse/internal/freeport"

	"go.etcd.io/etcd/server/v3/embed"
)

// runEtcd is an etcd of one member on address, with its data in dir, until it
// is told to end.
func runEtcd(dir, address string) int {
	client, err := url.Parse("http://" + address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	cfg := embed.NewConfig()
	cfg.Dir, cfg.LogLevel = dir, "error"
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{*client}, []url.URL{*client}
	peer := url.URL{Scheme: "unix", Host: "localhost:" + fmt.Sprint(os.Getpid())}
	cfg.ListenPeerUrls = []url.URL{peer}
	cfg.TickMs, cfg.ElectionMs = 10, 100
	e, err := embed.StartEtcd(cfg)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	<-e.Server.ReadyNotify()
	fmt.Println("ready")
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, os.Interrupt)
	<-ended
	e.Close()
	return 0
}

// etcdServer is an etcd in a process of its own.
type etcdServer struct {
	t             testing.TB
	dir, endpoint string
	cmd           *exec.Cmd
}

func startEtcd(t testing.TB) *etcdServer {
	t.Helper()
	e := &etcdServer{t: t, dir: t.TempDir(), endpoint: freeport.Address(t)}
	e.start()
	t.Cleanup(e.kill)
	return e
}

func (e *etcdServer) start() {
	e.t.Helper()
	e.cmd = helper("etcd", filepath.Join(e.dir, "etcd"), e.endpoint)
	e.cmd.Dir = e.dir // where its peers' socket is made
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

func (e *etcdServer) kill() {
	_ = e.cmd.Process.Kill()
	_ = e.cmd.Wait()
}

// config is a configuration file that names the cluster.
func (e *etcdServer) config() string {
	return write(e.t, "gatehouse.yaml", "store: {etcd: {endpoints: ["+e.endpoint+"]}}\n")
}

// TestExternalEtcd: requests go on while the cluster is away, changes are
// refused, a node that restarts meanwhile serves what it served, and all is
// well again once the cluster is back.
func TestExternalEtcd(t *testing.T) {
	t.Parallel()
	etcd, file := startEtcd(t), apiFile(t, greeting("hi"))
	s := serveWith(t, "--config", etcd.config(), file)
	api := s.api(file)
	s.greets(api, "dev", "hi")
	s.keeps(api)

	etcd.kill()
	eventually(t, "the cluster is missed", func() bool {
		return call(t, "GET", s.control+"/_gatehouse/ready", "", "").status == 503
	})
	s.greets(api, "dev", "hi")
	s.refuses(etcd.endpoint)
	s.kill()

	if err := os.WriteFile(file, []byte(strings.ReplaceAll(readAll(t, file), `"hi"`, `"hello"`)), 0o600); err != nil {
		t.Fatal(err)
	}
	s.restart()
	s.greets(api, "dev", "hi")
	s.refuses(etcd.endpoint)

	etcd.start()
	eventually(t, "the cluster is used again", func() bool {
		return call(t, "GET", s.control+"/_gatehouse/ready", "", "").status == 200
	})
	s.takesChanges()
	eventually(t, "the definition that was given is deployed", func() bool {
		return call(t, "GET", s.invoke+"/dev/hello", api+".execute-api.localhost", "").body == "hello"
	})
	s.greets(api, "dev", "hello")
	if code := s.terminate(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestTwoNodes: what one node of a cluster is told, the other serves.
func TestTwoNodes(t *testing.T) {
	t.Parallel()
	etcd, file := startEtcd(t), apiFile(t, greeting("hi"))
	one := serveWith(t, "--config", etcd.config())
	two := serveWith(t, "--config", etcd.config(), file)
	api := two.api(file)
	eventually(t, "the other node serves it", func() bool {
		return call(t, "GET", one.invoke+"/dev/hello", api+".execute-api.localhost", "").body == "hi"
	})
	if _, err := one.sdk().DeleteRestApi(t.Context(), &apigateway.DeleteRestApiInput{RestApiId: &api}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the other node forgets it", func() bool {
		return call(t, "GET", two.invoke+"/dev/hello", api+".execute-api.localhost", "").status == 404
	})
}

// TestBackup: what was backed up is served from an empty folder, and from a
// cluster.
func TestBackup(t *testing.T) {
	t.Parallel()
	file := apiFile(t, greeting("hi"))
	s := serveWith(t, file)
	api := s.api(file)
	s.terminate()
	saved := filepath.Join(t.TempDir(), "backup")
	succeeds(t, "backup", "--data", s.data, saved)
	if info, err := os.Stat(saved); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup: %v, %v", info, err)
	}

	t.Run("folder", func(t *testing.T) {
		t.Parallel()
		restored := newServer(t)
		succeeds(t, "restore", "--data", restored.data, saved)
		if out, err := command("restore", "--data", restored.data, saved).CombinedOutput(); err == nil || !strings.Contains(string(out), restored.data) {
			t.Errorf("a second restore into the same folder: %v\n%s", err, out)
		}
		restored.start()
		t.Cleanup(restored.kill)
		restored.greets(api, "dev", "hi")
		restored.takesChanges()
	})
	t.Run("cluster", func(t *testing.T) {
		t.Parallel()
		etcd := startEtcd(t)
		config := etcd.config()
		succeeds(t, "restore", "--config", config, saved)
		restored := serveWith(t, "--config", config)
		restored.greets(api, "dev", "hi")
		restored.takesChanges()
		again := filepath.Join(t.TempDir(), "backup") // of a cluster that is in use
		succeeds(t, "backup", "--config", config, again)
	})
}

// succeeds runs a command of the program to its end.
func succeeds(t *testing.T, args ...string) {
	t.Helper()
	if out, err := command(args...).CombinedOutput(); err != nil {
		t.Fatalf("gatehouse %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func readAll(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

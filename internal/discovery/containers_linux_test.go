package discovery_test

import (
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatehouse/gatehouse/internal/discovery"
)

// engine is podman with storage of its own, and an image of one program.
type engine struct {
	t      *testing.T
	dir    string
	socket string
}

func newEngine(t *testing.T) *engine {
	t.Helper()
	need(t, "podman", "runc")
	if os.Getuid() != 0 {
		t.Skip("containers with addresses take root")
	}
	dir, err := os.MkdirTemp("", "gatehouse-podman") // short: the path of a socket
	if err != nil {
		t.Fatal(err)
	}
	e := &engine{t: t, dir: dir, socket: filepath.Join(dir, "podman.sock")}
	t.Cleanup(func() {
		_, _ = e.try("rm", "-af", "-t", "0")
		_ = exec.Command("umount", filepath.Join(dir, "root", "overlay")).Run()
		_ = os.RemoveAll(dir)
	})
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "orders"), "../../examples/containers")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := exec.Command("tar", "cf", filepath.Join(dir, "image.tar"), "-C", dir, "orders").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	e.podman("import", "-c", `ENTRYPOINT ["/orders"]`, "-c", "EXPOSE 8080", filepath.Join(dir, "image.tar"), "localhost/orders:1")
	return e
}

// serve runs the Docker-compatible API.
func (e *engine) serve() (stop func()) {
	e.t.Helper()
	_ = os.Remove(e.socket)
	stop = start(e.t, "podman", e.args("system", "service", "--time=0", "unix:"+e.socket)...)
	eventually(e.t, "podman is reached", func() bool {
		c, err := net.Dial("unix", e.socket)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return stop
}

// args choose what works in most places: runc takes either version of cgroups.
func (e *engine) args(more ...string) []string {
	return append([]string{"--root", filepath.Join(e.dir, "root"), "--runroot", filepath.Join(e.dir, "run"), "--runtime", "runc", "--cgroup-manager", "cgroupfs", "--events-backend", "file"}, more...)
}

func (e *engine) try(args ...string) (string, error) {
	cmd := exec.Command("podman", e.args(args...)...)
	var failed strings.Builder
	cmd.Stderr = &failed
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)) + failed.String(), err
}

func (e *engine) podman(args ...string) string {
	e.t.Helper()
	out, err := e.try(args...)
	if err != nil {
		e.t.Fatalf("podman %v: %v\n%s", args, err, out)
	}
	return out
}

// run starts a container and returns its address.
func (e *engine) run(name string, args ...string) string {
	e.t.Helper()
	e.podman(append(append([]string{"run", "-d", "--name", name, "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"}, args...), "localhost/orders:1")...)
	address, err := exec.Command("podman", e.args("inspect", name, "-f", "{{.NetworkSettings.IPAddress}}")...).Output()
	if err != nil {
		e.t.Fatal(err)
	}
	return strings.TrimSpace(string(address))
}

func TestContainers(t *testing.T) {
	t.Parallel()
	e := newEngine(t)
	stop := e.serve()
	o := observe(t, func(log *slog.Logger) discovery.Source {
		return &discovery.Containers{Address: "unix:" + e.socket, Namespace: "shop", Log: log}
	})
	one := e.run("one", "-l", "gatehouse.service=orders", "-l", "gatehouse.attribute.version=2")
	e.run("unlabelled")
	attributes := []string{"container", "version"}
	first := one + " 8080 UNKNOWN container=one version=2"
	o.becomes(attributes, first)
	two := e.run("two", "-l", "gatehouse.service=shop/orders", "-l", "gatehouse.port=9090", "--health-cmd", "/no-such-program", "--health-interval", "disable", "--health-retries", "1")
	second := two + " 9090 UNHEALTHY container=two version="
	o.becomes(attributes, sortedPair(first, second)...)
	e.podman("pause", "one")
	o.becomes(attributes, second)
	e.podman("unpause", "one")
	o.becomes(attributes, sortedPair(first, second)...)
	e.podman("rm", "-f", "-t", "0", "one")
	o.becomes(attributes, second)
	// while the engine is away, what it said last holds
	stop()
	o.says("the source can't be asked")
	o.becomes(attributes, second)
	e.podman("rm", "-f", "-t", "0", "two")
	e.serve()
	o.becomes(attributes)
	o.says("the source answers again")
	e.run("odd", "-l", "gatehouse.service=orders", "-l", "gatehouse.port=http")
	o.says(`the label gatehouse.port is a port, not \"http\"`)
	e.run("lost", "-l", "gatehouse.service=other/one")
	o.says("service=other/one")
	e.podman("run", "-d", "--name", "host", "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024", "--network", "none", "-l", "gatehouse.port=8080", "-l", "gatehouse.service=orders", "localhost/orders:1")
	o.becomes(attributes, "127.0.0.1 8080 UNKNOWN container=host version=")
}

func sortedPair(a, b string) []string {
	if a > b {
		a, b = b, a
	}
	return []string{a, b}
}

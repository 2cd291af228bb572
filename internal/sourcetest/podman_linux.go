package sourcetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// Podman is podman with storage of its own, and an image of examples/containers.
type Podman struct {
	t      testing.TB
	dir    string
	Socket string // where Serve has its API
}

// Orders is the image.
const Orders = "localhost/orders"

// NewPodman skips the test where containers can't have addresses.
func NewPodman(t testing.TB) *Podman {
	t.Helper()
	Need(t, "podman", "runc")
	if os.Getuid() != 0 {
		t.Skip("containers with addresses take root")
	}
	aloneOnMachine(t)
	dir, err := os.MkdirTemp("", "gatehouse-podman") // short: the path of a socket
	if err != nil {
		t.Fatal(err)
	}
	p := &Podman{t: t, dir: dir, Socket: filepath.Join(dir, "podman.sock")}
	t.Cleanup(func() {
		_, _ = p.try("rm", "-af", "-t", "0")
		_ = exec.Command("umount", filepath.Join(dir, "root", "overlay")).Run()
		_ = os.RemoveAll(dir)
	})
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "orders"), "github.com/gatehouse/gatehouse/examples/containers")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := exec.Command("tar", "cf", filepath.Join(dir, "image.tar"), "-C", dir, "orders").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p.Do("import", "-c", `ENTRYPOINT ["/orders"]`, "-c", "EXPOSE 8080", filepath.Join(dir, "image.tar"), Orders)
	return p
}

// aloneOnMachine waits for other tests' engines to be gone: two that don't know
// of each other may give containers of one bridge the same address.
func aloneOnMachine(t testing.TB) {
	t.Helper()
	lock, err := os.OpenFile(filepath.Join(os.TempDir(), "gatehouse-podman.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lock.Close() })
}

// Serve runs the Docker-compatible API.
func (p *Podman) Serve() (stop func()) {
	p.t.Helper()
	_ = os.Remove(p.Socket)
	stop = Start(p.t, "podman", p.args("system", "service", "--time=0", "unix:"+p.Socket)...)
	reached(p.t, "unix", p.Socket)
	return stop
}

// args choose what works in most places: runc takes either version of cgroups.
func (p *Podman) args(more ...string) []string {
	return append([]string{"--root", filepath.Join(p.dir, "root"), "--runroot", filepath.Join(p.dir, "run"), "--runtime", "runc", "--cgroup-manager", "cgroupfs", "--events-backend", "file"}, more...)
}

func (p *Podman) try(args ...string) (string, error) {
	cmd := exec.Command("podman", p.args(args...)...)
	var failed strings.Builder
	cmd.Stderr = &failed
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)) + failed.String(), err
}

// Do is a command that must succeed.
func (p *Podman) Do(args ...string) string {
	p.t.Helper()
	out, err := p.try(args...)
	if err != nil {
		p.t.Fatalf("podman %v: %v\n%s", args, err, out)
	}
	return out
}

// Run starts a container of the image and returns its address, if it has one.
func (p *Podman) Run(name string, args ...string) string {
	p.t.Helper()
	p.Do(append(append([]string{"run", "-d", "--name", name, "--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"}, args...), Orders)...)
	address, err := exec.Command("podman", p.args("inspect", name, "-f", "{{.NetworkSettings.IPAddress}}")...).Output()
	if err != nil {
		p.t.Fatal(err)
	}
	return strings.TrimSpace(string(address))
}

// Remove removes containers at once.
func (p *Podman) Remove(names ...string) {
	p.t.Helper()
	p.Do(append([]string{"rm", "-f", "-t", "0"}, names...)...)
}

// Leave tells a container to stop, which it doesn't until end is called or the
// test ends.
func (p *Podman) Leave(name string) (end func()) {
	p.t.Helper()
	pid, err := strconv.Atoi(p.Do("inspect", name, "-f", "{{.State.Pid}}"))
	if err != nil || pid < 2 {
		p.t.Fatal(pid, err)
	}
	p.Do("kill", "-s", "STOP", name) // it hears no SIGTERM
	Start(p.t, "podman", p.args("stop", "-t", "600", name)...)
	end = sync.OnceFunc(func() { _ = syscall.Kill(pid, syscall.SIGKILL) }) // podman removes it, but leaves such a process
	p.t.Cleanup(end)
	return end
}

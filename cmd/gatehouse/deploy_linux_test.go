package main

import (
	"bufio"
	"debug/elf"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// unit copies a unit file, with this program in place of the installed one.
func unit(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository(t), "deploy", name))
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(text), "/usr/local/bin/gatehouse", self)), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestUnitFiles: systemd knows every setting, and calls the service well
// confined.
func TestUnitFiles(t *testing.T) {
	t.Parallel()
	need(t, "systemd-analyze")
	dir := t.TempDir()
	service, socket := unit(t, dir, "gatehouse.service"), unit(t, dir, "gatehouse.socket")
	out, err := exec.Command("systemd-analyze", "verify", "--man=no", service, socket).CombinedOutput()
	if err != nil || strings.Contains(string(out), dir) || strings.Contains(string(out), "gatehouse.") {
		t.Errorf("%v\n%s", err, out)
	}
	// 0 is confined, 100 is not at all; systemd calls 20 and less OK.
	out, err = exec.Command("systemd-analyze", "security", "--offline=true", "--threshold=20", service).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestSupervisorIsTold: what systemd learns of a start, a reload and a stop.
func TestSupervisorIsTold(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	said := func() string {
		buf := make([]byte, 4096)
		_ = socket.SetReadDeadline(time.Now().Add(30 * time.Second))
		n, err := socket.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		return string(buf[:n])
	}
	s := newServer(t)
	s.env = []string{"NOTIFY_SOCKET=" + path}
	s.start()
	t.Cleanup(s.kill)
	if got := said(); got != "READY=1" {
		t.Errorf("at the start: %q", got)
	}
	pid := s.handOver(t)
	got := []string{said(), said()} // the successor's own, and where it is
	slices.Sort(got)
	if want := []string{fmt.Sprintf("MAINPID=%d", pid), "READY=1"}; !slices.Equal(got, want) {
		t.Errorf("at a reload: %q, want %q", got, want)
	}
	s.terminate()
	if got := said(); got != "STOPPING=1" {
		t.Errorf("at the end: %q", got)
	}
}

// TestContainerImage: what the Containerfile puts into the image is enough:
// the binary is static and runs, as an unprivileged user, in a root that can't
// be written to.
func TestContainerImage(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it builds the program without cgo")
	}
	root := t.TempDir()
	binary := filepath.Join(root, "gatehouse")
	text, err := os.ReadFile(filepath.Join(repository(t), "deploy", "Containerfile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, wanted := range []string{"CGO_ENABLED=0 go build", "\nFROM scratch\n", "\nUSER 65532:65532\n", "./cmd/gatehouse", "ca-certificates.crt", `ENTRYPOINT ["/gatehouse"]`} {
		if !strings.Contains(string(text), wanted) {
			t.Errorf("the Containerfile lacks %q", wanted)
		}
	}
	build := exec.Command("go", "build", "-o", binary, "./cmd/gatehouse")
	build.Dir, build.Env = repository(t), append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	f, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		t.Error("the binary needs a dynamic linker")
	}
	runConfined(t, root)
}

// runConfined starts the program as the image would: nothing but it below
// root, which is read-only but for /data.
func runConfined(t *testing.T, root string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a root of its own needs root")
	}
	need(t, "unshare", "chroot")
	if err := os.Mkdir(filepath.Join(root, "data"), 0o755); err != nil {
		t.Fatal(err)
	}
	const script = `set -e
mount --bind "$0" "$0"
mount -t tmpfs -o mode=700,uid=65532,gid=65532 tmpfs "$0/data"
mount -o remount,ro,bind "$0"
chroot=$(command -v chroot)
exec env -i GATEHOUSE_DATA=/data GATEHOUSE_INVOKE=127.0.0.1:0 GATEHOUSE_CONTROL=127.0.0.1:0 \
  "$chroot" --userspec=65532:65532 "$0" /gatehouse serve`
	cmd := exec.Command("unshare", "--mount", "sh", "-c", script, root)
	var log syncBuffer
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	group(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		killGroup(cmd)
		_ = cmd.Wait()
	}()
	lines := bufio.NewScanner(out)
	ready := lines.Scan()
	if strings.Contains(log.String(), "unshare failed") || strings.Contains(log.String(), "mount:") {
		t.Skipf("this machine allows no mounts: %s", log.String())
	}
	m := readyLine.FindStringSubmatch(lines.Text())
	if !ready || m == nil {
		t.Fatalf("it isn't ready: %q\n%s", lines.Text(), log.String())
	}
	if a := call(t, "POST", m[2]+"/restapis", "", `{"name":"contained"}`, "Authorization", unverified); a.status != 201 {
		t.Errorf("a change: %v\n%s", a, log.String())
	}
	if a := call(t, "GET", m[1]+"/", "", ""); a.status != 404 || a.header.Get("x-amzn-RequestId") == "" {
		t.Errorf("a call: %v", a)
	}
	if problem := regexp.MustCompile(`(?i)read-only file system|permission denied`).FindString(log.String()); problem != "" {
		t.Errorf("it tries to write elsewhere:\n%s", log.String())
	}
}

package main

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// machine is a network namespace, joined to this one by a cable, whose programs
// ask the near end for names.
type machine struct {
	t         testing.TB
	name      string
	near, far string // addresses
}

func newMachine(t testing.TB) *machine {
	t.Helper()
	need(t, "ip")
	if os.Getuid() != 0 {
		t.Skip("network namespaces take root")
	}
	n, hex := rand.N(16000), fmt.Sprintf("%06x", rand.N(1<<24))
	m := &machine{t: t, name: "gatehouse-" + hex, near: fmt.Sprintf("10.213.%d.%d", n>>6, n&63*4+1), far: fmt.Sprintf("10.213.%d.%d", n>>6, n&63*4+2)}
	sh := func(text string) {
		t.Helper()
		if out, err := exec.Command("sh", "-ec", strings.NewReplacer("NS", m.name, "NEAR", m.near, "FAR", m.far, "CABLE", "gh"+hex).Replace(text)).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", text, err, out)
		}
	}
	t.Cleanup(func() {
		_ = exec.Command("ip", "netns", "del", m.name).Run()
		_ = os.RemoveAll(filepath.Join("/etc/netns", m.name))
	})
	sh(`mkdir -p /etc/netns/NS; echo "nameserver NEAR" >/etc/netns/NS/resolv.conf
ip netns add NS; ip link add CABLE0 type veth peer name CABLE1 netns NS
ip addr add NEAR/30 dev CABLE0; ip link set CABLE0 up
ip -n NS addr add FAR/30 dev CABLE1; ip -n NS link set CABLE1 up; ip -n NS link set lo up`)
	return m
}

func (m *machine) run(command ...string) string {
	m.t.Helper()
	out, err := exec.Command("ip", append([]string{"netns", "exec", m.name}, command...)...).CombinedOutput()
	if err != nil {
		m.t.Fatalf("%v: %v\n%s", command, err, out)
	}
	return string(out)
}

// TestNames: a machine whose only resolver is Gatehouse calls an API, a custom
// domain name and a private endpoint by their names.
func TestNames(t *testing.T) {
	t.Parallel()
	need(t, "curl", "getent")
	m := newMachine(t)
	file := apiFile(t, greeting("hi"))
	s := serveListening(t, strings.ReplaceAll(`
invoke: ["NEAR:80", {address: "NEAR:8080", endpoint: vpce-1}]
dns: {listen: NEAR}
`, "NEAR", m.near), file)
	api := s.api(file)
	const zone = ".execute-api.us-east-1.amazonaws.com"
	s.mapped(api, "shop.example.com", s.imported(newTestAuthority(t, "authority"), "", "shop.example.com"), nil)
	for _, url := range []string{"http://" + api + zone + "/dev/hello", "http://shop.example.com/hello"} {
		eventually(t, url+" is found", func() bool {
			out, err := exec.Command("ip", "netns", "exec", m.name, "curl", "-sS", "--max-time", "20", url).CombinedOutput()
			return err == nil && string(out) == "hi"
		})
	}
	for name, want := range map[string]string{api + "-vpce-1" + zone: m.near, "vpce-1-abc.execute-api.us-east-1.vpce.amazonaws.com": m.near} {
		if got := m.run("getent", "ahostsv4", name); !strings.HasPrefix(got, want) {
			t.Errorf("%s is found at %s", name, got)
		}
	}
	if out, err := exec.Command("ip", "netns", "exec", m.name, "getent", "hosts", "nobody"+zone).CombinedOutput(); err == nil {
		t.Errorf("an API that there isn't is found at %s", out)
	}
	out, code := diagnose(t, fmt.Sprintf("{invoke: %q, control: %q, data: %q, dns: {listen: %q}}", m.near+":80", address(t, s.control), s.data, m.near))
	if says(t, out, [3]string{"ok", "dns", m.near + ":53 is the running server's"}); code != 0 {
		t.Errorf("doctor ends with %d", code)
	}
	before := s.process.Pid
	if s.handOver(t) == before {
		t.Fatal("there is no successor")
	}
	if got := m.run("curl", "-sS", "--max-time", "20", "http://"+api+zone+"/dev/hello"); got != "hi" {
		t.Errorf("after the restart, the answer is %s", got)
	}
	if err := s.process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, "nobody is asked any more", func() bool {
		c, err := net.Dial("tcp", m.near+":53")
		if err == nil {
			c.Close()
		}
		return err != nil
	})
}

package nameserver_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/freeport"
)

// start runs a server of another maker until the test ends.
func start(t *testing.T, address, name string, args ...string) {
	t.Helper()
	need(t, name)
	cmd := exec.Command(name, args...)
	log, err := os.Create(filepath.Join(t.TempDir(), name))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("%s says:\n%s", name, text)
		}
	})
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s isn't reached: %v", name, err)
		}
	}
}

// resolver is dnsmasq, with a few names.
func resolver(t *testing.T) string {
	t.Helper()
	address := freeport.Address(t)
	host, port, _ := net.SplitHostPort(address)
	args := []string{"--keep-in-foreground", "--user=root", "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--pid-file=", "--port=" + port, "--listen-address=" + host, "--bind-interfaces",
		"--address=/www.example.com/192.0.2.80", "--local=/example.com/", "--edns-packet-max=4096"}
	for i := range 40 {
		args = append(args, fmt.Sprintf("--txt-record=long.example.com,%d-%s", i, strings.Repeat("x", 60)))
	}
	start(t, address, "dnsmasq", args...)
	return address
}

func TestForward(t *testing.T) {
	t.Parallel()
	up := resolver(t)
	address := serve(t, "vpc-1", freeport.Address(t), up) // nobody is at the first one
	got := dig(t, address, "www.example.com")
	if d := cmp.Diff([]string{"www.example.com. 0 IN A 192.0.2.80"}, got.sections["ANSWER"]); d != "" || !strings.Contains(got.flags, "ra") || strings.Contains(got.flags, "aa") {
		t.Error(d, got.text)
	}
	got = dig(t, address, "outside.shop.internal")
	if d := cmp.Diff([]string{"outside.shop.internal. 14 IN CNAME www.example.com.", "www.example.com. 0 IN A 192.0.2.80"}, got.sections["ANSWER"]); d != "" {
		t.Error(d)
	}
	if got = dig(t, address, "nobody.example.com"); got.status != "NXDOMAIN" {
		t.Errorf("a name that there isn't is answered %s", got.status)
	}
	if got = dig(t, address, "www.example.com", "+norecurse"); got.status != "REFUSED" {
		t.Errorf("who doesn't want others asked gets %s", got.status)
	}
	if got = dig(t, address, "long.example.com", "TXT"); len(got.sections["ANSWER"]) != 40 || !strings.Contains(got.text, "(TCP)") {
		t.Errorf("a long answer comes by TCP:\n%s", got.text)
	}
	if got = dig(t, serve(t, "vpc-1", freeport.Address(t)), "www.example.com"); got.status != "SERVFAIL" {
		t.Errorf("while no resolver is reached, the answer is %s", got.status)
	}
}

// TestUnbound asks through a resolver that has the zones from here, as one's own
// name servers do.
func TestUnbound(t *testing.T) {
	t.Parallel()
	up := serve(t, "vpc-1")
	upHost, upPort, _ := net.SplitHostPort(up)
	address := freeport.Address(t)
	host, port, _ := net.SplitHostPort(address)
	file := filepath.Join(t.TempDir(), "unbound.conf")
	text := fmt.Sprintf(`
server:
  interface: %s
  port: %s
  do-daemonize: no
  username: ""
  chroot: ""
  directory: ""
  pidfile: ""
  use-syslog: no
  do-not-query-localhost: no
  qname-minimisation-strict: yes
  use-caps-for-id: yes
  module-config: "iterator"
  local-zone: "internal." transparent
`, host, port)
	for _, zone := range []string{"shop.internal", "execute-api.eu-west-1.amazonaws.com"} {
		text += fmt.Sprintf("stub-zone:\n  name: %q\n  stub-addr: %s@%s\n", zone, upHost, upPort)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, address, "unbound", "-d", "-c", file)
	for name, want := range map[string]string{
		"one.orders.shop.internal": "10.0.0.1", "dotted.id._web._tcp.shop.internal": "10.0.3.1", "abc123.execute-api.eu-west-1.amazonaws.com": "10.9.1.1",
	} {
		got := dig(t, address, name)
		if len(got.sections["ANSWER"]) == 0 || !strings.HasSuffix(got.sections["ANSWER"][0], want) {
			t.Errorf("%s: %s", name, got.text)
		}
	}
	if got := dig(t, address, "nobody.shop.internal"); got.status != "NXDOMAIN" {
		t.Errorf("a name that there isn't is answered %s", got.status)
	}
}

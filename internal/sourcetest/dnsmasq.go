package sourcetest

import (
	"net"
	"testing"
)

// Dnsmasq answers for names that end in .corp, which live for a second.
func Dnsmasq(t testing.TB, address string, more ...string) (stop func()) {
	t.Helper()
	host, port, _ := net.SplitHostPort(address)
	stop = Start(t, "dnsmasq", append([]string{"--keep-in-foreground", "--user=root", "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--pid-file=", "--port=" + port, "--listen-address=" + host,
		"--bind-interfaces", "--local-ttl=1", "--local=/corp/"}, more...)...)
	reached(t, "tcp", address)
	return stop
}

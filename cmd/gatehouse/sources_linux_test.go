package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"

	"github.com/gatehouse/gatehouse/internal/freeport"
	"github.com/gatehouse/gatehouse/internal/sourcetest"
)

// discovers waits until DiscoverInstances finds so many instances of shop/orders.
func (s *server) discovers(n int) {
	s.t.Helper()
	eventually(s.t, fmt.Sprint(n, " instances are discovered"), func() bool {
		found, err := s.cloudMap().DiscoverInstances(s.t.Context(), &servicediscovery.DiscoverInstancesInput{NamespaceName: aws.String("shop"), ServiceName: aws.String("orders")})
		must(s.t, err)
		return len(found.Instances) == n
	})
}

// curl calls an API as its users do.
func (s *server) curl(host, path string) string {
	s.t.Helper()
	need(s.t, "curl")
	out, err := exec.Command("curl", "-sSf", "-H", "Host: "+host, s.invoke+path).CombinedOutput()
	if err != nil {
		s.t.Fatalf("curl: %v\n%s", err, out)
	}
	return string(out)
}

// sourced serves with one source of shop/orders. The service is made by calls
// after the source has spoken, and so is the API that leads there over a VPC link.
func sourced(t *testing.T, source string) (s *server, host string) {
	t.Helper()
	s = serveWith(t, "--config", write(t, "gatehouse.yaml", "vpcLinks: {link01: {subnets: [subnet-1]}}\nregistry: {sources: {found: "+source+"}}\n"))
	eventually(t, "the source has spoken", func() bool {
		return len(s.records("the source has instances of a service that the registry doesn't have")) > 0
	})
	return s, s.overLinks(s.madeService(), "link01")
}

// splitPort are the host and the port of an address.
func splitPort(t *testing.T, address string) (string, int) {
	t.Helper()
	host, text, err := net.SplitHostPort(address)
	must(t, err)
	port, err := strconv.Atoi(text)
	must(t, err)
	return host, port
}

// TestServiceFromDNS: a service made by calls, whose instances are the addresses
// of a name that dnsmasq has. They come and go while the API is called; the
// resolver may be away.
func TestServiceFromDNS(t *testing.T) {
	t.Parallel()
	list, _ := newMortals(t, 3)
	resolver, hosts := freeport.Address(t), filepath.Join(t.TempDir(), "hosts")
	stop := func() {}
	names := func(some ...*mortal) {
		stop()
		text := ""
		for _, m := range some {
			host, _ := splitPort(t, m.address)
			text += host + " orders.corp\n"
		}
		overwrite(t, hosts, text)
		stop = sourcetest.Dnsmasq(t, resolver, "--addn-hosts="+hosts)
	}
	names(list[0])
	_, port := splitPort(t, list[0].address)
	s, host := sourced(t, fmt.Sprintf("{dns: {resolvers: ['%s'], maxTtl: 1, services: {shop/orders: {name: orders.corp, port: %d}}}}", resolver, port))
	s.discovers(1)
	if got := s.curl(host, "/link01"); got != "hi" {
		t.Errorf("curl got %q", got)
	}
	calls := s.callSteadily(t, host, "/link01")
	calls.answeredBy(list[0])
	names(list...)
	calls.answeredBy(list...)
	names(list[1:]...)
	calls.answeredBy(list[1:]...)
	list[0].process.kill() // nobody calls it any more
	calls.answeredBy(list[1:]...)
	stop()
	eventually(t, "the resolver is missed", func() bool { return len(s.records("the source can't be asked; what it said last holds")) > 0 })
	calls.kill(list[1]) // without a word of the resolver
	calls.answeredBy(list[2])
	names(list[2])
	s.discovers(1)
	calls.end()
}

// TestServiceFromDNSLocations: SRV records, which unbound has, say which port,
// and how much each instance is called.
func TestServiceFromDNSLocations(t *testing.T) {
	t.Parallel()
	list, _ := newMortals(t, 3)
	resolver := freeport.Address(t)
	stop := func() {}
	locations := func(some ...*mortal) {
		stop()
		stop = unbound(t, resolver, some)
	}
	locations(list[:2]...)
	s, host := sourced(t, fmt.Sprintf("{dns: {resolvers: ['%s'], maxTtl: 1, services: {shop/orders: {name: _orders._tcp.corp}}}}", resolver))
	s.discovers(2)
	if got := s.curl(host, "/link01"); got != "hi" {
		t.Errorf("curl got %q", got)
	}
	calls := s.callSteadily(t, host, "/link01")
	calls.answeredBy(list[:2]...)
	locations(list[1:]...)
	calls.answeredBy(list[1:]...)
	s.discovers(2)
	calls.end()
}

// unbound has SRV records of _orders._tcp.corp, which live for a second.
func unbound(t *testing.T, address string, targets []*mortal) (stop func()) {
	t.Helper()
	host, port := splitPort(t, address)
	text := fmt.Sprintf("server:\n interface: %s@%d\n username: ''\n chroot: ''\n pidfile: ''\n do-daemonize: no\n use-syslog: no\n access-control: 127.0.0.0/8 allow\n local-zone: corp. static\n", host, port)
	for i, m := range targets {
		at, port := splitPort(t, m.address)
		text += fmt.Sprintf(" local-data: '_orders._tcp.corp. 1 IN SRV 10 1 %d host%d.corp.'\n local-data: 'host%d.corp. 1 IN A %s'\n", port, i, i, at)
	}
	stop = sourcetest.Start(t, "unbound", "-d", "-c", write(t, "unbound.conf", text+"remote-control:\n control-enable: no\n"))
	eventually(t, "unbound is reached", func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return stop
}

// TestServiceFromConsul: a service made by calls, whose instances Consul has.
// They are registered, fail their checks and are deregistered while the API is
// called; Consul may be away.
func TestServiceFromConsul(t *testing.T) {
	t.Parallel()
	sourcetest.Need(t, "consul")
	list, _ := newMortals(t, 3)
	dir, address := t.TempDir(), freeport.Address(t)
	consul, stop := sourcetest.NewConsul(t, dir, address)
	register := func(i int) {
		host, port := splitPort(t, list[i].address)
		consul.Register(fmt.Sprint("orders-", i), host, port)
	}
	register(0)
	s, host := sourced(t, fmt.Sprintf("{consul: {address: '%s', token: %s, datacenter: dc7, services: {shop/orders: {name: orders}}}}", consul.URL, sourcetest.ConsulToken))
	s.discovers(1)
	if got := s.curl(host, "/link01"); got != "hi" {
		t.Errorf("curl got %q", got)
	}
	calls := s.callSteadily(t, host, "/link01")
	calls.answeredBy(list[0])
	register(1)
	register(2)
	calls.answeredBy(list...)
	consul.Put("/v1/agent/check/fail/check-orders-1", nil)
	calls.answeredBy(list[0], list[2])
	consul.Put("/v1/agent/check/pass/check-orders-1", nil)
	calls.answeredBy(list...)
	consul.Put("/v1/agent/service/deregister/orders-0", nil)
	calls.answeredBy(list[1:]...)
	list[0].process.kill() // nobody calls it any more
	stop()
	eventually(t, "Consul is missed", func() bool { return len(s.records("the source can't be asked; what it said last holds")) > 0 })
	calls.answeredBy(list[1:]...)
	consul, _ = sourcetest.NewConsul(t, dir, address)
	consul.Put("/v1/agent/service/deregister/orders-1", nil)
	calls.answeredBy(list[2])
	calls.end()
}

// TestContainersExample runs examples/containers: containers appear under a
// declared service's label, calls reach all of them, one is stopped and another
// comes, and no call fails.
func TestContainersExample(t *testing.T) {
	t.Parallel()
	p := sourcetest.NewPodman(t)
	p.Serve()
	folder := filepath.Join("..", "..", "examples", "containers")
	text, err := os.ReadFile(filepath.Join(folder, "gatehouse.yaml"))
	must(t, err)
	definition := filepath.Join(folder, "openapi.yaml")
	s := serveWith(t, "--config", write(t, "gatehouse.yaml", strings.ReplaceAll(string(text), "/run/podman/podman.sock", p.Socket)), definition)
	host := s.api(definition) + ".execute-api.localhost"
	run := func(name string, labels ...string) (answer string) {
		t.Helper()
		args := []string{"--hostname", name, "-l", "gatehouse.service=orders"}
		for _, l := range labels {
			args = append(args, "-l", l)
		}
		p.Run(name, args...)
		return "order of " + name + "\n"
	}
	one := run("one")
	s.discovers(1)
	if got := s.curl(host, "/orders"); got != one {
		t.Errorf("curl got %q", got)
	}
	calls := s.callSteadily(t, host, "/orders")
	two := run("two", "gatehouse.attribute.version=2")
	calls.answeredWith(one, two)
	if got := s.curl(host, "/orders/next"); got != two {
		t.Errorf("curl got %q of /orders/next", got)
	}
	p.Do("stop", "one")
	calls.answeredWith(two)
	three := run("three")
	calls.answeredWith(three, two)
	calls.end()
}

package discovery_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/discovery"
	"github.com/gatehouse/gatehouse/internal/freeport"
	"github.com/gatehouse/gatehouse/internal/sourcetest"
)

func TestDNS(t *testing.T) {
	t.Parallel()
	address := freeport.Address(t)
	stop := sourcetest.Dnsmasq(t, address, "--host-record=orders.corp,10.0.0.1,fd00::1")
	o := observe(t, func(log *slog.Logger) discovery.Source {
		return &discovery.DNS{Resolvers: []string{address}, MinTTL: 100 * time.Millisecond, MaxTTL: time.Second, Log: log,
			Services: map[discovery.Service]discovery.Name{named: {Name: "orders.corp", Port: 8080}}}
	})
	first := []string{"10.0.0.1 8080 UNKNOWN", "fd00::1 invalid IP 8080 UNKNOWN"}
	o.becomes(nil, first...)
	stop()
	o.says("the source can't be asked; what it said last holds")
	o.becomes(nil, first...)
	stop = sourcetest.Dnsmasq(t, address, "--host-record=orders.corp,10.0.0.2")
	o.becomes(nil, "10.0.0.2 8080 UNKNOWN")
	o.says("the source answers again")
	stop()
	sourcetest.Dnsmasq(t, address) // the name is gone
	o.becomes(nil)
}

func TestDNSLocations(t *testing.T) {
	t.Parallel()
	address := freeport.Address(t)
	sourcetest.Dnsmasq(t, address, "--host-record=a.corp,10.0.0.1", "--host-record=b.corp,10.0.0.2", "--host-record=spare.corp,10.0.0.3",
		"--srv-host=_orders._tcp.corp,a.corp,8081,10,3", "--srv-host=_orders._tcp.corp,b.corp,8082,10,1", "--srv-host=_orders._tcp.corp,spare.corp,8083,20,1")
	o := observe(t, func(log *slog.Logger) discovery.Source {
		return &discovery.DNS{Resolvers: []string{address}, MinTTL: time.Second, MaxTTL: time.Second, Log: log,
			Services: map[discovery.Service]discovery.Name{named: {Name: "_orders._tcp.corp."}}}
	})
	o.becomes([]string{"target"}, "10.0.0.1 8081 UNKNOWN target=a.corp", "10.0.0.2 8082 UNKNOWN target=b.corp")
	if view := o.book.Service(orders.ARN).View(); view.Instances[0].Weight != 3 || view.Instances[1].Weight != 1 {
		t.Errorf("the weights are %d and %d", view.Instances[0].Weight, view.Instances[1].Weight)
	}
}

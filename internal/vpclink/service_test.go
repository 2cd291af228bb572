package vpclink

import (
	"net/netip"
	"strconv"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/registry"
)

// TestServices: a place that names a service leads to its instances that have all
// attributes and aren't unhealthy, as the registry has them now (8 of the sheet).
func TestServices(t *testing.T) {
	r := registry.New(registry.Options{Now: time.Now})
	b := newBook(t, Config{Registry: r})
	shop := &apigw.Namespace{ID: "ns-1", ARN: apigw.NamespaceARN(scope, "ns-1"), Name: "shop", HTTPName: "shop", Type: apigw.NamespaceHTTP}
	orders := &apigw.RegistryService{ID: "srv-1", ARN: apigw.RegistryServiceARN(scope, "srv-1"), Name: "orders", Namespace: shop.ID, Type: "HTTP", Custom: true}
	at := func(id string, addr netip.AddrPort, color string) *apigw.RegistryInstance {
		return &apigw.RegistryInstance{ID: id, Attributes: map[string]string{apigw.AttributeIPv4: addr.Addr().String(), apigw.AttributePort: strconv.Itoa(int(addr.Port())), "color": color}}
	}
	backend := b.Acquire(Place{Scope: scope, Link: "v2link", Target: orders.ARN, Query: map[string]string{"color": "blue"}})
	defer backend.Release()
	c := newCaller()
	call := func() answer { return c.send(backend, "GET http://orders.shop/") }
	if a := call(); a.fault == nil || a.fault.Kind != exchange.APIConfigurationError {
		t.Errorf("without the service: %+v", a)
	}
	one, two, three := addressOf(t, answered(t, "one")), addressOf(t, answered(t, "two")), addressOf(t, answered(t, "three"))
	r.Update(func(u *registry.Update) {
		u.Namespace(shop)
		u.Service(orders)
	})
	if a := call(); a.fault == nil || a.fault.Kind != exchange.IntegrationFailure {
		t.Errorf("without instances: %+v", a)
	}
	r.Update(func(u *registry.Update) {
		u.Instance(orders.ARN, at("i-1", one, "blue"))
		u.Instance(orders.ARN, at("i-2", two, "blue"))
		u.Instance(orders.ARN, at("i-3", three, "green"))
	})
	seen := func() map[string]int {
		found := map[string]int{}
		for range 8 {
			found[call().body]++
		}
		return found
	}
	eventually(t, "both blue ones take calls", func() bool { s := seen(); return s["one"] == 4 && s["two"] == 4 })
	ill := at("i-1", one, "blue")
	ill.Status = apigw.InstanceUnhealthy
	r.Update(func(u *registry.Update) { u.Instance(orders.ARN, ill) })
	eventually(t, "the unhealthy one takes none", func() bool { return seen()["two"] == 8 })
	r.Update(func(u *registry.Update) { u.RemoveService(orders.ARN) })
	eventually(t, "the service is gone", func() bool { a := call(); return a.fault != nil && a.fault.Kind == exchange.APIConfigurationError })
	r.Update(func(u *registry.Update) { u.Service(orders) })
	eventually(t, "the service is back", func() bool { return call().fault == nil })
}

// TestServicesLinger: the last calls of a stage whose place was released find the
// service's instances, as the next stage does, until nobody asked for a while.
func TestServicesLinger(t *testing.T) {
	r := registry.New(registry.Options{Now: time.Now})
	b := newBook(t, Config{Registry: r})
	orders := &apigw.RegistryService{ID: "srv-1", ARN: apigw.RegistryServiceARN(scope, "srv-1"), Name: "orders", Namespace: "ns-1", Type: "HTTP", Custom: true}
	addr := addressOf(t, answered(t, "one"))
	r.Update(func(u *registry.Update) {
		u.Namespace(&apigw.Namespace{ID: "ns-1", ARN: apigw.NamespaceARN(scope, "ns-1"), Name: "shop", HTTPName: "shop", Type: apigw.NamespaceHTTP})
		u.Service(orders)
		u.Instance(orders.ARN, &apigw.RegistryInstance{ID: "i-1", Attributes: map[string]string{apigw.AttributeIPv4: addr.Addr().String(), apigw.AttributePort: strconv.Itoa(int(addr.Port()))}})
	})
	backend := b.Acquire(Place{Scope: scope, Link: "v2link", Target: orders.ARN})
	c := newCaller()
	for _, when := range []string{"before", "after"} {
		if a := c.send(backend, "GET http://orders.shop/"); a.body != "one" {
			t.Errorf("%s it is released: %+v", when, a)
		}
		if when == "before" {
			backend.Release()
		}
	}
	swept := func(after time.Duration) int {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.sweepServices(time.Now().Add(after))
		return len(b.services)
	}
	if early, late := swept(0), swept(lingerFor); early != 1 || late != 0 {
		t.Errorf("%d services are kept, then %d", early, late)
	}
}

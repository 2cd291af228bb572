package registry_test

import (
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/registry"
)

var scope = apigw.Scope{Partition: "aws", Account: "123456789012", Region: "eu-west-1"}

var shop = &apigw.Namespace{ID: "ns-1", ARN: apigw.NamespaceARN(scope, "ns-1"), Name: "shop", HTTPName: "shop", Type: apigw.NamespaceHTTP}

func service(id, name string) *apigw.RegistryService {
	return &apigw.RegistryService{ID: id, ARN: apigw.RegistryServiceARN(scope, id), Name: name, Namespace: shop.ID, Type: "HTTP"}
}

func instance(id, address string, more ...string) *apigw.RegistryInstance {
	in := &apigw.RegistryInstance{ID: id, Attributes: map[string]string{apigw.AttributeIPv4: address, apigw.AttributePort: "8080"}}
	for i := 0; i < len(more); i += 2 {
		in.Attributes[more[i]] = more[i+1]
	}
	return in
}

func newBook(o registry.Options) *registry.Book {
	o.Now = time.Now
	if o.Delay == 0 {
		o.Delay = apigw.StatusDelay
	}
	return registry.New(o)
}

// shown are the IDs and health of a view's instances.
func shown(v *registry.View) (list []string) {
	for _, i := range v.Instances {
		list = append(list, i.ID+" "+i.Health)
	}
	return list
}

func want(t *testing.T, v *registry.View, list ...string) {
	t.Helper()
	if v == nil {
		t.Fatal("the service has no view")
	}
	if d := cmp.Diff(list, shown(v)); d != "" {
		t.Error(d)
	}
}

func TestBookLeadsToInstances(t *testing.T) {
	b := newBook(registry.Options{})
	carts := service("srv-1", "carts")
	b.Update(func(u *registry.Update) { // in the order of keys: instances come first
		u.Instance(carts.ARN, instance("b", "10.0.0.2"))
		u.Instance(carts.ARN, instance("a", "10.0.0.1", apigw.AttributeIPv6, "fd00::1"))
		u.Revision(carts.ARN, 7)
	})
	if b.Service(carts.ARN) != nil {
		t.Error("a service shows that isn't defined")
	}
	index := b.Index()
	b.Update(func(u *registry.Update) { u.Service(carts) })
	b.Update(func(u *registry.Update) { u.Namespace(shop) })
	<-index.Changed()
	s := b.Service(carts.ARN)
	v := s.View()
	want(t, v, "a UNKNOWN", "b UNKNOWN")
	if at, ok := v.Instances[0].Address(); !ok || at != netip.MustParseAddrPort("10.0.0.1:8080") {
		t.Errorf("the address is %v, %v", at, ok)
	}
	if v.Revision != 7 {
		t.Errorf("the revision is %d", v.Revision)
	}
	for _, found := range []*registry.Service{b.Index().ServiceByID(scope, "srv-1"), b.Index().ServiceNamed(shop.ARN, "carts"), b.Index().Services(shop.ARN)[0]} {
		if found != s {
			t.Errorf("found %v, not the service", found)
		}
	}
	if found, err := b.Index().Find(scope, "shop", "carts"); found != s || err != nil {
		t.Error(found, err)
	}
	if _, err := b.Index().Find(scope, "shop", "other"); err != registry.ErrNoService {
		t.Error(err)
	}
	if _, err := b.Index().Find(apigw.Scope{}, "shop", "carts"); err != registry.ErrNoNamespace {
		t.Error(err)
	}
	b.Update(func(u *registry.Update) { u.RemoveInstance(carts.ARN, "a") })
	<-v.Changed()
	want(t, s.View(), "b UNKNOWN")
	want(t, v, "a UNKNOWN", "b UNKNOWN") // whoever holds a view keeps it
	v = s.View()
	b.Update(func(u *registry.Update) { u.RemoveService(carts.ARN) })
	<-v.Changed()
	if s.View() != nil || b.Service(carts.ARN) != nil {
		t.Error("a removed service shows")
	}
	b.Update(func(u *registry.Update) { u.Service(carts) })
	want(t, b.Service(carts.ARN).View(), "b UNKNOWN")
	b.Update(func(u *registry.Update) { u.RemoveNamespace(shop.ARN) })
	if b.Service(carts.ARN) != nil || len(b.Index().Namespaces()) != 0 {
		t.Error("what a removed namespace held shows")
	}
}

func TestStatusShowsAfterItsDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBook(registry.Options{})
		carts := service("srv-1", "carts")
		carts.Custom = true
		told := instance("a", "10.0.0.1")
		told.Status, told.Before, told.StatusAt = apigw.InstanceUnhealthy, apigw.InstanceHealthy, time.Now()
		first := instance("b", "10.0.0.1")
		first.Status = apigw.InstanceHealthy
		b.Update(func(u *registry.Update) {
			u.Namespace(shop)
			u.Service(carts)
			u.Instance(carts.ARN, told)
			u.Instance(carts.ARN, first)
			u.Instance(carts.ARN, instance("c", "", apigw.AttributeAlias, "lb.example"))
		})
		v := b.Service(carts.ARN).View()
		want(t, v, "a HEALTHY", "b HEALTHY", "c UNKNOWN")
		time.Sleep(apigw.StatusDelay - time.Nanosecond)
		synctest.Wait()
		want(t, b.Service(carts.ARN).View(), "a HEALTHY", "b HEALTHY", "c UNKNOWN")
		<-v.Changed()
		want(t, b.Service(carts.ARN).View(), "a UNHEALTHY", "b HEALTHY", "c UNKNOWN")
		if now := b.Service(carts.ARN).View(); now.Revision != v.Revision {
			t.Errorf("health moved the revision from %d to %d", v.Revision, now.Revision)
		}
	})
}

// checks is a checker whose findings a test dictates.
type checks struct{ watched map[netip.AddrPort]func(bool) }

func (c *checks) Watch(at netip.AddrPort, _ apigw.ServiceHealth, tell func(bool)) func() {
	if c.watched[at] != nil {
		panic(fmt.Sprint(at, " is watched twice"))
	}
	c.watched[at] = tell
	return func() { delete(c.watched, at) }
}

func TestChecksTellOfHealth(t *testing.T) {
	c := &checks{map[netip.AddrPort]func(bool){}}
	b := newBook(registry.Options{Checker: c})
	carts := service("srv-1", "carts")
	carts.Health = &apigw.ServiceHealth{Type: "TCP", Threshold: 1}
	b.Update(func(u *registry.Update) {
		u.Namespace(shop)
		u.Service(carts)
		u.Instance(carts.ARN, instance("a", "10.0.0.1"))
		u.Instance(carts.ARN, instance("b", "10.0.0.2"))
	})
	s := b.Service(carts.ARN)
	v := s.View()
	want(t, v, "a HEALTHY", "b HEALTHY")
	c.watched[netip.MustParseAddrPort("10.0.0.2:8080")](false)
	<-v.Changed()
	want(t, s.View(), "a HEALTHY", "b UNHEALTHY")

	// Other attributes at the same address: the checks go on.
	b.Update(func(u *registry.Update) { u.Instance(carts.ARN, instance("b", "10.0.0.2", "color", "blue")) })
	want(t, s.View(), "a HEALTHY", "b UNHEALTHY")
	v = s.View()
	c.watched[netip.MustParseAddrPort("10.0.0.2:8080")](true)
	<-v.Changed()
	want(t, s.View(), "a HEALTHY", "b HEALTHY")

	b.Update(func(u *registry.Update) {
		u.Instance(carts.ARN, instance("b", "10.0.0.3"))
		u.RemoveInstance(carts.ARN, "a")
	})
	if len(c.watched) != 1 || c.watched[netip.MustParseAddrPort("10.0.0.3:8080")] == nil {
		t.Errorf("watched: %v", c.watched)
	}
	unchecked := *carts
	unchecked.Health = nil
	b.Update(func(u *registry.Update) { u.Service(&unchecked) })
	want(t, s.View(), "b UNKNOWN")
	if len(c.watched) != 0 {
		t.Errorf("watched: %v", c.watched)
	}
}

func TestSourcesAddInstancesInMemory(t *testing.T) {
	b := newBook(registry.Options{})
	carts := service("srv-1", "carts")
	dns, docker := b.Source("dns"), b.Source("docker")
	docker.Put(carts.ARN, []*apigw.RegistryInstance{instance("c", "172.17.0.2")})
	b.Update(func(u *registry.Update) {
		u.Namespace(shop)
		u.Service(carts)
		u.Instance(carts.ARN, instance("a", "10.0.0.1"))
		u.Revision(carts.ARN, 3)
	})
	s := b.Service(carts.ARN)
	want(t, s.View(), "a UNKNOWN", "c UNKNOWN")
	failing := instance("b", "10.0.0.9")
	failing.Status = apigw.InstanceUnhealthy
	before := s.View().Revision
	dns.Put(carts.ARN, []*apigw.RegistryInstance{instance("a", "10.0.0.8"), failing, instance("c", "10.0.0.7")})
	want(t, s.View(), "a UNKNOWN", "b UNHEALTHY", "c UNKNOWN")
	for i, source := range []string{"", "dns", "dns"} {
		if got := s.View().Instances[i].Source; got != source {
			t.Errorf("instance %d is of %q, not %q", i, got, source)
		}
	}
	moved := s.View().Revision
	if moved <= before {
		t.Errorf("the revision went from %d to %d", before, moved)
	}
	healthy := instance("b", "10.0.0.9")
	healthy.Status = apigw.InstanceHealthy
	dns.Put(carts.ARN, []*apigw.RegistryInstance{instance("a", "10.0.0.8"), healthy, instance("c", "10.0.0.7")})
	want(t, s.View(), "a UNKNOWN", "b HEALTHY", "c UNKNOWN")
	if s.View().Revision != moved {
		t.Error("health moved the revision")
	}
	dns.Remove(carts.ARN)
	want(t, s.View(), "a UNKNOWN", "c UNKNOWN")
	if got := s.View().Instances[1].Source; got != "docker" {
		t.Errorf("the instance is of %q", got)
	}
}

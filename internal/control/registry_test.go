package control

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// TestDeclaredRegistry: what is declared has the same IDs at every start, calls
// don't change it, and what isn't declared any more goes, unless calls put
// something in it.
func TestDeclaredRegistry(t *testing.T) {
	w := newWorld(t)
	declare := func(instances int, services ...string) {
		t.Helper()
		n := DeclaredNamespace{Namespace: apigw.Namespace{Name: "shop", Type: apigw.NamespaceHTTP}}
		for _, name := range services {
			s := DeclaredService{RegistryService: apigw.RegistryService{Name: name, Custom: true}}
			for i := range instances {
				s.Instances = append(s.Instances, &apigw.RegistryInstance{ID: fmt.Sprint(i), Attributes: map[string]string{"n": fmt.Sprint(i)}})
			}
			n.Services = append(n.Services, s)
		}
		var list []DeclaredNamespace
		if len(services) > 0 {
			list = append(list, n)
		}
		if err := w.DeclareRegistry(t.Context(), w.scope, list); err != nil {
			t.Fatal(err)
		}
	}
	declare(250, "carts", "users") // more than a transaction of the store has
	namespace := DeclaredID(w.scope, "ns-", "shop", "")
	carts := DeclaredID(w.scope, "srv-", namespace, "carts")
	if s := must[*ListedService](t)(w.RegistryService(t.Context(), w.scope, carts)); s.Instances != 250 || !s.Declared {
		t.Fatalf("%d instances", s.Instances)
	}
	if err := w.SetInstanceStatus(t.Context(), w.scope, carts, "7", apigw.InstanceUnhealthy); err != nil {
		t.Fatal(err)
	}
	declare(200, "carts")
	list := must[[]*apigw.RegistryInstance](t)(w.RegistryInstances(t.Context(), w.scope, carts))
	in := must[*apigw.RegistryInstance](t)(w.RegistryInstance(t.Context(), w.scope, carts, "7"))
	if len(list) != 200 || in.Status != apigw.InstanceUnhealthy {
		t.Errorf("%d instances, and number 7 is %s", len(list), in.Status)
	}
	if n := must[*ListedNamespace](t)(w.Namespace(t.Context(), w.scope, namespace)); n.Services != 1 {
		t.Errorf("%d services", n.Services)
	}
	for what, err := range map[string]error{
		"namespace": second(w.DeleteNamespace(t.Context(), w.scope, namespace)),
		"service":   w.DeleteRegistryService(t.Context(), w.scope, carts),
		"instance":  second(w.DeregisterInstance(t.Context(), w.scope, carts, "7")),
	} {
		if apigw.KindOf(err) != apigw.BadRequest {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := w.RegisterInstance(t.Context(), w.scope, carts, &apigw.RegistryInstance{ID: "mine", Attributes: map[string]string{}}); err != nil {
		t.Fatal(err)
	}
	declare(0)
	s := must[*ListedService](t)(w.RegistryService(t.Context(), w.scope, carts))
	if s.Instances != 1 || s.Declared {
		t.Errorf("%d instances are left, declared %v", s.Instances, s.Declared)
	}
}

func second[T any](_ T, err error) error { return err }

// TestOperationsStay: while there are few of them, none is removed.
func TestOperationsStay(t *testing.T) {
	w := newWorld(t)
	op := must[string](t)(w.CreateNamespace(t.Context(), w.scope, &apigw.Namespace{Name: "n", Type: apigw.NamespaceHTTP}))
	if o := must[*apigw.RegistryOperation](t)(w.RegistryOperation(t.Context(), w.scope, op)); o.Type != opCreateNamespace {
		t.Error(o)
	}
	if err := w.tidyOperations(t.Context(), w.scope); err != nil {
		t.Fatal(err)
	}
	if list := must[[]*apigw.RegistryOperation](t)(w.RegistryOperations(t.Context(), w.scope)); len(list) != 1 {
		t.Errorf("%d operations", len(list))
	}
}

// TestServiceGoes: a service that goes while it is looked at isn't there.
func TestServiceGoes(t *testing.T) {
	w := newWorld(t)
	must[string](t)(w.CreateNamespace(t.Context(), w.scope, &apigw.Namespace{Name: "n", Type: apigw.NamespaceHTTP}))
	n := must[[]*ListedNamespace](t)(w.Namespaces(t.Context(), w.scope))[0]
	s := must[*ListedService](t)(w.CreateRegistryService(t.Context(), w.scope, &apigw.RegistryService{Name: "s", Namespace: n.ID}))
	if _, err := w.store.Commit(t.Context(), store.Txn{Ops: []store.Op{{Key: registryStateKey(w.scope, s.ID)}}}); err != nil {
		t.Fatal(err)
	}
	if found, err := w.RegistryService(t.Context(), w.scope, s.ID); apigw.KindOf(err) != apigw.NotFound || err == nil {
		t.Error(found, err)
	}
}

// TestDeclaredServiceID: a service has the ID that the file says, and is made anew
// under another one; that of a service that a call made isn't taken.
func TestDeclaredServiceID(t *testing.T) {
	w := newWorld(t)
	declare := func(id, name string) error {
		return w.DeclareRegistry(t.Context(), w.scope, []DeclaredNamespace{{
			Namespace: apigw.Namespace{Name: "shop", Type: apigw.NamespaceHTTP},
			Services: []DeclaredService{{
				RegistryService: apigw.RegistryService{ID: id, Name: name, Type: apigw.NamespaceHTTP},
				Instances:       []*apigw.RegistryInstance{{ID: "one", Attributes: map[string]string{}}},
			}},
		}})
	}
	for _, s := range [][2]string{{"srv-carts", "carts"}, {"srv-users", "carts"}, {"srv-users", "users"}, {"", "users"}, {"srv-carts", "users"}} {
		if err := declare(s[0], s[1]); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		list := must[[]*ListedService](t)(w.RegistryServices(t.Context(), w.scope))
		if len(list) != 1 || list[0].Name != s[1] || s[0] != "" && list[0].ID != s[0] || list[0].Instances != 1 {
			t.Fatalf("%s: %d services, the first %+v", s, len(list), list[0])
		}
	}
	if _, err := w.RegisterInstance(t.Context(), w.scope, "srv-carts", &apigw.RegistryInstance{ID: "mine", Attributes: map[string]string{}}); err != nil {
		t.Fatal(err)
	}
	if err := declare("srv-carts", "carts"); apigw.KindOf(err) != apigw.BadRequest {
		t.Error(err)
	}
}

// TestDeclaredRegistryRefused: what no call could make isn't declared either
// (Cloud Map reference, CreateService, RegisterInstance), and nothing is written.
func TestDeclaredRegistryRefused(t *testing.T) {
	w := newWorld(t)
	service := func(s apigw.RegistryService, instances ...string) DeclaredNamespace {
		d := DeclaredService{RegistryService: s}
		for _, id := range instances {
			d.Instances = append(d.Instances, &apigw.RegistryInstance{ID: id})
		}
		return DeclaredNamespace{Namespace: apigw.Namespace{Name: "shop", Type: apigw.NamespaceHTTP}, Services: []DeclaredService{d}}
	}
	twice := service(apigw.RegistryService{Name: "a"})
	twice.Services = append(twice.Services, twice.Services[0])
	for want, n := range map[string]DeclaredNamespace{
		"visible ASCII":                     {Namespace: apigw.Namespace{Name: "a b", Type: apigw.NamespaceHTTP}},
		"is in no VPC":                      {Namespace: apigw.Namespace{Name: "a", Type: apigw.NamespaceHTTP, VPC: "vpc-1"}},
		"TTL -1":                            {Namespace: apigw.Namespace{Name: "a", Type: apigw.NamespaceDNSPrivate, VPC: "vpc-1", TTL: -1}},
		"a name has labels":                 service(apigw.RegistryService{Name: "a b"}),
		"the ID \"carts\" isn't srv-":       service(apigw.RegistryService{Name: "a", ID: "carts"}),
		"type \"FTP\" isn't HTTP":           service(apigw.RegistryService{Name: "a", Health: &apigw.ServiceHealth{Type: "FTP", Threshold: 1}}),
		"threshold 11 isn't between 1":      service(apigw.RegistryService{Name: "a", Health: &apigw.ServiceHealth{Type: "TCP", Threshold: 11}}),
		"routing \"ANY\" isn't MULTIVALUE":  service(apigw.RegistryService{Name: "a", DNS: &apigw.ServiceDNS{Routing: "ANY"}}),
		"dns: TTL -5 of A":                  service(apigw.RegistryService{Name: "a", DNS: &apigw.ServiceDNS{Records: []apigw.ServiceRecord{{Type: "A", TTL: -5}}}}),
		"instances: the ID \"a b\" doesn't": service(apigw.RegistryService{Name: "a"}, "a b"),
		"services: a: its name or its ID":   twice,
	} {
		err := w.DeclareRegistry(t.Context(), w.scope, []DeclaredNamespace{n})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "registry.namespaces: ") {
			t.Errorf("%v, not %s", err, want)
		}
	}
	if list := must[[]*ListedNamespace](t)(w.Namespaces(t.Context(), w.scope)); len(list) != 0 {
		t.Errorf("%d namespaces", len(list))
	}
}

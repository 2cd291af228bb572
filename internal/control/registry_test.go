package control

import (
	"fmt"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
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

package registry_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/registry"
)

// naive is what section 8 of the reference sheet says of DiscoverInstances,
// without a thought for speed.
func naive(instances []*apigw.RegistryInstance, checked bool, q registry.Query) map[string]bool {
	found := map[string]*apigw.RegistryInstance{}
	for _, in := range instances {
		found[in.ID] = in
	}
	keep := func(orAll bool, ok func(*apigw.RegistryInstance) bool) {
		kept := map[string]*apigw.RegistryInstance{}
		for id, in := range found {
			if ok(in) {
				kept[id] = in
			}
		}
		if len(kept) > 0 || !orAll {
			found = kept
		}
	}
	has := func(wanted map[string]string) func(*apigw.RegistryInstance) bool {
		return func(in *apigw.RegistryInstance) bool {
			for k, v := range wanted {
				if own, ok := in.Attributes[k]; !ok || own != v {
					return false
				}
			}
			return true
		}
	}
	status := func(s string) func(*apigw.RegistryInstance) bool {
		return func(in *apigw.RegistryInstance) bool { return in.Status == s }
	}
	keep(false, has(q.Attributes))
	if checked {
		switch q.Health {
		case "HEALTHY":
			keep(false, status("HEALTHY"))
		case "UNHEALTHY":
			keep(false, status("UNHEALTHY"))
		case "", "HEALTHY_OR_ELSE_ALL":
			keep(true, status("HEALTHY"))
		}
	}
	keep(true, has(q.Optional))
	ids := map[string]bool{}
	for id := range found {
		ids[id] = true
	}
	return ids
}

func TestDiscoverIsWhatTheNaiveModelSays(t *testing.T) {
	attributes := rapid.MapOfN(rapid.SampledFrom([]string{"color", "size", "zone"}), rapid.SampledFrom([]string{"1", "2"}), 0, 3)
	rapid.Check(t, func(t *rapid.T) {
		carts := service("srv-1", "carts")
		carts.Custom = rapid.Bool().Draw(t, "custom")
		b := newBook(registry.Options{})
		b.Update(func(u *registry.Update) {
			u.Namespace(shop)
			u.Service(carts)
		})
		known := map[string]*apigw.RegistryInstance{}
		for range rapid.IntRange(0, 30).Draw(t, "changes") {
			id := fmt.Sprint(rapid.IntRange(0, 12).Draw(t, "id"))
			if rapid.IntRange(0, 3).Draw(t, "removed") == 0 {
				delete(known, id)
				b.Update(func(u *registry.Update) { u.RemoveInstance(carts.ARN, id) })
				continue
			}
			known[id] = &apigw.RegistryInstance{ID: id, Attributes: attributes.Draw(t, "attributes"), Status: rapid.SampledFrom([]string{"HEALTHY", "UNHEALTHY"}).Draw(t, "status")}
			b.Update(func(u *registry.Update) { u.Instance(carts.ARN, known[id]) })
		}
		var instances []*apigw.RegistryInstance
		for _, in := range known {
			instances = append(instances, in)
		}
		q := registry.Query{Attributes: attributes.Draw(t, "query"), Optional: attributes.Draw(t, "optional"),
			Health: rapid.SampledFrom([]string{"", "HEALTHY", "UNHEALTHY", "ALL", "HEALTHY_OR_ELSE_ALL"}).Draw(t, "health"), Most: rapid.IntRange(0, 8).Draw(t, "most")}
		want := naive(instances, carts.Custom, q)
		got := b.Service(carts.ARN).View().Discover(q)
		most := q.Most
		if most == 0 {
			most = 100
		}
		if len(got) != min(most, len(want)) {
			t.Fatalf("%d instances, not %d of %v", len(got), most, want)
		}
		seen := map[string]bool{}
		for _, i := range got {
			if !want[i.ID] || seen[i.ID] {
				t.Fatalf("%s isn't among %v, or twice", i.ID, want)
			}
			seen[i.ID] = true
		}
		if all := b.Service(carts.ARN).View().Instances; len(all) != len(known) || !slices.IsSortedFunc(all, func(a, b *registry.Instance) int { return cmpID(a.ID, b.ID) }) {
			t.Fatalf("the view has %d instances of %d, or not by ID", len(all), len(known))
		}
	})
}

func cmpID(a, b string) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}

// many is a book with n instances of one service.
func many(n int) (*registry.Book, *apigw.RegistryService, []*apigw.RegistryInstance) {
	b, carts := newBook(registry.Options{}), service("srv-1", "carts")
	list := make([]*apigw.RegistryInstance, n)
	for i := range list {
		list[i] = instance(fmt.Sprintf("i-%05d", i), fmt.Sprintf("10.0.%d.%d", i/250, i%250), "zone", fmt.Sprint(i%3))
	}
	b.Update(func(u *registry.Update) {
		u.Namespace(shop)
		u.Service(carts)
		for _, in := range list {
			u.Instance(carts.ARN, in)
		}
	})
	return b, carts, list
}

// fresh are new values of the same instances, each with other attributes.
func fresh(list []*apigw.RegistryInstance, round int) []*apigw.RegistryInstance {
	now := make([]*apigw.RegistryInstance, len(list))
	for i, in := range list {
		now[i] = &apigw.RegistryInstance{ID: in.ID, Attributes: map[string]string{"AWS_INSTANCE_IPV4": in.Attributes["AWS_INSTANCE_IPV4"], "AWS_INSTANCE_PORT": "80", "round": fmt.Sprint(round)}}
	}
	return now
}

func BenchmarkRefreshOf10000Instances(b *testing.B) {
	book, carts, list := many(10_000)
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		now := fresh(list, i)
		b.StartTimer()
		book.Update(func(u *registry.Update) {
			for _, in := range now {
				u.Instance(carts.ARN, in)
			}
		})
	}
}

func BenchmarkRefreshBySource(b *testing.B) {
	book, carts, _ := many(0)
	_, _, list := many(10_000)
	source := book.Source("dns")
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		now := fresh(list, i)
		b.StartTimer()
		source.Put(carts.ARN, now)
	}
}

func BenchmarkChangeOfOneAmong10000(b *testing.B) {
	book, carts, list := many(10_000)
	for i := 0; b.Loop(); i++ {
		in := *list[i%len(list)]
		book.Update(func(u *registry.Update) { u.Instance(carts.ARN, &in) })
	}
}

func BenchmarkDiscoverAmong10000(b *testing.B) {
	book, carts, _ := many(10_000)
	for b.Loop() {
		book.Service(carts.ARN).View().Discover(registry.Query{Attributes: map[string]string{"zone": "1"}})
	}
}

func BenchmarkLookup(b *testing.B) {
	book, carts, _ := many(10)
	for b.Loop() {
		if book.Service(carts.ARN).View() == nil {
			b.Fatal("it is gone")
		}
	}
}

package control

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

func regionalDomain(name string) apigw.DomainName {
	return apigw.DomainName{Name: name, Types: []string{"REGIONAL"}, RegionalCertificateARN: "arn:aws:acm:us-east-1:000000000000:certificate/c"}
}

// otherNode is a second Control over the same store.
func otherNode(w *world) *Control {
	c := New(Options{Store: shared, Logger: slog.New(slog.DiscardHandler), Declared: isDeclared})
	w.Cleanup(c.Close)
	return c
}

// TestMappingAgainstDeletion maps a stage on one node while another deletes it:
// a mapping never leads to what isn't there.
func TestMappingAgainstDeletion(t *testing.T) {
	w := newWorld(t)
	other, ctx := otherNode(w), t.Context()
	domain := w.scope.Account + ".race.example.com" // names are everybody's, and the store is shared
	must[*apigw.DomainName](t)(w.CreateDomainName(ctx, w.scope, regionalDomain(domain)))
	for round := range 10 {
		api := w.newAPI()
		w.newMock(api)
		w.deploy(api, "prod")
		var mapped, deleted error
		var both sync.WaitGroup
		both.Go(func() {
			_, mapped = w.CreateBasePathMapping(ctx, w.scope, domain, "", apigw.BasePathMapping{BasePath: "p", API: api.ID, Stage: "prod"})
		})
		both.Go(func() {
			if round%2 == 0 {
				deleted = other.DeleteStage(ctx, w.scope, api.ID, "prod")
			} else {
				deleted = other.DeleteRestAPI(ctx, w.scope, api.ID)
			}
		})
		both.Wait()
		if (mapped == nil) == (deleted == nil) {
			t.Fatalf("round %d: mapping: %v, deletion: %v", round, mapped, deleted)
		}
		if mapped == nil {
			if err := w.DeleteBasePathMapping(ctx, w.scope, domain, "", "p"); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestOneNameForOne: of many who claim a name at once, one gets it.
func TestOneNameForOne(t *testing.T) {
	var made atomic.Int64
	var all sync.WaitGroup
	domain := newWorld(t).scope.Account + ".claimed.example" // its own each time: the store is shared
	for range 4 {
		w := newWorld(t)
		all.Go(func() {
			for _, name := range []string{"one." + domain, "*." + domain} {
				if _, err := w.CreateDomainName(t.Context(), w.scope, regionalDomain(name)); err == nil {
					made.Add(1)
				} else if apigw.KindOf(err) != apigw.BadRequest {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if n := made.Load(); n != 1 && n != 2 { // the wildcard goes to who has the name, or to nobody
		t.Errorf("%d names were made", n)
	}
}

// TestDomainsFeed: a node knows what it changed when the call returns, others
// learn of it, and what was kept is remembered until the store speaks.
func TestDomainsFeed(t *testing.T) {
	w := newWorld(t)
	other, ctx := otherNode(w), t.Context()
	known := func(c *Control, kept *atomic.Pointer[[]byte]) (*Domains, func(name string) *apigw.DomainName) {
		var list atomic.Pointer[[]*apigw.DomainName]
		d := NewDomains(c, DomainsOptions{
			Changed: func(l []*apigw.DomainName) { list.Store(&l) },
			Keep:    func(raw []byte) { kept.Store(&raw) },
		})
		return d, func(name string) *apigw.DomainName {
			if list.Load() == nil {
				return nil
			}
			for _, d := range *list.Load() {
				if d.Name == name {
					return d
				}
			}
			return nil
		}
	}
	var kept, keptThere atomic.Pointer[[]byte]
	here, seen := known(w.Control, &kept)
	there, seenThere := known(other, &keptThere)

	before := regionalDomain("remembered.example.com")
	there.Remember([]*apigw.DomainName{&before})
	if seenThere("remembered.example.com") == nil {
		t.Error("what was kept isn't remembered")
	}
	following, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { here.Follow(following) })
	running.Go(func() { there.Follow(following) })
	<-here.Loaded()
	<-there.Loaded()
	there.Remember([]*apigw.DomainName{&before})
	if seenThere("remembered.example.com") != nil {
		t.Error("what was kept is served against the store's word")
	}

	const name = "feed.example.com"
	must[*apigw.DomainName](t)(w.CreateDomainName(ctx, w.scope, regionalDomain(name)))
	api := w.newAPI()
	must[*apigw.BasePathMapping](t)(w.CreateBasePathMapping(ctx, w.scope, name, "", apigw.BasePathMapping{API: api.ID}))
	if d := seen(name); d == nil || len(d.Mappings) != 1 {
		t.Errorf("here: %+v", d)
	}
	wait(t, func() bool { d := seenThere(name); return d != nil && len(d.Mappings) == 1 })
	wait(t, func() bool {
		if raw := keptThere.Load(); raw != nil {
			list, err := RememberDomains(*raw)
			for _, d := range list {
				if err == nil && d.Name == name && len(d.Mappings) == 1 {
					return true
				}
			}
		}
		return false
	})
	if err := w.DeleteDomainName(ctx, w.scope, name, ""); err != nil {
		t.Fatal(err)
	}
	if seen(name) != nil {
		t.Error("it is deleted, and known here")
	}
	wait(t, func() bool { return seenThere(name) == nil })
	wait(t, func() bool { // nothing is kept of what is gone
		here.mu.Lock()
		defer here.mu.Unlock()
		_, left := here.known[domainRecord(w.scope, name, "")]
		return !left
	})
	stop()
	running.Wait()
}

func FuzzCheckDomainName(f *testing.F) {
	for _, name := range []string{"*.example.com", "a..b", "-a.b", "*.*.c", "xn--a.example", "1.2.3.4", "a.execute-api.b"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if checkDomainName(name) != nil {
			return
		}
		key := domainRecord(apigw.Scope{Partition: "aws", Account: "1", Region: "r"}, name, "")
		if k, ok := ParseKey(key); !ok || k.Name != name {
			t.Errorf("%q is stored as %q", name, key)
		}
	})
}

// TestEndpointOfAnother: a call lets none but its account's own endpoints to a
// domain name, where the network says whose they are.
func TestEndpointOfAnother(t *testing.T) {
	endpoints := map[string]*apigw.VPCEndpoint{}
	w := newWorldWith(t, Options{Network: &apigw.Network{VPCs: map[string]*apigw.VPC{"vpc-1": {ID: "vpc-1"}}, Endpoints: endpoints}})
	endpoints["vpce-mine"] = &apigw.VPCEndpoint{ID: "vpce-mine", Account: w.scope.Account}
	endpoints["vpce-theirs"] = &apigw.VPCEndpoint{ID: "vpce-theirs", Account: "999999999999"}
	d := must[*apigw.DomainName](t)(w.CreateDomainName(t.Context(), w.scope, apigw.DomainName{Name: "api.example.com", Types: []string{apigw.EndpointPrivate}, CertificateARN: "arn:aws:acm:us-east-1:000000000000:certificate/c"}))
	permit := func(*apigw.DomainName) error { return nil }
	for _, id := range []string{"vpce-theirs", "vpce-gone", "vpce-mine"} {
		_, err := w.CreateDomainAssociation(t.Context(), w.scope, string(DomainARN(w.scope, d)), apigw.DomainAccess{Source: id}, permit)
		if (err != nil) != (id != "vpce-mine") || err != nil && apigw.KindOf(err) != apigw.BadRequest {
			t.Errorf("%s: %v", id, err)
		}
	}
}

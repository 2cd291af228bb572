package control

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

func TestUnusedValuesAreRemoved(t *testing.T) {
	w := newWorld(t)
	api := w.newAPI()
	m := w.newMock(api)
	kept := w.deploy(api, "")
	long := strings.Repeat("x", 50_000)
	for i := range 20 {
		template := fmt.Sprint(i, long)
		must[*apigw.Integration](t)(w.PutIntegration(t.Context(), m, apigw.Integration{Type: "MOCK", RequestTemplates: map[string]*string{"a/b": &template}}))
	}
	stored := func() (n int) {
		records, _, _, err := shared.List(t.Context(), restRef(w.scope, api.ID).base().Blobs, "", 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			n += len(r.Value)
		}
		return n
	}
	before := stored()
	if err := w.noteAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.collect(t.Context())
	if after := stored(); after > before/4 {
		t.Fatalf("%d bytes before, %d after", before, after)
	}
	must[*apigw.Definition](t)(w.LoadDeployment(t.Context(), w.scope, api.ID, kept.ID))
	if in := must[*apigw.Integration](t)(w.Integration(t.Context(), m)); len(*in.RequestTemplates["a/b"]) < 50_000 {
		t.Fatal("the current value went")
	}
}

func TestDeadStore(t *testing.T) {
	s := must[*store.Store](t)(store.OpenEmbedded(t.Context(), store.EmbeddedConfig{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)}))
	c := New(Options{Store: s})
	defer c.Close()
	scope := apigw.Scope{Partition: "aws", Account: "000000000000", Region: "us-east-1"}
	api := must[*apigw.RestAPI](t)(c.CreateRestAPI(t.Context(), scope, NewRestAPI{API: apigw.RestAPI{Name: "n"}}))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	calls := map[string]func(ctx context.Context) error{
		"read": func(ctx context.Context) error {
			_, err := c.RestAPI(ctx, scope, api.ID)
			return err
		},
		"list": func(ctx context.Context) error {
			_, _, err := c.RestAPIs(ctx, scope, "", 10)
			return err
		},
		"create": func(ctx context.Context) error {
			_, err := c.CreateRestAPI(ctx, scope, NewRestAPI{API: apigw.RestAPI{Name: "n"}})
			return err
		},
		"change": func(ctx context.Context) error {
			_, err := c.CreateResource(ctx, scope, api.ID, api.RootResourceID, "a")
			return err
		},
		"deploy": func(ctx context.Context) error {
			_, err := c.CreateDeployment(ctx, scope, api.ID, NewDeployment{})
			return err
		},
		"delete": func(ctx context.Context) error { return c.DeleteRestAPI(ctx, scope, api.ID) },
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			if err := call(t.Context()); apigw.KindOf(err) != apigw.Unavailable {
				t.Fatal(err)
			}
		})
	}
}

func TestCacheIsBounded(t *testing.T) {
	w := newWorldWith(t, Options{CachedAPIs: 3})
	for range 10 {
		w.newAPI()
	}
	if n := w.cache.order.Len(); n != 3 || len(w.cache.items) != 3 {
		t.Fatal(n)
	}
	small := newWorldWith(t, Options{CachedBytes: 10})
	api := small.newAPI()
	must[*apigw.RestAPI](t)(small.RestAPI(t.Context(), small.scope, api.ID))
	if n := small.cache.order.Len(); n != 0 || small.cache.bytes != 0 {
		t.Fatal(n, small.cache.bytes)
	}
}

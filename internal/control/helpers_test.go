package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// shared is the embedded store of all tests; each has a scope of its own.
var shared *store.Store

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "control")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	shared, err = store.OpenEmbedded(context.Background(), store.EmbeddedConfig{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	defer shared.Close()
	return m.Run()
}

var accounts atomic.Int64

// world is a Control with a scope of its own.
type world struct {
	*testing.T
	*Control
	scope apigw.Scope
	clock time.Time
}

func newWorld(t *testing.T) *world { return newWorldWith(t, Options{}) }

func newWorldWith(t *testing.T, o Options) *world {
	t.Helper()
	w := &world{T: t, clock: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	w.scope = apigw.Scope{Partition: "aws", Account: fmt.Sprintf("%012d", accounts.Add(1)), Region: "us-east-1"}
	o.Store = shared
	if o.Declared == nil {
		o.Declared = isDeclared
	}
	if o.Now == nil {
		o.Now = func() time.Time { return w.clock }
	}
	o.Logger = slog.New(slog.DiscardHandler)
	w.Control = New(o)
	t.Cleanup(w.Control.Close)
	return w
}

// isDeclared is of certificates that tests name without having them.
func isDeclared(arn apigw.ARN) bool { return strings.HasSuffix(string(arn), "certificate/c") }

// must fails the test unless err is nil.
func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// wantError checks kind and text of an error for a caller.
func wantError(t testing.TB, err error, kind apigw.Kind, text string) {
	t.Helper()
	e, ok := errors.AsType[*apigw.Error](err)
	if !ok || e.Kind != kind || e.Message != text {
		t.Fatalf("got  %v (kind %d)\nwant %s (kind %d)", err, apigw.KindOf(err), text, kind)
	}
}

func (w *world) newAPI() *apigw.RestAPI {
	w.Helper()
	return must[*apigw.RestAPI](w)(w.CreateRestAPI(w.Context(), w.scope, NewRestAPI{API: apigw.RestAPI{Name: "test"}}))
}

func (w *world) newResource(api *apigw.RestAPI, parent apigw.ResourceID, part string) *apigw.Resource {
	w.Helper()
	return must[*apigw.Resource](w)(w.CreateResource(w.Context(), w.scope, api.ID, parent, part))
}

func (w *world) method(api *apigw.RestAPI, r apigw.ResourceID, verb apigw.Verb) MethodRef {
	return MethodRef{Scope: w.scope, API: api.ID, Resource: r, Verb: verb}
}

// newMock puts a method with a MOCK integration on the root.
func (w *world) newMock(api *apigw.RestAPI) MethodRef {
	w.Helper()
	m := w.method(api, api.RootResourceID, "GET")
	must[*apigw.Method](w)(w.PutMethod(w.Context(), m, apigw.Method{AuthorizationType: "NONE"}))
	must[*apigw.Integration](w)(w.PutIntegration(w.Context(), m, apigw.Integration{Type: apigw.IntegrationMock}))
	return m
}

func (w *world) deploy(api *apigw.RestAPI, stage string) *apigw.Deployment {
	w.Helper()
	in := NewDeployment{}
	if stage != "" {
		in.Stage = (*apigw.StageName)(&stage)
	}
	return must[*apigw.Deployment](w)(w.CreateDeployment(w.Context(), w.scope, api.ID, in))
}

func text(s string) *string { return &s }

package control

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/openapi"
)

// TestWithdrawDefinition: a file that went and came back has the same API.
func TestWithdrawDefinition(t *testing.T) {
	w := newWorld(t)
	doc, err := openapi.Parse([]byte(`{"openapi": "3.0.1", "info": {"title": "t"}, "paths": {"/a": {"get": {"x-amazon-apigateway-integration": {"type": "mock"}}}}}`), openapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ensure := func() Ensured {
		return must[Ensured](t)(w.EnsureFromDefinition(t.Context(), w.scope, "/d/a.yaml", doc, "dev"))
	}
	served := func() []string { return must[[]string](t)(w.ServedDefinitions(t.Context(), w.scope)) }
	first := ensure()
	if d := gocmp.Diff([]string{"/d/a.yaml"}, served()); d != "" {
		t.Error(d)
	}
	for range 2 { // also when it is withdrawn already
		if err := w.WithdrawDefinition(t.Context(), w.scope, "/d/a.yaml"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Stage(t.Context(), w.scope, first.API, "dev"); apigw.KindOf(err) != apigw.NotFound || len(served()) > 0 {
		t.Errorf("the stage is still there: %v, served %q", err, served())
	}
	again := ensure()
	if again.API != first.API || !again.Changed {
		t.Errorf("%+v, not %+v", again, first)
	}
	if err := w.WithdrawDefinition(t.Context(), w.scope, "/d/other.yaml"); err != nil {
		t.Error("a file that never was:", err)
	}
}

package control

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/klauspost/compress/s2"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// TestRouteFormats: what an API of routes is stored as is refused by name by
// binaries that know REST APIs alone; theirs is read as it was.
func TestRouteFormats(t *testing.T) {
	w := newWorld(t)
	api := w.newQuickAPI()
	stage := w.stage(api, "$default")
	ref := routesRef(w.scope, api.ID)
	for _, key := range []string{ref.key(KeyAPI), ref.deployment(stage.DeploymentID)} {
		r := must[store.Record](t)(shared.Get(t.Context(), key))
		if r.Value[3] != 2 {
			t.Errorf("%s has format %d", key, r.Value[3])
		}
	}
	rest := w.newAPI()
	if r := must[store.Record](t)(shared.Get(t.Context(), restRef(w.scope, rest.ID).key(KeyAPI))); r.Value[3] != 1 {
		t.Errorf("a REST API has format %d", r.Value[3])
	}
	if r := must[store.Record](t)(shared.Get(t.Context(), restRef(w.scope, rest.ID).key(KeyGuard))); string(r.Value) != "{}" {
		t.Errorf("a REST API's guard is %s", r.Value)
	}
	for text, newer := range map[string]bool{
		`{"schema":1,"api":{"id":"a"},"resources":{"r":{"id":"r","path":"/"}}}`: false,
		`{"schema":2,"api":{},"resources":null,"routeApi":{"id":"a"}}`:          false,
		`{"schema":2,"api":{"id":"a"},"resources":{}}`:                          true,
		`{"schema":3,"api":{},"routeApi":{"id":"a"}}`:                           true,
	} {
		def, err := DecodeDefinition(s2.Encode(nil, []byte(text)))
		if newer != errors.Is(err, store.ErrNewer) || !newer && def.ID() != "a" {
			t.Errorf("%s: %v", text, err)
		}
	}
	// A deployment as it was stored before there were APIs of routes.
	meta := frozenMeta{}
	if err := json.Unmarshal([]byte(`{"deployment":{"id":"d"},"api":{"id":"a","name":"n"}}`), &meta); err != nil || meta.kind() != restKind || meta.begin(apigw.Scope{}).API.Name != "n" {
		t.Errorf("%+v %v", meta, err)
	}
}

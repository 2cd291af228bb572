package control

import (
	"context"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// next waits for a batch that says something of a scope.
func next(t *testing.T, batches <-chan store.Batch, scope apigw.Scope) store.Batch {
	t.Helper()
	limit := time.After(20 * time.Second)
	for {
		select {
		case b, ok := <-batches:
			if !ok {
				t.Fatal("the feed ended")
			}
			for _, e := range b.Events {
				if k, ok := ParseKey(e.Key); ok && k.Scope == scope {
					return b
				}
			}
		case <-limit:
			t.Fatal("nothing arrived")
		}
	}
}

func TestFeed(t *testing.T) {
	w := newWorld(t)
	api := w.newAPI()
	w.newMock(api)
	dep := w.deploy(api, "before")
	ctx, cancel := context.WithCancel(t.Context())
	feed := w.Feed()
	batches := feed.Watch(ctx)
	first := next(t, batches, w.scope)
	if !first.Reset {
		t.Fatalf("%+v", first)
	}
	w.deploy(api, "after")
	b := next(t, batches, w.scope)
	stage := must[*apigw.Stage](t)(feed.Stage(b.Events[0].Value))
	if b.Reset || len(b.Events) != 1 || stage.Name != "after" {
		t.Fatalf("%+v", b)
	}
	def := must[*apigw.Definition](t)(feed.Definition(t.Context(), b.Events[0].Key, dep.ID))
	if def.API.ID != api.ID {
		t.Fatalf("%+v", def)
	}

	// A scope that begins later is followed too.
	other := newWorld(t)
	otherAPI := other.newAPI()
	other.newMock(otherAPI)
	other.deploy(otherAPI, "new")
	if b := next(t, batches, other.scope); b.Reset {
		t.Fatalf("%+v", b)
	}
	if err := w.DeleteRestAPI(t.Context(), w.scope, api.ID); err != nil {
		t.Fatal(err)
	}
	if b := next(t, batches, w.scope); len(b.Events) != 2 || b.Events[0].Value != nil {
		t.Fatalf("%+v", b)
	}
	cancel()
	for range batches {
	}
}

func TestResetBecomesChanges(t *testing.T) {
	scope := apigw.Scope{Partition: "aws", Account: "1", Region: "r"}
	w := &kindWatch{scopes: map[apigw.Scope]map[string]struct{}{scope: {"gone": {}, "kept": {}}}}
	b := w.changes(scopedBatch{scope, store.Batch{Revision: 7, Reset: true, Events: []store.Event{
		{Key: "kept", Value: []byte("a")}, {Key: "new", Value: []byte("b")},
	}}})
	if b.Reset || len(b.Events) != 3 || b.Events[0].Key != "gone" || b.Events[0].Value != nil || b.Revision != 7 {
		t.Fatalf("%+v", b)
	}
	if _, ok := w.scopes[scope]["new"]; !ok || len(w.scopes[scope]) != 2 {
		t.Fatal(w.scopes)
	}
}

func TestKeys(t *testing.T) {
	scope := apigw.Scope{Partition: "aws", Account: "000000000000", Region: "us/east 1"}
	ref := restRef(scope, "a/b")
	tests := []struct {
		key  string
		want ParsedKey
		ok   bool
	}{
		{ref.key(KeyAPI), ParsedKey{Scope: scope, Kind: KeyAPI, API: "a/b"}, true},
		{ref.stage("s/t"), ParsedKey{Scope: scope, Kind: KeyStage, API: "a/b", Name: "s/t"}, true},
		{ref.deployment("d"), ParsedKey{Scope: scope, Kind: KeyDeployment, API: "a/b", Name: "d"}, true},
		{ref.key(KeyGuard), ParsedKey{Scope: scope, Kind: KeyGuard, API: "a/b"}, true},
		{definitionKey(scope, "f"), ParsedKey{Scope: scope, Kind: KeyDefinition, Name: "252f10c83610ebca1a059c0bae8255eb"}, true},
		{ref.key(KeyAPI) + "/x", ParsedKey{}, false},
		{scopeKey(scope), ParsedKey{}, false},
		{"/other/a", ParsedKey{}, false},
		{KeyRoot + "aws/1/r/%zz/a", ParsedKey{}, false},
	}
	for _, tc := range tests {
		got, ok := ParseKey(tc.key)
		if ok != tc.ok || ok && got != tc.want {
			t.Errorf("%s: %+v %v", tc.key, got, ok)
		}
	}
	if s, ok := parseScope(scopeKey(scope)); !ok || s != scope {
		t.Error(s, ok)
	}
}

func FuzzParseKey(f *testing.F) {
	f.Add("/gatehouse/aws/000000000000/us-east-1/restapi-stage/abc/prod")
	f.Add("/gatehouse/-/-/-/scope/aws/1/r")
	f.Add("/gatehouse/%2F/%/1/restapi/a")
	f.Fuzz(func(t *testing.T, key string) {
		k, ok := ParseKey(key)
		if !ok || k.Kind != KeyStage {
			return
		}
		back, ok := ParseKey(restRef(k.Scope, k.API).stage(apigw.StageName(k.Name)))
		if !ok || back != k {
			t.Fatalf("%q: %+v, then %+v", key, k, back)
		}
	})
}

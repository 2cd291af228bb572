package control

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/s2"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// TestDocumentationIsStored: another node reads what one stored, a version
// keeps its parts when they change, and whoever serves gets none of it.
func TestDocumentationIsStored(t *testing.T) {
	w := newWorld(t)
	api := w.newAPI()
	w.newMock(api)
	part := must[*apigw.DocumentationPart](t)(w.CreateDocumentationPart(t.Context(), w.scope, api.ID,
		apigw.DocumentationPart{Location: apigw.DocumentationLocation{Type: "API"}, Properties: `{"a":1}`}))
	version := must[*apigw.DocumentationVersion](t)(w.CreateDocumentationVersion(t.Context(), w.scope, api.ID, "v 1", "", ""))
	must[*apigw.DocumentationPart](t)(w.UpdateDocumentationPart(t.Context(), w.scope, api.ID, part.ID, func(p *apigw.DocumentationPart) error {
		p.Properties = `{"a":2}`
		return nil
	}))
	other := New(Options{Store: shared})
	defer other.Close()
	got := must[*apigw.DocumentationVersion](t)(other.DocumentationVersion(t.Context(), w.scope, api.ID, "v 1"))
	if d := cmp.Diff(version, got); d != "" || got.Parts[0].Properties != `{"a":1}` {
		t.Error(d, got.Parts[0])
	}
	if p := must[*apigw.DocumentationPart](t)(other.DocumentationPart(t.Context(), w.scope, api.ID, part.ID)); p.Properties != `{"a":2}` {
		t.Error(p)
	}
	dep := w.deploy(api, "prod")
	def, err := other.Feed().Definition(t.Context(), apiRef{w.scope, api.ID}.stage("prod"), dep.ID)
	if err != nil || def.Documentation != nil || def.DocumentationVersions != nil {
		t.Error(def, err)
	}
	if err := w.DeleteDocumentationPart(t.Context(), w.scope, api.ID, part.ID); err != nil {
		t.Fatal(err)
	}
	if list, err := other.DocumentationParts(t.Context(), w.scope, api.ID, PartFilter{}); err != nil || len(list) != 0 {
		t.Error(list, err)
	}
}

// TestNewerDocumentation is refused by name.
func TestNewerDocumentation(t *testing.T) {
	def := newDefinition(apigw.RestAPI{})
	for _, kind := range []string{entryDocumentation, entryDocumentationVersion} {
		err := decodeEntry(def, store.EntryKey{Kind: kind, ID: "x"}, s2.Encode(nil, []byte(`{"schema":2,"parts":[]}`)))
		if !errors.Is(err, store.ErrNewer) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestDocumentationInheritance(t *testing.T) {
	at := apigw.DocumentationLocation{Type: "RESPONSE", Path: "/pets/{id}", Method: "GET", StatusCode: "200"}
	ranks := []apigw.DocumentationLocation{ // less and less specific
		{Type: "RESPONSE", Path: "/pets/{id}", Method: "GET", StatusCode: "200"},
		{Type: "RESPONSE", Path: "/pets/{id}", Method: "GET"},
		{Type: "RESPONSE", Path: "/pets/{id}", StatusCode: "200"},
		{Type: "RESPONSE", Path: "/pets", StatusCode: "200"},
		{Type: "RESPONSE", StatusCode: "200"},
		{Type: "RESPONSE"},
	}
	last := 1<<30 + 1
	for _, l := range ranks {
		rank, ok := l.Covers(at)
		if !ok || rank >= last {
			t.Errorf("%s: %d after %d", l, rank, last)
		}
		last = rank
	}
	for _, l := range []apigw.DocumentationLocation{
		{Type: "RESPONSE", Path: "/pet"}, {Type: "RESPONSE", Method: "POST"}, {Type: "RESPONSE", StatusCode: "404"},
		{Type: "RESPONSE_BODY"}, {Type: "API"}, {Type: "RESOURCE", Path: "/pets"},
	} {
		if _, ok := l.Covers(at); ok {
			t.Errorf("%s", l)
		}
	}
}

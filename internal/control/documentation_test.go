package control

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

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
	def, err := other.Feed().Definition(t.Context(), restRef(w.scope, api.ID).stage("prod"), dep.ID)
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
	def := newDefinition(apigw.Scope{}, apigw.RestAPI{})
	for _, kind := range []string{entryDocumentation, entryDocumentationVersion} {
		err := decodeEntry(def, store.EntryKey{Kind: kind, ID: "x"}, s2.Encode(nil, []byte(`{"schema":2,"parts":[]}`)))
		if !errors.Is(err, store.ErrNewer) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestDocumentationInheritance(t *testing.T) {
	at := apigw.DocumentationLocation{Type: "RESPONSE", Path: "/pets/{id}", Method: "GET", StatusCode: "200"}
	var got []string
	for _, l := range at.Applicable() {
		got = append(got, l.Path+" "+l.Method+" "+string(l.StatusCode))
	}
	if d := cmp.Diff([]string{
		"/pets/{id} GET 200", "/pets/{id} GET *", "/pets/{id} * 200", "/pets/{id} * *",
		"/pets GET 200", "/pets GET *", "/pets * 200", "/pets * *",
		"/ GET 200", "/ GET *", "/ * 200", "/ * *",
	}, got); d != "" {
		t.Error(d)
	}
	for _, l := range []apigw.DocumentationLocation{{Type: "API"}, {Type: "MODEL", Name: "a"}, {Type: "RESOURCE", Path: "/a/b"}} {
		if d := cmp.Diff([]apigw.DocumentationLocation{l}, l.Applicable()); d != "" {
			t.Error(d)
		}
	}
}

// TestMergeProperties: attributes are replaced in their place, however many
// there are.
func TestMergeProperties(t *testing.T) {
	if got := mergeProperties(`{"a":1,"b":2,"a":3}`, `{"b":4,"c":5,"c":6}`); got != `{"a":1,"b":4,"a":3,"c":6}` {
		t.Error(got)
	}
	var a, b strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&a, `,"a%d":1`, i)
		fmt.Fprintf(&b, `,"b%d":1`, i)
	}
	began := time.Now()
	if got := mergeProperties("{"+a.String()[1:]+"}", "{"+b.String()[1:]+"}"); strings.Count(got, ":") != 200_000 {
		t.Error(len(got))
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("took %v", took)
	}
}

package openapi_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gatehouse/gatehouse/internal/openapi"
)

var update = flag.Bool("update", false, "write what the golden files expect")

// TestGolden imports the first file of every archive under testdata, with the
// options of options.json if there are any, and compares the domain with
// want.json.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no golden files", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var o openapi.Options
			var want []byte
			for _, f := range archive.Files {
				switch f.Name {
				case "options.json":
					if err := json.Unmarshal(f.Data, &o); err != nil {
						t.Fatal(err)
					}
				case "want.json":
					want = f.Data
				}
			}
			got := golden(t, archive.Files[0], o)
			if *update {
				writeGolden(t, file, archive, got)
			} else if d := cmp.Diff(string(want), string(got)); d != "" {
				t.Error(d)
			}
		})
	}
}

func golden(t *testing.T, in txtar.File, o openapi.Options) []byte {
	t.Helper()
	o.File = in.Name
	api, err := openapi.Parse(in.Data, o)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(api); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func writeGolden(t *testing.T, file string, a *txtar.Archive, got []byte) {
	t.Helper()
	files := a.Files[:0]
	for _, f := range a.Files {
		if f.Name != "want.json" {
			files = append(files, f)
		}
	}
	a.Files = append(files, txtar.File{Name: "want.json", Data: got})
	if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
		t.Fatal(err)
	}
}

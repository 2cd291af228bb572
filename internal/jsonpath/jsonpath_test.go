package jsonpath

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// conformanceTable is the table of JSONPath cases, outside of this repository.
const conformanceTable = "../../../shared/conformance/unit/jsonpath.yaml"

func TestConformance(t *testing.T) {
	text, err := os.ReadFile(conformanceTable)
	if err != nil {
		t.Skip("the conformance table is not here: ", err)
	}
	var table struct {
		Cases []struct {
			Name     string
			Path     string
			Document any
			Result   any
			Missing  bool
		}
	}
	if err := yaml.Unmarshal(text, &table); err != nil {
		t.Fatal(err)
	}
	for _, c := range table.Cases {
		t.Run(c.Name, func(t *testing.T) {
			doc, err := json.Marshal(c.Document)
			if err != nil {
				t.Fatal(err)
			}
			want, err := json.Marshal(c.Result)
			if err != nil {
				t.Fatal(err)
			}
			if c.Missing {
				want = []byte(missing)
			}
			if d := cmp.Diff(normal(t, string(want)), normal(t, search(t, c.Path, string(doc)))); d != "" {
				t.Error(d)
			}
		})
	}
}

// missing is what search gives when a path names nothing.
const missing = "missing"

// search is what path names in doc, as JSON.
func search(t *testing.T, path, doc string) string {
	t.Helper()
	v, err := Parse([]byte(doc), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile(path)
	if err != nil {
		t.Fatal(err)
	}
	found, ok, err := p.Find(v, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		return missing
	}
	return string(found.AppendJSON(nil))
}

// normal is JSON with its members sorted.
func normal(t *testing.T, text string) string {
	t.Helper()
	if text == missing {
		return text
	}
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

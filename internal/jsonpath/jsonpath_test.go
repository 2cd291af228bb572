package jsonpath

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
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

// TestCosts: what a filter does for each element again and again counts. What
// didn't would take hours here.
func TestCosts(t *testing.T) {
	list := func(n int, one string) string { return "[" + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + "]" }
	doc, err := Parse([]byte(`{"l":`+list(50_000, `{"a":[1]}`)+`,"big":`+list(200_000, "1")+`,"text":"`+strings.Repeat("x", 2<<20)+`","other":"`+strings.Repeat("x", 2<<20)+`"}`), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	names := strings.TrimSuffix(strings.Repeat("'a',", 3000), ",")
	for _, path := range []string{
		"$.l[*].sum($.big)",
		"$.l[*].concat($.text)",
		"$.l[*].append($.big)",
		"$.l[?($.text == $.other && $.text < @.a)]",
		"$.l[?($.text < $.other)]",
		"$.l[?($.text contains 'xxxxxxxy')]",
		"$.l[?($.text =~ /(?=y)x/)]",
		"$.l[?(" + strings.TrimSuffix(strings.Repeat("1==2||", 2500), "||") + ")]",
		"$.l[*][" + names + "]",
		"$..[" + names + "]",
	} {
		p, err := Compile(path)
		if err != nil {
			t.Errorf("%.40s: %v", path, err)
			continue
		}
		if _, _, err := p.Find(doc, Limits{}); !errors.Is(err, ErrLimit) {
			t.Errorf("%.40s: %v", path, err)
		}
	}
}

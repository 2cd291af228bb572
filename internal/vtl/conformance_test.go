package vtl

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/gatehouse/gatehouse/internal/jsonpath"
)

// conformanceTable is the table of template cases, outside of this repository.
const conformanceTable = "../../../shared/conformance/unit/vtl.yaml"

type conformanceCase struct {
	Name             string
	Template         string
	Body             string
	Params           map[string]map[string]string
	Context          map[string]any
	StageVariables   map[string]any `yaml:"stage_variables"`
	Output           *string
	OutputJSON       any            `yaml:"output_json"`
	RequestOverride  map[string]any `yaml:"request_override"`
	ResponseOverride map[string]any `yaml:"response_override"`
}

func TestConformance(t *testing.T) {
	doc, err := os.ReadFile(conformanceTable)
	if err != nil {
		t.Skip("the conformance table is not here: ", err)
	}
	var table struct{ Cases []conformanceCase }
	if err := yaml.Unmarshal(doc, &table); err != nil {
		t.Fatal(err)
	}
	for _, c := range table.Cases {
		t.Run(c.Name, func(t *testing.T) { runCase(t, c) })
	}
}

func sorted(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }

func runCase(t *testing.T, c conformanceCase) {
	overrides := map[string]any{
		"requestOverride":  map[string]any{"header": map[string]any{}, "querystring": map[string]any{}, "path": map[string]any{}},
		"responseOverride": map[string]any{"header": map[string]any{}},
	}
	if c.RequestOverride != nil || c.ResponseOverride != nil {
		c.Context = overrides
	}
	context := testValue(c.Context, sorted).Object()
	if c.Context == nil {
		context = &testMap{MapValue(nil, nil)}
	}
	r := &Run{Objects: []Object{newInput(c), testUtil{}, context, testValue(c.StageVariables, sorted).Object()}}
	tmpl, err := Compile(c.Template, testRoots())
	if err != nil {
		t.Fatal(err)
	}
	out, err := tmpl.Render(nil, r)
	if err != nil {
		t.Fatal(err)
	}
	compareOutput(t, c, out)
	for name, want := range map[string]map[string]any{"requestOverride": c.RequestOverride, "responseOverride": c.ResponseOverride} {
		v, _ := context.Get(r, name)
		if want != nil {
			if diff := cmp.Diff(want, plainValue(v)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	}
}

func newInput(c conformanceCase) *testInput {
	in := &testInput{body: c.Body, params: MapValue(nil, nil)}
	in.doc, _ = jsonpath.Parse([]byte(c.Body), jsonpath.Limits{})
	if in.body == "" {
		in.body = "{}"
	}
	for _, kind := range []string{"path", "querystring", "header"} {
		of := MapValue(nil, nil)
		for _, name := range slices.Sorted(maps.Keys(c.Params[kind])) {
			of.ref.(*hash).put(StringValue(name), StringValue(c.Params[kind][name]))
		}
		in.params.ref.(*hash).put(StringValue(kind), of)
	}
	return in
}

func compareOutput(t *testing.T, c conformanceCase, out []byte) {
	t.Helper()
	if c.Output != nil {
		if diff := cmp.Diff(*c.Output, string(out)); diff != "" {
			t.Errorf("rendered (-want +got):\n%s", diff)
		}
		return
	}
	var got any
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if diff := cmp.Diff(normal(c.OutputJSON), got); diff != "" {
		t.Errorf("rendered (-want +got):\n%s\n%s", diff, out)
	}
}

// normal is a YAML value as encoding/json has it; {$json: v} is v as text.
func normal(v any) any {
	if m, ok := v.(map[string]any); ok && m["$json"] != nil {
		text, _ := json.Marshal(m["$json"])
		return string(text)
	}
	if m, ok := v.(map[string]any); ok {
		out := map[string]any{}
		for name, value := range m {
			out[name] = normal(value)
		}
		return out
	}
	text, _ := json.Marshal(v)
	var out any
	_ = json.Unmarshal(text, &out)
	return out
}

// plainValue is v without the maps that stayed empty.
func plainValue(v Value) any {
	if m, ok := v.Object().(MapView); ok {
		v = m.Map(nil)
	}
	switch v.Kind() {
	case Map:
		out := map[string]any{}
		for _, m := range v.Members() {
			if value := plainValue(m.Value); !cmp.Equal(value, map[string]any{}) {
				out[m.Name] = value
			}
		}
		return out
	case List:
		out := []any{}
		for _, item := range v.Items() {
			out = append(out, plainValue(item))
		}
		return out
	case Integer:
		n, _ := v.Int()
		return int(n)
	}
	return v.Text()
}

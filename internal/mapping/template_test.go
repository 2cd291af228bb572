package mapping

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/jsonpath"
	"github.com/gatehouse/gatehouse/internal/vtl"
)

// templateTable is the table of template cases, outside of this repository.
const templateTable = "../../../shared/conformance/unit/vtl.yaml"

type templateCase struct {
	Name             string
	Template         string
	Phase            string
	Body             string
	Params           struct{ Path, Querystring, Header map[string]string }
	Context          map[string]any
	StageVariables   map[string]string `yaml:"stage_variables"`
	Output           *string
	OutputJSON       any            `yaml:"output_json"`
	RequestOverride  map[string]any `yaml:"request_override"`
	ResponseOverride map[string]any `yaml:"response_override"`
}

func TestTemplateConformance(t *testing.T) {
	doc, err := os.ReadFile(templateTable)
	if err != nil {
		t.Skip("the conformance table is not here: ", err)
	}
	var table struct{ Cases []templateCase }
	if err := yaml.Unmarshal(doc, &table); err != nil {
		t.Fatal(err)
	}
	for _, c := range table.Cases {
		t.Run(c.Name, c.run)
	}
}

func (c *templateCase) run(t *testing.T) {
	r := c.rendering(t)
	out, err := render(r, c.Template)
	if err != nil {
		t.Fatal(err)
	}
	if c.Output != nil && out != *c.Output {
		t.Errorf("got %q, want %q", out, *c.Output)
	}
	if c.OutputJSON != nil {
		var got any
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if d := cmp.Diff(plain(t, c.OutputJSON), unwrap(t, c.OutputJSON, got)); d != "" {
			t.Error(d)
		}
	}
	subset(t, "requestOverride", c.RequestOverride, r.Request.Shown())
	subset(t, "responseOverride", c.ResponseOverride, r.Response.Shown())
}

func render(r *Rendering, template string) (string, error) {
	p, err := CompileProgram(template)
	if err != nil {
		return "", err
	}
	out, err := p.Render(nil, r)
	return string(out), err
}

func (c *templateCase) rendering(t *testing.T) *Rendering {
	in := testInput(c.Params.Path, c.Params.Querystring, c.Params.Header)
	body := new(Body)
	body.Set([]byte(c.Body))
	context, err := json.Marshal(c.Context)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonpath.Parse(context, BodyLimits)
	if err != nil {
		t.Fatal(err)
	}
	r := NewRendering()
	r.Begin(in, NewStageVariables(c.StageVariables), DocumentContext{doc})
	r.Body = body
	return r
}

// testInput is a request with parameters.
func testInput(path, query, header map[string]string) *Input {
	in := &Input{X: &exchange.Exchange{Header: new(http1.Header)}, Query: new(Query)}
	for name, value := range header {
		in.X.Header.Add(name, value)
	}
	var raw []byte
	for name, value := range query {
		raw = AppendQueryPair(raw, name, value)
	}
	in.Query.Parse(raw)
	for name, value := range path {
		in.Params.Add(name, value)
	}
	return in
}

// plain is a value of YAML as JSON has it, with {$json: x} for a text that
// holds x.
func plain(t *testing.T, v any) any {
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// unwrap replaces each text of got by {$json: its content} where want has it.
func unwrap(t *testing.T, want, got any) any {
	w, _ := want.(map[string]any)
	if _, ok := w["$json"]; ok {
		var inner any
		text, _ := got.(string)
		if err := json.Unmarshal([]byte(text), &inner); err != nil {
			t.Fatalf("%v: %q", err, text)
		}
		return map[string]any{"$json": inner}
	}
	g, ok := got.(map[string]any)
	if !ok {
		return got
	}
	out := map[string]any{}
	for name, v := range g {
		out[name] = unwrap(t, w[name], v)
	}
	return out
}

func subset(t *testing.T, what string, want, got map[string]any) {
	t.Helper()
	for name, v := range want {
		if inner, ok := v.(map[string]any); ok {
			g, _ := got[name].(map[string]any)
			subset(t, what+"."+name, inner, g)
			continue
		}
		if d := cmp.Diff(fmt.Sprint(v), fmt.Sprint(got[name])); d != "" {
			t.Errorf("%s.%s: %s", what, name, d)
		}
	}
}

func TestProgramWarns(t *testing.T) {
	tests := map[string][]string{
		"$input.path('$.a') $input.params() $input.params('a') $input.json(\"$x\") $util.urlEncode('a') $util.parseJson('1')": nil,
		"#if(false)$input.path('$[')#end":            {"$input.path(\"$[\"): "},
		"$util.toJson($a) $util.urlEncode('a', 'b')": {"$util.toJson with 1 arguments is no function that API Gateway has: it renders empty", "$util.urlEncode with 2 arguments is no function"},
		"$input.jason('$') $input.path()":            {"$input.jason with 1 arguments is no function", "$input.path with 0 arguments is no function"},
	}
	for template, want := range tests {
		p, err := CompileProgram(template)
		if err != nil || len(p.Warnings) != len(want) {
			t.Errorf("%s: warnings %q, %v", template, p.Warnings, err)
			continue
		}
		for i := range want {
			if !strings.HasPrefix(p.Warnings[i], want[i]) {
				t.Errorf("%s: warning %q, want %q", template, p.Warnings[i], want[i])
			}
		}
	}
}

// FuzzProgram renders whatever compiles, with small bounds, and holds it to
// them. What fails says where.
func FuzzProgram(f *testing.F) {
	for _, s := range []string{
		"$input.json('$.a') $input.path('$..a').size() $input.params('q') $input.params().header.keySet()",
		"#set($context.requestOverride.header.a = $input.body)#set($context.responseOverride.status = 201)$context.responseOverride.put('x', 1)",
		"#foreach($k in $context.keySet())$k=$context.get($k)#end $context.identity.entrySet() $stageVariables.size()",
		"$util.escapeJavaScript($input.body)$util.parseJson($input.body).a[0]$util.urlDecode('%zz')$util.base64Decode('a')",
		"#set($context.requestOverride.path = {'a': ['b', 1]})$context['requestOverride'].path.a", "$input.path(\"$.${x}\")", "$input.params()", "$context $util $input $stageVariables",
	} {
		f.Add(s, `{"a": [{"a": 1}, "x"]}`)
	}
	doc, err := jsonpath.Parse([]byte(`{"stage":"s","identity":{"user":null,"clientCert":{"serialNumber":"1"}},"n":1}`), BodyLimits)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, template, text string) {
		p, err := CompileProgram(template)
		if err != nil {
			return
		}
		r := NewRendering()
		r.run.Limits = vtl.Limits{Steps: 20_000, Depth: 50, Output: 64 << 10, Loop: 100}
		r.Begin(testInput(map[string]string{"id": "1"}, map[string]string{"q": "2"}, map[string]string{"H": "3"}), NewStageVariables(map[string]string{"v": "4"}), DocumentContext{doc})
		r.Body = new(Body)
		r.Body.Set([]byte(text))
		out, err := p.Render([]byte("> "), r)
		if !strings.HasPrefix(string(out), "> ") || err != nil && len(out) != 2 || len(out) > 64<<10+2 {
			t.Errorf("%q gives %d bytes, %v", template, len(out), err)
		}
		if at := new(vtl.Error); err != nil && (!errors.As(err, &at) || at.Line < 1 || at.Column < 1) {
			t.Errorf("%q: %v has no place", template, err)
		}
		_, _ = r.Request.Shown(), r.Response.Shown()
	})
}

// TestObjectsAsText: an object of API Gateway's is taken as it prints wherever
// a text is wanted, and what an override keeps outlives its template.
func TestObjectsAsText(t *testing.T) {
	c := templateCase{
		Body:           `{"a": [1]}`,
		Context:        map[string]any{"identity": map[string]any{"sourceIp": "10.0.0.1"}},
		StageVariables: map[string]string{"v": "1"},
	}
	c.Params.Header = map[string]string{"h": "x"}
	for _, tt := range []struct{ template, want string }{
		{"$stageVariables[$stageVariables]", ""},
		{"$stageVariables.get($stageVariables)", ""},
		{"$util.urlEncode($stageVariables)", "%7Bv%3D1%7D"},
		{"$util.escapeJavaScript([$stageVariables])", "[{v=1}]"},
		{"$util.urlEncode($input.params().header)", "%7Bh%3Dx%7D"},
		{"$util.urlEncode($context)$util.base64Encode($input)", ""},
		{"$util.parseJson($input.params())", "error"},
		{"$input.params($stageVariables)$input.params().header[$input.params()]$context[$stageVariables]", ""},
		{"$input.path($stageVariables)", ""},
		{"#set($context.requestOverride.header[$stageVariables] = 1)$context.requestOverride.header.keySet()", "[{v=1}]"},
		{"#set($x = $context.requestOverride.header.put($stageVariables, [$stageVariables]))$context.requestOverride.header.get('{v=1}')", "[{v=1}]"},
		{"#set($x = $context.requestOverride.header.putAll($input.params().header))$context.requestOverride.header.h", "x"},
		{"#set($m = {})#set($x = $m.putAll($stageVariables))$m.v", "1"},
		{"#define($d)$zz$yy#end#set($context.requestOverride.kept = [$d, $input.path('$').entrySet(), $stageVariables])$context.requestOverride.kept", "[, [a=[1]], {v=1}]"},
	} {
		t.Run(tt.template, func(t *testing.T) {
			r := c.rendering(t)
			got, err := render(r, tt.template)
			if err != nil {
				got = "error"
			}
			if got != tt.want {
				t.Errorf("%s (%v), want %s", got, err, tt.want)
			}
			again := "$context.requestOverride.kept"
			if kept, err := render(r, again); err != nil || strings.Contains(tt.template, "kept") && kept != tt.want {
				t.Errorf("the next template sees %s, %v", kept, err)
			}
			r.Request.Shown()
		})
	}
}

package mapping

import (
	"net/netip"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
)

// conformanceTable is the table of mapping cases, outside of this repository.
const conformanceTable = "../../../shared/conformance/unit/parameter_mapping.yaml"

type conformanceCase struct {
	Name      string
	Direction string
	Mapping   map[string]string
	Request   struct {
		Headers        [][2]string
		Query          [][2]string
		PathParameters map[string]string `yaml:"path_parameters"`
		Body           string
	}
	Response struct {
		Headers [][2]string
		Body    string
	}
	Context        map[string]any
	StageVariables map[string]string `yaml:"stage_variables"`
	Expect         any
	Error          *struct{ Message string }
}

// contextValues are the context variables of a case.
type contextValues map[exchange.Variable]string

func (c contextValues) AppendVariable(dst []byte, _ *exchange.Exchange, v exchange.Variable) ([]byte, bool) {
	s, ok := c[v]
	return append(dst, s...), ok
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
		t.Run(c.Name, func(t *testing.T) {
			if c.Direction == "uri" {
				t.Skip("read by the tests of package integration")
			}
			got := map[string]any{"header": map[string]any{}}
			if c.Direction == "request" {
				got["querystring"], got["path"] = map[string]any{}, map[string]any{}
			}
			if c.run(t, got); c.Error != nil {
				return
			}
			if d := cmp.Diff(c.Expect, any(got)); d != "" {
				t.Error(d)
			}
		})
	}
}

func (c *conformanceCase) run(t *testing.T, got map[string]any) {
	phase := RequestPhase
	if c.Direction == "response" {
		phase = ResponsePhase
	}
	in := c.input(t)
	for target, source := range c.Mapping {
		p, err := ParseParameter(target, source, phase, c.StageVariables)
		if err != nil {
			t.Fatal(err)
		}
		if c.Error != nil {
			_, err := c.body(in).JSON()
			if err != ErrInvalidJSON || !p.Source.ReadsBody() {
				t.Error(err)
			}
			continue
		}
		if v, ok := p.Source.Append(nil, in); ok {
			got[map[Place]string{InPath: "path", InQuery: "querystring", InHeader: "header"}[p.Place]].(map[string]any)[p.Name] = string(v)
		}
	}
}

// body is the one that the case's mapping reads.
func (c *conformanceCase) body(in *Input) *Body {
	if c.Direction == "response" {
		return in.ResponseBody
	}
	return in.Body
}

func (c *conformanceCase) input(t *testing.T) *Input {
	in := &Input{X: &exchange.Exchange{Header: new(http1.Header)}, Query: new(Query), Response: new(http1.Header)}
	in.X.Client.IP = netip.MustParseAddr("127.0.0.1")
	in.Body, in.ResponseBody = new(Body), new(Body)
	in.Body.Set([]byte(c.Request.Body))
	in.ResponseBody.Set([]byte(c.Response.Body))
	for _, h := range c.Request.Headers {
		in.X.Header.Add(h[0], h[1])
	}
	for _, h := range c.Response.Headers {
		in.Response.Add(h[0], h[1])
	}
	var raw []byte
	for _, q := range c.Request.Query {
		raw = append(AppendQueryEscaped(append(raw, '&'), []byte(q[0])), '=')
		raw = AppendQueryEscaped(raw, []byte(q[1]))
	}
	in.Query.Parse(raw)
	for name, value := range c.Request.PathParameters {
		from := len(in.Params.Path)
		in.Params.Path = append(in.Params.Path, value...)
		in.Params.Names = append(in.Params.Names, name)
		in.Params.Spans = append(in.Params.Spans, Span{uint32(from), uint32(len(in.Params.Path))})
	}
	values := contextValues{}
	addVariables(t, values, "", c.Context)
	in.X.Vars = values
	return in
}

func addVariables(t *testing.T, values contextValues, prefix string, from map[string]any) {
	for name, v := range from {
		if inner, ok := v.(map[string]any); ok {
			addVariables(t, values, prefix+name+".", inner)
			continue
		}
		variable, err := exchange.ParseVariable(prefix + name)
		if err != nil {
			t.Fatal(err)
		}
		values[variable] = v.(string)
	}
}

package control

import (
	"context"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// ModelTemplate is a mapping template made from a model's schema, for its
// author to complete: members get sample values (API reference,
// GetModelTemplate; the template of Empty is the documented one).
func (c *Control) ModelTemplate(ctx context.Context, scope apigw.Scope, api apigw.APIID, name apigw.ModelName) (string, error) {
	if _, err := c.Model(ctx, scope, api, name); err != nil {
		return "", err
	}
	s, err := c.view(ctx, restRef(scope, api), unknownModel(name))
	if err != nil {
		return "", err
	}
	return modelTemplate(s.def, name), nil
}

// modelTemplate is that of a model of def.
func modelTemplate(def *apigw.Definition, name apigw.ModelName) string {
	t := newTemplateWriter(def)
	t.b.WriteString("#set($inputRoot = $input.path('$'))\n")
	t.model(name, "", "$inputRoot", 0)
	return t.b.String()
}

// maxTemplate bounds a template, in bytes: models may refer to one another
// many times over.
const (
	maxTemplate      = 300 << 10
	maxTemplateDepth = 30
)

type templateWriter struct {
	def  *apigw.Definition
	b    strings.Builder
	open []apigw.ModelName // models within which the writer is
	read map[apigw.ModelName]*jsonNode
	root *jsonNode // of the innermost model, for its own references
}

func newTemplateWriter(def *apigw.Definition) *templateWriter {
	return &templateWriter{def: def, read: map[apigw.ModelName]*jsonNode{}}
}

// model writes the template of a model; one that contains itself is written
// as an empty object the second time.
func (t *templateWriter) model(name apigw.ModelName, indent, at string, depth int) {
	m := t.def.Models[name]
	for _, o := range t.open {
		if o == name {
			m = nil
		}
	}
	if m == nil {
		t.b.WriteString("{ }")
		return
	}
	n := t.read[name]
	if n == nil {
		var err error
		if n, err = parseJSON(m.Schema); err != nil {
			n = &jsonNode{}
		}
		t.read[name] = n
	}
	was := t.root
	t.open, t.root = append(t.open, name), n
	t.schema(n, indent, at, depth)
	t.open, t.root = t.open[:len(t.open)-1], was
}

func (t *templateWriter) schema(n *jsonNode, indent, at string, depth int) {
	if depth > maxTemplateDepth || t.b.Len() > maxTemplate {
		t.b.WriteString("{ }")
		return
	}
	if ref := n.get("$ref"); ref != nil && ref.kind == '"' {
		t.reference(ref.text, indent, at, depth)
		return
	}
	kind := n.get("type")
	switch {
	case kind != nil && kind.text == "array":
		t.array(n, indent, at, depth)
	case kind != nil && kind.text == "string":
		t.b.WriteString(`"foo"`)
	case kind != nil && (kind.text == "integer" || kind.text == "number"):
		t.b.WriteString("42")
	case kind != nil && kind.text == "boolean":
		t.b.WriteString("true")
	case kind != nil && kind.text == "null":
		t.b.WriteString("null")
	default:
		t.object(n, indent, at, depth)
	}
}

func (t *templateWriter) reference(ref, indent, at string, depth int) {
	if name, ok := strings.CutPrefix(ref, modelURL(t.def.API.ID)); ok {
		t.model(apigw.ModelName(name), indent, at, depth+1)
		return
	}
	n := t.root
	if path, ok := strings.CutPrefix(ref, "#/"); ok {
		for part := range strings.SplitSeq(path, "/") {
			if n = n.get(strings.NewReplacer("~1", "/", "~0", "~").Replace(part)); n == nil {
				break
			}
		}
	} else {
		n = nil
	}
	if n == nil {
		t.b.WriteString("{ }")
		return
	}
	t.schema(n, indent, at, depth+1)
}

func (t *templateWriter) object(n *jsonNode, indent, at string, depth int) {
	properties := n.get("properties")
	if properties == nil || len(properties.members) == 0 {
		t.b.WriteString("{ }")
		return
	}
	t.b.WriteString("{\n")
	for i, p := range properties.members {
		t.b.WriteString(indent + "  " + quoted(p.name) + " : ")
		t.schema(p.value, indent+"  ", at+"."+p.name, depth+1)
		if i+1 < len(properties.members) {
			t.b.WriteByte(',')
		}
		t.b.WriteByte('\n')
	}
	t.b.WriteString(indent + "}")
}

func (t *templateWriter) array(n *jsonNode, indent, at string, depth int) {
	t.b.WriteString("[\n" + indent + "##TODO: Update this foreach loop to reference array from input json\n")
	t.b.WriteString(indent + "#foreach($elem in " + at + ")\n" + indent + "  ")
	if items := n.get("items"); items != nil && items.kind == '{' {
		t.schema(items, indent+"  ", "$elem", depth+1)
	} else {
		t.b.WriteString("{ }")
	}
	t.b.WriteString(" \n" + indent + "#if($foreach.hasNext),#end\n" + indent + "#end\n" + indent + "]")
}

package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/schema"
)

// jsonNode is a JSON value whose members keep their order.
type jsonNode struct {
	members []jsonMember // of an object
	items   []*jsonNode  // of an array
	kind    byte         // '{', '[', '"', or 0 for another scalar
	text    string       // of a string
	raw     json.RawMessage
}

type jsonMember struct {
	name  string
	value *jsonNode
}

// maxJSONDepth bounds how deep a schema is nested.
const maxJSONDepth = 200

var errDeepJSON = errors.New("nested too deep")

// parseJSON reads one JSON value and nothing behind it.
func parseJSON(text string) (*jsonNode, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	n, err := readNode(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("text after the value")
	}
	return n, nil
}

func readNode(d *json.Decoder, depth int) (*jsonNode, error) {
	if depth > maxJSONDepth {
		return nil, errDeepJSON
	}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Delim:
		return readComposite(d, byte(t), depth)
	case string:
		return &jsonNode{kind: '"', text: t}, nil
	}
	raw, err := json.Marshal(t)
	return &jsonNode{raw: raw}, err
}

func readComposite(d *json.Decoder, kind byte, depth int) (*jsonNode, error) {
	n := &jsonNode{kind: kind}
	for d.More() {
		name := ""
		if kind == '{' {
			t, err := d.Token()
			if err != nil {
				return nil, err
			}
			name = t.(string) // the decoder lets nothing else stand here
		}
		v, err := readNode(d, depth+1)
		if err != nil {
			return nil, err
		}
		if kind == '{' {
			n.members = append(n.members, jsonMember{name, v})
		} else {
			n.items = append(n.items, v)
		}
	}
	_, err := d.Token()
	return n, err
}

// get is a member of an object; nil when there is none.
func (n *jsonNode) get(name string) *jsonNode {
	for _, m := range n.members {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// write appends n as compact JSON.
func (n *jsonNode) write(b *bytes.Buffer) {
	switch n.kind {
	case '{':
		b.WriteByte('{')
		for i, m := range n.members {
			if i > 0 {
				b.WriteByte(',')
			}
			writeText(b, m.name)
			b.WriteByte(':')
			m.value.write(b)
		}
		b.WriteByte('}')
	case '[':
		b.WriteByte('[')
		for i, v := range n.items {
			if i > 0 {
				b.WriteByte(',')
			}
			v.write(b)
		}
		b.WriteByte(']')
	case '"':
		writeText(b, n.text)
	default:
		b.Write(n.raw)
	}
}

// String is n as compact JSON.
func (n *jsonNode) String() string {
	var b bytes.Buffer
	n.write(&b)
	return b.String()
}

func writeText(b *bytes.Buffer, s string) {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s)         // a string: it can't fail
	b.Truncate(b.Len() - 1) // the line break
}

// references calls visit with every $ref below n.
func (n *jsonNode) references(visit func(ref *jsonNode)) {
	for _, m := range n.members {
		if m.name == "$ref" && m.value.kind == '"' {
			visit(m.value)
			continue
		}
		m.value.references(visit)
	}
	for _, v := range n.items {
		v.references(visit)
	}
}

func invalidSchema(text string) *apigw.Error {
	return apigw.Errorf(apigw.BadRequest, "Invalid model specified: Validation Result: warnings : [], errors : [%s]", text)
}

// checkSchema checks a model's schema: that there is one, and, when it is a
// JSON schema, that its references name models of the API in AWS's canonical
// form, or a place of its own.
func checkSchema(def *apigw.Definition, m *apigw.Model) error {
	if strings.TrimSpace(m.Schema) == "" {
		return apigw.Errorf(apigw.BadRequest, "Model schema must have at least 1 property or array items defined")
	}
	if !isJSONType(m.ContentType) {
		return nil
	}
	n, err := parseJSON(m.Schema)
	if err != nil || n.kind != '{' {
		return invalidSchema("Invalid model schema specified")
	}
	var refused error
	n.references(func(ref *jsonNode) {
		if refused == nil {
			refused = checkReference(def, m, ref.text)
		}
	})
	if refused == nil && !compiles(def, m) {
		return invalidSchema("Invalid model schema specified")
	}
	return refused
}

// compiles says whether m's schema is one of JSON Schema draft 4, as those of
// the models that it refers to.
func compiles(def *apigw.Definition, m *apigw.Model) bool {
	_, err := schema.Compile([]byte(m.Schema), func(ref string) ([]byte, error) {
		name := apigw.ModelName(strings.TrimPrefix(ref, modelURL(def.API.ID)))
		if name == m.Name {
			return []byte(m.Schema), nil
		}
		if other := def.Models[name]; other != nil {
			return []byte(other.Schema), nil
		}
		return nil, errors.New("no such model")
	})
	return err == nil
}

func checkReference(def *apigw.Definition, m *apigw.Model, ref string) error {
	if strings.HasPrefix(ref, "#") {
		return nil
	}
	name, ok := strings.CutPrefix(ref, modelURL(def.API.ID))
	if !ok || !alphanumeric.MatchString(name) {
		return invalidSchema("Model reference must be in canonical form")
	}
	if apigw.ModelName(name) != m.Name && def.Models[apigw.ModelName(name)] == nil {
		return apigw.Errorf(apigw.BadRequest, "Invalid model identifier specified: %s", name)
	}
	return nil
}

// refersTo says whether a model's schema has a reference to url.
func refersTo(m *apigw.Model, url string) bool {
	if !strings.Contains(m.Schema, url) && !strings.Contains(m.Schema, `\/`) {
		return false
	}
	n, err := parseJSON(m.Schema)
	if err != nil {
		return strings.Contains(m.Schema, url)
	}
	found := false
	n.references(func(ref *jsonNode) { found = found || ref.text == url })
	return found
}

// maxFlat bounds a flattened schema, in bytes.
const maxFlat = 4 << 20

// flatten is m's schema with all models that it leads to among its
// definitions.
func flatten(def *apigw.Definition, m *apigw.Model) (string, error) {
	root, err := parseJSON(m.Schema)
	if err != nil {
		return m.Schema, nil // an older import's; it is shown as it is
	}
	f := &flattening{def: def, size: len(m.Schema)}
	f.rewrite(root)
	for i := 0; i < len(f.pending); i++ { // rewriting one may find others
		if err := f.define(f.pending[i]); err != nil {
			return "", err
		}
	}
	if len(f.definitions) > 0 {
		f.put(root)
	}
	return root.String(), nil
}

type flattening struct {
	def         *apigw.Definition
	size        int
	pending     []apigw.ModelName
	definitions []jsonMember
}

// rewrite points the references below n to definitions, and notes the models.
func (f *flattening) rewrite(n *jsonNode) {
	n.references(func(ref *jsonNode) {
		name, ok := strings.CutPrefix(ref.text, modelURL(f.def.API.ID))
		if !ok || f.def.Models[apigw.ModelName(name)] == nil {
			return
		}
		ref.text = "#/definitions/" + name
		if !slices.Contains(f.pending, apigw.ModelName(name)) {
			f.pending = append(f.pending, apigw.ModelName(name))
		}
	})
}

func (f *flattening) define(name apigw.ModelName) error {
	schema := f.def.Models[name].Schema
	if f.size += len(schema); f.size > maxFlat {
		return apigw.Errorf(apigw.LimitExceeded, "The flattened schema is larger than %d bytes", maxFlat)
	}
	n, err := parseJSON(schema)
	if err != nil {
		return nil
	}
	f.rewrite(n)
	f.definitions = append(f.definitions, jsonMember{string(name), n})
	return nil
}

// put adds the definitions to those that root has.
func (f *flattening) put(root *jsonNode) {
	own := root.get("definitions")
	if own == nil || own.kind != '{' {
		own = &jsonNode{kind: '{'}
		root.members = append(root.members, jsonMember{"definitions", own})
	}
	for _, d := range f.definitions {
		if own.get(d.name) == nil {
			own.members = append(own.members, d)
		}
	}
}

// quoted is a text as a JSON string.
func quoted(s string) string {
	var b bytes.Buffer
	writeText(&b, s)
	return b.String()
}

package wire

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// The query protocol (AWS's SDK documentation, "AWS Query protocol"): members
// travel as parameters of a form, Tags.member.1.Key=team, a map's as
// Extra.entry.1.key=a and Extra.entry.1.value=b, and results as XML. Shapes are
// the same as over JSON: a form becomes the tree that a JSON body would, and a
// result's JSON becomes elements; no result has a map.

// Bounds of a form.
const (
	maxParameters = 1000
	maxFormDepth  = 10
)

// formNode is a parameter's value, or what lies under a part of their names.
type formNode struct {
	name     string
	text     *string
	children []*formNode
}

func (n *formNode) child(name string) *formNode {
	for _, c := range n.children {
		if c.name == name {
			return c
		}
	}
	c := &formNode{name: name}
	n.children = append(n.children, c)
	return c
}

// SetForm makes the parameters of a form the body that Object reads.
func (r *Request) SetForm(parameters []QueryParameter) error {
	if len(parameters) > maxParameters {
		return apigw.Errorf(apigw.Serialization, "More than %d parameters", maxParameters)
	}
	root := new(formNode)
	for _, p := range parameters {
		if strings.Count(p.Name, ".") >= maxFormDepth {
			return apigw.Errorf(apigw.Serialization, "Parameter '%.100s' is nested too deep", p.Name)
		}
		n := root
		for part := range strings.SplitSeq(p.Name, ".") {
			n = n.child(part)
		}
		if n.text != nil {
			return apigw.Errorf(apigw.Serialization, "Parameter '%.100s' must be given once", p.Name)
		}
		n.text = &p.Value
	}
	tree, err := root.value()
	r.form = &tree
	return err
}

// value is the JSON value that stands for a node.
func (n *formNode) value() (value, error) {
	switch {
	case len(n.children) == 0 && n.text != nil:
		return value{kind: stringValue, text: *n.text}, nil
	case n.text != nil:
		return value{}, apigw.Errorf(apigw.Serialization, "Parameter '%.100s' has both a value and members", n.name)
	case len(n.children) == 1 && n.children[0].name == "member" && n.children[0].text == nil:
		return n.children[0].list()
	case len(n.children) == 1 && n.children[0].name == "entry" && n.children[0].text == nil:
		return n.children[0].entries()
	}
	v := value{kind: objectValue}
	for _, c := range n.children {
		member, err := c.value()
		if err != nil {
			return v, err
		}
		v.fields = append(v.fields, field{c.name, member})
	}
	return v, nil
}

// entries are the members of a map, entry.1, entry.2 and so on, by their numbers.
func (n *formNode) entries() (value, error) {
	list, err := n.list()
	v := value{kind: objectValue}
	seen := map[string]bool{}
	for _, e := range list.list {
		if len(e.fields) != 2 || e.fields[0].name == "value" {
			slices.Reverse(e.fields)
		}
		if len(e.fields) != 2 || e.fields[0].name != "key" || e.fields[1].name != "value" || e.fields[0].value.kind != stringValue || seen[e.fields[0].value.text] {
			return v, apigw.Errorf(apigw.Serialization, "Each entry of a map has a key of its own and a value")
		}
		seen[e.fields[0].value.text] = true
		v.fields = append(v.fields, field{e.fields[0].value.text, e.fields[1].value})
	}
	return v, err
}

// list is the elements of member.1, member.2 and so on, by their numbers.
func (n *formNode) list() (value, error) {
	number := map[*formNode]int{}
	for _, c := range n.children {
		i, err := strconv.Atoi(c.name)
		if err != nil || i < 1 || c.name != strconv.Itoa(i) {
			return value{}, apigw.Errorf(apigw.Serialization, "Parameter 'member.%.100s' is no element of a list", c.name)
		}
		number[c] = i
	}
	slices.SortFunc(n.children, func(a, b *formNode) int { return cmp.Compare(number[a], number[b]) })
	v := value{kind: listValue}
	for _, c := range n.children {
		e, err := c.value()
		if err != nil {
			return v, err
		}
		v.list = append(v.list, e)
	}
	return v, nil
}

// fromForm is v as the JSON of its kind: in a form everything is text. An empty
// list is sent as a parameter without a value.
func (r *Request) fromForm(v value, want kind) value {
	if r.form == nil || v.kind != stringValue {
		return v
	}
	switch {
	case want == numberValue:
		if json.Valid([]byte(v.text)) { // not NaN, Inf or 0x10
			v.kind = numberValue
		}
	case want == listValue && v.text == "":
		v.kind = listValue
	}
	return v
}

// XML is the result, which was written as JSON, as the answer of an operation
// of a service with an XML namespace.
func (w *Response) XML(operation, namespace, requestID string) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("<" + operation + `Response xmlns="` + namespace + `">` + "\n  <" + operation + "Result>\n")
	if len(w.Body) > 0 {
		v, err := parse(w.Body)
		if err != nil {
			return nil, err
		}
		writeElements(&b, v, 2)
	}
	b.WriteString("  </" + operation + "Result>\n  <ResponseMetadata>\n    <RequestId>" + requestID + "</RequestId>\n  </ResponseMetadata>\n</" + operation + "Response>\n")
	return b.Bytes(), nil
}

// writeElements writes the members of an object or a list, each on its lines.
func writeElements(b *bytes.Buffer, v value, depth int) {
	indent := strings.Repeat("  ", depth)
	element := func(name string, v value) {
		b.WriteString(indent + "<" + name + ">")
		if v.kind == objectValue || v.kind == listValue {
			b.WriteString("\n")
			writeElements(b, v, depth+1)
			b.WriteString(indent)
		} else {
			_ = xml.EscapeText(b, []byte(v.text)) // a Buffer takes all
		}
		b.WriteString("</" + name + ">\n")
	}
	for _, f := range v.fields {
		element(f.name, f.value)
	}
	for _, e := range v.list {
		element("member", e)
	}
}

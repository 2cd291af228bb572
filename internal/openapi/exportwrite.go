package openapi

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// The nodes of a document that is written.

func newObject() *node { return &node{kind: object} }

func newText(s string) *node { return &node{kind: text, text: s} }

func newBool(b bool) *node { return &node{kind: boolean, text: fmt.Sprint(b)} }

func newNumber(n int) *node { return &node{kind: number, text: fmt.Sprint(n)} }

func newList(items ...*node) *node { return &node{kind: list, items: items} }

func newTexts(items []string) *node {
	n := newList()
	for _, s := range items {
		n.items = append(n.items, newText(s))
	}
	return n
}

// put appends a member, or replaces the one of that name; nil adds nothing.
func (n *node) put(name string, v *node) {
	if v == nil {
		return
	}
	m := *v
	m.name = name
	for i, old := range n.items {
		if old.name == name {
			n.items[i] = &m
			return
		}
	}
	n.items = append(n.items, &m)
}

// putText is put for a text; an empty one adds nothing.
func (n *node) putText(name, s string) {
	if s != "" {
		n.put(name, newText(s))
	}
}

// member is the value of a name; unlike peek it looks at items alone, which is
// all that put keeps.
func (n *node) member(name string) *node {
	for _, m := range n.items {
		if m.name == name {
			return m
		}
	}
	return nil
}

// orNil is nil for an object or list without anything in it.
func (n *node) orNil() *node {
	if n == nil || len(n.items) == 0 {
		return nil
	}
	return n
}

// appendPretty writes n as AWS lays exports out: members on lines of their
// own, two blanks for a level, lists on one line.
func appendPretty(b []byte, n *node, indent string) []byte {
	switch n.kind {
	case object:
		if len(n.items) == 0 {
			return append(b, "{ }"...)
		}
		b = append(b, '{')
		for i, m := range n.items {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(append(b, '\n'), indent...)
			b = appendString(append(b, "  "...), m.name)
			b = appendPretty(append(b, " : "...), m, indent+"  ")
		}
		b = append(append(b, '\n'), indent...)
		return append(b, '}')
	case list:
		b = append(b, "[ "...)
		for i, m := range n.items {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendPretty(b, m, indent)
		}
		if len(n.items) == 0 {
			return append(b, ']')
		}
		return append(b, " ]"...)
	case text:
		return appendString(b, n.text)
	case null:
		return append(b, "null"...)
	}
	return append(b, n.text...)
}

// appendYAML writes n as AWS does: strings in quotes.
func appendYAML(n *node) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("---\n")
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	e.CompactSeqIndent()
	if err := e.Encode(yamlNode(n)); err != nil {
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	return b.Bytes(), nil
}

func yamlNode(n *node) *yaml.Node {
	switch n.kind {
	case object:
		y := &yaml.Node{Kind: yaml.MappingNode}
		if len(n.items) == 0 {
			y.Style = yaml.FlowStyle
		}
		for _, m := range n.items {
			y.Content = append(y.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: m.name}, yamlNode(m))
		}
		return y
	case list:
		y := &yaml.Node{Kind: yaml.SequenceNode}
		if len(n.items) == 0 {
			y.Style = yaml.FlowStyle
		}
		for _, m := range n.items {
			y.Content = append(y.Content, yamlNode(m))
		}
		return y
	case text:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: n.text, Style: yaml.DoubleQuotedStyle}
	case null:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Value: n.text}
}

package openapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// maxSeparators bounds the bytes that can part two YAML values, before the
// parser makes a node of some 200 bytes of each.
const maxSeparators = 2_000_000

// yamlReader turns a YAML tree into nodes, aliases and merge keys expanded.
type yamlReader struct {
	*reader
	open map[*yaml.Node]bool // the anchors being expanded
}

func (r *reader) yaml(doc []byte) (root *node, err error) {
	if n := separators(doc); n > maxSeparators {
		return nil, fatalf(1, "the document has more than %d separators", maxSeparators)
	}
	tree, err := parseYAML(doc)
	if err != nil {
		return nil, err
	}
	y := &yamlReader{reader: r, open: map[*yaml.Node]bool{}}
	return y.value(tree, tree.Line, 0)
}

func separators(doc []byte) (n int) {
	for _, c := range doc {
		switch c {
		case ',', ':', '[', '{', '\n', '-', '?':
			n++
		}
	}
	return n
}

// parseYAML is the one document's content. The parser reports what it can't
// read by panicking and turns its own panics into errors, but not those of its
// mistakes; a document must not be able to end the process.
func parseYAML(doc []byte) (tree *yaml.Node, err error) {
	defer func() {
		if p := recover(); p != nil {
			tree, err = nil, fatalf(1, "the document isn't YAML: %v", p)
		}
	}()
	var first, second yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(doc))
	if err := dec.Decode(&first); err != nil {
		return nil, yamlFatal(doc, err)
	}
	switch err := dec.Decode(&second); {
	case err == nil:
		return nil, fatalf(second.Line, "the file has more than one YAML document")
	case !errors.Is(err, io.EOF):
		return nil, yamlFatal(doc, err)
	}
	if len(first.Content) == 0 {
		return nil, fatalf(1, "the document is empty")
	}
	return first.Content[0], nil
}

var (
	yamlLine      = regexp.MustCompile(`^yaml: line (\d+): `)
	unknownAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)
)

// yamlFatal says what the parser couldn't read, and where.
func yamlFatal(doc []byte, err error) error {
	if errors.Is(err, io.EOF) {
		return fatalf(1, "the document is empty")
	}
	message, line := strings.TrimPrefix(err.Error(), "yaml: "), 0
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = err.Error()[len(m[0]):]
		if strings.HasPrefix(message, "did not find expected") {
			line++ // the parser counts these from 0
		}
	} else if m := unknownAnchor.FindStringSubmatch(message); m != nil {
		line = lineOf(doc, bytes.Index(doc, []byte("*"+m[1])))
	} else {
		line = lineOf(doc, bytes.IndexFunc(doc, unprintable))
	}
	return fatalf(line, "the document isn't YAML: %s", message)
}

// unprintable tells the characters that YAML refuses without saying where.
func unprintable(r rune) bool {
	return r == utf8.RuneError || r == 0x7f || r < ' ' && r != '\t' && r != '\n' && r != '\r'
}

func lineOf(doc []byte, offset int) int {
	return 1 + bytes.Count(doc[:max(offset, 0)], []byte("\n"))
}

// value is the node of y, which is said to stand on line.
func (r *yamlReader) value(y *yaml.Node, line, depth int) (*node, error) {
	if y.Kind == yaml.AliasNode {
		if r.open[y.Alias] {
			return nil, fatalf(y.Line, "anchor %q contains itself", y.Value)
		}
		r.open[y.Alias] = true
		defer delete(r.open, y.Alias)
		return r.value(y.Alias, line, depth)
	}
	n, err := r.node(null, line, depth)
	if err != nil {
		return nil, err
	}
	if tag := y.ShortTag(); !plainTag(tag) {
		r.foreignTag(n, tag)
		return n, nil
	}
	switch y.Kind {
	case yaml.MappingNode:
		err = r.mapping(n, y, depth)
	case yaml.SequenceNode:
		err = r.sequence(n, y, depth)
	default:
		r.scalar(n, y)
	}
	return n, err
}

func (r *yamlReader) sequence(n *node, y *yaml.Node, depth int) error {
	n.kind = list
	for i, c := range y.Content {
		m, err := r.value(c, c.Line, depth+1)
		if err != nil {
			return err
		}
		m.parent, m.pos = n, i
		n.items = append(n.items, m)
	}
	return nil
}

// mapping adds the members of y, then those of what it merges in: a key of
// its own wins wherever it stands.
func (r *yamlReader) mapping(n *node, y *yaml.Node, depth int) error {
	n.kind = object
	var merges []*yaml.Node
	for i := 0; i+1 < len(y.Content); i += 2 {
		key, value := y.Content[i], y.Content[i+1]
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode {
			r.problem(n, key.Line, "a key must be plain text")
			continue
		}
		if key.Tag == "!!merge" {
			merges = append(merges, value)
			continue
		}
		m, err := r.value(value, key.Line, depth+1)
		if err != nil {
			return err
		}
		m.name = key.Value
		r.member(n, m)
	}
	for _, m := range merges {
		if err := r.merge(n, m, depth); err != nil {
			return err
		}
	}
	r.object(n)
	return nil
}

// merge adds what a merge key names: a mapping, or a list of mappings of
// which the earlier win.
func (r *yamlReader) merge(n *node, y *yaml.Node, depth int) error {
	m, err := r.value(y, y.Line, depth+1)
	if err != nil {
		return err
	}
	sources := []*node{m}
	if m.kind == list {
		sources = m.items
	}
	for _, s := range sources {
		if s.kind != object {
			r.problem(n, y.Line, "<< merges mappings only")
			continue
		}
		for _, i := range s.items {
			n.add(i)
		}
	}
	return nil
}

func (r *yamlReader) scalar(n *node, y *yaml.Node) {
	n.text = y.Value
	switch y.ShortTag() {
	case "!!null":
		n.text = ""
	case "!!bool":
		n.kind, n.text = boolean, strings.ToLower(y.Value)
	case "!!int", "!!float":
		n.kind = number
	default:
		n.kind, n.text = text, r.text(y.Value)
	}
}

// plainTag tells the tags of plain values. A timestamp is its text.
func plainTag(tag string) bool {
	switch tag {
	case "!!map", "!!seq", "!!str", "!!int", "!!float", "!!bool", "!!null", "!!timestamp", "!!merge", "!":
		return true
	}
	return false
}

func (r *yamlReader) foreignTag(n *node, tag string) {
	if strings.HasPrefix(tag, "!") && !strings.HasPrefix(tag, "!!") {
		r.function(n, tag)
		return
	}
	n.refused = true
	r.problem(n, 0, "YAML tag %s isn't supported", tag)
}

// jsonNumber is a YAML number's JSON form.
func jsonNumber(s string) (string, error) {
	var v any
	if err := yaml.Unmarshal([]byte(s), &v); err != nil {
		return "", err
	}
	switch v := v.(type) {
	case int, int64, uint64:
		return fmt.Sprint(v), nil
	case float64:
		if t := strconv.FormatFloat(v, 'g', -1, 64); strings.Trim(t, "0123456789.eE+-") == "" {
			return t, nil
		}
	}
	return "", fmt.Errorf("%s is no number of JSON", s)
}

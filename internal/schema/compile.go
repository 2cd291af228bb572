package schema

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	_ "embed"

	"github.com/gatehouse/gatehouse/internal/jsonpath"
)

// draft4 is the schema of schemas, which a model may refer to
// (json-schema.org/draft-04/schema).
//
//go:embed draft4.json
var draft4 []byte

const draft4URL = "http://json-schema.org/draft-04/schema"

// document is a model's text, read.
type document struct {
	ref     string
	root    *jsonpath.Value
	members map[*jsonpath.Value]map[string]*jsonpath.Value // of large objects that references led through
}

// manyMembers is how many an object has before they are looked up in a map.
const manyMembers = 16

func (d *document) member(v *jsonpath.Value, name string) *jsonpath.Value {
	if len(v.Names) < manyMembers {
		return v.Member(name)
	}
	m := d.members[v]
	if m == nil {
		m = make(map[string]*jsonpath.Value, len(v.Names))
		for i, name := range v.Names {
			m[name] = &v.Items[i]
		}
		if d.members == nil {
			d.members = map[*jsonpath.Value]map[string]*jsonpath.Value{}
		}
		d.members[v] = m
	}
	return m[name]
}

type compiler struct {
	load      func(ref string) ([]byte, error)
	documents map[string]*document
	nodes     map[string]*node // by document and pointer
	refs      []reference
	patterns  int // sum of the sizes
	pointers  int // sum of the bytes, of schemas and of their keywords
	ignored   []string
}

// reference is a node that stands for another, to be resolved.
type reference struct {
	node *node
	at   place
	to   string
}

// place is where in a document a schema, or a part of one, stands.
type place struct {
	doc     *document
	pointer string
}

func (p place) at(parts ...string) place {
	for _, part := range parts {
		if strings.ContainsAny(part, "~/") {
			part = strings.NewReplacer("~", "~0", "/", "~1").Replace(part)
		}
		p.pointer += "/" + part
	}
	return p
}

func (p place) fail(format string, args ...any) error {
	return &Error{p.doc.ref, cut(p.pointer), fmt.Sprintf(format, args...)}
}

func (c *compiler) compile(text []byte) (*node, error) {
	doc, err := c.read("", text)
	if err != nil {
		return nil, err
	}
	root, err := c.schema(place{doc: doc}, doc.root)
	if err != nil {
		return nil, err
	}
	for len(c.refs) > 0 {
		ref := c.refs[0]
		c.refs = c.refs[1:]
		if ref.node.ref, err = c.resolve(ref); err != nil {
			return nil, err
		}
	}
	if loops := findLoop(c.nodes); loops != "" {
		return nil, &Error{"", "", "validation loop: a schema leads back to itself for the same value at " + loops}
	}
	return root, nil
}

// read reads a document.
func (c *compiler) read(ref string, text []byte) (*document, error) {
	doc := &document{ref: ref}
	p := place{doc: doc}
	if len(text) > maxText {
		return nil, p.fail("the model is longer than %d bytes", maxText)
	}
	if len(c.documents) >= maxDocuments {
		return nil, p.fail("the model refers to more than %d others", maxDocuments)
	}
	root, err := jsonpath.Parse(text, jsonpath.Limits{Depth: maxDepth, Nodes: 4 * maxNodes})
	if err != nil {
		return nil, p.fail("the model is no JSON document: %v", err)
	}
	doc.root = root
	c.documents[ref] = doc
	return doc, nil
}

// resolve finds the schema that a reference leads to.
func (c *compiler) resolve(ref reference) (*node, error) {
	url, fragment, _ := strings.Cut(ref.to, "#")
	doc := ref.at.doc
	if url != "" {
		var err error
		if doc, err = c.document(url, ref); err != nil {
			return nil, err
		}
	}
	v, pointer, ok := doc.walk(fragment)
	if !ok {
		return nil, ref.at.fail("%q leads nowhere", ref.to)
	}
	return c.schema(place{doc: doc, pointer: pointer}, v)
}

func (c *compiler) document(url string, ref reference) (*document, error) {
	if doc, ok := c.documents[url]; ok {
		return doc, nil
	}
	if url == draft4URL {
		return c.read(url, draft4)
	}
	if !strings.Contains(url, "://") {
		return nil, ref.at.fail("Model reference must be in canonical form, which %q isn't", ref.to)
	}
	text, err := c.load(url)
	if err != nil {
		return nil, ref.at.fail("%q: %v", ref.to, err)
	}
	return c.read(url, text)
}

// walk follows a JSON pointer, percent-encoded as in a fragment.
func (d *document) walk(fragment string) (*jsonpath.Value, string, bool) {
	v := d.root
	pointer, err := url.PathUnescape(fragment)
	if err != nil || pointer != "" && pointer[0] != '/' {
		return nil, "", false
	}
	for _, part := range strings.Split(pointer, "/")[1:] {
		if strings.Contains(part, "~") {
			part = strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
		}
		switch v.Kind {
		case jsonpath.Object:
			v = d.member(v, part)
		case jsonpath.Array:
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(v.Items) {
				return nil, "", false
			}
			v = &v.Items[i]
		default:
			v = nil
		}
		if v == nil {
			return nil, "", false
		}
	}
	return v, pointer, true
}

// schema compiles the schema at p, once.
func (c *compiler) schema(p place, v *jsonpath.Value) (*node, error) {
	key := p.doc.ref + "#" + p.pointer
	if n, ok := c.nodes[key]; ok {
		return n, nil
	}
	c.pointers += len(key) * (1 + len(v.Names))
	switch {
	case c.pointers > maxPointers:
		return nil, p.fail("the names that lead to the schemas of the model are too long")
	case v.Kind != jsonpath.Object:
		return nil, p.fail("a schema is an object, not %s", typeName(v))
	case len(c.nodes) >= maxNodes:
		return nil, p.fail("the model has more than %d schemas", maxNodes)
	}
	n := &node{}
	c.nodes[key] = n
	if ref := v.Member("$ref"); ref != nil {
		if ref.Kind != jsonpath.String {
			return nil, p.at("$ref").fail("a reference is a string")
		}
		c.refs = append(c.refs, reference{n, p.at("$ref"), ref.Text})
		return n, nil
	}
	for i, name := range v.Names {
		if err := c.keyword(n, p, name, v, &v.Items[i]); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(n.rules, func(a, b rule) int { return strings.Compare(order(a), order(b)) })
	return n, nil
}

// order is the order of keywords: format comes last.
func order(r rule) string {
	if r.keyword == "format" {
		return "~"
	}
	return r.keyword
}

// sub compiles the schema within p that is named so.
func (c *compiler) sub(p place, v *jsonpath.Value, parts ...string) (*node, error) {
	p = p.at(parts...)
	return c.schema(p, v)
}

// subs compiles an array of schemas.
func (c *compiler) subs(p place, v *jsonpath.Value) ([]*node, error) {
	if v.Kind != jsonpath.Array || len(v.Items) == 0 {
		return nil, p.fail("must be an array of at least one schema")
	}
	nodes := make([]*node, len(v.Items))
	for i := range v.Items {
		var err error
		if nodes[i], err = c.sub(p, &v.Items[i], strconv.Itoa(i)); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

// members compiles an object of schemas.
func (c *compiler) members(p place, v *jsonpath.Value) (map[string]*node, error) {
	if v.Kind != jsonpath.Object {
		return nil, p.fail("must be an object of schemas")
	}
	nodes := make(map[string]*node, len(v.Names))
	for i, name := range v.Names {
		n, err := c.sub(p, &v.Items[i], name)
		if err != nil {
			return nil, err
		}
		nodes[name] = n
	}
	return nodes, nil
}

// findLoop finds a schema that leads back to itself without going into the
// value; "" when there is none. Java's validator gives up on every document
// that meets one.
func findLoop(nodes map[string]*node) string {
	const visiting, done = 1, 2
	state := map[*node]int{}
	var visit func(n *node) bool
	visit = func(n *node) bool {
		switch state[n] {
		case visiting:
			return true
		case done:
			return false
		}
		state[n] = visiting
		if slices.ContainsFunc(n.sameValue(), visit) {
			return true
		}
		state[n] = done
		return false
	}
	for _, key := range slices.Sorted(maps.Keys(nodes)) {
		if visit(nodes[key]) {
			return key
		}
	}
	return ""
}

// sameValue are the schemas that n holds against its own value.
func (n *node) sameValue() []*node {
	if n.ref != nil {
		return []*node{n.ref}
	}
	var nodes []*node
	for _, r := range n.rules {
		switch c := r.checker.(type) {
		case combination:
			nodes = append(nodes, c.nodes...)
		case *dependencies:
			for _, d := range c.schemas {
				nodes = append(nodes, d.node)
			}
		}
	}
	return nodes
}

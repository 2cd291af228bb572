package openapi

import (
	"strconv"
	"strings"
)

type kind uint8

const (
	null kind = iota
	boolean
	number
	text
	list
	object
)

// node is one value of a document, JSON or YAML alike.
type node struct {
	kind kind
	// text is a scalar's text: "true" or "false", a number's own digits.
	text   string
	name   string  // its key in an object
	pos    int     // its index in a list
	line   int     // of the key in an object, else of the value; from 1
	items  []*node // of a list, or the values of an object in document order
	index  map[string]*node
	parent *node
	// read: asked for by name. An AWS extension nobody asks for is reported.
	read bool
	// refused: already reported; nothing more is said about what is below.
	refused bool
}

// indexed is the size from which an object's members are looked up in a map.
const indexed = 8

// peek is the value of a member; nil when n isn't an object or has none.
func (n *node) peek(name string) *node {
	if n == nil || n.kind != object {
		return nil
	}
	if n.index != nil {
		return n.index[name]
	}
	for _, m := range n.items {
		if m.name == name {
			return m
		}
	}
	return nil
}

// get is peek, and notes that the member is known.
func (n *node) get(name string) *node {
	m := n.peek(name)
	if m != nil {
		m.read = true
	}
	return m
}

// members are the values of an object, each with its name; none of another node.
func (n *node) members() []*node {
	if n == nil || n.kind != object {
		return nil
	}
	return n.items
}

// elements are the items of a list; none of another node.
func (n *node) elements() []*node {
	if n == nil || n.kind != list {
		return nil
	}
	return n.items
}

// add appends a member; the first of a name wins. It reports whether it did.
func (n *node) add(m *node) bool {
	if n.peek(m.name) != nil {
		return false
	}
	m.parent = n
	n.items = append(n.items, m)
	if n.index != nil {
		n.index[m.name] = m
	} else if len(n.items) > indexed {
		n.index = make(map[string]*node, 4*indexed)
		for _, i := range n.items {
			n.index[i.name] = i
		}
	}
	return true
}

// present tells whether n is there and isn't null.
func (n *node) present() bool { return n != nil && n.kind != null }

// scalar tells whether n is text, a number or a boolean.
func (n *node) scalar() bool {
	return n != nil && (n.kind == text || n.kind == number || n.kind == boolean)
}

var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1")

// pointer is the node's JSON pointer; empty for the root.
func (n *node) pointer() string {
	var parts []string
	for ; n.parent != nil; n = n.parent {
		if n.parent.kind == list {
			parts = append(parts, strconv.Itoa(n.pos))
		} else {
			parts = append(parts, pointerEscape.Replace(n.name))
		}
	}
	var b strings.Builder
	for i := len(parts) - 1; i >= 0; i-- {
		b.WriteByte('/')
		b.WriteString(parts[i])
	}
	return b.String()
}

// isRefused tells whether something was said about n already.
func (n *node) isRefused() bool { return n != nil && n.refused }

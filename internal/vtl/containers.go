package vtl

import (
	"errors"

	"github.com/gatehouse/gatehouse/internal/jsonpath"
)

// list is a Java List; json: a JSON array, rendered as JSON.
type list struct {
	items []Value
	json  bool
	fixed bool // an array (String.split): elements can be set, not added
	mods  int  // changes of its length, as Java's modCount
}

// hash is a Java Map in the order of its insertions. Keys are names; keys that
// aren't Strings are in keys, too, where there are any.
type hash struct {
	names  []string
	values []Value
	keys   []Value // nil while all keys are Strings
	index  map[hashKey]int
}

// hashKey tells Integer 1 from String "1", as Java does.
type hashKey struct {
	kind Kind
	name string
}

// A map of more members than this has an index.
const indexFrom = 12

func (h *hash) find(name string) int { return h.findKeyed(String, name) }

func (h *hash) findKeyed(kind Kind, name string) int {
	if kind != String && h.keys == nil {
		return -1
	}
	if len(h.names) > indexFrom {
		return h.findIndexed(hashKey{kind, name})
	}
	for i, n := range h.names {
		if n == name && h.kindAt(i) == kind {
			return i
		}
	}
	return -1
}

func (h *hash) kindAt(i int) Kind {
	if h.keys == nil {
		return String
	}
	return max(h.keys[i].kind, Null)
}

func (h *hash) findIndexed(key hashKey) int {
	if h.index == nil {
		h.index = make(map[hashKey]int, len(h.names))
		for i, n := range h.names {
			h.index[hashKey{h.kindAt(i), n}] = i
		}
	}
	if i, ok := h.index[key]; ok {
		return i
	}
	return -1
}

// findKey finds a key of any type; there are no keys that are Lists or Maps.
func (h *hash) findKey(key Value) int {
	switch key.kind {
	case String:
		return h.find(key.s)
	case List, Map, Host:
		return -1
	}
	return h.findKeyed(max(key.kind, Null), string(key.Append(nil)))
}

// errKey refuses keys whose hash Java would take from their content.
var errKey = errors.New("a list, map or object can't be the key of a map")

func isKey(v Value) bool { return v.kind < List }

func (h *hash) get(key Value) Value {
	if i := h.findKey(key); i >= 0 {
		return h.values[i]
	}
	return Value{}
}

// put sets a member and gives the value that it had.
func (h *hash) put(key, value Value) Value {
	if i := h.findKey(key); i >= 0 {
		old := h.values[i]
		h.values[i] = value
		return old
	}
	name := key.s
	if key.kind != String {
		name = string(key.Append(nil))
		h.typeKeys()
	}
	if h.keys != nil {
		h.keys = append(h.keys, key)
	}
	if h.index != nil {
		h.index[hashKey{max(key.kind, Null), name}] = len(h.names)
	}
	h.names = append(h.names, name)
	h.values = append(h.values, value)
	return Value{}
}

func (h *hash) typeKeys() {
	if h.keys != nil {
		return
	}
	h.keys = make([]Value, len(h.names), len(h.names)+1)
	for i, name := range h.names {
		h.keys[i] = StringValue(name)
	}
}

// remove takes a member out and gives its value.
func (h *hash) remove(key Value) Value {
	i := h.findKey(key)
	if i < 0 {
		return Value{}
	}
	old := h.values[i]
	h.names = append(h.names[:i:i], h.names[i+1:]...)
	h.values = append(h.values[:i:i], h.values[i+1:]...)
	if h.keys != nil {
		h.keys = append(h.keys[:i:i], h.keys[i+1:]...)
	}
	h.index = nil
	return old
}

func (h *hash) clear() { *h = hash{} }

func (h *hash) key(i int) Value {
	if h.keys != nil {
		return h.keys[i]
	}
	return StringValue(h.names[i])
}

// view is a List or Map to read: either the engine's own, or a JSON container
// that nothing has changed.
func (r *Run) resolve(v Value) Value {
	if r.changed == nil {
		return v
	}
	if doc, ok := v.ref.(*jsonpath.Value); ok {
		if own, ok := r.changed[doc]; ok {
			v.ref = own
		}
	}
	return v
}

// ownList is a List to change: of a JSON array the run's copy, which all that
// read the array later in the run see.
func (r *Run) ownList(v Value) (*list, error) {
	v = r.resolve(v)
	if l, ok := v.ref.(*list); ok {
		return l, nil
	}
	doc := v.ref.(*jsonpath.Value)
	if err := r.cells(len(doc.Items)); err != nil {
		return nil, err
	}
	l := &list{items: v.Items(), json: true}
	r.remember(doc, l)
	return l, nil
}

// ownMap is a Map to change, as ownList.
func (r *Run) ownMap(v Value) (*hash, error) {
	v = r.resolve(v)
	if h, ok := v.ref.(*hash); ok {
		return h, nil
	}
	doc := v.ref.(*jsonpath.Value)
	if err := r.cells(len(doc.Items)); err != nil {
		return nil, err
	}
	h := &hash{names: append([]string(nil), doc.Names...), values: make([]Value, len(doc.Items))}
	for i := range doc.Items {
		h.values[i] = JSONValue(&doc.Items[i])
	}
	r.remember(doc, h)
	return h, nil
}

func (r *Run) remember(doc *jsonpath.Value, own any) {
	if r.changed == nil {
		r.changed = make(map[*jsonpath.Value]any)
	}
	r.changed[doc] = own
}

// items are a List's elements as the run sees them; nobody changes the slice.
func (r *Run) items(v Value) []Value { return r.resolve(v).Items() }

// size is the length of a List or Map.
func (r *Run) size(v Value) int {
	switch c := r.resolve(v).ref.(type) {
	case *list:
		return len(c.items)
	case *hash:
		return len(c.names)
	case *jsonpath.Value:
		return len(c.Items)
	}
	return 0
}

// at is element i of a List, which must be there.
func (r *Run) at(v Value, i int) Value {
	switch c := r.resolve(v).ref.(type) {
	case *list:
		return c.items[i]
	case *jsonpath.Value:
		return JSONValue(&c.Items[i])
	}
	return Value{}
}

// memberIn looks for a member of a document, whose names it goes through: many
// of them take steps. It is nil where there is none.
func (r *Run) memberIn(doc *jsonpath.Value, name string) *jsonpath.Value {
	r.steps -= len(doc.Names) >> 6
	return doc.Member(name)
}

// member is member name of a Map; Undefined where there is none.
func (r *Run) member(v Value, name string) Value {
	switch c := r.resolve(v).ref.(type) {
	case *hash:
		if i := c.find(name); i >= 0 {
			return c.values[i]
		}
	case *jsonpath.Value:
		if m := r.memberIn(c, name); m != nil {
			return JSONValue(m)
		}
	}
	return Value{}
}

// memberOf is the member under a key of any type.
func (r *Run) memberOf(v, key Value) Value {
	if key.kind == String {
		return r.member(v, key.s)
	}
	if h, ok := r.resolve(v).ref.(*hash); ok {
		return h.get(key)
	}
	return Value{}
}

// hasMember says whether a Map has the key.
func (r *Run) hasMember(v, key Value) bool {
	switch c := r.resolve(v).ref.(type) {
	case *hash:
		return c.findKey(key) >= 0
	case *jsonpath.Value:
		return key.kind == String && r.memberIn(c, key.s) != nil
	}
	return false
}

// keyAt and valueAt are member i of a Map.
func (r *Run) keyAt(v Value, i int) Value {
	switch c := r.resolve(v).ref.(type) {
	case *hash:
		return c.key(i)
	case *jsonpath.Value:
		return StringValue(c.Names[i])
	}
	return Value{}
}

func (r *Run) valueAt(v Value, i int) Value {
	switch c := r.resolve(v).ref.(type) {
	case *hash:
		return c.values[i]
	case *jsonpath.Value:
		return JSONValue(&c.Items[i])
	}
	return Value{}
}

// Package jsonpath holds JSON as an ordered value, and finds parts of it by
// path as the Jayway library does (github.com/json-path/JsonPath 2.x, the
// engine that API Gateway's documentation names).
package jsonpath

// Kind is the kind of a JSON value.
type Kind uint8

const (
	Null Kind = iota
	Bool
	Number
	String
	Array
	Object
)

// Value is one JSON value. Members keep their order; of members with one name
// the last value stands in the first one's place, as in Java's LinkedHashMap.
// A Value isn't changed once it is made.
type Value struct {
	Kind  Kind
	Bool  bool
	Text  string   // String: decoded; Number: as written
	Names []string // Object: member names, one for each of Items
	Items []Value  // Array: elements; Object: member values
}

// Limits bound what Parse and Find may use.
type Limits struct {
	Depth int // nesting of a document
	Nodes int // values of a document, values that a path visits
}

// Parse reads one JSON document. The error says at which byte and why.
func Parse(data []byte, limits Limits) (*Value, error) { panic("contract") }

// AppendJSON appends v as compact JSON: `{"a":[1,"b"]}`.
func (v *Value) AppendJSON(dst []byte) []byte { panic("contract") }

// Member is member name of an object; nil when there is none.
func (v *Value) Member(name string) *Value { panic("contract") }

// Path is a compiled path, for any number of goroutines.
type Path struct{}

// Compile reads a path as Jayway does. The error says where and why.
func Compile(path string) (*Path, error) { panic("contract") }

// Definite says whether the path names at most one value: an indefinite one
// gives an array.
func (p *Path) Definite() bool { panic("contract") }

// Find is what p names in doc: false when a definite path names nothing. The
// error is that of a limit.
func (p *Path) Find(doc *Value, limits Limits) (*Value, bool, error) { panic("contract") }

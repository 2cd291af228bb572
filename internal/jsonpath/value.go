// Package jsonpath holds JSON as an ordered value, and finds parts of it by
// path as the Jayway library does (github.com/json-path/JsonPath 2.x, the
// engine that API Gateway's documentation names). It knows no gateway.
package jsonpath

// Kind is the kind of a JSON value.
type Kind uint8

// The kinds.
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

// Limits bound what Parse and Find may use. A bound of zero is the one that
// stands in its place.
type Limits struct {
	Depth int // nesting of a document; DefaultDepth
	Nodes int // values of a document, values that a path visits; DefaultNodes
}

// The bounds where Limits have none. The depth is that of json-smart, the
// parser under Jayway's paths.
const (
	DefaultDepth = 400
	DefaultNodes = 1 << 20
)

func (l Limits) depth() int {
	if l.Depth <= 0 {
		return DefaultDepth
	}
	return l.Depth
}

func (l Limits) nodes() int {
	if l.Nodes <= 0 {
		return DefaultNodes
	}
	return l.Nodes
}

// Member is member name of an object; nil when there is none.
func (v *Value) Member(name string) *Value {
	for i := range v.Names {
		if v.Names[i] == name {
			return &v.Items[i]
		}
	}
	return nil
}

// AppendJSON appends v as compact JSON: `{"a":[1,"b"]}`. Only what must be
// escaped is: quotes, backslashes and control characters. (json-smart also
// writes a few non-ASCII blocks as \u escapes; the JSON is the same.)
func (v *Value) AppendJSON(dst []byte) []byte {
	switch v.Kind {
	case Bool:
		if v.Bool {
			return append(dst, "true"...)
		}
		return append(dst, "false"...)
	case Number:
		return append(dst, v.Text...)
	case String:
		return AppendQuoted(dst, v.Text)
	case Array:
		dst = append(dst, '[')
		for i := range v.Items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = v.Items[i].AppendJSON(dst)
		}
		return append(dst, ']')
	case Object:
		dst = append(dst, '{')
		for i := range v.Items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(AppendQuoted(dst, v.Names[i]), ':')
			dst = v.Items[i].AppendJSON(dst)
		}
		return append(dst, '}')
	}
	return append(dst, "null"...)
}

const hexDigits = "0123456789abcdef"

// AppendQuoted appends s as a JSON string.
func AppendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, `\b`...)
		case '\f':
			dst = append(dst, `\f`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			dst = append(dst, `\u00`...)
			dst = append(dst, hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(append(dst, s[from:]...), '"')
}

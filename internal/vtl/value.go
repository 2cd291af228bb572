package vtl

import (
	"math"
	"math/big"
	"strconv"

	"github.com/gatehouse/gatehouse/internal/jsonpath"
)

// Kind is the kind of a Value.
type Kind uint8

const (
	Undefined Kind = iota // a reference to nothing: rendered empty, equal to $null and ""
	Null                  // Java's null: the same to a template
	Bool
	Integer // Java's Integer, Long and BigInteger
	Decimal // Java's Double and BigDecimal
	String
	List
	Map
	Host // an Object

	argument // inside a macro: a parameter that is evaluated when it is used
)

// Value is what an expression gives. The zero Value is Undefined.
type Value struct {
	kind Kind
	n    int64  // Bool, Integer; the bits of a Decimal
	s    string // String; a BigDecimal's digits
	ref  any    // List: *list or *jsonpath.Value; Map: *hash or *jsonpath.Value; Host: Object; Integer: nil or *big.Int
}

// character in a String's n makes it a Java Character: equal by equals to no
// String, and without its methods.
const character = 1

// StringValue is a Java String.
func StringValue(s string) Value { return Value{kind: String, s: s} }

// IntegerValue is a Java Integer, or a Long where it doesn't fit.
func IntegerValue(n int64) Value { return Value{kind: Integer, n: n} }

// BoolValue is a Java Boolean.
func BoolValue(b bool) Value {
	v := Value{kind: Bool}
	if b {
		v.n = 1
	}
	return v
}

// NullValue is Java's null.
func NullValue() Value { return Value{kind: Null} }

// HostValue is an object of the host's.
func HostValue(o Object) Value { return Value{kind: Host, ref: o} }

// ListValue is an ArrayList, rendered as Java does: [a, b]. It keeps the slice.
func ListValue(items ...Value) Value { return Value{kind: List, ref: &list{items: items}} }

// MapValue is a Map with these members, in their order: rendered {a=b}. It
// keeps the slices; templates may change them (put, #set).
func MapValue(names []string, values []Value) Value {
	return Value{kind: Map, ref: &hash{names: names, values: values}}
}

// JSONValue is a part of a JSON document as API Gateway hands it to templates
// (net.minidev's classes): objects behave as ordered Maps and are rendered as
// Java's {a=b}; arrays behave as Lists and are rendered as JSON (recorded on
// AWS). Nothing is converted before it is looked at, and a template that
// changes the document changes a copy of its run.
func JSONValue(v *jsonpath.Value) Value {
	if v == nil {
		return Value{kind: Null}
	}
	switch v.Kind {
	case jsonpath.Bool:
		return BoolValue(v.Bool)
	case jsonpath.Number:
		return numberFromText(v.Text)
	case jsonpath.String:
		return Value{kind: String, s: v.Text}
	case jsonpath.Array:
		return Value{kind: List, ref: v}
	case jsonpath.Object:
		return Value{kind: Map, ref: v}
	}
	return Value{kind: Null}
}

// numberFromText reads a JSON number as json-smart does: an integer of any
// size; else a Double, or with more than 18 characters a BigDecimal unless the
// Double is written the same.
func numberFromText(text string) Value {
	if isDigits(text) {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return Value{kind: Integer, n: n}
		}
		if n, ok := new(big.Int).SetString(text, 10); ok {
			return bigValue(n)
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	v := decimalValue(f)
	if (err == nil || !math.IsInf(f, 0)) && len(text) > 18 && string(appendDouble(nil, f)) != text {
		v.s = text
	}
	return v
}

func isDigits(text string) bool {
	if len(text) > 0 && text[0] == '-' {
		text = text[1:]
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}

func decimalValue(f float64) Value {
	return Value{kind: Decimal, n: int64(math.Float64bits(f))}
}

// bigValue is a BigInteger; one that fits is a plain Integer.
func bigValue(n *big.Int) Value {
	if n.IsInt64() {
		return Value{kind: Integer, n: n.Int64()}
	}
	return Value{kind: Integer, ref: n}
}

// Member is one member of a Map.
type Member struct {
	Name  string
	Value Value
}

// Kind is the kind of v.
func (v Value) Kind() Kind { return v.kind }

// IsNull says whether v is Undefined or Null.
func (v Value) IsNull() bool { return v.kind <= Null }

// Text is v as Append has it; "" for null.
func (v Value) Text() string {
	switch v.kind {
	case Undefined, Null:
		return ""
	case String:
		return v.s
	}
	return string(v.Append(nil))
}

// Int is an Integer's value; false for others, and for one beyond 64 bits.
func (v Value) Int() (int64, bool) {
	return v.n, v.kind == Integer && v.ref == nil
}

// Items are a List's elements (or a JSON array's), nil for others; not to be
// changed.
func (v Value) Items() []Value {
	if v.kind != List {
		return nil
	}
	if l, ok := v.ref.(*list); ok {
		return l.items
	}
	doc := v.ref.(*jsonpath.Value)
	items := make([]Value, len(doc.Items))
	for i := range doc.Items {
		items[i] = JSONValue(&doc.Items[i])
	}
	return items
}

// Members are a Map's members (or a JSON object's) in order, nil for others;
// not to be changed.
func (v Value) Members() []Member {
	if v.kind != Map {
		return nil
	}
	if h, ok := v.ref.(*hash); ok {
		members := make([]Member, len(h.names))
		for i := range members {
			members[i] = Member{h.names[i], h.values[i]}
		}
		return members
	}
	doc := v.ref.(*jsonpath.Value)
	members := make([]Member, len(doc.Names))
	for i := range members {
		members[i] = Member{doc.Names[i], JSONValue(&doc.Items[i])}
	}
	return members
}

// Object is a Host's object; nil for others.
func (v Value) Object() Object {
	if v.kind != Host {
		return nil
	}
	return v.ref.(Object)
}

// truth is what #if makes of v: false for null and false, true for all else,
// the empty string and 0 too (Velocity 1.7).
func (v Value) truth() bool {
	return v.kind > Null && (v.kind != Bool || v.n != 0)
}

func (v Value) float() float64 {
	if v.kind == Decimal {
		return math.Float64frombits(uint64(v.n))
	}
	if n, ok := v.ref.(*big.Int); ok {
		f, _ := new(big.Float).SetInt(n).Float64()
		return f
	}
	return float64(v.n)
}

func (v Value) isNumber() bool { return v.kind == Integer || v.kind == Decimal }

// Package vtl is the Velocity Template Language as API Gateway runs it:
// compiled once, then rendered without parsing or reflection, in bounded
// steps, depth and output. It knows no gateway: what $input, $util, $context
// and $stageVariables are is given by the host.
package vtl

import "github.com/gatehouse/gatehouse/internal/jsonpath"

// Kind is the kind of a Value.
type Kind uint8

const (
	Undefined Kind = iota // a reference to nothing: rendered empty, equal to $null and ""
	Null                  // Java's null: the same to a template
	Bool
	Integer // Java's Integer and Long
	Decimal // Java's Double and BigDecimal
	String
	List
	Map
	Host // an Object
)

// Value is what an expression gives. The zero Value is Undefined.
type Value struct {
	kind Kind
	n    int64 // Bool, Integer; the bits of a Decimal
	s    string
	ref  any // *list, *hash, Object
}

// Constructors and views.
func StringValue(s string) Value     { panic("contract") }
func IntegerValue(n int64) Value     { panic("contract") }
func BoolValue(b bool) Value         { panic("contract") }
func NullValue() Value               { panic("contract") }
func HostValue(o Object) Value       { panic("contract") }
func ListValue(items ...Value) Value { panic("contract") } // rendered as Java does: [a, b]

// MapValue is a Map with these members, in their order: rendered {a=b}.
// It keeps the slices; templates may
// change them (put, #set).
func MapValue(names []string, values []Value) Value { panic("contract") }

// JSONValue is a part of a JSON document as API Gateway hands it to templates
// (net.minidev's classes): objects behave as ordered Maps and are rendered as
// Java's {a=b}; arrays behave as Lists and are rendered as JSON. It is
// converted as far as it is looked at.
func JSONValue(v *jsonpath.Value) Value { panic("contract") }

// Member is one member of a Map.
type Member struct {
	Name  string
	Value Value
}

func (v Value) Kind() Kind { return v.kind }

// IsNull says whether v is Undefined or Null.
func (v Value) IsNull() bool { panic("contract") }

// Text is v as Append has it; "" for null.
func (v Value) Text() string { panic("contract") }

// Int is an Integer's value.
func (v Value) Int() (int64, bool) { panic("contract") }

// Items are a List's elements (or JSON array's); not to be changed.
func (v Value) Items() []Value { panic("contract") }

// Members are a Map's members (or JSON object's) in order; not to be changed.
func (v Value) Members() []Member { panic("contract") }

// Object is a Host's object; nil for others.
func (v Value) Object() Object { panic("contract") }

// Append appends v as Java's String.valueOf has it.
func (v Value) Append(dst []byte) []byte { panic("contract") }

// AppendJSON appends v as JSON ($input.json, $util.toJson-like uses).
func (v Value) AppendJSON(dst []byte) []byte { panic("contract") }

// Object is something of the host's in a template.
type Object interface {
	// Get is property name ($context.stage, $x.get("stage") too); Undefined
	// when there is none.
	Get(r *Run, name string) (Value, error)
	// Set is #set($object.name = v). An error says that name can't be set.
	Set(r *Run, name string, v Value) error
	// Call calls a method; false: there is none of that name with so many
	// arguments, and the reference is rendered empty, as AWS does with null.
	Call(r *Run, method string, args []Value) (Value, bool, error)
	// Append appends the object as text; ok false: it renders as null does.
	Append(r *Run, dst []byte) (out []byte, ok bool)
}

// MapView is an Object that is a Map, too: #foreach goes over Map's values, and
// what Call doesn't have (entrySet, size, containsKey ...) is asked of Map.
type MapView interface {
	Object
	// Map is the object's members now. Changes of it don't reach the object.
	Map(r *Run) Value
}

// Func is a call bound at compile time.
type Func func(r *Run, args []Value) (Value, error)

// Root is a name that every template sees.
type Root struct {
	Name string // "input"
	// Bind prepares a call whose arguments are partly constants (Undefined
	// where they are computed), so that nothing is parsed while rendering: a
	// JSONPath in $input.path('$.a'). A nil Func leaves it to Object.Call. An
	// error refuses the template. Bind may be nil.
	Bind func(method string, args []Value) (Func, error)
}

// Error is a template that can't be compiled, or failed while rendering.
type Error struct {
	Line, Column int // from 1
	Text         string
	Err          error // what a host's function said; nil: none did
}

func (e *Error) Unwrap() error { return e.Err }

func (e *Error) Error() string { panic("contract") }

// Template is a compiled template, for any number of goroutines.
type Template struct{}

// Compile compiles text. The error is an *Error.
func Compile(text string, roots []Root) (*Template, error) { panic("contract") }

// Constant says whether the template always gives the same text, and which.
func (t *Template) Constant() ([]byte, bool) { panic("contract") }

// Limits bound one rendering.
type Limits struct {
	Steps  int // directives, references and operations
	Depth  int // nested directives, calls and strings
	Output int // bytes, of the output and of every string made
	Loop   int // turns of one #foreach (AWS: 1000)
}

// Run is one rendering's state; it may be used again.
type Run struct {
	Objects []Object // one for each of Compile's roots
	Host    any      // the host's own
	Limits  Limits
	Trace   func(Step) // nil: none
}

// Step is what a trace reports: one directive or reference that was evaluated.
type Step struct {
	Line, Column int
	Source       string // as written: "#set($a = 1)", "$a.b"
	Value        string // what it came to
	Cost         int    // steps that it took
}

// Render appends the rendered text to dst. On an error dst is as it was; the
// error is an *Error.
func (t *Template) Render(dst []byte, r *Run) ([]byte, error) { panic("contract") }

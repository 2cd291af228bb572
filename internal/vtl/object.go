package vtl

// Object is something of the host's in a template. The args of a Call are the
// engine's: an object keeps Values, not the slice.
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

package mapping

import (
	"github.com/gatehouse/gatehouse/internal/vtl"
)

// overridesObject is $context.requestOverride, or (true) .responseOverride.
type overridesObject bool

const (
	requestOverride  overridesObject = false
	responseOverride overridesObject = true
)

func (o overridesObject) of(run *vtl.Run) *Overrides {
	if o == responseOverride {
		return &of(run).Response
	}
	return &of(run).Request
}

// The maps that are there before anything is set, in the order that AWS
// goes through them (recorded).
var (
	requestMaps  = []string{"path", "header", "querystring"}
	responseMaps = []string{"header"}
)

func (o overridesObject) maps() []string {
	if o == responseOverride {
		return responseMaps
	}
	return requestMaps
}

func (o overridesObject) Get(run *vtl.Run, name string) (vtl.Value, error) {
	for i, m := range paramKinds {
		if m == name && (o == requestOverride || m == "header") {
			return vtl.HostValue(o.part(i)), nil
		}
	}
	return o.of(run).others.get(name), nil
}

func (o overridesObject) Set(run *vtl.Run, name string, v vtl.Value) error {
	for i, m := range paramKinds {
		if m == name && (o == requestOverride || m == "header") {
			if m == "path" && v.Kind() == vtl.String {
				o.of(run).Path.whole = v.Text()
				return nil
			}
			return o.part(i).of(run).setAll(run, v)
		}
	}
	return o.of(run).others.set(run, name, v)
}

func (o overridesObject) Call(run *vtl.Run, method string, args []vtl.Value) (vtl.Value, bool, error) {
	return writeMap(run, o, method, args)
}

// Append: the maps of $context print empty (recorded on AWS).
func (overridesObject) Append(_ *vtl.Run, dst []byte) ([]byte, bool) { return dst, true }

func (o overridesObject) Map(run *vtl.Run) vtl.Value {
	return membersOf(run, o, o.of(run).others.names(append([]string(nil), o.maps()...)))
}

// overrideObject is one of their maps, header, path or querystring: its place
// in paramKinds, and ofResponse when it is the response's.
type overrideObject uint8

const ofResponse overrideObject = 4

func (o overridesObject) part(kind int) overrideObject {
	if o == responseOverride {
		return overrideObject(kind) | ofResponse
	}
	return overrideObject(kind)
}

func (m overrideObject) of(run *vtl.Run) *Override {
	o := &of(run).Request
	if m&ofResponse != 0 {
		o = &of(run).Response
	}
	switch paramKinds[m&^ofResponse] {
	case "path":
		return &o.Path
	case "querystring":
		return &o.Query
	}
	return &o.Header
}

func (m overrideObject) Get(run *vtl.Run, name string) (vtl.Value, error) {
	return m.of(run).get(name), nil
}

func (m overrideObject) Set(run *vtl.Run, name string, v vtl.Value) error {
	return m.of(run).set(run, name, v)
}

func (m overrideObject) Call(run *vtl.Run, method string, args []vtl.Value) (vtl.Value, bool, error) {
	return writeMap(run, m, method, args)
}

func (overrideObject) Append(_ *vtl.Run, dst []byte) ([]byte, bool) { return dst, true }

func (m overrideObject) Map(run *vtl.Run) vtl.Value { return membersOf(run, m, m.of(run).names(nil)) }

// stepsPerMember is the price of a member of a map that is put together.
const stepsPerMember = 8

// membersOf is m's members in the order that a template goes through them.
func membersOf(run *vtl.Run, m vtl.Object, names []string) vtl.Value {
	_ = run.Charge(stepsPerMember * len(names)) // the next step tells
	hashOrder(names)
	values := make([]vtl.Value, len(names))
	for i, name := range names {
		values[i], _ = m.Get(run, name)
	}
	return vtl.MapValue(names, values)
}

// writeMap is readMap and put, which gives what was there before: null the
// first time, so that it prints nothing (recorded on AWS).
func writeMap(run *vtl.Run, m vtl.MapView, method string, args []vtl.Value) (vtl.Value, bool, error) {
	switch {
	case method == "put" && len(args) == 2:
		name, err := run.TextOf(args[0])
		if err != nil {
			return vtl.Value{}, true, err
		}
		before, err := m.Get(run, name)
		if err != nil {
			return vtl.Value{}, true, err
		}
		return before, true, m.Set(run, name, args[1])
	case method == "putAll" && len(args) == 1:
		for _, member := range args[0].Members() {
			if err := m.Set(run, member.Name, member.Value); err != nil {
				return vtl.Value{}, true, err
			}
		}
		return vtl.NullValue(), true, nil
	case method == "remove" || method == "clear":
		return vtl.Value{}, true, errReadOnly("what an override holds, once it is set,")
	}
	return readMap(run, m, method, args)
}

package mapping

import (
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/vtl"
)

// The maps of $input.params(), in the order that AWS prints them.
var paramKinds = [...]string{"path", "querystring", "header"}

// paramsObject is $input.params(): maps of the client's parameters.
type paramsObject struct{}

func (paramsObject) Get(_ *vtl.Run, name string) (vtl.Value, error) {
	switch name {
	case "path":
		return vtl.HostValue(paramMap(0)), nil
	case "querystring":
		return vtl.HostValue(paramMap(1)), nil
	case "header":
		return vtl.HostValue(paramMap(2)), nil
	}
	return vtl.Value{}, nil
}

func (paramsObject) Set(*vtl.Run, string, vtl.Value) error { return errReadOnly("$input.params()") }

func (p paramsObject) Call(run *vtl.Run, method string, args []vtl.Value) (vtl.Value, bool, error) {
	return readMap(run, p, method, args)
}

func (p paramsObject) Append(run *vtl.Run, dst []byte) ([]byte, bool) {
	return p.Map(run).Append(dst), true
}

func (paramsObject) Map(run *vtl.Run) vtl.Value {
	values := make([]vtl.Value, len(paramKinds))
	for i := range paramKinds {
		values[i] = paramMap(i).Map(run)
	}
	names := paramKinds
	return vtl.MapValue(names[:], values)
}

// paramMap is one of those maps, by its place in paramKinds.
type paramMap uint8

func (m paramMap) Get(run *vtl.Run, name string) (vtl.Value, error) {
	r := of(run)
	v, ok := r.Input.appendParam(r.scratch[:0], paramKinds[m], name)
	r.scratch = v[:0]
	if !ok {
		return vtl.Value{}, nil
	}
	return vtl.StringValue(string(v)), nil
}

func (m paramMap) Set(*vtl.Run, string, vtl.Value) error {
	return errReadOnly("$input.params()." + paramKinds[m])
}

func (m paramMap) Call(run *vtl.Run, method string, args []vtl.Value) (vtl.Value, bool, error) {
	return readMap(run, m, method, args)
}

func (m paramMap) Append(run *vtl.Run, dst []byte) ([]byte, bool) {
	return m.Map(run).Append(dst), true
}

func (m paramMap) Map(run *vtl.Run) vtl.Value {
	names := of(run).Input.paramNames(paramKinds[m])
	_ = run.Charge(stepsPerMember * len(names))
	values := make([]vtl.Value, len(names))
	for i, name := range names {
		values[i], _ = m.Get(run, name)
	}
	return vtl.MapValue(names, values)
}

// readMap is what both kinds of maps have methods for; the rest is asked of
// Map.
func readMap(run *vtl.Run, m vtl.MapView, method string, args []vtl.Value) (vtl.Value, bool, error) {
	if method == "get" && len(args) == 1 {
		name, err := run.TextOf(args[0])
		if err != nil {
			return vtl.Value{}, true, err
		}
		v, err := m.Get(run, name)
		return v, true, err
	}
	return vtl.Value{}, false, nil
}

// param is $input.params(name): the path parameter, else the query parameter,
// else the header (developer guide, "Input variables"), else empty.
func (r *Rendering) param(name string) vtl.Value {
	for _, kind := range paramKinds {
		v, ok := r.Input.appendParam(r.scratch[:0], kind, name)
		r.scratch = v[:0]
		if ok {
			return vtl.StringValue(string(v))
		}
	}
	return vtl.StringValue("")
}

// appendParam appends a parameter as a parameter mapping has it: path values
// as they were sent, query values decoded, of several the last, and names in
// their case (recorded on AWS for mappings).
func (in *Input) appendParam(dst []byte, kind, name string) ([]byte, bool) {
	s := Source{kind: requestKinds[kind], name: name}
	if s.kind == header {
		s.known = http1.Lookup(name)
	}
	return s.Append(dst, in)
}

// paramNames are the names of a kind of parameters, each once, in the order
// they came.
func (in *Input) paramNames(kind string) []string {
	var names []string
	add := func(name string) {
		for _, n := range names {
			if n == name {
				return
			}
		}
		names = append(names, name)
	}
	switch requestKinds[kind] {
	case pathParam:
		return append(names, in.Params.Names...)
	case query:
		for i := range in.Query.Len() {
			n, _ := in.Query.At(i)
			add(string(n))
		}
	case header:
		in.fieldNames(add)
	}
	return names
}

// fieldNames adds the names of the fields that a template sees: the client's
// and those that API Gateway's front end writes.
func (in *Input) fieldNames(add func(string)) {
	h := in.X.Header
	for i := range h.Len() {
		k := h.KnownAt(i)
		n, _ := h.At(i)
		switch {
		case Blank(k), frontEnd(k):
		case in.Canonical && k != http1.Other:
			add(k.String())
		default:
			add(string(n))
		}
	}
	if ip := in.X.Client.IP; !ip.IsValid() || ip.IsUnspecified() {
		return // there is no front end where a template or method is tested
	}
	if len(in.Trace) > 0 {
		add(http1.NameXAmznTraceID.String())
	}
	add(http1.NameXForwardedFor.String())
	add(http1.NameXForwardedPort.String())
	add(http1.NameXForwardedProto.String())
}

// frontEnd says that a field is one that API Gateway's front end writes,
// whatever the client sent.
func frontEnd(k http1.Known) bool {
	switch k {
	case http1.NameXForwardedFor, http1.NameXForwardedPort, http1.NameXForwardedProto, http1.NameXAmznTraceID:
		return true
	}
	return false
}

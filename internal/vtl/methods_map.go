package vtl

// mapMethod is a method of java.util.Map.
func (r *Run) mapMethod(v Value, m method, args []Value) (Value, error) {
	switch len(args) {
	case 0:
		return r.mapMethod0(v, m)
	case 1:
		return r.mapMethod1(v, m, args[0])
	case 2:
		return r.mapMethod2(v, m, args[0], args[1])
	}
	return Value{}, nil
}

func (r *Run) mapMethod0(v Value, m method) (Value, error) {
	size := r.size(v)
	switch m {
	case methodSize, methodCount:
		return IntegerValue(int64(size)), nil
	case methodIsEmpty:
		return BoolValue(size == 0), nil
	case methodKeySet:
		return r.mapList(v, r.keyAt)
	case methodValues:
		return r.mapList(v, r.valueAt)
	case methodEntrySet:
		return r.mapList(v, func(v Value, i int) Value {
			return HostValue(&entry{of: v, key: r.keyAt(v, i), value: r.valueAt(v, i)})
		})
	case methodClear:
		h, err := r.ownMap(v)
		if err == nil {
			h.clear()
		}
		return Value{}, err
	}
	return Value{}, nil
}

// mapList is a list of what a map's members give. Java's would be a view; here
// it is what the map holds now.
func (r *Run) mapList(v Value, of func(Value, int) Value) (Value, error) {
	size := r.size(v)
	if err := r.cells(size); err != nil {
		return Value{}, err
	}
	items := make([]Value, size)
	for i := range items {
		items[i] = of(v, i)
	}
	return ListValue(items...), nil
}

func (r *Run) mapMethod1(v Value, m method, a Value) (Value, error) {
	switch m {
	case methodGet:
		return r.memberOf(v, a), nil
	case methodContainsKey:
		return BoolValue(r.hasMember(v, a)), nil
	case methodContainsValue:
		if err := r.charge(r.size(v)); err != nil {
			return Value{}, err
		}
		for i := range r.size(v) {
			if r.equal(r.valueAt(v, i), a) {
				return BoolValue(true), nil
			}
		}
		return BoolValue(false), nil
	case methodRemove:
		if err := r.charge(r.size(v)); err != nil {
			return Value{}, err
		}
		h, err := r.ownMap(v)
		if err != nil {
			return Value{}, err
		}
		return h.remove(a), nil
	case methodPutAll:
		if a = r.mapOf(a); a.kind != Map {
			return Value{}, nil
		}
		return r.putAll(v, a)
	}
	return Value{}, nil
}

// mapOf is the Map that an object of the host's is; others stay what they are.
func (r *Run) mapOf(v Value) Value {
	if view, ok := v.ref.(MapView); ok && v.kind == Host {
		return view.Map(r)
	}
	return v
}

func (r *Run) putAll(v, from Value) (Value, error) {
	size := r.size(from)
	if err := r.cells(size); err != nil {
		return Value{}, err
	}
	h, err := r.ownMap(v)
	if err != nil {
		return Value{}, err
	}
	for i := range size {
		h.put(r.keyAt(from, i), r.valueAt(from, i))
	}
	return Value{}, nil
}

func (r *Run) mapMethod2(v Value, m method, a, b Value) (Value, error) {
	switch m {
	case methodPut:
		return r.putGiving(v, a, b)
	case methodPutIfAbsent:
		if old := r.memberOf(v, a); !old.IsNull() {
			return old, nil
		}
		return r.putGiving(v, a, b)
	case methodGetOrDefault:
		if r.hasMember(v, a) {
			return r.memberOf(v, a), nil
		}
		return b, nil
	}
	return Value{}, nil
}

// putGiving is Map.put, which gives the value that was there: a bare
// $map.put("new", 1) prints nothing (recorded on AWS).
func (r *Run) putGiving(v, key, value Value) (Value, error) {
	if !isKey(key) {
		return Value{}, errKey
	}
	if err := r.cells(1); err != nil {
		return Value{}, err
	}
	h, err := r.ownMap(v)
	if err != nil {
		return Value{}, err
	}
	return h.put(key, value), nil
}

// entry is a Map.Entry: $entry.key, $entry.value.
type entry struct{ of, key, value Value }

func (e *entry) Get(_ *Run, name string) (Value, error) {
	switch name {
	case "key":
		return e.key, nil
	case "value":
		return e.value, nil
	}
	return Value{}, nil
}

func (e *entry) Set(r *Run, name string, v Value) error {
	if name != "value" {
		return nil
	}
	e.value = v
	return r.put(e.of, e.key, v)
}

func (e *entry) Call(r *Run, method string, args []Value) (Value, bool, error) {
	switch {
	case method == "getKey" && len(args) == 0:
		return e.key, true, nil
	case method == "getValue" && len(args) == 0:
		return e.value, true, nil
	case method == "setValue" && len(args) == 1:
		old := e.value
		return old, true, e.Set(r, "value", args[0])
	}
	return Value{}, false, nil
}

func (e *entry) Append(r *Run, dst []byte) ([]byte, bool) {
	w := writer{dst: dst, limit: len(dst) + maxText, run: r}
	w.host(HostValue(e), 0)
	return w.dst, !w.over
}

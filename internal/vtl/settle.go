package vtl

import "github.com/gatehouse/gatehouse/internal/jsonpath"

// settle readies a value for the host, which sees it without the run: a
// #define's block becomes its text, a JSON document has what the run changed in
// it, and a List or Map is small enough to be written, which one that holds
// another again and again may not be. What the host keeps outlives the document
// and the template: all objects in it become their texts.
func (r *Run) settle(v Value, keeps bool) (Value, error) {
	switch v.kind {
	case Host:
		if _, ok := v.ref.(*block); ok || keeps {
			text, err := r.TextOf(v)
			return StringValue(text), err
		}
	case List, Map:
		_, document := v.ref.(*jsonpath.Value)
		switch {
		case keeps || r.changed != nil:
			return r.copy(v, 0)
		case !document:
			return v, r.walk(v, 0)
		}
	}
	return v, nil
}

// walk takes a step for every value in v.
func (r *Run) walk(v Value, depth int) error {
	if depth > maxDepth {
		return errDepth
	}
	if err := r.charge(1 + len(v.s)>>6); err != nil {
		return err
	}
	switch c := v.ref.(type) {
	case *list:
		for _, item := range c.items {
			if err := r.walk(item, depth+1); err != nil {
				return err
			}
		}
	case *hash:
		for _, value := range c.values {
			if err := r.walk(value, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// copy is v without the documents and objects in it, and with all that the run
// changed in them.
func (r *Run) copy(v Value, depth int) (Value, error) {
	switch v.kind {
	case List, Map:
	case Host:
		text, err := r.TextOf(v)
		return StringValue(text), err
	default:
		return v, r.charge(1 + len(v.s)>>6)
	}
	if depth > maxDepth {
		return v, errDepth
	}
	v = r.resolve(v)
	size := r.size(v)
	if err := r.cells(size); err != nil {
		return v, err
	}
	values, names := make([]Value, size), make([]string, size)
	for i := range values {
		if v.kind == List {
			values[i] = r.at(v, i)
		} else {
			values[i], names[i] = r.valueAt(v, i), r.keyAt(v, i).Text()
		}
	}
	for i := range values { // a block among them may change v
		var err error
		if values[i], err = r.copy(values[i], depth+1); err != nil {
			return v, err
		}
	}
	if v.kind == List {
		l, own := v.ref.(*list)
		return Value{kind: List, ref: &list{items: values, json: !own || l.json}}, nil
	}
	return MapValue(names, values), nil
}

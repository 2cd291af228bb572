package stacktest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// invoke makes a call of one of the SDK's clients by its name.
func (c *call) invoke(client any, operation string, members map[string]any) (map[string]any, error) {
	method := reflect.ValueOf(client).MethodByName(operation)
	if !method.IsValid() {
		return nil, fmt.Errorf("the SDK has no %s", operation)
	}
	in := reflect.New(method.Type().In(1).Elem())
	if err := fill(in.Interface(), members); err != nil {
		return nil, err
	}
	out := method.Call([]reflect.Value{reflect.ValueOf(c.ctx), in})
	if err, _ := out[1].Interface().(error); err != nil {
		return nil, err
	}
	return properties(out[0].Interface()), nil
}

// fill sets the members of an SDK's input from properties of the same names.
// Scalars are converted as CloudFormation does ("200" for a number, 200 for a
// string); a property without a member is an error.
func fill(input any, properties map[string]any) error {
	return set(reflect.ValueOf(input).Elem(), properties, reflect.TypeOf(input).Elem().Name())
}

func set(to reflect.Value, x any, place string) error {
	switch to.Kind() {
	case reflect.Pointer:
		to.Set(reflect.New(to.Type().Elem()))
		return set(to.Elem(), x, place)
	case reflect.Struct:
		members, ok := x.(map[string]any)
		if !ok {
			return fmt.Errorf("%s is no object: %v", place, x)
		}
		for name, y := range members {
			field := to.FieldByName(name)
			if !field.IsValid() {
				return fmt.Errorf("%s has no %s", place, name)
			}
			if err := set(field, y, place+"."+name); err != nil {
				return err
			}
		}
		return nil
	case reflect.Slice:
		return setList(to, x, place)
	case reflect.Map:
		members, ok := x.(map[string]any)
		if !ok {
			return fmt.Errorf("%s is no map: %v", place, x)
		}
		to.Set(reflect.MakeMap(to.Type()))
		for name, y := range members {
			v := reflect.New(to.Type().Elem()).Elem()
			if err := set(v, y, place+"."+name); err != nil {
				return err
			}
			to.SetMapIndex(reflect.ValueOf(name), v)
		}
		return nil
	}
	return setScalar(to, text(x), place)
}

func setList(to reflect.Value, x any, place string) error {
	list, ok := x.([]any)
	if !ok {
		return fmt.Errorf("%s is no list: %v", place, x)
	}
	to.Set(reflect.MakeSlice(to.Type(), len(list), len(list)))
	for i, y := range list {
		if err := set(to.Index(i), y, place+"["+strconv.Itoa(i)+"]"); err != nil {
			return err
		}
	}
	return nil
}

func setScalar(to reflect.Value, x, place string) error {
	switch to.Kind() {
	case reflect.String:
		to.SetString(x)
		return nil
	case reflect.Bool:
		v, err := strconv.ParseBool(x)
		to.SetBool(v)
		return err
	case reflect.Int32, reflect.Int64:
		v, err := strconv.ParseInt(x, 10, 64)
		to.SetInt(v)
		return err
	case reflect.Float64:
		v, err := strconv.ParseFloat(x, 64)
		to.SetFloat(v)
		return err
	}
	return fmt.Errorf("%s: a %s can't be set", place, to.Kind())
}

// properties are the members of an SDK's output.
func properties(output any) map[string]any {
	text, err := json.Marshal(output)
	if err != nil {
		panic(err) // the SDK's own types
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var object map[string]any
	if err := d.Decode(&object); err != nil {
		panic(err)
	}
	return object
}

// drift lists where what is there differs from what the template says, as
// CloudFormation's drift detection does: only what the template says counts.
func drift(place string, want, got any) []string {
	switch want := want.(type) {
	case map[string]any:
		have, _ := got.(map[string]any)
		var list []string
		for _, name := range slices.Sorted(maps.Keys(want)) {
			list = append(list, drift(place+"."+name, want[name], have[name])...)
		}
		return list
	case []any:
		have, _ := got.([]any)
		if len(want) != len(have) {
			return []string{fmt.Sprintf("%s: %v, not %v", place, got, want)}
		}
		want, have = sorted(want), sorted(have)
		var list []string
		for i := range want {
			list = append(list, drift(place+"["+strconv.Itoa(i)+"]", want[i], have[i])...)
		}
		return list
	}
	if got == nil && (text(want) == "" || want == false || text(want) == "0") {
		return nil // what is nothing may be left out
	}
	if a, err := strconv.ParseFloat(text(want), 64); err == nil {
		if b, err := strconv.ParseFloat(text(got), 64); err == nil && a == b {
			return nil
		}
	}
	if text(want) != text(got) {
		return []string{fmt.Sprintf("%s: %v, not %v", place, got, want)}
	}
	return nil
}

// sorted puts a list whose order says nothing into one.
func sorted(list []any) []any {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b any) int { return strings.Compare(key(a), key(b)) })
	return list
}

// key is what an entry is found by: itself, or its first identifying member.
func key(x any) string {
	object, ok := x.(map[string]any)
	if !ok {
		return text(x)
	}
	var parts []string
	for _, name := range []string{"Key", "StatusCode", "ResourcePath", "HttpMethod", "ApiId", "Stage"} {
		if v, ok := object[name]; ok {
			parts = append(parts, text(v))
		}
	}
	return strings.Join(parts, " ")
}

// renamed gives a copy of properties with some names exchanged.
func renamed(properties map[string]any, names ...string) map[string]any {
	out := maps.Clone(properties)
	for i := 0; i < len(names); i += 2 {
		if v, ok := out[names[i]]; ok {
			delete(out, names[i])
			out[names[i+1]] = v
		}
	}
	return out
}

// without gives a copy of properties that lacks some.
func without(properties map[string]any, names ...string) map[string]any {
	out := maps.Clone(properties)
	for _, name := range names {
		delete(out, name)
	}
	return out
}

// tags is a list of keys and values as a map.
func tags(x any) map[string]any {
	out := map[string]any{}
	list, _ := x.([]any)
	for _, y := range list {
		out[text(y.(map[string]any)["Key"])] = y.(map[string]any)["Value"]
	}
	return out
}

// object is a value that is an object, or nothing.
func object(x any) map[string]any {
	out, _ := x.(map[string]any)
	return out
}

// document is a JSON document as the text that a call carries.
func document(x any) string {
	if s, ok := x.(string); ok {
		return s
	}
	out, err := json.Marshal(x)
	if err != nil {
		panic(err) // it came from JSON
	}
	return string(out)
}

// parsed is a JSON text as a value, for comparing; nil for none.
func parsed(x any) any {
	var v any
	d := json.NewDecoder(strings.NewReader(text(x)))
	d.UseNumber()
	if x == nil || d.Decode(&v) != nil {
		return x
	}
	return v
}

package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

type kind byte

const (
	nullValue kind = iota
	boolValue
	numberValue
	stringValue
	listValue
	objectValue
)

// value is one JSON value; an object keeps the order of its members.
type value struct {
	kind   kind
	text   string // of a string or a number; "true" or "false"
	list   []value
	fields []field
}

type field struct {
	name  string
	value value
}

// maxDepth bounds how deep a body's JSON may nest; the deepest shape has 5.
const maxDepth = 64

// parse reads one JSON value and nothing behind it.
func parse(body []byte) (value, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	v, err := parseValue(d, maxDepth)
	if err != nil {
		return value{}, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return value{}, errors.New("text behind the end of the JSON value")
	}
	return v, nil
}

func parseValue(d *json.Decoder, depth int) (value, error) {
	if depth == 0 {
		return value{}, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	t, err := d.Token()
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return value{}, err
	}
	switch t := t.(type) {
	case bool:
		return value{kind: boolValue, text: strconv.FormatBool(t)}, nil
	case json.Number:
		return value{kind: numberValue, text: t.String()}, nil
	case string:
		return value{kind: stringValue, text: t}, nil
	case json.Delim:
		if t == '[' {
			return parseList(d, depth)
		}
		return parseObject(d, depth)
	}
	return value{}, nil
}

func parseList(d *json.Decoder, depth int) (value, error) {
	v := value{kind: listValue}
	for d.More() {
		e, err := parseValue(d, depth-1)
		if err != nil {
			return v, err
		}
		v.list = append(v.list, e)
	}
	_, err := d.Token()
	return v, err
}

func parseObject(d *json.Decoder, depth int) (value, error) {
	v := value{kind: objectValue}
	at := map[string]int{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return v, err
		}
		e, err := parseValue(d, depth-1)
		if err != nil {
			return v, err
		}
		name, _ := t.(string)
		if i, twice := at[name]; twice { // the last one counts, at the first one's place
			v.fields[i].value = e
			continue
		}
		at[name] = len(v.fields)
		v.fields = append(v.fields, field{name, e})
	}
	_, err := d.Token()
	return v, err
}

// Object is a JSON object of the body, read member by member.
type Object struct {
	r      *Request
	path   string // "createRestApiInput.endpointConfiguration"
	fields []field
	read   map[string]bool
}

// Object is the whole body, under the name that AWS gives it in the text of a
// constraint. An empty body is an empty object.
func (r *Request) Object(name string) *Object {
	if r.form != nil {
		return &Object{r: r, path: name, fields: r.form.fields, read: map[string]bool{}}
	}
	o := &Object{r: r, path: name, read: map[string]bool{}}
	if len(bytes.TrimSpace(r.Body)) == 0 {
		return o
	}
	v, err := parse(r.Body)
	if err != nil {
		r.fail(apigw.Serialization, "The request body is not valid JSON: %v", err)
		return o
	}
	if sub := r.object(v, name); sub != nil {
		return sub
	}
	return o
}

func (r *Request) object(v value, path string) *Object {
	switch v.kind {
	case objectValue:
		return &Object{r: r, path: path, fields: v.fields, read: map[string]bool{}}
	case nullValue:
	case listValue:
		r.fail(apigw.Serialization, unexpectedList)
	default:
		r.fail(apigw.Serialization, "Expected null")
	}
	return nil
}

// The texts of AWS's framework for JSON that doesn't fit (recorded on AWS for
// API Gateway with scalars, on other services of the same framework for the
// rest).
const (
	unexpectedList   = "Start of list found where not expected"
	unexpectedObject = "Start of structure or map found where not expected."
)

func (o *Object) member(name string) value {
	o.read[name] = true
	for _, f := range o.fields {
		if f.name == name {
			return f.value
		}
	}
	return value{}
}

// Done notes the members that were not read. A null is as if absent.
func (o *Object) Done() {
	for _, f := range o.fields {
		if !o.read[f.name] && f.value.kind != nullValue {
			o.r.surplus = append(o.r.surplus, o.path+"."+f.name)
		}
	}
}

// mismatch refuses v where a scalar of a Java class is wanted.
func (r *Request) mismatch(v value, class string) {
	switch v.kind {
	case listValue:
		r.fail(apigw.Serialization, unexpectedList)
	case objectValue:
		r.fail(apigw.Serialization, unexpectedObject)
	case boolValue:
		r.fail(apigw.Serialization, "class java.lang.Boolean can not be converted to an %s", class)
	case numberValue:
		r.fail(apigw.Serialization, "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an %s", class)
	case stringValue:
		r.fail(apigw.Serialization, "class java.lang.String can not be converted to an %s", class)
	}
}

func (r *Request) text(v value) *string {
	switch v.kind {
	case stringValue:
		return &v.text
	case nullValue:
	default:
		r.mismatch(v, "String")
	}
	return nil
}

func (r *Request) boolean(v value) *bool {
	switch {
	case v.kind == nullValue:
		return nil
	case v.kind == stringValue && v.text != "true" && v.text != "false":
		r.fail(apigw.Serialization, "'%s' can not be converted to an Boolean", v.text)
	case v.kind == boolValue || v.kind == stringValue:
		b := v.text == "true"
		return &b
	default:
		r.mismatch(v, "Boolean")
	}
	return nil
}

// integer is a number without its fraction, between the bounds.
func (r *Request) integer(v value, class string, low, high float64) *int64 {
	if v = r.fromForm(v, numberValue); v.kind == nullValue {
		return nil
	}
	if v.kind != numberValue {
		r.mismatch(v, class)
		return nil
	}
	if n, err := strconv.ParseInt(v.text, 10, 64); err == nil && float64(n) >= low && float64(n) <= high {
		return &n
	}
	f, err := strconv.ParseFloat(v.text, 64)
	if err != nil || f < low || f > high {
		r.fail(apigw.Serialization, "'%s' can not be converted to an %s", v.text, class)
		return nil
	}
	n := int64(math.Trunc(f))
	return &n
}

// String is a member that is text; nil when it is absent or null.
func (o *Object) String(name string) *string { return o.r.text(o.member(name)) }

// Bool is a member that is true or false.
func (o *Object) Bool(name string) *bool { return o.r.boolean(o.member(name)) }

// Int is a member that is a 32-bit number.
func (o *Object) Int(name string) *int {
	n := o.r.integer(o.member(name), "Integer", math.MinInt32, math.MaxInt32)
	if n == nil {
		return nil
	}
	i := int(*n)
	return &i
}

// Long is a member that is a 64-bit number. The bound is the largest below 2^63
// that a float has, too.
func (o *Object) Long(name string) *int64 {
	const most = 1<<63 - 1024
	return o.r.integer(o.member(name), "Long", -most, most)
}

// Float is a member that is a number.
func (o *Object) Float(name string) *float64 { return o.r.float(o.member(name)) }

func (r *Request) float(v value) *float64 {
	if v = r.fromForm(v, numberValue); v.kind == nullValue {
		return nil
	}
	if v.kind != numberValue {
		r.mismatch(v, "Double")
		return nil
	}
	f, err := strconv.ParseFloat(v.text, 64)
	if err != nil {
		r.fail(apigw.Serialization, "'%s' can not be converted to an Double", v.text)
		return nil
	}
	return &f
}

// Blob is a member that is bytes, in base64; nil when it is absent or null.
func (o *Object) Blob(name string) []byte {
	text := o.String(name)
	if text == nil {
		return nil
	}
	b, err := base64.StdEncoding.DecodeString(*text)
	if err != nil {
		o.r.fail(apigw.Serialization, "The member %s.%s is not valid base64", o.path, name)
		return nil
	}
	return b
}

// DateTime is a member that is a time in ISO 8601.
func (o *Object) DateTime(name string) *time.Time {
	text := o.String(name)
	if text == nil {
		return nil
	}
	t, err := time.Parse(time.RFC3339, *text)
	if err != nil {
		o.r.fail(apigw.Serialization, "'%s' can not be converted to an Date", *text)
		return nil
	}
	return &t
}

// Object is a member that is a structure; nil when it is absent or null.
func (o *Object) Object(name string) *Object {
	return o.r.object(o.member(name), o.path+"."+name)
}

// items are the elements of a member that is a list.
func (o *Object) items(name string) (items []value, ok bool) {
	v := o.member(name)
	return o.r.items(v)
}

func (r *Request) items(v value) ([]value, bool) {
	switch v = r.fromForm(v, listValue); v.kind {
	case listValue:
		return v.list, true
	case nullValue:
	case objectValue:
		r.fail(apigw.Serialization, unexpectedObject)
	default:
		r.fail(apigw.Serialization, "Expected list or null")
	}
	return nil, false
}

// entries are the members of a member that is a map.
func (o *Object) entries(name string) ([]field, bool) {
	v := o.member(name)
	switch v.kind {
	case objectValue:
		return v.fields, true
	case nullValue:
	case listValue:
		o.r.fail(apigw.Serialization, unexpectedList)
	default:
		o.r.fail(apigw.Serialization, "Expected map or null")
	}
	return nil, false
}

// Strings is a list of texts; nil when it is absent, empty when it is [].
func (o *Object) Strings(name string) []string {
	items, ok := o.items(name)
	if !ok {
		return nil
	}
	return o.r.strings(items, o.path+"."+name)
}

func (r *Request) strings(items []value, path string) []string {
	list := make([]string, 0, len(items))
	for _, v := range items {
		if s := r.text(v); s != nil {
			list = append(list, *s)
		} else if v.kind == nullValue {
			r.violations.add(renderList(items), path, "Member must satisfy constraint: [Member must not be null]")
		}
	}
	return list
}

// StringMap is a map of texts; nil when it is absent, empty when it is {}.
func (o *Object) StringMap(name string) map[string]string {
	entries, ok := o.entries(name)
	if !ok {
		return nil
	}
	m := make(map[string]string, len(entries))
	for _, e := range entries {
		if s := o.r.text(e.value); s != nil {
			m[e.name] = *s
		} else {
			o.nullValue(name, e)
		}
	}
	return m
}

// SparseMap is a map of texts whose values may be null, and its keys in the
// order they were sent.
func (o *Object) SparseMap(name string) (m map[string]*string, order []string) {
	entries, ok := o.entries(name)
	if !ok {
		return nil, nil
	}
	m = make(map[string]*string, len(entries))
	for _, e := range entries {
		m[e.name] = o.r.text(e.value)
		order = append(order, e.name)
	}
	return m, order
}

// StringMapMap is a map of maps of texts.
func (o *Object) StringMapMap(name string) map[string]map[string]string {
	entries, ok := o.entries(name)
	if !ok {
		return nil
	}
	m := make(map[string]map[string]string, len(entries))
	for _, e := range entries {
		inner := o.r.object(e.value, o.path+"."+name)
		if inner == nil {
			o.nullValue(name, e)
			continue
		}
		m[e.name] = map[string]string{}
		for _, f := range e.value.fields {
			if s := o.r.text(f.value); s != nil {
				m[e.name][f.name] = *s
			} else {
				inner.nullValue(e.name, f)
			}
		}
	}
	return m
}

// Names are the keys of a map, sorted.
func Names[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// BoolMap is a map of true and false.
func (o *Object) BoolMap(name string) map[string]bool {
	entries, ok := o.entries(name)
	if !ok {
		return nil
	}
	m := make(map[string]bool, len(entries))
	for _, e := range entries {
		if b := o.r.boolean(e.value); b != nil {
			m[e.name] = *b
		} else {
			o.nullValue(name, e)
		}
	}
	return m
}

// FloatMap is a map of numbers.
func (o *Object) FloatMap(name string) map[string]float64 {
	entries, ok := o.entries(name)
	if !ok {
		return nil
	}
	m := make(map[string]float64, len(entries))
	for _, e := range entries {
		if f := o.r.float(e.value); f != nil {
			m[e.name] = *f
		} else {
			o.nullValue(name, e)
		}
	}
	return m
}

// StringsMap is a map of lists of texts.
func (o *Object) StringsMap(name string) map[string][]string {
	entries, ok := o.entries(name)
	if !ok {
		return nil
	}
	m := make(map[string][]string, len(entries))
	for _, e := range entries {
		if items, ok := o.r.items(e.value); ok {
			m[e.name] = o.r.strings(items, o.path+"."+name)
		} else {
			o.nullValue(name, e)
		}
	}
	return m
}

// nullValue refuses a null in a map that can't keep it, rather than drop it.
func (o *Object) nullValue(name string, e field) {
	if e.value.kind == nullValue {
		o.r.violations.add("{"+e.name+"=null}", o.path+"."+name, "Map value must satisfy constraint: [Member must not be null]")
	}
}

// List is a list of structures.
func List[T any](o *Object, name string, read func(*Object) *T) []*T {
	items, ok := o.items(name)
	if !ok {
		return nil
	}
	list := make([]*T, 0, len(items))
	for i, v := range items {
		path := fmt.Sprintf("%s.%s.%d.member", o.path, name, i+1)
		if sub := o.r.object(v, path); sub != nil {
			list = append(list, read(sub))
		} else if v.kind == nullValue {
			o.r.violations.add("null", path, "Member must not be null")
		}
	}
	return list
}

// Map is a map of structures.
func Map[T any](o *Object, name string, read func(*Object) *T) map[string]*T {
	entries, ok := o.entries(name)
	if !ok {
		return nil
	}
	m := make(map[string]*T, len(entries))
	for _, e := range entries {
		if sub := o.r.object(e.value, o.path+"."+name+"."+e.name+".member"); sub != nil {
			m[e.name] = read(sub)
		} else {
			o.nullValue(name, e)
		}
	}
	return m
}

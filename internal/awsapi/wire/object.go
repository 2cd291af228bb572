package wire

import (
	"bytes"
	"encoding/base64"
	"math"
	"strconv"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

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

package vtl

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"

	"github.com/gatehouse/gatehouse/internal/jsonpath"
)

// Bounds of a text made outside of a run, where no Limits say.
const (
	maxText  = 16 << 20
	maxDepth = 500
)

// Append appends v as Java's String.valueOf has it. What a template may have
// made is better appended by AppendTo, which knows the run's limits and what
// the run changed in a JSON document.
func (v Value) Append(dst []byte) []byte {
	w := writer{dst: dst, limit: len(dst) + maxText}
	w.text(v, 0)
	return w.dst
}

// AppendTo appends v as Java's String.valueOf has it; nothing for null. The
// error is that of a limit.
func (v Value) AppendTo(r *Run, dst []byte) ([]byte, error) {
	switch v.kind {
	case Undefined, Null:
		return dst, nil
	case String:
		return append(dst, v.s...), nil
	case Integer:
		if v.ref == nil {
			return strconv.AppendInt(dst, v.n, 10), nil
		}
	}
	if b, ok := v.ref.(*block); ok {
		return b.appendTo(r, dst)
	}
	w := writer{dst: dst, limit: len(dst) + r.limits.Output, run: r}
	w.text(v, 0)
	if w.over {
		return dst, errTooMuch
	}
	return w.dst, w.failure
}

// writer makes text of values: bounded, since a template can put a list into
// itself, or one into two others again and again.
type writer struct {
	dst     []byte
	limit   int
	run     *Run // nil outside of a run
	over    bool
	failure error // of a #define's block
	smart   bool  // JSON as json-smart writes it
}

func (w *writer) full(depth int) bool {
	if w.run != nil {
		if w.run.steps--; w.run.steps < 0 {
			w.over = true
		}
	}
	if depth > maxDepth || len(w.dst) > w.limit {
		w.over = true
	}
	return w.over
}

func (w *writer) string(s string) { w.dst = append(w.dst, s...) }

// text appends v as String.valueOf does: {a=b} for maps, [a, b] for lists; a
// JSON array as JSON (recorded on AWS).
func (w *writer) text(v Value, depth int) {
	if w.full(depth) {
		return
	}
	switch v.kind {
	case Undefined, Null:
		w.string("null")
	case Bool:
		w.dst = strconv.AppendBool(w.dst, v.n != 0)
	case Integer, Decimal:
		w.number(v)
	case String:
		w.string(v.s)
	case List:
		w.listText(v, depth)
	case Map:
		w.mapText(v, depth)
	case Host:
		w.host(v, depth)
	}
	w.full(depth)
}

func (w *writer) number(v Value) {
	switch {
	case v.kind == Decimal && v.s != "":
		w.string(v.s)
	case v.kind == Decimal:
		w.dst = appendDouble(w.dst, v.float())
	case v.ref != nil:
		w.dst = v.ref.(*big.Int).Append(w.dst, 10)
	default:
		w.dst = strconv.AppendInt(w.dst, v.n, 10)
	}
}

// host appends an object, which has no text outside of a run.
func (w *writer) host(v Value, depth int) {
	if w.run == nil {
		return
	}
	switch o := v.ref.(type) {
	case *block:
		var err error
		if w.dst, err = o.appendTo(w.run, w.dst); err != nil && w.failure == nil {
			w.failure = err
		}
	case *entry: // a template can put one into its own map
		w.text(o.key, depth+1)
		w.string("=")
		w.text(o.value, depth+1)
	case Object:
		if out, ok := o.Append(w.run, w.dst); ok {
			w.dst = out
		}
	}
}

func (w *writer) listText(v Value, depth int) {
	v = w.resolve(v)
	l, ok := v.ref.(*list)
	if !ok || l.json {
		smart := w.smart
		w.smart = true
		w.json(v, depth)
		w.smart = smart
		return
	}
	w.dst = append(w.dst, '[')
	for i, item := range l.items {
		if i > 0 {
			w.string(", ")
		}
		if item.ref == any(l) && item.kind == List {
			w.string("(this Collection)")
			continue
		}
		w.text(item, depth+1)
		if w.over {
			return
		}
	}
	w.dst = append(w.dst, ']')
}

func (w *writer) mapText(v Value, depth int) {
	v = w.resolve(v)
	w.dst = append(w.dst, '{')
	m := membersIn(v)
	for i, name := range m.names {
		w.memberText(i, name)
		value := m.value(i)
		if value.kind == Map && value.ref == v.ref {
			w.string("(this Map)")
			continue
		}
		w.text(value, depth+1)
		if w.over {
			return
		}
	}
	w.dst = append(w.dst, '}')
}

// members are those that a Map has now, whatever becomes of it meanwhile: a
// #define's block in it may change it.
type members struct {
	names  []string
	values []Value
	items  []jsonpath.Value // of a document, which has no values
}

func membersIn(v Value) members {
	switch c := v.ref.(type) {
	case *hash:
		return members{names: c.names, values: c.values}
	case *jsonpath.Value:
		return members{names: c.Names, items: c.Items}
	}
	return members{}
}

func (m *members) value(i int) Value {
	if m.values != nil {
		return m.values[i]
	}
	return JSONValue(&m.items[i])
}

func (w *writer) memberText(i int, name string) {
	if i > 0 {
		w.string(", ")
	}
	w.string(name)
	w.dst = append(w.dst, '=')
}

// resolve gives the run's own copy of a JSON container that it changed.
func (w *writer) resolve(v Value) Value {
	if w.run == nil || w.run.changed == nil {
		return v
	}
	return w.run.resolve(v)
}

// json appends v as compact JSON. An object of the host's is its text.
func (w *writer) json(v Value, depth int) {
	if w.full(depth) {
		return
	}
	switch v.kind {
	case Undefined, Null:
		w.string("null")
	case Bool:
		w.dst = strconv.AppendBool(w.dst, v.n != 0)
	case Integer, Decimal:
		if f := v.float(); v.kind == Decimal && v.s == "" && (math.IsNaN(f) || math.IsInf(f, 0)) {
			w.string("null")
			return
		}
		w.number(v)
	case String:
		w.quoted(v.s)
	case List:
		w.listJSON(v, depth)
	case Map:
		w.mapJSON(v, depth)
	case Host:
		text := writer{limit: w.limit, run: w.run}
		text.host(v, depth)
		w.quoted(string(text.dst))
		w.over = w.over || text.over
		if w.failure == nil {
			w.failure = text.failure
		}
	}
	w.full(depth)
}

func (w *writer) listJSON(v Value, depth int) {
	v = w.resolve(v)
	w.dst = append(w.dst, '[')
	if doc, ok := v.ref.(*jsonpath.Value); ok {
		for i := range doc.Items {
			w.comma(i)
			w.json(JSONValue(&doc.Items[i]), depth+1)
			if w.over {
				return
			}
		}
	} else {
		for i, item := range v.ref.(*list).items {
			w.comma(i)
			w.json(item, depth+1)
			if w.over {
				return
			}
		}
	}
	w.dst = append(w.dst, ']')
}

func (w *writer) mapJSON(v Value, depth int) {
	w.dst = append(w.dst, '{')
	m := membersIn(w.resolve(v))
	for i, name := range m.names {
		w.comma(i)
		w.quoted(name)
		w.dst = append(w.dst, ':')
		w.json(m.value(i), depth+1)
		if w.over {
			return
		}
	}
	w.dst = append(w.dst, '}')
}

// quoted appends a JSON string. An array's text comes of json-smart's
// JSONArray.toString, which also escapes slashes, and characters that aren't
// safe in JavaScript.
func (w *writer) quoted(s string) {
	if !w.smart || !needsEscape(s) {
		w.dst = jsonpath.AppendQuoted(w.dst, s)
		return
	}
	w.dst = append(w.dst, '"')
	for _, c := range s {
		switch {
		case c == '"', c == '\\', c == '/':
			w.dst = append(w.dst, '\\', byte(c))
		case c == '\b', c == '\f', c == '\n', c == '\r', c == '\t':
			w.dst = append(w.dst, '\\', "btn_fr"[c-'\b'])
		case c < ' ', unsafeInScript(c):
			w.dst = fmt.Appendf(w.dst, "\\u%04X", c)
		default:
			w.dst = utf8.AppendRune(w.dst, c)
		}
	}
	w.dst = append(w.dst, '"')
}

func needsEscape(s string) bool {
	for _, c := range s {
		if c < ' ' || c == '/' || unsafeInScript(c) {
			return true
		}
	}
	return false
}

func unsafeInScript(c rune) bool {
	return c >= 0x7F && c <= 0x9F || c >= 0x2000 && c <= 0x20FF
}

func (w *writer) comma(i int) {
	if i > 0 {
		w.dst = append(w.dst, ',')
	}
}

// appendDouble appends f as Java's Double.toString: 1.0, 0.99, 1.0E10.
func appendDouble(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	case f == 0 && math.Signbit(f):
		return append(dst, "-0.0"...)
	case f == 0:
		return append(dst, "0.0"...)
	}
	if a := math.Abs(f); a >= 1e-3 && a < 1e7 {
		start := len(dst)
		dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
		for _, c := range dst[start:] {
			if c == '.' {
				return dst
			}
		}
		return append(dst, '.', '0')
	}
	var buf [32]byte
	mantissa, exponent := splitExponent(strconv.AppendFloat(buf[:0], f, 'e', -1, 64))
	if !bytes.ContainsRune(mantissa, '.') {
		mantissa, exponent = splitExponent(strconv.AppendFloat(buf[:0], f, 'e', 1, 64))
	}
	dst = append(dst, mantissa...)
	dst = append(dst, 'E')
	return strconv.AppendInt(dst, int64(exponent), 10)
}

func splitExponent(text []byte) ([]byte, int) {
	for i, c := range text {
		if c == 'e' {
			n, _ := strconv.Atoi(string(text[i+1:]))
			return text[:i], n
		}
	}
	return text, 0
}

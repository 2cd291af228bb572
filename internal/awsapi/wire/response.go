package wire

import (
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// Response takes the result of an operation: JSON that the generated code
// writes member by member, or a raw payload with its headers.
//
// A member that is unset (nil) is left out; a map or list that is set is
// written even when it is empty (recorded on AWS).
type Response struct {
	Header http.Header // nil until something is set
	Status int         // 0: the operation's own
	Body   []byte
	Stream io.WriterTo // the body as it comes, instead of Body; each of its writes is sent at once
	// Query: the result goes out as XML, where times are texts.
	Query bool
	first bool
}

// SetHeader sets a header from a member; nil sets none.
func (w *Response) SetHeader(name string, value *string) {
	if value == nil {
		return
	}
	if w.Header == nil {
		w.Header = http.Header{}
	}
	w.Header.Set(name, *value)
}

// SetStatus sets the status from a member; nil sets none.
func (w *Response) SetStatus(status *int) {
	if status != nil {
		w.Status = *status
	}
}

// Begin and End enclose the members of a structure.
func (w *Response) Begin() {
	w.Body = append(w.Body, '{')
	w.first = true
}

// End closes a structure.
func (w *Response) End() {
	w.Body = append(w.Body, '}')
	w.first = false
}

// Key writes a member's name.
func (w *Response) Key(name string) {
	w.comma()
	w.Body = appendString(w.Body, name)
	w.Body = append(w.Body, ':')
}

func (w *Response) comma() {
	if !w.first {
		w.Body = append(w.Body, ',')
	}
	w.first = false
}

// String writes a text.
func (w *Response) String(name string, v *string) {
	if v != nil {
		w.Key(name)
		w.Body = appendString(w.Body, *v)
	}
}

// Bool writes true or false.
func (w *Response) Bool(name string, v *bool) {
	if v != nil {
		w.Key(name)
		w.Body = strconv.AppendBool(w.Body, *v)
	}
}

// Int writes a number.
func (w *Response) Int(name string, v *int) {
	if v != nil {
		w.Key(name)
		w.Body = strconv.AppendInt(w.Body, int64(*v), 10)
	}
}

// Long writes a number.
func (w *Response) Long(name string, v *int64) {
	if v != nil {
		w.Key(name)
		w.Body = strconv.AppendInt(w.Body, *v, 10)
	}
}

// FloatMap writes a map of numbers.
func (w *Response) FloatMap(name string, m map[string]float64) {
	writeMap(w, name, m, func(f float64) { w.Body = strconv.AppendFloat(w.Body, f, 'g', -1, 64) })
}

// Float writes a number as AWS's Java does: always with a fraction.
func (w *Response) Float(name string, v *float64) {
	if v == nil || math.IsNaN(*v) || math.IsInf(*v, 0) {
		return
	}
	w.Key(name)
	if *v == math.Trunc(*v) && math.Abs(*v) < 1e15 {
		w.Body = strconv.AppendFloat(w.Body, *v, 'f', 1, 64)
		return
	}
	w.Body = strconv.AppendFloat(w.Body, *v, 'g', -1, 64)
}

// Time writes whole seconds since 1970, or ISO 8601 for XML.
func (w *Response) Time(name string, v *time.Time) {
	if v != nil && w.Query {
		w.String(name, new(v.UTC().Format(time.RFC3339)))
	} else if v != nil {
		w.Key(name)
		w.Body = strconv.AppendInt(w.Body, v.Unix(), 10)
	}
}

// DateTime writes ISO 8601 to the second, in UTC.
func (w *Response) DateTime(name string, v *time.Time) {
	if v != nil {
		w.String(name, new(v.UTC().Format(time.RFC3339)))
	}
}

// Strings writes a list of texts.
func (w *Response) Strings(name string, list []string) {
	if list != nil {
		w.Key(name)
		w.strings(list)
	}
}

func (w *Response) strings(list []string) {
	w.Body = append(w.Body, '[')
	for i, s := range list {
		if i > 0 {
			w.Body = append(w.Body, ',')
		}
		w.Body = appendString(w.Body, s)
	}
	w.Body = append(w.Body, ']')
}

// writeMap writes a map with its keys sorted, so that equal results are equal
// bytes.
func writeMap[V any](w *Response, name string, m map[string]V, write func(V)) {
	if m == nil {
		return
	}
	w.Key(name)
	w.Begin()
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		w.Key(k)
		write(m[k])
	}
	w.End()
}

// StringMap writes a map of texts.
func (w *Response) StringMap(name string, m map[string]string) {
	writeMap(w, name, m, func(s string) { w.Body = appendString(w.Body, s) })
}

// SparseMap writes a map of texts; a nil value is null.
func (w *Response) SparseMap(name string, m map[string]*string) {
	writeMap(w, name, m, func(s *string) {
		if s == nil {
			w.Body = append(w.Body, "null"...)
			return
		}
		w.Body = appendString(w.Body, *s)
	})
}

// StringMapMap writes a map of maps of texts.
func (w *Response) StringMapMap(name string, m map[string]map[string]string) {
	writeMap(w, name, m, func(inner map[string]string) {
		w.Begin()
		for _, k := range Names(inner) {
			w.String(k, new(inner[k]))
		}
		w.End()
	})
}

// BoolMap writes a map of true and false.
func (w *Response) BoolMap(name string, m map[string]bool) {
	writeMap(w, name, m, func(b bool) { w.Body = strconv.AppendBool(w.Body, b) })
}

// StringsMap writes a map of lists of texts.
func (w *Response) StringsMap(name string, m map[string][]string) {
	writeMap(w, name, m, w.strings)
}

// UsageMap writes a map of lists of number pairs.
func (w *Response) UsageMap(name string, m map[string][][]int64) {
	writeMap(w, name, m, func(rows [][]int64) {
		w.Body = append(w.Body, '[')
		for i, row := range rows {
			if i > 0 {
				w.Body = append(w.Body, ',')
			}
			w.Body = append(w.Body, '[')
			for j, n := range row {
				if j > 0 {
					w.Body = append(w.Body, ',')
				}
				w.Body = strconv.AppendInt(w.Body, n, 10)
			}
			w.Body = append(w.Body, ']')
		}
		w.Body = append(w.Body, ']')
	})
}

// WriteObject writes a structure; nil writes nothing.
func WriteObject[T any, P Output[T]](w *Response, name string, v *T) {
	if v != nil {
		w.Key(name)
		P(v).Encode(w)
	}
}

// WriteList writes a list of structures.
func WriteList[T any, P Output[T]](w *Response, name string, list []*T) {
	if list == nil {
		return
	}
	w.Key(name)
	w.Body = append(w.Body, '[')
	for i, v := range list {
		if i > 0 {
			w.Body = append(w.Body, ',')
		}
		P(v).Encode(w)
	}
	w.Body = append(w.Body, ']')
}

// WriteMap writes a map of structures.
func WriteMap[T any, P Output[T]](w *Response, name string, m map[string]*T) {
	writeMap(w, name, m, func(v *T) { P(v).Encode(w) })
}

// WriteMapMap writes a map of maps of structures.
func WriteMapMap[T any, P Output[T]](w *Response, name string, m map[string]map[string]*T) {
	writeMap(w, name, m, func(inner map[string]*T) {
		w.Begin()
		keys := make([]string, 0, len(inner))
		for k := range inner {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			w.Key(k)
			P(inner[k]).Encode(w)
		}
		w.End()
	})
}

const hexDigits = "0123456789abcdef"

// appendString writes s as a JSON string, with no more escapes than JSON asks
// for. Bytes that are no UTF-8 become U+FFFD.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r)
			i += n
			continue
		}
		i++
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c >= ' ':
			b = append(b, c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\r':
			b = append(b, '\\', 'r')
		case c == '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(b, '"')
}

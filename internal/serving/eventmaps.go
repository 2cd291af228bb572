package serving

import (
	"bytes"
	"maps"
	"slices"

	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/jsonpath"
	"github.com/gatehouse/gatehouse/internal/mapping"
)

// FirstFields appends, for each field of h, the first of its name, in any case.
func FirstFields(dst []int, h *http1.Header) []int {
	for i := range h.Len() {
		dst = append(dst, firstField(h, i))
	}
	return dst
}

func firstField(h *http1.Header, i int) int {
	name, _ := h.At(i)
	k := h.KnownAt(i)
	for j := range i {
		if h.KnownAt(j) != k {
			continue
		}
		if other, _ := h.At(j); k != http1.Other || len(other) == len(name) && bytes.EqualFold(other, name) {
			return j
		}
	}
	return i
}

// FirstPairs appends, for each pair of a query, the first of its name, in its
// case.
func FirstPairs(dst []int, q *mapping.Query) []int {
	for i := range q.Len() {
		name, _ := q.At(i)
		j := 0
		for ; j < i; j++ {
			if other, _ := q.At(j); string(other) == string(name) {
				break
			}
		}
		dst = append(dst, j)
	}
	return dst
}

// AppendMaps appends the two maps of an event's fields or query, behind what
// names them: of each name the last value (recorded on AWS), and all values.
func AppendMaps(dst []byte, single, multi string, first []int, at func(int) (name, value []byte)) []byte {
	dst = append(append(dst, single...), '{')
	for i, f := range first {
		if f != i {
			continue
		}
		name, value := at(i)
		for j := len(first) - 1; j > i; j-- {
			if first[j] == i {
				_, value = at(j)
				break
			}
		}
		dst = AppendComma(dst)
		dst = append(jsonpath.AppendText(dst, name), ':')
		dst = jsonpath.AppendText(dst, value)
	}
	dst = append(append(append(dst, '}'), multi...), '{')
	for i, f := range first {
		if f != i {
			continue
		}
		name, _ := at(i)
		dst = AppendComma(dst)
		dst = append(jsonpath.AppendText(dst, name), ':', '[')
		for j := i; j < len(first); j++ {
			if first[j] == i {
				_, value := at(j)
				dst = jsonpath.AppendText(AppendComma(dst), value)
			}
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

// AppendJoined appends a map of an event's fields or query with all values of a
// name as one text, commas between.
func AppendJoined(dst []byte, first []int, at func(int) (name, value []byte)) []byte {
	dst = append(dst, '{')
	for i, f := range first {
		if f != i {
			continue
		}
		name, value := at(i)
		dst = append(jsonpath.AppendText(AppendComma(dst), name), ':')
		dst = jsonpath.AppendText(dst, value)
		for j := i + 1; j < len(first); j++ {
			if first[j] == i {
				_, value := at(j)
				dst = appendBehindText(dst, value)
			}
		}
	}
	return append(dst, '}')
}

// appendBehindText makes the text that dst ends with, a JSON string, go on with a
// comma and more.
func appendBehindText(dst, more []byte) []byte {
	quote := len(dst) - 1
	dst = jsonpath.AppendText(dst[:quote], more)
	dst[quote] = ',' // over the quote that more begins with
	return dst
}

// VariablesJSON are stage variables as events have them, in the order of their
// names; empty: there are none.
func VariablesJSON(vars map[string]string) string {
	if len(vars) == 0 {
		return ""
	}
	dst := []byte{'{'}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		dst = jsonpath.AppendText(AppendComma(dst), name)
		dst = jsonpath.AppendText(append(dst, ':'), vars[name])
	}
	return string(append(dst, '}'))
}

// AppendOrNull appends s as a JSON string, null when it is empty.
func AppendOrNull(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, "null"...)
	}
	return jsonpath.AppendText(dst, s)
}

// AppendComma separates from what stands before, unless a map or list begins.
func AppendComma(dst []byte) []byte {
	if last := dst[len(dst)-1]; last == '{' || last == '[' {
		return dst
	}
	return append(dst, ',')
}

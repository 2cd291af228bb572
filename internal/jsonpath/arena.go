package jsonpath

import "strings"

// arena hands out parts of few large slices, so that a document costs a
// handful of allocations.
type arena struct {
	values []Value
	names  []string
}

// Bounds of one of an arena's slices, in values.
const (
	firstChunk = 1024
	nextChunk  = 1024
)

// expect makes room for the values of text: no document has more than one for
// each comma and bracket, and one.
func (a *arena) expect(text string) {
	values := 2 + strings.Count(text, ",") + strings.Count(text, "[") + strings.Count(text, "{")
	a.values = make([]Value, min(values, firstChunk))
	if names := strings.Count(text, ":"); names > 0 {
		a.names = make([]string, min(names, firstChunk))
	}
}

// items are n values, all null.
func (a *arena) items(n int) []Value {
	if n > len(a.values) {
		if n > nextChunk/4 {
			return make([]Value, n)
		}
		a.values = make([]Value, nextChunk)
	}
	items := a.values[:n:n]
	a.values = a.values[n:]
	return items
}

func (a *arena) copyItems(from []Value) []Value {
	if len(from) == 0 {
		return nil
	}
	items := a.items(len(from))
	copy(items, from)
	return items
}

func (a *arena) copyNames(from []string) []string {
	n := len(from)
	if n == 0 {
		return nil
	}
	if n > len(a.names) {
		if n > nextChunk/4 {
			return append([]string(nil), from...)
		}
		a.names = make([]string, nextChunk)
	}
	names := a.names[:n:n]
	a.names = a.names[n:]
	copy(names, from)
	return names
}

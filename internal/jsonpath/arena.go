package jsonpath

import "strings"

// Memory is what a document is made in, to be used again for another. The zero
// Memory is ready. It is for one goroutine at a time.
type Memory struct {
	values, stack     []Value
	names, namesStack []string
}

// Parse is Parse with m's memory: the result is valid until m's next Parse or
// Reset. (Strings and numbers in it are, for ever.)
func (m *Memory) Parse(data []byte, limits Limits) (*Value, error) {
	p := parser{text: string(data), nodes: limits.nodes(), depth: limits.depth(), stack: m.stack[:0], names: m.namesStack[:0]}
	m.values = room(m.values, mostValues(p.text))
	m.names = room(m.names, strings.Count(p.text, ":"))
	p.arena = arena{m.values, m.names}
	root, err := p.parse()
	m.stack, m.namesStack = p.stack[:0], p.names[:0]
	return root, err
}

// room is s with room for n, or as many as stay with a Memory.
func room[T any](s []T, n int) []T {
	if n = min(n, chunk); n > cap(s) {
		return make([]T, n)
	}
	return s[:n]
}

// Reset lets go of what m's documents hold.
func (m *Memory) Reset() {
	if cap(m.stack) > chunk/4 || cap(m.namesStack) > chunk/4 {
		m.stack, m.namesStack = nil, nil
	}
	clear(m.values)
	clear(m.names)
	m.values, m.names = m.values[:0], m.names[:0]
	clear(m.stack[:cap(m.stack)])
	clear(m.namesStack[:cap(m.namesStack)])
}

// arena hands out parts of few large slices, so that a document costs a
// handful of allocations.
type arena struct {
	values []Value
	names  []string
}

// chunk is the most values or names of one of an arena's slices.
const chunk = 1024

// mostValues is the most values that a document of text has, and one: each
// but the first follows a comma or bracket.
func mostValues(text string) int {
	return 2 + strings.Count(text, ",") + strings.Count(text, "[") + strings.Count(text, "{")
}

// items are n values of unknown content.
func (a *arena) items(n int) []Value {
	if n > len(a.values) {
		if n > chunk/4 {
			return make([]Value, n)
		}
		a.values = make([]Value, chunk)
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
		if n > chunk/4 {
			return append([]string(nil), from...)
		}
		a.names = make([]string, chunk)
	}
	names := a.names[:n:n]
	a.names = a.names[n:]
	copy(names, from)
	return names
}

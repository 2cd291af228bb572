// Package review tells two definitions of one API apart as a code review
// does: what was added, removed and changed, by the names that people use. It
// knows the domain; it must not know where definitions are kept.
package review

import (
	"cmp"
	"maps"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// Kind is what became of a thing.
type Kind byte

// The kinds of change, as they are printed.
const (
	Added   Kind = '+'
	Removed Kind = '-'
	Changed Kind = '~'
)

// Item is one thing that differs: a method, a route, a model, the API's settings ...
type Item struct {
	Kind    Kind
	Name    string   // "GET /orders/{id}", "model Order"
	Summary string   // of what was added or removed: "HTTP_PROXY GET https://orders.internal/"
	Changes []Change // of what was changed
}

// Change is one setting of a thing; the side that doesn't have it is nil.
type Change struct {
	Setting  string // "integration timeoutInMillis"
	Old, New *string
}

// Between lists what b changes of a: the API's settings, methods by path, then
// the rest by name. Things are the same when their names are: an import gives
// them new identifiers.
func Between(a, b *apigw.Definition) ([]Item, error) {
	old, err := things(a)
	if err != nil {
		return nil, err
	}
	now, err := things(b)
	if err != nil {
		return nil, err
	}
	all := maps.Clone(old)
	maps.Copy(all, now)
	var items []Item
	for _, name := range slices.SortedFunc(maps.Keys(all), func(a, b string) int { return all[a].compare(all[b]) }) {
		switch was, is := old[name], now[name]; {
		case was == nil:
			items = append(items, Item{Kind: Added, Name: name, Summary: is.summary})
		case is == nil:
			items = append(items, Item{Kind: Removed, Name: name, Summary: was.summary})
		default:
			if changes := compare(was.settings, is.settings); len(changes) > 0 {
				items = append(items, Item{Kind: Changed, Name: name, Changes: changes})
			}
		}
	}
	return items, nil
}

// compare lists the settings that differ: those of now in their order, then
// those that old alone has.
func compare(old, now []setting) (list []Change) {
	before := map[string]string{}
	for _, s := range old {
		before[s.name] = s.value
	}
	kept := map[string]bool{}
	for _, s := range now {
		kept[s.name] = true
		switch was, had := before[s.name]; {
		case !had:
			list = append(list, Change{s.name, nil, &s.value})
		case was != s.value:
			list = append(list, Change{s.name, &was, &s.value})
		}
	}
	for _, s := range old {
		if !kept[s.name] {
			list = append(list, Change{s.name, &s.value, nil})
		}
	}
	return list
}

// thing is a part of a definition with its settings.
type thing struct {
	rank             int    // kinds of things in their order
	path, verb, name string // what it is sorted by
	summary          string
	settings         []setting
}

type setting struct{ name, value string }

func (t *thing) compare(o *thing) int {
	return cmp.Or(cmp.Compare(t.rank, o.rank), cmp.Compare(t.path, o.path), cmp.Compare(t.verb, o.verb), cmp.Compare(t.name, o.name))
}

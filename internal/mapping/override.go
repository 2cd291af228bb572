package mapping

import (
	"errors"
	"fmt"
	"iter"

	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/vtl"
)

// Overrides are what templates set under $context.requestOverride or
// $context.responseOverride: parameters that replace what was mapped, once the
// template is rendered (developer guide, "Override your API's request and
// response parameters").
type Overrides struct {
	Path, Query, Header Override
	others              Override // .status, and whatever else a template keeps there
}

// Override is one map of overrides, in the order they were set.
type Override struct {
	list  []overridden
	whole string // a text that was set in the map's place
}

// Whole is the text that was set in the map's place, of a path alone: all of the
// path that a private integration gets. Empty: none was.
func (o *Override) Whole() string { return o.whole }

type overridden struct {
	name  string
	value vtl.Value
	phase int // the rendering that set it
}

// maxOverrides bounds how many parameters templates may override in one place.
const maxOverrides = 200

var (
	errOverrideTwice = errors.New("the parameter is overridden twice")
	errOverrides     = fmt.Errorf("more than %d parameters are overridden", maxOverrides)
)

func (o *Overrides) reset() {
	o.Path.reset()
	o.Query.reset()
	o.Header.reset()
	o.others.reset()
}

func (o *Override) reset() {
	clear(o.list)
	o.list, o.whole = o.list[:0], ""
}

// Len is the number of names.
func (o *Override) Len() int { return len(o.list) }

// Has says whether name, in its case, is overridden.
func (o *Override) Has(name string) bool { return o.index(name) >= 0 }

// Text is what replaces name; false when nothing does.
func (o *Override) Text(name string) (string, bool) {
	i := o.index(name)
	if i < 0 {
		return "", false
	}
	return o.list[i].value.Text(), true
}

// Known is what replaces the header that is known as k, in any case.
func (o *Override) Known(k http1.Known) (string, bool) {
	for i := range o.list {
		if http1.Lookup(o.list[i].name) == k {
			return o.list[i].value.Text(), true
		}
	}
	return "", false
}

// All are the names with their values, one after another: a list has several.
func (o *Override) All() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for i := range o.list {
			v := o.list[i].value
			if v.Kind() != vtl.List {
				if !yield(o.list[i].name, v.Text()) {
					return
				}
				continue
			}
			for _, item := range v.Items() {
				if !yield(o.list[i].name, item.Text()) {
					return
				}
			}
		}
	}
}

// Shown are the overrides as JSON encodes them: {"header": {"a": "b"}}, a list
// as an array. What isn't overridden is left out.
func (o *Overrides) Shown() map[string]any {
	out := map[string]any{}
	for i := range o.others.list {
		out[o.others.list[i].name] = o.others.list[i].value.Text()
	}
	for name, part := range map[string]*Override{"path": &o.Path, "querystring": &o.Query, "header": &o.Header} {
		if part.Len() > 0 {
			out[name] = part.shown()
		}
	}
	return out
}

func (o *Override) shown() map[string]any {
	out := map[string]any{}
	for i := range o.list {
		v := o.list[i].value
		if v.Kind() != vtl.List {
			out[o.list[i].name] = v.Text()
			continue
		}
		texts := []string{}
		for _, item := range v.Items() {
			texts = append(texts, item.Text())
		}
		out[o.list[i].name] = texts
	}
	return out
}

// Status is the status that a template set; 0 when none did, or one that no
// answer has.
func (o *Overrides) Status() int {
	i := o.others.index("status")
	if i < 0 {
		return 0
	}
	n, digits := 0, o.others.list[i].value.Text()
	for _, c := range digits {
		if c < '0' || c > '9' || n > 999 {
			return 0
		}
		n = 10*n + int(c-'0')
	}
	if n < 200 || n > 599 {
		return 0
	}
	return n
}

func (o *Override) index(name string) int {
	for i := range o.list {
		if o.list[i].name == name {
			return i
		}
	}
	return -1
}

func (o *Override) get(name string) vtl.Value {
	if i := o.index(name); i >= 0 {
		return o.list[i].value
	}
	return vtl.NullValue()
}

// set overrides name. A template may do so once; the response template may do
// so again (developer guide: more than once is answered 5XX).
func (o *Override) set(run *vtl.Run, name string, v vtl.Value) error {
	if v.IsNull() {
		return nil // as #set leaves what it has nothing for
	}
	phase := of(run).phase
	switch i := o.index(name); {
	case i >= 0 && o.list[i].phase == phase:
		return fmt.Errorf("%w: %q", errOverrideTwice, name)
	case i >= 0:
		o.list[i].value, o.list[i].phase = v, phase
	case len(o.list) >= maxOverrides:
		return errOverrides
	default:
		o.list = append(o.list, overridden{name, v, phase})
	}
	return nil
}

// setAll overrides each member of a map.
func (o *Override) setAll(run *vtl.Run, v vtl.Value) error {
	if v.Kind() != vtl.Map {
		return errors.New("overrides are set by name, or as a map")
	}
	for _, m := range v.Members() {
		if err := o.set(run, m.Name, m.Value); err != nil {
			return err
		}
	}
	return nil
}

func (o *Override) names(dst []string) []string {
	for i := range o.list {
		dst = append(dst, o.list[i].name)
	}
	return dst
}

package schema

import (
	"slices"

	"github.com/gatehouse/gatehouse/internal/javaregex"
	"github.com/gatehouse/gatehouse/internal/jsonpath"
)

// object are the schemas of an object's members.
type object struct {
	properties map[string]*node
	patterns   []patternNode // in the order of their patterns
	additional *node
}

type patternNode struct {
	re   *javaregex.Pattern
	node *node
}

func (c *compiler) patternProperties(n *node, at place, v *jsonpath.Value) error {
	nodes, err := c.members(at, v)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(slices.Values(v.Names)) {
		re, err := c.pattern(at.at(name), &jsonpath.Value{Kind: jsonpath.String, Text: name})
		if err != nil {
			return err
		}
		n.object.patterns = append(n.object.patterns, patternNode{re, nodes[name]})
	}
	return nil
}

func (c *compiler) additionalProperties(n *node, at place, schema, v *jsonpath.Value) (err error) {
	switch v.Kind {
	case jsonpath.Object:
		n.object.additional, err = c.schema(at, v)
		return err
	case jsonpath.Bool:
		if !v.Bool {
			return add(n, "additionalProperties", kindsOf(jsonpath.Object))(noMore{n}, nil)
		}
		return nil
	}
	return at.fail("must be true, false or a schema")
}

// checkMembers checks the members of v, in the order of their names where the
// messages matter.
func (o *object) checkMembers(r *run, v *jsonpath.Value) bool {
	if o.properties == nil && o.patterns == nil && o.additional == nil {
		return true
	}
	if r.quick {
		for i := range v.Names {
			if !o.checkMember(r, v.Names[i], &v.Items[i]) {
				return false
			}
		}
		return true
	}
	valid := true
	for _, i := range byName(v.Names) {
		valid = o.checkMember(r, v.Names[i], &v.Items[i]) && valid
	}
	return valid
}

func byName(names []string) []int {
	order := make([]int, len(names))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return compareNames(names[a], names[b]) })
	return order
}

func (o *object) checkMember(r *run, name string, v *jsonpath.Value) bool {
	valid, found := true, false
	if n := o.properties[name]; n != nil {
		valid, found = r.check(n, v), true
	}
	for _, p := range o.patterns {
		matched, err := p.re.FindString(name, &r.patterns)
		switch {
		case err != nil:
			return false
		case matched:
			found = true
			valid = r.check(p.node, v) && valid
		}
	}
	if !found && o.additional != nil {
		return r.check(o.additional, v)
	}
	return valid
}

// noMore is additionalProperties: false.
type noMore struct{ node *node }

func (n noMore) check(r *run, v *jsonpath.Value) bool {
	o := &n.node.object
	var unwanted []string
	for _, name := range v.Names {
		if r.patterns.Steps < 0 {
			return false
		}
		if o.properties[name] != nil || slices.ContainsFunc(o.patterns, func(p patternNode) bool {
			ok, err := p.re.FindString(name, &r.patterns)
			return ok && err == nil
		}) {
			continue
		}
		if r.quick {
			return false
		}
		unwanted = append(unwanted, name)
	}
	if unwanted == nil {
		return true
	}
	slices.SortFunc(unwanted, compareNames)
	return r.fail("object instance has properties which are not allowed by the schema: %s", list(unwanted))
}

// required are the names of members that must be there.
type required []string

func (names required) check(r *run, v *jsonpath.Value) bool {
	var missing []string
	has := finder(v, len(names))
	for _, name := range names {
		if has(name) {
			continue
		}
		if r.quick {
			return false
		}
		missing = append(missing, name)
	}
	return missing == nil || r.fail("object has missing required properties (%s)", list(missing))
}

// finder says which members v has, so that many questions of a large object
// don't take the product of both.
func finder(v *jsonpath.Value, questions int) func(name string) bool {
	if len(v.Names) < manyMembers || questions < 4 {
		return func(name string) bool { return v.Member(name) != nil }
	}
	set := make(map[string]bool, len(v.Names))
	for _, name := range v.Names {
		set[name] = true
	}
	return func(name string) bool { return set[name] }
}

// dependencies are what a member asks of the object that has it.
type dependencies struct {
	names   []nameDependency
	schemas []schemaDependency // in the order of their members

	questions int // how many names are looked for
}

type nameDependency struct {
	member   string
	required []string
}

type schemaDependency struct {
	member string
	node   *node
}

func (c *compiler) dependencies(at place, v *jsonpath.Value) (checker, error) {
	if v.Kind != jsonpath.Object {
		return nil, at.fail("must be an object of schemas and lists of names")
	}
	d := &dependencies{questions: len(v.Names)}
	for _, i := range byName(v.Names) {
		name, item := v.Names[i], &v.Items[i]
		if item.Kind == jsonpath.Array {
			names, err := nameSet(at.at(name), item)
			if err != nil {
				return nil, err
			}
			d.names = append(d.names, nameDependency{name, names})
			d.questions += len(names)
			continue
		}
		n, err := c.sub(at, item, name)
		if err != nil {
			return nil, err
		}
		d.schemas = append(d.schemas, schemaDependency{name, n})
	}
	return d, nil
}

func (d *dependencies) check(r *run, v *jsonpath.Value) bool {
	valid, has := true, finder(v, d.questions)
	for _, dep := range d.names {
		if !has(dep.member) {
			continue
		}
		missing := slices.DeleteFunc(slices.Clone(dep.required), has)
		if len(missing) > 0 {
			valid = r.fail("property %q of object has missing property dependencies (schema requires %s; missing: %s)",
				dep.member, list(dep.required), list(missing))
		}
	}
	for _, dep := range d.schemas {
		if has(dep.member) && !r.check(dep.node, v) {
			valid = false
		}
	}
	return valid
}

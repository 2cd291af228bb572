package schema

import (
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/javaregex"
	"github.com/gatehouse/gatehouse/internal/jsonpath"
)

// keyword compiles one member of the schema at p.
func (c *compiler) keyword(n *node, p place, name string, schema, v *jsonpath.Value) error {
	at := p.at(name)
	switch name {
	case "type":
		return add(n, name, anyKind)(types(at, v))
	case "enum":
		return add(n, name, anyKind)(newEnum(at, v))
	case "allOf", "anyOf", "oneOf":
		nodes, err := c.subs(at, v)
		return add(n, name, anyKind)(combination{name, nodes}, err)
	case "not":
		sub, err := c.schema(at, v)
		return add(n, name, anyKind)(combination{name, []*node{sub}}, err)
	case "minimum", "maximum", "multipleOf":
		return add(n, name, kindsOf(jsonpath.Number))(newNumeric(at, name, schema, v))
	case "exclusiveMinimum", "exclusiveMaximum":
		return exclusive(at, name, schema, v)
	case "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties":
		return addSize(n, at, name, v)
	case "pattern":
		re, err := c.pattern(at, v)
		return add(n, name, kindsOf(jsonpath.String))(patternRule{re}, err)
	case "format":
		return addFormat(n, at, v)
	case "uniqueItems":
		unique, err := boolean(at, v)
		return add(n, name, kindsOf(jsonpath.Array))(uniqueItems(unique), err)
	case "items", "additionalItems":
		return c.items(n, at, name, schema, v)
	case "required":
		names, err := nameSet(at, v)
		return add(n, name, kindsOf(jsonpath.Object))(required(names), err)
	case "properties":
		nodes, err := c.members(at, v)
		n.object.properties = nodes
		return err
	case "patternProperties":
		return c.patternProperties(n, at, v)
	case "additionalProperties":
		return c.additionalProperties(n, at, schema, v)
	case "dependencies":
		d, err := c.dependencies(at, v)
		return add(n, name, kindsOf(jsonpath.Object))(d, err)
	case "definitions":
		_, err := c.members(at, v)
		return err
	case "$schema":
		if v.Kind != jsonpath.String || strings.TrimSuffix(v.Text, "#") != draft4URL {
			c.ignored = append(c.ignored, at.doc.ref+at.pointer)
		}
	case "const", "contains", "propertyNames", "if", "then", "else", "dependentRequired", "dependentSchemas", "minContains", "maxContains",
		"prefixItems", "unevaluatedItems", "unevaluatedProperties", "nullable", "discriminator", "$defs", "$dynamicRef", "$recursiveRef":
		c.ignored = append(c.ignored, at.doc.ref+at.pointer)
	}
	return nil // a title, an example, what another program reads
}

// add adds a keyword that was compiled.
func add(n *node, name string, k kinds) func(checker, error) error {
	return func(ch checker, err error) error {
		if err == nil {
			n.rules = append(n.rules, rule{name, k, ch})
		}
		return err
	}
}

func boolean(at place, v *jsonpath.Value) (bool, error) {
	if v.Kind != jsonpath.Bool {
		return false, at.fail("must be true or false")
	}
	return v.Bool, nil
}

func (c *compiler) pattern(at place, v *jsonpath.Value) (*javaregex.Pattern, error) {
	if v.Kind != jsonpath.String {
		return nil, at.fail("must be a pattern")
	}
	re, err := javaregex.CompileScript(v.Text)
	if err != nil {
		return nil, at.fail("%v", err)
	}
	if c.patterns += re.Size(); c.patterns > maxPatterns {
		return nil, at.fail("the patterns of the model are too many, or too large")
	}
	return re, nil
}

// nameSet reads an array of at least one name, none of them twice, and sorts
// it. AWS refuses an empty one too.
func nameSet(at place, v *jsonpath.Value) ([]string, error) {
	if v.Kind != jsonpath.Array || len(v.Items) == 0 {
		return nil, at.fail("must be an array of at least one name")
	}
	names := make([]string, len(v.Items))
	for i := range v.Items {
		if v.Items[i].Kind != jsonpath.String {
			return nil, at.fail("must be an array of names")
		}
		names[i] = v.Items[i].Text
	}
	slices.Sort(names)
	if len(slices.Compact(slices.Clone(names))) < len(names) {
		return nil, at.fail("has a name twice")
	}
	return names, nil
}

// typeNames are the types in the order in which messages list them.
var typeNames = []string{"array", "boolean", "integer", "null", "number", "object", "string"}

// typeName is the type of a value: what is written with a point or an exponent
// is no integer.
func typeName(v *jsonpath.Value) string {
	switch v.Kind {
	case jsonpath.Bool:
		return "boolean"
	case jsonpath.Number:
		if strings.ContainsAny(v.Text, ".eE") {
			return "number"
		}
		return "integer"
	case jsonpath.String:
		return "string"
	case jsonpath.Array:
		return "array"
	case jsonpath.Object:
		return "object"
	}
	return "null"
}

// typeRule is the type keyword.
type typeRule struct {
	kinds   kinds
	integer bool // of numbers only integers
	allowed string
}

func types(at place, v *jsonpath.Value) (checker, error) {
	list := []jsonpath.Value{*v}
	if v.Kind == jsonpath.Array {
		list = v.Items
	}
	set := map[string]bool{}
	for i := range list {
		name := list[i].Text
		switch {
		case list[i].Kind != jsonpath.String || !slices.Contains(typeNames, name):
			return nil, at.fail("%s is no type: %s", shown(&list[i]), strings.Join(typeNames, ", "))
		case set[name]:
			return nil, at.fail("has the type %s twice", name)
		}
		set[name] = true
	}
	if len(set) == 0 {
		return nil, at.fail("must name at least one type")
	}
	return newTypeRule(set), nil
}

func newTypeRule(set map[string]bool) typeRule {
	r := typeRule{integer: !set["number"]}
	if set["number"] {
		set["integer"] = true
	}
	ofName := map[string]jsonpath.Kind{"array": jsonpath.Array, "boolean": jsonpath.Bool, "integer": jsonpath.Number, "null": jsonpath.Null,
		"number": jsonpath.Number, "object": jsonpath.Object, "string": jsonpath.String}
	var names []string
	for _, name := range typeNames {
		if set[name] {
			r.kinds |= kindsOf(ofName[name])
			names = append(names, name)
		}
	}
	r.allowed = list(names)
	return r
}

func (t typeRule) check(r *run, v *jsonpath.Value) bool {
	if t.kinds.has(v.Kind) && !(v.Kind == jsonpath.Number && t.integer && strings.ContainsAny(v.Text, ".eE")) {
		return true
	}
	if r.quick {
		return false
	}
	return r.fail("instance type (%s) does not match any allowed primitive type (allowed: %s)", typeName(v), t.allowed)
}

package sdk

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// maxTypeDepth bounds how deep a schema is followed; below it is anything.
const maxTypeDepth = 16

// modelType is a model as a TypeScript type.
type modelType struct {
	Name, Description, Ident, Text string
	schema                         any
	direct                         []string            // models it refers to outside of objects and lists
	leads                          map[*modelType]bool // to which types that leads; nil: not asked yet
}

// modelTypes are the types of an API's models. What a schema says beyond
// types (patterns, bounds) the gateway checks, not the compiler.
type modelTypes struct {
	list   []*modelType
	byName map[string]*modelType
}

func newModelTypes(a *api) *modelTypes {
	t := &modelTypes{byName: map[string]*modelType{}}
	names := newNamer()
	for _, m := range a.Models {
		mt := &modelType{Name: m.Name, Description: m.Description, Ident: names.name(camel(words(m.Name)), "Model")}
		if json.Unmarshal([]byte(m.Schema), &mt.schema) != nil {
			mt.schema = nil // content that isn't JSON has schemas of other kinds
		}
		mt.direct = directReferences(mt.schema, 0)
		slices.Sort(mt.direct)
		mt.direct = slices.Compact(mt.direct)
		t.list = append(t.list, mt)
		t.byName[m.Name] = mt
	}
	for _, mt := range t.list {
		mt.Text = t.text(mt, mt.schema, 0, true)
	}
	return t
}

// union is what a body that follows one of these models may be.
func (t *modelTypes) union(uses []*modelUse) string {
	var parts []string
	for _, u := range uses {
		mt := t.byName[u.Model]
		if mt == nil {
			return "unknown"
		}
		parts = append(parts, "models."+mt.Ident)
	}
	if len(parts) == 0 {
		return "unknown"
	}
	slices.Sort(parts)
	return strings.Join(slices.Compact(parts), " | ")
}

// text is a schema as a type. Direct says that no object or list lies between
// it and the model: there, a model that leads back to itself would be a type
// that is itself and nothing else.
func (t *modelTypes) text(of *modelType, schema any, depth int, direct bool) string {
	s, ok := schema.(map[string]any)
	if !ok || depth > maxTypeDepth {
		return "unknown"
	}
	if ref, ok := s["$ref"].(string); ok {
		return t.reference(of, ref, direct)
	}
	if values, ok := s["enum"].([]any); ok && len(values) > 0 {
		return enumText(values)
	}
	for _, keyword := range []string{"allOf", "anyOf", "oneOf"} {
		operator := " | "
		if keyword == "allOf" {
			operator = " & "
		}
		if list, ok := s[keyword].([]any); ok && len(list) > 0 && s["properties"] == nil {
			var parts []string
			for _, part := range list {
				parts = append(parts, t.text(of, part, depth+1, direct))
			}
			return "(" + strings.Join(parts, operator) + ")"
		}
	}
	kinds, _ := s["type"].([]any)
	if kinds == nil {
		kinds = []any{s["type"]}
	}
	var parts []string
	for _, kind := range kinds {
		parts = append(parts, t.kind(of, s, kind, depth))
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return "(" + strings.Join(parts, " | ") + ")"
}

func (t *modelTypes) kind(of *modelType, s map[string]any, kind any, depth int) string {
	switch kind {
	case "string", "boolean", "null":
		return kind.(string)
	case "number", "integer":
		return "number"
	case "array":
		return "(" + t.text(of, s["items"], depth+1, false) + ")[]"
	case "object":
		return t.object(of, s, depth)
	}
	if _, ok := s["properties"].(map[string]any); ok && kind == nil {
		return t.object(of, s, depth)
	}
	return "unknown"
}

func (t *modelTypes) object(of *modelType, s map[string]any, depth int) string {
	properties, _ := s["properties"].(map[string]any)
	if len(properties) == 0 {
		return "{ [name: string]: " + t.text(of, s["additionalProperties"], depth+1, false) + " }"
	}
	required, _ := s["required"].([]any)
	var b strings.Builder
	b.WriteString("{")
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		b.WriteString(" " + jsonLiteral(name))
		if !slices.Contains(required, any(name)) {
			b.WriteString("?")
		}
		b.WriteString(": " + t.text(of, properties[name], depth+1, false) + ";")
	}
	b.WriteString(" }")
	return b.String()
}

// reference names the model that a $ref leads to; a place within a schema is
// anything.
func (t *modelTypes) reference(of *modelType, ref string, direct bool) string {
	target := of
	if ref != "#" {
		_, name, ok := strings.Cut(ref, "/models/")
		if target = t.byName[name]; !ok || target == nil {
			return "unknown"
		}
	}
	if direct && t.leads(target)[of] {
		return "unknown"
	}
	return target.Ident
}

// leads are the types that a type leads to over direct references alone,
// itself included.
func (t *modelTypes) leads(from *modelType) map[*modelType]bool {
	if from.leads != nil {
		return from.leads
	}
	from.leads = map[*modelType]bool{from: true}
	for todo := []*modelType{from}; len(todo) > 0; {
		next := todo[0]
		todo = todo[1:]
		for _, name := range next.direct {
			if m := t.byName[name]; m != nil && !from.leads[m] {
				from.leads[m] = true
				todo = append(todo, m)
			}
		}
	}
	return from.leads
}

func directReferences(schema any, depth int) (names []string) {
	s, ok := schema.(map[string]any)
	if !ok || depth > maxTypeDepth {
		return nil
	}
	if ref, ok := s["$ref"].(string); ok {
		_, name, _ := strings.Cut(ref, "/models/")
		return []string{name}
	}
	for _, keyword := range []string{"allOf", "anyOf", "oneOf"} {
		list, _ := s[keyword].([]any)
		for _, part := range list {
			names = append(names, directReferences(part, depth+1)...)
		}
	}
	return names
}

func enumText(values []any) string {
	var parts []string
	for _, v := range values {
		switch v := v.(type) {
		case string:
			parts = append(parts, jsonLiteral(v))
		case float64, bool, nil:
			b, err := json.Marshal(v)
			if err != nil {
				return "unknown"
			}
			parts = append(parts, string(b))
		default:
			return "unknown"
		}
	}
	return "(" + strings.Join(parts, " | ") + ")"
}

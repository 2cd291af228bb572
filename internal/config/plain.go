package config

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// What the library says of a file, and where: of a key that a type doesn't have,
// and of a value that isn't what a type is made of.
var (
	unknownField = regexp.MustCompile(`(?s)^(line \d+): field (.*) not found in type (.*)$`)
	otherValue   = regexp.MustCompile("(?s)^(line \\d+): cannot unmarshal !!(\\S+)(?: `(.*)`)? into (.*)$")
)

// plainly says in words of the file, not of our types, what is wrong with one that
// is read into what to points to.
func plainly(err error, to any) error {
	wrong, ok := errors.AsType[*yaml.TypeError](err)
	if !ok {
		return err
	}
	known := knownSettings(reflect.TypeOf(to))
	lines := make([]string, len(wrong.Errors))
	for i, text := range wrong.Errors {
		if m := unknownField.FindStringSubmatch(text); m != nil {
			text = m[1] + ": " + noSetting(m[2], known[m[3]])
		} else if m := otherValue.FindStringSubmatch(text); m != nil {
			text = fmt.Sprintf("%s: %s where %s expected", m[1], given(m[2], m[3]), wanted(m[4], known[m[4]]))
		}
		lines[i] = text
	}
	return errors.New(strings.Join(lines, "\n  "))
}

func noSetting(key string, known []string) string {
	if len(known) == 0 {
		return fmt.Sprintf("there is no setting %q here", key)
	}
	return fmt.Sprintf("there is no setting %q here: there are %s", key, strings.Join(known, ", "))
}

// given is a value in the file, of a YAML tag.
func given(tag, text string) string {
	switch {
	case tag == "seq":
		return "a list stands"
	case tag == "map":
		return "settings stand"
	case text == "":
		return "nothing stands"
	}
	return fmt.Sprintf("%q stands", text)
}

// wanted is what a type is made of: settings that are known, or a value.
func wanted(name string, known []string) string {
	if len(known) > 0 {
		return "settings (" + strings.Join(known, ", ") + ") are"
	}
	switch {
	case strings.HasPrefix(name, "[]"):
		return "a list is"
	case strings.HasPrefix(name, "map["):
		return "names with values are"
	case name == "bool":
		return "true or false is"
	case strings.HasPrefix(name, "int"), strings.HasPrefix(name, "uint"), strings.HasPrefix(name, "float"):
		return "a number is"
	case name == "string":
		return "text is"
	}
	return "another value is"
}

// knownSettings are the keys of each type that root is made of, by its name.
func knownSettings(root reflect.Type) map[string][]string {
	found := map[string][]string{}
	var walk func(t reflect.Type)
	walk = func(t reflect.Type) {
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			walk(t.Elem())
		case reflect.Struct:
			if found[t.String()] != nil {
				return
			}
			found[t.String()] = settingsOf(t)
			for f := range t.Fields() {
				walk(f.Type)
			}
		}
	}
	walk(root)
	return found
}

// settingsOf is the settings of a struct, in their order.
func settingsOf(t reflect.Type) []string {
	keys := []string{}
	for f := range t.Fields() {
		key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if f.IsExported() && key != "" && key != "-" {
			keys = append(keys, key)
		}
	}
	return keys
}

// decodeStrict decodes n into the struct that v points to and refuses keys
// that it doesn't have.
func decodeStrict(n *yaml.Node, v any) error {
	known := settingsOf(reflect.TypeOf(v).Elem())
	if n.Kind == yaml.MappingNode {
		for i := 0; i < len(n.Content); i += 2 {
			if key := n.Content[i]; !slices.Contains(known, key.Value) {
				return fmt.Errorf("line %d: %s", key.Line, noSetting(key.Value, known))
			}
		}
	}
	return n.Decode(v)
}

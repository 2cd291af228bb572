package wire

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// Violations gathers what breaks the constraints of a shape, in the order of
// the members, the body's before the URI's and the query's (recorded on AWS).
type Violations struct{ list []string }

func (v *Violations) add(value, path, constraint string) {
	v.list = append(v.list, fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: %s", quoted(value), path, constraint))
}

func quoted(value string) string {
	if value == "null" {
		return value
	}
	return "'" + value + "'"
}

// err is the ValidationException that names them all; nil when there are none.
func (v *Violations) err() error {
	switch len(v.list) {
	case 0:
		return nil
	case 1:
		return apigw.Errorf(apigw.Validation, "1 validation error detected: %s", v.list[0])
	}
	return apigw.Errorf(apigw.Validation, "%d validation errors detected: %s", len(v.list), strings.Join(v.list, "; "))
}

// Required refuses a member that is absent or null.
func (v *Violations) Required(path string, absent bool) {
	if absent {
		v.list = append(v.list, "Value null at '"+path+"' failed to satisfy constraint: Member must not be null")
	}
}

// Enum refuses a value that isn't one of the set, whose order is AWS's.
func (v *Violations) Enum(path string, value *string, set []string) {
	if value != nil && !slices.Contains(set, *value) {
		v.list = append(v.list, fmt.Sprintf("Value '%s' at '%s' failed to satisfy constraint: %s", *value, path, enumText(set)))
	}
}

// EnumList refuses a list with an element that isn't one of the set.
func (v *Violations) EnumList(path string, values, set []string) {
	for _, e := range values {
		if !slices.Contains(set, e) {
			v.add("["+strings.Join(values, ", ")+"]", path, "Member must satisfy constraint: ["+enumText(set)+"]")
			return
		}
	}
}

func enumText(set []string) string {
	return "Member must satisfy enum value set: [" + strings.Join(set, ", ") + "]"
}

// Pattern refuses a value that doesn't match the whole pattern. The text is
// AWS's spelling of it.
func (v *Violations) Pattern(path string, value *string, pattern *regexp.Regexp, text string) {
	if value != nil && !pattern.MatchString(*value) {
		v.list = append(v.list, fmt.Sprintf("Value '%s' at '%s' failed to satisfy constraint: Member must satisfy regular expression pattern: %s", *value, path, text))
	}
}

func renderList(items []value) string {
	var texts []string
	for _, v := range items {
		if v.kind == nullValue {
			texts = append(texts, "null")
		} else {
			texts = append(texts, v.text)
		}
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

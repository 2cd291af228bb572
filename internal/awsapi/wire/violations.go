package wire

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

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

// SecretPattern is Pattern for a value that no text may repeat.
func (v *Violations) SecretPattern(path string, value *string, pattern *regexp.Regexp, text string) {
	if value != nil && !pattern.MatchString(*value) {
		v.list = append(v.list, "Value at '"+path+"' failed to satisfy constraint: Member must satisfy regular expression pattern: "+text)
	}
}

// Length refuses a text with fewer or more characters than the bounds; -1 is
// none. A secret's value isn't repeated.
func (v *Violations) Length(path string, value *string, low, high int, secret bool) {
	if value == nil {
		return
	}
	text := lengthText(*value, low, high)
	switch {
	case text == "":
	case secret || len(*value) > maxShown:
		v.list = append(v.list, "Value at '"+path+"' failed to satisfy constraint: "+text)
	default:
		v.list = append(v.list, "Value '"+*value+"' at '"+path+"' failed to satisfy constraint: "+text)
	}
}

// maxShown is the longest value that a text repeats, in bytes.
const maxShown = 4096

// lengthText says which bound a text breaks; empty: none.
func lengthText(value string, low, high int) string {
	n := utf8.RuneCountInString(value)
	switch {
	case n < low:
		return fmt.Sprintf("Member must have length greater than or equal to %d", low)
	case high >= 0 && n > high:
		return fmt.Sprintf("Member must have length less than or equal to %d", high)
	}
	return ""
}

// Range refuses a number below or above the bounds; a high of -1 is none.
func (v *Violations) Range(path string, value *int, low, high int) {
	if value != nil {
		v.LongRange(path, new(int64(*value)), int64(low), int64(high))
	}
}

// LongRange is Range for 64 bits.
func (v *Violations) LongRange(path string, value *int64, low, high int64) {
	switch {
	case value == nil:
	case *value < low:
		v.list = append(v.list, fmt.Sprintf("Value '%d' at '%s' failed to satisfy constraint: Member must have value greater than or equal to %d", *value, path, low))
	case high >= 0 && *value > high:
		v.list = append(v.list, fmt.Sprintf("Value '%d' at '%s' failed to satisfy constraint: Member must have value less than or equal to %d", *value, path, high))
	}
}

// Elements refuses a list with a text that breaks the bounds or the pattern; a
// nil pattern is none.
func (v *Violations) Elements(path string, values []string, low, high int, pattern *regexp.Regexp, text string) {
	for _, e := range values {
		broken := lengthText(e, low, high)
		if broken == "" && pattern != nil && !pattern.MatchString(e) {
			broken = "Member must satisfy regular expression pattern: " + text
		}
		if broken != "" {
			v.list = append(v.list, "Value at '"+path+"' failed to satisfy constraint: Member must satisfy constraint: ["+broken+"]")
			return
		}
	}
}

// Entries refuses a map with a key or a value that breaks its bounds.
func (v *Violations) Entries(path string, m map[string]string, keyLow, keyHigh, low, high int) {
	for name, value := range m {
		if text := lengthText(name, keyLow, keyHigh); text != "" {
			v.list = append(v.list, "Value at '"+path+"' failed to satisfy constraint: Map keys must satisfy constraint: ["+text+"]")
			return
		}
		if text := lengthText(value, low, high); text != "" {
			v.list = append(v.list, "Value at '"+path+"' failed to satisfy constraint: Map value must satisfy constraint: ["+text+"]")
			return
		}
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

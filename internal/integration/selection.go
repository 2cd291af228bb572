package integration

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Pattern is a compiled selectionPattern for texts without line breaks, such
// as a status code.
type Pattern struct {
	literal string
	re      *regexp.Regexp // nil: literal
}

// CompilePattern compiles a Java regular expression for what it means there:
// a construct that Go's engine reads differently, or not at all, is refused by
// name.
func CompilePattern(pattern string) (*Pattern, error) {
	if regexp.QuoteMeta(pattern) == pattern {
		return &Pattern{literal: pattern}, nil
	}
	if what := javaOnly(pattern); what != "" {
		return nil, fmt.Errorf("the pattern %q uses %s, which is not supported", pattern, what)
	}
	re, err := regexp.Compile(`\A(?:` + pattern + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("the pattern %q is not supported: %w", pattern, errors.Unwrap(err))
	}
	return &Pattern{re: re}, nil
}

// Match says whether the whole text matches, as Java's matches().
func (p *Pattern) Match(text []byte) bool {
	if p.re == nil {
		return string(text) == p.literal
	}
	return p.re.Match(text)
}

// javaOnly names the first construct of pattern that Java and Go read
// differently without Go's compiler saying so; "" when there is none.
func javaOnly(pattern string) string {
	inClass := false
	for i := 0; i < len(pattern); i++ {
		rest := pattern[i:]
		switch c := pattern[i]; {
		case c == '\\':
			if what := javaEscape(rest); what != "" {
				return what
			}
			if strings.HasPrefix(rest, `\Q`) {
				end := strings.Index(rest, `\E`)
				if end < 0 {
					return ""
				}
				i += end
			}
			i++
		case inClass && c == '[':
			return "a class within a class"
		case inClass && strings.HasPrefix(rest, "&&"):
			return "the class intersection &&"
		case inClass && c == ']':
			inClass = false
		case c == '[':
			inClass = true
			if strings.HasPrefix(rest, "[^]") || strings.HasPrefix(rest, "[]") {
				return "a class that begins with ]"
			}
		case !inClass && c == '{' && !quantifier.MatchString(rest):
			return "a { that begins no {n}, {n,} or {n,m}"
		case !inClass && strings.HasPrefix(rest, "(?"):
			if what := javaGroup(rest); what != "" {
				return what
			}
		}
	}
	return ""
}

var quantifier = regexp.MustCompile(`\A\{[0-9]+(,[0-9]*)?\}`)

// javaEscape names an escape that means something else in Go.
func javaEscape(rest string) string {
	if len(rest) < 2 {
		return ""
	}
	switch c := rest[1]; {
	case '0' <= c && c <= '9':
		return "the back-reference or octal escape " + rest[:2]
	case c == 'v' || c == 'C':
		return rest[:2]
	}
	return ""
}

// javaGroup names a group whose flags or name Java writes differently.
func javaGroup(rest string) string {
	if strings.HasPrefix(rest, "(?P") {
		return "(?P"
	}
	for i := 2; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == 'U':
			return "the flag U"
		case c != '-' && (c < 'a' || c > 'z'):
			return ""
		}
	}
	return ""
}

package mapping

import (
	"fmt"
	"strings"
)

// directives are the words that make Velocity do something after a '#'. A
// longer word is no directive ("#endless" is text), but it is treated as one:
// the templates taken as fixed are those that certainly are.
var directives = []string{"set", "if", "elseif", "else", "end", "foreach", "include", "parse",
	"macro", "stop", "break", "define", "evaluate"}

// NeedsEvaluation is nil when Velocity prints template as it stands: it holds
// no reference, directive, comment or anything that could be read as one. A
// '$' or '#' that starts none of these is text: "$5", "$.path", "#fff".
func NeedsEvaluation(template string) error {
	for i := 0; i < len(template); i++ {
		var found string
		switch template[i] {
		case '$':
			found = reference(template[i:])
		case '#':
			found = directive(template[i:])
		}
		if found != "" {
			line := 1 + strings.Count(template[:i], "\n")
			return fmt.Errorf("%q in line %d needs evaluation, and mapping templates are not evaluated yet", found, line)
		}
	}
	return nil
}

// reference is the start of the reference at the front of s, "" when the '$'
// there is text.
func reference(s string) string {
	i := 1
	for i < len(s) && (s[i] == '!' || s[i] == '\\') {
		i++
	}
	if i < len(s) && (s[i] == '{' || s[i] == '_' || letter(s[i])) {
		return word(s, i)
	}
	return ""
}

// directive is the start of the directive, comment, literal block or macro
// call at the front of s, "" when the '#' there is text.
func directive(s string) string {
	if len(s) == 1 {
		return ""
	}
	switch c := s[1]; {
	case c == '#', c == '*', c == '{', c == '@', c == '[':
		return s[:2]
	case c != '_' && !letter(c):
		return ""
	}
	name := word(s, 1)
	for _, d := range directives {
		if strings.HasPrefix(name[1:], d) {
			return name
		}
	}
	if rest := strings.TrimLeft(s[len(name):], " \t"); strings.HasPrefix(rest, "(") {
		return name + "("
	}
	return ""
}

// word is s up to the end of the identifier around i.
func word(s string, i int) string {
	for i++; i < len(s) && (s[i] == '_' || s[i] == '-' || letter(s[i]) || '0' <= s[i] && s[i] <= '9'); i++ {
	}
	return s[:i]
}

func letter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

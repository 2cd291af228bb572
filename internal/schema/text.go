package schema

import (
	"unicode/utf8"

	"github.com/gatehouse/gatehouse/internal/javaregex"
	"github.com/gatehouse/gatehouse/internal/jsonpath"
)

// lengthRule is minLength or maxLength, in characters.
type lengthRule size

func (l lengthRule) check(r *run, v *jsonpath.Value) bool {
	n := utf8.RuneCountInString(v.Text)
	switch {
	case !size(l).breaks(n):
		return true
	case l.max:
		return r.fail(`string "%s" is too long (length: %d, maximum allowed: %d)`, cut(v.Text), n, l.bound)
	}
	return r.fail(`string "%s" is too short (length: %d, required minimum: %d)`, cut(v.Text), n, l.bound)
}

// patternRule is a pattern that some part of a string matches. A string that
// takes too many steps doesn't.
type patternRule struct{ re *javaregex.Pattern }

func (p patternRule) check(r *run, v *jsonpath.Value) bool {
	if ok, err := p.re.FindString(v.Text, &r.patterns); ok && err == nil {
		return true
	}
	if r.quick {
		return false
	}
	return r.fail(`ECMA 262 regex "%s" does not match input string "%s"`, p.re, cut(v.Text))
}

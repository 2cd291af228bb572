package vtl

import (
	"fmt"
	"strings"

	"github.com/gatehouse/gatehouse/internal/javaregex"
)

// stringMethod is a method of java.lang.String. Its indices count UTF-16 units.
func (r *Run) stringMethod(s string, m method, args []Value) (Value, error) {
	switch len(args) {
	case 0:
		return r.stringMethod0(s, m)
	case 1:
		return r.stringMethod1(s, m, args[0])
	case 2:
		return r.stringMethod2(s, m, args[0], args[1])
	}
	if m == methodFormat {
		return r.format(args)
	}
	return Value{}, nil
}

func (r *Run) stringMethod0(s string, m method) (Value, error) {
	switch m {
	case methodLength:
		return IntegerValue(int64(units(s))), nil
	case methodIsEmpty:
		return BoolValue(s == ""), nil
	case methodTrim:
		return StringValue(strings.TrimFunc(s, func(c rune) bool { return c <= ' ' })), nil
	case methodToLowerCase:
		return r.newString(strings.ReplaceAll(strings.ToLower(strings.ReplaceAll(s, "İ", "i\u0307")), "İ", "i"))
	case methodToUpperCase:
		return r.newString(toUpper(s))
	}
	return Value{}, nil
}

// toUpper is Java's toUpperCase, which makes SS of ß.
func toUpper(s string) string {
	return strings.ReplaceAll(strings.ToUpper(s), "ß", "SS")
}

func (r *Run) stringMethod1(s string, m method, a Value) (Value, error) {
	if n, ok := a.Int(); ok {
		return r.stringMethodIndex(s, m, n)
	}
	if m == methodFormat {
		return r.format([]Value{a})
	}
	if m == methodValueOf {
		text, err := r.TextOf(a)
		return StringValue(text), err
	}
	if m == methodEqualsIgnoreCase && a.IsNull() {
		return BoolValue(false), nil
	}
	if a.IsNull() && takesString(m) {
		return Value{}, errNull
	}
	if a.kind != String {
		return Value{}, nil
	}
	switch m {
	case methodEqualsIgnoreCase:
		return BoolValue(strings.EqualFold(s, a.s)), nil
	case methodContains:
		return BoolValue(strings.Contains(s, a.s)), nil
	case methodStartsWith:
		return BoolValue(strings.HasPrefix(s, a.s)), nil
	case methodEndsWith:
		return BoolValue(strings.HasSuffix(s, a.s)), nil
	case methodIndexOf:
		return unitIndex(s, strings.Index(s, a.s)), nil
	case methodLastIndexOf:
		return unitIndex(s, strings.LastIndex(s, a.s)), nil
	case methodConcat:
		return r.concat(StringValue(s), a)
	case methodCompareTo:
		if a.n == character {
			return Value{}, errClass
		}
		return IntegerValue(int64(compareStrings(s, a.s))), nil
	case methodCompareToIgnoreCase:
		return IntegerValue(int64(compareStrings(foldCase(s), foldCase(a.s)))), nil
	case methodMatches:
		return r.matches(s, a.s)
	case methodSplit:
		return r.split(s, a.s, 0)
	}
	return Value{}, nil
}

func takesString(m method) bool {
	switch m {
	case methodContains, methodStartsWith, methodEndsWith, methodIndexOf, methodLastIndexOf, methodConcat,
		methodCompareTo, methodCompareToIgnoreCase, methodMatches, methodSplit:
		return true
	}
	return false
}

// stringMethodIndex is a method with one Integer.
func (r *Run) stringMethodIndex(s string, m method, n int64) (Value, error) {
	switch m {
	case methodSubstring:
		return substring(s, n, int64(units(s)))
	case methodCharAt:
		if n < 0 || n >= int64(units(s)) {
			return Value{}, fmt.Errorf("index %d out of bounds for length %d", n, units(s))
		}
		c, err := substring(s, n, n+1)
		c.n = character
		return c, err
	case methodIndexOf:
		return unitIndex(s, strings.IndexRune(s, rune(n))), nil
	case methodLastIndexOf:
		return unitIndex(s, strings.LastIndex(s, string(rune(n)))), nil
	case methodValueOf:
		return StringValue(string(IntegerValue(n).Append(nil))), nil
	}
	return Value{}, nil
}

func (r *Run) stringMethod2(s string, m method, a, b Value) (Value, error) {
	if m == methodFormat {
		return r.format([]Value{a, b})
	}
	if m == methodSubstring {
		from, ok1 := a.Int()
		to, ok2 := b.Int()
		if !ok1 || !ok2 {
			return Value{}, nil
		}
		return substring(s, from, to)
	}
	if m == methodJoin && a.kind == String && b.kind == List {
		return r.join(a.s, b)
	}
	if (a.IsNull() || b.IsNull()) && (m == methodReplace || m == methodReplaceAll || m == methodReplaceFirst) {
		return Value{}, errNull
	}
	if a.kind != String {
		return Value{}, nil
	}
	if n, ok := b.Int(); ok {
		return r.stringFrom(s, m, a.s, n)
	}
	if b.kind != String {
		return Value{}, nil
	}
	switch m {
	case methodReplace:
		return r.replace(s, a.s, b.s)
	case methodReplaceAll, methodReplaceFirst:
		return r.replaceRegex(s, m, a.s, b.s)
	}
	return Value{}, nil
}

// stringFrom is a method with a String and the index to begin at.
func (r *Run) stringFrom(s string, m method, text string, n int64) (Value, error) {
	switch m {
	case methodSplit:
		return r.split(s, text, int(n))
	case methodStartsWith:
		if n < 0 || n > int64(units(s)) {
			return BoolValue(false), nil
		}
		return BoolValue(strings.HasPrefix(s[unitOffset(s, n):], text)), nil
	case methodIndexOf:
		start := unitOffset(s, min(max(n, 0), int64(units(s))))
		i := strings.Index(s[start:], text)
		if i >= 0 {
			i += start
		}
		return unitIndex(s, i), nil
	case methodLastIndexOf:
		if n < 0 {
			return IntegerValue(-1), nil
		}
		end := unitOffset(s, min(n, int64(units(s))))
		return unitIndex(s, strings.LastIndex(s[:min(len(s), end+len(text))], text)), nil
	}
	return Value{}, nil
}

// replace is String.replace, held to the limit before the string is made.
func (r *Run) replace(s, old, new string) (Value, error) {
	n := strings.Count(s, old)
	if err := r.made(len(s) + n*max(0, len(new)-len(old))); err != nil {
		return Value{}, err
	}
	return StringValue(strings.ReplaceAll(s, old, new)), nil
}

// patternSteps is how many steps each unit of a pattern's size costs.
const patternSteps = 8

// pattern compiles a Java pattern, each one once in a run.
func (r *Run) pattern(text string) (*javaregex.Pattern, error) {
	if p, ok := r.patterns[text]; ok {
		return p, nil
	}
	if err := r.charge(100 + len(text)); err != nil {
		return nil, err
	}
	p, err := javaregex.Compile(text)
	if err != nil {
		return nil, err
	}
	if err := r.charge(patternSteps * p.Size()); err != nil {
		return nil, err
	}
	if r.patterns == nil || len(r.patterns) > 100 {
		r.patterns = make(map[string]*javaregex.Pattern)
	}
	r.patterns[text] = p
	return p, nil
}

func (r *Run) matches(s, pattern string) (Value, error) {
	p, err := r.pattern(pattern)
	if err != nil {
		return Value{}, err
	}
	var ok bool
	err = r.regex(func(b *javaregex.Budget) (err error) {
		ok, err = p.MatchString(s, b)
		return err
	})
	return BoolValue(ok), err
}

// regexSteps is how many steps of a pattern count as one of a template.
const regexSteps = 16

// regex has use take a pattern's steps from those that are left.
func (r *Run) regex(use func(b *javaregex.Budget) error) error {
	b := javaregex.Budget{Steps: r.steps * regexSteps}
	err := use(&b)
	r.steps = b.Steps / regexSteps
	if b.Steps < 0 {
		return errSteps
	}
	return err
}

func (r *Run) replaceRegex(s string, m method, pattern, replacement string) (Value, error) {
	p, err := r.pattern(pattern)
	if err != nil {
		return Value{}, err
	}
	var out string
	err = r.regex(func(b *javaregex.Budget) (err error) {
		if m == methodReplaceFirst {
			out, err = p.ReplaceFirst(s, replacement, r.limits.Output, b)
		} else {
			out, err = p.ReplaceAll(s, replacement, r.limits.Output, b)
		}
		return err
	})
	if err != nil {
		return Value{}, err
	}
	return r.newString(out)
}

// split is String.split, an array: with a limit of 0 without the empty strings
// at the end, else of limit elements at most.
func (r *Run) split(s, pattern string, limit int) (Value, error) {
	var parts []string
	if plain(pattern) {
		parts = splitPlain(s, pattern, limit)
	} else {
		p, err := r.pattern(pattern)
		if err != nil {
			return Value{}, err
		}
		err = r.regex(func(b *javaregex.Budget) (err error) {
			parts, err = p.Split(s, limit, b)
			return err
		})
		if err != nil {
			return Value{}, err
		}
	}
	if err := r.cells(len(parts)); err != nil {
		return Value{}, err
	}
	items := make([]Value, len(parts))
	for i, part := range parts {
		items[i] = StringValue(part)
	}
	return Value{kind: List, ref: &list{items: items, fixed: true}}, nil
}

// plain says whether a pattern is just the text that it is written with.
func plain(pattern string) bool {
	return pattern != "" && !strings.ContainsAny(pattern, `\^$.|?*+()[]{}`)
}

func splitPlain(s, separator string, limit int) []string {
	if s == "" {
		return []string{""}
	}
	if limit != 0 {
		return strings.SplitN(s, separator, limit)
	}
	parts := strings.Split(s, separator)
	for len(parts) > 0 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	return parts
}

func (r *Run) join(separator string, v Value) (Value, error) {
	var b []byte
	for i, item := range r.items(v) {
		if i > 0 {
			b = append(b, separator...)
		}
		if item.IsNull() {
			b = append(b, "null"...)
			continue
		}
		var err error
		if b, err = item.AppendTo(r, b); err != nil {
			return Value{}, err
		}
		if len(b) > r.limits.Output {
			return Value{}, errTooMuch
		}
	}
	return r.newString(string(b))
}

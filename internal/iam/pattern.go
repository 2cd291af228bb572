package iam

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// pattern is text in which any1 and one1 are wildcards. All other bytes stand
// for themselves, '*' and '?' too.
type pattern string

const (
	any1 = '\x01' // any run of characters
	one1 = '\x02' // one character
)

// anyRun is the pattern that matches everything.
const anyRun = pattern(any1)

// template is a pattern that may have policy variables in it.
type template struct {
	fixed pattern // of a template without variables
	parts []part  // nil: there are none
}

// part is a piece of a template: a pattern, or else a variable.
type part struct {
	text     pattern
	key      string // in lower case; empty: text
	fallback string
	hasElse  bool
}

// parseTemplate reads text as a policy writes it. Wildcards count where
// wildcards says so; variables where the version of the policy has them.
func parseTemplate(text string, wildcards, variables bool) (template, error) {
	if strings.ContainsAny(text, "\x00\x01\x02") {
		return template{}, errors.New("holds a control character")
	}
	var t template
	plain := func(s string) {
		if wildcards {
			s = strings.NewReplacer("*", string(any1), "?", string(one1)).Replace(s)
		}
		t.add(pattern(s))
	}
	for variables {
		before, rest, found := strings.Cut(text, "${")
		if !found {
			break
		}
		inside, after, closed := strings.Cut(rest, "}")
		if !closed {
			return t, fmt.Errorf("the variable ${%s has no end", rest)
		}
		plain(before)
		if inside == "*" || inside == "?" || inside == "$" {
			t.add(pattern(inside))
		} else if err := t.addVariable(inside); err != nil {
			return t, err
		}
		text = after
	}
	plain(text)
	return t, nil
}

func (t *template) add(p pattern) {
	switch n := len(t.parts); {
	case n == 0:
		t.fixed += p
	case t.parts[n-1].key == "":
		t.parts[n-1].text += p
	default:
		t.parts = append(t.parts, part{text: p})
	}
}

func (t *template) addVariable(inside string) error {
	key, fallback, hasElse := strings.Cut(inside, ",")
	key = strings.TrimSpace(key)
	if !isKey(key) {
		return fmt.Errorf("${%s} is no policy variable", inside)
	}
	if fallback = strings.TrimSpace(fallback); hasElse {
		if len(fallback) < 2 || fallback[0] != '\'' || fallback[len(fallback)-1] != '\'' {
			return fmt.Errorf("${%s}: a default stands in single quotes", inside)
		}
		fallback = fallback[1 : len(fallback)-1]
	}
	if len(t.parts) == 0 {
		t.parts = append(t.parts, part{text: t.fixed})
	}
	t.parts = append(t.parts, part{key: strings.ToLower(key), fallback: fallback, hasElse: hasElse})
	return nil
}

// isKey says whether s is a condition key: "aws:username", "saml:sub".
func isKey(s string) bool {
	prefix, name, ok := strings.Cut(s, ":")
	return ok && prefix != "" && name != "" && !strings.ContainsAny(s, " \t${}*?,'\"") && len(s) <= 256
}

// expand is the pattern with the values that variables have now; false when
// one has none, or several.
func (t *template) expand(e *evaluation) (pattern, bool) {
	if t.parts == nil {
		return t.fixed, true
	}
	var b strings.Builder
	for i := range t.parts {
		p := &t.parts[i]
		if p.key == "" {
			b.WriteString(string(p.text))
			continue
		}
		values := e.values(p.key)
		switch {
		case len(values) == 1:
			b.WriteString(plainText(values[0]))
		case len(values) == 0 && p.hasElse:
			b.WriteString(p.fallback)
		default:
			return "", false
		}
	}
	return pattern(b.String()), true
}

// plainText keeps what a client sent from acting as a wildcard.
func plainText(s string) string {
	if strings.ContainsAny(s, "\x01\x02") {
		return strings.NewReplacer(string(any1), "\x00", string(one1), "\x00").Replace(s)
	}
	return s
}

// matcher is a pattern, ready to be compared with many texts.
type matcher struct {
	text string // what the text is, begins with, or the pattern
	form form
}

type form uint8

const (
	exact form = iota
	prefix
	wild
)

func newMatcher(p pattern) matcher {
	text := string(p)
	switch i := strings.IndexAny(text, string(any1)+string(one1)); {
	case i < 0:
		return matcher{text, exact}
	case i == len(text)-1 && text[i] == any1:
		return matcher{text[:i], prefix}
	}
	return matcher{text, wild}
}

func (m *matcher) match(text string) bool {
	switch m.form {
	case exact:
		return text == m.text
	case prefix:
		return strings.HasPrefix(text, m.text)
	}
	return glob(m.text, text)
}

// glob matches the whole text.
func glob(pattern, text string) bool {
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == any1:
			star, mark = p, t
			p++
		case p < len(pattern) && pattern[p] == one1:
			_, size := utf8.DecodeRuneInString(text[t:])
			p++
			t += size
		case p < len(pattern) && pattern[p] == text[t]:
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == any1 {
		p++
	}
	return p == len(pattern)
}

const arnParts = 6

// arn is an ARN's six parts; the last may hold colons itself.
type arn [arnParts]string

func splitARN(text string) (a arn, ok bool) {
	for i := range arnParts - 1 {
		if a[i], text, ok = strings.Cut(text, ":"); !ok {
			return a, false
		}
	}
	a[arnParts-1] = text
	return a, true
}

// arnMatcher compares part by part: a wildcard doesn't reach over a colon, but
// for the last part (IAM user guide, "Resource"). A lone * matches all.
type arnMatcher struct {
	all   bool
	parts [arnParts]matcher
}

// newARNMatcher makes one of a pattern with six parts; none matches otherwise.
func newARNMatcher(p pattern) (m arnMatcher, ok bool) {
	if p == anyRun {
		return arnMatcher{all: true}, true
	}
	parts, ok := splitARN(string(p))
	for i := range parts {
		m.parts[i] = newMatcher(pattern(parts[i]))
	}
	return m, ok
}

// match compares from the end: that is where the ARNs of a policy differ.
func (m *arnMatcher) match(a *arn) bool {
	if m.all {
		return true
	}
	for i := arnParts - 1; i >= 0; i-- {
		if !m.parts[i].match(a[i]) {
			return false
		}
	}
	return true
}

// resource is a pattern for an ARN, which may have variables.
type resource struct {
	template
	fixed arnMatcher // of a template without variables
}

// matches says whether the pattern fits; known is false when a variable has no
// value.
func (r *resource) matches(e *evaluation) (matches, known bool) {
	if !e.isARN {
		return r.fixed.all, true
	}
	if r.parts == nil {
		return r.fixed.match(&e.resource), true
	}
	p, ok := r.expand(e)
	if !ok {
		return false, false
	}
	m, ok := newARNMatcher(p)
	return ok && m.match(&e.resource), true
}

// checkARN says what is wrong with an ARN in a policy. Variables stand only
// behind the fifth colon (IAM user guide, "Where you can use policy
// variables"), so that no value moves what the other parts mean.
func checkARN(text string, variables bool) error {
	if text == "*" {
		return nil
	}
	parts := strings.SplitN(text, ":", arnParts)
	if len(parts) != arnParts || parts[0] != "arn" {
		return fmt.Errorf("%q must be an ARN of six parts or *", clip(text))
	}
	for _, p := range parts[:arnParts-1] {
		if variables && strings.Contains(p, "${") {
			return fmt.Errorf("%q: policy variables stand only behind the fifth colon", clip(text))
		}
	}
	return nil
}

package control

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/javaregex"
)

// Bounds of a rule (user guide for Application Load Balancers, "Quotas" and
// "Condition types for listener rules"). The guide says that a condition has up
// to three values, but AWS takes five, as reported in the field: the rule's bound
// is the only one.
const (
	maxConditionValues = 5
	maxWildcards       = 5
	maxPattern         = 128
	maxNameOfHeader    = 40
)

// singleConditions are those of which a rule has one at most.
var singleConditions = []string{"host-header", "http-request-method", "path-pattern", "source-ip"}

// checkConditions refuses conditions of a rule (same page).
func checkConditions(list []apigw.RuleCondition) error {
	if len(list) == 0 {
		return invalid("A condition must be specified")
	}
	values, wildcards, seen := 0, 0, map[string]bool{}
	for i := range list {
		c := &list[i]
		if seen[c.Field] && slices.Contains(singleConditions, c.Field) {
			return invalid("A rule can only have one '%s' condition", c.Field)
		}
		seen[c.Field] = true
		if err := checkCondition(c); err != nil {
			return err
		}
		values += len(c.Values) + len(c.Regex) + len(c.Query)
		for _, v := range c.Values {
			wildcards += wildcardsIn(v)
		}
		for _, q := range c.Query {
			wildcards += wildcardsIn(q.Key) + wildcardsIn(q.Value)
		}
	}
	if values > maxConditionValues {
		return invalid("A rule can only have '%d' condition values", maxConditionValues)
	}
	if wildcards > maxWildcards {
		return invalid("A rule can only have '%d' condition wildcards", maxWildcards)
	}
	return nil
}

func wildcardsIn(s string) int { return strings.Count(s, "*") + strings.Count(s, "?") }

// conditionRule is what a kind of condition has.
type conditionRule struct {
	regex bool // values may be regular expressions
	check func(value string) error
}

// conditionRules are those whose values are texts.
var conditionRules = map[string]conditionRule{
	"host-header":         {true, checkHostPattern},
	"path-pattern":        {true, checkPathPattern},
	"http-header":         {true, checkValuePattern},
	"http-request-method": {false, checkMethodValue},
	"source-ip":           {false, checkNetworkValue},
}

func checkCondition(c *apigw.RuleCondition) error {
	if c.Field == "query-string" {
		return checkQueryCondition(c)
	}
	rule, known := conditionRules[c.Field]
	switch {
	case !known:
		return invalid("Condition field '%.64s' must be one of '[host-header, http-header, http-request-method, path-pattern, query-string, source-ip]'", c.Field)
	case len(c.Query) > 0:
		return invalid("A '%s' condition has no query string values", c.Field)
	case c.Field == "http-header":
		if err := checkHeaderName(c.Header); err != nil {
			return err
		}
	case c.Header != "":
		return invalid("A '%s' condition has no header name", c.Field)
	}
	if len(c.Values) > 0 && len(c.Regex) > 0 {
		return invalid("A '%s' condition has either values or regular expressions", c.Field)
	}
	if len(c.Regex) > 0 && !rule.regex {
		return invalid("Regular expressions are not supported by '%s' conditions", c.Field)
	}
	if len(c.Values)+len(c.Regex) == 0 {
		return invalid("A condition value must be specified")
	}
	for _, v := range c.Values {
		if err := rule.check(v); err != nil {
			return err
		}
	}
	for _, v := range c.Regex {
		if err := checkRegex(v); err != nil {
			return err
		}
	}
	return nil
}

// checkRegex refuses what isn't a regular expression of a rule: it is one of RE2,
// which has no lookarounds, back references, atomic groups or possessive
// quantifiers, as on AWS ("Listener rules", "Rule basics"), and one that rules are
// served with.
func checkRegex(pattern string) error {
	if pattern == "" || len(pattern) > maxPattern {
		return invalid("A regular expression must have between 1 and %d characters", maxPattern)
	}
	_, err := regexp.Compile(pattern)
	if err == nil {
		_, err = javaregex.Compile(pattern)
	}
	if err != nil {
		return invalid("'%s' is not a valid regular expression: %v", pattern, err)
	}
	return nil
}

var hostPattern = regexp.MustCompile(`^[A-Za-z0-9*?.-]+$`)

// afterLastDot is what a host pattern ends in.
var afterLastDot = regexp.MustCompile(`\.[A-Za-z]+$`)

func checkHostPattern(v string) error {
	switch {
	case len(v) == 0 || len(v) > maxPattern:
		return invalid("The host name '%.200s' must have between 1 and %d characters", v, maxPattern)
	case !hostPattern.MatchString(v):
		return invalid("The host name '%s' can only contain the characters A-Z, a-z, 0-9, '-', '.', '*' and '?'", v)
	case !afterLastDot.MatchString(v):
		return invalid("The host name '%s' must have a '.' with letters alone behind the last one", v)
	}
	return nil
}

var pathPattern = regexp.MustCompile(`^[A-Za-z0-9_.$/~"'@:+&*?;=,!()%-]+$`)

func checkPathPattern(v string) error {
	if len(v) == 0 || len(v) > maxPattern {
		return invalid("The path pattern '%.200s' must have between 1 and %d characters", v, maxPattern)
	}
	if !pathPattern.MatchString(v) {
		return invalid("The path pattern '%s' contains one or more invalid characters", v)
	}
	return nil
}

// checkValuePattern is of values of headers and query strings: visible ASCII.
func checkValuePattern(v string) error {
	if len(v) == 0 || len(v) > maxPattern {
		return invalid("The condition value '%.200s' must have between 1 and %d characters", v, maxPattern)
	}
	if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r > '~' }) {
		return invalid("The condition value '%s' contains one or more invalid characters", v)
	}
	return nil
}

var headerToken = regexp.MustCompile("^[A-Za-z0-9!#$%&'+.^_`|~-]+$")

func checkHeaderName(name string) error {
	switch {
	case name == "" || len(name) > maxNameOfHeader:
		return invalid("The HTTP header name '%.100s' must have between 1 and %d characters", name, maxNameOfHeader)
	case strings.EqualFold(name, "host"):
		return invalid("The HTTP header name 'host' is not supported: use a 'host-header' condition")
	case !headerToken.MatchString(name):
		return invalid("The HTTP header name '%s' contains one or more invalid characters", name)
	}
	return nil
}

var methodValue = regexp.MustCompile(`^[A-Z_-]{1,40}$`)

func checkMethodValue(v string) error {
	if !methodValue.MatchString(v) {
		return invalid("The HTTP request method '%.100s' must be up to 40 of the characters A-Z, '-' and '_'", v)
	}
	return nil
}

func checkNetworkValue(v string) error {
	if _, err := netip.ParsePrefix(v); err != nil || v == "255.255.255.255/32" {
		return invalid("The source IP '%.100s' must be a network in CIDR format", v)
	}
	return nil
}

func checkQueryCondition(c *apigw.RuleCondition) error {
	switch {
	case len(c.Values)+len(c.Regex) > 0 || c.Header != "":
		return invalid("A 'query-string' condition has query string values alone")
	case len(c.Query) == 0:
		return invalid("A condition value must be specified")
	}
	for _, q := range c.Query {
		if err := checkValuePattern(q.Value); err != nil {
			return err
		}
		if q.Key == "" {
			continue
		}
		if err := checkValuePattern(q.Key); err != nil {
			return err
		}
	}
	return nil
}

// checkTransforms refuses rewrites of a rule (reference, RuleTransform).
func checkTransforms(list []apigw.RuleTransform) error {
	seen := map[string]bool{}
	for _, t := range list {
		if t.Type != "host-header-rewrite" && t.Type != "url-rewrite" {
			return invalid("Transform type '%.64s' must be one of '[host-header-rewrite, url-rewrite]'", t.Type)
		}
		if seen[t.Type] {
			return invalid("A rule can only have one '%s' transform", t.Type)
		}
		seen[t.Type] = true
		if len(t.Rewrites) != 1 {
			return invalid("A '%s' transform has one rewrite", t.Type)
		}
		for _, r := range t.Rewrites {
			if err := checkRegex(r.Regex); err != nil {
				return err
			}
			if len(r.Replace) > maxPattern || strings.ContainsFunc(r.Replace, func(c rune) bool { return c < ' ' || c > '~' }) {
				return invalid("The replacement '%.200s' must have at most %d visible characters", r.Replace, maxPattern)
			}
		}
	}
	return nil
}

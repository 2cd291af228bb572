package vpclink

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/javaregex"
)

// condition is met by requests of which one of its values is true.
type condition interface{ met(r *seen) bool }

// seen is a request as conditions see it.
type seen struct {
	method string
	host   []byte // without port
	path   []byte // normalized
	query  []byte
	header *http1.Header
	source netip.Addr
	lost   error // why a condition couldn't be judged; nil: all could
}

// texts are values that a part of a request is compared with.
type texts struct {
	patterns []pattern
	regexes  []*javaregex.Pattern
}

func newTexts(c *apigw.RuleCondition, fold bool) (texts, error) {
	var t texts
	for _, v := range c.Values {
		t.patterns = append(t.patterns, newPattern(v, fold, false))
	}
	for _, text := range c.Regex {
		re, err := compileRegex(text, fold)
		if err != nil {
			return t, err
		}
		t.regexes = append(t.regexes, re)
	}
	return t, nil
}

// compileRegex compiles a regular expression of a rule. Which letters it tells
// apart is the condition's, as with patterns (7.1 of the sheet).
func compileRegex(text string, fold bool) (*javaregex.Pattern, error) {
	compiled := text
	if fold {
		compiled = "(?i)" + text
	}
	re, err := javaregex.Compile(compiled)
	if err != nil {
		return nil, fmt.Errorf("the regular expression %q: %w", text, err)
	}
	return re, nil
}

func (t *texts) match(r *seen, b []byte) bool {
	for _, p := range t.patterns {
		if p.match(b) {
			return true
		}
	}
	for _, re := range t.regexes {
		ok, err := re.Find(b)
		if err != nil {
			r.lost = fmt.Errorf("the regular expression %q: %w", re, err)
		}
		if ok || err != nil {
			return ok
		}
	}
	return false
}

type hostCondition struct{ texts }

func (c *hostCondition) met(r *seen) bool { return c.match(r, r.host) }

type pathCondition struct{ texts }

func (c *pathCondition) met(r *seen) bool { return c.match(r, r.path) }

type methodCondition struct{ values []string }

func (c *methodCondition) met(r *seen) bool { return slices.Contains(c.values, r.method) }

// headerCondition looks at each field of a name.
type headerCondition struct {
	name string
	texts
}

func (c *headerCondition) met(r *seen) bool {
	if bytes.EqualFold([]byte(c.name), []byte("host")) {
		return c.match(r, r.host)
	}
	for i := r.header.Index(c.name, 0); i >= 0; i = r.header.Index(c.name, i+1) {
		if _, v := r.header.At(i); c.match(r, v) {
			return true
		}
	}
	return false
}

// queryCondition looks at each parameter, in any case; a backslash makes * and ?
// stand for themselves (reference, QueryStringConditionConfig).
type queryCondition struct{ pairs []queryPattern }

type queryPattern struct {
	any        bool // whatever the key
	key, value pattern
}

func (c *queryCondition) met(r *seen) bool {
	for rest := r.query; len(rest) > 0; {
		var one []byte
		one, rest, _ = bytes.Cut(rest, []byte("&"))
		key, value, _ := bytes.Cut(one, []byte("="))
		key, value = unescaped(key), unescaped(value)
		for i := range c.pairs {
			p := &c.pairs[i]
			if (p.any || p.key.match(key)) && p.value.match(value) {
				return true
			}
		}
	}
	return false
}

// unescaped takes the escapes off a part of a query; a broken one stays.
func unescaped(b []byte) []byte {
	if bytes.IndexByte(b, '%') < 0 && bytes.IndexByte(b, '+') < 0 {
		return b
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] == '%' && i+2 < len(b) && isHex(b[i+1]) && isHex(b[i+2]):
			out = append(out, unhex(b[i+1])<<4|unhex(b[i+2]))
			i += 2
		case b[i] == '+':
			out = append(out, ' ')
		default:
			out = append(out, b[i])
		}
	}
	return out
}

// sourceCondition looks at who connects to the load balancer: the VPC link.
type sourceCondition struct{ networks []netip.Prefix }

func (c *sourceCondition) met(r *seen) bool {
	return slices.ContainsFunc(c.networks, func(n netip.Prefix) bool { return n.Contains(r.source) })
}

// newCondition compiles a condition.
func newCondition(c *apigw.RuleCondition) (condition, error) {
	switch c.Field {
	case "host-header":
		t, err := newTexts(c, true)
		return &hostCondition{t}, err
	case "path-pattern":
		t, err := newTexts(c, false)
		return &pathCondition{t}, err
	case "http-header":
		t, err := newTexts(c, true)
		return &headerCondition{c.Header, t}, err
	case "http-request-method":
		return &methodCondition{c.Values}, nil
	case "query-string":
		return newQueryCondition(c), nil
	case "source-ip":
		return newSourceCondition(c)
	}
	return nil, fmt.Errorf("conditions on %q aren't known", c.Field)
}

func newQueryCondition(c *apigw.RuleCondition) *queryCondition {
	q := &queryCondition{}
	for _, p := range c.Query {
		q.pairs = append(q.pairs, queryPattern{any: p.Key == "", key: newPattern(p.Key, true, true), value: newPattern(p.Value, true, true)})
	}
	return q
}

func newSourceCondition(c *apigw.RuleCondition) (condition, error) {
	s := &sourceCondition{}
	for _, v := range c.Values {
		n, err := netip.ParsePrefix(v)
		if err != nil {
			return nil, err
		}
		s.networks = append(s.networks, n.Masked())
	}
	return s, nil
}

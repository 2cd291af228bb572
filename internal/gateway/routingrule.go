package gateway

import (
	"bytes"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
)

// routingRule is one rule of a custom domain name.
type routingRule struct {
	headers   [][]headerMatch // all of them must hold
	basePaths [][]byte        // one of them must hold; none: any path does
	strip     bool
	to        mapped
}

// headerMatch is what one header must look like.
type headerMatch struct {
	name         string
	text         []byte // of the value, without the asterisks
	before, rest bool   // an asterisk in front, and behind
}

// newRules are the rules of d, by priority; none while they don't count.
func newRules(d *apigw.DomainName) []routingRule {
	if d.RoutingMode != apigw.RoutesByRule && d.RoutingMode != apigw.RoutesByRuleThen {
		return nil
	}
	list := make([]routingRule, len(d.Rules))
	for i, r := range d.Rules {
		made := routingRule{strip: r.StripBasePath, to: mapped{rule: r.ID, api: []byte(r.API), stage: []byte(r.Stage)}}
		for _, condition := range r.Headers {
			var either []headerMatch
			for _, m := range condition {
				either = append(either, newHeaderMatch(m))
			}
			made.headers = append(made.headers, either)
		}
		for _, path := range r.BasePaths {
			made.basePaths = append(made.basePaths, []byte(path))
		}
		list[i] = made
	}
	return list
}

func newHeaderMatch(m apigw.HeaderMatch) headerMatch {
	made := headerMatch{name: m.Header}
	text := m.Glob
	if text, made.before = strings.CutPrefix(text, "*"); made.before && text == "" {
		made.rest = true
	}
	if cut, ok := strings.CutSuffix(text, "*"); ok {
		text, made.rest = cut, true
	}
	made.text = []byte(text)
	return made
}

// route is where a request leads: by the first rule that matches, else by the
// mappings. Path begins with one slash, and rest is what routes are matched on.
func (d *domain) route(x *exchange.Exchange, path []byte) (to *mapped, rest []byte) {
	for i := range d.rules {
		if rest, ok := d.rules[i].match(x.Header, path); ok {
			return &d.rules[i].to, rest
		}
	}
	return d.match(path)
}

func (r *routingRule) match(h *http1.Header, path []byte) (rest []byte, ok bool) {
	rest, ok = r.matchPath(path)
	if !ok {
		return nil, false
	}
	for _, condition := range r.headers {
		if !matchAny(condition, h) {
			return nil, false
		}
	}
	if !r.strip {
		rest = path
	}
	return rest, true
}

// matchPath says whether path begins with one of the base paths, by whole
// segments, and what follows it.
func (r *routingRule) matchPath(path []byte) (rest []byte, ok bool) {
	if len(r.basePaths) == 0 {
		return path, true
	}
	for _, base := range r.basePaths {
		if rest, found := bytes.CutPrefix(path[1:], base); found && (len(rest) == 0 || rest[0] == '/') {
			return rest, true
		}
	}
	return nil, false
}

// matchAny says whether a field of h fits one of the condition's. Each field is
// taken as it came: what a client sends in one line, parted by commas, is one
// value.
func matchAny(condition []headerMatch, h *http1.Header) bool {
	for i := range condition {
		m := &condition[i]
		for at := h.Index(m.name, 0); at >= 0; at = h.Index(m.name, at+1) {
			if _, value := h.At(at); m.fits(value) {
				return true
			}
		}
	}
	return false
}

func (m *headerMatch) fits(value []byte) bool {
	switch {
	case m.before && m.rest:
		return bytes.Contains(value, m.text)
	case m.before:
		return bytes.HasSuffix(value, m.text)
	case m.rest:
		return bytes.HasPrefix(value, m.text)
	}
	return bytes.Equal(value, m.text)
}

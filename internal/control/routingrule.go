package control

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// Bounds of routing rules (developer guide, "Routing rules …", restrictions).
const (
	maxRules          = 50
	maxRulePriority   = 1_000_000
	maxRuleHeaders    = 2
	maxRuleHeader     = 39
	maxRuleGlob       = 127
	maxRuleInfix      = 39
	maxRuleBasePath   = 127
	maxRuleAlternates = 10 // base paths of one condition; AWS documents one
)

func unknownRule(id string) *apigw.Error {
	return apigw.Errorf(apigw.NotFound, "Unable to find routing rule with ID %.100s", id)
}

// RoutingRuleARN names a routing rule.
func RoutingRuleARN(scope apigw.Scope, d *apigw.DomainName, id string) apigw.ARN {
	return apigw.ARN("arn:" + scope.Partition + ":apigateway:" + scope.Region + ":" + scope.Account + ":/domainnames/" + d.Key() + "/routingrules/" + id)
}

// RoutingRule returns a rule with its domain name.
func (c *Control) RoutingRule(ctx context.Context, scope apigw.Scope, name string, id apigw.DomainID, rule string) (*apigw.DomainName, *apigw.RoutingRule, error) {
	d, err := c.DomainName(ctx, scope, name, id)
	if err != nil {
		return nil, nil, err
	}
	at := d.Rule(rule)
	if at < 0 {
		return nil, nil, unknownRule(rule)
	}
	return d, &d.Rules[at], nil
}

// CreateRoutingRule adds a rule; its ID is made here.
func (c *Control) CreateRoutingRule(ctx context.Context, scope apigw.Scope, name string, id apigw.DomainID, r apigw.RoutingRule) (*apigw.DomainName, *apigw.RoutingRule, error) {
	d, err := c.changeDomain(ctx, scope, name, id, func(s *scopeChange, d *apigw.DomainName) (err error) {
		if len(d.Rules) >= maxRules {
			return apigw.Errorf(apigw.LimitExceeded, "Maximum number of routing rules for this domain name has been reached: %d", maxRules)
		}
		if r.ID, err = c.freeID(6, func(id string) bool { return d.Rule(id) >= 0 }); err != nil {
			return err
		}
		return c.placeRule(ctx, s, d, r)
	})
	return d, &r, err
}

// PutRoutingRule replaces a rule.
func (c *Control) PutRoutingRule(ctx context.Context, scope apigw.Scope, name string, id apigw.DomainID, r apigw.RoutingRule) (*apigw.DomainName, *apigw.RoutingRule, error) {
	d, err := c.changeDomain(ctx, scope, name, id, func(s *scopeChange, d *apigw.DomainName) error {
		at := d.Rule(r.ID)
		if at < 0 {
			return unknownRule(r.ID)
		}
		d.Rules = slices.Delete(slices.Clone(d.Rules), at, at+1)
		return c.placeRule(ctx, s, d, r)
	})
	return d, &r, err
}

// DeleteRoutingRule removes a rule.
func (c *Control) DeleteRoutingRule(ctx context.Context, scope apigw.Scope, name string, id apigw.DomainID, rule string) error {
	_, err := c.changeDomain(ctx, scope, name, id, func(_ *scopeChange, d *apigw.DomainName) error {
		at := d.Rule(rule)
		if at < 0 {
			return unknownRule(rule)
		}
		d.Rules = slices.Delete(slices.Clone(d.Rules), at, at+1)
		return nil
	})
	return err
}

// placeRule checks r and puts it where it belongs: by priority.
func (c *Control) placeRule(ctx context.Context, s *scopeChange, d *apigw.DomainName, r apigw.RoutingRule) error {
	if err := checkRule(&r); err != nil {
		return err
	}
	if slices.ContainsFunc(d.Rules, func(other apigw.RoutingRule) bool { return other.Priority == r.Priority }) {
		return apigw.Errorf(apigw.Conflict, "A routing rule with priority %d already exists for this domain name", r.Priority)
	}
	for _, m := range d.Mappings { // they exclude each other (developer guide)
		g, err := c.guard(ctx, anyRef(s.scope, m.API))
		if err == nil && g.says.kind() == routesKind {
			return apigw.Errorf(apigw.BadRequest, "Routing rules can't be created for a domain name that is mapped to HTTP or WebSocket APIs: API %s", m.API)
		}
	}
	if g, err := c.guard(ctx, anyRef(s.scope, r.API)); err == nil && g.says.kind() == routesKind {
		return apigw.Errorf(apigw.BadRequest, "Routing rules lead to REST APIs alone, and %s is none", r.API)
	}
	if err := c.mapTo(ctx, s, d, apigw.BasePathMapping{API: r.API, Stage: r.Stage}); err != nil {
		return err
	}
	d.Rules = append(slices.Clone(d.Rules), r)
	slices.SortFunc(d.Rules, func(a, b apigw.RoutingRule) int { return cmp.Compare(a.Priority, b.Priority) })
	return nil
}

func checkRule(r *apigw.RoutingRule) error {
	switch {
	case r.Priority < 1 || r.Priority > maxRulePriority:
		return apigw.Errorf(apigw.BadRequest, "Invalid priority %d: it is between 1 and %d", r.Priority, maxRulePriority)
	case r.API == "" || r.Stage == "":
		return apigw.Errorf(apigw.BadRequest, "A routing rule has one action, invokeApi with an apiId and a stage")
	case len(r.Headers) > maxRuleHeaders:
		return apigw.Errorf(apigw.BadRequest, "A routing rule has at most %d matchHeaders conditions", maxRuleHeaders)
	case len(r.BasePaths) > maxRuleAlternates:
		return apigw.Errorf(apigw.BadRequest, "A matchBasePaths condition has at most %d base paths", maxRuleAlternates)
	}
	for _, condition := range r.Headers {
		if len(condition) != 1 {
			return apigw.Errorf(apigw.BadRequest, "A matchHeaders condition has one header in anyOf; use two conditions for two headers")
		}
		if err := checkRuleHeader(condition[0]); err != nil {
			return err
		}
	}
	for _, path := range r.BasePaths {
		if err := checkRuleBasePath(path); err != nil {
			return err
		}
	}
	return nil
}

func checkRuleBasePath(path string) error {
	switch {
	case path == "" || len(path) > maxRuleBasePath:
		return apigw.Errorf(apigw.BadRequest, "Invalid base path specified: 1 to %d characters", maxRuleBasePath)
	case path == "ping" || path == "sping":
		return checkBasePath(path)
	}
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "" {
			return apigw.Errorf(apigw.BadRequest, "Invalid base path specified: %q: no slash in front, behind, or beside another one", path)
		}
		if err := checkBasePath("-" + segment); err != nil { // its characters; only a whole path is reserved
			return err
		}
	}
	return nil
}

// ruleHeaderDenied are the headers that no rule may look at; those that end in a
// hyphen, all that begin so.
var ruleHeaderDenied = []string{
	"access-control-", "apigw-", "authorization", "connection", "content-encoding", "content-length", "content-location", "forwarded", "keep-alive", "origin",
	"proxy-authenticate", "proxy-authorization", "te", "trailers", "transfer-encoding", "upgrade", "x-amz-", "x-amzn-", "x-apigw-api-id",
	"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-restapi", "via",
}

func checkRuleHeader(m apigw.HeaderMatch) error {
	name := strings.ToLower(m.Header)
	if name == "" || len(name) > maxRuleHeader || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~") != "" {
		return apigw.Errorf(apigw.BadRequest, "Invalid header %.100q: a header's name has 1 to %d characters", m.Header, maxRuleHeader)
	}
	for _, denied := range ruleHeaderDenied {
		if name == denied || strings.HasSuffix(denied, "-") && strings.HasPrefix(name, denied) {
			return apigw.Errorf(apigw.BadRequest, "Header %s can't be matched by a routing rule", m.Header)
		}
	}
	infix := strings.TrimSuffix(strings.TrimPrefix(m.Glob, "*"), "*")
	between := len(m.Glob) > 1 && strings.HasPrefix(m.Glob, "*") && strings.HasSuffix(m.Glob, "*")
	switch {
	case m.Glob == "" || len(m.Glob) > maxRuleGlob:
		return apigw.Errorf(apigw.BadRequest, "Invalid valueGlob of header %s: 1 to %d characters", m.Header, maxRuleGlob)
	case strings.Contains(infix, "*"):
		return apigw.Errorf(apigw.BadRequest, "Invalid valueGlob %q of header %s: an asterisk is in front or behind, never within", m.Glob, m.Header)
	case between && len(infix) > maxRuleInfix:
		return apigw.Errorf(apigw.BadRequest, "Invalid valueGlob of header %s: between two asterisks are at most %d characters", m.Header, maxRuleInfix)
	case strings.ContainsFunc(m.Glob, func(r rune) bool { return r < ' ' || r > '~' }):
		return apigw.Errorf(apigw.BadRequest, "Invalid valueGlob of header %s: printable ASCII alone", m.Header)
	}
	return nil
}

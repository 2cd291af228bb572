package control

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// Bounds of actions (reference, Action, and the user guide's "Quotas").
const (
	maxForwardGroups = 5
	maxWeight        = 999
	maxSticky        = 604800 // s
	maxFixedBody     = 1024
)

// checkActions applies defaults to the actions of a listener of b or of one of
// its rules, and refuses what can't be done: there is one, since only
// authentication would come before it.
func (e *balancerEdit) checkActions(b *apigw.LoadBalancer, l *apigw.Listener, list []apigw.RuleAction) error {
	if len(list) == 0 {
		return invalid("An action must be specified")
	}
	for _, a := range list {
		switch a.Type {
		case "authenticate-oidc", "authenticate-cognito", "jwt-validation":
			return invalidAction("Actions of type '%s' are not supported here: authorizers of APIs authenticate", a.Type)
		}
	}
	if len(list) > 1 {
		return apigw.Coded(apigw.LimitExceeded, "TooManyActions", "Exactly one of the actions 'forward', 'redirect' and 'fixed-response' can be specified")
	}
	a := &list[0]
	if a.Order == 0 {
		a.Order = 1
	}
	parts := 0
	for _, given := range []bool{a.Forward != nil, a.Redirect != nil, a.Fixed != nil} {
		if given {
			parts++
		}
	}
	switch {
	case parts > 1 || (a.Type == "forward") != (a.Forward != nil) || (a.Type == "redirect") != (a.Redirect != nil) || (a.Type == "fixed-response") != (a.Fixed != nil):
		return invalidAction("An action of type '%.64s' must have the configuration of its type and no other", a.Type)
	case a.Forward != nil:
		return e.checkForward(b, l, a.Forward)
	case b.Type != apigw.BalancerApplication:
		return invalidAction("Listeners of '%s' load balancers only have actions of type 'forward'", b.Type)
	case a.Redirect != nil:
		return checkRedirect(l, a.Redirect)
	case a.Fixed != nil:
		return checkFixed(a.Fixed)
	}
	return invalid("Action type '%.64s' must be one of '[forward, redirect, fixed-response]'", a.Type)
}

func invalidAction(format string, args ...any) *apigw.Error {
	return apigw.Coded(apigw.BadRequest, "InvalidLoadBalancerAction", format, args...)
}

func (e *balancerEdit) checkForward(b *apigw.LoadBalancer, l *apigw.Listener, f *apigw.ForwardAction) error {
	switch {
	case len(f.Groups) == 0:
		return invalid("A target group must be specified")
	case len(f.Groups) > maxForwardGroups:
		return apigw.Coded(apigw.LimitExceeded, "TooManyTargetGroups", "An action can forward to '%d' target groups", maxForwardGroups)
	case f.Sticky < 0 || f.Sticky > maxSticky:
		return invalid("Target group stickiness duration must be between 1 and %d seconds", maxSticky)
	case f.Sticky > 0 && b.Type != apigw.BalancerApplication:
		return invalidAction("Target group stickiness is not supported by '%s' load balancers", b.Type)
	}
	for i, w := range f.Groups {
		if w.Weight < 0 || w.Weight > maxWeight {
			return invalid("Target group weight '%d' must be between 0 and %d", w.Weight, maxWeight)
		}
		if slices.ContainsFunc(f.Groups[:i], func(other apigw.WeightedGroup) bool { return other.Group == w.Group }) {
			return invalid("Target group '%s' is specified twice", w.Group)
		}
		g, err := e.group(w.Group)
		if err != nil {
			return err
		}
		if err := e.checkForwardTo(b, l, g); err != nil {
			return err
		}
	}
	if b.Type == apigw.BalancerApplication && len(forwardedGroups(b)) > maxUniqueGroups {
		return apigw.Coded(apigw.LimitExceeded, "TooManyUniqueTargetGroupsPerLoadBalancer", "The maximum number of unique target groups per load balancer has been reached on load balancer '%s': %d", b.ARN, maxUniqueGroups)
	}
	return nil
}

// listenerGroups are the protocols of the groups that a listener forwards to
// (user guides, "Listeners").
var listenerGroups = map[string][]string{"HTTP": {"HTTP", "HTTPS", ""}, "HTTPS": {"HTTP", "HTTPS", ""}, "TCP": {"TCP"}, "TLS": {"TCP", "TLS"}}

func (e *balancerEdit) checkForwardTo(b *apigw.LoadBalancer, l *apigw.Listener, g *apigw.TargetGroup) error {
	if !slices.Contains(listenerGroups[l.Protocol], g.Protocol) {
		what := "protocol '" + g.Protocol + "'"
		if g.TargetType == apigw.TargetLambda {
			what = "target type 'lambda'"
		}
		return apigw.Coded(apigw.BadRequest, "IncompatibleProtocols", "The target group '%s' with %s is incompatible with the listener protocol '%s'", g.ARN, what, l.Protocol)
	}
	if err := e.sameVPC(b, g); err != nil {
		return err
	}
	for _, user := range e.users(g.ARN) {
		if user.ARN != b.ARN {
			return apigw.Coded(apigw.LimitExceeded, "TargetGroupAssociationLimit", "The following target groups cannot be associated with more than one load balancer: %s", g.ARN)
		}
	}
	return nil
}

var redirectProtocol = regexp.MustCompile(`^(HTTP|HTTPS|#\{protocol\})$`)

// keywords are what a redirect's parts may hold.
var keywords = regexp.MustCompile(`#\{([^}]*)\}`)

// checkRedirect applies defaults and refuses loops (reference,
// RedirectActionConfig).
func checkRedirect(l *apigw.Listener, r *apigw.Redirect) error {
	defaultTo(&r.Protocol, "#{protocol}")
	defaultTo(&r.Host, "#{host}")
	defaultTo(&r.Port, "#{port}")
	defaultTo(&r.Path, "/#{path}")
	switch {
	case r.Status != 301 && r.Status != 302:
		return invalid("The redirect status code must be 'HTTP_301' or 'HTTP_302'")
	case !redirectProtocol.MatchString(r.Protocol):
		return invalid("The redirect protocol '%.100s' must be HTTP, HTTPS or #{protocol}", r.Protocol)
	case l.Protocol == "HTTPS" && r.Protocol == "HTTP":
		return invalidAction("HTTPS cannot be redirected to HTTP")
	case r.Port != "#{port}" && !isPort(r.Port):
		return invalid("The redirect port '%.100s' must be between 1 and 65535 or #{port}", r.Port)
	case len(r.Host) > maxPattern || len(r.Path) > maxPattern || len(r.Query) > maxPattern:
		return invalid("The host, the path and the query of a redirect have at most %d characters", maxPattern)
	case !strings.HasPrefix(r.Path, "/"):
		return invalid("The redirect path '%s' must begin with '/'", r.Path)
	case r.Protocol == "#{protocol}" && r.Host == "#{host}" && r.Port == "#{port}" && r.Path == "/#{path}":
		return invalidAction("A redirect must modify at least one of protocol, port, hostname or path to avoid a redirect loop")
	}
	if strings.ContainsFunc(r.Host+r.Path+r.Query, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return invalid("A redirect contains one or more invalid characters")
	}
	return checkKeywords(r)
}

// checkKeywords refuses keywords that aren't for a part of a redirect.
func checkKeywords(r *apigw.Redirect) error {
	for _, part := range []struct {
		text     string
		keywords []string
	}{{r.Host, []string{"host"}}, {r.Path, []string{"host", "path", "port"}}, {r.Query, []string{"host", "path", "port", "protocol", "query"}}} {
		for _, found := range keywords.FindAllStringSubmatch(part.text, -1) {
			if !slices.Contains(part.keywords, found[1]) {
				return invalid("The keyword '%s' is not supported in '%s'", found[0], part.text)
			}
		}
	}
	return nil
}

func defaultTo(s *string, value string) {
	if *s == "" {
		*s = value
	}
}

func isPort(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= 1 && n <= 65535 && strconv.Itoa(n) == s
}

// fixedTypes are those of fixed responses (reference, FixedResponseActionConfig).
var fixedTypes = []string{"", "text/plain", "text/css", "text/html", "application/javascript", "application/json"}

func checkFixed(f *apigw.FixedResponse) error {
	switch class := f.Status / 100; {
	case class != 2 && class != 4 && class != 5:
		return invalid("The fixed response status code '%d' must be 2XX, 4XX or 5XX", f.Status)
	case !slices.Contains(fixedTypes, f.ContentType):
		return invalid("The fixed response content type '%.100s' must be one of '[text/plain, text/css, text/html, application/javascript, application/json]'", f.ContentType)
	case len(f.Body) > maxFixedBody:
		return invalid("The fixed response message body cannot be longer than %d characters", maxFixedBody)
	}
	return nil
}

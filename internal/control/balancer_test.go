package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// wantCode checks an error's code, and that its text has a part.
func wantCode(t testing.TB, err error, code, part string) {
	t.Helper()
	e, ok := errors.AsType[*apigw.Error](err)
	switch {
	case code == "" && err != nil:
		t.Errorf("refused: %v", err)
	case code != "" && (!ok || e.Code != code || !strings.Contains(e.Message, part)):
		t.Errorf("got  %v\nwant %s: %s", err, code, part)
	}
}

func (w *world) balancer(name, of string) *apigw.LoadBalancer {
	w.Helper()
	return must[*apigw.LoadBalancer](w)(w.CreateLoadBalancer(w.Context(), w.scope, apigw.LoadBalancer{Name: name, Type: of, Subnets: []string{"subnet-a", "subnet-b"}}))
}

func (w *world) group(name, protocol string) *apigw.TargetGroup {
	w.Helper()
	return must[*apigw.TargetGroup](w)(w.CreateTargetGroup(w.Context(), w.scope, apigw.TargetGroup{Name: name, Protocol: protocol, Port: 80, VPC: "vpc-1", TargetType: apigw.TargetIP}, HealthChange{}))
}

func (w *world) listener(b *apigw.LoadBalancer, protocol string, port int, actions ...apigw.RuleAction) *apigw.Listener {
	w.Helper()
	_, l, err := w.CreateListener(w.Context(), w.scope, b.ARN, apigw.Listener{Protocol: protocol, Port: port, Actions: actions})
	if err != nil {
		w.Fatal(err)
	}
	return l
}

func forwardTo(groups ...apigw.ARN) apigw.RuleAction {
	f := &apigw.ForwardAction{}
	for _, g := range groups {
		f.Groups = append(f.Groups, apigw.WeightedGroup{Group: g, Weight: 1})
	}
	return apigw.RuleAction{Type: "forward", Forward: f}
}

func fixed(status int) apigw.RuleAction {
	return apigw.RuleAction{Type: "fixed-response", Fixed: &apigw.FixedResponse{Status: status}}
}

func pathIs(values ...string) []apigw.RuleCondition {
	return []apigw.RuleCondition{{Field: "path-pattern", Values: values}}
}

// TestLoadBalancers makes one of each, uses them, and takes them away (Elastic
// Load Balancing v2 reference; texts as reported in the field).
func TestLoadBalancers(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	b, g := w.balancer("inside", "application"), w.group("pets", "HTTP")
	if again := w.balancer("inside", "application"); again.ARN != b.ARN {
		t.Errorf("%s, then %s: creating it again is no change", b.ARN, again.ARN)
	}
	_, err := w.CreateLoadBalancer(ctx, w.scope, apigw.LoadBalancer{Name: "inside", Type: "network", Subnets: []string{"subnet-a"}})
	wantCode(t, err, "DuplicateLoadBalancerName", "A load balancer with the same name 'inside' exists, but with different settings")
	_, err = w.CreateTargetGroup(ctx, w.scope, apigw.TargetGroup{Name: "pets", Protocol: "HTTPS", Port: 80, VPC: "vpc-1"}, HealthChange{})
	wantCode(t, err, "DuplicateTargetGroupName", "A target group with the same name 'pets' exists, but with different settings")
	if !strings.HasPrefix(string(b.ARN), "arn:aws:elasticloadbalancing:us-east-1:"+w.scope.Account+":loadbalancer/app/inside/") {
		t.Error(b.ARN)
	}

	l := w.listener(b, "HTTP", 80, forwardTo(g.ARN))
	_, _, err = w.CreateListener(ctx, w.scope, b.ARN, apigw.Listener{Protocol: "HTTP", Port: 80, Actions: []apigw.RuleAction{fixed(200)}})
	wantCode(t, err, "DuplicateListener", "A listener already exists on this port for this load balancer '"+string(b.ARN)+"'")
	r := must[*apigw.ListenerRule](t)(w.CreateRule(ctx, w.scope, l.ARN, apigw.ListenerRule{Priority: 5, Conditions: pathIs("/a/*"), Actions: []apigw.RuleAction{fixed(404)}}))
	_, err = w.CreateRule(ctx, w.scope, l.ARN, apigw.ListenerRule{Priority: 5, Conditions: pathIs("/b"), Actions: []apigw.RuleAction{fixed(404)}})
	wantCode(t, err, "PriorityInUse", "Priority '5' is currently in use")
	wantCode(t, w.DeleteRule(ctx, w.scope, l.DefaultRule), "OperationNotPermitted", "cannot be deleted")
	_, err = w.ModifyRule(ctx, w.scope, l.DefaultRule, RuleChange{Conditions: pathIs("/")})
	wantCode(t, err, "OperationNotPermitted", "Default rule")

	wantCode(t, w.DeleteTargetGroup(ctx, w.scope, g.ARN), "ResourceInUse", "Target group '"+string(g.ARN)+"' is currently in use by a listener or a rule")
	other := w.balancer("other", "application")
	_, _, err = w.CreateListener(ctx, w.scope, other.ARN, apigw.Listener{Protocol: "HTTP", Port: 80, Actions: []apigw.RuleAction{forwardTo(g.ARN)}})
	wantCode(t, err, "TargetGroupAssociationLimit", "The following target groups cannot be associated with more than one load balancer: "+string(g.ARN))

	must[*apigw.LoadBalancer](t)(w.ModifyLoadBalancerAttributes(ctx, w.scope, b.ARN, map[string]string{"deletion_protection.enabled": "true"}))
	wantCode(t, w.DeleteLoadBalancer(ctx, w.scope, b.ARN), "OperationNotPermitted", "cannot be deleted because deletion protection is enabled")
	must[*apigw.LoadBalancer](t)(w.ModifyLoadBalancerAttributes(ctx, w.scope, b.ARN, map[string]string{"deletion_protection.enabled": "false"}))

	link := must[*apigw.VPCLink](t)(w.CreateVPCLink(ctx, w.scope, apigw.VPCLink{Name: "l", TargetARNs: []apigw.ARN{b.ARN}}))
	wantCode(t, w.DeleteLoadBalancer(ctx, w.scope, b.ARN), "ResourceInUse", "Load balancer '"+string(b.ARN)+"' cannot be deleted because it is currently associated with another service")
	if err := w.DeleteVPCLink(ctx, w.scope, link.ID); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.DeleteRule(ctx, w.scope, r.ARN), "", "")
	wantCode(t, w.DeleteRule(ctx, w.scope, r.ARN), "RuleNotFound", string(r.ARN))
	wantCode(t, w.DeleteListener(ctx, w.scope, l.ARN), "", "")
	wantCode(t, w.DeleteTargetGroup(ctx, w.scope, g.ARN), "", "")
	wantCode(t, w.DeleteTargetGroup(ctx, w.scope, g.ARN), "", "")
	wantCode(t, w.DeleteLoadBalancer(ctx, w.scope, b.ARN), "", "")
	wantCode(t, w.DeleteLoadBalancer(ctx, w.scope, b.ARN), "", "")
	_, err = w.LoadBalancer(ctx, w.scope, b.ARN)
	wantCode(t, err, "LoadBalancerNotFound", string(b.ARN))
}

// TestListenersRefused has combinations of protocols and actions (user guides,
// "Listeners").
func TestListenersRefused(t *testing.T) {
	w := newWorld(t)
	app, net := w.balancer("app", "application"), w.balancer("net", "network")
	http, tcp, tls := w.group("http", "HTTP"), w.group("tcp", "TCP"), w.group("tls", "TLS")
	redirect := func(r apigw.Redirect) apigw.RuleAction {
		return apigw.RuleAction{Type: "redirect", Redirect: &r}
	}
	declared := []apigw.ARN{"arn:aws:acm:us-east-1:1:certificate/c"}
	for _, c := range []struct {
		b          *apigw.LoadBalancer
		l          apigw.Listener
		code, part string
	}{
		{net, apigw.Listener{Protocol: "UDP", Port: 53, Actions: []apigw.RuleAction{forwardTo(tcp.ARN)}}, "UnsupportedProtocol", "'UDP'"},
		{net, apigw.Listener{Protocol: "QUIC", Port: 53, Actions: []apigw.RuleAction{forwardTo(tcp.ARN)}}, "UnsupportedProtocol", "'QUIC'"},
		{net, apigw.Listener{Protocol: "HTTP", Port: 53, Actions: []apigw.RuleAction{forwardTo(tcp.ARN)}}, "UnsupportedProtocol", "'HTTP'"},
		{app, apigw.Listener{Protocol: "TCP", Port: 80, Actions: []apigw.RuleAction{forwardTo(tcp.ARN)}}, "UnsupportedProtocol", "'TCP'"},
		{app, apigw.Listener{Protocol: "HTTP", Port: 80, Actions: []apigw.RuleAction{forwardTo(tcp.ARN)}}, "IncompatibleProtocols", "protocol 'TCP'"},
		{net, apigw.Listener{Protocol: "TCP", Port: 80, Actions: []apigw.RuleAction{forwardTo(tls.ARN)}}, "IncompatibleProtocols", "protocol 'TLS'"},
		{net, apigw.Listener{Protocol: "TCP", Port: 80, Actions: []apigw.RuleAction{fixed(200)}}, "InvalidLoadBalancerAction", "'forward'"},
		{app, apigw.Listener{Protocol: "HTTP", Port: 80}, "ValidationError", "An action must be specified"},
		{app, apigw.Listener{Protocol: "HTTP", Port: 80, Actions: []apigw.RuleAction{fixed(200), forwardTo(http.ARN)}}, "TooManyActions", ""},
		{app, apigw.Listener{Protocol: "HTTP", Port: 80, Actions: []apigw.RuleAction{{Type: "authenticate-oidc"}, forwardTo(http.ARN)}}, "InvalidLoadBalancerAction", "authenticate-oidc"},
		{app, apigw.Listener{Protocol: "HTTP", Port: 80, Actions: []apigw.RuleAction{{Type: "jwt-validation"}}}, "InvalidLoadBalancerAction", "jwt-validation"},
		{app, apigw.Listener{Protocol: "HTTP", Port: 80, Actions: []apigw.RuleAction{fixed(302)}}, "ValidationError", "2XX, 4XX or 5XX"},
		{app, apigw.Listener{Protocol: "HTTP", Port: 80, Actions: []apigw.RuleAction{{Type: "fixed-response", Fixed: &apigw.FixedResponse{Status: 200, Body: strings.Repeat("x", 1025)}}}}, "ValidationError", "1024"},
		{app, apigw.Listener{Protocol: "HTTP", Port: 80, Actions: []apigw.RuleAction{{Type: "fixed-response", Fixed: &apigw.FixedResponse{Status: 200, ContentType: "text/xml"}}}}, "ValidationError", "text/xml"},
		{app, apigw.Listener{Protocol: "HTTP", Port: 80, Actions: []apigw.RuleAction{forwardTo(http.ARN, http.ARN)}}, "ValidationError", "twice"},
		{app, apigw.Listener{Protocol: "HTTP", Port: 80, Actions: []apigw.RuleAction{{Type: "forward", Forward: &apigw.ForwardAction{Groups: []apigw.WeightedGroup{{Group: http.ARN, Weight: 1000}}}}}}, "ValidationError", "999"},
		{app, apigw.Listener{Protocol: "HTTP", Port: 80, Actions: []apigw.RuleAction{{Type: "forward", Forward: &apigw.ForwardAction{Groups: []apigw.WeightedGroup{{Group: http.ARN, Weight: 1}}, Sticky: 604801}}}}, "ValidationError", "604800"},
		{app, apigw.Listener{Protocol: "HTTP", Port: 80, Actions: []apigw.RuleAction{redirect(apigw.Redirect{Status: 301, Query: "a=b"})}}, "InvalidLoadBalancerAction", "loop"},
		{app, apigw.Listener{Protocol: "HTTP", Port: 80, Actions: []apigw.RuleAction{redirect(apigw.Redirect{Status: 303, Path: "/x"})}}, "ValidationError", "HTTP_301"},
		{app, apigw.Listener{Protocol: "HTTP", Port: 80, Actions: []apigw.RuleAction{redirect(apigw.Redirect{Status: 301, Path: "/#{query}"})}}, "ValidationError", "#{query}"},
		{app, apigw.Listener{Protocol: "HTTPS", Port: 443, Certificates: declared, Actions: []apigw.RuleAction{redirect(apigw.Redirect{Status: 301, Protocol: "HTTP"})}}, "InvalidLoadBalancerAction", "HTTPS cannot be redirected to HTTP"},
		{app, apigw.Listener{Protocol: "HTTPS", Port: 443, Actions: []apigw.RuleAction{fixed(200)}}, "CertificateNotFound", "A certificate must be specified for HTTPS listeners"},
		{app, apigw.Listener{Protocol: "HTTPS", Port: 443, Certificates: []apigw.ARN{"arn:aws:acm:us-east-1:1:certificate/x"}, Actions: []apigw.RuleAction{fixed(200)}}, "CertificateNotFound", "certificate/x"},
		{app, apigw.Listener{Protocol: "HTTPS", Port: 443, Certificates: declared, TLSPolicy: "Mine", Actions: []apigw.RuleAction{fixed(200)}}, "SSLPolicyNotFound", "Mine"},
		{app, apigw.Listener{Protocol: "HTTP", Port: 80, Certificates: declared, Actions: []apigw.RuleAction{fixed(200)}}, "ValidationError", "Certificates"},
		{net, apigw.Listener{Protocol: "TLS", Port: 443, Certificates: declared, ALPN: "HTTP2Only", Actions: []apigw.RuleAction{forwardTo(tls.ARN)}}, "ALPNPolicyNotFound", "HTTP2Only"},
		{net, apigw.Listener{Protocol: "TLS", Port: 443, Certificates: declared, Actions: []apigw.RuleAction{forwardTo(tls.ARN)}}, "", ""},
		{net, apigw.Listener{Protocol: "TCP", Port: 80, Actions: []apigw.RuleAction{forwardTo(tcp.ARN)}}, "", ""},
		{app, apigw.Listener{Protocol: "HTTPS", Port: 443, Certificates: declared, Actions: []apigw.RuleAction{redirect(apigw.Redirect{Status: 302, Host: "new.#{host}", Path: "/v2/#{path}", Query: "#{query}&v=2"})}}, "", ""},
	} {
		_, _, err := w.CreateListener(t.Context(), w.scope, c.b.ARN, c.l)
		if wantCode(t, err, c.code, c.part); t.Failed() {
			t.Fatalf("%+v", c.l)
		}
	}
	l := must[*apigw.LoadBalancer](t)(w.LoadBalancer(t.Context(), w.scope, net.ARN)).Listeners[0]
	_, err := w.CreateRule(t.Context(), w.scope, l.ARN, apigw.ListenerRule{Priority: 1, Conditions: pathIs("/"), Actions: []apigw.RuleAction{forwardTo(tcp.ARN)}})
	wantCode(t, err, "UnsupportedProtocol", "Rules")
}

// TestConditions has what rules may ask for (user guide for Application Load
// Balancers, "Condition types for listener rules").
func TestConditions(t *testing.T) {
	one := func(field string, values ...string) []apigw.RuleCondition {
		return []apigw.RuleCondition{{Field: field, Values: values}}
	}
	header := func(name string, values ...string) []apigw.RuleCondition {
		return []apigw.RuleCondition{{Field: "http-header", Header: name, Values: values}}
	}
	query := func(pairs ...apigw.QueryPair) []apigw.RuleCondition {
		return []apigw.RuleCondition{{Field: "query-string", Query: pairs}}
	}
	long := strings.Repeat("a", 129)
	for _, c := range []struct {
		list []apigw.RuleCondition
		part string
	}{
		{nil, "A condition must be specified"},
		{one("host-header", "*.example.com"), ""},
		{one("host-header", "example.*"), "letters alone"},
		{one("host-header", "example"), "letters alone"},
		{one("host-header", "a b.com"), "can only contain"},
		{one("host-header", long+".com"), "between 1 and 128"},
		{one("path-pattern", "/a", "/b", "/c", "/d", "/e"), ""}, // five of one condition are taken, as reported in the field
		{one("path-pattern", "/a", "/b", "/c", "/d", "/e", "/f"), "A rule can only have '5' condition values"},
		{one("path-pattern", "/*/*/*", "/*/*", "/*"), "A rule can only have '5' condition wildcards"},
		{one("path-pattern", "/a b"), "invalid characters"},
		{append(one("path-pattern", "/a"), one("path-pattern", "/b")...), "only have one 'path-pattern' condition"},
		{append(header("X-A", "1"), header("X-A", "2")...), ""},
		{header("Host", "a"), "host-header"},
		{header("X A", "a"), "invalid characters"},
		{header(long[:41], "a"), "between 1 and 40"},
		{header("X-A", "a\nb"), "invalid characters"},
		{one("http-request-method", "GET", "PURGE_ALL"), ""},
		{one("http-request-method", "get"), "A-Z"},
		{one("source-ip", "10.0.0.0/8", "2001:db8::/32"), ""},
		{one("source-ip", "10.0.0.1"), "CIDR"},
		{one("source-ip", "255.255.255.255/32"), "CIDR"},
		{query(apigw.QueryPair{Key: "v?", Value: "*"}, apigw.QueryPair{Value: "b"}), ""},
		{query(apigw.QueryPair{Key: "v"}), "between 1 and 128"},
		{query(), "A condition value must be specified"},
		{one("path-pattern"), "A condition value must be specified"},
		{one("cookie", "a"), "must be one of"},
		{[]apigw.RuleCondition{{Field: "path-pattern", Regex: []string{"^/v[0-9]+/"}}}, ""},
		{[]apigw.RuleCondition{{Field: "path-pattern", Regex: []string{"("}}}, "not a valid regular expression"},
		{[]apigw.RuleCondition{{Field: "path-pattern", Regex: []string{"/(?=a)"}}}, "not a valid regular expression"},
		{[]apigw.RuleCondition{{Field: "path-pattern", Regex: []string{"/(?P<name>a)"}}}, "not a valid regular expression"},
		{[]apigw.RuleCondition{{Field: "http-request-method", Regex: []string{"GET"}}}, "not supported"},
		{[]apigw.RuleCondition{{Field: "path-pattern", Values: []string{"/"}, Regex: []string{"/"}}}, "either"},
	} {
		code := "ValidationError"
		if c.part == "" {
			code = ""
		}
		wantCode(t, checkConditions(c.list), code, c.part)
	}
	wantCode(t, checkTransforms([]apigw.RuleTransform{{Type: "url-rewrite", Rewrites: []apigw.Rewrite{{Regex: "^/old/(.*)$", Replace: "/new/$1"}}}}), "", "")
	wantCode(t, checkTransforms([]apigw.RuleTransform{{Type: "url-rewrite"}}), "ValidationError", "one rewrite")
	wantCode(t, checkTransforms([]apigw.RuleTransform{{Type: "header-rewrite"}}), "ValidationError", "must be one of")
}

// TestRulePriorities: two rules change places in one call, and no two have one.
func TestRulePriorities(t *testing.T) {
	w := newWorld(t)
	b := w.balancer("b", "application")
	l := w.listener(b, "HTTP", 80, fixed(404))
	var arns []apigw.ARN
	for i := 1; i <= 2; i++ {
		r := must[*apigw.ListenerRule](t)(w.CreateRule(t.Context(), w.scope, l.ARN, apigw.ListenerRule{Priority: i, Conditions: pathIs("/"), Actions: []apigw.RuleAction{fixed(200)}}))
		arns = append(arns, r.ARN)
	}
	_, err := w.SetRulePriorities(t.Context(), w.scope, []RulePriority{{arns[0], 2}})
	wantCode(t, err, "PriorityInUse", "'2'")
	_, err = w.SetRulePriorities(t.Context(), w.scope, []RulePriority{{l.DefaultRule, 2}})
	wantCode(t, err, "OperationNotPermitted", "Default rule")
	changed, err := w.SetRulePriorities(t.Context(), w.scope, []RulePriority{{arns[0], 2}, {arns[1], 1}})
	if err != nil || len(changed) != 2 || changed[0].ARN != arns[0] || changed[0].Priority != 2 {
		t.Fatal(changed, err)
	}
	_, found, err := w.ListenerOf(t.Context(), w.scope, l.ARN)
	if err != nil || found.Rules[0].ARN != arns[1] {
		t.Errorf("%+v, %v: rules are kept by priority", found, err)
	}
	for i := 3; i <= maxListenerRules; i++ {
		must[*apigw.ListenerRule](t)(w.CreateRule(t.Context(), w.scope, l.ARN, apigw.ListenerRule{Priority: i, Conditions: pathIs("/"), Actions: []apigw.RuleAction{fixed(200)}}))
	}
	_, err = w.CreateRule(t.Context(), w.scope, l.ARN, apigw.ListenerRule{Priority: 1000, Conditions: pathIs("/"), Actions: []apigw.RuleAction{fixed(200)}})
	wantCode(t, err, "TooManyRules", "100")
}

// TestTargetGroupsRefused has what can't be a target group, and health checks
// that can't be made (reference, CreateTargetGroup; the two texts of TCP checks
// and that of the interval as reported in the field).
func TestTargetGroupsRefused(t *testing.T) {
	w := newWorld(t)
	off := false
	for i, c := range []struct {
		g          apigw.TargetGroup
		h          HealthChange
		code, part string
	}{
		{apigw.TargetGroup{Protocol: "HTTP", Port: 80, VPC: "vpc-1", TargetType: "ip"}, HealthChange{}, "", ""},
		{apigw.TargetGroup{Protocol: "UDP", Port: 80, VPC: "vpc-1"}, HealthChange{}, "InvalidConfigurationRequest", "'UDP'"},
		{apigw.TargetGroup{Protocol: "GENEVE", Port: 6081, VPC: "vpc-1"}, HealthChange{}, "InvalidConfigurationRequest", "'GENEVE'"},
		{apigw.TargetGroup{Protocol: "HTTP", Version: "GRPC", Port: 80, VPC: "vpc-1"}, HealthChange{}, "InvalidConfigurationRequest", "'GRPC'"},
		{apigw.TargetGroup{Protocol: "HTTP", Version: "HTTP2", Port: 80, VPC: "vpc-1"}, HealthChange{}, "InvalidConfigurationRequest", "'HTTP2'"},
		{apigw.TargetGroup{Protocol: "TCP", Version: "HTTP1", Port: 80, VPC: "vpc-1"}, HealthChange{}, "ValidationError", "Protocol version"},
		{apigw.TargetGroup{Protocol: "HTTP", VPC: "vpc-1"}, HealthChange{}, "ValidationError", "port must be specified"},
		{apigw.TargetGroup{Protocol: "HTTP", Port: 80}, HealthChange{}, "ValidationError", "A VPC ID must be specified"},
		{apigw.TargetGroup{Protocol: "HTTP", Port: 80, VPC: "mine"}, HealthChange{}, "ValidationError", "The VPC ID 'mine' is not found"},
		{apigw.TargetGroup{TargetType: "lambda"}, HealthChange{}, "", ""},
		{apigw.TargetGroup{TargetType: "lambda", Port: 80}, HealthChange{}, "ValidationError", "lambda"},
		{apigw.TargetGroup{Protocol: "TLS", Port: 80, VPC: "vpc-1", TargetType: "alb"}, HealthChange{}, "InvalidConfigurationRequest", "alb"},
		{apigw.TargetGroup{Protocol: "HTTP", Port: 80, VPC: "vpc-1"}, HealthChange{IntervalSeconds: 5}, "ValidationError", "Health check interval must be greater than the timeout."},
		{apigw.TargetGroup{Protocol: "TCP", Port: 80, VPC: "vpc-1"}, HealthChange{IntervalSeconds: 5}, "", ""},
		{apigw.TargetGroup{Protocol: "TCP", Port: 80, VPC: "vpc-1"}, HealthChange{Path: "/"}, "InvalidConfigurationRequest", "Health check paths are not supported for TCP health checks"},
		{apigw.TargetGroup{Protocol: "TCP", Port: 80, VPC: "vpc-1"}, HealthChange{Matcher: "200"}, "InvalidConfigurationRequest", "Health check matchers are not supported for TCP health checks"},
		{apigw.TargetGroup{Protocol: "TCP", Port: 80, VPC: "vpc-1"}, HealthChange{Protocol: "HTTP", Matcher: "200-599"}, "", ""},
		{apigw.TargetGroup{Protocol: "HTTP", Port: 80, VPC: "vpc-1"}, HealthChange{Protocol: "TCP"}, "InvalidConfigurationRequest", "[HTTP, HTTPS]"},
		{apigw.TargetGroup{Protocol: "HTTP", Port: 80, VPC: "vpc-1"}, HealthChange{Matcher: "200,201,300-399"}, "", ""},
		{apigw.TargetGroup{Protocol: "HTTP", Port: 80, VPC: "vpc-1"}, HealthChange{Matcher: "200-500"}, "ValidationError", "200-499"},
		{apigw.TargetGroup{Protocol: "HTTP", Port: 80, VPC: "vpc-1"}, HealthChange{Matcher: "2xx"}, "ValidationError", "200-499"},
		{apigw.TargetGroup{Protocol: "HTTP", Port: 80, VPC: "vpc-1"}, HealthChange{Path: "health"}, "ValidationError", "begin with '/'"},
		{apigw.TargetGroup{Protocol: "HTTP", Port: 80, VPC: "vpc-1"}, HealthChange{Port: "http"}, "ValidationError", "traffic-port"},
		{apigw.TargetGroup{Protocol: "HTTP", Port: 80, VPC: "vpc-1"}, HealthChange{HealthyThreshold: 11}, "ValidationError", "between 2 and 10"},
		{apigw.TargetGroup{Protocol: "HTTP", Port: 80, VPC: "vpc-1"}, HealthChange{Enabled: &off}, "InvalidConfigurationRequest", "cannot be disabled"},
	} {
		c.g.Name = fmt.Sprint("g", i)
		_, err := w.CreateTargetGroup(t.Context(), w.scope, c.g, c.h)
		if wantCode(t, err, c.code, c.part); t.Failed() {
			t.Fatalf("%+v %+v", c.g, c.h)
		}
	}
	for name, part := range map[string]string{"": "empty", "a_b": "alphanumeric", "-a": "begin or end", strings.Repeat("a", 33): "'32'"} {
		_, err := w.CreateTargetGroup(t.Context(), w.scope, apigw.TargetGroup{Name: name}, HealthChange{})
		wantCode(t, err, "ValidationError", part)
	}
	_, err := w.CreateLoadBalancer(t.Context(), w.scope, apigw.LoadBalancer{Name: "internal-x"})
	wantCode(t, err, "ValidationError", "internal-")
	_, err = w.CreateLoadBalancer(t.Context(), w.scope, apigw.LoadBalancer{Name: "x", Subnets: []string{"subnet-a"}})
	wantCode(t, err, "ValidationError", "At least two subnets in two different Availability Zones must be specified")
	_, err = w.CreateLoadBalancer(t.Context(), w.scope, apigw.LoadBalancer{Name: "x", Type: "gateway"})
	wantCode(t, err, "InvalidConfigurationRequest", "gateway")
}

// TestTargets has targets of each type, and what can't be one.
func TestTargets(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	ip, tcp := w.group("ip", "HTTP"), w.group("tcp", "TCP")
	instance := must[*apigw.TargetGroup](t)(w.CreateTargetGroup(ctx, w.scope, apigw.TargetGroup{Name: "i", Protocol: "HTTP", Port: 80, VPC: "vpc-1"}, HealthChange{}))
	function := must[*apigw.TargetGroup](t)(w.CreateTargetGroup(ctx, w.scope, apigw.TargetGroup{Name: "f", TargetType: "lambda"}, HealthChange{}))
	alb := must[*apigw.TargetGroup](t)(w.CreateTargetGroup(ctx, w.scope, apigw.TargetGroup{Name: "a", Protocol: "TCP", Port: 80, VPC: "vpc-1", TargetType: "alb"}, HealthChange{}))
	b := w.balancer("b", "application")
	w.listener(b, "HTTP", 80, forwardTo(ip.ARN))
	for _, c := range []struct {
		g          apigw.ARN
		t          apigw.Target
		code, part string
	}{
		{ip.ARN, apigw.Target{ID: "10.1.2.3"}, "", ""},
		{ip.ARN, apigw.Target{ID: "127.0.0.1", Port: 8081, Zone: "all"}, "", ""},
		{ip.ARN, apigw.Target{ID: "8.8.8.8"}, "ValidationError", "private range"},
		{ip.ARN, apigw.Target{ID: "169.254.169.254"}, "ValidationError", "private range"},
		{ip.ARN, apigw.Target{ID: "::1"}, "ValidationError", "not a valid IPv4 address"},
		{ip.ARN, apigw.Target{ID: "example.com"}, "ValidationError", "not a valid IPv4 address"},
		{instance.ARN, apigw.Target{ID: "i-1"}, "InvalidTarget", "network.vpcs"},
		{instance.ARN, apigw.Target{ID: "10.0.0.1"}, "InvalidTarget", "Invalid id"},
		{function.ARN, apigw.Target{ID: "arn:aws:lambda:us-east-1:000000000000:function:pets"}, "", ""},
		{function.ARN, apigw.Target{ID: "arn:aws:lambda:us-east-1:000000000000:function:other"}, "TooManyTargets", ""},
		{function.ARN, apigw.Target{ID: "pets"}, "ValidationError", "Lambda function ARN"},
		{alb.ARN, apigw.Target{ID: string(b.ARN)}, "", ""},
		{tcp.ARN, apigw.Target{ID: ""}, "ValidationError", "ID"},
		{ip.ARN + "0", apigw.Target{ID: "10.1.2.3"}, "TargetGroupNotFound", ""},
		{"x", apigw.Target{ID: "10.1.2.3"}, "ValidationError", "'x' is not a valid target group ARN"},
	} {
		if wantCode(t, w.RegisterTargets(ctx, w.scope, c.g, []apigw.Target{c.t}), c.code, c.part); t.Failed() {
			t.Fatalf("%+v", c.t)
		}
	}
	wantCode(t, w.DeleteLoadBalancer(ctx, w.scope, b.ARN), "ResourceInUse", "target group 'a'")
	var many []apigw.Target
	for i := range maxTargets + 1 {
		many = append(many, apigw.Target{ID: "10.0.0.1", Port: i + 1})
	}
	wantCode(t, w.RegisterTargets(ctx, w.scope, tcp.ARN, many), "TooManyTargets", "1000")
	wantCode(t, w.RegisterTargets(ctx, w.scope, tcp.ARN, many[:maxTargets]), "", "")
	wantCode(t, w.RegisterTargets(ctx, w.scope, tcp.ARN, many[:maxTargets]), "", "")
}

// TestDeregistration: a target drains for as long as its group says where a load
// balancer leads to it, and is gone then (user guide, "Deregistration delay").
func TestDeregistration(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	g := w.group("g", "HTTP")
	targets := func() []apigw.Target {
		t.Helper()
		return must[*apigw.TargetGroup](t)(w.TargetGroup(ctx, w.scope, g.ARN)).Targets
	}
	one := []apigw.Target{{ID: "10.0.0.1"}}
	wantCode(t, w.RegisterTargets(ctx, w.scope, g.ARN, one), "", "")
	wantCode(t, w.DeregisterTargets(ctx, w.scope, g.ARN, one), "", "")
	if len(targets()) != 0 {
		t.Error("a target that nothing leads to drains")
	}
	w.listener(w.balancer("b", "application"), "HTTP", 80, forwardTo(g.ARN))
	wantCode(t, w.RegisterTargets(ctx, w.scope, g.ARN, one), "", "")
	wantCode(t, w.DeregisterTargets(ctx, w.scope, g.ARN, []apigw.Target{{ID: "10.0.0.1", Port: 80}, {ID: "10.9.9.9"}}), "", "")
	if list := targets(); len(list) != 1 || !list[0].Removed.Equal(w.clock) {
		t.Errorf("%+v", list)
	}
	w.clock = w.clock.Add(299 * time.Second)
	if err := w.removeDrained(ctx, w.scope, g.ARN); err != nil || len(targets()) != 1 {
		t.Error(err, targets())
	}
	w.clock = w.clock.Add(time.Second)
	if err := w.removeDrained(ctx, w.scope, g.ARN); err != nil || len(targets()) != 0 {
		t.Error(err, targets())
	}
	wantCode(t, w.RegisterTargets(ctx, w.scope, g.ARN, one), "", "")
	wantCode(t, w.DeregisterTargets(ctx, w.scope, g.ARN, one), "", "")
	wantCode(t, w.RegisterTargets(ctx, w.scope, g.ARN, one), "", "")
	if list := targets(); len(list) != 1 || !list[0].Removed.IsZero() {
		t.Errorf("%+v: a target that is registered again drains", list)
	}
	wantCode(t, w.DeregisterTargets(ctx, w.scope, g.ARN, one), "", "")
	var many []apigw.Target
	for i := range maxTargets {
		many = append(many, apigw.Target{ID: "10.0.0.2", Port: i + 1})
	}
	wantCode(t, w.RegisterTargets(ctx, w.scope, g.ARN, many), "", "")
	wantCode(t, w.RegisterTargets(ctx, w.scope, g.ARN, one), "TooManyTargets", "1000") // though it drains still
}

// TestWritersOfOneGroup: nothing that two callers add at once is lost.
func TestWritersOfOneGroup(t *testing.T) {
	w := newWorld(t)
	other := newWorldWith(t, Options{})
	other.scope = w.scope
	g := w.group("g", "HTTP")
	var writers sync.WaitGroup
	for n, by := range []*world{w, other} {
		writers.Go(func() {
			for i := range 20 {
				if err := by.RegisterTargets(context.Background(), w.scope, g.ARN, []apigw.Target{{ID: fmt.Sprintf("10.0.%d.%d", n, i)}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	if n := len(must[*apigw.TargetGroup](t)(w.TargetGroup(t.Context(), w.scope, g.ARN)).Targets); n != 40 {
		t.Errorf("%d targets", n)
	}
}

// TestFurtherCertificates: a load balancer's listeners have 25 beside their
// default ones, of whatever lists.
func TestFurtherCertificates(t *testing.T) {
	w, _ := newSealed(t)
	b, n := w.balancer("b", "application"), 0
	next := func() apigw.ARN {
		n++
		return must[apigw.ARN](t)(w.RequestServerCertificate(t.Context(), w.scope, CertificateRequest{Names: []string{fmt.Sprintf("n%d.example.com", n)}, KeyAlgorithm: "EC_prime256v1"}))
	}
	var listeners []apigw.ARN
	for port := range 2 {
		_, l, err := w.CreateListener(t.Context(), w.scope, b.ARN, apigw.Listener{Protocol: "HTTPS", Port: 443 + port, Certificates: []apigw.ARN{next()}, Actions: []apigw.RuleAction{fixed(200)}})
		if err != nil {
			t.Fatal(err)
		}
		listeners = append(listeners, l.ARN)
	}
	for i := range maxBalancerCerts {
		wantCode(t, w.AddListenerCertificate(t.Context(), w.scope, listeners[i%2], next()), "", "")
	}
	wantCode(t, w.AddListenerCertificate(t.Context(), w.scope, listeners[0], next()), "TooManyCertificates", string(b.ARN))
	wantCode(t, w.DeleteLoadBalancer(t.Context(), w.scope, b.ARN), "", "")
}

// TestCertificateOfListener: a listener's certificate is in use by its load
// balancer until another one, or none, is shown.
func TestCertificateOfListener(t *testing.T) {
	w, _ := newSealed(t)
	pair := issueFor(t, nil, w.clock, nil)
	arn := must[apigw.ARN](t)(w.ImportServerCertificate(t.Context(), w.scope, CertificateImport{Certificate: pair.pem, Key: pair.text}))
	users := func() []string {
		return must[*apigw.ServerCertificate](t)(w.ServerCertificate(t.Context(), w.scope, arn)).Users
	}
	b := w.balancer("b", "application")
	_, l, err := w.CreateListener(t.Context(), w.scope, b.ARN, apigw.Listener{Protocol: "HTTPS", Port: 443, Certificates: []apigw.ARN{arn}, Actions: []apigw.RuleAction{fixed(200)}})
	if err != nil || l.TLSPolicy != defaultTLSPolicy {
		t.Fatal(l, err)
	}
	if u := users(); len(u) != 1 || u[0] != string(b.ARN) {
		t.Error(u)
	}
	if err := w.DeleteServerCertificate(t.Context(), w.scope, arn); apigw.KindOf(err) != apigw.Conflict {
		t.Error(err)
	}
	if _, l, err = w.ModifyListener(t.Context(), w.scope, l.ARN, ListenerChange{Protocol: "HTTP", Port: 80}); err != nil || l.Port != 80 || l.Certificates != nil {
		t.Error(l, err)
	}
	if u := users(); len(u) != 0 {
		t.Error(u)
	}
	if err := w.DeleteServerCertificate(t.Context(), w.scope, arn); err != nil {
		t.Error(err)
	}
}

// TestCertificateOfTwo: load balancers of the configuration file, which come and
// go in one change, may show one certificate.
func TestCertificateOfTwo(t *testing.T) {
	w, _ := newSealed(t)
	pair := issueFor(t, nil, w.clock, nil)
	arn := must[apigw.ARN](t)(w.ImportServerCertificate(t.Context(), w.scope, CertificateImport{Certificate: pair.pem, Key: pair.text}))
	showing := func(name string) apigw.LoadBalancer {
		return apigw.LoadBalancer{Name: name, Listeners: []apigw.Listener{{Protocol: "HTTPS", Port: 443, Certificates: []apigw.ARN{arn}, Actions: []apigw.RuleAction{fixed(200)}}}}
	}
	for _, list := range [][]apigw.LoadBalancer{{showing("one"), showing("two")}, {showing("three"), showing("two")}, nil} {
		if _, err := w.DeclareBalancing(t.Context(), w.scope, nil, list); err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, b := range must[[]*apigw.LoadBalancer](t)(w.LoadBalancers(t.Context(), w.scope)) {
			want = append(want, string(b.ARN))
		}
		users := must[*apigw.ServerCertificate](t)(w.ServerCertificate(t.Context(), w.scope, arn)).Users
		if slices.Sort(users); !slices.Equal(users, want) {
			t.Errorf("in use by %v, not by %v", users, want)
		}
	}
	if err := w.DeleteServerCertificate(t.Context(), w.scope, arn); err != nil {
		t.Error(err)
	}
}

// TestManyCertificates: load balancers of the configuration file are written with
// their certificates, all of them together no more at once than the store takes.
func TestManyCertificates(t *testing.T) {
	w, _ := newSealed(t)
	var list []apigw.LoadBalancer
	const last, most = store.MaxOps/2 - 1, 5
	for i := range last + 1 {
		b := apigw.LoadBalancer{Name: fmt.Sprint("b", i)}
		for port := range most {
			arn := must[apigw.ARN](t)(w.RequestServerCertificate(t.Context(), w.scope, CertificateRequest{Names: []string{fmt.Sprintf("n%d-%d.example.com", i, port)}, KeyAlgorithm: "EC_prime256v1"}))
			b.Listeners = append(b.Listeners, apigw.Listener{Protocol: "HTTPS", Port: 443 + port, Certificates: []apigw.ARN{arn}, Actions: []apigw.RuleAction{fixed(200)}})
			if i < last {
				break
			}
		}
		list = append(list, b)
	}
	for _, want := range [][]apigw.LoadBalancer{list, nil} {
		if _, err := w.DeclareBalancing(t.Context(), w.scope, nil, want); err != nil {
			t.Fatal(err)
		}
	}
}

// TestOverflow: a group overflows to one like it, which stays while it does.
func TestOverflow(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	near, far, tcp := w.group("near", "HTTP"), w.group("far", "HTTP"), w.group("tcp", "TCP")
	set := func(arn apigw.ARN) error {
		_, err := w.ModifyTargetGroupAttributes(ctx, w.scope, near.ARN, map[string]string{apigw.AttributeOverflowGroup: string(arn)})
		return err
	}
	wantCode(t, set(near.ARN), "InvalidConfigurationRequest", "itself")
	wantCode(t, set(tcp.ARN), "InvalidConfigurationRequest", "same protocol")
	behind, err := w.CreateTargetGroup(ctx, w.scope, apigw.TargetGroup{Name: "behind", Protocol: "TCP", Port: 80, VPC: tcp.VPC, TargetType: apigw.TargetBalancer}, HealthChange{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.ModifyTargetGroupAttributes(ctx, w.scope, tcp.ARN, map[string]string{apigw.AttributeOverflowGroup: string(behind.ARN)})
	wantCode(t, err, "InvalidConfigurationRequest", "aren't load balancers")
	wantCode(t, set(far.ARN+"0"), "TargetGroupNotFound", "")
	wantCode(t, set(far.ARN), "", "")
	wantCode(t, w.DeleteTargetGroup(ctx, w.scope, far.ARN), "ResourceInUse", "target group 'near'")
	wantCode(t, set(""), "", "")
	wantCode(t, w.DeleteTargetGroup(ctx, w.scope, far.ARN), "", "")
}

// TestOverflowInUse: the targets of a group that is reached only when another
// one overflows to it are in use: they drain as that one's do.
func TestOverflowInUse(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	near, far, idle := w.group("near", "HTTP"), w.group("far", "HTTP"), w.group("idle", "HTTP")
	must[*apigw.TargetGroup](t)(w.ModifyTargetGroupAttributes(ctx, w.scope, near.ARN, map[string]string{apigw.AttributeOverflowGroup: string(far.ARN)}))
	inUse := func() (list [3]bool) {
		for i, g := range []*apigw.TargetGroup{near, far, idle} {
			list[i] = must[bool](t)(w.GroupInUse(ctx, w.scope, g.ARN))
		}
		return list
	}
	if got := inUse(); got != [3]bool{} {
		t.Errorf("with no load balancer: %v", got)
	}
	w.listener(w.balancer("inside", "application"), "HTTP", 80, forwardTo(near.ARN))
	if got := inUse(); got != [3]bool{true, true, false} {
		t.Errorf("in use: %v", got)
	}
	target := []apigw.Target{{ID: "10.0.0.1"}}
	for _, g := range []*apigw.TargetGroup{far, idle} {
		wantCode(t, w.RegisterTargets(ctx, w.scope, g.ARN, target), "", "")
		wantCode(t, w.DeregisterTargets(ctx, w.scope, g.ARN, target), "", "")
	}
	if g := must[*apigw.TargetGroup](t)(w.TargetGroup(ctx, w.scope, far.ARN)); len(g.Targets) != 1 || g.Targets[0].Removed.IsZero() {
		t.Errorf("doesn't drain: %+v", g.Targets)
	}
	if g := must[*apigw.TargetGroup](t)(w.TargetGroup(ctx, w.scope, idle.ARN)); len(g.Targets) != 0 {
		t.Errorf("drains, though no call is under way to it: %+v", g.Targets)
	}
}

// TestSetSecurityGroups: they change, but for a network load balancer that was made
// without, and those of network load balancers alone may pass links of version 1 by
// (reference, SetSecurityGroups).
func TestSetSecurityGroups(t *testing.T) {
	w := newWorldWith(t, Options{Network: &apigw.Network{
		VPCs:           map[string]*apigw.VPC{"vpc-1": {ID: "vpc-1"}},
		Subnets:        map[string]*apigw.Subnet{"subnet-a": {ID: "subnet-a", VPC: "vpc-1"}, "subnet-b": {ID: "subnet-b", VPC: "vpc-1", Zone: "us-east-1b"}},
		SecurityGroups: map[string]*apigw.SecurityGroup{"sg-1": {ID: "sg-1", VPC: "vpc-1"}, "sg-2": {ID: "sg-2", VPC: "vpc-1"}, "sg-3": {ID: "sg-3", VPC: "vpc-2"}},
	}})
	made := func(name, of string, groups ...string) apigw.ARN {
		return must[*apigw.LoadBalancer](t)(w.CreateLoadBalancer(t.Context(), w.scope, apigw.LoadBalancer{Name: name, Type: of, Subnets: []string{"subnet-a", "subnet-b"}, SecurityGroups: groups})).ARN
	}
	app, bare, net := made("app", "application"), made("bare", "network"), made("net", "network", "sg-1")
	for _, c := range []struct {
		arn        apigw.ARN
		groups     []string
		rules      string
		code, part string
	}{
		{app, []string{"sg-1", "sg-2"}, "", "", ""},
		{app, nil, "", "InvalidSecurityGroup", "At least one"},
		{app, []string{"sg-1", "sg-1"}, "", "InvalidSecurityGroup", "twice"},
		{app, []string{"sg-3"}, "", "InvalidSecurityGroup", "vpc-1"},
		{app, []string{"sg-9"}, "", "InvalidSecurityGroup", "sg-9"},
		{app, []string{"sg-1"}, "off", "InvalidConfigurationRequest", "for network load balancers"},
		{bare, []string{"sg-1"}, "", "InvalidConfigurationRequest", "created without"},
		{net, []string{"sg-2"}, "maybe", "ValidationError", "maybe"},
		{net, []string{"sg-2"}, "off", "", ""},
		{net, []string{"sg-1"}, "", "", ""}, // what isn't told stays
		{net + "0", []string{"sg-1"}, "", "LoadBalancerNotFound", ""},
	} {
		_, err := w.SetSecurityGroups(t.Context(), w.scope, c.arn, c.groups, c.rules)
		wantCode(t, err, c.code, c.part)
	}
	for arn, want := range map[apigw.ARN]string{app: "[sg-1 sg-2] ", bare: "[] ", net: "[sg-1] off"} {
		b := must[*apigw.LoadBalancer](t)(w.LoadBalancer(t.Context(), w.scope, arn))
		if got := fmt.Sprint(b.SecurityGroups, " ", b.PrivateLinkRules); got != want {
			t.Errorf("%s: %s, not %s", b.Name, got, want)
		}
	}
}

// TestPlaces: what a declared network has is taken, and nothing else.
func TestPlaces(t *testing.T) {
	net := &apigw.Network{
		VPCs: map[string]*apigw.VPC{"vpc-1": {ID: "vpc-1"}, "vpc-2": {ID: "vpc-2"}},
		Subnets: map[string]*apigw.Subnet{
			"subnet-a": {ID: "subnet-a", VPC: "vpc-1", Zone: "us-east-1a"}, "subnet-b": {ID: "subnet-b", VPC: "vpc-1", Zone: "us-east-1b"},
			"subnet-c": {ID: "subnet-c", VPC: "vpc-1", Zone: "us-east-1a"}, "subnet-d": {ID: "subnet-d", VPC: "vpc-2"}},
		SecurityGroups: map[string]*apigw.SecurityGroup{"sg-1": {ID: "sg-1", VPC: "vpc-1"}, "sg-2": {ID: "sg-2", VPC: "vpc-2"}},
	}
	w := newWorldWith(t, Options{Network: net})
	for _, c := range []struct {
		subnets, groups []string
		code, part      string
	}{
		{[]string{"subnet-a", "subnet-c"}, nil, "InvalidConfigurationRequest", "same Availability Zone"},
		{[]string{"subnet-a", "subnet-d"}, nil, "InvalidConfigurationRequest", "All subnets must belong to the same VPC: 'vpc-1'"},
		{[]string{"subnet-a", "subnet-x"}, nil, "SubnetNotFound", "subnet-x"},
		{[]string{"subnet-a", "x"}, nil, "InvalidSubnet", "x"},
		{[]string{"subnet-a", "subnet-b"}, []string{"sg-2"}, "InvalidSecurityGroup", "vpc-1"},
		{[]string{"subnet-a", "subnet-b"}, []string{"sg-1"}, "", ""},
	} {
		_, err := w.CreateLoadBalancer(t.Context(), w.scope, apigw.LoadBalancer{Name: "b", Subnets: c.subnets, SecurityGroups: c.groups})
		wantCode(t, err, c.code, c.part)
	}
	b := must[[]*apigw.LoadBalancer](t)(w.LoadBalancers(t.Context(), w.scope))[0]
	_, err := w.SetSubnets(t.Context(), w.scope, b.ARN, []string{"subnet-c", "subnet-d"}, "")
	wantCode(t, err, "InvalidConfigurationRequest", "same VPC: 'vpc-1'")
	_, err = w.SetSecurityGroups(t.Context(), w.scope, b.ARN, []string{"sg-2"}, "")
	wantCode(t, err, "InvalidSecurityGroup", "vpc-1")
	_, err = w.SetSubnets(t.Context(), w.scope, b.ARN, []string{"subnet-c", "subnet-b"}, "")
	wantCode(t, err, "", "")
	if b, err = w.LoadBalancer(t.Context(), w.scope, b.ARN); err != nil || !slices.Equal(b.Subnets, []string{"subnet-c", "subnet-b"}) || !slices.Equal(b.SecurityGroups, []string{"sg-1"}) {
		t.Error(b, err)
	}
	g := must[*apigw.TargetGroup](t)(w.CreateTargetGroup(t.Context(), w.scope, apigw.TargetGroup{Name: "g", Protocol: "HTTP", Port: 80, VPC: "vpc-2"}, HealthChange{}))
	_, _, err = w.CreateListener(t.Context(), w.scope, b.ARN, apigw.Listener{Protocol: "HTTP", Port: 80, Actions: []apigw.RuleAction{forwardTo(g.ARN)}})
	wantCode(t, err, "InvalidConfigurationRequest", "different VPC")
}

package config

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/control"
)

// TargetGroup is where load balancers forward to.
type TargetGroup struct {
	Type          string            `yaml:"type"` // ip (default), instance, lambda, alb
	Protocol      string            `yaml:"protocol"`
	Port          int               `yaml:"port"`
	VPC           string            `yaml:"vpc"`
	IPAddressType string            `yaml:"ipAddressType"`
	Health        TargetHealth      `yaml:"health"`
	Overflow      string            `yaml:"overflow"` // the group that takes what this one can't
	Attributes    map[string]string `yaml:"attributes"`
	Tags          map[string]string `yaml:"tags"`
	Targets       []Target          `yaml:"targets"`
}

// TargetHealth says how targets are probed, where that isn't as usual.
type TargetHealth struct {
	Enabled            *bool  `yaml:"enabled"`
	Protocol           string `yaml:"protocol"`
	Port               string `yaml:"port"`
	Path               string `yaml:"path"`
	Matcher            string `yaml:"matcher"`
	Interval           int    `yaml:"interval"` // s
	Timeout            int    `yaml:"timeout"`  // s
	HealthyThreshold   int    `yaml:"healthyThreshold"`
	UnhealthyThreshold int    `yaml:"unhealthyThreshold"`
}

// Target is an address, an instance, a function or a load balancer: written as
// its ID, as address:port, or with its settings.
type Target struct {
	ID     string `yaml:"id"`
	Port   int    `yaml:"port"`
	Weight int    `yaml:"weight"`
}

// UnmarshalYAML reads either form.
func (t *Target) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.ScalarNode {
		type plain Target
		return decodeStrict(n, (*plain)(t))
	}
	t.ID = n.Value
	if host, port, err := net.SplitHostPort(n.Value); err == nil && !strings.HasPrefix(n.Value, "arn:") {
		if t.Port, err = strconv.Atoi(port); err != nil {
			return fmt.Errorf("line %d: %q is no address with a port", n.Line, n.Value)
		}
		t.ID = host
	}
	return nil
}

// LoadBalancer leads VPC links to target groups.
type LoadBalancer struct {
	Type           string   `yaml:"type"` // application (default), network
	Subnets        []string `yaml:"subnets"`
	SecurityGroups []string `yaml:"securityGroups"`
	// PrivateLinkRules is whether the groups of a network load balancer are asked
	// about links of version 1: on or off.
	PrivateLinkRules string            `yaml:"enforceSecurityGroupInboundRulesOnPrivateLinkTraffic"`
	IPAddressType    string            `yaml:"ipAddressType"`
	Attributes       map[string]string `yaml:"attributes"`
	Tags             map[string]string `yaml:"tags"`
	Listeners        []BalancerPort    `yaml:"listeners"`
}

// BalancerPort is a listener.
type BalancerPort struct {
	Port        int               `yaml:"port"`
	Protocol    string            `yaml:"protocol"`
	Certificate string            `yaml:"certificate"`
	TLSPolicy   string            `yaml:"tlsPolicy"`
	ALPN        string            `yaml:"alpn"`
	Attributes  map[string]string `yaml:"attributes"`
	Tags        map[string]string `yaml:"tags"`
	Default     BalancerAction    `yaml:"default"`
	Rules       []BalancerRule    `yaml:"rules"`
}

// BalancerRule says what becomes of requests that meet all its conditions.
type BalancerRule struct {
	Priority int                 `yaml:"priority"`
	Host     []string            `yaml:"host"`
	Path     []string            `yaml:"path"`
	Method   []string            `yaml:"method"`
	SourceIP []string            `yaml:"sourceIp"`
	Headers  map[string][]string `yaml:"headers"`
	Query    map[string][]string `yaml:"query"` // under "" those of any parameter
	// RewriteHost and RewriteURL change what targets see.
	RewriteHost *Rewriting        `yaml:"rewriteHost"`
	RewriteURL  *Rewriting        `yaml:"rewriteUrl"`
	Tags        map[string]string `yaml:"tags"`
	Action      BalancerAction    `yaml:"then"`
}

// Rewriting replaces what a pattern matches.
type Rewriting struct {
	Regex   string `yaml:"regex"`
	Replace string `yaml:"replace"`
}

// BalancerAction is one of three.
type BalancerAction struct {
	Forward    Weights          `yaml:"forward"`
	Stickiness int              `yaml:"stickiness"` // s that a client stays with a group of forward
	Redirect   *BalancerMove    `yaml:"redirect"`
	Respond    *BalancerRespond `yaml:"respond"`
}

// Weights are target groups by name or ARN, with their shares.
type Weights map[string]int

// UnmarshalYAML reads a name, or names with weights.
func (w *Weights) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*w = Weights{n.Value: 1}
		return nil
	}
	return n.Decode((*map[string]int)(w))
}

// BalancerMove is a redirect.
type BalancerMove struct {
	Protocol string  `yaml:"protocol"`
	Host     string  `yaml:"host"`
	Port     string  `yaml:"port"`
	Path     string  `yaml:"path"`
	Query    *string `yaml:"query"`
	Status   int     `yaml:"status"` // 301 (default) or 302
}

// BalancerRespond is a fixed response.
type BalancerRespond struct {
	Status int    `yaml:"status"`
	Type   string `yaml:"type"`
	Body   string `yaml:"body"`
}

// Balancing is what the configuration declares of load balancers: rules of
// control, which it is checked by, tell groups by name.
func (c *Config) Balancing() (groups []control.DeclaredGroup, balancers []apigw.LoadBalancer) {
	for _, name := range slices.Sorted(maps.Keys(c.TargetGroups)) {
		groups = append(groups, c.TargetGroups[name].declared(name))
	}
	for _, name := range slices.Sorted(maps.Keys(c.LoadBalancers)) {
		b := c.LoadBalancers[name]
		made := apigw.LoadBalancer{
			Name: name, Type: b.Type, Subnets: b.Subnets, SecurityGroups: b.SecurityGroups, PrivateLinkRules: b.PrivateLinkRules, IPAddressType: b.IPAddressType, Attributes: b.Attributes, Tags: b.Tags,
		}
		for i := range b.Listeners {
			made.Listeners = append(made.Listeners, b.Listeners[i].declared())
		}
		balancers = append(balancers, made)
	}
	return groups, balancers
}

func (g TargetGroup) declared(name string) control.DeclaredGroup {
	h := g.Health
	d := control.DeclaredGroup{
		TargetGroup: apigw.TargetGroup{
			Name: name, Protocol: g.Protocol, Port: g.Port, VPC: g.VPC, TargetType: first(g.Type, apigw.TargetIP), IPAddressType: g.IPAddressType, Tags: g.Tags, Attributes: maps.Clone(g.Attributes),
		},
		Checks: control.HealthChange{
			Enabled: h.Enabled, Protocol: h.Protocol, Port: h.Port, Path: h.Path, Matcher: h.Matcher, IntervalSeconds: h.Interval, TimeoutSeconds: h.Timeout,
			HealthyThreshold: h.HealthyThreshold, UnhealthyThreshold: h.UnhealthyThreshold,
		},
	}
	if g.Overflow != "" {
		if d.Attributes == nil {
			d.Attributes = map[string]string{}
		}
		d.Attributes[apigw.AttributeOverflowGroup] = g.Overflow
	}
	for _, t := range g.Targets {
		d.Targets = append(d.Targets, apigw.Target{ID: t.ID, Port: t.Port, Weight: t.Weight})
	}
	return d
}

func (p *BalancerPort) declared() apigw.Listener {
	l := apigw.Listener{Port: p.Port, Protocol: p.Protocol, TLSPolicy: p.TLSPolicy, ALPN: p.ALPN, Attributes: p.Attributes, Tags: p.Tags, Actions: p.Default.declared()}
	if p.Certificate != "" {
		l.Certificates = []apigw.ARN{apigw.ARN(p.Certificate)}
	}
	for i := range p.Rules {
		l.Rules = append(l.Rules, p.Rules[i].declared())
	}
	return l
}

func (r *BalancerRule) declared() apigw.ListenerRule {
	out := apigw.ListenerRule{Priority: r.Priority, Tags: r.Tags, Actions: r.Action.declared()}
	for _, c := range []apigw.RuleCondition{
		{Field: "host-header", Values: r.Host}, {Field: "path-pattern", Values: r.Path}, {Field: "http-request-method", Values: r.Method}, {Field: "source-ip", Values: r.SourceIP},
	} {
		if c.Values != nil {
			out.Conditions = append(out.Conditions, c)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		out.Conditions = append(out.Conditions, apigw.RuleCondition{Field: "http-header", Header: name, Values: r.Headers[name]})
	}
	for _, key := range slices.Sorted(maps.Keys(r.Query)) {
		c := apigw.RuleCondition{Field: "query-string"}
		for _, v := range r.Query[key] {
			c.Query = append(c.Query, apigw.QueryPair{Key: key, Value: v})
		}
		out.Conditions = append(out.Conditions, c)
	}
	if t := r.RewriteHost; t != nil {
		out.Transforms = append(out.Transforms, apigw.RuleTransform{Type: "host-header-rewrite", Rewrites: []apigw.Rewrite{apigw.Rewrite(*t)}})
	}
	if t := r.RewriteURL; t != nil {
		out.Transforms = append(out.Transforms, apigw.RuleTransform{Type: "url-rewrite", Rewrites: []apigw.Rewrite{apigw.Rewrite(*t)}})
	}
	return out
}

// declared are the action's parts, one of which there should be.
func (a *BalancerAction) declared() (list []apigw.RuleAction) {
	if a.Forward != nil {
		f := &apigw.ForwardAction{Sticky: a.Stickiness}
		for _, name := range slices.Sorted(maps.Keys(a.Forward)) {
			f.Groups = append(f.Groups, apigw.WeightedGroup{Group: apigw.ARN(name), Weight: a.Forward[name]})
		}
		list = append(list, apigw.RuleAction{Type: "forward", Forward: f})
	}
	if r := a.Redirect; r != nil {
		to := &apigw.Redirect{Protocol: r.Protocol, Host: r.Host, Port: r.Port, Path: r.Path, Query: "#{query}", Status: r.Status}
		if r.Query != nil {
			to.Query = *r.Query
		}
		if to.Status == 0 {
			to.Status = 301
		}
		list = append(list, apigw.RuleAction{Type: "redirect", Redirect: to})
	}
	if r := a.Respond; r != nil {
		list = append(list, apigw.RuleAction{Type: "fixed-response", Fixed: &apigw.FixedResponse{Status: r.Status, ContentType: r.Type, Body: r.Body}})
	}
	return list
}

// checkBalancing finds what only the file can have wrong: everything else is
// checked by the rules of calls.
func (c *Config) checkBalancing() (problems []string) {
	for _, name := range slices.Sorted(maps.Keys(c.LoadBalancers)) {
		for _, l := range c.LoadBalancers[name].Listeners {
			actions := []BalancerAction{l.Default}
			for _, r := range l.Rules {
				actions = append(actions, r.Action)
			}
			for _, a := range actions {
				if a.Stickiness != 0 && a.Forward == nil {
					problems = append(problems, fmt.Sprintf("loadBalancers: %s: listener %d: stickiness is of forward", name, l.Port))
				}
			}
		}
	}
	return problems
}

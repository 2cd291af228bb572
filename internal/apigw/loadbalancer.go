package apigw

import "time"

// Types of load balancers.
const (
	BalancerApplication = "application"
	BalancerNetwork     = "network"
)

// LoadBalancer is an Application or a Network Load Balancer that VPC links lead
// to (Elastic Load Balancing v2 reference, LoadBalancer), with its listeners. It
// is reached through links alone: it opens no port.
type LoadBalancer struct {
	ARN            ARN       `json:"arn"`
	Name           string    `json:"name"`
	Type           string    `json:"type"` // application, network
	Created        time.Time `json:"created"`
	DNSName        string    `json:"dnsName"`
	VPC            string    `json:"vpc,omitempty"`
	Subnets        []string  `json:"subnets,omitempty"`
	SecurityGroups []string  `json:"securityGroups,omitempty"`
	IPAddressType  string    `json:"ipAddressType"` // ipv4, dualstack
	// PrivateLinkRules says whether the security groups of a Network Load Balancer are
	// asked about links of version 1: on, off, or nothing, which is on.
	PrivateLinkRules string            `json:"privateLinkRules,omitempty"`
	Attributes       map[string]string `json:"attributes,omitempty"` // those that were set
	Tags             map[string]string `json:"tags,omitempty"`
	Listeners        []Listener        `json:"listeners,omitempty"` // by port
	// Declared says that the configuration file has it: calls don't change it.
	Declared bool `json:"declared,omitempty"`
}

// Listener is one port of a load balancer (reference, Listener).
type Listener struct {
	ARN          ARN               `json:"arn"`
	Port         int               `json:"port"`
	Protocol     string            `json:"protocol"`               // HTTP, HTTPS, TCP, TLS
	Certificates []ARN             `json:"certificates,omitempty"` // the default one first
	TLSPolicy    string            `json:"tlsPolicy,omitempty"`
	ALPN         string            `json:"alpn,omitempty"` // of TLS: None, HTTP1Only …
	Actions      []RuleAction      `json:"actions"`        // of requests that no rule matches
	Rules        []ListenerRule    `json:"rules,omitempty"`
	Attributes   map[string]string `json:"attributes,omitempty"`
	Tags         map[string]string `json:"tags,omitempty"`
	DefaultRule  ARN               `json:"defaultRule"` // the ARN of the rule that Actions are shown as
}

// ListenerRule says what becomes of requests that meet all its conditions
// (reference, Rule). A listener's rules are kept by priority.
type ListenerRule struct {
	ARN        ARN               `json:"arn"`
	Priority   int               `json:"priority"` // 1 to 50000, the lowest first
	Conditions []RuleCondition   `json:"conditions"`
	Actions    []RuleAction      `json:"actions"`
	Transforms []RuleTransform   `json:"transforms,omitempty"`
	Tags       map[string]string `json:"tags,omitempty"`
}

// RuleCondition is met when one of its values is (reference, RuleCondition).
type RuleCondition struct {
	Field  string      `json:"field"`            // host-header, path-pattern, http-header, http-request-method, query-string, source-ip
	Header string      `json:"header,omitempty"` // of http-header: its name
	Values []string    `json:"values,omitempty"` // patterns with * and ?, methods, or networks
	Regex  []string    `json:"regex,omitempty"`
	Query  []QueryPair `json:"query,omitempty"` // of query-string
}

// QueryPair is a pattern of a query parameter; without a key, of any one's value.
type QueryPair struct {
	Key   string `json:"key,omitempty"`
	Value string `json:"value"`
}

// RuleAction is what is done with a request (reference, Action); one of its
// parts is set, as its type says.
type RuleAction struct {
	Type     string         `json:"type"` // forward, redirect, fixed-response
	Order    int            `json:"order,omitempty"`
	Forward  *ForwardAction `json:"forward,omitempty"`
	Redirect *Redirect      `json:"redirect,omitempty"`
	Fixed    *FixedResponse `json:"fixed,omitempty"`
}

// ForwardAction divides requests among target groups.
type ForwardAction struct {
	Groups []WeightedGroup `json:"groups"`
	Sticky int             `json:"sticky,omitempty"` // s that a client stays with a group; 0: it doesn't
}

// WeightedGroup is a target group's share.
type WeightedGroup struct {
	Group  ARN `json:"group"`
	Weight int `json:"weight"` // 0 to 999
}

// Redirect sends clients elsewhere; its parts may hold #{host} and the like.
type Redirect struct {
	Protocol string `json:"protocol"`
	Host     string `json:"host"`
	Port     string `json:"port"`
	Path     string `json:"path"`
	Query    string `json:"query"`
	Status   int    `json:"status"` // 301, 302
}

// FixedResponse is an answer of the load balancer's own.
type FixedResponse struct {
	Status      int    `json:"status"`
	ContentType string `json:"contentType,omitempty"`
	Body        string `json:"body,omitempty"`
}

// RuleTransform rewrites what a target sees (reference, RuleTransform).
type RuleTransform struct {
	Type     string    `json:"type"` // host-header-rewrite, url-rewrite
	Rewrites []Rewrite `json:"rewrites"`
}

// Rewrite replaces what a pattern matches; $1 is its first group.
type Rewrite struct {
	Regex   string `json:"regex"`
	Replace string `json:"replace"`
}

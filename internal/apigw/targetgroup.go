package apigw

import (
	"net/netip"
	"time"
)

// Types of targets.
const (
	TargetInstance = "instance"
	TargetIP       = "ip"
	TargetLambda   = "lambda"
	TargetBalancer = "alb"
)

// TargetGroup is what load balancers forward to (Elastic Load Balancing v2
// reference, TargetGroup), with its targets.
type TargetGroup struct {
	ARN           ARN               `json:"arn"`
	Name          string            `json:"name"`
	Protocol      string            `json:"protocol,omitempty"` // HTTP, HTTPS, TCP, TLS; none of lambda
	Version       string            `json:"version,omitempty"`  // HTTP1
	Port          int               `json:"port,omitempty"`
	VPC           string            `json:"vpc,omitempty"`
	TargetType    string            `json:"targetType"` // instance, ip, lambda, alb
	IPAddressType string            `json:"ipAddressType,omitempty"`
	Health        HealthCheck       `json:"health"`
	Attributes    map[string]string `json:"attributes,omitempty"` // those that were set; Attribute has the defaults
	Targets       []Target          `json:"targets,omitempty"`
	Tags          map[string]string `json:"tags,omitempty"`
	Declared      bool              `json:"declared,omitempty"` // the configuration file has it: calls don't change it
}

// Target is what takes requests or connections of a group.
type Target struct {
	ID      string     `json:"id"`               // an instance's ID, an address, or an ARN
	Port    int        `json:"port,omitempty"`   // the group's when 0
	Address netip.Addr `json:"address,omitzero"` // of an instance or IP, as the configuration or the caller has it
	Zone    string     `json:"zone,omitempty"`   // an availability zone, or all
	Removed time.Time  `json:"removed,omitzero"` // when it was deregistered: it drains; zero: it wasn't
	Weight  int        `json:"weight,omitempty"` // of weighted choice; 0: as all others
}

// HealthCheck says how targets are probed (reference, CreateTargetGroup).
type HealthCheck struct {
	Enabled            bool   `json:"enabled"`
	Protocol           string `json:"protocol"` // HTTP, HTTPS, TCP
	Port               string `json:"port"`     // traffic-port, or a number
	Path               string `json:"path,omitempty"`
	IntervalSeconds    int    `json:"intervalSeconds"`
	TimeoutSeconds     int    `json:"timeoutSeconds"`
	HealthyThreshold   int    `json:"healthyThreshold"`
	UnhealthyThreshold int    `json:"unhealthyThreshold"`
	Matcher            string `json:"matcher,omitempty"` // of statuses: "200,202", "200-299"
}

// TargetHealth is how a node sees a target (reference, TargetHealthDescription).
type TargetHealth struct {
	Target      Target
	CheckPort   int    // that is probed
	State       string // initial, healthy, unhealthy, unused, draining, unavailable
	Reason      string // "Target.FailedHealthChecks"; empty when healthy
	Description string
}

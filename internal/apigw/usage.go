package apigw

import (
	"strings"
	"time"
)

type (
	// APIKeyID is 10 characters of [a-z0-9].
	APIKeyID string
	// UsagePlanID is 6 characters of [a-z0-9].
	UsagePlanID string
	// VPCLinkID is 6 characters of [a-z0-9].
	VPCLinkID string
)

// APIKey tells whose usage a request counts towards.
type APIKey struct {
	ID          APIKeyID          `json:"id"`
	Name        string            `json:"name,omitempty"`
	Description string            `json:"description,omitempty"`
	CustomerID  string            `json:"customerId,omitempty"`
	Enabled     bool              `json:"enabled,omitempty"`
	Created     time.Time         `json:"created"`
	Updated     time.Time         `json:"updated"`
	StageKeys   []string          `json:"stageKeys,omitempty"` // "api/stage"; of before there were usage plans
	Tags        map[string]string `json:"tags,omitempty"`
	Value       string            `json:"-"` // a secret, sealed where it is stored
}

// UsagePlan says how much the keys in it may use the stages in it.
type UsagePlan struct {
	ID          UsagePlanID       `json:"id"`
	Name        string            `json:"name"`
	Description string            `json:"description,omitempty"`
	Stages      []PlanStage       `json:"stages,omitempty"`
	Throttle    *Throttle         `json:"throttle,omitempty"`
	Quota       *Quota            `json:"quota,omitempty"`
	ProductCode string            `json:"productCode,omitempty"` // of AWS Marketplace
	Tags        map[string]string `json:"tags,omitempty"`
}

// PlanStage is a stage that a plan is for.
type PlanStage struct {
	API      APIID               `json:"api"`
	Stage    StageName           `json:"stage"`
	Throttle map[string]Throttle `json:"throttle,omitempty"` // "/pets/GET" → its own limits
}

// String is the stage as patches and messages name it.
func (s PlanStage) String() string { return string(s.API) + ":" + string(s.Stage) }

// Throttle bounds a rate; what is 0 wasn't set.
type Throttle struct {
	Burst int     `json:"burst,omitempty"` // requests
	Rate  float64 `json:"rate,omitempty"`  // requests per second
}

// Quota bounds the requests of a period.
type Quota struct {
	Limit  int    `json:"limit"`            // requests
	Offset int    `json:"offset,omitempty"` // requests that are taken off in the first period
	Period string `json:"period"`           // DAY, WEEK or MONTH

	Since time.Time `json:"since,omitzero"` // when the plan got a quota: its first period has it
}

// VPCLink is a VPC link of version 1 of the API (API reference, VpcLink): it
// leads to a network load balancer.
type VPCLink struct {
	ID          VPCLinkID         `json:"id"`
	Name        string            `json:"name"`
	Description string            `json:"description,omitempty"`
	TargetARNs  []ARN             `json:"targetArns"`
	Tags        map[string]string `json:"tags,omitempty"`
	Declared    bool              `json:"declared,omitempty"` // the configuration file has it: calls don't change it
}

// Failure is why the link can lead nowhere; empty: it can. Its load balancer is
// a network one: with the ARN of another, AWS makes a link that fails, with this
// text, as reported in the field, of Application Load Balancers too, which links
// of version 2 lead to. A load balancer that there is none of doesn't count:
// AWS's link knows it before the link is made, here it may follow.
func (l *VPCLink) Failure() string {
	for _, arn := range l.TargetARNs {
		if parts := strings.SplitN(string(arn), ":", 6); len(parts) == 6 && (parts[2] != "elasticloadbalancing" || !strings.HasPrefix(parts[5], "loadbalancer/net/")) {
			return "NLB ARN is malformed"
		}
	}
	return ""
}

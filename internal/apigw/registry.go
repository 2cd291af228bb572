package apigw

import "time"

// Types of namespaces.
const (
	NamespaceHTTP       = "HTTP"
	NamespaceDNSPrivate = "DNS_PRIVATE"
	NamespaceDNSPublic  = "DNS_PUBLIC"
)

// Namespace groups services of the registry (Cloud Map reference, Namespace).
type Namespace struct {
	ID          string            `json:"id"` // ns-…
	ARN         ARN               `json:"arn"`
	Name        string            `json:"name"`
	Type        string            `json:"type"` // HTTP, DNS_PRIVATE, DNS_PUBLIC
	VPC         string            `json:"vpc,omitempty"`
	HTTPName    string            `json:"httpName"`
	Description string            `json:"description,omitempty"`
	TTL         int64             `json:"ttl,omitempty"` // s, of its SOA record
	Created     time.Time         `json:"created"`
	Token       string            `json:"token,omitempty"` // CreatorRequestId
	Tags        map[string]string `json:"tags,omitempty"`
	Declared    bool              `json:"declared,omitempty"` // the configuration file has it: calls don't change it
}

// RegistryService is a service of a namespace (Cloud Map reference, Service).
type RegistryService struct {
	ID          string            `json:"id"` // srv-…
	ARN         ARN               `json:"arn"`
	Name        string            `json:"name"`
	Namespace   string            `json:"namespace"` // its ID
	Type        string            `json:"type"`      // HTTP, DNS_HTTP, DNS
	Description string            `json:"description,omitempty"`
	DNS         *ServiceDNS       `json:"dns,omitempty"`
	Health      *ServiceHealth    `json:"health,omitempty"`
	Custom      bool              `json:"custom,omitempty"` // health is told by calls (HealthCheckCustomConfig)
	Created     time.Time         `json:"created"`
	Token       string            `json:"token,omitempty"` // CreatorRequestId
	Tags        map[string]string `json:"tags,omitempty"`
	Declared    bool              `json:"declared,omitempty"`
}

// ServiceDNS is how instances show in DNS.
type ServiceDNS struct {
	Routing string          `json:"routing"` // MULTIVALUE, WEIGHTED
	Records []ServiceRecord `json:"records"`
}

// ServiceRecord is a kind of DNS record.
type ServiceRecord struct {
	Type string `json:"type"` // A, AAAA, SRV, CNAME
	TTL  int64  `json:"ttl"`  // s
}

// ServiceHealth is how instances are probed.
type ServiceHealth struct {
	Type      string `json:"type"` // HTTP, HTTPS, TCP
	Path      string `json:"path,omitempty"`
	Threshold int    `json:"threshold"` // checks that fail in a row
}

// RegistryInstance is where a service answers (Cloud Map reference, Instance).
type RegistryInstance struct {
	ID         string            `json:"id"`
	Service    string            `json:"service"`              // its ID
	Attributes map[string]string `json:"attributes,omitempty"` // AWS_INSTANCE_IPV4, AWS_INSTANCE_PORT and the owner's
	Status     string            `json:"status,omitempty"`     // custom health: HEALTHY, UNHEALTHY
	StatusAt   time.Time         `json:"statusAt,omitzero"`    // when Status was told
	Token      string            `json:"token,omitempty"`
	Declared   bool              `json:"declared,omitempty"`
}
